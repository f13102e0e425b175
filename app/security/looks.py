"""Every look at where a resident is, on record before the location is shown."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.paging import LIMIT_DEFAULT, LIMIT_MAX, Page
from app.security.refusals import CursorUnfit, LooksFull
from app.security.words import fit
from app.storage.models import LookRow

REASON_CHARS_MAX: Final = 500
WHAT_CHARS_MAX: Final = 40
WAITING_MAX: Final = 10_000
SAME_LOOK_FOR: Final = timedelta(minutes=10)
"""A stream that goes on showing the same resident to the same person is one look for so long."""

_BATCH_ROWS: Final = 500
_BIGINT_MAX: Final = 2**63 - 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Somebody saw where a resident is, and why."""

    at: datetime
    account_id: str  # or the caregiver's id, when one looked
    role: str
    resident_id: str
    incident_id: str | None
    reason: str
    what: str  # what was shown: "last_position", "incident", "stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookOnRecord:
    """A look with its number, as the administrator sees it."""

    id: int
    look: Look


class Looks:
    """Records looks: at once, or a moment later for streams; and pages through them."""

    def __init__(
        self,
        sessionmaker: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._db = sessionmaker
        self._clock = clock
        self._waiting_max = waiting_max
        self._waiting: deque[Look] = deque()
        self._shown: OrderedDict[tuple[str, str, str | None, str], datetime] = OrderedDict()
        self._flushing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Return how many looks are not on record yet."""
        return len(self._waiting)

    def look(
        self,
        *,
        account_id: str,
        role: str,
        resident_id: str,
        reason: str,
        what: str,
        incident_id: str | None = None,
    ) -> Look:
        """Return a look that happens now."""
        return Look(
            at=self._clock(),
            account_id=account_id,
            role=role,
            resident_id=resident_id,
            incident_id=incident_id,
            reason=fit(reason, REASON_CHARS_MAX),
            what=fit(what, WHAT_CHARS_MAX),
        )

    def is_recorded(
        self, account_id: str, resident_id: str, incident_id: str | None, what: str
    ) -> bool:
        """Tell whether the same look was put on record within ten minutes, or soon will be."""
        before = self._shown.get((account_id, resident_id, incident_id, what))
        return before is not None and self._clock() - before < SAME_LOOK_FOR

    async def record(self, look: Look) -> None:
        """Put a look on record; show the location only after this has returned."""
        await self._write([look])

    async def record_all(self, looks: Sequence[Look]) -> None:
        """Put several on record, all or none; show the locations only after this has returned."""
        if looks:
            await self._write(list(looks))

    def record_later(self, look: Look) -> None:
        """Put a look on record within a moment, for streams that cannot wait.

        The same person going on to see the same thing is recorded every ten minutes.

        Raises:
            LooksFull: too many looks wait for the database; withhold the location.
        """
        key = (look.account_id, look.resident_id, look.incident_id, look.what)
        if self.is_recorded(*key):
            return
        if len(self._waiting) >= self._waiting_max:
            raise LooksFull
        self._waiting.append(look)
        self._shown[key] = look.at
        self._shown.move_to_end(key)
        if len(self._shown) > self._waiting_max:
            self._shown.popitem(last=False)

    async def flush(self) -> int:
        """Write what waits; return how many looks that were. What fails to be written stays.

        To be called every second or so, and at the stop.
        """
        written = 0
        async with self._flushing:
            while self._waiting:
                batch = [self._waiting[i] for i in range(min(len(self._waiting), _BATCH_ROWS))]
                await self._write(batch)
                for _ in batch:
                    self._waiting.popleft()
                written += len(batch)
        return written

    async def stop(self) -> None:
        """Write what still waits. What cannot be written is counted in the log as an error."""
        try:
            await self.flush()
        except (SQLAlchemyError, OSError):
            _log.exception("Looks at locations were lost", extra={"lost": len(self._waiting)})

    async def page(
        self,
        *,
        resident_id: str | None = None,
        account_id: str | None = None,
        after: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[LookOnRecord]:
        """Return a page of looks, the latest first.

        Raises:
            CursorUnfit: `after` did not come from an earlier page.
        """
        count = min(max(limit, 1), LIMIT_MAX)
        query = select(LookRow).order_by(LookRow.id.desc()).limit(count + 1)
        if resident_id is not None:
            query = query.where(LookRow.resident_id == fit(resident_id, REASON_CHARS_MAX))
        if account_id is not None:
            query = query.where(LookRow.account_id == fit(account_id, REASON_CHARS_MAX))
        if after is not None:
            query = query.where(LookRow.id < _number_of(after))
        async with self._db() as db:
            items = [_on_record(row) for row in await db.scalars(query)]
        has_more = len(items) > count
        return Page(items=items[:count], next=str(items[count - 1].id) if has_more else None)

    async def _write(self, batch: list[Look]) -> None:
        async with self._db.begin() as db:
            await db.execute(insert(LookRow), [asdict(look) for look in batch])


def _number_of(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > len(str(_BIGINT_MAX)):
        raise CursorUnfit(f"There is no page after {cursor[:20]!r}.")
    return min(int(cursor), _BIGINT_MAX)


def _on_record(row: LookRow) -> LookOnRecord:
    look = Look(
        at=row.at,
        account_id=row.account_id,
        role=row.role,
        resident_id=row.resident_id,
        incident_id=row.incident_id,
        reason=row.reason,
        what=row.what,
    )
    return LookOnRecord(id=row.id, look=look)
