"""Several calls and caregivers at the same moment: who goes where, and who is never held."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta
from itertools import permutations

import numpy as np
import pytest

from dispatch import requests as r
from dispatch.assignment import SURGE_CALLS, Policy, cost, solve
from dispatch.decide import decide
from dispatch.evolve import evolve
from dispatch.facts import CaregiverOffered, OverloadBegan
from dispatch.ladder import pursue
from dispatch.plans import Gravity
from tests.unit.dispatch.world import NOON, PLANS, World, east, kind

ONE_BY_ONE = """
claim_within_s = 60
ladder = [
  { level = "district", at_once = 1, answer_within_s = 20, lasts_s = 80 },
  { level = "operator", lasts_s = 60 },
  { level = "supervisor", lasts_s = 60 },
]
"""
SURGE_PLANS = PLANS.replace('["wound"]', '["wound", "smoke", "noise", "errand"]') + "".join(
    kind(name, gravity, 600, ONE_BY_ONE)
    for name, gravity in (("smoke", "life_threat"), ("noise", "urgent"), ("errand", "routine"))
)


def surge(calls, people, *, policy=Policy.ASSIGNMENT, plans=SURGE_PLANS):
    """Return a town in which calls of these kinds and places wait at the same moment."""
    world = World(plans=plans)
    world.book.policy = policy
    for name, metres in people.items():
        world.caregiver(name, metres)
    gather(world, calls)
    return world


def gather(world, calls):
    for number, (sort, metres) in enumerate(calls):
        request = r.HandsetCalled(
            handset_id=f"h{number}",
            kind=sort,
            events=(world.event(sort),),
            place=east(metres),
            area_id="grid-1",
        )
        fold(world, decide(world.book, request, world.now))


def fold(world, facts):
    for fact in facts:
        evolve(world.book, fact)
    world.facts += facts


def turn(world):
    """Look for the calls once, and fold what comes of it."""
    facts = pursue(world.book, world.now)
    fold(world, facts)
    if any(isinstance(fact, OverloadBegan) for fact in facts):  # said first, by itself
        return turn(world)
    return facts


def settle(world):
    done = []
    while facts := turn(world):
        done += facts
    return done


def pairs(facts):
    offers = [one for one in facts if isinstance(one, CaregiverOffered)]
    return {(one.incident_id, one.caregiver_id) for one in offers}


# The arithmetic


def test_the_least_sum_is_found_where_first_come_first_served_takes_more():
    costs = np.array([[2.0, 3.0, 9.0], [3.0, 6.0, 7.0], [5.0, 4.0, 8.0]])
    columns = solve(costs)
    assert columns == [0, 2, 1]
    assert sum(costs[row, column] for row, column in enumerate(columns)) == 13
    first_come = [0, 1, 2]  # each takes the cheapest that is left
    assert sum(costs[row, column] for row, column in enumerate(first_come)) == 16


def test_when_not_all_can_be_served_the_later_ones_go_without_however_cheap():
    assert solve(np.array([[900.0], [1.0]])) == [0, None]


def test_an_earlier_call_gives_way_when_both_can_be_served_so():
    assert solve(np.array([[1.0, 50.0], [2.0, np.inf]])) == [1, 0]


def test_nobody_goes_where_they_cannot_go():
    assert solve(np.array([[np.inf, np.inf], [np.inf, 3.0]])) == [None, 1]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0)])
def test_without_calls_or_caregivers_there_is_nothing_to_share(shape):
    assert solve(np.full(shape, 1.0)) == [None] * shape[0]


def test_the_graver_the_call_the_dearer_a_minute():
    due_at = NOON + timedelta(hours=1)
    costs = [cost(gravity, 300, due_at, NOON) for gravity in Gravity]
    assert costs == sorted(costs, reverse=True)
    assert len(set(costs)) == len(costs)


def test_each_step_of_gravity_doubles_the_price_of_a_minute():
    due_at = NOON + timedelta(hours=1)
    prices = {gravity: cost(gravity, 300, due_at, NOON) for gravity in Gravity}
    least = prices[Gravity.SERVICE]
    assert prices[Gravity.LIFE_THREAT] == 8 * least
    assert prices[Gravity.URGENT] == 4 * least
    assert prices[Gravity.ROUTINE] == 2 * least


def test_a_way_of_half_an_hour_weighs_twice_its_length():
    assert cost(Gravity.SERVICE, 1_800, NOON + timedelta(hours=1), NOON) == 3_600


def test_a_minute_beyond_the_due_time_counts_twice():
    in_time = cost(Gravity.URGENT, 600, NOON + timedelta(seconds=600), NOON)
    late = cost(Gravity.URGENT, 600, NOON, NOON)
    assert late == cost(Gravity.URGENT, 1_200, NOON + timedelta(hours=1), NOON)
    assert late > 2 * in_time


def test_one_very_long_wait_is_worse_than_two_of_half_the_length():
    due_at = NOON + timedelta(hours=9)
    long, half = (cost(Gravity.ROUTINE, span, due_at, NOON) for span in (3_600, 1_800))
    assert long > 2 * half


# Who goes where


def test_two_calls_share_two_caregivers_so_that_both_are_helped_soon():
    """Greedy: I1 takes the one in the middle, and I2 waits for whoever comes from the far end."""
    calls, people = [("smoke", 0), ("smoke", 1_000)], {"middle": 500, "far": -800}
    greedy = surge(calls, people, policy=Policy.NEAREST)
    assert pairs(settle(greedy)) == {("I1", "middle"), ("I2", "far")}
    shared = surge(calls, people)
    assert pairs(settle(shared)) == {("I1", "far"), ("I2", "middle")}


def test_the_record_says_that_the_nearer_one_is_needed_elsewhere():
    world = surge([("smoke", 0), ("smoke", 1_000)], {"middle": 500, "far": -800})
    (first, second) = [one for one in settle(world) if isinstance(one, CaregiverOffered)]
    assert first.by == "plan"
    assert [(one.caregiver_id, one.verdict) for one in first.considered] == [
        ("far", "chosen"),
        ("middle", "needed_elsewhere"),
    ]
    assert [(one.caregiver_id, one.verdict) for one in second.considered] == [
        ("middle", "chosen"),
        ("far", "farther"),
    ]


def test_whoever_is_as_near_and_goes_elsewhere_is_needed_there():
    world = surge([("smoke", 0), ("smoke", 0)], {"one": 150, "as near": 150})
    (first, _) = [one for one in settle(world) if isinstance(one, CaregiverOffered)]
    assert [one.verdict for one in first.considered] == ["chosen", "needed_elsewhere"]


def test_of_two_as_near_the_one_who_speaks_her_language_goes_to_the_resident():
    world = World(plans=SURGE_PLANS)
    world.book.policy = Policy.ASSIGNMENT
    world.caregiver("speaks it", 150)
    world.caregiver("does not", 150, languages=("en",))
    gather(world, [("smoke", 0)])
    request = r.HandsetCalled(handset_id="key", kind="smoke", events=(world.event("smoke"),))
    fold(world, decide(world.book, request, world.now))
    assert pairs(settle(world)) == {("I1", "does not"), ("I2", "speaks it")}


def test_every_call_gets_somebody_before_any_gets_a_second_one():
    people = {f"c{number}": 100 * number for number in range(5)}
    world = surge([("sos", 0), ("sos", 10), ("sos", 20)], people)
    offers = [one for one in turn(world) if isinstance(one, CaregiverOffered)]
    assert sorted(one.incident_id for one in offers) == ["I1", "I1", "I2", "I2", "I3"]


def test_a_threat_to_life_never_loses_its_nearest_to_a_routine_call():
    calls = [("errand", 0), ("smoke", 100)]
    world = surge(calls, {"near": 90, "far": 3_000})
    assert pairs(settle(world)) == {("I2", "near"), ("I1", "far")}


def test_a_threat_to_life_alone_is_offered_as_if_nobody_else_waited():
    people = {f"c{number}": 400 * number for number in range(12)}
    alone = surge([("sos", 30)], people)
    among = surge([("sos", 30), ("errand", 0), ("noise", 50)], people)
    expected = [one for one in settle(alone) if one.incident_id == "I1"]
    assert [one for one in settle(among) if one.incident_id == "I1"] == expected


def test_with_fewer_caregivers_than_calls_the_first_in_line_is_served():
    world = surge([("smoke", 900), ("smoke", 0)], {"only": 0})
    assert pairs(settle(world)) == {("I1", "only")}


def test_whom_a_resident_excludes_goes_to_the_other_call():
    world = World(plans=SURGE_PLANS)
    world.caregiver("near", 0)
    world.caregiver("far", 3_000)
    world.resident("li", excluded=("near",))
    for handset in ("key", "h9"):
        request = r.HandsetCalled(
            handset_id=handset, kind="smoke", events=(world.event("smoke"),), place=east(0)
        )
        fold(world, decide(world.book, request, world.now))
    assert pairs(settle(world)) == {("I1", "far"), ("I2", "near")}


def test_calls_for_whom_nobody_is_left_go_on_to_their_next_step():
    world = surge([("smoke", 0), ("smoke", 0), ("errand", 0)], {"only": 0})
    settle(world)
    levels = [one.level.value for one in world.book.incidents.values()]
    assert levels == ["district", "operator", "operator"]
    assert not len(world.book.searching)


def test_a_turn_looks_at_so_many_calls_however_many_wait():
    people = {f"c{number}": 10 * number for number in range(60)}
    world = surge([("smoke", 5 * number) for number in range(40)], people)
    offers = pairs(turn(world))
    assert {incident for incident, _ in offers} == {f"I{n + 1}" for n in range(SURGE_CALLS)}
    assert len(pairs(settle(world))) == 40 - SURGE_CALLS


def test_calls_whose_nearest_were_all_taken_by_others_are_looked_for_again():
    """Sixteen are looked at for each call, and the threats to life take all of them."""
    people = {f"c{number:02}": number for number in range(30)}
    world = surge([("sos", 0)] * 9 + [("errand", 0)], people)
    assert not [one for one in pairs(turn(world)) if one[0] == "I10"]
    assert world.book.incidents["I10"].level == "district"
    assert [one for one in pairs(settle(world)) if one[0] == "I10"]
    assert world.book.incidents["I10"].level == "district"


def test_a_fault_in_a_surge_loses_no_call(monkeypatch):
    world = surge([("smoke", 0), ("smoke", 10)], {"a": 0, "b": 10})
    before = world.book.roster.search
    monkeypatch.setattr(world.book.roster, "search", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pursue(world.book, world.now)
    assert len(world.book.searching) == 2
    with pytest.raises(ZeroDivisionError):
        pursue(world.book, world.now, at_most=1)
    assert len(world.book.searching) == 1
    monkeypatch.setattr(world.book.roster, "search", before)
    assert pairs(settle(world)) == {("I2", "b")}


def test_the_policy_is_one_word():
    assert [policy.value for policy in Policy] == ["nearest", "assignment"]


def test_the_sum_is_the_least_of_all_orders():
    calls = [("smoke", metres) for metres in (-900, 100, 700, 1_500)]
    people = {"a": -100, "b": 300, "c": 900, "d": 4_000}
    world = surge(calls, people)
    found = pairs(settle(world))

    def worth(names):
        spans = [
            abs(at - people[name]) * 1.3 * 3.6 / 15
            for (_, at), name in zip(calls, names, strict=True)
        ]
        due_at = NOON + timedelta(minutes=10)
        return sum(cost(Gravity.LIFE_THREAT, span, due_at, NOON) for span in spans)

    best = min(permutations(people), key=worth)
    assert found == {(f"I{number}", name) for number, name in enumerate(best, start=1)}
