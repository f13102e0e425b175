"""A call told in words, at the operator's door and on the command line."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import asyncio

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from app.cli import app
from tests.integration.conftest import url_of
from tests.integration.world import CAREGIVER, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


async def accepted(world):
    incident = await world.call_for_help()
    offer = await world.offered("C1")
    await (await world.caregiver("C1")).post(f"{CAREGIVER}/offers/{offer}/accept")
    return incident


async def test_an_operator_reads_why_this_caregiver_was_asked(world: World):
    incident = await accepted(world)
    desk = await world.desk("op1")
    zh = (await desk.get(f"/incidents/{incident}/explanation")).json()["sentences"]
    en = (await desk.get(f"/incidents/{incident}/explanation?language=en")).json()["sentences"]
    assert [one["number"] for one in zh] == [one["number"] for one in en]
    assert zh[0]["after_s"] == 0
    asked = next(one for one in en if one["text"].startswith("护 C1 was asked"))
    assert "chosen" in asked["details"][0]
    assert any("护 C1 在" in one["text"] for one in zh)


async def test_only_who_covers_the_call_reads_it(world: World):
    incident = await accepted(world)
    hidden = await (await world.desk("far")).get(f"/incidents/{incident}/explanation")
    nothing = await (await world.desk("op1")).get("/incidents/I999/explanation")
    other = await (await world.desk("op1")).get(f"/incidents/{incident}/explanation?language=fr")
    assert [one.status_code for one in (hidden, nothing, other)] == [404, 404, 422]


async def test_the_command_tells_a_call_while_the_server_runs(world: World, server_url: str):
    incident = await accepted(world)
    ((database,),) = await world.sql("SELECT current_database()")

    async def run(*words: str):
        more = ("explain", *words, "--database-url", url_of(server_url, database))
        return await asyncio.to_thread(CliRunner().invoke, app, list(more))

    said = await run(incident)
    assert said.exit_code == 0
    assert "C1" in said.output
    assert "护 C1" not in said.output
    named = await run(incident, "--names", "--language", "en")
    assert "护 C1 was asked" in named.output
    missing = await run("I999")
    assert missing.exit_code == 1
    assert "There is no call I999" in missing.output
