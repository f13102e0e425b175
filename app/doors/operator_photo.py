"""The photo of a resident at the operator's door: shown beside a call of theirs, to who sees it."""

from fastapi import APIRouter, Response

from app.doors.administrator.photos import PICTURES
from app.doors.desk import OperatorDep, in_scope, require_mine
from app.errors import problems
from app.register.pictures import PhotoAbsent, photo_response
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal
from app.service import Service, ServiceDep
from app.storage import photos
from app.storage.reading import past_incident
from app.storage.register import reading
from dispatch.book import Book
from dispatch.errors import UnknownSubject
from dispatch.ids import IncidentId, ResidentId

router = APIRouter(prefix="/api/v1/operator", tags=["operator"])


@router.get(
    "/incidents/{incident_id}/photo",
    summary="Who is calling, to look at",
    response_class=Response,
    responses={
        **problems(*COOKIE_PROBLEMS, UnknownSubject, OutOfScope, PhotoAbsent),
        200: {"content": PICTURES, "description": "The picture"},
    },
)
async def photo(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Return the photo of the resident whose call it is. The look is that at the call itself."""
    resident_id = await _caller(service, who, incident_id)
    async with reading(service.engine) as connection:
        found = await photos.find(connection, resident_id or "")
    if found is None:
        raise PhotoAbsent
    return photo_response(found)


async def _caller(service: Service, who: Principal, incident_id: str) -> ResidentId | None:
    def look(book: Book) -> tuple[bool, ResidentId | None]:
        require_mine(book, who, incident_id, "incident")
        key = IncidentId(incident_id)
        one = book.incidents.get(key) or book.closed.get(key)
        return one is not None, one.resident_id if one else None

    is_known, resident_id = await service.center.read(look)
    if is_known:
        return resident_id
    row = await past_incident(service.engine, incident_id)
    if row is None or not in_scope(who, [code for code in row["area_path"].split("/") if code]):
        raise OutOfScope("incident", incident_id)
    return row["resident_id"]
