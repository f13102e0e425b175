"""What the desk reads from the tables: past incidents, and the timeline of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncEngine

from app.codec import decode
from app.storage.ledger import Recorded

Row: TypeAlias = Mapping[str, Any]
EARLIER_MAX: Final = 6

_PAST: Final = """
SELECT *, CAST(substring(id FROM 2) AS bigint) AS n FROM incident
WHERE closed_at IS NOT NULL AND CAST(substring(id FROM 2) AS bigint) < :before
  AND (:everywhere OR area_path = '' OR string_to_array(area_path, '/') && CAST(:areas AS text[]))
ORDER BY CAST(substring(id FROM 2) AS bigint) DESC LIMIT :limit
"""


async def past_incidents(
    engine: AsyncEngine, *, before: int, areas: Sequence[str], limit: int
) -> Sequence[RowMapping]:
    """Return closed incidents within `areas` ("*" is all), the latest first, before a number."""
    values = {
        "before": before,
        "areas": list(areas),
        "everywhere": "*" in areas,
        "limit": limit,
    }
    async with engine.connect() as connection:
        return (await connection.execute(text(_PAST), values)).mappings().all()


async def past_incident(engine: AsyncEngine, incident_id: str) -> RowMapping | None:
    """Return the row of one incident, open or closed."""
    if "\0" in incident_id:  # which PostgreSQL cannot even look for
        return None
    query = text("SELECT * FROM incident WHERE id = :id")
    async with engine.connect() as connection:
        return (await connection.execute(query, {"id": incident_id})).mappings().first()


async def who_came(
    engine: AsyncEngine, incident_ids: Sequence[str]
) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
    """Return the offers and the attendances of incidents."""
    values = {"ids": list(incident_ids)}
    by_ids = "WHERE incident_id = ANY(:ids) ORDER BY length(id), id"
    async with engine.connect() as connection:
        offers = await connection.execute(text(f"SELECT * FROM offer {by_ids}"), values)  # noqa: S608
        attendances = await connection.execute(
            text(f"SELECT * FROM attendance {by_ids}"),  # noqa: S608
            values,
        )
        return offers.mappings().all(), attendances.mappings().all()


async def attendances_of(
    engine: AsyncEngine, caregiver_id: str, *, since: datetime, limit: int
) -> Sequence[RowMapping]:
    """Return a caregiver's attendances that began since then, the latest first."""
    query = text(
        "SELECT a.*, i.kind, i.gravity, i.area_id FROM attendance a"
        " JOIN incident i ON i.id = a.incident_id"
        " WHERE a.caregiver_id = :caregiver_id AND a.accepted_at >= :since"
        " ORDER BY a.accepted_at DESC, length(a.id) DESC, a.id DESC LIMIT :limit"
    )
    values = {"caregiver_id": caregiver_id, "since": since, "limit": limit}
    async with engine.connect() as connection:
        return (await connection.execute(query, values)).mappings().all()


async def facts_of(engine: AsyncEngine, incident_id: str) -> list[Recorded]:
    """Return every fact of one incident, in order."""
    query = text(
        "SELECT number, kind, version, body::text, personal::text FROM fact"
        " WHERE incident_id = :id ORDER BY number"
    )
    async with engine.connect() as connection:
        rows = await connection.execute(query, {"id": incident_id})
        return [
            Recorded(number=number, fact=decode(kind, version, body, personal))
            for number, kind, version, body, personal in rows
        ]


async def earlier_calls(
    engine: AsyncEngine, resident_id: str, incident_id: str
) -> Sequence[RowMapping]:
    """Return a resident's last calls but this one, the latest first."""
    query = text(
        "SELECT id, kind, gravity, raised_at, closed_at, disposition, area_path FROM incident"
        " WHERE resident_id = :resident AND id <> :incident ORDER BY raised_at DESC LIMIT :limit"
    )
    values = {"resident": resident_id, "incident": incident_id, "limit": EARLIER_MAX}
    async with engine.connect() as connection:
        return (await connection.execute(query, values)).mappings().all()


async def born_of(engine: AsyncEngine, resident_id: str) -> str:
    """Return a resident's day of birth as it is written; empty when it is not known."""
    query = text("SELECT born FROM resident WHERE id = :id")
    async with engine.connect() as connection:
        return (await connection.execute(query, {"id": resident_id})).scalar() or ""


async def handsets_of(engine: AsyncEngine, resident_id: str) -> list[str]:
    """Return the handsets of a resident."""
    query = text("SELECT id FROM handset WHERE resident_id = :id ORDER BY id")
    async with engine.connect() as connection:
        return list((await connection.execute(query, {"id": resident_id})).scalars())


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a fact's data as plain JSON values."""
    return msgspec.to_builtins(value)
