"""One contract for every journal: the one in memory, and the one in PostgreSQL."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from app.codec import encode
from app.storage import ledger as ledger_module
from app.storage.chain import verify_chain
from app.storage.ledger import (
    CommitRefused,
    LedgerLost,
    LedgerOwned,
    NumberTaken,
    PostgresLedger,
)
from app.storage.memory import MemoryLedger
from app.storage.projections import Changes
from dispatch import facts as f
from dispatch.book import Book
from dispatch.evolve import evolve
from tests.fakes import NOON
from tests.integration.world import a_database, facts_on_record, sql, town


class InMemory:
    """The journal of the tests."""

    def __init__(self):
        self.ledger = MemoryLedger()
        self.other = MemoryLedger(self.ledger.journal)

    async def write(self, number, fact):
        self.ledger.journal.write(fact)

    async def facts(self):
        return self.ledger.journal.facts

    async def cut(self):
        self.ledger._is_open = False
        self.ledger.journal.owner = None


class InPostgres:
    """The journal of production."""

    def __init__(self, engine):
        self.engine = engine
        self.ledger = PostgresLedger(engine)
        self.other = PostgresLedger(engine)

    async def write(self, number, fact):
        row = encode(fact)
        await sql(
            self.engine,
            "INSERT INTO fact (center, number, at, kind, version, body, hash)"
            " VALUES (1, :number, now(), :kind, 1, CAST(:body AS json), '')",
            number=number,
            kind=row.kind,
            body=row.body,
        )

    async def facts(self):
        return await facts_on_record(self.engine)

    async def cut(self):
        """Cut every connection that holds the lock of a center."""
        await sql(
            self.engine,
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'",
        )


@pytest.fixture(params=["memory", "postgres"])
async def journal(request, server_url):
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            journal = InMemory()
        else:
            journal = InPostgres(await stack.enter_async_context(a_database(server_url)))
        yield journal
        await journal.ledger.close()
        await journal.other.close()


def duties(*caregivers):
    return [f.DutyStarted(at=NOON, caregiver_id=caregiver) for caregiver in caregivers]


async def commit(ledger, *facts):
    await ledger.commit(facts, Changes())


async def read(ledger, after=0):
    return [(one.number, one.fact) async for one in ledger.read(after)]


async def test_a_new_journal_is_empty(journal):
    await journal.ledger.open()
    assert (journal.ledger.epoch, journal.ledger.last_number) == (1, 0)
    assert await read(journal.ledger) == []
    assert await journal.ledger.snapshot(1) is None


async def test_what_was_committed_is_read_in_order_under_its_numbers(journal):
    facts = [*duties("C1", "C2"), *town(NOON)]
    await journal.ledger.open()
    await commit(journal.ledger, *facts[:3])
    await commit(journal.ledger, *facts[3:])
    assert journal.ledger.last_number == len(facts)
    assert await read(journal.ledger) == list(enumerate(facts, start=1))
    assert await read(journal.ledger, 2) == list(enumerate(facts, start=1))[2:]
    assert await read(journal.ledger, len(facts)) == []


async def test_the_next_owner_goes_on_where_the_last_one_ended(journal):
    await journal.ledger.open()
    await commit(journal.ledger, *duties("C1"))
    await journal.ledger.close()
    await journal.other.open()
    assert journal.other.last_number == 1
    await commit(journal.other, *duties("C2"))
    assert [number for number, _ in await read(journal.other)] == [1, 2]


async def test_a_journal_longer_than_a_page_is_read_whole(journal):
    await journal.ledger.open()
    size = ledger_module._PAGE + 2
    await commit(journal.ledger, *duties(*["C1"] * size))
    assert [number for number, _ in await read(journal.ledger, 1)] == list(range(2, size + 1))


async def test_nothing_to_commit_is_nothing_done(journal):
    await journal.ledger.open()
    await commit(journal.ledger)
    assert journal.ledger.last_number == 0


async def test_a_journal_has_one_owner(journal):
    await journal.ledger.open()
    with pytest.raises(LedgerOwned):
        await journal.other.open()
    await commit(journal.ledger, *duties("C1"))
    await journal.ledger.close()
    await journal.ledger.close()  # safe to repeat
    await journal.other.open()


async def test_a_journal_that_is_not_open_is_lost(journal):
    with pytest.raises(LedgerLost):
        await commit(journal.ledger, *duties("C1"))
    with pytest.raises(LedgerLost):
        await read(journal.ledger)


async def test_a_batch_is_on_record_whole_or_not_at_all(journal):
    await journal.ledger.open()
    bad = f.NoteAdded(at=NOON, incident_id="I1", by="ann", text="\ud800")
    with pytest.raises(CommitRefused):
        await commit(journal.ledger, *duties("C1", "C2"), bad)
    assert await journal.facts() == []
    await commit(journal.ledger, *duties("C3"))
    assert await read(journal.ledger) == [(1, duties("C3")[0])]


async def test_a_number_that_another_took_is_the_end(journal):
    await journal.ledger.open()
    await journal.write(1, duties("C9")[0])
    with pytest.raises(NumberTaken):
        await commit(journal.ledger, *duties("C1"))
    assert await journal.facts() == duties("C9")


async def test_a_cut_connection_is_lost_and_opened_again(journal):
    await journal.ledger.open()
    await commit(journal.ledger, *duties("C1"))
    await journal.cut()
    with pytest.raises(LedgerLost):
        await commit(journal.ledger, *duties("C2"))
    await journal.ledger.open()
    assert journal.ledger.last_number == 1
    await commit(journal.ledger, *duties("C2"))
    assert await journal.facts() == duties("C1", "C2")


@pytest.mark.parametrize("others", [1, 2, 3])
async def test_facts_of_another_are_never_taken_for_a_commit_that_was_lost(journal, others):
    """The number alone would say that the lost batch is on record."""
    await journal.ledger.open()
    await commit(journal.ledger, *duties("C1"))
    await journal.cut()
    with pytest.raises(LedgerLost):
        await commit(journal.ledger, *duties("C2", "C3"))
    await journal.other.open()
    await commit(journal.other, *duties(*["C9"] * others))
    await journal.other.close()
    with pytest.raises(NumberTaken):
        await journal.ledger.open()


async def test_the_newest_snapshot_of_the_version_is_given(journal):
    await journal.ledger.open()
    await commit(journal.ledger, *duties("C1", "C2", "C3"))
    await journal.ledger.save_snapshot(1, 7, b"one")
    await journal.ledger.save_snapshot(3, 7, b"three")
    assert await journal.ledger.snapshot(7) == (3, b"three")
    assert await journal.ledger.snapshot(8) is None


async def test_a_snapshot_of_facts_that_are_not_there_is_not_given(journal):
    await journal.ledger.open()
    await journal.ledger.save_snapshot(5, 7, b"from another journal")
    assert await journal.ledger.snapshot(7) is None


async def test_a_fact_that_cannot_be_read_is_left_out(journal):
    await journal.ledger.open()
    await commit(journal.ledger, *duties("C1"))
    if isinstance(journal, InPostgres):
        await sql(
            journal.engine,
            "INSERT INTO fact (center, number, at, kind, version, body, hash) VALUES"
            " (1, 2, now(), 'of_tomorrow', 1, '{}', ''),"
            " (1, 3, now(), 'duty_started', 1, '{\"at\": 5}', '')",
        )
    else:
        row = encode(duties("C1")[0])
        journal.ledger.journal.rows += [
            type(row)("of_tomorrow", 1, "{}", None),
            type(row)("duty_started", 1, '{"at":5}', None),
        ]
    assert [number for number, _ in await read(journal.ledger)] == [1]


# PostgreSQL alone


@pytest.fixture
async def ledger(engine):
    ledger = PostgresLedger(engine)
    await ledger.open()
    yield ledger
    await ledger.close()


async def put(ledger, *facts, book=None):
    """Commit with the rows that follow, as the center does."""
    book, changes = book or Book(), Changes()
    for number, fact in enumerate(facts, start=ledger.last_number + 1):
        evolve(book, fact)
        changes.note(book, fact, number)
    await ledger.commit(facts, changes)
    return book


async def test_the_tables_are_written_with_the_facts(ledger, engine):
    await put(ledger, *town(NOON))
    residents = await sql(engine, "SELECT id, name, area_id, lon FROM resident ORDER BY id")
    assert residents == [("R1", "李秀英", "G1", 113.01), ("R2", "王建国", "G2", 113.09)]
    assert (await sql(engine, "SELECT count(*) FROM handset WHERE resident_id IS NULL")) == [(1,)]


async def test_what_a_table_refuses_leaves_no_fact_behind(ledger, engine):
    facts = list(town(NOON))
    resident = next(one for one in facts if isinstance(one, f.ResidentRegistered))
    facts.append(type(resident)(**{name: getattr(resident, name) for name in resident.__slots__}
                                | {"at": NOON, "name": "a\x00b"}))  # fmt: skip
    with pytest.raises(CommitRefused):
        await put(ledger, *facts)
    assert await facts_on_record(engine) == []
    assert await sql(engine, "SELECT id FROM area") == []
    assert await put(ledger, *town(NOON)) is not None


async def test_the_chain_holds_and_tells_where_it_was_altered(ledger, engine):
    book = await put(ledger, *town(NOON))
    await put(ledger, *duties("C1", "C2"), book=book)
    async with engine.connect() as connection:
        assert await verify_chain(connection) is None
    await sql(engine, "UPDATE fact SET personal = NULL, salt = NULL WHERE number = 6")
    async with engine.connect() as connection:
        assert await verify_chain(connection) is None  # erasing is no altering
    await sql(engine, "UPDATE fact SET body = '{}' WHERE number = 6")
    async with engine.connect() as connection:
        assert await verify_chain(connection) == 6


async def test_the_facts_of_an_incident_are_found_by_it(ledger, engine):
    offer = f.OfferShown(at=NOON + timedelta(seconds=1), offer_id="I17.2")
    await ledger.commit([offer, *duties("C1")], Changes())
    assert await sql(engine, "SELECT incident_id FROM fact ORDER BY number") == [("I17",), (None,)]


async def test_a_commit_that_hangs_is_given_up_in_time(ledger, database_url):
    """Another transaction holds the table; the lock timeout stands for a hanging disk."""
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE fact IN ACCESS EXCLUSIVE MODE")
        task = asyncio.ensure_future(ledger.commit(duties("C1"), Changes()))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await other.fetchval(waiting):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.001)
        await other.execute(
            "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE NOT granted",
        )
        with pytest.raises((LedgerLost, CommitRefused)):
            await task
    await other.close()
    await ledger.open()
    await ledger.commit(duties("C1"), Changes())
    assert ledger.last_number == 1


async def test_a_connection_cut_amid_a_transaction_is_lost_and_says_nothing_of_the_data(
    ledger, engine, database_url
):
    other = await asyncpg.connect(database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE resident IN ACCESS EXCLUSIVE MODE")
        task = asyncio.ensure_future(put(ledger, *town(NOON)))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await other.fetchval(waiting):  # noqa: ASYNC110 - the database sets no event
            await asyncio.sleep(0.001)
        await other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(LedgerLost):
            await task
    await other.close()
    await ledger.open()
    assert ledger.last_number == 0
    await put(ledger, *town(NOON))
    assert await facts_on_record(engine) == list(town(NOON))


async def test_the_lock_is_free_once_the_owner_is_gone(ledger, engine):
    await ledger.close()
    async with engine.connect() as connection:
        locks = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert (await connection.execute(locks)).scalar_one() == 0
