"""How a refusal looks at every door: RFC 9457 problem documents, one table, one mechanism.

HTTP/1.1 409 Conflict
Content-Type: application/problem+json

{"type": "/problems/offer-taken", "title": "Another caregiver said yes first", "status": 409,
 "detail": "Somebody else has taken offer I17.2. Thank you for answering.",
 "offer_id": "I17.2"}
"""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, Final, cast

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError
from starlette import status as http
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Send
from starlette.websockets import WebSocketState

from app.center import JournalAway
from app.security import refusals
from app.security.chance import short_id
from dispatch import errors as dispatch_errors

MEDIA_TYPE: Final = "application/problem+json"

STATUS_OF: Final[Mapping[type[Exception], int]] = MappingProxyType(
    {
        # The rules. A subclass without a row is shown as its base; a test wants a row for each.
        dispatch_errors.DispatchError: http.HTTP_409_CONFLICT,
        dispatch_errors.UnknownSubject: http.HTTP_404_NOT_FOUND,
        dispatch_errors.TransitionRefused: http.HTTP_409_CONFLICT,
        dispatch_errors.IncidentIsClosed: http.HTTP_409_CONFLICT,
        dispatch_errors.OfferTaken: http.HTTP_409_CONFLICT,
        dispatch_errors.OfferIsOver: http.HTTP_409_CONFLICT,
        dispatch_errors.NotYours: http.HTTP_403_FORBIDDEN,
        dispatch_errors.ClaimHeld: http.HTTP_409_CONFLICT,
        dispatch_errors.ClaimNeeded: http.HTTP_409_CONFLICT,
        dispatch_errors.RecallRefused: http.HTTP_422_UNPROCESSABLE_CONTENT,
        dispatch_errors.OperatorNotAvailable: http.HTTP_409_CONFLICT,
        dispatch_errors.NoTransfer: http.HTTP_409_CONFLICT,
        dispatch_errors.NoHandOver: http.HTTP_409_CONFLICT,
        dispatch_errors.ReasonNeeded: http.HTTP_422_UNPROCESSABLE_CONTENT,
        dispatch_errors.SearchIsOver: http.HTTP_409_CONFLICT,
        dispatch_errors.CaregiverNotAvailable: http.HTTP_409_CONFLICT,
        dispatch_errors.StillOnTheWay: http.HTTP_409_CONFLICT,
        dispatch_errors.PlanRefused: http.HTTP_422_UNPROCESSABLE_CONTENT,
        # The center.
        JournalAway: http.HTTP_503_SERVICE_UNAVAILABLE,
        # The security rooms.
        refusals.SecurityRefusal: http.HTTP_400_BAD_REQUEST,
        refusals.LoginTaken: http.HTTP_409_CONFLICT,
        refusals.LoginUnfit: http.HTTP_422_UNPROCESSABLE_CONTENT,
        refusals.PasswordUnfit: http.HTTP_422_UNPROCESSABLE_CONTENT,
        refusals.AccountUnfit: http.HTTP_422_UNPROCESSABLE_CONTENT,
        refusals.AccountUnknown: http.HTTP_404_NOT_FOUND,
        refusals.FactorThere: http.HTTP_409_CONFLICT,
        refusals.FactorNotBegun: http.HTTP_409_CONFLICT,
        refusals.CodeWrong: http.HTTP_403_FORBIDDEN,
        refusals.TokenUnknown: http.HTTP_404_NOT_FOUND,
        refusals.CursorUnfit: http.HTTP_400_BAD_REQUEST,
        refusals.PasswordsBusy: http.HTTP_503_SERVICE_UNAVAILABLE,
        refusals.LooksFull: http.HTTP_503_SERVICE_UNAVAILABLE,
    }
)
"""The status of every refusal that knows nothing of HTTP. The nearest class up the line counts."""

RETRY_AFTER_S: Final = 2
"""What a door says when it is too busy now and will not be for long."""

INVALID_SHOWN_MAX: Final = 20
_POINTER_CHARS_MAX: Final = 200
_RESERVED: Final = frozenset({"type", "title", "status", "detail"})
_SECRET_FIELDS: Final = frozenset({"password", "token", "csrf", "code"})
_CAPITAL: Final = re.compile(r"(?<!^)(?=[A-Z])")
_CLOSE_CODE_BASE: Final = 4000  # 4000–4999 are ours (RFC 6455, 7.4.2)
_CLOSE_REASON_BYTES_MAX: Final = 123  # RFC 6455, 5.5

