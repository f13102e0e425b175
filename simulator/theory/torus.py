"""The nearest of caregivers who stand by chance: the square-root law on a square without edges."""

from collections.abc import Callable, Sequence
from math import exp, lgamma, pi, sqrt
from typing import Final

import numpy as np

from dispatch.place import Floats, Place
from simulator.theory.check import Measured, mean_of
from simulator.theory.fleet import Fleet, at_km

SIDE_KM: Final = 10.0
_COPIES: Final = (-SIDE_KM, 0.0, SIDE_KM)  # of the square, around it: the search knows no torus

MakeFleet = Callable[[Sequence[Place]], Fleet]


def straight_law(units: int) -> float:
    """Return k of E[D] = k·sqrt(A/n) for so many by chance, by the straight line; → 0.5.

    Source: P(D > r) = (1 - πr²)^n on the unit torus, summed over r (up to ½: exact but for 1e-3
    at n = 4, far less beyond).
    """
    return _law(units, pi)


def streets_law(units: int) -> float:
    """Return the same by streets at right angles: P(D > r) = (1 - 2r²)^n; → 0.6267."""
    return _law(units, 2.0)


def straight(
    units: int, *, fleets: int, calls: int, seed: int, fleet_of: MakeFleet = Fleet
) -> Measured:
    """Return k as the engine's search gives it: `calls` from each of `fleets` by chance."""
    chance = np.random.default_rng(seed)
    means: list[float] = []
    for _ in range(fleets):
        points = chance.uniform(0, SIDE_KM, (units, 2))
        stations = [at_km(x + dx, y + dy) for x, y in points for dx in _COPIES for dy in _COPIES]
        fleet = fleet_of(stations)
        found = [fleet.nearest(at_km(x, y)) for x, y in chance.uniform(0, SIDE_KM, (calls, 2))]
        metres = [one[1] for one in found if one is not None]
        means.append(float(np.mean(metres)) / 1000 / SIDE_KM * sqrt(units))
    return mean_of(means)


def streets(units: int, *, calls: int, seed: int) -> Measured:
    """Return k by right-angle distances, by plain geometry: the engine knows no street."""
    chance = np.random.default_rng(seed)
    points: Floats = chance.random((calls, units, 2))  # the call is at the origin, as on any torus
    ways = np.minimum(points, 1 - points).sum(axis=2).min(axis=1)
    return mean_of(ways * sqrt(units))


def _law(units: int, shape: float) -> float:
    """Return sqrt(n)·∫(1 - shape·r²)^n dr = sqrt(n)·B(½, n + 1) / (2·sqrt(shape))."""
    beta = exp(lgamma(0.5) + lgamma(units + 1) - lgamma(units + 1.5))
    return sqrt(units) * beta / (2 * sqrt(shape))
