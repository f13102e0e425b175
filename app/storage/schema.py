"""Brings the database to the schema this program needs."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

SERVER_VERSION_MIN = 150_000


class SchemaRefused(Exception):
    """The database cannot be brought to the schema; the message says why and what to do."""


async def migrate(engine: AsyncEngine) -> None:
    """Run every revision that is missing; safe to repeat, and safe beside another that does it.

    Raises:
        SchemaRefused: the server is older than PostgreSQL 15.
    """
    async with engine.connect() as connection:
        version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
        if version < SERVER_VERSION_MIN:
            raise SchemaRefused(
                f"PostgreSQL {version // 10_000} is too old: this program needs 15 or newer."
            )
        await connection.execute(text("SELECT pg_advisory_lock(hashtext('ydt migrate'))"))
        await connection.commit()
        try:
            await connection.run_sync(_upgrade)
            await connection.commit()
        finally:
            await connection.execute(text("SELECT pg_advisory_unlock(hashtext('ydt migrate'))"))
            await connection.commit()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
