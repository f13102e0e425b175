"""The family door and the desk's side of it: in once, one's own resident only, told and heard."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false

from dataclasses import dataclass
from itertools import count

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from app.security.tokens import TokenKind
from dispatch import facts as f
from tests.integration.world import (
    CAREGIVER,
    HANDSET,
    OPERATOR,
    PASSWORD,
    Desk,
    Line,
    Phone,
    World,
    a_database,
    knocking,
    press,
    serving,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAMILY = "/api/v1/family"
FAMILIES = f"{OPERATOR}/families"
LI_LI = {"name": "李丽", "relation": "女儿", "telephone": "13900000001", "language": "zh"}
_keys = count(1)


@dataclass
class Kin:
    """A member of a family on their telephone."""

    phone: Phone
    id: str

    async def state(self):
        answer = await self.phone.get(f"{FAMILY}/state")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def resident(self):
        return (await self.state())["residents"][0]

    async def call(self):
        """Return the open call, None when there is none: that of an earlier story is closed."""
        return open_call(await self.resident())

    async def say(self, what, resident_id="R1", **body):
        body = {"key": f"k{next(_keys)}", "resident_id": resident_id, **body}
        return await self.phone.post(f"{FAMILY}/{what}", body)


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
    for table in ("family_member", "family_consent", "look"):
        await house.sql(f"DELETE FROM {table}")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(world):
    return await world.desk("op1")


@pytest_asyncio.fixture(loop_scope="module")
async def kin(world, desk):
    return await come_in(world, desk)


async def send(desk: Desk, method: str, path: str, body: object = None):
    return await desk.web.request(method, FAMILIES + path, headers=dict(desk.headers), json=body)


async def invited(desk: Desk, resident_id: str = "R1", **more: object):
    answer = await send(desk, "POST", f"/residents/{resident_id}/invitations", {**LI_LI, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def enter(world: World, code: str, **more: object):
    return await world.web.post(f"{FAMILY}/enter", json={"code": code, **more})


async def come_in(world: World, desk: Desk, resident_id: str = "R1", **more: object) -> Kin:
    said = await invited(desk, resident_id, **more)
    answer = await enter(world, said["code"], device="phone")
    assert answer.status_code == 200, answer.text
    return Kin(Phone(world.web, answer.json()["token"]), said["member_id"])


def open_call(resident):
    call = resident["call"]
    return None if call is None or call["status"] == "closed" else call


def slug(answer):
    return answer.json()["type"].removeprefix("/problems/")


async def family_of(desk: Desk, resident_id: str = "R1"):
    return (await send(desk, "GET", f"/residents/{resident_id}")).json()


async def agree(desk: Desk, *, given: bool):
    answer = await send(desk, "PUT", "/residents/R1/consent", {"given": given})
    assert answer.status_code == 200, answer.text


# In


async def test_an_invitation_lets_in_once_by_link_or_as_it_is_read_out(world: World, desk):
    said = await invited(desk)
    assert said["link"] == f"http://desk.example/family#{said['code'].replace('-', '')}"
    assert said["sent"] is False
    answer = await enter(world, said["code"].lower().replace("-", " "))
    assert answer.json()["token"].startswith("ydt_f_")
    assert answer.headers["cache-control"] == "no-store"
    again = await enter(world, said["code"])
    assert (again.status_code, slug(again), again.json()["why"]) == (410, "invitation-over", "used")
    stored = str(await world.sql("SELECT * FROM family_invitation"))
    assert said["code"].replace("-", "") not in stored


async def test_an_invitation_that_is_too_old_lets_nobody_in(world: World, desk):
    said = await invited(desk)
    await world.sql("UPDATE family_invitation SET expires_at = now() WHERE id = :id", id=said["id"])
    answer = await enter(world, said["code"])
    assert (answer.status_code, answer.json()["why"]) == (410, "expired")


async def test_a_revoked_invitation_lets_nobody_in_and_a_newer_one_ends_the_older(
    world: World, desk
):
    said = await invited(desk)
    listed = (await family_of(desk))["members"][0]["invitation"]
    assert listed["id"] == said["id"]
    newer = await invited(desk, member_id=said["member_id"])
    assert (await enter(world, said["code"])).json()["why"] == "revoked"
    path = f"/members/{said['member_id']}/invitations/{newer['id']}"
    assert (await send(desk, "DELETE", path)).status_code == 204
    assert (await send(desk, "DELETE", path)).status_code == 404
    assert (await enter(world, newer["code"])).json()["why"] == "revoked"
    assert (await family_of(desk))["members"][0]["invitation"] is None


async def test_a_code_that_nobody_was_sent_is_counted_and_guessing_is_slowed(world: World):
    before = world.service.security.tokens.refused_totals().get("invitation", 0)
    answers = [await enter(world, "AAAA-BBBB-CCCC") for _ in range(11)]
    assert [one.status_code for one in answers] == [404] * 10 + [429]
    assert world.service.security.tokens.refused_totals()["invitation"] == before + 10
    world.service.security.limits._by_login._empty_at.clear()


async def test_a_log_in_with_a_password_opens_the_page_on_another_telephone(world: World, desk):
    said = await invited(desk)
    short = await enter(world, said["code"], login="lili", password="123")
    assert (short.status_code, slug(short)) == (422, "password-unfit")
    first = await enter(world, said["code"], login="lili", password=PASSWORD)
    assert first.json()["login"] == "lili", first.text  # a refusal did not use the invitation up
    body = {"login": "LiLi", "password": PASSWORD}
    answer = await world.web.post(f"{FAMILY}/login", json=body)
    kin = Kin(Phone(world.web, answer.json()["token"]), said["member_id"])
    assert (await kin.resident())["id"] == "R1"
    for path in ("/api/v1/session", f"{CAREGIVER}/login"):  # nobody's but the family's door
        assert (await world.web.post(path, json=body)).status_code == 401
    gone = await world.web.request("DELETE", f"{FAMILY}/login", headers=kin.phone.headers)
    assert gone.status_code == 204
    assert (await kin.phone.get(f"{FAMILY}/state")).status_code == 401


async def test_a_new_invitation_mends_a_forgotten_password(world: World, desk):
    said = await invited(desk)
    await enter(world, said["code"], login="lili2", password=PASSWORD)
    again = await invited(desk, member_id=said["member_id"])
    other = PASSWORD[::-1]
    assert (await enter(world, again["code"], password=other)).json()["login"] == "lili2"
    for password, status in ((PASSWORD, 401), (other, 200)):
        body = {"login": "lili2", "password": password}
        assert (await world.web.post(f"{FAMILY}/login", json=body)).status_code == status


async def test_whoever_is_signed_out_by_the_desk_is_out_everywhere(world: World, desk):
    said = await invited(desk)
    token = (await enter(world, said["code"], login="lili3", password=PASSWORD)).json()["token"]
    other = await invited(desk, member_id=said["member_id"])
    assert (await family_of(desk))["members"][0]["devices"] == 1
    answer = await send(desk, "DELETE", f"/members/{said['member_id']}/devices")
    assert answer.status_code == 204
    assert (await Phone(world.web, token).get(f"{FAMILY}/state")).status_code == 401
    body = {"login": "lili3", "password": PASSWORD}
    assert (await world.web.post(f"{FAMILY}/login", json=body)).status_code == 401
    assert (await enter(world, other["code"])).json()["why"] == "revoked"
    row = (await family_of(desk))["members"][0]
    assert (row["name"], row["devices"], row["logins"]) == ("李丽", 0, [])


# Who may pass


async def test_a_stranger_and_whoever_comes_by_another_door_pass_nowhere(world: World, kin):
    paths = ("GET state", "POST messages", "POST contacts", "POST absences", "DELETE login")
    for one in (*paths, "POST residents/R1/place"):
        method, path = one.split()
        for token in ("", "ydt_f_none", (await world.caregiver("C1")).token):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = await world.web.request(method, f"{FAMILY}/{path}", headers=headers)
            assert answer.status_code == 401, one
    assert (await kin.phone.get(f"{CAREGIVER}/state")).status_code == 401
    assert (await kin.phone.send(press())).status_code == 401
    for path in ("/incidents", "/families/words", "/families/residents/R1"):
        assert (await kin.phone.get(OPERATOR + path)).status_code == 401


async def test_another_residents_family_sees_nothing_of_this_one(world: World, kin):
    far = await world.desk("far")
    other = await come_in(world, far, "R2")
    await world.call_for_help("H1")
    said = await other.state()
    assert [one["id"] for one in said["residents"]] == ["R2"]
    assert open_call(said["residents"][0]) is None
    for resident_id in ("R1", "R9"):
        answer = await other.phone.post(f"{FAMILY}/residents/{resident_id}/place")
        assert (answer.status_code, slug(answer)) == (404, "unknown-subject")
        for what, body in (
            ("messages", {"text": "x"}),
            ("contacts", {"name": "x", "telephone": "110"}),
            ("absences", {"state": "away"}),
        ):
            assert (await other.say(what, resident_id, **body)).status_code == 404


async def test_a_desk_of_other_areas_keeps_no_family_here(world: World, desk, kin):
    await kin.say("messages", text="在吗")
    (word,) = (await send(desk, "GET", "/words")).json()["items"]
    far = await world.desk("far")
    for method, path, body in (
        ("GET", "/residents/R1", None),
        ("POST", "/residents/R1/invitations", LI_LI),
        ("POST", "/residents/R2/invitations", {**LI_LI, "member_id": kin.id}),
        ("PUT", "/residents/R1/consent", {"given": True}),
        ("DELETE", f"/members/{kin.id}/devices", None),
        ("DELETE", f"/members/{kin.id}/invitations/x", None),
        ("DELETE", f"/residents/R1/members/{kin.id}", None),
        ("POST", f"/words/{word['id']}", {"accept": None}),
    ):
        answer = await send(far, method, path, body)
        assert (answer.status_code, slug(answer)) == (404, "unknown-subject"), path
    assert (await send(far, "GET", "/words")).json()["items"] == []
    administrator = await world.desk("adm")
    assert (await send(administrator, "GET", "/residents/R1")).status_code == 200


async def test_whoever_is_taken_off_sees_the_resident_no_more(world: World, desk):
    everywhere = await world.desk("adm")
    kin = await come_in(world, everywhere)
    await invited(everywhere, "R2", member_id=kin.id)
    assert [one["id"] for one in (await kin.state())["residents"]] == ["R1", "R2"]
    answer = await send(everywhere, "DELETE", f"/residents/R1/members/{kin.id}")
    assert answer.status_code == 204
    assert [one["id"] for one in (await kin.state())["residents"]] == ["R2"]
    await send(everywhere, "DELETE", f"/residents/R2/members/{kin.id}")
    assert (await kin.phone.get(f"{FAMILY}/state")).status_code == 401


# Told


async def test_the_family_follows_a_call_from_the_press_to_its_end(world: World, desk, kin):
    before = await kin.resident()
    assert (before["zone"], before["name"]) == ("Asia/Shanghai", "李秀英")
    assert open_call(before) is None
    incident = await world.call_for_help()
    called = (await kin.resident())["call"]
    assert (called["id"], called["kind"], called["status"]) == (incident, "sos", "offered")
    phone = await world.caregiver("C1")
    offer = await world.offered("C1")
    await phone.post(f"{CAREGIVER}/offers/{offer}/accept")
    coming = (await kin.resident())["call"]
    (who,) = coming["coming"]
    assert who["eta_at"]
    assert coming["accepted_at"]
    assert set(who) == {"name", "role", "state", "eta_at", "arrived_at"}
    assert (who["name"], who["role"], who["state"]) == ("护 C1", "grid_worker", "accepted")
    await phone.post(f"{CAREGIVER}/attendances/{offer}/on_scene")
    there = (await kin.resident())["call"]
    assert there["arrived_at"]
    assert there["status"] == "on_scene"
    await phone.post(f"{CAREGIVER}/attendances/{offer}/done", {"outcome": "helped"})
    await desk.post(f"/incidents/{incident}/close", disposition="helped")
    closed = (await kin.resident())["call"]
    assert (closed["status"], closed["disposition"]) == ("closed", "helped")
    assert closed["closed_at"]


async def test_nothing_but_the_name_is_told_of_the_resident(world: World, kin):
    await world.call_for_help(note="摔倒在厨房")
    answer = await kin.phone.get(f"{FAMILY}/state")
    for secret in ("青霉素", "钥匙", "号楼", "1380000", "厨房", "113.0", "王建国"):
        assert secret not in answer.text


@pytest.mark.parametrize("kind", ["intrusion", "threat", "low_battery", "test"])
async def test_no_silent_call_and_no_signal_is_told(world: World, desk, kin, kind):
    await (await world.handset()).send(press(kind))
    assert await kin.call() is None
    answer = await kin.say("messages", text="一切都好吗？")
    (word,) = answer.json()["words"]
    assert word["settled_at"] is None


async def test_a_message_says_not_whether_a_silent_call_is_open(world: World, desk, kin):
    await (await world.handset()).send(press("threat"))
    silent = (await kin.say("messages", text="一")).json()["words"][0]
    await world.tidy()
    calm = (await kin.say("messages", text="一")).json()["words"][0]
    unlike = {"id", "said_at"}
    assert {k: v for k, v in silent.items() if k not in unlike} == {
        k: v for k, v in calm.items() if k not in unlike
    }


async def test_what_has_not_changed_is_not_sent_again(world: World, kin):
    first = await kin.phone.get(f"{FAMILY}/state")
    headers = {**kin.phone.headers, "If-None-Match": first.headers["etag"]}
    assert (await world.web.get(f"{FAMILY}/state", headers=headers)).status_code == 304
    await world.call_for_help()
    assert (await world.web.get(f"{FAMILY}/state", headers=headers)).status_code == 200


async def test_the_stream_tells_each_change_and_the_whole_state_to_whoever_comes_back(
    world: World, kin
):
    async with knocking(world) as doors:
        url = f"ws://127.0.0.1:{doors.port}{FAMILY}/stream"
        words = ["ydt.v1", f"bearer.{kin.phone.token}"]
        async with connect(url, subprotocols=words, proxy=None) as socket:
            line = Line(socket)
            first = await line.next(type="state")
            assert open_call(first["residents"][0]) is None
            assert (await line.next(type="alive"))["server_time"]
            incident = await world.call_for_help()
            told = await line.next(type="state")
            assert told["residents"][0]["call"]["id"] == incident
        await world.tidy()  # closed while nobody listened
        async with connect(url, subprotocols=words, proxy=None) as socket:
            line = Line(socket)
            told = await line.next(type="state")
            assert told["residents"][0]["call"]["status"] == "closed"
            await world.service.security.tokens.revoke_subject(TokenKind.FAMILY, kin.id)
            assert await line.close_code() == 4401


async def test_the_stream_is_as_still_during_a_silent_call_as_before(world: World, kin):
    async with knocking(world) as doors:
        url = f"ws://127.0.0.1:{doors.port}{FAMILY}/stream"
        words = ["ydt.v1", f"bearer.{kin.phone.token}"]
        async with connect(url, subprotocols=words, proxy=None) as socket:
            line = Line(socket)
            await line.next(type="state")
            await (await world.handset()).send(press("threat"))
            frames = await line.until(lambda frame: frame["type"] == "alive")
            assert [one["type"] for one in frames] == ["alive"]


async def test_the_last_sign_of_life_the_check_in_and_the_battery_are_shown(world: World, kin):
    bare = await kin.resident()
    assert (bare["checked_in_at"], bare["battery_pct"]) == (None, None)
    handset = await world.handset()
    await handset.send(press("heartbeat", battery_pct=71))
    await handset.send(press("check_in"))
    seen = await kin.resident()
    assert seen["battery_pct"] == 71
    assert seen["heard_at"]
    assert seen["checked_in_at"]


# Where


async def test_no_position_without_the_residents_consent_and_each_look_on_record(
    world: World, desk, kin
):
    handset = await world.handset()
    await handset.send(press("position", position={"lon": 113.0123, "lat": 28.2}))
    path = f"{FAMILY}/residents/R1/place"
    refused = await kin.phone.post(path)
    assert (refused.status_code, slug(refused)) == (403, "place-withheld")
    assert (await kin.resident())["shows_place"] is False
    await agree(desk, given=True)
    assert (await kin.resident())["shows_place"] is True
    seen = await kin.phone.post(path)
    assert seen.json()["place"]["lon"] == 113.0123, seen.text
    known = await family_of(desk)
    assert [(one["name"], one["member_id"]) for one in known["looks"]] == [("李丽", kin.id)]
    assert known["consent"]["by"] == "op1"
    rows = await world.sql("SELECT role, what FROM look WHERE account_id = :id", id=kin.id)
    assert rows == [("family", "last_position")]
    await agree(desk, given=False)
    assert (await kin.phone.post(path)).status_code == 403
    assert len((await family_of(desk))["looks"]) == 1


async def test_the_resident_sees_on_the_handset_who_of_the_family_looked(world: World, desk, kin):
    handset = await world.handset()
    path = HANDSET.replace("events", "looks")
    assert (await handset.get(path)).json() == {"items": []}
    await agree(desk, given=True)
    await kin.phone.post(f"{FAMILY}/residents/R1/place")
    (look,) = (await handset.get(path)).json()["items"]
    assert (look["name"], look["relation"]) == ("李丽", "女儿")
    assert (await (await world.handset("H2")).get(path)).json() == {"items": []}


# Heard


async def test_a_message_stands_on_the_timeline_of_the_open_call_and_takes_no_claim(
    world: World, desk, kin
):
    incident = await world.call_for_help()
    key = {"key": "once", "resident_id": "R1", "text": "我十分钟到"}
    for _ in range(2):
        assert (await kin.phone.post(f"{FAMILY}/messages", key)).status_code == 201
    view = (await desk.get(f"/incidents/{incident}")).json()
    notes = [one for one in view["timeline"] if one["kind"] == "note_added"]
    assert [(one["by_name"], one["data"]["text"]) for one in notes] == [("李丽", "我十分钟到")]
    assert view["claim"] is None
    assert (await send(desk, "GET", "/words")).json()["items"] == []


async def test_a_message_without_a_call_is_on_the_list_until_it_is_ticked_off(
    world: World, desk, kin
):
    await kin.say("messages", text="妈妈今天好吗")
    (word,) = (await send(desk, "GET", "/words")).json()["items"]
    assert (word["kind"], word["said"]["text"]) == ("message", "妈妈今天好吗")
    assert (word["by"]["name"], word["by"]["relation"]) == ("李丽", "女儿")
    assert word["resident"] == {"id": "R1", "name": "李秀英"}
    answer = await send(desk, "POST", f"/words/{word['id']}", {"accept": None})
    assert answer.json()["items"] == []
    again = await send(desk, "POST", f"/words/{word['id']}", {"accept": None})
    assert (again.status_code, slug(again)) == (409, "word-settled")
    (mine,) = (await kin.state())["words"]
    assert mine["settled_at"]
    assert (await send(desk, "POST", "/words/99999", {})).status_code == 404


async def test_an_accepted_contact_is_on_the_card_of_the_next_call(world: World, desk, kin):
    for accept, number in ((False, "13900000008"), (True, "13900000009")):
        await kin.say("contacts", name="王芳", relation="邻居", telephone=number)
        (word,) = (await send(desk, "GET", "/words")).json()["items"]
        await send(desk, "POST", f"/words/{word['id']}", {"accept": accept})
    assert [one["accepted"] for one in (await kin.state())["words"]] == [True, False]
    incident = await world.call_for_help()
    rows = (await desk.get(f"/incidents/{incident}")).json()["contacts"]
    known = [(one["name"], one["telephone"]) for one in rows if one["why"] == "family"]
    assert known == [("李丽", "13900000001"), ("王芳", "13900000009")]
    whom = next(one["whom"] for one in rows if one["name"] == "王芳")
    tried = await desk.post(f"/incidents/{incident}/contacts", whom=whom, answer="spoke")
    assert tried.status_code == 201, tried.text


async def test_an_accepted_absence_is_a_fact_of_the_register_and_stops_no_call(
    world: World, desk, kin
):
    for state, accept in (("in_hospital", False), ("away", True), ("home", True)):
        await kin.say("absences", state=state, until="2026-12-01", text="去女儿家")
        (word,) = (await send(desk, "GET", "/words")).json()["items"]
        assert word["said"]["until"] == "2026-12-01"
        before = len(await world.facts())
        await send(desk, "POST", f"/words/{word['id']}", {"accept": accept})
        facts = (await world.facts())[before:]
        assert [one.state for one in facts if isinstance(one, f.ResidentRegistered)] == (
            [state] if accept else []
        )
        if state == "away":
            assert (await kin.resident())["state"] == "away"
            await world.call_for_help()
            await world.tidy()


async def test_who_says_too_much_must_wait_for_the_desk(world: World, kin):
    answers = [await kin.say("messages", text=str(one)) for one in range(21)]
    assert [one.status_code for one in answers] == [201] * 20 + [429]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("messages", {"text": ""}),
        ("messages", {"text": "x" * 501}),
        ("messages", {"text": "x", "incident_id": "I1"}),
        ("messages", {"text": "x", "key": "a b"}),
        ("contacts", {"name": "x", "telephone": "call me"}),
        ("absences", {"state": "deceased"}),
        ("absences", {"state": "away", "until": "soon"}),
    ],
)
async def test_what_cannot_be_said_is_refused(world: World, kin, what, body):
    assert (await kin.say(what, **body)).status_code == 422


async def test_an_erased_resident_leaves_nothing_of_the_family(world: World, desk):
    far, adm = await world.desk("far"), await world.desk("adm")
    both = await come_in(world, adm, "R2")
    await invited(adm, "R1", member_id=both.id)
    only = await come_in(world, far, "R2", name="张伟")
    await only.say("messages", "R2", text="爸爸好吗")
    path = "/api/v1/admin/residents/R2/erase"
    answer = await adm.web.post(path, headers=dict(adm.headers))
    assert answer.status_code == 204, answer.text
    assert (await only.phone.get(f"{FAMILY}/state")).status_code == 401
    assert [one["id"] for one in (await both.state())["residents"]] == ["R1"]
    left = str([await world.sql(f"SELECT * FROM {one}") for one in TABLES])
    assert "张伟" not in left
    assert "爸爸" not in left


TABLES = ("family_member", "family_bond", "family_word", "family_invitation", "family_consent")
