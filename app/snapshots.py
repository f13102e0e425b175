"""A fresh snapshot at all times, made beside the server, so that no start is a long one.

A start folds every fact after the newest snapshot; after months, or after a person was erased and
every snapshot with them, that is a long time in which no press is taken. So a process of its own
folds the journal meanwhile. The server goes on, and folds nothing twice when it must start.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from app.service import Service
from app.settings import Settings
from app.storage.folding import fold
from app.storage.ledger import PostgresLedger
from app.storage.snapshot import save
from app.storage.snapshot_rows import begin_snapshot, finish_snapshot, newest_snapshot
from dispatch.evolve import EVOLVE_VERSION

log = structlog.get_logger()

FACTS_BETWEEN: Final = 50_000  # a second or two of folding
LOOK_EVERY_S: Final = 300.0
BEHIND_THE_CALLS: Final = 10  # how much less of the processors it is given
WITHIN_S: Final = 3_600.0  # a process that takes longer is ended; the next look starts another


async def take_snapshot(engine: AsyncEngine) -> int | None:
    """Fold the journal and keep the book; return the number it stands at.

    A server may run meanwhile: nothing of its is locked or waited for. None when somebody was
    erased while it was made, for it may hold what must be forgotten, or when the server has
    stopped and left one of its own.

    Raises:
        LedgerLost: the database cannot be reached.
    """
    ledger = PostgresLedger(engine)
    await ledger.open(is_owner=False)
    try:
        number = ledger.last_number
        if not await begin_snapshot(engine, number, EVOLVE_VERSION):
            return number  # it is there
        book, _ = await fold(ledger)
        is_kept = await finish_snapshot(engine, number, EVOLVE_VERSION, save(book))
    finally:
        await ledger.close()
    return number if is_kept else None


async def keep_fresh(
    service: Service,
    *,
    wait: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(LOOK_EVERY_S),
    take: Callable[[Settings], Awaitable[None]] | None = None,
) -> None:
    """Have a snapshot taken whenever many facts came since the newest, for ever."""
    take = take or _in_own_process
    while True:
        await wait()
        try:
            newest = await newest_snapshot(service.engine, EVOLVE_VERSION)
        except (OSError, SQLAlchemyError) as error:
            log.warning("cannot look for a snapshot", reason=type(error).__name__)
            continue
        last = int(service.center.cursor.partition(":")[2])
        if last - newest >= FACTS_BETWEEN:
            await take(service.settings)


async def _in_own_process(settings: Settings) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.cli", "snapshot"),
        env={**os.environ, **_told(settings)},
        stdout=asyncio.subprocess.DEVNULL,
    )
    os.setpriority(os.PRIO_PROCESS, process.pid, BEHIND_THE_CALLS)
    try:
        async with asyncio.timeout(WITHIN_S):
            code = await process.wait()
    except TimeoutError:
        code = None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        log.warning("no snapshot was taken; the next start folds more facts", code=code)


def _told(settings: Settings) -> Mapping[str, str]:
    """Return where the database is, as the environment says it."""
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    return {
        "YDT_DATA_DIR": str(settings.data_dir.absolute()),
        **({"DATABASE_URL": url} if url else {}),
    }
