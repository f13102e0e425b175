"""Who could come: the caregivers, where they are, and the search for the nearest.

Positions are sightings: they arrive by the thousand, are not facts, and are lost by a restart
until the next one (the shell hands over the last known ones). An offer records what was used.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.areas import Territory
from dispatch.errors import UnknownSubject
from dispatch.facts import CaregiverEnrolled, Considered
from dispatch.hours import Hours
from dispatch.ids import AreaId, CaregiverId
from dispatch.place import DETOUR, Floats, Place, distances_m
from dispatch.ways import StraightLine, Ways
from dispatch.wishes import Lack, Mask, Traits, Wishes, handicap_s, lacks_of

FRESH_S: Final = 120.0  # a position this young is taken as it is
STALE_S: Final = 900.0  # an older one is worth less than the caregiver's station
DRIFT_M_PER_S: Final = 1.5  # how fast an ageing position loses its worth: a brisk walk
SKILL_BITS: Final = 63  # distinct skills that the arrays can tell apart
SPEED_KMH_MIN: Final = 1.0  # whoever is recorded as slower still comes some day
CONSIDERED_MAX: Final = 8  # named in the record beside the chosen; the rest are counted


class Verdict(StrEnum):
    """Why a caregiver was or was not asked."""

    CHOSEN = "chosen"
    FARTHER = "farther"  # could come, but others are nearer
    AVAILABLE = "available"  # could be asked (shown to an operator who chooses)
    OFF_DUTY = "off_duty"
    BUSY = "busy"  # attends another incident
    DIVERTIBLE = "divertible"  # on the way to routine work, from which they could be called away
    PENDING_OFFER = "pending_offer"  # is being asked about another incident
    ASKED_BEFORE = "asked_before"  # said no or nothing in this round
    EXCLUDED = "excluded"  # the resident does not want this caregiver
    LACKS_SKILL = "lacks_skill"  # one that the plan asks for
    WRONG_SEX = "wrong_sex"  # the resident asked for the other
    LACKS_NEED = "lacks_need"  # a skill that this resident always needs
    OTHER_LANGUAGE = "other_language"  # does not speak the resident's
    OFF_HOURS = "off_hours"  # does not work at this time
    MUST_REST = "must_rest"  # on duty for too long, or came back before the rest was over
    OUTSIDE_AREA = "outside_area"  # not within this step of the ladder
    NOT_ACTIVE = "not_active"
    OTHER_KIND = "other_kind"  # this ask wants somebody of another kind, and such a one can come
    NEEDED_ELSEWHERE = "needed_elsewhere"  # another call that waits as well needs them more


@dataclass(frozen=True, slots=True, kw_only=True)
class Caregiver:
    """One person who can be asked, without the personal data that no rule needs."""

    id: CaregiverId
    kind: str
    skills: frozenset[str]
    languages: frozenset[str]
    area_id: AreaId
    speed_kmh: float
    is_active: bool
    station: Place | None
    is_on_duty: bool = False
    work: str | None = None  # the active attendance
    offer: str | None = None  # the pending offer
    sex: str = ""
    is_divertible: bool = False  # on the way to routine work
    hours: tuple[Hours, ...] = ()  # none: always
    on_duty_since: datetime | None = None  # of the last stretch; still to come while they rest
    off_duty_since: datetime | None = None  # when duty last ended

    @property
    def may_be_called_away(self) -> bool:
        """Whether only routine work, to which they are on the way, keeps them."""
        return self.is_divertible and self.is_on_duty and self.is_active and not self.offer

    def resting_until(self, now: datetime) -> datetime | None:
        """Return until when a caregiver who came back on duty too early still rests."""
        since = self.on_duty_since
        return since if self.is_on_duty and since is not None and now < since else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a search asks for."""

    place: Place | None
    scope: AreaId | None  # None: everywhere
    skills: frozenset[str]
    excluded: frozenset[CaregiverId]
    asked: frozenset[CaregiverId]
    kinds: frozenset[str] = frozenset()  # empty: of any kind
    travel_s: Mapping[CaregiverId, float] = field(default_factory=dict[CaregiverId, float])
    may_divert: bool = False  # whoever is on the way to routine work may be called away
    wishes: Wishes = Wishes()

    @property
    def skills_required(self) -> frozenset[str]:
        """The skills without which nobody is asked."""
        is_must = Lack.NEEDS in self.wishes.musts
        return self.skills | self.wishes.needs if is_must else self.skills


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of a search, nearest first."""

    chosen: tuple[Considered, ...]
    considered: tuple[Considered, ...]  # the nearest others, with the reason
    others: Mapping[str, int]  # all caregivers, counted by the plainest reason


class Roster:
    """All caregivers, as values by id and as arrays for the search."""

    def __init__(self, territory: Territory) -> None:
        self.ways: Ways = StraightLine()  # configuration, not state: an offer records what it used
        self._territory = territory
        self._people: dict[CaregiverId, Caregiver] = {}
        self._slot: dict[CaregiverId, int] = {}
        self._ids: list[CaregiverId] = []
        self._sightings: dict[CaregiverId, Place] = {}
        self._bits: dict[str, int] = {}  # skill -> its bit in `_skills`
        self._serving: dict[AreaId, NDArray[np.bool_]] = {}  # who serves a scope, worked out once
        self._served_by = -1  # the version of the territory for which that holds
        self._lons: Floats = np.empty(0)
        self._lats: Floats = np.empty(0)
        self._seen_s: Floats = np.empty(0)  # POSIX seconds of the sighting; 0 for none
        self._speeds: Floats = np.empty(0)
        self._station_lons: Floats = np.empty(0)
        self._station_lats: Floats = np.empty(0)
        self._skills: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._kind_codes: dict[str, int] = {}
        self._kinds: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._on_duty: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._free: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._traits = Traits(territory)
        self._divertible: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self._people)

    def __contains__(self, caregiver_id: CaregiverId) -> bool:
        return caregiver_id in self._people

    def everybody(self) -> Sequence[Caregiver]:
        """Return all caregivers in the order in which they were enrolled."""
        return list(self._people.values())

    def of(self, caregiver_id: CaregiverId) -> Caregiver:
        """Return one caregiver.

        Raises:
            UnknownSubject: nobody has this id.
        """
        found = self._people.get(caregiver_id)
        if found is None:
            raise UnknownSubject("caregiver", caregiver_id)
        return found

    def sighting(self, caregiver_id: CaregiverId) -> Place | None:
        """Return where the caregiver was last seen, else the station, else None."""
        return self._sightings.get(caregiver_id) or self.of(caregiver_id).station

    def seen(self, caregiver_id: CaregiverId) -> Place | None:
        """Return where the caregiver was last seen; a station is no sighting."""
        return self._sightings.get(caregiver_id)

    def reckoned_at(self, caregiver_id: CaregiverId, *, now: datetime) -> Place | None:
        """Return the place from which a search reckons; None when only the area is known."""
        if self._is_recent(self._slot[caregiver_id], now):
            return self._sightings[caregiver_id]
        return self.of(caregiver_id).station

    def enrol(self, fact: CaregiverEnrolled) -> None:
        """Add a caregiver, or replace what is known; duty and work stay."""
        before = self._people.get(fact.caregiver_id)
        caregiver = Caregiver(
            id=fact.caregiver_id,
            kind=fact.kind,
            skills=frozenset(fact.skills),
            languages=frozenset(fact.languages),
            area_id=fact.area_id,
            speed_kmh=fact.speed_kmh,
            is_active=fact.is_active,
            station=fact.station,
            is_on_duty=before.is_on_duty if before else False,
            work=before.work if before else None,
            offer=before.offer if before else None,
            sex=fact.sex,
            hours=fact.hours,
            on_duty_since=before.on_duty_since if before else None,
            off_duty_since=before.off_duty_since if before else None,
            is_divertible=before.is_divertible if before else False,
        )
        if before is None:
            self._add_slot(caregiver.id)
        self._put(caregiver)
        self._describe(caregiver)

    def restore(self, caregiver: Caregiver) -> None:
        """Put back a caregiver as they were when the state was saved."""
        self._add_slot(caregiver.id)
        self._put(caregiver)
        self._describe(caregiver)

    def change(
        self,
        caregiver_id: CaregiverId,
        *,
        is_on_duty: bool | None = None,
        work: str | None = "",
        offer: str | None = "",
        is_divertible: bool | None = None,
    ) -> None:
        """Change what a caregiver is doing; arguments left out stay as they are."""
        before = self.of(caregiver_id)
        self._put(
            replace(
                before,
                is_on_duty=before.is_on_duty if is_on_duty is None else is_on_duty,
                work=before.work if work == "" else work,
                offer=before.offer if offer == "" else offer,
                is_divertible=before.is_divertible if is_divertible is None else is_divertible,
            )
        )

    def go_on_duty(self, caregiver_id: CaregiverId, since: datetime) -> None:
        """Let a caregiver be asked; their stretch of duty counts from `since`."""
        person = self.of(caregiver_id)
        self._put(replace(person, is_on_duty=True, on_duty_since=since))
        self._traits.note_duty(self._slot[caregiver_id], since)

    def go_off_duty(self, caregiver_id: CaregiverId, at: datetime) -> None:
        """Let a caregiver be asked no more."""
        self._put(replace(self.of(caregiver_id), is_on_duty=False, off_duty_since=at))

    def sight(self, caregiver_id: CaregiverId, place: Place) -> bool:
        """Note where a caregiver is; return False when an equally young sighting is known."""
        if caregiver_id not in self._people or place.at is None:
            return False
        before = self._sightings.get(caregiver_id)
        if before is not None and before.at is not None and before.at >= place.at:
            return False
        self._sightings[caregiver_id] = place
        slot = self._slot[caregiver_id]
        self._lons[slot], self._lats[slot] = place.lon, place.lat
        self._seen_s[slot] = place.at.timestamp()
        return True

    def is_free(self, caregiver_id: CaregiverId) -> bool:
        """Whether the caregiver could be asked about something now."""
        person = self.of(caregiver_id)
        return person.is_on_duty and person.is_active and not person.work and not person.offer

    def search(self, need: Need, *, wanted: int, now: datetime) -> Found:
        """Return the `wanted` nearest who can come, and why others were passed over.

        Cost: a few passes of array arithmetic over all caregivers; words are found only for
        those that are named. Somebody whose last position is ageing counts as farther by the
        way that could have been walked since, and for a threat to life whoever lacks something
        that is wished by a fixed handicap; one whose position is too old, or who was never
        seen, is taken to be at the station, or without one amid the own area. A call without
        any place keeps the order of enrolment: somebody must still be asked.
        """
        size = len(self._ids)
        if not size:
            return Found(chosen=(), considered=(), others={})
        metres, seconds = self._travel(need, now)
        lacking = self._traits.lacking(need.wishes, self._skilled(need.wishes.needs), now)
        seems = seconds + self._traits.handicaps_s(need.wishes, lacking, self._key_holders(need))
        masks = self._of_kinds(self._masks(need, lacking), need.kinds)
        chosen: list[int] = []
        for slot in _nearest_first(seems, masks.can_come):
            if len(chosen) == wanted:
                break
            person = self._people[self._ids[slot]]
            if self.verdict(person, need, now=now) is Verdict.AVAILABLE:
                chosen.append(slot)
        looked_at = _first(seems, self._on_duty[:size], CONSIDERED_MAX + len(chosen))
        passed = [slot for slot in looked_at if slot not in chosen][:CONSIDERED_MAX]

        def row(slot: int, verdict: Verdict) -> Considered:
            way = float(metres[slot]), float(seconds[slot])
            return self._considered(slot, verdict, *way, need, now)

        return Found(
            chosen=tuple(row(slot, Verdict.CHOSEN) for slot in chosen),
            considered=tuple(row(slot, self._why_not(slot, need, now)) for slot in passed),
            others=masks.counts,
        )

    def on_the_way(
        self, need: Need, *, wanted: int, within_s: float, now: datetime
    ) -> tuple[Considered, ...]:
        """Return the nearest who are on the way to routine work and could come in `within_s`."""
        slots = np.flatnonzero(self._divertible[: len(self._ids)])
        if not len(slots) or not need.may_divert:
            return ()
        metres, seconds = self._travel(need, now)
        found: list[Considered] = []
        for slot in slots[np.argsort(seconds[slots], kind="stable")].tolist():
            if len(found) == wanted or seconds[slot] > within_s:
                break
            if self._could_be_diverted(self._people[self._ids[slot]], need, now):
                own = float(metres[slot]), float(seconds[slot])
                found.append(self._considered(slot, Verdict.CHOSEN, *own, need, now))
        return tuple(found)

    def consider(self, caregiver_id: CaregiverId, need: Need, *, now: datetime) -> Considered:
        """Return one caregiver as a search would see them, chosen by hand."""
        slot = self._slot[caregiver_id]
        metres, seconds = self._travel(need, now, slice(slot, slot + 1))
        way = float(metres[0]), float(seconds[0])
        return self._considered(slot, Verdict.CHOSEN, *way, need, now)

    def verdict(self, person: Caregiver, need: Need, *, now: datetime) -> Verdict:
        """Return why this caregiver can or cannot be asked, the plainest reason first."""
        musts = need.wishes.musts
        lacks = musts.intersection(self._lacks(person, need, now)) if musts else musts
        reasons = (
            (not person.is_active, Verdict.NOT_ACTIVE),
            (not person.is_on_duty, Verdict.OFF_DUTY),
            (person.id in need.excluded, Verdict.EXCLUDED),
            (person.work is not None, Verdict.BUSY),  # before all that an operator may overrule
            (person.offer is not None, Verdict.PENDING_OFFER),
            *((lack in lacks, why) for lack, why in _BARRED.items()),
            (not need.skills <= person.skills, Verdict.LACKS_SKILL),
            (person.id in need.asked, Verdict.ASKED_BEFORE),
            (not self.serves(person, need.scope), Verdict.OUTSIDE_AREA),
        )
        return next((why for holds, why in reasons if holds), Verdict.AVAILABLE)

    def serves(self, person: Caregiver, scope: AreaId | None) -> bool:
        """Whether the caregiver's area lies within `scope`, or holds it."""
        if scope is None:
            return True
        return scope in self._territory.path(person.area_id) or (
            person.area_id in self._territory.path(scope)
        )

    def _why_not(self, slot: int, need: Need, now: datetime) -> Verdict:
        person = self._people[self._ids[slot]]
        verdict = self.verdict(person, need, now=now)
        if verdict is Verdict.BUSY and self._could_be_diverted(person, need, now):
            return Verdict.DIVERTIBLE
        if verdict is not Verdict.AVAILABLE:
            return verdict
        is_of_kind = not need.kinds or person.kind in need.kinds
        return Verdict.FARTHER if is_of_kind else Verdict.OTHER_KIND

    def _could_be_diverted(self, person: Caregiver, need: Need, now: datetime) -> bool:
        """Whether nothing but routine work, to which they are on the way, keeps them."""
        if not (need.may_divert and person.is_divertible):
            return False
        return self.verdict(replace(person, work=None), need, now=now) is Verdict.AVAILABLE

    def _lacks(self, person: Caregiver, need: Need, now: datetime) -> tuple[Lack, ...]:
        is_at_work = self._traits.is_at_work(self._slot[person.id], now)
        return lacks_of(person, need.wishes, now, is_at_work=is_at_work)

    def _key_holders(self, need: Need) -> list[int]:
        return [self._slot[one] for one in need.wishes.key_holders if one in self._slot]

    def _masks(self, need: Need, lacking: Mapping[Lack, Mask]) -> "_Masks":
        """Return who can come, and all others counted by the first reason that holds."""
        size = len(self._ids)
        bars = {lack: mask for lack, mask in lacking.items() if lack in need.wishes.musts}
        passing = (
            (self._on_duty[:size], Verdict.OFF_DUTY),
            (self._free[:size], Verdict.BUSY),
            *((~bars[lack], why) for lack, why in _BARRED.items() if lack in bars),
            (self._skilled(need.skills), Verdict.LACKS_SKILL),
            (self._within(need.scope), Verdict.OUTSIDE_AREA),
        )
        can_come = np.ones(size, dtype=np.bool_)
        counts: dict[str, int] = {}
        left = size
        for passes, why in passing:
            can_come &= passes
            before, left = left, int(np.count_nonzero(can_come))
            if before > left:
                counts[why.value] = before - left
        if left:
            counts[Verdict.AVAILABLE.value] = left
        return _Masks(can_come, counts)

    def _of_kinds(self, masks: "_Masks", kinds: frozenset[str]) -> "_Masks":
        """Return the masks without those of other kinds, who are counted apart."""
        if not kinds:
            return masks
        codes = [self._kind_codes[kind] for kind in kinds if kind in self._kind_codes]
        can_come = masks.can_come & np.isin(self._kinds[: len(self._ids)], codes)
        others = int(np.count_nonzero(masks.can_come & ~can_come))
        available = int(np.count_nonzero(can_come))
        counted = {Verdict.AVAILABLE.value: available, Verdict.OTHER_KIND.value: others}
        return _Masks(can_come, {why: n for why, n in {**masks.counts, **counted}.items() if n})

    def _skilled(self, skills: frozenset[str]) -> NDArray[np.bool_]:
        size = len(self._ids)
        if not skills:
            return np.ones(size, dtype=np.bool_)
        if len(self._bits) < SKILL_BITS and not all(skill in self._bits for skill in skills):
            return np.zeros(size, dtype=np.bool_)
        wanted = self._mask(skills)
        return (self._skills[:size] & wanted) == wanted

    def _mask(self, skills: frozenset[str]) -> int:
        """Return the bits of the skills that have one; the verdict sees to the rest."""
        return sum(1 << self._bits[skill] for skill in skills if skill in self._bits)

    def _within(self, scope: AreaId | None) -> NDArray[np.bool_]:
        size = len(self._ids)
        if scope is None:
            return np.ones(size, dtype=np.bool_)
        found = self._serving.get(scope)
        if found is None or len(found) != size or self._served_by != self._territory.version:
            if self._served_by != self._territory.version:
                self._serving.clear()
                self._served_by = self._territory.version
            people = (self._people[caregiver_id] for caregiver_id in self._ids)
            found = np.fromiter((self.serves(one, scope) for one in people), np.bool_, size)
            self._serving[scope] = found
        return found

    def _travel(
        self, need: Need, now: datetime, slots: slice | None = None
    ) -> tuple[Floats, Floats]:
        """Return how far everybody (or some) are in a straight line, and for how many seconds."""
        some = slots or slice(len(self._ids))
        if need.place is None:
            nothing = np.zeros(len(self._speeds[some]))
            return nothing, nothing
        age_s = now.timestamp() - self._seen_s[some]
        is_recent = age_s <= STALE_S
        lons = np.where(is_recent, self._lons[some], self._station_lons[some])
        lats = np.where(is_recent, self._lats[some], self._station_lats[some])
        drift = np.where(is_recent, np.clip(age_s - FRESH_S, 0.0, None) * DRIFT_M_PER_S, 0.0)
        metres = distances_m(lons, lats, need.place) + drift
        way = self.ways.metres(lons, lats, need.place) + drift * DETOUR
        seconds = way * 3.6 / self._speeds[some]
        for caregiver_id, learned_s in need.travel_s.items():  # a few dozen at most
            slot = self._slot.get(caregiver_id, -1) - (some.start or 0)
            if 0 <= slot < len(seconds):
                seconds[slot] = learned_s
        return metres, seconds

    def _considered(
        self,
        slot: int,
        verdict: Verdict,
        metres: float,
        seconds: float,
        need: Need,
        now: datetime,
    ) -> Considered:
        caregiver_id = self._ids[slot]
        person = self._people[caregiver_id]
        lacks = self._lacks(person, need, now)
        if self._is_recent(slot, now):
            source = self._sightings[caregiver_id].source
        else:
            source = "station" if person.station else "area"
        return Considered(
            caregiver_id=caregiver_id,
            travel_s=round(seconds, 1),
            distance_m=round(metres, 1),
            verdict=verdict.value,
            position_source=source,
            handicap_s=handicap_s(person, need.wishes, lacks),
            lacks=tuple(lack.value for lack in lacks),
        )

    def _is_recent(self, slot: int, now: datetime) -> bool:
        return bool(now.timestamp() - self._seen_s[slot] <= STALE_S)

    def _put(self, caregiver: Caregiver) -> None:
        self._people[caregiver.id] = caregiver
        slot = self._slot[caregiver.id]
        self._speeds[slot] = max(caregiver.speed_kmh, SPEED_KMH_MIN)
        self._on_duty[slot] = caregiver.is_on_duty and caregiver.is_active
        self._free[slot] = caregiver.work is None and caregiver.offer is None
        self._divertible[slot] = caregiver.is_divertible and caregiver.offer is None

    def _add_slot(self, caregiver_id: CaregiverId) -> None:
        self._slot[caregiver_id] = len(self._ids)
        self._ids.append(caregiver_id)
        if len(self._ids) > len(self._lons):
            size = max(16, 2 * len(self._lons))
            for name in _ARRAYS:
                setattr(self, name, np.resize(getattr(self, name), size))
        self._seen_s[self._slot[caregiver_id]] = 0.0

    def _describe(self, caregiver: Caregiver) -> None:
        slot = self._slot[caregiver.id]
        for skill in sorted(caregiver.skills):
            if len(self._bits) < SKILL_BITS:
                self._bits.setdefault(skill, len(self._bits))
        self._skills[slot] = self._mask(caregiver.skills)
        self._kinds[slot] = self._kind_codes.setdefault(caregiver.kind, len(self._kind_codes))
        self._traits.describe(slot, caregiver)
        station = caregiver.station
        area = self._territory.areas.get(caregiver.area_id)
        amid = area.centre if area else (0.0, 0.0)
        self._station_lons[slot] = station.lon if station else amid[0]
        self._station_lats[slot] = station.lat if station else amid[1]
        self._serving.clear()


