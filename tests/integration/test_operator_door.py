"""The operator door: what a desk does with a call, and what it never sees of other areas."""

import asyncio

import pytest
import pytest_asyncio

from dispatch.facts import CaregiverOffered, RequestParked
from tests.integration.world import (
    HOST,
    OPERATOR,
    PASSWORD,
    Desk,
    World,
    a_database,
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


@pytest_asyncio.fixture(loop_scope="module")
async def op1(world):
    """Return a desk of street S1, where R1 lives."""
    return await world.desk("op1")


@pytest_asyncio.fixture(loop_scope="module")
async def far(world):
    """Return a desk of street S2, where R1 does not live."""
    return await world.desk("far")


@pytest_asyncio.fixture(loop_scope="module")
async def call(world):
    """Return an open call of R1."""
    return await world.call_for_help()


def slug(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("/problems/")


async def looks(world, account, what):
    """Return the looks of an account at one kind of thing; others are written by the way."""
    return await world.sql(
        "SELECT resident_id, incident_id, reason FROM look"
        " WHERE account_id = :account AND what = :what ORDER BY id",
        account=account,
        what=what,
    )


# Who may pass


ROUTES = (
    ("GET", "/incidents", None),
    ("POST", "/incidents", {"kind": "sos"}),
    ("GET", "/incidents/{call}", None),
    ("POST", "/incidents/{call}/claim", None),
    ("POST", "/incidents/{call}/release", None),
    ("POST", "/incidents/{call}/offers", {"caregiver_id": "C3", "reason": "near"}),
    ("POST", "/incidents/{call}/notes", {"text": "hello"}),
    ("POST", "/incidents/{call}/close", {"disposition": "other"}),
    ("GET", "/incidents/{call}/candidates", None),
    ("POST", "/search", {"q": "李"}),
    ("GET", "/residents/R1/location?reason=search", None),
    ("GET", "/map", None),
)


async def knock(world, method, path, body, headers):
    return await world.web.request(method, OPERATOR + path, json=body, headers=dict(headers))


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_nobody_passes_who_is_not_signed_in(world: World, call, method, path, body):
    answer = await knock(world, method, path.format(call=call), body, {})
    assert (answer.status_code, slug(answer)) == (401, "sign-in-needed")
    assert world.book.incidents[call].is_open


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_an_administrator_is_no_operator(world: World, call, method, path, body):
    desk = await world.desk("adm")
    answer = await knock(world, method, path.format(call=call), body, desk.headers)
    assert (answer.status_code, slug(answer)) == (403, "role-needed")


@pytest.mark.parametrize(("method", "path", "body"), [r for r in ROUTES if r[0] == "POST"])
async def test_a_change_needs_the_word_that_only_the_own_page_knows(
    world: World, call, op1, method, path, body
):
    path = path.format(call=call)
    for word in ({}, {"X-CSRF-Token": "guessed"}, {"X-CSRF-Token": "密"}):
        headers = {"Cookie": op1.headers["Cookie"]} | {
            name: value.encode() for name, value in word.items()
        }
        answer = await knock(world, method, path, body, headers)
        assert (answer.status_code, slug(answer)) == (403, "csrf-needed")
    assert not world.book.incidents[call].claim.is_held


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"http://{HOST}.evil.example"])
async def test_a_page_from_elsewhere_changes_nothing(world: World, call, op1, origin):
    headers = dict(op1.headers) | {"Origin": origin}
    answer = await knock(world, "POST", f"/incidents/{call}/claim", None, headers)
    assert (answer.status_code, slug(answer)) == (403, "origin-refused")
    own = dict(op1.headers) | {"Origin": f"http://{HOST}"}
    answer = await knock(world, "POST", f"/incidents/{call}/claim", None, own)
    assert answer.status_code == 200


