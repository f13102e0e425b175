"""How soon calls are answered: counts that are kept as calls come, for the wallboard.

A call is answered when an operator first takes it; one that is closed without having been taken,
at its closing. It counts towards the moment at which it was raised. Calls about a device, calls
that an operator opened and calls that the control room raised by itself are not counted: nobody
waited for those to be answered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from dispatch import facts as f
from dispatch.plans import Gravity

TARGETS: Final[Mapping[int, float]] = {60: 97.5, 180: 99.0}
"""Seconds within which a call is answered, and of how many in a hundred that is asked.

Source: TSA Quality Standards, as in `standards.md`.
"""

NOBODY_WAITS: Final = frozenset({"telephone", "round", "habit", "rhythm"})
"""Channels of calls that the desk itself opened."""

HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
MINUTES_KEPT: Final = 90
DAYS_KEPT: Final = 2

AreaCode: TypeAlias = str | None
Covers: TypeAlias = Callable[[AreaCode], bool]
View: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Tally:
    """The answered calls of one area that were raised in one minute, or on one day."""

    answered: int = 0
    in_time: dict[int, int] = field(default_factory=lambda: dict.fromkeys(TARGETS, 0))

    def add(self, waited: timedelta) -> None:
        """Count a call that was answered after so long."""
        self.answered += 1
        for within_s in TARGETS:
            self.in_time[within_s] += waited <= timedelta(seconds=within_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A call that counts: when it was raised, where, and when an operator first took it."""

    incident_id: str
    area_id: AreaCode
    raised_at: datetime
    answered_at: datetime | None = None


class Answered:
    """Calls by how soon they were answered, and since when each call waits for the desk."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._unanswered: dict[str, Counted] = {}
        self._minutes: dict[datetime, dict[AreaCode, Tally]] = {}
        self._days: dict[date, dict[AreaCode, Tally]] = {}
        self._free_since: dict[str, datetime] = {}

    def begin_of_day(self, now: datetime) -> datetime:
        """Return the moment from which the day's calls count, by the house's time zone."""
        return now.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def load(self, calls: Iterable[Counted], free_since: Mapping[str, datetime]) -> None:
        """Take up what happened before the start: calls that count, and since when calls wait."""
        for call in sorted(calls, key=lambda one: one.raised_at):
            self._unanswered[call.incident_id] = call
            if call.answered_at is not None:
                self._answer(call.incident_id, call.answered_at)
        self._free_since.update(free_since)

    def note(self, facts: Iterable[f.Fact]) -> None:
        """Take up what was just put on record; facts that say nothing of this are passed over."""
        for fact in facts:
            match fact:
                case f.IncidentRaised():
                    self._free_since[fact.incident_id] = fact.at
                    if fact.gravity is not Gravity.SERVICE and fact.channel not in NOBODY_WAITS:
                        self._unanswered[fact.incident_id] = Counted(
                            incident_id=fact.incident_id, area_id=fact.area_id, raised_at=fact.at
                        )
                case f.IncidentClaimed() | f.IncidentClosed():
                    self._free_since.pop(fact.incident_id, None)
                    self._answer(fact.incident_id, fact.at)
                case f.ClaimReleased() | f.ClaimLapsed() | f.IncidentReopened():
                    self._free_since[fact.incident_id] = fact.at
                case _:
                    pass

    def free_since(self, incident_id: str) -> datetime | None:
        """Return since when nobody at the desk has an open call."""
        return self._free_since.get(incident_id)

    def shares(self, covers: Covers, now: datetime) -> View:
        """Return for the last hour and the day how many calls were answered in time, of how many.

        A call that still waits counts as late as soon as it can no longer be in time.
        """
        an_hour_ago = now - HOUR
        today = self.begin_of_day(now)
        minutes = [cells for at, cells in self._minutes.items() if at > an_hour_ago]
        day = self._days.get(today.date(), {})
        return {
            "hour": self._share(minutes, an_hour_ago, covers, now),
            "day": self._share([day], today, covers, now),
        }

    def _share(
        self,
        cells: Iterable[Mapping[AreaCode, Tally]],
        since: datetime,
        covers: Covers,
        now: datetime,
    ) -> list[View]:
        tallies = list(_covered(cells, covers))
        waits = [
            now - one.raised_at
            for one in self._unanswered.values()
            if one.raised_at > since and covers(one.area_id)
        ]
        answered = sum(one.answered for one in tallies)
        return [
            {
                "within_s": within_s,
                "target_pct": target_pct,
                "in_time": sum(one.in_time[within_s] for one in tallies),
                "calls": answered + sum(wait > timedelta(seconds=within_s) for wait in waits),
            }
            for within_s, target_pct in TARGETS.items()
        ]

    def _answer(self, incident_id: str, at: datetime) -> None:
        call = self._unanswered.pop(incident_id, None)
        if call is None:
            return
        waited = at - call.raised_at
        minute = call.raised_at.replace(second=0, microsecond=0)
        day = call.raised_at.astimezone(self._zone).date()
        for kept, key in ((self._minutes, minute), (self._days, day)):
            kept.setdefault(key, {}).setdefault(call.area_id, Tally()).add(waited)  # pyright: ignore[reportArgumentType]
        _forget(self._minutes, max(self._minutes) - MINUTES_KEPT * MINUTE)
        _forget(self._days, max(self._days) - timedelta(days=DAYS_KEPT))


def _covered(cells: Iterable[Mapping[AreaCode, Tally]], covers: Covers) -> Iterator[Tally]:
    for one in cells:
        yield from (tally for area_id, tally in one.items() if covers(area_id))


def _forget(kept: dict[Any, dict[AreaCode, Tally]], before: datetime | date) -> None:
    for key in [key for key in kept if key < before]:
        del kept[key]
