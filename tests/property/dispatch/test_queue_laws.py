"""What holds for the order of service, whatever the night brings."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch import incident
from dispatch.facts import IncidentRaised
from dispatch.plans import Gravity
from dispatch.queue import CallQueue, rank
from tests.property.dispatch.laws import LAW
from tests.unit.dispatch.one_of_each import one
from tests.unit.dispatch.world import NOON

AN_INCIDENT = incident.raised(one(IncidentRaised))


@st.composite
def calls(draw):
    raised_at = NOON - timedelta(seconds=draw(st.integers(0, 7_200)))
    return replace(
        AN_INCIDENT,
        id=f"I{draw(st.integers(1, 2_000))}",
        gravity=draw(st.sampled_from(Gravity)),
        raised_at=raised_at,
        due_at=raised_at + timedelta(seconds=draw(st.sampled_from([600, 900, 3_600, 86_400]))),
    )


nights = st.lists(calls(), unique_by=lambda call: call.id, max_size=30)


def served(waiting):
    queue = CallQueue()
    for call in waiting:
        queue.put(call.id, rank(call))
    known = {call.id: call for call in waiting}
    return [known[queue.pop()] for _ in waiting]


@LAW
@given(nights, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_arrival(night, chance):
    assert served(night) == served(chance.sample(night, len(night)))


@LAW
@given(nights)
def test_no_wait_however_long_overtakes_a_threat_to_life(night):
    threats = [call for call in night if call.gravity.is_life_threat]
    assert all(call.gravity.is_life_threat for call in served(night)[: len(threats)])


@LAW
@given(nights)
def test_among_equals_whoever_is_due_first_is_served_first(night):
    for kind in (True, False):
        due = [call.due_at for call in served(night) if call.gravity.is_life_threat is kind]
        assert due == sorted(due)


@LAW
@given(nights)
def test_a_routine_call_that_is_due_is_not_behind_any_call_that_is_due_later(night):
    order = served(night)
    for place, call in enumerate(order):
        if not call.gravity.is_life_threat:
            assert all(later.due_at >= call.due_at for later in order[place:])


@LAW
@given(nights)
def test_of_two_that_are_due_together_the_older_is_served_first(night):
    order = [
        (call.raised_at, int(call.id[1:]))
        for call in served([replace(call, due_at=NOON) for call in night])
        if not call.gravity.is_life_threat
    ]
    assert order == sorted(order)


steps = st.lists(
    st.tuples(st.sampled_from(["put", "put", "discard", "pop", "peek"]), st.integers(0, 9)),
    max_size=80,
)


@LAW
@given(steps, st.permutations(range(10)))
def test_the_queue_does_what_a_sorted_list_does(steps, keys):
    queue, naive = CallQueue(), set()
    rank_of = {
        f"I{number}": (False, NOON + timedelta(seconds=keys[number]), NOON, number)
        for number in range(10)
    }
    for step, number in steps:
        call = f"I{number}"
        if step == "put":
            queue.put(call, rank_of[call])
            naive.add(call)
        elif step == "discard":
            queue.discard(call)
            naive.discard(call)
        else:
            first = min(naive, key=rank_of.__getitem__, default=None)
            assert getattr(queue, step)() == first
            if step == "pop":
                naive.discard(first)
        assert list(queue) == sorted(naive, key=rank_of.__getitem__)
        assert len(queue) == len(naive)
        assert (call in queue) is (call in naive)  # pyright: ignore[reportOperatorIssue]
