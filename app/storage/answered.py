"""How soon calls were answered before the server started: what the wallboard begins with."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.ledger import CENTER

SERVICE: Final = 4  # the gravity of calls about a device

_CALLS: Final = f"""
SELECT i.id, i.area_id, i.raised_at, (
  SELECT min(f.at) FROM fact f WHERE f.incident_id = i.id AND f.center = {CENTER}
    AND f.kind IN ('incident_claimed', 'incident_closed')
) AS answered_at
FROM incident i
WHERE (i.raised_at >= :since OR i.closed_at IS NULL)
  AND i.gravity < {SERVICE} AND i.channel <> ALL (CAST(:left_out AS text[]))
"""  # noqa: S608
_FREE: Final = f"""
SELECT f.incident_id, max(f.at) AS at
FROM incident i JOIN fact f ON f.incident_id = i.id AND f.center = {CENTER}
WHERE i.closed_at IS NULL
  AND f.kind IN ('incident_raised', 'claim_released', 'claim_lapsed', 'incident_reopened')
GROUP BY f.incident_id
"""  # noqa: S608


async def calls_since(
    engine: AsyncEngine, since: datetime, *, left_out: Collection[str]
) -> list[RowMapping]:
    """Return the calls raised since then or still open, and when each was first taken or closed.

    `left_out` are the channels whose calls nobody waits to be answered.
    """
    async with engine.connect() as connection:
        values = {"since": since, "left_out": list(left_out)}
        return list((await connection.execute(text(_CALLS), values)).mappings())


async def free_since(engine: AsyncEngine) -> dict[str, datetime]:
    """Return of each open call when it last came to the desk or back to it."""
    async with engine.connect() as connection:
        rows = await connection.execute(text(_FREE))
        return {row.incident_id: row.at for row in rows}
