"""Caregivers at fixed points, found by the engine's own search and busy for a time by chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Final

import numpy as np

from dispatch.areas import Territory
from dispatch.facts import CaregiverEnrolled
from dispatch.ids import AreaId, CaregiverId, IncidentId
from dispatch.place import METRES_PER_DEGREE, Floats, Place
from dispatch.queue import CallQueue
from dispatch.roster import Need, Roster
from simulator.theory.line import WARM_UP

NOON: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at_km(east: float, north: float = 0.0) -> Place:
    """Return a point so far from where the equator meets Greenwich, where degrees are square."""
    return Place(lon=east * 1000 / METRES_PER_DEGREE, lat=north * 1000 / METRES_PER_DEGREE)


class Fleet:
    """Caregivers by number, in the engine's roster."""

    def __init__(self, stations: Sequence[Place]) -> None:
        self.roster = Roster(Territory())
        self._ids = [CaregiverId(str(number)) for number in range(len(stations))]
        for caregiver_id, station in zip(self._ids, stations, strict=True):
            self.roster.enrol(
                CaregiverEnrolled(
                    at=NOON,
                    caregiver_id=caregiver_id,
                    kind="nurse",
                    skills=(),
                    languages=(),
                    area_id=AreaId("A"),
                    speed_kmh=15.0,
                    is_active=True,
                    station=station,
                )
            )
            self.roster.change(caregiver_id, is_on_duty=True)

    def __len__(self) -> int:
        return len(self._ids)

    def nearest(self, place: Place) -> tuple[int, float] | None:
        """Return the nearest who is free, and the straight line to them in metres."""
        found = self.roster.search(
            Need(
                place=place,
                scope=None,
                skills=frozenset(),
                excluded=frozenset(),
                asked=frozenset(),
            ),
            wanted=1,
            now=NOON,
        )
        if not found.chosen:
            return None
        (chosen,) = found.chosen
        return int(chosen.caregiver_id), chosen.distance_m

    def take(self, unit: int) -> None:
        """Let a caregiver be busy."""
        self.roster.change(self._ids[unit], work="I1.1")

    def release(self, unit: int) -> None:
        """Let a caregiver be free."""
        self.roster.change(self._ids[unit], work=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """What became of the calls of one run, in the order in which they came, after the warm-up."""

    atoms: Floats  # from which atom each call came
    units: Floats  # who went; -1 for a call that was lost
    waits: Floats  # in mean services
    services: Floats
    rate: float  # of all calls, in a mean service

    def flow(self, unit: int, atom: int) -> Floats:
        """Return for each call 1 when it came from `atom` and `unit` went."""
        return ((self.units == unit) & (self.atoms == atom)).astype(np.float64)

    @property
    def lost(self) -> Floats:
        """For each call 1 when it was lost."""
        return (self.units < 0).astype(np.float64)

    def work(self, unit: int) -> Floats:
        """Return for each call how much work it gave to `unit`, per mean time between calls.

        By the true rate, not that of the run: the error from batch to batch is then the whole.
        """
        return np.where(self.units == unit, self.services, 0.0) * self.rate


def attend(
    fleet: Fleet,
    atoms: Sequence[Place],
    rates: Sequence[float],
    *,
    calls: int,
    seed: int,
    is_lost: bool,
) -> Attended:
    """Let calls come from `atoms` by chance at `rates`, and be attended by the nearest free unit.

    Service is exponential with mean 1, travel included. A call that finds nobody free is lost
    when `is_lost`, and otherwise waits in the engine's queue.
    """
    chance = np.random.default_rng(seed)
    total = sum(rates)
    times: list[float] = np.cumsum(chance.exponential(1 / total, calls)).tolist()
    origins: list[int] = chance.choice(
        len(atoms), calls, p=[rate / total for rate in rates]
    ).tolist()
    services = chance.exponential(1.0, calls)
    field = _Field(fleet, services.tolist())
    for number, (at, atom) in enumerate(zip(times, origins, strict=True)):
        field.pass_time(at)
        nearest = fleet.nearest(atoms[atom])
        if nearest is not None:
            field.send(nearest[0], number, at)
        elif not is_lost:
            field.wait(number, at)
    field.pass_time(float("inf"))
    start = int(calls * WARM_UP)
    return Attended(
        atoms=np.array(origins[start:]),
        units=np.array([field.units.get(number, -1) for number in range(start, calls)]),
        waits=np.array([field.waits.get(number, 0.0) for number in range(start, calls)]),
        services=services[start:],
        rate=total,
    )


class _Field:
    """Who is busy until when, and which calls wait."""

    def __init__(self, fleet: Fleet, services: Sequence[float]) -> None:
        self.units: dict[int, int] = {}
        self.waits: dict[int, float] = {}
        self._fleet = fleet
        self._services = services
        self._queue = CallQueue()
        self._done: list[tuple[float, int]] = []  # a heap: when who is free again
        self._arrived: dict[int, float] = {}

    def send(self, unit: int, number: int, now: float) -> None:
        self._fleet.take(unit)
        self.units[number] = unit
        heappush(self._done, (now + self._services[number], unit))

    def wait(self, number: int, at: float) -> None:
        self._arrived[number] = at
        due = NOON + timedelta(seconds=at)
        self._queue.put(IncidentId(f"I{number}"), (False, due, due, number))

    def pass_time(self, until: float) -> None:
        while self._done and self._done[0][0] <= until:
            now, unit = heappop(self._done)
            self._fleet.release(unit)
            first = self._queue.pop()
            if first is not None:
                number = int(first[1:])
                self.waits[number] = now - self._arrived.pop(number)
                self.send(unit, number, now)
