"""HTTP/1.1 as small as players need it: one request at a time on connections that are kept.

Hundreds of handsets and phones share it, so it is light; and a request that is broken off in the
middle takes its connection with it, so nothing is left open.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

HEAD_BYTES_MAX: Final = 65_536
KEPT_FOR_S: Final = 30.0  # less than servers do, so that none is closed under a request
CONNECT_WITHIN_S: Final = 10.0
ERRORS_FROM: Final = 400

_END: Final = b"\r\n\r\n"


class NoConnection(Exception):
    """The server could not be reached at all."""


class NoAnswer(Exception):
    """The request was sent, and the connection broke before all of the answer was there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_error(self) -> bool:
        """Whether the server refused or failed."""
        return self.status >= ERRORS_FROM

    def json(self) -> Any:  # noqa: ANN401 - what the server says is JSON
        """Return the body, None when there is none.

        Raises:
            msgspec.DecodeError: it is not JSON.
        """
        return msgspec.json.decode(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class _Line:
    """One open connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_open(self) -> bool:
        return not (self.reader.at_eof() or self.writer.transport.is_closing())


class Wire:
    """The way to one server; opens as many connections as there are requests at once."""

    def __init__(self, url: str, *, within_s: float) -> None:
        """Take the server's address, and how long an answer may take."""
        parts = urlsplit(url)
        self._is_safe = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._is_safe else 80)
        self._name = parts.netloc.rpartition("@")[2]
        self._within_s = within_s
        self._idle: list[tuple[float, _Line]] = []  # since when, the latest last

    async def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Send a request and return the answer.

        Raises:
            NoConnection: nothing was sent.
            NoAnswer: it was sent; whether it was done is not known.
        """
        line = self._kept() or await self._connected()
        is_whole = False
        try:
            async with asyncio.timeout(self._within_s):
                line.writer.write(self._head(method, target, headers, body) + body)
                await line.writer.drain()
                answer = await _answer(line.reader)
            is_whole = answer.headers.get("connection", "").lower() != "close"
        except (OSError, EOFError, ValueError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from error
        finally:
            if is_whole:
                self._idle.append((time.monotonic(), line))
            else:
                line.writer.transport.abort()
        return answer

    async def close(self) -> None:
        """Close the connections that are idle; the others end with their requests."""
        for _, line in self._idle:
            line.writer.transport.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # transports close in the next turn of the loop

    def _kept(self) -> _Line | None:
        """Return an open connection that is idle, the last used first."""
        while self._idle:
            since, line = self._idle.pop()
            if line.is_open and time.monotonic() - since < KEPT_FOR_S:
                return line
            line.writer.transport.abort()
        return None

    async def _connected(self) -> _Line:
        context = ssl.create_default_context() if self._is_safe else None
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                opened = await asyncio.open_connection(
                    self._host, self._port, ssl=context, limit=HEAD_BYTES_MAX
                )
        except (OSError, TimeoutError) as error:
            raise NoConnection(type(error).__name__) from error
        return _Line(*opened)

    def _head(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        fields = {"Host": self._name, "Content-Length": str(len(body)), **headers}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {fields[name]}" for name in fields)]
        return "\r\n".join(lines).encode("latin-1") + _END


async def _answer(reader: asyncio.StreamReader) -> Answer:
    """Read one answer.

    Raises:
        OSError, EOFError: the connection broke.
        ValueError: this is not HTTP.
    """
    try:
        head = (await reader.readuntil(_END)).decode("latin-1")
    except asyncio.LimitOverrunError as error:
        raise ValueError("a head without end") from error
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    fields = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    status = int(first.split(" ", 2)[1])
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Answer(status, headers, await _chunks(reader))
    return Answer(status, headers, await reader.readexactly(int(headers.get("content-length", 0))))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts: list[bytes] = []
    while size := int((await reader.readline()).partition(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return b"".join(parts)
