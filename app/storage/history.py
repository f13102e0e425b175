"""What past calls tell about the need for people: read only, and given up when it takes long."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import cos, radians
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.ledger import CENTER

GIVEN_UP_AFTER: Final = timedelta(seconds=60)  # for one statement
KM_PER_DEGREE: Final = 111.32
HOUR: Final = timedelta(hours=1)
SERVICE: Final = 4  # the gravity of calls about a device, which no operator must take


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """How operators were busy with the calls that they took and that are over."""

    calls: int
    mean_s: float  # an operator's claims that overlap count once
    variation: float  # standard deviation over mean, of the claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """How caregivers were busy with the attendances that are over."""

    visits: int
    mean_s: float  # from acceptance to the end
    travel_s: float  # of which: on the way, when it is on record


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The calls of an area over a time, by the hour in which they came."""

    start: datetime  # aware UTC, both on a whole local hour
    end: datetime
    calls: Mapping[datetime, int]  # that an operator must take; hours without any are left out
    visits: Mapping[datetime, int]  # accepted by caregivers
    handled: Handled
    visited: Visited
    area_km2: float | None  # None: no border is known
    speed_kmh: float | None  # mean of the caregivers; None without any


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Give a connection that sees one moment, changes nothing and does not hold up the server."""
    timeout_ms = int(GIVEN_UP_AFTER.total_seconds() * 1000)
    async with engine.connect() as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        await connection.execute(text(f"SET LOCAL statement_timeout = {timeout_ms}"))
        yield connection


async def is_there(connection: AsyncConnection) -> bool:
    """Return whether the database has its tables."""
    return (await connection.execute(text("SELECT to_regclass('incident')"))).scalar() is not None


async def area_name(connection: AsyncConnection, area_id: str) -> str | None:
    """Return the name of an area, None when there is none of that id."""
    query = text("SELECT name FROM area WHERE id = :id")
    return (await connection.execute(query, {"id": area_id})).scalar_one_or_none()


async def read_history(
    connection: AsyncConnection, area_id: str | None, *, weeks: int, zone: ZoneInfo, now: datetime
) -> History | None:
    """Return the last `weeks` of an area (None: everywhere), None when it had no call in them.

    The time begins and ends with the whole installation's first and last call at the widest:
    before them and after them nobody could call.
    """
    query = text("SELECT min(raised_at), max(raised_at) FROM incident")
    first, last = (await connection.execute(query)).one()
    if first is None:
        return None
    end = min(_whole_hour(now, zone), _whole_hour(last, zone) + HOUR)
    start = max(end - timedelta(weeks=weeks), _whole_hour(first, zone))
    span = {"area": area_id, "start": start, "end": end, "zone": zone.key}
    calls = await _by_hour(connection, _CALLS, span)
    if not calls:
        return None
    return History(
        start=start,
        end=end,
        calls=calls,
        visits=await _by_hour(connection, _VISITS, span),
        handled=await _handled(connection, span),
        visited=await _visited(connection, span),
        area_km2=await _area_km2(connection, area_id),
        speed_kmh=await _speed_kmh(connection, area_id),
    )


def _whole_hour(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    return moment - past


_WITHIN: Final = """(CAST(:area AS text) IS NULL
  OR CAST(:area AS text) = ANY (string_to_array(i.area_path, '/')))"""
_CALLS: Final = f"""
SELECT date_trunc('hour', i.raised_at, CAST(:zone AS text)) AS hour, count(*) AS calls
FROM incident i
WHERE i.raised_at >= :start AND i.raised_at < :end AND i.gravity < {SERVICE} AND {_WITHIN}
GROUP BY hour
"""  # noqa: S608
_VISITS: Final = f"""
SELECT date_trunc('hour', a.accepted_at, CAST(:zone AS text)) AS hour, count(*) AS calls
FROM attendance a JOIN incident i ON i.id = a.incident_id
WHERE a.accepted_at >= :start AND a.accepted_at < :end AND {_WITHIN}
GROUP BY hour
"""  # noqa: S608


async def _by_hour(
    connection: AsyncConnection, query: str, span: Mapping[str, Any]
) -> dict[datetime, int]:
    rows = await connection.execute(text(query), span)
    return {row.hour: row.calls for row in rows}


# A claim lasts until the next fact about it. Of an operator's claims that overlap, each counts
# from the end of all that began before it.
_HANDLED: Final = f"""
WITH step AS (
  SELECT f.incident_id, f.kind, f.body->>'operator_id' AS operator_id, f.at,
    lead(f.at) OVER (PARTITION BY f.incident_id ORDER BY f.number) AS until
  FROM incident i JOIN fact f ON f.incident_id = i.id AND f.center = {CENTER}
  WHERE i.raised_at >= :start AND i.raised_at < :end AND {_WITHIN}
    AND f.kind IN ('incident_claimed', 'claim_released', 'claim_lapsed', 'incident_closed')
), claim AS (
  SELECT incident_id, operator_id, at, until,
    max(until) OVER (PARTITION BY operator_id ORDER BY at, until
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM step WHERE kind = 'incident_claimed' AND until IS NOT NULL
), handled AS (
  SELECT extract(epoch FROM sum(until - at)) AS whole_s,
    extract(epoch FROM sum(greatest(interval '0', until - greatest(at, before)))) AS own_s
  FROM claim GROUP BY incident_id
)
SELECT count(*), avg(own_s), stddev_samp(whole_s) / nullif(avg(whole_s), 0) FROM handled
"""  # noqa: S608
_VISITED: Final = f"""
SELECT count(*), extract(epoch FROM avg(a.ended_at - a.accepted_at)),
  extract(epoch FROM avg(a.arrived_at - coalesce(a.set_out_at, a.accepted_at)))
FROM attendance a JOIN incident i ON i.id = a.incident_id
WHERE a.accepted_at >= :start AND a.accepted_at < :end AND a.ended_at IS NOT NULL AND {_WITHIN}
"""  # noqa: S608


async def _handled(connection: AsyncConnection, span: Mapping[str, Any]) -> Handled:
    calls, mean_s, variation = (await connection.execute(text(_HANDLED), span)).one()
    return Handled(calls=calls, mean_s=float(mean_s or 0), variation=float(variation or 0))


async def _visited(connection: AsyncConnection, span: Mapping[str, Any]) -> Visited:
    visits, mean_s, travel_s = (await connection.execute(text(_VISITED), span)).one()
    return Visited(visits=visits, mean_s=float(mean_s or 0), travel_s=float(travel_s or 0))


# All areas below one, or below none at all.
_BELOW: Final = """
WITH RECURSIVE below AS (
  SELECT id FROM area
  WHERE CASE WHEN CAST(:area AS text) IS NULL THEN parent_id IS NULL ELSE id = :area END
  UNION SELECT a.id FROM area a JOIN below b ON a.parent_id = b.id
)
"""


async def _speed_kmh(connection: AsyncConnection, area_id: str | None) -> float | None:
    query = text(
        f"{_BELOW} SELECT avg(c.speed_kmh) FROM caregiver c"  # noqa: S608
        " WHERE c.is_active AND c.area_id IN (SELECT id FROM below)"
    )
    return (await connection.execute(query, {"area": area_id})).scalar_one()


async def _area_km2(connection: AsyncConnection, area_id: str | None) -> float | None:
    query = text("SELECT id, parent_id, ring FROM area")
    rings: dict[str, Sequence[Sequence[float]]] = {}
    children: dict[str | None, list[str]] = {}
    for found_id, parent_id, ring in await connection.execute(query):
        rings[found_id] = json.loads(ring) if isinstance(ring, str) else ring
        children.setdefault(parent_id, []).append(found_id)

    def km2(one: str) -> float:
        """Return what lies within the border, or else within those of the areas below."""
        ring = rings.get(one, ())
        if len(ring) > 3:
            return _ring_km2(ring)
        return sum(km2(child) for child in children.get(one, ()))

    return sum(km2(one) for one in ([area_id] if area_id else children.get(None, ()))) or None


def _ring_km2(ring: Sequence[Sequence[float]]) -> float:
    """Return the area of a closed ring of lon and lat (flat: good to 0.1 % in a city)."""
    twice = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
    middle = sum(point[1] for point in ring) / len(ring)
    return abs(twice) / 2 * KM_PER_DEGREE**2 * cos(radians(middle))
