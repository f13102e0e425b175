"""Projections made anew, persons erased, and a chain that shows every alteration."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.rebuild import rebuild
from app.register.erasure import StillInHelp, erase_caregiver, erase_resident, verify_chain
from app.storage.ledger import LedgerOwned
from app.storage.projections import TABLES
from app.storage.snapshot import restore, save
from dispatch.book import Book
from dispatch.evolve import EVOLVE_VERSION
from dispatch.place import Place
from dispatch.requests import Duty
from tests.integration.house import House, a_house
from tests.integration.lives import SECRETS, WANG, Lives


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


async def rows_of(engine: AsyncEngine) -> dict[str, list[str]]:
    async with engine.connect() as connection:
        return {
            table: sorted(
                str(row) for row in await connection.execute(text(f"SELECT * FROM {table}"))
            )
            for table in TABLES
        }


async def chain_of(engine: AsyncEngine, after: int = 0) -> int | None:
    async with engine.connect() as connection:
        return await verify_chain(connection, after=after)


async def everything(engine: AsyncEngine) -> str:
    """Return every row of every table that could name a person, as one text."""
    tables = ("fact", "track", "last_position", "outbox", "staged_import", *TABLES)
    found: list[str] = []
    async with engine.connect() as connection:
        for table in tables:
            rows = await connection.execute(text(f"SELECT t::text FROM {table} t"))
            found.extend(rows.scalars())
    return "\n".join(found)


async def test_the_same_rows_come_out_of_the_same_facts(engine: AsyncEngine):
    async with a_house(engine) as house:
        lives = Lives(house.service)
        await lives.begin()
        await lives.whole()
        await lives.press()  # and one is open
    before = await rows_of(engine)
    assert all(before[table] for table in TABLES)
    assert await rebuild(engine) == (await count_of(engine, "fact"))
    assert await rows_of(engine) == before


async def test_a_table_that_was_damaged_is_whole_again(engine: AsyncEngine):
    async with a_house(engine) as house:
        lives = Lives(house.service)
        await lives.begin()
        await lives.whole()
    before = await rows_of(engine)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE incident SET status = 'lost'"))
        await connection.execute(text("DELETE FROM resident"))
    assert await rows_of(engine) != before
    await rebuild(engine)
    assert await rows_of(engine) == before


async def test_old_messages_are_not_said_to_the_outside_again(engine: AsyncEngine):
    async with a_house(engine):
        pass
    await rebuild(engine)
    assert await count_of(engine, "outbox") == 0


async def test_nothing_is_made_anew_while_a_server_is_running(house: House, engine: AsyncEngine):
    with pytest.raises(LedgerOwned):
        await rebuild(engine)
    assert await count_of(engine, "area") > 0


async def test_an_erased_resident_is_nowhere_and_the_chain_holds(house: House):
    lives = Lives(house.service)
    await lives.begin()
    incident_id = await lives.whole()
    known = await everything(house.engine)
    assert [secret for secret in SECRETS if secret not in known] == []
    await erase_resident(house.service, "R1")
    left = await everything(house.engine)
    assert [secret for secret in SECRETS if secret in left] == []
    assert await chain_of(house.engine) is None
    row = await house.get("/residents/R1")
    assert (row["name"], row["home"], row["state"]) == ("", None, "home")
    assert (await house.get("/handsets/H1"))["resident_id"] is None
    salts = await house.sql(
        "SELECT count(*) FROM fact WHERE incident_id = :id AND salt IS NOT NULL", id=incident_id
    )
    assert salts[0][0] == 0


async def test_an_erased_resident_stays_erased_when_tables_are_made_anew(engine: AsyncEngine):
    async with a_house(engine) as house:
        lives = Lives(house.service)
        await lives.begin()
        await lives.whole()
        await erase_resident(house.service, "R1")
    before = await rows_of(engine)
    await rebuild(engine)
    assert await rows_of(engine) == before
    assert [secret for secret in SECRETS if secret in await everything(engine)] == []


async def test_the_running_book_is_what_the_erased_facts_fold_to(engine: AsyncEngine):
    async with a_house(engine) as house:
        lives = Lives(house.service)
        await lives.begin()
        await lives.whole()
        await erase_resident(house.service, "R1")
        running = Book()
        restore(running, save(house.service.center.book))
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM snapshot"))
    async with a_house(engine, is_new=False) as house:
        folded = house.service.center.book
        assert dict(folded.closed) == dict(running.closed)
        assert folded.residents == running.residents


async def test_no_snapshot_keeps_the_home_of_an_erased_resident(house: House):
    lives = Lives(house.service)
    await lives.begin()
    await house.sql("INSERT INTO snapshot VALUES (1, 1, :version, '\\x00')", version=EVOLVE_VERSION)
    await erase_resident(house.service, "R1")
    assert await house.sql("SELECT 1 FROM snapshot") == []


async def test_where_the_handset_was_is_forgotten_only_for_the_time_it_was_theirs(house: House):
    lives = Lives(house.service)
    await lives.begin()
    for subject, moved in (("H1", ""), ("H1", "- interval '1 h'"), ("H2", "")):
        await house.sql(
            "INSERT INTO track (subject, kind, received_at, lon, lat)"
            f" VALUES (:subject, 1, now() {moved}, 113, 28)",
            subject=subject,
        )
    await house.sql("INSERT INTO last_position VALUES ('H1', now(), 113, 28, 5, 1)")
    house.service.tracks.note("H1", Place(lon=113, lat=28, at=house.service.center.now))
    await erase_resident(house.service, "R1")
    left = await house.sql("SELECT subject FROM track ORDER BY subject")
    assert [row[0] for row in left] == ["H1", "H2"]
    assert await house.sql("SELECT 1 FROM last_position") == []
    await house.service.tracks.save_last()
    assert await house.sql("SELECT 1 FROM last_position") == []


async def test_a_resident_with_an_open_call_is_not_erased(house: House):
    lives = Lives(house.service)
    await lives.begin()
    await lives.press()
    with pytest.raises(StillInHelp):
        await erase_resident(house.service, "R1")
    answer = await house.post("/residents/R1/erase")
    assert answer.status_code == 409
    assert (await house.get("/residents/R1"))["name"] == "李秀英"


async def test_erasing_twice_is_the_same_as_once(house: House):
    await Lives(house.service).begin()
    assert (await house.post("/residents/R1/erase")).status_code == 204
    assert (await house.post("/residents/R1/erase")).status_code == 204
    assert await chain_of(house.engine) is None


async def test_an_erased_caregiver_is_nowhere_and_signs_in_no_more(house: House):
    lives = Lives(house.service)
    await lives.begin()
    await lives.whole()
    await house.post(
        "/caregivers/C1/account", {"login": "wang", "password": "一二三四五六七八九十"}
    )
    with pytest.raises(StillInHelp):
        await erase_caregiver(house.service, "C1")
    await house.service.center.call(Duty(caregiver_id=WANG, is_on=False))
    assert (await house.post("/caregivers/C1/erase")).status_code == 204
    left = await everything(house.engine)
    assert "王强" not in left
    assert "19900001001" not in left
    assert await house.sql("SELECT 1 FROM account WHERE subject_id = 'C1'") == []
    assert await chain_of(house.engine) is None
    assert (await house.get("/caregivers/C1"))["is_active"] is False


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE fact SET body = (replace(body::text, '430105', '430106'))::json WHERE number = 3",
        'UPDATE fact SET personal = \'{"name":"x"}\'::json WHERE number = 3',
        "UPDATE fact SET kind = 'area_removed' WHERE number = 3",
        "UPDATE fact SET hash = decode(repeat('00', 32), 'hex') WHERE number = 3",
        "DELETE FROM fact WHERE number = 3",
        "UPDATE fact SET version = 2 WHERE number = 3",
    ],
)
async def test_every_alteration_of_a_fact_is_found(engine: AsyncEngine, alteration: str):
    async with a_house(engine):
        pass
    assert await chain_of(engine) is None
    async with engine.begin() as connection:
        await connection.execute(text(alteration))
    assert await chain_of(engine) == 3
    assert await chain_of(engine, after=4) is None


async def test_personal_data_that_was_changed_is_found(engine: AsyncEngine):
    async with a_house(engine) as house:
        await Lives(house.service).begin()
        (number,) = (await house.sql("SELECT number FROM fact WHERE personal IS NOT NULL"))[0]
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE fact SET personal = replace(personal::text, '李', '张')::json"
                " WHERE number = :number"
            ),
            {"number": number},
        )
    assert await chain_of(engine) == number


async def count_of(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        return (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
