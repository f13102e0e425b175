"""What operators do, and to whom a call rises when nobody does anything."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import (
    CaregiverNotAvailable,
    ClaimHeld,
    IncidentIsClosed,
    TransitionRefused,
    UnknownSubject,
)
from dispatch.facts import CaregiverOffered, DeskAlerted
from dispatch.incident import DeskLevel
from dispatch.requests import BreakOff, Note, OfferTo, OutsideFailed, Release
from tests.unit.dispatch.world import World, kinds_of, minutes, seconds


@pytest.fixture
def world():
    return World(operators=("ann", "bob"))


def alerts_in(facts):
    return [one.level for one in facts if isinstance(one, DeskAlerted)]


def note(world, by="ann"):
    return world.do(Note(incident_id=world.incident.id, by=by, text="spoke with her"))


def break_off(world, operator="ann", attendance="I1.1"):
    return world.do(BreakOff(attendance_id=attendance, operator_id=operator))


# Nobody acts


def test_a_call_that_no_operator_takes_rises_to_the_supervisor_then_outside_again_and_again(world):
    world.sit_down("sue", is_supervisor=True)
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    assert alerts_in(world.pass_time(seconds(59))) == []
    facts = world.pass_time(seconds(1) + minutes(3))
    assert alerts_in(facts) == ["supervisor", "outside", "outside", "outside"]


def test_each_alert_is_counted(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    facts = world.pass_time(minutes(3))
    assert [one.attempt for one in facts if isinstance(one, DeskAlerted)] == [1, 2, 3]


def test_a_call_that_is_taken_does_not_rise(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.claim("ann")
    world.step("near", "on_scene")
    assert alerts_in(world.pass_time(minutes(14))) == []


def test_without_a_supervisor_a_call_that_no_operator_takes_goes_outside(world):
    world.press()
    assert alerts_in(world.pass_time(minutes(1)))[0] == "outside"


def test_with_nobody_logged_in_an_sos_goes_outside_at_once():
    world = World(operators=())
    assert alerts_in(world.press()) == ["outside"]


def test_an_operator_of_another_street_is_nobody_for_this_call():
    world = World(operators=())
    world.sit_down("far", areas=("street-2",))
    assert alerts_in(world.press()) == ["outside"]


@pytest.mark.parametrize("area", ["*", "district", "street-1", "grid-1"])
def test_an_operator_whose_area_holds_the_call_is_there_for_it(area):
    world = World(operators=())
    world.sit_down("near", areas=(area,))
    assert alerts_in(world.press()) == []


def test_a_call_without_an_area_is_everybodys():
    world = World(operators=())
    world.sit_down("far", areas=("street-2",))
    assert alerts_in(world.press(handset="unknown")) == []


def test_with_only_a_supervisor_there_the_call_rises_to_the_supervisor_first():
    world = World(operators=())
    world.sit_down("sue", is_supervisor=True)
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    assert alerts_in(world.pass_time(minutes(2))) == ["supervisor", "outside"]


def test_a_supervisor_of_another_street_is_nobody_for_this_call(world):
    world.sit_down("far", is_supervisor=True, areas=("street-2",))
    world.press()
    assert alerts_in(world.pass_time(minutes(1)))[0] == "outside"


def test_an_empty_desk_does_not_delay_the_offers():
    world = World(operators=())
    world.caregiver("near", 100)
    world.press()
    assert world.asked == ["near"]


def test_an_empty_desk_is_nothing_to_a_weak_battery():
    world = World(operators=())
    world.caregiver("near", 100)
    assert alerts_in(world.press("low_battery")) == []


def test_after_the_operator_has_left_the_next_call_goes_outside_at_once(world):
    world.leave("ann")
    world.leave("bob")
    assert alerts_in(world.press()) == ["outside"]


# The claim


def test_taking_a_call_stops_its_siren_and_brings_it_back_to_the_operators(world):
    world.press()
    world.pass_time(minutes(1))
    world.claim("ann")
    assert not world.incident.siren
    assert world.incident.desk is DeskLevel.OPERATOR
    assert world.incident.desk_by is None


@pytest.mark.parametrize(
    "act",
    [
        lambda world: world.claim("bob"),
        lambda world: world.release("bob"),
        lambda world: world.close("bob"),
        lambda world: world.send("bob", "near"),
        lambda world: break_off(world, "bob"),
    ],
    ids=["claim", "release", "close", "offer", "break off"],
)
def test_what_another_operator_holds_is_left_alone(world, act):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.claim("ann")
    with pytest.raises(ClaimHeld, match="Operator ann holds incident I1"):
        act(world)


def test_a_supervisor_may_take_over(world):
    world.press()
    world.claim("ann")
    world.claim("sue", may_take_over=True)
    assert world.incident.claim.operator_id == "sue"
    world.leave("ann")
    assert world.incident.claim.operator_id == "sue"


def test_giving_a_call_back_sounds_it_again_and_sets_a_deadline(world):
    world.press()
    world.claim("ann")
    world.release("ann")
    assert not world.incident.claim.is_held
    assert world.incident.siren
    assert world.incident.desk_by == world.now + minutes(1)


def test_giving_back_what_nobody_holds_is_harmless(world):
    world.press()
    assert world.release("ann") == []


def test_a_call_with_which_nothing_was_done_returns_with_its_siren(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    world.claim("ann")
    world.pass_time(minutes(15))
    assert not world.incident.claim.is_held
    assert world.incident.siren
    assert world.incident.desk_by == world.now + minutes(1)


def test_a_claim_of_a_kind_without_a_desk_deadline_returns_with_one(world):
    world.press("low_battery")
    world.claim("ann")
    world.release("ann")
    assert world.incident.desk_by == world.now + minutes(1)


@pytest.mark.parametrize("act", [note, lambda world: world.send("ann", "near")])
def test_working_on_a_call_keeps_it(world, act):
    world.caregiver("near", 100)
    world.press("safety_alarm")
    world.decline("near")
    world.claim("ann")
    world.now += minutes(10)
    act(world)
    assert world.incident.claim.until == world.now + minutes(15)


def test_working_on_a_free_call_takes_it(world):
    world.press()
    note(world)
    assert world.incident.claim.operator_id == "ann"


def test_a_note_by_a_caregiver_takes_nothing(world):
    world.press()
    note(world, by="near")
    assert not world.incident.claim.is_held


def test_a_note_by_somebody_else_leaves_the_claim_with_its_operator(world):
    world.press()
    world.claim("ann")
    assert kinds_of(note(world, by="bob")) == ["NoteAdded"]
    assert world.incident.claim.operator_id == "ann"


def test_when_an_operator_leaves_all_they_held_returns_with_its_siren(world):
    world.resident("zhao")
    world.handset("other", "zhao")
    world.press()
    world.press(handset="other")
    world.claim("ann", "I1")
    world.claim("ann", "I2")
    facts = world.leave("ann")
    assert kinds_of(facts) == ["OperatorLeft", "ClaimLapsed", "ClaimLapsed"]
    assert all(one.siren and one.desk_by for one in world.book.incidents.values())


def test_when_an_operator_leaves_what_others_hold_stays(world):
    world.press()
    world.claim("bob")
    world.leave("ann")
    assert world.incident.claim.operator_id == "bob"


def test_what_was_closed_does_not_return_when_its_operator_leaves(world):
    world.press()
    world.claim("ann")
    world.close("ann")
    assert kinds_of(world.leave("ann")) == ["OperatorLeft"]


def test_somebody_who_was_never_there_can_leave(world):
    assert world.leave("stranger") == []


# Offers by hand


def test_an_operator_asks_whom_they_choose_and_the_record_says_why(world):
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.caregiver("chosen", 900)
    world.press()
    (offered, *_) = world.send("ann", "chosen", reason="speaks her dialect")
    assert isinstance(offered, CaregiverOffered)
    assert (offered.by, offered.reason) == ("ann", "speaks her dialect")
    verdicts = {one.caregiver_id: one.verdict for one in offered.considered}
    assert verdicts["chosen"] == "chosen"
    assert world.incident.claim.operator_id == "ann"


def test_the_record_of_an_offer_by_hand_names_who_was_nearer(world):
    world.press("life_assistance")
    world.caregiver("near", 100, is_on_duty=False)
    world.caregiver("chosen", 900)
    world.decline("chosen")
    world.claim("ann")
    world.resident("li", excluded=("nearest",))
    world.caregiver("nearest", 1)
    (offered, *_) = world.send("ann", "chosen")
    assert {one.caregiver_id: one.verdict for one in offered.considered} == {
        "chosen": "chosen",
        "nearest": "excluded",
    }
    assert offered.others == {"off_duty": 1, "available": 2}


@pytest.mark.parametrize("kind", ["wound", "life_assistance"])
def test_an_operator_may_overrule_skill_area_and_an_earlier_no(world, kind):
    world.caregiver("near", 100, area_id="grid-4")
    world.press(kind)
    if kind == "life_assistance":
        world.decline("near")
    world.send("ann", "near")
    assert world.asked == ["near"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"is_on_duty": False}, "off duty"),
        ({"is_active": False}, "not active"),
        ({"skills": ("unwanted",)}, "excluded"),
    ],
)
def test_an_operator_cannot_overrule_what_the_resident_or_the_caregiver_wants(world, changes, why):
    world.resident("li", excluded=("near",) if why == "excluded" else ())
    world.caregiver("near", 100, **changes)
    world.press()
    with pytest.raises(CaregiverNotAvailable, match=why):
        world.send("ann", "near")


def test_a_resident_who_excludes_a_caregiver_is_heard_even_when_the_skill_is_missing_too(world):
    world.resident("li", excluded=("near",))
    world.caregiver("near", 100)
    world.press("wound")
    with pytest.raises(CaregiverNotAvailable, match="excluded"):
        world.send("ann", "near")


@pytest.mark.parametrize("is_on_the_way", [True, False])
def test_an_operator_cannot_ask_whoever_is_busy_or_being_asked(world, is_on_the_way):
    world.caregiver("near", 100)
    world.press("life_assistance")
    if is_on_the_way:
        world.accept("near")
    world.press("wound")  # which `near` has no skill for: an operator might overrule only that
    with pytest.raises(CaregiverNotAvailable, match="busy" if is_on_the_way else "pending offer"):
        world.do(OfferTo(incident_id="I2", operator_id="ann", caregiver_id="near", reason="?"))


def test_a_second_caregiver_by_hand_goes_too(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.caregiver("also", 200)
    world.send("ann", "also")
    world.accept("also")
    assert world.coming == ["near", "also"]


def test_when_the_one_whom_the_operator_chose_says_yes_the_plans_offers_are_withdrawn(world):
    for name, metres in (("near", 100), ("next", 200), ("chosen", 900)):
        world.caregiver(name, metres)
    world.press()
    world.send("ann", "chosen")
    world.accept("chosen")
    assert world.asked == []


def test_when_the_plans_caregiver_says_yes_the_operators_choice_is_still_asked(world):
    for name, metres in (("near", 100), ("next", 200), ("chosen", 900)):
        world.caregiver(name, metres)
    world.press()
    world.send("ann", "chosen")
    world.accept("near")
    assert world.asked == ["chosen"]


def test_an_operator_whose_console_is_not_open_asks_without_taking(world):
    world.caregiver("near", 100)
    world.press()
    world.decline("near")
    world.send("stranger", "near")
    assert not world.incident.claim.is_held


def test_at_the_desks_own_step_an_offer_by_hand_still_has_a_deadline(world):
    world.press()
    world.caregiver("near", 100)
    world.decline("near")
    (offered, *_) = world.send("ann", "near")
    assert isinstance(offered, CaregiverOffered)
    assert offered.answer_by == world.now + seconds(20)


# Breaking off and closing


def test_breaking_off_looks_for_another(world):
    for name, metres in (("near", 100), ("next", 200)):
        world.caregiver(name, metres)
    world.press()
    world.accept("near")
    break_off(world)
    assert world.coming == []
    assert world.asked == ["next"]
    assert world.incident.claim.operator_id == "ann"


def test_breaking_off_again_is_harmless(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    break_off(world)
    assert break_off(world) == []


def test_what_is_done_cannot_be_broken_off(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.finish("near", "helped")
    with pytest.raises(TransitionRefused, match="is done"):
        break_off(world)


def test_breaking_off_what_never_was_is_not_found(world):
    with pytest.raises(UnknownSubject, match=r"attendance I9\.1"):
        break_off(world, attendance="I9.1")


def test_closing_frees_everybody(world):
    for name, metres in (("near", 100), ("next", 200), ("third", 300)):
        world.caregiver(name, metres)
    world.press()
    world.accept("near")
    world.send("ann", "third")
    world.close("ann", disposition="helped")
    assert all(world.book.roster.is_free(name) for name in ("near", "next", "third"))
    assert world.book.next_deadline() is None


def test_who_is_freed_by_closing_is_asked_about_the_next_waiting_call(world):
    world.resident("zhao")
    world.handset("other", "zhao")
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.press(handset="other")
    assert world.asked == []
    world.close("ann", "I1")
    assert world.offer_to("near").incident_id == "I2"


@pytest.mark.parametrize(
    "act",
    [
        lambda world: world.claim("ann", "I1"),
        lambda world: world.close("ann", "I1"),
        lambda world: world.do(Release(incident_id="I1", operator_id="ann")),
    ],
)
def test_whoever_comes_after_the_closing_is_told_how_it_ended(world, act):
    world.press()
    world.close("ann", disposition="false_alarm")
    with pytest.raises(IncidentIsClosed, match="false_alarm"):
        act(world)


def test_a_closed_incident_still_takes_a_note(world):
    world.press()
    world.close("ann")
    done = world.do(Note(incident_id="I1", by="ann", text="her son telephoned"))
    assert kinds_of(done) == ["NoteAdded"]


def test_an_incident_that_never_was_is_not_found(world):
    with pytest.raises(UnknownSubject, match="open incident I9"):
        world.claim("ann", "I9")


def test_only_the_latest_closed_incidents_are_remembered(world, monkeypatch):
    monkeypatch.setattr("dispatch.evolve.CLOSED_KEPT", 2)
    for _ in range(3):
        world.press()
        world.close("ann")
    assert list(world.book.closed) == ["I2", "I3"]


def test_an_offer_that_is_not_on_the_books_is_not_found(world):
    with pytest.raises(UnknownSubject, match=r"offer I9\.1"):
        world.book.offer("I9.1")


# What stays inside, and what does not


def test_a_weak_battery_never_goes_outside_and_wakes_nobody(world):
    facts = [*world.press("low_battery"), *world.pass_time(minutes(60 * 24 * 3))]
    assert "outside" not in alerts_in(facts)
    assert not world.incident.siren


def test_a_call_that_an_operator_has_never_goes_outside(world):
    world.press()
    world.claim("ann")
    assert "outside" not in alerts_in(world.pass_time(minutes(14)))
    assert world.incident.claim.is_held


def test_a_call_that_nobody_can_attend_reaches_the_supervisor_though_an_operator_has_it(world):
    world.sit_down("sue", is_supervisor=True)
    world.press()
    world.claim("ann")
    assert "supervisor" in alerts_in(world.pass_time(minutes(5)))


def test_a_call_that_went_outside_does_not_come_back_to_the_supervisor_by_the_ladder(world):
    world.press()
    levels = alerts_in(world.pass_time(minutes(10)))
    assert set(levels) == {"outside"}


def test_when_nobody_outside_could_be_told_every_console_sounds(world):
    world.press()
    world.claim("ann")
    facts = world.do(OutsideFailed(incident_id=world.incident.id, why="webhook HTTP 500"))
    assert kinds_of(facts) == ["OutsideNotReached"]
    assert world.incident.siren


def test_of_a_call_that_has_ended_nobody_need_be_told(world):
    assert world.do(OutsideFailed(incident_id="I9", why="webhook HTTP 500")) == []


def test_somebody_whom_the_resident_no_longer_wants_is_no_longer_asked(world):
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.caregiver("third", 300)
    world.press()
    facts = world.resident("li", excluded=("near",))
    assert kinds_of(facts) == ["ResidentRegistered", "OfferWithdrawn", "CaregiverOffered"]
    assert facts[-1].caregiver_id == "third"
