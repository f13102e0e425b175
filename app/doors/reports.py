"""The reports: how long calls waited, and the month's sheet, for supervisors and administrators.

GET /api/v1/reports/figures?from=2026-11-01&to=2026-11-30&by=area&level=street

{"calls": "help", "total": [{"figure": "answer", "calls": 412, "reached": 410, "p50_s": 14,
 "p90_s": 48, "targets": [{"share": 0.975, "within_s": 60, "judged": 412, "within": 404,
 "reached_share": 0.9806, "is_met": true}]}, …], "groups": [{"key": "430105010", …}], …}
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from starlette import status as http

from app.doors.reports_out import (
    AreaOut,
    BothOut,
    CallsOut,
    CallsWord,
    ChoicesOut,
    HandsetIdsOut,
    HandsetsOut,
    KindOut,
    LevelWord,
    MonthOut,
    ReportOut,
    TargetOut,
    call_out,
    groups_out,
    timings_out,
)
from app.errors import Problem, problems
from app.figures.grouping import LEVELS, Areas, By, path_of
from app.figures.month import handsets_of, month_of
from app.figures.report import (
    CALLS_MAX,
    DAYS_MAX,
    LISTED_MAX,
    ReportsBusy,
    ReportTooLarge,
    Sought,
    Wanted,
    calls_of,
    report_of,
)
from app.figures.report_sheets import handset_counts, month_sheets_of, sheets_of
from app.figures.sheets import CSV_TYPE, XLSX_TYPE, Sheet, csv_of, xlsx_of
from app.figures.targets import Figure, targets_of
from app.figures.words import Language
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal, allow
from app.security.roles import EVERYWHERE, Role
from app.service import Service, ServiceDep
from dispatch.areas import Level
from dispatch.ids import AreaId

ReaderDep = Annotated[Principal, allow(Role.SUPERVISOR, Role.ADMINISTRATOR)]
YEARS: Final = range(2000, 2200)
MONTH: Final = r"^2[01][0-9]{2}-(0[1-9]|1[0-2])$"

router = APIRouter(prefix="/api/v1/reports", tags=["reports"])


class DaysUnfit(Problem):
    """The days end before they begin, or have not come yet."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


PROBLEMS: Final = (*COOKIE_PROBLEMS, OutOfScope, DaysUnfit, ReportTooLarge, ReportsBusy)

