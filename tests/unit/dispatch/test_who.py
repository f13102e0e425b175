"""Who suits: needs, language, sex, keys, working hours and rest."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta

import pytest

from dispatch.errors import CaregiverNotAvailable
from dispatch.facts import CaregiverOffered, StepTaken
from dispatch.hours import read_hours
from dispatch.wishes import HANDICAPS_S, KEY_HOLDER_S
from tests.unit.dispatch.world import PLANS, World, days, minutes, seconds

# Noon in the town's UTC is eight in the evening in Shanghai, on a Thursday.
DAY, NIGHT = read_hours("mon-sun 08:00-17:00"), read_hours("mon-sun 18:00-06:00")
RESTED = PLANS + "[rest]\non_duty_max_s = 43200\nrest_min_s = 39600\n"
ERRAND = "life_assistance"


@pytest.fixture
def world():
    return World()


def hours(number):
    return timedelta(hours=number)


def offers_in(facts):
    return [fact for fact in facts if isinstance(fact, CaregiverOffered)]


def row_of(facts, name):
    """Return what the record of the first offer says about one caregiver."""
    return next(one for one in offers_in(facts)[0].considered if one.caregiver_id == name)


# One wish, who lacks it, and how it is called

WISHES = [
    ("lacks_need", "needs", {"needs": ("lifting",)}, {}, {"skills": ("lifting",)}),
    ("wrong_sex", "sex", {"wants_sex": "f"}, {"sex": "m"}, {"sex": "f"}),
    ("other_language", "language", {"language": "ug"}, {}, {"languages": ("zh", "ug")}),
    ("off_hours", "hours", {}, {"hours": DAY}, {"hours": NIGHT}),
]
CASES = pytest.mark.parametrize(("verdict", "lack", "resident", "lacking", "fitting"), WISHES)


@CASES
def test_a_routine_call_waits_for_somebody_who_suits(
    world, verdict, lack, resident, lacking, fitting
):
    world.resident("li", **resident)
    world.caregiver("near", 10, **lacking)
    world.caregiver("fits", 5_000, **fitting)
    facts = world.press(ERRAND)
    assert world.asked == ["fits"]
    row = row_of(facts, "near")
    assert (row.verdict, row.lacks, row.handicap_s) == (verdict, (lack,), 0.0)
    assert offers_in(facts)[0].others == {"available": 1, verdict: 1}


@CASES
def test_for_a_threat_to_life_whoever_lacks_it_is_asked_too_and_the_record_says_so(
    world, verdict, lack, resident, lacking, fitting
):
    world.resident("li", **resident)
    world.caregiver("near", 10, **lacking)
    world.caregiver("fits", 5_000, **fitting)
    facts = world.press()
    assert world.asked == ["near", "fits"]
    row = row_of(facts, "near")
    assert (row.verdict, row.lacks) == ("chosen", (lack,))
    assert row.handicap_s == next(s for group, s in HANDICAPS_S if lack in group)
    assert row.travel_s == pytest.approx(3.1, abs=0.1)  # the way alone


@CASES
def test_for_a_threat_to_life_somebody_who_suits_goes_first_when_hardly_farther(
    world, verdict, lack, resident, lacking, fitting
):
    world.resident("li", **resident)
    world.caregiver("near", 10, **lacking)
    world.caregiver("fits", 150, **fitting)  # 47 s
    world.press()
    assert world.asked == ["fits", "near"]


def test_handicaps_add_up_and_off_hours_and_tired_is_one(world):
    world = World(plans=RESTED)
    world.resident("li", needs=("lifting",), wants_sex="f", language="ug")
    world.caregiver("near", 10, hours=DAY)
    world.now += hours(13)
    world.now += hours(10)  # seven in the evening
    row = row_of(world.press(), "near")
    assert row.lacks == ("needs", "language", "sex", "hours", "rest")
    assert row.handicap_s == 240 + 60 + 60 + 180


def test_all_handicaps_together_stay_below_the_ten_minutes_in_which_help_is_due():
    assert sum(handicap for _, handicap in HANDICAPS_S) < 600


def test_nobody_known_to_suit_is_no_reason_to_leave_a_threat_to_life_alone(world):
    world.resident("li", needs=("nursing",), wants_sex="f", language="ug")
    world.caregiver("only", 4_000, sex="m", hours=DAY)
    world.press()
    assert world.asked == ["only"]


def test_a_skill_that_the_plan_asks_for_stays_a_must_for_everybody(world):
    world.resident("li", needs=("lifting",))
    world.caregiver("lifts", 10, skills=("lifting",))
    world.caregiver("nurse", 5_000, skills=("nurse",))
    world.press("wound")
    assert world.asked == ["nurse"]


# What is not on record


def test_a_caregiver_without_languages_on_record_is_passed_over_by_nobody(world):
    world.resident("li", language="ug")
    world.caregiver("near", 10, languages=())
    world.press(ERRAND)
    assert world.asked == ["near"]


def test_a_resident_without_a_language_on_record_is_helped_by_anybody(world):
    world.resident("li", language="")
    world.caregiver("near", 10)
    world.press(ERRAND)
    assert world.asked == ["near"]


def test_a_caregiver_whose_sex_is_not_on_record_is_not_sent_to_whom_it_matters(world):
    world.resident("li", wants_sex="f")
    world.caregiver("near", 10)
    world.press(ERRAND)
    assert world.asked == []


# Keys


@pytest.mark.parametrize("kind", ["sos", ERRAND])
def test_whoever_holds_the_key_counts_as_two_minutes_nearer(world, kind):
    world.resident("li", key_holders=("key",))
    world.caregiver("near", 10)
    world.caregiver("key", 380)  # 119 s
    facts = world.press(kind)
    assert world.asked[0] == "key"
    row = row_of(facts, "key")
    assert (row.handicap_s, row.lacks) == (KEY_HOLDER_S, ())
    world.close("ann")
    world.caregiver("key", 420)
    world.press(kind)
    assert world.asked[0] == "near"


def test_a_key_holder_who_is_not_enrolled_any_more_is_nobody(world):
    world.resident("li", key_holders=("moved away",))
    world.caregiver("near", 10)
    world.press()
    assert world.asked == ["near"]


# The last resort for a language


def test_in_the_second_round_somebody_comes_who_does_not_speak_the_language(world):
    world.resident("li", language="ug")
    world.caregiver("near", 10)
    world.press(ERRAND)
    facts = world.pass_time(minutes(25) + seconds(1))  # the desk had its ten and fifteen minutes
    steps = [(one.round, one.level.value) for one in facts if isinstance(one, StepTaken)]
    assert steps[-1] == (2, "district")
    assert world.asked == ["near"]
    row = row_of(facts, "near")
    assert (row.verdict, row.lacks, row.handicap_s) == ("chosen", ("language",), 60.0)


def test_what_the_resident_asked_and_needs_waits_for_the_desk_however_many_rounds(world):
    world.resident("li", needs=("lifting",), wants_sex="f")
    world.caregiver("a man", 10, skills=("lifting",), sex="m")
    world.caregiver("weak", 10, sex="f")
    world.press(ERRAND)
    world.pass_time(hours(3))
    assert world.incident.round > 3
    assert world.asked == []


# The operator


@pytest.mark.parametrize(
    ("resident", "caregiver"),
    [
        ({"needs": ("lifting",)}, {}),
        ({"language": "ug"}, {}),
        ({}, {"hours": DAY}),
    ],
)
def test_an_operator_may_overrule_with_a_reason_and_the_record_names_what_lacks(
    world, resident, caregiver
):
    world.resident("li", **resident)
    world.caregiver("near", 10, **caregiver)
    world.press(ERRAND)
    facts = world.send("ann", "near")
    assert world.asked == ["near"]
    assert len(row_of(facts, "near").lacks) == 1


def test_an_operator_may_not_overrule_whom_the_resident_asked_for(world):
    world.resident("li", wants_sex="f", needs=("lifting",))
    world.caregiver("a man", 10, sex="m")
    world.press(ERRAND)
    with pytest.raises(CaregiverNotAvailable, match="wrong sex"):
        world.send("ann", "a man")


def test_for_a_threat_to_life_an_operator_may_send_anybody_but_the_unwanted(world):
    world.resident("li", wants_sex="f", excluded=("unwanted",))
    world.press()
    world.caregiver("a man", 10, sex="m", is_on_duty=False)
    world.caregiver("unwanted", 10, sex="f")
    world.pass_time(minutes(10))
    world.duty("a man")
    assert world.asked == ["a man"]
    world.decline("a man")
    world.send("ann", "a man")
    with pytest.raises(CaregiverNotAvailable, match="excluded"):
        world.send("ann", "unwanted")


# Hours, and that nobody waits without a deadline


def test_a_call_in_the_night_is_offered_when_the_next_step_comes_after_the_shift_began(world):
    world.caregiver("early", 10, hours=read_hours("daily 20:30-23:00"))
    world.press(ERRAND)  # at eight in the evening
    assert world.asked == []
    assert world.book.starved
    assert world.book.next_deadline().due_at <= world.now + minutes(10)
    world.pass_time(minutes(29))
    assert world.asked == []
    world.pass_time(minutes(60))
    assert "early" in {one.caregiver_id for one in offers_in(world.facts)}


def test_the_hours_are_those_of_the_clock_where_the_caregiver_serves(world):
    """Noon in the town's UTC is eight in the evening in Shanghai and six in Urumqi."""
    world.caregiver("near", 10, hours=read_hours("daily 17:00-19:00"))
    world.press(ERRAND)
    assert world.asked == []
    world.close("ann")
    world.zone("district", "Asia/Urumqi")
    world.press(ERRAND)
    assert world.asked == ["near"]


