"""Parties outside, caregivers and officers are told by real channels, and say that they know."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportOptionalMemberAccess=false

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.doctor import Verdict, examine
from app.settings import Settings
from dispatch.facts import OfferSent, PartyTold
from dispatch.requests import Lapse
from tests.integration.world import (
    CAREGIVER,
    HOST,
    Desk,
    World,
    facts_on_record,
    knocking,
    press,
    serving,
    until,
)

WITHIN_S = 10.0  # reached only when a test fails
NAMES = ("李秀英", "R1 号楼", "青霉素", "邻居")


@dataclass
class Receiver:
    """A real HTTP server on this machine that takes whatever is posted to it."""

    port: int = 0
    status: int = 202
    heard: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN_S):
            return await self.heard.get()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        said = json.loads(await reader.readexactly(length))
        said["signature"] = "x-ydt-signature" in head
        writer.write(f"HTTP/1.1 {self.status} x\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()
        self.heard.put_nowait(said)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.answer, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()


@asynccontextmanager
async def a_town(
    engine: AsyncEngine, folder: Path, parties: str = "", **settings: Any
) -> AsyncIterator[World]:
    file = folder / "parties.toml"
    file.write_text(parties, "utf-8")
    async with serving(engine, parties=file, **settings) as world:
        yield world


def channel(receiver: Receiver, party: str, more: str = "") -> str:
    return f'[parties.{party}]\n{more}channels = [{{ name = "one", webhook = "{receiver.url}" }}]\n'


async def party_of(desk: Desk, incident_id: str, name: str) -> dict[str, Any]:
    view = (await desk.get(f"/incidents/{incident_id}")).json()
    return next(one for one in view["parties"] if one["party"] == name)


async def lapse(world: World, kind: str, incident_id: str) -> list[Any]:
    """Let a deadline of an incident fire before its time."""
    book = world.book
    found = [one for one in book.deadlines_of(book.incidents[incident_id]) if one.kind == kind]
    due = found[0]
    return await world.service.center.call(
        Lapse(kind=due.kind, subject_id=due.subject_id, due_at=due.due_at)
    )


# Parties


async def test_the_family_is_told_ids_and_codes_and_says_that_it_knows(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    parties = 'base_url = "https://desk.example/"\n' + channel(receiver, "family")
    async with a_town(engine, tmp_path, parties) as world:
        desk = await world.desk("op1")
        incident_id = await world.call_for_help()
        heard = await receiver.next()
        assert (heard["incident_id"], heard["party"]) == (incident_id, "family")
        assert heard["resident_id"] == "R1"
        assert not [name for name in NAMES if name in json.dumps(heard, ensure_ascii=False)]
        assert (await party_of(desk, incident_id, "family"))["state"] == "told"
        assert heard["acknowledge"].startswith("https://desk.example/api/v1/acknowledgements/")
        path = heard["acknowledge"].removeprefix("https://desk.example")
        for _ in range(2):  # an answer that was lost is sent again
            answer = await world.web.post(path)
            assert answer.json() == {"incident_id": incident_id, "party": "family"}
        row = await party_of(desk, incident_id, "family")
        assert (row["state"], row["by_name"], row["until"]) == ("acknowledged", "family", None)
        stored = str(await world.sql("SELECT * FROM acknowledgement"))
        assert path.rpartition("/")[2] not in stored
        await world.tidy()


async def test_an_emergency_centre_is_told_everything_and_the_look_is_on_record(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("THE_SECRET", "key")
    parties = (
        f'[parties.120]\npersonal = true\nchannels = [{{ name = "one", webhook = "{receiver.url}",'
        ' secret_env = "THE_SECRET" }]\n'
    )
    async with a_town(engine, tmp_path, parties) as world:
        desk = await world.desk("op1")
        incident_id = await world.call_for_help()
        answer = await desk.post(f"/incidents/{incident_id}/parties/120/tell")
        assert answer.status_code == 200, answer.text
        heard = await receiver.next()
        assert heard["signature"]
        assert heard["resident"]["address"] == "R1 号楼"
        assert heard["resident"]["medical"] == "青霉素过敏"
        assert heard["resident"]["key_note"] == "钥匙在邻居家"
        assert heard["place"]["lon"] == 113.01
        looks = await world.sql("SELECT resident_id, incident_id FROM look WHERE what = 'handover'")
        assert [tuple(row) for row in looks] == [("R1", incident_id)]
        kept = str(await world.sql("SELECT payload::text, audience FROM outbox"))
        assert not [name for name in NAMES if name in kept]
        await world.tidy()


async def test_a_command_that_says_acknowledged_speaks_for_the_party(
    engine: AsyncEngine, tmp_path: Path
):
    script = tmp_path / "call.py"
    script.write_text("print('ringing')\nprint('acknowledged')\n", "utf-8")
    parties = (
        '[parties.family]\nchannels = [{ name = "call", command = '
        f'"{sys.executable} {script}" }}]\n'
    )
    async with a_town(engine, tmp_path, parties) as world:
        desk = await world.desk("op1")
        incident_id = await world.call_for_help()
        notices = world.book.incidents
        await until(lambda: notices[incident_id].notice("family").state == "acknowledged")
        assert (await party_of(desk, incident_id, "family"))["by_name"] == "family"
        await world.tidy()


async def test_a_party_that_is_silent_is_told_by_its_next_channel(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    parties = (
        f'[parties.120]\nchannels = [{{ name = "dead", webhook = "http://127.0.0.1:9/" }},'
        f' {{ name = "live", webhook = "{receiver.url}" }}]\n'
    )
    async with a_town(engine, tmp_path, parties) as world:
        desk = await world.desk("op1")
        incident_id = await world.call_for_help()
        await desk.post(f"/incidents/{incident_id}/parties/120/tell")
        await desk.post(f"/incidents/{incident_id}/claim")
        facts = await lapse(world, "notice", incident_id)
        assert [one.channel for one in facts if isinstance(one, PartyTold)] == [1]
        assert (await receiver.next())["attempt"] == 2
        view = (await desk.get(f"/incidents/{incident_id}")).json()
        assert view["siren"]
        await world.tidy()


async def test_a_party_without_a_channel_is_the_desks_to_telephone(
    engine: AsyncEngine, tmp_path: Path
):
    async with a_town(engine, tmp_path) as world:
        desk = await world.desk("op1")
        incident_id = await world.call_for_help()
        row = await party_of(desk, incident_id, "family")
        assert (row["by_hand"], row["state"]) == (True, "told")
        answer = await desk.post(f"/incidents/{incident_id}/parties/family/acknowledge")
        assert answer.status_code == 200, answer.text
        row = await party_of(desk, incident_id, "family")
        assert (row["state"], row["by_name"]) == ("acknowledged", "desk op1")
        assert await world.sql("SELECT 1 FROM outbox WHERE audience <> 'outside'") == []
        await world.tidy()


@pytest.mark.parametrize("what", ["tell", "acknowledge"])
async def test_who_may_tell_a_party_and_which(engine: AsyncEngine, tmp_path: Path, what: str):
    async with a_town(engine, tmp_path) as world:
        incident_id = await world.call_for_help()
        path = f"/incidents/{incident_id}/parties"
        near, far = await world.desk("op1"), await world.desk("far")
        assert (await far.post(f"{path}/120/{what}")).status_code == 404
        assert (await near.post(f"{path}/nobody/{what}")).status_code == 404
        assert (await near.post(f"{path}/a b/{what}")).status_code == 422
        await world.tidy()
        assert (await near.post(f"{path}/120/{what}")).status_code == 409


async def test_a_token_that_nobody_was_sent_opens_nothing(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    async with a_town(engine, tmp_path, channel(receiver, "family")) as world:
        await world.call_for_help()
        path = (await receiver.next())["acknowledge"]
        assert (await world.web.post(path[:-43] + "A" * 43)).status_code == 404
        assert (await world.web.post(path[:-1])).status_code == 422
        assert world.service.security.wrong.totals() == {"acknowledgement": 1}
        await world.tidy()
        assert (await world.web.post(path)).status_code == 409  # it ended with the incident


# Caregivers


async def test_an_offer_that_no_screen_shows_leaves_by_message(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    async with a_town(engine, tmp_path, sms_webhook=receiver.url) as world:
        incident_id = await world.call_for_help()
        before = len(world.book.incidents[incident_id].offers)
        await lapse(world, "shown", incident_id)
        assert len(world.book.incidents[incident_id].offers) == before + 1
        heard = await receiver.next()
        assert (heard["caregiver_id"], heard["offer_id"]) == ("C1", f"{incident_id}.1")
        assert "telephone" in heard
        await until(lambda: "message" in world.book.offers[f"{incident_id}.1"].sent)
        assert "telephone" not in str(await world.sql("SELECT payload::text FROM outbox"))
        await world.tidy()


async def test_an_offer_is_sent_by_a_stream_and_by_a_look(engine: AsyncEngine, tmp_path: Path):
    async with a_town(engine, tmp_path) as world, knocking(world) as doors:
        phone = await world.caregiver("C1")
        async with doors.telephone(phone) as line:
            incident_id = await world.call_for_help()
            await line.until(lambda frame: bool(frame["offers"]))
            await until(lambda: bool(world.book.offers[f"{incident_id}.1"].sent))
        for _ in range(2):
            await phone.get(f"{CAREGIVER}/state")
        facts = await facts_on_record(world.service.engine)
        sent = [(one.offer_id, one.channel) for one in facts if isinstance(one, OfferSent)]
        assert sent == [(f"{incident_id}.1", "stream"), (f"{incident_id}.1", "poll")]
        await world.tidy()


# Officers


async def test_the_officer_of_a_wider_area_is_told_by_message(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    async with a_town(engine, tmp_path, sms_webhook=receiver.url) as world:
        adm, far = await world.desk("adm"), await world.desk("op1")
        put = f"http://{HOST}/api/v1/admin/areas/S1/officer"
        body = {"officer": "zhou", "telephone": "19900001234"}
        answer = await world.web.put(put, headers=dict(adm.headers), json=body)
        assert answer.json() == {"area_id": "S1", **body}
        assert (await world.web.put(put, headers=dict(far.headers), json=body)).status_code == 403
        incident_id = await world.call_for_help(kind="life_assistance")
        for _ in range(2):  # the grid, the community, the street
            await lapse(world, "step", incident_id)
        heard = await receiver.next()
        assert (heard["party"], heard["telephone"]) == ("officer:S1", "19900001234")
        assert "19900001234" not in str(await world.sql("SELECT body::text FROM fact"))
        answer = await world.web.put(put, headers=dict(adm.headers), json={"officer": ""})
        shown = await world.web.get(put, headers=dict(adm.headers))
        assert answer.json() == shown.json() == {"area_id": "S1", "officer": "", "telephone": ""}
        assert world.book.officers == {}
        await world.tidy()


# Handled at level


async def test_a_closed_call_says_at_which_level_it_was_handled_and_is_counted(
    engine: AsyncEngine, tmp_path: Path
):
    async with a_town(engine, tmp_path) as world:
        desk = await world.desk("op1")
        incident_id = await world.call_for_help()
        closed = await desk.post(f"/incidents/{incident_id}/close", disposition="handed_to_120")
        assert closed.json()["handled_at"] == "emergency"
        (past,) = (await desk.get("/incidents?open=false")).json()["items"]
        assert past["handled_at"] == "emergency"
        registry = world.service.metrics.registry
        labels = {"level": "emergency"}
        assert registry.get_sample_value("ydt_incidents_handled_total", labels) == 1


# The doctor


async def test_the_doctor_names_whom_a_plan_tells_and_nobody_can_tell(
    engine: AsyncEngine, database_url: str, tmp_path: Path, receiver: Receiver
):
    async with a_town(engine, tmp_path):
        pass
    file = tmp_path / "parties.toml"
    settings = {"DATABASE_URL": database_url, "sms_webhook": receiver.url}
    findings = await examine(Settings(**settings))
    noted = [one.words for one in findings if one.verdict is Verdict.NOTE]
    assert any("120, family, property" in words for words in noted)
    named = "".join(channel(receiver, one) for one in ("120", "family", "property"))
    file.write_text(named, "utf-8")
    findings = await examine(Settings(**settings, parties=file))
    assert any(one.words == "Whoever a plan tells can be told." for one in findings)
    file.write_text("[parties.officer]\n", "utf-8")
    findings = await examine(Settings(**settings, parties=file))
    assert any("[parties.officer]" in one.words for one in findings)


# Families


async def test_the_family_that_is_let_in_is_told_each_step_in_its_language_and_no_name(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    async with a_town(engine, tmp_path, sms_webhook=receiver.url) as world:
        desk = await world.desk("op1")
        path = f"http://{HOST}/api/v1/operator/families/residents/R1/invitations"
        for name, telephone, language, is_in in (
            ("李丽", "13900000001", "zh", True),
            ("Li Ming", "13900000002", "en", True),
            ("王芳", "13900000003", "zh", False),
        ):
            body = {"name": name, "telephone": telephone, "language": language, "send": not is_in}
            said = (await world.web.post(path, headers=dict(desk.headers), json=body)).json()
            if is_in:
                code = {"code": said["code"]}
                await world.web.post(f"http://{HOST}/api/v1/family/enter", json=code)
            else:
                heard = await receiver.next()
                assert said["sent"] is True
                assert (heard["telephone"], heard["link"]) == (telephone, said["link"])

        async def told() -> dict[str, str]:
            heard = [await receiver.next() for _ in range(2)]
            assert {one["resident_id"] for one in heard} == {"R1"}
            assert not [name for name in (*NAMES, "李丽", "Li Ming") if name in str(heard)]
            return {one["telephone"]: one["text"] for one in heard}

        incident_id = await world.call_for_help()
        called = await told()
        assert re.fullmatch(r"一点通：您的家人 \d\d:\d\d 按了呼叫，.*", called["13900000001"])
        assert re.fullmatch(r".* called for help at \d\d:\d\d\..*", called["13900000002"])
        phone = await world.caregiver("C1")
        offer = await world.offered("C1")
        await phone.post(f"{CAREGIVER}/offers/{offer}/accept")
        assert "about 1 min" in (await told())["13900000002"]
        await phone.post(f"{CAREGIVER}/attendances/{offer}/on_scene")
        assert "已到您家人身边" in (await told())["13900000001"]
        await phone.post(f"{CAREGIVER}/attendances/{offer}/done", {"outcome": "helped"})
        await desk.post(f"/incidents/{incident_id}/close", disposition="helped")
        assert "ended" in (await told())["13900000002"]
        assert "1390000" not in str(await world.sql("SELECT payload::text FROM outbox"))


async def test_no_message_tells_a_family_of_a_silent_call(
    engine: AsyncEngine, tmp_path: Path, receiver: Receiver
):
    async with a_town(engine, tmp_path, sms_webhook=receiver.url) as world:
        for kind in ("threat", "low_battery"):
            await (await world.handset()).send(press(kind))
        rows = await world.sql("SELECT audience FROM outbox WHERE audience LIKE 'kin%'")
        assert rows == []
        await world.tidy()
        await world.call_for_help()
        rows = await world.sql("SELECT audience FROM outbox WHERE audience LIKE 'kin%'")
        assert rows == [("kin",)]
        await world.tidy()