MonthQuery = Annotated[str, Query(pattern=MONTH, examples=["2026-11"])]
AreaQuery = Annotated[str | None, Query(max_length=64, examples=["430105010"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Who asks, what there is, and when it is."""

    service: Service
    who: Principal
    areas: Areas
    now: datetime

    def zone(self, area: str | None) -> str:
        """Return the zone of an area; of none: the one that all of the asker's areas share."""
        zones = {self._zone(one) for one in ([area] if area else self.who.areas)}
        return zones.pop() if len(zones) == 1 else self.service.settings.zone

    def _zone(self, area_id: str) -> str:
        found = (self.areas[AreaId(one)].zone for one in reversed(path_of(area_id, self.areas)))
        return next(filter(None, found), self.service.settings.zone)

    def today(self, zone: str) -> date:
        """Return the local day."""
        return self.now.astimezone(ZoneInfo(zone)).date()

    def covers(self, area_id: str) -> bool:
        """Tell whether an area is in the asker's care."""
        return self.who.covers(path_of(area_id, self.areas))

    def wanted(self, first: date, last: date, area: str | None, calls: str) -> Wanted:
        """Return which calls are asked for.

        Raises:
            OutOfScope: the area is not in the asker's care. DaysUnfit: there are no such days.
        """
        if area is not None and (AreaId(area) not in self.areas or not self.covers(area)):
            raise OutOfScope("area", area)
        zone = self.zone(area)
        is_known = first.year in YEARS and last.year in YEARS
        if not is_known or first > last or first > self.today(zone):
            raise DaysUnfit
        return Wanted(
            first=first, last=last, zone=zone, areas=self.who.areas, area=area, calls=calls
        )


async def _ground(service: ServiceDep, who: ReaderDep) -> Ground:
    areas = await service.center.read(lambda book: dict(book.territory.areas))
    return Ground(service=service, who=who, areas=areas, now=service.center.now)


GroundDep = Annotated[Ground, Depends(_ground)]


async def _wanted(
    ground: GroundDep,
    first: Annotated[date, Query(alias="from", examples=["2026-11-01"])],
    last: Annotated[date, Query(alias="to", examples=["2026-11-30"])],
    area: AreaQuery = None,
    calls: CallsWord = "help",
) -> Wanted:
    return ground.wanted(first, last, area, calls)


async def _month(ground: GroundDep, month: MonthQuery, area: AreaQuery = None) -> Wanted:
    first = date.fromisoformat(f"{month}-01")
    return ground.wanted(first, first, area, "help")


WantedDep = Annotated[Wanted, Depends(_wanted)]
MonthDep = Annotated[Wanted, Depends(_month)]


@router.get("/choices", summary="What can be asked for", responses=problems(*COOKIE_PROBLEMS))
async def choices(ground: GroundDep) -> ChoicesOut:
    """Return the areas in one's care, the targets, the zone and the limits."""
    zone = ground.zone(None)
    promised = targets_of(ground.service.settings)
    return ChoicesOut(
        zone=zone,
        today=ground.today(zone),
        areas=[
            AreaOut(id=one.id, parent_id=one.parent_id, level=one.level, name=one.name)
            for one in ground.areas.values()
            if one.level in LEVELS and (EVERYWHERE in ground.who.areas or ground.covers(one.id))
        ],
        targets={
            figure: [TargetOut(share=one.share, within_s=one.within_s) for one in targets]
            for figure, targets in promised.items()
        },
        days_max=DAYS_MAX,
        calls_max=CALLS_MAX,
    )


@router.get("/figures", summary="How long calls waited", responses=problems(*PROBLEMS))
async def figures(
    ground: GroundDep, wanted: WantedDep, by: By = By.AREA, level: LevelWord = "street"
) -> ReportOut:
    """Return answer, accept, arrival and completion times, by group, by day and by hour.

    Days are local, both meant. Calls about devices, reviews and tests are never among those for
    help. A report has at most 400 days and 2,500,000 calls, and one is reckoned at a time.
    """
    service = ground.service
    async with service.reports():
        found = await report_of(
            service.engine,
            wanted,
            targets_of(service.settings),
            by=by,
            level=Level(level),
            areas=ground.areas,
            now=ground.now,
        )
    return ReportOut(
        first=wanted.first,
        last=wanted.last,
        zone=wanted.zone,
        area=wanted.area,
        calls=wanted.calls,  # pyright: ignore[reportArgumentType] - the query was one of them
        by=by,
        level=level,
        at=ground.now,
        total=timings_out(found.total),
        groups=groups_out(found.groups),
        over="day" if found.over is By.DAY else "month",
        over_time=groups_out(found.over_time),
        by_hour=groups_out(found.by_hour),
    )


@router.get(
    "/figures.{form}",
    summary="The same as a file",
    responses=problems(*PROBLEMS),
    response_class=Response,
)
async def figures_file(
    ground: GroundDep,
    wanted: WantedDep,
    form: Literal["csv", "xlsx"],
    by: By = By.AREA,
    level: LevelWord = "street",
    lang: Language = "zh",
) -> Response:
    """Return the report as CSV or XLSX, in the words of a language."""
    service = ground.service
    async with service.reports():
        found = await report_of(
            service.engine,
            wanted,
            targets_of(service.settings),
            by=by,
            level=Level(level),
            areas=ground.areas,
            now=ground.now,
        )
        name = f"figures_{wanted.first}_{wanted.last}"
        return await _file(sheets_of(found, ground.areas, lang), form, name)


@router.get("/calls", summary="The calls of a figure", responses=problems(*PROBLEMS))
async def calls(
    ground: GroundDep,
    wanted: WantedDep,
    figure: Figure,
    by: By = By.AREA,
    level: LevelWord = "street",
    group: Annotated[str | None, Query(max_length=200)] = None,
    missed_s: Annotated[float | None, Query(gt=0, le=10_000_000, allow_inf_nan=False)] = None,
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=LISTED_MAX)] = LISTED_MAX,
) -> CallsOut:
    """Return the calls that a figure counts, the earliest first; they name nobody.

    With `group`, only those of one group; with `missed_s`, only those that waited longer.
    """
    sought = Sought(
        figure=figure,
        by=by,
        level=Level(level),
        group=group,
        missed_s=missed_s,
        after=after,
        limit=limit,
    )
    service = ground.service
    async with service.reports():
        found, following = await calls_of(
            service.engine, wanted, sought, areas=ground.areas, now=ground.now
        )
    return CallsOut(zone=wanted.zone, items=[call_out(one) for one in found], next=following)


@router.get("/month", summary="The month's sheet", responses=problems(*PROBLEMS))
async def month(ground: GroundDep, wanted: MonthDep) -> MonthOut:
    """Return calls by kind, figures and handsets of a month, each beside the month before."""
    service = ground.service
    async with service.reports():
        found = await month_of(
            service.engine,
            wanted,
            targets_of(service.settings),
            areas=ground.areas,
            now=ground.now,
        )
    this, before = timings_out(found.figures), timings_out(found.figures_before)
    counts = zip(handset_counts(found.handsets), handset_counts(found.handsets_before), strict=True)
    return MonthOut(
        first=found.wanted.first,
        last=found.wanted.last,
        before_first=found.before.first,
        before_last=found.before.last,
        zone=found.wanted.zone,
        area=found.wanted.area,
        at=ground.now,
        is_over=found.is_over,
        kinds=[
            KindOut.model_validate({"calls": name, "kind": kind, "count": now, "before": last})
            for name, kinds in found.kinds.items()
            for kind, (now, last) in kinds.items()
        ],
        figures=[
            BothOut(figure=one.figure, month=one, before=other)
            for one, other in zip(this, before, strict=True)
        ],
        handsets=[
            HandsetsOut.model_validate({"what": what, "count": now, "before": last})
            for (what, now), (_, last) in counts
        ],
        is_lane_known=found.handsets.is_lane_known,
    )


@router.get(
    "/month.{form}",
    summary="The month's sheet as a file",
    responses=problems(*PROBLEMS),
    response_class=Response,
)
async def month_file(
    ground: GroundDep, wanted: MonthDep, form: Literal["csv", "xlsx"], lang: Language = "zh"
) -> Response:
    """Return the month as CSV or XLSX, in the words of a language."""
    service = ground.service
    async with service.reports():
        found = await month_of(
            service.engine,
            wanted,
            targets_of(service.settings),
            areas=ground.areas,
            now=ground.now,
        )
        sheets = month_sheets_of(found, ground.areas, lang)
        return await _file(sheets, form, f"month_{wanted.first:%Y-%m}")


@router.get("/handsets", summary="The handsets of the month's sheet", responses=problems(*PROBLEMS))
async def handsets(
    ground: GroundDep,
    wanted: MonthDep,
    what: Literal["issued", "activated", "tested"],
    after: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=LISTED_MAX)] = LISTED_MAX,
) -> HandsetIdsOut:
    """Return the ids of handsets that were issued, activated or tested in a month, in order."""
    whole = wanted.month()
    service = ground.service
    async with service.reports():
        found = await handsets_of(service.engine, whole, areas=ground.areas, now=ground.now)
    ids: Sequence[str] = getattr(found, what)
    page = [one for one in ids if one > after][: limit + 1]
    return HandsetIdsOut(items=page[:limit], next=page[limit - 1] if len(page) > limit else None)


async def _file(sheets: Sequence[Sheet], form: Literal["csv", "xlsx"], name: str) -> Response:
    make, media_type = (csv_of, CSV_TYPE) if form == "csv" else (xlsx_of, XLSX_TYPE)
    body = await asyncio.to_thread(make, sheets)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(body, media_type=media_type, headers=headers)