_log = logging.getLogger(__name__)


class Problem(Exception):
    """A refusal at a door.

    A subclass names it once: `status`, a docstring whose first line is the title, and a class
    name that becomes the slug. `extras` are further members of the document.
    """

    status: ClassVar[int] = http.HTTP_400_BAD_REQUEST

    def __init__(
        self,
        detail: str = "",
        *,
        extras: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        code: int | None = None,
        slug: str | None = None,
        title: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extras = dict(extras or {})
        self.headers = dict(headers or {})
        self.code = int(code or self.status)
        self.slug = slug or slug_of(type(self))
        self.title = title or title_of(type(self))

    def document(self) -> dict[str, object]:
        """Return the members of the problem document."""
        body: dict[str, object] = {
            "type": f"/problems/{self.slug}",
            "title": self.title,
            "status": self.code,
        }
        if self.detail:
            body["detail"] = self.detail
        return body | {name: self.extras[name] for name in self.extras if name not in _RESERVED}


class TooBusy(Problem):
    """Too busy for the moment."""

    status = http.HTTP_503_SERVICE_UNAVAILABLE

    def __init__(self, detail: str, *, retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_s)})


def slug_of(kind: type[Exception]) -> str:
    """Return the last part of the problem's type: OfferTaken is "offer-taken"."""
    return _CAPITAL.sub("-", kind.__name__).lower()


def title_of(kind: type[Exception]) -> str:
    """Return the first line of the docstring, without its stop."""
    return (kind.__doc__ or kind.__name__).strip().splitlines()[0].removesuffix(".")


def status_of(kind: type[Exception], table: Mapping[type[Exception], int] = STATUS_OF) -> int:
    """Return the status of a refusal: its own, or its nearest base's in the table.

    Raises:
        LookupError: neither the class nor any base of it is a refusal.
    """
    if issubclass(kind, Problem):
        return int(kind.status)
    found = next((int(table[base]) for base in kind.__mro__ if base in table), None)
    if found is None:
        raise LookupError(kind.__name__)
    return found


def problem_of(error: Exception, table: Mapping[type[Exception], int] = STATUS_OF) -> Problem:
    """Return a refusal as a Problem; its public fields with plain values become members.

    Raises:
        LookupError: the error is not a refusal.
    """
    if isinstance(error, Problem):
        return error
    code = status_of(type(error), table)
    fields = {name: value for name, value in vars(error).items() if not name.startswith("_")}
    return Problem(
        str(error),
        code=code,
        slug=slug_of(type(error)),
        title=title_of(type(error)),
        extras={name: value for name, value in fields.items() if _is_plain(value)},
        headers=_headers_for(code),
    )


def problem_response(problem: Problem) -> Response:
    """Return the answer that carries the problem document."""
    return Response(_encode(problem), problem.code, problem.headers, media_type=MEDIA_TYPE)


