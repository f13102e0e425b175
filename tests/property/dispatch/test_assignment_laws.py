"""Sharing out against one greedy pick after the other, on the same snapshot."""

from hypothesis import given
from hypothesis import strategies as st

from dispatch.assignment import Policy, cost
from dispatch.facts import CaregiverOffered
from dispatch.roster import Verdict
from tests.property.dispatch.laws import LAW
from tests.unit.dispatch.test_assignment import gather, settle, surge, turn
from tests.unit.dispatch.world import NOON

metres = st.integers(-40, 40).map(lambda n: n * 100)
kinds = st.sampled_from(["smoke", "noise", "errand", "sos"])
calls = st.lists(st.tuples(kinds, metres), min_size=1, max_size=6)
single = st.lists(st.tuples(st.sampled_from(["noise", "errand"]), metres), min_size=2, max_size=6)
crowds = st.lists(metres, max_size=9).map(
    lambda places: {f"c{number}": place for number, place in enumerate(places)}
)


def offers(facts):
    return [one for one in facts if isinstance(one, CaregiverOffered)]


def total(world, facts):
    found = [(world.book.incidents[one.incident_id], one) for one in offers(facts)]
    return sum(
        cost(incident.gravity, one.travel_s, incident.due_at, NOON) for incident, one in found
    )


@LAW
@given(single, crowds)
def test_the_sum_is_never_worse_than_one_greedy_pick_after_the_other(calls, crowd):
    """All calls are of one class, so that greedy and shared serve the same ones."""
    shared, greedy = surge(calls, crowd), surge(calls, crowd, policy=Policy.NEAREST)
    of_shared, of_greedy = settle(shared), settle(greedy)
    assert {one.incident_id for one in offers(of_shared)} == {
        one.incident_id for one in offers(of_greedy)
    }
    assert total(shared, of_shared) <= total(greedy, of_greedy) * (1 + 1e-9)


@LAW
@given(st.tuples(kinds, metres), crowds)
def test_one_call_alone_is_served_as_before(call, crowd):
    assert settle(surge([call], crowd)) == settle(surge([call], crowd, policy=Policy.NEAREST))


@LAW
@given(calls, crowds)
def test_nobody_is_asked_twice_and_nobody_who_cannot_come(calls, crowd):
    world = surge([], crowd)
    for name in list(crowd)[::3]:
        world.duty(name, is_on=False)
    free = {name for name in crowd if world.book.roster.is_free(name)}
    gather(world, calls)
    asked = [one.caregiver_id for one in offers(settle(world))]
    assert len(asked) == len(set(asked))
    assert set(asked) <= free


@LAW
@given(calls, crowds)
def test_as_many_are_asked_as_by_greedy_picks(calls, crowd):
    shared, greedy = (settle(surge(calls, crowd, policy=policy)) for policy in Policy)
    assert len(offers(shared)) == len(offers(greedy))


@LAW
@given(calls, crowds)
def test_threats_to_life_are_served_as_if_no_other_call_waited(calls, crowd):
    threats = [call for call in calls if call[0] in ("smoke", "sos")]
    world, alone = surge(calls, crowd), surge(threats, crowd)
    number = {
        one.id: index
        for index, one in enumerate(
            one for one in world.book.incidents.values() if one.gravity.is_life_threat
        )
    }
    found = {
        (f"I{number[one.incident_id] + 1}", one.caregiver_id, one.travel_s)
        for one in offers(turn(world))
        if one.incident_id in number
    }
    assert found == {
        (one.incident_id, one.caregiver_id, one.travel_s) for one in offers(turn(alone))
    }


@LAW
@given(calls, crowds)
def test_whoever_is_passed_over_for_another_call_is_really_asked_about_it(calls, crowd):
    facts = offers(turn(surge(calls, crowd)))
    asked = {one.caregiver_id: one.incident_id for one in facts}
    for offer in facts:
        for one in offer.considered:
            if one.verdict == Verdict.NEEDED_ELSEWHERE:
                assert asked[one.caregiver_id] != offer.incident_id
                assert one.travel_s <= offer.travel_s
