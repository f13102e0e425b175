"""All checks of the engine against theory: a short form for every test run, a long one by command.

Each function gives its checks for one size. What it takes besides is the engine's own piece; a
test hands over a wrong one and sees the checks fail.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, sqrt
from typing import Final

import numpy as np

from dispatch.place import Place
from dispatch.queue import rank
from dispatch.waiting import Desk, erlang_b, erlang_c
from simulator.theory import hypercube, surge, torus
from simulator.theory.check import Check, Measured, check, mean_of_batches
from simulator.theory.fleet import Attended, Fleet, at_km, attend
from simulator.theory.line import THREE_CLASSES, Order, serve
from simulator.theory.surge import Assign, MakeFleet, Row

OPERATORS: Final = 5
LOAD: Final = 4.0
HANDLING_S: Final = 180.0
LITTLE: Final = 0.01  # of itself: how far L may be from λW

FIVE: Final = Desk(operators=OPERATORS, calls_per_h=LOAD * 3600 / HANDLING_S, handling_s=HANDLING_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How long the runs are, and how far off a figure may be; None: by its standard error."""

    desk_calls: int
    fleet_calls: int
    preferences: int  # fleets at random places for the loss
    fleets: int  # for the square-root law, each with 100 calls
    street_calls: int
    surges: int
    rows: tuple[Row, ...]  # of the table of surges
    workload: float | None = None
    law: float | None = None


