"""The few polygon operations a made-up city needs; the only module here that knows shapely."""

# shapely 2 ships without type information, so its values are Any inside this module and typed at
# its borders.
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Final

from simulator.city.plane import Place, Plane, Ring, Spot

_shapely: Final[Any] = import_module("shapely")


class RingRefused(ValueError):
    """Some rings cannot be drawn as one."""


def cells(sites: Sequence[Spot], within: Sequence[Spot] | None = None) -> list[tuple[Spot, ...]]:
    """Return each site's Voronoi cell as a closed ring, in the order of the sites.

    With a frame `within`, cells end at it; without, the outermost end well outside the sites.
    No two sites may be at one place.
    """
    if within and len(sites) == 1:
        return [_ring(_shapely.Polygon(within))]
    found = _shapely.voronoi_polygons(
        _shapely.MultiPoint(list(sites)),
        extend_to=_shapely.Polygon(within) if within else None,
        ordered=True,
    )
    if within is None:
        return [_ring(cell) for cell in found.geoms]
    return [_ring(cell.intersection(_shapely.Polygon(within))) for cell in found.geoms]


def union(rings: Iterable[Ring]) -> Ring:
    """Return the outline of rings that share whole edges.

    Raises:
        RingRefused: the rings overlap, leave a hole, or do not hang together.
    """
    polygons = [_shapely.Polygon(ring) for ring in rings]
    whole = _shapely.coverage_union_all(polygons)
    if whole.geom_type == "MultiPolygon" and len(whole.geoms) == 1:
        whole = whole.geoms[0]
    if whole.geom_type != "Polygon" or whole.interiors or not whole.is_valid:
        raise RingRefused(whole.geom_type)
    if not _shapely.coverage_is_valid(polygons):
        raise RingRefused("overlap")
    return _ring(whole)


def is_whole(rings: Iterable[Ring]) -> bool:
    """Tell whether rings that share whole edges make one piece without a hole."""
    try:
        union(rings)
    except RingRefused:
        return False
    return True


def hull(places: Iterable[Place]) -> Ring:
    """Return the convex ring around places, of which at least three are not in line."""
    return _ring(_shapely.MultiPoint(list(places)).convex_hull)


def inner_place(ring: Ring) -> Place:
    """Return the centre of a ring, or where that falls outside, a place well inside."""
    polygon = _shapely.Polygon(ring)
    point = polygon.centroid
    if not polygon.contains(point):
        point = polygon.representative_point()
    return (round(point.x, 6), round(point.y, 6))


def band(line: Sequence[Place], plane: Plane, width_m: float) -> Ring:
    """Return the outline of a line drawn `width_m` wide."""
    course = _shapely.LineString([plane.spot(p) for p in line])
    outline = course.buffer(width_m / 2, quad_segs=3, cap_style="flat")
    return tuple(plane.place(spot) for spot in _ring(outline))


def crossings(ring: Ring, ways: Sequence[tuple[Place, Place]]) -> list[bool]:
    """Tell for each straight way whether it touches a ring or the ground within."""
    area = _shapely.Polygon(ring)
    _shapely.prepare(area)
    return [bool(hit) for hit in _shapely.intersects(area, _shapely.linestrings(list(ways)))]


def merged(ways: Iterable[tuple[Place, Place]]) -> list[tuple[Place, ...]]:
    """Return the fewest lines that draw all ways, joined where just two meet."""
    lines = _shapely.line_merge(_shapely.MultiLineString([list(way) for way in ways]))
    parts = lines.geoms if lines.geom_type == "MultiLineString" else [lines]
    return [_places(part) for part in parts]


def _ring(polygon: Any) -> tuple[tuple[float, float], ...]:  # noqa: ANN401
    return _places(_shapely.orient_polygons(polygon).exterior)


def _places(line: Any) -> tuple[tuple[float, float], ...]:  # noqa: ANN401
    return tuple((float(x), float(y)) for x, y in line.coords)
