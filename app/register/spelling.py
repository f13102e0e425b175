"""How names and numbers are typed: Chinese as it stands, in pinyin or by initials; digits bare."""

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import Final

READINGS_MAX: Final = 3  # of one character
SPELLINGS_MAX: Final = 4  # of one name: the usual one, then with another reading of one character
CHARACTERS_KEPT: Final = 20_000  # whose readings are remembered: more than names are made of

_JOINTS: Final = re.compile(r"[\s\-'’·•.()（）]+")
_PARTS: Final = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")
_NUMBERS: Final = re.compile(r"[^/,;，；、|]+")
_NO_DIGIT: Final = re.compile(r"[^0-9]+")
_LATIN: Final = re.compile("[\u00c0-\u024f\u0300-\u036f\u1e00-\u1eff]")
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
_ABROAD: Final = re.compile(r"^(?:\+86|0086|86(?=1[0-9]{10}$))")


def folded(text: str) -> str:
    """Return a text in small letters without accents and joints; `ü` is `v`, as people type it."""
    return _JOINTS.sub("", _plain(text))


def digits_of(telephone: str) -> str:
    """Return the digits of a telephone number, without the country's code."""
    bare = _JOINTS.sub("", telephone if telephone.isascii() else _compatible(telephone))
    return _NO_DIGIT.sub("", _ABROAD.sub("", bare))


def numbers_of(telephones: str) -> list[str]:
    """Return the digits of each of the numbers that stand in one field."""
    return [digits_of(one) for one in _NUMBERS.findall(telephones)]


def spellings_of(name: str) -> list[str]:
    """Return how a name may be typed in Latin letters: whole, and by initials.

    `曾丽` is `cengli`, `cl`, `zengli`, `zl`; `Mary Smith` is `marysmith`, `ms`, `smith`.
    """
    plain = _plain(name)
    parts = [_readings(part) for part in _PARTS.findall(plain)]
    if not parts:
        return []
    found = chain.from_iterable(
        ("".join(one), "".join(syllable[0] for syllable in one)) for one in _variants(parts)
    )
    later = (part[0] for part in parts[1:] if len(part) == 1 and part[0] in plain)
    return list(dict.fromkeys(chain(found, later)))


def _variants(parts: list[tuple[str, ...]]) -> Iterator[list[str]]:
    """Give the usual reading, then those that differ in one character, the surname's first."""
    usual = [part[0] for part in parts]
    yield usual
    left = SPELLINGS_MAX - 1
    for index, part in enumerate(parts):
        for other in part[1 : left + 1]:
            left -= 1
            yield [*usual[:index], other, *usual[index + 1 :]]


def _plain(text: str) -> str:
    """Return a text in small letters without accents."""
    if text.isascii():
        return text.lower()
    small = _compatible(text).lower().replace("ü", "v")
    if not _LATIN.search(small):
        return small
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", small)))


def _compatible(text: str) -> str:
    """Return a text with full-width letters and digits made plain."""
    return unicodedata.normalize("NFKC", text)


@lru_cache(CHARACTERS_KEPT)
def _readings(part: str) -> tuple[str, ...]:
    """Return the readings of a character, the usual one first; a Latin word reads as it stands."""
    if part.isascii():
        return (part,)
    return tuple(dict.fromkeys(_reader()(part)))[:READINGS_MAX]


@cache
def _reader() -> Callable[[str], list[str]]:
    """Return the dictionary; it is read at the first name, and single characters are enough."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # else 43 MB and seconds for phrases
    from pypinyin import Style, pinyin

    return lambda part: pinyin(part, style=Style.NORMAL, heteronym=True)[0]
