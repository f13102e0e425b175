"""What a caregiver says from the scene and on the way, and what the desk answers, by HTTP."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

import pytest
import pytest_asyncio

from dispatch.facts import PlaceCorrected, SceneReported
from tests.integration.world import CAREGIVER, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

TROUBLES = (
    "could_not_get_in",
    "need_second_person",
    "need_120",
    "wrong_address",
    "resident_not_there",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


@pytest_asyncio.fixture(loop_scope="module")
async def phone(world):
    """Return the telephone of C1, the caregiver nearest to R1."""
    return await world.caregiver("C1")


def slug(answer):
    return answer.json()["type"].removeprefix("/problems/")


async def say(phone, attendance, word, **body):
    return await phone.post(f"{CAREGIVER}/attendances/{attendance}/{word}", body or None)


async def accepted(world, phone):
    """Let C1 say yes to a call of R1; return the incident and the attendance."""
    incident = await world.call_for_help()
    offer = await world.offered("C1")
    await phone.post(f"{CAREGIVER}/offers/{offer}/accept")
    return incident, offer


async def on_scene(world, phone):
    incident, attendance = await accepted(world, phone)
    assert (await say(phone, attendance, "on_scene")).status_code == 200
    return incident, attendance


async def seen(desk, incident):
    view = (await desk.get(f"/incidents/{incident}")).json()
    (row,) = [one for one in view["attendances"] if one["caregiver_id"] == "C1"]
    return view, row


@pytest.mark.parametrize("what", TROUBLES)
async def test_every_word_is_on_record_and_seen_by_the_desk_and_the_caregiver(
    world: World, phone, what
):
    incident, attendance = await on_scene(world, phone)
    said = await say(phone, attendance, "scene", what=what, note=" 门\x00铃坏了 ")
    assert said.status_code == 200
    (mine,) = said.json()["attendances"]
    assert mine["trouble"] == what
    assert mine["trouble_by"] is not None
    view, row = await seen(await world.desk("op1"), incident)
    assert (row["trouble"], view["siren"]) == (what, True)
    kinds = [entry["kind"] for entry in view["timeline"]]
    assert "scene_reported" in kinds
    facts = [one for one in await world.facts() if isinstance(one, SceneReported)]
    assert (facts[-1].what, facts[-1].note) == (what, "门铃坏了")


async def test_the_caregiver_sees_that_the_desk_has_heard_it(world: World, phone):
    incident, attendance = await on_scene(world, phone)
    await say(phone, attendance, "scene", what="need_120")
    await (await world.desk("op1")).post(f"/incidents/{incident}/claim")
    (mine,) = (await phone.get(f"{CAREGIVER}/state")).json()["attendances"]
    assert (mine["trouble"], mine["trouble_by"]) == ("need_120", None)


async def test_what_is_sorted_out_is_no_trouble_any_more(world: World, phone):
    incident, attendance = await on_scene(world, phone)
    await say(phone, attendance, "scene", what="could_not_get_in")
    await say(phone, attendance, "scene", what="sorted_out")
    _, row = await seen(await world.desk("op1"), incident)
    assert (row["trouble"], row["trouble_by"]) == ("", None)


async def test_a_second_person_is_asked_while_the_first_stays(world: World, phone):
    incident, attendance = await on_scene(world, phone)
    await say(phone, attendance, "scene", what="need_second_person")
    view, row = await seen(await world.desk("op1"), incident)
    assert row["state"] == "on_scene"
    assert [one for one in view["offers"] if one["state"] == "pending"]


async def test_a_word_that_is_not_known_and_one_before_arrival_are_refused(world: World, phone):
    _, attendance = await accepted(world, phone)
    assert (await say(phone, attendance, "scene", what="bored")).status_code == 422
    early = await say(phone, attendance, "scene", what="need_120")
    assert (early.status_code, slug(early)) == (409, "transition-refused")


@pytest.mark.parametrize(
    ("word", "body"), [("scene", {"what": "need_120"}), ("still_coming", {"yes": True})]
)
async def test_nobody_speaks_for_another_or_of_what_never_was(world: World, phone, word, body):
    _, attendance = await on_scene(world, phone)
    other = await world.caregiver("C2")
    answers = [
        await say(other, attendance, word, **body),
        await say(phone, "I999.1", word, **body),
    ]
    assert [slug(one) for one in answers] == ["not-yours", "unknown-subject"]


async def test_a_caregiver_may_say_that_they_cannot_come_after_all(world: World, phone):
    incident, attendance = await accepted(world, phone)
    assert (await say(phone, attendance, "still_coming", yes=True)).status_code == 200
    said = await say(phone, attendance, "still_coming", yes=False)
    assert said.json()["attendances"] == []
    _, row = await seen(await world.desk("op1"), incident)
    assert row["state"] == "broken_off"


# The place


async def test_a_corrected_place_is_seen_by_whoever_is_on_the_way(world: World, phone):
    incident, attendance = await on_scene(world, phone)
    await say(phone, attendance, "scene", what="wrong_address")
    desk = await world.desk("op1")
    place = {"lon": 113.02, "lat": 28.21}
    answer = await desk.post(f"/incidents/{incident}/place", place=place, note="7 栋 后门")
    assert answer.status_code == 200
    view = answer.json()
    assert (view["place"]["lon"], view["place"]["source"]) == (113.02, "pinned")
    assert view["directions"] == "7 栋 后门"
    (mine,) = (await phone.get(f"{CAREGIVER}/state")).json()["attendances"]
    assert (mine["state"], mine["trouble"], mine["directions"]) == ("en_route", "", "7 栋 后门")
    assert mine["place"] == place
    (fact,) = [one for one in await world.facts() if isinstance(one, PlaceCorrected)]
    assert fact.area_id == "G1"


async def test_a_correction_that_says_nothing_is_refused(world: World):
    incident = await world.call_for_help()
    desk = await world.desk("op1")
    assert (await desk.post(f"/incidents/{incident}/place", note=" ")).status_code == 422


async def test_a_place_is_corrected_by_whoever_has_the_call_and_covers_it(world: World):
    incident = await world.call_for_help()
    await (await world.desk("op1")).post(f"/incidents/{incident}/claim")
    held = await (await world.desk("op2")).post(f"/incidents/{incident}/place", note="x")
    hidden = await (await world.desk("far")).post(f"/incidents/{incident}/place", note="x")
    nowhere = await (await world.desk("op1")).post(
        f"/incidents/{incident}/place", area_code="nowhere"
    )
    assert [slug(one) for one in (held, hidden, nowhere)] == [
        "claim-held",
        "unknown-subject",
        "unknown-subject",
    ]
