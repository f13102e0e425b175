"""Which PostgreSQL this installation uses, and how to reach it: its own, or one by URL."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none
from asyncpg.exceptions import ClientConfigurationError  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.settings import Settings
from app.storage.postgres import EmbeddedPostgres, PostgresUnavailable
from app.storage.postgres_account import cluster_of
from app.storage.postgres_folder import SUPERUSER
from app.storage.schema import SchemaRefused, migrate

CONNECT_WITHIN_S: Final = 15.0

_SCHEMES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_NOT_OURS: Final = frozenset(
    {"channel_binding", "gssencmode", "sslcompression", "connect_timeout", "sslsni"}
    | {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
)  # what psql knows and the driver would pass on as a setting of the server, which refuses it


class DatabaseUrlRefused(ValueError):
    """The database's URL cannot be used; the message never quotes it, for it holds a password."""


class DatabaseUnavailable(Exception):
    """No database answers; the message says which, and never a password."""


def driver_url(url: str) -> str:
    """Return the URL as the driver takes it.

    `postgres://`, `postgresql://` and `postgresql+asyncpg://` are the same. `sslmode`, `ssl`,
    `sslrootcert`, `host`, `port`, `target_session_attrs` and settings of the server keep their
    meaning; parameters of psql that the driver does not know are left out.

    Raises:
        DatabaseUrlRefused: it is no URL of a PostgreSQL.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise DatabaseUrlRefused("DATABASE_URL is not a URL.") from error
    if parts.scheme not in _SCHEMES:
        raise DatabaseUrlRefused(
            "DATABASE_URL must begin with postgresql:// (PostgreSQL is the only database)."
        )
    query = [
        ("sslmode" if name == "ssl" else name, value)
        for name, value in parse_qsl(parts.query)
        if name not in _NOT_OURS
    ]
    return urlunsplit(("postgresql", parts.netloc, parts.path, urlencode(query), ""))


def engine_for(url: str) -> AsyncEngine:
    """Return an engine on the database at `url`; the driver itself reads the URL.

    Raises:
        DatabaseUrlRefused: it is no URL of a PostgreSQL.
    """
    dsn = driver_url(url)
    return create_async_engine(
        "postgresql+asyncpg://",
        connect_args={"dsn": dsn, "timeout": CONNECT_WITHIN_S},
        hide_parameters=True,  # a failed statement's values may name a resident
        pool_pre_ping=True,
    )


def running_url(data_dir: Path) -> str | None:
    """Return the URL of the embedded database that another process runs here, None without one."""
    try:
        file = cluster_of(data_dir.absolute()) / "postmaster.pid"
        lines = file.read_text(encoding="utf-8").splitlines()
        port, folder, status = lines[3], lines[4], lines[7].strip()
    except (OSError, IndexError, PostgresUnavailable):
        return None
    if status != "ready" or not (Path(folder) / f".s.PGSQL.{port}").is_socket():
        return None
    return f"postgresql://{SUPERUSER}@/postgres?host={quote(folder)}&port={port}"


@asynccontextmanager
async def database(
    settings: Settings,
    *,
    is_migrated: bool = True,
    on_progress: Callable[[str], None] = lambda _: None,
) -> AsyncGenerator[AsyncEngine]:
    """Give an engine on the installation's database, brought to the schema if `is_migrated`.

    Without a URL it is the embedded one: that of a server which already runs on the data folder,
    or else one that is started here and stopped at the end.

    Raises:
        DatabaseUrlRefused: the URL is wrong.
        DatabaseUnavailable: nothing answers.
        SchemaRefused: the server is too old.
    """
    if settings.database_url is not None and settings.database_url.get_secret_value():
        async with _engine(settings.database_url.get_secret_value(), is_migrated) as engine:
            yield engine
        return
    server = EmbeddedPostgres(settings.data_dir, on_progress=on_progress)
    try:
        url = server.start()
    except PostgresUnavailable as error:
        found = running_url(settings.data_dir)
        if found is None:
            raise DatabaseUnavailable(str(error)) from error
        url = found
    try:
        async with _engine(url, is_migrated) as engine:
            yield engine
    finally:
        server.stop()


@asynccontextmanager
async def _engine(url: str, is_migrated: bool) -> AsyncGenerator[AsyncEngine]:
    engine = engine_for(url)
    try:
        await _greet(engine)
        if is_migrated:
            await migrate(engine)
        yield engine
    finally:
        await engine.dispose()


async def _greet(engine: AsyncEngine) -> None:
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fault = _first_cause(error)
        if isinstance(fault, ClientConfigurationError):
            raise DatabaseUrlRefused("DATABASE_URL has a parameter that is not known.") from error
        raise DatabaseUnavailable(f"The database does not answer ({_named(fault)}).") from error


def _named(fault: BaseException) -> str:
    """Name a fault without its text, which may quote the URL."""
    if isinstance(fault, OSError) and fault.errno and fault.errno > 0:
        return os.strerror(fault.errno)
    return type(fault).__name__


def _first_cause(error: BaseException) -> BaseException:
    """Return the driver's own fault: SQLAlchemy wraps it twice."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


__all__ = [
    "DatabaseUnavailable",
    "DatabaseUrlRefused",
    "SchemaRefused",
    "database",
    "driver_url",
    "engine_for",
    "running_url",
]
