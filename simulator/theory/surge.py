"""Several calls at once: each to the nearest who is left, against the best for all together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatch.place import Floats, Place
from simulator.theory.check import Measured, mean_of
from simulator.theory.fleet import Fleet, at_km

SIDE_KM: Final = 10.0  # of the square in which all stand by chance; ways are given in sides

MakeFleet = Callable[[Sequence[Place]], Fleet]
Assign = Callable[[Floats], Sequence[int | None]]  # the column of each row


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Straight ways in a unit square. Source: 400 surges by chance, worked out independently."""

    calls: int
    units: int
    greedy: float  # mean way
    optimal: float
    worst_greedy: float | None = None  # longest way of a surge, on average
    worst_optimal: float | None = None


TABLE_SURGES: Final = 400
TABLE: Final = (
    Row(calls=2, units=2, greedy=0.4568, optimal=0.4357, worst_greedy=0.593, worst_optimal=0.571),
    Row(calls=5, units=5, greedy=0.3716, optimal=0.3322, worst_greedy=0.671, worst_optimal=0.589),
    Row(calls=10, units=10, greedy=0.3101, optimal=0.2583, worst_greedy=0.723, worst_optimal=0.548),
    Row(calls=20, units=20, greedy=0.2430, optimal=0.1963, worst_greedy=0.769, worst_optimal=0.501),
    Row(calls=50, units=50, greedy=0.1797, optimal=0.1367, worst_greedy=0.806, worst_optimal=0.436),
    Row(calls=5, units=10, greedy=0.2059, optimal=0.1946),
    Row(calls=10, units=40, greedy=0.0925, optimal=0.0895),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surges:
    """The ways of many surges, in sides of the square: one row a surge, one column a call."""

    greedy: Floats
    optimal: Floats

    @property
    def greedy_mean(self) -> Measured:
        """The mean way when each call takes the nearest who is left."""
        return mean_of(self.greedy.mean(axis=1))

    @property
    def optimal_mean(self) -> Measured:
        """The mean way when the sum of all is the least."""
        return mean_of(self.optimal.mean(axis=1))

    @property
    def worst_greedy(self) -> Measured:
        """The longest way of a surge."""
        return mean_of(self.greedy.max(axis=1))

    @property
    def worst_optimal(self) -> Measured:
        """The longest way of a surge when the sum of all is the least."""
        return mean_of(self.optimal.max(axis=1))


def surges(
    calls: int,
    units: int,
    *,
    times: int,
    seed: int,
    fleet_of: MakeFleet = Fleet,
    assign_by: Assign | None = None,
) -> Surges:
    """Return the ways of `times` surges of `calls` among `units`, not fewer, by chance.

    `assign_by` gives the best for all together; without it `assign` does.
    """
    assign_by = assign_by or assign
    chance = np.random.default_rng(seed)
    greedy = np.empty((times, calls))
    optimal = np.empty((times, calls))
    for number in range(times):
        homes = chance.random((calls, 2))
        stations = chance.random((units, 2))
        ways = np.hypot(*np.moveaxis(homes[:, None, :] - stations[None, :, :], 2, 0))
        optimal[number] = ways[np.arange(calls), np.array(assign_by(ways), dtype=np.intp)]
        fleet = fleet_of([at_km(x * SIDE_KM, y * SIDE_KM) for x, y in stations])
        for call, (x, y) in enumerate(homes):
            nearest = fleet.nearest(at_km(x * SIDE_KM, y * SIDE_KM))
            if nearest is not None:
                fleet.take(nearest[0])
                greedy[number, call] = ways[call, nearest[0]]
    return Surges(greedy=greedy, optimal=optimal)


def assign(costs: Floats) -> list[int]:
    """Return for each row its column, all different, with the least sum; rows ≤ columns.

    Written apart from the engine's assignment, so that the two can be compared. Source: Kuhn
    1955 and Munkres 1957, by shortest augmenting paths (Jonker & Volgenant 1987), O(n³).
    """
    rows, columns = costs.shape
    row_price = np.zeros(rows)
    price = np.zeros(columns + 1)  # the last column is where each search begins
    owner = np.full(columns + 1, -1)
    for row in range(rows):
        owner[columns] = row
        _augment(costs, row_price, price, owner)
    found = [0] * rows
    for column in range(columns):
        if owner[column] >= 0:
            found[owner[column]] = column
    return found


def _augment(costs: Floats, row_price: Floats, price: Floats, owner: np.ndarray) -> None:
    """Give the row that owns the last column a column of its own, at the least cost."""
    columns = costs.shape[1]
    slack = np.full(columns, np.inf)
    came_from = np.full(columns, columns)
    is_seen = np.zeros(columns + 1, dtype=np.bool_)
    column = columns
    while owner[column] >= 0:
        is_seen[column] = True
        row = owner[column]
        reduced = costs[row] - row_price[row] - price[:columns]
        is_nearer = ~is_seen[:columns] & (reduced < slack)
        slack[is_nearer] = reduced[is_nearer]
        came_from[is_nearer] = column
        column_next = int(np.argmin(np.where(is_seen[:columns], np.inf, slack)))
        delta = slack[column_next]
        row_price[owner[is_seen]] += delta
        price[is_seen] -= delta
        slack[~is_seen[:columns]] -= delta
        column = column_next
    while column != columns:
        before = int(came_from[column])
        owner[column] = owner[before]
        column = before
    owner[columns] = -1
