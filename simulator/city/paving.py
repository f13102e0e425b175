"""Lays the demo city's roads: along the borders of the grids, and over two bridges."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from simulator.city import shapes
from simulator.city.plane import Place, Plane, Ring, is_crossed, metres_along, metres_between
from simulator.city.roads import (
    AVENUE_KMH,
    LANE_KMH,
    STREET_KMH,
    Edge,
    Roads,
    Route,
    edge_between,
)
from simulator.city.territory import CityArea, River

BRIDGES_AT: Final = (0.42, 0.68)  # of the river's length, from its first point
BANK_M: Final = 30.0  # how far inland a bridge begins
RAMPS: Final = 2  # roads that lead to each end of a bridge

_Way = tuple[Place, Place]


def pave(areas: Iterable[CityArea], river: River) -> tuple[Roads, tuple[Place, Place]]:
    """Return the roads and the middles of the two bridges.

    The roads hang together, and touch the water at the bridges only.
    """
    speeds = _speeds([area for area in areas if area.level == "grid"])
    dry = _dry(speeds, river.ring)
    shores = sorted(_pieces(dry), key=len)[-2:]
    ways = {way: speeds[way] for way in dry if way[0] in shores[0] or way[0] in shores[1]}
    bridges = [_bridge(river, share) for share in BRIDGES_AT]
    for a, b in bridges:
        ways[a, b] = AVENUE_KMH
        for end in (a, b):
            ways |= dict.fromkeys(_ramps(end, shores, river), AVENUE_KMH)
    middles = [(round((a[0] + b[0]) / 2, 6), round((a[1] + b[1]) / 2, 6)) for a, b in bridges]
    return _graph(ways, river.line), (middles[0], middles[1])


def _speeds(grids: Sequence[CityArea]) -> dict[_Way, float]:
    """Return every stretch of a grid's border with the speed of the road on it."""
    sides: dict[_Way, list[str]] = {}
    for grid in grids:
        for a, b in pairwise(grid.ring):
            sides.setdefault((min(a, b), max(a, b)), []).append(grid.code)
    return {way: _speed_kmh(codes) for way, codes in sides.items()}


def _speed_kmh(codes: Sequence[str]) -> float:
    """Return the speed on a border: the higher the areas it parts, the faster."""
    if len({code[:9] for code in codes}) > 1:
        return AVENUE_KMH
    if len({code[:12] for code in codes}) > 1 or len(codes) == 1:
        return STREET_KMH
    return LANE_KMH


def _dry(ways: Iterable[_Way], water: Ring) -> list[_Way]:
    found = list(ways)
    wet = shapes.crossings(water, found)
    return [way for way, is_wet in zip(found, wet, strict=True) if not is_wet]


def _pieces(ways: Iterable[_Way]) -> list[set[Place]]:
    """Return the sets of places that hang together."""
    beside: dict[Place, list[Place]] = {}
    for a, b in ways:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    pieces: list[set[Place]] = []
    seen: set[Place] = set()
    for start in beside:
        if start not in seen:
            pieces.append(_reached(start, beside))
            seen |= pieces[-1]
    return pieces


def _reached(start: Place, beside: Mapping[Place, Sequence[Place]]) -> set[Place]:
    reached, waiting = {start}, [start]
    while waiting:
        for place in beside[waiting.pop()]:
            if place not in reached:
                reached.add(place)
                waiting.append(place)
    return reached


def _bridge(river: River, share: float) -> _Way:
    """Return the two ends of a bridge, square to the stream."""
    middle, ahead = _on_stream(river, share), _on_stream(river, share + 0.001)
    plane = Plane(origin=middle)
    x, y = plane.spot(ahead)
    reach = (river.width_m / 2 + BANK_M) / (x * x + y * y) ** 0.5
    return plane.place((-y * reach, x * reach)), plane.place((y * reach, -x * reach))


def _on_stream(river: River, share: float) -> Place:
    length = metres_along(river.line)
    return Route(points=river.line, length_m=length).at(share * length)


def _ramps(end: Place, shores: Sequence[set[Place]], river: River) -> list[_Way]:
    """Return short dry ways from the end of a bridge to the roads on its side."""
    near = sorted(
        (metres_between(end, place), place)
        for shore in shores
        for place in shore
        if not is_crossed(river.line, end, place)
    )
    return _dry([(end, place) for _, place in near[: 5 * RAMPS]], river.ring)[:RAMPS]


def _graph(ways: Mapping[_Way, float], barrier: tuple[Place, ...]) -> Roads:
    nodes = sorted({place for way in ways for place in way})
    index = {place: number for number, place in enumerate(nodes)}
    edges: list[Edge] = [
        edge_between(nodes, index[a], index[b], speed) for (a, b), speed in sorted(ways.items())
    ]
    return Roads(nodes=tuple(nodes), edges=tuple(edges), barrier=barrier)
