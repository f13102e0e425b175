"""Reported, registered, seen face to face: each stage in its time, or somebody hears of it."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import UTC, datetime
from pathlib import Path

import pytest

import app
from dispatch.errors import PlanRefused
from dispatch.facts import (
    DeskAlerted,
    StageBreached,
    StageDue,
    StageMet,
    StageWarned,
)
from dispatch.plans import read_plans
from dispatch.requests import Note
from tests.unit.dispatch.world import NOON, PLANS, World, kinds_of, minutes, state_of

SHIPPED = (Path(app.__file__).parent / "data" / "plans.toml").read_text(encoding="utf-8")
STAGES = """stages = [
  { name = "report", within_s = 600, warn_before_s = 120 },
  { name = "register", within_s = 1200 },
  { name = "face_to_face", within_s = 3600, warn_before_s = 600 },
]
"""
STAGED = PLANS.replace("[kinds.sos]\n", f"[kinds.sos]\n{STAGES}")


@pytest.fixture
def world():
    world = World(plans=STAGED)
    world.sit_down("sue", is_supervisor=True)
    return world


def note(world, by="ann"):
    return world.do(Note(incident_id=world.incident.id, by=by, text="She is well."))


def said(facts, kind):
    return [fact.stage for fact in facts if isinstance(fact, kind)]


def waiting(world):
    return [one.name for one in world.incident.stages if one.by is not None]


def test_the_stages_of_a_call_begin_with_it(world):
    due = [fact for fact in world.press() if isinstance(fact, StageDue)]
    assert [(one.stage, one.due_at - NOON, one.warn_at and one.warn_at - NOON) for one in due] == [
        ("report", minutes(10), minutes(8)),
        ("register", minutes(20), None),
        ("face_to_face", minutes(60), minutes(50)),
    ]


def test_a_kind_without_stages_begins_none(world):
    assert said(world.press("life_assistance"), StageDue) == []


def test_taking_the_call_reports_it(world):
    world.press()
    assert said(world.claim("ann"), StageMet) == ["report"]
    assert said(world.claim("ann"), StageMet) == []
    assert waiting(world) == ["register", "face_to_face"]


def test_a_note_reports_and_registers_it(world):
    world.press()
    assert said(note(world), StageMet) == ["report", "register"]


def test_a_caregiver_on_scene_has_seen_the_resident(world):
    world.caregiver("wang", 100)
    world.press()
    world.accept("wang")
    world.step("wang", "en_route")
    (met,) = [one for one in world.step("wang", "on_scene") if isinstance(one, StageMet)]
    assert (met.stage, met.by) == ("face_to_face", "wang")


def test_a_disposition_registers_the_call_before_it_ends(world):
    world.press()
    facts = world.close("ann")
    assert said(facts, StageMet) == ["report", "register"]
    assert kinds_of(facts)[-1] == "IncidentClosed"


def test_a_telephone_call_is_reported_by_whoever_took_it(world):
    facts = world.telephone()
    assert said(facts, StageDue) == ["report", "register", "face_to_face"]
    assert said(facts, StageMet) == ["report"]


def test_a_stage_is_warned_of_before_it_is_due_and_breached_when_it_passes(world):
    world.press()
    facts = world.pass_time(minutes(8))
    assert said(facts, StageWarned) == ["report"]
    assert said(facts, StageBreached) == []
    facts = world.pass_time(minutes(2))
    assert said(facts, StageBreached) == ["report"]
    assert world.incident.stages[0].breaches == 1


def test_a_stage_without_a_warning_is_only_breached(world):
    world.press()
    world.claim("ann")
    facts = world.pass_time(minutes(20))
    assert (said(facts, StageWarned), said(facts, StageBreached)) == ([], ["register"])


def test_a_breach_rises_to_the_supervisor_even_while_an_operator_has_the_call(world):
    world.caregiver("wang", 100)
    world.press()
    world.accept("wang")
    world.step("wang", "en_route")
    world.step("wang", "on_scene")
    world.claim("ann")
    world.pass_time(minutes(14))
    world.claim("ann")
    facts = world.pass_time(minutes(6))
    at = kinds_of(facts).index("StageBreached")
    assert isinstance(facts[at + 1], DeskAlerted)
    assert facts[at + 1].level == "supervisor"
    assert world.incident.siren


def test_a_breach_that_nobody_heeds_rises_again_and_again_until_the_stage_is_met(world):
    world.press()
    world.claim("ann")
    world.pass_time(minutes(20))
    assert said(world.pass_time(minutes(5)), StageBreached) == ["register"] * 5
    note(world)
    assert said(world.pass_time(minutes(5)), StageBreached) == []


def test_stages_end_with_the_call(world):
    world.press()
    world.close("ann")
    assert world.pass_time(minutes(90)) == []


def test_a_stage_is_a_deadline_that_survives_a_restart(world):
    world.press()
    found = [one for one in world.book.deadlines_of(world.incident) if one.kind == "stage"]
    assert [one.subject_id for one in found] == ["I1/report", "I1/register", "I1/face_to_face"]
    facts = world.start_after(minutes(30))
    assert said(facts, StageWarned) == ["report"]
    assert said(facts, StageBreached)[:2] == ["report", "register"]
    assert state_of(world.replayed()) == state_of(world.book)


def test_the_shipped_follow_up_counts_three_six_and_nine_hours():
    world = World(plans=SHIPPED.replace(read_plans(SHIPPED).version, "test", 1))
    world.now = datetime(2026, 11, 25, 3, tzinfo=UTC)  # a Wednesday, eleven in the morning there
    facts = world.telephone(kind="follow_up", resident_id="li")
    due = {fact.stage: fact.due_at for fact in facts if isinstance(fact, StageDue)}
    assert due["report"] - world.now == minutes(3 * 60)
    assert due["register"] - world.now == minutes(6 * 60)
    # nine hours of the office: six and a half on Wednesday, two and a half on Thursday
    assert due["face_to_face"] == datetime(2026, 11, 26, 3, 30, tzinfo=UTC)


def test_in_a_follow_up_the_desk_telephones_before_anybody_is_sent():
    world = World(plans=SHIPPED.replace(read_plans(SHIPPED).version, "test", 1))
    world.caregiver("wang", 100)
    world.telephone(kind="follow_up", resident_id="li")
    assert world.asked == []
    world.pass_time(minutes(120))
    assert world.asked == ["wang"]


def test_a_press_is_never_folded_into_a_follow_up():
    world = World(plans=SHIPPED.replace(read_plans(SHIPPED).version, "test", 1))
    world.telephone(kind="follow_up", resident_id="li")
    facts = world.press("life_assistance")
    assert (facts[0].kind, facts[0].linked_to) == ("life_assistance", None)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('name = "register"', 'name = "report"', "names a stage twice"),
        ('name = "register"', 'name = "sing"', "none of report, register"),
        ('name = "register", ', "", "none of report, register"),
        (", within_s = 1200", "", "misses within_s"),
        ("within_s = 1200", "within_s = -5", "within_s is not a number"),
        ("within_s = 1200", 'within_s = 1200, calendar = "office"', "'office' is not there"),
        ("within_s = 1200", "within_s = 1200, calendar = [1]", "is not there"),
        ("within_s = 1200", "within_s = 1200, warn_before_s = 1200", "not before its end"),
        ("within_s = 1200", "within_s = 1200, warn_before_s = 0", "warn_before_s is not a number"),
        ("within_s = 1200", "within_s = 1200, until_s = 5", "unknown entry until_s"),
    ],
)
def test_a_stage_that_cannot_be_is_refused(old, new, why):
    with pytest.raises(PlanRefused, match=r"kinds\.sos") as caught:
        read_plans(STAGED.replace(old, new, 1))
    assert why in caught.value.why


def test_a_handset_that_is_used_after_all_reports_nothing():
    staged = SHIPPED.replace("[kinds.missed_check_in]\n", f"[kinds.missed_check_in]\n{STAGES}")
    world = World(plans=staged.replace(read_plans(SHIPPED).version, "test", 1))
    world.pass_time(world.book.check_ins["li"] - world.now)
    assert said(world.press("check_in"), StageMet) == []
    assert waiting(world) == ["report", "register", "face_to_face"]


@pytest.mark.parametrize("rows", ["5", "[5]", '"report"'])
def test_stages_are_a_list_of_tables(rows):
    with pytest.raises(PlanRefused, match=r"kinds\.sos"):
        read_plans(PLANS.replace("[kinds.sos]\n", f"[kinds.sos]\nstages = {rows}\n"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('zone = "Moon/Crater"\n', "file"),
        ("calendars = 5\n", "calendars"),
        ("calendars.office = 5\n", "calendars.office"),
        (
            'calendars.always = { weekdays = [0], from = "09:00", to = "17:00" }\n',
            "calendars.always",
        ),
        (
            'calendars.office = { weekdays = [9], from = "09:00", to = "17:00" }\n',
            "calendars.office",
        ),
    ],
)
def test_a_calendar_or_zone_that_cannot_be_is_refused_with_its_table(text, where):
    with pytest.raises(PlanRefused) as caught:
        read_plans(text + PLANS)
    assert caught.value.where == where
