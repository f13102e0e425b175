"""What of the base map lies around a place: streets and rivers for a sketch on a telephone."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from math import cos, radians
from typing import Any, Final

import shapely
from shapely import LineString, STRtree, clip_by_rect
from shapely.errors import ShapelyError
from shapely.geometry import shape

LINES_MAX: Final = 400  # in one sketch
M_PER_DEGREE: Final = 111_320.0
DECIMALS: Final = 5  # of a degree: a metre
_SIMPLER_BY: Final = 3e-5  # degrees, some three metres

View = dict[str, Any]


class Ground:
    """The lines of the base map, found by where they are. Built once; safe to ask often."""

    def __init__(self, features: Sequence[Mapping[str, Any]] = ()) -> None:
        rows = [row for feature in features for row in _lines(feature)]
        self._kinds = [kind for kind, _ in rows]
        self._lines = [line for _, line in rows]
        self._tree = STRtree(self._lines)

    def around(self, lon: float, lat: float, *, metres: float) -> list[View]:
        """Return what lies within so many metres east, west, north and south; longest first."""
        tall = metres / M_PER_DEGREE
        wide = tall / max(0.1, cos(radians(lat)))
        box = (lon - wide, lat - tall, lon + wide, lat + tall)
        found: list[tuple[float, View]] = []
        for index in self._tree.query(shapely.box(*box)):
            kind, name = self._kinds[int(index)]
            cut = clip_by_rect(self._lines[int(index)], *box).simplify(_SIMPLER_BY)
            for part in shapely.get_parts(cut):
                points = shapely.get_coordinates(part).round(DECIMALS).tolist()
                if len(points) > 1:
                    found.append((part.length, {"kind": kind, "name": name, "points": points}))
        found.sort(key=lambda row: -row[0])
        return [view for _, view in found[:LINES_MAX]]


def _lines(feature: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], LineString]]:
    """Yield the lines of a feature with their kind and name; what is no line is passed over."""
    geometry: dict[str, Any] = feature.get("geometry") or {}
    if geometry.get("type") not in ("LineString", "MultiLineString"):
        return
    properties: Mapping[str, Any] = feature.get("properties") or {}
    kind = "river" if properties.get("kind") == "river" else "road"
    with suppress(ValueError, TypeError, ShapelyError):  # a broken line is no street
        for part in shapely.get_parts(shape(geometry)):
            yield (kind, str(properties.get("name") or "")), part
