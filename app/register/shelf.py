"""An index for searching as one types: who has these letters or digits, of hundreds of thousands.

What can be searched for stands in a few long texts, in which the interpreter's own search for a
string is the fastest index there is, and the smallest (some 90 bytes for each resident). They are
cut into portions, by the ids: a change drops one portion, which is written anew when it is needed.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import nsmallest
from typing import Final, TypeAlias
from zlib import crc32

PORTIONS: Final = 1_024  # of 300 residents each where there are 300,000
EDGE: Final = "\t"  # stands between words, and in none of them

Words: TypeAlias = Mapping[str, Iterable[str]]
"""The words of one subject by column: "names", "spellings", "telephones", "ids"."""


class Fit(IntEnum):
    """How well a word fits what is sought: the smaller the better."""

    WHOLE = 0
    BEGINNING = 1
    WITHIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """What is looked for in one column."""

    column: str
    text: str
    is_anywhere: bool = False  # also within a word, not only at its beginning
    is_whole: bool = False  # a word and no more


@dataclass(slots=True)
class Tally:
    """The best fits so far, and how many there are."""

    best: list[tuple[Fit, str]] = field(default_factory=list[tuple[Fit, str]])
    count: int = 0


class Shelf:
    """The searchable words of many subjects of one kind."""

    def __init__(self, words_of: Callable[[str], Words]) -> None:
        """`words_of` gives the words of a subject as they are now."""
        self._words_of = words_of
        self._ids: list[list[str]] = [[] for _ in range(PORTIONS)]
        self._portions: list[dict[str, _Column] | None] = [None] * PORTIONS

    def fill(self, subject_ids: Iterable[str]) -> None:
        """Add many subjects, none of which is there."""
        for subject_id in subject_ids:
            self._ids[_portion_of(subject_id)].append(subject_id)

    def add(self, subject_id: str) -> None:
        """Add a subject, or let its words be read anew; what they were is forgotten at once."""
        index = _portion_of(subject_id)
        if subject_id not in self._ids[index]:
            self._ids[index].append(subject_id)
        self._portions[index] = None

    def write(self, index: int) -> None:
        """Write a portion, if it is not there; costs a millisecond or less."""
        if self._portions[index] is None:
            words = [self._words_of(subject_id) for subject_id in self._ids[index]]
            columns = dict.fromkeys(name for one in words for name in one)
            self._portions[index] = {
                name: _column([one.get(name, ()) for one in words]) for name in columns
            }

    def look(
        self,
        index: int,
        needles: Sequence[Needle],
        is_mine: Callable[[str], bool],
        tally: Tally,
        *,
        at_most: int,
    ) -> None:
        """Count in one portion who fits one of the needles and is mine; keep the best."""
        self.write(index)
        columns, ids = self._portions[index], self._ids[index]
        fits: dict[int, Fit] = {}
        for needle in needles:
            column = columns.get(needle.column) if columns else None
            for row, fit in column.rows(needle) if column else ():
                fits[row] = min(fit, fits.get(row, fit))
        found = [(fit, ids[row]) for row, fit in fits.items() if is_mine(ids[row])]
        if found:
            tally.count += len(found)
            tally.best = nsmallest(at_most, [*tally.best, *found])


def _portion_of(subject_id: str) -> int:
    return crc32(subject_id.encode("utf-8", "surrogatepass")) % PORTIONS


@dataclass(frozen=True, slots=True)
class _Column:
    text: str
    starts: "array[int]"  # where each row begins

    def rows(self, needle: Needle) -> Iterator[tuple[int, Fit]]:
        """Give each row in which the needle is, once, with its best fit."""
        text, starts, last = self.text, self.starts, len(self.starts) - 1
        begins = EDGE + needle.text
        sought = needle.text if needle.is_anywhere else begins + EDGE * needle.is_whole
        at = text.find(sought)
        while at >= 0:
            row = bisect_right(starts, at) - 1
            end = starts[row + 1] if row < last else len(text)
            yield row, self._fit(begins, starts[row], end)
            at = text.find(sought, end)

    def _fit(self, begins: str, start: int, end: int) -> Fit:
        if self.text.find(begins + EDGE, start, end) >= 0:
            return Fit.WHOLE
        return Fit.BEGINNING if self.text.find(begins, start, end) >= 0 else Fit.WITHIN


def _column(rows: Iterable[Iterable[str]]) -> _Column:
    starts = array("I")
    lines: list[str] = []
    length = 0
    for words in rows:
        line = EDGE + "".join(f"{word}{EDGE}" for word in words if word)
        starts.append(length)
        lines.append(line)
        length += len(line)
    return _Column("".join(lines), starts)
