"""The caregiver door: duty, positions, offers and the way to the resident."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from fastapi import APIRouter, Response, WebSocket
from pydantic import BaseModel, ConfigDict, Field
from starlette import status as http
from starlette.background import BackgroundTask

from app.center import CenterStopped
from app.clock import system_clock
from app.doors.streams import accept, send, serve
from app.doors.waiting import CannotBeRecorded, call
from app.errors import TooBusy, problems
from app.security.access import TOKEN_PROBLEMS, Principal, allow, security_of
from app.security.roles import Role
from app.service import Service, ServiceDep, the_service
from app.storage.tracks import POSITION, SOURCE_CODE, TracksFull
from app.views.book import caregiver_view
from app.views.navigation import Navigation
from devices.report import BACK_MAX, clean
from dispatch.book import Book
from dispatch.errors import (
    DispatchError,
    NotYours,
    OfferIsOver,
    OfferTaken,
    StillOnTheWay,
    TransitionRefused,
    UnknownSubject,
)
from dispatch.ids import AttendanceId, CaregiverId, OfferId
from dispatch.place import Place
from dispatch.requests import (
    AttendanceStep,
    Duty,
    OfferAnswer,
    OfferDelivered,
    SceneReport,
    StillComing,
)

STATE_EVERY_S: Final = 20.0  # a state is sent at least so often, so that silence means trouble
POSITIONS_MAX: Final = 200
LATE_FROM_S: Final = 10.0  # a press that comes later than this is marked as late on the record
AGO_S_MAX: Final = 7 * 86_400.0
AgoS: TypeAlias = Annotated[
    float | None,
    Field(ge=0, le=AGO_S_MAX, allow_inf_nan=False, description="Seconds since it was pressed."),
]

CaregiverDep = Annotated[Principal, allow(Role.CAREGIVER)]
router = APIRouter(prefix="/api/v1/caregiver", tags=["caregiver"])
_encode: Final = msgspec.json.Encoder().encode


class LaneFull(TooBusy):
    """Positions cannot be taken at the moment."""


class DutyIn(BaseModel):
    """Whether the caregiver can be asked."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"on": True}})

    on: bool


class DeclineIn(BaseModel):
    """Why not."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "too far"}})

    reason: str = Field(default="", max_length=200)


class StepIn(BaseModel):
    """How long ago it was pressed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"ago_s": 0}})

    ago_s: AgoS = None


class DoneIn(BaseModel):
    """How it went."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"outcome": "helped", "note": ""}}
    )

    outcome: Literal["helped", "nothing_needed", "could_not_help", "handed_over"]
    note: str = Field(default="", max_length=2_000)
    ago_s: AgoS = None


class SceneIn(BaseModel):
    """What is wrong on the spot, or that it is sorted out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"what": "could_not_get_in", "note": ""}}
    )

    what: Literal[
        "could_not_get_in",
        "need_second_person",
        "need_120",
        "wrong_address",
        "resident_not_there",
        "sorted_out",
    ]
    note: str = Field(default="", max_length=2_000)
    ago_s: AgoS = None


class StillComingIn(BaseModel):
    """Whether the caregiver still comes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"yes": True}})

    yes: bool


class PositionIn(BaseModel):
    """Where the caregiver is. WGS-84."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"lon": 112.98, "lat": 28.2, "accuracy_m": 8, "source": "satellite"}
        },
    )

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False)
    source: Literal["satellite", "wifi", "cell", "beacon", "unknown"] = "unknown"
    at: datetime | None = None


class PositionsOut(BaseModel):
    """How many positions are on record."""

    recorded: int


@router.get("/state", summary="Everything the telephone shows", responses=problems(*TOKEN_PROBLEMS))
async def state(who: CaregiverDep, service: ServiceDep) -> Response:
    """Return duty, offers and work in hand; for networks that carry no websocket."""
    return await state_answer(service, who)


@router.post(
    "/duty",
    summary="Go on or off duty",
    responses=problems(*TOKEN_PROBLEMS, StillOnTheWay, UnknownSubject),
)
async def duty(body: DutyIn, who: CaregiverDep, service: ServiceDep) -> Response:
    """Be asked from now on, or not any more. Refused while work is in hand."""
    await call(service, Duty(caregiver_id=CaregiverId(who.id), is_on=body.on))
    return await state_answer(service, who)


@router.post(
    "/positions",
    status_code=http.HTTP_202_ACCEPTED,
    summary="Say where you are",
    responses=problems(*TOKEN_PROBLEMS, LaneFull),
)
async def positions(
    body: PositionIn | Annotated[list[PositionIn], Field(max_length=POSITIONS_MAX)],
    who: CaregiverDep,
    service: ServiceDep,
) -> PositionsOut:
    """Take one position or several; answered once they are on record."""
    sent = body if isinstance(body, list) else [body]
    await record_positions(service, CaregiverId(who.id), sent)
    return PositionsOut(recorded=len(sent))


