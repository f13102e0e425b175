"""Which waiting call is served next: the in-memory priority queue."""

from collections.abc import Iterator
from datetime import datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from dispatch.ids import IncidentId

if TYPE_CHECKING:
    from dispatch.incident import Incident

Rank: TypeAlias = tuple[bool, datetime, datetime, int]


def rank(incident: "Incident") -> Rank:
    """Return the sort key of a call: the smallest is served first.

    The key is fixed when the call is raised, so a heap can hold it. A routine call rises by
    its due time, so that a busy night cannot starve it, but never above a threat to life.
    Ties go to the older call, then to the one that was counted first.
    """
    return (
        not incident.gravity.is_life_threat,
        incident.due_at,
        incident.raised_at,
        int(incident.id[1:]),
    )


class CallQueue:
    """A priority queue of calls. `put`, `discard` and `pop` cost O(log n) or less.

    A call is held once however often it is put. Discarded calls leave the heap lazily.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[Rank, IncidentId]] = []
        self._held: set[IncidentId] = set()
        self._in_heap: set[IncidentId] = set()

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, incident_id: IncidentId) -> bool:
        return incident_id in self._held

    def put(self, incident_id: IncidentId, key: Rank) -> None:
        """Let the call wait; no effect when it already does."""
        self._held.add(incident_id)
        if incident_id not in self._in_heap:
            self._in_heap.add(incident_id)
            heappush(self._heap, (key, incident_id))

    def discard(self, incident_id: IncidentId) -> None:
        """Forget the call; no effect when it does not wait."""
        self._held.discard(incident_id)

    def peek(self) -> IncidentId | None:
        """Return the call that is served next, or None."""
        while self._heap and self._heap[0][1] not in self._held:
            self._in_heap.discard(heappop(self._heap)[1])
        return self._heap[0][1] if self._heap else None

    def pop(self) -> IncidentId | None:
        """Take out and return the call that is served next, or None."""
        first = self.peek()
        if first is not None:
            heappop(self._heap)
            self._in_heap.discard(first)
            self._held.discard(first)
        return first

    def __iter__(self) -> Iterator[IncidentId]:
        """Give the waiting calls in order, one by one, at a cost for those that are looked at."""
        yield from (
            incident_id for _, incident_id in sorted(self._heap) if incident_id in self._held
        )
