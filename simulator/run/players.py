"""What everybody in a simulated town shares: the house, the time, the chance, the lines."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from dispatch.requests import Request
from simulator.run.house import House
from simulator.run.line import Answer, Line, Message
from simulator.run.town import Scale, Town
from simulator.run.weather import DAY_S


@dataclass(slots=True)
class Life:
    """The life of a town, until `is_over`: then nothing new begins."""

    loop: asyncio.AbstractEventLoop
    house: House
    town: Town
    scale: Scale
    chance: Random
    line: Line
    is_over: bool = False

    def later(self, after_s: float, act: Callable[..., None], *things: object) -> None:
        """Let somebody do something after a while, if life still goes on."""

        def do() -> None:
            if not self.is_over:
                act(*things)

        self.loop.call_later(after_s, do)

    def by_chance(self, times_a_day: float, act: Callable[[], None]) -> None:
        """Let something happen so often, at moments that nobody foresees."""
        if times_a_day <= 0:
            return

        def happen() -> None:
            act()
            self.later(self.chance.expovariate(times_a_day / DAY_S), happen)

        self.later(self.chance.expovariate(times_a_day / DAY_S), happen)

    def say(self, request: Request, then: Callable[[Answer], None] | None = None) -> None:
        """Send a request over the line until it is answered."""
        patience_s = self.scale.patience_s
        Message(
            request, self.line, self.loop, self.house.ask, patience_s=patience_s, then=then
        ).send()
