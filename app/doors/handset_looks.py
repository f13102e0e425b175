"""Who of the family has seen where the resident is, for the resident: on the handset."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Response

from app.doors.families import looks_at
from app.errors import problems
from app.security.access import TOKEN_PROBLEMS, Principal, allow
from app.security.roles import Role
from app.service import ServiceDep

HandsetDep = Annotated[Principal, allow(Role.HANDSET)]
router = APIRouter(prefix="/api/v1/handset", tags=["handset"])
_encode: Final = msgspec.json.Encoder().encode


@router.get("/looks", summary="Who has seen where you are", responses=problems(*TOKEN_PROBLEMS))
async def looks(who: HandsetDep, service: ServiceDep) -> Response:
    """Return who of the family has looked where this handset's resident is, the latest first."""
    resident_id = service.directory.handsets.get(who.id)
    items = await looks_at(service, resident_id) if resident_id else []
    return Response(_encode({"items": items}), media_type="application/json")
