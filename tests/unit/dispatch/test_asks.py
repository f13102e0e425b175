"""Plans that ask several sorts of caregiver side by side: who is asked, and whose yes counts."""

import pytest

from dispatch.errors import OfferTaken, PlanRefused
from dispatch.facts import CaregiverOffered
from dispatch.plans import Ask, read_plans
from tests.unit.dispatch.test_plan_files import SHIPPED, with_sos
from tests.unit.dispatch.world import PLANS, World, kind, seconds

NEIGHBOUR = '{ kinds = ["neighbour"] }'
NURSE = '{ kinds = ["community_nurse"] }'


def plans_with(asks, rest=""):
    """Return the plans of the small town, with a kind of call that asks like this."""
    ladder = f"""
{rest}
claim_within_s = 60
ladder = [
  {{ level = "grid", answer_within_s = 20, lasts_s = 80, asks = [{asks}] }},
  {{ level = "operator", lasts_s = 60 }},
  {{ level = "supervisor", lasts_s = 60 }},
]
"""
    plans = PLANS.replace('["wound"]', '["wound", "slip"]')
    return plans + kind("slip", "life_threat", 600, ladder)


def town(asks=f"{NEIGHBOUR}, {NURSE}", rest="", *, people=()):
    world = World(plans=plans_with(asks, rest))
    for name, sort, metres in people:
        world.caregiver(name, metres, kind=sort)
    return world


EVERYBODY = (
    ("grid worker", "grid_worker", 10),
    ("near nurse", "community_nurse", 900),
    ("far nurse", "community_nurse", 2_000),
    ("neighbour", "neighbour", 30),
    ("other neighbour", "neighbour", 60),
)


def offers_in(facts):
    return [one for one in facts if isinstance(one, CaregiverOffered)]


def test_the_neighbour_and_the_nearest_nurse_are_asked_at_the_same_time():
    world = town(people=EVERYBODY)
    offers = offers_in(world.press("slip"))
    assert [(one.caregiver_id, one.ask) for one in offers] == [("neighbour", 0), ("near nurse", 1)]


def test_the_record_says_that_somebody_nearer_is_of_another_kind():
    world = town(people=EVERYBODY)
    (_, of_nurse) = offers_in(world.press("slip"))
    verdicts = {one.caregiver_id: one.verdict for one in of_nurse.considered}
    assert verdicts == {
        "neighbour": "chosen",
        "near nurse": "chosen",
        "grid worker": "other_kind",
        "other neighbour": "other_kind",
        "far nurse": "farther",
    }
    assert of_nurse.others == {"available": 2, "other_kind": 3}


def test_the_first_yes_wins_and_the_other_is_told_that_it_is_taken():
    world = town(people=EVERYBODY)
    world.press("slip")
    late = world.offer_to("near nurse")
    world.accept("neighbour")
    assert (world.asked, world.coming) == ([], ["neighbour"])
    with pytest.raises(OfferTaken):
        world.accept("near nurse", offer=late)


def test_where_both_go_each_ask_is_answered_by_one():
    asks = '{ kinds = ["neighbour"], at_once = 2 }, { kinds = ["community_nurse"] }'
    world = town(asks, "both_go = true", people=EVERYBODY)
    world.press("slip")
    assert sorted(world.asked) == ["near nurse", "neighbour", "other neighbour"]
    world.accept("neighbour")
    assert world.asked == ["near nurse"]  # the second neighbour need not come
    world.accept("near nurse")
    assert sorted(world.coming) == ["near nurse", "neighbour"]


def test_where_both_go_whom_an_operator_sent_settles_the_call():
    world = town(rest="both_go = true", people=EVERYBODY)
    world.press("slip")
    world.send("ann", "grid worker")
    world.accept("grid worker")
    assert world.asked == []


def test_a_no_is_followed_by_the_next_of_the_same_kind():
    world = town(people=EVERYBODY)
    world.press("slip")
    world.decline("near nurse")
    assert sorted(world.asked) == ["far nurse", "neighbour"]


def test_without_a_neighbour_the_nearest_of_all_is_asked_at_once():
    world = town(people=[one for one in EVERYBODY if one[1] != "neighbour"])
    offers = offers_in(world.press("slip"))
    assert [(one.caregiver_id, one.ask) for one in offers] == [
        ("near nurse", 1),
        ("grid worker", 0),
    ]


def test_without_a_neighbour_the_only_nurse_is_kept_for_the_nurses_ask():
    people = (("nurse", "community_nurse", 10), ("far", "grid_worker", 5_000))
    offers = offers_in(town(people=people).press("slip"))
    assert [(one.caregiver_id, one.ask) for one in offers] == [("nurse", 1), ("far", 0)]


