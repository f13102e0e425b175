"""Pressing again and again: more is done within that call, and no other call loses by it."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import PlanRefused
from dispatch.facts import DeskAlerted
from dispatch.plans import read_plans
from dispatch.queue import rank
from tests.unit.dispatch.world import PLANS, World, minutes, seconds, state_of


@pytest.fixture
def world():
    world = World()
    world.sit_down("sue", is_supervisor=True)
    return world


def press(world, times, *, kind="sos", apart=5):
    """Press so many times, so many seconds apart; return the facts of the last press."""
    facts = []
    for index in range(times):
        world.pass_time(seconds(apart if index else 0))
        facts = world.press(kind)
    return facts


def alerted(facts):
    return [fact.level for fact in facts if isinstance(fact, DeskAlerted)]


def test_the_third_press_within_five_minutes_alerts_the_supervisor_at_once(world):
    assert alerted(press(world, 2)) == []
    assert alerted(world.press()) == ["supervisor"]
    assert world.incident.is_pressing


def test_three_presses_over_more_than_five_minutes_alert_nobody_by_themselves(world):
    world.press()
    world.claim("ann")
    for _ in range(2):
        world.pass_time(minutes(3))
        assert alerted(world.press()) == []
    assert not world.incident.is_pressing


def test_a_supervisor_who_was_alerted_is_not_alerted_by_each_further_press(world):
    press(world, 3)
    assert alerted(press(world, 5)) == []


def test_a_resident_who_presses_on_while_an_operator_has_the_call_alerts_the_supervisor(world):
    world.press()
    world.claim("ann")
    press(world, 2)
    assert world.incident.desk == "supervisor"
    assert world.incident.claim.operator_id == "ann"


def test_after_a_lull_pressing_again_and_again_alerts_the_supervisor_anew(world):
    press(world, 3)
    world.claim("ann")
    world.pass_time(minutes(10))
    world.press()
    assert not world.incident.is_pressing
    world.claim("ann")
    assert alerted(press(world, 2)) == ["supervisor"]


def test_without_a_supervisor_the_operators_keep_the_call_and_its_deadline():
    world = World()
    world.press()
    before = world.incident.desk_by
    assert alerted(press(world, 2)) == []
    assert world.incident.desk_by == before
    assert world.incident.siren


def test_presses_that_arrive_together_are_pressing_from_the_beginning(world):
    facts = world.press(events=tuple(world.event() for _ in range(8)))
    assert alerted(facts) == ["supervisor"]
    assert world.incident.is_pressing


def test_one_more_caregiver_is_asked_at_once(world):
    for number in range(5):
        world.caregiver(f"c{number}", 100 * (number + 1))
    press(world, 2)
    assert world.asked == ["c0", "c1"]
    world.press()
    assert world.asked == ["c0", "c1", "c2"]
    press(world, 2)
    assert world.asked == ["c0", "c1", "c2"]


def test_nobody_more_is_asked_while_somebody_comes(world):
    for number in range(5):
        world.caregiver(f"c{number}", 100 * (number + 1))
    world.press()
    world.accept("c0")
    press(world, 3)
    assert (world.asked, world.coming) == ([], ["c0"])


def test_with_somebody_on_scene_no_press_is_pressing(world):
    world.caregiver("wang", 100)
    world.press()
    world.claim("ann")
    world.accept("wang")
    world.step("wang", "en_route")
    world.step("wang", "on_scene")
    assert alerted(press(world, 4)) == []
    assert not world.incident.is_pressing


def test_a_handset_that_repeats_its_weak_battery_is_nobody_pressing(world):
    world.press()
    assert alerted(press(world, 4, kind="low_battery")) == []
    assert not world.incident.is_pressing


def test_a_weak_battery_alone_alerts_nobody_however_often_it_is_reported(world):
    events = tuple(world.event("low_battery") for _ in range(5))
    assert alerted(world.press("low_battery", events=events)) == []
    assert not world.incident.is_pressing


def test_pressing_never_changes_the_order_of_the_calls(world):
    world.resident("zhao")
    world.handset("stick", "zhao")
    world.press(handset="stick")
    world.pass_time(seconds(1))
    world.press()
    before = sorted(world.book.incidents.values(), key=rank)
    press(world, 9)
    after = sorted(world.book.incidents.values(), key=rank)
    assert [one.id for one in after] == [one.id for one in before]


def test_a_closed_call_lends_nothing_to_the_next_one(world):
    press(world, 3)
    world.close("ann")
    assert alerted(world.press()) == []
    assert not world.incident.is_pressing


def test_an_incident_remembers_only_the_latest_presses(world):
    world.press(events=tuple(world.event() for _ in range(60)))
    assert len(world.incident.pressed_at) == 20
    assert world.incident.presses == 60


def test_pressing_is_the_same_after_a_replay(world):
    press(world, 4)
    assert state_of(world.replayed()) == state_of(world.book)


def with_sos(entry):
    return PLANS.replace(
        '[kinds.sos]\ngravity = "life_threat"\n', f'[kinds.sos]\ngravity = "life_threat"\n{entry}\n'
    )


def test_a_plan_says_how_many_presses_in_how_long_are_pressing():
    world = World(plans=with_sos("pressing_count = 2\npressing_within_s = 3"))
    world.sit_down("sue", is_supervisor=True)
    assert alerted(press(world, 2, apart=4)) == []
    world.pass_time(seconds(4))
    assert alerted(press(world, 1)) == []
    world.pass_time(seconds(2))
    assert alerted(press(world, 1)) == ["supervisor"]


@pytest.mark.parametrize(
    "entry", ["pressing_count = 1", "pressing_count = 21", "pressing_within_s = -5"]
)
def test_a_plan_with_an_absurd_measure_of_pressing_is_refused(entry):
    with pytest.raises(PlanRefused, match=entry.split(" = ", maxsplit=1)[0]):
        read_plans(with_sos(entry))
