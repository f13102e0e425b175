"""How smooth the desk's pages are with 500 open calls and 5,000 caregivers who all move.

The pages run in a real browser, without a graphics card, against a stand-in that says what the
server's doors say: views of a book that the rules have made, frames on the console's stream and
changes on the map's door, every caregiver at a new place each second. Their frames a second stand
beside those of an empty page of the same browser, in turns. So the pages alone are measured; what
the server can do is other figures.
"""

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from math import cos, sin
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import msgspec
import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect

from app.doors.pages import pages_router
from app.register.directory import Directory
from app.views.book import View, desk_view, dot_view, incident_view
from app.views.points import FREE
from dispatch import requests as r
from dispatch.book import Book
from dispatch.facts import EventKey
from dispatch.ids import CaregiverId, HandsetId
from dispatch.place import Place
from dispatch.queue import rank
from simulator.bench.figures import LIMIT, Figure, Findings, Target, neighbour_ratios
from simulator.bench.load import LoadFailed
from simulator.bench.stage import Stage, resident_bytes
from simulator.city import demo_city
from simulator.city.basemap import basemap
from simulator.run.tape import BareLoop
from simulator.run.town import Scale, build
from simulator.run.virtual import BEGIN

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CONSOLE: Final = "console_fps"
MAP: Final = "map_fps"
MEMORY: Final = "console_page_memory"
NAMES: Final = (CONSOLE, MAP, MEMORY)
CALLS: Final = 500
CAREGIVERS: Final = 5_000
ROUNDS: Final = 5
SLICE_S: Final = 4.0
SETTLE_S: Final = 3.0
MEMORY_MIB: Final = 300.0
SMOOTH: Final = Target(ratio=0.85, is_least=True)
SMALL: Final = Target(ratio=1.0, is_least=False)
EMPTY: Final = "/empty"
READY_WITHIN_MS: Final = 120_000
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--no-sandbox",
)
VIEW: Final = {"width": 1440, "height": 900}

_MIB: Final = 2**20
_DOOR: Final = "/api/v1/operator"
_COUNT_FRAMES: Final = """(ms) => new Promise((done) => {
  let frames = 0;
  let began;
  const next = (at) => {
    began ??= at;
    if (at - began >= ms) return done((frames * 1000) / (at - began));
    frames += 1;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
_encode: Final = msgspec.json.Encoder().encode


# The measuring


async def measure(
    stage: Stage,
    say: Callable[[str], None],
    names: frozenset[str] = frozenset(NAMES),
    *,
    rounds: int = ROUNDS,
) -> Findings:
    """Measure the pages in turns with an empty one; a slice of each lasts SLICE_S.

    Raises:
        LoadFailed: there is no browser, or a page does not get ready.
    """
    with stage.reference("console_page") as port, _on_all_cores():
        async with _browser() as browser:
            url = f"http://127.0.0.1:{port}"
            empty: list[float] = [await _frames(browser, url + EMPTY, "body")]
            shown: dict[str, list[float]] = {CONSOLE: [], MAP: []}
            held: list[float] = []
            for turn in range(rounds):
                say(f"Round {turn + 1} of {rounds}: frames of the console, the map, no page.")
                fps, mib = await _console(browser, url, is_full=turn == 0)
                shown[CONSOLE].append(fps)
                held.append(mib)
                if MAP in names:
                    selector = f"[data-points='{CAREGIVERS}']"
                    shown[MAP].append(await _frames(browser, f"{url}/map", selector))
                empty.append(await _frames(browser, url + EMPTY, "body"))
    figures = [_smooth(name, shown[name], empty) for name in (CONSOLE, MAP) if name in names]
    if MEMORY in names:
        figures.append(_memory(max(held)))
    return Findings(figures=tuple(figures))


def _smooth(name: str, slices: list[float], empty: list[float]) -> Figure:
    return Figure(
        name=name,
        value=median(slices),
        unit="frames/s",
        reference="an empty page",
        reference_value=median(empty),
        ratios=neighbour_ratios(slices, empty),
        target=SMOOTH,
    )


def _memory(mib: float) -> Figure:
    return Figure(
        name=MEMORY,
        value=mib,
        unit="MiB",
        reference=LIMIT,
        reference_value=MEMORY_MIB,
        ratios=(mib / MEMORY_MIB,),
        target=SMALL,
    )


async def _frames(browser: "Browser", url: str, selector: str) -> float:
    """Return the frames a second of a page, once it shows `selector` and has come to rest."""
    async with _page(browser, url, selector) as page:
        return float(await page.evaluate(_COUNT_FRAMES, SLICE_S * 1000))


async def _console(browser: "Browser", url: str, *, is_full: bool) -> tuple[float, float]:
    """Return the frames a second of the console, and the MiB that its process then holds."""
    async with _page(browser, f"{url}/console", ".desk[data-link=live] .row") as page:
        if is_full:  # that all of it is there is looked at once
            said = await page.inner_text(".counts")
            if str(CALLS) not in said:
                raise LoadFailed(f"The console shows {said!r}, not {CALLS} calls.")
        fps = float(await page.evaluate(_COUNT_FRAMES, SLICE_S * 1000))
        return fps, await _held(browser) / _MIB


@asynccontextmanager
async def _page(browser: "Browser", url: str, selector: str) -> AsyncGenerator["Page"]:
    context = await browser.new_context(viewport={**VIEW})  # pyright: ignore[reportArgumentType]
    try:
        page = await context.new_page()
        await page.goto(url, timeout=READY_WITHIN_MS)
        await page.wait_for_selector(selector, state="attached", timeout=READY_WITHIN_MS)
        await asyncio.sleep(SETTLE_S)
        yield page
    finally:
        await context.close()


async def _held(browser: "Browser") -> int:
    """Return what the largest page process holds: its own, and its part of what is shared."""
    session: Any = await browser.new_browser_cdp_session()
    said: dict[str, Any] = await session.send("SystemInfo.getProcessInfo")
    rows: list[dict[str, Any]] = said["processInfo"]
    await session.detach()
    return max((_share(int(row["id"])) for row in rows if row["type"] == "renderer"), default=0)


def _share(pid: int) -> int:
    """Return the proportional set of a process in bytes; all that it holds where that is hidden."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return resident_bytes(pid)
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line[:4] == "Pss:")