_ANSWER_PROBLEMS: Final = problems(
    *TOKEN_PROBLEMS, UnknownSubject, NotYours, OfferTaken, OfferIsOver
)


@router.post(
    "/offers/{offer_id}/shown", summary="The offer is on screen", responses=_ANSWER_PROBLEMS
)
async def shown(offer_id: str, who: CaregiverDep, service: ServiceDep) -> Response:
    """Say that the offer was shown."""
    return await _offer_answer(service, who, offer_id, "shown")


@router.post("/offers/{offer_id}/accept", summary="Say yes", responses=_ANSWER_PROBLEMS)
async def accept_offer(offer_id: str, who: CaregiverDep, service: ServiceDep) -> Response:
    """Say yes; 409 when somebody else was first. Saying it again is harmless."""
    return await _offer_answer(service, who, offer_id, "accept")


@router.post("/offers/{offer_id}/decline", summary="Say no", responses=_ANSWER_PROBLEMS)
async def decline(
    offer_id: str, body: DeclineIn, who: CaregiverDep, service: ServiceDep
) -> Response:
    """Say no, with the reason; the next nearest is asked at once."""
    return await _offer_answer(service, who, offer_id, "decline", clean(body.reason, 200))


_STEP_PROBLEMS: Final = problems(*TOKEN_PROBLEMS, UnknownSubject, NotYours, TransitionRefused)


@router.post("/attendances/{attendance_id}/en_route", summary="Set out", responses=_STEP_PROBLEMS)
async def en_route(
    attendance_id: str, who: CaregiverDep, service: ServiceDep, body: StepIn | None = None
) -> Response:
    """Say that you are on the way."""
    return await _step(service, who, attendance_id, "en_route", body or StepIn())


@router.post("/attendances/{attendance_id}/on_scene", summary="Arrive", responses=_STEP_PROBLEMS)
async def on_scene(
    attendance_id: str, who: CaregiverDep, service: ServiceDep, body: StepIn | None = None
) -> Response:
    """Say that you are with the resident."""
    return await _step(service, who, attendance_id, "on_scene", body or StepIn())


@router.post("/attendances/{attendance_id}/done", summary="Finish", responses=_STEP_PROBLEMS)
async def done(
    attendance_id: str, body: DoneIn, who: CaregiverDep, service: ServiceDep
) -> Response:
    """Say how it went."""
    note = clean(body.note, 2_000)
    return await _step(service, who, attendance_id, "done", body, outcome=body.outcome, note=note)


@router.post(
    "/attendances/{attendance_id}/scene",
    summary="Say what is wrong on the spot",
    responses=_STEP_PROBLEMS,
)
async def scene(
    attendance_id: str, body: SceneIn, who: CaregiverDep, service: ServiceDep
) -> Response:
    """Say what is wrong; the desk hears it at once, and what can be done is done."""
    request = SceneReport(
        attendance_id=AttendanceId(attendance_id),
        caregiver_id=CaregiverId(who.id),
        what=body.what,
        note=clean(body.note, 2_000),
        occurred_at=pressed_at(service, body.ago_s),
    )
    await call(service, request)
    return await state_answer(service, who)


@router.post(
    "/attendances/{attendance_id}/still_coming",
    summary="Say whether you still come",
    responses=_STEP_PROBLEMS,
)
async def still_coming(
    attendance_id: str, body: StillComingIn, who: CaregiverDep, service: ServiceDep
) -> Response:
    """Answer the question that is asked when you were seen to stop; a no is also taken unasked."""
    request = StillComing(
        attendance_id=AttendanceId(attendance_id),
        caregiver_id=CaregiverId(who.id),
        is_coming=body.yes,
    )
    await call(service, request)
    return await state_answer(service, who)


@router.websocket("/stream")
async def stream(websocket: WebSocket, who: CaregiverDep) -> None:
    """Send the whole state on connection, on each change, and at least every 20 s."""
    service = the_service(websocket)
    changed = asyncio.Event()
    changed.set()
    with (
        security_of(websocket).watch(who) as gone,
        service.feed.caregiver(who.id, changed),
    ):
        await accept(websocket)

        async def write() -> None:
            while True:
                changed.clear()
                frame, unsent = await _look(service, who, "stream")
                await send(websocket, frame)
                await _sent(service, unsent, "stream")
                try:
                    async with asyncio.timeout(STATE_EVERY_S):
                        await changed.wait()
                except TimeoutError:
                    pass

        await serve(websocket, gone, write=write, hear=_hearing(service, who))


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    """What a telephone may say on its stream."""

    shown: str | None = None
    position: dict[str, Any] | None = None


