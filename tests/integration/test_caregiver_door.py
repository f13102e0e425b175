"""The caregiver door: duty, positions, offers and the way to the resident."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false

import asyncio
from datetime import timedelta

import pytest
import pytest_asyncio

from app.clock import system_clock
from dispatch.facts import CaregiverOffered, OfferDeclined, OfferWithdrawn
from tests.integration.world import CAREGIVER, World, a_database, press, serving

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
async def phone(world):
    """Return the telephone of C1, the caregiver nearest to R1."""
    return await world.caregiver("C1")


def slug(answer):
    return answer.json()["type"].removeprefix("/problems/")


async def state(phone):
    return (await phone.get(f"{CAREGIVER}/state")).json()


async def offer_of(phone):
    return (await state(phone))["offers"][0]["id"]


async def say(phone, offer_id, word, **body):
    return await phone.post(f"{CAREGIVER}/offers/{offer_id}/{word}", body or None)


async def step(phone, attendance_id, word, **body):
    return await phone.post(f"{CAREGIVER}/attendances/{attendance_id}/{word}", body or None)


async def on_the_way(world, phone):
    """Let the caregiver accept the call of R1; return the attendance."""
    await world.call_for_help()
    offer = await offer_of(phone)
    assert (await say(phone, offer, "accept")).status_code == 200
    return offer


# What is shown


async def test_before_a_yes_only_name_and_address_are_shown(world: World, phone):
    incident = await world.call_for_help()
    offer = (await state(phone))["offers"][0]
    assert offer["incident_id"] == incident
    assert offer["address"] == "R1 号楼"
    assert offer["resident"] == {"name": "李秀英", "communication": "voice", "language": "zh"}
    assert "1380000R1" not in str(offer)
    assert "青霉素" not in str(offer)


async def test_after_a_yes_the_telephone_and_the_medical_card_are_shown(world: World, phone):
    attendance = await on_the_way(world, phone)
    shown = (await state(phone))["attendances"]
    assert [one["id"] for one in shown] == [attendance]
    assert shown[0]["state"] == "accepted"
    assert shown[0]["resident"]["telephone"] == "1380000R1"
    assert shown[0]["resident"]["medical"] == "青霉素过敏"


async def test_who_was_not_asked_sees_nothing_of_the_call(world: World):
    await world.call_for_help()
    other = await state(await world.caregiver("C4"))
    assert (other["offers"], other["attendances"]) == ([], [])


@pytest.mark.parametrize("method", ["get", "post"])
async def test_a_handsets_token_is_not_a_caregivers(world: World, method):
    handset = await world.handset()
    path = {"get": "/state", "post": "/offers/I1.1/accept"}[method]
    answer = await getattr(handset, method)(CAREGIVER + path)
    assert (answer.status_code, slug(answer)) == (401, "token-needed")


async def test_a_caregiver_who_left_the_roster_is_told_so(world: World):
    answer = await (await world.caregiver("C404")).get(f"{CAREGIVER}/state")
    assert (answer.status_code, slug(answer)) == (404, "unknown-subject")


# Offers


async def test_of_two_who_say_yes_at_once_one_is_told_that_it_is_taken(world: World):
    incident = await world.call_for_help()
    first, second = await world.caregiver("C1"), await world.caregiver("C2")
    offers = [await offer_of(first), await offer_of(second)]
    answers = await asyncio.gather(
        say(first, offers[0], "accept"), say(second, offers[1], "accept")
    )
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (200, 409)
    assert slug(lost) == "offer-taken"
    assert lost.json()["offer_id"] in offers
    assert len(world.book.incidents[incident].attendances) == 1


@pytest.mark.parametrize("word", ["shown", "accept", "decline"])
async def test_an_answer_said_again_changes_nothing_more(world: World, phone, word):
    await world.call_for_help()
    offer = await offer_of(phone)
    body = {"reason": "我在医院"} if word == "decline" else {}
    first = await say(phone, offer, word, **body)
    number = len([one for one in await world.facts() if getattr(one, "offer_id", "") == offer])
    again = await say(phone, offer, word, **body)
    assert (first.status_code, again.status_code) == (200, 200)
    facts = [one for one in await world.facts() if getattr(one, "offer_id", "") == offer]
    assert len(facts) == number == 3  # asked, sent, answered


async def test_a_no_is_on_record_with_its_reason_and_the_next_is_asked(world: World, phone):
    incident = await world.call_for_help()
    offer = await offer_of(phone)
    await say(phone, offer, "decline", reason=" 太\x00远\n了 ")
    facts = await world.facts()
    assert [one for one in facts if isinstance(one, OfferDeclined)][-1].reason == "太远 了"
    asked = [one.caregiver_id for one in facts if isinstance(one, CaregiverOffered)][-3:]
    assert asked == ["C1", "C2", "C3"]
    assert (await say(phone, offer, "accept")).status_code == 409
    assert world.book.incidents[incident].is_open


@pytest.mark.parametrize("word", ["shown", "accept", "decline"])
async def test_an_offer_to_another_cannot_be_answered(world: World, phone, word):
    await world.call_for_help()
    offer = await offer_of(phone)
    body = {"reason": ""} if word == "decline" else {}
    answer = await say(await world.caregiver("C4"), offer, word, **body)
    assert (answer.status_code, slug(answer)) == (403, "not-yours")
    assert world.book.offers[offer].is_pending
    assert world.book.offers[offer].shown_at is None


@pytest.mark.parametrize("offer", ["I99999.1", "x", "%00", "%ED%A0%80", "1" * 5_000])
async def test_an_offer_that_never_was_is_not_found(world: World, phone, offer):
    assert (await say(phone, offer, "accept")).status_code == 404


async def test_an_offer_of_a_closed_call_is_over(world: World, phone):
    incident = await world.call_for_help()
    offer = await offer_of(phone)
    desk = await world.desk("op1")
    await desk.post(f"/incidents/{incident}/close", disposition="false_alarm")
    answer = await say(phone, offer, "accept")
    assert (answer.status_code, slug(answer)) == (409, "offer-is-over")


# The way


async def test_the_way_to_the_resident_step_by_step_and_each_step_twice(world: World, phone):
    attendance = await on_the_way(world, phone)
    for word in ("en_route", "on_scene"):
        for _ in range(2):
            answer = await step(phone, attendance, word)
            assert answer.status_code == 200
            assert answer.json()["attendances"][0]["state"] == word
    for _ in range(2):
        answer = await step(phone, attendance, "done", outcome="helped", note="扶起\x00了")
        assert (answer.status_code, answer.json()["attendances"]) == (200, [])
    told = [one for one in await world.facts() if getattr(one, "attendance_id", "") == attendance]
    seen = [type(one).__name__ for one in told]
    assert seen == ["CaregiverSetOut", "CaregiverArrived", "AttendanceDone"]
    assert told[-1].note == "扶起了"


async def test_a_routine_call_that_was_helped_is_closed_and_done_can_be_said_again(world, phone):
    await world.call_for_help(kind="life_assistance")
    offer = await offer_of(phone)
    await say(phone, offer, "accept")
    await step(phone, offer, "on_scene")
    await step(phone, offer, "done", outcome="helped")
    assert not world.book.incidents
    assert (await step(phone, offer, "done", outcome="helped")).status_code == 200


async def test_done_comes_after_being_there(world: World, phone):
    attendance = await on_the_way(world, phone)
    answer = await step(phone, attendance, "done", outcome="helped")
    assert (answer.status_code, slug(answer)) == (409, "transition-refused")


@pytest.mark.parametrize("word", ["en_route", "on_scene", "done"])
async def test_the_way_of_another_cannot_be_walked(world: World, phone, word):
    attendance = await on_the_way(world, phone)
    body = {"outcome": "helped"} if word == "done" else {}
    answer = await step(await world.caregiver("C4"), attendance, word, **body)
    assert (answer.status_code, slug(answer)) == (403, "not-yours")


@pytest.mark.parametrize(
    "body", [{"outcome": "vanished"}, {}, {"outcome": "helped", "bill": 5}, {"outcome": None}]
)
async def test_an_outcome_is_one_of_four_words(world: World, phone, body):
    attendance = await on_the_way(world, phone)
    assert (await step(phone, attendance, "done", **body)).status_code == 422


# Duty


async def test_who_goes_off_duty_is_not_asked_any_more(world: World, phone):
    await world.call_for_help()
    offer = await offer_of(phone)
    answer = await phone.post(f"{CAREGIVER}/duty", {"on": False})
    assert (answer.json()["on_duty"], answer.json()["offers"]) == (False, [])
    withdrawn = [one for one in await world.facts() if isinstance(one, OfferWithdrawn)][-1]
    assert (withdrawn.offer_id, withdrawn.why) == (offer, "off_duty")


async def test_nobody_goes_off_duty_with_work_in_hand(world: World, phone):
    await on_the_way(world, phone)
    answer = await phone.post(f"{CAREGIVER}/duty", {"on": False})
    assert (answer.status_code, slug(answer)) == (409, "still-on-the-way")


# Positions


async def test_positions_are_on_record_and_the_nearest_by_them_is_asked(world: World):
    rows = (await world.sql("SELECT count(*) FROM track"))[0][0]
    phone = await world.caregiver("C4")
    here = {"lon": 113.01, "lat": 28.2, "accuracy_m": 5, "source": "satellite"}
    answer = await phone.post(f"{CAREGIVER}/positions", here)
    assert (answer.status_code, answer.json()) == (202, {"recorded": 1})
    assert (await world.sql("SELECT count(*) FROM track"))[0][0] == rows + 1
    incident = await world.call_for_help()
    first = world.book.offers[world.book.incidents[incident].offers[0]]
    assert (first.caregiver_id, first.distance_m) == ("C4", 0.0)


async def test_several_positions_are_taken_at_once_and_the_youngest_counts(world: World):
    phone = await world.caregiver("C3")
    at = [(system_clock() - timedelta(seconds=age)).isoformat() for age in (60, 1, 30)]
    sent = [{"lon": 113 + n / 100, "lat": 28.5, "at": at[n]} for n in range(3)]
    answer = await phone.post(f"{CAREGIVER}/positions", sent)
    assert answer.json() == {"recorded": 3}
    assert world.service.tracks.last_of("C3").lon == 113.01


@pytest.mark.parametrize(
    "body",
    [
        {"lon": 181, "lat": 0},
        {"lon": 0, "lat": -91},
        {"lon": "east", "lat": 0},
        {"lat": 1},
        {"lon": 1, "lat": 1, "accuracy_m": -1},
        {"lon": 1, "lat": 1, "source": "a dream"},
        {"lon": 1, "lat": 1, "speed": 5},
        {"lon": 1, "lat": 1, "at": "yesterday"},
        [{"lon": 1, "lat": 1}] * 201,
        "here",
        None,
    ],
)
async def test_a_position_that_cannot_be_is_refused(phone, body):
    assert (await phone.post(f"{CAREGIVER}/positions", body)).status_code == 422


async def test_not_a_number_is_no_position(world: World, phone):
    answer = await world.web.post(
        f"{CAREGIVER}/positions",
        content=b'{"lon": NaN, "lat": 28}',
        headers=phone.headers | {"Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-11-22T00:00:00",
        "2031-01-01T00:00:00Z",
    ],
)
async def test_a_telephone_with_an_absurd_clock_stops_nobodys_positions(world, phone, at):
    async with asyncio.timeout(5):
        first = await phone.post(f"{CAREGIVER}/positions", {"lon": 113, "lat": 28, "at": at})
        other = await world.caregiver("C2")
        second = await other.post(f"{CAREGIVER}/positions", {"lon": 113, "lat": 28})
    assert {first.status_code, second.status_code} == {202}
    assert world.service.tracks.waiting == 0


async def test_a_telephone_whose_clock_is_ahead_is_still_followed(world: World):
    phone = await world.caregiver("C3")
    ahead = (system_clock() + timedelta(days=900)).isoformat()
    await phone.post(f"{CAREGIVER}/positions", {"lon": 113.01, "lat": 28.2, "at": ahead})
    await phone.post(f"{CAREGIVER}/positions", {"lon": 113.04, "lat": 28.2})
    assert world.service.tracks.last_of("C3").lon == 113.04
    assert world.book.roster.sighting("C3").lon == 113.04


async def test_a_caregiver_can_press_no_key_for_a_resident(world: World, phone):
    assert (await phone.send(press())).status_code == 401
    assert not world.book.incidents
