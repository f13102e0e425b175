"""The only module that reads the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class Timekeeper(Protocol):
    """What the rules count by: a present moment, and how long until another."""

    def __call__(self) -> datetime:
        """Return the present moment of the rules, aware, in UTC."""
        ...

    def machine_seconds_until(self, moment: datetime) -> float:
        """Return how many seconds of machine time pass until `moment`; negative when it is past."""
        ...


class RuleClock:
    """The clock by which the rules count: real time, or a day that runs faster.

    Sockets, sessions and latencies always use machine time; only deadlines and the times of
    facts follow this clock, so that a replayed day meets every deadline in order.
    """

    def __init__(self, *, start: datetime | None = None, speed: float = 1.0) -> None:
        """Begin at `start` (aware UTC; the present when None) and run `speed` times as fast."""
        self._machine_start = time.monotonic()
        self._start = start or system_clock()
        self._is_real = start is None and speed == 1.0
        self.speed = speed

    def __call__(self) -> datetime:
        """Return the present moment of the rules, aware, in UTC."""
        if self._is_real:
            return system_clock()
        return self._start + (time.monotonic() - self._machine_start) * self.speed * _SECOND

    def machine_seconds_until(self, moment: datetime) -> float:
        """Return how many seconds of machine time pass until `moment`; negative when it is past."""
        return (moment - self()).total_seconds() / self.speed


_SECOND = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
