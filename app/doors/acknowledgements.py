"""The door at which a party outside says that it knows of a call, by the token it was sent."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict
from starlette import status as http

from app.doors.waiting import NotOnRecordYet, call
from app.errors import Problem, problems
from app.security.access import PUBLIC, security_of, source_of
from app.service import ServiceDep
from app.storage import acknowledgements
from dispatch.errors import IncidentIsClosed
from dispatch.ids import IncidentId
from dispatch.requests import AcknowledgeParty

router = APIRouter(prefix="/api/v1/acknowledgements", tags=["acknowledgements"])


class AcknowledgementUnknown(Problem):
    """Nobody was sent this token, or too long ago."""

    status = http.HTTP_404_NOT_FOUND


class AcknowledgedOut(BaseModel):
    """What is on record now."""

    model_config = ConfigDict(json_schema_extra={"example": {"incident_id": "I17", "party": "120"}})

    incident_id: str
    party: str


@router.post(
    "/{token}",
    dependencies=[PUBLIC],
    summary="Say that you know of a call",
    responses=problems(AcknowledgementUnknown, IncidentIsClosed, NotOnRecordYet),
)
async def acknowledge(
    token: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$")],
    request: Request,
    service: ServiceDep,
) -> AcknowledgedOut:
    """Put on record that the party to whom this token was sent knows. Saying it again is harmless.

    A token serves once, and not after the incident is closed.
    """
    found = await acknowledgements.find(service.engine, token)
    if found is None:
        security = security_of(request)
        security.wrong.add("acknowledgement", source_of(request), security.clock())
        raise AcknowledgementUnknown
    if not found.is_used:
        incident_id = IncidentId(found.incident_id)
        known = AcknowledgeParty(incident_id=incident_id, party=found.party, by=found.party)
        await call(service, known)
        await acknowledgements.use(service.engine, token)
    return AcknowledgedOut(incident_id=found.incident_id, party=found.party)
