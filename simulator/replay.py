"""Plays a log of real calls through a real server: each call is pressed when it came, but faster.

Without `--url` the server is one of our own on an empty folder, and its clock of the rules runs
with the replay, so that every deadline is met in order. It is loaded while that clock still shows
the day before, because the rules' time never goes back.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from simulator import report
from simulator.calls import LoggedCall, busiest_hour, handling, handset_id, replay_city, window
from simulator.demo import Stop
from simulator.players.caregivers import Habits
from simulator.players.clock import rules_time
from simulator.players.doors import Bearer, Doors, Refused
from simulator.players.handsets import Handset
from simulator.players.operators import DeskHabits
from simulator.players.tally import Tally
from simulator.players.world import Cast, Staff, live_until, sign_in
from simulator.report import Say
from simulator.server import (
    ServerFailed,
    ServerOptions,
    ServerProcess,
    add_administrator,
    free_port,
    running,
    tail,
)
from simulator.setup import load, made_up

LEAD_S: Final = 6.0  # machine time between the start of the server and the first call
URL_LEAD_S: Final = 2.0
LOOK_EVERY_S: Final = 1.0
ANSWERED_WITHIN_S: Final = 30.0  # after the end of the replay
DAY: Final = timedelta(days=1)
SURE_PRIORITY: Final = 3
DECLINES: Final = 0.03  # crews come when they are sent; a few are not where they should be
IGNORES: Final = 0.01


class NothingToReplay(Exception):
    """No call of the log falls into the time asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """What `ydt-sim replay` was asked for."""

    calls: Sequence[LoggedCall]
    seed: int
    start: datetime | None = None  # aware; None: the busiest hour
    speed: float = 60.0
    seconds: float = 120.0  # of machine time
    report: Path | None = None
    url: str = ""  # empty: a server of our own
    database_url: str = ""  # where a server at `url` keeps its record
    administrator: tuple[str, str] = ("", "")  # of a server at `url`


def kind_of(call: LoggedCall) -> str:
    """Return what a resident would have pressed.

    A threat to life is an SOS when the crews found it so (priority 3), else a fall; all others
    want help in the house.
    """
    if not call.life_threat:
        return "life_assistance"
    return "sos" if call.priority is None or call.priority >= SURE_PRIORITY else "fall"


