"""Travel times from outside: they reorder offers not yet made, and offers that were made stay."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch import requests as r
from dispatch.facts import CaregiverOffered, TravelTimesLearned
from tests.unit.dispatch.world import World, kinds_of, minutes, seconds, state_of


@pytest.fixture
def world():
    world = World()
    for name, metres in (("near", 100), ("middle", 400), ("far", 900)):
        world.caregiver(name, metres)
    return world


def learn(world, **travel_s):
    return world.do(
        r.LearnTravelTimes(incident_id=world.incident.id, travel_s=travel_s, source="osrm")
    )


def test_the_offers_that_follow_are_in_the_learned_order(world):
    world.press("life_assistance")
    learn(world, middle=600.0, far=200.0)
    (_, offer) = world.decline("near")
    assert isinstance(offer, CaregiverOffered)
    assert (offer.caregiver_id, offer.travel_s) == ("far", 200.0)
    assert {one.caregiver_id: one.travel_s for one in offer.considered}["middle"] == 600.0


def test_an_offer_that_was_made_stays(world):
    world.press("life_assistance")
    assert kinds_of(learn(world, near=5_000.0, far=60.0)) == ["TravelTimesLearned"]
    assert world.asked == ["near"]


def test_whoever_is_not_named_keeps_the_travel_time_of_our_own(world):
    world.press("life_assistance")
    before = world.offer_to("near").travel_s
    learn(world, far=30.0)
    world.decline("near")
    assert world.asked == ["far"]
    assert before == pytest.approx(100 * 1.3 * 3.6 / 15, abs=0.1)


def test_what_is_learned_later_replaces_what_was_learned_before(world):
    world.press("life_assistance")
    learn(world, far=30.0)
    learn(world, middle=40.0)
    assert world.incident.travel_s == {"middle": 40.0}


def test_what_was_learned_is_state_of_the_incident(world):
    world.press("life_assistance")
    learn(world, middle=600.0)
    assert state_of(world.replayed()) == state_of(world.book)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0, 15.0])
def test_an_answer_in_which_anybody_flies_is_not_believed_at_all(world, wrong):
    """900 m in 15 s would be 216 km/h."""
    world.press("life_assistance")
    assert learn(world, middle=600.0, far=wrong) == []
    assert world.incident.travel_s == {}


def test_nothing_is_learned_once_somebody_comes_or_the_call_is_closed(world):
    world.press("life_assistance")
    incident_id = world.incident.id
    world.accept("near")
    assert learn(world, far=60.0) == []
    world.close("ann")
    late = r.LearnTravelTimes(incident_id=incident_id, travel_s={"far": 60.0}, source="osrm")
    assert world.do(late) == []


def test_an_operator_sees_the_learned_times_too(world):
    world.press("life_assistance")
    learn(world, far=77.0)
    (offered, *_) = world.send("ann", "far")
    assert offered.travel_s == 77.0


def test_a_learned_time_moves_the_expected_arrival(world):
    world.press("life_assistance")
    learn(world, far=77.0)
    world.decline("near")
    world.accept("far")
    assert world.book.attendances["I1.2"].eta_at == world.now + seconds(77)


def test_without_any_answer_the_search_goes_on_as_before(world):
    world.press("life_assistance")
    world.pass_time(minutes(1))
    assert world.asked == ["middle"]
    assert not [one for one in world.facts if isinstance(one, TravelTimesLearned)]
