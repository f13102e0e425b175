"""Who goes where when several calls and several caregivers wait: the least lateness in all.

One greedy pick after the other gives the first call its nearest and leaves the last one with
whoever is left at the other end of town. Here all of them are weighed at once.
"""

# scipy brings no types with it.
# pyright: reportMissingTypeStubs=false

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import (
    linear_sum_assignment,  # pyright: ignore[reportUnknownVariableType]
)

from dispatch.place import Floats
from dispatch.plans import Gravity

_Numbers: TypeAlias = NDArray[np.intp]

SURGE_CALLS: Final = 10  # looked at together: a turn of so many searches, whatever waits
SURGE_CANDIDATES: Final = 16  # looked at for each of them
SURGE_SEATS: Final = 3  # of one call in one turn of a surge
WEIGHTS: Final[Mapping[Gravity, float]] = MappingProxyType(
    {
        Gravity.LIFE_THREAT: 8.0,
        Gravity.URGENT: 4.0,
        Gravity.ROUTINE: 2.0,
        Gravity.SERVICE: 1.0,
    }
)
BENDS_AT_S: Final = 1_800.0  # a wait of this length weighs twice its length: the worst is punished
COST_MAX: Final = 1e8
UNSERVED: Final = 1e10  # more than any costs of one surge together


class Policy(StrEnum):
    """How caregivers are shared out among calls that are looked for at the same time."""

    NEAREST = "nearest"  # the gravest call takes its nearest, then the next one
    ASSIGNMENT = "assignment"  # the least lateness of all together


def cost(gravity: Gravity, travel_s: float, due_at: datetime, now: datetime) -> float:
    """Return what it costs that a call gets somebody who travels for so long; never negative.

    It rises with the travel time and counts what lies beyond `due_at` once more; its second,
    convex term lets one very long wait cost more than two of half the length.
    """
    late_s = max(0.0, (now + timedelta(seconds=travel_s) - due_at).total_seconds())
    wait_s = travel_s + late_s
    return min(COST_MAX, WEIGHTS[gravity] * (wait_s + wait_s * wait_s / BENDS_AT_S))


def solve(costs: Floats) -> list[int | None]:
    """Return for each row its column, or None, so that the sum of the costs is least.

    `costs` has a row for each call, the first in rank first, and infinity where somebody cannot
    come. As many rows as possible are served; when not all can be, the later ones go without,
    however much cheaper they are.
    """
    rows, columns = costs.shape
    if not rows or not columns:
        return [None] * rows
    falling: Floats = np.arange(rows, 0, -1, dtype=np.float64)  # any falling numbers will do
    reward = (UNSERVED * falling)[:, np.newaxis]
    worth: Floats = np.where(np.isfinite(costs), costs - reward, 0.0)
    padded = np.hstack((worth, np.zeros((rows, rows))))  # a place for each row that goes without
    assigned = cast("tuple[_Numbers, _Numbers]", linear_sum_assignment(padded))
    chosen = assigned[1].tolist()
    return [
        column if column < columns and np.isfinite(costs[row, column]) else None
        for row, column in enumerate(chosen)
    ]
