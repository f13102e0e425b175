"""A recorded day as the rules saw it, and the bare loop that decides it once more.

The bare loop is what the simulator is measured against: decide, evolve, pursue and the deadlines,
without a center, a journal, a network or anybody who checks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from app.inbox import CallsInbox, Waiting
from dispatch.book import Book
from dispatch.decide import decide
from dispatch.errors import DispatchError
from dispatch.evolve import evolve
from dispatch.facts import Fact
from dispatch.ids import CaregiverId
from dispatch.ladder import pursue
from dispatch.place import Place
from dispatch.requests import Lapse, Request

Sighting = tuple[CaregiverId, Place]


@dataclass(slots=True)
class Tape:
    """What reached the rules, in their order, and when."""

    clock: Callable[[], datetime] = lambda: datetime.min.replace(tzinfo=UTC)
    entries: list[tuple[datetime, Request | Sighting]] = field(
        default_factory=list[tuple[datetime, Request | Sighting]]
    )

    def inbox(self) -> CallsInbox:
        """Return an inbox that notes what is taken from it."""
        return _Recording(self)

    def note(self, what: Request | Sighting) -> None:
        """Note something at this moment."""
        self.entries.append((self.clock(), what))


class _Recording(CallsInbox):
    def __init__(self, tape: Tape) -> None:
        super().__init__()
        self._tape = tape

    def take(self) -> Waiting:
        waiting = super().take()
        self._tape.note(waiting.request)
        return waiting


@dataclass(slots=True)
class BareLoop:
    """Decides and folds; nothing more."""

    book: Book = field(default_factory=Book)
    steps: int = 0
    facts: int = 0

    def play(self, tape: Tape) -> None:
        """Decide everything on the tape, and what lapses in between."""
        for now, what in tape.entries:
            self.lapse_until(now)
            if isinstance(what, Request):
                self.do(what, now)
            else:
                self.book.roster.sight(*what)

    def lapse_until(self, now: datetime) -> None:
        """Let every deadline up to `now` lapse, each at its time."""
        book = self.book
        while (deadline := book.next_deadline()) is not None and deadline.due_at <= now:
            lapse = Lapse(
                kind=deadline.kind, subject_id=deadline.subject_id, due_at=deadline.due_at
            )
            self.do(lapse, max(deadline.due_at, book.last_at or deadline.due_at))

    def do(self, request: Request, now: datetime) -> list[Fact] | DispatchError:
        """Answer one request; return all facts that came of it, or the refusal."""
        self.steps += 1
        book = self.book
        try:
            facts = decide(book, request, now)
        except DispatchError as refusal:
            return refusal
        done: list[Fact] = []
        while facts:
            for fact in facts:
                evolve(book, fact)
            done += facts
            facts = pursue(book, now)
        self.facts += len(done)
        return done
