"""What the record knows of handsets in a time: handed to residents, heard, tried.

The journal has no index by time, but its numbers rise with it: the first fact of a time is found
by halving, and what lies between is read in slices that hold nobody up.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.history import reading
from app.storage.ledger import CENTER

SLICE: Final = 50_000  # facts
LOOK_BACK: Final = timedelta(days=1)  # on the tracks lane, for handsets that send heartbeats alone

_LAST: Final = text(f"SELECT max(number) FROM fact WHERE center = {CENTER}")  # noqa: S608
_AT: Final = text(
    f"SELECT number, at FROM fact WHERE center = {CENTER} AND number >= :number"  # noqa: S608
    " ORDER BY number LIMIT 1"
)
_SAID: Final = text(
    "SELECT kind, body->>'handset_id' AS handset_id, body->>'resident_id' AS resident_id,"
    " body->'event'->>'kind' AS what FROM fact WHERE number >= :begin AND number < :end"
    " AND center = :center AND kind IN ('handset_paired', 'signal_heard')"
)
_CALLED: Final = text(
    "SELECT DISTINCT handset_id FROM incident WHERE raised_at >= :start AND raised_at < :end"
    " AND handset_id = ANY(:ids)"
)
_PLACED: Final = text("SELECT subject FROM last_position WHERE subject = ANY(:ids)")
_TRACKED: Final = text(
    "SELECT DISTINCT subject FROM track WHERE received_at >= :start AND received_at < :end"
    " AND subject = ANY(:ids)"
)
_IN_USE: Final = text(
    "SELECT r.area_id, count(*) AS handsets FROM handset h JOIN resident r ON r.id = h.resident_id"
    " GROUP BY r.area_id"
)
_AREAS: Final = text(
    "SELECT h.id, r.area_id FROM handset h JOIN resident r ON r.id = h.resident_id"
    " WHERE h.id = ANY(:ids)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the journal says of handsets in a time."""

    paired: frozenset[str]  # handed to a resident
    heard: frozenset[str]  # that said something which opened no call
    tests: Mapping[str, int]  # handset → how often it was tried


async def said_between(connection: AsyncConnection, start: datetime, end: datetime) -> Said:
    """Return what the journal says of handsets in a time."""
    paired: set[str] = set()
    heard: set[str] = set()
    tests: dict[str, int] = {}
    at, stop = await _first_since(connection, start), await _first_since(connection, end)
    while at < stop:
        part = {"center": CENTER, "begin": at, "end": min(at + SLICE, stop)}
        for row in await connection.execute(_SAID, part):
            if row.kind == "handset_paired":
                paired |= {row.handset_id} if row.resident_id else set()
                continue
            heard.add(row.handset_id)
            if row.what == "test":
                tests[row.handset_id] = tests.get(row.handset_id, 0) + 1
        at += SLICE
    return Said(paired=frozenset(paired), heard=frozenset(heard), tests=tests)


async def called_or_placed(
    connection: AsyncConnection, ids: Collection[str], start: datetime, end: datetime
) -> frozenset[str]:
    """Return which handsets called in a time, or ever sent a position."""
    values = {"ids": list(ids), "start": start, "end": end}
    called = (await connection.execute(_CALLED, values)).scalars()
    placed = (await connection.execute(_PLACED, {"ids": list(ids)})).scalars()
    return frozenset([*called, *placed])


async def tracked(
    engine: AsyncEngine, ids: Collection[str], until: datetime
) -> frozenset[str] | None:
    """Return which handsets were heard on the tracks lane in the day before; None: too many."""
    values = {"ids": list(ids), "start": until - LOOK_BACK, "end": until}
    try:
        async with reading(engine) as connection:
            return frozenset((await connection.execute(_TRACKED, values)).scalars())
    except DBAPIError as error:
        if "statement timeout" in str(error):
            return None
        raise


async def in_use(connection: AsyncConnection) -> dict[str, int]:
    """Return how many handsets residents have now, by the area of the resident."""
    return {row.area_id: row.handsets for row in await connection.execute(_IN_USE)}


async def areas_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Return the area of the resident who has each handset now; others are left out."""
    rows = await connection.execute(_AREAS, {"ids": list(ids)})
    return {row.id: row.area_id for row in rows}


async def _first_since(connection: AsyncConnection, moment: datetime) -> int:
    """Return the number of the first fact at a moment or later; one past the last without any."""
    low, high = 1, ((await connection.execute(_LAST)).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        number, at = (await connection.execute(_AT, {"number": middle})).one()
        if at < moment:
            low = number + 1
        else:
            high = middle
    return low
