"""The book made from the journal: the newest snapshot of these rules, and the facts after it."""

from collections.abc import Callable

import structlog

from app.storage.ledger import Ledger
from app.storage.snapshot import restore
from dispatch.book import Book
from dispatch.evolve import EVOLVE_VERSION, evolve

log = structlog.get_logger()


async def fold(
    ledger: Ledger,
    blank: Callable[[], Book] = Book,
    *,
    failed: Callable[[], None] = lambda: None,
) -> tuple[Book, int]:
    """Return the book as the journal says, and the number of the snapshot it began from, or 0.

    A snapshot that cannot be read costs time, and a fact that cannot be folded is logged, told
    by `failed` and passed over: one row must not keep the whole service from starting. What is
    written after the ledger was opened is left out.

    Raises:
        LedgerLost: the database cannot be reached.
    """
    book, number = blank(), 0
    snapshot = await ledger.snapshot(EVOLVE_VERSION)
    if snapshot is not None:
        number = snapshot[0]
        try:
            restore(book, snapshot[1])
        except Exception:
            log.exception("snapshot cannot be read; folding every fact", number=number)
            book, number = blank(), 0
    async for recorded in ledger.read(number):
        if recorded.number > ledger.last_number:
            break
        try:
            evolve(book, recorded.fact)
        except Exception:
            log.exception("fact cannot be folded", number=recorded.number)
            failed()
    return book, number
