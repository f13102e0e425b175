"""What the doors of a desk share: whose a call is, what is shown of it, what is done with it."""

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from fastapi import Response
from starlette import status as http

from app.doors.waiting import call
from app.errors import problems
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal, allow
from app.security.looks import Looks
from app.security.refusals import LooksFull
from app.security.roles import Role
from app.service import Service
from app.views.book import View, incident_view
from dispatch.book import Book
from dispatch.errors import ClaimHeld, IncidentIsClosed, UnknownSubject
from dispatch.ids import IncidentId
from dispatch.incident import Incident
from dispatch.requests import Request

OperatorDep = Annotated[Principal, allow(Role.OPERATOR, Role.SUPERVISOR)]
encode: Final = msgspec.json.Encoder().encode
_STREAM: Final = "stream"  # what was shown

PROBLEMS: Final = problems(
    *COOKIE_PROBLEMS, UnknownSubject, IncidentIsClosed, ClaimHeld, OutOfScope
)


def in_scope(who: Principal, path: Sequence[str]) -> bool:
    """Whether a call is this desk's; one that lies in no known area is everybody's."""
    return not path or who.covers(path)


def is_mine(book: Book, who: Principal, one: Incident) -> bool:
    """Whether a call lies in the areas of this desk."""
    return in_scope(who, book.territory.path(one.area_id))


def require_mine(book: Book, who: Principal, incident_id: str, what: str = "open incident") -> None:
    """Raise OutOfScope, as if there were no such call, when it lies in others' areas."""
    key = IncidentId(incident_id)
    one = book.incidents.get(key) or book.closed.get(key)
    if one is not None and not is_mine(book, who, one):
        raise OutOfScope(what, incident_id)


def seen(service: Service, book: Book, who: Principal, one: Incident) -> View:
    """Return the view of an incident, its place withheld if the look cannot be recorded."""
    view = incident_view(book, service.directory, one)
    if not shown(service.security.looks, who, one):
        view["place"] = None
    return view


def shown(looks: Looks, who: Principal, one: Incident) -> bool:
    """Record that `who` is shown where the resident of an incident is; False to withhold it."""
    if one.resident_id is None or one.place is None:
        return True
    if looks.is_recorded(who.id, one.resident_id, one.id, _STREAM):
        return True
    look = looks.look(
        account_id=who.id,
        role=who.role.value,
        resident_id=one.resident_id,
        reason="open incident",
        what=_STREAM,
        incident_id=one.id,
    )
    try:
        looks.record_later(look)
    except LooksFull:
        return False
    return True


async def do(
    service: Service,
    who: Principal,
    incident_id: str,
    request: Request,
    code: int = http.HTTP_200_OK,
) -> Response:
    """Ask the center for something with a call of one's own areas; answer with the call."""
    service.directory.operators[who.id] = who.name
    await service.center.read(lambda book: require_mine(book, who, incident_id))
    await call(service, request)
    return await answer_with(service, who, incident_id, code)


async def answer_with(service: Service, who: Principal, incident_id: str, code: int) -> Response:
    """Answer with a call as it stands.

    Raises:
        UnknownSubject: there is no such call, open or lately closed.
    """

    def look(book: Book) -> bytes:
        key = IncidentId(incident_id)
        one = book.incidents.get(key) or book.closed.get(key)
        if one is None:
            raise UnknownSubject("incident", incident_id)
        return encode(seen(service, book, who, one))

    return as_json(await service.center.read(look), code)


def as_json(body: bytes, code: int = http.HTTP_200_OK) -> Response:
    """Answer with what is JSON already."""
    return Response(body, code, media_type="application/json")
