"""The center of a simulated town: the real one, on a journal in memory that has its moods."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

from app.center import Center, CenterStopped, JournalAway, NotRecordable
from app.inbox import CallsInbox, InboxFull
from app.metrics import Metrics
from app.storage.ledger import CommitRefused, LedgerLost, Recorded
from app.storage.memory import Journal, MemoryLedger
from app.storage.projections import Changes
from dispatch.book import Book
from dispatch.errors import DispatchError
from dispatch.facts import Fact
from dispatch.ids import CaregiverId
from dispatch.place import Place
from dispatch.requests import HandsetCalled, Request
from simulator.run.line import Answer
from simulator.run.policy import policy_of
from simulator.run.virtual import Ticks, TownClock
from simulator.run.watch import ENGINE, Watch
from simulator.run.weather import Kind

Hear = Callable[[Book, Fact], None]
_FAULTS = (Kind.LOST, Kind.LOST_AFTER, Kind.REFUSED)
STEADY_AFTER_S = 45.0  # of undisturbed work


class MoodyLedger(MemoryLedger):
    """A journal whose commits take time, and now and then fail, or kill the center."""

    def __init__(self, journal: Journal, chance: Random, *, die: Callable[[], None]) -> None:
        super().__init__(journal)
        self.batch = 0  # batches whose commit began
        self.mishaps: list[Kind] = []  # what the next commits meet, one each
        self.is_slow = False
        self.refused: Callable[[], None] = lambda: None
        self._chance = chance
        self._die = die
        self._latest: Sequence[Fact] | None = None

    async def commit(self, facts: Sequence[Fact], changes: Changes) -> None:
        """Put facts on record, as the base does, when nothing is in the way."""
        if facts is not self._latest:  # not the same batch, tried again
            self._latest = facts
            self.batch += 1
        await asyncio.sleep(self._takes_s())
        mishap = self.mishaps.pop(0) if self.mishaps else None
        if mishap is Kind.CRASH_BEFORE:
            await self._death()
        if mishap is not None and mishap in _FAULTS:
            self.faults.append(mishap.value)
        try:
            await super().commit(facts, changes)
        except CommitRefused:
            self.refused()
            raise
        self.batches.clear()
        if mishap is Kind.CRASH_AFTER:
            await self._death()

    def _takes_s(self) -> float:
        luck = self._chance.random()
        return 0.5 + 2 * luck if self.is_slow else 0.002 + 0.01 * luck

    async def _death(self) -> None:
        self._die()
        await asyncio.get_running_loop().create_future()


class House:
    """Runs the center, lets it die and come back, and keeps everybody's connection to it."""

    def __init__(
        self,
        clock: TownClock,
        chance: Random,
        policy: str,
        blank: Callable[[], Book],
        *,
        inbox: Callable[[], CallsInbox] = CallsInbox,
        ledger: Callable[..., MoodyLedger] = MoodyLedger,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock = clock
        self.journal = Journal()
        self.watch = Watch(self.journal, policy, self.loop.time)
        self.hears: dict[type[Fact], Hear] = {}  # who is told what came on record
        self.looks: list[Callable[[Book], None]] = []  # who looks around when it came back
        self.sighted: Callable[[CaregiverId, Place], None] | None = None
        self.is_up = False
        self.may_rise = asyncio.Event()  # not set: a center that died stays away for now
        self.may_rise.set()
        self.messages = 0  # requests that reached the center
        self.crashes = 0
        self._chance = chance
        self._blank = blank
        self._policy = policy_of(policy)
        self._inbox = inbox
        self._ledger_of = ledger
        self._asking: set[asyncio.Task[None]] = set()
        self._living: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._is_away = False
        self._disturbed_s = 0.0
        self._open()

    def _open(self) -> None:
        self.ledger = self._ledger_of(self.journal, self._chance, die=self._die)
        self.ledger.refused = self.disturbed
        self.center = Center(
            self.ledger,
            self.clock,
            Metrics(),
            tell=self._tell,
            stopwatch=Ticks(),
            inbox=self._inbox(),
            blank=self._blank,
            policy=self._policy,
        )
        self.ledger.is_away = self._is_away

    @property
    def book(self) -> Book:
        """What the center holds in memory."""
        return self.center.book

    # Its life

    async def begin(self) -> None:
        """Start the center, and return once it serves."""
        self._living = asyncio.ensure_future(self._live())
        await self._up.wait()

    async def _live(self) -> None:
        """Start, trying again while the journal is away, and serve until the end."""
        while True:
            try:
                await self.center.start()
                break
            except LedgerLost:
                await asyncio.sleep(1.0)
                self._open()
        self.watch.compare(self.book, is_saved=True)
        self.disturbed()
        self.is_up = True
        self._up.set()
        for look in self.looks:
            self.loop.call_soon(look, self.book)
        try:
            await self.center.run()
        except Exception as error:  # noqa: BLE001 - the run reports whatever ended the center
            self.watch.complain(ENGINE, f"the center stopped: {type(error).__name__}: {error}")

    def crash(self) -> None:
        """Kill the center where it stands; what it was asked stays unanswered. It comes back."""
        if self._living is None:
            return
        self.crashes += 1
        self.is_up = False
        self._up.clear()
        self._living.cancel()
        for task in self._asking:
            task.cancel()
        self.journal.owner = None  # the lock goes with the process
        self.watch.stopped()
        self._living = asyncio.ensure_future(self._rise(2 + 18 * self._chance.random()))

    async def _rise(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self.may_rise.wait()
        self._open()
        await self._live()

    def _die(self) -> None:
        self.loop.call_soon(self.crash)

    def lose_journal(self, *, is_away: bool) -> None:
        """Let nothing reach the journal, or everything again."""
        self._is_away = self.ledger.is_away = is_away

    async def end(self) -> None:
        """Let the center stop by itself, and look at everything once more."""
        await self._up.wait()
        living, self._living = self._living, None
        self.is_up = False
        self.center.stop()
        if living is not None:
            await living
        self.watch.compare(self.book, is_saved=True)

    # What is asked and told

    def ask(self, request: Request, then: Callable[[Answer], None]) -> None:
        """Bring a request to the center; nobody answers while there is none."""
        if self.is_up:
            task = self.loop.create_task(self._ask(request, then))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, request: Request, then: Callable[[Answer], None]) -> None:
        self.messages += 1
        is_message = isinstance(request, HandsetCalled)
        if is_message:
            self.watch.asked(request, self.ledger.batch)
        answer: Answer
        try:
            answer = await self.center.call(request)
        except (DispatchError, NotRecordable) as refusal:
            answer = refusal
        except (InboxFull, CenterStopped):
            return  # to be sent again
        if is_message and not isinstance(answer, Exception):
            self.watch.on_record.acknowledged(request)
        then(answer)

    def sight(self, caregiver_id: CaregiverId, place: Place) -> None:
        """Note where a caregiver is at this moment; nobody notes it while there is no center."""
        if self.is_up:
            seen = replace(place, source="satellite", at=self.center.now)
            self.center.sight(caregiver_id, seen)
            if self.sighted is not None:
                self.sighted(caregiver_id, seen)

    def _tell(self, book: Book, recorded: Sequence[Recorded]) -> None:
        self.watch.told(book, recorded, self.ledger.batch)
        if self.is_steady:
            self.watch.look(book, recorded[-1].fact.at)
        for one in recorded:
            hear = self.hears.get(type(one.fact))
            if hear is not None:
                hear(book, one.fact)

    # How it is

    def disturbed(self) -> None:
        """Note that something hindered the center: deadlines may be late for a while."""
        self._disturbed_s = self.loop.time()

    @property
    def is_steady(self) -> bool:
        """Whether nothing has hindered the center for a while."""
        return self.loop.time() - self._disturbed_s > STEADY_AFTER_S

    async def read(self, look: Callable[[Book], None]) -> None:
        """Let somebody look into the book, if there is a center that can show it."""
        if self.is_up:
            with suppress(JournalAway):
                await self.center.read(look)
