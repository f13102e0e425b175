"""Kills a real server at random moments under load, and asks afterwards what is on record.

The handsets press without pause and send each press again, with the same event id, until it is
acknowledged. Whatever was acknowledged must then be on record exactly once.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Final

from simulator.city import City, demo_city
from simulator.players.doors import Doors, Refused
from simulator.players.handsets import Handset
from simulator.players.tally import Tally
from simulator.server import ServerOptions, ServerProcess

HANDSETS: Final = 16
KINDS: Final = ("sos", "fall", "life_assistance", "safety_alarm", "check_in", "test", "cancel")
SIGN_EVERY_S: Final = 0.05
PAUSE_S: Final = (0.0, 0.06)  # of a handset between its presses
AGAIN_S: Final = (0.02, 0.15, 0.35)  # these handsets lose no time
READY_WITHIN_S: Final = 60.0
SETTLES_WITHIN_S: Final = 20.0
SERVES_FOR_S: Final = (0.05, 0.7)  # before it is killed
STARTS_FOR_S: Final = (0.0, 2.5)  # the same, when it is killed as it starts
KILLED_AT_START: Final = 0.25  # of the kills


@dataclass(slots=True)
class Kills:
    """What the kills hit."""

    total: int = 0
    at_start: int = 0  # before the server was ready
    amid_presses: int = 0  # at least one press had reached the server and was never answered
    unanswered: int = 0  # such presses; each was sent again


def small_city(city: City | None = None) -> City:
    """Return a few residents and caregivers of the demo city, and its administrator.

    Who keeps their keys does not live in it.
    """
    whole = city or demo_city()
    administrators = tuple(one for one in whole.operators if one.role == "administrator")
    return replace(
        whole,
        residents=tuple(replace(one, key_holders=()) for one in whole.residents[:HANDSETS]),
        caregivers=whole.caregivers[:4],
        operators=administrators,
    )


class Storm:
    """Handsets that press without pause, and report where they are, until told to stop."""

    def __init__(
        self, city: City, tokens: dict[str, str], presses: Doors, signs: Doors, seed: int
    ) -> None:
        """Take two ways to the server, so that it is known when a press is in flight."""
        self.tally = Tally()
        self._chance = Random(seed)
        self._run = f"storm{time.time_ns():x}"
        self._numbers = count(1)
        self._stop = asyncio.Event()
        signs_tally = Tally()
        self._pressing = [
            Handset(one, tokens[one.handset_id], presses, self.tally) for one in city.residents
        ]
        self._signing = [
            Handset(one, tokens[one.handset_id], signs, signs_tally) for one in city.residents
        ]

    async def rage(self) -> None:
        """Press and report until `calm`; return when every press is acknowledged."""
        async with asyncio.TaskGroup() as tasks:
            for handset in self._pressing:
                tasks.create_task(self._press(handset))
            tasks.create_task(self._sign(self._signing))

    def calm(self) -> None:
        """Begin no new press."""
        self._stop.set()

    async def _press(self, handset: Handset) -> None:
        while not self._stop.is_set():
            try:
                await handset.press(self._chance.choice(KINDS), self._event_id())
            except Refused as error:
                self.tally.fault(error)
            await asyncio.sleep(self._chance.uniform(*PAUSE_S))

    async def _sign(self, handsets: Sequence[Handset]) -> None:
        while not self._stop.is_set():
            await self._chance.choice(handsets).sign(self._chance, self._event_id())
            await asyncio.sleep(SIGN_EVERY_S)

    def _event_id(self) -> str:
        return f"{self._run}-{next(self._numbers)}"


class Killer:
    """Starts one server again and again, and kills it each time."""

    def __init__(self, options: ServerOptions, presses: Doors, seed: int) -> None:
        self.kills = Kills()
        self.server = ServerProcess(options)
        self._presses = presses
        self._chance = Random(seed)

    async def kill(self, times: int, *, with_database: bool = False) -> None:
        """Start and kill the server so many times; leave it down.

        Raises:
            ServerFailed: it did not come up again after a kill.
        """
        for _ in range(times):
            self.server.start()
            is_early = self._chance.random() < KILLED_AT_START
            before = self._presses.broken
            try:
                if is_early:
                    await asyncio.sleep(self._chance.uniform(*STARTS_FOR_S))
                else:
                    await self.server.wait_ready(READY_WITHIN_S)
                    await asyncio.sleep(self._chance.uniform(*SERVES_FOR_S))
                    await self._until(lambda: self._presses.in_flight > 0)
            finally:
                (self.server.kill_tree if with_database else self.server.kill)()
            await self._until(lambda: self._presses.in_flight == 0)
            self._count(self._presses.broken - before, is_early=is_early)

    def _count(self, unanswered: int, *, is_early: bool) -> None:
        self.kills.total += 1
        self.kills.at_start += is_early
        self.kills.amid_presses += unanswered > 0
        self.kills.unanswered += unanswered

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Return at the very turn of the loop in which it is so.

        Raises:
            TimeoutError: it does not become so.
        """
        async with asyncio.timeout(SETTLES_WITHIN_S):
            while not is_so():  # noqa: ASYNC110 - an event would come a turn too late
                await asyncio.sleep(0)
