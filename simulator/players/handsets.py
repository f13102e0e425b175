"""Handsets and the residents who press them: some twice, some again because no answer came."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from random import Random
from typing import Any, Final

from simulator.city import CityResident
from simulator.players.clock import device_time
from simulator.players.doors import Bearer, Doors, Refused, Unreachable
from simulator.players.tally import Press, Tally

EVENTS_PATH: Final = "/api/v1/handset/events"
SIGNALS: Final = frozenset({"check_in", "test"})  # nobody presses these twice in fear
SIGN_EVERY_S: Final = 45.0  # a position and a heartbeat from each handset
DEMO_PRESSES_PER_MINUTE: Final = 14.0
DEMO_KINDS: Final = {
    "sos": 28,
    "fall": 16,
    "life_assistance": 22,
    "safety_alarm": 8,
    "check_in": 16,
    "test": 6,
    "low_battery": 4,
}
OPENING: Final = (("sos", 1.0), ("life_assistance", 2.0), ("fall", 3.0))  # seconds apart
GAP_MAX_S: Final = 12.0  # a visitor sees life within 20 s
PRESSES_AGAIN: Final = 0.25  # of those who call for help
RETRIES: Final = 0.15  # as if the answer had been lost
TAKES_BACK: Final = 0.05
ABOUT_HOME: Final = 0.0002  # degrees that a satellite position strays


class Handset:
    """One handset, in its resident's hand or on the wall."""

    def __init__(self, resident: CityResident, token: str, doors: Doors, tally: Tally) -> None:
        self.id = resident.handset_id
        self.home = resident.home
        self._who = Bearer(token)
        self._doors = doors
        self._tally = tally

    async def press(self, kind: str, event_id: str) -> Press:
        """Send a press until the server says that it is on record.

        Raises:
            Refused: the server will not take it.
        """
        event = {"event_id": event_id, "kind": kind, "at": device_time()}
        return await self._send(event)

    async def press_and_retry(self, kind: str, event_id: str, after_s: float) -> Press:
        """Send a press, and the same once more, as when its answer was lost on the way."""
        event = {"event_id": event_id, "kind": kind, "at": device_time()}
        press = await self._send(event)
        await asyncio.sleep(after_s)
        again = await self._insist(event)
        if again["result"] == "duplicate":
            self._tally.duplicates += 1
        else:
            self._tally.errors["retry taken for a new press"] += 1
        return press

    async def sign(self, chance: Random, event_id: str) -> None:
        """Send one position and one heartbeat, in one message; not sent again when it fails."""
        lon, lat = (one + chance.uniform(-ABOUT_HOME, ABOUT_HOME) for one in self.home)
        at = device_time()
        position: dict[str, Any] = {
            "lon": round(lon, 6), "lat": round(lat, 6), "accuracy_m": 12, "source": "satellite",
            "at": at,
        }  # fmt: skip
        events: list[dict[str, Any]] = [
            {"event_id": f"{event_id}p", "kind": "position", "at": at, "position": position},
            {
                "event_id": f"{event_id}h",
                "kind": "heartbeat",
                "at": at,
                "battery_pct": chance.randint(20, 100),
            },
        ]
        try:
            await self._doors.ask("POST", EVENTS_PATH, self._who, json=events)
        except (Refused, Unreachable) as error:
            self._tally.fault(error)

    async def _send(self, event: dict[str, str]) -> Press:
        press = Press(
            handset_id=self.id,
            event_id=event["event_id"],
            kind=event["kind"],
            sent_at=time.perf_counter(),
        )
        self._tally.presses[press.key] = press
        result = await self._insist(event)
        if result["result"] in {"recorded", "duplicate"}:
            press.acknowledged_at = time.perf_counter()
        else:
            self._tally.refusals[f"press {result['result']}"] += 1
        press.incident_id = result.get("incident_id")
        press.joined = bool(result.get("joined"))
        return press

    async def _insist(self, event: dict[str, str]) -> dict[str, Any]:
        return await self._doors.insist(
            "POST", EVENTS_PATH, self._who, json=event, on_fault=self._tally.fault
        )


class Residents:
    """The demo city's residents and their handsets: they press at random, never all at once."""

    def __init__(self, handsets: Sequence[Handset], chance: Random, tally: Tally, run: str) -> None:
        """Take the handsets; `run` begins every event id and is used by no other run."""
        self._handsets = list(handsets)
        self._chance = chance
        self._tally = tally
        self._numbers = count(1)
        self._run = run

    async def live(self) -> None:
        """Press and report until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for handset in self._handsets:
                tasks.create_task(self._sign(handset))
            for kind, gap_s in OPENING:
                await asyncio.sleep(gap_s)
                tasks.create_task(self._call(kind))
            while True:
                gap_s = self._chance.expovariate(DEMO_PRESSES_PER_MINUTE / 60)
                await asyncio.sleep(min(gap_s, GAP_MAX_S))
                kinds, weights = list(DEMO_KINDS), list(DEMO_KINDS.values())
                tasks.create_task(self._call(self._chance.choices(kinds, weights)[0]))

    async def _call(self, kind: str) -> None:
        """Live through one resident's call, with what may follow it."""
        chance = self._chance
        handset = chance.choice(self._handsets)
        is_scared = kind not in SIGNALS and chance.random() < PRESSES_AGAIN
        try:
            if chance.random() < RETRIES:
                await handset.press_and_retry(kind, self._event_id(), chance.uniform(0.2, 2))
            else:
                await handset.press(kind, self._event_id())
            for _ in range(chance.randint(1, 3) if is_scared else 0):
                await asyncio.sleep(chance.uniform(1.5, 6))
                await handset.press(kind, self._event_id())
            if kind == "sos" and chance.random() < TAKES_BACK:
                await asyncio.sleep(chance.uniform(5, 15))
                await handset.press("cancel", self._event_id())
        except Refused as error:
            self._tally.fault(error)

    async def _sign(self, handset: Handset) -> None:
        await asyncio.sleep(self._chance.uniform(0, SIGN_EVERY_S))
        while True:
            await handset.sign(self._chance, self._event_id())
            await asyncio.sleep(self._chance.uniform(0.8, 1.2) * SIGN_EVERY_S)

    def _event_id(self) -> str:
        return f"{self._run}-{next(self._numbers)}"
