"""A night when more calls arrive than the desk can take: said once, and over once it is calm."""

# People and things go by plain words here.
# pyright: reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false
# pyright: reportArgumentType=false

import pytest

from dispatch.facts import OverloadBegan, OverloadEasing, OverloadEnded
from tests.unit.dispatch.world import World, kinds_of, minutes, seconds, state_of


@pytest.fixture
def world():
    """Return a town with many handsets that belong to nobody, and Ann alone at the desk."""
    return World(operators=("ann",))


def arrive(world, count, kind="sos"):
    """Let so many strangers press; return what came of it."""
    facts = []
    for _ in range(count):
        facts += world.press(kind, handset=f"h{world.asked_for}")
    return facts


def overloads_in(facts):
    kinds = (OverloadBegan, OverloadEasing, OverloadEnded)
    return [one for one in facts if isinstance(one, kinds)]


def take(world, count, name="ann"):
    """Let an operator take so many calls that nobody has; return what came of it."""
    free = [one.id for one in world.book.incidents.values() if not one.claim.is_held]
    facts = []
    for incident_id in free[:count]:
        facts += world.claim(name, incident_id)
    return facts


def test_the_fourth_call_that_waits_for_one_operator_is_an_overload_said_once(world):
    assert overloads_in(arrive(world, 3)) == []
    (began,) = overloads_in(arrive(world, 4))
    assert (began.waiting, began.operators) == (4, 1)
    assert world.book.overload is not None


def test_two_operators_bear_six_calls(world):
    world.sit_down("bob")
    assert overloads_in(arrive(world, 6)) == []
    assert kinds_of(overloads_in(arrive(world, 1))) == ["OverloadBegan"]


def test_with_nobody_at_the_desk_the_fifth_call_is_an_overload():
    world = World(operators=())
    assert overloads_in(arrive(world, 4)) == []
    assert kinds_of(overloads_in(arrive(world, 1))) == ["OverloadBegan"]


def test_three_calls_the_oldest_of_which_waits_two_minutes_are_an_overload(world):
    world.sit_down("bob")
    arrive(world, 3)
    assert overloads_in(world.pass_time(seconds(119))) == []
    assert kinds_of(overloads_in(world.pass_time(seconds(1)))) == ["OverloadBegan"]


def test_two_calls_however_old_are_none(world):
    arrive(world, 2)
    assert overloads_in(world.pass_time(minutes(30))) == []


@pytest.mark.parametrize("kind", ["life_assistance", "low_battery"])
def test_calls_that_are_not_grave_do_not_count(world, kind):
    assert overloads_in(arrive(world, 10, kind)) == []
    assert len(world.book.untaken) == 0


def test_a_call_that_is_taken_closed_or_on_the_way_out_does_not_count(world):
    arrive(world, 3)
    take(world, 2)
    world.close("ann", "I3")
    assert len(world.book.untaken) == 0
    world.leave("ann")
    assert len(world.book.untaken) == 2


def test_an_operator_who_leaves_can_make_an_overload(world):
    world.sit_down("bob")
    arrive(world, 5)
    assert kinds_of(overloads_in(world.leave("bob"))) == ["OverloadBegan"]


def test_it_ends_after_a_minute_of_calm(world):
    arrive(world, 4)
    assert overloads_in(take(world, 2)) == []
    (easing,) = overloads_in(take(world, 1))
    assert easing.end_by == world.now + minutes(1)
    assert overloads_in(world.pass_time(seconds(59))) == []
    assert kinds_of(overloads_in(world.pass_time(seconds(1)))) == ["OverloadEnded"]
    assert world.book.overload is None


def test_a_call_that_comes_meanwhile_makes_the_minute_count_anew(world):
    arrive(world, 4)
    take(world, 3)
    world.pass_time(seconds(30))
    (worse,) = overloads_in(arrive(world, 1))
    assert worse.end_by is None
    assert overloads_in(world.pass_time(minutes(1))) == []
    (easing,) = overloads_in(take(world, 1))
    assert easing.end_by == world.now + minutes(1)


def test_a_large_desk_that_lets_three_calls_grow_old_is_not_calm():
    world = World(operators=("ann", "bob", "cai", "dan"))
    arrive(world, 3)
    facts = world.pass_time(minutes(5))
    assert kinds_of(overloads_in(facts)) == ["OverloadBegan"]


def test_calm_that_grows_old_within_its_minute_is_no_end():
    world = World(operators=("ann", "bob", "cai"))
    arrive(world, 10)
    world.pass_time(seconds(90))
    take(world, 7)
    assert world.book.overload.end_by == world.now + minutes(1)
    facts = world.pass_time(minutes(2))
    assert kinds_of(overloads_in(facts)) == ["OverloadEasing"]
    assert world.book.overload.end_by is None


def test_while_it_lasts_nobody_is_asked_about_a_device_and_afterwards_they_are(world):
    world.resident("zhao")
    world.handset("of zhao", "zhao")
    arrive(world, 4)
    world.caregiver("near", 100, skills=())
    world.decline("near")
    world.press("low_battery", handset="of zhao")
    battery = next(one for one in world.book.incidents.values() if one.kind == "low_battery")
    asked = {one.incident_id for one in world.book.offers.values()}
    assert battery.id not in asked
    for incident_id in [one for one in world.book.incidents if one != battery.id]:
        world.claim("ann", incident_id)
        world.close("ann", incident_id)
    assert world.asked == []
    world.pass_time(minutes(1))
    assert world.offer_to("near").incident_id == battery.id


def test_an_overload_outlives_a_restart(world):
    arrive(world, 4)
    take(world, 3)
    assert state_of(world.replayed()) == state_of(world.book)
    facts = world.start_after(minutes(5))
    assert world.book.overload is not None or "OverloadEnded" in kinds_of(facts)
    assert state_of(world.replayed()) == state_of(world.book)


def test_the_count_costs_no_scan_and_follows_from_the_state(world):
    arrive(world, 20)
    take(world, 7)
    book = world.replayed()
    book.untaken, waiting = type(book.untaken)(), list(world.book.untaken)
    for incident in book.incidents.values():
        book.count(incident)
    assert list(book.untaken) == waiting
    assert len(waiting) == 13
