"""Requests that could not be put on record, read back from the journal."""

from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.security.paging import LIMIT_MAX, Page
from app.security.refusals import CursorUnfit
from app.storage.ledger import CENTER

_BIGINT_MAX: Final = 2**63 - 1
_PARKED: Final = text(
    "SELECT number, at, body->>'what' AS what, body->>'why' AS why,"
    " body->>'handset_id' AS handset_id FROM fact"
    " WHERE center = :center AND kind = 'request_parked' AND number < :before"
    " ORDER BY number DESC LIMIT :count"
)


async def parked_page(
    connection: AsyncConnection, *, after: str | None, limit: int
) -> Page[dict[str, Any]]:
    """Return a page of parked requests, the latest first.

    Raises:
        CursorUnfit: `after` did not come from an earlier page.
    """
    count = min(max(limit, 1), LIMIT_MAX)
    if after is not None and not (after.isascii() and after.isdigit() and len(after) < 19):
        raise CursorUnfit("This is not where an earlier page ended.")
    before = int(after) if after is not None else _BIGINT_MAX
    rows = await connection.execute(
        _PARKED, {"center": CENTER, "before": before, "count": count + 1}
    )
    items = [dict(row) for row in rows.mappings()]
    has_more = len(items) > count
    return Page(items=items[:count], next=str(items[count - 1]["number"]) if has_more else None)
