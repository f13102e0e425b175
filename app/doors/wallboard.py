"""The wallboard's door: the figures of the control room for a big screen, asked every few seconds.

A route that is asked, not frames on the console's stream: an open stream makes its operator present
at the desk (D-011), which a screen on the wall is not, and it carries residents' names.
"""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Response

from app.errors import problems
from app.security.access import COOKIE_PROBLEMS, Hindrance, Principal, allow
from app.security.roles import Role
from app.service import ServiceDep
from dispatch.book import Book

# Counts that name nobody: a screen on the wall is not touched, and stays lit in a locked browser.
WallDep = Annotated[Principal, allow(Role.OPERATOR, Role.SUPERVISOR, despite=(Hindrance.LOCKED,))]
router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode


@router.get("/wallboard", summary="The figures of the day", responses=problems(*COOKIE_PROBLEMS))
async def wallboard(who: WallDep, service: ServiceDep) -> Response:
    """Return counts of your areas: calls, answers in time, who is coming, who is free, silence."""

    def look(book: Book) -> bytes:
        center = service.center
        figures = service.wallboard.view(book, center.cursor, who.areas, who.covers, center.now)
        return _encode(figures)

    body = await service.center.read(look)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})
