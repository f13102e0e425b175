"""What can go wrong in a day: drawn beforehand from the seed, and met when its time comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final

DAY_S: Final = 86_400.0
OUTAGE_S: Final = 2_400.0


class Kind(StrEnum):
    """The kinds of mishap."""

    CRASH = "crash"  # the center dies, whatever it is doing
    CRASH_BEFORE = "crash before"  # within the next commit, before anything is on record
    CRASH_AFTER = "crash after"  # once it is on record, before anybody is told
    LOST = "lost"  # the connection, before the commit arrived
    LOST_AFTER = "lost after"  # once it had
    REFUSED = "refused"  # sound data is refused
    SLOW = "slow"  # commits take seconds for a while
    POISON = "poison"  # a handset sends what no storage takes
    POISON_NOTE = "poison note"  # an operator does
    CLOCK = "clock"  # the rules' clock is put forward or back by `amount` seconds
    DRIFT = "drift"  # and runs `amount` parts per million too fast
    AWAY = "away"  # no journal for 40 minutes
    OUTAGE = "outage"  # no center for 40 minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """Something that goes wrong at a time."""

    at_s: float
    kind: Kind
    amount: float = 0.0


_TIMES_A_DAY: Final = (
    (Kind.CRASH, 1),
    (Kind.CRASH_BEFORE, 1),
    (Kind.CRASH_AFTER, 1),
    (Kind.LOST, 2),
    (Kind.LOST_AFTER, 2),
    (Kind.REFUSED, 1),
    (Kind.SLOW, 2),
    (Kind.POISON, 2),
    (Kind.POISON_NOTE, 1),
    (Kind.DRIFT, 1),
)


def forecast(chance: Random, days: int) -> list[Mishap]:
    """Return the mishaps of some days, in order."""
    found = [one for day in range(days) for one in _of_a_day(chance, day * DAY_S)]
    return sorted(found, key=lambda one: (one.at_s, one.kind))


def _of_a_day(chance: Random, begin_s: float) -> Iterator[Mishap]:
    def moment() -> float:
        return begin_s + chance.uniform(1_800, DAY_S - 3_600)

    for kind, times in _TIMES_A_DAY:
        for _ in range(times):
            yield Mishap(at_s=moment(), kind=kind, amount=chance.uniform(-300, 300))
    ahead_s = chance.choice((1, 60, 600, 3_600)) * chance.uniform(0.5, 1.5)
    yield Mishap(at_s=moment(), kind=Kind.CLOCK, amount=ahead_s)
    yield Mishap(at_s=moment(), kind=Kind.CLOCK, amount=-ahead_s)
    yield Mishap(at_s=moment(), kind=chance.choice((Kind.AWAY, Kind.OUTAGE)))
