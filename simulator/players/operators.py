"""Operators: they take calls, write down, help the search along, and close what is over."""

import asyncio
import time
from collections.abc import Set as AbstractSet
from contextlib import aclosing, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from simulator.players.doors import DeskSession, Doors, Refused, Unreachable
from simulator.players.tally import Tally

DOOR: Final = "/api/v1/operator"
STEP_WITHIN_S: Final = 30.0
RECONNECT_AFTER_S: Final = 1.0
NOTES: Final = ("老人可以说话，神志清楚。", "电话无人接听，已请护理员敲门。", "已联系家属。")
WRITES: Final = 0.3  # of the calls taken
FOR_VISITORS_S: Final = 45.0  # a visitor's own call is left to the visitor for so long
LOOK_EVERY_S: Final = 4.0  # machine time; sooner when something changes
SHORT: Final = 2  # looks at a call that nobody answers before the operator asks somebody
LONG: Final = 20  # the same before it is handed to 120


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskHabits:
    """How operators take their time, in their own seconds, which run at `pace`."""

    pace: float = 1.0
    claim_s: tuple[float, float] = (1.5, 6.0)
    close_s: tuple[float, float] = (2.0, 6.0)


class Operator:
    """One operator at a console. A supervisor only steps in when nobody else did."""

    def __init__(
        self,
        login: str,
        who: DeskSession,
        *,
        doors: Doors,
        habits: DeskHabits,
        chance: Random,
        tally: Tally,
        is_supervisor: bool = False,
        visitors: AbstractSet[str] = frozenset(),
    ) -> None:
        """Take who they are; `visitors` are handsets whose calls are left to human visitors."""
        self._login = login
        self._who = who
        self._doors = doors
        self._habits = habits
        self._chance = chance
        self._tally = tally
        self._is_supervisor = is_supervisor
        self._visitors = visitors
        self._board: dict[str, dict[str, Any]] = {}
        self._news: dict[str, asyncio.Event] = {}  # by incident, while it has a task
        self._tasks = asyncio.TaskGroup()

    async def live(self) -> None:
        """Watch the console and work until cancelled."""
        async with self._tasks:
            while True:
                await self._listen()
                await asyncio.sleep(RECONNECT_AFTER_S)

    async def _listen(self) -> None:
        try:
            async with aclosing(self._doors.frames(f"{DOOR}/stream", self._who)) as frames:
                async for frame in frames:
                    self._hear(frame)
        except Unreachable as error:
            self._tally.fault(error)

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "snapshot":
            self._tally.cursor = self._tally.cursor or frame["cursor"]
            self._board.clear()
            for incident in frame["incidents"]:
                self._see(incident)
        elif frame["type"] == "incident":
            self._see(frame["incident"])

    def _see(self, incident: dict[str, Any]) -> None:
        """Keep what the console shows; a call that is new on it gets a task of its own."""
        incident_id = incident["id"]
        self._tally.on_console_at.setdefault(incident_id, time.perf_counter())
        if incident["status"] == "closed":
            self._board.pop(incident_id, None)
        else:
            self._board[incident_id] = incident
            if incident_id not in self._news:
                self._news[incident_id] = asyncio.Event()
                self._tasks.create_task(self._handle(incident_id))
        if incident_id in self._news:
            self._news[incident_id].set()

    async def _handle(self, incident_id: str) -> None:
        """Stay with one call until it is closed: take it, look after it, close it."""
        await self._wait(self._patience_s(incident_id))
        looks = 0  # in a row at which nobody was asked or coming
        while (incident := self._board.get(incident_id)) is not None:
            claim = incident["claim"]
            if claim is None or claim["operator_id"] == self._login:
                looks = looks + 1 if incident["status"] == "waiting" else 0
                await self._act(incident, looks)
            await self._next_look(self._news[incident_id])
        del self._news[incident_id]

    async def _next_look(self, news: asyncio.Event) -> None:
        """Return when the console shows something new about a call, or after a while."""
        news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await news.wait()

    async def _act(self, incident: dict[str, Any], looks: int) -> None:
        """Do the next thing for a call that is ours to take or ours already."""
        if incident["status"] == "helped":
            await self._close(incident, _outcome(incident))
        elif incident["claim"] is None:
            await self._claim(incident["id"])
        elif incident["cancelled"] and incident["status"] in {"waiting", "offered"}:
            await self._close(incident, "false_alarm")
        elif looks > SHORT:
            await self._help_along(incident, looks)

    async def _claim(self, incident_id: str) -> None:
        if await self._do(f"{incident_id}/claim") is None:
            return
        if self._chance.random() < WRITES:
            await self._do(f"{incident_id}/notes", {"text": self._chance.choice(NOTES)})

    async def _close(self, incident: dict[str, Any], disposition: str) -> None:
        await self._wait(self._chance.uniform(*self._habits.close_s))
        body = {"disposition": disposition, "remark": ""}
        if await self._do(f"{incident['id']}/close", body) is not None:
            self._board.pop(incident["id"], None)

    async def _help_along(self, incident: dict[str, Any], looks: int) -> None:
        """Ask the nearest caregiver who is free; after many looks, hand over to 120."""
        path = f"{DOOR}/incidents/{incident['id']}/candidates"
        try:
            found = (await self._doors.ask("GET", path, self._who))["candidates"]
        except (Refused, Unreachable) as error:
            self._tally.fault(error)
            return
        free = [one for one in found if one["verdict"] == "available"]
        if free:
            body = {"caregiver_id": free[0]["caregiver_id"], "reason": "梯级已尽，就近指派"}
            await self._do(f"{incident['id']}/offers", body)
        elif looks > LONG:
            await self._close(incident, "handed_to_120")

    def _patience_s(self, incident_id: str) -> float:
        """Return how long this operator lets a new call wait."""
        if self._board[incident_id]["handset_id"] in self._visitors:
            return FOR_VISITORS_S
        low, high = self._habits.claim_s
        return self._chance.uniform(low, high) + (30.0 if self._is_supervisor else 0.0)

    async def _do(self, path: str, body: object = None) -> dict[str, Any] | None:
        try:
            return await self._doors.insist(
                "POST",
                f"{DOOR}/incidents/{path}",
                self._who,
                json=body,
                within_s=STEP_WITHIN_S,
                on_fault=self._tally.fault,
            )
        except (Refused, Unreachable) as error:
            self._tally.fault(error)
            return None

    async def _wait(self, own_s: float) -> None:
        await asyncio.sleep(own_s / self._habits.pace)


def _outcome(incident: dict[str, Any]) -> str:
    """Return the disposition that the caregivers' reports suggest."""
    outcomes = {one["outcome"] for one in incident["attendances"]}
    if "helped" in outcomes:
        return "helped"
    return "false_alarm" if "nothing_needed" in outcomes else "other"
