"""The tracks lane: positions and heartbeats, on record by the batch, apart from the calls.

It has its own queue, connection and transaction, so that a flood or a fault here can never delay
or fail a call. It is bounded: when it is full the doors answer 503 and the handset tries again.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none
import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.metrics import Metrics
from app.storage.raw import RawConnection, raw
from dispatch.place import Place

log = structlog.get_logger()
_encode: Final = msgspec.json.Encoder().encode

BATCH_MAX: Final = 2_000
COMMIT_WITHIN_S: Final = 10.0
RETRY_AFTER_S: Final = 0.5
SAVE_LAST_EVERY_S: Final = 30.0
DAYS_AHEAD: Final = 3

POSITION: Final = 1
HEARTBEAT: Final = 2
SOURCES: Final = ("unknown", "satellite", "wifi", "cell", "beacon", "installed", "station")
SOURCE_CODE: Final = {word: code for code, word in enumerate(SOURCES)}

Track: TypeAlias = tuple[
    str, int, datetime | None, datetime, float | None, float | None, float | None, int, int | None
]
"""subject, kind, device time, time of receipt, lon, lat, accuracy_m, source code, battery_pct."""

Last: TypeAlias = tuple[str, datetime, float, float, float | None, int]
"""subject, when, lon, lat, accuracy_m, source code: where somebody was last, as a row."""

# Rows travel as one JSON document: to make it costs a sixth of what the driver takes for arrays,
# each element of which it looks at, and PostgreSQL reads it as fast.
_INSERT: Final = """
INSERT INTO track (subject, kind, at, received_at, lon, lat, accuracy_m, source, battery_pct)
SELECT row->>0, (row->>1)::smallint, (row->>2)::timestamptz, (row->>3)::timestamptz,
    (row->>4)::float8, (row->>5)::float8, (row->>6)::real, (row->>7)::smallint, (row->>8)::smallint
FROM jsonb_array_elements($1::jsonb) AS rows (row)
"""
_SAVE_LAST: Final = """
INSERT INTO last_position (subject, at, lon, lat, accuracy_m, source)
SELECT row->>0, (row->>1)::timestamptz, (row->>2)::float8, (row->>3)::float8, (row->>4)::real,
    (row->>5)::smallint
FROM jsonb_array_elements($1::jsonb) AS rows (row)
ON CONFLICT (subject) DO UPDATE SET at = excluded.at, lon = excluded.lon, lat = excluded.lat,
    accuracy_m = excluded.accuracy_m, source = excluded.source
WHERE last_position.at < excluded.at
"""


class TracksFull(Exception):
    """The lane holds as much as it may; try again in a moment."""


class Batch:
    """Tracks that go on record together, and those who wait for that.

    Their patience ends for all at once: one timer a batch costs nothing, one an event would be the
    dearest part, and so would a future for each of those whom a plain call can tell.
    """

    def __init__(self, patience_s: float) -> None:
        self.tracks: list[Track] = []
        self.is_refused = False
        self._timer = asyncio.get_running_loop().call_later(patience_s, self._expire)
        self._is_on_record = False
        self._fault: Exception | None = None  # why those who waited were sent away
        self._waiting: list[Callable[[Exception | None], None]] = []

    def then(self, tell: Callable[[Exception | None], None]) -> None:
        """Call `tell` once, in a turn of the loop, when it is known what became of the batch.

        With None: it is on record. With TimeoutError: that takes too long (the batch may still
        get there). With TracksFull: the database refused the batch.
        """
        if self._is_on_record or self._fault is not None:
            asyncio.get_running_loop().call_soon(tell, self._fault)
        else:
            self._waiting.append(tell)

    def wait(self) -> "asyncio.Future[None]":
        """Return a future of the caller's own that is done, or raises, as `then` tells."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def tell(fault: Exception | None) -> None:
            if waiting.done():
                return
            if fault is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(fault)

        self.then(tell)
        return waiting

    def settle(self) -> None:
        """Say that it is on record."""
        self._is_on_record = True
        self._end(None)

    def refuse(self) -> None:
        """Say that it will never be."""
        self.is_refused = True
        self._end(TracksFull())

    def _expire(self) -> None:
        self._leave(TimeoutError())

    def _end(self, fault: Exception | None) -> None:
        self._timer.cancel()
        self.tracks = []
        self._leave(fault)

    def _leave(self, fault: Exception | None) -> None:
        self._fault = fault
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            try:
                tell(fault)
            except Exception:
                log.exception("somebody could not be told what became of a track")


