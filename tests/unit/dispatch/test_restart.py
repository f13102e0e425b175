"""A stop of the center: what is heard, what gets a fresh window, what fires one step."""

from dataclasses import replace

import pytest

from dispatch.book import Book
from dispatch.decide import decide
from dispatch.errors import PlanRefused, UnknownSubject
from dispatch.facts import (
    AreaDefined,
    CaregiverEnrolled,
    CenterStarted,
    HandsetPaired,
    PlanAdopted,
    ResidentRegistered,
)
from dispatch.requests import Start
from tests.unit.dispatch.one_of_each import one
from tests.unit.dispatch.world import NOON, PLANS, World, kinds_of, minutes, seconds, state_of

STOP = minutes(40)


@pytest.fixture
def world():
    return World()


def test_the_same_facts_give_the_same_state(world):
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.press()
    world.accept("near")
    world.claim("ann")
    world.pass_time(minutes(20))
    assert state_of(world.replayed()) == state_of(world.book)


def test_a_start_says_how_long_the_center_was_away(world):
    world.press()
    (started, *_) = world.start_after(STOP)
    assert isinstance(started, CenterStarted)
    assert started.stopped_for == STOP


def test_the_first_start_of_all_was_away_for_no_known_time():
    (started,) = decide(Book(), Start(), NOON)
    assert isinstance(started, CenterStarted)
    assert started.stopped_for is None


def test_after_a_stop_pending_offers_get_a_fresh_window(world):
    world.caregiver("near", 100)
    world.press()
    world.start_after(STOP)
    assert world.asked == ["near"]
    assert world.offer_to("near").answer_by == world.now + seconds(20)


def test_the_window_does_not_grow_with_every_stop(world):
    world.caregiver("near", 100)
    world.press()
    world.start_after(STOP)
    world.start_after(STOP)
    assert world.offer_to("near").answer_by == world.now + seconds(20)


def test_the_window_of_an_offer_by_hand_is_fresh_too(world):
    world.press()
    world.caregiver("near", 100)
    world.decline("near")
    world.send("ann", "near")
    world.start_after(STOP)
    assert world.offer_to("near").answer_by == world.now + seconds(20)


def test_after_a_stop_an_answer_is_heard_before_anything_lapses(world):
    world.caregiver("near", 100)
    world.press()
    world.start_after(STOP)
    world.accept("near")
    assert world.coming == ["near"]


def test_after_a_stop_a_lapsed_step_fires_once_and_the_next_counts_from_now(world):
    world.press("life_assistance")
    assert world.incident.level.value == "operator"
    facts = world.start_after(STOP)
    assert kinds_of(facts).count("StepTaken") == 1
    assert world.incident.step_by == world.now + minutes(15)


def test_after_a_stop_a_lapsed_desk_deadline_fires_once_and_the_next_counts_from_now(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    facts = world.start_after(STOP)
    assert kinds_of(facts) == ["CenterStarted", "DeskAlerted"]
    assert world.incident.desk_by == world.now + minutes(1)


def test_after_a_stop_a_lapsed_claim_returns_to_the_list_and_does_not_rise_at_once(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    world.claim("ann")
    facts = world.start_after(STOP)
    assert kinds_of(facts) == ["CenterStarted", "ClaimLapsed"]
    assert world.incident.desk_by == world.now + minutes(1)


def test_after_a_stop_a_caregiver_on_the_way_is_reminded_and_not_yet_given_up(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.claim("ann")
    world.step("near", "en_route")
    facts = world.start_after(STOP)
    assert kinds_of(facts).count("AttendanceOverdue") == 1
    assert world.coming == ["near"]


def test_after_a_stop_nobody_is_at_the_desk_until_they_sit_down_again(world):
    world.start_after(STOP)
    assert world.book.desk == {}
    assert "DeskAlerted" in kinds_of(world.press())


def test_after_a_stop_a_message_sent_again_is_still_recognised(world):
    event = world.event()
    world.press(events=(event,))
    world.start_after(STOP)
    assert world.press(events=(event,)) == []


def test_after_a_stop_a_call_that_waited_for_somebody_still_does(world):
    world.press()
    world.start_after(seconds(5))
    world.caregiver("near", 100)
    assert world.asked == ["near"]


# What administrators record


@pytest.mark.parametrize("kind", [ResidentRegistered, CaregiverEnrolled])
def test_nobody_is_registered_in_an_area_that_does_not_exist(world, kind):
    with pytest.raises(UnknownSubject, match="area nowhere"):
        world.register(replace(one(kind), area_id="nowhere"))


def test_a_handset_is_not_paired_with_a_stranger(world):
    with pytest.raises(UnknownSubject, match="resident stranger"):
        world.handset("key 2", "stranger")


def test_an_area_and_its_people_may_be_registered_together(world):
    done = world.register(
        replace(one(AreaDefined), area_id="new"),
        replace(one(ResidentRegistered), resident_id="zhao", area_id="new"),
        replace(one(HandsetPaired), handset_id="key 2", resident_id="zhao"),
    )
    assert kinds_of(done) == ["AreaDefined", "ResidentRegistered", "HandsetPaired"]


def test_all_of_a_registration_is_refused_or_none(world):
    before = state_of(world.replayed())
    with pytest.raises(UnknownSubject):
        world.register(
            replace(one(AreaDefined), area_id="new"),
            replace(one(ResidentRegistered), area_id="nowhere"),
        )
    assert state_of(world.book) == before


def test_plans_that_cannot_be_used_are_refused_and_the_running_ones_stay(world):
    with pytest.raises(PlanRefused):
        world.register(PlanAdopted(at=world.now, version="bad", text="[kinds"))
    assert world.book.plan_version == "test"


def test_plans_that_change_without_a_new_version_are_refused(world):
    changed = PLANS.replace("at_once = 2", "at_once = 3")
    with pytest.raises(PlanRefused, match="version test is in use"):
        world.register(PlanAdopted(at=world.now, version="test", text=changed))


def test_the_same_plans_may_be_adopted_again(world):
    done = world.register(PlanAdopted(at=world.now, version="test", text=PLANS))
    assert kinds_of(done) == ["PlanAdopted"]
