"""The map's door: moving points, borders, who a point is, the trail of a call, map pictures.

GET /api/v1/operator/map/points?after=1:48211:77:3

{"stamp": "1:48230:78:3", "whole": false, "server_time": "2026-11-25T04:05:06Z",
 "caregivers": [["C0007", 112.98123, 28.23012, "grid_worker", "f", 1795579506]], "off": [],
 "calls": [["I17", 112.98, 28.23, "urgent", "fall", "offered", 1795579440, true]],
 "closed": ["I12"], "load": [["430105001", 2, 3, 5]]}
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from app.doors.desk import OperatorDep, in_scope, shown
from app.errors import problems
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal
from app.security.refusals import LooksFull
from app.service import Service, ServiceDep
from app.storage.reading import handsets_of, past_incident, who_came
from app.storage.ways import Step, ways_of
from app.views.book import View, area_view, dot_view, incident_view, place_view
from app.views.points import areas_at
from dispatch.book import Book
from dispatch.ids import AttendanceId, CaregiverId, HandsetId, IncidentId, carrier_of

BEFORE_CALL: Final = timedelta(minutes=30)  # of a trail
TRAIL_MAX: Final = timedelta(hours=6)

router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode


def answer(body: bytes) -> Response:
    """Return JSON that no cache keeps: where people are is true for a moment."""
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/map/points", summary="What moves on the map", responses=problems(*COOKIE_PROBLEMS))
async def points(
    who: OperatorDep,
    service: ServiceDep,
    after: Annotated[str, Query(max_length=80, examples=["1:48211:77:3"])] = "",
) -> Response:
    """Return caregivers on duty, open calls and each area's load; since `after` only changes.

    Nobody is named. Each call whose place is shown is a look at where its resident is, on record
    once in ten minutes; while looks cannot be recorded the place is withheld.
    """
    await service.points.freshen(service.center)

    def look(book: Book) -> bytes:
        frame = service.points.frame(
            book,
            service.center.cursor,
            after,
            covers=who.covers,
            shown=lambda incident: shown(service.security.looks, who, incident),
        )
        return _encode({"server_time": service.center.now, **frame})

    return answer(await service.center.read(look))


@router.get("/map/areas", summary="Borders of a level", responses=problems(*COOKIE_PROBLEMS))
async def areas(
    who: OperatorDep,
    service: ServiceDep,
    level: Literal["grid", "community", "street", "district"] = "street",
) -> Response:
    """Return the areas of one level within your own that have a border, as GeoJSON."""
    rings = [
        (area.id, area.ring)
        for area in service.directory.areas.values()
        if area.level == level and area.ring
    ]
    found = await service.center.read(lambda book: areas_at(book, iter(rings), who.covers))
    return answer(_encode({"type": "FeatureCollection", "features": found}))


@router.get("/map/tiles", summary="Map pictures", responses=problems(*COOKIE_PROBLEMS))
async def tiles(who: OperatorDep, service: ServiceDep) -> Response:
    """Return where the installation takes map pictures from; null when it needs none."""
    source = service.tiles
    if source is None:
        return answer(b"null")
    return answer(
        _encode(
            {
                "urls": source.urls,
                "subdomains": source.subdomains,
                "attribution": source.attribution,
                "zoom_max": source.zoom_max,
                "datum": source.datum,
            }
        )
    )


@router.get(
    "/map/caregivers/{caregiver_id}",
    summary="Who is this point?",
    responses=problems(*COOKIE_PROBLEMS, OutOfScope),
)
async def caregiver(caregiver_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Return the caregiver whose point was picked, and the call that they attend."""

    def look(book: Book) -> bytes:
        key = CaregiverId(caregiver_id)
        if key not in book.roster or not who.covers(
            book.territory.path(book.roster.of(key).area_id)
        ):
            raise OutOfScope("caregiver", caregiver_id)
        person = book.roster.of(key)
        place = book.roster.sighting(key)
        attendance = book.attendances.get(AttendanceId(person.work)) if person.work else None
        card = service.directory.caregivers.get(caregiver_id)
        return _encode(
            {
                **dot_view(book, service.directory, person, place),
                "place": place_view(place),
                "telephone": card.telephone if card else "",
                "area": area_view(book, person.area_id),
                "incident_id": _of_theirs(
                    book, who, attendance.incident_id if attendance else None
                ),
                "asked": person.offer is not None,
            }
        )

    return answer(await service.center.read(look))


