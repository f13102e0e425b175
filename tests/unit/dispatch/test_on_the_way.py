"""A caregiver on the way who stops or falls silent is asked, then replaced."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import TransitionRefused
from dispatch.facts import AttendanceBrokenOff, CaregiverAsked, CaregiverOffered, MovementChecked
from dispatch.plans import read_plans
from dispatch.requests import BreakOff
from tests.unit.dispatch.world import PLANS, World, kinds_of, minutes, seconds, state_of


def going(kind="sos", *, metres=2_000, plans=PLANS, sets_out=True):
    """`near` was seen, said yes and set out; `next` is free."""
    world = World(plans=plans)
    world.caregiver("near", metres)
    world.caregiver("next", metres + 500)
    world.sight("near", metres)
    world.press(kind)
    world.accept("near")
    if sets_out:
        world.step("near", "en_route")
    return world


def look_after(world, metres=None, span=None):
    """Let the caregiver be seen there (None: not at all), and the next look come."""
    span = span or seconds(60)
    if metres is not None:
        world.now += span - seconds(1)
        world.sight("near", metres)
        span = seconds(1)
    return world.pass_time(span)


def verdicts(facts):
    return [one.verdict for one in facts if isinstance(one, MovementChecked)]


def asked(facts):
    return [one.why for one in facts if isinstance(one, CaregiverAsked)]


@pytest.fixture
def world():
    return going()


# Looking


def test_who_comes_nearer_is_left_alone(world):
    for metres in (1_800, 1_600, 1_400, 1_200):
        assert verdicts(look_after(world, metres)) == ["moving"]
    assert world.coming == ["near"]


def test_one_look_without_progress_means_nothing(world):
    assert verdicts(look_after(world, 2_000)) == ["stopped"]
    assert verdicts(look_after(world, 1_900)) == ["moving"]
    assert verdicts(look_after(world, 1_890)) == ["stopped"]
    assert not asked(world.facts)


@pytest.mark.parametrize(("metres", "why"), [(1_985, "stopped"), (None, "silent")])
def test_who_makes_no_progress_twice_is_asked(world, metres, why):
    look_after(world, metres)
    facts = look_after(world, metres)
    assert asked(facts) == [why]
    assert world.coming == ["near"]


def test_going_away_from_the_resident_is_no_progress(world):
    look_after(world, 2_100)
    assert asked(look_after(world, 2_300)) == ["stopped"]


def test_who_is_nearly_there_may_stand_still_in_a_lift(world):
    for _ in range(4):
        assert verdicts(look_after(world, 60)) == ["near"]
    assert not asked(world.facts)


def test_whoever_was_never_seen_is_not_looked_at():
    world = World()
    world.caregiver("near", 2_000)
    world.press()
    world.accept("near")
    world.step("near", "en_route")
    world.pass_time(minutes(6))
    assert not verdicts(world.facts)


def test_a_position_that_is_old_when_they_say_yes_is_not_held_against_them():
    world = World()
    world.caregiver("near", 2_000)
    world.sight("near", 2_000)
    world.now += seconds(121)
    world.press()
    world.accept("near")
    assert not verdicts(world.facts)


def test_whoever_has_arrived_is_not_looked_at_any_more(world):
    world.step("near", "on_scene")
    assert not verdicts(world.pass_time(minutes(10)))


def test_a_routine_call_lets_its_caregiver_walk_in_peace():
    world = going("life_assistance")
    assert not verdicts(world.facts)


@pytest.mark.parametrize(
    ("kind", "entry", "is_looked_at"),
    [("sos", "check_every_s = 0", False), ("life_assistance", "check_every_s = 30", True)],
)
def test_the_plan_may_say_otherwise(kind, entry, is_looked_at):
    plans = PLANS.replace(f"[kinds.{kind}]\n", f"[kinds.{kind}]\n{entry}\n")
    assert bool(verdicts(going(kind, plans=plans).facts)) is is_looked_at


def test_a_grave_call_is_looked_at_every_minute_unless_the_plan_says_otherwise():
    plans = read_plans(PLANS)
    every = {kind: plan.check_every for kind, plan in plans.plans.items()}
    assert every["sos"] == every["safety_alarm"] == seconds(60)
    assert every["life_assistance"] is every["low_battery"] is None


# The question


@pytest.fixture
def doubted():
    world = going()
    look_after(world)
    look_after(world)
    assert asked(world.facts) == ["silent"]
    return world


def test_for_a_threat_to_life_the_next_nearest_is_asked_beside(doubted):
    assert doubted.asked == ["next"]
    assert doubted.coming == ["near"]


def test_for_an_urgent_call_the_next_is_asked_only_when_the_answer_is_no():
    world = going("safety_alarm")
    look_after(world)
    look_after(world)
    assert asked(world.facts) == ["silent"]
    assert world.asked == []
    world.pass_time(seconds(60))
    assert world.coming == []
    assert world.asked == ["next"]


def test_who_says_yes_goes_on_and_the_others_are_thanked(doubted):
    doubted.say_still_coming("near")
    assert doubted.asked == []
    assert doubted.coming == ["near"]
    assert doubted.incident.step_by is None
    doubted.pass_time(seconds(60))
    assert doubted.coming == ["near"]


def test_who_says_yes_and_stands_still_is_asked_again(doubted):
    doubted.say_still_coming("near")
    assert asked(doubted.pass_time(seconds(120))) == ["silent"]


def test_after_a_yes_one_look_without_progress_means_nothing_again(doubted):
    doubted.say_still_coming("near")
    assert verdicts(look_after(doubted)) == ["silent"]
    assert asked(doubted.facts) == ["silent"]


def test_who_has_not_set_out_is_asked_too_and_may_say_yes():
    world = going(
        plans=PLANS.replace("set_out_within_s = 90", "set_out_within_s = 900"), sets_out=False
    )
    look_after(world)
    assert asked(look_after(world)) == ["silent"]
    world.say_still_coming("near")
    assert world.asked == []
    assert world.coming == ["near"]


def test_who_has_not_answered_after_a_minute_is_replaced(doubted):
    facts = doubted.pass_time(seconds(60))
    (broken,) = [one for one in facts if isinstance(one, AttendanceBrokenOff)]
    assert broken.why == "stopped"
    assert doubted.coming == []
    assert doubted.incident.step_by is not None


def test_who_says_no_is_replaced_at_once(doubted):
    facts = doubted.say_still_coming("near", is_coming=False)
    assert [one.why for one in facts if isinstance(one, AttendanceBrokenOff)] == ["not_coming"]
    assert doubted.coming == []


def test_a_caregiver_may_say_unasked_that_they_cannot_come_after_all(world):
    facts = world.say_still_coming("near", is_coming=False)
    assert kinds_of(facts) == ["AttendanceBrokenOff", "StepTaken", "CaregiverOffered"]


def test_a_yes_that_nobody_asked_for_changes_nothing(world):
    assert world.say_still_coming("near") == []


def test_arriving_is_an_answer(doubted):
    doubted.step("near", "on_scene")
    assert doubted.asked == []
    assert doubted.incident.step_by is None
    doubted.pass_time(seconds(60))
    assert doubted.coming == ["near"]


def test_who_said_yes_beside_comes_too_when_the_first_goes_on(doubted):
    doubted.accept("next")
    doubted.say_still_coming("near")
    assert doubted.coming == ["near", "next"]


def test_when_another_comes_instead_nobody_else_is_sought(doubted):
    doubted.accept("next")
    facts = doubted.pass_time(seconds(60))
    assert doubted.coming == ["next"]
    assert not [one for one in facts if isinstance(one, CaregiverOffered)]


def test_a_question_that_is_open_at_a_stop_lapses_once_and_somebody_else_is_sought(doubted):
    assert state_of(doubted.replayed()) == state_of(doubted.book)
    facts = doubted.start_after(minutes(40))
    assert kinds_of(facts).count("AttendanceBrokenOff") == 1


def test_a_stop_of_the_center_counts_as_one_look(world):
    facts = world.start_after(minutes(4))
    assert verdicts(facts) == ["silent"]
    assert not asked(facts)


# Somebody who was given up comes all the same


def given_up():
    world = going()
    attendance = world.book.roster.of("near").work
    look_after(world)
    look_after(world)
    world.pass_time(seconds(60))
    assert world.coming == []
    return world, attendance


def test_who_was_given_up_and_arrives_is_there_on_the_record_too():
    world, attendance = given_up()
    world.step("near", "on_scene", attendance=attendance)
    assert world.coming == ["near"]
    assert world.book.roster.of("near").work == attendance
    assert world.incident.step_by is None
    assert world.asked == []
    world.step("near", "done", "helped")
    assert world.coming == []


def test_who_vanished_and_arrives_is_there_on_the_record_too():
    world = World()
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    attendance = world.book.roster.of("near").work
    world.pass_time(seconds(150))
    assert world.coming == []
    world.step("near", "on_scene", attendance=attendance)
    assert world.coming == ["near"]


def test_who_said_no_and_arrives_all_the_same_is_there_on_the_record_too(world):
    attendance = world.book.roster.of("near").work
    world.say_still_coming("near", is_coming=False)
    world.step("near", "on_scene", attendance=attendance)
    assert world.coming == ["near"]


def test_others_on_the_way_stay_on_the_way():
    world, attendance = given_up()
    world.caregiver("third", 300)
    world.accept("third")
    world.step("near", "on_scene", attendance=attendance)
    assert world.coming == ["near", "third"]


def test_who_was_meanwhile_asked_about_another_call_is_asked_no_more():
    world, attendance = given_up()
    world.duty("next", is_on=False)
    world.press("safety_alarm", handset="other")
    assert world.offer_to("near").incident_id == "I2"
    facts = world.step("near", "on_scene", attendance=attendance)
    assert kinds_of(facts)[:2] == ["OfferWithdrawn", "CaregiverArrived"]
    assert world.book.roster.of("near").offer is None


def test_when_another_has_arrived_the_late_one_is_only_thanked():
    world, attendance = given_up()
    world.caregiver("third", 300)
    world.accept("third")
    world.step("third", "on_scene")
    with pytest.raises(TransitionRefused):
        world.step("near", "on_scene", attendance=attendance)


def test_when_another_could_not_help_the_late_one_is_welcome():
    world, attendance = given_up()
    world.caregiver("third", 300)
    world.accept("third")
    world.finish("third", "could_not_help")
    world.step("near", "on_scene", attendance=attendance)
    assert world.coming == ["near"]


def test_who_has_other_work_by_now_does_not_return_to_this():
    world, attendance = given_up()
    world.duty("next", is_on=False)
    world.press("safety_alarm", handset="other")
    world.accept("near")
    with pytest.raises(TransitionRefused):
        world.step("near", "on_scene", attendance=attendance)


def test_whom_the_desk_sent_away_does_not_return(world):
    attendance = world.book.roster.of("near").work
    world.do(BreakOff(attendance_id=attendance, operator_id="ann"))
    with pytest.raises(TransitionRefused):
        world.step("near", "on_scene", attendance=attendance)


def test_a_yes_after_being_given_up_is_too_late_but_a_no_is_harmless():
    world, attendance = given_up()
    assert world.say_still_coming("near", is_coming=False, attendance=attendance) == []
    with pytest.raises(TransitionRefused):
        world.say_still_coming("near", attendance=attendance)
