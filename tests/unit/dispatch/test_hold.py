"""A call that its operator sets aside: it always comes back, by itself or with news."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta

import pytest

from dispatch.claim import ClaimState
from dispatch.errors import ClaimHeld, ClaimNeeded, IncidentIsClosed, RecallRefused
from dispatch.facts import HoldEnded
from dispatch.requests import BreakOff, Hold, Note
from tests.unit.dispatch.world import PLANS, World, kinds_of, minutes, seconds, state_of


@pytest.fixture
def world():
    """Return a town where Wang is with Mrs Li and Ann has her call."""
    world = World(operators=("ann", "bob"))
    world.caregiver("wang", 100)
    world.press()
    world.accept("wang")
    world.step("wang", "on_scene")
    world.claim("ann")
    return world


def hold(world, name="ann", *, span=None, incident="I1"):
    request = Hold(
        incident_id=incident,
        operator_id=name,
        recall_at=world.now + (minutes(3) if span is None else span),
        reason="her daughter telephones back",
    )
    return world.do(request)


def why_in(facts):
    return [one.why for one in facts if isinstance(one, HoldEnded)]


def test_a_call_on_hold_is_its_operators_and_silent_until_the_recall_time(world):
    recall_at = world.now + minutes(3)
    hold(world)
    claim = world.incident.claim
    assert (claim.operator_id, claim.until, claim.is_on_hold) == ("ann", recall_at, True)
    assert claim.is_held
    world.pass_time(minutes(3) - seconds(1))
    assert not world.incident.siren


def test_at_the_recall_time_the_call_sounds_and_is_still_the_operators(world):
    hold(world)
    assert why_in(world.pass_time(minutes(3))) == ["recall"]
    claim = world.incident.claim
    assert (world.incident.siren, claim.operator_id, claim.is_on_hold) == (True, "ann", False)
    assert claim.until == world.now + minutes(1)


def test_a_recalled_call_that_its_operator_does_not_take_up_is_back_on_the_list(world):
    hold(world)
    facts = world.pass_time(minutes(4))
    assert kinds_of(facts) == ["HoldEnded", "ClaimLapsed"]
    assert world.incident.claim.state is ClaimState.FREE
    assert world.incident.desk_by == world.now + minutes(1)


def test_taking_a_recalled_call_up_again_stops_its_siren(world):
    hold(world)
    world.pass_time(minutes(3))
    world.claim("ann")
    assert not world.incident.siren
    assert world.incident.claim.until == world.now + minutes(15)


@pytest.mark.parametrize(
    ("kind", "span", "latest"),
    [
        ("sos", timedelta(0), minutes(5)),
        ("sos", -minutes(1), minutes(5)),
        ("sos", minutes(5) + seconds(1), minutes(5)),
        ("life_assistance", minutes(60) + seconds(1), minutes(60)),
    ],
)
def test_a_hold_without_an_early_recall_is_refused(world, kind, span, latest):
    world.close("ann")
    world.press(kind)
    world.claim("ann", "I2")
    with pytest.raises(RecallRefused) as refused:
        hold(world, incident="I2", span=span)
    assert refused.value.latest == world.now + latest


def test_a_plan_says_how_long_a_call_may_be_on_hold():
    plans = PLANS.replace("[kinds.sos]\n", "[kinds.sos]\nhold_max_s = 30\n")
    world = World(plans=plans)
    world.press()
    world.claim("ann")
    with pytest.raises(RecallRefused):
        hold(world, span=seconds(31))
    hold(world, span=seconds(30))


def test_a_call_that_somebody_else_has_cannot_be_put_on_hold(world):
    with pytest.raises(ClaimHeld, match="ann"):
        hold(world, "bob")


def test_a_call_that_nobody_has_cannot_be_put_on_hold(world):
    world.release("ann")
    with pytest.raises(ClaimNeeded, match="take it first"):
        hold(world)


def test_a_closed_call_cannot_be_put_on_hold(world):
    world.close("ann")
    with pytest.raises(IncidentIsClosed):
        hold(world)


def test_the_same_hold_said_twice_is_one_and_another_recall_time_replaces_it(world):
    hold(world)
    assert hold(world) == []
    assert kinds_of(hold(world, span=minutes(2))) == ["CallHeld"]
    assert world.incident.claim.until == world.now + minutes(2)


def test_a_new_press_ends_the_hold_at_once(world):
    hold(world)
    assert why_in(world.press()) == ["pressed_again"]
    assert world.incident.siren
    assert world.incident.claim.operator_id == "ann"


def test_a_weak_battery_ends_no_hold(world):
    hold(world)
    assert why_in(world.press("low_battery")) == []
    assert world.incident.claim.is_on_hold


def test_a_caregiver_who_vanishes_ends_the_hold_at_once(world):
    world.close("ann")
    world.press()
    world.accept("wang")
    world.claim("ann")
    hold(world, incident="I2", span=minutes(5))
    assert why_in(world.pass_time(seconds(150))) == ["broken_off"]
    assert world.incident.siren


def test_a_caregiver_who_could_not_help_ends_the_hold_at_once(world):
    hold(world)
    assert why_in(world.step("wang", "done", "could_not_help")) == ["not_helped"]


def test_a_caregiver_who_helped_leaves_the_hold_as_it_is(world):
    hold(world)
    assert why_in(world.step("wang", "done", "helped")) == []
    assert world.incident.claim.is_on_hold


def test_what_the_operator_does_meanwhile_leaves_the_hold_as_it_is(world):
    hold(world)
    world.do(Note(incident_id="I1", by="ann", text="no answer yet"))
    world.do(BreakOff(attendance_id="I1.1", operator_id="ann"))
    assert world.incident.claim.is_on_hold


def test_a_supervisor_takes_over_a_call_on_hold_and_its_recall_is_forgotten(world):
    hold(world)
    world.claim("sue", may_take_over=True)
    claim = world.incident.claim
    assert (claim.operator_id, claim.is_on_hold) == ("sue", False)
    assert why_in(world.pass_time(minutes(10))) == []


def test_a_call_on_hold_can_be_given_back_and_closed(world):
    hold(world)
    world.release("ann")
    assert not world.incident.claim.is_held
    world.claim("ann")
    hold(world)
    world.close("ann")
    assert world.book.next_deadline() is None


def test_when_its_operator_leaves_a_call_on_hold_is_back_on_the_list(world):
    hold(world)
    assert kinds_of(world.leave("ann")) == ["OperatorLeft", "ClaimLapsed"]


def test_a_hold_outlives_a_restart_and_is_recalled(world):
    hold(world)
    facts = world.start_after(minutes(10))
    assert why_in(facts) == ["recall"]
    assert state_of(world.replayed()) == state_of(world.book)


def test_a_word_from_the_scene_ends_the_hold_at_once(world):
    hold(world)
    assert why_in(world.say("wang", "need_120")) == ["scene_report"]
    assert world.incident.siren