@dataclass(frozen=True, slots=True)
class _Masks:
    can_come: NDArray[np.bool_]
    counts: Mapping[str, int]


_BARRED: Final[Mapping[Lack, Verdict]] = {
    Lack.SEX: Verdict.WRONG_SEX,  # the last that no operator may overrule
    Lack.NEEDS: Verdict.LACKS_NEED,
    Lack.LANGUAGE: Verdict.OTHER_LANGUAGE,
    Lack.HOURS: Verdict.OFF_HOURS,
    Lack.REST: Verdict.MUST_REST,
}
_ARRAYS: Final = (
    "_lons",
    "_lats",
    "_seen_s",
    "_speeds",
    "_station_lons",
    "_station_lats",
    "_skills",
    "_kinds",
    "_on_duty",
    "_free",
    "_divertible",
)


def _nearest_first(seconds: Floats, mask: NDArray[np.bool_]) -> Iterator[int]:
    """Give the slots in `mask` by travel time; ties in the order of enrolment."""
    slots = np.flatnonzero(mask)
    taken = 0
    size = 16
    while taken < len(slots):  # sort a growing head: the first few are nearly always enough
        head = _head(seconds, slots, size)
        yield from head[taken:]
        taken, size = len(head), size * 8


def _first(seconds: Floats, mask: NDArray[np.bool_], size: int) -> list[int]:
    return _head(seconds, np.flatnonzero(mask), size)


def _head(seconds: Floats, slots: NDArray[np.intp], size: int) -> list[int]:
    values = seconds[slots]
    if size < len(slots):
        limit = np.partition(values, size - 1)[size - 1]
        keep = values <= limit
        slots, values = slots[keep], values[keep]
    return slots[np.argsort(values, kind="stable")].tolist()
