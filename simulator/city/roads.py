"""A city's roads as a graph, and the way along them from one place to another."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulator.city.plane import DECIMALS, Place, Plane, is_crossed, metres_between

LANE_KMH: Final = 20.0  # within a community
STREET_KMH: Final = 30.0  # between communities
AVENUE_KMH: Final = 40.0  # between streets of the territory, and over bridges

_Ways: TypeAlias = tuple[tuple[tuple[int, float], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A piece of road between two nodes, open both ways."""

    a: int
    b: int
    length_m: float
    speed_kmh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way to travel, from door to door."""

    points: tuple[Place, ...]  # at least one
    length_m: float

    def at(self, distance_m: float) -> Place:
        """Return where a traveller is after some metres: the start before, the end after."""
        left = max(0.0, distance_m)
        for a, b in pairwise(self.points):
            length = metres_between(a, b)
            if left < length:
                return _between(a, b, left / length)
            left -= length
        return self.points[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roads:
    """Nodes, the edges between them, and the water that only bridges cross."""

    nodes: tuple[Place, ...]
    edges: tuple[Edge, ...]
    barrier: tuple[Place, ...] = ()  # middle of the river; nobody walks to a node across it
    _ways: _Ways = field(init=False, repr=False, compare=False)
    _spots: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the graph for searching."""
        ways: list[list[tuple[int, float]]] = [[] for _ in self.nodes]
        for edge in self.edges:
            ways[edge.a].append((edge.b, edge.length_m))
            ways[edge.b].append((edge.a, edge.length_m))
        plane = Plane(origin=self.nodes[0])
        object.__setattr__(self, "_ways", tuple(tuple(way) for way in ways))
        object.__setattr__(self, "_spots", np.array([plane.spot(node) for node in self.nodes]))

    def nearest_node(self, lon: float, lat: float) -> int:
        """Return the index of the nearest node on the same side of the water."""
        spot = Plane(origin=self.nodes[0]).spot((lon, lat))
        away = np.hypot(self._spots[:, 0] - spot[0], self._spots[:, 1] - spot[1])
        nearest = [int(node) for node in np.argsort(away, kind="stable")]
        for node in nearest:
            if not is_crossed(self.barrier, (lon, lat), self.nodes[node]):
                return node
        return nearest[0]

    def route(self, start: Place, end: Place) -> Route:
        """Return the shortest way along the roads, with a straight walk at either end.

        Raises:
            LookupError: no road joins the two places.
        """
        first, last = self.nearest_node(*start), self.nearest_node(*end)
        if first == last and not is_crossed(self.barrier, start, end):
            return Route(points=(start, end), length_m=metres_between(start, end))
        inner = [self.nodes[node] for node in self._shortest(first, last)]
        points = (start, *inner, end)
        return Route(points=points, length_m=sum(metres_between(a, b) for a, b in pairwise(points)))

    def _shortest(self, first: int, last: int) -> list[int]:
        """Return the nodes of the shortest way (A*, led by the straight line)."""
        ahead = self._metres_to(last)
        came_from: dict[int, int] = {}
        travelled = {first: 0.0}
        waiting = [(ahead[first], first)]
        done: set[int] = set()
        while waiting:
            _, node = heappop(waiting)
            if node == last:
                return _traced(came_from, last)
            if node in done:
                continue
            done.add(node)
            for to, length in self._ways[node]:
                total = travelled[node] + length
                if total < travelled.get(to, float("inf")):
                    travelled[to], came_from[to] = total, node
                    heappush(waiting, (total + ahead[to], to))
        raise LookupError(f"no road from node {first} to node {last}")

    def _metres_to(self, node: int) -> list[float]:
        away = self._spots - self._spots[node]
        straight: list[float] = np.hypot(away[:, 0], away[:, 1]).tolist()
        return [0.995 * metres for metres in straight]  # never more than the road, for all rounding


def lattice(corners: tuple[Place, Place], spacing_m: float) -> Roads:
    """Return roads in a right-angled pattern between two opposite corners.

    For a city whose roads are not known: a route then has the length of its two legs.
    """
    plane = Plane(origin=corners[0])
    width, height = plane.spot(corners[1])
    columns, rows = (max(2, round(side / spacing_m) + 1) for side in (width, height))
    nodes = [
        plane.place((width * column / (columns - 1), height * row / (rows - 1)))
        for row in range(rows)
        for column in range(columns)
    ]
    beside = [(n, n + 1) for n in range(rows * columns) if (n + 1) % columns]
    above = [(n, n + columns) for n in range((rows - 1) * columns)]
    return Roads(
        nodes=tuple(nodes),
        edges=tuple(edge_between(nodes, a, b, STREET_KMH) for a, b in beside + above),
    )


def edge_between(nodes: Sequence[Place], a: int, b: int, speed_kmh: float) -> Edge:
    """Return the straight edge between two nodes."""
    length = round(metres_between(nodes[a], nodes[b]), 1)
    return Edge(a=a, b=b, length_m=length, speed_kmh=speed_kmh)


def _between(a: Place, b: Place, share: float) -> Place:
    return (
        round(a[0] + share * (b[0] - a[0]), DECIMALS),
        round(a[1] + share * (b[1] - a[1]), DECIMALS),
    )


def _traced(came_from: dict[int, int], last: int) -> list[int]:
    nodes = [last]
    while nodes[-1] in came_from:
        nodes.append(came_from[nodes[-1]])
    return nodes[::-1]
