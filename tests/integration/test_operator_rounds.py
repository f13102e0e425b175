"""Call rounds at the door: whose handset was silent, who is next, and who is heard again."""

from datetime import timedelta

import pytest
import pytest_asyncio

from app.clock import system_clock
from app.rounds import look_once
from tests.integration.world import World, a_database, knocking, press, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    """Return a town where both residents were heard a moment ago, and no round is left after."""
    for handset in ("H1", "H2"):
        answer = await (await house.handset(handset)).send(
            press("position", position={"lon": 113.01, "lat": 28.2})
        )
        assert answer.status_code == 200
    yield house
    sup = await house.desk("sup")
    for one in list(house.book.rounds.values()):
        for resident_id in one.left:
            await sup.post(f"/rounds/{one.id}/residents/{resident_id}", how="visited")
    await house.tidy()


async def begin(world, since=None, login="sup"):
    desk = await world.desk(login)
    since = since or system_clock()
    return await desk.post("/rounds", silent_since=since.isoformat(), reason="power cut\x00")


def slug(answer):
    return answer.json()["type"].removeprefix("/problems/")


def next_of(answer):
    return [one["resident"]["id"] for each in answer.json()["rounds"] for one in each["next"]]


async def test_who_was_heard_before_and_not_since_is_asked_after(world: World):
    answer = await begin(world)
    assert answer.status_code == 201
    (one,) = answer.json()["rounds"]
    assert (one["total"], one["left"], one["reason"]) == (2, 2, "power cut")
    assert next_of(answer) == ["R1", "R2"]
    assert one["next"][0]["resident"]["telephone"] == "1380000R1"


async def test_who_was_heard_since_is_not_asked_after(world: World):
    since = system_clock()
    await (await world.handset("H1")).send(press("check_in"))
    assert next_of(await begin(world, since)) == ["R2"]


async def test_when_nobody_was_silent_there_is_no_round(world: World):
    answer = await begin(world, system_clock() - timedelta(hours=1))
    assert (answer.status_code, answer.json()) == (201, {"rounds": []})


async def test_a_desk_sees_the_residents_of_its_own_areas_alone(world: World):
    await begin(world)
    op1, far = await world.desk("op1"), await world.desk("far")
    assert next_of(await op1.get("/rounds")) == ["R1"]
    assert next_of(await far.get("/rounds")) == ["R2"]
    round_id = next(iter(world.book.rounds))
    other = await far.post(f"/rounds/{round_id}/residents/R1", how="visited")
    never = await far.post(f"/rounds/{round_id}/residents/R404", how="visited")
    assert other.status_code == never.status_code == 404
    assert other.text == never.text.replace("R404", "R1")


async def test_a_resident_is_accounted_for_and_the_second_silence_opens_a_call(world: World):
    await begin(world)
    round_id, op1 = next(iter(world.book.rounds)), await world.desk("op1")
    path = f"/rounds/{round_id}/residents/R1"
    answer = await op1.post(path, how="no_answer")
    assert answer.json()["rounds"][0]["next"][0]["tried_at"]
    for _ in range(2):
        assert next_of(await op1.post(path, how="telephoned")) == []
    assert not world.book.incidents


async def test_a_position_accounts_for_a_resident_and_the_consoles_see_it(world: World):
    async with knocking(world) as doors, doors.console(await world.desk("op1")) as line:
        await line.next(type="snapshot")
        await begin(world)
        frame = await line.next(type="desk")
        while not frame["rounds"]:
            frame = await line.next(type="desk")
        assert frame["rounds"][0]["left"] == 2
        since = system_clock()
        for handset in ("H1", "H2"):
            await (await world.handset(handset)).send(press("heartbeat"))
        await look_once(world.service, since)
        while frame["rounds"]:
            frame = await line.next(type="desk")
    assert not world.book.rounds


async def test_a_round_is_a_supervisors_and_the_future_is_not_silent(world: World):
    answer = await begin(world, login="op1")
    assert (answer.status_code, slug(answer)) == (403, "role-needed")
    answer = await begin(world, system_clock() + timedelta(hours=1))
    assert (answer.status_code, slug(answer)) == (422, "silence-not-yet")


async def test_a_round_that_is_not_there_is_not_found(world: World):
    op1 = await world.desk("op1")
    answer = await op1.post("/rounds/CR999/residents/R1", how="visited")
    assert (answer.status_code, slug(answer)) == (404, "unknown-subject")
    answer = await op1.post("/rounds/CR999/residents/R1", how="forgotten")
    assert answer.status_code == 422
