"""The short way of a position: from the socket to the tracks' lane, with no ASGI call between.

Nine in ten messages are positions and heartbeats, and nearly all that one costs is parsing with a
callback for each header, a task, coroutines and dictionaries. So a request that comes whole, says
nothing unusual, and is one position or heartbeat with a valid token, is put into the lane at once,
and answered when its batch is on record. Everything else takes the common way through uvicorn and
the application: calls for help, lists, whatever must be refused, and any header not known here.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final, TypeAlias

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.doors.handset import EVENTS_PATH, HandsetEvents, Taken

BODY_BYTES_MAX: Final = 4_096
HEAD_BYTES_MAX: Final = 4_096

_Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
_REQUEST: Final = f"POST {EVENTS_PATH} HTTP/1.1\r\n".encode()
_OTHERS: Final = (
    rb"(?:(?:host|user-agent|accept|accept-encoding|accept-language|content-type|via"
    rb"|x-forwarded-for|x-forwarded-host|x-forwarded-proto):[\t -~]*\r\n)*"
)  # every header that changes nothing here; with any other the request is not for us
_TOKEN: Final = rb"authorization:[ \t]*bearer[ ]+([!-~]+)[ \t]*\r\n"
_LENGTH: Final = rb"content-length:[ \t]*([0-9]{1,4})[ \t]*\r\n"
_HEAD: Final = re.compile(
    b"%b(?:%b%b%b|%b%b%b)%b\r\n"
    % (_OTHERS, _TOKEN, _OTHERS, _LENGTH, _LENGTH, _OTHERS, _TOKEN, _OTHERS),
    re.IGNORECASE,
)  # token and length once each, in either order


def express_for(events: HandsetEvents) -> type[HttpToolsProtocol]:
    """Return the protocol of a server that has the handset door."""

    class Bound(_Express):
        _events = events
        _heads = _Heads()

    return Bound


class _Express(HttpToolsProtocol):
    """One connection. uvicorn's own protocol sees nothing of a request that is taken here."""

    _events: ClassVar[HandsetEvents]
    _heads: "ClassVar[_Heads]"
    _held: bytes = b""  # a request of ours whose body is still coming in
    _behind: bytes = b""  # what came in while an answer was awaited
    _is_awaited: bool = False  # an answer of ours
    _is_parsing: bool = False  # a request of uvicorn's
    _is_last: bool = False
    _idle_since: float = 0.0  # by the loop's clock

    def data_received(self, data: bytes) -> None:
        """Take a request that is for us; give everything else to uvicorn."""
        if self._is_awaited:
            self._behind += data
            self.flow.pause_reading()
            return
        if self._held:
            data, self._held = self._held + data, b""
        if self._is_idle() and (parts := _parts(data)) is not None:
            token, length, body = parts
            if len(body) < length:
                self._held = data
                return
            if len(body) == length and self._is_taken(token, body, data):
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Note that uvicorn has a request."""
        self._is_parsing = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that uvicorn's request is complete."""
        self._is_parsing = False
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close the connection, after the answer that is awaited."""
        if self._is_awaited:
            self._is_last = True
        else:
            super().shutdown()

    def _is_idle(self) -> bool:
        """Whether all that came before is answered, and the other side reads its answers."""
        is_answered = self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] - it is None at first
        return is_answered and not self._is_parsing and not self.flow.write_paused

    def _is_taken(self, token: bytes, body: bytes, data: bytes) -> bool:
        taken = self._events.begin(token, body)
        if taken is None:
            return False
        self._is_awaited = True
        taken.batch.then(partial(self._end, taken, data))
        return True

    def _end(self, taken: Taken, data: bytes, fault: Exception | None) -> None:
        self._is_awaited = False
        if fault is not None:
            super().data_received(data)  # the common way finds it again, and knows what to say
        else:
            self._answer(self._events.finish(taken))
        if self._behind and not self.transport.is_closing():
            behind, self._behind = self._behind, b""
            self.flow.resume_reading()
            self.data_received(behind)

    def _answer(self, body: bytes) -> None:
        if self.transport.is_closing():
            return
        head = self._heads.of(self.server_state.default_headers)
        last = b"connection: close\r\n" if self._is_last else b""
        self.transport.write(b"%b%bcontent-length: %d\r\n\r\n%b" % (head, last, len(body), body))
        self.server_state.total_requests += 1
        if self._is_last:
            self.transport.close()
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._keep_alive_for(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle too long.

        A timer that looks again when it fires costs less than one that each request renews.
        """
        left_s = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left_s > 0 and not self.transport.is_closing():
            self._keep_alive_for(left_s)
        elif self._is_awaited or self._held:
            self.timeout_keep_alive_task = None  # the answer will set it again
        else:
            super().timeout_keep_alive_handler()

    def _keep_alive_for(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )


class _Heads:
    """Writes the heads of answers; uvicorn's headers are new once a second."""

    def __init__(self) -> None:
        self._known: _Headers | None = None
        self._head = b""

    def of(self, headers: _Headers) -> bytes:
        """Return an answer's head but for its length."""
        if headers is not self._known:
            lines = [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"]
            lines += [b"%b: %b\r\n" % header for header in headers]
            self._known, self._head = headers, b"".join(lines)
        return self._head


def _parts(data: bytes) -> tuple[bytes, int, bytes] | None:
    """Return the token, the length of the body, and what is there of it; None: it is not for us.

    It is strict where uvicorn is lenient: whatever two readers could take for different requests
    is not for us.
    """
    if not data.startswith(_REQUEST):
        return None
    found = _HEAD.match(data, len(_REQUEST), len(_REQUEST) + HEAD_BYTES_MAX)
    if found is None:
        return None
    token, length, length_first, token_last = found.groups()
    bytes_wanted = int(length or length_first)
    if bytes_wanted > BODY_BYTES_MAX:
        return None
    return token or token_last, bytes_wanted, data[found.end() :]
