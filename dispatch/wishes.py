"""What is asked of a caregiver beyond duty, area and the plan's skills, and who lacks what.

For a threat to life these are wishes: whoever lacks one counts as farther, so that somebody always
comes. For every other call they bar. What is not on record bars nobody, but an asked-for sex.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.areas import Territory
from dispatch.hours import WEEK, Rest, begins_and_lasts, minute_of_week, must_rest
from dispatch.ids import AreaId, CaregiverId
from dispatch.place import Floats

if TYPE_CHECKING:
    from dispatch.roster import Caregiver

Mask = NDArray[np.bool_]
BITS: Final = 63  # distinct languages that the arrays can tell apart; the verdict sees to the rest


class Lack(StrEnum):
    """What a caregiver lacks of that which is asked."""

    NEEDS = "needs"  # a skill that the resident always needs
    LANGUAGE = "language"  # does not speak the resident's
    SEX = "sex"  # is not of the sex that the resident asked for
    HOURS = "hours"  # does not work at this time
    REST = "rest"  # has been on duty for too long, or not rested enough before


# How much farther somebody counts for lacking a wish: the seconds for which somebody who lacks
# nothing is worth waiting. Together they stay below the ten minutes in which help is due.
HANDICAPS_S: Final[tuple[tuple[tuple[Lack, ...], float], ...]] = (
    ((Lack.NEEDS,), 240.0),  # who cannot lift or nurse begins, and waits for a second to come
    ((Lack.LANGUAGE,), 60.0),  # an operator interprets by telephone, at the price of a minute
    ((Lack.SEX,), 60.0),  # modesty weighs, but less than anybody's minutes
    ((Lack.HOURS, Lack.REST), 180.0),  # is called from bed or the table, and is tired on the road
)
KEY_HOLDER_S: Final = -120.0  # a locked door costs at least two minutes: whoever opens is nearer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What is asked of whoever comes, and which lacks of it bar them."""

    needs: frozenset[str] = frozenset()
    language: str = ""
    sex: str = ""
    key_holders: frozenset[CaregiverId] = frozenset()
    rest: Rest | None = None
    musts: frozenset[Lack] = frozenset()  # the others only count as farther


def lacks_of(
    person: "Caregiver", wishes: Wishes, now: datetime, *, is_at_work: bool
) -> tuple[Lack, ...]:
    """Return what this caregiver lacks, whose hours say whether they are at work."""
    known = person.languages
    lacks = (
        (not wishes.needs <= person.skills, Lack.NEEDS),
        (bool(wishes.language and known) and wishes.language not in known, Lack.LANGUAGE),
        (bool(wishes.sex) and wishes.sex != person.sex, Lack.SEX),
        (not is_at_work, Lack.HOURS),
        (must_rest(wishes.rest, person.on_duty_since, now), Lack.REST),
    )
    return tuple(lack for holds, lack in lacks if holds)


def handicap_s(person: "Caregiver", wishes: Wishes, lacks: Iterable[Lack]) -> float:
    """Return by how many seconds a caregiver counts as farther than the way takes."""
    wished = set(lacks) - wishes.musts
    handicap = sum(seconds for group, seconds in HANDICAPS_S if not wished.isdisjoint(group))
    return handicap + (KEY_HOLDER_S if person.id in wishes.key_holders else 0.0)


