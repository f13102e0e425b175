"""By what calls are put together for a report: area, kind, team, hour, day or month."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np

from app.figures.timing import Calls, Ints
from dispatch.areas import Area, Level
from dispatch.ids import AreaId

Areas: TypeAlias = Mapping[AreaId, Area]


class By(StrEnum):
    """What calls of one group have in common."""

    AREA = "area"
    KIND = "kind"
    ORGANISATION = "organisation"
    HOUR = "hour"  # of the day
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """The groups that calls fall into, in the order in which they are shown."""

    keys: Sequence[str]
    places: Ints  # of each call: its group


def group(calls: Calls, by: By, level: Level, areas: Areas, days: Sequence[date]) -> Groups:
    """Return the groups of calls. Hours, days and months are there even without a call.

    `level` is how wide areas are, and those that teams come from; `days` are those asked for.
    """
    match by:
        case By.AREA:
            return _by_words(calls.path, calls.paths, lambda path: area_at(path, level, areas))
        case By.KIND:
            return _by_words(calls.kind, calls.kinds, lambda kind: kind)
        case By.ORGANISATION:
            return _by_words(calls.team, calls.teams, lambda team: team_at(team, level, areas))
        case By.HOUR:
            return Groups(keys=[str(hour) for hour in range(24)], places=calls.hour)
        case By.DAY | By.MONTH:
            chars = len("2026-11-25") if by is By.DAY else len("2026-11")
            return _by_days(calls, days, chars)


def area_at(path: str, level: Level, areas: Areas) -> str:
    """Return the area of a path that is as wide as `level`, "" when it has none."""
    found = (
        one for one in path.split("/") if (area := areas.get(AreaId(one))) and area.level is level
    )
    return next(found, "")


def team_at(team: str, level: Level, areas: Areas) -> str:
    """Return KIND/AREA with the area as wide as `level`, or the team's own when that is wider."""
    kind, _, area_id = team.partition("/")
    if not kind:
        return ""
    path = path_of(area_id, areas)
    wide = next((one for one in path if areas[AreaId(one)].level is level), area_id)
    return f"{kind}/{wide}"


def path_of(area_id: str | None, areas: Areas) -> tuple[str, ...]:
    """Return an area and all above it, widest first."""
    path: list[str] = []
    at = AreaId(area_id) if area_id else None
    while at is not None and at in areas and at not in path:
        path.append(at)
        at = areas[at].parent_id
    return tuple(reversed(path))


def days_between(first: date, last: date) -> list[date]:
    """Return every day from the first to the last, both meant."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


_ORDER: Final = {level: width for width, level in enumerate(Level)}
LEVELS: Final = tuple(level for level in sorted(_ORDER, key=_ORDER.__getitem__) if level.is_area)


def _by_words(places: Ints, words: Sequence[str], key_of: Callable[[str], str]) -> Groups:
    """Return groups by what each word stands for, the largest first."""
    keys = [key_of(word) for word in words]
    counts = np.bincount(places, minlength=len(words))
    sizes: dict[str, int] = {}
    for key, count in zip(keys, counts.tolist(), strict=True):
        sizes[key] = sizes.get(key, 0) + count
    shown = sorted(sizes, key=lambda key: (-sizes[key], key))
    place_of = {key: place for place, key in enumerate(shown)}
    wanted = np.array([place_of[key] for key in keys], dtype=np.int32)
    return Groups(keys=shown, places=wanted[places] if len(wanted) else places)


def _by_days(calls: Calls, days: Sequence[date], chars: int) -> Groups:
    keys = list(dict.fromkeys(day.isoformat()[:chars] for day in days))
    place_of = {key: place for place, key in enumerate(keys)}
    wanted = np.array([place_of[day.isoformat()[:chars]] for day in days], dtype=np.int32)
    first = days[0].toordinal() if days else 0
    return Groups(keys=keys, places=wanted[calls.day - first] if len(calls) else calls.day)
