"""Second factors, locked sessions, the audit log, and the keepers' roles apart."""

from alembic import op

revision = "0006_accounts"
down_revision = "0005_people"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE account ADD COLUMN second_factor_at timestamptz;
ALTER TABLE session ADD COLUMN locked_at timestamptz;

CREATE TABLE second_factor (
  account_id text CONSTRAINT second_factor_pk PRIMARY KEY
    CONSTRAINT second_factor_account_fk REFERENCES account (id),
  secret text NOT NULL,
  begun_at timestamptz NOT NULL,
  step_last bigint NOT NULL,
  recovery jsonb NOT NULL
);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_pk PRIMARY KEY,
  at timestamptz NOT NULL,
  kind text NOT NULL,
  account_id text NOT NULL,
  subject text NOT NULL,
  address text NOT NULL,
  detail text NOT NULL
);
CREATE INDEX audit_at ON audit (at, id);
CREATE INDEX audit_account ON audit (account_id, at);
CREATE INDEX audit_subject ON audit (subject, at);
CREATE INDEX look_at ON look (at, id);

-- What the auditor reads of the journal: changes of the register, few among many facts.
CREATE INDEX fact_register ON fact (at, number) WHERE kind IN ('area_defined', 'officer_named',
  'resident_registered', 'handset_paired', 'caregiver_enrolled', 'plan_adopted');

-- Whoever kept the whole installation goes on keeping its accounts. Reading the audit log is
-- given to nobody by itself: it watches them.
UPDATE account SET roles = roles || '["security_administrator"]'
WHERE roles ? 'administrator' AND areas ? '*' AND NOT roles ? 'security_administrator';
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
