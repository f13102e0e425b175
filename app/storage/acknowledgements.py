"""Tokens by which a party outside says that it knows of a call; kept as their SHA-256."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.security.chance import secret

_ISSUE: Final = text(
    "WITH old AS (DELETE FROM acknowledgement WHERE issued_at < now() - interval '30 days')"
    " INSERT INTO acknowledgement (sha256, incident_id, party) VALUES (:key, :incident, :party)"
)
_FIND: Final = text(
    "SELECT incident_id, party, used_at IS NOT NULL AS is_used FROM acknowledgement"
    " WHERE sha256 = :key"
)
_USE: Final = text("UPDATE acknowledgement SET used_at = now() WHERE sha256 = :key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token stands for."""

    incident_id: str
    party: str
    is_used: bool


async def issue(engine: AsyncEngine, incident_id: str, party: str) -> str:
    """Return a new token for one party and one incident, of 43 characters."""
    token = secret()
    values = {"key": _key(token), "incident": incident_id, "party": party}
    async with engine.begin() as connection:
        await connection.execute(_ISSUE, values)
    return token


async def find(engine: AsyncEngine, token: str) -> Token | None:
    """Return what a token stands for, None when it was never issued or is too old."""
    async with engine.connect() as connection:
        row = (await connection.execute(_FIND, {"key": _key(token)})).mappings().first()
    return Token(**row) if row is not None else None


async def use(engine: AsyncEngine, token: str) -> None:
    """Note that a token has served; it serves for nothing else."""
    async with engine.begin() as connection:
        await connection.execute(_USE, {"key": _key(token)})


def _key(token: str) -> bytes:
    return sha256(token.encode("ascii")).digest()
