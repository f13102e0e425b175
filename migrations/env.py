"""Runs the revisions on the connection that `app.storage.schema` hands over."""

from alembic import context
from sqlalchemy.engine import Connection

_connection: Connection = context.config.attributes["connection"]
context.configure(connection=_connection, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
