"""Two residents of one home who call within seconds: linked for the desk, served as two."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.household import Households
from dispatch.place import METRES_PER_DEGREE, Place
from tests.unit.dispatch.world import LAT, LON, World, east, seconds, state_of


@pytest.fixture
def world():
    world = World()
    lives(world, "zhao", 5)
    return world


def lives(world, name, metres, **changes):
    """Let a resident with a handset of the same name live so many metres from Mrs Li."""
    world.resident(name, home=east(metres), **changes)
    world.handset(name, name)


def link_of(world, incident_id):
    return world.book.incidents[incident_id].linked_to


def both_press(world, *, apart=10, other="zhao"):
    world.press()
    world.pass_time(seconds(apart))
    world.press(handset=other)


@pytest.mark.parametrize("apart", [0, 10, 60])
def test_two_residents_of_one_home_within_a_minute_are_linked(world, apart):
    both_press(world, apart=apart)
    assert link_of(world, "I2") == "I1"


def test_linked_calls_are_not_merged(world):
    world.caregiver("wang", 100)
    world.caregiver("ma", 200)
    world.caregiver("bai", 300)
    both_press(world)
    first, second = world.book.incidents.values()
    assert (first.resident_id, second.resident_id) == ("li", "zhao")
    assert (first.presses, second.presses) == (1, 1)
    assert first.offers
    assert second.offers
    world.close("ann", "I1")
    assert "I2" in world.book.incidents


def test_after_more_than_a_minute_they_are_two_stories(world):
    both_press(world, apart=61)
    assert link_of(world, "I2") is None


def test_a_neighbour_sixteen_metres_away_is_another_household(world):
    lives(world, "wu", -16)
    both_press(world, other="wu")
    assert link_of(world, "I2") is None


def test_a_home_that_nobody_pinned_is_the_same_for_a_whole_community_and_links_nobody(world):
    lives(world, "wu", 0, home_is_pinned=False)
    both_press(world, other="wu")
    assert link_of(world, "I2") is None


def test_a_resident_whose_home_is_unknown_is_linked_to_nobody(world):
    world.resident("wu", home=None)
    world.handset("wu", "wu")
    both_press(world, other="wu")
    assert link_of(world, "I2") is None


def test_a_call_that_has_ended_links_nobody(world):
    world.press()
    world.close("ann")
    world.press(handset="zhao")
    assert world.incident.linked_to is None


def test_a_residents_own_open_call_comes_before_the_households(world):
    world.press("life_assistance")
    world.press(handset="zhao")
    world.press("sos")
    assert link_of(world, "I3") == "I1"


def test_of_three_calls_of_one_home_the_first_is_named(world):
    lives(world, "wu", -5)
    both_press(world)
    world.press(handset="wu")
    assert link_of(world, "I3") == "I1"


def test_a_telephone_call_about_the_other_resident_is_linked_too(world):
    world.press()
    world.telephone(resident_id="zhao")
    assert link_of(world, "I2") == "I1"


def test_a_replay_and_a_restart_know_the_households(world):
    world.press()
    assert state_of(world.replayed()) == state_of(world.book)
    world.start_after(seconds(5))
    world.press(handset="zhao")
    assert link_of(world, "I2") == "I1"


def test_two_homes_on_both_sides_of_a_cells_border_are_near():
    index = Households()
    border = (round(LON * 1000) + 0.5) / 1000
    step = 3 / METRES_PER_DEGREE
    index.put("I1", Place(lon=border - step, lat=LAT))
    assert list(index.calls_at(Place(lon=border + step, lat=LAT))) == ["I1"]


def test_a_call_is_forgotten_once_and_for_all():
    index = Households()
    index.put("I1", east(0))
    index.put("I2", east(0))
    index.discard("I1")
    index.discard("I1")
    assert list(index.calls_at(east(0))) == ["I2"]
    index.discard("I2")
    assert list(index.calls_at(east(0))) == []
