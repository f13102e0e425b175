"""Where everything is wired together: settings in, a running server out. The only place that is."""

import asyncio
import gc
import json
import os
import signal
import socket
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import structlog
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from starlette.types import ASGIApp

from app import errors, rounds, snapshots
from app.center import Center
from app.clock import RuleClock, system_clock
from app.database import DatabaseUnavailable, SchemaRefused, database
from app.desks import Desks
from app.doors import (
    acknowledgements,
    administrator,
    caregiver,
    caregiver_own,
    console,
    families,
    family,
    handset,
    handset_looks,
    health,
    operator,
    operator_card,
    operator_hand,
    operator_map,
    operator_photo,
    operator_replay,
    operator_rounds,
    operator_search,
    reports,
    second_factor,
    session,
    wallboard,
)
from app.doors.audited import Audited
from app.doors.express import express_for
from app.doors.limits import BodyLimit
from app.doors.pages import pages_router
from app.doors.wire import Wire
from app.logs import set_up
from app.metrics import Metrics
from app.outside.osrm import TravelTimes
from app.outside.outbox import Outbox
from app.outside.parties import Parties, PartiesRefused, parties_of
from app.outside.tiles import TileSource, TilesRefused, tiles_of
from app.register.directory import Directory
from app.register.finder import Finder
from app.register.geography import Geography
from app.register.ground import Ground
from app.register.imports import resume_imports
from app.register.roads import RoadsRefused, read_roads
from app.security.access import PUBLIC
from app.security.security import CaregiverCard, Security
from app.security.security import build as build_security
from app.service import Service
from app.settings import DOORS, Settings
from app.silence import Silence
from app.storage.answered import calls_since, free_since
from app.storage.ledger import LedgerLost, LedgerOwned, NumberTaken, PostgresLedger, Recorded
from app.storage.tracks import Tracks
from app.views.answered import HOUR, NOBODY_WAITS, Answered, Counted
from app.views.feed import Feed
from app.views.points import Points
from app.views.wallboard import Wallboard
from dispatch.book import Book
from dispatch.facts import PlanAdopted
from dispatch.plans import read_plans
from dispatch.requests import Register
from dispatch.ways import StraightLine, Ways

log = structlog.get_logger()

EXIT_OK: Final = 0
EXIT_SETTINGS: Final = 2
EXIT_DATABASE: Final = 3
EXIT_OWNED: Final = 4
EXIT_PORT: Final = 5

DATABASE_WITHIN_S: Final = 30.0
STOP_WITHIN_S: Final = 10
KEEP_ALIVE_S: Final = 75
GARBAGE_OBJECTS: Final = 50_000  # new ones, before cycles are looked for
OFF: Final = "off"
VERSION: Final = "0.1.0"


Work: TypeAlias = Callable[[], Coroutine[Any, Any, object]]


class AddressTaken(Exception):
    """Another program listens on an address that a door needs."""


class SettingsRefused(Exception):
    """A setting cannot be used; the message names it."""


# The application