def _hearing(service: Service, who: Principal) -> Callable[[str], Awaitable[None]]:
    async def hear(text: str) -> None:
        try:
            said = msgspec.json.decode(text, type=_Said)
            if said.shown is not None:
                await _offer_answer(service, who, said.shown, "shown")
            if said.position is not None:
                sent = PositionIn.model_validate(said.position)
                await record_positions(service, CaregiverId(who.id), [sent])
        except (ValueError, DispatchError, TooBusy, CenterStopped):
            pass  # a hint only: what matters is said by request, which answers

    return hear


async def record_positions(
    service: Service, caregiver_id: CaregiverId, sent: list[PositionIn]
) -> None:
    """Put positions on record, and let the search and the consoles know the newest.

    Raises:
        LaneFull: try again in a moment; none was taken.
    """
    received_at = system_clock()
    rows = [
        (
            caregiver_id,
            POSITION,
            true_at(one, received_at),
            received_at,
            one.lon,
            one.lat,
            one.accuracy_m,
            SOURCE_CODE.get(one.source, 0),
            None,
        )
        for one in sent
    ]
    try:
        async with asyncio.timeout(service.settings.answer_within_s):
            await asyncio.shield(service.tracks.put(rows))
    except (TracksFull, TimeoutError) as error:
        raise LaneFull("Send the positions again in a moment.", retry_after_s=1) from error
    for one in sent:
        _sight(service, caregiver_id, one, received_at)


def _sight(
    service: Service, caregiver_id: CaregiverId, sent: PositionIn, received_at: datetime
) -> None:
    """Take up a position: by machine time in the record, by the rules' time in the search."""
    at = true_at(sent, received_at) or received_at
    age = received_at - at
    place = Place(lon=sent.lon, lat=sent.lat, accuracy_m=sent.accuracy_m, source=sent.source, at=at)
    service.tracks.note(caregiver_id, place)
    sighted = replace(place, at=service.center.now - age)
    if service.center.sight(caregiver_id, sighted):
        service.feed.moved(service.center.book, caregiver_id, sighted)


def true_at(sent: PositionIn, received_at: datetime) -> datetime | None:
    """Return when a position was true, None when its clock says nothing that can be believed.

    A time of the future is taken for now: it would hide every later position.
    """
    if sent.at is None or sent.at.tzinfo is None or received_at - sent.at > BACK_MAX:
        return None
    return min(sent.at, received_at)


async def _offer_answer(
    service: Service, who: Principal, offer_id: str, answer: str, reason: str = ""
) -> Response:
    await call(
        service,
        OfferAnswer(
            offer_id=OfferId(offer_id),
            caregiver_id=CaregiverId(who.id),
            answer=answer,
            reason=reason,
        ),
    )
    return await state_answer(service, who)


async def _step(
    service: Service,
    who: Principal,
    attendance_id: str,
    step: str,
    said: StepIn | DoneIn,
    *,
    outcome: str = "",
    note: str = "",
) -> Response:
    await call(
        service,
        AttendanceStep(
            attendance_id=AttendanceId(attendance_id),
            caregiver_id=CaregiverId(who.id),
            step=step,
            outcome=outcome,
            note=note,
            occurred_at=pressed_at(service, said.ago_s),
        ),
    )
    return await state_answer(service, who)


def pressed_at(service: Service, ago_s: float | None) -> datetime | None:
    """Return when it was pressed, by the rules' clock; None when that is now.

    Telephones say how long ago, not when: that needs no clock but their own.
    """
    if ago_s is None or ago_s < LATE_FROM_S:
        return None
    return service.center.now - timedelta(seconds=ago_s)


async def state_answer(service: Service, who: Principal) -> Response:
    """Return everything the telephone shows, after whatever it said."""
    body, unsent = await _look(service, who, "poll")
    noting = BackgroundTask(_sent, service, unsent, "poll") if unsent else None
    return Response(body, media_type="application/json", background=noting)


async def _look(service: Service, who: Principal, channel: str) -> tuple[bytes, Sequence[OfferId]]:
    """Return what the telephone shows, and the offers in it that never left by this channel."""

    def look(book: Book) -> tuple[bytes, Sequence[OfferId]]:
        caregiver_id = CaregiverId(who.id)
        view = caregiver_view(book, service.directory, caregiver_id, service.center.now)
        settings = service.settings
        navigation = Navigation(url=settings.navigation_url, datum=settings.navigation_datum)
        for one in view["attendances"]:
            one["ways"] = navigation.ways_to(one["place"])
        view["desk_telephone"] = settings.desk_telephone
        shown = (book.offers[one["id"]] for one in view["offers"])
        unsent = [one.id for one in shown if one.is_pending and channel not in one.sent]
        return _encode(view), unsent

    return await service.center.read(look)


async def _sent(service: Service, offer_ids: Sequence[OfferId], channel: str) -> None:
    """Put on record that offers have left; a hint only, which the next frame can make good."""
    for offer_id in offer_ids:
        with suppress(DispatchError, TooBusy, CannotBeRecorded):
            await call(service, OfferDelivered(offer_id=offer_id, channel=channel))
