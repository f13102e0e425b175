"""When caregivers work by the clock on their wall, and when they must rest."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.hours import (
    HoursRefused,
    Rest,
    counts_from,
    hours_text,
    is_zone,
    must_rest,
    read_hours,
)
from dispatch.roster import Need
from tests.unit.dispatch.world import World

REST = Rest(on_duty_max=timedelta(hours=12), rest_min=timedelta(hours=11))


def at(text):
    return datetime.fromisoformat(text)


def works(text, when, zone="Asia/Shanghai"):
    """Whether somebody with these hours in this zone is at work."""
    world = World()
    world.zone("district", zone)
    world.caregiver("wang", hours=read_hours(text))
    somebody = Need(
        place=None, scope=None, skills=frozenset(), excluded=frozenset(), asked=frozenset()
    )
    row = world.book.roster.consider("wang", somebody, now=at(when).astimezone(UTC))
    return row.lacks != ("hours",)


# The clock on the wall


@pytest.mark.parametrize(
    ("when", "is_at_work"),
    [
        ("2026-11-23T07:59:59+08:00", False),  # a Monday
        ("2026-11-23T08:00:00+08:00", True),
        ("2026-11-23T16:59:59+08:00", True),
        ("2026-11-23T17:00:00+08:00", False),
        ("2026-11-27T12:00:00+08:00", True),
        ("2026-11-28T12:00:00+08:00", False),  # the Saturday
    ],
)
def test_a_working_week_is_reckoned_in_local_time(when, is_at_work):
    assert works("mon-fri 08:00-17:00", when) is is_at_work


@pytest.mark.parametrize(
    ("when", "is_at_work"),
    [
        ("2026-11-27T21:59:00+08:00", False),
        ("2026-11-27T22:00:00+08:00", True),
        ("2026-11-28T05:59:00+08:00", True),  # the morning after
        ("2026-11-28T06:00:00+08:00", False),
        ("2026-11-28T22:00:00+08:00", False),  # no shift begins on Saturday
    ],
)
def test_a_night_shift_ends_on_the_next_morning(when, is_at_work):
    assert works("fri 22:00-06:00", when) is is_at_work


def test_a_night_shift_of_sunday_ends_on_monday():
    assert works("sun 22:00-06:00", "2026-11-23T05:59:00+08:00")
    assert not works("sun 22:00-06:00", "2026-11-23T06:00:00+08:00")


def test_whoever_works_from_eight_works_from_eight_in_summer_time_too():
    berlin = "Europe/Berlin"
    assert works("daily 08:00-17:00", "2026-01-12T08:00:00+01:00", berlin)
    assert not works("daily 08:00-17:00", "2026-01-12T07:59:00+01:00", berlin)
    assert works("daily 08:00-17:00", "2026-07-13T08:00:00+02:00", berlin)
    assert not works("daily 08:00-17:00", "2026-07-13T17:00:00+02:00", berlin)


def test_a_night_shift_over_the_change_of_the_clock_follows_the_wall():
    """On 25 October 2026 three o'clock becomes two again: the shift to six lasts an hour more."""
    berlin, night = "Europe/Berlin", "sat 22:00-06:00"
    began = at("2026-10-24T20:00:00+00:00")
    hours = [(began + timedelta(hours=n)).isoformat() for n in range(10)]
    assert [works(night, one, berlin) for one in hours] == [True] * 9 + [False]


def test_no_hours_on_record_is_always_and_an_unknown_zone_is_the_default():
    assert works("", "2026-11-23T03:00:00+08:00")
    assert works("mon 08:00-09:00", "2026-11-23T08:30:00+08:00", zone="Mars/Olympus")
    assert works("mon 08:00-09:00", "2026-11-23T08:30:00+08:00", zone="Asia")
    assert [is_zone(zone) for zone in ("Asia/Urumqi", "Asia", "", "../etc")] == [True] + [False] * 3


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mon-fri 08:00-17:00", "mon-fri 08:00-17:00"),
        ("周一至周五 8:00-17:00;星期六 9：00到12：00", "mon-fri 08:00-17:00; sat 09:00-12:00"),
        ("fri-mon 22:00-06:00", "mon 22:00-06:00; fri-sun 22:00-06:00"),
        ("daily 00:00-24:00", "mon-sun 00:00-24:00"),
        ("每天 20:00-00:00", "mon-sun 20:00-24:00"),
        ("tue 09:00-10:00, mon 09:00-10:00", "mon-tue 09:00-10:00"),
        ("", ""),
    ],
)
def test_hours_are_read_and_written_the_same_way(text, same):
    assert hours_text(read_hours(text)) == same
    assert read_hours(same) == tuple(read_hours(hours_text(read_hours(same))))


@pytest.mark.parametrize(
    "text",
    ["mon", "mon 8-17", "mon 25:00-26:00", "xyz 08:00-17:00", "mon 08:60-09:00", "08:00-17:00"],
)
def test_hours_that_say_nothing_clear_are_refused(text):
    with pytest.raises(HoursRefused):
        read_hours(text)


def test_a_day_has_no_room_for_more_than_fifty_spans():
    with pytest.raises(HoursRefused, match="more than 50"):
        read_hours("daily 08:00-09:00;" * 8)


# Rest

EIGHT = at("2026-11-23T08:00:00+08:00")


def hours_on(number):
    return EIGHT + timedelta(hours=number)


def test_duty_counts_from_its_start_after_a_whole_rest_or_without_a_rule():
    assert counts_from(REST, None, None, EIGHT) == EIGHT
    assert counts_from(REST, EIGHT, hours_on(8), hours_on(19)) == hours_on(19)
    assert counts_from(None, EIGHT, hours_on(8), hours_on(9)) == hours_on(9)


def test_lunch_does_not_end_a_stretch_of_duty_and_costs_nobody_the_afternoon():
    since = counts_from(REST, EIGHT, hours_on(4), hours_on(5))
    assert since == EIGHT
    assert not must_rest(REST, since, hours_on(11.9))
    assert must_rest(REST, since, hours_on(12))


def test_a_minute_off_duty_is_no_rest():
    since = counts_from(REST, EIGHT, hours_on(14), hours_on(14.1))
    assert since == hours_on(25)
    assert must_rest(REST, since, hours_on(24.9))
    assert not must_rest(REST, since, hours_on(25))
    again = counts_from(REST, since, hours_on(20), hours_on(20.1))  # off and on in the meantime
    assert again == since


def test_without_a_rule_nobody_must_rest():
    assert not must_rest(None, EIGHT, hours_on(100))
    assert not must_rest(REST, None, EIGHT)
