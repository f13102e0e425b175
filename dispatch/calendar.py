"""When an office is open, so that a deadline can be counted in its hours.

As a plan file writes it; times of day and dates are those of the file's zone:

    [calendars.office]
    weekdays = [0, 1, 2, 3, 4]   # Monday is 0
    from = "09:00"
    to = "17:30"
    holidays = ["2026-10-01"]    # closed, whatever the weekday
    workdays = ["2026-10-10"]    # open, whatever the weekday: made up for a holiday
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from dispatch.errors import EntryRefused

OPEN_MIN: Final = timedelta(hours=1)  # a day, so that no deadline is years away
_DAY: Final = timedelta(days=1)
_ENTRIES: Final = ("weekdays", "from", "to", "holidays", "workdays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The open hours of every day, in one zone."""

    zone: ZoneInfo
    weekdays: frozenset[int]  # open ones, Monday is 0; at least one
    opens: timedelta  # after midnight by the clock on the wall
    closes: timedelta  # at least OPEN_MIN later
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_open_on(self, day: date) -> bool:
        """Whether there are open hours on this day; a made-up workday beats a holiday."""
        if day in self.workdays:
            return True
        return day.weekday() in self.weekdays and day not in self.holidays

    def after(self, start: datetime, open_time: timedelta) -> datetime:
        """Return when so much open time has passed since `start`, both aware UTC."""
        day = start.astimezone(self.zone).date()
        while True:
            if self.is_open_on(day):
                opens, closes = self._hours(day)
                begins = max(start, opens)
                if begins + open_time <= closes:
                    return begins + open_time
                open_time -= max(closes - begins, timedelta(0))
            day += _DAY

    def _hours(self, day: date) -> tuple[datetime, datetime]:
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return (midnight + self.opens).astimezone(UTC), (midnight + self.closes).astimezone(UTC)


def read_zone(value: object) -> ZoneInfo:
    """Return the zone of this name, as "Asia/Shanghai".

    Raises:
        EntryRefused: there is none.
    """
    if isinstance(value, str) and value:
        try:
            return ZoneInfo(value)
        except (KeyError, ValueError, OSError):  # unknown, a path that leads out, a folder
            pass
    raise EntryRefused("zone", f"zone {value!r} is not known")


def read_calendar(table: Mapping[str, Any], zone: ZoneInfo) -> Calendar:
    """Return the calendar that a table of a plan file describes.

    Raises:
        EntryRefused: an entry is missing, unknown or cannot be.
    """
    unknown = sorted(set(table) - set(_ENTRIES))
    if unknown:
        raise EntryRefused(unknown[0], f"has an unknown entry {unknown[0]}")
    opens, closes = _minutes(table, "from"), _minutes(table, "to")
    if closes - opens < OPEN_MIN:
        raise EntryRefused("to", "is not open for an hour a day: `to` is too early")
    return Calendar(
        zone=zone,
        weekdays=_weekdays(table.get("weekdays")),
        opens=opens,
        closes=closes,
        holidays=_dates(table, "holidays"),
        workdays=_dates(table, "workdays"),
    )


def _weekdays(value: object) -> frozenset[int]:
    days = cast("list[object]", value) if isinstance(value, list) else []
    if not days or not all(type(day) is int and 0 <= day <= 6 for day in days):
        raise EntryRefused("weekdays", "weekdays is not a list of numbers from 0 (Monday) to 6")
    return frozenset(cast("list[int]", days))


def _minutes(table: Mapping[str, Any], name: str) -> timedelta:
    value: object = table.get(name)
    hours, colon, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    if colon and len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal():
        time = timedelta(hours=int(hours), minutes=int(minutes))
        if int(minutes) < 60 and time <= _DAY:
            return time
    raise EntryRefused(name, f'{name} is not a time of day as "09:00"')


def _dates(table: Mapping[str, Any], name: str) -> frozenset[date]:
    value: object = table.get(name, [])
    try:
        return frozenset(_date(one) for one in cast("list[object]", value))
    except (TypeError, ValueError) as error:
        raise EntryRefused(name, f'{name} is not a list of dates as "2026-10-01"') from error


def _date(value: object) -> date:
    if type(value) is date:
        return value
    if isinstance(value, str):
        return date.fromisoformat(value)
    raise TypeError
