"""Imports that wait for the record: facts by the portion, so that a crash leaves no half."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.codec import decode, encode
from dispatch.facts import Fact

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(list[tuple[str, int, str, str | None]])


def portion_of(facts: Sequence[Fact]) -> str:
    """Return some facts as text for `stage`. Slow: call it from a thread."""
    encoded = [encode(fact) for fact in facts]
    return _ENCODER.encode([(e.kind, e.version, e.body, e.personal) for e in encoded]).decode()


async def stage(engine: AsyncEngine, kind: str, portions: list[str]) -> list[int]:
    """Keep an import in one transaction; return the ids of its portions, in order."""
    async with engine.begin() as connection:
        rows = await connection.execute(
            text(
                "INSERT INTO staged_import (kind, facts)"
                " SELECT :kind, p::json FROM unnest(CAST(:portions AS text[]))"
                " WITH ORDINALITY AS t(p, place) ORDER BY place RETURNING id"
            ),
            {"kind": kind, "portions": portions},
        )
        return sorted(rows.scalars())


async def waiting(connection: AsyncConnection) -> list[int]:
    """Return the ids of all portions that are not on record yet, in order."""
    rows = await connection.execute(text("SELECT id FROM staged_import ORDER BY id"))
    return list(rows.scalars())


async def portion(engine: AsyncEngine, portion_id: int) -> list[Fact]:
    """Return the facts of a portion; empty when it is gone."""
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT facts::text FROM staged_import WHERE id = :id"), {"id": portion_id}
        )
        stored: str | None = found.scalar_one_or_none()
    return [decode(*one) for one in _DECODER.decode(stored)] if stored is not None else []


async def forget(engine: AsyncEngine, portion_id: int) -> None:
    """Drop a portion that is on record."""
    async with engine.begin() as connection:
        await connection.execute(
            text("DELETE FROM staged_import WHERE id = :id"), {"id": portion_id}
        )
