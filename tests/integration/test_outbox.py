"""Messages to the outside: on a real database, with channels that do as the story says."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.metrics import Metrics
from app.outside.channels import (
    ChannelFailed,
    CommandChannel,
    WebhookChannel,
    channels_of,
    signature,
)
from app.outside.outbox import NO_CHANNEL, Outbox
from app.outside.parties import Parties
from app.service import Service
from app.settings import Settings
from dispatch.errors import UnknownSubject
from dispatch.requests import OutsideFailed, Request
from tests.integration.house import a_house
from tests.integration.lives import Lives

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
WITHIN_S = 10.0  # reached only when a test fails


class Desk:
    """The center, as the outbox knows it."""

    def __init__(self) -> None:
        self.now = NOON
        self.has_messages = asyncio.Event()
        self.told: list[OutsideFailed] = []
        self.refusal: Exception | None = None
        self.has_been_told = asyncio.Event()

    async def call(self, request: Request) -> list[object]:
        if self.refusal is not None:
            raise self.refusal
        assert isinstance(request, OutsideFailed)
        self.told.append(request)
        self.has_been_told.set()
        return []


@dataclass
class Phone:
    """A channel that takes messages, fails, or does not answer."""

    name: str = "phone"
    fails: bool = False
    is_silent: bool = False
    heard: list[dict] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    is_closed: bool = False

    async def send(self, message_id: int, body: bytes) -> None:
        self.asked.set()
        if self.is_silent:
            await asyncio.Event().wait()
        if self.fails:
            raise ChannelFailed("is engaged")
        self.heard.append(json.loads(body))

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class Parts:
    """What the outbox needs of a service."""

    engine: AsyncEngine
    center: Desk
    metrics: Metrics
    settings: Settings
    parties: Parties = field(default_factory=Parties)


@dataclass
class Story:
    engine: AsyncEngine
    desk: Desk
    parts: Parts

    def outbox(self, *channels: Phone) -> Outbox:
        return Outbox(cast(Service, self.parts), channels=channels)

    async def message(self, *, expires_at: datetime = NOON + timedelta(minutes=10)) -> int:
        rows = await self.sql(
            "INSERT INTO outbox (fact_number, incident_id, payload, expires_at)"
            ' VALUES (7, \'I5\', \'{"incident_id": "I5", "kind": "sos"}\', :at) RETURNING id',
            at=expires_at,
        )
        return rows[0][0]

    async def row(self, message_id: int):
        return (
            await self.sql(
                "SELECT *, not_before - now() AS wait FROM outbox WHERE id = :id", id=message_id
            )
        )[0]

    async def sql(self, statement: str, **arguments: object) -> list:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement), arguments)
            return list(result.all()) if result.returns_rows else []

    def counted(self, result: str) -> float:
        found = self.parts.metrics.registry.get_sample_value(
            "ydt_outside_messages_total", {"result": result}
        )
        return found or 0.0


@pytest.fixture
async def story(engine: AsyncEngine) -> Story:
    desk = Desk()
    return Story(engine, desk, Parts(engine, desk, Metrics(), Settings()))


async def test_a_message_is_given_to_every_channel_and_settled(story: Story):
    number = await story.message()
    one, two = Phone(), Phone(name="radio")
    assert await story.outbox(one, two).deliver() == 1
    assert one.heard == two.heard == [{"id": number, "incident_id": "I5", "kind": "sos"}]
    assert (await story.row(number)).delivered_at is not None
    assert story.counted("delivered") == 1
    assert await story.outbox(one, two).deliver() == 0


async def test_a_message_that_a_channel_refuses_is_tried_again_more_and_more_slowly(story: Story):
    number = await story.message()
    outbox = story.outbox(Phone(fails=True))
    waits = []
    for _ in range(6):
        await outbox.deliver()
        row = await story.row(number)
        waits.append(round(row.wait.total_seconds()))
        assert row.last_error == "phone is engaged"
        assert row.delivered_at is row.lease_until is None
        assert await outbox.deliver() == 0  # not before it is due
        await story.sql("UPDATE outbox SET not_before = now()")
    assert waits == [1, 2, 5, 10, 30, 30]
    assert story.counted("failed") == 6


async def test_who_has_taken_a_message_is_not_told_again_while_the_other_refuses(story: Story):
    number = await story.message()
    good, bad = Phone(), Phone(name="radio", fails=True)
    outbox = story.outbox(good, bad)
    await outbox.deliver()
    assert (await story.row(number)).delivered_at is None
    bad.fails = False
    await story.sql("UPDATE outbox SET not_before = now()")
    await outbox.deliver()
    assert len(good.heard) == len(bad.heard) == 1
    assert (await story.row(number)).delivered_at is not None


async def test_an_expired_message_becomes_an_alarm_at_the_desk(story: Story):
    number = await story.message(expires_at=NOON)
    phone = Phone()
    await story.outbox(phone).deliver()
    assert phone.heard == []
    assert (await story.row(number)).expired_at is not None
    assert [alarm.incident_id for alarm in story.desk.told] == ["I5"]
    assert story.counted("expired") == 1


async def test_without_a_channel_the_desk_is_told_at_once(story: Story):
    number = await story.message()
    await story.outbox().deliver()
    assert [alarm.why for alarm in story.desk.told] == [NO_CHANNEL]
    assert (await story.row(number)).last_error == NO_CHANNEL


async def test_a_desk_that_refuses_the_alarm_does_not_stop_the_outbox(story: Story):
    number = await story.message(expires_at=NOON)
    story.desk.refusal = UnknownSubject("open incident", "I5")
    await story.outbox(Phone()).deliver()
    assert (await story.row(number)).expired_at is not None


async def test_a_message_on_lease_is_nobody_elses_until_the_lease_ends(story: Story):
    number = await story.message()
    await story.sql("UPDATE outbox SET lease_until = now() + interval '30 seconds'")
    phone = Phone()
    assert await story.outbox(phone).deliver() == 0
    await story.sql("UPDATE outbox SET lease_until = now()")
    assert await story.outbox(phone).deliver() == 1
    assert phone.heard[0]["id"] == number


async def test_two_outboxes_never_deliver_the_same_message(story: Story):
    for _ in range(25):
        await story.message()
    one, two = Phone(), Phone()
    first, second = story.outbox(one), story.outbox(two)

    async def drain(outbox: Outbox) -> None:
        while await outbox.deliver():
            pass

    await asyncio.gather(drain(first), drain(second))
    heard = [message["id"] for message in (*one.heard, *two.heard)]
    assert len(heard) == len(set(heard)) == 25


async def test_a_stop_gives_back_what_is_under_way(story: Story):
    number = await story.message()
    phone = Phone(is_silent=True)
    outbox = story.outbox(phone)
    async with asyncio.timeout(WITHIN_S):
        task = asyncio.create_task(outbox.run())
        await phone.asked.wait()
        outbox.stop()
        await task
    row = await story.row(number)
    assert (row.lease_until, row.attempts, row.delivered_at) == (None, 0, None)
    assert phone.is_closed


async def test_news_wakes_the_outbox_at_once(story: Story):
    outbox = story.outbox()
    async with asyncio.timeout(4):  # it would look by itself after five seconds
        task = asyncio.create_task(outbox.run())
        await story.message()
        story.desk.has_messages.set()
        await story.desk.has_been_told.wait()
        outbox.stop()
        await task


async def test_in_a_whole_service_a_call_that_nobody_can_take_alarms_the_outside(
    engine: AsyncEngine, tmp_path: Path
):
    file = tmp_path / "heard"
    os.mkfifo(file)
    script = f"import sys; open({str(file)!r}, 'w').write(sys.stdin.read())"
    async with a_house(engine, alarm_command=f'"{sys.executable}" -c "{script}"') as house:
        lives = Lives(house.service)
        await lives.begin()
        incident_id = await lives.press()  # and nobody sits at a desk
        async with asyncio.timeout(WITHIN_S):
            heard = json.loads(await asyncio.to_thread(file.read_text))
    assert heard["incident_id"] == incident_id
    assert "李" not in json.dumps(heard, ensure_ascii=False)


# Channels


async def test_a_command_reads_the_message_and_its_status_is_the_answer(tmp_path: Path):
    file = tmp_path / "heard"
    script = f"import sys; open({str(file)!r}, 'w').write(sys.stdin.read())"
    await CommandChannel(f'"{sys.executable}" -c "{script}"').send(1, b'{"id": 1}')
    assert file.read_text() == '{"id": 1}'


async def test_a_command_is_never_given_to_a_shell(tmp_path: Path):
    file = tmp_path / "made"
    await CommandChannel(f"true ; touch {file} && true").send(1, b"{}")
    assert not file.exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("false", "ended with status 1"),
        ("/nowhere/alarm", "cannot be run"),
        (f'"{sys.executable}" -c "import sys; sys.exit(\'no signal\')"', "no signal"),
    ],
)
async def test_a_command_that_fails_says_why(command: str, why: str):
    with pytest.raises(ChannelFailed, match=why):
        await CommandChannel(command).send(1, b"{}")


async def test_a_command_that_hangs_is_ended_with_all_it_started():
    with pytest.raises(ChannelFailed, match="has not ended"):
        await CommandChannel("sh -c 'sleep 60 & sleep 60'", within_s=0.05).send(1, b"{}")


async def test_a_webhook_is_signed_and_carries_its_key_of_idempotency():
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(202)

    channel = WebhookChannel(
        "https://alarm.example/", b"key", transport=httpx.MockTransport(answer)
    )
    await channel.send(17, b'{"id": 17}')
    await channel.close()
    assert seen[0].headers["idempotency-key"] == "17"
    assert seen[0].headers["x-ydt-signature"] == signature(b"key", b'{"id": 17}')
    assert seen[0].content == b'{"id": 17}'


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_a_webhook_that_does_not_say_yes_has_failed(status: int):
    transport = httpx.MockTransport(lambda _: httpx.Response(status))
    channel = WebhookChannel("https://alarm.example/", None, transport=transport)
    with pytest.raises(ChannelFailed, match=str(status)):
        await channel.send(1, b"{}")
    await channel.close()


async def test_a_webhook_that_is_not_reached_has_failed_without_naming_its_url():
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to alarm.example", request=request)

    channel = WebhookChannel(
        "https://alarm.example/?key=secret", None, transport=httpx.MockTransport(answer)
    )
    with pytest.raises(ChannelFailed) as failed:
        await channel.send(1, b"{}")
    assert "secret" not in str(failed.value)
    await channel.close()


async def test_the_settings_say_which_channels_there_are():
    assert channels_of(Settings()) == []
    both = channels_of(Settings(alarm_command="true", alarm_webhook="https://alarm.example/"))
    assert [channel.name for channel in both] == ["command", "webhook"]
    for channel in both:
        await channel.close()


def test_the_signature_is_hmac_sha256():
    # Source: RFC 4231, test case 2
    wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature(b"Jefe", b"what do ya want for nothing?") == f"sha256={wanted}"
