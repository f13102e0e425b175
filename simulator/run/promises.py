"""The promises to those who call, each as a small watcher of what was said and what is on record.

A watcher never asks the engine what it thinks of itself: it is told what people sent and heard,
and reads the journal's rows. Only what a step touched is looked at; `compare` looks at all.
Promise 7, about those who are asked, stands in `choices`.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final

from app.center import bare
from app.storage.snapshot import restore, save
from dispatch import facts as f
from dispatch.book import Book
from dispatch.errors import DispatchError
from dispatch.evolve import evolve
from dispatch.facts import EventKey, Fact
from dispatch.ids import HandsetId, IncidentId
from dispatch.plans import Gravity
from dispatch.requests import HandsetCalled
from simulator.run.state import differing

Key = tuple[HandsetId, EventKey]
Complain = Callable[[str, str], None]  # which promise, and what happened, in words

ON_RECORD: Final = "1 acknowledged means on record"
ONCE: Final = "2 no call is lost, none is doubled"
DEADLINE: Final = "3 every waiting state has a deadline"
FIRST: Final = "4 an SOS waits for one commit and one slice"
SAME: Final = "5 the same facts give the same state"
TOLD: Final = "6 nobody is told what is not on record"

LAPSED_AT_MOST: Final = timedelta(seconds=30)  # while nothing hinders the center
_SIGNS: Final = frozenset({"check_in", "test"})
_CAN_WAIT: Final = frozenset({*_SIGNS, "low_battery", "life_assistance", "cancel"})


def keys_of(request: HandsetCalled) -> list[Key]:
    """Return under what names the messages of a request may lie on record, the first as sent."""
    return [(one.handset_id, event) for one in (request, bare(request)) for event in one.events]


def _words(name: Key) -> str:
    handset_id, event = name
    return f"{event.kind} {event.event_id!a} of {handset_id}"


class OnRecord:
    """Promises 1 and 2: what is acknowledged is on record, once, and in one incident or signal."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._sent: dict[Key, Key] = {}  # every name of a message to its first name
        self._found: dict[Key, IncidentId | None] = {}
        self._acknowledged: set[Key] = set()

    def sent(self, request: HandsetCalled) -> None:
        """Note a message when it is made, before it was ever sent."""
        names = keys_of(request)
        for name in names:
            self._sent[name] = names[0]

    def recorded(self, fact: Fact) -> None:
        """Look at a fact that came on record."""
        match fact:
            case f.IncidentRaised() | f.PressRepeated():
                events, incident_id = fact.events, fact.incident_id
            case f.CancelPressed():
                events, incident_id = (fact.event,), fact.incident_id
            case f.SignalHeard():
                events, incident_id = (fact.event,), None
            case _:
                return
        if fact.handset_id is not None:
            for event in events:
                self._found_once((fact.handset_id, event), incident_id)

    def _found_once(self, name: Key, incident_id: IncidentId | None) -> None:
        first = self._sent.get(name)
        what = _words(name)
        if first is None:
            self._complain(ONCE, f"{what} is on record, but nobody sent it: doubled")
        elif first in self._found:
            self._complain(ONCE, f"{what} is on record twice: doubled")
        elif incident_id is None and name[1].kind not in (*_SIGNS, "cancel"):
            self._complain(ONCE, f"{what} is a call for help and opened nothing: lost")
        self._found[first or name] = incident_id

    def is_on_record(self, request: HandsetCalled) -> bool:
        """Whether the messages of a request, under whichever name, are on record."""
        return (request.handset_id, request.events[0]) in self._found

    def acknowledged(self, request: HandsetCalled) -> None:
        """Look at a "yes" when it leaves the center."""
        name = (request.handset_id, request.events[0])
        self._acknowledged.add(name)
        if name not in self._found:
            words = f"{_words(name)} was acknowledged, but is not on record: swallowed"
            self._complain(ON_RECORD, words)

    def at_the_end(self) -> None:
        """Look whether everything that was sent got its answer."""
        silent = set(self._sent.values()) - self._acknowledged
        for words in sorted(map(_words, silent)):
            self._complain(ONCE, f"{words} was never acknowledged, however often it was sent: lost")

    @property
    def presses(self) -> int:
        """How many messages were acknowledged that call for help."""
        return sum(event.kind not in (*_SIGNS, "cancel") for _, event in self._acknowledged)