class Traits:
    """The same of all caregivers, as arrays by slot, for the search."""

    def __init__(self, territory: Territory) -> None:
        self._territory = territory
        self._areas: list[AreaId] = []
        self._bits: dict[str, int] = {}  # language -> its bit in `_languages`
        self._languages: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)  # 0: nothing known
        self._sexes: NDArray[np.uint8] = np.empty(0, dtype=np.uint8)
        self._since_s: Floats = np.empty(0)  # POSIX seconds; NaN when never on duty
        self._always: Mask = np.empty(0, dtype=np.bool_)
        self._begins: NDArray[np.int16] = np.empty((0, 0), dtype=np.int16)  # by span, then slot
        self._lasts: NDArray[np.int16] = np.empty((0, 0), dtype=np.int16)
        self._zones: list[str] = []
        self._zone_of: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        self._zoned_by: tuple[int, int] | None = None
        self._version = 0  # rises with every change of hours
        self._off: Mask = np.empty(0, dtype=np.bool_)  # who does not work at `_off_at`
        self._off_at: tuple[int, int, int] | None = None  # minute, versions of hours and territory

    def describe(self, slot: int, person: "Caregiver") -> None:
        """Take up what is on record of a caregiver. Slots come in order, without a gap."""
        if slot == len(self._areas):
            self._areas.append(person.area_id)
            self._grow(slot + 1)
        self._areas[slot] = person.area_id
        for language in sorted(person.languages):
            if len(self._bits) < BITS:
                self._bits.setdefault(language, len(self._bits))
        bits = {self._bits.get(one, BITS) for one in person.languages}  # the last: some other
        self._languages[slot] = sum(1 << bit for bit in bits)
        self._sexes[slot] = _SEX_CODES.get(person.sex, 0)
        self._put_hours(slot, person)
        self.note_duty(slot, person.on_duty_since)
        self._version += 1

    def note_duty(self, slot: int, since: datetime | None) -> None:
        """Take up since when a caregiver's stretch of duty counts."""
        self._since_s[slot] = np.nan if since is None else since.timestamp()

    def is_at_work(self, slot: int, now: datetime) -> bool:
        """Whether a caregiver works now by their hours; none on record means always."""
        return bool(self._always[slot] or not self._off_hours(now)[slot])

    def lacking(self, wishes: Wishes, skilled: Mask, now: datetime) -> Mapping[Lack, Mask]:
        """Return for each wish who lacks it; `skilled`: who has the skills that are needed.

        Cost: some passes over small integers; hours are looked at once a minute.
        """
        size = len(self._areas)
        found: dict[Lack, Mask] = {}
        if wishes.needs:
            found[Lack.NEEDS] = ~skilled
        if wishes.language:
            found[Lack.LANGUAGE] = self._foreign(wishes.language)
        if wishes.sex:
            found[Lack.SEX] = self._sexes[:size] != _SEX_CODES.get(wishes.sex, _NO_SEX)
        if len(self._begins):
            found[Lack.HOURS] = self._off_hours(now)
        if wishes.rest is not None:
            duty_s = now.timestamp() - self._since_s[:size]
            found[Lack.REST] = (duty_s < 0) | (duty_s >= wishes.rest.on_duty_max.total_seconds())
        return MappingProxyType(found)

    def handicaps_s(
        self, wishes: Wishes, lacking: Mapping[Lack, Mask], key_holders: Iterable[int]
    ) -> Floats:
        """Return by how many seconds each counts as farther; `key_holders` are slots."""
        found = np.zeros(len(self._areas))
        for group, seconds in HANDICAPS_S:
            wished = [lacking[one] for one in group if one in lacking and one not in wishes.musts]
            if wished:
                found += np.logical_or.reduce(wished) * seconds
        for slot in key_holders:
            found[slot] += KEY_HOLDER_S
        return found

    def _foreign(self, language: str) -> Mask:
        known = self._languages[: len(self._areas)]
        if language not in self._bits and len(self._bits) == BITS:
            return np.zeros(len(known), dtype=np.bool_)  # cannot tell
        bit = 1 << self._bits[language] if language in self._bits else 0
        return (known != 0) & ((known & np.uint64(bit)) == 0)

    def _off_hours(self, now: datetime) -> Mask:
        at = (int(now.timestamp() // 60), self._version, self._territory.version)
        if self._off_at != at:
            size = len(self._areas)
            self._find_zones()
            clocks = [minute_of_week(zone, now) for zone in self._zones]
            minutes = np.array(clocks, dtype=np.int16)[self._zone_of]
            works = self._always[:size].copy()
            for begins, lasts in zip(self._begins, self._lasts, strict=True):
                works |= (minutes - begins[:size]) % WEEK < lasts[:size]
            self._off, self._off_at = ~works, at
        return self._off

    def _find_zones(self) -> None:
        by = (self._version, self._territory.version)
        if self._zoned_by != by:
            zone_of = {area_id: self._territory.zone(area_id) for area_id in set(self._areas)}
            self._zones = sorted(set(zone_of.values()))
            index = {area_id: self._zones.index(zone) for area_id, zone in zone_of.items()}
            self._zone_of = np.array([index[one] for one in self._areas], dtype=np.intp)
            self._zoned_by = by

    def _put_hours(self, slot: int, person: "Caregiver") -> None:
        own = [begins_and_lasts(one) for one in person.hours]
        self._always[slot] = not own
        missing = len(own) - len(self._begins)
        if missing > 0:
            self._begins = np.pad(self._begins, ((0, missing), (0, 0)))
            self._lasts = np.pad(self._lasts, ((0, missing), (0, 0)))
        self._begins[:, slot] = self._lasts[:, slot] = 0  # no minute: never
        for row, span in enumerate(own):
            self._begins[row, slot], self._lasts[row, slot] = span

    def _grow(self, size: int) -> None:
        room = len(self._always)
        if size <= room:
            return
        more = max(16, room)
        for name in ("_languages", "_sexes", "_since_s", "_always"):
            setattr(self, name, np.pad(getattr(self, name), (0, more)))
        self._begins = np.pad(self._begins, ((0, 0), (0, more)))
        self._lasts = np.pad(self._lasts, ((0, 0), (0, more)))


_SEX_CODES: Final[Mapping[str, int]] = {"f": 1, "m": 2}
_NO_SEX: Final = 3  # of a word that is no sex: nobody has it