class Tracks:
    """Where everybody was last, and the lane on which that comes in."""

    def __init__(
        self,
        engine: AsyncEngine,
        metrics: Metrics,
        *,
        waiting_max: int,
        kept_days: int,
        answer_within_s: float = 10.0,
    ) -> None:
        self._last: dict[str, Last] = {}
        self._engine = engine
        self._metrics = metrics
        self._waiting_max = waiting_max
        self._kept = timedelta(days=kept_days)
        self._answer_within_s = answer_within_s
        self._gathering: Batch | None = None
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._unsaved: set[str] = set()
        self._days: set[str] = set()
        self._connection: AsyncConnection | None = None
        self._driver: RawConnection | None = None  # of the connection

    @property
    def waiting(self) -> int:
        """How many tracks wait for the record."""
        return self._in_flight + (len(self._gathering.tracks) if self._gathering else 0)

    @property
    def is_full(self) -> bool:
        """Whether the next track would be turned away."""
        return self.waiting >= self._waiting_max

    def put(self, tracks: Sequence[Track]) -> "asyncio.Future[None]":
        """Let tracks wait; the future, the caller's own, is done once they are on record.

        Raises:
            TracksFull: try again in a moment; nothing was taken.
        """
        return self.take(tracks).wait()

    def take(self, tracks: Sequence[Track]) -> Batch:
        """Let tracks wait; return the batch that they go on record with.

        Raises:
            TracksFull: try again in a moment; nothing was taken.
        """
        if self.waiting + len(tracks) > self._waiting_max:
            self._metrics.tracks_refused.inc(len(tracks))
            raise TracksFull
        if self._gathering is None:
            self._gathering = Batch(self._answer_within_s)
            self._wake.set()
        self._gathering.tracks.extend(tracks)
        return self._gathering

    def note(self, subject: str, place: Place) -> bool:
        """Take up where somebody is; return False when a younger position is known."""
        if place.at is None:
            return False
        source = SOURCE_CODE.get(place.source, 0)
        return self.see((subject, place.at, place.lon, place.lat, place.accuracy_m, source))

    def see(self, last: Last) -> bool:
        """Take up where somebody is, as `note` does, without making a place of it."""
        subject = last[0]
        before = self._last.get(subject)
        if before is not None and before[1] >= last[1]:
            return False
        self._last[subject] = last
        self._unsaved.add(subject)
        return True

    def last_of(self, subject: str) -> Place | None:
        """Return where somebody was last, as far as it is known."""
        found = self._last.get(subject)
        if found is None:
            return None
        _, at, lon, lat, accuracy_m, source = found
        return Place(lon=lon, lat=lat, accuracy_m=accuracy_m, source=SOURCES[source], at=at)

    def forget(self, subjects: Collection[str]) -> None:
        """Drop what waits or is remembered of these subjects: a person is being erased."""
        for subject in subjects:
            self._last.pop(subject, None)
            self._unsaved.discard(subject)
        if self._gathering is not None:
            kept = [track for track in self._gathering.tracks if track[0] not in subjects]
            self._gathering.tracks[:] = kept

    async def start(self, now: datetime) -> None:
        """Make the partitions, and read where everybody was last."""
        await self.keep_partitions(now)
        async with self._engine.connect() as connection:
            rows = await connection.execute(
                text("SELECT subject, at, lon, lat, accuracy_m, source FROM last_position")
            )
            for subject, at, lon, lat, accuracy_m, source in rows:
                self._last[subject] = (subject, at, lon, lat, accuracy_m, source)

    async def run(self, clock: Callable[[], datetime]) -> None:
        """Write until `stop`; what was taken before that is still written."""
        loop = asyncio.get_running_loop()
        save_at = loop.time() + SAVE_LAST_EVERY_S
        while True:
            if self._gathering is None:
                if self._is_stopping:
                    break
                await self._sleep(save_at - loop.time())
            if self._gathering is not None:
                batch, self._gathering = self._gathering, None
                self._in_flight = len(batch.tracks)
                await self._write(batch)
                self._in_flight = 0
            if loop.time() >= save_at:
                await self._quietly(self.save_last)
                await self._quietly(lambda: self.keep_partitions(clock()))
                save_at = loop.time() + SAVE_LAST_EVERY_S
        await self._quietly(self.save_last)
        await self._drop_connection()

    def stop(self) -> None:
        """Let `run` end once everything taken is on record."""
        self._is_stopping = True
        self._wake.set()

    async def save_last(self) -> None:
        """Write where everybody was last, those who moved since the last time."""
        subjects, self._unsaved = sorted(self._unsaved), set()
        rows = [self._last[subject] for subject in subjects]
        try:
            for start in range(0, len(rows), BATCH_MAX):
                await self._execute(_SAVE_LAST, rows[start : start + BATCH_MAX])
        except BaseException:
            self._unsaved.update(subjects)
            raise

    async def keep_partitions(self, now: datetime) -> None:
        """Make the days ahead, and drop the days that are kept no longer. Safe to repeat."""
        today = now.astimezone(UTC).date()
        wanted = [today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1)]
        missing = [day for day in wanted if f"track_{day:%Y%m%d}" not in self._days]
        if not missing:
            return
        oldest = f"track_{(now - self._kept):%Y%m%d}"
        async with self._engine.begin() as connection:
            await connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            for day in missing:
                await connection.execute(
                    text(
                        f"CREATE TABLE IF NOT EXISTS track_{day:%Y%m%d} PARTITION OF track"
                        f" FOR VALUES FROM ('{day}T00:00Z') TO ('{day + timedelta(days=1)}T00:00Z')"
                    )
                )
                await connection.execute(
                    text(
                        f"CREATE INDEX IF NOT EXISTS track_{day:%Y%m%d}_brin ON"
                        f" track_{day:%Y%m%d} USING brin (received_at)"
                    )
                )
            rows = await connection.execute(
                text(
                    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                    " WHERE i.inhparent = 'track'::regclass"
                )
            )
            names = {row[0] for row in rows}
            for name in sorted(name for name in names if name < oldest):
                await connection.execute(text(f"DROP TABLE {name}"))
        self._days = names

    async def _write(self, batch: Batch) -> None:
        count = len(batch.tracks)
        for start in range(0, count, BATCH_MAX):
            part = batch.tracks[start : start + BATCH_MAX]
            while True:
                try:
                    await self._execute(_INSERT, part)
                    break
                except _LOST as error:
                    log.warning("tracks wait for the database", reason=type(error).__name__)
                    await self._drop_connection()
                    await asyncio.sleep(RETRY_AFTER_S)
                except asyncpg.PostgresError as error:
                    log.exception("tracks refused by the database", reason=type(error).__name__)
                    batch.refuse()
                    return
        self._metrics.tracks.inc(count)
        batch.settle()

    async def _execute(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        async with asyncio.timeout(COMMIT_WITHIN_S):
            if self._driver is None:
                self._connection = await self._engine.connect()
                self._driver = await raw(self._connection)
            if self._driver.is_closed():
                raise ConnectionError
            await self._driver.execute(statement, _encode(rows).decode())

    async def _drop_connection(self) -> None:
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            try:
                await connection.invalidate()
                await connection.close()
            except _LOST:
                pass  # it was dead already

    async def _quietly(self, work: Callable[[], "asyncio.Future[None] | object"]) -> None:
        try:
            await work()  # pyright: ignore[reportGeneralTypeIssues]
        except (*_LOST, asyncpg.PostgresError) as error:
            log.warning("tracks' housekeeping will be tried again", reason=type(error).__name__)
            await self._drop_connection()

    async def _sleep(self, seconds: float) -> None:
        self._wake.clear()
        timer = asyncio.get_running_loop().call_later(max(0.0, seconds), self._wake.set)
        try:
            await self._wake.wait()
        finally:
            timer.cancel()


_LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # how the driver may say that the connection was just cut
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    SQLAlchemyError,
)
