"""The demonstration: a server, a city loaded into it, and people who live there, until Ctrl-C.

The server is a process of its own, with its embedded database in the data folder; the people live
in this process and reach it through its doors alone. A second run finds data and log-ins again.
"""

import asyncio
import json
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from simulator import report
from simulator.city import City, CityResident, basemap, demo_city, roads_geojson
from simulator.city.plane import metres_between
from simulator.players.caregivers import Habits
from simulator.players.doors import Doors
from simulator.players.handsets import Handset, Residents
from simulator.players.operators import DeskHabits
from simulator.players.tally import Tally
from simulator.players.world import Cast, Staff, live_until, sign_in
from simulator.report import Say
from simulator.server import (
    ServerFailed,
    ServerOptions,
    ServerProcess,
    add_administrator,
    is_free,
    require_free,
    running,
    tail,
)
from simulator.setup import Logins, LoginsUnfit, load, made_up, read_logins, write_logins

LOGINS_FILE: Final = "demo-logins.json"
OFF: Final = "off"
MAP_FILE: Final = "demo-map.json"
ROADS_FILE: Final = "demo-roads.json"
CAREGIVERS_ON_DUTY: Final = 36
LOOK_EVERY_S: Final = 1.0
STATUS_EVERY_S: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `ydt-sim demo` was asked for."""

    port: int
    data_dir: Path
    seed: int
    pace: float = 10.0  # how fast caregivers live; the server's clock is real
    seconds: float | None = None  # None: until Ctrl-C
    report: Path | None = None
    database_url: str = ""

    @property
    def logins(self) -> Path:
        """Return the file of the log-ins."""
        return self.data_dir / LOGINS_FILE

    @property
    def server(self) -> ServerOptions:
        """Return how the server is started."""
        return ServerOptions(
            data_dir=self.data_dir,
            port=self.port,
            database_url=self.database_url,
            demo=True,
            metrics="" if is_free(self.port + 1) else OFF,
            base_map=self.data_dir / MAP_FILE,
            roads=self.data_dir / ROADS_FILE,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """What a human visitor may be: none of these is played by the simulator."""

    operator: str
    supervisor: str
    caregiver: str  # login
    handset: str


class Demo:
    """One run: a server, and a city that lives at its doors."""

    def __init__(self, options: DemoOptions, say: Say) -> None:
        self._options = options
        self._say = say
        self._city = demo_city()
        self._visitor = visitor_of(self._city)
        self._server = ServerProcess(options.server)
        self._tally = Tally()
        self._stop = Stop()

    async def run(self) -> int:
        """Run until it is over; return the exit code, 1 when a call was lost or doubled.

        Raises:
            PortTaken, ServerFailed, LoginsUnfit: it cannot go on; the message says why.
        """
        require_free(self._options.port)
        prepare(self._options, self._city, self._say)
        self._say("Starting the server.")
        async with running(self._server), Doors(self._server.url) as doors:
            lasted_s = await self._serve(doors)
            if not self._server.is_running:
                raise ServerFailed(f"The server ended by itself:\n{tail(self._server.log)}")
            self._say("Stopping.")
        run = report.RunFacts(
            command="demo",
            seed=self._options.seed,
            speed=self._options.pace,
            seconds=lasted_s,
            url=self._server.url,
        )
        return await report.conclude(
            run,
            self._tally,
            database_url=self._options.database_url,
            data_dir=self._options.data_dir,
            path=self._options.report,
            say=self._say,
        )

    async def _serve(self, doors: Doors) -> float:
        """Let the city live; return for how many seconds it did."""
        logins = await self._furnish(doors)
        staff = await self._sign_in(doors, logins)
        for line in welcome(self._server.url, logins, self._visitor):
            self._say(line)
        began = time.monotonic()
        watch = asyncio.create_task(self._watch())
        try:
            await self._play(doors, logins, staff)
        finally:
            watch.cancel()
        return time.monotonic() - began

    async def _furnish(self, doors: Doors) -> Logins:
        """Return the log-ins of a server that has the city."""
        logins = read_logins(self._options.logins)
        if logins is None:
            raise LoginsUnfit(f"{self._options.logins} has vanished.")
        if not logins.is_loaded:
            await load(self._city, doors, logins, on_progress=self._say)
            write_logins(logins, self._options.logins)
        return logins

    async def _sign_in(self, doors: Doors, logins: Logins) -> Staff:
        self._say("Signing in operators and caregivers.")
        visitor = self._visitor
        caregivers = [one for one in self._city.caregivers if one.login != visitor.caregiver]
        played = logins.operators.keys() - {visitor.operator, visitor.supervisor}
        operators = [one for one in self._city.operators if one.login in played]
        staff = await sign_in(
            doors,
            Random(self._options.seed).sample(caregivers, CAREGIVERS_ON_DUTY),
            operators,
            logins.operators | logins.caregivers,
            logins.phones,
        )
        write_logins(logins, self._options.logins)
        return staff

    async def _play(self, doors: Doors, logins: Logins, staff: Staff) -> None:
        chance = Random(self._options.seed)
        visitors = frozenset({self._visitor.handset})
        cast = Cast(
            self._city,
            staff,
            doors,
            self._tally,
            habits=Habits(pace=self._options.pace),
            desk_habits=DeskHabits(),
            chance=chance,
            visitors=visitors,
        )
        handsets = [
            Handset(one, logins.handsets[one.handset_id], doors, self._tally)
            for one in self._city.residents
            if one.handset_id not in visitors
        ]
        run = f"demo{datetime.now(UTC):%y%m%d%H%M%S}"
        residents = Residents(handsets, Random(chance.random()), self._tally, run)
        self._stop.is_playing = True
        await live_until(self._stop, staff=cast.live(), callers=residents.live())

    async def _watch(self) -> None:
        """Set `stop` when the time is over or the server is gone; say what goes on."""
        began = said = time.monotonic()
        seconds, tally = self._options.seconds, self._tally
        while self._server.is_running and (seconds is None or time.monotonic() - began < seconds):
            left = LOOK_EVERY_S if seconds is None else began + seconds - time.monotonic()
            await asyncio.sleep(max(0.0, min(LOOK_EVERY_S, left)))
            if time.monotonic() - said > STATUS_EVERY_S:
                said = time.monotonic()
                self._say(
                    f"{len(tally.acknowledged)} presses on record, {len(tally.offered_at)} calls "
                    f"offered to caregivers, {sum(tally.errors.values())} errors."
                )
        self._stop.set()


def prepare(options: DemoOptions, city: City, say: Say) -> None:
    """Make log-ins and the first administrator, unless there are any, while the server is down.

    Raises:
        LoginsUnfit: there is data, but nobody knows how to get in.
        ServerFailed: the command line refused to make the administrator.
    """
    logins = read_logins(options.logins)
    options.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    (options.data_dir / MAP_FILE).write_text(json.dumps(basemap(city)), encoding="utf-8")
    (options.data_dir / ROADS_FILE).write_text(json.dumps(roads_geojson(city)), encoding="utf-8")
    if logins is None:
        if (options.data_dir / "cluster").exists() and not options.database_url:
            raise LoginsUnfit(
                f"{options.data_dir} holds a database but no {LOGINS_FILE}. "
                "Choose another folder with --data-dir, or remove this one."
            )
        say("First run: making a database and log-ins. This takes about half a minute.")
        logins = made_up(city)
        write_logins(logins, options.logins)
    if not logins.is_loaded:
        add_administrator(options.server, *logins.administrator)


def visitor_of(city: City) -> Visitor:
    """Return whom the simulator leaves to a human: they fit together, so that one meets another."""
    caregiver = city.caregivers[-1]
    logins = {one.role: one.login for one in city.operators}  # the last of each role

    def away(one: CityResident) -> float:
        return metres_between(one.home, caregiver.station)

    return Visitor(
        operator=logins["operator"],
        supervisor=logins["supervisor"],
        caregiver=caregiver.login,
        handset=min(city.residents, key=away).handset_id,
    )


def welcome(url: str, logins: Logins, visitor: Visitor) -> list[str]:
    """Return what a visitor needs to look around."""
    operator, supervisor, caregiver = visitor.operator, visitor.supervisor, visitor.caregiver
    return [
        "",
        "一点通 is running, and a small made-up city with it. These are yours:",
        f"  Console        {url}/console    {operator}  {logins.operators[operator]}",
        f"  Caregiver      {url}/caregiver  {caregiver}  {logins.caregivers[caregiver]}",
        f"  Handset        {url}/handset#token={logins.handsets[visitor.handset]}",
        f"  Supervisor     {url}/console    {supervisor}  {logins.operators[supervisor]}",
        f"  Administrator  {url}/administration  {'  '.join(logins.administrator)}",
        f"Besides, for a desk: {url}/map, /replay, /wallboard, /reports, /monthly.",
        "Press the handset, take the call at the console, go and help. Ctrl-C stops it all.",
        "",
    ]


class Stop(asyncio.Event):
    """Set by Ctrl-C or a request to terminate; make it in the task that it may break off.

    Before anything is played, and the second time, they break off at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_playing = False
        self._task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._hear)

    def _hear(self) -> None:
        if self.is_playing and not self.is_set():
            self.set()
        elif self._task is not None:
            self._task.cancel()
