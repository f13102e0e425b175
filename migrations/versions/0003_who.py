"""Who suits: what residents need and ask for, when caregivers work, and the areas' time zones."""

from alembic import op

revision = "0003_who"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE resident
  ADD COLUMN needs json NOT NULL DEFAULT '[]',
  ADD COLUMN wants_sex text NOT NULL DEFAULT '',
  ADD COLUMN key_holders json NOT NULL DEFAULT '[]';
ALTER TABLE caregiver
  ADD COLUMN sex text NOT NULL DEFAULT '',
  ADD COLUMN hours text NOT NULL DEFAULT '';
ALTER TABLE area
  ADD COLUMN zone text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    for statement in COLUMNS.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("The record is never taken down: restore a backup instead.")
