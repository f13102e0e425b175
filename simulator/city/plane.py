"""Places on the globe, measured on a local plane: metres, rings, lines."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

METRES_PER_DEGREE: Final = 111_195.08  # on a sphere of 6,371,008.8 m
DECIMALS: Final = 6  # of a degree: about a hand's breadth

Place: TypeAlias = tuple[float, float]
"""WGS-84 longitude, latitude, in degrees."""

Spot: TypeAlias = tuple[float, float]
"""Metres east and north of a plane's origin."""

Ring: TypeAlias = tuple[Place, ...]
"""A closed outer ring: the last place repeats the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """A flat map around `origin`, true to 0.1 % within some 30 km of it."""

    origin: Place

    def spot(self, place: Place) -> Spot:
        """Return where a place lies on the plane."""
        lon, lat = place
        return (
            (lon - self.origin[0]) * METRES_PER_DEGREE * self._shrink,
            (lat - self.origin[1]) * METRES_PER_DEGREE,
        )

    def place(self, spot: Spot) -> Place:
        """Return the place at a spot, rounded to DECIMALS."""
        x, y = spot
        return (
            round(self.origin[0] + x / (METRES_PER_DEGREE * self._shrink), DECIMALS),
            round(self.origin[1] + y / METRES_PER_DEGREE, DECIMALS),
        )

    @property
    def _shrink(self) -> float:
        return math.cos(math.radians(self.origin[1]))


def metres_between(a: Place, b: Place) -> float:
    """Return the straight distance between two places of the same city."""
    return math.hypot(*Plane(origin=a).spot(b))


def metres_from_line(place: Place, line: Sequence[Place]) -> float:
    """Return how far a place lies from the nearest point of a line."""
    plane = Plane(origin=place)
    spots = [plane.spot(p) for p in line]
    return min(_metres_from_origin(a, b) for a, b in pairwise(spots))


def metres_along(line: Sequence[Place]) -> float:
    """Return the length of a line."""
    return sum(metres_between(a, b) for a, b in pairwise(line))


def square_metres(ring: Ring) -> float:
    """Return the area of a ring."""
    plane = Plane(origin=ring[0])
    spots = [plane.spot(p) for p in ring]
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(spots))) / 2


def is_inside(place: Place, ring: Ring) -> bool:
    """Tell whether a place lies inside a ring; on the border it may be either."""
    x, y = place
    inside = False
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


def is_crossed(line: Sequence[Place], a: Place, b: Place) -> bool:
    """Tell whether the straight way from `a` to `b` crosses a line."""
    return any(
        _side(c, d, a) != _side(c, d, b) and _side(a, b, c) != _side(a, b, d)
        for c, d in pairwise(line)
    )


def _side(a: Place, b: Place, c: Place) -> bool:
    """Tell whether `c` lies to the left of the way from `a` to `b`."""
    return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])


def _metres_from_origin(a: Spot, b: Spot) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length2 = dx * dx + dy * dy
    share = 0.0 if length2 == 0 else max(0.0, min(1.0, -(a[0] * dx + a[1] * dy) / length2))
    return math.hypot(a[0] + share * dx, a[1] + share * dy)
