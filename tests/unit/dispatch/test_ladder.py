"""How the search widens, who is asked on the way, and what happens at the top."""

import pytest

from dispatch.areas import Level
from dispatch.facts import DeskAlerted, PlanAdopted, StepTaken
from dispatch.plans import read_plans
from tests.unit.dispatch.world import PLANS, World, minutes, seconds


@pytest.fixture
def world():
    return World()


def steps_in(facts):
    return [(one.level.value, one.why) for one in facts if isinstance(one, StepTaken)]


def with_one_in_each_ring(world):
    world.caregiver("of the grid", 1_000, area_id="grid-1")
    world.caregiver("of the community", 100, area_id="grid-2")
    world.caregiver("of the street", 50, area_id="grid-3")
    world.caregiver("of the district", 10, area_id="grid-4")


def test_small_matters_stay_in_the_grid_at_first_however_near_others_are(world):
    with_one_in_each_ring(world)
    world.press("life_assistance")
    assert world.asked == ["of the grid"]


def test_the_ladder_of_a_routine_call_climbs_ring_by_ring_and_then_to_the_desk(world):
    with_one_in_each_ring(world)
    world.press("life_assistance")
    seen = []
    for name in ("of the grid", "of the community", "of the street", "of the district"):
        seen.append((world.incident.level.value, list(world.asked)))
        world.decline(name)
    assert seen == [
        ("grid", ["of the grid"]),
        ("community", ["of the community"]),
        ("street", ["of the street"]),
        ("district", ["of the district"]),
    ]
    assert world.incident.level is Level.OPERATOR
    world.pass_time(minutes(10))
    assert world.incident.level is Level.SUPERVISOR


def test_rings_in_which_nobody_can_be_asked_are_skipped_at_once(world):
    world.caregiver("of the district", 10, area_id="grid-4")
    assert steps_in(world.press("life_assistance")) == [
        ("community", "nobody_left"),
        ("street", "nobody_left"),
        ("district", "nobody_left"),
    ]
    assert world.asked == ["of the district"]


def test_with_nobody_at_all_the_call_stands_with_the_operator_at_once(world):
    world.press("life_assistance")
    assert world.incident.level is Level.OPERATOR
    assert world.incident.siren


def test_an_sos_asks_the_whole_district_from_the_first_second(world):
    world.caregiver("of another street", 300, area_id="grid-4")
    world.press("sos")
    assert world.asked == ["of another street"]


def test_a_step_widens_at_its_deadline_even_while_somebody_is_being_asked(world):
    for number in range(3):
        world.caregiver(f"grid {number}", 100 + number, area_id="grid-1")
    world.press("life_assistance")
    facts = world.pass_time(seconds(120))
    assert ("community", "deadline") in steps_in(facts)


def test_a_call_without_an_area_is_looked_for_everywhere(world):
    world.caregiver("of another street", 300, area_id="grid-4")
    world.press("life_assistance", handset="unknown")
    assert world.incident.level is Level.GRID
    assert world.asked == ["of another street"]


def test_a_gap_in_the_map_widens_the_search(world):
    world.resident("li", area_id="street-1")
    world.caregiver("of the street", 300, area_id="grid-3")
    world.press("life_assistance")
    assert world.incident.level is Level.GRID
    assert world.asked == ["of the street"]


def test_at_the_desks_step_whoever_comes_on_duty_is_asked_at_once(world):
    world.press("life_assistance")
    assert world.incident.level is Level.OPERATOR
    world.caregiver("came late", 500, area_id="grid-4")
    assert world.asked == ["came late"]


def test_who_said_no_is_not_asked_again_in_the_same_round(world):
    world.caregiver("near", 100)
    world.press()
    world.decline("near")
    world.duty("near", is_on=False)
    world.duty("near")
    assert world.asked == []


def test_after_the_supervisor_a_new_round_begins_at_the_widest_ring(world):
    world.caregiver("near", 100)
    world.press("sos")
    world.decline("near")
    facts = world.pass_time(seconds(60 + 60))
    assert steps_in(facts)[:2] == [("supervisor", "deadline"), ("district", "deadline")]
    assert world.incident.round == 2
    assert world.asked == ["near"]


def test_a_new_round_of_a_routine_call_does_not_go_back_to_the_grid(world):
    world.press("life_assistance")
    facts = world.pass_time(minutes(10) + minutes(15))
    assert [level for level, _ in steps_in(facts)] == ["supervisor", "district", "operator"]


def test_reaching_the_supervisor_is_told_to_the_supervisor(world):
    world.sit_down("sue", is_supervisor=True)
    world.press("low_battery")
    facts = world.pass_time(minutes(10))
    assert [one.level for one in facts if isinstance(one, DeskAlerted)] == ["supervisor"]


def test_the_ladder_stops_while_somebody_comes(world):
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    assert world.incident.step_by is None
    assert steps_in(world.pass_time(seconds(89))) == []


def test_an_operators_silence_does_not_stop_the_search(world):
    for number in range(5):
        world.caregiver(f"c{number}", 100 + number)
    world.press("sos")
    world.pass_time(seconds(20))
    assert world.asked == ["c2", "c3"]


def test_a_second_offer_of_two_waits_for_somebody_to_become_free(world):
    world.caregiver("near", 100)
    world.press("sos")
    assert world.asked == ["near"]
    world.caregiver("next", 200)
    assert world.asked == ["near", "next"]


def test_two_calls_never_ask_the_same_caregiver_at_the_same_time(world):
    world.resident("zhao")
    world.handset("other", "zhao")
    for name in ("a", "b", "c"):
        world.caregiver(name, 100)
    world.press()
    world.press(handset="other")
    assert sorted(world.asked) == ["a", "b", "c"]


def test_an_incident_keeps_the_plan_under_which_it_began(world):
    world.press("life_assistance")
    short = PLANS.replace("answer_within_s = 60, lasts_s = 120", "answer_within_s = 5, lasts_s = 7")
    short = short.replace('version = "', 'version = "newer ', 1)
    version = read_plans(short).version
    world.register(PlanAdopted(at=world.now, version=version, text=short))
    assert world.book.plan_of(world.incident).ladder[0].lasts == seconds(120)
    assert world.book.plans.of("life_assistance").ladder[0].lasts == seconds(7)


def test_whoever_becomes_free_is_asked_for_a_call_behind_those_that_they_declined():
    world = World()
    for name in ("zhao", "wu", "he", "lin"):
        world.resident(name)
        world.handset(f"key-{name}", name)
    world.caregiver("wang", 100)
    for handset in ("key", "key-zhao", "key-wu"):
        world.press(handset=handset)
        world.decline("wang")
    world.press(handset="key-he")
    world.accept("wang")
    world.press("life_assistance", handset="key-lin")  # nobody is free: it stands behind the others
    world.finish("wang", "helped")
    assert world.asked == ["wang"]
    assert world.offer_to("wang").incident_id == "I5"
