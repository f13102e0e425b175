"""Which handsets were retired, which are being tested, and what a test has heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.ledger import CENTER
from app.storage.tracks import POSITION

HEARD_MAX: Final = 20  # of one kind; a test needs one
_RETIRE: Final = text(
    "INSERT INTO handset_care (handset_id, retired_at) VALUES (:id, :at) ON CONFLICT (handset_id)"
    " DO UPDATE SET retired_at = excluded.retired_at, test_began_at = NULL"
)
_BEGIN: Final = text(
    "INSERT INTO handset_care (handset_id, test_began_at, test_from) VALUES (:id, :at, :number)"
    " ON CONFLICT (handset_id) DO UPDATE SET test_began_at = excluded.test_began_at,"
    " test_from = excluded.test_from"
)
_TEST: Final = text(
    "SELECT test_began_at, test_from FROM handset_care"
    " WHERE handset_id = :id AND test_began_at IS NOT NULL"
)
_SAID: Final = text(
    "SELECT body->'event'->>'kind' AS what, at FROM fact WHERE center = :center"
    " AND number > :number AND kind = 'signal_heard' AND body->>'handset_id' = :id"
    " ORDER BY number LIMIT :count"
)
_CALLED: Final = text(
    "SELECT kind AS what, raised_at AS at, id AS incident_id FROM incident"
    " WHERE handset_id = :id AND raised_at >= :since ORDER BY number LIMIT :count"
)
_TRACKED: Final = text(
    "SELECT kind, received_at AS at, battery_pct FROM track"
    " WHERE received_at >= :since AND subject = :id ORDER BY received_at LIMIT :count"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A test that was begun: what counts is what comes after it."""

    began_at: datetime
    after_number: int  # of a fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that a handset said."""

    what: str  # "test", "check_in", "position", "heartbeat", or the kind of a call
    at: datetime
    battery_pct: int | None = None
    incident_id: str | None = None  # of the call that it opened


async def retire(connection: AsyncConnection, handset_id: str, at: datetime) -> None:
    """Note that a handset was taken out of service; a test of it is over."""
    await connection.execute(_RETIRE, {"id": handset_id, "at": at})


async def begin_test(engine: AsyncEngine, handset_id: str, at: datetime, number: int) -> None:
    """Note that a test begins now, after the fact of this number; an earlier one is over."""
    async with engine.begin() as connection:
        await connection.execute(_BEGIN, {"id": handset_id, "at": at, "number": number})


async def test_of(connection: AsyncConnection, handset_id: str) -> Test | None:
    """Return the last test of a handset, None when there was none."""
    row = (await connection.execute(_TEST, {"id": handset_id})).first()
    return Test(began_at=row.test_began_at, after_number=row.test_from) if row else None


async def heard_in(connection: AsyncConnection, handset_id: str, test: Test) -> Sequence[Heard]:
    """Return what a handset has said since its test began, the earliest first."""
    values: dict[str, Any] = {
        "center": CENTER,
        "id": handset_id,
        "number": test.after_number,
        "since": test.began_at,
        "count": HEARD_MAX,
    }
    said = [Heard(what=row.what, at=row.at) for row in await connection.execute(_SAID, values)]
    called = [
        Heard(what=row.what, at=row.at, incident_id=row.incident_id)
        for row in await connection.execute(_CALLED, values)
    ]
    tracked = [
        Heard(
            what="position" if row.kind == POSITION else "heartbeat",
            at=row.at,
            battery_pct=row.battery_pct,
        )
        for row in await connection.execute(_TRACKED, values)
    ]
    return sorted([*said, *called, *tracked], key=lambda one: one.at)
