"""How long a start takes until the first press is on record, with many open incidents and none."""

import asyncio
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Final

from simulator.bench.figures import Check, Figure, Findings, Target
from simulator.bench.load import LoadFailed
from simulator.bench.posts import SOS, Mailbag
from simulator.bench.stage import SERVER_CORE, Stage, pin
from simulator.bench.town import CENTRE, Town, found, press
from simulator.server import ADDRESS, READY_WITHIN_S, ServerFailed, ServerProcess, tail

NAME: Final = "start_10000_open"
INCIDENTS: Final = 10_000
TOWN: Final = Town(handsets=INCIDENTS + 100, caregivers=1_000)
TARGET: Final = Target(ratio=4.0, is_least=False)
POLL_EVERY_S: Final = 0.005

_NONE: Final = "start_none"
_MANY: Final = "start_many"


async def measure(stage: Stage, pairs: int, say: Callable[[str], None]) -> Findings:
    """Start on a copy of the same town with no incident and with many, in turns."""
    say(f"Making a town with {INCIDENTS} open incidents, for {pairs} pairs of starts.")
    tokens = await found(TOWN, await stage.make(_NONE), stage.folder)
    open_count = await press(INCIDENTS, await stage.make(_MANY, like=_NONE), stage.folder)
    caller = dict(list(tokens.items())[INCIDENTS:])  # who has no incident yet
    none: list[float] = []
    many: list[float] = []
    for turn in range(pairs):
        none.append(await _start(stage, _NONE, caller, turn))
        many.append(await _start(stage, _MANY, caller, turn))
    figure = Figure(
        name=NAME,
        value=median(many),
        unit="s",
        reference="start with no incident",
        reference_value=median(none),
        ratios=tuple(a / b for a, b in zip(many, none, strict=True)),
        target=TARGET,
    )
    check = Check(name="Open incidents at the start", said=INCIDENTS, found=open_count)
    return Findings(figures=(figure,), checks=(check,))


async def _start(stage: Stage, town: str, tokens: dict[str, str], turn: int) -> float:
    """Start on a fresh copy; return the seconds until the first press was acknowledged."""
    copy = f"{town}_{turn}"
    await stage.make(copy, like=town)
    server = ServerProcess(stage.options(copy))
    request = Mailbag(tokens, CENTRE, run=copy, at=datetime.now(UTC)).post(SOS)
    began = time.perf_counter()
    try:
        server.start()
        pin(server.pid, SERVER_CORE)
        answer = await asyncio.to_thread(_first_answer, server, request)
        elapsed = time.perf_counter() - began
    finally:
        server.kill()
        await stage.drop(copy)
    if b'"result":"recorded"' not in answer:
        raise LoadFailed(f"The first press was not recorded: {answer[:200]!r}")
    return elapsed


def _first_answer(server: ServerProcess, request: bytes) -> bytes:
    """Return the answer to a press that is sent as soon as the server listens."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and server.is_running:
        try:
            with socket.create_connection((ADDRESS, server.options.port)) as connection:
                connection.settimeout(READY_WITHIN_S)
                connection.sendall(request)
                answer = connection.recv(65_536)
                while b"}" not in answer and (more := connection.recv(65_536)):
                    answer += more
                return answer
        except ConnectionRefusedError:
            time.sleep(POLL_EVERY_S)
    raise ServerFailed(f"The server did not take a press:\n{tail(server.log)}")