def test_a_minute_later_the_hours_are_looked_at_again(world):
    world.caregiver("near", 10, hours=read_hours("daily 20:01-23:00"))
    world.press(ERRAND)
    assert world.asked == []
    world.close("ann")
    world.pass_time(seconds(60))
    world.press(ERRAND)
    assert world.asked == ["near"]


def test_new_hours_count_at_once(world):
    world.caregiver("near", 10, hours=DAY)
    world.press(ERRAND)
    assert world.asked == []
    world.caregiver("near", 10, hours=NIGHT, is_on_duty=False)
    assert world.asked == ["near"]


# Rest


def test_whoever_was_on_duty_for_too_long_is_asked_about_threats_to_life_alone():
    world = World(plans=RESTED)
    world.caregiver("tired", 10)
    world.now += hours(12)
    facts = world.press(ERRAND)
    assert world.asked == []
    world.resident("zhao")
    world.handset("other", "zhao")
    facts = world.press(handset="other")
    assert world.asked == ["tired"]
    assert row_of(facts, "tired").lacks == ("rest",)


def test_without_a_rule_nobody_is_tired(world):
    world.caregiver("near", 10)
    world.now += days(3)
    world.press(ERRAND)
    assert world.asked == ["near"]


def test_going_on_duty_is_never_refused_but_a_short_night_is_still_rest():
    world = World(plans=RESTED)
    world.caregiver("tired", 10)
    world.now += hours(14)
    world.duty("tired", is_on=False)
    world.now += hours(1)
    world.duty("tired")
    person = world.book.roster.of("tired")
    assert person.is_on_duty
    assert person.resting_until(world.now) == world.now + hours(10)
    world.press(ERRAND)
    assert world.asked == []
    world.pass_time(hours(10) + minutes(30))  # rested meanwhile; the ladder looks again
    assert "tired" in {one.caregiver_id for one in offers_in(world.facts)}
    assert person.resting_until(world.now) is None


