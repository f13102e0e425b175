"""Messages to the outside that wait in the database: taken on lease, and settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

LEASE: Final = timedelta(seconds=30)
TAKEN_MAX: Final = 10
REASON_CHARS_MAX: Final = 500

_OPEN: Final = "delivered_at IS NULL AND expired_at IS NULL"
_TAKE: Final = text(
    "UPDATE outbox SET lease_until = now() + CAST(:lease AS interval), attempts = attempts + 1"  # noqa: S608
    f" WHERE id IN (SELECT id FROM outbox WHERE {_OPEN} AND not_before <= now()"
    " AND (lease_until IS NULL OR lease_until <= now()) "
    " ORDER BY audience LIKE 'kin%', audience = 'caregiver', not_before, id LIMIT :most"
    " FOR UPDATE SKIP LOCKED)"
    " RETURNING id, incident_id, audience, payload::text AS payload, attempts, expires_at"
)
_NEXT: Final = text(
    "SELECT extract(epoch FROM min(greatest(not_before, lease_until)) - now())::float8"  # noqa: S608
    f" FROM outbox WHERE {_OPEN}"
)
_DELIVERED: Final = text(
    "UPDATE outbox SET delivered_at = now(), lease_until = NULL, last_error = NULL WHERE id = :id"
)
_EXPIRED: Final = text(
    "UPDATE outbox SET expired_at = now(), lease_until = NULL, last_error = :why WHERE id = :id"
)
_LATER: Final = text(
    "UPDATE outbox SET not_before = now() + CAST(:delay AS interval), lease_until = NULL,"
    " last_error = :why WHERE id = :id"
)
_SPREAD: Final = text(
    "INSERT INTO outbox (fact_number, incident_id, payload, expires_at, audience)"
    " SELECT fact_number, incident_id, CAST(:payload AS json), expires_at, :audience"
    " FROM outbox WHERE id = :id"
)
_RELEASE: Final = text(
    "UPDATE outbox SET lease_until = NULL, attempts = attempts - 1"  # noqa: S608
    f" WHERE id = ANY(:ids) AND {_OPEN}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, on lease."""

    id: int
    incident_id: str
    audience: str  # outside, caregiver, officer, kin, kin_member, or a party
    payload: str  # a JSON object: ids and codes, no name
    attempts: int  # with the one that begins now
    expires_at: datetime  # by the rules' clock


async def take(engine: AsyncEngine) -> list[Message]:
    """Take the messages that are due, oldest first; nobody else gets them for thirty seconds."""
    async with engine.begin() as connection:
        rows = await connection.execute(_TAKE, {"lease": LEASE, "most": TAKEN_MAX})
        taken = [Message(**row) for row in rows.mappings()]
    return sorted(taken, key=lambda message: message.id)


async def seconds_until_next(engine: AsyncEngine) -> float | None:
    """Return in how many seconds a message is due, None when none waits."""
    async with engine.connect() as connection:
        seconds: float | None = (await connection.execute(_NEXT)).scalar_one()
    return seconds


async def delivered(engine: AsyncEngine, message_id: int) -> None:
    """Settle a message: everybody who should hear it has."""
    async with engine.begin() as connection:
        await connection.execute(_DELIVERED, {"id": message_id})


async def spread(
    engine: AsyncEngine, message_id: int, audience: str, payloads: Sequence[str]
) -> None:
    """Settle a message by putting one in its place for each of several people."""
    async with engine.begin() as connection:
        await connection.execute(_DELIVERED, {"id": message_id})
        for payload in payloads:
            values = {"id": message_id, "audience": audience, "payload": payload}
            await connection.execute(_SPREAD, values)


async def expired(engine: AsyncEngine, message_id: int, why: str) -> None:
    """Settle a message that nobody outside has heard."""
    async with engine.begin() as connection:
        await _settle(connection, message_id, why)


async def later(engine: AsyncEngine, message_id: int, delay: timedelta, why: str) -> None:
    """Let a message be tried again after a while."""
    async with engine.begin() as connection:
        await connection.execute(
            _LATER, {"id": message_id, "delay": delay, "why": why[:REASON_CHARS_MAX]}
        )


async def release(engine: AsyncEngine, message_ids: Sequence[int]) -> None:
    """Give messages back untried."""
    async with engine.begin() as connection:
        await connection.execute(_RELEASE, {"ids": list(message_ids)})


async def _settle(connection: AsyncConnection, message_id: int, why: str) -> None:
    await connection.execute(_EXPIRED, {"id": message_id, "why": why[:REASON_CHARS_MAX]})
