"""The tracks lane: positions and heartbeats, on record by the batch, apart from the calls.

It has its own queue, connection and transaction, so that a flood or a fault here can never delay
or fail a call. It is bounded: when it is full the doors answer 503 and the handset tries again.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import asyncpg  # pyright: ignore[reportMissingTypeStubs] - it ships none
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.metrics import Metrics
from app.storage.raw import raw
from dispatch.place import Place

log = structlog.get_logger()

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

_INSERT: Final = """
INSERT INTO track (subject, kind, at, received_at, lon, lat, accuracy_m, source, battery_pct)
SELECT * FROM unnest($1::text[], $2::smallint[], $3::timestamptz[], $4::timestamptz[],
    $5::float8[], $6::float8[], $7::real[], $8::smallint[], $9::smallint[])
"""
_SAVE_LAST: Final = """
INSERT INTO last_position (subject, at, lon, lat, accuracy_m, source)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::float8[], $4::float8[], $5::real[],
    $6::smallint[])
ON CONFLICT (subject) DO UPDATE SET at = excluded.at, lon = excluded.lon, lat = excluded.lat,
    accuracy_m = excluded.accuracy_m, source = excluded.source
WHERE last_position.at < excluded.at
"""


class TracksFull(Exception):
    """The lane holds as much as it may; try again in a moment."""


@dataclass(slots=True)
class _Gathering:
    tracks: list[Track]
    done: asyncio.Future[None]


class Tracks:
    """Where everybody was last, and the lane on which that comes in."""

    def __init__(
        self, engine: AsyncEngine, metrics: Metrics, *, waiting_max: int, kept_days: int
    ) -> None:
        self.last: dict[str, Place] = {}
        self._engine = engine
        self._metrics = metrics
        self._waiting_max = waiting_max
        self._kept = timedelta(days=kept_days)
        self._gathering: _Gathering | None = None
        self._in_flight = 0
        self._wake = asyncio.Event()
        self._is_stopping = False
        self._unsaved: set[str] = set()
        self._days: set[str] = set()
        self._connection: AsyncConnection | None = None

    @property
    def waiting(self) -> int:
        """How many tracks wait for the record."""
        return self._in_flight + (len(self._gathering.tracks) if self._gathering else 0)

    @property
    def is_full(self) -> bool:
        """Whether the next track would be turned away."""
        return self.waiting >= self._waiting_max

    def put(self, tracks: Sequence[Track]) -> "asyncio.Future[None]":
        """Let tracks wait; the future is done once they are on record.

        Raises:
            TracksFull: try again in a moment; nothing was taken.
        """
        if self.waiting + len(tracks) > self._waiting_max:
            self._metrics.tracks_refused.inc(len(tracks))
            raise TracksFull
        if self._gathering is None:
            done = asyncio.get_running_loop().create_future()
            self._gathering = _Gathering(tracks=[], done=done)
            self._wake.set()
        self._gathering.tracks.extend(tracks)
        return self._gathering.done

    def note(self, subject: str, place: Place) -> bool:
        """Take up where somebody is; return False when a younger position is known."""
        before = self.last.get(subject)
        if place.at is None or (before and before.at and before.at >= place.at):
            return False
        self.last[subject] = place
        self._unsaved.add(subject)
        return True

    def forget(self, subjects: Collection[str]) -> None:
        """Drop what waits or is remembered of these subjects: a person is being erased."""
        for subject in subjects:
            self.last.pop(subject, None)
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
                self.last[subject] = Place(
                    lon=lon, lat=lat, accuracy_m=accuracy_m, source=SOURCES[source], at=at
                )

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
                gathering, self._gathering = self._gathering, None
                self._in_flight = len(gathering.tracks)
                await self._write(gathering)
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
        rows = [_last_row(subject, self.last[subject]) for subject in subjects]
        try:
            for start in range(0, len(rows), BATCH_MAX):
                columns = [list(c) for c in zip(*rows[start : start + BATCH_MAX], strict=True)]
                await self._execute(_SAVE_LAST, columns)
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

    async def _write(self, gathering: _Gathering) -> None:
        for start in range(0, len(gathering.tracks), BATCH_MAX):
            part = gathering.tracks[start : start + BATCH_MAX]
            columns = [list(column) for column in zip(*part, strict=True)]
            while True:
                try:
                    await self._execute(_INSERT, columns)
                    break
                except _LOST as error:
                    log.warning("tracks wait for the database", reason=type(error).__name__)
                    await self._drop_connection()
                    await asyncio.sleep(RETRY_AFTER_S)
                except asyncpg.PostgresError as error:
                    log.exception("tracks refused by the database", reason=type(error).__name__)
                    if not gathering.done.done():
                        gathering.done.set_exception(TracksFull())
                        gathering.done.exception()
                    return
        self._metrics.tracks.inc(len(gathering.tracks))
        if not gathering.done.done():
            gathering.done.set_result(None)

    async def _execute(self, statement: str, columns: Sequence[object]) -> None:
        async with asyncio.timeout(COMMIT_WITHIN_S):
            if self._connection is None:
                self._connection = await self._engine.connect()
            driver = await raw(self._connection)
            if driver.is_closed():
                raise ConnectionError
            await driver.execute(statement, *columns)

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
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


def _last_row(subject: str, place: Place) -> tuple[object, ...]:
    source = SOURCE_CODE.get(place.source, 0)
    return (subject, place.at, place.lon, place.lat, place.accuracy_m, source)


_LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    SQLAlchemyError,
)
