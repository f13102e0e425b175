"""Every promise, watched at once: after each commit what it touched, at times everything."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.codec import decode, incident_of
from app.storage.ledger import Recorded
from app.storage.memory import Journal
from dispatch.book import Book
from dispatch.facts import Fact
from dispatch.ids import IncidentId
from dispatch.requests import HandsetCalled
from simulator.run.choices import Choices
from simulator.run.promises import (
    ON_RECORD,
    Deadlines,
    OnRecord,
    SameState,
    ToldOnly,
    Turns,
)
from simulator.run.response import Responses

KEPT_MAX = 50  # violations of one night; the first tells most
ENGINE = "0 the engine runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A promise that did not hold."""

    promise: str
    at_s: float  # virtual seconds since the night began
    words: str


class Watch:
    """Looks at one night from outside. `now_s` gives the virtual seconds since it began."""

    def __init__(self, journal: Journal, policy: str, now_s: Callable[[], float]) -> None:
        self.violations: list[Violation] = []
        self.responses = Responses()
        self.on_record = OnRecord(self.complain)
        self._journal = journal
        self._now_s = now_s
        self._seen = 0  # rows of the journal
        self._deadlines = Deadlines(self.complain)
        self._turns = Turns(self.complain)
        self._same = SameState(self.complain)
        self._told = ToldOnly(self.complain)
        self._choices = Choices(self.complain, policy)

    def complain(self, promise: str, words: str) -> None:
        """Keep what did not hold."""
        if len(self.violations) < KEPT_MAX:
            at_s = round(self._now_s(), 3)
            self.violations.append(Violation(promise=promise, at_s=at_s, words=words))

    @property
    def facts(self) -> int:
        """How many facts were looked at."""
        return self._seen

    def asked(self, request: HandsetCalled, batch: int) -> None:
        """Note that the center has a handset's message; `batch` is the one in flight."""
        if not self.on_record.is_on_record(request):
            self._turns.asked(request, batch)

    def stopped(self) -> None:
        """Note that the center died."""
        self._turns.stopped()

    def told(self, book: Book, recorded: Sequence[Recorded], batch: int) -> None:
        """Look at a commit: its facts, and all that they touched."""
        rows = self._journal.rows[self._seen :]
        facts = [decode(row.kind, row.version, row.body, row.personal) for row in rows]
        self._seen += len(rows)
        if recorded[-1].number != self._seen:
            words = f"fact {recorded[-1].number} was told, the journal ends at {self._seen}"
            self.complain(ON_RECORD, f"{words}: swallowed")
        self._told.told([one.fact for one in recorded], facts)
        touched: set[IncidentId] = set()
        for fact in facts:
            self._recorded(fact, batch)
            incident_id = incident_of(fact)
            if incident_id is not None:
                touched.add(IncidentId(incident_id))
        self._deadlines.touched(book, touched)

    def _recorded(self, fact: Fact, batch: int) -> None:
        self.on_record.recorded(fact)
        self._turns.recorded(fact, batch)
        self._same.recorded(fact)
        self._choices.recorded(fact)
        self.responses.recorded(fact)

    def look(self, book: Book, now: datetime) -> None:
        """Look for what should have happened and did not, while the center could have acted."""
        self._deadlines.look(book, now)

    def compare(self, book: Book, *, is_saved: bool = False) -> None:
        """Look at everything: the book against the journal, and with `is_saved` a snapshot."""
        self._same.compare(book)
        if is_saved:
            self._same.compare_saved(book)
