"""Call rounds at the door: begin one, see who is next, say how it went."""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette import status as http

from app.doors.desk import OperatorDep
from app.doors.waiting import call
from app.errors import Problem, problems
from app.rounds import silent_since
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal, allow
from app.security.roles import Role
from app.service import Service, ServiceDep
from app.views.book import View, area_view, resident_view
from devices.report import clean
from dispatch.book import Book
from dispatch.call_round import Round
from dispatch.errors import UnknownSubject
from dispatch.ids import ResidentId, RoundId
from dispatch.requests import AnswerRound, BeginRound

SHOWN_MAX: Final = 20  # of a round: who is called next
SupervisorDep = Annotated[Principal, allow(Role.SUPERVISOR, Role.ADMINISTRATOR)]
router = APIRouter(prefix="/api/v1/operator/rounds", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode


class SilenceNotYet(Problem):
    """Nobody can have been silent since a time that has not come."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RoundIn(_In):
    """Since when handsets could have been heard again, and why they were not before."""

    silent_since: AwareDatetime = Field(examples=["2026-11-25T08:05:00Z"])
    reason: str = Field(default="", max_length=500, examples=["The network was down."])


class AnswerIn(_In):
    """How it went."""

    how: Literal["telephoned", "visited", "no_answer"]


@router.get("", summary="Who is called next", responses=problems(*COOKIE_PROBLEMS))
async def rounds(who: OperatorDep, service: ServiceDep) -> Response:
    """Return the rounds that are under way, each with the next residents of your areas."""
    return await _rounds(service, who, http.HTTP_200_OK)


@router.post(
    "",
    status_code=http.HTTP_201_CREATED,
    summary="Ask after everybody who was not heard",
    responses=problems(*COOKIE_PROBLEMS, SilenceNotYet),
)
async def begin(body: RoundIn, who: SupervisorDep, service: ServiceDep) -> Response:
    """Begin a round with the residents whose handsets were heard before, and not since.

    Gravest first, then the longest silent. Whoever is in a round already is not asked twice; when
    nobody was silent there is no round.
    """
    if body.silent_since > service.center.now:
        raise SilenceNotYet("silent_since lies in the future.")
    silent = await silent_since(service, body.silent_since, who.covers)
    request = BeginRound(by=who.id, residents=tuple(silent), reason=clean(body.reason, 500))
    service.directory.operators[who.id] = who.name
    await call(service, request)
    return await _rounds(service, who, http.HTTP_201_CREATED)


@router.post(
    "/{round_id}/residents/{resident_id}",
    summary="Say how it went",
    responses=problems(*COOKIE_PROBLEMS, UnknownSubject, OutOfScope),
)
async def answer(
    round_id: str, resident_id: str, body: AnswerIn, who: OperatorDep, service: ServiceDep
) -> Response:
    """Account for a resident who was telephoned or visited, or note that nobody answered.

    Who does not answer is called again after the others; the second time a call is opened.
    """

    def check(book: Book) -> None:
        resident = book.residents.get(ResidentId(resident_id))
        if resident is None or not who.covers(book.territory.path(resident.area_id)):
            raise OutOfScope("resident", resident_id)

    await service.center.read(check)
    await call(
        service,
        AnswerRound(
            round_id=RoundId(round_id), resident_id=ResidentId(resident_id), how=body.how, by=who.id
        ),
    )
    return await _rounds(service, who, http.HTTP_200_OK)


async def _rounds(service: Service, who: Principal, code: int) -> Response:
    def look(book: Book) -> bytes:
        rounds = [_round(book, service, who.covers, one) for one in book.rounds.values()]
        return _encode({"rounds": rounds})

    body = await service.center.read(look)
    return Response(body, code, media_type="application/json")


def _round(book: Book, service: Service, covers: Callable[..., bool], one: Round) -> View:
    mine: list[View] = []
    tried = dict(one.tried)
    for resident_id in one.left:
        resident = book.residents[resident_id]
        if not covers(book.territory.path(resident.area_id)):
            continue
        card = resident_view(service.directory.residents.get(resident_id))
        area = area_view(book, resident.area_id)
        mine.append({"resident": card, "area": area, "tried_at": tried.get(resident_id)})
        if len(mine) == SHOWN_MAX:
            break
    return {
        "id": one.id,
        "reason": one.reason,
        "began_at": one.began_at,
        "total": one.total,
        "left": len(one.left),
        "move_by": one.move_by,
        "overdue": one.is_overdue,
        "next": mine,
    }
