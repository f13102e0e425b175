"""Faults of a real database under a running service: nothing acknowledged is lost or doubled."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false
# pyright: reportOperatorIssue=false
# pyright: reportOptionalOperand=false

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from app.center import NotRecordable
from app.database import engine_for
from app.main import running
from app.settings import Settings
from app.storage.ledger import LedgerOwned, NumberTaken
from app.storage.postgres import EmbeddedPostgres
from app.storage.schema import migrate
from dispatch import facts as f
from dispatch.requests import HandsetCalled, Note, Register
from tests.integration.world import (
    OPERATOR,
    Phone,
    World,
    facts_on_record,
    press,
    serving,
    sql,
    town,
    until,
)


def slug(answer):
    return answer.json()["type"].removeprefix("/problems/")


async def insist(phone: Phone, event) -> str:
    """Send an event until it is acknowledged, as a handset does; return its incident."""
    async with asyncio.timeout(60):
        while True:
            answer = await phone.send(event)
            if answer.status_code == 200:
                return answer.json()["incident_id"]
            assert answer.status_code == 503, answer.text
            await asyncio.sleep(0.01)


async def under_load(world: World, fault, handsets=15, presses=4) -> None:
    """Let many handsets press while `fault` happens; then every press must be there once."""
    phones = [await world.handset(f"L{number}") for number in range(handsets)]

    async def pressing(phone: Phone) -> set[str]:
        return {await insist(phone, press()) for _ in range(presses)}

    crowd = [asyncio.ensure_future(pressing(phone)) for phone in phones]
    await until(lambda: len(world.book.incidents) > handsets // 3)
    await fault()
    incidents = [await one for one in crowd]
    assert all(len(one) == 1 for one in incidents)
    assert len(set.union(*incidents)) == handsets
    for (incident,) in incidents:
        assert world.book.incidents[incident].presses == presses
    rows = await world.sql("SELECT presses FROM incident WHERE handset_id LIKE 'L%'")
    assert rows == [(presses,)] * handsets


# The connection


async def test_connections_cut_under_load_lose_no_press_and_double_none(database_url):
    engine, other = engine_for(database_url), await asyncpg.connect(database_url)
    async with serving(engine) as world:

        async def cut():
            for _ in range(3):
                await other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

        await under_load(world, cut)
    await other.close()
    await engine.dispose()


@pytest.fixture(scope="module")
def own_server(tmp_path_factory):
    """Start a PostgreSQL that a test may kill."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("own") / "data")
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def own_engine(own_server):
    engine = engine_for(own_server.start())
    await migrate(engine)
    yield engine
    await sql(engine, "DROP SCHEMA public CASCADE")
    await sql(engine, "CREATE SCHEMA public")
    await engine.dispose()


async def test_a_power_cut_of_the_database_under_load_loses_no_press(own_engine, own_server):
    async with serving(own_engine, answer_within_s=0.5) as world:

        async def power_cut():
            await asyncio.to_thread(own_server.terminate_hard)
            await asyncio.to_thread(own_server.start)

        await under_load(world, power_cut)


async def test_while_the_database_is_away_doors_say_so_and_the_retry_is_a_duplicate(
    own_engine, own_server
):
    async with serving(own_engine, answer_within_s=0.3) as world:
        phone, desk = await world.handset(), await world.desk("op1")
        assert (await world.web.get("/readyz")).json() == {"status": "ready"}
        call = await world.call_for_help("H2")
        await asyncio.to_thread(own_server.terminate_hard)
        event = press()
        answer = await phone.send(event)
        assert (answer.status_code, slug(answer)) == (503, "not-on-record-yet")
        assert int(answer.headers["retry-after"]) >= 1
        where = press("position", position={"lon": 113.0, "lat": 28.2})
        in_array = (await phone.send(where, press("test"))).json()
        assert [one["result"] for one in in_array] == ["refused", "refused"]
        noted = await desk.post(f"/incidents/{call}/notes", text="x")
        assert (noted.status_code, slug(noted)) == (503, "journal-away")
        for answer in (await phone.get("/api/v1/handset/state"), await desk.get("/incidents")):
            assert (answer.status_code, slug(answer)) == (503, "journal-away")
            assert "retry-after" in answer.headers
        ready = await world.web.get("/readyz")
        assert (ready.status_code, slug(ready)) == (503, "not-ready")
        assert "retry-after" in ready.headers
        assert (await world.web.get("/healthz")).status_code == 200
        await asyncio.to_thread(own_server.start)
        await until(lambda: world.service.center.is_ready)
        again = await phone.send(event)
        assert again.json()["result"] == "duplicate"
        incident = again.json()["incident_id"]
        rows = await world.sql("SELECT id, presses FROM incident WHERE handset_id = 'H1'")
        assert rows == [(incident, 1)]
        assert (await world.web.get("/readyz")).status_code == 200


# Owners


async def test_a_second_server_on_the_same_database_is_turned_away(engine, database_url):
    other = engine_for(database_url)
    async with serving(engine) as world:
        with pytest.raises(LedgerOwned):
            async with running(Settings(), other):
                pass
        assert await world.call_for_help()
    async with running(Settings(), other):
        pass
    await other.dispose()


