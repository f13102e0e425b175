"""Travel along streets against a plain shortest-path search, one node at a time."""

from heapq import heappop, heappush
from itertools import product
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.place import DETOUR, Place, distance_m
from dispatch.ways import Roads
from tests.property.dispatch.laws import LAW

SPOTS = [(113.0 + x * 0.002, 28.2 + y * 0.002) for x, y in product(range(4), range(4))]

edges = st.lists(
    st.tuples(st.integers(0, 15), st.integers(0, 15), st.integers(1, 900)).filter(
        lambda edge: edge[0] != edge[1]
    ),
    min_size=1,
    max_size=40,
)
spots = st.tuples(st.floats(112.999, 113.007), st.floats(28.199, 28.207))


def plain(edges, first):
    """Return the distance of every node that can be reached."""
    beside = {}
    for a, b, length in edges:
        beside.setdefault(a, []).append((b, length))
        beside.setdefault(b, []).append((a, length))
    found, waiting = {}, [(0.0, first)]
    while waiting:
        away, node = heappop(waiting)
        if node in found:
            continue
        found[node] = away
        for to, length in beside.get(node, ()):
            heappush(waiting, (away + length, to))
    return found


def nearest(point):
    here = Place(lon=point[0], lat=point[1])
    away = [distance_m(Place(lon=lon, lat=lat), here) for lon, lat in SPOTS]
    return min(range(len(SPOTS)), key=away.__getitem__), min(away)


@LAW
@given(edges, st.lists(spots, min_size=1, max_size=30), spots)
def test_the_way_is_that_of_a_plain_search(edges, points, to):
    here = Place(lon=to[0], lat=to[1])
    found = Roads(SPOTS, edges).metres(
        np.array([lon for lon, _ in points]), np.array([lat for _, lat in points]), here
    )
    last, last_walk = nearest(to)
    reached = plain(edges, last)
    for point, metres in zip(points, found.tolist(), strict=True):
        node, walk = nearest(point)
        straight = distance_m(Place(lon=point[0], lat=point[1]), here)
        if node == last or node not in reached:
            right = straight * DETOUR
        else:
            right = max(straight, walk + reached.get(node, inf) + last_walk)
        assert metres == pytest.approx(right, rel=0.002, abs=0.5)
