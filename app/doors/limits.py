"""How much a request may bring, before anything looks at it."""

from contextlib import suppress
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import Problem, send_problem

BODY_BYTES_MAX: Final = 1_048_576
IMPORT_BYTES_MAX: Final = 33_554_432
_IMPORTS: Final = "/import"


class BodyTooLarge(Problem):
    """The body is too large."""

    status = 413


class _Overflow(Exception):
    """More came than was announced or allowed."""


class BodyLimit:
    """Refuses bodies over the limit: by their announced length, else while they come in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = IMPORT_BYTES_MAX if scope["path"].endswith(_IMPORTS) else BODY_BYTES_MAX
        if _announced(scope) > limit:
            await send_problem(send, _too_large(limit))
            return
        size = 0
        has_begun = is_over = False

        async def counting() -> Message:
            nonlocal size, is_over
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                is_over = True
                raise _Overflow
            return message

        async def noting(message: Message) -> None:
            nonlocal has_begun
            if is_over and not has_begun:
                return  # what the application says of a body that it could not read
            has_begun = True
            await send(message)

        with suppress(_Overflow):
            await self.app(scope, counting, noting)
        if is_over and not has_begun:
            await send_problem(send, _too_large(limit))


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _too_large(limit: int) -> Problem:
    return BodyTooLarge(f"Send at most {limit} bytes at a time.")
