"""The load: keep-alive connections that post, wait for the answer, and post again; or a timetable.

It shares its core with the database, so it parses no more of an answer than it must.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from simulator.bench.posts import POSITION, REPEAT, SOS, Mailbag, Post

ADDRESS: Final = "127.0.0.1"
TICK_S: Final = 0.001
DRAIN_WITHIN_S: Final = 30.0

_LENGTH: Final = b"content-length: "
_OK: Final = b"HTTP/1.1 200"
_RECORDED: Final = b'"result":"recorded"'
_DUPLICATE: Final = b'"result":"duplicate"'


class LoadFailed(Exception):
    """The server closed a connection or did not answer in time."""


@dataclass(slots=True, kw_only=True)
class Slice:
    """What one slice of load gave. Everything sent was answered before it ended."""

    seconds: float
    answers: int = 0  # that came within the time
    recorded: list[int] = field(default_factory=lambda: [0, 0, 0])  # by kind
    duplicates: int = 0
    failed: int = 0  # answers that were none of these
    latencies_s: dict[int, list[float]] = field(default_factory=dict[int, list[float]])  # by kind

    @property
    def rate(self) -> float:
        """Return answers a second."""
        return self.answers / self.seconds

    def note(self, kind: int, answer: bytes) -> None:
        """Take up one answer."""
        if _RECORDED in answer and answer.startswith(_OK):
            self.recorded[kind] += 1
        elif _DUPLICATE in answer and answer.startswith(_OK):
            self.duplicates += 1
        else:
            self.failed += 1


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one post under way."""

    def __init__(
        self,
        answered: "Callable[[Connection, bytes], None]",
        lost: Callable[[Exception], None],
    ) -> None:
        self.kind = POSITION
        self.request = b""
        self.due_s = 0.0
        self._answered = answered
        self._lost = lost
        self._is_closing = False
        self._part = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def send(self, kind: int, request: bytes) -> None:
        """Send one post; the one before must have been answered."""
        self.kind, self.request = kind, request
        assert self._transport is not None  # noqa: S101 - for the types
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Wait for the whole answer, whose length its header says."""
        if self._part:
            data = self._part + data
        end = data.find(b"\r\n\r\n")
        at = data.find(_LENGTH)
        if end < 0 or at < 0:
            self._part = data
            return
        length = int(data[at + len(_LENGTH) : data.index(b"\r", at)])
        if len(data) < end + 4 + length:
            self._part = data
            return
        self._part = b""
        self._answered(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the server hung up."""
        if not self._is_closing:
            self._lost(LoadFailed(f"The server closed a connection ({exc})."))

    def close(self) -> None:
        """Hang up."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.close()


async def closed_loop(port: int, bag: Mailbag, *, connections: int, seconds: float) -> Slice:
    """Post on every connection as soon as its last post was answered.

    Raises:
        LoadFailed: the server hung up or did not answer.
    """
    loop = asyncio.get_running_loop()
    found, done = Slice(seconds=seconds), loop.create_future()
    busy, until = connections, 0.0

    def answered(connection: Connection, answer: bytes) -> None:
        nonlocal busy
        found.note(connection.kind, answer)
        if loop.time() < until:
            found.answers += 1
            _post(connection, bag)
            return
        busy -= 1
        if not busy and not done.done():
            done.set_result(None)

    async with _Connections(port, connections, answered, done) as opened:
        until = loop.time() + seconds
        for connection in opened:
            _post(connection, bag)
        await _drained(done, seconds)
    return found


def _post(connection: Connection, bag: Mailbag) -> None:
    kind = bag.next()
    if kind != REPEAT:
        connection.send(kind, bag.post(kind))
        return
    bag.skip()
    if not connection.request:
        connection.send(POSITION, bag.post(POSITION))
    else:
        connection.send(connection.kind, connection.request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """How many posts of each kind leave in a second, whatever becomes of them."""

    positions_per_s: int
    presses_per_s: int

    def kind_at(self, number: int) -> int:
        """Return the kind of one post: the presses lie evenly among the positions."""
        every = (self.positions_per_s + self.presses_per_s) // self.presses_per_s
        return SOS if number % every == every // 2 else POSITION

    @property
    def per_s(self) -> int:
        """Return how many posts leave in a second."""
        return self.positions_per_s + self.presses_per_s


class _OpenLoop:
    """Posts that leave by the timetable, on whatever connection is free, or the next one freed."""

    def __init__(self, bag: Mailbag, timetable: Timetable, seconds: float) -> None:
        self.found = Slice(seconds=seconds, latencies_s={POSITION: [], SOS: []})
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._bag = bag
        self._timetable = timetable
        self._total = int(timetable.per_s * seconds)
        self._free: deque[Connection] = deque()
        self._late: deque[tuple[float, Post]] = deque()
        self._left = 0  # posts that are no longer with us
        self._began = 0.0

    def start(self, connections: Sequence[Connection]) -> None:
        """Begin."""
        self._free.extend(connections)
        self._began = self._loop.time()
        self._tick()

    def answered(self, connection: Connection, answer: bytes) -> None:
        """Take up an answer; the connection is free for whoever waits longest."""
        found = self.found
        found.answers += 1
        found.note(connection.kind, answer)
        found.latencies_s[connection.kind].append(self._loop.time() - connection.due_s)
        if self._late:
            connection.due_s, post = self._late.popleft()
            connection.send(*post)
        else:
            self._free.append(connection)
        if found.answers == self._total and not self.done.done():
            self.done.set_result(None)

    def _tick(self) -> None:
        now, per_s = self._loop.time(), self._timetable.per_s
        while self._left < self._total and (due_s := self._began + self._left / per_s) <= now:
            self._leave(due_s)
        if self._left < self._total:
            self._loop.call_later(TICK_S, self._tick)

    def _leave(self, due_s: float) -> None:
        kind = self._timetable.kind_at(self._left)
        post = (kind, self._bag.post(kind))
        self._left += 1
        if not self._free:
            self._late.append((due_s, post))
            return
        connection = self._free.popleft()
        connection.due_s = due_s
        connection.send(*post)


async def open_loop(
    port: int, bag: Mailbag, timetable: Timetable, *, connections: int, seconds: float
) -> Slice:
    """Post by the timetable. A latency counts from when the post was due, not from when it left.

    Raises:
        LoadFailed: the server hung up or did not answer.
    """
    posts = _OpenLoop(bag, timetable, seconds)
    async with _Connections(port, connections, posts.answered, posts.done) as opened:
        posts.start(opened)
        await _drained(posts.done, seconds)
    return posts.found


async def _drained(done: "asyncio.Future[None]", seconds: float) -> None:
    try:
        await asyncio.wait_for(done, seconds + DRAIN_WITHIN_S)
    except TimeoutError:
        raise LoadFailed("Not every post was answered in time.") from None


class _Connections:
    """Some connections to a server, open as long as the block."""

    def __init__(
        self,
        port: int,
        count: int,
        answered: Callable[[Connection, bytes], None],
        done: "asyncio.Future[None]",
    ) -> None:
        self._port = port
        self._count = count
        self._answered = answered
        self._done = done
        self._opened: list[Connection] = []

    async def __aenter__(self) -> list[Connection]:
        loop = asyncio.get_running_loop()
        for _ in range(self._count):
            _, connection = await loop.create_connection(
                lambda: Connection(self._answered, self._lost), ADDRESS, self._port
            )
            self._opened.append(connection)
        return self._opened

    async def __aexit__(self, *_: object) -> None:
        for connection in self._opened:
            connection.close()

    def _lost(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)
