"""The replay's door: a past call, or an hour of an area, as it happened, for supervisors.

GET /api/v1/operator/replay?incident=I17&reason=complaint%2041
GET /api/v1/operator/replay?area=430105001&since=2026-11-25T04:00:00Z&until=2026-11-25T05:00:00Z
    &reason=review

{"since": "…", "until": "…", "is_whole": true, "calls": [{"id": "I17", "steps": [{"at": "…",
 "change": "raised", "lon": 112.98, "lat": 28.23}, …], "lines": [{"at": "…", "text": {…}}]}],
 "names": {"C0007": "…"}, "ways": {"C0007": [["2026-11-25T04:00:03Z", 112.98, 28.23, 8, "…"]]}}
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime
from sqlalchemy.engine import RowMapping
from starlette import status as http

from app.doors.desk import in_scope
from app.doors.operator_map import answer, steps_view
from app.errors import Problem, problems
from app.figures.report import ReportsBusy
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal, allow
from app.security.looks import Look
from app.security.roles import Role
from app.service import Service, ServiceDep
from app.storage.ledger import Recorded
from app.storage.reading import past_incident
from app.storage.replaying import CALLS_MAX, FACTS_MAX, calls_of_time, facts_until
from app.storage.ways import POINTS_MAX, ways_of
from app.views.book import View
from app.views.replay import call_view, caregivers_in, names_of
from devices.report import clean
from dispatch.book import Book
from dispatch.ids import AreaId

SPAN_MAX: Final = timedelta(hours=3)
CALL_SPAN_MAX: Final = timedelta(hours=24)
MARGIN: Final = timedelta(minutes=5)  # before and after a call
EVERY_OF_CALL: Final = timedelta(seconds=3)
EVERY_OF_HOUR: Final = timedelta(seconds=15)
WAYS_MAX: Final = 2_000  # caregivers of an area whose ways are shown

ReplayDep = Annotated[Principal, allow(Role.SUPERVISOR)]
router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode


class ReplayUnfit(Problem):
    """Ask for one call, or for at most three hours of an area."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


@router.get(
    "/replay",
    summary="What happened, shown again",
    responses=problems(*COOKIE_PROBLEMS, OutOfScope, ReplayUnfit, ReportsBusy),
)
async def replay(
    who: ReplayDep,
    service: ServiceDep,
    *,
    reason: Annotated[str, Query(min_length=3, max_length=500)],
    incident: Annotated[str, Query(max_length=24, examples=["I17"])] = "",
    area: Annotated[str, Query(max_length=64)] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> Response:
    """Return calls, offers and caregivers' ways from the journal and the positions on record.

    Who looked at what and why is on record first: a look at each resident whose call is shown,
    and one at the area and the hour, also when nobody called in it.
    """
    why = clean(reason, 500)
    async with service.reports():
        if incident:
            return answer(await _one_call(service, who, incident, why))
        span = _span(since, until)
        return answer(await _an_hour(service, who, area, span, why))


def _span(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    if since is None or until is None:
        raise ReplayUnfit("Say which call, or since when and until when.")
    if not timedelta(0) < until - since <= SPAN_MAX:
        raise ReplayUnfit("Ask for at most three hours, which end after they begin.")
    return since, until


async def _one_call(service: Service, who: Principal, incident_id: str, why: str) -> bytes:
    row = await past_incident(service.engine, incident_id)
    if row is None or not in_scope(who, [code for code in row["area_path"].split("/") if code]):
        raise OutOfScope("incident", incident_id)
    since = row["raised_at"] - MARGIN
    until = min((row["closed_at"] or service.center.now) + MARGIN, since + CALL_SPAN_MAX)
    await _record(service, who, [row], f"{incident_id}: {why}")
    found = await facts_until(service.engine, [incident_id], until)
    asked = caregivers_in(found.get(incident_id, ()))
    return await _replay(service, [row], found, asked, (since, until), EVERY_OF_CALL)


async def _an_hour(
    service: Service, who: Principal, area: str, span: tuple[datetime, datetime], why: str
) -> bytes:
    def those_of(book: Book) -> list[str]:
        path = book.territory.path(AreaId(area)) if area else ()
        if area and not (path and who.covers(path)):
            raise OutOfScope("area", area)
        rows = ((one.id, book.territory.path(one.area_id)) for one in book.roster.everybody())
        return [one for one, way in rows if who.covers(way) and (not area or area in way)]

    since, until = span
    people = await service.center.read(those_of)
    rows = await calls_of_time(
        service.engine, since=since, until=until, area=area or None, mine=who.areas
    )
    about = f"{area or '*'} {since:%Y-%m-%dT%H:%MZ}/{until:%H:%MZ}: {why}"
    await _record(service, who, rows[:CALLS_MAX], about, area=area or "*")
    ids = [row["id"] for row in rows[:CALLS_MAX]]
    found = await facts_until(service.engine, ids, until)
    asked = asked_in(found)
    shown = asked | set(people[: max(0, WAYS_MAX - len(asked))])
    return await _replay(
        service,
        rows,
        found,
        shown,
        span,
        EVERY_OF_HOUR,
        is_whole=len(people) <= WAYS_MAX,
    )


def asked_in(found: Mapping[str, Sequence[Recorded]]) -> set[str]:
    """Return the caregivers who were asked about any of these calls."""
    return {one for facts in found.values() for one in caregivers_in(facts)}


async def _record(
    service: Service, who: Principal, rows: Sequence[RowMapping], why: str, *, area: str = ""
) -> None:
    """Put on record who is shown where which residents were, before it is read."""
    seen = {row["id"]: row["resident_id"] for row in rows if row["resident_id"]}
    looks = [_look(service, who, resident, one, why) for one, resident in seen.items()]
    if area:
        looks.append(_look(service, who, "", None, why))
    await service.security.looks.record_all(looks)


def _look(
    service: Service, who: Principal, resident_id: str, incident_id: str | None, why: str
) -> Look:
    return service.security.looks.look(
        account_id=who.id,
        role=who.role.value,
        resident_id=resident_id,
        reason=why,
        what="replay",
        incident_id=incident_id,
    )


async def _replay(
    service: Service,
    rows: Sequence[RowMapping],
    found: dict[str, list[Recorded]],
    caregivers: Iterable[str],
    span: tuple[datetime, datetime],
    every: timedelta,
    *,
    is_whole: bool = True,
) -> bytes:
    since, until = span
    shown = sorted(caregivers)
    ways = await ways_of(service.engine, shown, since=since, until=until, every=every)
    directory = service.directory

    calls: list[View] = []
    for row in rows[:CALLS_MAX]:
        calls.append(call_view(service.center.book, directory, row, found.get(row["id"], ())))
        await asyncio.sleep(0)  # one call is a millisecond; those who call for help come first
    facts = sum(len(one) for one in found.values())
    points = sum(len(one) for one in ways.values())
    return _encode(
        {
            "since": since,
            "until": until,
            "is_whole": is_whole
            and len(rows) <= CALLS_MAX
            and facts < FACTS_MAX
            and points < POINTS_MAX,
            "calls": calls,
            "names": names_of({*ways, *asked_in(found)}, directory.name),
            "ways": {one: steps_view(steps) for one, steps in ways.items()},
        }
    )
