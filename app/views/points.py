"""What the map shows as points: caregivers on duty, open calls, and how loaded each area is.

Maps ask every two seconds, and most of 5,000 caregivers have not moved since. So the points are
kept with the number of their last change, looked through at most once a second for all maps
together, a few at a time, so that no call for help waits behind a map; and a map is sent only
what has changed since it last asked. Nobody is named here.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from app.center import Center
from app.views.feed import Feed
from dispatch.book import Book
from dispatch.ids import AreaId, CaregiverId
from dispatch.incident import Incident
from dispatch.roster import Caregiver
from dispatch.status import status_of

View: TypeAlias = dict[str, Any]
FREE, ASKED, BUSY = "f", "a", "b"
LOOK_EVERY_S: Final = 1.0
SLICE: Final = 250  # caregivers looked at in one go: about a millisecond
GONE_MAX: Final = 5_000  # remembered; a map that asks less often gets everything again
DECIMALS: Final = 5  # of a degree: a metre
Covers: TypeAlias = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True)
class _Point:
    """One caregiver on duty: what is sent, where they belong, and when that changed."""

    row: tuple[str, float | None, float | None, str, str, int | None]
    area_id: AreaId
    number: int


class Points:
    """The read model of the map."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._points: dict[CaregiverId, _Point] = {}
        self._gone: OrderedDict[CaregiverId, _Point] = OrderedDict()
        self._gone_since = 0  # who went before this number is forgotten
        self._number = 0  # of the look that goes on, or went on last
        self._looked = 0  # of the last that is over: all that it found is here
        self._looking = asyncio.Lock()
        self._look_at = 0.0

    async def freshen(self, center: Center) -> None:
        """Look through the caregivers, unless somebody has within the last second."""
        loop = asyncio.get_running_loop()
        async with self._looking:
            if loop.time() < self._look_at:
                return
            self._number += 1
            people = await center.read(lambda book: book.roster.everybody())
            for start in range(0, len(people), SLICE):
                some = [one.id for one in people[start : start + SLICE]]
                await center.read(lambda book, some=some: self._take(book, some))
                await asyncio.sleep(0)  # let calls for help pass
            self._looked = self._number
            self._look_at = loop.time() + LOOK_EVERY_S

    def frame(
        self,
        book: Book,
        cursor: str,
        after: str,
        *,
        covers: Covers,
        shown: Callable[[Incident], bool],
    ) -> View:
        """Return what has changed since `after`, the stamp of an earlier frame, or everything.

        What is `off` or `closed` goes before what is new: somebody may have changed areas.

        `covers` says which areas are the asker's, `shown` puts the look at a call's place on
        record; where it says False the place is withheld.
        """
        since = self._since(book, cursor, after)
        is_mine = _remembering(covers, book)
        changed = self._calls(book, since and since[0])
        calls = [one for one in changed if _is_for(book, one, is_mine)]
        number = since[1] if since else -1
        points = (one for one in self._points.values() if one.number > number)
        gone = (
            key for key, one in self._gone.items() if one.number > number and is_mine(one.area_id)
        )
        return {
            "stamp": f"{cursor}:{self._looked}:{book.territory.version}",
            "whole": since is None,
            "caregivers": [one.row for one in points if is_mine(one.area_id)],
            "off": list(gone) if since else [],
            "calls": [_call(book, one, with_place=shown(one)) for one in calls if one.is_open],
            "closed": [one.id for one in calls if not one.is_open],
            "load": self._load(book, is_mine),
        }

    def _since(self, book: Book, cursor: str, after: str) -> tuple[int, int] | None:
        """Return the numbers of fact and change in a stamp; None when it cannot be gone on from."""
        parts = after.split(":")
        if len(parts) != 4 or not all(one.isascii() and one.isdigit() for one in parts):
            return None
        if any(len(one) > 18 for one in parts):
            return None
        epoch, fact, number, version = (int(one) for one in parts)
        is_ours = cursor.partition(":")[0] == str(epoch) and version == book.territory.version
        return (fact, number) if is_ours and self._gone_since <= number <= self._looked else None

    def _calls(self, book: Book, fact: int | None) -> Sequence[Incident]:
        """Return the calls that changed since a fact, or else all that are open."""
        missed = None if fact is None else self._feed.missed(book, fact)
        return list(book.incidents.values()) if missed is None else missed

    def _take(self, book: Book, ids: Sequence[CaregiverId]) -> None:
        for caregiver_id in ids:
            person = book.roster.of(caregiver_id)
            before = self._points.get(caregiver_id)
            if not (person.is_on_duty and person.is_active):
                if before is not None:
                    del self._points[caregiver_id]
                    self._let_go(caregiver_id, before)
                continue
            row = _row(book, person)
            if before is None or before.row != row or before.area_id != person.area_id:
                self._points[caregiver_id] = _Point(row, person.area_id, self._number)
                self._gone.pop(caregiver_id, None)
                if before is not None and before.area_id != person.area_id:
                    self._let_go(caregiver_id, before)  # from the maps of the area before

    def _let_go(self, caregiver_id: CaregiverId, point: _Point) -> None:
        self._gone[caregiver_id] = _Point(point.row, point.area_id, self._number)
        if len(self._gone) > GONE_MAX:
            _, oldest = self._gone.popitem(last=False)
            self._gone_since = oldest.number

    def _load(
        self, book: Book, is_mine: Callable[[AreaId], bool]
    ) -> list[tuple[str, int, int, int]]:
        """Return for each area: its code, open calls, free caregivers, caregivers on duty.

        All that lies below an area counts for it; whoever serves a street counts for the street,
        and for no one of its grids.
        """
        calls, free, on_duty = Counter[AreaId](), Counter[AreaId](), Counter[AreaId]()
        path = book.territory.path
        for incident in book.incidents.values():
            calls.update(path(incident.area_id))
        for area_id, count in Counter(one.area_id for one in self._points.values()).items():
            on_duty.update(dict.fromkeys(path(area_id), count))
        idle = Counter(one.area_id for one in self._points.values() if one.row[4] == FREE)
        for area_id, count in idle.items():
            free.update(dict.fromkeys(path(area_id), count))
        return [
            (one, calls[one], free[one], on_duty[one])
            for one in sorted({*calls, *on_duty})
            if is_mine(one)
        ]


