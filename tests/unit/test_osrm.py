"""The remote source of travel times: asked after the commit, believed only if it can be true."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import asyncio
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

from app.metrics import Metrics
from app.outside.osrm import AnswerWrong, Question, TravelTimes, question_about, read_answer
from app.storage.ledger import Recorded
from dispatch.errors import IncidentIsClosed
from dispatch.facts import IncidentRaised
from tests.unit.dispatch.world import World, east

ASKED = Question(incident_id="I1", to=east(0), people=(("near", east(100)), ("far", east(2_000))))


class PlainCenter:
    """A center without a journal: requests are decided and folded at once."""

    def __init__(self, world):
        self.world = world
        self.refuses = False

    @property
    def now(self):
        return self.world.now

    async def read(self, look):
        return look(self.world.book)

    async def call(self, request):
        if self.refuses:
            raise IncidentIsClosed(request.incident_id, "helped")
        return self.world.do(request)


def town():
    world = World()
    for name, metres in (("near", 100), ("middle", 400), ("far", 900)):
        world.caregiver(name, metres)
    facts = world.press("life_assistance")
    return world, [Recorded(number=n, fact=fact) for n, fact in enumerate(facts)]


def count(metrics, result):
    return metrics.travel_times.labels(result)._value.get()


@asynccontextmanager
async def source(world, handler, *, url="http://osrm.example", within_s=0.2, center=None):
    metrics = Metrics()
    travel = TravelTimes(url, metrics, within_s=within_s, transport=httpx.MockTransport(handler))
    task = asyncio.ensure_future(travel.run(center or PlainCenter(world)))
    try:
        yield travel, metrics
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def counted(metrics, result):
    """Let the source work until it has counted this result."""
    for _ in range(1_000_000):
        if count(metrics, result):
            return
        await asyncio.sleep(0)
    raise AssertionError(f"no answer was {result}")


def ok(*seconds):
    return {"code": "Ok", "durations": [[one] for one in seconds]}


# The question


def test_the_question_names_the_nearest_and_then_the_destination():
    assert ASKED.path() == (
        "/table/v1/driving/113.001019,28.200000;113.020386,28.200000;113.000000,28.200000"
        "?sources=0;1&destinations=2&annotations=duration"
    )


def test_nothing_is_asked_about_a_call_to_which_somebody_comes():
    world, _ = town()
    world.accept("near")
    assert question_about(world.book, "I1", world.now) is None
    assert question_about(world.book, "I9", world.now) is None


def test_nothing_is_asked_about_a_call_without_a_place():
    world = World()
    world.caregiver("near", 100)
    world.press(handset="unknown")
    assert question_about(world.book, "I1", world.now) is None


def test_whoever_is_being_asked_already_needs_no_new_travel_time():
    world, _ = town()
    question = question_about(world.book, "I1", world.now)
    assert question is not None
    assert [name for name, _ in question.people] == ["middle", "far"]


# The answer


def test_the_seconds_come_back_by_caregiver_and_where_there_is_no_way_none():
    assert read_answer(ASKED, ok(30.5, None)) == {"near": 30.5}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"code": "Ok"},
        {"code": "NoTable", "durations": [[1], [2]]},
        ok(30.5),
        ok(30.5, 500, 7),
        {"code": "Ok", "durations": [[30.5], []]},
        {"code": "Ok", "durations": [[30.5], [500, 1]]},
        {"code": "Ok", "durations": [[30.5], 500]},
        ok(30.5, "500"),
        ok(30.5, True),
        ok(30.5, float("nan")),
        ok(30.5, -1),
        ok(30.5, 30),  # 2 km in 30 s
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_true_is_refused_as_a_whole(document):
    with pytest.raises(AnswerWrong):
        read_answer(ASKED, document)


# After the commit


async def test_a_good_answer_reorders_the_offers_that_follow():
    world, recorded = town()

    def handler(request):
        assert request.url.path.startswith("/table/v1/driving/")
        return httpx.Response(200, json=ok(900.0, 120.0))

    async with source(world, handler) as (travel, metrics):
        travel.note(recorded)
        await counted(metrics, "learned")
    assert world.incident.travel_s == {"middle": 900.0, "far": 120.0}
    assert world.asked == ["near"]
    world.decline("near")
    assert world.asked == ["far"]


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (lambda _: httpx.Response(500), "wrong"),
        (lambda _: httpx.Response(200, text="<html>"), "wrong"),
        (lambda _: httpx.Response(200, json=ok(1.0)), "wrong"),
        (lambda _: httpx.Response(200, text='{"code":"Ok","durations":[[NaN],[5]]}'), "wrong"),
        (lambda _: httpx.Response(302, headers={"Location": "http://elsewhere"}), "wrong"),
    ],
)
async def test_a_wrong_answer_is_dropped_and_counted(handler, result):
    world, recorded = town()
    async with source(world, handler) as (travel, metrics):
        travel.note(recorded)
        await counted(metrics, result)
    assert world.incident.travel_s == {}
    world.decline("near")
    assert world.asked == ["middle"]


async def test_a_slow_answer_is_dropped_and_counted():
    world, recorded = town()

    async def never(_):
        await asyncio.Event().wait()

    async with source(world, never, within_s=0.01) as (travel, metrics):
        travel.note(recorded)
        await counted(metrics, "slow")
    assert world.incident.travel_s == {}


async def test_a_server_that_is_away_is_counted():
    world, recorded = town()

    def refuse(request):
        raise httpx.ConnectError("no", request=request)

    async with source(world, refuse) as (travel, metrics):
        travel.note(recorded)
        await counted(metrics, "unreachable")


async def test_an_answer_for_a_call_that_was_closed_meanwhile_is_no_fault():
    world, recorded = town()
    center = PlainCenter(world)
    center.refuses = True
    good = httpx.Response(200, json=ok(900.0, 120.0))
    async with source(world, lambda _: good, center=center) as (travel, metrics):
        travel.note(recorded)
        await counted(metrics, "over")


async def test_more_than_can_be_asked_about_are_counted_and_nothing_blocks():
    _, recorded = town()
    raised = [one for one in recorded if isinstance(one.fact, IncidentRaised)]
    metrics = Metrics()
    travel = TravelTimes("http://osrm.example", metrics, within_s=1)
    for _ in range(201):
        travel.note(raised)
    assert count(metrics, "full") == 1


async def test_without_a_url_nobody_is_asked():
    world, recorded = town()
    metrics = Metrics()
    travel = TravelTimes("", metrics, within_s=1)
    travel.note(recorded)
    await travel.run(PlainCenter(world))
    assert travel._waiting.empty()
