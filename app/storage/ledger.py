"""The journal in PostgreSQL: one owner, one transaction a batch, every fact chained to the last."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Final, Protocol

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none
import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.codec import (
    Encoded,
    UnknownFact,
    chain_hash,
    decode,
    encode,
    incident_of,
    personal_hash,
)
from app.storage.projections import Changes
from app.storage.raw import RawConnection, raw
from dispatch.facts import Fact

log = structlog.get_logger()

CENTER: Final = 1  # one center to an installation; the column is there for the day it is not
COMMIT_WITHIN_S: Final = 10.0
_LOCK: Final = 7_041_000 + CENTER
_PAGE: Final = 5_000
_HOLDER: Final = re.compile(r"\$(\d+)")
_GENESIS: Final = bytes(32)
_SALT_BYTES: Final = 16

_BECOME_OWNER: Final = "SELECT pg_try_advisory_lock($1)"
_INSERT: Final = """
INSERT INTO fact (center, number, at, kind, version, incident_id, body, personal, salt,
                  personal_hash, hash)
SELECT 1, * FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::smallint[],
    $5::text[], $6::json[], $7::json[], $8::bytea[], $9::bytea[], $10::bytea[])
"""


class LedgerLost(Exception):
    """The database cannot be reached; nothing is known about a commit that was under way."""


class CommitRefused(Exception):
    """The database, or the encoding, refuses this data. Nothing of the batch is on record."""


class NumberTaken(Exception):
    """Somebody else wrote to this journal: another owner lives. Stop at once."""


class LedgerOwned(Exception):
    """Another server holds the journal of this database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One fact with its number."""

    number: int
    fact: Fact


class Ledger(Protocol):
    """What the center needs from storage."""

    epoch: int
    last_number: int

    async def open(self) -> None:
        """Become the owner. Raises LedgerOwned, LedgerLost."""
        ...

    def read(self, after: int) -> AsyncIterator[Recorded]:
        """Give the facts after a number, in order."""
        ...

    async def snapshot(self, evolve_version: int) -> tuple[int, bytes] | None:
        """Return the newest snapshot of this version, with the number it stands at."""
        ...

    async def save_snapshot(self, number: int, evolve_version: int, body: bytes) -> None:
        """Keep a snapshot, and forget older ones."""
        ...

    async def commit(self, facts: Sequence[Fact], changes: Changes) -> None:
        """Put facts on record with all that follows from them, in one transaction.

        Raises:
            LedgerLost: reconnect with `open`; `last_number` then says whether it is on record.
            CommitRefused: the data cannot be stored; nothing is on record.
            NumberTaken: another owner lives.
        """
        ...

    async def close(self) -> None:
        """Give the journal back."""
        ...


class PostgresLedger:
    """The journal of one center. Holds one connection, and by it the lock, while it is open."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.epoch = 0
        self.last_number = 0
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._driver: RawConnection | None = None  # of the connection
        self._hash = _GENESIS
        self._ends: set[tuple[int, bytes]] = set()  # where the journal may end at the next open

    async def open(self, *, is_owner: bool = True) -> None:
        """Become the owner, and learn where the journal ends; also after the connection was lost.

        Whoever is not to be the owner may read while another is.

        Raises:
            LedgerOwned: another server holds the lock.
            LedgerLost: the database cannot be reached.
            NumberTaken: while the connection was lost somebody else wrote.
        """
        await self.close()
        try:
            async with asyncio.timeout(COMMIT_WITHIN_S):
                self._connection = await self._engine.connect()
                driver = self._driver = await raw(self._connection)
                if is_owner and not await driver.fetchval(_BECOME_OWNER, _LOCK):
                    await self.close()
                    raise LedgerOwned
                self.epoch = await driver.fetchval(
                    "SELECT epoch FROM center WHERE center=$1", CENTER
                )
                last = await driver.fetchrow(
                    "SELECT number, hash FROM fact WHERE center = $1 ORDER BY number DESC LIMIT 1",
                    CENTER,
                )
        except _GONE as error:
            raise LedgerLost(_reason(error)) from error
        end = (last["number"], last["hash"]) if last else (0, _GENESIS)
        if self._ends and end not in self._ends:
            await self.close()
            raise NumberTaken
        self._ends = {end}
        self.last_number, self._hash = end

    async def close(self) -> None:
        """Give back the connection and with it the lock; safe to repeat, also on a dead one."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            try:
                async with asyncio.timeout(2):
                    await connection.invalidate()
                    await connection.close()
            except _GONE:
                pass  # it was dead already: the server has released the lock

    async def read(self, after: int) -> AsyncIterator[Recorded]:
        """Give the facts after a number, in order, a page at a time.

        A fact that cannot be read (a newer program's, a damaged one) is logged and left out: one
        row must not keep the whole service from starting.
        """
        while True:
            driver = self._raw()
            with _telling_loss():
                rows = await driver.fetch(
                    "SELECT number, kind, version, body::text, personal::text FROM fact"
                    " WHERE center = $1 AND number > $2 ORDER BY number LIMIT $3",
                    CENTER,
                    after,
                    _PAGE,
                )
            for number, *columns in rows:
                try:
                    fact = decode(*columns)
                except (UnknownFact, msgspec.DecodeError):
                    log.exception("fact cannot be read", number=number, kind=columns[0])
                    continue
                yield Recorded(number=number, fact=fact)
            if len(rows) < _PAGE:
                return
            after = rows[-1]["number"]

    async def snapshot(self, evolve_version: int) -> tuple[int, bytes] | None:
        """Return the newest snapshot of this version, with the number it stands at."""
        driver = self._raw()
        with _telling_loss():
            row = await driver.fetchrow(
                "SELECT number, body FROM snapshot WHERE center = $1 AND evolve_version = $2"
                " AND number <= $3 ORDER BY number DESC LIMIT 1",
                CENTER,
                evolve_version,
                self.last_number,
            )
        return (row["number"], row["body"]) if row else None

    async def save_snapshot(self, number: int, evolve_version: int, body: bytes) -> None:
        """Keep a snapshot beside the calls' own connection, and forget all older ones."""
        with _telling_loss():
            await self._save(number, evolve_version, body)

    async def _save(self, number: int, evolve_version: int, body: bytes) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO snapshot VALUES (:center, :number, :version, :body)"
                    " ON CONFLICT (center, number) DO UPDATE"
                    " SET evolve_version = excluded.evolve_version, body = excluded.body"
                ),
                {"center": CENTER, "number": number, "version": evolve_version, "body": body},
            )
            await connection.execute(
                text("DELETE FROM snapshot WHERE center = :center AND number < :number"),
                {"center": CENTER, "number": number},
            )

    async def commit(self, facts: Sequence[Fact], changes: Changes) -> None:
        """Put facts on record with all that follows from them, in one transaction."""
        if not facts:
            return
        columns, last_hash = self._columns(facts)
        statements = [(_INSERT, columns), *changes.statements()]
        driver = self._raw()
        self._ends.add((self.last_number + len(facts), last_hash))
        try:
            async with asyncio.timeout(COMMIT_WITHIN_S):
                await _run(driver, statements)
        except asyncpg.UniqueViolationError as error:
            if getattr(error, "constraint_name", None) == "fact_pkey":
                raise NumberTaken from error
            raise CommitRefused(_reason(error)) from error
        except _LOST as error:
            raise LedgerLost(_reason(error)) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError, TypeError) as error:
            if driver.is_closed():  # cut before it was sent: that says nothing of the data
                raise LedgerLost(_reason(error)) from error
            raise CommitRefused(_reason(error)) from error
        self.last_number += len(facts)
        self._hash = last_hash
        self._ends = {(self.last_number, last_hash)}

    def _columns(self, facts: Sequence[Fact]) -> tuple[tuple[list[Any], ...], bytes]:
        rows: list[tuple[Any, ...]] = []
        link = self._hash
        for number, fact in enumerate(facts, start=self.last_number + 1):
            try:
                encoded = encode(fact)
            except (ValueError, TypeError) as error:
                raise CommitRefused(f"{type(fact).__name__}: {_reason(error)}") from error
            salt, hidden = _hide(encoded)
            link = chain_hash(link, number, encoded, hidden)
            rows.append(
                (
                    number,
                    fact.at,
                    encoded.kind,
                    encoded.version,
                    incident_of(fact),
                    encoded.body,
                    encoded.personal,
                    salt,
                    hidden,
                    link,
                )
            )
        return tuple(list(column) for column in zip(*rows, strict=True)), link

    def _raw(self) -> RawConnection:
        if self._driver is None:
            raise LedgerLost("the journal is not open")
        return self._driver


