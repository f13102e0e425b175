"""The figures of the big screen: how the control room stands, in numbers. Nobody is named.

All of it is counts: kept as facts come (`Answered`), counted once a minute (`Silence`), or counted
in one pass over open calls and caregivers, made again only when a fact has been recorded since.
No figure costs a walk through the residents.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from app.silence import Silence
from app.views.answered import Answered
from dispatch.areas import Level, Territory
from dispatch.attendance import AttendanceState
from dispatch.book import Book
from dispatch.ids import AreaId
from dispatch.incident import Incident
from dispatch.plans import Gravity
from dispatch.status import Status, status_of

View: TypeAlias = dict[str, Any]
COMING: Final = (
    AttendanceState.ACCEPTED,
    AttendanceState.EN_ROUTE,
    AttendanceState.ON_SCENE,
)
SCOPES_MAX: Final = 200  # accounts' sets of areas whose reach is remembered


@dataclass(slots=True)
class _Counted:
    """What the book holds, by area, as of one number of the journal."""

    cursor: str
    waiting: list[Incident] = field(default_factory=list[Incident])
    helped: Counter[AreaId | None] = field(default_factory=Counter[AreaId | None])
    open: Counter[AreaId | None] = field(default_factory=Counter[AreaId | None])
    coming: dict[AttendanceState, Counter[AreaId | None]] = field(
        default_factory=lambda: {state: Counter() for state in COMING}
    )
    free: Counter[AreaId] = field(default_factory=Counter[AreaId])
    on_duty: Counter[AreaId] = field(default_factory=Counter[AreaId])


class Wallboard:
    """The read model of the big screen."""

    def __init__(self, answered: Answered, silence: Silence) -> None:
        self._answered = answered
        self._silence = silence
        self._counted = _Counted("")
        self._reach: dict[tuple[str, ...], dict[AreaId, AreaId]] = {}
        self._reach_of = -1  # the version of the territory for which that holds

    def view(
        self,
        book: Book,
        cursor: str,
        areas: Sequence[str],
        covers: Callable[..., bool],
        now: datetime,
    ) -> View:
        """Return the figures of an account's areas; `cursor` says how far the book has been told.

        A call that lies in no known area is everybody's, as on the console.
        """
        if self._counted.cursor != cursor:
            self._counted = _count(book, cursor)
        counted, path = self._counted, book.territory.path

        def is_mine(area_id: AreaId | None) -> bool:
            way = path(area_id)
            return not way or covers(way)

        streets = self._streets(book.territory, tuple(areas), covers)
        waiting = [one for one in counted.waiting if is_mine(one.area_id)]
        silent = [two for area_id, two in self._silence.counts.items() if is_mine(area_id)]
        return {
            "server_time": now,
            "areas": [_name(book.territory, one) for one in areas],  # "*": everywhere
            "calls": {
                "open": _sum(counted.open, is_mine),
                "waiting": len(waiting),
                "grave": sum(one.gravity <= Gravity.URGENT for one in waiting),
                "waiting_since": min(map(self._waits_since, waiting), default=None),
                "to_close": _sum(counted.helped, is_mine),
            },
            "answered": self._answered.shares(is_mine, now),  # pyright: ignore[reportArgumentType]
            "coming": {state: _sum(counted.coming[state], is_mine) for state in COMING},
            "streets": _by_street(book.territory, counted, streets),
            "handsets": {
                "silent": sum(two[0] for two in silent),
                "all": sum(two[1] for two in silent),
                "silent_after_s": self._silence.after.total_seconds(),
                "counted_at": self._silence.looked_at,
            },
            "operators": len(book.desk),
            "overload": book.overload
            and {"since": book.overload.since, "waiting": len(book.untaken)},
            "rounds": [
                {"id": one.id, "left": len(one.left), "total": one.total, "overdue": one.is_overdue}
                for one in book.rounds.values()
            ],
        }

    def _waits_since(self, incident: Incident) -> datetime:
        return self._answered.free_since(incident.id) or incident.raised_at

    def _streets(
        self, territory: Territory, areas: tuple[str, ...], covers: Callable[..., bool]
    ) -> dict[AreaId, AreaId]:
        """Return the areas of an account, each with its street; a wider one stands for itself."""
        if self._reach_of != territory.version or len(self._reach) > SCOPES_MAX:
            self._reach.clear()
            self._reach_of = territory.version
        if areas not in self._reach:
            paths = (territory.path(area_id) for area_id in territory.areas)
            self._reach[areas] = {
                path[-1]: _street(territory, path) for path in paths if covers(path)
            }
        return self._reach[areas]


def _count(book: Book, cursor: str) -> _Counted:
    """Count open calls, who comes to them, and caregivers: one pass over each."""
    counted = _Counted(cursor)
    for incident in book.incidents.values():
        counted.open[incident.area_id] += 1
        for one in book.active_attendances(incident):
            counted.coming[one.state][incident.area_id] += 1
        if incident.claim.is_held or incident.gravity is Gravity.SERVICE:
            continue
        if status_of(book, incident) is Status.HELPED:
            counted.helped[incident.area_id] += 1
        else:
            counted.waiting.append(incident)
    for person in book.roster.everybody():
        if person.is_on_duty and person.is_active:
            counted.on_duty[person.area_id] += 1
            counted.free[person.area_id] += not person.work and not person.offer
    return counted


def _by_street(
    territory: Territory, counted: _Counted, streets: dict[AreaId, AreaId]
) -> list[View]:
    """Return each street with its free caregivers, the fewest first.

    An area wider than a street has a row only when caregivers of the whole of it are on duty.
    """
    free, on_duty = Counter[AreaId](), Counter[AreaId]()
    rows = {one for one in streets.values() if territory.areas[one].level is Level.STREET}
    for area_id, number in counted.on_duty.items():
        street = streets.get(area_id)
        if street is not None:
            rows.add(street)
            on_duty[street] += number
            free[street] += counted.free[area_id]
    return [
        {
            "code": one,
            "name": territory.areas[one].name,
            "level": territory.areas[one].level,
            "free": free[one],
            "on_duty": on_duty[one],
        }
        for one in sorted(rows, key=lambda one: (free[one], one))
    ]


def _street(territory: Territory, path: tuple[AreaId, ...]) -> AreaId:
    return next((one for one in path if territory.areas[one].level is Level.STREET), path[-1])


def _name(territory: Territory, area_id: str) -> str:
    area = territory.areas.get(AreaId(area_id))
    return area.name if area else area_id


def _sum(counts: Counter[AreaId | None], is_mine: Callable[[AreaId | None], bool]) -> int:
    return sum(number for area_id, number in counts.items() if is_mine(area_id))