def _remembering(covers: Covers, book: Book) -> Callable[[AreaId], bool]:
    """Return whether an area is the asker's; each is asked about once."""
    known: dict[AreaId, bool] = {}

    def is_mine(area_id: AreaId) -> bool:
        found = known.get(area_id)
        if found is None:
            found = known[area_id] = covers(book.territory.path(area_id))
        return found

    return is_mine


def _is_for(book: Book, incident: Incident, is_mine: Callable[[AreaId], bool]) -> bool:
    """Whether a call is shown; one that lies in no known area is everybody's."""
    area_id = incident.area_id
    return area_id is None or not book.territory.path(area_id) or is_mine(area_id)


def _row(
    book: Book, person: Caregiver
) -> tuple[str, float | None, float | None, str, str, int | None]:
    place = book.roster.sighting(person.id)
    state = BUSY if person.work is not None else ASKED if person.offer is not None else FREE
    if place is None:
        return (person.id, None, None, person.kind, state, None)
    at_s = int(place.at.timestamp()) if place.at else None
    lon, lat = round(place.lon, DECIMALS), round(place.lat, DECIMALS)
    return (person.id, lon, lat, person.kind, state, at_s)


def _call(book: Book, incident: Incident, *, with_place: bool) -> Sequence[Any]:
    place = incident.place if with_place else None
    return (
        incident.id,
        round(place.lon, DECIMALS) if place else None,
        round(place.lat, DECIMALS) if place else None,
        incident.gravity.name.lower(),
        incident.kind,
        status_of(book, incident),
        int(incident.raised_at.timestamp()),
        incident.claim.is_held,
    )


def areas_at(book: Book, rings: Iterator[tuple[str, Sequence[Any]]], covers: Covers) -> list[View]:
    """Return the areas of the asker that have a border, as GeoJSON."""
    features: list[View] = []
    for code, ring in rings:
        area = book.territory.areas.get(AreaId(code))
        if area is None or not covers(book.territory.path(area.id)):
            continue
        features.append(
            {
                "type": "Feature",
                "properties": {"code": code, "name": area.name, "level": area.level},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return features
