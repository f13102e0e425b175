"""What is a caregiver's own: the alarm for themself, shifts, past work, the sketch of the way."""

from datetime import datetime, timedelta
from typing import Final

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.clock import system_clock
from app.doors.caregiver import (
    AgoS,
    CaregiverDep,
    PositionIn,
    pressed_at,
    state_answer,
    true_at,
)
from app.doors.waiting import call
from app.errors import problems
from app.security.access import TOKEN_PROBLEMS
from app.service import Service, ServiceDep
from app.storage.reading import attendances_of
from app.views.book import area_view
from app.views.past import own_work_view
from dispatch.book import Book
from dispatch.errors import NotYours, TransitionRefused, UnknownSubject
from dispatch.facts import EventKey
from dispatch.hours import DAYS
from dispatch.ids import AreaId, AttendanceId, CaregiverId, alarm_of
from dispatch.movement import own_attendance
from dispatch.place import Place
from dispatch.requests import HandsetCalled

ALARM: Final = "threat"  # the kind of a caregiver's own alarm: grave, silent, the police
HISTORY: Final = timedelta(days=30)
HISTORY_MAX: Final = 200
SKETCH_M: Final = 1_200.0

router = APIRouter(prefix="/api/v1/caregiver", tags=["caregiver"])
_encode: Final = msgspec.json.Encoder().encode


class AlarmIn(BaseModel):
    """A caregiver is in danger. The same `event_id` is the same alarm, however often it comes."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"event_id": "5f1c", "ago_s": 0}}
    )

    event_id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    ago_s: AgoS = None
    position: PositionIn | None = None


@router.post("/alarm", summary="Call for help for yourself", responses=problems(*TOKEN_PROBLEMS))
async def alarm(body: AlarmIn, who: CaregiverDep, service: ServiceDep) -> Response:
    """Open a grave call for the caregiver, on record before it is answered; never throttled.

    It is taken as the call of a handset that the caregiver carries: pressed again it counts again,
    and nobody sends the caregiver to themself.
    """
    caregiver_id = CaregiverId(who.id)
    place = _own_place(service, caregiver_id, body.position)
    await call(
        service,
        HandsetCalled(
            handset_id=alarm_of(caregiver_id),
            kind=ALARM,
            events=(EventKey(event_id=body.event_id, kind=ALARM, device_time=""),),
            occurred_at=pressed_at(service, body.ago_s),
            place=place,
            area_id=_area_of(service, caregiver_id, place),
            channel="caregiver",
        ),
    )
    return await state_answer(service, who)


@router.get("/shifts", summary="When you work", responses=problems(*TOKEN_PROBLEMS))
async def shifts(who: CaregiverDep, service: ServiceDep) -> Response:
    """Return the working hours that the register knows, and since when you are on duty."""

    def look(book: Book) -> bytes:
        person = book.roster.of(CaregiverId(who.id))
        zone = book.territory.zone(person.area_id)
        hours = [
            {
                "day": DAYS[one.weekday],
                "from": _clock(one.from_minute),
                "to": _clock(one.to_minute),
            }
            for one in sorted(person.hours, key=lambda one: (one.weekday, one.from_minute))
        ]
        duty = {
            "on_duty": person.is_on_duty,
            "on_duty_since": person.on_duty_since if person.is_on_duty else None,
            "off_duty_since": None if person.is_on_duty else person.off_duty_since,
            "resting_until": person.resting_until(service.center.now),
        }
        area = area_view(book, person.area_id)
        return _encode({"hours": hours, "zone": zone, "area": area, **duty})

    return Response(await service.center.read(look), media_type="application/json")


@router.get("/history", summary="Your work of 30 days", responses=problems(*TOKEN_PROBLEMS))
async def history(who: CaregiverDep, service: ServiceDep) -> Response:
    """Return what you attended, the latest first: what, where about and when; nobody's name."""
    since = service.center.now - HISTORY
    rows = await attendances_of(service.engine, who.id, since=since, limit=HISTORY_MAX)
    items = await service.center.read(lambda book: [own_work_view(book, row) for row in rows])
    return Response(_encode({"items": items}), media_type="application/json")


@router.get(
    "/attendances/{attendance_id}/sketch",
    summary="The streets around the resident",
    responses=problems(*TOKEN_PROBLEMS, UnknownSubject, NotYours, TransitionRefused),
)
async def sketch(attendance_id: str, who: CaregiverDep, service: ServiceDep) -> Response:
    """Return the lines of the base map around the place of work in hand, for a drawn map."""

    def look(book: Book) -> Place | None:
        caregiver_id = CaregiverId(who.id)
        mine = own_attendance(book, AttendanceId(attendance_id), caregiver_id)
        if mine is None or not mine.state.is_active:
            raise TransitionRefused("attendance", AttendanceId(attendance_id), "over", "Sketch")
        return book.incident(mine.incident_id).place

    place = await service.center.read(look)
    lines = service.ground.around(place.lon, place.lat, metres=SKETCH_M) if place else []
    return Response(_encode({"lines": lines}), media_type="application/json")


def _own_place(
    service: Service, caregiver_id: CaregiverId, sent: PositionIn | None
) -> Place | None:
    """Return where the caregiver is: as the telephone says, else as last seen, with its age."""
    if sent is None:
        return service.tracks.last_of(caregiver_id)
    received_at = system_clock()
    at: datetime = true_at(sent, received_at) or received_at
    place = Place(lon=sent.lon, lat=sent.lat, accuracy_m=sent.accuracy_m, source=sent.source, at=at)
    service.tracks.note(caregiver_id, place)
    return place


def _area_of(service: Service, caregiver_id: CaregiverId, place: Place | None) -> AreaId | None:
    """Return the area of the place; without one that of the caregiver, so that a desk hears it."""
    found = service.geography.area_at(place.lon, place.lat) if place else None
    if found is not None:
        return AreaId(found)
    roster = service.center.book.roster
    return roster.of(caregiver_id).area_id if caregiver_id in roster else None


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
