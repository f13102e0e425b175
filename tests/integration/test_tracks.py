"""The tracks lane: on record when answered, bounded, and never in the way of a call."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from app.metrics import Metrics
from app.storage import tracks as tracks_module
from app.storage.tracks import DAYS_AHEAD, HEARTBEAT, POSITION, Tracks, TracksFull
from dispatch.place import Place
from tests.integration.world import sql

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def track(subject="H1", at=NOW, received_at=NOW, battery=50):
    return (subject, POSITION, at, received_at, 113.0, 28.2, 5.0, 1, battery)


def place(lon, at=NOW):
    return Place(lon=lon, lat=28.2, accuracy_m=3.0, source="satellite", at=at)


def lane(engine, *, waiting_max=100, kept_days=30):
    return Tracks(engine, Metrics(), waiting_max=waiting_max, kept_days=kept_days)


async def count(engine):
    return (await sql(engine, "SELECT count(*) FROM track"))[0][0]


@pytest.fixture
async def tracks(engine):
    tracks = lane(engine)
    await tracks.start(NOW)
    task = asyncio.ensure_future(tracks.run(lambda: NOW))
    yield tracks
    tracks.stop()
    await task


async def test_tracks_are_on_record_when_they_are_answered(tracks, engine):
    done = tracks.put((track(), track("H2")))
    assert not done.done()
    await done
    assert await count(engine) == 2
    assert tracks.waiting == 0


async def test_one_who_leaves_before_the_answer_disturbs_nobody(tracks, engine):
    left, stayed = tracks.put((track(),)), tracks.put((track("H2"),))
    left.cancel()
    await stayed
    assert await count(engine) == 2


async def test_a_batch_longer_than_a_statement_takes_is_written_whole(engine):
    tracks = lane(engine, waiting_max=10_000)
    await tracks.start(NOW)
    done = tracks.put([track(f"H{n}") for n in range(tracks_module.BATCH_MAX * 2 + 1)])
    tracks.stop()
    await tracks.run(lambda: NOW)
    assert done.done()
    assert await count(engine) == tracks_module.BATCH_MAX * 2 + 1


async def test_a_full_lane_takes_nothing_and_takes_again_once_it_has_written(engine):
    tracks = lane(engine, waiting_max=100)
    await tracks.start(NOW)
    taken = [tracks.put([track()] * 10) for _ in range(10)]
    assert tracks.is_full
    with pytest.raises(TracksFull):
        tracks.put((track(),))
    assert tracks.waiting == 100
    task = asyncio.ensure_future(tracks.run(lambda: NOW))
    await asyncio.gather(*taken)
    await tracks.put((track(),))
    tracks.stop()
    await task
    assert await count(engine) == 101
    assert tracks._metrics.tracks_refused._value.get() == 1


async def test_a_lane_whose_connection_was_cut_writes_all_the_same(tracks, engine):
    await tracks.put((track(),))
    await sql(
        engine,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    await tracks.put((track("H2"),))
    assert await count(engine) == 2


async def test_what_the_database_refuses_is_said_and_the_lane_goes_on(tracks, engine):
    with pytest.raises(TracksFull):
        await tracks.put((track(battery=99_999),))
    await tracks.put((track(),))
    assert await count(engine) == 1


async def test_what_was_taken_before_the_stop_is_written(engine):
    tracks = lane(engine)
    await tracks.start(NOW)
    done = tracks.put((track(),))
    tracks.stop()
    await tracks.run(lambda: NOW)
    assert done.done()
    assert await count(engine) == 1


def test_only_a_younger_position_is_news():
    tracks = lane(None)
    assert tracks.note("C1", place(113.0))
    assert not tracks.note("C1", place(113.1))
    assert not tracks.note("C1", place(113.1, NOW - timedelta(seconds=1)))
    assert not tracks.note("C1", Place(lon=113.1, lat=28.2))
    assert tracks.note("C1", place(113.2, NOW + timedelta(seconds=1)))
    assert tracks.last_of("C1") == place(113.2, NOW + timedelta(seconds=1))


async def test_where_everybody_was_last_outlives_a_stop(engine):
    tracks = lane(engine)
    await tracks.start(NOW)
    tracks.note("C1", place(113.1))
    tracks.note("H1", Place(lon=1, lat=2, source="a word of tomorrow", at=NOW))
    tracks.stop()
    await tracks.run(lambda: NOW)
    again = lane(engine)
    await again.start(NOW)
    assert again.last_of("C1") == place(113.1)
    assert again.last_of("H1") == Place(lon=1, lat=2, source="unknown", at=NOW)


async def test_a_younger_place_on_record_is_not_overwritten(engine):
    tracks = lane(engine)
    await tracks.start(NOW)
    for lon, late in ((113.2, 5), (113.1, 0)):
        tracks._last.clear()
        tracks.note("C1", place(lon, NOW + timedelta(seconds=late)))
        await tracks.save_last()
    assert await sql(engine, "SELECT lon FROM last_position") == [(113.2,)]
    await tracks._drop_connection()


async def test_places_that_could_not_be_saved_are_saved_later(engine):
    tracks = lane(engine)
    await tracks.start(NOW)
    tracks.note("C1", place(113.1))
    await sql(engine, "ALTER TABLE last_position RENAME TO away")
    with pytest.raises(asyncpg.PostgresError):
        await tracks.save_last()
    await sql(engine, "ALTER TABLE away RENAME TO last_position")
    await tracks.save_last()
    assert await sql(engine, "SELECT subject FROM last_position") == [("C1",)]
    await tracks._drop_connection()


# Days


async def days(engine):
    query = (
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'track'::regclass ORDER BY 1"
    )
    return [date.fromisoformat(name.removeprefix("track_")) for (name,) in await sql(engine, query)]


async def test_the_days_ahead_are_made_before_they_come(engine):
    tracks = lane(engine)
    await tracks.keep_partitions(NOW)
    await tracks.keep_partitions(NOW)
    made = await days(engine)
    assert made == [NOW.date() + timedelta(days=n) for n in range(-1, DAYS_AHEAD + 1)]
    await tracks.keep_partitions(NOW + timedelta(days=1))
    assert (await days(engine))[-1] == NOW.date() + timedelta(days=DAYS_AHEAD + 1)


async def test_a_day_is_dropped_when_its_time_is_over_and_not_before(engine):
    tracks = lane(engine, kept_days=2)
    await tracks.keep_partitions(NOW)
    await tracks.keep_partitions(NOW + timedelta(days=1))
    assert NOW.date() - timedelta(days=1) in await days(engine)
    await tracks.keep_partitions(NOW + timedelta(days=2))
    assert (await days(engine))[0] == NOW.date()


async def test_a_heartbeat_has_no_place(tracks, engine):
    await tracks.put((("H1", HEARTBEAT, None, NOW, None, None, None, 0, None),))
    assert await sql(engine, "SELECT lon, battery_pct FROM track") == [(None, None)]
