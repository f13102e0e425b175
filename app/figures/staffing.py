"""How many operators and caregivers an area needs at each hour, from its own past calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from statistics import fmean, variance
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from app.database import DatabaseUnavailable, SchemaRefused, database
from app.settings import Settings
from app.storage.history import (
    GIVEN_UP_AFTER,
    HOUR,
    History,
    area_name,
    is_there,
    read_history,
    reading,
)
from dispatch.staffing import (
    Caregivers,
    Fieldwork,
    Operators,
    Target,
    caregivers_needed,
    operators_needed,
)

HOURS_MIN: Final = 4  # of one kind on record, before a mean of them says anything
CASES_MIN: Final = 30  # calls or visits on record, before their mean length says anything
HANDLING_S: Final = 180.0  # assumed before that; Source: Erlang tables of alarm desks
AT_WORK_S: Final = 2400.0  # the same for a visit; Source: San Francisco Fire Department, 2020-04
SPEED_KMH: Final = 15.0  # of a caregiver when there is none: an electric bicycle
NINE_IN_TEN: Final = 0.9


class NothingToPlanFrom(Exception):
    """No call of the area is on record, or there is no such area; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What the plan must hold at every hour."""

    answer: tuple[Target, ...] = (
        Target(share=0.975, within_s=60),
        Target(share=0.99, within_s=180),
    )
    none_free: float = 0.01  # share of calls that find every caregiver busy, at most
    arrive: Target = Target(share=0.9, within_s=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many come in an hour of one kind."""

    hours: int  # of this kind on record
    mean: float
    bursts: float  # variance over mean; 1 when they come by chance, 0 without any
    planned: float  # what the hour is planned for

    @property
    def is_bursty(self) -> bool:
        """Whether more come together than chance would bring."""
        return self.bursts > 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HourPlan:
    """Who is needed at one hour of a weekday, or of a Saturday or Sunday."""

    is_weekend: bool
    hour: int  # local, 0 to 23
    calls: Rate
    operators: Operators
    visits: Rate
    caregivers: Caregivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who is needed, why, and what was assumed."""

    area_id: str | None
    area_name: str
    zone: str
    start: datetime
    end: datetime
    promise: Promise
    handling_s: float
    variation: float
    fieldwork: Fieldwork  # of an hour with one visit
    hours: tuple[HourPlan, ...]  # 24 of weekdays, then 24 of weekends
    notes: tuple[str, ...]


async def plan_from_record(
    settings: Settings,
    *,
    area_id: str | None,
    weeks: int,
    promise: Promise,
    handling_s: float | None,
    now: datetime,
) -> Plan:
    """Return the plan of an area (None: everywhere) from the last `weeks` on record.

    Raises:
        NothingToPlanFrom: no call is on record, or the area is not known.
        DatabaseUnavailable: none answers, or not in time. SchemaRefused: it is empty.
    """
    is_own = settings.database_url is None or not settings.database_url.get_secret_value()
    if is_own and not settings.data_dir.exists():  # nothing is made by looking
        raise DatabaseUnavailable(f"There is no database in {settings.data_dir.absolute()}.")
    async with database(settings, is_migrated=False) as engine:
        try:
            async with reading(engine) as connection:
                if not await is_there(connection):
                    raise SchemaRefused("The database is empty: run `ydt migrate`.")
                name = "" if area_id is None else await area_name(connection, area_id)
                zone = ZoneInfo(settings.zone)
                history = await read_history(connection, area_id, weeks=weeks, zone=zone, now=now)
        except SQLAlchemyError as error:
            raise DatabaseUnavailable(
                f"The history could not be read within {GIVEN_UP_AFTER.seconds} s a question"
                " (or the connection was lost): ask for fewer --weeks."
            ) from error
    if name is None:
        raise NothingToPlanFrom(f"There is no area {area_id}.")
    if history is None:
        raise NothingToPlanFrom("No call is on record there in this time: nothing to plan from.")
    return plan(history, promise, area_id=area_id, name=name, zone=zone, handling_s=handling_s)


def plan(
    history: History,
    promise: Promise,
    *,
    area_id: str | None,
    name: str,
    zone: ZoneInfo,
    handling_s: float | None = None,
) -> Plan:
    """Return who is needed at each hour; `handling_s` overrides what the record says."""
    notes: list[str] = []
    handling_s, variation = _handling(history, handling_s, notes)
    work = _fieldwork(history, notes)
    calls = _rates(history, history.calls, zone)
    visits = _rates(history, history.visits, zone)
    notes += _notes_on_days(history, zone)
    if any(rate.is_bursty for rate in (*calls.values(), *visits.values())):
        notes.append(
            "At hours marked * more came together than by chance (variance above the mean): planned"
            " for the number that nine in ten of these hours did not exceed."
        )
    return Plan(
        area_id=area_id,
        area_name=name,
        zone=zone.key,
        start=history.start,
        end=history.end,
        promise=promise,
        handling_s=handling_s,
        variation=variation,
        fieldwork=work,
        hours=tuple(
            _hour(kind, calls[kind], visits[kind], promise, handling_s, variation, work)
            for kind in calls
        ),
        notes=tuple(notes),
    )


def _hour(
    kind: tuple[bool, int],
    calls: Rate,
    visits: Rate,
    promise: Promise,
    handling_s: float,
    variation: float,
    work: Fieldwork,
) -> HourPlan:
    is_weekend, hour = kind
    return HourPlan(
        is_weekend=is_weekend,
        hour=hour,
        calls=calls,
        operators=operators_needed(calls.planned, handling_s, promise.answer, variation=variation),
        visits=visits,
        caregivers=caregivers_needed(
            Fieldwork(
                visits_per_h=visits.planned,
                at_work_s=work.at_work_s,
                speed_kmh=work.speed_kmh,
                area_km2=work.area_km2,
            ),
            none_free=promise.none_free,
            arrive=promise.arrive,
        ),
    )


def _handling(history: History, given_s: float | None, notes: list[str]) -> tuple[float, float]:
    """Return the mean handling and its variation; evener than exponential counts as exponential.

    Fewer operators because all calls are alike would be a bet on the next night.
    """
    handled = history.handled
    if given_s is not None:
        notes.append(f"Handling: {given_s:g} s a call, as given.")
        return given_s, 1.0
    if handled.calls < CASES_MIN:
        notes.append(
            f"Handling: {handled.calls} calls on record that an operator took and that are over,"
            f" fewer than {CASES_MIN}: assumed {HANDLING_S:g} s a call."
        )
        return HANDLING_S, 1.0
    notes.append(
        f"Handling: {handled.mean_s:.0f} s a call, from taking it to closing it, claims that"
        " overlap counted once; where operators do less than that, say --handling."
    )
    return max(1.0, handled.mean_s), max(1.0, handled.variation)


def _fieldwork(history: History, notes: list[str]) -> Fieldwork:
    visited = history.visited
    at_work_s = max(0.0, visited.mean_s - visited.travel_s)
    if visited.visits < CASES_MIN:
        at_work_s = AT_WORK_S
        notes.append(
            f"Visits: {visited.visits} on record that are over, fewer than {CASES_MIN}: assumed"
            f" {AT_WORK_S:g} s each without the way."
        )
    if history.speed_kmh is None:
        notes.append(f"No caregiver is enrolled there: assumed {SPEED_KMH:g} km/h.")
    if history.area_km2 is None:
        notes.append("The border is not known: caregivers are planned without the way.")
    return Fieldwork(
        visits_per_h=1.0,
        at_work_s=at_work_s,
        speed_kmh=history.speed_kmh or SPEED_KMH,
        area_km2=history.area_km2,
    )


def _kinds() -> Iterator[tuple[bool, int]]:
    return ((is_weekend, hour) for is_weekend in (False, True) for hour in range(24))


def _hours_of(history: History, zone: ZoneInfo) -> dict[tuple[bool, int], list[datetime]]:
    """Return the hours on record by their kind: on a weekend or not, and the local hour."""
    found: dict[tuple[bool, int], list[datetime]] = {kind: [] for kind in _kinds()}
    at = history.start
    while at < history.end:
        local = at.astimezone(zone)
        found[local.weekday() >= 5, local.hour].append(at)
        at += HOUR
    return found


def _rates(
    history: History, counts: Mapping[datetime, int], zone: ZoneInfo
) -> dict[tuple[bool, int], Rate]:
    """Return the rate of each kind of hour; with few on record, of wider kinds."""
    hours = _hours_of(history, zone)
    every = [at for some in hours.values() for at in some]
    rates: dict[tuple[bool, int], Rate] = {}
    for is_weekend, hour in hours:
        own = hours[is_weekend, hour]
        same_hour = hours[False, hour] + hours[True, hour]
        wide = next((one for one in (own, same_hour) if len(one) >= HOURS_MIN), every)
        rates[is_weekend, hour] = _rate([counts.get(at, 0) for at in wide], len(own))
    return rates


def _rate(counts: Sequence[int], hours: int) -> Rate:
    mean = fmean(counts)
    bursts = variance(counts) / mean if mean and len(counts) > 1 else 0.0
    most = sorted(counts)[ceil(NINE_IN_TEN * len(counts)) - 1]
    planned = max(mean, most) if bursts > 1.0 else mean
    return Rate(hours=hours, mean=mean, bursts=bursts, planned=planned)


def _notes_on_days(history: History, zone: ZoneInfo) -> list[str]:
    hours = _hours_of(history, zone)
    notes: list[str] = []
    for is_weekend, words in ((False, "Weekdays"), (True, "Weekends")):
        fewest = min(len(hours[is_weekend, hour]) for hour in range(24))
        if fewest < HOURS_MIN:
            notes.append(
                f"{words}: some hours are on record {fewest} times, fewer than {HOURS_MIN}:"
                " planned with weekdays and weekends together, or else with all hours together."
            )
    if sum(history.calls.values()) < CASES_MIN:
        notes.append(
            f"Only {sum(history.calls.values())} calls are on record: trust the plan little."
        )
    return notes
