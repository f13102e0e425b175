"""Caregivers: they carry a phone, think, say yes or no, drive along the roads, help, go on."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from simulator.city import CityCaregiver, Roads
from simulator.city.plane import Place
from simulator.players.clock import device_time
from simulator.players.doors import Bearer, Doors, Refused, Unreachable
from simulator.players.tally import Tally

DOOR: Final = "/api/v1/caregiver"
STEP_WITHIN_S: Final = 30.0  # machine time in which a step is sent again and again
POLL_EVERY_S: Final = 1.5
RECONNECT_AFTER_S: Final = 1.0
POSITION_EVERY_S: Final = 1.5  # on the way; machine time, as is the next
IDLE_POSITION_EVERY_S: Final = 20.0
STALE_S: Final = 300.0  # of their own time, after which a position says little
OUTCOMES: Final = {"helped": 84, "nothing_needed": 12, "could_not_help": 4}
DECLINE_REASONS: Final = ("正在照顾另一位老人", "离得太远", "车坏了")


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How caregivers take their time. Samples are in their own seconds, which run at `pace`."""

    pace: float  # of their seconds in one of the machine's
    think_s: tuple[float, float] = (2.0, 15.0)
    set_out_s: Sequence[float] = (5.0, 10.0, 15.0, 20.0, 30.0, 45.0)
    on_scene_s: Sequence[float] = (30.0, 45.0, 60.0, 90.0, 120.0, 150.0)
    declines: float = 0.12
    ignores: float = 0.06


class Caregiver:
    """One caregiver on duty with a phone."""

    def __init__(
        self,
        person: CityCaregiver,
        who: Bearer,
        *,
        doors: Doors,
        roads: Roads,
        habits: Habits,
        chance: Random,
        tally: Tally,
        polls: bool = False,
    ) -> None:
        """Take who they are and how they live; `polls`: the phone keeps no websocket open."""
        self._person = person
        self._who = who
        self._doors = doors
        self._roads = roads
        self._habits = habits
        self._chance = chance
        self._tally = tally
        self._polls = polls
        self._place: Place = person.station
        self._known: set[str] = set()  # offers and attendances that have a task
        self._tasks = asyncio.TaskGroup()

    async def live(self) -> None:
        """Go on duty, and answer whatever comes, until cancelled."""
        await self._do("duty", {"on": True})
        async with self._tasks:
            self._tasks.create_task(self._stay_visible())
            while True:
                await (self._poll() if self._polls else self._listen())
                await asyncio.sleep(RECONNECT_AFTER_S)

    async def _listen(self) -> None:
        try:
            async with aclosing(self._doors.frames(f"{DOOR}/stream", self._who)) as frames:
                async for state in frames:
                    self._see(state, is_live=True)
        except Unreachable as error:
            self._tally.fault(error)

    async def _poll(self) -> None:
        try:
            while True:
                self._see(await self._doors.ask("GET", f"{DOOR}/state", self._who), is_live=False)
                await asyncio.sleep(POLL_EVERY_S)
        except (Refused, Unreachable) as error:
            self._tally.fault(error)

    def _see(self, state: dict[str, Any], *, is_live: bool) -> None:
        """Take up what is new on the phone; old news changes nothing."""
        now = time.perf_counter()
        for offer in state["offers"]:
            if is_live:
                self._tally.offered_at.setdefault(offer["incident_id"], now)
            if offer["id"] not in self._known:
                self._known.add(offer["id"])
                self._tasks.create_task(self._answer(offer))
        for attendance in state["attendances"]:
            key = f"attendance {attendance['id']}"
            if key not in self._known:
                self._known.add(key)
                self._tasks.create_task(self._attend(attendance))
            question = f"question {attendance['id']} {attendance['asked_until']}"
            if attendance["asked_until"] is not None and question not in self._known:
                self._known.add(question)
                path = f"attendances/{attendance['id']}/still_coming"
                self._tasks.create_task(self._do(path, {"yes": True}))

    async def _answer(self, offer: dict[str, Any]) -> None:
        """Look at an offer, think, and say yes, no or nothing."""
        path = f"offers/{offer['id']}"
        mood = self._chance.random()
        await self._do(f"{path}/shown")
        if mood < self._habits.ignores:
            return
        await self._wait(self._chance.uniform(*self._habits.think_s))
        if mood < self._habits.ignores + self._habits.declines:
            await self._do(f"{path}/decline", {"reason": self._chance.choice(DECLINE_REASONS)})
            return
        state = await self._do(f"{path}/accept")
        if state is not None:
            self._see(state, is_live=False)

    async def _attend(self, attendance: dict[str, Any]) -> None:
        """Go there and help, from whatever point this attendance has reached."""
        path = f"attendances/{attendance['id']}"
        if attendance["state"] == "accepted":
            await self._wait(self._chance.choice(self._habits.set_out_s))
            if await self._do(f"{path}/en_route") is None:
                return
        if attendance["state"] in {"accepted", "en_route"}:
            await self._travel(attendance["place"])
            if await self._do(f"{path}/on_scene") is None:
                return
        await self._wait(self._chance.choice(self._habits.on_scene_s))
        outcome = self._chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        await self._do(f"{path}/done", {"outcome": outcome, "note": ""})

    async def _travel(self, place: dict[str, float] | None) -> None:
        """Move along the roads, and say now and then where we are."""
        if place is None:
            return
        route = self._roads.route(self._place, (place["lon"], place["lat"]))
        metres_per_s = self._person.speed_kmh / 3.6 * self._habits.pace
        began = time.monotonic()
        while True:
            travelled = (time.monotonic() - began) * metres_per_s
            self._place = route.at(travelled)
            await self._say_where()
            if travelled >= route.length_m:
                return
            left_s = (route.length_m - travelled) / metres_per_s
            await asyncio.sleep(min(POSITION_EVERY_S, left_s + 0.001))

    async def _stay_visible(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, 2))
        every_s = max(POSITION_EVERY_S, min(IDLE_POSITION_EVERY_S, STALE_S / self._habits.pace))
        while True:
            await self._say_where()
            await asyncio.sleep(self._chance.uniform(0.8, 1.2) * every_s)

    async def _say_where(self) -> None:
        lon, lat = self._place
        position: dict[str, Any] = {
            "lon": lon, "lat": lat, "accuracy_m": 10, "source": "satellite",
            "at": device_time(),
        }  # fmt: skip
        try:
            await self._doors.ask("POST", f"{DOOR}/positions", self._who, json=position)
        except (Refused, Unreachable) as error:
            self._tally.fault(error)

    async def _do(self, path: str, body: object = None) -> dict[str, Any] | None:
        """Do one thing at the door; None when it was refused, which is counted."""
        try:
            return await self._doors.insist(
                "POST",
                f"{DOOR}/{path}",
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
