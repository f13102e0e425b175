"""The operator's hand at the door: hold, transfer, widen, reopen, and the end of a shift."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from dispatch.facts import CallHeld, IncidentReopened, NoteAdded, StepTaken
from dispatch.requests import Desk as Presence
from dispatch.requests import OfferAnswer
from tests.integration.world import OPERATOR, Doors, World, a_database, knocking, serving

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
    return await world.desk("op1")


@pytest_asyncio.fixture(loop_scope="module")
async def op2(world):
    """Return the desk beside, whose operator is there."""
    await world.service.center.call(Presence(operator_id="op2", is_present=True, areas=("S1",)))
    return await world.desk("op2")


@pytest_asyncio.fixture(loop_scope="module")
async def call(world, op1):
    """Return an open call of R1 that op1 has taken."""
    incident_id = await world.call_for_help()
    await op1.post(f"/incidents/{incident_id}/claim")
    return incident_id


def slug(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("/problems/")


def in_minutes(world, minutes):
    return (world.service.center.now + timedelta(minutes=minutes)).isoformat()


def last(facts, kind):
    return [one for one in facts if isinstance(one, kind)][-1]


ROUTES = (
    ("/incidents/{call}/hold", {"recall_at": "2030-01-01T00:00:00Z"}),
    ("/incidents/{call}/transfer", {"to": "op2"}),
    ("/incidents/{call}/transfer/decline", None),
    ("/incidents/{call}/widen", {"reason": "it rains"}),
    ("/incidents/{call}/reopen", {"reason": "too early"}),
    ("/shift/hand-over", {"to": "op2", "incident_ids": ["{call}"]}),
    ("/shift/accept", {"of": "op2"}),
)


def filled(body, call):
    ids = [call] if body and "incident_ids" in body else None
    return {**body, "incident_ids": ids} if ids else body


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_nobody_has_a_hand_in_it_who_is_not_signed_in_or_sits_at_no_desk(
    world: World, call, path, body
):
    path, body = OPERATOR + path.format(call=call), filled(body, call)
    answer = await world.web.post(path, json=body)
    assert (answer.status_code, slug(answer)) == (401, "sign-in-needed")
    admin = await world.desk("adm")
    answer = await world.web.post(path, json=body, headers=dict(admin.headers))
    assert (answer.status_code, slug(answer)) == (403, "role-needed")


@pytest.mark.parametrize(("path", "body"), [one for one in ROUTES if one[0] != "/shift/accept"])
async def test_a_call_of_another_area_looks_as_if_it_did_not_exist(world, call, path, body):
    far = await world.desk("far")
    other = await far.post(path.format(call=call), **(filled(body, call) or {}))
    never = await far.post(path.format(call="I99999"), **(filled(body, "I99999") or {}))
    assert other.status_code == never.status_code == 404
    if "reopen" not in path:  # which says that it looked among the closed ones
        assert other.text == never.text.replace("I99999", call)


async def test_a_call_is_put_on_hold_and_shows_when_it_comes_back(world: World, call, op1):
    recall_at = in_minutes(world, 3)
    answer = await op1.post(f"/incidents/{call}/hold", recall_at=recall_at, reason="her son\x00")
    assert answer.status_code == 200
    held_until = datetime.fromisoformat(answer.json()["held_until"])
    assert held_until == datetime.fromisoformat(recall_at)
    assert answer.json()["claim"]["operator_id"] == "op1"
    assert last(await world.facts(), CallHeld).reason == "her son"
    again = await op1.post(f"/incidents/{call}/hold", recall_at=recall_at)
    assert again.json()["held_until"] == answer.json()["held_until"]
    back = await op1.post(f"/incidents/{call}/claim")
    assert back.json()["held_until"] is None


@pytest.mark.parametrize("minutes", [-1, 6])
async def test_a_recall_time_that_is_past_or_too_late_is_refused_with_the_latest(
    world: World, call, op1, minutes
):
    answer = await op1.post(f"/incidents/{call}/hold", recall_at=in_minutes(world, minutes))
    assert (answer.status_code, slug(answer)) == (422, "recall-refused")
    assert answer.json()["latest"]


@pytest.mark.parametrize("body", [{}, {"recall_at": "soon"}, {"recall_at": "2030-01-01T00:00:00"}])
async def test_a_hold_without_a_recall_time_is_not_understood(call, op1, body):
    assert (await op1.post(f"/incidents/{call}/hold", **body)).status_code == 422


async def test_only_whoever_has_a_call_puts_it_on_hold(world: World, call, op1, op2):
    answer = await op2.post(f"/incidents/{call}/hold", recall_at=in_minutes(world, 1))
    assert (answer.status_code, slug(answer)) == (409, "claim-held")
    await op1.post(f"/incidents/{call}/release")
    answer = await op2.post(f"/incidents/{call}/hold", recall_at=in_minutes(world, 1))
    assert (answer.status_code, slug(answer)) == (409, "claim-needed")


async def test_a_call_is_offered_to_another_desk_which_takes_it(call, op1, op2):
    answer = await op1.post(f"/incidents/{call}/transfer", to="op2")
    said = answer.json()
    assert (said["claim"]["operator_id"], said["offered_to"]["operator_id"]) == ("op1", "op2")
    taken = (await op2.post(f"/incidents/{call}/claim")).json()
    assert (taken["claim"]["operator_id"], taken["offered_to"]) == ("op2", None)


async def test_a_transfer_is_declined_and_sounds_where_it_came_from(call, op1, op2):
    await op1.post(f"/incidents/{call}/transfer", to="op2")
    answer = await op2.post(f"/incidents/{call}/transfer/decline")
    said = answer.json()
    assert (said["claim"]["operator_id"], said["offered_to"]) == ("op1", None)
    assert said["siren"]
    again = await op2.post(f"/incidents/{call}/transfer/decline")
    assert (again.status_code, slug(again)) == (409, "no-transfer")


async def test_a_call_is_not_offered_to_somebody_who_is_not_there(call, op1):
    answer = await op1.post(f"/incidents/{call}/transfer", to="nobody")
    assert (answer.status_code, slug(answer)) == (409, "operator-not-available")
    assert answer.json()["why"] == "not_at_the_desk"


async def test_a_supervisor_takes_over_what_is_on_hold_or_offered(world: World, call, op1, op2):
    sup = await world.desk("sup")
    await op1.post(f"/incidents/{call}/hold", recall_at=in_minutes(world, 2))
    await op1.post(f"/incidents/{call}/transfer", to="op2")
    said = (await sup.post(f"/incidents/{call}/claim")).json()
    assert (said["claim"]["operator_id"], said["held_until"]) == ("sup", None)
    assert said["offered_to"] is None


async def test_a_search_is_widened_and_the_reason_is_kept(world: World, call, op1):
    answer = await op1.post(f"/incidents/{call}/widen", reason="it rains\x00")
    assert answer.json()["ladder"]["level"] == "operator"
    facts = await world.facts()
    assert last(facts, StepTaken).why == "by_hand"
    assert last(facts, NoteAdded).text == "it rains"


@pytest.mark.parametrize("what", ["widen", "reopen"])
@pytest.mark.parametrize("reason", ["", "\x00", None])
async def test_a_hand_without_a_reason_does_nothing(call, op1, what, reason):
    if what == "reopen":
        await op1.post(f"/incidents/{call}/close", disposition="other")
    answer = await op1.post(f"/incidents/{call}/{what}", reason=reason)
    assert answer.status_code == 422


async def test_to_overrule_a_verdict_takes_a_reason_that_can_be_read(world: World, op1):
    incident_id = await world.call_for_help()
    no = OfferAnswer(offer_id=f"{incident_id}.1", caregiver_id="C1", answer="decline")
    await world.service.center.call(no)
    path = f"/incidents/{incident_id}/offers"
    answer = await op1.post(path, caregiver_id="C1", reason="\x00")
    assert (answer.status_code, slug(answer)) == (422, "reason-needed")
    answer = await op1.post(path, caregiver_id="C1", reason="she telephoned: she can come")
    assert answer.status_code == 201


async def test_a_call_that_was_closed_too_early_is_opened_again(world: World, call, op1):
    await op1.post(f"/incidents/{call}/close", disposition="false_alarm")
    answer = await op1.post(f"/incidents/{call}/reopen", reason="her son says she fell")
    said = answer.json()
    assert (answer.status_code, said["status"]) == (200, "offered")
    assert (said["disposition"], said["claim"]["operator_id"]) == (None, "op1")
    assert [one["id"] for one in said["offers"]] == [f"{call}.3", f"{call}.4"]
    assert last(await world.facts(), IncidentReopened).reason == "her son says she fell"
    again = await op1.post(f"/incidents/{call}/reopen", reason="her son says she fell")
    assert (again.status_code, len(again.json()["offers"])) == (200, 2)
    whole = (await op1.get(f"/incidents/{call}")).json()
    assert "incident_reopened" in [entry["kind"] for entry in whole["timeline"]]
    row = await world.sql("SELECT status, closed_at FROM incident WHERE id = :id", id=call)
    assert row == [("offered", None)]


async def test_a_shift_passes_to_the_next_operator_whole(world: World, call, op1, op2):
    other = await world.call_for_help("H9")
    await op1.post(f"/incidents/{other}/claim")
    answer = await op1.post("/shift/hand-over", to="op2")
    (handed,) = answer.json()["hand_overs"]
    assert (handed["of"], handed["to"]) == ("op1", "op2")
    assert handed["incident_ids"] == [call, other]
    accepted = await op2.post("/shift/accept", of="op1")
    assert accepted.json()["hand_overs"] == []
    for one in (call, other):
        held = (await op2.get(f"/incidents/{one}")).json()
        assert held["claim"]["operator_id"] == "op2"
    again = await op2.post("/shift/accept", of="op1")
    assert (again.status_code, slug(again)) == (409, "no-hand-over")


async def test_some_calls_of_a_shift_pass_alone_and_only_ones_own(world: World, call, op1, op2):
    other = await world.call_for_help("H9")
    answer = await op1.post("/shift/hand-over", to="op2", incident_ids=[call, other])
    assert (answer.status_code, slug(answer)) == (409, "claim-needed")
    answer = await op1.post("/shift/hand-over", to="op2", incident_ids=[call])
    assert answer.json()["hand_overs"][0]["incident_ids"] == [call]
    await op2.post("/shift/accept", of="op1")


async def test_a_console_sees_who_sits_at_the_desk_and_who_hands_over(world: World, call, op1):
    async with knocking(world) as doors:
        await _watch(doors, world, call, op1)


async def _watch(doors: Doors, world: World, call, op1):
    async with doors.console(await world.desk("op2")) as line:
        snapshot = await line.next(type="snapshot")
        assert "op2" in {one["operator_id"] for one in snapshot["operators"]}
        await op1.post("/shift/hand-over", to="op2")
        frame = await line.next(type="desk")
        while not frame["hand_overs"]:
            frame = await line.next(type="desk")
        assert frame["hand_overs"][0]["incident_ids"] == [call]
