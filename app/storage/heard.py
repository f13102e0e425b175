"""Which handsets were heard on the tracks lane, and when: what a call round asks of the record."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

LOOK_BACK: Final = timedelta(days=2)  # before that a handset was silent anyway: another matter
_LAST: Final = text(
    "SELECT subject, max(received_at) AS at FROM track WHERE received_at >= :begin GROUP BY subject"
)
_SINCE: Final = text("SELECT DISTINCT subject FROM track WHERE received_at >= :begin")


async def last_heard(engine: AsyncEngine, since: datetime) -> dict[str, datetime]:
    """Return when each handset was last heard, of those heard after two days before `since`."""
    return await heard_at(engine, since - LOOK_BACK)


async def heard_at(engine: AsyncEngine, begin: datetime) -> dict[str, datetime]:
    """Return when each handset was last heard, of those heard at `begin` or later."""
    async with engine.connect() as connection:
        rows = await connection.execute(_LAST, {"begin": begin})
        return {row.subject: row.at for row in rows}


async def heard_since(engine: AsyncEngine, since: datetime) -> list[str]:
    """Return the handsets that were heard at `since` or later."""
    async with engine.connect() as connection:
        return list((await connection.execute(_SINCE, {"begin": since})).scalars())