async def test_a_desk_signs_in_by_its_password_and_works(world: World, call):
    await world.desk("op2")
    answer = await world.web.post("/api/v1/session", json={"login": "op2", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].partition(";")[0]
    world.web.cookies.clear()
    desk = Desk(world.web, {"Cookie": cookie, "X-CSRF-Token": answer.json()["csrf"]})
    assert (await desk.post(f"/incidents/{call}/claim")).status_code == 200


# Nobody sees what is not theirs


BY_CALL = [route for route in ROUTES if "{call}" in route[1]]


@pytest.mark.parametrize(("method", "path", "body"), BY_CALL)
async def test_a_call_of_another_area_looks_as_if_it_did_not_exist(
    world: World, call, far, method, path, body
):
    other = await knock(world, method, path.format(call=call), body, far.headers)
    never = await knock(world, method, path.format(call="I99999"), body, far.headers)
    assert other.status_code == never.status_code == 404
    assert other.text == never.text.replace("I99999", call)
    assert not world.book.incidents[call].claim.is_held


@pytest.mark.parametrize(("method", "path", "body"), BY_CALL)
async def test_a_closed_call_of_another_area_looks_as_if_it_did_not_exist(
    world: World, call, op1, far, method, path, body
):
    await op1.post(f"/incidents/{call}/close", disposition="helped")
    other = await knock(world, method, path.format(call=call), body, far.headers)
    never = await knock(world, method, path.format(call="I99999"), body, far.headers)
    assert other.status_code == never.status_code == 404
    assert other.text == never.text.replace("I99999", call)


async def test_the_lists_hold_ones_own_areas_alone(world: World, call, op1, far):
    theirs = await world.call_for_help("H2")
    for desk, own in ((op1, call), (far, theirs), (await world.desk("sup"), None)):
        listed = (await desk.get("/incidents")).json()["items"]
        assert [one["id"] for one in listed] == ([own] if own else [call, theirs])
    await op1.post(f"/incidents/{call}/close", disposition="helped")
    past = (await far.get("/incidents", params={"open": False})).json()["items"]
    assert call not in [one["id"] for one in past]
    assert "李秀英" not in str(past)


async def test_a_location_is_given_to_ones_own_desk_alone(world: World, op1, far):
    path = "/residents/{}/location?reason=neighbour called"
    before = await looks(world, "far", "last_position")
    other = await far.get(path.format("R1"))
    never = await far.get(path.format("R404"))
    assert other.status_code == never.status_code == 404
    assert other.text == never.text.replace("R404", "R1")
    assert await looks(world, "far", "last_position") == before
    handset = await world.handset("H1")
    await handset.send(press("position", position={"lon": 113.0101, "lat": 28.2}))
    answer = await op1.get(path.format("R1"))
    assert answer.json()["place"]["lon"] == 113.0101
    assert (await looks(world, "op1", "last_position"))[-1] == ("R1", None, "neighbour called")


async def test_a_location_needs_a_reason(op1):
    for query in ("", "?reason=", "?reason=ab", f"?reason={'x' * 501}"):
        assert (await op1.get(f"/residents/R1/location{query}")).status_code == 422


async def test_a_look_that_cannot_be_recorded_shows_nothing(world: World, call, op1):
    await world.sql("ALTER TABLE look RENAME TO look_away")
    try:
        for path in (f"/incidents/{call}", "/residents/R1/location?reason=search"):
            answer = await op1.get(path)
            assert answer.status_code == 500
            assert "113.0" not in answer.text
            assert "李秀英" not in answer.text
    finally:
        await world.sql("ALTER TABLE look_away RENAME TO look")


async def test_opening_a_call_is_a_look_on_record(world: World, call, op1):
    assert (await op1.get(f"/incidents/{call}")).status_code == 200
    assert (await looks(world, "op1", "incident"))[-1] == ("R1", call, "opened the incident")


async def test_listing_calls_is_a_look_on_record_a_moment_later(world: World, call, op1):
    await op1.get("/incidents")
    await world.service.security.looks.flush()
    assert ("R1", call, "open incident") in await looks(world, "op1", "stream")


# What a desk does with a call


async def test_of_two_who_claim_at_once_one_is_told_who_has_it(world: World, call, op1):
    op2 = await world.desk("op2")
    answers = await asyncio.gather(
        op1.post(f"/incidents/{call}/claim"), op2.post(f"/incidents/{call}/claim")
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert slug(lost) == "claim-held"
    assert lost.json()["operator_id"] == won.json()["claim"]["operator_id"]
    assert won.json()["siren"] is False


async def test_a_supervisor_takes_a_call_over_and_an_operator_does_not(world: World, call, op1):
    await op1.post(f"/incidents/{call}/claim")
    taken = await (await world.desk("sup")).post(f"/incidents/{call}/claim")
    assert taken.json()["claim"]["operator_id"] == "sup"
    for word in ("claim", "release"):
        answer = await op1.post(f"/incidents/{call}/{word}")
        assert (answer.status_code, slug(answer)) == (409, "claim-held")


async def test_a_released_call_is_back_on_the_list_and_sounds_again(world: World, call, op1):
    await op1.post(f"/incidents/{call}/claim")
    for _ in range(2):
        answer = await op1.post(f"/incidents/{call}/release")
        assert (answer.status_code, answer.json()["claim"]) == (200, None)
        assert answer.json()["siren"] is True


async def test_a_note_is_on_record_cleaned_and_keeps_the_claim(world: World, call, op1):
    until = (await op1.post(f"/incidents/{call}/claim")).json()["claim"]["until"]
    answer = await op1.post(f"/incidents/{call}/notes", text="邻居\x00有\n钥匙")
    assert answer.status_code == 201
    assert answer.json()["claim"]["until"] > until
    whole = (await op1.get(f"/incidents/{call}")).json()
    written = [note for note in whole["notes"] if note["by"] == "op1"]
    assert [note["text"] for note in written] == ["邻居有 钥匙"]


async def test_a_desk_asks_whom_it_chose_and_the_reason_is_kept(world: World, call, op1):
    body = {"caregiver_id": "C4", "reason": "speaks her dialect"}
    answer = await op1.post(f"/incidents/{call}/offers", **body)
    assert answer.status_code == 201
    offer = answer.json()["offers"][-1]
    assert (offer["caregiver_id"], offer["by"], offer["state"]) == ("C4", "op1", "pending")
    fact = [one for one in await world.facts() if isinstance(one, CaregiverOffered)][-1]
    assert fact.reason == "speaks her dialect"
    again = await op1.post(f"/incidents/{call}/offers", **body)
    assert (again.status_code, slug(again)) == (409, "caregiver-not-available")
    assert again.json()["why"] == "pending_offer"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"caregiver_id": "C404", "reason": "x"}, 404),
        ({"caregiver_id": "\x00", "reason": "x"}, 404),
        ({"caregiver_id": "C3"}, 422),
        ({"caregiver_id": "C3", "reason": ""}, 422),
        ({"caregiver_id": "C" * 65, "reason": "x"}, 422),
    ],
)
async def test_an_offer_by_hand_needs_somebody_and_a_reason(call, op1, body, status):
    assert (await op1.post(f"/incidents/{call}/offers", **body)).status_code == status


