"""What is taken out of the tables when a person is erased. Facts keep ids, codes and the chain."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.storage import photos
from app.storage.ledger import CENTER

_EMPTY: Final = (
    "UPDATE fact SET personal = NULL, salt = NULL"
    " WHERE center = :center AND number <= :last AND (personal IS NOT NULL OR salt IS NOT NULL)"
)
_RESIDENT: Final = text(
    f"{_EMPTY} AND (kind = 'resident_registered' AND body->>'resident_id' = :id"  # noqa: S608
    " OR incident_id IN (SELECT id FROM incident WHERE resident_id = :id"
    " AND closed_at IS NOT NULL))"
)
_CAREGIVER: Final = text(
    f"{_EMPTY} AND (kind IN ('caregiver_enrolled', 'caregiver_offered')"  # noqa: S608
    " AND body->>'caregiver_id' = :id"
    " OR kind = 'officer_named' AND body->>'officer' = :id"
    " OR kind IN ('offer_declined', 'attendance_done', 'scene_reported')"
    " AND COALESCE(body->>'offer_id', body->>'attendance_id')"
    " IN (SELECT id FROM offer WHERE caregiver_id = :id))"
)
_CARRIED: Final = (
    "WITH pairing AS (SELECT body->>'handset_id' AS handset_id, body->>'resident_id' AS"
    " resident_id, at AS since, lead(at) OVER (PARTITION BY body->>'handset_id' ORDER BY number)"
    " AS until FROM fact WHERE center = :center AND kind = 'handset_paired'),"
    " carried AS (SELECT * FROM pairing WHERE resident_id = :id)"
)
_HANDSETS: Final = text(
    f"{_CARRIED} SELECT DISTINCT c.handset_id FROM carried c LEFT JOIN handset h"  # noqa: S608
    " ON h.id = c.handset_id WHERE h.resident_id IS NULL OR h.resident_id = :id ORDER BY 1"
)
_TRACKS: Final = text(
    f"{_CARRIED} DELETE FROM track t USING carried c WHERE t.subject = c.handset_id"  # noqa: S608
    " AND t.received_at >= c.since AND (c.until IS NULL OR t.received_at < c.until)"
)


async def handsets_of(connection: AsyncConnection, resident_id: str) -> list[str]:
    """Return the handsets that a resident carries, or carried last."""
    rows = await connection.execute(_HANDSETS, {"center": CENTER, "id": resident_id})
    return list(rows.scalars())


async def empty_resident(
    connection: AsyncConnection, resident_id: str, handset_ids: list[str], last: int
) -> None:
    """Empty the facts about a resident up to `last`, and drop where their handsets have been."""
    who = {"center": CENTER, "id": resident_id}
    await connection.execute(_RESIDENT, {**who, "last": last})
    await connection.execute(_TRACKS, who)
    await photos.drop(connection, resident_id)
    await connection.execute(
        text("DELETE FROM last_position WHERE subject = ANY(:ids)"), {"ids": handset_ids}
    )
    await _forget_snapshots(connection)


async def empty_caregiver(connection: AsyncConnection, caregiver_id: str, last: int) -> None:
    """Empty the facts about a caregiver up to `last`; drop positions and accounts."""
    who = {"id": caregiver_id}
    await connection.execute(_CAREGIVER, {**who, "center": CENTER, "last": last})
    await connection.execute(text("DELETE FROM track WHERE subject = :id"), who)
    await connection.execute(text("DELETE FROM last_position WHERE subject = :id"), who)
    await connection.execute(
        text("DELETE FROM account WHERE subject_id = :id AND kind = 'caregiver'"), who
    )
    await _forget_snapshots(connection)


async def _forget_snapshots(connection: AsyncConnection) -> None:
    """Drop what holds places in one piece; the next start folds more facts instead."""
    await connection.execute(text("DELETE FROM snapshot"))