@asynccontextmanager
async def _browser() -> AsyncGenerator["Browser"]:
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError as error:
        raise LoadFailed("The pages are measured with playwright: install it first.") from error
    named = os.environ.get("BROWSER_PATH") or next(filter(None, map(shutil.which, BROWSERS)), None)
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=named, args=[*FLAGS])
            yield browser
            await browser.close()
        except Error as error:
            raise LoadFailed(f"The browser cannot show the pages: {error}") from error


@contextmanager
def _on_all_cores() -> Generator[None]:
    """Let the browser, which is started in here, have all cores: it is what is measured."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# The stand-in: a process of its own


class Scene:
    """A district at its worst: many open calls, and everybody on the move."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.book = _crowded()
        self._homes = {
            one.id: place
            for one in self.book.roster.everybody()
            if (place := self.book.roster.sighting(one.id)) is not None
        }
        self._base = basemap(demo_city())
        self._turn = count(1)

    def incidents(self) -> list[View]:
        """Return the open calls as the console shows them."""
        calls = sorted(self.book.incidents.values(), key=rank)
        return [incident_view(self.book, self.directory, one) for one in calls]

    def move(self) -> int:
        """Let every caregiver be somewhere else; return how often that has happened."""
        turn = next(self._turn)
        now = datetime.now(UTC)
        for number, (caregiver_id, home) in enumerate(self._homes.items()):
            angle = turn / 20 + number
            lon, lat = home.lon + 0.002 * cos(angle), home.lat + 0.002 * sin(angle)
            place = Place(lon=lon, lat=lat, accuracy_m=10, source="satellite", at=now)
            self.book.roster.sight(caregiver_id, place)
        return turn

    def dots(self) -> list[View]:
        """Return where everybody is, as the console's stream says it."""
        roster = self.book.roster
        return [
            dot_view(self.book, self.directory, one, roster.sighting(one.id))
            for one in roster.everybody()
        ]

    def points(self, turn: int) -> View:
        """Return the same as the map's door says it."""
        now = datetime.now(UTC)
        rows: list[list[Any]] = [
            [one["id"], one["lon"], one["lat"], one["kind"], FREE, int(now.timestamp())]
            for one in self.dots()
        ]
        calls: list[list[Any]] = [
            [
                one["id"], one["place"]["lon"], one["place"]["lat"], one["gravity"], one["kind"],
                one["status"], int(now.timestamp()), False,
            ]
            for one in self.incidents()
            if one["place"]
        ]  # fmt: skip
        return {
            "server_time": now, "stamp": f"1:1:{turn}:1", "whole": turn == 1, "off": [],
            "caregivers": rows, "calls": calls, "closed": [], "load": [],
        }  # fmt: skip

    def ground(self) -> View:
        """Return the demo city's base map: water, 400 streets and their names."""
        return self._base


