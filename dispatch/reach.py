"""How far the nearest free caregiver is, when caregivers stand by chance over an area.

Distances are by streets at right angles; areas are in km², distances in km.
"""

from collections.abc import Sequence
from math import exp, lgamma, log, pi, sqrt
from typing import Final

STREETS: Final = sqrt(pi / 8)  # 0.6267, right-angle distance; Source: Kolesar & Blum 1973
STRAIGHT: Final = 0.5  # the straight line; Source: Larson & Odoni, Urban Operations Research


def nearest_km(area_km2: float, free: float, *, law: float = STREETS) -> float:
    """Return the mean distance to the nearest of `free` caregivers: the square-root law.

    Source: Kolesar & Blum, Management Science 19(12) 1973.
    """
    return law * sqrt(area_km2 / free)


def nearest_within(distance_km: float, area_km2: float, free: float) -> float:
    """Return the share of calls whose nearest of `free` caregivers is at most so far by streets.

    Source: Larson & Odoni, Urban Operations Research: the nearest point of a Poisson field.
    """
    return 1.0 - exp(-2.0 * free * distance_km**2 / area_km2)


def busy_by_chance(units: int, utilisation: float) -> list[float]:
    """Return P(0 … `units` are busy) when each is busy on its own for this share of the time."""
    return _shares(
        [
            lgamma(units + 1)
            - lgamma(busy + 1)
            - lgamma(units - busy + 1)
            + _times_log(busy, utilisation)
            + _times_log(units - busy, 1.0 - utilisation)
            for busy in range(units + 1)
        ]
    )


def busy_in_line(units: int, load: float) -> list[float]:
    """Return P(0 … `units` are busy) when calls wait for whoever is free next.

    `load` in erlangs is below `units`; the last entry is the share of calls that must wait.
    Source: Erlang 1917, the states of his delay formula.
    """
    logs = [_times_log(busy, load) - lgamma(busy + 1) for busy in range(units + 1)]
    logs[-1] += log(units / (units - load))  # with all who wait as well
    return _shares(logs)


def nearest_when_busy_km(area_km2: float, busy: Sequence[float], *, law: float = STREETS) -> float:
    """Return the mean distance to the nearest free caregiver, given that somebody is free.

    `busy` gives P(0 … all are busy). The law with the mean number of free ones is too hopeful
    when many are busy, for the hours in which few are free weigh more.
    """
    units = len(busy) - 1
    total = sum(share * nearest_km(area_km2, units - n, law=law) for n, share in _free(busy))
    return total / (1.0 - busy[-1])


def nearest_when_busy_within(distance_km: float, area_km2: float, busy: Sequence[float]) -> float:
    """Return the share of calls whose nearest free caregiver is so near; no one free is far."""
    units = len(busy) - 1
    return sum(share * nearest_within(distance_km, area_km2, units - n) for n, share in _free(busy))


def _free(busy: Sequence[float]) -> Sequence[tuple[int, float]]:
    return list(enumerate(busy))[:-1]


def _times_log(times: int, value: float) -> float:
    if times == 0:
        return 0.0
    return times * log(value) if value > 0.0 else float("-inf")


def _shares(logs: Sequence[float]) -> list[float]:
    """Return the shares whose logarithms these are, but for a constant."""
    highest = max(logs)
    weights = [exp(one - highest) for one in logs]
    total = sum(weights)
    return [weight / total for weight in weights]
