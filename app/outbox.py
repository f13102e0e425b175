"""Tells the outside what nobody at the desk took: at least once, or an alarm that it failed.

A message is leased, given to every configured channel, and settled when all have taken it. What
fails is tried again, more and more slowly, until it expires; then the desk is told, in words.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.center import CenterStopped, NotRecordable
from app.channels import Channel, ChannelFailed, channels_of
from app.inbox import InboxFull
from app.service import Service
from app.storage import messages
from app.storage.messages import Message
from dispatch.errors import DispatchError
from dispatch.ids import IncidentId
from dispatch.requests import OutsideFailed

log = structlog.get_logger()

LOOK_EVERY_S: Final = 5.0
RETRY_AFTER: Final = tuple(timedelta(seconds=seconds) for seconds in (1, 2, 5, 10, 30))
NO_CHANNEL: Final = "no channel is configured"


class Outbox:
    """Delivers messages until `stop`. Several may run: each takes what no other holds."""

    def __init__(self, service: Service, *, channels: Sequence[Channel] | None = None) -> None:
        """Take the channels from the settings, unless they are given."""
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
        if not self._channels:
            await self._give_up(message, NO_CHANNEL)
        elif message.expires_at <= self._center.now:
            await self._give_up(message, "nobody outside has taken it in time")
        else:
            why = await self._tell(message)
            if why:
                await self._try_again(message, why)
            else:
                await self._settle(message)

    async def _tell(self, message: Message) -> str:
        """Give the message to every channel that has not taken it; return who refuses and why."""
        told = self._told.setdefault(message.id, set())
        left = [channel for channel in self._channels if channel.name not in told]
        results = await asyncio.gather(*(_send(channel, message) for channel in left))
        told.update(channel.name for channel, why in zip(left, results, strict=True) if not why)
        return "; ".join(why for why in results if why)

    async def _settle(self, message: Message) -> None:
        await messages.delivered(self._engine, message.id)
        self._told.pop(message.id, None)
        self._metrics.messages.labels("delivered").inc()
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
        """Say at the desk and in the log that nobody outside knows of this call."""
        await self._tell_desk(message, why)
        await messages.expired(self._engine, message.id, why)
        self._told.pop(message.id, None)
        self._metrics.messages.labels("expired").inc()
        log.error(
            "nobody outside was told of a call that nobody took",
            message=message.id,
            incident=message.incident_id,
            why=why,
        )

    async def _tell_desk(self, message: Message, why: str) -> None:
        request = OutsideFailed(incident_id=IncidentId(message.incident_id), why=why)
        try:
            await self._center.call(request)
        except (DispatchError, InboxFull, NotRecordable, CenterStopped) as error:
            log.warning("the desk was not told either", reason=type(error).__name__)

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


async def _send(channel: Channel, message: Message) -> str:
    """Give one message to one channel; return why it was not taken, "" when it was."""
    try:
        await channel.send(message.id, _body(message))
    except ChannelFailed as failure:
        return f"{channel.name} {failure}"
    return ""


def _body(message: Message) -> bytes:
    payload = msgspec.json.decode(message.payload, type=dict[str, object])
    return msgspec.json.encode({"id": message.id, **payload})


async def _cancelled(task: "asyncio.Future[Any]") -> None:
    """Cancel a task and wait for its end; a finished one stays as it is."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
