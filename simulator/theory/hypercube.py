"""Who is busy how often, exactly, when each call goes to the first free of a list.

Source: Larson 1974, A hypercube queuing model for facility location and redistricting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.place import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypercube:
    """The steady state of some units, as states by bit mask: bit i is set while unit i is busy."""

    states: Floats  # the last one, all busy, holds every length of the queue
    workloads: Floats  # of each unit, 0 to 1
    flows: Floats  # unit x atom: the share of all calls, of those that need not wait

    @property
    def all_busy(self) -> float:
        """The share of calls that find everybody busy."""
        return float(self.states[-1])


def solve(orders: Sequence[Sequence[int]], rates: Sequence[float], *, is_lost: bool) -> Hypercube:
    """Return the steady state for atoms with these orders of units and rates of calls.

    Each unit's mean service is 1. Calls that find everybody busy are lost, or else wait.
    """
    units = len(orders[0])
    states = _balance(orders, rates, units)
    if not is_lost:  # all busy with 0, 1, 2 … calls waiting: a geometric tail
        states[-1] /= 1.0 - sum(rates) / units
        states /= states.sum()
    busy = np.array([[state >> unit & 1 for unit in range(units)] for state in range(2**units)])
    flows = np.zeros((units, len(orders)))
    for state, share in enumerate(states[:-1]):
        for atom, order in enumerate(orders):
            flows[_first_free(order, state), atom] += share * rates[atom] / sum(rates)
    return Hypercube(
        states=states, workloads=np.asarray(states @ busy, dtype=np.float64), flows=flows
    )


def _balance(orders: Sequence[Sequence[int]], rates: Sequence[float], units: int) -> Floats:
    """Solve that as many enter each state as leave it, without calls that wait."""
    size = 2**units
    flow = np.zeros((size, size))  # from, to
    for state in range(size):
        for unit in range(units):
            if state >> unit & 1:
                flow[state, state ^ (1 << unit)] += 1.0
        if state < size - 1:
            for order, rate in zip(orders, rates, strict=True):
                flow[state, state | (1 << _first_free(order, state))] += rate
    equations = flow.T - np.diag(flow.sum(axis=1))
    equations[-1] = 1.0  # in place of one that follows from the others: all add up to 1
    return np.asarray(np.linalg.solve(equations, np.eye(size)[-1]), dtype=np.float64)


def _first_free(order: Sequence[int], state: int) -> int:
    return next(unit for unit in order if not state >> unit & 1)
