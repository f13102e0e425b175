"""The websockets, on a real server: everything at first, then what changes, nothing in between."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportOptionalMemberAccess=false

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from app.center import Center
from app.desks import Desks
from app.metrics import Metrics
from app.storage.memory import MemoryLedger
from dispatch.book import OperatorAtDesk
from dispatch.facts import OperatorLeft, OperatorSatDown
from tests.fakes import HandClock
from tests.integration.world import (
    CAREGIVER,
    Doors,
    World,
    a_database,
    knocking,
    narrow_socket,
    press,
    serving,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with (
        a_database(server_url) as engine,
        serving(engine) as world,
        knocking(world) as doors,
    ):
        yield world, doors


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house[0]
    await house[0].tidy()


@pytest_asyncio.fixture(loop_scope="module")
async def doors(house) -> Doors:
    return house[1]


def number(frame):
    return int(frame["cursor"].partition(":")[2])


def brings_up_to_date(world):
    """Tell the frame by which a console has seen all that is on record."""
    return lambda frame: frame.get("cursor") == world.service.center.cursor


async def change(world: World, call: str, times: int = 1):
    """Write notes: each changes the call once."""
    desk = await world.desk("op1")
    for index in range(times):
        answer = await desk.post(f"/incidents/{call}/notes", text=f"note {index}")
        assert answer.status_code == 201


# The snapshot


async def test_a_console_begins_with_every_open_call_of_its_areas(world: World, doors: Doors):
    mine, theirs = await world.call_for_help("H1"), await world.call_for_help("H2")
    async with doors.console(await world.desk("op1")) as line:
        snapshot = await line.next()
    assert snapshot["type"] == "snapshot"
    assert [one["id"] for one in snapshot["incidents"]] == [mine]
    assert snapshot["incidents"][0]["resident"]["name"] == "李秀英"
    assert {one["id"] for one in snapshot["caregivers"]} == {"C1", "C2", "C3"}
    async with doors.console(await world.desk("sup")) as line:
        snapshot = await line.next()
    assert [one["id"] for one in snapshot["incidents"]] == [mine, theirs]
    assert snapshot["cursor"] == world.service.center.cursor


async def test_what_a_console_shows_is_a_look_on_record(world: World, doors: Doors):
    call = await world.call_for_help()
    async with doors.console(await world.desk("op2")) as line:
        await line.next(type="snapshot")
    await world.service.security.looks.flush()
    query = "SELECT account_id, resident_id FROM look WHERE incident_id = :call"
    assert ("op2", "R1") in await world.sql(query, call=call)


async def test_where_a_call_is_is_withheld_while_looks_cannot_be_recorded(
    world: World, doors: Doors
):
    await world.call_for_help()
    looks = world.service.security.looks
    looks._waiting_max = 0
    try:
        async with doors.console(await world.desk("sup")) as line:
            snapshot = await line.next()
    finally:
        looks._waiting_max = 10_000
    assert [one["place"] for one in snapshot["incidents"]] == [None]


# What changes


async def test_every_change_arrives_as_the_whole_call_under_a_rising_cursor(
    world: World, doors: Doors
):
    async with doors.console(await world.desk("op1")) as line:
        begin = await line.next(type="snapshot")
        call = await world.call_for_help()
        desk = await world.desk("op2")
        await desk.post(f"/incidents/{call}/claim")
        await desk.post(f"/incidents/{call}/close", disposition="helped")
        frames = await line.until(lambda frame: frame.get("incident", {}).get("status") == "closed")
    changes = [frame for frame in frames if frame["type"] == "incident"]
    assert {frame["incident"]["id"] for frame in changes} == {call}
    numbers = [number(begin), *map(number, changes)]
    assert numbers == sorted(set(numbers))
    assert changes[-1]["incident"]["disposition"] == "helped"


async def test_a_change_elsewhere_only_moves_the_cursor(world: World, doors: Doors):
    async with doors.console(await world.desk("far")) as line:
        await line.next(type="snapshot")
        call = await world.call_for_help("H1")
        await change(world, call)
        frames = await line.until(brings_up_to_date(world))
    assert "incident" not in {frame["type"] for frame in frames}
    assert call not in str(frames)


async def test_calls_that_change_together_arrive_in_the_order_of_their_last_change(world, doors):
    async with doors.console(await world.desk("sup")) as line:
        await line.next(type="snapshot")
        handsets = [await world.handset(f"X{index}") for index in range(12)]
        await asyncio.gather(*(handset.send(press()) for handset in handsets))
        await asyncio.gather(*(handset.send(press()) for handset in reversed(handsets)))
        frames = await line.until(brings_up_to_date(world))
    numbers = [number(frame) for frame in frames if "cursor" in frame]
    assert numbers == sorted(numbers)


async def test_a_caregiver_who_moves_is_a_dot_a_second_later(world: World, doors: Doors):
    async with doors.console(await world.desk("op1")) as line:
        await line.next(type="snapshot")
        phone = await world.caregiver("C3")
        await phone.post(f"{CAREGIVER}/positions", {"lon": 113.044, "lat": 28.2})
        frames = await line.until(
            lambda frame: any(dot["lon"] == 113.044 for dot in frame.get("dots", ()))
        )
    dot = next(dot for dot in frames[-1]["dots"] if dot["id"] == "C3")
    assert (dot["lat"], dot["on_duty"]) == (28.2, True)


async def test_a_console_is_pinged_so_that_silence_means_trouble(world: World, doors: Doors):
    async with doors.console(await world.desk("op1")) as line:
        assert "server_time" in await line.next(type="ping")


# Coming back


async def test_a_console_that_comes_back_misses_nothing_and_hears_nothing_twice(
    world: World, doors: Doors
):
    before, during = await world.call_for_help("H1"), await world.call_for_help("H9")
    desk = await world.desk("op1")
    async with doors.console(desk) as line:
        cursor = (await line.next(type="snapshot"))["cursor"]
    await change(world, during, 3)
    async with doors.console(desk, after=cursor) as line:
        frames = await line.until(brings_up_to_date(world))
    assert frames[0] == {"type": "resumed", "cursor": cursor}
    shown = [frame["incident"]["id"] for frame in frames if frame["type"] == "incident"]
    assert shown == [during]
    assert before not in shown


async def test_a_console_cut_off_while_it_catches_up_still_misses_nothing(
    world: World, doors: Doors
):
    desk = await world.desk("sup")
    async with doors.console(desk) as line:
        cursor = (await line.next(type="snapshot"))["cursor"]
    calls = [await world.call_for_help(handset) for handset in ("H1", "H2", "H9")]
    async with doors.console(desk, after=cursor) as line:
        await line.next(type="resumed")
        half = (await line.next(type="incident"))["cursor"]  # and the line is cut
    async with doors.console(desk, after=half) as line:
        frames = await line.until(brings_up_to_date(world))
    shown = {frame["incident"]["id"] for frame in frames if frame["type"] == "incident"}
    assert shown == set(calls)


async def test_a_console_that_missed_nothing_is_told_so(world: World, doors: Doors):
    await world.call_for_help()
    desk = await world.desk("op1")
    async with doors.console(desk) as line:  # and sits at the desk from now on
        await line.next(type="snapshot")
    cursor = world.service.center.cursor
    async with doors.console(desk, after=cursor) as line:
        assert await line.next() == {"type": "resumed", "cursor": cursor}
        assert await line.next() == {"type": "cursor", "cursor": cursor}


async def test_a_closed_call_is_told_to_whoever_comes_back(world: World, doors: Doors):
    call, desk = await world.call_for_help(), await world.desk("op1")
    cursor = world.service.center.cursor
    await desk.post(f"/incidents/{call}/close", disposition="helped")
    async with doors.console(desk, after=cursor) as line:
        frame = await line.next(type="incident")
    assert (frame["incident"]["id"], frame["incident"]["status"]) == (call, "closed")


@pytest.mark.parametrize(
    "after", ["0:1", "2:1", "1:0", "1:", "1:²", "1:-5", "x", "1:" + "9" * 30, "1:٣"]
)
async def test_a_cursor_too_old_or_of_another_journal_begins_anew(world, doors, after):
    async with doors.console(await world.desk("op1"), after=after) as line:
        assert (await line.next())["type"] == "snapshot"


# A slow console


async def test_a_console_that_stops_reading_delays_nobody_and_is_given_the_latest(
    world: World, doors: Doors
):
    call = await world.call_for_help()
    feed = world.service.feed
    others = set(feed._consoles)
    narrow = {"sock": narrow_socket(doors.port), "max_queue": 1}
    async with doors.console(await world.desk("op2"), **narrow) as slow:
        await slow.next(type="snapshot")
        (stuck,) = set(feed._consoles) - others
        async with doors.console(await world.desk("op1")) as quick:
            await quick.next(type="snapshot")
            await change(world, call, 120)
            await quick.until(brings_up_to_date(world))
        assert len(stuck.waiting) == 1  # of 120 states the last
        frames = await slow.until(brings_up_to_date(world))
    assert len([frame for frame in frames if frame["type"] == "incident"]) < 110


# Who may listen


async def test_without_a_session_there_is_no_stream(world: World, doors: Doors):
    desk = await world.desk("op1")
    wrong = type(desk)(desk.web, {"Cookie": "ydt_session=guessed"})
    with pytest.raises(InvalidStatus) as refused:
        async with doors.console(wrong):
            pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("login", ["adm"])
async def test_an_administrator_has_no_console(world: World, doors: Doors, login):
    with pytest.raises(InvalidStatus) as refused:
        async with doors.console(await world.desk(login)):
            pass
    assert refused.value.response.status_code == 403


async def test_a_page_from_elsewhere_has_no_console(world: World, doors: Doors):
    with pytest.raises(InvalidStatus) as refused:
        async with doors.console(
            await world.desk("op1"), headers={"Origin": "https://evil.example"}
        ):
            pass
    assert refused.value.response.status_code == 403


async def test_a_session_that_ends_closes_its_console(world: World, doors: Doors):
    desk = await world.desk("op1")
    async with doors.console(desk) as line:
        await line.next(type="snapshot")
        headers = dict(desk.headers)
        assert (await world.web.delete("/api/v1/session", headers=headers)).status_code == 204
        assert await line.close_code() == 4401


async def test_what_a_console_says_is_heard_and_harmless(world: World, doors: Doors):
    async with doors.console(await world.desk("op1")) as line:
        await line.next(type="snapshot")
        await line.socket.send("{not json")
        await line.socket.send("x" * 10_000)
        call = await world.call_for_help()
        frame = await line.next(type="incident")
    assert frame["incident"]["id"] == call


# The caregiver's stream


async def test_a_caregiver_hears_of_an_offer_at_once(world: World, doors: Doors):
    phone = await world.caregiver("C1")
    async with doors.telephone(phone) as line:
        assert line.socket.subprotocol == "ydt.v1"
        assert (await line.next())["offers"] == []
        call = await world.call_for_help()
        state = (await line.until(lambda frame: bool(frame["offers"])))[-1]
        assert state["offers"][0]["incident_id"] == call
        assert "1380000R1" not in str(state)
        offer = state["offers"][0]["id"]
        await line.say({"shown": offer})
        await line.until(lambda frame: frame["offers"][0]["shown"])
        await (await world.desk("op1")).post(f"/incidents/{call}/close", disposition="other")
        assert (await line.until(lambda frame: not frame["offers"]))[-1]["on_duty"] is True


async def test_a_caregiver_hears_nothing_of_another(world: World, doors: Doors):
    async with doors.telephone(await world.caregiver("C4")) as line:
        assert (await line.next())["offers"] == []
        await world.call_for_help()
        phone = await world.caregiver("C4")
        await phone.post(f"{CAREGIVER}/duty", {"on": False})
        states = await line.until(lambda frame: not frame["on_duty"])
        assert all(state["offers"] == [] for state in states)


@pytest.mark.parametrize(
    "said",
    [
        "{not json",
        "5",
        '{"unknown": 1}',
        '{"shown": "I99999.1"}',
        '{"shown": 5}',
        '{"position": {"lon": 500, "lat": 0}}',
        '{"position": {"lon": NaN, "lat": 0}}',
        '{"position": "here"}',
        b"\x00\x01",
    ],
)
async def test_a_telephone_that_says_nonsense_stays_connected(world, doors, said):
    phone = await world.caregiver("C3")
    async with doors.telephone(phone) as line:
        await line.next()
        await line.socket.send(said)
        await line.say({"position": {"lon": 113.02, "lat": 28.2}})
        await phone.post(f"{CAREGIVER}/duty", {"on": False})
        assert (await line.until(lambda frame: not frame["on_duty"]))[-1]["offers"] == []


async def test_a_position_said_on_the_stream_counts(world: World, doors: Doors):
    async with doors.telephone(await world.caregiver("C2")) as line:
        await line.next()
        await line.say({"position": {"lon": 113.0333, "lat": 28.2}})
        await until(lambda: world.book.roster.sighting("C2").lon == 113.0333)


async def test_a_token_that_ends_closes_its_stream(world: World, doors: Doors):
    phone = await world.caregiver("C2")
    async with doors.telephone(phone) as line:
        await line.next()
        tokens = world.service.security.tokens
        await tokens.revoke(tokens.subject_of(phone.token).token_id)
        assert await line.close_code() == 4401


@pytest.mark.parametrize("token", ["ydt_c_wrong", ""])
async def test_a_wrong_token_has_no_stream(world: World, doors: Doors, token):
    phone = await world.caregiver("C1")
    with pytest.raises(InvalidStatus) as refused:
        async with doors.telephone(type(phone)(phone.web, token or "x")):
            pass
    assert refused.value.response.status_code == 401


# Who sits at a desk

ANN = OperatorAtDesk(id="ann", is_supervisor=False, areas=("S1",))


@pytest_asyncio.fixture(loop_scope="module")
async def office():
    """Give the desks of a center in memory, and what it put on record."""
    ledger = MemoryLedger()
    center = Center(ledger, HandClock(), Metrics(), tell=lambda book, recorded: None)
    await center.start()
    running = asyncio.ensure_future(center.run())
    yield Desks(center, left_after_s=0), ledger
    center.stop()
    await running


def comings_and_goings(ledger):
    named = {OperatorSatDown: "sat down", OperatorLeft: "left"}
    return [named[type(fact)] for fact in ledger.journal.facts if type(fact) in named]


async def test_an_operator_is_present_from_the_first_console_to_the_last(office):
    desks, ledger = office
    await desks.sit_down(ANN)
    await desks.sit_down(ANN)
    desks.leave(ANN)
    assert comings_and_goings(ledger) == ["sat down"]
    desks.leave(ANN)
    await until(lambda: comings_and_goings(ledger) == ["sat down", "left"])


async def test_a_page_that_is_loaded_again_is_no_leaving(office):
    desks, ledger = office
    await desks.sit_down(ANN)
    desks.leave(ANN)
    await desks.sit_down(ANN)
    for _ in range(20):
        await asyncio.sleep(0)
    assert comings_and_goings(ledger) == ["sat down"]


async def test_who_comes_back_while_the_leaving_waits_for_the_record_is_present(office):
    desks, ledger = office
    await desks.sit_down(ANN)
    ledger.open_gate.clear()
    other = asyncio.ensure_future(desks.sit_down(replace(ANN, id="bob")))
    await ledger.held.wait()  # whatever is asked now is decided after this commit
    desks.leave(ANN)
    await until(lambda: bool(desks._going))
    back = asyncio.ensure_future(desks.sit_down(ANN))
    await asyncio.sleep(0)
    ledger.open_gate.set()
    await asyncio.gather(other, back)
    await until(lambda: not desks._going)
    assert {"ann", "bob"} <= set(desks._center.book.desk)
    assert comings_and_goings(ledger) == ["sat down", "sat down", "left", "sat down"]


async def test_the_consoles_of_the_service_sit_down(world: World, doors: Doors):
    async with doors.console(await world.desk("far")) as line:
        await line.next(type="snapshot")
        assert "far" in world.book.desk
