"""Photos of residents, and which handsets were retired or are being tested."""

from alembic import op

revision = "0005_people"
down_revision = "0004_offers"
branch_labels = None
depends_on = None

TABLES = """
-- No fact of the journal holds a picture; erasing a resident takes it out of here.
CREATE TABLE resident_photo (
  resident_id text CONSTRAINT resident_photo_pk PRIMARY KEY,
  media_type text NOT NULL,
  body bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE handset_care (
  handset_id text CONSTRAINT handset_care_pk PRIMARY KEY,
  retired_at timestamptz,
  test_began_at timestamptz,
  test_from bigint  -- the last fact before the test began
);
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
