"""How many operators and how many caregivers an hour needs, to hold what was promised."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

from dispatch.reach import busy_in_line, nearest_when_busy_km, nearest_when_busy_within
from dispatch.waiting import Desk

ROUNDS_MAX: Final = 50  # of the loop between travel and service; a handful are enough
SETTLED_S: Final = 0.1  # when the loop may end


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A share of the calls (0 to 1, without 1) within a time."""

    share: float
    within_s: float

    def __str__(self) -> str:
        return f"{100 * self.share:g} % in {self.within_s:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operators:
    """How many operators an hour needs, and what asks for that many."""

    count: int
    load: float  # erlangs
    binds: Target | None  # None: one is enough for all


@dataclass(frozen=True, slots=True, kw_only=True)
class Fieldwork:
    """What an hour asks of the caregivers of an area."""

    visits_per_h: float
    at_work_s: float  # mean from acceptance to done, without the travel
    speed_kmh: float  # positive
    area_km2: float | None  # None: not known, and travel is not planned for


@dataclass(frozen=True, slots=True, kw_only=True)
class Caregivers:
    """How many caregivers an hour needs, and what asks for that many."""

    count: int
    load: float  # erlangs, travel included
    travel_s: float  # mean, to the nearest who is free; 0 when the area is not known
    none_free: float  # share of calls that find everybody busy
    arrive_within: float | None  # share of visits within the target's time; None: not known
    binds: str  # "none_free", "arrive" or "both": what one fewer would miss; "" when one is enough


def operators_needed(
    calls_per_h: float, handling_s: float, targets: Sequence[Target], *, variation: float = 1.0
) -> Operators:
    """Return the fewest operators that hold every target, one at the least."""
    load = calls_per_h * handling_s / 3600.0
    needed = Operators(count=1, load=load, binds=None)
    for target in targets:
        count = max(1, int(load) if load >= 1 else 1)
        while _answered(count, calls_per_h, handling_s, variation, target) < target.share:
            count += 1
        if count > needed.count:
            needed = Operators(count=count, load=load, binds=target)
    return needed


def caregivers_needed(work: Fieldwork, *, none_free: float, arrive: Target) -> Caregivers:
    """Return the fewest caregivers who hold both targets, one at the least.

    At most `none_free` (0 to 1) of the calls find everybody busy, and the nearest who is free
    arrives in time; a call that finds nobody free counts as late. A visit occupies a caregiver
    for the travel too, and who is occupied makes the others' way longer: the two are worked out
    in turn until they agree. Sources: Larson 1975, calibration of the mean service; Kolesar &
    Blum 1973, square-root law.
    """
    count = max(1, _at_least(work, arrive))
    fewer = _with(count - 1, work, arrive)
    while True:
        found = _with(count, work, arrive)
        if found is not None and not _missed(found, none_free, arrive):
            missed = _missed(fewer, none_free, arrive) if count > 1 else ""
            return replace(found, binds=missed)
        count, fewer = count + 1, found


def _answered(
    count: int, calls_per_h: float, handling_s: float, variation: float, target: Target
) -> float:
    desk = Desk(
        operators=count, calls_per_h=calls_per_h, handling_s=handling_s, variation=variation
    )
    return desk.answered_within(target.within_s)


def _at_least(work: Fieldwork, arrive: Target) -> int:
    """Return a number below which it cannot be: those at work, and enough others to be near."""
    at_work = work.visits_per_h * work.at_work_s / 3600.0
    if work.area_km2 is None:
        return int(at_work)
    near = -log(1.0 - arrive.share) * work.area_km2 / (2 * _reach_km(work, arrive) ** 2)
    return int(at_work + near)  # a changing number of free ones is worse than its mean


def _with(count: int, work: Fieldwork, arrive: Target) -> Caregivers | None:
    """Return how it goes with so many caregivers; None when the work outgrows them."""
    travel_s = 0.0
    for _ in range(ROUNDS_MAX):
        load = work.visits_per_h * (work.at_work_s + travel_s) / 3600.0
        if load >= count:
            return None
        busy = busy_in_line(count, load)
        before_s, travel_s = travel_s, _travel_s(busy, work)
        if abs(travel_s - before_s) < SETTLED_S:
            return Caregivers(
                count=count,
                load=load,
                travel_s=travel_s,
                none_free=busy[-1],
                arrive_within=_arrive_within(busy, work, arrive),
                binds="",
            )
    return None


def _travel_s(busy: Sequence[float], work: Fieldwork) -> float:
    if work.area_km2 is None:
        return 0.0
    return nearest_when_busy_km(work.area_km2, busy) / work.speed_kmh * 3600.0


def _arrive_within(busy: Sequence[float], work: Fieldwork, arrive: Target) -> float | None:
    if work.area_km2 is None:
        return None
    return nearest_when_busy_within(_reach_km(work, arrive), work.area_km2, busy)


def _reach_km(work: Fieldwork, arrive: Target) -> float:
    return work.speed_kmh * arrive.within_s / 3600.0


def _missed(found: Caregivers | None, none_free: float, arrive: Target) -> str:
    """Return which of the two targets is missed, or "both", or "" when neither is."""
    if found is None:
        return "both"
    is_late = found.arrive_within is not None and found.arrive_within < arrive.share
    is_short = found.none_free > none_free
    if is_late and is_short:
        return "both"
    return "arrive" if is_late else "none_free" if is_short else ""