def build_api(service: Service, doors: frozenset[str]) -> ASGIApp:
    """Return the application of one address: these doors, and whether the server is well."""
    api = FastAPI(
        title="一点通 Yidiantong",
        version=VERSION,
        summary="One touch reaches all: a press becomes help, on record.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    api.state.service = service
    api.state.security = service.security
    errors.install(api)
    routers = [router for door in DOORS if door in doors for router in _ROUTERS.get(door, ())]
    for router in {id(router): router for router in routers}.values():  # log-ins are shared
        api.include_router(router)
    if "pages" in doors:
        pictures = service.tiles.origins if service.tiles else ()
        pages = pages_router(demo=service.settings.demo, images=pictures)
        api.include_router(pages, dependencies=[PUBLIC])
    api.include_router(health.health)

    @api.get("/api/v1/openapi.json", dependencies=[PUBLIC], include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        return api.openapi()

    guarded = BodyLimit(Audited(api, service.security.audit))
    return handset.HandsetDoor(guarded, service) if "handset" in doors else guarded


_ROUTERS: Final[Mapping[str, Sequence[APIRouter]]] = {
    "handset": (handset.router, handset_looks.router),
    "caregiver": (
        session.caregiver_router,
        caregiver.router,
        caregiver_own.router,
        acknowledgements.router,
    ),
    "family": (family.router,),
    "operator": (
        session.desk_router,
        second_factor.router,
        operator.router,
        operator_card.router,
        operator_hand.router,
        operator_photo.router,
        operator_map.router,
        operator_replay.router,
        operator_rounds.router,
        operator_search.router,
        wallboard.router,
        families.router,
        console.router,
        reports.router,
    ),
    "administrator": (
        session.desk_router,
        second_factor.router,
        administrator.router,
        reports.router,
    ),
    "metrics": (health.metrics,),
}


def addresses(settings: Settings) -> Mapping[tuple[str, int], frozenset[str]]:
    """Return which doors are open on which address.

    Raises:
        SettingsRefused: an address is not `HOST:PORT`, `off` or empty.
    """
    found: dict[tuple[str, int], set[str]] = {}
    for door in DOORS:
        wanted = str(getattr(settings, f"door_{door}")).strip()
        if wanted == OFF:
            continue
        if wanted:
            address = _address(door, wanted)
        elif door == "metrics":  # never beside the public doors
            address = ("127.0.0.1", min(settings.port + 1, 65_534) if settings.port else 0)
        else:
            address = (settings.host, settings.port)
        found.setdefault(address, set()).add(door)
    return {address: frozenset(doors) for address, doors in found.items()}


def _address(door: str, wanted: str) -> tuple[str, int]:
    host, _, port = wanted.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        name = f"YDT_DOOR_{door.upper()}"
        raise SettingsRefused(f"{name} is {wanted!r}: write HOST:PORT, off, or nothing.")
    return host.strip("[]"), int(port)


# The parts


@asynccontextmanager
async def running(settings: Settings, engine: AsyncEngine) -> AsyncGenerator[Service]:
    """Give a service that owns the journal and does its work, on a migrated database.

    Raises:
        LedgerOwned: another server owns this database.
        LedgerLost: the database went away.
        SettingsRefused: a setting cannot be used.
    """
    metrics, clock, directory = Metrics(), _rule_clock(settings), Directory()
    parties, base_map, tiles = _parties(settings), _base_map(settings), _tiles(settings)
    await directory.load(engine)
    finder = Finder(directory)
    feed = Feed(directory, metrics)
    ledger = PostgresLedger(engine)
    travel = TravelTimes(settings.osrm_url, metrics, within_s=settings.osrm_within_s)

    answered = Answered(ZoneInfo(settings.zone))

    def tell(book: Book, recorded: Sequence[Recorded]) -> None:
        answered.note(one.fact for one in recorded)
        feed.tell(book, recorded, ledger.epoch)
        finder.note(one.fact for one in recorded)
        travel.note(recorded)

    center = Center(
        ledger,
        clock,
        metrics,
        tell=tell,
        read_within_s=settings.answer_within_s,
        ways=_ways(settings),
        policy=settings.policy,
        channels=parties.channels,
    )
    tracks = Tracks(
        engine,
        metrics,
        waiting_max=settings.tracks_max,
        kept_days=settings.tracks_kept_days,
        answer_within_s=settings.answer_within_s,
    )
    security = _security(settings, engine, directory)
    silence = Silence(engine, center, after=timedelta(hours=settings.silent_after_h))
    service = Service(
        settings=settings,
        engine=engine,
        center=center,
        desks=Desks(center),
        tracks=tracks,
        directory=directory,
        finder=finder,
        geography=Geography(directory),
        feed=feed,
        wallboard=Wallboard(answered, silence),
        points=Points(feed),
        security=security,
        metrics=metrics,
        parties=parties,
        base_map=base_map,
        ground=Ground(base_map),
        tiles=tiles,
    )
    _watch(service)
    await security.tokens.load()
    await _recall_answers(answered, engine, clock())
    await center.start()
    feed.start(center.book, ledger.last_number)
    await tracks.start(system_clock())
    outbox = Outbox(service)
    async with _working(
        ending=(center.run, lambda: tracks.run(system_clock), outbox.run),
        endless=(
            security.run,
            service.desks.run,
            lambda: resume_imports(service),
            lambda: travel.run(center),
            lambda: rounds.watch(service),
            lambda: snapshots.keep_fresh(service),
            lambda: silence.run(system_clock),
            finder.warm,
            lambda: _measure_lag(metrics),
        ),
        stop=(outbox.stop, tracks.stop, center.stop),
    ):
        await _adopt_plans(service)
        yield service
    await security.stop()


@asynccontextmanager
async def _working(
    *,
    ending: Sequence[Work],
    endless: Sequence[Work],
    stop: Sequence[Callable[[], object]],
) -> AsyncGenerator[None]:
    """Run work beside the block. What is `ending` ends by itself, in time, once it is told to.

    Work that fails ends the block, and its error is raised.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
            for work in ending:
                group.create_task(work())
            forever = [group.create_task(work()) for work in endless]
            try:
                yield
            finally:
                limit.reschedule(loop.time() + STOP_WITHIN_S)
                for step in stop:
                    step()
                for task in forever:
                    task.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    except TimeoutError:
        log.warning("stopped before everything was written; nothing acknowledged is lost")


def _security(settings: Settings, engine: AsyncEngine, directory: Directory) -> Security:
    def card(caregiver_id: str) -> CaregiverCard | None:
        found = directory.caregivers.get(caregiver_id)
        return CaregiverCard(id=found.id, name=found.name, kind=found.kind) if found else None

    return build_security(
        async_sessionmaker(engine, expire_on_commit=False),
        system_clock,
        card,
        origins=settings.origins,
        factor_roles=settings.second_factor_roles,
        lock_after=timedelta(minutes=settings.lock_after_min) or None,
        one_keeps_all=settings.one_administrator,
    )


def _rule_clock(settings: Settings) -> RuleClock:
    if not settings.clock_start:
        return RuleClock(speed=settings.clock_speed)
    try:
        start = datetime.fromisoformat(settings.clock_start)
    except ValueError as error:
        raise SettingsRefused("YDT_CLOCK_START is not an RFC 3339 time.") from error
    if start.tzinfo is None:
        raise SettingsRefused("YDT_CLOCK_START needs a time zone, as in 2026-11-22T08:00:00Z.")
    return RuleClock(start=start, speed=settings.clock_speed)


def _parties(settings: Settings) -> Parties:
    try:
        return parties_of(settings)
    except PartiesRefused as error:
        raise SettingsRefused(str(error)) from error


def _tiles(settings: Settings) -> TileSource | None:
    try:
        return tiles_of(settings)
    except TilesRefused as error:
        raise SettingsRefused(str(error)) from error


def _base_map(settings: Settings) -> Sequence[Mapping[str, Any]]:
    if settings.base_map is None:
        return ()
    try:
        features: Sequence[Mapping[str, Any]] = json.loads(settings.base_map.read_text("utf-8"))[
            "features"
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsRefused(f"YDT_BASE_MAP cannot be read as GeoJSON: {error}") from error
    return features


def _ways(settings: Settings) -> Ways:
    if settings.roads is None:
        return StraightLine()
    try:
        return read_roads(settings.roads)
    except RoadsRefused as error:
        raise SettingsRefused(f"YDT_ROADS {error}") from error


async def _recall_answers(answered: Answered, engine: AsyncEngine, now: datetime) -> None:
    """Let the wallboard go on with the day where the server before this one left it."""
    since = min(answered.begin_of_day(now), now - HOUR)
    rows = await calls_since(engine, since, left_out=NOBODY_WAITS)
    calls = (
        Counted(
            incident_id=row["id"],
            area_id=row["area_id"],
            raised_at=row["raised_at"],
            answered_at=row["answered_at"],
        )
        for row in rows
    )
    answered.load(calls, await free_since(engine))


async def _adopt_plans(service: Service) -> None:
    """Adopt the plans that come with the program, if no plan was ever adopted."""
    if service.center.book.plan_version:
        return
    name = "plans.toml"
    text = (files("app") / "data" / name).read_text("utf-8")
    version = read_plans(text, file=name, is_new=True).version
    fact = PlanAdopted(at=service.center.now, version=version, text=text)
    await service.center.call(Register(facts=(fact,)))


def _watch(service: Service) -> None:
    metrics, center = service.metrics, service.center
    metrics.watch("incidents_open", "Open incidents", lambda: len(center.book.incidents))
    metrics.watch(
        "calls_untaken", "Grave calls that no operator has", lambda: len(center.book.untaken)
    )
    metrics.watch(
        "overloaded",
        "Whether more grave calls wait than the desk can take",
        lambda: float(center.book.overload is not None),
    )
    metrics.watch("consoles", "Connected consoles", lambda: service.feed.consoles)
    metrics.watch("tracks_waiting", "Tracks that wait", lambda: service.tracks.waiting)
    metrics.watch("ready", "Whether a press can be put on record", lambda: float(center.is_ready))


async def _measure_lag(metrics: Metrics) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.5
        await asyncio.sleep(0.5)
        metrics.loop_lag_seconds.observe(max(0.0, loop.time() - due))


# The process


def serve(settings: Settings) -> int:
    """Run the server until it is told to stop; return the process's exit code."""
    set_up(settings.log_level, as_json=settings.log_json)
    try:
        sockets = dict(_listen(settings))
    except SettingsRefused as error:
        return _say(EXIT_SETTINGS, str(error))
    except AddressTaken as error:
        return _say(EXIT_PORT, str(error))
    try:
        return uvloop.run(_serve(settings, sockets))
    except (SettingsRefused, ValidationError) as error:
        return _say(EXIT_SETTINGS, str(error))
    except (DatabaseUnavailable, SchemaRefused, LedgerLost) as error:
        return _say(EXIT_DATABASE, str(error))
    except LedgerOwned:
        return _say(EXIT_OWNED, "Another server owns this database; stop that one first.")
    except NumberTaken:
        return _say(EXIT_OWNED, "Another server wrote to the journal; this one has stopped.")
    finally:
        for listening in sockets.values():
            listening.close()


async def _serve(
    settings: Settings, sockets: Mapping[tuple[frozenset[str], str], socket.socket]
) -> int:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with _database(settings, stopping) as engine, running(settings, engine) as service:
        _spare_what_stays()
        servers = [_Server(_config(build_api(service, doors))) for doors, _ in sockets]
        pairs = zip(servers, sockets.values(), strict=True)
        tasks = [
            asyncio.ensure_future(server.serve(sockets=[listening])) for server, listening in pairs
        ]
        for (doors, host), listening in sockets.items():
            port = listening.getsockname()[1]
            log.info("listening", host=host, port=port, doors=sorted(doors))
        try:
            await stopping.wait()
        finally:
            for server in servers:
                server.should_exit = True
            await asyncio.wait(tasks, timeout=STOP_WITHIN_S)
        log.info("stopping")
    return EXIT_OK


@asynccontextmanager
async def _database(settings: Settings, stopping: asyncio.Event) -> AsyncGenerator[AsyncEngine]:
    """Give the engine, waiting a while for a database that is only just starting."""
    give_up_at = time.monotonic() + DATABASE_WITHIN_S
    while True:
        try:
            context = database(settings, on_progress=lambda word: log.info(word))
            engine = await context.__aenter__()
            break
        except DatabaseUnavailable as error:
            if settings.database_url is None or time.monotonic() > give_up_at or stopping.is_set():
                raise
            log.warning("waiting for the database", reason=str(error))
            await asyncio.sleep(1.0)
    try:
        yield engine
    finally:
        await context.__aexit__(None, None, None)


def _listen(
    settings: Settings,
) -> Iterator[tuple[tuple[frozenset[str], str], socket.socket]]:
    for (host, port), doors in addresses(settings).items():
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=2_048)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            raise AddressTaken(
                f"{host}:{port} cannot be used ({why}): another program listens there, or the "
                "address is not this machine's. Choose another with --port."
            ) from error
        listening.setblocking(False)
        yield (doors, host), listening


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=express_for(app.events) if isinstance(app, handset.HandsetDoor) else "httptools",
        ws=Wire,
        ws_per_message_deflate=False,  # its cost is 1.4 to 1.9 times a plain frame's
        ws_max_size=65_536,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
    )


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the signals to the process."""

    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        return nullcontext()


def _spare_what_stays() -> None:
    """Leave what was loaded out of every search for garbage, and search more seldom.

    A handset's event leaves no cycles behind; looking for them after every 700 new objects was a
    third of its cost, and a search through a large book stops the server for 0.1 s.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS, 20, 20)


def _say(code: int, words: str) -> int:
    log.error(words)
    return code
