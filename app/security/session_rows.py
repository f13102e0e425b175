"""The one statement that ends sessions, for whoever has a transaction open."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.storage.models import SessionRow


async def end_sessions(
    db: AsyncSession, now: datetime, *where: ColumnElement[bool]
) -> Sequence[str]:
    """End the live sessions that match, inside the caller's transaction; return their ids.

    The caller passes them to `Sessions.forget` once the transaction has committed.
    """
    live = update(SessionRow).where(SessionRow.revoked_at.is_(None), *where)
    return (await db.scalars(live.values(revoked_at=now).returning(SessionRow.id))).all()
