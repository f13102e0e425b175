"""The ways out of the house: a program on this machine, and a webhook. Each says yes or why not.

POST /alarm HTTP/1.1
Content-Type: application/json
Idempotency-Key: 17
X-Ydt-Signature: sha256=5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0

{"id": 17, "incident_id": "I5", "kind": "sos", "gravity": "life_threat", …}
"""

import asyncio
import hmac
import os
import shlex
import signal
from contextlib import suppress
from typing import Final, Protocol

import httpx

from app.settings import Settings

COMMAND_WITHIN_S: Final = 20.0
WEBHOOK_WITHIN_S: Final = 5.0
MESSENGER_WITHIN_S: Final = 5.0  # a message to a caregiver must not hold up one to 120
SAID_BYTES_MAX: Final = 300
ACKNOWLEDGED: Final = b"acknowledged"


class ChannelFailed(Exception):
    """The other side did not take the message; the sentence says why."""


class Channel(Protocol):
    """One way out."""

    name: str

    async def send(self, message_id: int, body: bytes) -> bool | None:
        """Return once the other side has taken the message; it may be told twice.

        True says that it has not only taken it: a person there knows.

        Raises:
            ChannelFailed: it has not, or nobody knows.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class CommandChannel:
    """Runs a program for each message: JSON on its stdin, exit status 0 for yes. Never a shell.

    A line `acknowledged` on its standard output says that a person there knows.
    """

    def __init__(
        self, command: str, *, name: str = "command", within_s: float = COMMAND_WITHIN_S
    ) -> None:
        self.name = name
        self._words = shlex.split(command)
        self._within_s = within_s

    async def send(self, message_id: int, body: bytes) -> bool:
        """Run the program, and everything it starts, for at most twenty seconds."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise ChannelFailed(f"cannot be run: {error}") from error
        try:
            async with asyncio.timeout(self._within_s):
                answer, said = await process.communicate(body)
        except TimeoutError as error:
            raise ChannelFailed(f"has not ended after {self._within_s:.0f} s") from error
        finally:
            await _end(process)
        if process.returncode != 0:
            words = said[-SAID_BYTES_MAX:].decode("utf-8", "replace").strip()
            raise ChannelFailed(f"ended with status {process.returncode}: {words}")
        return ACKNOWLEDGED in answer.splitlines()

    async def close(self) -> None:
        """Nothing is kept open."""


class WebhookChannel:
    """Posts each message to a URL; any 2xx is a yes."""

    def __init__(
        self,
        url: str,
        secret: bytes | None,
        *,
        name: str = "webhook",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self._url = url
        self._secret = secret
        self._client = httpx.AsyncClient(timeout=WEBHOOK_WITHIN_S, transport=transport)

    async def send(self, message_id: int, body: bytes) -> None:
        """Post the message, signed if there is a key. Redirections are not followed."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(message_id)}
        if self._secret is not None:
            headers["X-Ydt-Signature"] = signature(self._secret, body)
        try:
            async with asyncio.timeout(WEBHOOK_WITHIN_S):
                answer = await self._client.post(self._url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise ChannelFailed(f"was not reached: {type(error).__name__}") from error
        if not answer.is_success:
            raise ChannelFailed(f"answered {answer.status_code}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def channels_of(settings: Settings) -> list[Channel]:
    """Return the ways out that are configured; none at all is a fault that `doctor` names."""
    channels: list[Channel] = []
    if settings.alarm_command.strip():
        channels.append(CommandChannel(settings.alarm_command))
    if settings.alarm_webhook.strip():
        secret = settings.alarm_webhook_secret
        key = secret.get_secret_value().encode() if secret is not None else None
        channels.append(WebhookChannel(settings.alarm_webhook.strip(), key or None))
    return channels


def messengers_of(settings: Settings) -> list[Channel]:
    """Return the ways by which caregivers and officers are told: text message or telephone."""
    channels: list[Channel] = []
    if settings.sms_command.strip():
        command = settings.sms_command
        channels.append(CommandChannel(command, within_s=MESSENGER_WITHIN_S))
    if settings.sms_webhook.strip():
        secret = settings.sms_webhook_secret
        key = secret.get_secret_value().encode() if secret is not None else None
        channels.append(WebhookChannel(settings.sms_webhook.strip(), key or None))
    return channels


def signature(secret: bytes, body: bytes) -> str:
    """Return what stands in X-Ydt-Signature: HMAC-SHA256 of the body, in hexadecimal."""
    return f"sha256={hmac.new(secret, body, 'sha256').hexdigest()}"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the program's whole family, and wait until it is gone."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
