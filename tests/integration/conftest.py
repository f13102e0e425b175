"""One PostgreSQL for the whole run, and a fresh, migrated database for each test."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.storage.postgres import EmbeddedPostgres
from app.storage.schema import migrate

_TEMPLATE = "migrated"
_numbers = count(1)


def run_sql(url: str, *statements: str) -> None:
    """Run statements outside a transaction, from a fixture that is not async."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def url_of(server_url: str, database: str) -> str:
    return server_url.replace("/postgres?", f"/{database}?", 1)


def engine_of(url: str) -> AsyncEngine:
    return create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:", 1))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Start one server; its database `migrated` is the template of the others."""
    with tempfile.TemporaryDirectory(prefix="ydt-test-") as folder:
        server = EmbeddedPostgres(Path(folder) / "data")
        url = server.start()
        try:
            run_sql(url, f"CREATE DATABASE {_TEMPLATE}")
            asyncio.run(_migrate(url_of(url, _TEMPLATE)))
            yield url
        finally:
            server.stop()


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """Make a database of the newest schema for one test: `postgresql://…`, for asyncpg."""
    name = f"test_{next(_numbers)}"
    run_sql(server_url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield url_of(server_url, name)
    run_sql(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Open an engine on the test's database."""
    engine = engine_of(database_url)
    yield engine
    await engine.dispose()


async def _migrate(url: str) -> None:
    engine = engine_of(url)
    await migrate(engine)
    await engine.dispose()
