"""A plan file with a fault: refused with file, table and line, and the running plan stays."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from pathlib import Path

import pytest

import app
from devices.report import CALLS, Kind
from dispatch import facts as f
from dispatch.contact import SILENT_KINDS
from dispatch.errors import PlanRefused
from dispatch.plan_lines import Lines
from dispatch.plans import DESK_KINDS, KINDS_KNOWN, read_plans
from tests.unit.dispatch.world import PLANS, World, kind

SHIPPED = (Path(app.__file__).parent / "data" / "plans.toml").read_text(encoding="utf-8")
SIGNALS = {Kind.CHECK_IN, Kind.TEST, Kind.CANCEL}  # they open nothing, so no plan is theirs
GOOD = """version = "new"
zone = "Asia/Shanghai"
own_kinds = ["wound"]

[calendars.office]
weekdays = [0, 1, 2, 3, 4]
from = "09:00"
to = "17:30"

[check_in]
partly_s = 86400

""" + PLANS.split("\n", 2)[2].replace(
    "[kinds.safety_alarm]\n",
    """[kinds.missed_check_in]
gravity = "routine"
due_within_s = 600
claim_lasts_s = 900
desk_again_s = 60
set_out_within_s = 90
arrive_grace_s = 300
finish_within_s = 3600
overdue_again_s = 60
close_within_s = 1800
stages = [
  { name = "report", within_s = 60 },
  { name = "face_to_face", within_s = 600, calendar = "office" },
]
ladder = [
  { level = "operator", lasts_s = 60 },
  { level = "grid", answer_within_s = 30, lasts_s = 60 },
  { level = "operator", lasts_s = 60 },
]

