"""The three datums of Chinese maps, and the way between them.

Satellites and this service speak WGS-84. Maps published in mainland China speak GCJ-02, which
is moved by 100 to 700 m; Baidu's speak BD-09, which is GCJ-02 moved once more. A point is
converted once, at the edge, and never guessed at: its datum is always named.

The formulas are the ones in public use, published by no authority. Hong Kong, Macao, Taiwan and
the neighbours inside the bounding box are moved as well, as every library with this box does.
"""

from collections.abc import Callable
from enum import StrEnum
from math import atan2, cos, pi, sin, sqrt
from typing import Final

Point = tuple[float, float]  # longitude, latitude in degrees

LON_MIN, LON_MAX, LAT_MIN, LAT_MAX = 72.004, 137.8347, 0.8293, 55.8271
"""The box outside which GCJ-02 and BD-09 are the same as WGS-84 here."""

_AXIS_M: Final = 6_378_245.0  # Krasovsky 1940
_ECCENTRICITY_2: Final = 0.006_693_421_622_965_943
_BD_TURN: Final = pi * 3000 / 180
_BD_LON, _BD_LAT = 0.0065, 0.006
_ROUNDS_MAX: Final = 30  # 5 are enough inland
_CLOSE_ENOUGH: Final = 1e-10  # degrees, a hundredth of a millimetre


class Datum(StrEnum):
    """What a longitude and a latitude refer to."""

    WGS84 = "wgs84"  # satellites, OpenStreetMap, everything stored here
    GCJ02 = "gcj02"  # AMap, Tencent, and handsets that convert by themselves
    BD09 = "bd09"  # Baidu


def to_wgs84(lon: float, lat: float, datum: Datum) -> Point:
    """Return the WGS-84 longitude and latitude of a point given in `datum`."""
    if datum is Datum.WGS84:
        return lon, lat
    forward = _gcj02 if datum is Datum.GCJ02 else _bd09
    return _undone(forward, lon, lat)


def from_wgs84(lon: float, lat: float, datum: Datum) -> Point:
    """Return the longitude and latitude in `datum` of a WGS-84 point."""
    if datum is Datum.WGS84:
        return lon, lat
    return _gcj02(lon, lat) if datum is Datum.GCJ02 else _bd09(lon, lat)


def _gcj02(lon: float, lat: float) -> Point:
    """Move a WGS-84 point to GCJ-02."""
    if not (LON_MIN <= lon <= LON_MAX and LAT_MIN <= lat <= LAT_MAX):
        return lon, lat
    x, y = lon - 105.0, lat - 35.0
    east, north = _waves(x, y)
    rad = lat / 180 * pi
    squash = 1 - _ECCENTRICITY_2 * sin(rad) ** 2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY_2) / (squash * sqrt(squash))
    parallel_m = _AXIS_M / sqrt(squash) * cos(rad)
    return lon + east * 180 / (parallel_m * pi), lat + north * 180 / (meridian_m * pi)


def _waves(x: float, y: float) -> Point:
    """Return the shift of GCJ-02 in metres east and north; x, y in degrees from 105 E 35 N."""
    ripple = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    return east, north


def _bd09(lon: float, lat: float) -> Point:
    """Move a WGS-84 point to BD-09."""
    if not (LON_MIN <= lon <= LON_MAX and LAT_MIN <= lat <= LAT_MAX):
        return lon, lat
    x, y = _gcj02(lon, lat)
    radius = sqrt(x * x + y * y) + 0.00002 * sin(y * _BD_TURN)
    angle = atan2(y, x) + 0.000003 * cos(x * _BD_TURN)
    return radius * cos(angle) + _BD_LON, radius * sin(angle) + _BD_LAT


def _undone(forward: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    """Return the point that `forward` moves to this one, by walking back its error."""
    guess_lon, guess_lat = lon, lat
    for _ in range(_ROUNDS_MAX):
        moved_lon, moved_lat = forward(guess_lon, guess_lat)
        error_lon, error_lat = moved_lon - lon, moved_lat - lat
        guess_lon, guess_lat = guess_lon - error_lon, guess_lat - error_lat
        if abs(error_lon) < _CLOSE_ENOUGH and abs(error_lat) < _CLOSE_ENOUGH:
            break
    return guess_lon, guess_lat
