"""How fast all consoles are told, and what some that stall cost the others.

The consoles are sockets in this process that read frames and keep nothing but when they came.
"""

import asyncio
import json
import re
import secrets
import time
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final, cast

from websockets.asyncio.client import connect

from simulator.bench.figures import (
    LIMIT,
    Check,
    Figure,
    Findings,
    Target,
    neighbour_ratios,
    percentile,
)
from simulator.bench.load import LoadFailed
from simulator.bench.stage import Stage
from simulator.server import ADDRESS

FAN_OUT: Final = "fan_out"
STALLED: Final = "stalled_consoles"
STALLED_MEMORY: Final = "stalled_memory"
NAMES: Final = (FAN_OUT, STALLED)

FAN_OUT_TARGET: Final = Target(ratio=0.7, is_least=True)
STALLED_TARGET: Final = Target(ratio=2.0, is_least=False)
MEMORY_TARGET: Final = Target(ratio=1.0, is_least=False)
MEMORY_LIMIT_KIB: Final = 256.0  # for each console that stalls

CONSOLES: Final = 200
MANY: Final = 1_000
STALLED_COUNT: Final = 50
ROUNDS: Final = 5
SLICE_S: Final = 3.0
EVERY_S: Final = 0.05  # between two changes, where it is the delay that counts
JOIN_WITHIN_S: Final = 60.0
SETTLE_S: Final = 1.0

_CURSOR: Final = re.compile(rb'"cursor":"\d+:(\d+)"')
_INCIDENT: Final = b'{"type":"incident"'
_HEAD: Final = 80  # bytes of a frame: its type and cursor come first


async def measure(stage: Stage, names: frozenset[str], say: Callable[[str], None]) -> Findings:
    """Measure what was asked for, in slices that take turns with their references."""
    findings = Findings()
    if FAN_OUT in names:
        say(f"Telling {CONSOLES} consoles, {ROUNDS} times beside the reference.")
        findings += await _fan_out(stage)
    if STALLED in names:
        say(f"Telling {MANY:,} consoles, of which {STALLED_COUNT} stall every other time.")
        findings += await _stalled(stage)
    return findings


def frames_in(data: bytes, at: int = 0) -> Iterator[tuple[int, int]]:
    """Yield where the payload of each whole frame of a server begins and ends, from `at` on."""
    while len(data) - at >= 2:
        length, head = data[at + 1], 2
        if length == 126:
            length, head = int.from_bytes(data[at + 2 : at + 4]), 4
        elif length == 127:
            length, head = int.from_bytes(data[at + 2 : at + 10]), 10
        begin, at = at + head, at + head + length
        if at > len(data) or begin > len(data):
            return
        yield begin, at


class Console(asyncio.Protocol):
    """A socket that speaks as much of the protocol as it takes to be told."""

    def __init__(self, path: str = "/") -> None:
        self.is_open = asyncio.get_running_loop().create_future()
        self.came: list[tuple[int, float]] = []  # the number of a frame, and when it came
        self.frames = 0
        self.is_counting_only = False
        self._path = path
        self._data = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the websocket."""
        self.transport = sending = cast("asyncio.Transport", transport)
        key = b64encode(secrets.token_bytes(16)).decode()
        lines = (
            f"GET {self._path} HTTP/1.1",
            f"Host: {ADDRESS}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        )
        sending.write("\r\n".join((*lines, "", "")).encode())

    def data_received(self, data: bytes) -> None:
        """Count frames, and note which came when."""
        data = self._data + data if self._data else data
        at = 0
        if not self.is_open.done():
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._data = data
                return
            self.is_open.set_result(data.startswith(b"HTTP/1.1 101"))
        now = time.monotonic()
        for begin, end in frames_in(data, at):
            at = end
            if data.startswith(_INCIDENT, begin):
                self.frames += 1
                self._note(data, begin, now)
        self._data = data[at:]

    def _note(self, data: bytes, begin: int, now: float) -> None:
        if self.is_counting_only:
            return
        found = _CURSOR.search(data, begin, begin + _HEAD)
        if found is not None:
            self.came.append((int(found[1]), now))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits for the websocket know."""
        if not self.is_open.done():
            self.is_open.set_result(False)


@asynccontextmanager
async def _consoles(port: int, count: int) -> AsyncGenerator[list[Console]]:
    """Connect so many consoles for as long as the block runs."""
    loop = asyncio.get_running_loop()
    made: list[Console] = []
    try:
        async with asyncio.timeout(JOIN_WITHIN_S):
            for _ in range(count):
                _, console = await loop.create_connection(Console, ADDRESS, port)
                made.append(console)
                if not await console.is_open:
                    raise LoadFailed(f"Console {len(made)} was refused.")
        yield made
    finally:
        for one in made:
            if one.transport is not None:
                one.transport.abort()


