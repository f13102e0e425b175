"""Which plans are accepted, and what a refusal tells the administrator who wrote the file."""

from datetime import timedelta
from pathlib import Path

import pytest

import app
from dispatch.areas import Level
from dispatch.errors import PlanRefused
from dispatch.plans import KINDS_REQUIRED, Gravity, read_plans
from tests.unit.dispatch.world import PLANS

SHIPPED = (Path(app.__file__).parent / "data" / "plans.toml").read_text(encoding="utf-8")
LINE_OF_SOS = 1 + PLANS.split("[kinds.sos]")[0].count("\n")
SOS = PLANS.split("[kinds.sos]\n")[1].split("[kinds.")[0]


def refused(text):
    with pytest.raises(PlanRefused) as caught:
        read_plans(text)
    return caught.value


def with_sos(old, new):
    """Return the plans with one change in the table of the SOS."""
    assert old in SOS
    return PLANS.replace(SOS, SOS.replace(old, new, 1), 1)


def changed(text):
    """Return the number of the first line that differs from the plans of the town."""
    pairs = zip(PLANS.splitlines(), text.splitlines(), strict=False)
    return next(number for number, (old, new) in enumerate(pairs, start=1) if old != new)


def test_the_shipped_plans_are_accepted():
    plans = read_plans(SHIPPED, is_new=True)
    assert set(KINDS_REQUIRED) <= set(plans.plans)


@pytest.mark.parametrize("kind", KINDS_REQUIRED)
def test_every_shipped_ladder_ends_with_a_supervisor_or_with_120_after_one(kind):
    plan = read_plans(SHIPPED).of(kind)
    above = [step.level for step in plan.ladder if not step.level.is_area]
    ends = [Level.EMERGENCY] if plan.gravity.is_life_threat else []
    assert above == [Level.OPERATOR, Level.SUPERVISOR, *ends]


def test_a_shipped_plan_tells_120_of_no_call_before_anybody_was_asked():
    plans = read_plans(SHIPPED).plans.values()
    at_once = {one.party for plan in plans for one in plan.tell if one.when == "at_once"}
    assert at_once == {"family", "property"}
    assert [one.when for one in read_plans(SHIPPED).of("fall").tell] == ["at_once", "operator"]


@pytest.mark.parametrize("kind", ["sos", "fall", "safety_alarm", "life_assistance"])
def test_a_shipped_offer_must_be_on_a_screen_within_five_seconds(kind):
    assert read_plans(SHIPPED).of(kind).show_within == timedelta(seconds=5)


@pytest.mark.parametrize("kind", ["sos", "fall"])
def test_a_shipped_threat_to_life_wants_an_operator_to_close_it(kind):
    plan = read_plans(SHIPPED).of(kind)
    assert plan.gravity.is_life_threat
    assert plan.claim_within is not None
    assert not plan.is_closed_by_caregiver


def test_a_weak_battery_is_the_least_of_the_shipped_kinds():
    plans = read_plans(SHIPPED).plans.values()
    assert max(plans, key=lambda plan: plan.gravity).kind == "low_battery"


def test_a_plan_is_read_as_it_is_written():
    plan = read_plans(PLANS).of("wound")
    assert plan.gravity is Gravity.LIFE_THREAT
    assert plan.skills == {"nurse"}
    assert plan.due_within == timedelta(minutes=10)
    assert plan.claim_within == timedelta(minutes=1)
    assert [step.level for step in plan.ladder] == ["district", "operator", "supervisor"]
    assert (plan.ladder[0].at_once, plan.ladder[0].answer_within) == (2, timedelta(seconds=20))
    assert plan.widest is plan.ladder[0]


def test_a_step_that_does_not_say_how_many_asks_one_at_a_time():
    plans = read_plans(with_sos("at_once = 2, ", ""))
    assert plans.of("sos").ladder[0].at_once == 1


def test_a_kind_that_does_not_say_who_closes_it_is_closed_by_an_operator():
    assert not read_plans(PLANS).of("sos").is_closed_by_caregiver


def test_an_unknown_kind_is_a_call_for_help():
    plans = read_plans(PLANS)
    assert plans.of("浸水") is plans.of("sos")


@pytest.mark.parametrize(
    ("word", "gravity"),
    [
        ("life_threat", Gravity.LIFE_THREAT),
        ("urgent", Gravity.URGENT),
        ("routine", Gravity.ROUTINE),
        ("service", Gravity.SERVICE),
    ],
)
def test_every_word_for_gravity_is_understood(word, gravity):
    plans = read_plans(with_sos('gravity = "life_threat"', f'gravity = "{word}"'))
    assert plans.of("sos").gravity is gravity