async def send_problem(send: Send, problem: Problem) -> None:
    """Answer with a problem document from a pure ASGI door."""
    body = _encode(problem)
    headers = [
        (b"content-type", MEDIA_TYPE.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        *((k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": problem.code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def close_with(websocket: WebSocket, problem: Problem) -> None:
    """Refuse a websocket: by an HTTP answer before it was accepted, else by a close frame.

    The close code is 4000 + status and the reason is the slug: 4401 "sign-in-needed". Safe to
    repeat, and safe when the other side is already gone.
    """
    if websocket.application_state is WebSocketState.CONNECTING:
        if "websocket.http.response" in websocket.scope.get("extensions", {}):
            await websocket.send_denial_response(problem_response(problem))
        else:
            await websocket.close()
    elif websocket.application_state is WebSocketState.CONNECTED:
        reason = problem.slug.encode("ascii", "replace")[:_CLOSE_REASON_BYTES_MAX].decode("ascii")
        await websocket.close(_CLOSE_CODE_BASE + problem.code, reason)


def problems(*kinds: type[Exception]) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` for the refusals that a route can give."""
    by_status: dict[int, list[type[Exception]]] = {}
    for kind in kinds:
        by_status.setdefault(status_of(kind), []).append(kind)
    return {code: _described(code, group) for code, group in by_status.items()}


def install(app: FastAPI, status_of: Mapping[type[Exception], int] = STATUS_OF) -> None:
    """Make every refusal, every invalid request and every fault of `app` a problem document."""

    async def refuse(connection: HTTPConnection, error: Exception) -> Response | None:
        return await _answer(connection, problem_of(error, status_of))

    async def invalid(connection: HTTPConnection, error: Exception) -> Response | None:
        return await _answer(connection, _invalid(cast(RequestValidationError, error)))

    async def other(connection: HTTPConnection, error: Exception) -> Response | None:
        return await _answer(connection, _of_http(cast(HTTPException, error)))

    async def fault(request: Request, error: Exception) -> Response:
        return problem_response(_fault(request, error))

    handlers = {Problem: refuse, **dict.fromkeys(status_of, refuse)}
    handlers |= {RequestValidationError: invalid, HTTPException: other}
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, cast(Any, handler))
    app.add_exception_handler(Exception, cast(Any, fault))


async def _answer(connection: HTTPConnection, problem: Problem) -> Response | None:
    if isinstance(connection, WebSocket):
        await close_with(connection, problem)
        return None
    return problem_response(problem)


def _invalid(error: RequestValidationError) -> Problem:
    found = cast(Sequence[Mapping[str, Any]], error.errors())
    if any(item["type"] == "json_invalid" for item in found):
        return Problem(
            "The body is not JSON.", slug="malformed-json", title="The body cannot be read"
        )
    return Problem(
        "The request breaks the rules in `errors`.",
        code=http.HTTP_422_UNPROCESSABLE_CONTENT,
        slug="invalid-request",
        title="The request cannot be understood",
        extras={"errors": [_invalid_item(item) for item in found[:INVALID_SHOWN_MAX]]},
    )


def _invalid_item(item: Mapping[str, Any]) -> dict[str, str]:
    """Say where and why, but never what was sent: a password may stand there."""
    where, *path = cast(Sequence[str | int], item["loc"]) or ("body",)
    keys = [str(key).replace("~", "~0").replace("/", "~1") for key in path]
    is_secret = not _SECRET_FIELDS.isdisjoint(keys)
    message = "This value is not accepted." if is_secret else str(item["msg"])
    pointer = "".join(f"/{key}" for key in keys)[:_POINTER_CHARS_MAX]
    return {"in": str(where), "pointer": pointer, "message": message}


def _of_http(error: HTTPException) -> Problem:
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(
        "" if error.detail == phrase else str(error.detail),
        code=error.status_code,
        slug=phrase.lower().replace(" ", "-").replace("'", ""),
        title=phrase,
        headers=error.headers,
    )


def _fault(request: Request, error: Exception) -> Problem:
    reference = short_id()
    _log.error(
        "A request failed",
        exc_info=error,
        extra={"reference": reference, "method": request.method, "path": request.url.path},
    )
    return Problem(
        f"This is our fault, and it was logged as {reference}. Whether the request took effect is "
        "not known: look before you repeat it.",
        code=http.HTTP_500_INTERNAL_SERVER_ERROR,
        slug="internal-fault",
        title="The server failed",
        extras={"reference": reference},
    )


def _described(code: int, kinds: Sequence[type[Exception]]) -> dict[str, Any]:
    examples = {
        slug_of(kind): {
            "value": {
                "type": f"/problems/{slug_of(kind)}",
                "title": title_of(kind),
                "status": code,
            }
        }
        for kind in kinds
    }
    return {
        "description": "; ".join(title_of(kind) for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": _SCHEMA, "examples": examples}},
    }


_SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def _headers_for(code: int) -> dict[str, str]:
    return {"Retry-After": str(RETRY_AFTER_S)} if code == http.HTTP_503_SERVICE_UNAVAILABLE else {}


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (str, int, float, bool, datetime))


def _encode(problem: Problem) -> bytes:
    text = json.dumps(problem.document(), ensure_ascii=False, default=_as_json)
    return text.encode("utf-8", "replace")


def _as_json(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)
