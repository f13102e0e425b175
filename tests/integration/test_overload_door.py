"""What is said outside and at the consoles while more calls wait than the desk can take."""

import json

import pytest
import pytest_asyncio

from tests.integration.world import World, a_database, knocking, press, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


async def test_an_overload_is_told_outside_once_and_seen_at_every_console(world: World):
    figures = world.service.metrics.registry
    async with knocking(world) as doors, doors.console(await world.desk("op1")) as line:
        assert (await line.next(type="snapshot"))["overload"] is None
        assert figures.get_sample_value("ydt_overloaded") == 0
        for index in range(5):
            await (await world.handset(f"X{index}")).send(press())
        frame = await line.next(type="desk")
        while frame["overload"] is None:
            frame = await line.next(type="desk")
        assert frame["overload"]["waiting"] >= 4
    assert figures.get_sample_value("ydt_overloaded") == 1
    assert figures.get_sample_value("ydt_calls_untaken") == 5
    rows = await world.sql("SELECT incident_id, payload::text FROM outbox ORDER BY id")
    told = [json.loads(payload) for _, payload in rows]
    (message,) = [one for one in told if one["why"] == "overload"]
    oldest = min(world.book.incidents, key=lambda one: int(one[1:]))
    assert (message["incident_id"], message["waiting"], message["operators"]) == (oldest, 4, 1)
    assert message["area_paths"] == [[]]
