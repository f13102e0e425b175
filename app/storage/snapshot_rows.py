"""The rows of snapshots that are made while the server runs.

A row without a body says that one is being made. Erasing a person deletes every row, so that a
snapshot which was begun before cannot be finished.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.ledger import CENTER

_IN_THE_MAKING: Final = -1  # instead of the version of the rules


async def newest_snapshot(engine: AsyncEngine, evolve_version: int) -> int:
    """Return at which number the newest snapshot of these rules stands; 0 without one."""
    statement = text(
        "SELECT coalesce(max(number), 0) FROM snapshot"
        " WHERE center = :center AND evolve_version = :version"
    )
    async with engine.connect() as connection:
        found = await connection.scalar(statement, {"center": CENTER, "version": evolve_version})
    return int(found or 0)


async def begin_snapshot(engine: AsyncEngine, number: int, evolve_version: int) -> bool:
    """Note that a snapshot is being made; return False when one of these rules stands there.

    Waits for an erasure that is under way: what is read afterwards is without the person.
    """
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE snapshot IN SHARE ROW EXCLUSIVE MODE"))
        await connection.execute(
            text("DELETE FROM snapshot WHERE center = :center AND evolve_version = :making"),
            {"center": CENTER, "making": _IN_THE_MAKING},
        )
        made = await connection.execute(
            text(
                "INSERT INTO snapshot VALUES (:center, :number, :making, '')"
                " ON CONFLICT (center, number) DO UPDATE"
                " SET evolve_version = excluded.evolve_version, body = excluded.body"
                " WHERE snapshot.evolve_version <> :version"
            ),
            {
                "center": CENTER,
                "number": number,
                "making": _IN_THE_MAKING,
                "version": evolve_version,
            },
        )
    return made.rowcount == 1


async def finish_snapshot(
    engine: AsyncEngine, number: int, evolve_version: int, body: bytes
) -> bool:
    """Keep the snapshot that was begun, and forget older ones; False when it must not be kept."""
    where = {"center": CENTER, "number": number}
    async with engine.begin() as connection:
        kept = await connection.execute(
            text(
                "UPDATE snapshot SET evolve_version = :version, body = :body WHERE center = :center"
                " AND number = :number AND evolve_version = :making"
            ),
            {**where, "version": evolve_version, "body": body, "making": _IN_THE_MAKING},
        )
        if kept.rowcount == 1:
            await connection.execute(
                text("DELETE FROM snapshot WHERE center = :center AND number < :number"), where
            )
    return kept.rowcount == 1
