"""The short way of a position, over a real socket: nobody can tell it from the common way."""

import asyncio
import json

import pytest
import pytest_asyncio

from app.doors.express import BODY_BYTES_MAX
from tests.integration.world import HANDSET, World, a_database, knocking, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

POSITION = {"kind": "position", "position": {"lon": 112.98, "lat": 28.21, "source": "wifi"}}
HEARTBEAT = {"kind": "heartbeat", "battery_pct": 40}
SOS = {"kind": "sos"}
WITHIN_S = 10.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


@pytest_asyncio.fixture(loop_scope="module")
async def line(world):
    """Give a connection to a real server, and the token of a handset."""
    token = (await world.handset()).token
    async with knocking(world) as doors:
        line = Line(token, *await asyncio.open_connection("127.0.0.1", doors.port))
        yield line
        line.writer.close()


class Line:
    """One connection of a handset."""

    def __init__(self, token, reader, writer):
        self.token = token
        self.reader = reader
        self.writer = writer

    def request(self, event, *headers, token=None):
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        head = [
            f"POST {HANDSET} HTTP/1.1",
            "Host: desk.example",
            f"Authorization: Bearer {token or self.token}",
            f"Content-Length: {len(body)}",
            *headers,
        ]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    async def answer(self):
        """Return status, headers and JSON of the next answer."""
        async with asyncio.timeout(WITHIN_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            body = await self.reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)

    async def ask(self, event, *headers, token=None):
        self.writer.write(self.request(event, *headers, token=token))
        return await self.answer()


async def tracks(world):
    rows = await world.sql("SELECT count(*) FROM track")
    return rows[0][0]


async def test_a_position_is_on_record_when_it_is_answered(world: World, line: Line):
    before = await tracks(world)
    status, headers, said = await line.ask(POSITION | {"event_id": "e1"})
    assert status == 200
    assert headers["content-type"] == "application/json"
    assert "date" in headers
    assert said == {
        "event_id": "e1",
        "result": "recorded",
        "incident_id": None,
        "joined": False,
        "problems": [],
    }
    assert await tracks(world) == before + 1


async def test_a_position_sent_again_is_a_duplicate_on_either_way(world: World, line: Line):
    event = POSITION | {"event_id": "e2"}
    before = await tracks(world)
    said = [(await line.ask(event))[2]["result"] for _ in range(2)]
    again = await line.ask([event])  # a list takes the common way
    assert (said, again[2][0]["result"]) == (["recorded", "duplicate"], "duplicate")
    assert await tracks(world) == before + 1


