"""Families: who they are, whose, invitations, consent to be found, and what they say."""

from alembic import op

revision = "0007_family"
down_revision = "0006_accounts"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE family_member (
  id text CONSTRAINT family_member_pk PRIMARY KEY,
  name text NOT NULL,
  relation text NOT NULL,
  telephone text NOT NULL,
  language text NOT NULL,
  made_by text NOT NULL,
  made_at timestamptz NOT NULL
);

CREATE TABLE family_bond (
  member_id text NOT NULL REFERENCES family_member (id) ON DELETE CASCADE,
  resident_id text NOT NULL,
  CONSTRAINT family_bond_pk PRIMARY KEY (member_id, resident_id)
);
CREATE INDEX family_bond_resident ON family_bond (resident_id);

-- By which a member comes in, once. The code itself is kept by nobody here.
CREATE TABLE family_invitation (
  id text CONSTRAINT family_invitation_pk PRIMARY KEY,
  member_id text NOT NULL REFERENCES family_member (id) ON DELETE CASCADE,
  sha256 bytea NOT NULL CONSTRAINT family_invitation_sha256_uq UNIQUE,
  issued_by text NOT NULL,
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX family_invitation_member ON family_invitation (member_id);

-- Whether a resident lets the family see where they are. Rows are only ever added: the last counts.
CREATE TABLE family_consent (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT family_consent_pk PRIMARY KEY,
  resident_id text NOT NULL,
  is_given boolean NOT NULL,
  by text NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX family_consent_resident ON family_consent (resident_id, id);

-- A message, or a proposal that the desk accepts or declines.
CREATE TABLE family_word (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT family_word_pk PRIMARY KEY,
  member_id text NOT NULL REFERENCES family_member (id) ON DELETE CASCADE,
  key text NOT NULL,
  resident_id text NOT NULL,
  incident_id text,
  kind text NOT NULL,
  said json NOT NULL,
  said_at timestamptz NOT NULL,
  settled_at timestamptz,
  settled_by text,
  is_accepted boolean,
  CONSTRAINT family_word_member_id_key_uq UNIQUE (member_id, key)
);
CREATE INDEX family_word_open ON family_word (id) WHERE settled_at IS NULL;
CREATE INDEX family_word_resident ON family_word (resident_id)
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