async def test_candidates_come_nearest_first_each_with_its_verdict(world: World, call, op1):
    rows = (await op1.get(f"/incidents/{call}/candidates")).json()["candidates"]
    assert [row["caregiver_id"] for row in rows] == ["C1", "C2", "C3", "C4"]
    assert [row["verdict"] for row in rows] == ["pending_offer"] * 2 + ["available"] * 2
    assert rows == sorted(rows, key=lambda row: row["travel_s"])


async def test_a_closed_call_tells_its_whole_story(world: World, call, op1):
    await op1.post(f"/incidents/{call}/claim")
    closed = await op1.post(f"/incidents/{call}/close", disposition="false_alarm", remark="ok")
    assert (closed.status_code, closed.json()["status"]) == (200, "closed")
    assert closed.json()["disposition"] == "false_alarm"
    again = await op1.post(f"/incidents/{call}/close", disposition="helped")
    assert (again.status_code, slug(again)) == (409, "incident-is-closed")
    whole = (await op1.get(f"/incidents/{call}")).json()
    kinds = [entry["kind"] for entry in whole["timeline"]]
    assert kinds[0] == "incident_raised"
    assert {"caregiver_offered", "incident_claimed", "offer_withdrawn", "incident_closed"} <= set(
        kinds
    )
    assert (whole["medical"], whole["key_note"]) == ("青霉素过敏", "钥匙在邻居家")
    choice = whole["considered"][0]
    assert choice["chosen"] == "C1"
    verdicts = {one["caregiver_id"]: one["verdict"] for one in choice["considered"]}
    assert verdicts == {"C1": "chosen", "C2": "chosen", "C3": "farther", "C4": "farther"}
    assert all(one["travel_s"] > 0 for one in choice["considered"])
    after = await op1.post(f"/incidents/{call}/notes", text="she is well")
    assert after.status_code == 201


async def test_who_was_asked_is_free_again_when_the_call_is_closed(world: World, call, op1):
    await op1.post(f"/incidents/{call}/close", disposition="other")
    state = await (await world.caregiver("C1")).get("/api/v1/caregiver/state")
    assert state.json()["offers"] == []


@pytest.mark.parametrize("disposition", ["", "forgotten", None, 5])
async def test_a_call_ends_with_one_of_six_words(call, op1, disposition):
    answer = await op1.post(f"/incidents/{call}/close", disposition=disposition)
    assert answer.status_code == 422


# Somebody telephoned