def test_a_threat_to_life_is_graver_than_all_else_and_a_device_less_than_a_person():
    assert sorted(Gravity) == [
        Gravity.LIFE_THREAT,
        Gravity.URGENT,
        Gravity.ROUTINE,
        Gravity.SERVICE,
    ]
    assert [gravity.is_life_threat for gravity in Gravity] == [True, False, False, False]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('gravity = "life_threat"', 'gravity = "grave"', "gravity 'grave' is none of life_threat"),
        ('gravity = "life_threat"', "", "gravity None is none of"),
        ("due_within_s = 600\n", "", "misses due_within_s"),
        ("due_within_s = 600", "due_within = 600", "unknown entry due_within"),
        ("due_within_s = 600", "due_within_s = 0", "due_within_s is not a number of seconds"),
        ("due_within_s = 600", "due_within_s = 0.001", "due_within_s is not a number"),
        ("due_within_s = 600", "due_within_s = nan", "due_within_s is not a number"),
        ("due_within_s = 600", "due_within_s = inf", "due_within_s is not a number"),
        ("due_within_s = 600", "due_within_s = true", "due_within_s is not a number"),
        ("due_within_s = 600", 'due_within_s = "600"', "due_within_s is not a number"),
        ("due_within_s = 600", "due_within_s = 864000", "due_within_s is not a number"),
        ("claim_within_s = 60", "claim_within_s = -1", "claim_within_s is not a number"),
        ("claim_within_s = 60", 'closed_by = "nobody"', "closed_by is neither"),
        ("claim_within_s = 60", "closed_by = []", "closed_by is neither"),
        ("claim_within_s = 60", 'skills = "nurse"', "skills is not a list"),
        ("claim_within_s = 60", "skills = 5", "skills is not a list"),
        ("claim_within_s = 60", "skills = [5]", "skills is not a list"),
        ("ladder = [", "steps = [", "unknown entry steps"),
        ('level = "district"', 'level = "city"', "level is none of grid, community"),
        ('level = "district"', 'level = ["district"]', "level is none of"),
        ('level = "district", ', "", "level is none of"),
        ("at_once = 2", "at_once = 0", "at_once is not a number from 1 to 20"),
        ("at_once = 2", "at_once = 21", "at_once is not a number"),
        ("at_once = 2", "at_once = true", "at_once is not a number"),
        ("at_once = 2", "at_once = 1.5", "at_once is not a number"),
        (", answer_within_s = 20", "", "misses answer_within_s"),
        (", lasts_s = 80", "", "misses lasts_s"),
    ],
)
def test_a_refusal_names_the_table_its_line_and_the_fault(old, new, why):
    text = with_sos(old, new)
    refusal = refused(text)
    line = LINE_OF_SOS if new == "" and old in SOS.splitlines(keepends=True) else changed(text)
    line = LINE_OF_SOS if why == "gravity None is none of" else line
    assert (refusal.where, refusal.line) == ("kinds.sos", line)
    assert why in refusal.why
    assert f"[kinds.sos] (line {line}) {refusal.why}" in str(refusal)


@pytest.mark.parametrize(
    ("ladder", "why"),
    [
        ([], "needs a ladder"),
        (["operator", "supervisor"], "asks no caregiver"),
        (["grid", "street"], "ends without operator or supervisor"),
        (["grid", "supervisor"], "passes over the operator"),
        (["street", "grid", "operator"], "does not rise"),
        (["grid", "grid", "operator"], "does not rise"),
        (["grid", "supervisor", "operator"], "does not rise"),
    ],
)
def test_a_ladder_rises_from_caregivers_to_the_desk(ladder, why):
    rows = ", ".join(
        f'{{ level = "{level}", lasts_s = 60, answer_within_s = 20 }}' for level in ladder
    )
    text = PLANS.replace(SOS, SOS.split("ladder")[0] + f"ladder = [{rows}]\n\n", 1)
    refusal = refused(text)
    assert refusal.where == "kinds.sos"
    assert why in refusal.why


@pytest.mark.parametrize("rows", ["5", '"grid"', "[5]", '["grid"]'])
def test_a_ladder_is_a_list_of_tables(rows):
    refusal = refused(PLANS.replace(SOS, SOS.split("ladder")[0] + f"ladder = {rows}\n\n", 1))
    assert refusal.where == "kinds.sos"


def test_a_kind_that_is_no_table_is_refused_without_a_line():
    table, rest = PLANS.split("[kinds.sos]\n")[0], PLANS.split(SOS, 1)[1]
    refusal = refused(table + "kinds.sos = 5\n" + rest)
    assert (refusal.where, refusal.line) == ("kinds.sos", None)
    assert "[kinds.sos] is not a table" in str(refusal)


@pytest.mark.parametrize("kind", KINDS_REQUIRED)
def test_a_file_without_one_of_the_required_kinds_names_it(kind):
    refusal = refused(PLANS.replace(f"[kinds.{kind}]", "[kinds.something_else]"))
    assert (refusal.where, refusal.why) == ("kinds", f"misses {kind}")


@pytest.mark.parametrize("version", ["", 'version = ""', "version = 5"])
def test_a_file_without_a_version_is_refused(version):
    refusal = refused(PLANS.replace('version = "test"', version))
    assert (refusal.where, refusal.why) == ("file", "needs a version, as text")


@pytest.mark.parametrize("kinds", ["", "kinds = 5"])
def test_a_file_without_kinds_is_refused(kinds):
    assert "[kinds.NAME]" in refused(f'version = "1"\n{kinds}').why


def test_a_file_that_is_not_toml_names_the_line():
    refusal = refused('version = "1"\n\nkinds = = 5\n')
    assert (refusal.where, refusal.line) == ("file", 3)
    assert "is not TOML" in refusal.why


def test_a_file_that_breaks_off_has_no_line_to_name():
    assert refused('version = "1').line in (None, 1)
    assert refused("[kinds").line in (None, 1)


def test_a_grave_call_needs_a_deadline_at_the_desk():
    text = SHIPPED.replace("claim_within_s = 60\n", "", 1)
    with pytest.raises(PlanRefused, match=r"kinds\.sos.*claim_within_s"):
        read_plans(text)
