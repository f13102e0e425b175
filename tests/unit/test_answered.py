"""How soon calls are answered: what counts, towards which hour and day, and in whose areas."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.views.answered import DAYS_KEPT, MINUTES_KEPT, NOBODY_WAITS, Answered, Counted
from dispatch import facts as f
from dispatch.areas import Level
from dispatch.plans import Gravity

NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)  # in Shanghai


def after(seconds):
    return NOON + timedelta(seconds=seconds)


def raised(name="I1", at=NOON, *, area="S1", channel="handset", gravity=Gravity.LIFE_THREAT):
    return f.IncidentRaised(
        at=at,
        incident_id=name,
        kind="sos",
        gravity=gravity,
        plan_version="1",
        channel=channel,
        resident_id=None,
        handset_id=None,
        area_id=area,
        events=(),
        occurred_at=None,
        due_at=at,
        level=Level.GRID,
        step_by=None,
        desk_by=None,
    )


def claimed(name="I1", at=NOON):
    return f.IncidentClaimed(at=at, incident_id=name, operator_id="ann", until=at)


def closed(name="I1", at=NOON):
    return f.IncidentClosed(at=at, incident_id=name, by="ann", disposition="helped")


def released(name="I1", at=NOON):
    return f.ClaimReleased(at=at, incident_id=name, desk_by=at)


@pytest.fixture
def answered():
    return Answered(ZoneInfo("Asia/Shanghai"))


def everywhere(_):
    return True


def shares(answered, at, span="hour", covers=everywhere):
    """Return for 60 s and for 180 s how many were in time, of how many."""
    return [(one["in_time"], one["calls"]) for one in answered.shares(covers, at)[span]]


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (0, [(1, 1), (1, 1)]),
        (60, [(1, 1), (1, 1)]),
        (60.001, [(0, 1), (1, 1)]),
        (180, [(0, 1), (1, 1)]),
        (181, [(0, 1), (0, 1)]),
    ],
)
def test_a_call_is_in_time_up_to_the_very_second(answered, waited, expected):
    answered.note([raised(), claimed(at=after(waited))])
    assert shares(answered, after(200)) == expected
    assert shares(answered, after(200), "day") == expected


@pytest.mark.parametrize(
    ("waits", "expected"),
    [(59, [(0, 0), (0, 0)]), (61, [(0, 1), (0, 0)]), (181, [(0, 1), (0, 1)])],
)
def test_a_call_that_still_waits_is_late_as_soon_as_it_cannot_be_in_time(answered, waits, expected):
    answered.note([raised()])
    assert shares(answered, after(waits)) == expected
    assert shares(answered, after(waits), "day") == expected


def test_the_targets_stand_beside_the_shares(answered):
    (soon, late) = answered.shares(everywhere, NOON)["hour"]
    assert (soon["within_s"], soon["target_pct"]) == (60, 97.5)
    assert (late["within_s"], late["target_pct"]) == (180, 99.0)


def test_only_the_first_taking_counts(answered):
    answered.note([raised(), claimed(at=after(10)), released(at=after(20)), claimed(at=after(400))])
    assert shares(answered, after(500)) == [(1, 1), (1, 1)]


def test_a_call_that_is_closed_without_being_taken_is_answered_then(answered):
    answered.note([raised(), closed(at=after(100))])
    assert shares(answered, after(300)) == [(0, 1), (1, 1)]


@pytest.mark.parametrize("channel", sorted(NOBODY_WAITS))
def test_a_call_that_the_desk_opened_itself_does_not_count(answered, channel):
    answered.note([raised(channel=channel), claimed()])
    assert shares(answered, after(200)) == [(0, 0), (0, 0)]


def test_a_call_about_a_device_does_not_count(answered):
    answered.note([raised(gravity=Gravity.SERVICE), claimed()])
    assert shares(answered, after(200)) == [(0, 0), (0, 0)]


def test_an_hour_later_a_call_counts_for_the_day_alone(answered):
    answered.note([raised(), claimed(at=after(5))])
    assert shares(answered, after(3_599)) == [(1, 1), (1, 1)]
    assert shares(answered, after(3_601)) == [(0, 0), (0, 0)]
    assert shares(answered, after(3_601), "day") == [(1, 1), (1, 1)]


def test_the_day_begins_at_the_midnight_of_the_house(answered):
    midnight = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # in Shanghai, when it is still the 25th
    before, later = midnight - timedelta(seconds=1), midnight + timedelta(seconds=30)
    answered.note([raised("I1", before), raised("I2", midnight)])
    answered.note([claimed("I1", later), claimed("I2", later)])
    assert shares(answered, later, "day") == [(1, 1), (1, 1)]
    assert shares(answered, later) == [(2, 2), (2, 2)]


def test_a_desk_counts_the_calls_of_its_own_areas(answered):
    answered.note([raised("I1"), raised("I2", area="S2"), raised("I3", area=None)])
    answered.note([claimed("I1", after(1)), claimed("I2", after(1))])
    assert shares(answered, after(70), covers=lambda area: area == "S1") == [(1, 1), (1, 1)]
    assert shares(answered, after(70), covers=lambda area: area is None) == [(0, 1), (0, 0)]


def test_a_call_waits_since_it_last_came_back_to_the_desk(answered):
    answered.note([raised()])
    assert answered.free_since("I1") == NOON
    answered.note([claimed(at=after(10))])
    assert answered.free_since("I1") is None
    answered.note([released(at=after(90))])
    assert answered.free_since("I1") == after(90)
    answered.note([closed(at=after(95))])
    assert answered.free_since("I1") is None


def test_what_happened_before_the_start_is_taken_up(answered):
    def call(name, number, answered_at):
        return Counted(
            incident_id=name, area_id="S1", raised_at=after(number), answered_at=answered_at
        )

    calls = [call("I2", 100, None), call("I1", 0, after(30))]
    answered.load(calls, {"I2": after(100)})
    answered.note([claimed("I2", after(170))])
    assert shares(answered, after(400)) == [(1, 2), (2, 2)]


def test_what_is_too_old_to_be_shown_is_forgotten(answered):
    for minute in range(0, 3 * 1_440, 7):
        at = after(minute * 60)
        answered.note([raised(f"I{minute}", at), claimed(f"I{minute}", at)])
    assert len(answered._minutes) <= MINUTES_KEPT
    assert len(answered._days) <= DAYS_KEPT + 1
