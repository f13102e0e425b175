"""How often somebody at home should give a sign of life by their handset, and by when the next.

The deadlines of many residents who are registered at one moment are spread over a period, so that
an import never wakes the whole desk at once.
"""

from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from dispatch.book import Book, Resident
from dispatch.ids import ResidentId
from dispatch.plans import CheckIn

AT_HOME: Final = "home"  # away, in_hospital, moved, deceased: nobody waits for a sign of life


def period_of(check_in: CheckIn | None, resident: Resident) -> timedelta | None:
    """Return how long this resident may be silent; None: as long as they like."""
    if check_in is None or resident.state != AT_HOME:
        return None
    period = check_in.periods.get(resident.ability)
    if period is not None and resident.lives_alone:
        return period * check_in.alone_factor
    return period


def begin(book: Book, resident_id: ResidentId, at: datetime) -> None:
    """Start, keep or end a rhythm, by what is known of the resident now.

    One that runs is never put off by this: the earlier deadline stays.
    """
    period = _rhythm_of(book, resident_id)
    if period is None:
        book.check_ins.pop(resident_id, None)
        return
    first = at + period * (1 + _share(resident_id))
    _set(book, resident_id, min(first, book.check_ins.get(resident_id, first)))


def begin_for_all(book: Book, at: datetime) -> None:
    """Start, keep or end everybody's rhythm, after plans with another one were adopted.

    Costs some microseconds for each resident with a handset: an administrator's act, by day.
    """
    before = book.check_ins
    book.check_ins = {}
    check_in = book.plans.check_in
    for resident_id in book.handsets_of:
        resident = book.residents.get(resident_id)
        period = period_of(check_in, resident) if resident else None
        if period is None or book.missed_check_in(resident_id):
            continue
        first = at + period * (1 + _share(resident_id))
        book.check_ins[resident_id] = min(first, before.get(resident_id, first))
    book.expect_all((due, "check_in", who) for who, due in book.check_ins.items())


def alive(book: Book, resident_id: ResidentId, at: datetime) -> None:
    """Count anew from a sign of life; not while somebody looks for the resident anyway."""
    period = _rhythm_of(book, resident_id)
    if period is not None:
        _set(book, resident_id, at + period)


def resume(book: Book, at: datetime, stopped_for: timedelta) -> None:
    """Let what lapsed while the center was away lapse as much later, as spread as it was."""
    for resident_id, due_at in list(book.check_ins.items()):
        if due_at <= at:
            _set(book, resident_id, due_at + stopped_for)


def _rhythm_of(book: Book, resident_id: ResidentId) -> timedelta | None:
    resident = book.residents.get(resident_id)
    if resident is None or resident_id not in book.handsets_of or book.missed_check_in(resident_id):
        return None
    return period_of(book.plans.check_in, resident) if book.plan_version else None


def _share(resident_id: ResidentId) -> float:
    """Return a number from 0 to 1 that is always the same for the resident."""
    return crc32(resident_id.encode()) / 2**32


def _set(book: Book, resident_id: ResidentId, due_at: datetime) -> None:
    if book.check_ins.get(resident_id) != due_at:
        book.check_ins[resident_id] = due_at
        book.expect(due_at, "check_in", resident_id)
