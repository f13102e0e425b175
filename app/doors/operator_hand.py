"""The operator's hand at the door: hold, transfer, widen, reopen, and the end of a shift."""

from datetime import UTC
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.doors.desk import PROBLEMS, OperatorDep, do, require_mine
from app.doors.waiting import call
from app.errors import problems
from app.security.access import COOKIE_PROBLEMS, OutOfScope
from app.service import Service, ServiceDep
from app.views.book import desk_view
from devices.report import clean
from dispatch.book import Book
from dispatch.errors import (
    ClaimHeld,
    ClaimNeeded,
    IncidentIsClosed,
    NoHandOver,
    NoTransfer,
    OperatorNotAvailable,
    ReasonNeeded,
    RecallRefused,
    SearchIsOver,
    UnknownSubject,
)
from dispatch.ids import IncidentId, OperatorId
from dispatch.requests import (
    AcceptShift,
    DeclineTransfer,
    HandOver,
    Hold,
    Reopen,
    Transfer,
    Widen,
)

REASON_MAX: Final = 500
router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode
_OperatorName = Annotated[str, Field(min_length=1, max_length=64, examples=["op2"])]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HoldIn(_In):
    """When the call comes back, and what it waits for."""

    recall_at: AwareDatetime = Field(examples=["2026-11-25T08:05:00Z"])
    reason: str = Field(default="", max_length=REASON_MAX, examples=["Her son telephones back."])


class TransferIn(_In):
    """Who shall take the call."""

    to: _OperatorName


class ReasonIn(_In):
    """Why the plan is overruled."""

    reason: str = Field(min_length=1, max_length=REASON_MAX, examples=["It is raining hard."])


class HandOverIn(_In):
    """Who shall take the calls; all of them, unless they are named."""

    to: _OperatorName
    incident_ids: list[Annotated[str, Field(max_length=64)]] | None = Field(
        default=None, max_length=1_000, examples=[["I17", "I18"]]
    )


class AcceptIn(_In):
    """Whose calls are taken."""

    of: _OperatorName


@router.post(
    "/incidents/{incident_id}/hold",
    summary="Set the call aside until a time",
    responses=PROBLEMS | problems(IncidentIsClosed, ClaimHeld, ClaimNeeded, RecallRefused),
)
async def hold(incident_id: str, body: HoldIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Put a call of yours on hold; it sounds at your console at the recall time, or before.

    A new press, or a caregiver who does not come after all, ends the hold at once.
    """
    request = Hold(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        recall_at=body.recall_at.astimezone(UTC),
        reason=clean(body.reason, REASON_MAX),
    )
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/transfer",
    summary="Offer the call to another operator",
    responses=PROBLEMS | problems(IncidentIsClosed, ClaimHeld, ClaimNeeded, OperatorNotAvailable),
)
async def transfer(
    incident_id: str, body: TransferIn, who: OperatorDep, service: ServiceDep
) -> Response:
    """Offer a call of yours to another operator, who takes it by claiming it within a minute."""
    request = Transfer(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        to=OperatorId(body.to),
    )
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/transfer/decline",
    summary="Not take the call that is offered",
    responses=PROBLEMS | problems(IncidentIsClosed, ClaimHeld, NoTransfer),
)
async def decline_transfer(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Say no to a transfer; whoever offered the call hears it."""
    request = DeclineTransfer(incident_id=IncidentId(incident_id), operator_id=OperatorId(who.id))
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/widen",
    summary="Look farther now",
    responses=PROBLEMS | problems(IncidentIsClosed, ClaimHeld, ReasonNeeded, SearchIsOver),
)
async def widen(
    incident_id: str, body: ReasonIn, who: OperatorDep, service: ServiceDep
) -> Response:
    """Go on to the next, wider step of the ladder without waiting; the reason goes on record."""
    request = Widen(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        reason=clean(body.reason, REASON_MAX),
    )
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/reopen",
    summary="Open the call again",
    responses=PROBLEMS | problems(ReasonNeeded),
)
async def reopen(
    incident_id: str, body: ReasonIn, who: OperatorDep, service: ServiceDep
) -> Response:
    """Open a recently closed call again: it is yours, and the search begins anew.

    One that was closed long ago is not found: open a new call for the resident.
    """
    request = Reopen(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        reason=clean(body.reason, REASON_MAX),
    )
    return await do(service, who, incident_id, request)


_SHIFT_PROBLEMS: Final = problems(*COOKIE_PROBLEMS, UnknownSubject, OutOfScope)


@router.post(
    "/shift/hand-over",
    summary="Hand your calls over",
    responses=_SHIFT_PROBLEMS
    | problems(IncidentIsClosed, ClaimHeld, ClaimNeeded, OperatorNotAvailable),
)
async def hand_over(body: HandOverIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Ask the next operator to take your calls, all or none; until they accept, they are yours.

    After two minutes of silence they are back on the list.
    """
    ids = body.incident_ids

    def check(book: Book) -> None:
        for incident_id in ids or ():
            require_mine(book, who, incident_id)

    await service.center.read(check)
    request = HandOver(
        operator_id=OperatorId(who.id),
        to=OperatorId(body.to),
        incident_ids=None if ids is None else tuple(map(IncidentId, ids)),
    )
    service.directory.operators[who.id] = who.name
    await call(service, request)
    return await _desk(service)


@router.post(
    "/shift/accept",
    summary="Take another operator's calls",
    responses=_SHIFT_PROBLEMS | problems(IncidentIsClosed, ClaimHeld, NoHandOver),
)
async def accept(body: AcceptIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Take the calls that another operator hands over to you; each is yours from now on."""
    service.directory.operators[who.id] = who.name
    await call(service, AcceptShift(operator_id=OperatorId(who.id), of=OperatorId(body.of)))
    return await _desk(service)


async def _desk(service: Service) -> Response:
    body = await service.center.read(lambda book: _encode(desk_view(book, service.directory)))
    return Response(body, media_type="application/json")