[kinds.safety_alarm]
""",
)


def refused(text, **how):
    with pytest.raises(PlanRefused) as caught:
        read_plans(text, file="ours.toml", is_new=True, **how)
    return caught.value


def line_of(text, part, table="file"):
    """Return the number of the first line of a table that holds this part."""
    start = 0 if table == "file" else text.splitlines().index(f"[{table}]")
    lines = enumerate(text.splitlines()[start:], start=start + 1)
    return next(number for number, line in lines if part in line)


DESK = '{ level = "operator", lasts_s = 60 }'
GRID = '{ level = "grid", answer_within_s = 30, lasts_s = 60 }'


def test_the_plan_from_which_these_faults_are_made_is_a_good_one():
    assert read_plans(GOOD, file="ours.toml", is_new=True).version == "new"


@pytest.mark.parametrize(
    ("old", "new", "table", "at"),
    [
        # an unknown kind
        ("[kinds.fall]", "[kinds.fal]", "kinds", None),  # and so a required one is missing
        ("[kinds.wound]", "[kinds.wounds]", "kinds.wounds", "[kinds.wounds]"),
        ("[kinds.missed_check_in]", "[kinds.missed_checkin]", "kinds.missed_checkin", "checkin]"),
        # a missing deadline
        ("close_within_s = 1800\n", "", "kinds.sos", "[kinds.sos]"),
        ("claim_within_s = 60\n", "", "kinds.sos", "[kinds.sos]"),
        (", lasts_s = 80 }", " }", "kinds.sos", "answer_within_s = 20 }"),
        (", answer_within_s = 20", "", "kinds.sos", 'at_once = 2, lasts_s'),
        ('"report", within_s = 60', '"report"', "kinds.missed_check_in", "report"),
        # a ladder that ends nowhere
        ('  { level = "operator", lasts_s = 60 },\n  { level = "supervisor", lasts_s = 60 },\n', "",
         "kinds.sos", "ladder = ["),
        ('  { level = "operator", lasts_s = 60 },\n]', "]", "kinds.missed_check_in", "ladder = ["),
        # a negative time
        ("due_within_s = 600", "due_within_s = -600", "kinds.sos", "-600"),
        ("claim_within_s = 60", "claim_within_s = -60", "kinds.sos", "-60"),
        ("lasts_s = 80", "lasts_s = -80", "kinds.sos", "-80"),
        ('"supervisor", lasts_s = 60', '"supervisor", lasts_s = -60', "kinds.sos", "-60"),
        ("answer_within_s = 20", "answer_within_s = -20", "kinds.sos", "-20"),
        ("partly_s = 86400", "partly_s = -86400", "check_in", "-86400"),
        ('"report", within_s = 60', '"report", within_s = -60', "kinds.missed_check_in", "-60"),
        ("within_s = 600, cal", "warn_before_s = -1, within_s = 600, cal",
         "kinds.missed_check_in", "-1"),
        # a slip of the pen
        ("[check_in]", "[checkin]", "checkin", "[checkin]"),
        ('zone = "Asia/Shanghai"', 'zones = "Asia/Shanghai"', "file", "zones ="),
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Shangai"', "file", "zone ="),
        ('own_kinds = ["wound"]', 'own_kinds = "wound"', "file", "own_kinds ="),
        ('from = "09:00"', 'from = "nine"', "calendars.office", 'from = "nine"'),
        ("weekdays = [0, 1, 2, 3, 4]", "weekdays = []", "calendars.office", "weekdays ="),
        ("at_once = 2", "atonce = 2", "kinds.sos", "atonce = 2"),
        ('calendar = "office"', 'calendar = "ofice"', "kinds.missed_check_in", "ofice"),
        ('level = "grid", answer', 'level = "gird", answer', "kinds.missed_check_in", "gird"),
    ],
)  # fmt: skip
def test_a_fault_is_refused_with_file_table_and_line_and_the_running_plan_stays(
    old, new, table, at
):
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    refusal = refused(text)
    line = None if at is None else line_of(text, at, table)
    assert (refusal.file, refusal.where, refusal.line) == ("ours.toml", table, line)
    assert f"ours.toml: [{table}]" in str(refusal)
    world = World()
    with pytest.raises(PlanRefused):
        world.register(f.PlanAdopted(at=world.now, version="new", text=text))
    assert world.book.plan_version == "test"
    assert list(world.book.plan_books) == ["test"]


def test_a_kind_of_the_house_must_be_declared():
    rest = f"claim_within_s = 60\nladder = [{GRID}, {DESK}]\n"
    more = GOOD + kind("flood", "urgent", 600, rest)
    refusal = refused(more)
    assert (refusal.where, refusal.line) == ("kinds.flood", line_of(more, "[kinds.flood]"))
    assert "own_kinds" in refusal.why
    declared = more.replace('own_kinds = ["wound"]', 'own_kinds = ["wound", "flood"]')
    assert "flood" in read_plans(declared, is_new=True).plans


def test_every_kind_that_a_handset_can_call_by_is_known():
    assert {str(one) for one in CALLS - SIGNALS} | set(DESK_KINDS) == set(KINDS_KNOWN)
    assert set(KINDS_KNOWN) >= SILENT_KINDS


def test_the_shipped_plans_have_a_table_for_every_known_kind_and_no_other():
    assert set(read_plans(SHIPPED, is_new=True).plans) == set(KINDS_KNOWN)


def test_a_plan_that_is_on_record_is_still_read_though_it_would_be_refused_today():
    old = PLANS.replace('own_kinds = ["wound"]\n', "").replace("at_once = 2", "atonce = 2", 1)
    assert read_plans(old).plans["wound"].skills == {"nurse"}
    refused(old)


def test_a_plan_that_was_in_use_can_be_adopted_again():
    old = PLANS.replace('own_kinds = ["wound"]\n', "")
    world = World()
    world.book.plan_books["old"] = read_plans(old.replace('"test"', '"old"'))
    world.register(f.PlanAdopted(at=world.now, version="old", text=old.replace('"test"', '"old"')))
    assert world.book.plan_version == "old"


def test_each_call_keeps_the_version_under_which_it_began():
    world = World()
    world.press()
    world.register(f.PlanAdopted(at=world.now, version="new", text=GOOD))
    world.press("life_assistance", handset="stray")
    first, second = world.book.incidents.values()
    assert (first.plan_version, second.plan_version) == ("test", "new")
    assert world.book.plan_of(first) is world.book.plan_books["test"].of("sos")


@pytest.mark.parametrize("name", ["care_review", "missed_check_in", "follow_up"])
def test_only_what_the_desk_raises_may_begin_at_the_desk(name):
    rest = f"claim_within_s = 60\nladder = [{DESK}, {GRID}, {DESK}]\n"
    assert read_plans(PLANS + kind(name, "urgent", 600, rest), is_new=True)
    text = PLANS.replace("[kinds.wound]", "[kinds.other]") + kind("wound", "urgent", 600, rest)
    assert "does not rise" in refused(text.replace('["wound"]', '["wound", "other"]')).why


@pytest.mark.parametrize(("gravity", "is_good"), [("service", True), ("routine", False)])
def test_a_ladder_of_the_desk_alone_is_for_what_is_no_call_for_help(gravity, is_good):
    rows = '{ level = "operator", lasts_s = 60 }, { level = "supervisor", lasts_s = 60 }'
    text = PLANS + kind("care_review", gravity, 600, f"ladder = [{rows}]\n")
    if is_good:
        plan = read_plans(text, is_new=True).of("care_review")
        assert plan.is_desk_only
        assert plan.widest.at_once == 0
    else:
        assert "asks no caregiver" in refused(text).why


# Finding the line

ODD = """
top = 1
[ kinds . "sos" ]  # the red key
due_within_s = 5
"quoted" = 6
ladder = [ { level = "grid" }, { level = "street" },
  { level = "operator" } ]

[[kinds.fall.ladder]]
level = "grid"
[[kinds.fall.ladder]]
level = "operator"
lasts_s = 5

[kinds.fall]
lasts = 5
"""


@pytest.mark.parametrize(
    ("table", "row", "entry", "line"),
    [
        ("file", "", "top", 2),
        ("file", "", "due_within_s", None),
        ("file", "", "", None),
        ("kinds.sos", "", "", 3),
        ("kinds.sos", "", "due_within_s", 4),
        ("kinds.sos", "", "quoted", 5),
        ("kinds.sos", "", "lasts", 3),  # it is another table's
        ("kinds.sos", "ladder/0", "level", 6),
        ("kinds.sos", "ladder/1", "level", 6),
        ("kinds.sos", "ladder/2", "level", 7),
        ("kinds.fall", "ladder/0", "", 9),
        ("kinds.fall", "ladder/1", "lasts_s", 13),
        ("kinds.fall", "ladder/1", "at_once", 11),
        ("kinds.fall", "ladder/7", "at_once", 15),
        ("kinds.wound", "", "", None),
        ("kinds.wound", "ladder/0", "level", None),
    ],
)
def test_the_line_of_an_entry_is_found_however_it_is_written(table, row, entry, line):
    assert Lines(ODD).of(table, row, entry) == line


def test_a_list_that_breaks_off_is_found_by_its_beginning():
    assert Lines("[kinds.sos]\nladder = [\n").of("kinds.sos", "ladder/0", "level") == 2
