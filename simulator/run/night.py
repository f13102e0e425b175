"""One run: a town from a seed, so many days of it, and what came of the promises."""

import asyncio
import gc
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import structlog

from app.inbox import CallsInbox
from app.storage.memory import Journal
from dispatch.book import Book
from dispatch.facts import CaregiverOffered
from dispatch.requests import Register
from simulator.run.caregivers import Caregivers
from simulator.run.desk import HEARD, Operators
from simulator.run.house import House, MoodyLedger
from simulator.run.line import BAD, GOOD, Answer, Line
from simulator.run.players import Life
from simulator.run.policy import NEAREST
from simulator.run.residents import Residents
from simulator.run.response import Responses
from simulator.run.tape import Tape
from simulator.run.town import Scale, build
from simulator.run.virtual import BEGIN, Stalled, TownClock, VirtualLoop
from simulator.run.watch import ENGINE, Violation
from simulator.run.weather import DAY_S, OUTAGE_S, Kind, Mishap, forecast

CALM_S: Final = 1_800.0  # at the end, in which every message must find its answer
COMPARE_EVERY_S: Final = 3 * 3_600.0  # and after every start, and at the end
_EXPECTED: Final = frozenset(  # of poison, and of a journal that refuses for a moment
    {"batch refused, redoing it one by one", "request cannot be parked"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a night is made of. The last four are for those who break the engine, or measure it."""

    seed: int
    days: int = 1
    with_faults: bool = True
    policy: str = NEAREST
    scale: Scale = Scale()
    surges_at_s: tuple[float, ...] = ()  # when half of the handsets press within ten minutes
    inbox: Callable[[], CallsInbox] = CallsInbox
    ledger: Callable[..., MoodyLedger] = MoodyLedger
    blank: Callable[[], Book] = Book
    tape: Tape | None = None  # on which the night is recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a night gave."""

    seed: int
    violations: tuple[Violation, ...]
    journal: Journal
    responses: Responses
    messages: int  # that reached the center
    presses: int  # acknowledged ones
    incidents: int
    crashes: int


def run_night(options: Options) -> Outcome:
    """Live through it. The same options give the same journal, byte for byte."""
    night = Night(options)
    try:
        with _log_heard(night), _without_collector():
            return VirtualLoop().live(night.live())
    except Stalled:
        night.complain("everybody waits, and nothing will ever happen")
        return night.outcome()


class Night:
    """A town, its people, and everything that goes wrong."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._chance = Random(options.seed)  # of what people do
        self._luck = Random(f"{options.seed} luck")  # of lines, commits and mishaps

    async def live(self) -> Outcome:
        """Let the days pass, then a while without faults, and look at everything."""
        self._furnish()
        await self.house.begin()
        await self._move_in()
        for player in (self.residents, self.caregivers, self.operators):
            player.begin()
        for at_s in self._options.surges_at_s:
            self.life.later(at_s, self.residents.storm)
        self.life.later(COMPARE_EVERY_S, self._compare)
        mishaps = forecast(self._luck, self._options.days) if self._options.with_faults else []
        meeting = [asyncio.ensure_future(self._meet(one)) for one in mishaps]
        await asyncio.sleep(self._options.days * DAY_S)
        self.life.is_over = True
        self.life.line.quality = GOOD
        await asyncio.gather(*meeting)
        await asyncio.sleep(CALM_S)
        await self.house.end()
        self.house.watch.on_record.at_the_end()
        return self.outcome()

    def outcome(self) -> Outcome:
        """Return what the night has given so far."""
        house = self.house
        return Outcome(
            seed=self._options.seed,
            violations=tuple(house.watch.violations),
            journal=house.journal,
            responses=house.watch.responses,
            messages=house.messages,
            presses=house.watch.on_record.presses,
            incidents=house.book.incident_count,
            crashes=house.crashes,
        )

    def complain(self, words: str) -> None:
        """Note that the engine itself failed."""
        self.house.watch.complain(ENGINE, words)

    def _furnish(self) -> None:
        options = self._options
        loop = asyncio.get_running_loop()
        self.house = House(
            TownClock(loop),
            self._luck,
            options.policy,
            options.blank,
            inbox=options.tape.inbox if options.tape else options.inbox,
            ledger=options.ledger,
        )
        tape = options.tape
        if tape is not None:
            tape.clock = lambda: self.house.center.now
            self.house.sighted = lambda caregiver_id, place: tape.note((caregiver_id, place))
        quality = BAD if options.with_faults else GOOD
        self.life = Life(
            loop=loop,
            house=self.house,
            town=build(options.scale, self._chance, BEGIN),
            scale=options.scale,
            chance=self._chance,
            line=Line(loop, self._luck, quality),
        )
        self.residents = Residents(self.life)
        self.caregivers = Caregivers(self.life)
        self.operators = Operators(self.life)
        self.house.hears |= dict.fromkeys(HEARD, self.operators.hear)
        self.house.hears[CaregiverOffered] = self.caregivers.hear
        self.house.looks.append(self.caregivers.look)

    async def _move_in(self) -> None:
        moved_in: asyncio.Future[Answer] = self.life.loop.create_future()
        self.house.ask(Register(facts=self.life.town.facts), moved_in.set_result)
        await moved_in

    def _compare(self) -> None:
        self.life.later(COMPARE_EVERY_S, self._compare)
        watch = self.house.watch
        self.life.loop.create_task(self.house.read(watch.compare))

    # What goes wrong

    async def _meet(self, mishap: Mishap) -> None:
        await asyncio.sleep(mishap.at_s)
        house = self.house
        house.disturbed()
        match mishap.kind:
            case Kind.CRASH:
                house.crash()
            case Kind.AWAY | Kind.OUTAGE:
                await self._outage(mishap.kind)
            case Kind.SLOW:
                await self._slow()
            case Kind.POISON:
                self.residents.poison()
            case Kind.POISON_NOTE:
                self.operators.poison()
            case Kind.CLOCK:
                house.clock.jump(mishap.amount)
            case Kind.DRIFT:
                house.clock.drift(mishap.amount)
            case _:
                house.ledger.mishaps.append(mishap.kind)
        house.disturbed()

    async def _slow(self) -> None:
        """Let commits take seconds, while floods of tests come, with a call among them."""
        ledger = self.house.ledger
        ledger.is_slow = True
        for _ in range(3):
            self.residents.flood()
            await asyncio.sleep(100)
        ledger.is_slow = False

    async def _outage(self, kind: Kind) -> None:
        """Take the journal or the center away; everybody goes on pressing, and then all come."""
        house = self.house
        if kind is Kind.AWAY:
            house.lose_journal(is_away=True)
        else:
            house.may_rise.clear()
            house.crash()
        self.residents.storm()
        await asyncio.sleep(OUTAGE_S)
        house.lose_journal(is_away=False)
        house.may_rise.set()


@contextmanager
def _without_collector() -> Generator[None]:
    """Keep the collector of cycles from walking through a growing journal again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _log_heard(night: Night) -> Generator[None]:
    """Keep the center's log off the screen; an error that no poison explains is a violation."""

    def hear(_: object, method: str, entry: Mapping[str, Any]) -> Mapping[str, Any]:
        if method in ("error", "exception", "critical") and entry["event"] not in _EXPECTED:
            night.complain(f"the center logged: {dict(entry)}")
        raise structlog.DropEvent

    before = structlog.get_config() if structlog.is_configured() else None
    structlog.configure(processors=[structlog.processors.format_exc_info, hear])
    try:
        yield
    finally:
        structlog.reset_defaults()
        if before is not None:
            structlog.configure(**before)
