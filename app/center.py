"""The center: gather, decide, commit, tell. One loop owns the book and the journal.

Whatever arrives while a commit is in flight makes up the next batch, gravest first. The rules
decide in memory; the batch is put on record in one transaction; only then is anybody told. So
"yes" always means "on record", and a call waits for one commit and one slice of work at most.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, TypeVar

import structlog

from app.clock import Timekeeper
from app.codec import incident_of, kind_of
from app.inbox import HELP, CallsInbox, Waiting
from app.metrics import Metrics
from app.storage.folding import fold
from app.storage.ledger import CommitRefused, Ledger, LedgerLost, LedgerOwned, Recorded
from app.storage.projections import Changes
from app.storage.snapshot import save
from dispatch.assignment import SURGE_CALLS, Policy
from dispatch.book import Book, Deadline
from dispatch.decide import decide
from dispatch.errors import DispatchError
from dispatch.evolve import EVOLVE_VERSION, evolve
from dispatch.facts import EventKey, Fact
from dispatch.ids import CaregiverId
from dispatch.ladder import pursue
from dispatch.place import Place
from dispatch.requests import HandsetCalled, Lapse, Park, Request, Start
from dispatch.ways import StraightLine, Ways

log = structlog.get_logger()
Answer = TypeVar("Answer")

SLICE_S: Final = 0.005  # of deciding, before what is decided is committed
BATCH_MAX: Final = 1_000  # facts, so that one transaction stays short
RECONNECT_AFTER_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0)  # the last one again and again
PARK_AGAIN_AFTER_S: Final = (0.0, 0.1, 0.5)
OWNED_RETRY_S: Final = 20.0  # a lost connection's lock may outlive it for a while
SNAPSHOT_AFTER: Final = 2_000  # facts folded at a start: the next start shall not fold them again


class CenterStopped(Exception):
    """The center takes no more requests: the server is going down."""


class JournalAway(Exception):
    """Nothing can be read while the journal cannot be written."""


class _FoldFailed(Exception):
    """A fact did not fit the book, which is now half changed."""


class NotRecordable(Exception):
    """The request could not be put on record; an administrator sees it."""


@dataclass(slots=True)
class _Batch:
    facts: list[Fact] = field(default_factory=list[Fact])
    changes: Changes = field(default_factory=Changes)
    waiting: list[Waiting] = field(default_factory=list[Waiting])
    refused: list[tuple[Waiting, Exception]] = field(
        default_factory=list[tuple[Waiting, Exception]]
    )
    is_alone: bool = False  # it holds one request of a batch that was refused, and nothing else


class Center:
    """The one owner of the book. Everything that can open or move an incident goes through it."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Timekeeper,
        metrics: Metrics,
        *,
        tell: Callable[[Book, Sequence[Recorded]], None],
        read_within_s: float = 10.0,
        ways: Ways | None = None,
        policy: Policy = Policy.ASSIGNMENT,
        channels: Mapping[str, int] | None = None,
        stopwatch: Callable[[], float] = time.perf_counter,
        inbox: CallsInbox | None = None,
        blank: Callable[[], Book] = Book,
    ) -> None:
        """Take the journal, the rules' clock, whom to tell after each commit, and how to search.

        `channels` says how many ways there are to tell each party outside.

        `tell` is called in the loop, after the commit and before callers are answered; it must
        not block and must not fail. `stopwatch` measures slices and commits in seconds; `blank`
        gives the empty book into which the journal is folded. A simulation has its own.
        """
        self.book = blank()
        self.is_ready = False
        self.has_messages = asyncio.Event()  # set when the outbox has something to do
        self._ledger = ledger
        self._clock = clock
        self._metrics = metrics
        self._tell = tell
        self._read_within_s = read_within_s
        self._ways = ways or StraightLine()
        self._policy = policy
        self._channels = dict(channels or {})
        self._inbox = CallsInbox() if inbox is None else inbox
        self._stopwatch = stopwatch
        self._blank = blank
        self._reads: list[Callable[[], None]] = []
        self._wake = asyncio.Event()
        self._is_busy = False
        self._is_stopping = False
        self._sightings: dict[CaregiverId, Place] = {}
        self._last_snapshot = 0
        self._poisoned: set[Deadline] = set()  # whose lapse failed: the desk sees the incident
        self._put_back = timedelta(0)  # by which the clock lags behind the last fact

    # For the doors

    async def call(self, request: Request) -> list[Fact]:
        """Return the facts that answer `request`, once they are on record.

        Waits as long as it takes; a door that gives up waiting has lost nothing: the request
        is still put on record, and a repeat of it is recognised.

        Raises:
            DispatchError: the rules refuse; nothing was changed.
            InboxFull: too much waits, and this can wait outside.
            NotRecordable: it could not be stored; an administrator sees it.
            CenterStopped: the server is going down; nothing was changed.
        """
        if self._is_stopping:
            raise CenterStopped
        answer = self._inbox.put(request, asyncio.get_running_loop().create_future())
        self._wake.set()
        return await asyncio.shield(answer)

    async def read(self, look: Callable[[Book], Answer]) -> Answer:
        """Return what `look` sees in the book while nothing undecided or uncommitted is in it.

        Raises:
            JournalAway: a commit has been under way for too long.
        """
        if not self._is_busy:
            return look(self.book)
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def serve() -> None:
            if done.done():
                return
            try:
                done.set_result(look(self.book))
            except Exception as error:  # noqa: BLE001 - it is the reader's to handle
                done.set_exception(error)

        self._reads.append(serve)
        try:
            async with asyncio.timeout(self._read_within_s):
                return await done
        except TimeoutError as error:
            raise JournalAway("Try again in a moment.") from error

    def sight(self, caregiver_id: CaregiverId, place: Place) -> bool:
        """Note where a caregiver is; return False when that is no news."""
        is_news = self.book.roster.sight(caregiver_id, place)
        if is_news:
            self._sightings[caregiver_id] = place
        return is_news

    @property
    def cursor(self) -> str:
        """Where the journal stands, as consoles know it."""
        return f"{self._ledger.epoch}:{self._ledger.last_number}"

    @property
    def now(self) -> datetime:
        """The rules' present; never before the last fact, whatever the clock says."""
        now, last = self._clock(), self.book.last_at
        if last is None or now > last:
            self._put_back = timedelta(0)
            return now
        # The clock was put back. Time goes on from the last fact: deadlines must still fire.
        self._put_back = max(self._put_back, last - now)
        return now + self._put_back

    # The life of the center

    async def start(self) -> None:
        """Take over the journal: fold it, and put on record that this center began.

        Raises:
            LedgerOwned: another server holds it.
            LedgerLost: the database cannot be reached.
        """
        await self._ledger.open()
        await self._fold()
        batch = _Batch()
        self._fold_in(batch, decide(self.book, Start(channels=self._channels), self.now))
        await self._put_on_record(batch)
        if self._ledger.last_number - self._last_snapshot >= SNAPSHOT_AFTER:
            await self._save_snapshot()

    async def run(self) -> None:
        """Serve until `stop`; what was asked before that is still put on record."""
        while True:
            if not len(self._inbox) and not self._due():
                if self._is_stopping:
                    break
                await self._wait()
                continue
            self._is_busy = True
            batch = _Batch()
            try:
                self._decide(batch)
                await self._put_on_record(batch)
            except (CommitRefused, _FoldFailed) as error:
                await self._take_back(batch, error)
            self._is_busy = False
            self._serve_reads()
            await asyncio.sleep(0)  # let the doors gather what has arrived meanwhile
        await self._save_snapshot()
        self.is_ready = False
        await self._ledger.close()

    def stop(self) -> None:
        """Take no more requests; `run` ends when what waits is on record."""
        self._is_stopping = True
        self._wake.set()

    # Gather and decide

    async def _wait(self) -> None:
        self._wake.clear()
        deadline = self.book.next_deadline()
        loop = asyncio.get_running_loop()
        timer = None
        if deadline is not None:
            due_at = deadline.due_at - self._put_back
            delay = max(0.0, self._clock.machine_seconds_until(due_at))
            timer = loop.call_later(min(delay, 60.0), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def _due(self) -> Deadline | None:
        while (deadline := self.book.next_deadline()) is not None and deadline.due_at <= self.now:
            if deadline not in self._poisoned:
                return deadline
            self.book.pass_over(deadline)
        return None

    def _decide(self, batch: _Batch) -> None:
        """Decide for one slice of time: calls and answers, what lapsed, then what can wait.

        However many call or lapse, each slice takes at least one of what lapsed and, when no call
        waits any more, one of what can wait: nobody's deadline stands behind a flood of tests.
        """
        until = self._stopwatch() + SLICE_S
        first = self._inbox.next
        if first is not None and first.is_alone:
            batch.is_alone = True
            self._answer(batch, self._inbox.take())
            return
        self._take_calls(batch, until)
        self._follow_up(batch)
        self._let_all_lapse(batch, until)
        self._take_quiet(batch, until)

    def _take_calls(self, batch: _Batch, until: float) -> None:
        while self._has_room(batch) and not self._inbox.has_only_quiet:
            self._answer(batch, self._inbox.take(), follow=not self._is_gathering)
            if len(self.book.searching) >= SURGE_CALLS:
                self._follow_up(batch)
            if self._stopwatch() >= until:
                break

    def _let_all_lapse(self, batch: _Batch, until: float) -> None:
        while (deadline := self._due()) is not None and len(batch.facts) < BATCH_MAX:
            self._let_lapse(batch, deadline)
            if self._stopwatch() >= until:
                break

    def _take_quiet(self, batch: _Batch, until: float) -> None:
        while self._has_room(batch) and self._inbox.has_only_quiet:
            self._answer(batch, self._inbox.take())
            if self._stopwatch() >= until:
                break

    def _has_room(self, batch: _Batch) -> bool:
        """Whether what is taken next may share this commit."""
        following = self._inbox.next
        is_one_for_all = following is not None and not following.is_alone
        return is_one_for_all and len(batch.facts) < BATCH_MAX

    @property
    def _is_gathering(self) -> bool:
        """Whether calls that have arrived together wait to be looked for together.

        None of them waits for company: the search follows in this slice, before its commit.
        """
        if self._policy is not Policy.ASSIGNMENT:
            return False
        return self._inbox.has_help or len(self.book.searching) > 0

    def _follow_up(self, batch: _Batch) -> None:
        """Look for the calls that were gathered; whoever asked hears what followed."""
        facts = self._fold_in(batch, self._pursue(self.now))
        for waiting in batch.waiting if facts else ():
            own = {incident_of(fact) for fact in waiting.facts} - {None}
            waiting.facts = [*waiting.facts, *(one for one in facts if incident_of(one) in own)]

    def _let_lapse(self, batch: _Batch, deadline: Deadline) -> None:
        lapse = Lapse(kind=deadline.kind, subject_id=deadline.subject_id, due_at=deadline.due_at)
        try:
            self._fold_in(batch, decide(self.book, lapse, self.now))
        except Exception as error:
            log.exception("deadline failed", kind=deadline.kind, subject=deadline.subject_id)
            self._poisoned.add(deadline)
            raise _FoldFailed(type(error).__name__) from error

    def _answer(self, batch: _Batch, waiting: Waiting, *, follow: bool = True) -> None:
        try:
            facts = decide(self.book, waiting.request, self.now)
        except DispatchError as refusal:
            batch.refused.append((waiting, refusal))
            return
        except Exception as error:
            log.exception("decision failed", request=type(waiting.request).__name__)
            self._park(batch, waiting, type(error).__name__)
            return
        batch.waiting.append(waiting)
        waiting.facts = self._fold_in(batch, facts, follow=follow)

    def _fold_in(self, batch: _Batch, facts: Sequence[Fact], *, follow: bool = True) -> list[Fact]:
        """Fold facts and, unless that is done later, what follows; return them in order."""
        folded: list[Fact] = []
        now = self.now
        try:
            while facts:
                for fact in facts:
                    evolve(self.book, fact)
                    batch.facts.append(fact)
                    number = self._ledger.last_number + len(batch.facts)
                    batch.changes.note(self.book, fact, number)
                folded.extend(facts)
                facts = self._pursue(now) if follow else ()
        except Exception as error:  # the book is half changed: it must be folded anew
            log.exception("fold failed")
            raise _FoldFailed(type(error).__name__) from error
        return folded

    def _pursue(self, now: datetime) -> list[Fact]:
        """Return what follows; a call whose search fails stays with the desk and its deadlines.

        Where the search for several fails, each is looked for alone, to find the culprit.
        """
        at_most = SURGE_CALLS
        for _ in range(len(self.book.searching) + 2):  # each later try takes one out of the search
            try:
                return pursue(self.book, now, at_most=at_most)
            except Exception:
                log.exception("search failed")
                at_most = 1
        return []

    def _park(self, batch: _Batch, waiting: Waiting, why: str) -> None:
        """Keep what can be kept of a request that failed: a bare call for help is still one."""
        request = waiting.request
        handset_id = request.handset_id if isinstance(request, HandsetCalled) else None
        parked = Park(what=kind_of(type(request)), why=why, handset_id=handset_id)
        if isinstance(request, HandsetCalled) and request.kind in HELP:
            batch.waiting.append(waiting)
            facts = self._fold_in(batch, decide(self.book, parked, self.now))
            raised = decide(self.book, bare(request), self.now)
            waiting.facts = [*facts, *self._fold_in(batch, raised)]
        else:
            batch.refused.append((waiting, NotRecordable(why)))
            self._fold_in(batch, decide(self.book, parked, self.now))

    # Commit and tell

    async def _put_on_record(self, batch: _Batch) -> None:
        first = self._ledger.last_number + 1
        last = self._ledger.last_number + len(batch.facts)
        began = self._stopwatch()
        tries = 0
        while batch.facts and self._ledger.last_number < last:
            try:
                await self._ledger.commit(batch.facts, batch.changes)
            except LedgerLost as error:
                self.is_ready = False
                log.warning("journal lost, reconnecting", reason=str(error), tries=tries)
                tries = await self._reopen(tries)
        self.is_ready = True
        self._metrics.commit_seconds.observe(self._stopwatch() - began)
        self._metrics.facts.inc(len(batch.facts))
        recorded = [
            Recorded(number=first + index, fact=fact) for index, fact in enumerate(batch.facts)
        ]
        self._announce(recorded, batch)

    async def _reopen(self, tries: int) -> int:
        """Come back to the journal. Whether the batch is on record shows in its last number."""
        while True:
            await asyncio.sleep(RECONNECT_AFTER_S[min(tries, len(RECONNECT_AFTER_S) - 1)])
            tries += 1
            try:
                await self._ledger.open()
            except LedgerLost:
                continue
            except LedgerOwned:
                if tries * RECONNECT_AFTER_S[-1] > OWNED_RETRY_S:
                    raise
                continue
            return tries

    def _announce(self, recorded: Sequence[Recorded], batch: _Batch) -> None:
        if recorded:
            self._tell(self.book, recorded)
            if batch.changes.has_messages:
                self.has_messages.set()
        for waiting in batch.waiting:
            if not waiting.answer.done():
                waiting.answer.set_result(waiting.facts)
        for waiting, refusal in batch.refused:
            if not waiting.answer.done():
                waiting.answer.set_exception(refusal)
                waiting.answer.exception()  # a caller who has left is not a fault

    def _serve_reads(self) -> None:
        reads, self._reads = self._reads, []
        for serve in reads:
            serve()

    async def _take_back(self, batch: _Batch, error: Exception) -> None:
        """Fold the journal anew; let what was asked wait again, each for a commit of its own.

        Whoever calls for help meanwhile waits for none of them but earlier calls for help. What
        is refused alone is parked. Deadlines of the batch lapse again by themselves.
        """
        log.error("batch refused, redoing it one by one", reason=str(error))
        await self._fold_again()
        self._announce([], _Batch(refused=batch.refused))
        if batch.is_alone and batch.waiting:
            return await self._park_alone(batch.waiting[0], str(error))
        for waiting in batch.waiting:
            self._inbox.put_back(waiting)
        return None

    async def _park_alone(self, waiting: Waiting, why: str) -> None:
        """Park a request in a batch of its own; if even the bare call fails, say that it did.

        A database may refuse in one moment what it takes in the next, so it is tried again.
        """
        reason = why
        for wait_s in PARK_AGAIN_AFTER_S:
            await asyncio.sleep(wait_s)
            await self._fold_again()
            instead = _Batch()
            try:
                self._park(instead, waiting, why)
                return await self._put_on_record(instead)
            except (CommitRefused, _FoldFailed) as error:
                reason = str(error)
                log.exception("request cannot be parked", why=why)
        log.error("request cannot even be parked", why=why)
        await self._fold_again()
        return self._announce([], _Batch(refused=[(waiting, NotRecordable(reason))]))

    async def _fold_again(self) -> None:
        tries = 0
        while True:
            try:
                return await self._fold()
            except LedgerLost:
                tries = await self._reopen(tries)

    # The book

    async def _fold(self) -> None:
        """Make the book anew from the latest snapshot and the facts after it."""
        book, self._last_snapshot = await fold(
            self._ledger, self._blank, failed=self._metrics.unfoldable.inc
        )
        book.roster.ways, book.policy = self._ways, self._policy
        for caregiver_id, place in self._sightings.items():
            book.roster.sight(caregiver_id, place)
        self.book = book

    async def _save_snapshot(self) -> None:
        number = self._ledger.last_number
        if number == self._last_snapshot:
            return
        self._last_snapshot = number
        body = save(self.book)
        try:
            await self._ledger.save_snapshot(number, EVOLVE_VERSION, body)
        except LedgerLost:
            log.warning("snapshot not saved; the next start folds more facts")


def bare(request: HandsetCalled) -> HandsetCalled:
    """Return a call for help without anything that a storage could refuse.

    Events keep their keys, so that a repeat is recognised; one that no storage takes gets a key
    made from it, since two spoilt presses of one handset must not pass for one.
    """
    return HandsetCalled(
        handset_id=request.handset_id,
        kind=request.kind,
        events=tuple(_storable(event) for event in request.events),
        problems=("parked",),
    )


def _storable(event: EventKey) -> EventKey:
    written = (event.event_id, event.kind, event.device_time)
    if all(text.isprintable() for text in written):  # lone surrogates and NUL are not
        return event
    digest = sha256("\n".join(written).encode("utf-8", "surrogatepass")).hexdigest()
    return replace(event, event_id=f"parked-{digest[:16]}", device_time="")