def test_when_the_last_of_a_kind_says_no_the_nearest_of_all_is_asked():
    world = town(people=EVERYBODY)
    world.press("slip")
    world.decline("near nurse")
    world.decline("far nurse")
    assert sorted(world.asked) == ["grid worker", "neighbour"]


def test_nobody_is_asked_twice_whatever_the_asks():
    world = town(f"{NURSE}, {NURSE}, {{}}", people=EVERYBODY)
    world.press("slip")
    assert sorted(world.asked) == ["far nurse", "grid worker", "near nurse"]


def test_an_ask_may_want_a_skill_and_does_without_where_nobody_has_it():
    world = town('{ skills = ["lifting"] }', people=(("near", "grid_worker", 10),))
    world.caregiver("strong", 500, skills=("lifting",))
    world.press("slip")
    assert world.asked == ["strong"]
    world.decline("strong")
    assert world.asked == ["near"]


def test_a_skill_that_the_kind_of_call_requires_is_never_done_without():
    rest = 'skills = ["nurse"]'
    world = town(rest=rest, people=(("neighbour", "neighbour", 10),))
    world.press("slip")
    assert world.asked == []
    world.caregiver("nurse", 500, skills=("nurse",))
    assert world.asked == ["nurse"]


def test_with_one_person_for_two_asks_the_second_waits_for_whoever_becomes_free():
    world = town(people=(("neighbour", "neighbour", 10),))
    world.press("slip")
    assert world.asked == ["neighbour"]
    world.caregiver("nurse", 100, kind="community_nurse")
    assert world.asked == ["neighbour", "nurse"]


def test_with_nobody_at_all_the_call_stands_with_the_operator_at_once():
    world = town()
    world.press("slip")
    assert world.incident.level == "operator"


def test_an_offer_of_a_step_with_more_asks_counts_under_a_step_with_fewer():
    text = plans_with(f"{NEIGHBOUR}, {NURSE}")
    before, own = text.split("[kinds.slip]")
    own = own.replace("answer_within_s = 20", "answer_within_s = 90").replace(
        '{ level = "operator"',
        '{ level = "district", at_once = 2, answer_within_s = 20, lasts_s = 80 },'
        '{ level = "operator"',
    )
    text = f"{before}[kinds.slip]{own}"
    world = World(plans=text)
    for name, sort, metres in EVERYBODY:
        world.caregiver(name, metres, kind=sort)
    world.press("slip")
    world.pass_time(seconds(80))
    assert world.asked == ["neighbour", "near nurse"]  # two are pending, and two are wanted


def test_the_shipped_plan_asks_a_neighbour_a_nurse_and_the_nearest_about_a_fall():
    step = read_plans(SHIPPED).of("fall").ladder[0]
    assert step.asks == (
        Ask(at_once=1, kinds=frozenset({"neighbour"})),
        Ask(at_once=1, kinds=frozenset({"community_nurse"})),
        Ask(at_once=1),
    )
    world = World(plans=SHIPPED.replace('version = "2026-11-25"', 'version = "test"'))
    for name, sort, metres in EVERYBODY:
        world.caregiver(name, metres, kind=sort)
    world.press("fall")
    assert sorted(world.asked) == ["grid worker", "near nurse", "neighbour"]


def test_a_step_that_says_how_many_asks_anybody():
    assert read_plans(PLANS).of("sos").ladder[0].asks == (Ask(at_once=2),)


@pytest.mark.parametrize(
    ("asks", "why"),
    [
        ("at_once = 1, asks = [{}]", "both at_once and asks"),
        ("asks = []", "not a list of tables"),
        ("asks = 5", "not a list of tables"),
        ("asks = [5]", "is not a table"),
        ('asks = [{ kind = "nurse" }]', "unknown entry kind"),
        ('asks = [{ kinds = ["nurse"] }]', "asks the kind nurse, which is none of grid_worker"),
        ('asks = [{ kinds = "family" }]', "kinds is not a list"),
        ("asks = [{ skills = [1] }]", "skills is not a list"),
        ("asks = [{ at_once = 0 }]", "at_once is not a number"),
        ("asks = [{ at_once = 11 }, { at_once = 10 }]", "more than 20"),
    ],
)
def test_asks_that_cannot_be_meant_are_refused_by_table_and_line(asks, why):
    with pytest.raises(PlanRefused, match=why) as refused:
        read_plans(with_sos("at_once = 2", asks))
    assert refused.value.where == "kinds.sos"
    assert refused.value.line is not None


def test_both_go_is_yes_or_no():
    with pytest.raises(PlanRefused, match="both_go is neither"):
        read_plans(with_sos("claim_within_s = 60", 'claim_within_s = 60\nboth_go = "yes"'))
