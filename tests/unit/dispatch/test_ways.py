"""The length of ways: a river with two bridges, islands, and what the search makes of it."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import numpy as np
import pytest

from dispatch.facts import CaregiverOffered
from dispatch.ladder import need_of
from dispatch.place import METRES_PER_DEGREE, Place, distance_m
from dispatch.ways import Roads, StraightLine
from tests.unit.dispatch.world import LAT, World, east

BLOCK = 100  # metres between two crossings
BRIDGES = (-2_000, 2_000)  # metres east of Mrs Li
SOUTH_BANK, NORTH_BANK = 0, 300


def at(metres_east, metres_north=0, **more):
    spot = east(metres_east)
    return Place(lon=spot.lon, lat=LAT + metres_north / METRES_PER_DEGREE, **more)


def town():
    """One street along each bank of a river, 300 m apart, and two bridges far away."""
    xs = range(-3_000, 3_001, BLOCK)
    places = [(x, y) for y in (SOUTH_BANK, NORTH_BANK) for x in xs]
    number = {place: n for n, place in enumerate(places)}
    edges = [(number[x, y], number[x + BLOCK, y], BLOCK) for x, y in places if x < xs[-1]]
    edges += [(number[x, SOUTH_BANK], number[x, NORTH_BANK], 300) for x in BRIDGES]
    spots = [at(x, y) for x, y in places]
    return Roads([(spot.lon, spot.lat) for spot in spots], edges)


def metres(ways, *places, to):
    lons, lats = np.array([one.lon for one in places]), np.array([one.lat for one in places])
    return ways.metres(lons, lats, to).tolist()


def test_whoever_is_on_this_bank_is_asked_before_whoever_is_straight_across_the_river():
    world = World()
    world.book.roster.ways = town()
    world.caregiver("across", station=at(0, NORTH_BANK))
    world.caregiver("this bank", station=at(900))
    (first, second) = [one for one in world.press() if isinstance(one, CaregiverOffered)]
    assert (first.caregiver_id, second.caregiver_id) == ("this bank", "across")
    assert second.distance_m == pytest.approx(300, rel=0.01)  # as the record says, straight
    assert second.travel_s == pytest.approx((2_000 + 300 + 2_000) * 3.6 / 15, rel=0.02)


def test_without_streets_the_other_bank_is_the_nearer_one():
    world = World()
    world.caregiver("across", station=at(0, NORTH_BANK))
    world.caregiver("this bank", station=at(900))
    world.press()
    assert world.asked == ["across", "this bank"]


def test_an_ageing_sighting_still_counts_as_farther_by_the_way_walked_since():
    world = World()
    world.book.roster.ways = town()
    world.caregiver("seen long ago", 0)
    world.book.roster.sight("seen long ago", at(500, at=world.now, source="satellite"))
    fresh = world.book.roster.consider("seen long ago", _need(world), now=world.now)
    later = world.now.replace(minute=world.now.minute + 5)
    aged = world.book.roster.consider("seen long ago", _need(world), now=later)
    drift_s = (300 - 120) * 1.5 * 1.3 * 3.6 / 15
    assert aged.travel_s - fresh.travel_s == pytest.approx(drift_s, abs=0.2)


def _need(world):
    world.press()
    return need_of(world.book, world.incident, None)


def test_the_way_is_walked_to_the_street_and_from_it():
    assert metres(town(), at(500, -50), to=at(0, -80)) == pytest.approx([50 + 500 + 80], rel=0.01)


def test_neighbours_at_one_crossing_go_straight():
    assert metres(town(), at(510, -20), to=at(510, -40)) == pytest.approx([20 * 1.3], rel=0.01)


def test_a_way_is_never_shorter_than_the_straight_line():
    shortcut = Roads([(113.0, 28.2), (113.1, 28.2)], [(0, 1, 1.0)])
    there, here = Place(lon=113.1, lat=28.2), Place(lon=113.0, lat=28.2)
    assert metres(shortcut, there, to=here) == pytest.approx([distance_m(there, here)], rel=0.001)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (at(0), at(20_000)),  # far from every street
        (at(20_000), at(0)),
        (at(20_000), at(20_100)),
    ],
)
def test_off_the_map_the_straight_line_and_its_detour_count(a, b):
    assert metres(town(), a, to=b) == metres(StraightLine(), a, to=b)


def test_an_island_is_reckoned_by_the_straight_line():
    nodes = [(at(x, y).lon, at(x, y).lat) for x, y in ((0, 0), (100, 0), (0, 500), (100, 500))]
    two_islands = Roads(nodes, [(0, 1, 100), (2, 3, 100)])
    assert metres(two_islands, at(0, 500), to=at(0)) == metres(StraightLine(), at(0, 500), to=at(0))


def test_of_two_streets_between_the_same_crossings_the_shorter_counts():
    nodes = [(at(x).lon, at(x).lat) for x in (0, 400)]
    twice = Roads(nodes, [(0, 1, 900), (1, 0, 500), (0, 1, 700)])
    assert metres(twice, at(400), to=at(0)) == pytest.approx([500], abs=1)


def test_whoever_moves_is_looked_for_where_they_are_now():
    roads = town()
    crowd = [at(100 * n) for n in range(20)]
    first = metres(roads, *crowd, to=at(0))
    moved = [*crowd[:5], at(2_500, NORTH_BANK), *crowd[6:]]
    second = metres(roads, *moved, to=at(0))
    assert second == metres(town(), *moved, to=at(0))
    assert [a == b for a, b in zip(first, second, strict=True)].count(False) == 1


@pytest.mark.parametrize(
    ("nodes", "edges", "why"),
    [
        ([], [], "need nodes"),
        ([(113.0, 28.2)], [], "need nodes"),
        ([(113.0, 28.2), (113.1, 28.2)], [(0, 1, 0.0)], "no length"),
        ([(113.0, 28.2), (113.1, 28.2)], [(0, 1, float("nan"))], "no length"),
        ([(113.0, 28.2), (113.1, 28.2)], [(0, 2, 1.0)], "not there"),
        ([(113.0, 28.2), (113.1, 28.2)], [(-1, 1, 1.0)], "not there"),
    ],
)
def test_broken_streets_are_refused(nodes, edges, why):
    with pytest.raises(ValueError, match=why):
        Roads(nodes, edges)
