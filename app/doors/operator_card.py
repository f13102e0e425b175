"""The card of a call at the operator's door: attempts to reach somebody, and prompts ticked off."""

from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette import status as http

from app.doors.desk import PROBLEMS, OperatorDep, do, require_mine
from app.service import ServiceDep
from app.views.card import prompts_of
from dispatch.book import Book
from dispatch.errors import UnknownSubject
from dispatch.ids import CaregiverId, IncidentId, OperatorId
from dispatch.requests import TickPrompt, TryContact

CAREGIVER: Final = "caregiver"
router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_PromptPath = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,40}$", examples=["breathing"])]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TriedIn(_In):
    """Who was tried, and how it went."""

    whom: str = Field(
        pattern=r"^[A-Za-z0-9._:-]{1,80}$",
        description="resident, caregiver, or a party: family, 120, property",
        examples=["resident"],
    )
    caregiver_id: str | None = Field(default=None, max_length=64, examples=["C001"])
    answer: Literal["spoke", "coming", "cannot", "no_answer", "busy", "wrong_number"]

    @model_validator(mode="after")
    def _names_the_caregiver(self) -> Self:
        if (self.whom == CAREGIVER) != (self.caregiver_id is not None):
            raise ValueError("a caregiver is named by `caregiver_id`, and nobody else is")
        return self


class TickIn(_In):
    """Whether it is done."""

    done: bool


@router.post(
    "/incidents/{incident_id}/contacts",
    status_code=http.HTTP_201_CREATED,
    summary="Somebody was tried",
    responses=PROBLEMS,
)
async def tried(incident_id: str, body: TriedIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Put an attempt to reach somebody on record, and how it went; it keeps your claim fresh."""
    request = TryContact(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        whom=body.whom,
        answer=body.answer,
        caregiver_id=CaregiverId(body.caregiver_id) if body.caregiver_id else None,
    )
    return await do(service, who, incident_id, request, http.HTTP_201_CREATED)


@router.post(
    "/incidents/{incident_id}/prompts/{prompt}",
    summary="A prompt is done, or is not",
    responses=PROBLEMS,
)
async def tick(
    incident_id: str, prompt: _PromptPath, body: TickIn, who: OperatorDep, service: ServiceDep
) -> Response:
    """Tick off what the card of this kind of call asks, or take it back."""

    def check(book: Book) -> None:
        require_mine(book, who, incident_id)
        incident = book.incidents.get(IncidentId(incident_id))
        if incident is not None and prompt not in prompts_of(incident.kind):
            raise UnknownSubject("prompt", prompt)

    await service.center.read(check)
    request = TickPrompt(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        prompt=prompt,
        is_done=body.done,
    )
    return await do(service, who, incident_id, request)
