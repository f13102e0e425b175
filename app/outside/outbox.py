"""Tells the outside what nobody at the desk took: at least once, or an alarm that it failed.

A message is leased, given to every channel of its audience, and settled when all have taken it.
What fails is tried again, more and more slowly, until it expires; then the desk is told, in words.
A party has a deadline of its own in the rules, and a caregiver's offer is others' by then.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.center import CenterStopped, NotRecordable
from app.inbox import InboxFull
from app.outside.channels import Channel, ChannelFailed, channels_of
from app.outside.leaving import KIN_MEMBER, body_of
from app.service import Service
from app.storage import family, messages
from app.storage.letters import KIN
from app.storage.messages import Message
from dispatch.errors import DispatchError
from dispatch.ids import IncidentId, OfferId
from dispatch.requests import AcknowledgeParty, OfferDelivered, OutsideFailed, Request

log = structlog.get_logger()

LOOK_EVERY_S: Final = 5.0
RETRY_AFTER: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30))
OUTSIDE: Final = "outside"  # whoever is called when nobody at the desk takes a call
NO_CHANNEL: Final = "no channel is configured"


class Outbox:
    """Delivers messages until `stop`. Several may run: each takes what no other holds."""

    def __init__(self, service: Service, *, channels: Sequence[Channel] | None = None) -> None:
        """Take the channels from the settings, unless they are given."""
        self._service = service
        self._engine = service.engine
        self._center = service.center
        self._metrics = service.metrics
        self._channels = channels_of(service.settings) if channels is None else list(channels)
        self._told: dict[int, set[str]] = {}  # who has taken a message that others still refuse
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Deliver until `stop`; what is under way then is given back untold."""
        while not self._stopping.is_set():
            self._center.has_messages.clear()
            try:
                while await self.deliver():
                    pass
                wait_s = await messages.seconds_until_next(self._engine)
            except (SQLAlchemyError, OSError) as error:
                log.warning("the outbox waits for the database", reason=type(error).__name__)
                wait_s = LOOK_EVERY_S
            await self._wait(
                LOOK_EVERY_S if wait_s is None else min(max(wait_s, 0.1), LOOK_EVERY_S)
            )
        for channel in self._channels:
            await channel.close()
        await self._service.parties.close()

    def stop(self) -> None:
        """Let `run` end at once."""
        self._stopping.set()

    async def deliver(self) -> int:
        """Deliver what is due, once; return how many messages that were."""
        taken = await messages.take(self._engine)
        if not taken or self._stopping.is_set():
            await messages.release(self._engine, [message.id for message in taken])
            return 0
        work = asyncio.gather(*map(self._deliver, taken), return_exceptions=True)
        stop = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                await _cancelled(work)
                await messages.release(self._engine, [message.id for message in taken])
                return 0
        finally:
            await _cancelled(stop)
            await _cancelled(work)
        for fault in work.result():
            if fault is not None:
                raise fault
        return len(taken)

    async def _deliver(self, message: Message) -> None:
        if message.audience == KIN:
            await self._spread(message)
            return
        channels = self._ways(message)
        if not channels:
            await self._give_up(message, NO_CHANNEL)
        elif message.expires_at <= self._center.now:
            await self._give_up(message, "nobody outside has taken it in time")
        else:
            why = await self._tell(message, channels)
            if why:
                await self._try_again(message, why)
            else:
                await self._settle(message)

    def _ways(self, message: Message) -> Sequence[Channel]:
        if message.audience == OUTSIDE:
            return self._channels
        payload = msgspec.json.decode(message.payload, type=dict[str, Any])
        return self._service.parties.ways(message.audience, payload.get("channel", 0))

    async def _tell(self, message: Message, channels: Sequence[Channel]) -> str:
        """Give the message to every channel that has not taken it; return who refuses and why."""
        told = self._told.setdefault(message.id, set())
        left = [channel for channel in channels if channel.name not in told]
        body = await body_of(self._service, message)
        results = await asyncio.gather(*(_send(channel, message.id, body) for channel in left))
        for channel, (why, is_known) in zip(left, results, strict=True):
            if not why:
                told.add(channel.name)
            if is_known:
                await self._acknowledge(message)
        return "; ".join(why for why, _ in results if why)

    async def _spread(self, message: Message) -> None:
        """Put a message for each of the family that is let in in the place of the one for all."""
        payload = msgspec.json.decode(message.payload, type=dict[str, Any])
        members = await family.let_in(self._engine, payload["resident_id"])
        each = [msgspec.json.encode({**payload, "member_id": one}).decode() for one in members]
        await messages.spread(self._engine, message.id, KIN_MEMBER, each)

    async def _acknowledge(self, message: Message) -> None:
        """Put on record what the channel said at once: that the party knows."""
        party = msgspec.json.decode(message.payload, type=dict[str, Any]).get("party")
        if party is not None:
            incident_id = IncidentId(message.incident_id)
            await self._say(AcknowledgeParty(incident_id=incident_id, party=party, by=party))

    async def _settle(self, message: Message) -> None:
        await messages.delivered(self._engine, message.id)
        self._told.pop(message.id, None)
        self._metrics.messages.labels("delivered").inc()
        if message.audience == "caregiver":
            offer_id = msgspec.json.decode(message.payload, type=dict[str, Any])["offer_id"]
            await self._say(OfferDelivered(offer_id=OfferId(offer_id), channel="message"))
        log.info("the outside was told", message=message.id, incident=message.incident_id)

    async def _try_again(self, message: Message, why: str) -> None:
        delay = RETRY_AFTER[min(message.attempts, len(RETRY_AFTER)) - 1]
        await messages.later(self._engine, message.id, delay, why)
        self._metrics.messages.labels("failed").inc()
        log.warning(
            "the outside was not told, trying again",
            message=message.id,
            incident=message.incident_id,
            attempt=message.attempts,
        )

    async def _give_up(self, message: Message, why: str) -> None:
        """Say in the log that nobody outside knows of this call, and at the desk if none else does.

        A party that is silent, for whatever reason, is heard of by its deadline.
        """
        if message.audience == OUTSIDE:
            incident_id = IncidentId(message.incident_id)
            await self._say(OutsideFailed(incident_id=incident_id, why=why))
        await messages.expired(self._engine, message.id, why)
        self._told.pop(message.id, None)
        self._metrics.messages.labels("expired").inc()
        tell = log.error if message.audience == OUTSIDE else log.warning
        tell(
            "a message has reached nobody",
            message=message.id,
            incident=message.incident_id,
            audience=message.audience,
            why=why,
        )

    async def _say(self, request: Request) -> None:
        try:
            await self._center.call(request)
        except (DispatchError, InboxFull, NotRecordable, CenterStopped) as error:
            log.warning(
                "the center was not told",
                request=type(request).__name__,
                reason=type(error).__name__,
            )

    async def _wait(self, seconds: float) -> None:
        """Wait until there is a message, or so many seconds (at most five), or the stop."""
        news = [
            asyncio.ensure_future(event.wait())
            for event in (self._center.has_messages, self._stopping)
        ]
        try:
            await asyncio.wait(
                news, timeout=min(seconds, LOOK_EVERY_S), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for one in news:
                await _cancelled(one)


async def _send(channel: Channel, message_id: int, body: bytes) -> tuple[str, bool]:
    """Give one message to one channel; return why it was not taken, and whether they know already.

    Taken is "".
    """
    try:
        is_known = await channel.send(message_id, body)
    except ChannelFailed as failure:
        return f"{channel.name} {failure}", False
    return "", bool(is_known)


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    """Cancel a task and wait for its end; a finished one stays as it is."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
