"""A small town on a running service: people, handsets and desks, and the doors to reach them.

Street S1 lies west of 113.05° E, street S2 east of it. `serving` gives the town on any migrated
database, `knocking` opens its doors on a TCP port of this machine for websockets.
"""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
import structlog
from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect

from app.clock import system_clock
from app.codec import decode
from app.database import engine_for
from app.main import _config, _Server, build_api, running
from app.security.accounts import Accounts
from app.security.passwords import Passwords
from app.security.tokens import TokenKind
from app.service import Service
from app.settings import DOORS, Settings
from app.storage.snapshot import restore, save
from dispatch import facts as f
from dispatch.areas import Level
from dispatch.book import Book
from dispatch.evolve import EVOLVE_VERSION, evolve
from dispatch.place import Place
from dispatch.requests import Close, Duty, Register
from tests.integration.conftest import url_of

# Tracebacks as plain text: the others show what lay in memory, and take seconds to draw.
structlog.configure(
    processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
)

PASSWORD = "一二三四五六七八九十"
HOST = "desk.example"
ALL_DOORS = frozenset(DOORS) - {"metrics"}
WITHIN_S = 10.0  # a wait for the other side of a socket; reached only when a test fails

HANDSET = "/api/v1/handset/events"
CAREGIVER = "/api/v1/caregiver"
OPERATOR = "/api/v1/operator"

AREAS = (
    ("D", None, "district", 113.00, 113.10),
    ("S1", "D", "street", 113.00, 113.05),
    ("S2", "D", "street", 113.05, 113.10),
    ("G1", "S1", "grid", 113.00, 113.05),
    ("G2", "S2", "grid", 113.05, 113.10),
)
RESIDENTS = (("R1", "G1", 113.01, "李秀英"), ("R2", "G2", 113.09, "王建国"))
HANDSETS = (("H1", "R1"), ("H2", "R2"), ("H9", None))
CAREGIVERS = (
    ("C1", "S1", 113.011),
    ("C2", "S1", 113.012),
    ("C3", "S1", 113.020),
    ("C4", "S2", 113.089),
)
DESKS = (
    ("op1", ("operator",), ("S1",)),
    ("op2", ("operator",), ("S1",)),
    ("far", ("operator",), ("S2",)),
    ("sup", ("supervisor",), ("*",)),
    ("adm", ("administrator",), ("*",)),
)

_event_ids = count(1)
_databases = count(1)


def town(at: datetime) -> tuple[Any, ...]:
    """Return the facts that make the town."""
    areas = [
        f.AreaDefined(
            at=at,
            area_id=area_id,
            parent_id=parent,
            level=Level(level),
            name=f"area {area_id}",
            centre=((west + east) / 2, 28.2),
            ring=((west, 28), (east, 28), (east, 29), (west, 29), (west, 28)),
        )
        for area_id, parent, level, west, east in AREAS
    ]
    residents = [
        f.ResidentRegistered(
            at=at,
            resident_id=resident_id,
            area_id=area_id,
            state="home",
            category="elder",
            ability="partly",
            lives_alone=True,
            language="zh",
            communication="voice",
            home_is_pinned=True,
            home=Place(lon=lon, lat=28.2),
            name=name,
            telephone=f"1380000{resident_id}",
            address=f"{resident_id} 号楼",
            medical="青霉素过敏",
            key_note="钥匙在邻居家",
        )
        for resident_id, area_id, lon, name in RESIDENTS
    ]
    handsets = [
        f.HandsetPaired(at=at, handset_id=handset_id, resident_id=resident_id, model="demo")
        for handset_id, resident_id in HANDSETS
    ]
    caregivers = [
        f.CaregiverEnrolled(
            at=at,
            caregiver_id=caregiver_id,
            kind="grid_worker",
            skills=(),
            languages=("zh",),
            area_id=area_id,
            speed_kmh=15,
            is_active=True,
            station=Place(lon=lon, lat=28.2),
            name=f"护 {caregiver_id}",
        )
        for caregiver_id, area_id, lon in CAREGIVERS
    ]
    return (*areas, *residents, *handsets, *caregivers)


def press(kind: str = "sos", **more: object) -> dict[str, object]:
    """Return an event with an id of its own."""
    return {"event_id": f"e{next(_event_ids)}", "kind": kind, **more}


@dataclass
class Desk:
    """One signed-in browser."""

    web: AsyncClient
    headers: Mapping[str, str]

    async def get(self, path: str, **more: Any) -> Response:
        return await self.web.get(OPERATOR + path, headers=dict(self.headers), **more)

    async def post(self, path: str, **body: object) -> Response:
        return await self.web.post(OPERATOR + path, headers=dict(self.headers), json=body)


