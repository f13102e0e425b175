"""What is a caregiver's own: late presses, the alarm for themself, shifts, past work, the way."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false
# pyright: reportOptionalSubscript=false

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
import pytest_asyncio

from dispatch import facts as f
from dispatch.hours import Hours
from dispatch.requests import Register
from tests.integration.world import CAREGIVER, OPERATOR, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

_event_ids = count(1)
HERE = {"lon": 113.0455, "lat": 28.2, "accuracy_m": 9, "source": "satellite"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with (
        a_database(server_url) as engine,
        serving(engine, desk_telephone="0731-12349") as world,
    ):
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
    incident = await world.call_for_help()
    offer = await world.offered("C1")
    await phone.post(f"{CAREGIVER}/offers/{offer}/accept")
    return incident, offer


async def raised(phone, event_id="", **body):
    event_id = event_id or f"a{next(_event_ids)}"
    answer = await phone.post(f"{CAREGIVER}/alarm", {"event_id": event_id, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["alarm"]


async def last(world, kind):
    return [one for one in await world.facts() if isinstance(one, kind)][-1]


# Late


async def test_what_was_pressed_without_network_is_on_record_as_late(world: World, phone):
    incident, work = await accepted(world, phone)
    assert (await say(phone, work, "en_route", ago_s=600)).status_code == 200
    assert (await say(phone, work, "on_scene", ago_s=240)).status_code == 200
    assert (await say(phone, work, "scene", what="need_120", ago_s=200)).status_code == 200
    assert (await say(phone, work, "done", outcome="helped", ago_s=60)).status_code == 200
    for kind, ago_s in (
        (f.CaregiverSetOut, 600),
        (f.CaregiverArrived, 240),
        (f.SceneReported, 200),
        (f.AttendanceDone, 60),
    ):
        fact = await last(world, kind)
        late = fact.at - fact.occurred_at
        assert timedelta(seconds=ago_s) <= late < timedelta(seconds=ago_s + 5), kind
    view = (await (await world.desk("op1")).get(f"/incidents/{incident}")).json()
    told = {entry["kind"]: entry["data"] for entry in view["timeline"]}
    assert told["caregiver_arrived"]["occurred_at"]


async def test_what_comes_at_once_is_not_late(world: World, phone):
    _, work = await accepted(world, phone)
    await say(phone, work, "en_route", ago_s=2)
    assert (await last(world, f.CaregiverSetOut)).occurred_at is None
    await say(phone, work, "on_scene")
    assert (await last(world, f.CaregiverArrived)).occurred_at is None


@pytest.mark.parametrize("ago_s", [-1, 8 * 86_400, "soon"])
async def test_an_age_that_cannot_be_is_refused(world: World, phone, ago_s):
    _, work = await accepted(world, phone)
    assert (await say(phone, work, "en_route", ago_s=ago_s)).status_code == 422


async def test_a_late_press_that_is_sent_again_changes_nothing(world: World, phone):
    _, work = await accepted(world, phone)
    await say(phone, work, "en_route", ago_s=600)
    before = len(await world.facts())
    assert (await say(phone, work, "en_route", ago_s=605)).status_code == 200
    assert len(await world.facts()) == before


# The alarm


async def test_a_caregiver_in_danger_is_a_grave_call_of_their_own(world: World, phone):
    alarm = await raised(phone, position=HERE)
    assert alarm["heard"] is False
    view = (await (await world.desk("op1")).get(f"/incidents/{alarm['id']}")).json()
    assert view["caregiver"] == {"id": "C1", "name": "护 C1"}
    assert (view["kind"], view["gravity"], view["siren"]) == ("threat", "life_threat", True)
    assert (view["channel"], view["silent"], view["resident"]) == ("caregiver", True, None)
    assert (view["place"]["lon"], view["area"]["code"]) == (HERE["lon"], "G1")


async def test_nobody_is_sent_to_themself(world: World, phone):
    alarm = await raised(phone, position={**HERE, "lon": 113.011})
    view = (await (await world.desk("op1")).get(f"/incidents/{alarm['id']}")).json()
    asked = {one["caregiver_id"] for one in view["offers"]}
    assert asked
    assert "C1" not in asked
    desk = await world.desk("op1")
    forced = await desk.post(f"/incidents/{alarm['id']}/offers", caregiver_id="C1", reason="x")
    assert slug(forced) == "caregiver-not-available"


async def test_the_caregiver_sees_that_somebody_has_taken_it(world: World, phone):
    alarm = await raised(phone)
    await (await world.desk("op1")).post(f"/incidents/{alarm['id']}/claim")
    mine = (await phone.get(f"{CAREGIVER}/state")).json()["alarm"]
    assert (mine["id"], mine["heard"]) == (alarm["id"], True)


async def test_the_same_alarm_sent_again_is_one_and_another_press_joins_it(world: World, phone):
    first = await raised(phone, "same")
    assert await raised(phone, "same") == first
    assert world.book.incidents[first["id"]].presses == 1
    assert (await raised(phone, "other"))["id"] == first["id"]
    assert world.book.incidents[first["id"]].presses == 2


async def test_an_alarm_in_the_midst_of_work_leaves_the_work_alone(world: World, phone):
    _, work = await accepted(world, phone)
    await raised(phone)
    mine = (await phone.get(f"{CAREGIVER}/state")).json()
    assert [one["id"] for one in mine["attendances"]] == [work]


async def test_without_a_position_the_last_one_counts_with_its_age_and_else_the_own_area(
    world: World, phone
):
    other = await world.caregiver("C4")
    alarm = await raised(other)
    view = (await (await world.desk("far")).get(f"/incidents/{alarm['id']}")).json()
    assert view["area"]["code"] == "S2"
    await phone.post(f"{CAREGIVER}/positions", {**HERE, "lon": 113.02})
    seen = await raised(phone)
    view = (await (await world.desk("op1")).get(f"/incidents/{seen['id']}")).json()
    assert view["place"]["lon"] == 113.02
    assert view["place"]["at"]


async def test_a_late_alarm_says_when_it_was_pressed(world: World, phone):
    await raised(phone, ago_s=90)
    fact = await last(world, f.IncidentRaised)
    assert fact.at - fact.occurred_at >= timedelta(seconds=90)


@pytest.mark.parametrize("event_id", ["", "x" * 65, "a b", "<b>"])
async def test_an_alarm_needs_a_plain_id_of_its_own(world: World, phone, event_id):
    answer = await phone.post(f"{CAREGIVER}/alarm", {"event_id": event_id})
    assert answer.status_code == 422


# Shifts and past work


async def test_a_caregiver_sees_the_hours_that_the_register_knows(world: World, phone):
    enrolled = await last_card(world, "C1")
    night = Hours(weekday=4, from_minute=20 * 60, to_minute=6 * 60)
    changed = replace(enrolled, at=world.service.center.now, hours=(night,))
    await world.service.center.call(Register(facts=(changed,)))
    said = (await phone.get(f"{CAREGIVER}/shifts")).json()
    assert said["hours"] == [{"day": "fri", "from": "20:00", "to": "06:00"}]
    assert (said["zone"], said["on_duty"], said["area"]["code"]) == ("Asia/Shanghai", True, "S1")
    assert said["on_duty_since"]
    await world.service.center.call(
        Register(facts=(replace(enrolled, at=world.service.center.now),))
    )


async def last_card(world, caregiver_id):
    facts = [one for one in await world.facts() if isinstance(one, f.CaregiverEnrolled)]
    return [one for one in facts if one.caregiver_id == caregiver_id][-1]


async def test_past_work_is_told_without_a_name_or_an_address(world: World, phone):
    _, work = await accepted(world, phone)
    await say(phone, work, "on_scene")
    await say(phone, work, "done", outcome="helped")
    answer = await phone.get(f"{CAREGIVER}/history")
    first = answer.json()["items"][0]
    assert (first["id"], first["state"], first["outcome"]) == (work, "done", "helped")
    assert (first["kind"], first["area"]["code"]) == ("sos", "G1")
    assert "李秀英" not in answer.text
    assert "R1" not in answer.text
    assert (await (await world.caregiver("C3")).get(f"{CAREGIVER}/history")).json()["items"] == []


async def test_work_of_more_than_thirty_days_ago_is_not_told(world: World, phone):
    _, work = await accepted(world, phone)
    await say(phone, work, "on_scene")
    await say(phone, work, "done", outcome="helped")
    await world.sql(
        "UPDATE attendance SET accepted_at = now() - interval '31 days' WHERE id = :id", id=work
    )
    items = (await phone.get(f"{CAREGIVER}/history")).json()["items"]
    assert work not in [one["id"] for one in items]


# The way


async def test_whoever_said_yes_is_led_there_and_can_ring_the_desk(world: World, phone):
    await world.call_for_help()
    offer = await world.offered("C1")
    assert "ways" not in (await phone.get(f"{CAREGIVER}/state")).json()["offers"][0]
    said = (await phone.post(f"{CAREGIVER}/offers/{offer}/accept")).json()
    assert said["desk_telephone"] == "0731-12349"
    ways = said["attendances"][0]["ways"]
    assert [(one["app"], one["datum"]) for one in ways] == [("geo", "wgs84"), ("map", "gcj02")]
    assert ways[0]["url"].startswith("geo:28.2,113.01")


async def test_the_sketch_is_for_whoever_has_the_work_while_they_have_it(world: World, phone):
    _, work = await accepted(world, phone)
    path = f"{CAREGIVER}/attendances/{work}/sketch"
    assert (await phone.get(path)).json() == {"lines": []}
    assert slug(await (await world.caregiver("C2")).get(path)) == "not-yours"
    await say(phone, work, "on_scene")
    await say(phone, work, "done", outcome="helped")
    assert slug(await phone.get(path)) == "transition-refused"
    assert slug(await phone.get(f"{CAREGIVER}/attendances/I999.1/sketch")) == "unknown-subject"


async def test_no_desk_has_these_doors(world: World):
    desk = await world.desk("op1")
    for path in ("shifts", "history"):
        answer = await desk.web.get(f"{CAREGIVER}/{path}", headers=dict(desk.headers))
        assert answer.status_code == 401
    assert OPERATOR not in CAREGIVER
