"""When grave calls arrive faster than the desk can take them, and when that is over again.

Only counts are looked at, which the book keeps as it goes: how many grave calls (a threat to life,
or urgent) no operator has taken, how old the oldest is, and how many operators are at the desk.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from dispatch.facts import Fact, OverloadBegan, OverloadEasing, OverloadEnded

if TYPE_CHECKING:
    from dispatch.book import Book
    from dispatch.requests import Lapse

DESK: Final = "desk"  # the subject of its deadline: there is one desk
UNTAKEN_MAX: Final = 3  # grave calls to each operator at the desk
UNTAKEN_MAX_ALONE: Final = 4  # while nobody is there
CROWD: Final = 3  # so many, the oldest of which is OLD, are too many for however large a desk
OLD: Final = timedelta(seconds=120)
EASE_FOR: Final = timedelta(seconds=60)  # it must be calm for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """More grave calls wait than the desk can take."""

    since: datetime
    end_by: datetime | None = None  # when it is over, if it stays calm; None while it is not


def turn(book: "Book", now: datetime) -> list[Fact]:
    """Return what follows from the counts as they are: it begins, eases, or is as bad again."""
    waiting, operators = len(book.untaken), len(book.desk)
    is_too_much = _is_too_much(book, now)
    if book.overload is None:
        if not is_too_much:
            return []
        return [OverloadBegan(at=now, waiting=waiting, operators=operators)]
    is_calm = waiting <= operators and not is_too_much
    if is_calm is (book.overload.end_by is not None):
        return []
    return [OverloadEasing(at=now, end_by=now + EASE_FOR if is_calm else None)]


def lapsed(book: "Book", _: "Lapse", now: datetime) -> list[Fact]:
    """Begin because the oldest of a crowd has become old, or end after a minute of calm."""
    facts = turn(book, now)
    if facts or book.overload is None:
        return facts
    return [OverloadEnded(at=now)]


def due_by(book: "Book") -> datetime | None:
    """Return when time alone changes something: the oldest call is old, or calm has lasted."""
    if book.overload is not None:
        return book.overload.end_by
    return book.oldest_untaken_at() + OLD if len(book.untaken) >= CROWD else None


def _is_too_much(book: "Book", now: datetime) -> bool:
    waiting, operators = len(book.untaken), len(book.desk)
    most = UNTAKEN_MAX * operators if operators else UNTAKEN_MAX_ALONE
    if waiting > most:
        return True
    return waiting >= CROWD and now - book.oldest_untaken_at() >= OLD
