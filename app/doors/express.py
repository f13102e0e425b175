"""The short way of a position: from the HTTP parser to the tracks' lane, with no ASGI call between.

Nine in ten messages are positions and heartbeats, and most of what one costs is the task, the
coroutines and the dictionaries of an ASGI call. Here uvicorn's own protocol reads the request as
ever; when its body is complete and it is one position or heartbeat with a valid token, it is put
into the lane at once, and answered when its batch is on record. Everything else takes the common
way through the application: calls for help, lists, and whatever must be refused.
"""

from asyncio import Future
from functools import partial
from typing import Any, ClassVar, Final, cast

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.doors.handset import EVENTS_PATH, HandsetEvents, Taken
from app.errors import send_problem
from app.security.access import bearer_of

BODY_BYTES_MAX: Final = 4_096  # a longer body is read by the application, piece by piece


def express_for(events: HandsetEvents) -> type[HttpToolsProtocol]:
    """Return the protocol of a server that has the handset door."""

    class Bound(_Express):
        _events = events

    return Bound


class _Express(HttpToolsProtocol):
    """One connection. A request that is not for us is never touched."""

    _events: ClassVar[HandsetEvents]
    _expected: tuple[RequestResponseCycle, Any] | None = None  # whose body is still coming in

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        """Begin a request, whose headers are complete, when its turn has come."""
        if app is service_unavailable or not self._is_short(cycle):
            super()._start_asgi_task(cycle, app)
        elif cycle.more_body:
            self._expected = (cycle, app)
        else:  # it stood behind another on the same connection, and its body is here already
            self._begin(cycle, app)

    def on_message_complete(self) -> None:
        """Go on with the request whose body is complete."""
        super().on_message_complete()
        expected, self._expected = self._expected, None
        if expected is not None:
            self._begin(*expected)

    def _is_short(self, cycle: RequestResponseCycle) -> bool:
        scope = cycle.scope
        return (
            scope["path"] == EVENTS_PATH
            and scope["method"] == "POST"
            and not cycle.waiting_for_100_continue
            and not self.flow.write_paused
            and _body_bytes(cycle) <= BODY_BYTES_MAX
        )

    def _begin(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401
        taken = self._events.begin(bearer_of(cycle.scope["headers"]), bytes(cycle.body))
        if taken is None:
            super()._start_asgi_task(cycle, app)
        else:
            taken.batch.wait().add_done_callback(partial(self._end, cycle, taken))

    def _end(self, cycle: RequestResponseCycle, taken: Taken, done: "Future[None]") -> None:
        """Answer, in place of the cycle: it would check and join the same few headers anew."""
        if done.cancelled() or done.exception() is not None:
            super()._start_asgi_task(cycle, cast("Any", self._not_on_record))
            return
        body = self._events.finish(taken)
        if cycle.disconnected or self.transport.is_closing():
            return
        head = [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"]
        head += [b"%b: %b\r\n" % header for header in cycle.default_headers]
        if not cycle.keep_alive:
            head.append(b"connection: close\r\n")
        self.transport.write(b"%bcontent-length: %d\r\n\r\n%b" % (b"".join(head), len(body), body))
        cycle.response_started = cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        cycle.on_response = _nothing  # else connection and cycle would hold each other

    async def _not_on_record(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_problem(send, self._events.give_up())


def _nothing() -> None: ...


def _body_bytes(cycle: RequestResponseCycle) -> int:
    """Return how long the body is said to be; too long when nothing is said."""
    for name, value in cycle.scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else BODY_BYTES_MAX + 1
    return BODY_BYTES_MAX + 1
