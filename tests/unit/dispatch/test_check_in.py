"""A sign of life at home, in a rhythm: whoever is silent for too long is asked after."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta
from pathlib import Path

import pytest

import app
from app.register.directory import Directory
from app.storage.snapshot import restore, save
from app.views.book import handset_view
from dispatch import facts as f
from dispatch.book import Book
from dispatch.errors import PlanRefused
from dispatch.facts import IncidentRaised, NoteAdded
from dispatch.plans import Gravity, read_plans
from tests.unit.dispatch.world import PLANS, World, days, kinds_of, minutes, seconds, state_of

SHIPPED = (Path(app.__file__).parent / "data" / "plans.toml").read_text(encoding="utf-8")
MISSED = "[kinds.missed_check_in]" + SHIPPED.split("[kinds.missed_check_in]")[1].split("[kinds.")[0]
HOURS_12 = 43_200
RHYTHM = f"""
[check_in]
dependent_s = {HOURS_12}
partly_s = 86400
alone_factor = 0.5
"""
RHYTHMIC = PLANS + MISSED + RHYTHM


@pytest.fixture
def world():
    return World(plans=RHYTHMIC)


def hours(number):
    return timedelta(hours=number)


def due_in(world, resident="li"):
    assert resident in world.book.check_ins, f"nobody waits for {resident}"
    return world.book.check_ins[resident] - world.now


def is_waited_for(world, resident="li"):
    return resident in world.book.check_ins


def missed(facts):
    return [one for one in facts if isinstance(one, IncidentRaised) and one.channel == "rhythm"]


def miss(world):
    """Let Mrs Li be silent until somebody looks after her; return the call."""
    (fact,) = missed(world.pass_time(due_in(world)))
    return fact


def test_a_resident_with_a_handset_is_expected_within_one_to_two_periods(world):
    assert hours(12) <= due_in(world) <= hours(24)


@pytest.mark.parametrize(
    ("ability", "lives_alone", "period"),
    [
        ("dependent", False, hours(12)),
        ("dependent", True, hours(6)),
        ("partly", False, hours(24)),
        ("partly", True, hours(12)),
    ],
)
def test_the_period_depends_on_ability_and_on_living_alone(world, ability, lives_alone, period):
    world.resident("li", ability=ability, lives_alone=lives_alone)
    world.press("check_in")
    assert due_in(world) == period


@pytest.mark.parametrize("changes", [{"ability": "self_caring"}, {"ability": ""}])
def test_who_can_care_for_themselves_may_be_silent(world, changes):
    world.resident("li", **changes)
    assert not is_waited_for(world)


@pytest.mark.parametrize("state", ["away", "in_hospital", "moved", "deceased"])
def test_nobody_waits_for_who_is_not_at_home(world, state):
    world.resident("li", state=state)
    assert not is_waited_for(world)
    world.press("check_in")
    assert not is_waited_for(world)
    world.resident("li", state="home")
    assert is_waited_for(world)


def test_without_a_handset_there_is_no_rhythm(world):
    world.resident("wu")
    assert not is_waited_for(world, "wu")
    world.handset("band", "wu")
    assert is_waited_for(world, "wu")


def test_with_the_last_handset_the_rhythm_ends(world):
    world.handset("spare", "li")
    world.handset("key", None)
    assert is_waited_for(world)
    world.handset("spare", None)
    assert not is_waited_for(world)


def test_a_handset_that_changes_hands_takes_the_rhythm_along(world):
    world.resident("wu")
    world.handset("key", "wu")
    assert (is_waited_for(world), is_waited_for(world, "wu")) == (False, True)


@pytest.mark.parametrize("kind", ["check_in", "test", "sos", "life_assistance", "cancel"])
def test_every_key_counts_anew(world, kind):
    world.pass_time(hours(5))
    world.press(kind)
    assert due_in(world) == hours(12)


def test_pressing_again_and_cancelling_count_anew(world):
    world.press()
    for kind in ("sos", "cancel"):
        world.pass_time(hours(3))
        world.press(kind)
        assert due_in(world) == hours(12)


def test_a_device_that_speaks_is_no_sign_of_life(world):
    before = world.book.check_ins["li"]
    world.pass_time(hours(1))
    world.press("low_battery")
    world.press("low_battery")
    world.close("ann")
    assert world.book.check_ins["li"] == before


def test_a_telephone_call_and_the_end_of_a_call_count_anew(world):
    world.telephone(resident_id="li")
    assert due_in(world) == hours(12)
    world.pass_time(hours(3))
    world.close("ann")
    assert due_in(world) == hours(12)


def test_whoever_is_silent_for_too_long_is_asked_after(world):
    fact = miss(world)
    assert (fact.kind, fact.resident_id, fact.gravity) == ("missed_check_in", "li", Gravity.URGENT)
    assert fact.place is not None
    assert world.incident.siren


@pytest.mark.parametrize(
    ("changes", "gravity"),
    [
        ({"lives_alone": True}, Gravity.URGENT),
        ({"lives_alone": False}, Gravity.ROUTINE),
        ({"lives_alone": False, "ability": "dependent"}, Gravity.URGENT),
    ],
)
def test_it_is_urgent_where_nobody_else_would_know(world, changes, gravity):
    world.resident("li", **changes)
    assert miss(world).gravity is gravity


def test_the_desk_telephones_first_and_then_somebody_is_sent(world):
    world.caregiver("wang", 100)
    miss(world)
    assert (world.asked, world.incident.level) == ([], "operator")
    world.pass_time(minutes(15))
    assert world.asked == ["wang"]


@pytest.mark.parametrize("communication", ["text_only", "hard_of_hearing"])
def test_to_who_cannot_hear_or_speak_somebody_is_sent_at_once(world, communication):
    world.caregiver("wang", 100)
    world.resident("li", communication=communication)
    miss(world)
    assert (world.asked, world.incident.level) == (["wang"], "grid")
    assert "voice" not in world.incident.contact


def test_while_somebody_looks_the_rhythm_rests_and_goes_on_afterwards(world):
    miss(world)
    assert not is_waited_for(world)
    assert missed(world.pass_time(days(3))) == []
    world.close("ann")
    assert due_in(world) == hours(12)


def test_a_late_sign_of_life_is_noted_and_closes_nothing(world):
    miss(world)
    facts = world.press("check_in")
    (note,) = [one for one in facts if isinstance(one, NoteAdded)]
    assert (note.incident_id, note.by, note.text) == (world.incident.id, "key", "check_in")
    assert not is_waited_for(world)


def test_a_press_is_never_folded_into_a_missed_check_in(world):
    miss(world)
    (fact, *_) = world.press("life_assistance")
    assert isinstance(fact, IncidentRaised)
    assert fact.linked_to is None


def test_the_handset_is_not_told_that_somebody_looks(world):
    miss(world)
    assert handset_view(world.book, Directory(), "key", world.now)["incidents"] == []


def test_no_habit_comes_of_a_missed_check_in(world):
    miss(world)
    assert world.book.habits == {}


def test_an_import_never_wakes_the_desk_all_at_once(world):
    names = [f"r{number}" for number in range(500)]
    for name in names:
        world.resident(name)
        world.handset(f"of {name}", name)
    dues = sorted(world.book.check_ins[name] - world.now for name in names)
    assert hours(12) <= dues[0]
    assert dues[-1] <= hours(24)
    in_one_hour = max(sum(due <= one < due + hours(1) for one in dues) for due in dues)
    assert in_one_hour < 80, "500 over twelve hours are about 42 an hour"


def test_a_second_import_puts_nobody_off(world):
    before = world.book.check_ins["li"]
    world.pass_time(hours(1))
    world.resident("li")
    assert world.book.check_ins["li"] == before


def test_who_depends_more_is_expected_sooner(world):
    world.resident("li", ability="dependent")
    assert due_in(world) <= hours(12)


def adopt(world, version, text):
    text = text.replace('version = "test"', f'version = "{version}"')
    return world.register(f.PlanAdopted(at=world.now, version=version, text=text))


def test_a_plan_with_a_rhythm_begins_it_for_everybody_and_one_without_ends_it():
    world = World()
    assert not is_waited_for(world)
    adopt(world, "with", RHYTHMIC)
    assert hours(12) <= due_in(world) <= hours(24)
    adopt(world, "without", PLANS)
    assert not is_waited_for(world)
    assert missed(world.pass_time(days(5))) == []


def test_what_lapsed_while_the_center_was_away_lapses_as_spread_as_it_was(world):
    for number in range(40):
        world.resident(f"r{number}")
        world.handset(f"of r{number}", f"r{number}")
    facts = world.start_after(hours(24))
    assert missed(facts) == []
    before = len(world.facts)
    world.pass_time(hours(24))
    times = {one.at for one in missed(world.facts[before:])}
    assert len(times) > 30
    assert state_of(world.replayed()) == state_of(world.book)


def test_the_rhythm_is_the_same_after_a_replay_and_from_a_snapshot(world):
    world.press("check_in")
    world.pass_time(minutes(5))
    assert state_of(world.replayed()) == state_of(world.book)
    book = Book()
    restore(book, save(world.book))
    assert state_of(book) == state_of(world.book)
    deadline = book.next_deadline()
    assert deadline is not None
    assert (deadline.kind, deadline.subject_id) == ("check_in", "li")
    assert book.handsets_of == world.book.handsets_of


def test_a_deadline_that_was_reset_is_passed_over(world):
    for _ in range(5):
        world.pass_time(seconds(10))
        world.press("check_in")
    facts = world.pass_time(hours(12))
    assert kinds_of(facts).count("IncidentRaised") == 1


def test_the_shipped_rhythm_is_days_and_not_hours():
    check_in = read_plans(SHIPPED).check_in
    assert check_in is not None
    assert min(check_in.periods.values()) * check_in.alone_factor >= days(2)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("partly_s = 86400", "partly_s = -5", "partly_s is not a number"),
        ("partly_s = 86400", "sometimes_s = 86400", "unknown entry sometimes_s"),
        ("alone_factor = 0.5", "alone_factor = 0", "alone_factor is not a number"),
        ("alone_factor = 0.5", "alone_factor = 1.5", "alone_factor is not a number"),
        ("alone_factor = 0.5", "alone_factor = true", "alone_factor is not a number"),
        ("alone_factor = 0.5", 'alone_factor = "half"', "alone_factor is not a number"),
        ("[kinds.missed_check_in]", "[kinds.care_review]", "needs a kind missed_check_in"),
    ],
)
def test_a_rhythm_that_cannot_be_is_refused(old, new, why):
    with pytest.raises(PlanRefused, match="check_in") as caught:
        read_plans(RHYTHMIC.replace(old, new))
    assert why in caught.value.why


def test_a_rhythm_is_a_table():
    with pytest.raises(PlanRefused, match=r"\[check_in\]"):
        read_plans("check_in = 5\n" + PLANS)
