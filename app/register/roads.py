"""Reads the streets of a city from a GeoJSON file, as a graph on which travel times are found.

The file holds LineStrings or MultiLineStrings in WGS-84 (longitude, latitude); lines that share
a point meet there. Everything else in it is passed over.

{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry":
  {"type": "LineString", "coordinates": [[112.98, 28.2], [112.99, 28.2]]}}]}
"""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, isfinite
from pathlib import Path
from typing import Any, Final, TypeAlias

from dispatch.place import Place, distance_m
from dispatch.ways import Roads

NODE_EVERY_M: Final = 100.0  # on a long straight street, so that a house finds a node near by
DECIMALS: Final = 6  # of a degree, a tenth of a metre: ends that agree so far are one crossing

_Point: TypeAlias = tuple[float, float]


class RoadsRefused(Exception):
    """The file cannot be used; the message says why."""


def read_roads(path: Path) -> Roads:
    """Return the streets in the file.

    Raises:
        RoadsRefused: it cannot be read, is no GeoJSON, or holds no street.
    """
    try:
        document: Any = json.loads(path.read_text("utf-8"))
        lines = [_line(points) for points in _lines(document)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RoadsRefused(f"cannot be read as GeoJSON: {error}") from error
    return _roads(lines)


def _lines(document: Any) -> Iterator[Sequence[Any]]:  # noqa: ANN401 - JSON
    for feature in document["features"]:
        geometry: dict[str, Any] = feature.get("geometry") or {}
        if geometry.get("type") == "LineString":
            yield geometry["coordinates"]
        elif geometry.get("type") == "MultiLineString":
            yield from geometry["coordinates"]


def _line(points: Sequence[Any]) -> list[_Point]:
    line = [(round(float(lon), DECIMALS), round(float(lat), DECIMALS)) for lon, lat, *_ in points]
    for lon, lat in line:
        if not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise ValueError(f"{lon}, {lat} is no place")
    return line


def _roads(lines: Sequence[Sequence[_Point]]) -> Roads:
    numbers: dict[_Point, int] = {}
    edges: list[tuple[int, int, float]] = []
    for line in lines:
        for a, b in pairwise(_with_nodes_between(line)):
            length = _metres(a, b)
            ends = [numbers.setdefault(end, len(numbers)) for end in (a, b)]
            if length > 0:
                edges.append((ends[0], ends[1], length))
    if not edges:
        raise RoadsRefused("holds no street")
    return Roads(list(numbers), edges)


def _with_nodes_between(line: Sequence[_Point]) -> Iterator[_Point]:
    yield from line[:1]
    for a, b in pairwise(line):
        pieces = max(1, ceil(_metres(a, b) / NODE_EVERY_M))
        for piece in range(1, pieces):
            share = piece / pieces
            yield a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
        yield b


def _metres(a: _Point, b: _Point) -> float:
    return distance_m(Place(lon=a[0], lat=a[1]), Place(lon=b[0], lat=b[1]))
