"""The operator of a benchmark's town: sees every call at a real console, and closes it afterwards.

Without anybody at the desk each call would go to the outside, and without anybody who closes them
the open calls of one slice would go on asking caregivers in the next.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

from simulator.bench.town import OPERATOR
from simulator.players.doors import DeskSession, Doors
from simulator.setup import slices

SIGN_IN_WITHIN_S: Final = 30.0
SEEN_WITHIN_S: Final = 10.0
CLOSED_AT_ONCE: Final = 8

_DOOR: Final = "/api/v1/operator"


class Desk:
    """One operator with one console."""

    def __init__(self, doors: Doors, who: DeskSession) -> None:
        self._doors = doors
        self._who = who
        self._is_there = asyncio.Event()
        self._is_quiet = asyncio.Event()
        self._is_quiet.set()
        self._open: set[str] = set()

    async def watch(self) -> None:
        """Take up what the console shows, until cancelled."""
        async with aclosing(self._doors.frames(f"{_DOOR}/stream", self._who)) as frames:
            async for frame in frames:
                self._is_there.set()
                if frame["type"] == "incident":
                    self._show(frame["incident"])

    async def sit_down(self) -> None:
        """Return when the console is there."""
        await asyncio.wait_for(self._is_there.wait(), SIGN_IN_WITHIN_S)

    async def close_all(self) -> None:
        """Close every call that was shown, and wait until the console shows that it is closed."""
        for some in slices(sorted(self._open), CLOSED_AT_ONCE):
            await asyncio.gather(*(self._close(one) for one in some))
        await asyncio.wait_for(self._is_quiet.wait(), SEEN_WITHIN_S)

    async def _close(self, incident_id: str) -> None:
        path = f"{_DOOR}/incidents/{incident_id}/close"
        await self._doors.insist("POST", path, self._who, json={"disposition": "false_alarm"})

    def _show(self, incident: dict[str, Any]) -> None:
        if incident["status"] == "closed":
            self._open.discard(incident["id"])
        else:
            self._open.add(incident["id"])
            self._is_quiet.clear()
        if not self._open:
            self._is_quiet.set()


@asynccontextmanager
async def manned(url: str) -> AsyncGenerator[Desk]:
    """Keep an operator at the desk as long as the block."""
    async with Doors(url) as doors:
        desk = Desk(doors, await doors.sign_in(*OPERATOR))
        watching = asyncio.create_task(desk.watch())
        try:
            await desk.sit_down()
            yield desk
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
