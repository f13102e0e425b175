"""A log of real emergency calls, one CSV row for each unit sent: read, checked, summed up.

The columns are those of `simulator/data/sf_fire_calls_2days.csv` (San Francisco Fire
Department, public domain; see ORIGIN.md beside it). Rows of one call share its number.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import groupby
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from simulator.city.plane import Place

LOG_ZONE: Final = ZoneInfo("America/Los_Angeles")
THREAT_GROUP: Final = "Potentially Life-Threatening"
THREAT_PRIORITY: Final = 3
TOO_MANY: Final = "(none)"  # column of cells that have no header
LATEST: Final = datetime.max.replace(tzinfo=UTC)

KINDS: Final[Mapping[str, str]] = {
    "Alarms": "alarm",
    "Assist Police": "police_assist",
    "Citizen Assist / Service Call": "citizen_assist",
    "Electrical Hazard": "electrical",
    "Elevator / Escalator Rescue": "elevator",
    "Fuel Spill": "fuel_spill",
    "Gas Leak (Natural and LP Gases)": "gas_leak",
    "Medical Incident": "medical",
    "Odor (Strange / Unknown)": "odour",
    "Other": "other",
    "Outside Fire": "outside_fire",
    "Smoke Investigation (Outside)": "smoke",
    "Structure Fire": "structure_fire",
    "Traffic Collision": "traffic",
    "Vehicle Fire": "vehicle_fire",
    "Water Rescue": "water_rescue",
}

T = TypeVar("T")
Row = Mapping[str, str]


class CallLogRefused(ValueError):
    """A row of the log cannot be understood."""

    def __init__(self, line: int, column: str, value: str) -> None:
        super().__init__(f"line {line}, column {column}: {value!r}")
        self.line = line  # the header is line 1
        self.column = column
        self.value = value


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnit:
    """What one unit did for a call; times are aware UTC, None where it never came to that."""

    unit_id: str
    unit_type: str  # such as "MEDIC", "ENGINE", "CHIEF"
    dispatch: datetime | None
    response: datetime | None  # rolling
    on_scene: datetime | None
    available: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall:
    """One call and the units it was given, first dispatched first."""

    number: str
    kind: str  # one of KINDS
    received: datetime  # aware UTC
    priority: int | None
    life_threat: bool
    station_area: str
    battalion: str
    neighbourhood: str
    place: Place
    disposition: str
    units: tuple[CallUnit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """How long each step took, in seconds, as samples to draw from."""

    call_to_dispatch_s: tuple[float, ...]  # received → first unit dispatched, one a call
    dispatch_to_response_s: tuple[float, ...]  # one a unit, as are the next two
    response_to_scene_s: tuple[float, ...]
    scene_to_available_s: tuple[float, ...]
    call_to_scene_s: tuple[float, ...]  # received → first unit on scene, one a call


def two_days() -> list[LoggedCall]:
    """Return the calls that come with the simulator: 9 and 10 April 2020."""
    source = resources.files("simulator") / "data" / "sf_fire_calls_2days.csv"
    return read_calls(source.read_text(encoding="utf-8"))


def read_calls(text_or_lines: str | Iterable[str]) -> list[LoggedCall]:
    """Return the calls of a log, by time of receipt.

    Raises:
        CallLogRefused: a row lacks a column, or holds what that column cannot mean.
    """
    lines = text_or_lines.splitlines() if isinstance(text_or_lines, str) else text_or_lines
    reader = csv.DictReader(lines, restkey=TOO_MANY, restval="")
    sent = [_call(_Reading(line=reader.line_num, row=row)) for row in reader]
    sent.sort(key=lambda call: call.number)
    calls = [_joined(list(rows)) for _, rows in groupby(sent, lambda call: call.number)]
    return sorted(calls, key=_received)


def window(calls: Iterable[LoggedCall], start: datetime, duration: timedelta) -> list[LoggedCall]:
    """Return the calls received from `start` until just before `duration` later, by time."""
    kept = [call for call in calls if start <= call.received < start + duration]
    return sorted(kept, key=_received)


def busiest_hour(calls: Iterable[LoggedCall]) -> datetime:
    """Return the start of the clock hour with the most calls, the earliest of equals.

    Raises:
        ValueError: there are no calls.
    """
    hours = Counter(call.received.replace(minute=0, second=0, microsecond=0) for call in calls)
    return max(sorted(hours), key=lambda hour: hours[hour])


def handling(calls: Sequence[LoggedCall]) -> Handling:
    """Return the samples of all calls given; choose the calls first to have one kind only."""
    units = [unit for call in calls for unit in call.units]
    return Handling(
        call_to_dispatch_s=_seconds((call.received, _first_dispatch(call)) for call in calls),
        dispatch_to_response_s=_seconds((unit.dispatch, unit.response) for unit in units),
        response_to_scene_s=_seconds((unit.response, unit.on_scene) for unit in units),
        scene_to_available_s=_seconds((unit.on_scene, unit.available) for unit in units),
        call_to_scene_s=_seconds((call.received, _first_on_scene(call)) for call in calls),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """One row and where it stood."""

    line: int
    row: Row

    def text(self, column: str) -> str:
        value = self.row.get(column, "")
        if not value:
            raise CallLogRefused(self.line, column, value)
        return value

    def parsed(self, column: str, parse: Callable[[str], T]) -> T:
        value = self.text(column)
        try:
            return parse(value)
        except (ValueError, KeyError):
            raise CallLogRefused(self.line, column, value) from None

    def maybe(self, column: str, parse: Callable[[str], T]) -> T | None:
        return self.parsed(column, parse) if self.row.get(column) else None


def _call(row: _Reading) -> LoggedCall:
    """Return what one row tells: a call with the one unit."""
    if TOO_MANY in row.row:
        raise CallLogRefused(row.line, TOO_MANY, row.text(TOO_MANY))
    priority = row.maybe("final_priority", int)
    return LoggedCall(
        number=row.text("call_number"),
        kind=row.parsed("call_type", KINDS.__getitem__),
        received=row.parsed("received", _utc),
        priority=priority,
        life_threat=row.row.get("call_type_group") == THREAT_GROUP or priority == THREAT_PRIORITY,
        station_area=row.text("station_area"),
        battalion=row.text("battalion"),
        neighbourhood=row.text("neighborhood"),
        place=(row.parsed("lng", _degrees(180)), row.parsed("lat", _degrees(90))),
        disposition=row.text("disposition"),
        units=(_unit(row),),
    )


def _joined(rows: Sequence[LoggedCall]) -> LoggedCall:
    """Return one call with the units of all its rows; what they share is the first row's."""
    units = [unit for row in rows for unit in row.units]
    by_dispatch = sorted(units, key=lambda unit: (unit.dispatch or LATEST, unit.unit_id))
    return replace(rows[0], units=tuple(by_dispatch))


