"""A desk of operators that serves calls in the order of the engine's own queue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Final

import numpy as np

from dispatch import incident as incidents
from dispatch.areas import Level
from dispatch.facts import IncidentRaised
from dispatch.ids import IncidentId
from dispatch.incident import Incident
from dispatch.place import Floats
from dispatch.plans import Gravity
from dispatch.queue import CallQueue, Rank, rank

NOON: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
WARM_UP: Final = 0.02  # share of the calls that come before the desk is as busy as it gets

Order = Callable[[Incident], Rank]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClass:
    """Calls of one kind."""

    share: float
    gravity: Gravity
    due_within: timedelta


# Due times so far apart that no wait closes the gap: the order is that of the classes.
THREE_CLASSES: Final = (
    CallClass(share=0.2, gravity=Gravity.LIFE_THREAT, due_within=timedelta(minutes=10)),
    CallClass(share=0.3, gravity=Gravity.URGENT, due_within=timedelta(minutes=15)),
    CallClass(share=0.5, gravity=Gravity.ROUTINE, due_within=timedelta(days=9)),
)
ONE_CLASS: Final = (CallClass(share=1.0, gravity=Gravity.URGENT, due_within=timedelta(minutes=15)),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What became of the calls of one run, in the order in which they came."""

    waits_s: Floats
    classes: Sequence[int]  # of each call
    seconds: float  # from the first call to the last
    waiting: float  # mean number of calls in the queue, counted as time went by

    @property
    def settled(self) -> Floats:
        """The waits after the warm-up."""
        return self.waits_s[int(len(self.waits_s) * WARM_UP) :]

    def settled_of(self, number: int) -> Floats:
        """Return the waits of one class after the warm-up."""
        start = int(len(self.waits_s) * WARM_UP)
        return self.waits_s[start:][np.asarray(self.classes[start:]) == number]


def serve(
    *,
    operators: int,
    load: float,
    handling_s: float,
    calls: int,
    seed: int,
    classes: Sequence[CallClass] = ONE_CLASS,
    order: Order = rank,
) -> Served:
    """Let calls come by chance and be handled by `operators`; whoever waits is in the queue.

    `load` in erlangs; handling is exponential. `order` is another rank than the engine's only
    where a test wants to see the order go wrong.
    """
    chance = np.random.default_rng(seed)
    times: list[float] = np.cumsum(chance.exponential(handling_s / load, calls)).tolist()
    desk = _Desk(operators, chance.exponential(handling_s, calls).tolist())
    kinds: list[int] = chance.choice(len(classes), calls, p=[one.share for one in classes]).tolist()
    for number, at in enumerate(times):
        desk.pass_time(at)
        if desk.free:
            desk.handle(number, at)
        else:
            call = _raised(number, at, classes[kinds[number]])
            desk.arrived[call.id] = (number, at)
            desk.queue.put(call.id, order(call))
    seconds = times[-1]
    waiting = desk.call_seconds / seconds
    desk.pass_time(float("inf"))
    return Served(
        waits_s=np.array([desk.waits[number] for number in range(calls)]),
        classes=kinds,
        seconds=seconds,
        waiting=waiting,
    )


@dataclass(slots=True)
class _Desk:
    """Operators, and the calls that wait for one of them."""

    free: int
    handling: Sequence[float]  # of each call, in seconds
    queue: CallQueue = field(default_factory=CallQueue)
    waits: dict[int, float] = field(default_factory=dict[int, float])
    arrived: dict[IncidentId, tuple[int, float]] = field(
        default_factory=dict[IncidentId, tuple[int, float]]
    )
    call_seconds: float = 0.0  # that calls have spent in the queue
    now: float = 0.0
    done: list[float] = field(default_factory=list[float])  # a heap: when handled calls end

    def handle(self, number: int, arrived: float) -> None:
        self.free -= 1
        self.waits[number] = self.now - arrived
        heappush(self.done, self.now + self.handling[number])

    def pass_time(self, until: float) -> None:
        """Let calls end, and the next of the queue begin, up to a time."""
        while self.done and self.done[0] <= until:
            self._tick(heappop(self.done))
            self.free += 1
            first = self.queue.pop()
            if first is not None:
                self.handle(*self.arrived.pop(first))
        if until != float("inf"):
            self._tick(until)

    def _tick(self, now: float) -> None:
        self.call_seconds += len(self.queue) * (now - self.now)
        self.now = now


def _raised(number: int, at_s: float, kind: CallClass) -> Incident:
    at = NOON + timedelta(seconds=at_s)
    return incidents.raised(
        IncidentRaised(
            at=at,
            incident_id=IncidentId(f"I{number}"),
            kind="sos",
            gravity=kind.gravity,
            plan_version="1",
            channel="handset",
            resident_id=None,
            handset_id=None,
            area_id=None,
            due_at=at + kind.due_within,
            level=Level.DISTRICT,
            step_by=at,
            desk_by=None,
            linked_to=None,
            events=(),
            occurred_at=None,
            problems=(),
        )
    )
