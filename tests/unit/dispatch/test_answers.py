"""What caregivers say: yes, no, on my way, there, done; and what their silence means."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta

import pytest

from dispatch.areas import Level
from dispatch.errors import (
    NotYours,
    OfferIsOver,
    OfferTaken,
    StillOnTheWay,
    TransitionRefused,
    UnknownSubject,
)
from dispatch.facts import AttendanceBrokenOff, AttendanceDone
from dispatch.requests import OfferAnswer
from tests.unit.dispatch.world import World, kinds_of, minutes, seconds


@pytest.fixture
def world():
    """Two have been asked about an SOS: `near` and `next`."""
    world = World()
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.press()
    return world


# The offer


def test_of_two_who_say_yes_one_comes_and_the_other_is_thanked(world):
    late = world.offer_to("next")
    world.accept("near")
    assert world.coming == ["near"]
    with pytest.raises(OfferTaken, match="Somebody else"):
        world.accept("next", offer=late)


def test_whoever_says_yes_first_comes_even_from_farther_away(world):
    late = world.offer_to("near")
    world.accept("next")
    assert world.coming == ["next"]
    with pytest.raises(OfferTaken):
        world.accept("near", offer=late)


def test_a_yes_frees_the_other_for_other_calls(world):
    world.accept("near")
    assert world.book.roster.is_free("next")


def test_saying_yes_again_is_harmless(world):
    offer = world.offer_to("near")
    world.accept("near")
    assert world.accept("near", offer=offer) == []
    assert world.coming == ["near"]


def test_saying_no_again_is_harmless(world):
    offer = world.offer_to("near")
    world.decline("near")
    assert world.decline("near", offer=offer) == []


@pytest.mark.parametrize(("first", "then"), [("accept", "decline"), ("decline", "accept")])
def test_an_answer_cannot_be_turned_round(world, first, then):
    offer = world.offer_to("near")
    world.answer("near", first)
    with pytest.raises(OfferIsOver):
        world.answer("near", then, offer=offer)


def test_a_yes_after_the_deadline_is_too_late(world):
    offer = world.offer_to("near")
    world.pass_time(seconds(20))
    with pytest.raises(OfferIsOver, match="lapsed"):
        world.accept("near", offer=offer)


def test_a_yes_after_the_caregiver_went_off_duty_is_too_late(world):
    offer = world.offer_to("near")
    world.duty("near", is_on=False)
    with pytest.raises(OfferIsOver, match="withdrawn"):
        world.accept("near", offer=offer)


def test_a_yes_after_the_incident_was_closed_is_too_late(world):
    offer = world.offer_to("near")
    world.close("ann")
    with pytest.raises(OfferIsOver, match="closed"):
        world.accept("near", offer=offer)


def test_nobody_answers_for_somebody_else(world):
    with pytest.raises(NotYours):
        world.accept("next", offer=world.offer_to("near"))


def test_an_offer_that_never_was_is_not_found(world):
    with pytest.raises(UnknownSubject, match=r"offer I9\.1"):
        world.do(OfferAnswer(offer_id="I9.1", caregiver_id="near", answer="accept"))


def test_that_an_offer_was_shown_is_noted_once_and_decides_nothing(world):
    assert kinds_of(world.answer("near", "shown")) == ["OfferShown"]
    assert world.answer("near", "shown") == []
    assert world.offer_to("near").is_pending


def test_an_offer_that_is_over_is_not_noted_as_shown(world):
    offer = world.offer_to("near")
    world.decline("near")
    assert world.answer("near", "shown", offer=offer) == []


def test_a_shown_offer_still_lapses(world):
    world.answer("near", "shown")
    world.pass_time(seconds(20))
    assert world.asked == []


# Duty


def test_duty_said_again_is_harmless(world):
    assert world.duty("near") == []


def test_going_off_duty_while_asked_passes_the_question_on(world):
    world.caregiver("third", 300)
    world.duty("near", is_on=False)
    assert world.asked == ["next", "third"]


def test_nobody_with_work_in_hand_goes_off_duty(world):
    world.accept("near")
    with pytest.raises(StillOnTheWay, match="near still has work"):
        world.duty("near", is_on=False)


def test_after_the_work_is_done_a_caregiver_may_go(world):
    world.accept("near")
    world.finish("near", "helped")
    assert kinds_of(world.duty("near", is_on=False)) == ["DutyEnded"]


def test_a_stranger_has_no_duty(world):
    with pytest.raises(UnknownSubject):
        world.duty("stranger")


# The attendance


def test_a_caregiver_is_expected_after_the_travel_time_and_a_grace(world):
    offer = world.offer_to("near")
    world.accept("near")
    world.step("near", "en_route")
    (attendance,) = world.book.attendances.values()
    expected = world.now + timedelta(seconds=offer.travel_s) + minutes(5)
    assert attendance.due_by == expected


def test_who_sets_out_late_still_has_the_grace(world):
    world.accept("near")
    world.pass_time(seconds(100))
    world.step("near", "en_route")
    (attendance,) = world.book.attendances.values()
    assert attendance.due_by == world.now + minutes(5)


@pytest.mark.parametrize("step", ["en_route", "on_scene"])
def test_saying_a_step_again_is_harmless(world, step):
    world.accept("near")
    world.step("near", step)
    assert world.step("near", step) == []


def test_somebody_who_forgot_to_set_out_may_arrive(world):
    world.accept("near")
    assert kinds_of(world.step("near", "on_scene")) == ["CaregiverArrived"]


@pytest.mark.parametrize("before", [(), ("en_route",)])
def test_done_comes_after_arrival(world, before):
    world.accept("near")
    for earlier in before:
        world.step("near", earlier)
    with pytest.raises(TransitionRefused):
        world.step("near", "done", "helped")


def test_a_step_that_arrives_after_a_later_one_changes_nothing(world):
    world.accept("near")
    world.step("near", "on_scene")
    assert world.step("near", "en_route") == []


def test_who_was_given_up_cannot_set_out_any_more(world):
    world.accept("near")
    world.pass_time(seconds(90 + 60))
    with pytest.raises(TransitionRefused, match="broken_off"):
        world.step("near", "en_route", attendance="I1.1")


def test_nobody_takes_steps_for_somebody_else(world):
    world.accept("near")
    with pytest.raises(NotYours):
        world.step("next", "en_route", attendance=world.book.roster.of("near").work)


def test_an_attendance_that_never_was_is_not_found(world):
    with pytest.raises(UnknownSubject, match=r"attendance I9\.1"):
        world.step("near", "done", attendance="I9.1")


def test_done_said_again_is_harmless_even_when_the_incident_closed_with_it():
    world = World()
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    world.finish("near", "helped")
    assert world.step("near", "done", "helped", attendance="I1.1") == []


def test_done_said_again_is_harmless_while_the_incident_is_open(world):
    world.accept("near")
    world.finish("near", "helped")
    assert world.step("near", "done", "helped", attendance="I1.1") == []


# How it ends


@pytest.mark.parametrize("outcome", ["helped", "nothing_needed"])
def test_a_routine_call_is_closed_by_its_caregiver(outcome):
    world = World()
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    world.finish("near", outcome)
    assert world.book.incidents == {}
    (closed,) = world.book.closed.values()
    assert closed.disposition == outcome


@pytest.mark.parametrize("outcome", ["helped", "nothing_needed", "handed_over"])
def test_an_sos_waits_for_an_operator_until_a_deadline(world, outcome):
    world.accept("near")
    world.finish("near", outcome)
    assert world.incident.is_open
    assert world.incident.desk_by == world.now + minutes(30)
    assert world.incident.siren


def test_an_sos_that_an_operator_holds_keeps_that_deadline_when_help_has_left(world):
    world.claim("ann")
    world.accept("near")
    world.finish("near", "helped")
    assert world.incident.desk_by is None
    assert world.incident.claim.is_held


def test_a_routine_call_that_an_operator_holds_is_left_to_the_operator():
    world = World()
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    world.claim("ann")
    world.finish("near", "helped")
    assert world.incident.is_open


def test_a_routine_call_stays_open_while_somebody_else_still_comes():
    world = World()
    world.caregiver("near", 100)
    world.caregiver("by hand", 200)
    world.press("life_assistance")
    world.accept("near")
    world.send("ann", "by hand")
    world.accept("by hand")
    world.release("ann")
    world.finish("near", "helped")
    assert world.coming == ["by hand"]
    world.finish("by hand", "helped")
    assert world.book.incidents == {}


def test_closing_by_a_caregiver_withdraws_what_is_still_being_asked():
    world = World()
    world.caregiver("near", 100)
    world.caregiver("by hand", 200)
    world.press("life_assistance")
    world.accept("near")
    world.send("ann", "by hand")
    world.release("ann")
    facts = world.finish("near", "helped")
    assert kinds_of(facts) == ["AttendanceDone", "OfferWithdrawn", "IncidentClosed"]
    assert world.book.roster.is_free("by hand")


def test_when_help_could_not_help_the_next_is_looked_for_at_once(world):
    world.accept("near")
    world.finish("near", "could_not_help")
    assert world.asked == ["next"]


def test_when_help_could_not_help_an_operator_must_act_soon(world):
    world.accept("near")
    (done, *_) = world.finish("near", "could_not_help")
    assert isinstance(done, AttendanceDone)
    assert done.desk_by == world.now + minutes(1)


def test_when_an_errand_could_not_be_run_the_desk_has_the_time_of_its_plan():
    world = World()
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    (done, *_) = world.finish("near", "could_not_help")
    assert done.desk_by == world.now + minutes(10)


def test_when_one_of_two_could_not_help_the_other_is_enough(world):
    world.accept("near")
    world.send("ann", "next")
    world.accept("next")
    facts = world.finish("near", "could_not_help")
    assert kinds_of(facts) == ["AttendanceDone"]
    assert world.asked == []


def test_a_weak_battery_that_could_not_be_changed_is_seen_by_the_desk():
    world = World()
    world.caregiver("near", 100)
    world.press("low_battery")
    world.accept("near")
    world.finish("near", "handed_over")
    assert world.incident.desk_by is not None
    assert world.incident.siren


# Silence on the way


def test_a_caregiver_who_does_not_set_out_is_reminded_and_the_desk_hears_it(world):
    world.claim("ann")
    world.accept("near")
    facts = world.pass_time(seconds(90))
    assert kinds_of(facts) == ["AttendanceOverdue"]
    assert world.coming == ["near"]
    assert world.incident.siren


def test_a_caregiver_who_stays_silent_is_replaced(world):
    world.accept("near")
    facts = world.pass_time(seconds(90 + 60))
    (broken,) = [one for one in facts if isinstance(one, AttendanceBrokenOff)]
    assert broken.why == "vanished"
    assert world.coming == []
    assert world.asked == ["next"]


def test_a_caregiver_who_vanishes_on_the_way_is_replaced_too(world):
    world.accept("near")
    world.step("near", "en_route")
    world.pass_time(minutes(10))
    assert world.coming == []


def test_whoever_was_reminded_and_has_arrived_is_overdue_no_more(world):
    world.accept("near")
    world.pass_time(seconds(90))
    world.step("near", "on_scene")
    (attendance,) = world.book.attendances.values()
    assert attendance.reminders == 0


def test_setting_out_after_a_reminder_begins_a_new_reckoning(world):
    world.accept("near")
    world.pass_time(seconds(90))
    world.step("near", "en_route")
    world.pass_time(minutes(5))
    assert world.coming == ["near"]


def test_who_vanished_is_not_asked_again_in_the_same_round(world):
    world.duty("next", is_on=False)
    world.accept("near")
    world.pass_time(seconds(150))
    assert world.asked == []
    assert world.incident.level is Level.OPERATOR


def test_who_is_on_scene_is_never_given_up(world):
    world.accept("near")
    world.step("near", "on_scene")
    facts = world.pass_time(timedelta(hours=5))
    assert kinds_of(facts).count("AttendanceOverdue") > 100
    assert world.coming == ["near"]


def test_while_another_still_comes_nobody_else_is_looked_for(world):
    world.accept("near")
    world.send("ann", "next")
    world.accept("next")
    world.step("next", "on_scene")
    world.caregiver("third", 300)
    facts = world.pass_time(seconds(150))
    assert world.coming == ["next"]
    assert "CaregiverOffered" not in kinds_of(facts)