def test_a_whole_rest_and_a_lunch_cost_nothing():
    world = World(plans=RESTED)
    world.caregiver("near", 10)
    for on, off in ((0, 5), (6, 10), (22, 26)):  # until ten at night, from ten in the morning
        world.now = world.facts[0].at + hours(on)
        world.duty("near")
        assert world.book.roster.of("near").resting_until(world.now) is None
        world.press(ERRAND)
        assert world.asked == ["near"]
        world.close("ann")
        world.now = world.facts[0].at + hours(off)
        world.duty("near", is_on=False)


def test_a_replay_knows_since_when_a_stretch_of_duty_counts():
    world = World(plans=RESTED)
    world.caregiver("near", 10)
    world.now += hours(13)
    world.duty("near", is_on=False)
    world.duty("near")
    assert world.replayed().roster.everybody() == world.book.roster.everybody()


# Who stands in line for somebody who becomes free


def test_calls_that_need_a_skill_do_not_keep_others_from_whoever_lacks_it(world):
    for number in range(5):
        world.resident(f"r{number}", needs=("nursing",) if number < 4 else ())
        world.handset(f"h{number}", f"r{number}")
        world.press(ERRAND, handset=f"h{number}")
    world.caregiver("no nurse", 10)
    assert world.offer_to("no nurse").incident_id == "I5"


# What an operator may overrule


@CASES
def test_an_operator_may_ask_somebody_who_does_not_suit_but_for_the_sex(
    world, verdict, lack, resident, lacking, fitting
):
    world.resident("li", **resident)
    world.press(ERRAND)
    world.caregiver("near", 10, **lacking)
    if verdict == "wrong_sex":
        with pytest.raises(CaregiverNotAvailable, match="wrong sex"):
            world.send("ann", "near")
    else:
        world.send("ann", "near")
        assert world.asked == ["near"]


def test_an_operator_may_ask_somebody_who_should_rest():
    world = World(plans=RESTED)
    world.caregiver("near", 10)
    world.pass_time(hours(13))
    world.press(ERRAND)
    assert world.asked == []
    world.send("ann", "near")
    assert world.asked == ["near"]
