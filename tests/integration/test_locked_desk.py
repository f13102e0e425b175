"""A locked desk on a running service: it hears every call, and does nothing."""

# Ids go by plain words here.
# pyright: reportArgumentType=false

import pytest
import pytest_asyncio

from tests.integration.world import World, a_database, knocking, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


async def lock(world: World, desk) -> None:
    answer = await world.web.post("/api/v1/session/lock", headers=dict(desk.headers))
    assert answer.status_code == 204


async def test_a_locked_desk_hears_the_next_call_and_can_take_none(world: World):
    desk = await world.desk("op1")
    async with knocking(world) as doors, doors.console(desk) as line:
        await line.next(type="snapshot")
        await lock(world, desk)
        incident_id = await world.call_for_help()
        frames = await line.until(lambda frame: frame.get("incident", {}).get("id") == incident_id)
        assert frames[-1]["incident"]["resident"]["name"] == "李秀英"
        claimed = await desk.post(f"/incidents/{incident_id}/claim")
        assert (claimed.status_code, claimed.json()["type"]) == (423, "/problems/session-locked")
        assert world.book.incidents[incident_id].claim.operator_id is None
        for path in (f"/incidents/{incident_id}", "/map", f"/incidents/{incident_id}/candidates"):
            assert (await desk.get(path)).status_code == 423, path
        assert (await desk.post("/search", q="李")).status_code == 423
        assert (await desk.get("/wallboard")).status_code == 200
    await world.tidy()


async def test_a_locked_console_comes_back_after_its_line_was_lost(world: World):
    desk = await world.desk("op1")
    await lock(world, desk)
    async with knocking(world) as doors, doors.console(desk) as line:
        assert (await line.next())["type"] == "snapshot"


async def test_nobody_is_seen_at_a_call_whose_desk_is_locked(world: World):
    one, other = await world.desk("op1"), await world.desk("op2")
    incident_id = await world.call_for_help()
    async with knocking(world) as doors, doors.console(one) as mine, doors.console(other) as theirs:
        await mine.next(type="snapshot")
        await theirs.next(type="snapshot")
        await mine.say({"open": incident_id})
        seen = await theirs.next(type="viewers", incident_id=incident_id)
        assert [who["operator_id"] for who in seen["operators"]] == ["op1"]
        await lock(world, one)
        await mine.say({"open": incident_id})
        gone = await theirs.next(type="viewers", incident_id=incident_id)
        assert gone["operators"] == []
    await world.tidy()