async def _told(port: int, seconds: float, every_s: float) -> dict[str, Any]:
    """Have everybody told for so long; return when each frame was sent."""
    url = f"ws://{ADDRESS}:{port}/tell?seconds={seconds}&every_s={every_s}"
    async with connect(url, compression=None, max_size=None) as teller:
        return json.loads(await teller.recv())


# As fast as they take it


async def _fan_out(stage: Stage) -> Findings:
    ours: list[float] = []
    theirs: list[float] = []
    told = seen = 0
    with (
        stage.reference("fan", "ours") as port,
        stage.reference("fan", "broadcast") as other,
    ):
        async with _consoles(port, CONSOLES) as mine, _consoles(other, CONSOLES) as others:
            for one in (*mine, *others):
                one.is_counting_only = True
            theirs.append((await _frames_per_s(other, others))[0])
            for _ in range(ROUNDS):
                rate, sent, came = await _frames_per_s(port, mine)
                ours.append(rate)
                told, seen = told + sent, seen + came
                theirs.append((await _frames_per_s(other, others))[0])
    figure = Figure(
        name=FAN_OUT,
        value=median(ours),
        unit="frames/s",
        reference="the library's broadcast()",
        reference_value=median(theirs),
        ratios=neighbour_ratios(ours, theirs),
        target=FAN_OUT_TARGET,
    )
    check = Check(name="Frames that reached the consoles", said=told, found=seen)
    return Findings(figures=(figure,), checks=(check,))


async def _frames_per_s(port: int, consoles: list[Console]) -> tuple[float, int, int]:
    """Return the frames that came in a second, how many were sent in all, and came in all."""
    before = sum(one.frames for one in consoles)
    began = time.monotonic()
    told = await _told(port, SLICE_S, 0)
    sent = len(told["at_s"]) * len(consoles)
    until = time.monotonic() + SETTLE_S
    while (came := sum(one.frames for one in consoles) - before) < sent:
        if time.monotonic() > until:
            break
        await asyncio.sleep(0.001)
    return came / (time.monotonic() - began), sent, came


# Some stall


@dataclass(frozen=True, slots=True)
class _Delays:
    p99_s: float
    resident_bytes: int
    missed: int  # frames that did not come to somebody who read


async def _stalled(stage: Stage) -> Findings:
    without: list[_Delays] = []
    with_some: list[_Delays] = []
    with stage.reference("fan", "ours") as port:
        await _delays(port, 0)  # a first time warms up, and is not counted
        for _ in range(ROUNDS):
            without.append(await _delays(port, 0))
            with_some.append(await _delays(port, STALLED_COUNT))
    delay = Figure(
        name=STALLED,
        value=median(one.p99_s for one in with_some) * 1_000,
        unit="ms",
        reference="none stalls",
        reference_value=median(one.p99_s for one in without) * 1_000,
        ratios=tuple(a.p99_s / b.p99_s for a, b in zip(with_some, without, strict=True)),
        target=STALLED_TARGET,
    )
    held = [
        max(0, a.resident_bytes - b.resident_bytes) / STALLED_COUNT / 1024
        for a, b in zip(with_some, without, strict=True)
    ]
    memory = Figure(
        name=STALLED_MEMORY,
        value=median(held),
        unit="KiB",
        reference=LIMIT,
        reference_value=MEMORY_LIMIT_KIB,
        ratios=tuple(one / MEMORY_LIMIT_KIB for one in held),
        target=MEMORY_TARGET,
    )
    missed = sum(one.missed for one in (*without, *with_some))
    check = Check(name="Frames missed by consoles that read", said=0, found=missed)
    return Findings(figures=(delay, memory), checks=(check,))


async def _delays(port: int, stalled: int) -> _Delays:
    """Tell many consoles at a pace, some of which read nothing; return what the others saw."""
    async with _consoles(port, MANY) as consoles:
        for one in consoles[:stalled]:
            assert one.transport is not None  # noqa: S101 - it is connected
            one.transport.pause_reading()
        told = await _told(port, SLICE_S, EVERY_S)
        sent = {int(number): at for number, at in told["at_s"].items()}
        await asyncio.sleep(SETTLE_S)
        delays = [
            when - sent[number]
            for one in consoles[stalled:]
            for number, when in one.came
            if number in sent
        ]
    missed = len(sent) * (MANY - stalled) - len(delays)
    return _Delays(percentile(delays, 99), told["resident_bytes"], missed)
