"""Offers sent and not shown, messages by audience, duty officers, and tokens to acknowledge by."""

from alembic import op

revision = "0004_offers"
down_revision = "0003_who"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE offer ADD COLUMN sent_at timestamptz, ADD COLUMN not_shown_at timestamptz;
ALTER TABLE incident ADD COLUMN handled_at text;

-- Who a message is for: outside (whoever is called when nobody takes a call), caregiver, officer,
-- or the name of a party.
ALTER TABLE outbox ADD COLUMN audience text NOT NULL DEFAULT 'outside';

CREATE TABLE officer (
  area_id text CONSTRAINT officer_pk PRIMARY KEY,
  officer text NOT NULL,
  telephone text NOT NULL
);

-- By which a party says that it knows. The token itself is kept by nobody here.
CREATE TABLE acknowledgement (
  sha256 bytea CONSTRAINT acknowledgement_pk PRIMARY KEY,
  incident_id text NOT NULL,
  party text NOT NULL,
  issued_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz
);
CREATE INDEX acknowledgement_issued ON acknowledgement (issued_at);
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
