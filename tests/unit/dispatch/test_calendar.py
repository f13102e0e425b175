"""Deadlines counted in the hours in which an office is open."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.calendar import read_calendar, read_zone
from dispatch.errors import EntryRefused

SHANGHAI = read_zone("Asia/Shanghai")  # UTC+8, all year
OFFICE = {"weekdays": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:30"}


def office(**changes):
    return read_calendar({**OFFICE, **changes}, SHANGHAI)


def local(text, zone=SHANGHAI):
    """Return the time on the wall there, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def hours(number):
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-25T10:00", 3, "2026-11-25T13:00"),  # a Wednesday, within the day
        ("2026-11-25T07:00", 3, "2026-11-25T12:00"),  # before it opens
        ("2026-11-25T16:30", 3, "2026-11-26T11:00"),  # over the night
        ("2026-11-25T20:00", 3, "2026-11-26T12:00"),  # after it closed
        ("2026-11-27T17:00", 1, "2026-11-30T09:30"),  # over the week-end
        ("2026-11-28T12:00", 1, "2026-11-30T10:00"),  # from a Saturday
        ("2026-11-25T09:00", 8.5, "2026-11-25T17:30"),  # to the last minute
        ("2026-11-25T09:00", 85, "2026-12-08T17:30"),  # ten days of work
    ],
)
def test_time_is_counted_while_the_office_is_open(start, span, end):
    assert office().after(local(start), hours(span)) == local(end)


def test_a_holiday_does_not_count():
    open_days = office(holidays=["2026-11-26", "2026-11-27"])
    assert open_days.after(local("2026-11-25T16:30"), hours(2)) == local("2026-11-30T10:00")


def test_a_day_that_is_made_up_for_counts():
    open_days = office(workdays=["2026-11-28"])
    assert open_days.after(local("2026-11-27T17:00"), hours(1)) == local("2026-11-28T09:30")


def test_a_date_may_be_written_as_toml_does():
    open_days = office(holidays=[date(2026, 11, 26)])
    assert not open_days.is_open_on(date(2026, 11, 26))
    assert open_days.is_open_on(date(2026, 11, 27))


def test_the_day_is_that_of_the_zone_and_not_of_greenwich():
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # already Thursday morning in Shanghai
    assert office().after(late, hours(1)) == local("2026-11-26T10:00")


def test_an_office_that_never_sleeps_is_open_until_midnight():
    always = office(**{"weekdays": [0, 1, 2, 3, 4, 5, 6], "from": "00:00", "to": "24:00"})
    assert always.after(local("2026-11-28T12:00"), hours(30)) == local("2026-11-29T18:00")


def test_where_the_clocks_change_the_hours_on_the_wall_decide():
    berlin = read_zone("Europe/Berlin")
    open_days = read_calendar(OFFICE | {"weekdays": [6, 0]}, berlin)
    before = local("2026-10-25T08:00", berlin)  # the Sunday on which summer time ends
    assert open_days.after(before, hours(1)) == datetime(2026, 10, 25, 9, tzinfo=UTC)
    assert open_days.after(before, hours(9)) == datetime(2026, 10, 26, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["Moon/Crater", "", 5, None, "../etc/passwd", "/etc/localtime"])
def test_a_zone_that_nobody_knows_is_refused(name):
    with pytest.raises(EntryRefused, match="is not known"):
        read_zone(name)


@pytest.mark.parametrize(
    ("changes", "entry"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [7]}, "weekdays"),
        ({"weekdays": [True]}, "weekdays"),
        ({"weekdays": "Monday"}, "weekdays"),
        ({"weekdays": None}, "weekdays"),
        ({"from": "9:00"}, "from"),
        ({"from": "09:60"}, "from"),
        ({"from": "0900"}, "from"),
        ({"from": 9}, "from"),
        ({"to": "24:01"}, "to"),
        ({"to": "09:30"}, "to"),
        ({"to": "08:00"}, "to"),
        ({"holidays": ["1 October"]}, "holidays"),
        ({"holidays": 5}, "holidays"),
        ({"workdays": [20261010]}, "workdays"),
        ({"lunch": "12:00"}, "lunch"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_by_its_entry(changes, entry):
    with pytest.raises(EntryRefused) as caught:
        office(**changes)
    assert caught.value.entry == entry
