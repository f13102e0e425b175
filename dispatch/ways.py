"""How long the way is: the straight line with a detour, or the streets of a city.

A remote source is not asked here: what it answers becomes a fact of the incident.
"""

# scipy brings no types with it.
# pyright: reportMissingTypeStubs=false

from collections import OrderedDict
from collections.abc import Sequence
from math import cos, isfinite, radians
from typing import Any, Final, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra  # pyright: ignore[reportUnknownVariableType]
from scipy.spatial import KDTree

from dispatch.place import DETOUR, METRES_PER_DEGREE, Floats, Place, distances_m

JOINS_WITHIN_M: Final = 1_000.0  # whoever is farther from every street goes by the straight line
REMEMBERED: Final = 128  # destinations whose distances are kept: one call searches a few times
BELIEVED_KMH_MAX: Final = 200.0  # in a straight line; whoever is said to be faster is not believed
MANY: Final = 16  # points, from which on it pays to remember where they were joined

Nodes = NDArray[np.int64]


def is_believable(travel_s: float, straight_m: float) -> bool:
    """Whether a travel time from outside can be true: a number, and not faster than anybody."""
    return isfinite(travel_s) and travel_s >= straight_m * 3.6 / BELIEVED_KMH_MAX


class Ways(Protocol):
    """Something that knows the length of ways."""

    def metres(self, lons: Floats, lats: Floats, to: Place) -> Floats:
        """Return the length of the way from many points to one, in metres, never negative."""
        ...


class StraightLine:
    """Every way is the straight line and a constant detour."""

    def metres(self, lons: Floats, lats: Floats, to: Place) -> Floats:
        """Return the straight-line distances, lengthened."""
        return distances_m(lons, lats, to) * DETOUR


class Roads:
    """The streets of a city: nodes, and edges that are open both ways.

    A point is joined to its nearest node by a straight walk. Two points at the same node, a
    point far from every street, and one on an island take the straight line with its detour.
    """

    def __init__(
        self,
        nodes: Sequence[tuple[float, float]],
        edges: Sequence[tuple[int, int, float]],
    ) -> None:
        """Take the nodes (WGS-84 lon, lat) and the edges (two nodes, length in metres).

        Raises:
            ValueError: there is no node or no edge, or an edge has no length or no such node.
        """
        if not nodes or not edges:
            raise ValueError("roads need nodes and edges")
        ends = np.array([(a, b) for a, b, _ in edges], dtype=np.int64)
        lengths = np.array([length for _, _, length in edges], dtype=np.float64)
        if not np.all(np.isfinite(lengths) & (lengths > 0)):
            raise ValueError("an edge has no length")
        if ends.min() < 0 or ends.max() >= len(nodes):
            raise ValueError("an edge ends at a node that is not there")
        self._spots: Floats = np.array(nodes, dtype=np.float64)
        self._squeeze = cos(radians(float(self._spots[:, 1].mean())))
        self._tree: Any = KDTree(self._plane(self._spots[:, 0], self._spots[:, 1]))
        self._graph = _graph(len(nodes), ends, lengths)
        self._from: OrderedDict[int, Floats] = OrderedDict()
        self._lons: Floats = np.empty(0)
        self._lats: Floats = np.empty(0)
        self._walks: Floats = np.empty(0)
        self._nodes: Nodes = np.empty(0, dtype=np.int64)

    def metres(self, lons: Floats, lats: Floats, to: Place) -> Floats:
        """Return the length of the shortest ways.

        Cost: array arithmetic, one look-up for each point that has moved since the last question,
        and one shortest-path search over the city for a destination not asked for lately.
        """
        straight = distances_m(lons, lats, to)
        walks, nodes = self._joined_before(lons, lats)
        last_walk, last = self._joined(np.array([to.lon]), np.array([to.lat]))
        way = walks + self._distances_from(int(last[0]))[nodes] + last_walk[0]
        is_known = np.isfinite(way) & (nodes != last[0]) & (walks <= JOINS_WITHIN_M)
        if last_walk[0] > JOINS_WITHIN_M:
            is_known[:] = False
        return np.where(is_known, np.maximum(way, straight), straight * DETOUR)

    def _joined_before(self, lons: Floats, lats: Floats) -> tuple[Floats, Nodes]:
        """Return what `_joined` gives; the same many points are looked up once."""
        if len(lons) < MANY:
            return self._joined(lons, lats)
        if len(lons) != len(self._lons):
            self._lons, self._lats = lons.copy(), lats.copy()
            self._walks, self._nodes = self._joined(lons, lats)
            return self._walks, self._nodes
        moved = np.flatnonzero((lons != self._lons) | (lats != self._lats))
        if len(moved):
            self._lons[moved], self._lats[moved] = lons[moved], lats[moved]
            self._walks[moved], self._nodes[moved] = self._joined(lons[moved], lats[moved])
        return self._walks, self._nodes

    def _joined(self, lons: Floats, lats: Floats) -> tuple[Floats, Nodes]:
        """Return how far each point walks to its node, and which that is."""
        found = cast("tuple[Floats, Nodes]", self._tree.query(self._plane(lons, lats)))
        return found[0] * METRES_PER_DEGREE, found[1]

    def _plane(self, lons: Floats, lats: Floats) -> Floats:
        return np.column_stack((lons * self._squeeze, lats))

    def _distances_from(self, node: int) -> Floats:
        known = self._from.get(node)
        if known is None:
            known = cast("Floats", dijkstra(self._graph, directed=False, indices=node))
            self._from[node] = known
            if len(self._from) > REMEMBERED:
                self._from.popitem(last=False)
        else:
            self._from.move_to_end(node)
        return known


def _graph(size: int, ends: Nodes, lengths: Floats) -> Any:  # noqa: ANN401 - scipy has no types
    """Return the edges as a sparse matrix; of parallel edges the shortest."""
    ends = np.sort(ends, axis=1)
    order = np.lexsort((lengths, ends[:, 1], ends[:, 0]))
    ends, lengths = ends[order], lengths[order]
    is_first = np.ones(len(ends), dtype=np.bool_)
    is_first[1:] = np.any(ends[1:] != ends[:-1], axis=1)
    ends, lengths = ends[is_first], lengths[is_first]
    matrix: Any = csr_array((lengths, (ends[:, 0], ends[:, 1])), shape=(size, size))
    return matrix
