"""The desk's search at the door: what is found, in whose areas, and which look is on record."""

import json

import pytest
import pytest_asyncio

from app.security.looks import WAITING_MAX
from dispatch.facts import HandsetPaired
from dispatch.requests import Register
from tests.integration.world import OPERATOR, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


async def search(world, q, login="op1", **more):
    answer = await (await world.desk(login)).post("/search", q=q, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ids(world, kind, q, login="op1"):
    return [one["id"] for one in (await search(world, q, login))[kind]["items"]]


@pytest.mark.parametrize(
    "q", ["李秀英", "秀英", "lixiuying", "li xiu ying", "lxy", "1380000", "R1"]
)
async def test_a_resident_is_found_by_name_pinyin_number_and_id(world: World, q):
    found = (await search(world, q))["residents"]
    (one,) = found["items"]
    assert (one["id"], one["name"], one["telephone"]) == ("R1", "李秀英", "1380000R1")
    assert (one["address"], one["area"]["names"][-1]) == ("R1 号楼", "area G1")
    assert (found["more"], found["more_is_least"]) == (0, False)


async def test_a_desk_finds_nothing_of_others_areas(world: World):
    assert await ids(world, "residents", "1380000") == ["R1"]
    assert await ids(world, "residents", "1380000", "far") == ["R2"]
    assert await ids(world, "residents", "1380000", "sup") == ["R1", "R2"]
    assert await ids(world, "residents", "R2") == []
    assert await ids(world, "handsets", "H2") == []
    assert await ids(world, "caregivers", "C4") == []
    call = await world.call_for_help("H2")
    assert await ids(world, "incidents", call) == []
    assert await ids(world, "incidents", "王建国") == []
    assert await ids(world, "incidents", "wjg", "far") == [call]


async def test_a_handset_leads_to_its_resident_and_one_of_nobody_is_everybodys(world: World):
    (one,) = (await search(world, "h1"))["handsets"]["items"]
    assert (one["id"], one["resident"]["name"]) == ("H1", "李秀英")
    (one,) = (await search(world, "h9"))["handsets"]["items"]
    assert (one["id"], one["resident"]) == ("H9", None)


async def test_a_caregiver_is_found_with_what_they_do(world: World):
    (one,) = (await search(world, "c1"))["caregivers"]["items"]
    assert (one["name"], one["on_duty"], one["busy"]) == ("护 C1", True, False)
    assert set(await ids(world, "caregivers", "hu")) == {"C1", "C2", "C3"}


async def test_a_call_is_found_by_its_number_and_by_whom_it_is_for(world: World):
    call = await world.call_for_help()
    for q in (call, call.lower(), call[1:], "李秀英", "lxy"):
        (one,) = (await search(world, q))["incidents"]["items"]
        assert (one["id"], one["kind"], one["resident_name"]) == (call, "sos", "李秀英")
    assert (await search(world, "lxy"))["residents"]["items"][0]["open"] == [call]
    answer = await (await world.desk("op1")).post(f"/incidents/{call}/close", disposition="helped")
    assert answer.status_code == 200, answer.text
    (one,) = (await search(world, call))["incidents"]["items"]
    assert one["status"] == "closed"
    kept = dict(world.book.closed)
    world.book.closed.clear()  # as long after
    (one,) = (await search(world, call))["incidents"]["items"]
    world.book.closed.update(kept)
    assert (one["id"], one["status"], one["resident_name"]) == (call, "closed", "李秀英")
    assert await ids(world, "incidents", call, "far") == []
    assert await ids(world, "incidents", "I999999") == []


async def test_only_the_kinds_that_are_asked_for_are_looked_for(world: World):
    assert list(await search(world, "lxy", kinds=["residents"])) == ["residents"]


async def test_each_look_at_where_somebody_lives_is_on_record(world: World):
    await search(world, "wangjianguo", "far")
    await world.service.security.looks.flush()
    rows = await world.sql(
        "SELECT account_id, resident_id, reason FROM look WHERE what = 'search'"
        " AND account_id = 'far'"
    )
    assert ("far", "R2", "searched") in [tuple(row) for row in rows]


async def test_an_address_is_withheld_when_its_look_cannot_be_recorded(world: World):
    looks = world.service.security.looks
    looks._shown.clear()
    looks._waiting_max = 0
    try:
        (one,) = (await search(world, "lxy"))["residents"]["items"]
    finally:
        looks._waiting_max = WAITING_MAX
    assert (one["name"], one["address"]) == ("李秀英", None)


async def test_what_is_paired_meanwhile_is_found_at_once(world: World):
    fact = HandsetPaired(
        at=world.service.center.now,
        handset_id="860001112223334",  # pyright: ignore[reportArgumentType]
        resident_id="R1",  # pyright: ignore[reportArgumentType]
        model="demo",
    )
    assert await ids(world, "handsets", "2223") == []
    await world.service.center.call(Register(facts=(fact,)))
    assert await ids(world, "handsets", "2223") == ["860001112223334"]


@pytest.mark.parametrize("q", ["\0", "%", "_", "\\", "'", "\ud800", "١٢٣٤", "😀", "\t\n", "I" * 50])
async def test_odd_words_find_nobody_and_break_nothing(world: World, q):
    desk = await world.desk("op1")
    answer = await world.web.post(
        f"{OPERATOR}/search",
        headers={**desk.headers, "Content-Type": "application/json"},
        content=json.dumps({"q": q}),
    )
    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        assert not any(group["items"] for group in answer.json().values())


@pytest.mark.parametrize(
    "body", [{}, {"q": ""}, {"q": "x" * 51}, {"q": "x", "kinds": []}, {"q": "x", "kinds": ["y"]}]
)
async def test_a_search_that_makes_no_sense_is_refused(world: World, body):
    answer = await (await world.desk("op1")).post("/search", **body)
    assert answer.status_code == 422
