"""Whose routine calls are urgent: by ability, and by living alone."""

import pytest

from dispatch.errors import PlanRefused
from dispatch.facts import IncidentRaised
from dispatch.plans import Gravity, read_plans
from tests.unit.dispatch.world import PLANS, World, seconds

CLASSED = PLANS + '[classes]\nraised_for = ["dependent", "partly+alone"]\ndue_share = 0.5\n'
ERRAND = "life_assistance"


def raised(facts):
    return next(fact for fact in facts if isinstance(fact, IncidentRaised))


@pytest.mark.parametrize(
    ("kind", "ability", "lives_alone", "gravity", "due_s"),
    [
        (ERRAND, "dependent", False, Gravity.URGENT, 1_800),
        (ERRAND, "partly", True, Gravity.URGENT, 1_800),
        (ERRAND, "partly", False, Gravity.ROUTINE, 3_600),
        (ERRAND, "self_caring", True, Gravity.ROUTINE, 3_600),
        ("safety_alarm", "dependent", True, Gravity.URGENT, 900),  # never into a threat to life
        ("low_battery", "dependent", True, Gravity.SERVICE, 86_400),  # about a device
        ("sos", "dependent", True, Gravity.LIFE_THREAT, 600),
    ],
)
@pytest.mark.parametrize("is_by_telephone", [False, True])
def test_who_cannot_help_themselves_or_is_alone_calls_more_urgently(
    kind, ability, lives_alone, gravity, due_s, is_by_telephone
):
    world = World(plans=CLASSED)
    world.resident("li", ability=ability, lives_alone=lives_alone)
    facts = world.telephone("ann", kind, resident_id="li") if is_by_telephone else world.press(kind)
    assert raised(facts).gravity is world.incident.gravity is gravity
    assert world.incident.due_at == world.now + seconds(due_s)


def test_a_raised_call_needs_the_desk_even_when_its_kind_does_not():
    bare = CLASSED.replace("claim_within_s = 600\n", "")
    world = World(plans=bare)
    world.press(ERRAND)
    assert world.incident.gravity is Gravity.URGENT
    assert world.incident.desk_by == world.now + seconds(60)  # desk_again
    world.close("ann")
    world.resident("li", ability="self_caring")
    world.press(ERRAND)
    assert world.incident.desk_by is None


def test_an_alarm_does_not_vanish_in_an_errand_that_was_made_urgent():
    world = World(plans=CLASSED)
    world.press(ERRAND)
    world.press(ERRAND)
    assert world.incident.presses == 2
    world.press("safety_alarm")
    assert sorted(one.kind for one in world.book.incidents.values()) == [ERRAND, "safety_alarm"]


def test_an_unknown_caller_keeps_the_class_of_the_kind():
    world = World(plans=CLASSED)
    world.press(ERRAND, handset="unknown")
    assert world.incident.gravity is Gravity.ROUTINE


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ('[classes]\nraised_for = ["old"]\n', "[classes] (line 3) raised_for"),
        ("[classes]\ndue_share = 0\n", "[classes] (line 3) due_share"),
        ("[classes]\nraise = 1\n", "[classes] (line 4) has an unknown entry raise"),
        ("[rest]\non_duty_max_s = 3600\n", "[rest] (line 3) misses rest_min_s"),
        ("[rest]\nmax = 3600\n", "[rest] (line 4) has an unknown entry max"),
        ("rest = 5\n", "[rest] is not a table"),
    ],
)
def test_a_fault_in_the_tables_of_the_file_is_named(tables, said):
    with pytest.raises(PlanRefused) as refused:
        read_plans(PLANS.replace("[kinds.sos]", f"{tables}[kinds.sos]", 1))
    assert said in str(refused.value)
