"""Finding residents, handsets and caregivers by name, pinyin, telephone number or id.

The index follows the directory: it is filled from it, and each fact that changes a card drops a
small part, which is written anew. Looking takes a few milliseconds among 300,000 residents, in
slices after each of which calls are served.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from app.register.directory import Directory
from app.register.shelf import EDGE, PORTIONS, Needle, Shelf, Tally, Words
from app.register.spelling import digits_of, folded, numbers_of, spellings_of
from dispatch.facts import CaregiverEnrolled, Fact, HandsetPaired, ResidentRegistered

SHOWN_MAX: Final = 8  # of each kind
COUNTED_MAX: Final = 1_000  # after that only whole words are looked for: nobody reads so many
SLICE_S: Final = 0.002  # of looking, before others have their turn
DIGITS_MIN: Final = 4  # of a number, or everybody would be found
LETTERS_MIN: Final = 2

_DIGITS: Final = re.compile(r"\+?[0-9]+")
_LETTERS: Final = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The ids that fit best, and how many more there are."""

    ids: tuple[str, ...]
    more: int
    is_least: bool = False  # there are so many more that they were not counted to the end


class Finder:
    """The index of everybody and everything that a desk may look for."""

    def __init__(self, directory: Directory) -> None:
        """Begin with all that is in the directory."""
        self._directory = directory
        self.residents = Shelf(self._words_of_resident)
        self.caregivers = Shelf(self._words_of_caregiver)
        self.handsets = Shelf(_words_of_handset)
        for shelf, ids in (
            (self.residents, directory.residents),
            (self.caregivers, directory.caregivers),
            (self.handsets, directory.handsets),
        ):
            shelf.fill(ids)

    def note(self, facts: Iterable[Fact]) -> None:
        """Take up what facts say of people and handsets, after the directory has."""
        for fact in facts:
            match fact:
                case ResidentRegistered():
                    self.residents.add(fact.resident_id)
                case CaregiverEnrolled():
                    self.caregivers.add(fact.caregiver_id)
                case HandsetPaired():
                    self.handsets.add(fact.handset_id)
                case _:
                    pass

    async def warm(self) -> None:
        """Write all of the index, in slices, so that nobody waits for it."""
        turn = _Turn()
        for index in range(PORTIONS):
            for shelf in (self.residents, self.caregivers, self.handsets):
                shelf.write(index)
            await turn.give()

    async def find(
        self,
        shelf: Shelf,
        sought: str,
        is_mine: Callable[[str], bool],
        *,
        at_most: int = SHOWN_MAX,
    ) -> Found:
        """Return who fits what is sought, of those that `is_mine` lets pass, the best first."""
        needles = needles_of(sought)
        wholes = [replace(one, is_anywhere=False, is_whole=True) for one in needles]
        tally = Tally()
        turn = _Turn()
        for index in range(PORTIONS) if needles else ():
            if tally.count >= COUNTED_MAX:
                needles = wholes
            shelf.look(index, needles, is_mine, tally, at_most=at_most)
            await turn.give()
        return Found(
            ids=tuple(subject_id for _, subject_id in tally.best),
            more=tally.count - len(tally.best),
            is_least=tally.count >= COUNTED_MAX,
        )

    def is_like(self, resident_id: str, sought: str) -> bool:
        """Whether one resident fits what is sought."""
        words = self._words_of_resident(resident_id)
        for needle in needles_of(sought):
            for word in words.get(needle.column, ()):
                if word.startswith(needle.text) or (needle.is_anywhere and needle.text in word):
                    return True
        return False

    def _words_of_resident(self, resident_id: str) -> Words:
        card = self._directory.residents.get(resident_id)
        return _words(resident_id, card.name, card.telephone) if card else {}

    def _words_of_caregiver(self, caregiver_id: str) -> Words:
        card = self._directory.caregivers.get(caregiver_id)
        return _words(caregiver_id, card.name, card.telephone) if card else {}


def needles_of(sought: str) -> list[Needle]:
    """Return what to look for: a number in numbers and ids, letters in spellings and ids."""
    text = folded(sought).replace(EDGE, "")
    if _DIGITS.fullmatch(text):
        digits = digits_of(text)
        by_number = Needle(column="telephones", text=digits, is_anywhere=True)
        return [by_number, Needle(column="ids", text=text)] if len(digits) >= DIGITS_MIN else []
    if not (text.isascii() and text.isalnum()):
        return [Needle(column="names", text=text, is_anywhere=True)] if text else []
    if len(text) < LETTERS_MIN:
        return []
    spelled = [Needle(column="spellings", text=text)] if _LETTERS.fullmatch(text) else []
    return [*spelled, Needle(column="ids", text=text)]


def _words(subject_id: str, name: str, telephone: str) -> Words:
    return {
        "names": (folded(name).replace(EDGE, ""),),
        "spellings": spellings_of(name),
        "telephones": numbers_of(telephone),
        "ids": (folded(subject_id).replace(EDGE, ""),),
    }


def _words_of_handset(handset_id: str) -> Words:
    return {
        "telephones": (digits_of(handset_id),),  # the last digits on its label will do
        "ids": (folded(handset_id).replace(EDGE, ""),),
    }


class _Turn:
    """Gives others their turn whenever a slice of time is over."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + SLICE_S

    async def give(self) -> None:
        if self._loop.time() >= self._until:
            await asyncio.sleep(0)
            self._until = self._loop.time() + SLICE_S