def _crowded() -> Book:
    town = build(Scale(residents=CALLS, caregivers=CAREGIVERS), Random(1), BEGIN)
    rules = BareLoop()
    homes = tuple(
        replace(one, home=_spread(number)) if hasattr(one, "home") else one
        for number, one in enumerate(town.facts[: -len(town.caregivers)])
    )
    rules.do(r.Register(facts=homes), BEGIN)
    kinds = ("sos", "fall", "life_assistance", "life_assistance")
    for number in range(CALLS):
        kind = kinds[number % len(kinds)]
        event = EventKey(event_id="1", kind=kind, device_time="")
        handset = HandsetId(f"H{number + 1}")
        rules.do(r.HandsetCalled(handset_id=handset, kind=kind, events=(event,)), BEGIN)
    people = tuple(
        replace(one, station=_spread(number)) for number, one in enumerate(town.caregivers)
    )
    rules.do(r.Register(facts=people), BEGIN)
    for one in people:
        rules.book.roster.go_on_duty(CaregiverId(one.caregiver_id), BEGIN)
    return rules.book


def _spread(number: int) -> Place:
    """Return a place in the demo city, so that all of the map is full."""
    lon = 112.94 + number * 37 % 101 * 0.0009
    return Place(lon=lon, lat=28.19 + number * 53 % 97 * 0.0009, source="station")


def stand_in(scene: Scene) -> FastAPI:
    """Return an application that says what the pages ask for."""
    app = FastAPI()
    app.include_router(pages_router(demo=False))
    account = {
        "id": "bench", "login": "bench", "name": "Bench", "areas": ["*"], "roles": ["operator"]
    }  # fmt: skip
    known: dict[str, object] = {
        "/api/v1/session": {"account": account, "csrf": "bench"},
        f"{_DOOR}/map": scene.ground(),
        f"{_DOOR}/map/tiles": None,
        f"{_DOOR}/map/areas": {"type": "FeatureCollection", "features": []},
    }
    for path, body in known.items():
        app.get(path)(_always(body))

    @app.get(EMPTY)
    async def empty() -> Response:
        return Response("<!doctype html><title>-</title><p>-", media_type="text/html")

    @app.get(f"{_DOOR}/map/points")
    async def points(after: str = "") -> Response:
        turn = scene.move()
        frame = scene.points(turn) | {"whole": not after}
        return Response(_encode(frame), media_type="application/json")

    @app.websocket(f"{_DOOR}/stream")
    async def stream(page: WebSocket) -> None:
        await page.accept()
        try:
            await _stream(page, scene)
        except (WebSocketDisconnect, RuntimeError):
            return  # the page is closed

    return app


def _always(body: object) -> Callable[[], Any]:
    said = _encode(body)

    async def answer() -> Response:
        return Response(said, media_type="application/json")

    return answer


async def _stream(page: WebSocket, scene: Scene) -> None:
    calls = scene.incidents()
    first = {"incidents": calls, "caregivers": scene.dots(), "cursor": "1:1"}
    desk = desk_view(scene.book, scene.directory)
    await _send(page, {"type": "snapshot", **first, **desk})
    changing: Iterator[int] = count()
    while True:
        scene.move()
        await _send(page, {"type": "dots", "dots": scene.dots()})
        for _ in range(5):  # five calls a second change, as on a very bad day
            one = calls[next(changing) % len(calls)]
            one["presses"] += 1
            await _send(page, {"type": "incident", "cursor": "1:1", "incident": one})
            await asyncio.sleep(0.19)
        await _send(page, {"type": "ping", "server_time": datetime.now(UTC)})


async def _send(page: WebSocket, frame: View) -> None:
    await page.send_text(_encode(frame).decode())


def main() -> None:
    """Serve the stand-in on the port that the command line names.

    The port is open at once: making the town takes longer than a reference is waited for.
    """
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    config = uvicorn.Config(
        stand_in(Scene()),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
