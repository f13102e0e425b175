"""Two operators on one call see each other: through the stream, and never on record."""

import pytest
import pytest_asyncio

from app.doors.console import SAID_MAX
from tests.integration.world import Doors, World, a_database, knocking, serving

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


async def viewers(line, call):
    """Return who the next frame says has this call open."""
    frame = await line.next(type="viewers", incident_id=call)
    return [one["operator_id"] for one in frame["operators"]]


async def test_who_opens_a_call_is_seen_until_they_close_it_or_leave(world: World, doors: Doors):
    call, other = await world.call_for_help(), await world.call_for_help("H2")
    facts = len(await world.facts())
    async with doors.console(await world.desk("sup")) as sup:
        async with doors.console(await world.desk("op1")) as op1:
            await op1.say({"open": call})
            assert await viewers(sup, call) == ["op1"]
            await sup.say({"open": call})
            assert await viewers(op1, call) == ["op1"]
            assert await viewers(op1, call) == ["op1", "sup"]
            await sup.say({"open": other})
            assert await viewers(op1, call) == ["op1"]
            await sup.say({"open": None})
        frames = await sup.until(
            lambda one: (
                one.get("operators") == []
                and one["type"] == "viewers"
                and one["incident_id"] == call
            )
        )
    assert frames
    added = {type(one).__name__ for one in (await world.facts())[facts:]}
    assert added <= {"OperatorSatDown", "OperatorLeft", "OutsideNotReached"}


async def test_whoever_comes_later_is_told_who_is_there_already(world: World, doors: Doors):
    call = await world.call_for_help()
    async with doors.console(await world.desk("op1")) as op1:
        await op1.say({"open": call})
        assert await viewers(op1, call) == ["op1"]
        async with doors.console(await world.desk("op2")) as op2:
            assert await viewers(op2, call) == ["op1"]


async def test_an_operator_of_other_areas_is_told_nothing_and_cannot_look_in(
    world: World, doors: Doors
):
    call = await world.call_for_help("H1")
    async with (
        doors.console(await world.desk("op1")) as op1,
        doors.console(await world.desk("far")) as far,
    ):
        await op1.next(type="snapshot")
        await far.say({"open": call})
        await op1.say({"open": call})
        assert await viewers(op1, call) == ["op1"]
        frames = await far.until(lambda frame: frame["type"] == "ping")
        assert call not in str(frames)


@pytest.mark.parametrize(
    "said", [{}, [], "I1", {"open": 7}, {"open": "I1", "more": 1}, {"open": "x" * SAID_MAX}]
)
async def test_what_cannot_be_read_is_passed_over_and_the_console_stays(
    world: World, doors: Doors, said
):
    call = await world.call_for_help()
    async with doors.console(await world.desk("op1")) as op1:
        await op1.say(said)
        await op1.say({"open": call})
        assert await viewers(op1, call) == ["op1"]