class Deadlines:
    """Promise 3: whoever waits, waits until a time, and that time does not pass in silence."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._heap: list[tuple[datetime, IncidentId]] = []

    def touched(self, book: Book, incident_ids: set[IncidentId]) -> None:
        """Look at incidents that a step changed."""
        dues: list[datetime] = []
        for incident_id in incident_ids:
            incident = book.incidents.get(incident_id)
            if incident is None:
                continue
            own = [deadline.due_at for deadline in book.deadlines_of(incident)]
            if own:
                dues.append(min(own))
                heappush(self._heap, (dues[-1], incident_id))
            else:
                self._complain(DEADLINE, f"{incident_id} is open and waits for nothing")
        if dues:
            first = book.next_deadline()
            if first is None or first.due_at > min(dues):
                self._complain(DEADLINE, f"nothing wakes at {min(dues)}: a deadline is forgotten")

    def look(self, book: Book, now: datetime) -> None:
        """Look for deadlines long lapsed; only when the center could have acted."""
        limit = now - LAPSED_AT_MOST
        while self._heap and self._heap[0][0] < limit:
            _, incident_id = heappop(self._heap)
            incident = book.incidents.get(incident_id)
            if incident is None:
                continue
            for deadline in book.deadlines_of(incident):
                if deadline.due_at < limit:
                    words = f"{deadline.kind} of {deadline.subject_id} lapsed at {deadline.due_at}"
                    self._complain(DEADLINE, f"{words}, and at {now} nothing has happened")


class Turns:
    """Promise 4: nothing that can wait comes on record between a call for help and its record."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._waiting: dict[Key, int] = {}  # the batch in flight when it reached the inbox
        self._other_at = 0  # the latest batch with something that can wait

    def asked(self, request: HandsetCalled, batch: int) -> None:
        """Note a call for help when the center has it."""
        if request.kind not in _CAN_WAIT:
            self._waiting.setdefault((request.handset_id, request.events[0]), batch)

    def recorded(self, fact: Fact, batch: int) -> None:
        """Look at a fact of a batch, in order."""
        match fact:
            case f.IncidentRaised() | f.PressRepeated():
                for event in fact.events:
                    self._had_its_turn(fact, event)
                if fact.gravity > Gravity.URGENT:
                    self._other_at = batch
            case f.SignalHeard():
                if fact.event.kind != "cancel":
                    self._other_at = batch
            case _:
                if type(fact) in _OTHERS:
                    self._other_at = batch

    def _had_its_turn(self, fact: f.IncidentRaised | f.PressRepeated, event: EventKey) -> None:
        if fact.handset_id is None:
            return
        at = self._waiting.pop((fact.handset_id, event), None)
        if at is not None and self._other_at > at:
            words = f"{_words((fact.handset_id, event))} stood behind"
            self._complain(FIRST, f"{words} something that could wait, in batch {self._other_at}")

    def stopped(self) -> None:
        """Forget who waited: the center died, they must send again, and batches count anew."""
        self._waiting.clear()
        self._other_at = 0


# Not what lapsed: of that, each slice takes one, however many call.
_OTHERS: Final = frozenset(
    {
        f.DutyStarted,
        f.DutyEnded,
        f.OperatorSatDown,
        f.OperatorLeft,
        f.NoteAdded,
        f.ContactTried,
        f.PromptTicked,
        f.ClaimReleased,
        f.OfferShown,
        f.OfferAccepted,
        f.OfferDeclined,
        f.CaregiverSetOut,
        f.CaregiverArrived,
        f.AttendanceDone,
        f.ResidentRegistered,
        f.HandsetPaired,
        f.CaregiverEnrolled,
        f.AreaDefined,
    }
)


class SameState:
    """Promise 5: the journal, folded by somebody else, gives the same book."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._book = Book()

    def recorded(self, fact: Fact) -> None:
        """Fold a fact from the record."""
        try:
            evolve(self._book, fact)
        except DispatchError as error:
            self._complain(SAME, f"a fact on record cannot be folded: {error}")

    def compare(self, book: Book) -> None:
        """Look whether the live book is what the journal says."""
        names = differing(self._book, book)
        if names:
            self._complain(SAME, f"the journal folded anew differs in {', '.join(names)}")

    def compare_saved(self, book: Book) -> None:
        """Look whether a snapshot gives the book back."""
        restored = Book()
        restore(restored, save(book))
        names = differing(restored, book)
        if names:
            self._complain(SAME, f"a snapshot gives back another {', '.join(names)}")


class ToldOnly:
    """Promise 6, as far as the center can break it: what it tells is what is on record."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain

    def told(self, told: Sequence[Fact], on_record: Sequence[Fact]) -> None:
        """Compare what was told with the rows that were added to the journal since."""
        if list(told) != list(on_record[len(on_record) - len(told) :]):
            kinds = ", ".join(type(one).__name__ for one in told)
            self._complain(TOLD, f"told, but not on record like this: {kinds}")
