"""The console's stream: everything at first, then what changes, and nothing missed in between."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, WebSocket

from app.doors.desk import in_scope, shown
from app.doors.streams import accept, send, serve
from app.doors.waiting import NotOnRecordYet
from app.doors.wire import short_way
from app.security.access import Hindrance, Principal, allow, security_of
from app.security.roles import Role
from app.service import Service, the_service
from app.views.book import View, desk_view, dot_view, incident_view
from app.views.feed import ConsoleFeed
from dispatch.book import Book, OperatorAtDesk
from dispatch.ids import AreaId, IncidentId, OperatorId
from dispatch.incident import Incident
from dispatch.queue import rank

DOTS_EVERY_S: Final = 1.0
HEAR_EVERY_S: Final = 0.1
SAID_MAX: Final = 200  # characters
PING_EVERY_S: Final = 1.5  # a console that has heard nothing for four says so: within five in all

# A locked desk goes on hearing: a call is never silenced because nobody touched the desk.
OperatorDep = Annotated[
    Principal, allow(Role.OPERATOR, Role.SUPERVISOR, despite=(Hindrance.LOCKED,))
]
router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode


@router.websocket("/stream")
async def stream(
    websocket: WebSocket, who: OperatorDep, after: Annotated[str, Query(max_length=40)] = ""
) -> None:
    """Send a snapshot, or what was missed since `after`; then whole incidents as they change."""
    service = the_service(websocket)
    console = ConsoleFeed(
        covers=lambda path: in_scope(who, path),
        shown=lambda incident: shown(service.security.looks, who, incident),
        operator_id=who.id,
        write=short_way(websocket),
    )
    service.directory.operators[who.id] = who.name

    def first(book: Book) -> list[bytes]:
        console.take()  # what has come so far is in these frames
        return [*_first(service, who, book, after), *service.feed.viewed(console)]

    async def hear(said: str) -> None:
        is_locked = service.security.sessions.is_locked(who.session_id)
        await _hear(service, console, said, is_locked=is_locked)

    with security_of(websocket).watch(who) as gone, service.feed.console(console):
        await accept(websocket)
        try:
            await _sit_down(service, who)
            frames = await service.center.read(first)
            for frame in frames:
                await send(websocket, frame)
            await serve(
                websocket,
                gone,
                write=lambda: keep_told(websocket, console, lambda: service.center.now),
                hear=hear,
            )
        finally:
            service.desks.leave(_operator(who))


async def _sit_down(service: Service, who: Principal) -> None:
    try:
        async with asyncio.timeout(service.settings.answer_within_s):
            await service.desks.sit_down(_operator(who))
    except TimeoutError as error:
        raise NotOnRecordYet("Try again in a moment.") from error


def _operator(who: Principal) -> OperatorAtDesk:
    return OperatorAtDesk(
        id=OperatorId(who.id),
        is_supervisor=Role.SUPERVISOR in who.roles,
        areas=tuple(AreaId(area) for area in who.areas),
    )


class _Opened(msgspec.Struct, forbid_unknown_fields=True):
    """What a console says: which call stands open, or none. Actions are requests, that answer."""

    open: str | None


_decode: Final = msgspec.json.Decoder(_Opened).decode


async def _hear(
    service: Service, console: ConsoleFeed, said: str, *, is_locked: bool = False
) -> None:
    """Take which call an operator looks at; what cannot be read, or is others', is no call.

    Nobody looks at a locked desk.
    """
    await asyncio.sleep(HEAR_EVERY_S)  # a console that talks without end is heard slowly
    if len(said) > SAID_MAX:
        return
    try:
        incident_id = _decode(said).open
    except msgspec.DecodeError:
        return

    def look(book: Book) -> None:
        key = IncidentId("" if is_locked else incident_id or "")
        incident = book.incidents.get(key) or book.closed.get(key)
        path = book.territory.path(incident.area_id) if incident is not None else ()
        is_ours = incident is not None and console.covers(path)
        service.feed.opened(console, key if is_ours else None, path if is_ours else ())

    await service.center.read(look)


async def keep_told(
    websocket: WebSocket, console: ConsoleFeed, clock: Callable[[], datetime]
) -> None:
    """Send all that waits for a console, whenever something does, until it is cancelled."""
    loop = asyncio.get_running_loop()
    ping_at = loop.time()
    while True:
        now = loop.time()
        if now >= ping_at:
            ping_at = now + PING_EVERY_S
            await send(websocket, _encode({"type": "ping", "server_time": clock()}))
        for frame in console.take():
            await send(websocket, frame)
        dots = console.take_dots()
        if dots is not None:
            await send(websocket, dots)
        with suppress(TimeoutError), console.idle():
            async with asyncio.timeout(DOTS_EVERY_S):
                await console.changed.wait()


def _first(service: Service, who: Principal, book: Book, after: str) -> list[bytes]:
    cursor = service.center.cursor
    missed = _missed(service, book, after, cursor)
    if missed is None:
        return [_snapshot(service, who, book, cursor)]
    frames = [_encode({"type": "resumed", "cursor": after})]
    for incident in missed:  # under the old cursor, until all of them have arrived
        if in_scope(who, book.territory.path(incident.area_id)):
            may_see = shown(service.security.looks, who, incident)
            frames.append(service.feed.frame(book, incident, after, with_place=may_see))
    frames.append(_encode({"type": "cursor", "cursor": cursor}))
    frames.append(service.feed.desk(book))
    return frames


def _missed(service: Service, book: Book, after: str, cursor: str) -> list[Incident] | None:
    epoch, _, number = after.partition(":")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if epoch != cursor.partition(":")[0] or not is_number:
        return None
    return service.feed.missed(book, int(number))


def _snapshot(service: Service, who: Principal, book: Book, cursor: str) -> bytes:
    mine = [
        one for one in book.incidents.values() if in_scope(who, book.territory.path(one.area_id))
    ]
    views: list[View] = []
    for incident in sorted(mine, key=rank):
        view = incident_view(book, service.directory, incident)
        if not shown(service.security.looks, who, incident):
            view["place"] = None
        views.append(view)
    dots = [
        dot_view(book, service.directory, person, book.roster.sighting(person.id))
        for person in book.roster.everybody()
        if who.covers(book.territory.path(person.area_id))
    ]
    return _encode(
        {
            "type": "snapshot",
            "cursor": cursor,
            "incidents": views,
            "caregivers": dots,
            **desk_view(book, service.directory),
        }
    )