@pytest.mark.parametrize(
    ("event", "is_short"),
    [
        (POSITION, True),
        (HEARTBEAT, True),
        (SOS, False),
        ({"kind": "key9"}, False),
        ({"kind": "position"}, False),
        ([POSITION], False),
        ([], False),
        (7, False),
        (b"{bad", False),
        (b"", False),
        (b'{"kind":"position","position":{"lon":NaN,"lat":28}}', False),
    ],
)
async def test_the_same_is_said_on_either_way(world: World, line: Line, event, is_short, short):
    body = (
        event | {"event_id": f"same-{event['kind']}-{len(event)}"}
        if isinstance(event, dict)
        else event
    )
    status, _, said = await line.ask(body)
    assert len(short) == is_short
    phone = await world.handset()
    far = await phone.send_raw(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert status == far.status_code
    if status != 200:
        assert said == far.json()
    elif isinstance(said, dict):
        assert said.keys() == far.json().keys()
        assert (said["result"], far.json()["result"]) == ("recorded", "duplicate")


@pytest.fixture
def short(world, monkeypatch):
    """Note what is taken on the short way."""
    taken = []
    begin = world.api.events.begin

    def noted(token, body):
        found = begin(token, body)
        taken.extend([found] if found else [])
        return found

    monkeypatch.setattr(world.api.events, "begin", noted)
    return taken


async def test_a_wrong_token_is_refused_and_counted_once(world: World, line: Line):
    counted = world.service.security.tokens.refused_totals().get("handset", 0)
    status, headers, said = await line.ask(POSITION, token="ydt_h_wrong")
    assert (status, said["type"]) == (401, "/problems/token-needed")
    assert headers["www-authenticate"] == "bearer"
    assert world.service.security.tokens.refused_totals()["handset"] == counted + 1


async def test_answers_to_requests_in_one_piece_come_in_their_order(line: Line):
    kinds = [POSITION, SOS, HEARTBEAT, POSITION, POSITION, SOS]
    events = [kind | {"event_id": f"row{number}"} for number, kind in enumerate(kinds)]
    line.writer.write(b"".join(line.request(event) for event in events))
    said = [(await line.answer())[2] for _ in events]
    assert [one["event_id"] for one in said] == [event["event_id"] for event in events]
    assert {one["result"] for one in said} == {"recorded"}


async def test_requests_that_do_not_wait_for_answers_are_answered_in_their_order(line: Line):
    kinds = [POSITION, POSITION, SOS, HEARTBEAT, POSITION]
    events = [kind | {"event_id": f"haste{number}"} for number, kind in enumerate(kinds)]
    for event in events:
        line.writer.write(line.request(event))
        await line.writer.drain()
        await asyncio.sleep(0)
    said = [(await line.answer())[2] for _ in events]
    assert [one["event_id"] for one in said] == [event["event_id"] for event in events]
    assert {one["result"] for one in said} == {"recorded"}


@pytest.mark.parametrize("piece_bytes", [1, 7, 40, 200])
async def test_a_request_may_come_in_pieces(line: Line, piece_bytes):
    for turn in range(2):  # one connection takes the short way and the common way in turn
        request = line.request(POSITION | {"event_id": f"pieces{piece_bytes}-{turn}"})
        for cut in range(0, len(request), piece_bytes):
            line.writer.write(request[cut : cut + piece_bytes])
            await line.writer.drain()
            await asyncio.sleep(0)
        assert (await line.answer())[2]["result"] == "recorded"
        assert (await line.ask(HEARTBEAT | {"event_id": f"{turn}"}))[0] == 200


async def test_the_body_may_come_after_the_head(line: Line, short):
    request = line.request(POSITION | {"event_id": "body"})
    head, gap, body = request.partition(b"\r\n\r\n")
    line.writer.write(head + gap + body[:5])
    await line.writer.drain()
    await asyncio.sleep(0.01)
    line.writer.write(body[5:])
    assert (await line.answer())[2]["result"] == "recorded"
    assert len(short) == 1


async def test_a_connection_ends_when_the_handset_says_so(line: Line):
    status, headers, _ = await line.ask(POSITION | {"event_id": "last"}, "Connection: close")
    assert (status, headers["connection"]) == (200, "close")
    assert await line.reader.read() == b""


async def test_a_handset_that_asks_first_is_told_to_go_on(line: Line, short):
    request = line.request(POSITION | {"event_id": "asks"}, "Expect: 100-continue")
    head, gap, body = request.partition(b"\r\n\r\n")
    line.writer.write(head + gap)
    async with asyncio.timeout(WITHIN_S):
        assert await line.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    line.writer.write(body)
    assert (await line.answer())[0] == 200
    assert short == []


async def test_a_long_body_takes_the_common_way(line: Line, short):
    event = POSITION | {"event_id": "long", "note": " " * BODY_BYTES_MAX}
    assert (await line.ask(event))[2]["result"] == "recorded"
    assert short == []


async def test_a_body_of_unknown_length_takes_the_common_way(line: Line, short):
    body = json.dumps(POSITION | {"event_id": "chunked"}).encode()
    head = line.request(b"", "Transfer-Encoding: chunked").replace(b"Content-Length: 0\r\n", b"")
    line.writer.write(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    assert (await line.answer())[2]["result"] == "recorded"
    assert short == []


async def test_a_full_lane_asks_to_try_again(world: World, line: Line, monkeypatch):
    monkeypatch.setattr(world.service.tracks, "_waiting_max", 0)
    status, headers, said = await line.ask(POSITION | {"event_id": "full"})
    assert (status, headers["retry-after"]) == (503, "1")
    assert said["type"] == "/problems/not-on-record-yet"


async def test_a_handset_that_hangs_up_is_on_record_all_the_same(world: World, line: Line):
    before = await tracks(world)
    line.writer.write(line.request(POSITION | {"event_id": "gone"}))
    await line.writer.drain()
    line.writer.close()
    async with asyncio.timeout(WITHIN_S):
        while await tracks(world) == before:  # noqa: ASYNC110 - nobody else is told
            await asyncio.sleep(0.01)


async def test_a_connection_that_falls_silent_is_closed_but_not_before(world: World, monkeypatch):
    monkeypatch.setattr("app.main.KEEP_ALIVE_S", 1)
    token = (await world.handset()).token
    async with knocking(world) as doors:
        line = Line(token, *await asyncio.open_connection("127.0.0.1", doors.port))
        began = asyncio.get_running_loop().time()
        for number in range(5):
            assert (await line.ask(HEARTBEAT | {"event_id": f"alive{number}"}))[0] == 200
            await asyncio.sleep(0.3)
        async with asyncio.timeout(WITHIN_S):
            assert await line.reader.read() == b""
        assert asyncio.get_running_loop().time() - began > 2.0  # a second after the last answer
        line.writer.close()


async def test_what_is_not_on_record_in_time_is_not_acknowledged(server_url):
    async with (
        a_database(server_url) as engine,
        serving(engine, answer_within_s=0.2) as world,
        knocking(world) as doors,
    ):
        token = (await world.handset()).token
        line = Line(token, *await asyncio.open_connection("127.0.0.1", doors.port))
        async with engine.begin() as connection:
            await connection.exec_driver_sql("LOCK TABLE track")
            late = await line.ask(POSITION | {"event_id": "late"})
        assert (late[0], late[2]["type"]) == (503, "/problems/not-on-record-yet")
        again = late
        while again[0] == 503:  # a handset asks until it is acknowledged
            again = await line.ask(POSITION | {"event_id": "late"})
        assert again[2]["result"] == "duplicate"
        assert await tracks(world) == 1
        line.writer.close()
