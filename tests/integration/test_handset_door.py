"""The handset door: what a press becomes, and what no message, however broken, can do."""

# People and things go by plain words here.
# pyright: reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false

import asyncio
import json
from datetime import timedelta

import pytest
import pytest_asyncio
from httpx import AsyncClient

from app.clock import system_clock
from app.doors.handset import BODY_BYTES_MAX, EVENTS_MAX, _digest
from tests.integration.world import HANDSET, World, a_database, knocking, press, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


def slug(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.json()["type"].removeprefix("/problems/")


def incident(world, answer):
    return world.book.incidents[answer.json()["incident_id"]]


def ago(**amount):
    return (system_clock() - timedelta(**amount)).isoformat()


# What a press becomes


async def test_a_press_is_on_record_when_it_is_answered(world: World):
    answer = await (await world.handset()).send(press(event_id="0007"))
    assert answer.status_code == 200
    said = answer.json()
    assert said | {"incident_id": ""} == {
        "event_id": "0007",
        "result": "recorded",
        "incident_id": "",
        "joined": False,
        "problems": [],
    }
    rows = await world.sql("SELECT resident_id, presses, status FROM incident ORDER BY number")
    assert rows[-1] == ("R1", 1, "offered")


async def test_a_press_sent_again_is_recognised_and_counts_once(world: World):
    handset, event = await world.handset(), press(at=ago(seconds=5))
    first = await handset.send(event)
    again = await handset.send(event)
    assert again.json() | {"result": "recorded"} == first.json()
    assert again.json()["result"] == "duplicate"
    assert incident(world, first).presses == 1


async def test_a_press_sent_again_with_more_in_it_is_still_the_same_press(world: World):
    handset, event = await world.handset(), press(at=ago(seconds=5))
    first = await handset.send(event)
    again = await handset.send(event | {"battery_pct": 3, "note": "again", "attempt": 2})
    assert again.json()["result"] == "duplicate"
    assert incident(world, first).presses == 1


async def test_a_second_press_joins_the_open_call_and_is_counted(world: World):
    handset = await world.handset()
    first = await handset.send(press())
    second = await handset.send(press())
    assert second.json()["joined"] is True
    assert second.json()["incident_id"] == first.json()["incident_id"]
    assert incident(world, first).presses == 2


async def test_an_id_used_again_after_a_reboot_is_another_press(world: World):
    handset = await world.handset()
    first = await handset.send(press(event_id="1", at=ago(minutes=5)))
    second = await handset.send(press(event_id="1", at=ago(minutes=1)))
    assert second.json()["result"] == "recorded"
    assert incident(world, first).presses == 2


async def test_the_same_press_twice_in_one_message_counts_once(world: World):
    event = press(at=ago(seconds=1))
    answer = await (await world.handset()).send(event, event)
    assert {one["incident_id"] for one in answer.json()} == set(world.book.incidents)
    assert next(iter(world.book.incidents.values())).presses == 1


async def test_presses_that_arrive_together_open_one_call(world: World):
    handset = await world.handset()
    answers = await asyncio.gather(*(handset.send(press()) for _ in range(20)))
    assert len({answer.json()["incident_id"] for answer in answers}) == 1
    assert incident(world, answers[0]).presses == 20


async def test_a_graver_call_opens_a_call_of_its_own_linked_to_the_first(world: World):
    handset = await world.handset()
    green = await handset.send(press("life_assistance"))
    red = await handset.send(press("sos"))
    assert red.json()["joined"] is False
    assert incident(world, red).linked_to == green.json()["incident_id"]


async def test_a_cancelled_call_stays_open_for_a_person_to_confirm(world: World):
    handset = await world.handset()
    first = await handset.send(press())
    await handset.send(press("cancel"))
    assert incident(world, first).is_cancelled
    assert incident(world, first).is_open


@pytest.mark.parametrize("kind", ["check_in", "test", "cancel"])
async def test_a_signal_is_on_record_and_opens_nothing(world: World, kind):
    answer = await (await world.handset()).send(press(kind))
    assert answer.json()["result"] == "recorded"
    assert answer.json()["incident_id"] is None
    assert not world.book.incidents


async def test_a_key_nobody_has_named_calls_for_help(world: World):
    answer = await (await world.handset()).send(press("key9"))
    assert answer.json()["problems"] == ["unknown_kind"]
    assert incident(world, answer).kind == "sos"


async def test_members_nobody_knows_are_passed_over(world: World):
    answer = await (await world.handset()).send(press(colour="red", nested={"a": [1]}))
    assert answer.json()["result"] == "recorded"


async def test_a_handset_without_a_resident_is_heard(world: World):
    answer = await (await world.handset("H9")).send(press(position={"lon": 113.01, "lat": 28.2}))
    assert incident(world, answer).resident_id is None
    assert incident(world, answer).area_id == "G1"


async def test_a_handset_that_is_not_on_the_books_is_heard(world: World):
    answer = await (await world.handset("H404")).send(press())
    assert incident(world, answer).handset_id == "H404"
    assert incident(world, answer).offers  # somebody is asked all the same


async def test_an_event_without_an_id_is_a_new_press_after_a_minute():
    noon = system_clock().replace(second=0, microsecond=0)
    ids = [_digest("H1", {"kind": "sos"}, noon + timedelta(seconds=late)) for late in (0, 59, 60)]
    assert ids[0] == ids[1] != ids[2]


# What a handset may see


async def test_a_handset_sees_its_own_call_and_no_other(world: World):
    mine = await world.call_for_help("H1")
    own = await (await world.handset("H1")).get("/api/v1/handset/state")
    other = await (await world.handset("H2")).get("/api/v1/handset/state")
    seen = own.json()["incidents"]
    assert [one["id"] for one in seen if one["status"] != "closed"] == [mine]
    assert [seen[0]["presses"], seen[0]["heard_by_operator"], seen[0]["coming"]] == [1, False, []]
    assert own.json()["resident"] == {"name": "李秀英"}
    assert mine not in {one["id"] for one in other.json()["incidents"]}
    assert "李秀英" not in other.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer ydt_h_wrong"},
        {"Authorization": "Basic abc"},
        {"Authorization": "Bearer \x00"},
    ],
)
async def test_a_wrong_token_is_turned_away_at_both_routes(world: World, headers):
    posted = await world.web.post(HANDSET, json=press(), headers=headers)
    asked = await world.web.get("/api/v1/handset/state", headers=headers)
    assert {posted.status_code, asked.status_code} == {401}
    assert slug(posted) == "token-needed"
    assert posted.headers["www-authenticate"] == "Bearer"
    assert not world.book.incidents