class Replay:
    """One replay: a city made from the log, its staff, and the calls of some hours."""

    def __init__(self, options: ReplayOptions, say: Say) -> None:
        """Choose the calls.

        Raises:
            NothingToReplay: there are none in the time asked for.
        """
        self._options = options
        self._say = say
        self._start = options.start or busiest_hour(options.calls)
        lasts = timedelta(seconds=options.seconds * options.speed)
        self._calls = window(options.calls, self._start, lasts)
        if not self._calls:
            raise NothingToReplay(f"The log has no calls within {lasts} from {self._start}.")
        self._city = replay_city(options.calls)
        self._logins = made_up(self._city)
        self._tally = Tally()
        self._stop = Stop()

    async def run(self) -> int:
        """Replay; return the exit code, 1 when a call was lost or doubled.

        Raises:
            ServerFailed: there is no server to replay through.
            Refused, Unreachable: the server will not have the city.
        """
        self._say(
            f"{len(self._calls)} calls from {self._start.isoformat()}, "
            f"{self._options.speed:g} times as fast; {len(self._city.caregivers)} units."
        )
        if self._options.url:
            lasted_s = await self._elsewhere()
            return await self._finish(self._options.url, lasted_s, None)
        with tempfile.TemporaryDirectory(prefix="ydt-replay-") as folder:
            data_dir = Path(folder) / "data"
            url, lasted_s = await self._at_home(data_dir)
            return await self._finish(url, lasted_s, data_dir)

    async def _elsewhere(self) -> float:
        """Replay through a server that runs already, by its own clock."""
        self._logins.administrator = self._options.administrator
        async with Doors(self._options.url) as doors:
            staff = await self._furnish(doors)
            return await self._play(doors, staff, time.monotonic() + URL_LEAD_S, None)

    async def _at_home(self, data_dir: Path) -> tuple[str, float]:
        """Replay through a server of our own; return its address and how long it took."""
        speed = self._options.speed
        loading = ServerOptions(
            data_dir=data_dir,
            port=free_port(),
            metrics="off",
            bytecode=data_dir.parent / "bytecode",
            clock_start=self._start - DAY,
        )
        add_administrator(loading, *self._logins.administrator)
        server = ServerProcess(loading)
        async with running(server), Doors(server.url) as doors:
            staff = await self._furnish(doors)
        early = self._start - timedelta(seconds=LEAD_S * speed)
        server = ServerProcess(replace(loading, clock_start=early, clock_speed=speed))
        async with running(server), Doors(server.url) as doors:
            now = await rules_time(doors, Bearer(next(iter(self._logins.handsets.values()))))
            wait_s = max(0.0, (self._start - now).total_seconds() / speed)
            lasted_s = await self._play(doors, staff, time.monotonic() + wait_s, server)
            if not server.is_running:
                raise ServerFailed(f"The server ended by itself:\n{tail(server.log)}")
        return server.url, lasted_s

    async def _furnish(self, doors: Doors) -> Staff:
        """Load the city and sign its staff in."""
        wanted = {handset_id(call.place) for call in self._calls}
        await load(self._city, doors, self._logins, handsets=wanted, on_progress=self._say)
        self._say("Signing in operators and units.")
        passwords = self._logins.operators | self._logins.caregivers
        operators = [one for one in self._city.operators if one.login in self._logins.operators]
        return await sign_in(doors, self._city.caregivers, operators, passwords, {})

    async def _play(
        self, doors: Doors, staff: Staff, begins_at: float, server: ServerProcess | None
    ) -> float:
        """Let staff and callers live; return for how many seconds they did."""
        options = self._options
        samples = handling(options.calls)
        cast = Cast(
            self._city,
            staff,
            doors,
            self._tally,
            habits=Habits(
                pace=options.speed,
                set_out_s=samples.dispatch_to_response_s,
                on_scene_s=samples.scene_to_available_s,
                declines=DECLINES,
                ignores=IGNORES,
            ),
            desk_habits=DeskHabits(pace=options.speed),
            chance=Random(options.seed),
        )
        handsets = {
            one.handset_id: Handset(one, token, doors, self._tally)
            for one in self._city.residents
            if (token := self._logins.handsets.get(one.handset_id)) is not None
        }
        self._say("Replaying.")
        self._stop.is_playing = True
        watch = asyncio.create_task(self._watch(server, begins_at))
        callers = self._call_all(handsets, begins_at)
        try:
            await live_until(self._stop, staff=cast.live(), callers=callers)
        finally:
            watch.cancel()
        return time.monotonic() - begins_at

    async def _watch(self, server: ServerProcess | None, begins_at: float) -> None:
        """Set `stop` when our server is gone, or presses stay unanswered beyond the end."""
        until = begins_at + self._options.seconds + ANSWERED_WITHIN_S
        while time.monotonic() < until and (server is None or server.is_running):  # noqa: ASYNC110 - a process sets no event
            await asyncio.sleep(LOOK_EVERY_S)
        self._stop.set()

    async def _call_all(self, handsets: Mapping[str, Handset], begins_at: float) -> None:
        """Press every call at its time, then wait out the rest of the replay."""
        run = f"replay{datetime.now(UTC):%y%m%d%H%M%S}"
        async with asyncio.TaskGroup() as tasks:
            for call in self._calls:
                since_start_s = (call.received - self._start).total_seconds()
                await _until(begins_at + since_start_s / self._options.speed)
                handset = handsets[handset_id(call.place)]
                tasks.create_task(self._call(handset, kind_of(call), f"{run}-{call.number}"))
            await _until(begins_at + self._options.seconds)

    async def _call(self, handset: Handset, kind: str, event_id: str) -> None:
        try:
            await handset.press(kind, event_id)
        except Refused as error:
            self._tally.fault(error)

    async def _finish(self, url: str, lasted_s: float, data_dir: Path | None) -> int:
        options = self._options
        run = report.RunFacts(
            command="replay", seed=options.seed, speed=options.speed, seconds=lasted_s, url=url
        )
        return await report.conclude(
            run,
            self._tally,
            database_url=options.database_url if data_dir is None else "",
            data_dir=data_dir,
            path=options.report,
            say=self._say,
        )


async def _until(machine_time: float) -> None:
    await asyncio.sleep(max(0.0, machine_time - time.monotonic()))
