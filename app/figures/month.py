"""A month for the office that pays: calls by kind, figures with last month's, handsets."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.figures.grouping import Areas, path_of
from app.figures.report import Wanted, gather, in_time, midnight
from app.figures.targets import Figure
from app.figures.timing import Timings, reckon
from app.storage import handed_out
from app.storage.calls import count_kinds
from dispatch.staffing import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Handsets:
    """What became of handsets in a month. The lists are in order and hold ids alone."""

    in_use: int  # that residents have now
    issued: tuple[str, ...]  # handed to a resident in the month
    activated: tuple[str, ...]  # of these, heard since
    tested: tuple[str, ...]  # of all, tried in the month
    tests: int  # how often, all together
    is_lane_known: bool  # whether heartbeats could be looked at for `activated`


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The month and the one before it."""

    wanted: Wanted
    before: Wanted
    kinds: Mapping[str, Mapping[str, tuple[int, int]]]  # class → kind → this month, the last
    figures: Timings
    figures_before: Timings
    handsets: Handsets
    handsets_before: Handsets
    is_over: bool  # else the month is still running


async def month_of(
    engine: AsyncEngine,
    wanted: Wanted,
    promised: Mapping[Figure, Sequence[Target]],
    *,
    areas: Areas,
    now: datetime,
) -> Month:
    """Return the figures of the month that `wanted` begins with, of calls for help.

    Raises:
        ReportTooLarge: it is larger than the limits.
    """
    wanted = wanted.month()
    before = wanted.month(wanted.first - timedelta(days=1))
    async with in_time(engine) as connection:
        calls, calls_before = [await gather(connection, one, now) for one in (wanted, before)]
        kinds = await _kinds(connection, wanted, before, now)
    return Month(
        figures=(await asyncio.to_thread(reckon, calls, promised))[0],
        figures_before=(await asyncio.to_thread(reckon, calls_before, promised))[0],
        wanted=wanted,
        before=before,
        kinds=kinds,
        handsets=await handsets_of(engine, wanted, areas=areas, now=now),
        handsets_before=await handsets_of(engine, before, areas=areas, now=now),
        is_over=now >= _end(wanted),
    )


async def handsets_of(
    engine: AsyncEngine, wanted: Wanted, *, areas: Areas, now: datetime
) -> Handsets:
    """Return what became of handsets in the days of `wanted`, of residents in its areas.

    Raises:
        ReportTooLarge: it takes too long.
    """
    start = midnight(wanted.first, ZoneInfo(wanted.zone))
    end = _end(wanted)

    def is_meant(area_id: str) -> bool:
        path = path_of(area_id, areas)
        is_kept = "*" in wanted.areas or not set(path).isdisjoint(wanted.areas)
        return is_kept and (wanted.area is None or wanted.area in path)

    async with in_time(engine) as connection:
        used = await handed_out.in_use(connection)
        said = await handed_out.said_between(connection, start, end)
        lives_in = await handed_out.areas_of(connection, said.paired | said.tests.keys())
        mine = {one for one, area_id in lives_in.items() if is_meant(area_id)}
        issued = said.paired & mine
        heard = issued & said.heard
        heard |= await handed_out.called_or_placed(connection, issued - heard, start, now)
    lane = await _on_the_lane(engine, issued - heard, min(end, now))
    return Handsets(
        in_use=sum(count for area_id, count in used.items() if is_meant(area_id)),
        issued=tuple(sorted(issued)),
        activated=tuple(sorted(heard | (lane or frozenset()))),
        tested=tuple(sorted(said.tests.keys() & mine)),
        tests=sum(count for one, count in said.tests.items() if one in mine),
        is_lane_known=lane is not None,
    )


async def _on_the_lane(
    engine: AsyncEngine, ids: Collection[str], until: datetime
) -> frozenset[str] | None:
    return await handed_out.tracked(engine, ids, until) if ids else frozenset()


async def _kinds(
    connection: AsyncConnection, wanted: Wanted, before: Wanted, now: datetime
) -> dict[str, dict[str, tuple[int, int]]]:
    this = await count_kinds(connection, wanted.asked(wanted.first, wanted.last, now))
    last = await count_kinds(connection, before.asked(before.first, before.last, now))
    return {
        name: {
            kind: (this[name].get(kind, 0), last[name].get(kind, 0))
            for kind in sorted(
                {*this[name], *last[name]}, key=lambda kind: -this[name].get(kind, 0)
            )
        }
        for name in this
    }


def _end(wanted: Wanted) -> datetime:
    return midnight(wanted.last + timedelta(days=1), ZoneInfo(wanted.zone))