@dataclass
class Phone:
    """A handset or a caregiver's telephone, with its token."""

    web: AsyncClient
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def get(self, path: str) -> Response:
        return await self.web.get(path, headers=self.headers)

    async def post(self, path: str, body: object = None) -> Response:
        return await self.web.post(path, headers=self.headers, json=body)

    async def send(self, *events: object) -> Response:
        """Send events as a handset does: one alone, several as an array."""
        return await self.post(HANDSET, events[0] if len(events) == 1 else list(events))

    async def send_raw(self, content: Any, **headers: str) -> Response:
        return await self.web.post(HANDSET, headers=self.headers | headers, content=content)


@dataclass
class World:
    """A running service with its town."""

    service: Service
    api: ASGIApp
    web: AsyncClient
    _accounts: Accounts
    _made: set[str] = field(default_factory=set)

    @property
    def book(self) -> Book:
        return self.service.center.book

    async def handset(self, handset_id: str = "H1") -> Phone:
        issued = await self.service.security.tokens.issue(TokenKind.HANDSET, handset_id)
        return Phone(self.web, issued.token)

    async def caregiver(self, caregiver_id: str) -> Phone:
        issued = await self.service.security.tokens.issue(TokenKind.CAREGIVER, caregiver_id)
        return Phone(self.web, issued.token)

    async def desk(self, login: str) -> Desk:
        """Sign in at a desk, past the password, which is tested elsewhere and takes long."""
        if login not in self._made:
            roles, areas = next((roles, areas) for name, roles, areas in DESKS if name == login)
            await self._accounts.create(
                login, PASSWORD, name=f"desk {login}", roles=roles, areas=areas
            )
            self._made.add(login)
        opened = await self.service.security.sessions.open(await self._accounts.get(login))
        cookie = f"ydt_session={opened.cookie}"
        return Desk(self.web, {"Cookie": cookie, "X-CSRF-Token": opened.session.csrf})

    async def call_for_help(self, handset_id: str = "H1", **more: object) -> str:
        """Press the red key once; return the incident."""
        answer = await (await self.handset(handset_id)).send(press(**more))
        assert answer.status_code == 200, answer.text
        return answer.json()["incident_id"]

    async def offered(self, caregiver_id: str) -> str:
        """Return the offer that waits for this caregiver."""
        state = await (await self.caregiver(caregiver_id)).get(f"{CAREGIVER}/state")
        return state.json()["offers"][0]["id"]

    async def sql(self, query: str, **values: object) -> list[Any]:
        return await sql(self.service.engine, query, **values)

    async def facts(self) -> list[f.Fact]:
        return await facts_on_record(self.service.engine)

    async def tidy(self) -> None:
        """End every open call, so that the next story begins in a quiet town; then refold."""
        center = self.service.center
        for one in list(self.book.incidents.values()):
            closing = Close(
                incident_id=one.id,
                operator_id=one.claim.operator_id or f.OperatorId("sup"),
                disposition="other",
            )
            await center.call(closing)
        for caregiver_id, *_ in CAREGIVERS:
            await center.call(Duty(caregiver_id=f.CaregiverId(caregiver_id), is_on=True))
        live, number = await center.read(
            lambda book: (state_of(book), int(center.cursor.partition(":")[2]))
        )
        assert state_of(folded((await self.facts())[:number])) == live


async def sql(engine: AsyncEngine, query: str, **values: object) -> list[Any]:
    async with engine.begin() as connection:
        result = await connection.execute(text(query), values)
        return list(result) if result.returns_rows else []


async def facts_on_record(engine: AsyncEngine) -> list[f.Fact]:
    rows = await sql(
        engine, "SELECT kind, version, body::text, personal::text FROM fact ORDER BY number"
    )
    return [decode(*row) for row in rows]


@asynccontextmanager
async def a_database(server_url: str) -> AsyncGenerator[AsyncEngine]:
    """Give a migrated database for all tests of a module, whose loop the caller is in."""
    name = f"shared_{next(_databases)}"
    master = await asyncpg.connect(server_url)
    await master.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    engine = engine_for(url_of(server_url, name))
    try:
        yield engine
    finally:
        await engine.dispose()
        await master.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await master.close()


@asynccontextmanager
async def serving(
    engine: AsyncEngine,
    *,
    doors: frozenset[str] = ALL_DOORS,
    is_new: bool = True,
    **settings: Any,
) -> AsyncGenerator[World]:
    """Give the service, and the town if it `is_new`; afterwards refold what it left on record."""
    light = Passwords(time_cost=1, memory_kib=64)
    accounts = Accounts(async_sessionmaker(engine, expire_on_commit=False), system_clock, light)
    try:
        async with running(Settings(**settings), engine) as service:
            api = build_api(service, doors)
            transport = ASGITransport(api, raise_app_exceptions=False)
            async with AsyncClient(transport=transport, base_url=f"http://{HOST}") as web:
                world = World(service, api, web, accounts)
                if is_new:
                    await service.center.call(Register(facts=town(service.center.now)))
                    for caregiver_id, *_ in CAREGIVERS:
                        await service.center.call(
                            Duty(caregiver_id=f.CaregiverId(caregiver_id), is_on=True)
                        )
                yield world
    finally:
        light.close()
    await check_refold(engine, world.book)


