"""The journal in memory: for tests and simulations, under the same contract as the one on disk.

Facts lie in it encoded, as they would lie in a table, so that what is read back is what was kept,
and two journals can be compared byte for byte.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from app.codec import Encoded, UnknownFact, chain_hash, decode, encode, personal_hash
from app.storage.ledger import CommitRefused, LedgerLost, LedgerOwned, NumberTaken, Recorded
from app.storage.lines import line_of
from app.storage.projections import Changes
from dispatch.facts import Fact

_GENESIS = bytes(32)
_SALT = b""  # nobody is erased from memory, and chance would make two like runs differ


@dataclass
class Journal:
    """What outlives a ledger: the rows, the snapshots, and who holds the lock."""

    rows: list[Encoded] = field(default_factory=list[Encoded])
    snapshots: dict[int, tuple[int, bytes]] = field(default_factory=dict[int, tuple[int, bytes]])
    owner: object = None

    @property
    def facts(self) -> list[Fact]:
        """Return every fact, in order."""
        return [decode(row.kind, row.version, row.body, row.personal) for row in self.rows]

    def write(self, *facts: Fact) -> None:
        """Put facts on record past any owner."""
        self.rows += [encode(fact) for fact in facts]

    def chain(self) -> bytes:
        """Return the last link of the chain over all rows: equal for equal journals only."""
        link = _GENESIS
        for number, row in enumerate(self.rows, start=1):
            hidden = None if row.personal is None else personal_hash(_SALT, row.personal)
            link = chain_hash(link, number, row, hidden)
        return link

    def lines(self) -> Iterator[str]:
        """Give every row as a line of JSON, in order."""
        return (line_of(number, row) for number, row in enumerate(self.rows, start=1))


class MemoryLedger:
    """A ledger on a `Journal`. `faults` are what the next commits meet, one each.

    "lost" drops the connection before the commit reached the journal, "lost after" once it had,
    "refused" refuses the data. While `is_away` is set nothing can be reached; while `open_gate` is
    not set every commit waits in front of it.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self.epoch = 1
        self.last_number = 0
        self.journal = journal or Journal()
        self.faults: deque[str] = deque()
        self.is_away = False
        self.batches: list[list[Fact]] = []
        self.held = asyncio.Event()  # set while a commit waits at the gate
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self._is_open = False
        self._last: Encoded | None = None
        self._hoped: tuple[int, Encoded] | None = None
        self._was_open = False

    async def open(self) -> None:
        """Become the owner. Raises LedgerOwned, LedgerLost, NumberTaken."""
        self._must_answer()
        if self.journal.owner not in (None, self):
            raise LedgerOwned
        rows = self.journal.rows
        if self._was_open:
            ends = [(self.last_number, self._last), self._hoped]
            if (len(rows), rows[-1] if rows else None) not in ends:
                raise NumberTaken
        self.journal.owner = self
        self._is_open = self._was_open = True
        self.last_number = len(rows)
        self._last, self._hoped = (rows[-1] if rows else None), None

    async def read(self, after: int) -> AsyncIterator[Recorded]:
        """Give the facts after a number, in order; one that cannot be read is left out."""
        self._must_be_open()
        for number, row in enumerate(self.journal.rows[after:], start=after + 1):
            try:
                fact = decode(row.kind, row.version, row.body, row.personal)
            except (UnknownFact, msgspec.DecodeError):
                continue
            yield Recorded(number=number, fact=fact)

    async def snapshot(self, evolve_version: int) -> tuple[int, bytes] | None:
        """Return the newest snapshot of this version, with the number it stands at."""
        self._must_be_open()
        found = [
            (number, body)
            for number, (version, body) in self.journal.snapshots.items()
            if version == evolve_version and number <= self.last_number
        ]
        return max(found, default=None)

    async def save_snapshot(self, number: int, evolve_version: int, body: bytes) -> None:
        """Keep a snapshot, and forget older ones."""
        self._must_answer()
        self.journal.snapshots = {number: (evolve_version, body)}

    async def commit(self, facts: Sequence[Fact], changes: Changes) -> None:
        """Put facts on record. Raises LedgerLost, CommitRefused, NumberTaken."""
        self._must_be_open()
        if not facts:
            return
        if not self.open_gate.is_set():
            self.held.set()
            await self.open_gate.wait()
            self.held.clear()
        self._must_answer()
        changes.statements()
        try:
            rows = [encode(fact) for fact in facts]
        except (ValueError, TypeError) as error:
            raise CommitRefused(type(error).__name__) from error
        fault = self.faults.popleft() if self.faults else ""
        if fault == "refused":
            raise CommitRefused("a fault that was asked for")
        if fault == "lost":
            self._lose(rows)
        if len(self.journal.rows) != self.last_number:
            raise NumberTaken
        self.journal.rows += rows
        if fault == "lost after":
            self._lose(rows)
        self.last_number, self._last = len(self.journal.rows), rows[-1]
        self.batches.append(list(facts))

    async def close(self) -> None:
        """Give the journal back."""
        self._is_open = False
        if self.journal.owner is self:
            self.journal.owner = None

    def _must_answer(self) -> None:
        if self.is_away:
            self._is_open = False
            self.journal.owner = None
            raise LedgerLost("the journal is away")

    def _must_be_open(self) -> None:
        self._must_answer()
        if not self._is_open:
            raise LedgerLost("the journal is not open")

    def _lose(self, rows: list[Encoded]) -> None:
        self._hoped = (self.last_number + len(rows), rows[-1])
        self._is_open = False
        self.journal.owner = None
        raise LedgerLost("a fault that was asked for")