def _of_theirs(book: Book, who: Principal, incident_id: IncidentId | None) -> str | None:
    """Return the call if it lies in the asker's areas: its id opens it at the console."""
    incident = book.incidents.get(incident_id) if incident_id else None
    if incident is None or not in_scope(who, book.territory.path(incident.area_id)):
        return None
    return incident.id


@router.get(
    "/map/incidents/{incident_id}",
    summary="Which call is this point?",
    responses=problems(*COOKIE_PROBLEMS, OutOfScope, LooksFull),
)
async def incident(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Return the open call whose point was picked; the look goes on record first."""

    def look(book: Book) -> View:
        found = book.incidents.get(IncidentId(incident_id))
        if found is None or not in_scope(who, book.territory.path(found.area_id)):
            raise OutOfScope("open incident", incident_id)
        return incident_view(book, service.directory, found)

    view = await service.center.read(look)
    resident = view["resident"]
    if resident is not None:
        await record(service, who, resident["id"], incident_id, "picked on the map", "map")
    names = ("id", "kind", "gravity", "status", "raised_at", "area", "place", "claim", "caregiver")
    coming = [
        {"name": one["caregiver_name"], "state": one["state"]}
        for one in view["attendances"]
        if one["state"] in ("accepted", "en_route", "on_scene")
    ]
    name = resident["name"] if resident is not None else None
    return answer(
        _encode({**{one: view[one] for one in names}, "resident_name": name, "coming": coming})
    )


async def record(
    service: Service, who: Principal, resident_id: str, incident_id: str, why: str, what: str
) -> None:
    """Put a look at where somebody is on record; show it only after this has returned.

    Who goes on looking at the same is recorded every ten minutes, as on the stream (D-011).

    Raises:
        LooksFull: nothing may be shown now.
    """
    looks = service.security.looks
    looks.record_later(
        looks.look(
            account_id=who.id,
            role=who.role.value,
            resident_id=resident_id,
            reason=why,
            what=what,
            incident_id=incident_id,
        )
    )
    await looks.flush()


@router.get(
    "/incidents/{incident_id}/trail",
    summary="Which way they went",
    responses=problems(*COOKIE_PROBLEMS, OutOfScope, LooksFull),
)
async def trail(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Return where the resident was from half an hour before the call, and who came which way.

    The look goes on record first. Empty once the positions of that day have been dropped.
    """
    row = await past_incident(service.engine, incident_id)
    if row is None or not in_scope(who, [code for code in row["area_path"].split("/") if code]):
        raise OutOfScope("incident", incident_id)
    if row["resident_id"]:
        await record(service, who, row["resident_id"], incident_id, "trail of the call", "trail")
    _, attendances = await who_came(service.engine, [incident_id])
    since = row["raised_at"] - BEFORE_CALL
    until = min(row["closed_at"] or service.center.now, since + TRAIL_MAX)
    callers = await _callers(service, row["handset_id"], row["resident_id"])
    coming = {one["caregiver_id"]: one["accepted_at"] for one in attendances}
    ways = await ways_of(service.engine, [*callers, *coming], since=since, until=until)
    steps = sorted(step for one in callers for step in ways.get(one, ()))
    return answer(
        _encode(
            {
                "since": since,
                "until": until,
                "caller": steps_view(steps),
                "caregivers": [
                    {
                        "id": one,
                        "name": service.directory.caregiver_name(one),
                        "steps": steps_view(_from(ways.get(one, ()), accepted_at)),
                    }
                    for one, accepted_at in coming.items()
                ],
            }
        )
    )


async def _callers(service: Service, handset_id: str | None, resident_id: str | None) -> list[str]:
    """Return under whose ids the caller's positions are on record."""
    carrier = carrier_of(HandsetId(handset_id)) if handset_id else None
    if carrier is not None:
        return [carrier]
    own = await handsets_of(service.engine, resident_id) if resident_id else []
    return sorted({*own, *([handset_id] if handset_id else [])})


def _from(steps: Sequence[Step], at: Any) -> list[Step]:  # noqa: ANN401 - a row's value
    """Return the steps since then: before their yes nobody need know where a caregiver was."""
    return [one for one in steps if at is None or one[0] >= at]


def steps_view(steps: Sequence[Step]) -> list[Sequence[Any]]:
    """Return a way as rows: when, lon, lat, accuracy in metres, source."""
    return [
        (at, round(lon, 5), round(lat, 5), accuracy_m, source)
        for at, lon, lat, accuracy_m, source in steps
    ]
