"""Puts on record what desks were refused, and what administrators read and changed.

One line a request, before the answer leaves: who, which route, which id, and how it ended. Never
the body, nor what was sought, where names stand.
"""

import logging
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import TooBusy, send_problem
from app.security.access import Principal
from app.security.audit import Audit, Deed

_ADMIN: Final = "/api/v1/admin/"
_ROOT: Final = "/api/v1/"
_PEOPLE: Final = ("residents", "caregivers", "handsets")
_SOUGHT: Final = "search"  # asked by POST, so that names stay out of addresses
_OWN: Final = ("operators", "audit")
"""These doors say themselves what was done."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORBIDDEN: Final = 403
_REFUSED_FROM: Final = 400

_log = logging.getLogger(__name__)


class Audited:
    """Passes everything on, and notes what the auditor must find."""

    def __init__(self, app: ASGIApp, audit: Audit) -> None:
        self.app = app
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; what cannot be put on record is not read either."""
        if scope["type"] != "http" or not scope["path"].startswith(_ROOT):
            await self.app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        is_withheld = False

        async def noting(message: Message) -> None:
            nonlocal is_withheld
            if is_withheld:
                return
            if message["type"] == "http.response.start":
                deed = deed_of(scope["method"], scope["path"], message["status"])
                who = state.get("principal")
                if deed is not None and isinstance(who, Principal):
                    is_noted = await self._note(deed, who, scope, message["status"])
                    if not is_noted and deed is Deed.READ:
                        is_withheld = True
                        await send_problem(send, TooBusy("This look cannot be recorded now."))
                        return
            await send(message)

        await self.app(scope, receive, noting)

    async def _note(self, deed: Deed, who: Principal, scope: Scope, status: int) -> bool:
        client = scope.get("client")
        try:
            await self._audit.note(
                deed,
                account_id=who.id,
                subject=subject_of(scope),
                address=client[0] if client else "",
                detail=f"{scope['method']} {scope['path'].removeprefix(_ROOT)} {status}",
            )
        except (SQLAlchemyError, OSError):
            _log.exception("A deed could not be put on record", extra={"deed": deed.value})
            return False
        return True


def deed_of(method: str, path: str, status: int) -> Deed | None:
    """Return what a request of a desk was, None when nobody asks for it later."""
    if status == _FORBIDDEN:
        return Deed.REFUSED
    part = path.removeprefix(_ADMIN).split("/")[0] if path.startswith(_ADMIN) else ""
    if not part or part in _OWN or status >= _REFUSED_FROM:
        return None
    if method in _SAFE:
        return Deed.READ if part in _PEOPLE else None
    return Deed.READ if part == _SOUGHT else Deed.CHANGED


def subject_of(scope: Scope) -> str:
    """Return the id in the path, as its route names it; "" when there is none."""
    named: dict[str, Any] = scope.get("path_params") or {}
    return str(next(iter(named.values()), ""))
