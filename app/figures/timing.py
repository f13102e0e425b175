"""How long calls waited: counts, percentiles and shares within a target, reckoned from columns.

Everything here is arithmetic on arrays that somebody else has read. Two million calls take some
seconds, so a door reckons in a thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.figures.targets import Figure
from app.storage.calls import BY_HANDSET, FIELDS, IS_LIFE_THREAT, NOBODY_NEEDED, Packed
from dispatch.staffing import Target

Ints: TypeAlias = NDArray[np.int32]
Mask: TypeAlias = NDArray[np.bool_]

_WIRE: Final = np.dtype([(name, ">i4") for name in FIELDS])
_ROUNDING: Final = 1e-9  # of a share written in decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls in columns, in the order in which they came. Kind, path, team are places in lists."""

    number: Ints
    at_s: Ints  # since the beginning of the day
    day: Ints  # the local day, as `date.toordinal` counts
    hour: Ints
    kind: Ints
    path: Ints
    team: Ints
    flags: Ints
    taken_s: Ints
    accepted_s: Ints
    arrived_s: Ints
    closed_s: Ints
    open_s: Ints
    kinds: Sequence[str]
    paths: Sequence[str]
    teams: Sequence[str]

    def __len__(self) -> int:
        """Return how many calls these are."""
        return len(self.hour)


class Gathering:
    """Days, put together one by one."""

    def __init__(self) -> None:
        self.count = 0
        self._words: tuple[dict[str, int], ...] = ({}, {}, {})  # kinds, paths, teams
        self._columns: dict[str, list[Ints]] = {name: [] for name in ("day", *FIELDS)}

    def add(self, day: int, packed: Packed) -> None:
        """Take up the calls of a day, given as `date.toordinal` counts; days come in order."""
        rows = np.frombuffer(packed.body, dtype=_WIRE)
        self.count += len(rows)
        columns = {name: rows[name].astype(np.int32) for name in FIELDS}
        lists = (packed.kinds, packed.paths, packed.teams)
        for name, known, words in zip(("kind", "path", "team"), self._words, lists, strict=True):
            places = [known.setdefault(word, len(known)) for word in words]
            columns[name] = np.array(places, dtype=np.int32)[columns[name]]
        columns["day"] = np.full(len(rows), day, dtype=np.int32)
        for name, column in columns.items():
            self._columns[name].append(column)

    def calls(self) -> Calls:
        """Return all of them; call once, at the end."""
        kinds, paths, teams = (tuple(known) for known in self._words)
        empty = np.zeros(0, dtype=np.int32)
        columns = {
            name: np.concatenate(self._columns.pop(name) or [empty]) for name in ("day", *FIELDS)
        }
        return Calls(kinds=kinds, paths=paths, teams=teams, **columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a target was held."""

    target: Target
    judged: int  # calls that say something about it
    within: int  # of these, in time

    @property
    def share(self) -> float | None:
        """Return the share within the target's time; None without a call that says something."""
        return self.within / self.judged if self.judged else None

    @property
    def is_met(self) -> bool | None:
        """Whether the promise was held."""
        return None if self.share is None else self.share >= self.target.share - _ROUNDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One figure of one group of calls."""

    calls: int  # to which the figure applies
    reached: int  # of these, with which it came so far
    p50_s: int | None  # of those; the smallest time that half of them did not exceed
    p90_s: int | None
    marks: tuple[Mark, ...]


Timings: TypeAlias = Mapping[Figure, Timing]


@dataclass(frozen=True, slots=True)
class _Kind:
    seconds: Callable[[Calls], Ints]
    flags: int = 0  # all of which a call must have
    is_visit: bool = False  # a call that needed nobody is not held against it


_KINDS: Final[Mapping[Figure, _Kind]] = {
    Figure.ANSWER: _Kind(lambda calls: calls.taken_s, BY_HANDSET),
    Figure.ANSWER_LIFE_THREAT: _Kind(lambda calls: calls.taken_s, BY_HANDSET | IS_LIFE_THREAT),
    Figure.ACCEPT: _Kind(lambda calls: calls.accepted_s, is_visit=True),
    Figure.ARRIVAL: _Kind(lambda calls: calls.arrived_s, is_visit=True),
    Figure.COMPLETION: _Kind(lambda calls: calls.closed_s),
}


def reckon(
    calls: Calls,
    promised: Mapping[Figure, Sequence[Target]],
    groups: Ints | None = None,
    count: int = 1,
) -> list[Timings]:
    """Return the figures of each of `count` groups; `groups` says in which each call is.

    Without groups: of all calls together.
    """
    places = np.zeros(len(calls), dtype=np.int32) if groups is None else groups
    found = {figure: _figure(calls, figure, promised[figure], places, count) for figure in _KINDS}
    return [{figure: found[figure][place] for figure in found} for place in range(count)]


def applies(calls: Calls, figure: Figure) -> Mask:
    """Return for each call whether the figure counts it."""
    wanted = _KINDS[figure].flags
    return (calls.flags & wanted) == wanted


def seconds(calls: Calls, figure: Figure) -> Ints:
    """Return how long each call waited; -1 where it has not come so far."""
    return _KINDS[figure].seconds(calls)


def missed(calls: Calls, figure: Figure, within_s: float) -> Mask:
    """Return for each call whether it waited longer than that.

    It did when the time passed while the call was open, whatever came of it later. A call that
    ended before, or is younger, says nothing; nor does one that turned out to need nobody.
    """
    kind = _KINDS[figure]
    took_s = kind.seconds(calls)
    waits = (took_s < 0) & (calls.open_s > within_s)
    if kind.is_visit:
        waits &= (calls.flags & NOBODY_NEEDED) == 0
    return applies(calls, figure) & (waits | (took_s > within_s))


def _figure(
    calls: Calls, figure: Figure, targets: Sequence[Target], places: Ints, count: int
) -> list[Timing]:
    counted = applies(calls, figure)
    took_s = seconds(calls, figure)
    is_reached = counted & (took_s >= 0)
    reached, p50_s, p90_s = _percentiles(took_s[is_reached], places[is_reached], count)
    total = _counts(places, counted, count)
    marks = [
        (
            target,
            _counts(places, is_reached & (took_s <= target.within_s), count),
            _counts(places, missed(calls, figure, target.within_s), count),
        )
        for target in targets
    ]
    return [
        Timing(
            calls=int(total[place]),
            reached=reached[place],
            p50_s=p50_s[place],
            p90_s=p90_s[place],
            marks=tuple(
                Mark(
                    target=target,
                    judged=int(within[place] + late[place]),
                    within=int(within[place]),
                )
                for target, within, late in marks
            ),
        )
        for place in range(count)
    ]


def _counts(places: Ints, mask: Mask, count: int) -> NDArray[np.intp]:
    return np.bincount(places[mask], minlength=count)


def _percentiles(
    took_s: Ints, places: Ints, count: int
) -> tuple[list[int], list[int | None], list[int | None]]:
    """Return count, p50 and p90 of each group, by one sort: place and time as one number."""
    keys = np.sort((places.astype(np.int64) << 32) | took_s)
    bounds = np.searchsorted(keys, np.arange(count + 1, dtype=np.int64) << 32)
    sizes: list[int] = np.diff(bounds).tolist()
    starts: list[int] = bounds[:-1].tolist()

    def at(percent: int) -> list[int | None]:
        return [
            int(keys[start + -(-size * percent // 100) - 1] & 0xFFFF_FFFF) if size else None
            for start, size in zip(starts, sizes, strict=True)
        ]

    return sizes, at(50), at(90)
