"""The end of a shift: what an operator has passes to the next one, or back to the list."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import ClaimHeld, ClaimNeeded, NoHandOver, OperatorNotAvailable
from dispatch.requests import AcceptShift, HandOver, Hold
from tests.unit.dispatch.world import World, kinds_of, minutes, seconds, state_of


@pytest.fixture
def world():
    """Return a town with three calls, two of them Ann's and one Bob's."""
    world = World(operators=("ann", "bob"))
    for name in ("zhao", "wu"):
        world.resident(name)
        world.handset(f"of {name}", name)
    for handset in ("key", "of zhao", "of wu"):
        world.press(handset=handset)
    world.claim("ann", "I1")
    world.claim("ann", "I2")
    world.claim("bob", "I3")
    return world


def hand_over(world, to="bob", *, by="ann", ids=None):
    return world.do(HandOver(operator_id=by, to=to, incident_ids=ids))


def accept(world, name="bob", *, of="ann"):
    return world.do(AcceptShift(operator_id=name, of=of))


def holders(world):
    return [one.claim.operator_id for one in world.book.incidents.values()]


def test_until_the_next_one_accepts_all_is_still_the_givers(world):
    hand_over(world)
    assert holders(world) == ["ann", "ann", "bob"]
    world.now += seconds(60)
    facts = accept(world)
    assert kinds_of(facts) == ["ShiftAccepted", "IncidentClaimed", "IncidentClaimed"]
    assert holders(world) == ["bob", "bob", "bob"]
    assert world.book.incidents["I1"].claim.until == world.now + minutes(15)
    assert not world.book.handovers


def test_after_the_next_one_accepted_the_giver_may_leave_and_nothing_returns(world):
    hand_over(world)
    accept(world)
    assert kinds_of(world.leave("ann")) == ["OperatorLeft"]


def test_some_of_the_calls_can_be_handed_over_alone(world):
    hand_over(world, ids=("I2",))
    accept(world)
    assert holders(world) == ["ann", "bob", "bob"]


def test_what_nobody_accepts_in_two_minutes_is_back_on_the_list_and_sounds(world):
    hand_over(world)
    facts = world.pass_time(minutes(2))
    own = [one for one in kinds_of(facts) if one in ("HandOverLapsed", "ClaimLapsed")]
    assert own == ["HandOverLapsed", "ClaimLapsed", "ClaimLapsed"]
    assert holders(world) == [None, None, "bob"]
    assert all(world.book.incidents[one].siren for one in ("I1", "I2"))
    assert world.book.incidents["I1"].desk_by == world.now + minutes(1)


def test_a_giver_who_leaves_unanswered_gives_back_what_they_have(world):
    hand_over(world)
    assert kinds_of(world.leave("ann")) == ["OperatorLeft", "ClaimLapsed", "ClaimLapsed"]
    with pytest.raises(NoHandOver):
        accept(world)


def test_what_was_closed_or_given_back_meanwhile_does_not_pass(world):
    hand_over(world)
    world.close("ann", "I1")
    world.claim("sue", "I2", may_take_over=True)
    assert kinds_of(accept(world)) == ["ShiftAccepted"]
    assert holders(world) == ["sue", "bob"]


def test_a_call_on_hold_passes_and_is_the_next_ones_business_at_once(world):
    world.do(Hold(incident_id="I1", operator_id="ann", recall_at=world.now + minutes(5)))
    hand_over(world)
    accept(world)
    claim = world.book.incidents["I1"].claim
    assert (claim.operator_id, claim.is_on_hold) == ("bob", False)


@pytest.mark.parametrize(
    ("to", "why"),
    [("cai", "not at the desk"), ("far", "not their area"), ("ann", "has it")],
)
def test_a_shift_goes_only_to_somebody_who_can_take_it(world, to, why):
    world.sit_down("far", areas=("street-2",))
    with pytest.raises(OperatorNotAvailable, match=why):
        hand_over(world, to)


def test_nobody_hands_over_what_they_do_not_have(world):
    with pytest.raises(ClaimHeld):
        hand_over(world, ids=("I1", "I3"))
    world.press(handset="lost")
    with pytest.raises(ClaimNeeded):
        hand_over(world, ids=("I4",))


def test_nothing_is_no_shift_to_hand_over(world):
    world.sit_down("cai")
    assert hand_over(world, by="cai") == []


def test_asking_the_same_again_changes_nothing_and_another_one_replaces_them(world):
    world.sit_down("cai")
    hand_over(world)
    assert hand_over(world) == []
    hand_over(world, "cai")
    with pytest.raises(NoHandOver):
        accept(world)
    accept(world, "cai")
    assert holders(world) == ["cai", "cai", "bob"]


def test_a_hand_over_outlives_a_restart(world):
    hand_over(world)
    assert state_of(world.replayed()) == state_of(world.book)
    assert "HandOverLapsed" in kinds_of(world.start_after(minutes(5)))
