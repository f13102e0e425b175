"""Whether the journal is as it was written: every link of its chain, worked out anew."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.codec import Encoded, chain_hash, personal_hash
from app.storage.ledger import CENTER

_GENESIS: Final = bytes(32)
_PAGE: Final = 2_000
_FACTS: Final = text(
    "SELECT number, kind, version, body::text AS body, personal::text AS personal, salt,"
    " personal_hash, hash FROM fact WHERE center = :center AND number > :after"
    " ORDER BY number LIMIT :page"
)
_HASH: Final = text("SELECT hash FROM fact WHERE center = :center AND number = :number")


async def verify_chain(connection: AsyncConnection, *, after: int = 0) -> int | None:
    """Return the number of the first fact that is altered, missing or out of place, else None.

    With `after`, the link of that fact is taken for good and only what follows is checked.
    Facts whose personal data was erased hold: the chain covers a salted hash of it alone.
    """
    link = _GENESIS
    if after:
        found = await connection.execute(_HASH, {"center": CENTER, "number": after})
        stored: bytes | None = found.scalar_one_or_none()
        if stored is None:
            return after
        link = stored
    while True:
        rows = await connection.execute(_FACTS, {"center": CENTER, "after": after, "page": _PAGE})
        page = rows.mappings().all()
        for row in page:
            if row["number"] != after + 1 or _next(link, row) != row["hash"]:
                return after + 1
            after, link = after + 1, row["hash"]
        if len(page) < _PAGE:
            return None


def _next(link: bytes, row: Mapping[Any, Any]) -> bytes | None:
    """Return the link this fact should have, None when its personal data is not what it was."""
    personal: str | None = row["personal"]
    if personal is not None:
        salt: bytes | None = row["salt"]
        if salt is None or personal_hash(salt, personal) != row["personal_hash"]:
            return None
    encoded = Encoded(row["kind"], row["version"], row["body"], None)
    return chain_hash(link, row["number"], encoded, row["personal_hash"])
