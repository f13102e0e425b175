"""Call rounds, where they touch the world: who was silent, and who is heard again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.center import CenterStopped, NotRecordable
from app.clock import system_clock
from app.inbox import InboxFull
from app.service import Service
from app.silence import NOT_CALLED
from app.storage.heard import heard_since, last_heard
from dispatch.book import Book
from dispatch.ids import AreaId, HandsetId, ResidentId
from dispatch.requests import HeardAgain

log = structlog.get_logger()

LOOK_EVERY_S: Final = 15.0
OVERLAP: Final = timedelta(seconds=60)  # for tracks that were on their way to the record
AT_ONCE: Final = 500  # residents or handsets, so that no call waits for them


async def silent_since(
    service: Service, since: datetime, covers: Callable[[tuple[AreaId, ...]], bool]
) -> list[ResidentId]:
    """Return whose handsets were heard before `since` and not again, the longest silent first.

    A resident one of whose handsets was heard is not silent; one whose handsets were not heard
    in the two days before either was silent anyway, and is not in this list.
    """
    last = await last_heard(service.engine, since)

    def begin(book: Book) -> tuple[list[ResidentId], dict[ResidentId, list[HandsetId]]]:
        handsets: dict[ResidentId, list[HandsetId]] = {}
        for one in book.handsets.values():
            if one.resident_id is not None:
                handsets.setdefault(one.resident_id, []).append(one.id)
        return list(handsets), handsets

    residents, handsets = await service.center.read(begin)
    found: list[tuple[datetime, ResidentId]] = []
    for start in range(0, len(residents), AT_ONCE):
        some = residents[start : start + AT_ONCE]

        def look(
            book: Book, some: Sequence[ResidentId] = some
        ) -> list[tuple[datetime, ResidentId]]:
            called = [one for one in some if _is_called(book, one, covers)]
            heard = [(_heard_at(book, last, handsets[one]), one) for one in called]
            return [(at, one) for at, one in heard if at is not None and at < since]

        found += await service.center.read(look)
        await asyncio.sleep(0)
    return [resident_id for _, resident_id in sorted(found)]


async def watch(service: Service) -> None:
    """While a call round is under way, let the rules know which handsets are heard again."""
    seen_until: datetime | None = None
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        rounds = service.center.book.rounds
        if not rounds:
            seen_until = None
            continue
        now = system_clock()
        since = seen_until or min(one.began_at for one in rounds.values())
        try:
            await look_once(service, since - OVERLAP)
        except (SQLAlchemyError, OSError, InboxFull, NotRecordable, CenterStopped) as error:
            log.warning("a call round was not told who is heard", reason=type(error).__name__)
            continue
        seen_until = now


async def look_once(service: Service, since: datetime) -> None:
    """Account for the residents in a round whose handsets were heard at `since` or later."""
    book = service.center.book
    heard = [HandsetId(one) for one in await heard_since(service.engine, since)]
    wanted = [
        one
        for one in heard
        if (handset := book.handsets.get(one)) is not None and handset.resident_id in book.round_of
    ]
    for start in range(0, len(wanted), AT_ONCE):
        some = tuple(wanted[start : start + AT_ONCE])
        await service.center.call(HeardAgain(handset_ids=some))


def _is_called(
    book: Book, resident_id: ResidentId, covers: Callable[[tuple[AreaId, ...]], bool]
) -> bool:
    resident = book.residents.get(resident_id)
    if resident is None or resident.state in NOT_CALLED:
        return False
    return covers(book.territory.path(resident.area_id))


def _heard_at(
    book: Book, last: Mapping[str, datetime], handsets: Sequence[HandsetId]
) -> datetime | None:
    """Return when one of these handsets was last heard, on either lane."""
    called = [
        next(reversed(known.values())).at for one in handsets if (known := book.heard.get(one))
    ]
    return max([*called, *(last[one] for one in handsets if one in last)], default=None)
