"""The wallboard: figures of the own areas, of this very moment, and nobody's name."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta

import pytest
import pytest_asyncio

from app.clock import system_clock
from app.rounds import look_once
from dispatch.requests import Duty
from tests.integration.world import (
    CAREGIVER,
    OPERATOR,
    RESIDENTS,
    World,
    a_database,
    knocking,
    press,
    serving,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


async def figures(world, login="op1"):
    answer = await (await world.desk(login)).get("/wallboard")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def free(world, login="sup"):
    rows = (await figures(world, login))["streets"]
    return {row["code"]: (row["free"], row["on_duty"]) for row in rows}


async def take(world, login, call):
    answer = await (await world.desk(login)).post(f"/incidents/{call}/claim")
    assert answer.status_code == 200, answer.text


async def shares(world, login="op1", span="day"):
    rows = (await figures(world, login))["answered"][span]
    return [(row["in_time"], row["calls"]) for row in rows]


async def test_a_call_waits_until_an_operator_takes_it(world: World):
    assert (await figures(world))["calls"]["waiting"] == 0
    call = await world.call_for_help()
    calls = (await figures(world))["calls"]
    assert (calls["open"], calls["waiting"], calls["grave"], calls["to_close"]) == (1, 1, 1, 0)
    incident = world.book.incidents[call]
    since = calls["waiting_since"]
    assert since is not None
    assert since[:19] == incident.raised_at.isoformat()[:19]
    await take(world, "op1", call)
    calls = (await figures(world))["calls"]
    assert (calls["open"], calls["waiting"], calls["waiting_since"]) == (1, 0, None)


async def test_an_answer_counts_for_the_hour_and_the_day(world: World):
    before = await shares(world), await shares(world, span="hour")
    call = await world.call_for_help()
    await take(world, "op1", call)
    after = await shares(world), await shares(world, span="hour")
    for old, new in zip(before, after, strict=True):
        assert new == [(in_time + 1, calls + 1) for in_time, calls in old]


async def test_a_desk_sees_the_figures_of_its_own_areas(world: World):
    before = await shares(world, "far")
    call = await world.call_for_help("H1")
    assert (await figures(world, "far"))["calls"]["open"] == 0
    assert (await figures(world, "sup"))["calls"]["waiting"] == 1
    await take(world, "op1", call)
    assert await shares(world, "far") == before
    assert await free(world, "far") == {"S2": (1, 1)}
    assert (await figures(world, "far"))["areas"] == ["area S2"]
    assert (await figures(world, "far"))["handsets"]["all"] in (0, 1)


async def test_a_caregiver_is_free_while_on_duty_and_not_asked(world: World):
    assert await free(world) == {"S1": (3, 3), "S2": (1, 1)}
    await world.service.center.call(Duty(caregiver_id="C1", is_on=False))
    assert await free(world) == {"S1": (2, 2), "S2": (1, 1)}
    await world.call_for_help("H2")  # a threat to life: the nearest of the district are asked
    assert (await free(world))["S2"] == (0, 1)
    assert list(await free(world)) == ["S2", "S1"]  # where nobody is free stands first


async def test_who_comes_is_counted_step_by_step(world: World):
    await world.call_for_help("H2")
    phone = await world.caregiver("C4")
    offer = await world.offered("C4")
    counts = []
    for path in (f"offers/{offer}/accept", *(f"attendances/{offer}/{one}" for one in STEPS)):
        answer = await phone.post(f"{CAREGIVER}/{path}")
        assert answer.status_code == 200, answer.text
        counts.append(tuple((await figures(world, "far"))["coming"].values()))
    assert counts == [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
    assert tuple((await figures(world, "op1"))["coming"].values()) == (0, 0, 0)


STEPS = ("en_route", "on_scene")


async def test_a_call_that_has_been_helped_waits_to_be_closed(world: World):
    await world.call_for_help("H2")
    phone, offer = await world.caregiver("C4"), await world.offered("C4")
    await phone.post(f"{CAREGIVER}/offers/{offer}/accept")
    for step in STEPS:
        await phone.post(f"{CAREGIVER}/attendances/{offer}/{step}")
    answer = await phone.post(f"{CAREGIVER}/attendances/{offer}/done", {"outcome": "helped"})
    assert answer.status_code == 200, answer.text
    calls = (await figures(world, "far"))["calls"]
    assert (calls["open"], calls["waiting"], calls["to_close"]) == (1, 0, 1)


async def test_a_handset_is_silent_until_it_is_heard_and_after_it_has_been_still_for_long(
    world: World,
):
    silence = world.service.wallboard._silence
    start = system_clock()
    for handset in ("H1", "H2"):
        await (await world.handset(handset)).send(press("heartbeat"))
    await silence.look(start)
    counted = (await figures(world, "sup"))["handsets"]
    assert (counted["silent"], counted["all"], counted["silent_after_s"]) == (0, 2, 43_200)
    assert counted["counted_at"]
    later = start + timedelta(hours=11)
    await silence.look(later)
    assert (await figures(world, "sup"))["handsets"]["silent"] == 0
    later = start + timedelta(hours=12, minutes=2)
    await silence.look(later)
    assert (await figures(world, "sup"))["handsets"]["silent"] == 2
    assert (await figures(world, "op1"))["handsets"]["silent"] == 1
    silence.looked_at = None  # as after a start
    await silence.look(system_clock())
    assert (await figures(world, "sup"))["handsets"]["silent"] == 0


async def test_a_press_is_a_word_of_a_handset_too(world: World):
    await world.call_for_help("H9")  # nobody's: not counted
    await world.call_for_help("H1")
    silence = world.service.wallboard._silence
    silence.looked_at = None
    silence._heard.clear()
    await world.sql("DELETE FROM track")
    (*_, last) = world.book.heard["H1"].values()
    await silence.look(last.at + silence.after)  # whatever H2 sent was before that
    counted = (await figures(world, "sup"))["handsets"]
    assert (counted["silent"], counted["all"]) == (1, 2)


async def test_the_overload_and_the_rounds_are_said(world: World):
    quiet = await figures(world)
    assert (quiet["overload"], quiet["rounds"], quiet["operators"]) == (None, [], 0)
    since = system_clock()
    for handset in ("H1", "H2"):
        await (await world.handset(handset)).send(press("heartbeat"))
    answer = await (await world.desk("sup")).post(
        "/rounds", silent_since=system_clock().isoformat(), reason="power cut"
    )
    assert answer.status_code == 201
    (one,) = (await figures(world))["rounds"]
    assert (one["left"], one["total"], one["overdue"]) == (2, 2, False)
    await look_once(world.service, since)
    assert (await figures(world))["rounds"] == []
    for index in range(5):
        await (await world.handset(f"X{index}")).send(press())
    assert (await figures(world))["overload"]["waiting"] >= 4


async def test_looking_at_the_wall_is_not_sitting_at_the_desk(world: World):
    await figures(world)
    assert not world.book.desk
    async with knocking(world) as doors, doors.console(await world.desk("op1")) as line:
        await line.next(type="snapshot")
        assert (await figures(world))["operators"] == 1


async def test_nobody_is_named_on_the_wall(world: World):
    await world.call_for_help()
    text = (await (await world.desk("sup")).get("/wallboard")).text
    for resident_id, _, _, name in RESIDENTS:
        assert name not in text
        assert f"{resident_id} 号楼" not in text
        assert f'"{resident_id}"' not in text
    assert "护 C1" not in text


@pytest.mark.parametrize(("login", "status"), [(None, 401), ("adm", 403)])
async def test_the_wall_is_for_a_desk(world: World, login, status):
    headers = dict((await world.desk(login)).headers) if login else {}
    answer = await world.web.get(f"{OPERATOR}/wallboard", headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_restarted_server_goes_on_with_the_day(server_url):
    async with a_database(server_url) as engine:
        async with serving(engine) as world:
            first = await world.call_for_help("H1")
            await take(world, "op1", first)
            second = await world.call_for_help("H2")
            before = await shares(world, "sup"), (await figures(world, "sup"))["calls"]
            await (await world.desk("op1")).post(f"/incidents/{first}/release")
            released = (await figures(world))["calls"]["waiting_since"]
        async with serving(engine, is_new=False) as again:
            again._made = world._made
            assert await shares(again, "sup") == before[0] == [(1, 1), (1, 1)]
            assert (await figures(again))["calls"]["waiting_since"] == released
            await take(again, "sup", second)
            assert await shares(again, "sup") == [(2, 2), (2, 2)]
