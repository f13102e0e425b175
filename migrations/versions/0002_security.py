"""Who may pass: accounts, their sessions, tokens, and looks at where residents are."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE account (
  id text CONSTRAINT account_pk PRIMARY KEY,
  login text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  roles jsonb NOT NULL,
  areas jsonb NOT NULL,
  subject_id text,
  password_hash text NOT NULL,
  created_at timestamptz NOT NULL,
  password_set_at timestamptz NOT NULL,
  disabled_at timestamptz
);
CREATE INDEX account_subject ON account (subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE session (
  id text CONSTRAINT session_pk PRIMARY KEY,
  account_id text NOT NULL CONSTRAINT session_account_fk REFERENCES account (id),
  csrf text NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  user_agent text NOT NULL,
  address text NOT NULL
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE token (
  id text CONSTRAINT token_pk PRIMARY KEY,
  kind text NOT NULL,
  subject_id text NOT NULL,
  sha256 bytea NOT NULL CONSTRAINT token_sha256_uq UNIQUE,
  label text NOT NULL,
  issued_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX token_subject ON token (kind, subject_id);
CREATE INDEX token_issued ON token (issued_at);
CREATE INDEX token_revoked ON token (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE look (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT look_pk PRIMARY KEY,
  at timestamptz NOT NULL,
  account_id text NOT NULL,
  role text NOT NULL,
  resident_id text NOT NULL,
  incident_id text,
  reason text NOT NULL,
  what text NOT NULL
);
CREATE INDEX look_resident ON look (resident_id, id);
CREATE INDEX look_account ON look (account_id, id);
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