SHORT: Final = Size(
    desk_calls=80_000,
    fleet_calls=9_000,
    preferences=2,
    fleets=20,
    street_calls=10_000,
    surges=100,
    rows=(surge.TABLE[0], surge.TABLE[2], surge.TABLE[5]),
)
LONG: Final = Size(
    desk_calls=1_000_000,
    fleet_calls=400_000,
    preferences=6,
    fleets=400,
    street_calls=100_000,
    surges=800,
    rows=surge.TABLE,
    workload=0.005,
    law=0.01,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Caregivers on a line, each at an atom from which calls come."""

    name: str
    rates: tuple[float, ...]
    orders: tuple[tuple[int, ...], ...]  # of the units, from each atom

    @property
    def places(self) -> list[Place]:
        """Where the atoms are, a kilometre apart; each has its caregiver."""
        return [at_km(atom) for atom in range(len(self.rates))]


H1: Final = Case(name="H1", rates=(0.6, 0.4), orders=((0, 1), (1, 0)))
H2: Final = Case(name="H2", rates=(0.5, 0.5, 0.5), orders=((0, 1, 2), (1, 0, 2), (2, 1, 0)))


def every_check(size: Size, seed: int) -> Iterator[Check]:
    """Give all checks, each as soon as it is known."""
    yield from desk_checks(size, seed)
    yield from priority_checks(size, seed + 1)
    for number, case in enumerate((H1, H2)):
        yield from loss_checks(case, size, seed + 2 + number)
        yield from queue_checks(case, size, seed + 4 + number)
    yield from preference_checks(size, seed + 6)
    yield from law_checks(size, seed + 7)
    yield from surge_checks(size, seed + 8)


def desk_checks(size: Size, seed: int, *, load: float = LOAD) -> Iterator[Check]:
    """Give the wait of five operators at four erlangs, and Little's law. Source: Erlang 1917."""
    run = serve(
        operators=OPERATORS, load=load, handling_s=HANDLING_S, calls=size.desk_calls, seed=seed
    )
    yield check("M/M/5: mean wait, s", FIVE.wait_s, mean_of_batches(run.settled))
    for seconds in (60, 180):
        yield check(
            f"M/M/5: answered within {seconds} s",
            FIVE.answered_within(seconds),
            mean_of_batches(run.settled <= seconds),
        )
    yield little("M/M/5", run.waiting, len(run.waits_s) / run.seconds, float(np.mean(run.waits_s)))


def little(name: str, waiting: float, calls_per_s: float, wait_s: float) -> Check:
    """Return whether as many calls wait as come during one wait. Source: Little 1961."""
    foretold = calls_per_s * wait_s
    found = Measured(value=waiting, error=0.0)
    return check(f"{name}: Little, L = λW", foretold, found, LITTLE * foretold)


def priority_checks(size: Size, seed: int, *, order: Order = rank) -> Iterator[Check]:
    """Give the waits of three classes, and what they add up to. Source: Kella & Yechiali 1985."""
    run = serve(
        operators=OPERATORS,
        load=LOAD,
        handling_s=HANDLING_S,
        calls=size.desk_calls,
        seed=seed,
        classes=THREE_CLASSES,
        order=order,
    )
    foretold = FIVE.waits_by_priority_s([one.share for one in THREE_CLASSES])
    for number, wait_s in enumerate(foretold):
        name = f"M/M/5, three classes: wait of class {number + 1}, s"
        yield check(name, wait_s, mean_of_batches(run.settled_of(number)))
    together = mean_of_batches(run.settled)  # every call counts once: weighted by the shares
    yield check("M/M/5, three classes: conservation, s", FIVE.wait_s, together)


def loss_checks(
    case: Case, size: Size, seed: int, *, fleet_of: MakeFleet = Fleet
) -> Iterator[Check]:
    """Give who is busy and who goes where, when nobody waits. Source: Larson 1974."""
    exact = hypercube.solve(case.orders, case.rates, is_lost=True)
    run = _attend(case, size, seed, fleet_of, is_lost=True)
    name = f"{case.name}, loss"
    yield from _workloads(name, exact, run, size)
    for unit, flows in enumerate(exact.flows):
        for atom, flow in enumerate(flows):
            found = mean_of_batches(run.flow(unit, atom))
            yield check(f"{name}: flow {unit} → {atom}", float(flow), found, size.workload)
    lost = erlang_b(len(case.rates), sum(case.rates))
    yield check(f"{name}: lost", lost, mean_of_batches(run.lost), size.workload)
    yield from _travel(name, exact, run, size)


def queue_checks(
    case: Case, size: Size, seed: int, *, fleet_of: MakeFleet = Fleet
) -> Iterator[Check]:
    """Give who is busy and how long calls wait, when all wait. Source: Larson 1974."""
    exact = hypercube.solve(case.orders, case.rates, is_lost=False)
    run = _attend(case, size, seed, fleet_of, is_lost=False)
    name = f"{case.name}, queue"
    yield from _workloads(name, exact, run, size)
    units, load = len(case.rates), sum(case.rates)
    waits = erlang_c(units, load)
    yield check(f"{name}: must wait", waits, mean_of_batches(run.waits > 0))
    yield check(f"{name}: mean wait", waits / (units - load), mean_of_batches(run.waits))


def preference_checks(size: Size, seed: int, *, fleet_of: MakeFleet = Fleet) -> Iterator[Check]:
    """Give the loss of caregivers at places by chance: that of Erlang, whoever is preferred."""
    chance = np.random.default_rng(seed)
    lost = erlang_b(4, 3.0)
    for number in range(size.preferences):
        stations, atoms = ([at_km(x, y) for x, y in chance.random((4, 2))] for _ in range(2))
        run = attend(
            fleet_of(stations),
            atoms,
            (3 * chance.dirichlet(np.ones(4))).tolist(),
            calls=size.fleet_calls // 2,
            seed=seed + number,
            is_lost=True,
        )
        name = f"Four anywhere, loss {number + 1}: lost"
        yield check(name, lost, mean_of_batches(run.lost), size.workload)


def law_checks(size: Size, seed: int, *, fleet_of: MakeFleet = Fleet) -> Iterator[Check]:
    """Give k of the square-root law. Source: Kolesar & Blum 1973."""
    for units in (4, 16, 64):
        found = torus.straight(units, fleets=size.fleets, calls=100, seed=seed, fleet_of=fleet_of)
        yield check(
            f"Square-root law, straight, n = {units}", torus.straight_law(units), found, size.law
        )
    found = torus.streets(64, calls=size.street_calls, seed=seed)
    yield check("Square-root law, streets, n = 64", torus.streets_law(64), found, size.law)


def surge_checks(
    size: Size, seed: int, *, fleet_of: MakeFleet = Fleet, assign_by: Assign | None = None
) -> Iterator[Check]:
    """Give the ways of surges beside a table that has an error of its own."""
    for number, row in enumerate(size.rows):
        run = surge.surges(
            row.calls,
            row.units,
            times=size.surges,
            seed=seed + number,
            fleet_of=fleet_of,
            assign_by=assign_by,
        )
        name = f"{row.calls} calls, {row.units} caregivers"
        for what, foretold, found in (
            ("nearest first", row.greedy, run.greedy_mean),
            ("best together", row.optimal, run.optimal_mean),
            ("longest, nearest first", row.worst_greedy, run.worst_greedy),
            ("longest, best together", row.worst_optimal, run.worst_optimal),
        ):
            if foretold is not None:
                yield check(f"{name}: {what}", foretold, _with_error_of_table(found, size))
        excess = float(np.max(run.optimal.sum(axis=1) - run.greedy.sum(axis=1)))
        never = Measured(value=max(0.0, excess), error=0.0)
        yield check(f"{name}: best together is never longer", 0.0, never, 1e-9)


def _attend(case: Case, size: Size, seed: int, fleet_of: MakeFleet, *, is_lost: bool) -> Attended:
    return attend(
        fleet_of(case.places),
        case.places,
        case.rates,
        calls=size.fleet_calls,
        seed=seed,
        is_lost=is_lost,
    )


def _workloads(name: str, exact: hypercube.Hypercube, run: Attended, size: Size) -> Iterator[Check]:
    for unit, workload in enumerate(exact.workloads):
        found = mean_of_batches(run.work(unit))
        yield check(f"{name}: caregiver {unit} busy", float(workload), found, size.workload)


def _travel(name: str, exact: hypercube.Hypercube, run: Attended, size: Size) -> Iterator[Check]:
    """Give how far calls that were attended were, and how many had another than their own."""
    numbers = np.arange(len(exact.flows))
    km = np.abs(numbers[:, None] - numbers)
    attended = exact.flows.sum()
    is_sent = run.units >= 0
    ways = np.abs(run.units - run.atoms)[is_sent]
    far = float((exact.flows * km).sum() / attended)
    yield check(f"{name}: mean travel, km", far, mean_of_batches(ways), size.workload)
    others = 1.0 - float(np.trace(exact.flows) / attended)
    yield check(f"{name}: went to another's atom", others, mean_of_batches(ways > 0), size.workload)


def _with_error_of_table(found: Measured, size: Size) -> Measured:
    """Add the error of the table, which was itself made of surges by chance."""
    of_table = found.error * sqrt(size.surges / surge.TABLE_SURGES)
    return Measured(value=found.value, error=hypot(found.error, of_table))
