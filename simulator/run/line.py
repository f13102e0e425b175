"""The way between people and the center: slow, lossy, and it says things twice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from dispatch.facts import Fact
from dispatch.requests import Request

Answer = list[Fact] | Exception
Ask = Callable[[Request, Callable[[Answer], None]], None]
AGAIN_AT_MOST_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a line is: shares of what is sent, and seconds."""

    lost: float = 0.0
    twice: float = 0.0
    delayed: float = 0.0  # by up to `delay_s`, so that later messages overtake it
    delay_s: float = 20.0


GOOD: Final = Quality()
BAD: Final = Quality(lost=0.04, twice=0.03, delayed=0.03)


class Line:
    """Carries things over, one way at a time; what arrives is called."""

    def __init__(self, loop: asyncio.AbstractEventLoop, chance: Random, quality: Quality) -> None:
        self.quality = quality
        self._loop = loop
        self._chance = chance

    def carry(self, deliver: Callable[..., Any], *things: object) -> bool:
        """Bring something over some time, perhaps never or twice; return False when it is lost."""
        luck, quality = self._chance.random(), self.quality
        delay_s = 0.02 + 0.2 * luck
        if luck < quality.lost + quality.twice + quality.delayed:
            if luck < quality.lost:
                return False
            if luck < quality.lost + quality.twice:
                self._loop.call_later(delay_s + self._chance.random() * 5, deliver, *things)
            else:
                delay_s += self._chance.random() * quality.delay_s
        self._loop.call_later(delay_s, deliver, *things)
        return True


class Message:
    """One request that is sent again and again until it is answered."""

    def __init__(
        self,
        request: Request,
        line: Line,
        loop: asyncio.AbstractEventLoop,
        ask: Ask,
        *,
        patience_s: float,
        then: Callable[[Answer], None] | None = None,
    ) -> None:
        self.is_answered = False
        self._request = request
        self._line = line
        self._loop = loop
        self._ask = ask
        self._patience_s = patience_s
        self._then = then
        self._timer: asyncio.TimerHandle | None = None

    def send(self) -> None:
        """Send it, and again after some patience."""
        self._line.carry(self._ask, self._request, self._answered)
        self._timer = self._loop.call_later(self._patience_s, self.send)
        self._patience_s = min(2 * self._patience_s, AGAIN_AT_MOST_S)

    def _answered(self, answer: Answer) -> None:
        if not self.is_answered:
            self._line.carry(self._heard, answer)

    def _heard(self, answer: Answer) -> None:
        if self.is_answered:
            return
        self.is_answered = True
        if self._timer is not None:
            self._timer.cancel()
        if self._then is not None:
            self._then(answer)