async def test_a_caregivers_token_is_not_a_handsets_and_is_counted(world: World):
    before = world.service.security.tokens.refused_totals().get("handset", 0)
    answer = await (await world.caregiver("C1")).send(press())
    assert answer.status_code == 401
    assert world.service.security.tokens.refused_totals()["handset"] == before + 1


# Broken messages


@pytest.mark.parametrize("body", [b"", b"{bad", b"[", b'{"kind":', b"\xff\xfe", b"[" * 60_000])
async def test_what_is_no_json_is_refused_in_plain_words(world: World, body):
    answer = await (await world.handset()).send_raw(body)
    assert answer.status_code == 400
    assert slug(answer) == "malformed-json"


@pytest.mark.parametrize("body", ["5", '"sos"', "null", "true"])
async def test_what_is_no_event_is_refused(world: World, body):
    answer = await (await world.handset()).send_raw(body)
    assert answer.status_code == 422
    assert answer.json()["problem"] == "not_an_object"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (r'{"kind":"sos","note":"a\u0000b"}', None),
        (r'{"kind":"sos","note":"\ud800"}', None),
        (r'{"kind":"s\u0000os"}', None),
        (r'{"event_id":"\u0000\ud800","kind":"sos"}', None),
        (r'{"kind":"sos","at":"\ud800\u0000"}', "clock_unreadable"),
        ('{"kind":"sos","position":{"lon":NaN,"lat":28}}', "position_out_of_range"),
        ('{"kind":"sos","position":{"lon":1e999,"lat":28}}', "position_out_of_range"),
        ('{"kind":"sos","position":{"lon":999,"lat":28}}', "position_out_of_range"),
        ('{"kind":"sos","position":{"lon":0,"lat":0}}', "position_null_island"),
        ('{"kind":"sos","position":"here"}', "position_unusable"),
        ('{"kind":"sos","battery_pct":-5}', "battery_unusable"),
        ('{"kind":"sos","at":"1970-01-01T00:00:00Z"}', "clock_absurd"),
        ('{"kind":"sos","at":"9999-12-31T23:59:59-14:00"}', "clock_absurd"),
        ('{"kind":"sos","at":"0001-01-01T00:00:00+14:00"}', "clock_absurd"),
        ('{"kind":"sos","event_id":' + "9" * 300 + "}", None),
        ('{"kind":"sos","note":{"a":1}}', "note_unusable"),
        ('{"kind":["sos"]}', "unknown_kind"),
        ("{}", "unknown_kind"),
        ("\ufeff{}", "unknown_kind"),
    ],
)
async def test_a_call_for_help_is_taken_whatever_else_is_wrong_with_it(world, body, problem):
    handset = await world.handset(f"H-{body}"[:60].encode("ascii", "replace").decode())
    answer = await handset.send_raw(body.encode())
    assert answer.status_code == 200, answer.text
    assert answer.json()["incident_id"] in world.book.incidents
    if problem:
        assert problem in answer.json()["problems"]
    again = await handset.send_raw(body.encode())
    assert again.json()["incident_id"] == answer.json()["incident_id"]


