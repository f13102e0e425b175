"""The way to the server: its public doors, over real sockets, and what can go wrong there."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.typing import Subprotocol

from simulator.players.wire import Answer, NoAnswer, NoConnection, Wire

ANSWER_WITHIN_S: Final = 15.0
FRAME_BYTES_MAX: Final = 64 * 1024 * 1024  # a snapshot of a very full board
SUBPROTOCOL: Final = "ydt.v1"
COOKIE: Final = "ydt_session"
AGAIN_S: Final = (0.1, 0.2, 0.4, 0.8, 1.5)
TOO_MANY: Final = 429
SERVER_FAULT: Final = 500


class Refused(Exception):
    """The server answered no: `name` is the last part of the problem's type."""

    def __init__(self, status: int, name: str, document: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {name}: {document.get('detail', '')}")
        self.status = status
        self.name = name
        self.document = document

    @property
    def may_pass_later(self) -> bool:
        """Whether the same request may be taken when it is sent again."""
        return self.status >= SERVER_FAULT or self.status == TOO_MANY


class Unreachable(Exception):
    """No answer came; whether the server did what was asked is not known."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a handset or a caregiver shows at the door."""

    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers of a request."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def subprotocols(self) -> list[Subprotocol]:
        """Return what a websocket offers: the token travels as a subprotocol."""
        return [Subprotocol(SUBPROTOCOL), Subprotocol(f"bearer.{self.token}")]


@dataclass(frozen=True, slots=True)
class DeskSession:
    """What somebody at a desk shows at the door."""

    cookie: str
    csrf: str

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers of a request."""
        return {"Cookie": f"{COOKIE}={self.cookie}", "X-CSRF-Token": self.csrf}

    @property
    def subprotocols(self) -> list[Subprotocol] | None:
        """Return None: the cookie says it all."""
        return None


Credentials = Bearer | DeskSession


class Doors:
    """One server's doors. Use as an async context manager."""

    def __init__(self, url: str, *, again_s: Sequence[float] = AGAIN_S) -> None:
        """Take the server's address, such as `http://127.0.0.1:8000`.

        `again_s` are the waits of `insist` between its tries, the last again and again.
        """
        self.url = url.rstrip("/")
        self.in_flight = 0  # requests that wait for their answer
        self.broken = 0  # requests that were sent, and whose answer never came
        self._again_s = again_s
        self._wire = Wire(self.url, within_s=ANSWER_WITHIN_S)

    async def __aenter__(self) -> Self:
        """Open."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection that is idle."""
        await self._wire.close()

    async def ask(
        self,
        method: str,
        path: str,
        who: Credentials | None = None,
        *,
        json: object = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401 - what the server says is JSON
        """Return the server's answer as JSON, None when it has no body.

        Raises:
            Refused: it answered no.
            Unreachable: no answer came.
        """
        target = f"{path}?{urlencode(params)}" if params else path
        return (await self._send(method, target, who, json=json, content=content)).json()

    async def insist(
        self,
        method: str,
        path: str,
        who: Credentials,
        *,
        json: object = None,
        within_s: float | None = None,
        on_fault: Callable[[Exception], None] = lambda _: None,
    ) -> Any:  # noqa: ANN401 - what the server says is JSON
        """Ask the same again until the server answers; None for `within_s` never gives up.

        Raises:
            Refused: it answered no, for good or until the time was over.
            Unreachable: no answer came until the time was over.
        """
        until = None if within_s is None else time.monotonic() + within_s
        tries = 0
        while True:
            try:
                return await self.ask(method, path, who, json=json)
            except (Refused, Unreachable) as fault:
                is_over = until is not None and time.monotonic() > until
                if is_over or (isinstance(fault, Refused) and not fault.may_pass_later):
                    raise
                on_fault(fault)
            await asyncio.sleep(self._again_s[min(tries, len(self._again_s) - 1)])
            tries += 1

    async def sign_in(self, login: str, password: str) -> DeskSession:
        """Return the session of somebody at a desk."""
        body = {"login": login, "password": password}
        answer = await self._send("POST", "/api/v1/session", None, json=body)
        cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
        return DeskSession(cookie=cookie, csrf=answer.json()["csrf"])

    async def sign_in_caregiver(self, login: str, password: str) -> Bearer:
        """Return the token of a caregiver's phone."""
        body = {"login": login, "password": password, "device": "simulator"}
        return Bearer((await self.ask("POST", "/api/v1/caregiver/login", json=body))["token"])

    async def frames(self, path: str, who: Credentials) -> AsyncGenerator[Any]:
        """Yield what a websocket says, as JSON, until it closes.

        Raises:
            Unreachable: it cannot be opened, or broke.
        """
        address = f"ws{self.url.removeprefix('http')}{path}"
        headers = who.headers if isinstance(who, DeskSession) else None
        try:
            async with connect(
                address,
                additional_headers=headers,
                subprotocols=who.subprotocols,
                compression=None,
                proxy=None,
                max_size=FRAME_BYTES_MAX,
            ) as socket:
                async for frame in socket:
                    yield msgspec.json.decode(frame)
        except InvalidHandshake as error:
            raise Unreachable(f"websocket: {error}") from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Unreachable(f"websocket: {type(error).__name__}") from error

    async def _send(
        self,
        method: str,
        target: str,
        who: Credentials | None,
        *,
        json: object = None,
        content: bytes | None = None,
    ) -> Answer:
        headers = dict(who.headers) if who else {}
        body = content or b""
        if json is not None:
            headers["Content-Type"] = "application/json"
            body = msgspec.json.encode(json)
        self.in_flight += 1
        try:
            answer = await self._wire.exchange(method, target, headers, body)
        except NoConnection as error:
            raise Unreachable("no connection") from error
        except NoAnswer as error:
            self.broken += 1
            raise Unreachable(f"no answer, {error}") from error
        finally:
            self.in_flight -= 1
        if answer.is_error:
            raise _refusal(answer)
        return answer


def _refusal(answer: Answer) -> Refused:
    document: dict[str, Any] = {}
    with suppress(ValueError, TypeError):
        document |= answer.json()
    name = str(document.get("type", "")).rpartition("/")[2] or f"http_{answer.status}"
    return Refused(answer.status, name, document)
