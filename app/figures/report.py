"""A report: the calls of some days, read a day at a time, and their figures, reckoned in a thread.

A year of a district of 300,000 people is one or two million calls. Neither the loop nor the center
waits for it: the database packs a day into one row, one connection reads one day after the other,
and one report is reckoned at a time. What is larger than the limits is refused, and says so.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.errors import Problem, TooBusy
from app.figures.grouping import Areas, By, days_between, group
from app.figures.targets import Figure
from app.figures.timing import (
    Calls,
    Gathering,
    Mask,
    Timings,
    applies,
    missed,
    reckon,
    seconds,
)
from app.storage.calls import Asked, read_calls, spare_the_center
from app.storage.history import reading
from dispatch.areas import Level
from dispatch.staffing import Target

DAYS_MAX: Final = 400  # a year, and a month to compare with
CALLS_MAX: Final = 2_500_000  # some 250 MB while they are reckoned
WITHIN: Final = timedelta(seconds=120)  # for all days together
TURN_WITHIN: Final = timedelta(seconds=20)  # how long a report waits for the one before it
DAYS_SHOWN: Final = 92  # of the chart over time; of a longer time it has months
LISTED_MAX: Final = 200  # calls on a page of a list


class ReportTooLarge(Problem):
    """The report asks for more than is reckoned at once."""

    status = 422


class ReportsBusy(TooBusy):
    """Another report is being reckoned: ask again in a moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls a report is about."""

    first: date  # local, both meant
    last: date
    zone: str
    areas: Sequence[str]  # in whose care; "*" is all
    area: str | None
    calls: str  # one of app.storage.calls.CLASSES

    @property
    def days(self) -> list[date]:
        """Return every day."""
        return days_between(self.first, self.last)

    def month(self, day: date | None = None) -> "Wanted":
        """Return the calls for help of the whole month in which a day lies: of the first one."""
        first = (day or self.first).replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
        return replace(self, first=first, last=following - timedelta(days=1), calls="help")

    def asked(self, first: date, last: date, now: datetime) -> Asked:
        """Return the same calls of some of the days."""
        zone = ZoneInfo(self.zone)
        return Asked(
            start=midnight(first, zone),
            end=midnight(last + timedelta(days=1), zone),
            zone=self.zone,
            now=now,
            areas=self.areas,
            area=self.area,
            calls=self.calls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of some days."""

    wanted: Wanted
    by: By
    level: Level
    total: Timings
    groups: Mapping[str, Timings]
    over: By  # day or month
    over_time: Mapping[str, Timings]
    by_hour: Mapping[str, Timings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One call of a figure. It names nobody."""

    id: str
    raised_at: datetime
    kind: str
    area_path: str
    took_s: int | None  # None: it has not come to that
    open_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which calls of a report a list shows."""

    figure: Figure
    by: By
    level: Level
    group: str | None = None  # None: of all groups
    missed_s: float | None = None  # only those that waited longer
    after: str = ""  # `next` of the page before
    limit: int = LISTED_MAX


class Turn:
    """Lets one report be reckoned at a time."""

    def __init__(self) -> None:
        self._is_taken = asyncio.Lock()

    @asynccontextmanager
    async def __call__(self) -> AsyncGenerator[None]:
        """Wait for one's turn.

        Raises:
            ReportsBusy: the one before takes long.
        """
        try:
            async with asyncio.timeout(TURN_WITHIN.total_seconds()):
                await self._is_taken.acquire()
        except TimeoutError as error:
            raise ReportsBusy("One report is reckoned at a time.") from error
        try:
            yield
        finally:
            self._is_taken.release()


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment at which a local day begins, in UTC."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


@asynccontextmanager
async def in_time(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Give a connection that reads, for as long as a report may take.

    Raises:
        ReportTooLarge: it took longer.
    """
    try:
        async with asyncio.timeout(WITHIN.total_seconds()), reading(engine) as connection:
            await spare_the_center(connection)
            yield connection
    except TimeoutError as error:
        raise _too_slow() from error
    except SQLAlchemyError as error:
        if "statement timeout" in str(error):
            raise _too_slow() from error
        raise


def _too_slow() -> ReportTooLarge:
    return ReportTooLarge(
        f"The calls could not be read within {WITHIN.seconds} s: ask for fewer days or a smaller"
        " area."
    )


async def gather(connection: AsyncConnection, wanted: Wanted, now: datetime) -> Calls:
    """Return the calls of a report.

    Raises:
        ReportTooLarge: these are more days or more calls than one report may have.
    """
    if len(wanted.days) > DAYS_MAX:
        raise ReportTooLarge(f"A report has at most {DAYS_MAX} days: ask for fewer.")
    found = Gathering()
    for day in wanted.days:
        found.add(day.toordinal(), await read_calls(connection, wanted.asked(day, day, now)))
        if found.count > CALLS_MAX:
            raise ReportTooLarge(
                f"A report has at most {CALLS_MAX:,} calls: ask for fewer days or a smaller area."
            )
    return await asyncio.to_thread(found.calls)


async def report_of(
    engine: AsyncEngine,
    wanted: Wanted,
    promised: Mapping[Figure, Sequence[Target]],
    *,
    by: By,
    level: Level,
    areas: Areas,
    now: datetime,
) -> Report:
    """Return the figures of some days.

    Raises:
        ReportTooLarge: it is larger than the limits.
    """
    async with in_time(engine) as connection:
        calls = await gather(connection, wanted, now)

    def groups(one: By) -> dict[str, Timings]:
        found = group(calls, one, level, areas, wanted.days)
        timings = reckon(calls, promised, found.places, len(found.keys))
        return dict(zip(found.keys, timings, strict=True))

    over = By.DAY if len(wanted.days) <= DAYS_SHOWN else By.MONTH

    def work() -> Report:
        return Report(
            wanted=wanted,
            by=by,
            level=level,
            total=reckon(calls, promised)[0],
            groups=groups(by),
            over=over,
            over_time=groups(over),
            by_hour=groups(By.HOUR),
        )

    return await asyncio.to_thread(work)


async def calls_of(
    engine: AsyncEngine, wanted: Wanted, sought: Sought, *, areas: Areas, now: datetime
) -> tuple[list[Listed], str | None]:
    """Return a page of the calls that a figure counts, the earliest first, and what is after it.

    It reads only as many days as the page needs. `after` is DAY/NUMBER; one that is neither
    begins at the beginning.
    """
    begin, number = _cursor(sought.after, wanted)
    found: list[Listed] = []
    last = begin
    async with in_time(engine) as connection:
        for day in days_between(begin, wanted.last):
            one = replace(wanted, first=day, last=day)
            calls = await gather(connection, one, now)
            meant = _meant(calls, sought, areas, [day])
            room = sought.limit - len(found)
            start = midnight(day, ZoneInfo(wanted.zone))
            places = _after(calls, meant, number if day == begin else None)
            found += _listed(calls, places[:room], sought.figure, start)
            last = day
            if len(places) > room:
                return found, f"{last.isoformat()}/{found[-1].id}"
    return found, None


def _cursor(after: str, wanted: Wanted) -> tuple[date, int | None]:
    day, _, incident_id = after.partition("/")
    try:
        begin, number = date.fromisoformat(day), int(incident_id.removeprefix("I"))
    except ValueError:
        return wanted.first, None
    return (begin, number) if wanted.first <= begin <= wanted.last else (wanted.first, None)


def _meant(calls: Calls, sought: Sought, areas: Areas, days: Sequence[date]) -> Mask:
    """Return for each call whether the list shows it."""
    meant = applies(calls, sought.figure)
    if sought.missed_s is not None:
        meant = meant & missed(calls, sought.figure, sought.missed_s)
    if sought.group is None:
        return meant
    found = group(calls, sought.by, sought.level, areas, days)
    if sought.group not in found.keys:
        return np.zeros(len(calls), dtype=np.bool_)
    return meant & (found.places == list(found.keys).index(sought.group))


def _after(calls: Calls, meant: Mask, number: int | None) -> list[int]:
    """Return the places of the calls that are meant, after the one with this number."""
    places: list[int] = np.flatnonzero(meant).tolist()
    numbers: list[int] = calls.number[meant].tolist()
    if number is None or number not in numbers:
        return places
    return places[numbers.index(number) + 1 :]


def _listed(
    calls: Calls, places: Sequence[int], figure: Figure, start: datetime
) -> Iterator[Listed]:
    took_s = seconds(calls, figure)
    for place in places:
        took = int(took_s[place])
        yield Listed(
            id=f"I{calls.number[place]}",
            raised_at=start + timedelta(seconds=int(calls.at_s[place])),
            kind=calls.kinds[int(calls.kind[place])],
            area_path=calls.paths[int(calls.path[place])],
            took_s=took if took >= 0 else None,
            open_s=int(calls.open_s[place]),
        )
