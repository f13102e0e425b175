"""Where things are, and how long it takes from one to another. WGS-84 throughout."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, hypot, radians
from typing import Final

import numpy as np
from numpy.typing import NDArray

METRES_PER_DEGREE: Final = 111_320.0
DETOUR: Final = 1.3  # streets against the straight line; Source: mean of European and Asian towns

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point, how sure it is, who says so, and since when."""

    lon: float  # degrees east
    lat: float  # degrees north
    accuracy_m: float | None = None
    source: str = "unknown"  # satellite, wifi, cell, beacon, installed, station, pinned …
    at: datetime | None = None  # aware UTC, when it was true; None for an installed address


def distance_m(a: Place, b: Place) -> float:
    """Return the straight-line distance in metres (equirectangular: good to 0.1 % in a city)."""
    x = (b.lon - a.lon) * cos(radians((a.lat + b.lat) / 2))
    return hypot(x, b.lat - a.lat) * METRES_PER_DEGREE


def distances_m(lons: Floats, lats: Floats, to: Place) -> Floats:
    """Return the straight-line distance of many points to one, in metres."""
    x = (lons - to.lon) * cos(radians(to.lat))
    y = lats - to.lat
    return np.sqrt(x * x + y * y) * METRES_PER_DEGREE  # np.hypot takes six times as long


def travel(distance: float, speed_kmh: float) -> timedelta:
    """Return how long a straight-line distance in metres takes through streets."""
    return timedelta(seconds=round(distance * DETOUR * 3.6 / speed_kmh, 1))
