"""What a replay is made of: the calls of a time and place, and every fact of them until its end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from app.codec import decode
from app.storage.history import reading
from app.storage.ledger import CENTER, Recorded

CALLS_MAX: Final = 500
FACTS_MAX: Final = 40_000

# Calls that lie in no known area are everybody's, as at the desk.
_CALLS: Final = """
SELECT * FROM incident
WHERE raised_at < :until AND (closed_at IS NULL OR closed_at >= :since)
  AND (:everywhere OR area_path = '' OR string_to_array(area_path, '/') && CAST(:mine AS text[]))
  AND (CAST(:area AS text) IS NULL OR CAST(:area AS text) = ANY (string_to_array(area_path, '/')))
ORDER BY raised_at, length(id), id LIMIT :limit
"""
_FACTS: Final = f"""
SELECT incident_id, number, kind, version, body::text, personal::text FROM fact
WHERE center = {CENTER} AND incident_id = ANY(CAST(:ids AS text[])) AND at <= :until
ORDER BY number LIMIT :limit
"""  # noqa: S608


async def calls_of_time(
    engine: AsyncEngine, *, since: datetime, until: datetime, area: str | None, mine: Sequence[str]
) -> Sequence[RowMapping]:
    """Return calls that were open at some time between, within `mine` ("*" is all) and `area`.

    At most CALLS_MAX and one more, by which it is seen that there are more.
    """
    values = {
        "since": since,
        "until": until,
        "area": area,
        "mine": list(mine),
        "everywhere": "*" in mine,
        "limit": CALLS_MAX + 1,
    }
    async with reading(engine) as connection:
        return (await connection.execute(text(_CALLS), values)).mappings().all()


async def facts_until(
    engine: AsyncEngine, ids: Sequence[str], until: datetime
) -> dict[str, list[Recorded]]:
    """Return the facts of each of these calls up to a moment, in order.

    At most FACTS_MAX of all of them together, the first; a call without any is not in the answer.
    """
    found: dict[str, list[Recorded]] = {}
    values = {"ids": list(ids), "until": until, "limit": FACTS_MAX}
    async with reading(engine) as connection:
        for incident_id, number, *form in await connection.execute(text(_FACTS), values):
            found.setdefault(incident_id, []).append(Recorded(number=number, fact=decode(*form)))
    return found
