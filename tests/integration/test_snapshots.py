"""A snapshot taken beside the running server, and what must not be in it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app import snapshots
from app.register.erasure import erase_resident
from app.settings import Settings
from app.snapshots import keep_fresh, take_snapshot
from app.storage.ledger import PostgresLedger
from app.storage.snapshot import save
from app.storage.snapshot_rows import begin_snapshot, finish_snapshot, newest_snapshot
from dispatch.book import Book
from dispatch.evolve import EVOLVE_VERSION, evolve
from tests.integration.house import House, a_house
from tests.integration.lives import Lives


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


async def taken(engine: AsyncEngine) -> dict[int, bytes]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT number, body FROM snapshot"))
        return {one.number: one.body for one in rows}


async def folded(engine: AsyncEngine, until: int) -> bytes:
    """Return the book of every fact up to a number, by no snapshot."""
    ledger, book = PostgresLedger(engine), Book()
    await ledger.open(is_owner=False)
    async for one in ledger.read(0):
        if one.number <= until:  # the server goes on
            evolve(book, one.fact)
    await ledger.close()
    return save(book)


async def test_it_is_the_book_of_the_journal_while_the_server_runs(house: House):
    lives = Lives(house.service)
    await lives.begin()
    await lives.whole()
    await lives.press()
    number = await take_snapshot(house.engine)
    assert number is not None
    assert await taken(house.engine) == {number: await folded(house.engine, number)}


async def test_the_next_is_taken_from_the_one_before_which_is_then_forgotten(house: House):
    lives = Lives(house.service)
    await lives.begin()
    first = await take_snapshot(house.engine)
    await lives.press()
    second = await take_snapshot(house.engine)
    assert first is not None
    assert second is not None
    assert second > first
    assert await taken(house.engine) == {second: await folded(house.engine, second)}


async def test_where_one_stands_already_nothing_is_done(house: House):
    first = await take_snapshot(house.engine)
    before = await taken(house.engine)
    assert await take_snapshot(house.engine) == first
    assert await taken(house.engine) == before


async def test_one_of_other_rules_is_taken_anew(house: House):
    number = await house.facts()
    await house.sql("INSERT INTO snapshot VALUES (1, :number, 1, '\\x00')", number=number)
    assert await take_snapshot(house.engine) == number
    assert await newest_snapshot(house.engine, EVOLVE_VERSION) == number


async def test_what_was_begun_before_somebody_was_erased_is_not_kept(house: House):
    lives = Lives(house.service)
    await lives.begin()
    number = await house.facts()
    assert await begin_snapshot(house.engine, number, EVOLVE_VERSION)
    await erase_resident(house.service, "R1")
    assert not await finish_snapshot(house.engine, number, EVOLVE_VERSION, b"with the home")
    assert await taken(house.engine) == {}


async def test_it_begins_only_when_an_erasure_under_way_is_done(house: House):
    async with house.engine.begin() as erasing:
        await erasing.execute(text("DELETE FROM snapshot"))
        beginning = asyncio.ensure_future(begin_snapshot(house.engine, 1, EVOLVE_VERSION))
        while not await house.sql("SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert not beginning.done()
    assert await beginning


async def test_one_that_is_being_made_is_nobodys_snapshot(engine: AsyncEngine):
    async with a_house(engine) as house:
        await begin_snapshot(engine, await house.facts(), EVOLVE_VERSION)
        assert await newest_snapshot(engine, EVOLVE_VERSION) == 0
    async with a_house(engine, is_new=False) as again:
        assert len(again.service.center.book.territory.areas) == 5


class Enough(Exception):
    """The story ends here."""


async def kept_fresh(house: House, looks: int) -> int:
    """Let the server look so often whether one is needed; return how often it had one taken."""
    left, count = looks, 0

    async def wait() -> None:
        nonlocal left
        if left == 0:
            raise Enough
        left -= 1

    async def take(settings: Settings) -> None:
        nonlocal count
        count += 1
        await take_snapshot(house.engine)

    with pytest.raises(Enough):
        await keep_fresh(house.service, wait=wait, take=take)
    return count


async def test_one_is_taken_when_many_facts_came_since_the_last(house: House, monkeypatch):
    assert await kept_fresh(house, 2) == 0
    monkeypatch.setattr(snapshots, "FACTS_BETWEEN", await house.facts())
    assert await kept_fresh(house, 3) == 1  # none for the second look: nothing came since


async def test_one_is_taken_again_when_an_erasure_has_dropped_it(house: House, monkeypatch):
    lives = Lives(house.service)
    await lives.begin()
    monkeypatch.setattr(snapshots, "FACTS_BETWEEN", 1)
    assert await kept_fresh(house, 1) == 1
    await erase_resident(house.service, "R1")
    assert await kept_fresh(house, 1) == 1


async def test_the_server_has_it_taken_by_a_process_of_its_own(house: House, database_url: str):
    settings = Settings(database_url=SecretStr(database_url))
    await snapshots._in_own_process(settings)  # what keep_fresh does by default
    assert await newest_snapshot(house.engine, EVOLVE_VERSION) > 0
