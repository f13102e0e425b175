"""The projections made anew: every fact folded again, and the rows that come out written."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.storage.ledger import PostgresLedger
from app.storage.projections import TABLES, Changes
from app.storage.raw import raw
from dispatch.book import Book
from dispatch.errors import DispatchError
from dispatch.evolve import evolve

log = structlog.get_logger()

PAGE_FACTS: Final = 5_000


async def rebuild(engine: AsyncEngine, on_progress: Callable[[int], None] = lambda _: None) -> int:
    """Empty the projections and make them anew from the facts; return how many facts there are.

    One transaction: until its end the old rows stand. What was erased stays erased, and nothing
    is said to the outside again. A fact that cannot be folded is logged and passed over, as the
    center does.

    Raises:
        LedgerOwned: a server is running on this database.
        LedgerLost: the database cannot be reached.
    """
    ledger = PostgresLedger(engine)
    await ledger.open()  # and hold its lock: no server can start meanwhile
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"TRUNCATE {', '.join(TABLES)}"))
            return await _fold(ledger, connection, on_progress)
    finally:
        await ledger.close()


async def _fold(
    ledger: PostgresLedger, connection: AsyncConnection, on_progress: Callable[[int], None]
) -> int:
    book, changes, count = Book(), Changes(), 0
    async for recorded in ledger.read(0):
        try:
            evolve(book, recorded.fact)
        except DispatchError:
            log.exception("fact cannot be folded", number=recorded.number)
        else:
            changes.note(book, recorded.fact, recorded.number)
        count += 1
        if count % PAGE_FACTS == 0:
            await _write(connection, changes.statements(with_messages=False))
            changes = Changes()
            on_progress(count)
    await _write(connection, changes.statements(with_messages=False))
    return count


async def _write(
    connection: AsyncConnection, statements: Sequence[tuple[str, Sequence[Any]]]
) -> None:
    driver = await raw(connection)
    for statement, arguments in statements:
        await driver.execute(statement, *arguments)