_LOST: Final = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.InternalClientError,
    DBAPIError,
)
_GONE: Final = (*_LOST, asyncpg.InterfaceError)  # where no data is given that could be refused


@contextmanager
def _telling_loss() -> Generator[None]:
    try:
        yield
    except _GONE as error:
        raise LedgerLost(_reason(error)) from error


async def _run(driver: RawConnection, statements: Sequence[tuple[str, Sequence[object]]]) -> None:
    if driver.is_closed():
        raise asyncpg.ConnectionDoesNotExistError("the connection is closed")
    if len(statements) == 1:
        await driver.execute(statements[0][0], *statements[0][1])
        return
    together = _together(tuple(statement for statement, _ in statements))
    await driver.execute(together, *chain.from_iterable(arguments for _, arguments in statements))


@lru_cache(maxsize=128)  # a batch touches one of a few sets of tables
def _together(statements: tuple[str, ...]) -> str:
    """Return one statement that does what several do: all or none, and in one round trip.

    With BEGIN and COMMIT, a press took five.
    """
    given = 0
    steps: list[str] = []
    for index, statement in enumerate(statements):
        numbers = [int(number) for number in _HOLDER.findall(statement)]
        moved = _HOLDER.sub(partial(_moved, given), statement)
        steps.append(f"step{index} AS ({moved})")
        given += max(numbers, default=0)
    return f"WITH {', '.join(steps)} SELECT"


def _moved(by: int, holder: re.Match[str]) -> str:
    return f"${int(holder[1]) + by}"


def _hide(encoded: Encoded) -> tuple[bytes | None, bytes | None]:
    if encoded.personal is None:
        return None, None
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt, personal_hash(salt, encoded.personal)


def _reason(error: BaseException) -> str:
    """Name the fault without the data: a database's message may quote a name."""
    code = getattr(error, "sqlstate", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"
