"""A call that one operator offers another: it is never between two chairs."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import ClaimHeld, ClaimNeeded, NoTransfer, OperatorNotAvailable
from dispatch.requests import DeclineTransfer, Hold, Transfer
from tests.unit.dispatch.world import World, kinds_of, minutes, seconds, state_of


@pytest.fixture
def world():
    """Return a town where Wang is with Mrs Li and Ann has her call; Bob sits beside her."""
    world = World(operators=("ann", "bob"))
    world.caregiver("wang", 100)
    world.press()
    world.accept("wang")
    world.step("wang", "on_scene")
    world.claim("ann")
    return world


def transfer(world, to="bob", *, by="ann"):
    return world.do(Transfer(incident_id="I1", operator_id=by, to=to))


def decline(world, name="bob"):
    return world.do(DeclineTransfer(incident_id="I1", operator_id=name))


def offered_to(world):
    return world.incident.offered_to, world.incident.offered_to_by


def test_until_the_other_one_takes_it_the_call_is_still_the_givers(world):
    transfer(world)
    assert offered_to(world) == ("bob", world.now + minutes(1))
    assert world.incident.claim.operator_id == "ann"
    world.claim("bob")
    assert world.incident.claim.operator_id == "bob"
    assert offered_to(world) == (None, None)
    assert kinds_of(world.pass_time(minutes(2))) == []


def test_after_a_minute_of_silence_the_call_sounds_at_the_givers_console(world):
    transfer(world)
    assert kinds_of(world.pass_time(seconds(59))) == []
    assert kinds_of(world.pass_time(seconds(1))) == ["TransferLapsed"]
    assert world.incident.siren
    assert world.incident.claim.operator_id == "ann"
    assert offered_to(world) == (None, None)


def test_what_was_not_taken_in_time_cannot_be_taken_any_more(world):
    transfer(world)
    world.pass_time(minutes(1))
    with pytest.raises(ClaimHeld):
        world.claim("bob")


def test_the_other_one_may_say_no_and_the_giver_hears_it(world):
    transfer(world)
    assert kinds_of(decline(world)) == ["TransferDeclined"]
    assert (world.incident.siren, world.incident.claim.operator_id) == (True, "ann")


@pytest.mark.parametrize("name", ["ann", "cai"])
def test_only_whoever_is_asked_can_say_no(world, name):
    transfer(world)
    with pytest.raises(NoTransfer):
        decline(world, name)


def test_nobody_can_say_no_to_what_is_not_offered(world):
    with pytest.raises(NoTransfer):
        decline(world)


@pytest.mark.parametrize(
    ("to", "why"),
    [("cai", "not at the desk"), ("far", "not their area"), ("ann", "has it")],
)
def test_a_call_goes_only_to_somebody_who_can_take_it(world, to, why):
    world.sit_down("far", areas=("street-2",))
    with pytest.raises(OperatorNotAvailable, match=why):
        transfer(world, to)


def test_only_whoever_has_a_call_can_pass_it_on(world):
    with pytest.raises(ClaimHeld):
        transfer(world, "ann", by="bob")
    world.release("ann")
    with pytest.raises(ClaimNeeded):
        transfer(world)


def test_asking_the_same_one_again_changes_nothing_and_another_one_replaces_them(world):
    world.sit_down("cai")
    transfer(world)
    assert transfer(world) == []
    world.pass_time(seconds(30))
    transfer(world, "cai")
    assert offered_to(world) == ("cai", world.now + minutes(1))
    with pytest.raises(ClaimHeld):
        world.claim("bob")


def test_working_on_the_call_meanwhile_does_not_take_the_question_back(world):
    transfer(world)
    world.claim("ann")
    assert offered_to(world)[0] == "bob"


@pytest.mark.parametrize(
    "act",
    [
        lambda world: world.release("ann"),
        lambda world: world.close("ann"),
        lambda world: world.leave("ann"),
        lambda world: world.claim("sue", may_take_over=True),
    ],
    ids=["give back", "close", "leave", "take over"],
)
def test_when_the_giver_has_it_no_longer_the_question_is_over(world, act):
    transfer(world)
    act(world)
    one = world.book.incidents.get("I1") or world.book.closed["I1"]
    assert (one.offered_to, one.offered_to_by) == (None, None)


def test_a_call_on_hold_stays_on_hold_while_another_one_is_asked(world):
    recall_at = world.now + minutes(3)
    world.do(Hold(incident_id="I1", operator_id="ann", recall_at=recall_at))
    transfer(world)
    assert world.incident.claim.is_on_hold
    world.claim("bob")
    assert not world.incident.claim.is_on_hold


def test_a_transfer_outlives_a_restart(world):
    transfer(world)
    assert state_of(world.replayed()) == state_of(world.book)
    assert "TransferLapsed" in kinds_of(world.start_after(minutes(5)))
