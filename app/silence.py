"""Which handsets are silent: nothing has come from them for so long that somebody should look.

A look goes once a minute through the record of tracks since the last one, and through the paired
handsets in slices, so that no call waits for it. What it finds is kept as counts by area.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.center import Center, JournalAway
from app.clock import Clock
from app.storage.heard import heard_at
from dispatch.book import Book
from dispatch.ids import AreaId, HandsetId

log = structlog.get_logger()

LOOK_EVERY_S: Final = 60.0
OVERLAP: Final = timedelta(seconds=60)  # for tracks that were on their way to the record
AT_ONCE: Final = 2_000  # handsets, about two milliseconds
NOT_CALLED: Final = frozenset({"moved", "deceased"})  # residents whose handsets are nobody's loss

Counts: TypeAlias = dict[AreaId, list[int]]
"""By the area where the resident lives: silent handsets, and all."""


class Silence:
    """The counts of the last look."""

    def __init__(self, engine: AsyncEngine, center: Center, *, after: timedelta) -> None:
        """Count a handset as silent once nothing has come from it for `after`."""
        self.after = after
        self.counts: Mapping[AreaId, Sequence[int]] = {}
        self.looked_at: datetime | None = None  # by the machine's clock
        self._engine = engine
        self._center = center
        self._heard: dict[HandsetId, datetime] = {}

    async def run(self, clock: Clock) -> None:
        """Look once a minute; a look that fails is made up for by the next."""
        while True:
            try:
                await self.look(clock())
            except (SQLAlchemyError, OSError, JournalAway) as error:
                log.warning("silent handsets were not counted", reason=type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now: datetime) -> None:
        """Count which handsets are silent now."""
        begin = now - self.after
        since = begin if self.looked_at is None else max(begin, self.looked_at - OVERLAP)
        heard = await heard_at(self._engine, since)
        handset_ids = await self._center.read(lambda book: list(book.handsets))
        counts: Counts = {}
        still: dict[HandsetId, datetime] = {}
        for start in range(0, len(handset_ids), AT_ONCE):
            some = handset_ids[start : start + AT_ONCE]

            def look(book: Book, some: Sequence[HandsetId] = some) -> None:
                for handset_id in some:
                    at = heard.get(handset_id) or self._heard.get(handset_id)
                    if at is not None and at >= begin:
                        still[handset_id] = at
                    _count(book, handset_id, at, begin, counts)

            await self._center.read(look)
            await asyncio.sleep(0)
        self._heard, self.counts, self.looked_at = still, counts, now


def _count(
    book: Book, handset_id: HandsetId, at: datetime | None, begin: datetime, counts: Counts
) -> None:
    handset = book.handsets.get(handset_id)
    resident = book.residents.get(handset.resident_id) if handset and handset.resident_id else None
    if resident is None or resident.state in NOT_CALLED:
        return
    tally = counts.setdefault(resident.area_id, [0, 0])
    tally[1] += 1
    if at is None or at < begin:
        known = book.heard.get(handset_id)
        tally[0] += not known or next(reversed(known.values())).at < begin