async def test_a_clock_that_is_years_off_is_not_believed(world: World):
    answer = await (await world.handset()).send(press(at="2031-01-01T00:00:00Z"))
    assert answer.json()["problems"] == ["clock_absurd"]
    fact = next(one for one in reversed(await world.facts()) if hasattr(one, "occurred_at"))
    assert fact.occurred_at is None


@pytest.mark.parametrize(
    ("event", "problem"),
    [
        ({"kind": "position"}, "position_missing"),
        ({"kind": "position", "position": {"lon": 200, "lat": 1}}, "position_out_of_range"),
        ({"kind": "position", "position": {"lon": "x", "lat": 1}}, "position_unusable"),
        ({"kind": "low_battery", "battery_pct": 500}, "battery_unusable"),
    ],
)
async def test_another_event_is_refused_when_it_lacks_what_it_is_for(world, event, problem):
    answer = await (await world.handset()).send(event)
    assert answer.status_code == 422
    assert slug(answer) == "event-refused"
    assert answer.json()["problem"] == problem


# Arrays and sizes


async def test_a_bad_event_in_an_array_costs_the_others_nothing(world: World):
    answer = await (await world.handset()).send(press("test"), 5, press(), {"kind": "position"})
    assert answer.status_code == 200
    results = answer.json()
    assert [one["result"] for one in results] == ["recorded", "refused", "recorded", "refused"]
    assert results[1]["problem"]["type"] == "/problems/event-refused"
    assert results[3]["problem"]["problem"] == "position_missing"
    assert "problem" not in results[0]


async def test_an_empty_array_is_answered_with_one(world: World):
    answer = await (await world.handset()).send_raw(b"[]")
    assert (answer.status_code, answer.json()) == (200, [])


async def test_a_full_array_is_taken_and_a_fuller_one_is_not(world: World):
    handset = await world.handset()
    taken = await handset.send(*(press() for _ in range(EVENTS_MAX)))
    assert taken.status_code == 200
    assert {one["result"] for one in taken.json()} == {"recorded"}
    assert world.book.incidents[taken.json()[0]["incident_id"]].presses == EVENTS_MAX
    refused = await handset.send(*(press() for _ in range(EVENTS_MAX + 1)))
    assert (refused.status_code, slug(refused)) == (413, "too-many-events")


