"""The map's door: points of the own areas, only what has changed, and every look on record."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from app.doors.operator_replay import SPAN_MAX
from app.main import SettingsRefused, running
from app.settings import Settings
from app.views.points import LOOK_EVERY_S
from dispatch.facts import CaregiverEnrolled
from dispatch.requests import Duty, Register
from tests.integration.world import CAREGIVER, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server_url):
    async with (
        a_database(server_url) as engine,
        serving(engine, tiles="amap") as world,
    ):
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def world(house):
    yield house
    await house.tidy()


async def points(world: World, login="op1", after=""):
    world.service.points._look_at = 0.0  # a second has passed
    answer = await (await world.desk(login)).get("/map/points", params={"after": after})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def looks(world: World, what: str):
    await world.service.security.looks.flush()
    rows = await world.sql(
        "SELECT account_id, resident_id, incident_id, reason FROM look WHERE what = :what",
        what=what,
    )
    return [tuple(row) for row in rows]


async def move(world: World, caregiver_id: str, lon: float, lat: float = 28.2):
    phone = await world.caregiver(caregiver_id)
    sent = {"lon": lon, "lat": lat, "accuracy_m": 8, "source": "satellite"}
    answer = await phone.post(f"{CAREGIVER}/positions", [sent])
    assert answer.status_code in (200, 202), answer.text


async def test_a_map_shows_caregivers_on_duty_and_calls_of_its_own_areas(world: World):
    call = await world.call_for_help("H1")
    frame = await points(world)
    assert frame["whole"]
    assert {row[0] for row in frame["caregivers"]} == {"C1", "C2", "C3"}
    assert [row[0] for row in frame["calls"]] == [call]
    far = await points(world, "far")
    assert {row[0] for row in far["caregivers"]} == {"C4"}
    assert far["calls"] == []
    await world.service.center.call(Duty(caregiver_id="C3", is_on=False))
    assert {row[0] for row in (await points(world))["caregivers"]} == {"C1", "C2"}


async def test_nobody_is_named_in_a_frame(world: World):
    await world.call_for_help("H1")
    text = str(await points(world, "sup"))
    assert "李秀英" not in text
    assert "护" not in text


async def test_since_a_stamp_only_what_changed_is_sent(world: World):
    before = await points(world)
    again = await points(world, after=before["stamp"])
    assert not again["whole"]
    assert (again["caregivers"], again["calls"], again["off"], again["closed"]) == ([], [], [], [])
    await move(world, "C2", 113.04)
    moved = await points(world, after=again["stamp"])
    assert [row[:3] for row in moved["caregivers"]] == [["C2", 113.04, 28.2]]
    call = await world.call_for_help("H1")
    raised = await points(world, after=moved["stamp"])
    assert [row[0] for row in raised["calls"]] == [call]
    desk = await world.desk("op1")
    await desk.post(f"/incidents/{call}/close", disposition="false_alarm")
    await world.service.center.call(Duty(caregiver_id="C2", is_on=False))
    ended = await points(world, after=raised["stamp"])
    assert ended["closed"] == [call]
    assert ended["off"] == ["C2"]
    far = await points(world, "far", after=(await points(world, "far"))["stamp"])
    assert far["off"] == []


async def test_a_caregiver_who_changes_areas_leaves_the_old_map(world: World):
    before, theirs = await points(world), await points(world, "far")
    person = world.book.roster.of("C3")
    enrolled = next(
        fact
        for fact in reversed(await world.facts())
        if isinstance(fact, CaregiverEnrolled) and fact.caregiver_id == "C3"
    )
    now = world.service.center.now
    await world.service.center.call(Register(facts=(replace(enrolled, at=now, area_id="S2"),)))
    assert (await points(world, after=before["stamp"]))["off"] == ["C3"]
    assert [
        row[0] for row in (await points(world, "far", after=theirs["stamp"]))["caregivers"]
    ] == ["C3"]
    back = replace(enrolled, at=world.service.center.now, area_id=person.area_id)
    await world.service.center.call(Register(facts=(back,)))


@pytest.mark.parametrize(
    "stamp", ["0:1:1:1", "x", "1:2:3", "::::", "9" * 70, "1:1:99999:1", "١:1:1:1"]
)
async def test_a_stamp_that_is_none_of_ours_gets_everything(world: World, stamp):
    assert (await points(world, after=stamp))["whole"]


async def test_load_counts_what_lies_below_an_area(world: World):
    def rows(frame):
        return {code: tuple(counts) for code, *counts in frame["load"]}

    assert rows(await points(world))["S1"] == (0, 3, 3)
    await world.call_for_help("H1")
    await world.call_for_help("H1", kind="life_assistance")
    loaded = rows(await points(world, "sup"))
    assert loaded["G1"][0] == loaded["S1"][0] >= 1
    assert loaded["S1"][1] < loaded["S1"][2] == 3  # somebody is being asked
    assert loaded["D"][2] == 4
    assert set(rows(await points(world, "far"))) <= {"S2", "G2"}


async def test_each_call_whose_place_is_shown_is_a_look(world: World):
    call = await world.call_for_help("H1")
    before = await looks(world, "stream")
    await points(world, "op2")
    await points(world, "op2")
    after = await looks(world, "stream")
    assert [one for one in after if one not in before] == [("op2", "R1", call, "open incident")]


async def test_without_a_record_of_looks_the_place_is_withheld(world: World, monkeypatch):
    await world.call_for_help("H1")
    monkeypatch.setattr(world.service.security.looks, "_waiting_max", 0)
    world.service.security.looks._shown.clear()
    [row] = (await points(world))["calls"]
    assert row[1:3] == [None, None]


async def test_a_picked_call_is_named_once_the_look_is_on_record(world: World):
    call = await world.call_for_help("H1", position={"lon": 113.014, "lat": 28.2})
    said = await (await world.desk("op1")).get(f"/map/incidents/{call}")
    assert said.json()["resident_name"] == "李秀英"
    assert said.json()["place"]["lon"] == 113.014
    assert ("op1", "R1", call, "picked on the map") in await looks(world, "map")
    assert (await (await world.desk("far")).get(f"/map/incidents/{call}")).status_code == 404
    assert (await (await world.desk("op1")).get("/map/incidents/I999")).status_code == 404


async def test_a_picked_caregiver_is_named_with_their_call(world: World):
    call = await world.call_for_help("H1")
    offer = await world.offered("C1")
    await (await world.caregiver("C1")).post(f"{CAREGIVER}/offers/{offer}/accept")
    said = (await (await world.desk("op1")).get("/map/caregivers/C1")).json()
    assert (said["name"], said["busy"], said["incident_id"]) == ("护 C1", True, call)
    assert (await (await world.desk("far")).get("/map/caregivers/C1")).status_code == 404
    assert (await (await world.desk("op1")).get("/map/caregivers/C4")).status_code == 404


async def test_borders_are_those_of_the_own_areas(world: World):
    said = (await (await world.desk("op1")).get("/map/areas?level=grid")).json()
    assert [one["properties"]["code"] for one in said["features"]] == ["G1"]
    said = (await (await world.desk("sup")).get("/map/areas?level=street")).json()
    assert [one["properties"]["code"] for one in said["features"]] == ["S1", "S2"]
    assert (await (await world.desk("op1")).get("/map/areas?level=planet")).status_code == 422


async def test_pictures_come_from_the_source_that_is_set_and_pages_allow_its_host_alone(
    world: World,
):
    said = (await (await world.desk("op1")).get("/map/tiles")).json()
    assert said["datum"] == "gcj02"
    page = await world.web.get("/map")
    policy = page.headers["content-security-policy"]
    images = next(one for one in policy.split("; ") if one.startswith("img-src"))
    assert images == "img-src 'self' data: " + " ".join(
        f"https://webrd0{n}.is.autonavi.com" for n in (1, 2, 3, 4)
    )
    other = (await world.web.get("/caregiver")).headers["content-security-policy"]
    assert "autonavi" not in other


async def test_a_wrong_source_stops_the_start(house: World):
    with pytest.raises(SettingsRefused, match="YDT_TILES"):
        async with running(Settings(tiles="atlantis"), house.service.engine):
            pass


async def test_a_trail_shows_the_way_of_whoever_came_since_their_yes(world: World):
    call = await world.call_for_help("H1", position={"lon": 113.011, "lat": 28.2})
    await (await world.handset("H1")).send(
        {"event_id": "walk1", "kind": "position", "position": {"lon": 113.012, "lat": 28.201}}
    )
    await move(world, "C1", 113.02)
    offer = await world.offered("C1")
    await (await world.caregiver("C1")).post(f"{CAREGIVER}/offers/{offer}/accept")
    await move(world, "C1", 113.015)
    said = await (await world.desk("op1")).get(f"/incidents/{call}/trail")
    assert said.status_code == 200, said.text
    trail = said.json()
    assert [step[1:3] for step in trail["caller"]][-1] == [113.012, 28.201]
    [came] = trail["caregivers"]
    assert came["name"] == "护 C1"
    assert [step[1] for step in came["steps"]] == [113.015]
    assert ("op1", "R1", call, "trail of the call") in await looks(world, "trail")
    assert (await (await world.desk("far")).get(f"/incidents/{call}/trail")).status_code == 404
    assert (await (await world.desk("op1")).get("/incidents/I999/trail")).status_code == 404


async def replayed(world: World, login="sup", **query):
    query.setdefault("reason", "complaint 41")
    return await (await world.desk(login)).get("/replay", params=query)


async def helped(world: World) -> str:
    call = await world.call_for_help("H1", position={"lon": 113.013, "lat": 28.2})
    desk = await world.desk("op1")
    await desk.post(f"/incidents/{call}/claim")
    offer = await world.offered("C1")
    phone = await world.caregiver("C1")
    await phone.post(f"{CAREGIVER}/offers/{offer}/accept")
    await move(world, "C1", 113.0105)
    for step in ("en_route", "on_scene", "done"):
        body = {"outcome": "helped"} if step == "done" else None
        answer = await phone.post(f"{CAREGIVER}/attendances/{offer}/{step}", body)
        assert answer.status_code == 200, answer.text
    closed = await desk.post(f"/incidents/{call}/close", disposition="helped")
    assert closed.status_code == 200, closed.text
    return call


async def test_a_past_call_is_shown_again_from_the_journal(world: World):
    call = await helped(world)
    said = await replayed(world, incident=call)
    assert said.status_code == 200, said.text
    told = said.json()
    [one] = told["calls"]
    changes = [step["change"] for step in one["steps"]]
    assert changes[0] == "raised"
    assert changes[-1] == "closed"
    in_order = ["raised", "claimed", "accepted", "en_route", "on_scene", "done", "closed"]
    assert [change for change in changes if change in in_order] == in_order
    accepted = next(step for step in one["steps"] if step["change"] == "accepted")
    assert accepted["caregiver_id"] == "C1"
    assert one["steps"][0]["lon"] == 113.013
    assert told["names"]["C1"] == "护 C1"
    assert [step[1] for step in told["ways"]["C1"]][-1] == 113.0105
    assert told["is_whole"]
    assert all(line["text"]["zh"] and line["text"]["en"] for line in one["lines"])
    numbers = [line["number"] for line in one["lines"]]
    assert numbers == sorted(numbers)
    assert ("sup", "R1", call, f"{call}: complaint 41") in await looks(world, "replay")


async def test_an_hour_of_an_area_is_shown_again_and_on_record_even_when_it_was_quiet(
    world: World,
):
    call = await helped(world)
    now = datetime.now(UTC)
    hour = {"since": now - timedelta(hours=1), "until": now + timedelta(minutes=1)}
    query = {name: at.isoformat() for name, at in hour.items()}
    told = (await replayed(world, area="S1", **query)).json()
    assert call in [one["id"] for one in told["calls"]]
    assert "C1" in told["ways"]
    elsewhere = (await replayed(world, area="S2", **query)).json()
    assert call not in [one["id"] for one in elsewhere["calls"]]
    before = len(await looks(world, "replay"))
    past = {name: (at - timedelta(days=9)).isoformat() for name, at in hour.items()}
    assert (await replayed(world, area="S1", **past)).json()["calls"] == []
    rows = (await looks(world, "replay"))[before:]
    assert [(row[0], row[1], row[2]) for row in rows] == [("sup", "", None)]
    assert "S1" in rows[0][3]
    assert "complaint 41" in rows[0][3]


async def test_only_a_supervisor_replays_and_says_why(world: World):
    call = await world.call_for_help("H1")
    assert (await replayed(world, "op1", incident=call)).status_code == 403
    assert (await replayed(world, "adm", incident=call)).status_code == 403
    assert (await replayed(world, incident=call, reason="")).status_code == 422
    assert (await replayed(world, incident="I999")).status_code == 404
    assert (await replayed(world, area="nowhere", **span_of(SPAN_MAX))).status_code == 404
    assert (await replayed(world, area="S1", **span_of(2 * SPAN_MAX))).status_code == 422
    assert (await replayed(world, area="S1", **span_of(-SPAN_MAX))).status_code == 422
    assert (await replayed(world, area="S1")).status_code == 422


def span_of(length: timedelta) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"since": now.isoformat(), "until": (now + length).isoformat()}


async def test_a_map_that_is_answered_while_another_looks_misses_nothing(world: World, monkeypatch):
    await points(world)
    kept, stamps = world.service.points, []
    take = kept._take

    def taking(book, ids):
        cursor = world.service.center.cursor
        said = kept.frame(book, cursor, "", covers=lambda _: True, shown=lambda _: True)
        stamps.append(said["stamp"])
        take(book, ids)

    await move(world, "C2", 113.031)
    monkeypatch.setattr(kept, "_take", taking)
    await points(world)
    monkeypatch.undo()
    frame = await points(world, after=stamps[0])
    assert not frame["whole"]
    assert "C2" in [row[0] for row in frame["caregivers"]]


async def test_maps_that_ask_within_a_second_share_one_look(world: World, monkeypatch):
    await points(world)
    asked = []
    monkeypatch.setattr(world.service.points, "_take", lambda *_: asked.append(1))
    await world.service.points.freshen(world.service.center)
    assert asked == []
    world.service.points._look_at -= LOOK_EVERY_S
    await world.service.points.freshen(world.service.center)
    assert asked == [1]