async def check_refold(engine: AsyncEngine, live: Book) -> None:
    """Fail unless the record gives the live book again, folded whole or from the snapshot."""
    facts = await facts_on_record(engine)
    assert state_of(folded(facts)) == state_of(live)
    query = "SELECT number, body FROM snapshot WHERE evolve_version = :version"
    for number, body in await sql(engine, query, version=EVOLVE_VERSION):
        assert state_of(folded(facts[number:], body)) == state_of(live)


def folded(facts: list[f.Fact], snapshot: bytes | None = None) -> Book:
    """Return the book that these facts make, after a snapshot or from nothing."""
    book = Book()
    if snapshot is not None:
        restore(book, snapshot)
    for fact in facts:
        evolve(book, fact)
    return book


def state_of(book: Book) -> dict[str, object]:
    """Return the state of a book, and the indexes that must follow from it, to be compared."""
    deadlines = {one for incident in book.incidents.values() for one in book.deadlines_of(incident)}
    deadlines |= set(book.deadlines_of_desk())
    return {
        "last_at": book.last_at,
        "incident_count": book.incident_count,
        "plans": {version: plans.text for version, plans in book.plan_books.items()},
        "plan_version": book.plan_version,
        "areas": dict(book.territory.areas),
        "officers": dict(book.officers),
        "channels": dict(book.channels),
        "residents": dict(book.residents),
        "handsets": dict(book.handsets),
        "caregivers": {one.id: one for one in book.roster.everybody()},
        "desk": dict(book.desk),  # copies: the center goes on while they are compared
        "handovers": dict(book.handovers),
        "overload": book.overload,
        "back_since": book.back_since,
        "round_count": book.round_count,
        "rounds": dict(book.rounds),
        "incidents": dict(book.incidents),
        "closed": list(book.closed.items()),
        "offers": dict(book.offers),
        "attendances": dict(book.attendances),
        "heard": {handset: list(known.items()) for handset, known in book.heard.items()},
        "open_of": {caller: set(ids) for caller, ids in book.open_of.items() if ids},
        "round_of": book.round_of,
        "claimed_by": {operator: ids for operator, ids in book.claimed_by.items() if ids},
        "deadlines": deadlines,
        "expected": expected(book),
    }


def expected(book: Book) -> set[tuple[Any, ...]]:
    """Return the deadlines that the book would let fire, each of which still holds."""
    return {one for one in book._deadlines if book.still_holds(*one)}


def saved_and_restored(book: Book) -> Book:
    return folded([], save(book))


# Sockets


@dataclass
class Line:
    """A websocket, with its frames read one by one."""

    socket: ClientConnection

    async def next(self, **wanted: object) -> dict[str, Any]:
        """Return the next frame that has these members; frames before it are passed over."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                frame = msgspec.json.decode(await self.socket.recv())
                if all(frame.get(name) == value for name, value in wanted.items()):
                    return frame

    async def until(self, is_wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Return all frames up to the first that is wanted."""
        frames: list[dict[str, Any]] = []
        while not frames or not is_wanted(frames[-1]):
            frames.append(await self.next())
        return frames

    async def close_code(self) -> int | None:
        """Wait for the other side to close, and return its code."""
        async with asyncio.timeout(WITHIN_S):
            await self.socket.wait_closed()
        return self.socket.close_code

    async def say(self, value: object) -> None:
        await self.socket.send(json.dumps(value))


@dataclass
class Doors:
    """The service's doors on a TCP port."""

    port: int

    @asynccontextmanager
    async def console(self, desk: Desk, after: str = "", **more: Any) -> AsyncGenerator[Line]:
        url = f"ws://127.0.0.1:{self.port}{OPERATOR}/stream?after={quote(after)}"
        cookie = {"Cookie": desk.headers["Cookie"]} | more.pop("headers", {})
        async with connect(url, additional_headers=cookie, proxy=None, **more) as one:
            yield Line(one)

    @asynccontextmanager
    async def telephone(self, phone: Phone, **more: Any) -> AsyncGenerator[Line]:
        url = f"ws://127.0.0.1:{self.port}{CAREGIVER}/stream"
        words = ["ydt.v1", f"bearer.{phone.token}"]
        async with connect(url, subprotocols=words, proxy=None, **more) as one:  # pyright: ignore[reportArgumentType]
            yield Line(one)


@asynccontextmanager
async def knocking(world: World) -> AsyncGenerator[Doors]:
    """Open the doors on a free port, by the same server as in production."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)  # a slow peer is felt soon
    listening.setblocking(False)
    server = _Server(_config(world.api))
    task = asyncio.ensure_future(server.serve(sockets=[listening]))
    try:
        yield Doors(listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()


def narrow_socket(port: int) -> socket.socket:
    """Return a connection that takes little before it is read."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    narrow.connect(("127.0.0.1", port))
    narrow.setblocking(False)
    return narrow


async def until(is_so: Callable[[], bool]) -> None:
    """Wait, with a deadline, until the other side of a socket has done something."""
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110 - the other side sets no event of ours
            await asyncio.sleep(0.001)
