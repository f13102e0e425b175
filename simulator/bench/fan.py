"""What tells consoles, alone in a process: our fan-out, or the reference beside it.

    python -m simulator.bench.fan PORT ours|broadcast

Consoles connect at `/`. Whoever connects at `/tell?seconds=2&every_s=0` has all of them told, as
fast as they take it or at a pace, and is told at the end when each frame was sent.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Final, cast
from urllib.parse import parse_qs, urlsplit

import uvicorn
import uvloop
from fastapi import WebSocket, WebSocketDisconnect
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from app.doors.console import keep_told
from app.doors.desk import in_scope, shown
from app.doors.streams import accept
from app.doors.wire import Wire, short_way
from app.metrics import Metrics
from app.register.directory import Directory
from app.security.access import Principal
from app.security.looks import Looks
from app.security.roles import Role
from app.storage.ledger import Recorded
from app.views.feed import ConsoleFeed, Feed
from dispatch import requests as r
from dispatch.evolve import evolve
from dispatch.facts import EventKey, NoteAdded
from dispatch.ids import HandsetId, IncidentId
from simulator.bench.stage import resident_bytes
from simulator.run.tape import BareLoop
from simulator.run.town import Scale, build
from simulator.run.virtual import BEGIN
from simulator.server import ADDRESS

INCIDENTS: Final = 100
BUFFERED_MAX: Final = 65_536  # bytes for one peer, above which both sides wait for it
MOMENT_S: Final = 0.000_2
_EPOCH: Final = 1


@dataclass(slots=True)
class Told:
    """What was sent: when each number was, by the monotonic clock, and what it took in memory."""

    at_s: dict[int, float] = field(default_factory=dict[int, float])

    def document(self) -> str:
        """Return it as whoever asked is told."""
        return json.dumps({"at_s": self.at_s, "resident_bytes": resident_bytes(os.getpid())})


class Room:
    """A book with open calls, and the feed that tells of them."""

    def __init__(self) -> None:
        town = build(Scale(residents=INCIDENTS, caregivers=20), Random(1), BEGIN)
        rules = BareLoop()
        directory = Directory()
        rules.do(r.Register(facts=town.facts), BEGIN)
        directory.note(town.facts)
        for index in range(INCIDENTS):
            event = EventKey(event_id="1", kind="sos", device_time="")
            handset = HandsetId(f"H{index + 1}")
            rules.do(r.HandsetCalled(handset_id=handset, kind="sos", events=(event,)), BEGIN)
        self.book = rules.book
        self.feed = Feed(directory, Metrics())
        self.feed.start(self.book, 0)
        self._ids = list(self.book.incidents)
        self._number = 0

    def tell(self) -> int:
        """Put the next note on one of the calls, and tell everybody; return its number."""
        self._number += 1
        note = NoteAdded(at=BEGIN, incident_id=self.next_call, by="bench", text="")
        evolve(self.book, note)
        self.feed.tell(self.book, [Recorded(number=self._number, fact=note)], _EPOCH)
        return self._number

    @property
    def next_call(self) -> IncidentId:
        """Return whose turn it is."""
        return self._ids[self._number % INCIDENTS]

    def frame(self, number: int) -> bytes:
        """Return the frame of one call."""
        incident = self.book.incidents[self._ids[0]]
        return self.feed.frame(self.book, incident, f"{_EPOCH}:{number}")


async def _tell(
    words: str, told: Told, tell: Callable[[], int], is_behind: Callable[[], bool]
) -> None:
    """Tell for as long and as often as `words` say; unpaced, whoever is behind is waited for."""
    asked = parse_qs(words)
    seconds, every_s = float(asked["seconds"][0]), float(asked["every_s"][0])
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        told.at_s[tell()] = now
        await asyncio.sleep(every_s)
        while not every_s and is_behind():  # noqa: ASYNC110 - no peer says when it has room
            await asyncio.sleep(MOMENT_S)


# Ours


def ours() -> Starlette:
    """Return an application with consoles as the real door has them, without its database."""
    room = Room()
    consoles: set[ConsoleFeed] = set()
    no_database = cast("async_sessionmaker[AsyncSession]", None)
    looks = Looks(no_database, lambda: BEGIN, waiting_max=10_000_000)

    async def console(websocket: WebSocket) -> None:
        number = len(consoles)
        who = Principal(id=f"op{number}", roles=frozenset({Role.OPERATOR}), areas=("*",))
        feed = ConsoleFeed(
            covers=lambda path: in_scope(who, path),
            shown=lambda incident: shown(looks, who, incident),
            write=short_way(websocket),
        )
        await accept(websocket)
        async with _kept(consoles, feed):
            with room.feed.console(feed):
                await keep_told(websocket, feed, _clock)

    async def teller(websocket: WebSocket) -> None:
        await accept(websocket)
        told = Told()
        await _tell(
            websocket.url.query, told, room.tell, lambda: any(one.waiting for one in consoles)
        )
        await websocket.send_text(told.document())
        await websocket.close()

    return Starlette(routes=[WebSocketRoute("/", console), WebSocketRoute("/tell", teller)])


@asynccontextmanager
async def _kept(consoles: set[ConsoleFeed], feed: ConsoleFeed) -> AsyncGenerator[None]:
    consoles.add(feed)
    try:
        yield
    except WebSocketDisconnect:
        pass
    finally:
        consoles.discard(feed)


def _clock() -> datetime:
    return BEGIN


# The reference


async def reference(port: int) -> None:
    """Serve with the library alone: the same frame to everybody, by its broadcast()."""
    room = Room()
    consoles: set[ServerConnection] = set()
    number = 0

    def tell() -> int:
        nonlocal number
        number += 1
        broadcast(consoles, frame, text=True)
        return number

    def is_behind() -> bool:
        return any(one.transport.get_write_buffer_size() > BUFFERED_MAX for one in consoles)

    async def take(connection: ServerConnection) -> None:
        request = connection.request
        where = urlsplit(request.path if request else "/")
        if where.path == "/tell":
            told = Told()
            await _tell(where.query, told, tell, is_behind)
            await connection.send(told.document())
            return
        consoles.add(connection)
        try:
            await connection.wait_closed()
        finally:
            consoles.discard(connection)

    frame = room.frame(1_000)
    async with serve(take, ADDRESS, port, compression=None, ping_interval=None) as server:
        await server.serve_forever()


def main() -> None:
    """Serve on the port that the command line names, in one of the two ways."""
    port, way = int(sys.argv[1]), sys.argv[2]
    if way == "broadcast":
        try:
            uvloop.run(reference(port))
        except (KeyboardInterrupt, ConnectionClosed):
            return
    uvicorn.run(
        ours(),
        host=ADDRESS,
        port=port,
        ws=Wire,
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