async def test_a_body_over_the_limit_is_refused_announced_or_not(world: World):
    handset = await world.handset()

    async def chunks():
        for _ in range(BODY_BYTES_MAX // 1_000 + 2):
            yield b" " * 1_000

    announced = await handset.send_raw(b" " * (BODY_BYTES_MAX + 1))
    chunked = await handset.send_raw(chunks())
    assert (announced.status_code, slug(announced)) == (413, "body-too-large")
    assert (chunked.status_code, slug(chunked)) == (413, "body-too-large")


async def test_a_body_of_just_the_limit_is_read(world: World):
    event = json.dumps(press())
    body = event + " " * (BODY_BYTES_MAX - len(event))
    assert (await (await world.handset()).send_raw(body)).status_code == 200


async def test_the_door_has_no_other_method(world: World):
    answer = await (await world.handset()).get(HANDSET)
    assert answer.status_code == 405


# Positions


async def test_positions_and_heartbeats_are_tracks_and_are_written_once(world: World):
    handset = await world.handset()
    where = press("position", position={"lon": 113.02, "lat": 28.3, "source": "satellite"})
    before = (await world.sql("SELECT count(*) FROM track"))[0][0]
    assert (await handset.send(where)).json()["result"] == "recorded"
    assert (await handset.send(where)).json()["result"] == "duplicate"
    assert (await handset.send(press("heartbeat", battery_pct=80))).json()["incident_id"] is None
    assert (await world.sql("SELECT count(*) FROM track"))[0][0] == before + 2


async def test_a_position_sent_twice_at_once_is_written_once(world: World):
    handset = await world.handset()
    where = press("position", position={"lon": 113.021, "lat": 28.3})
    before = (await world.sql("SELECT count(*) FROM track"))[0][0]
    answers = await asyncio.gather(*(handset.send(where) for _ in range(5)))
    assert sorted(one.json()["result"] for one in answers).count("recorded") == 1
    assert (await world.sql("SELECT count(*) FROM track"))[0][0] == before + 1


async def test_a_press_without_a_position_comes_from_where_the_handset_was_just_seen(world):
    handset = await world.handset("H2")
    await handset.send(press("position", position={"lon": 113.03, "lat": 28.25}))
    answer = await handset.send(press())
    assert incident(world, answer).place.lon == 113.03
    assert incident(world, answer).area_id == "G1"


async def test_a_handset_whose_clock_is_ahead_is_still_followed(world: World):
    handset = await world.handset("H9")
    ahead = (system_clock() + timedelta(hours=20)).isoformat()
    await handset.send(press("position", at=ahead, position={"lon": 113.01, "lat": 28.2}))
    await handset.send(press("position", position={"lon": 113.04, "lat": 28.2}))
    answer = await handset.send(press())
    assert incident(world, answer).place.lon == 113.04


# Over TCP: positions take a short way there, and must be answered in the same words


ALIKE = (
    press("position", position={"lon": 113.02, "lat": 28.3}),
    press("heartbeat"),
    press(),
    press("test"),
    {"kind": "position"},
    {"kind": "heartbeat"},
    [press("position", position={"lon": 113.02, "lat": 28.3}), press("test"), 5],
    5,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(house):
    """Give a client that reaches the same doors over TCP."""
    async with (
        knocking(house) as doors,
        AsyncClient(base_url=f"http://127.0.0.1:{doors.port}") as web,
    ):
        yield web


def said(answer):
    """Return an answer without what differs from call to call."""
    plain = answer.json()
    for one in plain if isinstance(plain, list) else [plain]:
        for name in ("event_id", "incident_id", "joined"):
            one.pop(name, None)
    return (answer.status_code, answer.headers["content-type"], plain)


@pytest.mark.parametrize("event", ALIKE, ids=str)
async def test_over_tcp_every_event_is_answered_in_the_same_words(world: World, wire, event):
    near = await world.handset("H1")
    far = type(near)(wire, (await world.handset("H2")).token)
    for _ in range(2):
        assert said(await far.post(HANDSET, event)) == said(await near.post(HANDSET, event))


@pytest.mark.parametrize(
    "body", [b"{bad", b"", b'{"kind":"position","position":{"lon":NaN,"lat":1}}', b" " * 70_000]
)
async def test_over_tcp_every_broken_body_is_answered_in_the_same_words(world, wire, body):
    near = await world.handset("H1")
    far = type(near)(wire, near.token)
    assert said(await far.send_raw(body)) == said(await near.send_raw(body))


async def test_over_tcp_a_wrong_token_is_turned_away(world: World, wire):
    for token in ("ydt_h_wrong", (await world.caregiver("C1")).token):
        phone = type(await world.handset())(wire, token)
        answer = await phone.send(press("position", position={"lon": 113.0, "lat": 28.2}))
        assert (answer.status_code, slug(answer)) == (401, "token-needed")


async def test_over_tcp_a_position_is_on_record_when_it_is_answered_and_once(world, wire):
    phone = type(await world.handset())(wire, (await world.handset("H2")).token)
    before = (await world.sql("SELECT count(*) FROM track"))[0][0]
    where = press("position", position={"lon": 113.0456, "lat": 28.2})
    answers = await asyncio.gather(*(phone.send(where) for _ in range(4)))
    assert sorted(one.json()["result"] for one in answers) == ["duplicate"] * 3 + ["recorded"]
    assert (await world.sql("SELECT count(*) FROM track"))[0][0] == before + 1
    assert world.service.tracks.last_of("H2").lon == 113.0456


@pytest.mark.parametrize("kind", ["intrusion", "threat"])
async def test_a_silent_call_is_on_record_and_gives_nothing_away(world: World, kind: str):
    handset = await world.handset()
    answer = (await handset.send(press(kind))).json()
    assert (answer["result"], answer["incident_id"], answer["joined"]) == ("recorded", None, False)
    (raised,) = world.book.incidents.values()
    assert (raised.kind, raised.is_silent) == (kind, True)
    state = await handset.get("/api/v1/handset/state")
    shown = {one["id"] for one in state.json()["incidents"]}  # those of other tests, just closed
    assert raised.id not in shown