def _unit(row: _Reading) -> CallUnit:
    return CallUnit(
        unit_id=row.text("unit_id"),
        unit_type=row.text("unit_type"),
        dispatch=row.maybe("dispatch", _utc),
        response=row.maybe("response", _utc),
        on_scene=row.maybe("on_scene", _utc),
        available=row.maybe("available", _utc),
    )


def _utc(text: str) -> datetime:
    """Return a time of the log, which is local and names no zone, in UTC."""
    local = datetime.fromisoformat(text)
    if local.tzinfo is not None:
        raise ValueError(text)
    return local.replace(tzinfo=LOG_ZONE).astimezone(UTC)


def _degrees(limit: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not -limit <= value <= limit:  # refuses NaN too
            raise ValueError(text)
        return value

    return parse


def _received(call: LoggedCall) -> tuple[datetime, str]:
    return call.received, call.number


def _first_dispatch(call: LoggedCall) -> datetime | None:
    return min((unit.dispatch for unit in call.units if unit.dispatch), default=None)


def _first_on_scene(call: LoggedCall) -> datetime | None:
    return min((unit.on_scene for unit in call.units if unit.on_scene), default=None)


def _seconds(spans: Iterable[tuple[datetime | None, datetime | None]]) -> tuple[float, ...]:
    """Return the lengths of the spans that have both ends, in order; backward ones are left out."""
    both = [(end - start).total_seconds() for start, end in spans if start and end]
    return tuple(seconds for seconds in both if seconds >= 0)