async def test_a_telephoned_call_is_open_and_claimed_by_whoever_took_it(world: World, op1):
    answer = await op1.post(
        "/incidents", kind="fall", resident_id="R1", caller="her son", note="slipped\x00"
    )
    assert answer.status_code == 201
    said = answer.json()
    assert (said["channel"], said["resident"]["id"], said["note"]) == ("telephone", "R1", "slipped")
    assert said["claim"]["operator_id"] == "op1"
    assert said["offers"]


async def test_a_telephoned_call_from_a_point_lies_in_its_area(op1):
    place = {"lon": 113.02, "lat": 28.4}
    answer = await op1.post("/incidents", kind="sos", place=place)
    assert answer.json()["area"]["code"] == "G1"
    assert answer.json()["place"]["source"] == "pinned"


async def test_a_resident_of_another_area_is_not_shown_by_a_telephoned_call(world: World, far):
    other = await far.post("/incidents", kind="sos", resident_id="R1")
    never = await far.post("/incidents", kind="sos", resident_id="R404")
    assert other.status_code == never.status_code == 404
    assert other.text == never.text.replace("R404", "R1")
    assert not world.book.incidents


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "sos", "area_code": "nowhere"}, 404),
        ({"kind": "sos", "area_code": "\x00"}, 404),
        ({"kind": "sos", "resident_id": "\x00"}, 404),
        ({"kind": "low_battery"}, 422),
        ({"kind": "sos", "place": {"lon": 500, "lat": 0}}, 422),
        ({"kind": "sos", "colour": "red"}, 422),
        ({}, 422),
    ],
)
async def test_a_telephoned_call_that_makes_no_sense_opens_nothing(world, op1, body, status):
    assert (await op1.post("/incidents", **body)).status_code == status
    assert not world.book.incidents
    assert not any(isinstance(one, RequestParked) for one in await world.facts())


# Lists, page by page


async def test_open_calls_come_in_the_order_of_dispatch(world: World):
    sup = await world.desk("sup")
    routine = await world.call_for_help("H2", kind="life_assistance")
    threat = await world.call_for_help("H1")
    items = (await sup.get("/incidents")).json()["items"]
    assert [one["id"] for one in items] == [threat, routine]
    first = (await sup.get("/incidents", params={"limit": 1})).json()
    assert ([one["id"] for one in first["items"]], first["next"]) == ([threat], threat)
    rest = (await sup.get("/incidents", params={"limit": 1, "after": first["next"]})).json()
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([routine], None)


async def test_past_calls_come_the_latest_first_and_each_once(world: World, op1):
    made = []
    for _ in range(5):
        made.append(await world.call_for_help())
        await op1.post(f"/incidents/{made[-1]}/close", disposition="helped")
    seen, after = [], ""
    while after is not None and len(seen) < 5:
        answer = await op1.get("/incidents", params={"open": False, "limit": 2, "after": after})
        seen += [one["id"] for one in answer.json()["items"]]
        after = answer.json()["next"]
    assert seen[:5] == made[::-1]
    items = (await op1.get("/incidents", params={"open": False, "limit": 1})).json()["items"]
    assert items[0]["disposition"] == "helped"
    assert items[0]["offers"][0]["state"] == "withdrawn"


@pytest.mark.parametrize(
    "after", ["x", "I", "I-1", "I²", "I٣", "I" + "9" * 30, "\x00", "I1;DROP TABLE fact"]
)
@pytest.mark.parametrize("is_open", [True, False])
async def test_a_cursor_that_nobody_gave_begins_at_the_beginning(op1, after, is_open):
    answer = await op1.get("/incidents", params={"open": is_open, "after": after})
    assert answer.status_code == 200


@pytest.mark.parametrize("limit", [0, -1, 501, "many"])
async def test_a_page_has_one_to_500_calls(op1, limit):
    assert (await op1.get("/incidents", params={"limit": limit})).status_code == 422


@pytest.mark.parametrize("call_id", ["%00", "x", "I", "I²", "%ED%A0%80", "9" * 3_000])
@pytest.mark.parametrize("rest", ["", "/candidates"])
async def test_a_call_that_cannot_exist_is_not_found(op1, call_id, rest):
    assert (await op1.get(f"/incidents/{call_id}{rest}")).status_code == 404


async def test_the_map_is_geojson_of_the_wide_areas(op1):
    features = (await op1.get("/map")).json()["features"]
    assert [one["properties"]["code"] for one in features] == ["D", "S1", "S2"]
    assert features[0]["geometry"]["coordinates"][0][0] == [113.0, 28.0]