async def test_a_number_that_is_taken_ends_the_server(engine):
    answers = []

    async def serve_until_it_ends():
        async with serving(engine, answer_within_s=5) as world:
            await world.sql(
                "INSERT INTO fact (center, number, at, kind, version, body, hash) SELECT 1,"
                " max(number) + 1, now(), 'duty_started', 1, '{}', '' FROM fact"
            )
            answers.append(await (await world.handset()).send(press()))
            await asyncio.Event().wait()

    with pytest.raises(NumberTaken):
        await serve_until_it_ends()
    assert not [answer for answer in answers if answer.status_code == 200]


# Data that cannot be stored


async def test_poison_in_a_batch_is_parked_and_everything_else_is_on_record(engine):
    async with serving(engine) as world:
        call = await world.call_for_help("H2")
        center = world.service.center
        resident = next(one for one in town(center.now) if isinstance(one, f.ResidentRegistered))
        key = f.EventKey(event_id="p", kind="sos", device_time="")
        asked = await asyncio.gather(
            center.call(Note(incident_id=call, by="op1", text="\ud800")),
            center.call(Register(facts=(replace(resident, name="a\x00b"),))),
            center.call(HandsetCalled(handset_id="H9", kind="sos", events=(key,), note="\ud800")),
            center.call(Note(incident_id=call, by="op1", text="good")),
            (await world.handset("H1")).send(press()),
            return_exceptions=True,
        )
        note, register, bare, good, pressed = asked
        assert isinstance(note, NotRecordable)
        assert isinstance(register, NotRecordable)
        assert f.IncidentRaised in [type(fact) for fact in bare]
        assert good
        assert pressed.json()["result"] == "recorded"
        parked = [fact for fact in await world.facts() if isinstance(fact, f.RequestParked)]
        assert sorted((fact.what, fact.handset_id) for fact in parked) == [
            ("handset_called", "H9"),
            ("note", None),
            ("register", None),
        ]
        assert "\ud800" not in str(parked)
        assert await world.sql("SELECT name FROM resident WHERE id = 'R1'") == [("李秀英",)]


# The tracks' lane


async def test_a_full_lane_of_tracks_refuses_tracks_and_never_a_call(engine, database_url):
    async with serving(engine, tracks_max=100, answer_within_s=8) as world:
        phone, other = await world.handset("H1"), await asyncpg.connect(database_url)

        def somewhere():
            return press("position", position={"lon": 113.0, "lat": 28.2})

        async with other.transaction():
            await other.execute("LOCK TABLE track IN ACCESS EXCLUSIVE MODE")
            waiting = [asyncio.ensure_future(phone.send(somewhere())) for _ in range(100)]
            await until(lambda: world.service.tracks.is_full)
            full = await phone.send(somewhere())
            assert (full.status_code, slug(full)) == (503, "not-on-record-yet")
            assert int(full.headers["retry-after"]) >= 1
            caregiver = await world.caregiver("C1")
            refused = await caregiver.post(
                "/api/v1/caregiver/positions", {"lon": 113.0, "lat": 28.2}
            )
            assert (refused.status_code, slug(refused)) == (503, "lane-full")
            helped = await phone.send(press())
            assert helped.json()["result"] == "recorded"
            mixed = (await phone.send(somewhere(), press())).json()
            assert [one["result"] for one in mixed] == ["refused", "recorded"]
            assert mixed[0]["problem"]["status"] == 503
        await other.close()
        answers = await asyncio.gather(*waiting)
        assert {answer.status_code for answer in answers} == {200}
        assert await world.sql("SELECT count(*) FROM track") == [(100,)]


# Stops


async def test_after_a_stop_of_40_minutes_the_night_goes_on(engine):
    event = press(event_id="before", at=None)
    async with serving(engine, clock_start="2026-11-22T02:00:00Z") as world:
        first = (await (await world.handset()).send(event)).json()
        offer = await world.offered("C1")
        await (await world.desk("op1")).post(f"/incidents/{first['incident_id']}/claim")
    number = len(await facts_on_record(engine))
    async with serving(engine, is_new=False, clock_start="2026-11-22T02:40:00Z") as world:
        again = (await (await world.handset()).send(event)).json()
        assert (again["result"], again["incident_id"]) == ("duplicate", first["incident_id"])
        began, *renewed = (await facts_on_record(engine))[number : number + 3]
        assert isinstance(began, f.CenterStarted)
        assert timedelta(minutes=39) < began.stopped_for < timedelta(minutes=41)
        assert {type(one) for one in renewed} == {f.OfferRenewed}
        phone = await world.caregiver("C1")
        answer = await phone.post(f"/api/v1/caregiver/offers/{offer}/accept")
        assert answer.status_code == 200
        assert world.book.incidents[first["incident_id"]].attendances == (offer,)


async def test_everybody_and_everything_is_known_after_a_restart(engine):
    async with serving(engine) as world:
        call = await world.call_for_help()
        before = (await (await world.desk("op1")).get("/incidents")).json()["items"]
    async with serving(engine, is_new=False) as world:
        roles = {"login": "op2", "roles": ["operator"], "areas": ["S1"]}
        after = (await (await world.desk(roles["login"])).get("/incidents")).json()["items"]
        assert [one["id"] for one in after] == [call]
        for name in ("resident", "area", "place", "presses", "raised_at", "rank", "due_at"):
            assert after[0][name] == before[0][name]
        found = await world.web.get(f"{OPERATOR}/incidents")
        assert found.status_code == 401
