"""The journal written out, a fact a line: for simulations, and for whoever must read it."""

from collections.abc import AsyncIterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.codec import Encoded
from app.storage.ledger import CENTER
from app.storage.lines import line_of

_PAGE: Final = 2_000
_FACTS: Final = text(
    "SELECT number, kind, version, body::text, personal::text FROM fact"
    " WHERE center = :center AND number > :after ORDER BY number LIMIT :page"
)


async def journal_lines(
    connection: AsyncConnection, *, with_personal: bool = False
) -> AsyncIterator[str]:
    """Give every fact as a line of JSON; a server may go on writing meanwhile."""
    after = 0
    while True:
        values = {"center": CENTER, "after": after, "page": _PAGE}
        rows = (await connection.execute(_FACTS, values)).all()
        for number, *columns in rows:
            yield line_of(number, Encoded(*columns), with_personal=with_personal)
            after = number
        if len(rows) < _PAGE:
            return
