"""The database schema, as Alembic revisions: expand, then contract."""
