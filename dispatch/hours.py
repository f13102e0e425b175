"""When caregivers work, by the clock on their wall, and when they must rest.

Hours are local: whoever works from eight works from eight in summer time too. Time zones are
data of the standard library, read once for each zone.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from dispatch.areas import ZONE_DEFAULT

DAY: Final = 24 * 60  # minutes
WEEK: Final = 7 * DAY
SPANS_MAX: Final = 50  # of one caregiver
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class HoursRefused(ValueError):
    """A text does not say when somebody works; the message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One span of a working week, in local time.

    A span that ends no later than it begins goes on until that time of the next day.
    """

    weekday: int  # on which it begins: 0 Monday … 6 Sunday
    from_minute: int  # of the day: 0 … 1439
    to_minute: int  # 1 … 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """How long caregivers may be on duty, and how long they rest then."""

    on_duty_max: timedelta
    rest_min: timedelta


def begins_and_lasts(one: Hours) -> tuple[int, int]:
    """Return at which minute of the week a span begins, Monday 0:00 first, and how many it has."""
    lasts = one.to_minute - one.from_minute
    return one.weekday * DAY + one.from_minute, lasts if lasts > 0 else lasts + DAY


def minute_of_week(zone: str, now: datetime) -> int:
    """Return the local minute of the week, Monday 0:00 first."""
    local = now.astimezone(zone_info(zone))
    return local.weekday() * DAY + local.hour * 60 + local.minute


def counts_from(
    rest: Rest | None, before: datetime | None, ended: datetime | None, now: datetime
) -> datetime:
    """Return from when duty that starts now counts as a stretch of duty.

    A break shorter than the rest does not end a stretch: it counts as duty, so that lunch costs
    nobody the evening and a minute off duty is no rest. Whoever comes back tired before the rest
    is over still rests until then: their stretch begins in the future.
    """
    if rest is None or before is None or ended is None or now - ended >= rest.rest_min:
        return now
    return before if now - before < rest.on_duty_max else ended + rest.rest_min


def must_rest(rest: Rest | None, since: datetime | None, now: datetime) -> bool:
    """Whether somebody on duty since then still rests, or has been at it for too long."""
    return rest is not None and since is not None and not since <= now < since + rest.on_duty_max


@cache
def zone_info(zone: str) -> ZoneInfo:
    """Return a time zone; one that nobody knows is the default: a gap must stop no search."""
    return ZoneInfo(zone if is_zone(zone) else ZONE_DEFAULT)


@cache
def is_zone(zone: str) -> bool:
    """Whether this is the IANA name of a time zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        return False
    return True


def read_hours(text: str) -> tuple[Hours, ...]:
    """Return the hours in a text like "mon-fri 08:00-17:00; 周六 22:00-06:00"; "" is always.

    Raises:
        HoursRefused: a part of it is something else, or there are too many.
    """
    parts = (part.strip() for part in _LIST_MARKS.split(normalize("NFKC", text).lower()))
    found = tuple(hours for part in parts if part for hours in _read_part(part))
    if len(found) > SPANS_MAX:
        raise HoursRefused(f"has more than {SPANS_MAX} spans")
    return found


def hours_text(hours: tuple[Hours, ...]) -> str:
    """Return hours as a text that `read_hours` reads, neighbouring days in one."""
    ordered = sorted(hours, key=lambda one: (one.from_minute, one.to_minute, one.weekday))
    parts: list[tuple[int, str]] = []
    for (begin, end), same in groupby(ordered, key=lambda one: (one.from_minute, one.to_minute)):
        for first, last in _runs([one.weekday for one in same]):
            days = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
            parts.append((first, f"{days} {_clock(begin)}-{_clock(end)}"))
    return "; ".join(text for _, text in sorted(parts))


_LIST_MARKS: Final = re.compile(r"[;,、]")
_PART: Final = re.compile(
    r"(\S+?)(?:\s*(?:-|至|到)\s*(\D\S*?))?\s+(\d{1,2}):(\d\d)\s*(?:-|至|到)\s*(\d{1,2}):(\d\d)"
)
_DAY_OF: Final = {
    **{word: day for day, word in enumerate(DAYS)},
    **{
        f"{week}{word}": day for week in ("周", "星期") for day, word in enumerate("一二三四五六日")
    },
}


def _read_part(part: str) -> list[Hours]:
    found = _PART.fullmatch(part)
    if found is None:
        raise HoursRefused(f"{part!r} is not like mon-fri 08:00-17:00")
    first, last, *clock = found.groups()
    if first in ("daily", "每天") and last is None:
        first, last = "mon", "sun"
    days = [_DAY_OF.get(word) for word in (first, last or first)]
    begin, end = (int(hour) * 60 + int(minute) for hour, minute in (clock[:2], clock[2:]))
    if None in days or int(clock[1]) > 59 or int(clock[3]) > 59:
        raise HoursRefused(f"{part!r} names no day or time of day")
    if not (begin < DAY and 0 <= end <= DAY):
        raise HoursRefused(f"{part!r} names a time after 24:00")
    first_day, last_day = days[0] or 0, days[1] or 0
    length = (last_day - first_day) % 7 + 1
    return [
        Hours(weekday=(first_day + index) % 7, from_minute=begin, to_minute=end or DAY)
        for index in range(length)
    ]


def _runs(days: list[int]) -> list[tuple[int, int]]:
    """Return the days, in order, as runs from first to last."""
    runs: list[tuple[int, int]] = []
    for day in dict.fromkeys(days):
        if runs and runs[-1][1] == day - 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
