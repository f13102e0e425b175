"""Past calls as figures need them: a local day at a time, packed, so that no row costs the loop.

Each call is `FIELDS` numbers of four bytes, big end first; words travel once for each day, and a
call holds their place in the list. A day of 6,000 calls is one row of 280 KB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

FIELDS: Final = (
    "number",  # of the incident: 17 for I17
    "at_s",  # since the beginning of the time asked for
    "hour",  # local, 0 to 23
    "kind",  # place in `kinds`
    "path",  # place in `paths`
    "team",  # place in `teams`
    "flags",
    "taken_s",  # from the call to the first operator who took it; -1: nobody did
    "accepted_s",  # to the first caregiver's yes
    "arrived_s",  # to the first caregiver on scene
    "closed_s",  # to the end
    "open_s",  # to the end, or to the moment of the report
)
NEVER: Final = -1
BY_HANDSET: Final = 1  # flags: somebody pressed, and nobody had answered yet
IS_LIFE_THREAT: Final = 2
NOBODY_NEEDED: Final = 4  # closed as a false alarm or a duplicate: nobody had to come

NOT_FOR_HELP: Final = ("low_battery", "care_review", "test")  # whatever gravity a house gives them
CLASSES: Final = ("help", "device", "review", "test")
"""What is counted apart, and never together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which calls are meant."""

    start: datetime  # aware; the first moment, and the first no longer meant
    end: datetime
    zone: str  # IANA name, whose hours are counted
    now: datetime  # until when an open call has waited
    areas: Sequence[str]  # in whose care; "*" is all
    area: str | None = None  # within which
    calls: str = "help"  # one of CLASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """The calls of one time."""

    kinds: Sequence[str]
    paths: Sequence[str]  # of area ids, widest first, "/" between them
    teams: Sequence[str]  # KIND/AREA of the caregiver, "" for nobody
    body: bytes


# One class each. A house may call its weak batteries what it likes: they are still no calls for
# help, so kinds are named beside the gravity.
_CLASS: Final = """CASE
  WHEN i.kind = 'test' THEN 'test'
  WHEN i.kind = 'care_review' THEN 'review'
  WHEN i.kind = 'low_battery' OR i.gravity >= 4 THEN 'device'
  ELSE 'help' END"""
_MEANT: Final = """i.raised_at >= :start AND i.raised_at < :end
    AND (:everywhere OR string_to_array(i.area_path, '/') && CAST(:areas AS text[]))
    AND (CAST(:area AS text) IS NULL
      OR CAST(:area AS text) = ANY (string_to_array(i.area_path, '/')))"""


def _seconds(moment: str) -> str:
    """Return SQL for the whole seconds from the call to a moment, rounded up; -1 for none.

    Rounded up, so that 60.2 s are not within 60 s. `date_part` gives a double, and is several times
    as fast as `extract`, which gives a numeric.
    """
    span = f"least(greatest(ceil(date_part('epoch', {moment} - raised_at)), 0), 2147483647)"
    return f"int4send(CASE WHEN {moment} IS NULL THEN {NEVER} ELSE {span} END::int)"


# The first claim is among the first facts of a call: the index on (incident_id, number) finds it
# without reading the rest. Naming the center there would offer the planner the primary key.
_DAY: Final = f"""
WITH timed AS MATERIALIZED (
  SELECT i.id, i.raised_at, i.kind, i.area_path, i.closed_at,
    coalesce(g.kind || '/' || g.area_id, '') AS team,
    CASE WHEN i.channel = 'handset' THEN {BY_HANDSET} ELSE 0 END
      + CASE WHEN i.gravity = 1 THEN {IS_LIFE_THREAT} ELSE 0 END
      + CASE WHEN i.disposition IN ('false_alarm', 'duplicate') THEN {NOBODY_NEEDED} ELSE 0 END
      AS flags,
    taken.at AS taken_at, yes.accepted_at, scene.arrived_at
  FROM incident i
  LEFT JOIN LATERAL (SELECT f.at FROM fact f
    WHERE f.incident_id = i.id AND f.kind = 'incident_claimed'
    ORDER BY f.number LIMIT 1) taken ON true
  LEFT JOIN LATERAL (SELECT a.accepted_at, a.caregiver_id FROM attendance a
    WHERE a.incident_id = i.id ORDER BY a.accepted_at, a.id LIMIT 1) yes ON true
  LEFT JOIN LATERAL (SELECT a.arrived_at, a.caregiver_id FROM attendance a
    WHERE a.incident_id = i.id AND a.arrived_at IS NOT NULL
    ORDER BY a.arrived_at, a.id LIMIT 1) scene ON true
  LEFT JOIN caregiver g ON g.id = coalesce(scene.caregiver_id, yes.caregiver_id)
  WHERE {_MEANT} AND {_CLASS} = :calls
), placed AS (
  SELECT *, dense_rank() OVER (ORDER BY kind COLLATE "C") - 1 AS kind_at,
    dense_rank() OVER (ORDER BY area_path COLLATE "C") - 1 AS path_at,
    dense_rank() OVER (ORDER BY team COLLATE "C") - 1 AS team_at
  FROM timed
)
SELECT
  ARRAY(SELECT DISTINCT kind COLLATE "C" FROM timed ORDER BY 1) AS kinds,
  ARRAY(SELECT DISTINCT area_path COLLATE "C" FROM timed ORDER BY 1) AS paths,
  ARRAY(SELECT DISTINCT team COLLATE "C" FROM timed ORDER BY 1) AS teams,
  (SELECT string_agg(
    int4send(substring(id FROM 2)::int)
    || int4send(floor(date_part('epoch', raised_at - CAST(:start AS timestamptz)))::int)
    || int4send(extract(hour FROM raised_at AT TIME ZONE CAST(:zone AS text))::int)
    || int4send(kind_at::int) || int4send(path_at::int) || int4send(team_at::int)
    || int4send(flags)
    || {_seconds("taken_at")} || {_seconds("accepted_at")} || {_seconds("arrived_at")}
    || {_seconds("closed_at")} || {_seconds("coalesce(closed_at, CAST(:now AS timestamptz))")},
    ''::bytea ORDER BY raised_at, length(id), id) FROM placed) AS body
"""  # noqa: S608
_KINDS: Final = f"""
SELECT {_CLASS} AS class, i.kind, count(*) AS calls FROM incident i
WHERE {_MEANT} GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608


async def spare_the_center(connection: AsyncConnection) -> None:
    """Let what follows in this transaction use one core at most, and compile nothing."""
    await connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
    await connection.execute(text("SET LOCAL jit = off"))


async def read_calls(connection: AsyncConnection, asked: Asked) -> Packed:
    """Return the calls of one time, in the order in which they came: of a day, not of a year."""
    row = (await connection.execute(text(_DAY), _values(asked) | {"calls": asked.calls})).one()
    return Packed(kinds=row.kinds, paths=row.paths, teams=row.teams, body=row.body or b"")


async def count_kinds(connection: AsyncConnection, asked: Asked) -> dict[str, dict[str, int]]:
    """Return how many calls of each kind there were, by class; of all classes."""
    values = _values(asked)
    del values["zone"], values["now"]
    found: dict[str, dict[str, int]] = {name: {} for name in CLASSES}
    for row in await connection.execute(text(_KINDS), values):
        found[row[0]][row.kind] = row.calls
    return found


def _values(asked: Asked) -> dict[str, Any]:
    return {
        "start": asked.start,
        "end": asked.end,
        "zone": asked.zone,
        "now": asked.now,
        "areas": list(asked.areas),
        "everywhere": "*" in asked.areas,
        "area": asked.area,
    }
