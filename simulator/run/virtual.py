"""A loop whose time jumps to the next timer, so that a day passes in a second, always alike."""

import asyncio
from asyncio.events import _set_running_loop  # pyright: ignore[reportPrivateUsage] - for loops
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, Final, TypeVar

T = TypeVar("T")
BEGIN: Final = datetime(2026, 11, 25, tzinfo=UTC)  # the first moment of every simulated town


class Stalled(Exception):
    """Nobody has anything left to do and no timer runs: somebody waits for ever."""


class _Handle(asyncio.TimerHandle):
    """Something that is to be called, unless it is cancelled."""

    __slots__ = ("act", "is_off", "things", "within")

    def __init__(  # the base would look for the caller's frame and copy the context
        self, act: Callable[..., object], things: tuple[object, ...], within: Context | None
    ) -> None:
        self.act = act
        self.things = things
        self.within = within
        self.is_off = False

    def cancel(self) -> None:
        self.is_off = True
        self.act, self.things = _nothing, ()  # a timer that stays in the heap holds nobody

    def cancelled(self) -> bool:
        return self.is_off


def _nothing() -> None:
    """Do it."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """An event loop on virtual time, which begins at zero. Nothing outside can reach it.

    It knows what the center and the people of a town use: calls, timers, futures and tasks. Among
    equal times the earlier made goes first, so that nothing depends on the machine.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []
        self._numbers = count()

    def time(self) -> float:
        """Return how many virtual seconds have passed."""
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        """Call it in this moment, after what waits already."""
        handle = _Handle(callback, args, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it so many seconds from now."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: object,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it at a virtual time."""
        handle = _Handle(callback, args, context)
        heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **more: Any) -> asyncio.Task[Any]:  # noqa: ANN401
        """Run a coroutine beside the others."""
        return asyncio.Task(coro, loop=self, **more)

    def get_debug(self) -> bool:
        """Return False: nothing here is slow."""
        return False

    def is_running(self) -> bool:
        """Return whether it is this loop that runs."""
        return asyncio._get_running_loop() is self  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001

    def is_closed(self) -> bool:
        """Return False: there is nothing to close."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Fail: whatever went wrong unseen belongs into the open."""
        raise context.get("exception") or RuntimeError(context["message"])

    def live(self, work: Coroutine[Any, Any, T]) -> T:
        """Run until `work` is done, and return its result.

        Raises:
            Stalled: it can never be done.
        """
        _set_running_loop(self)
        try:
            task = self.create_task(work)
            while not task.done():
                self._step()
            return task.result()
        finally:
            self._end()
            _set_running_loop(None)

    def _end(self) -> None:
        """Let whoever still waits go home."""
        self._timers.clear()
        for task in asyncio.all_tasks(self):
            task.cancel()
        while self._ready:
            self._step()

    def _step(self) -> None:
        """Do all that waits, and when nothing does, let the time jump to the next timer."""
        ready = self._ready
        if not ready:
            self._jump()
        while ready:
            handle = ready.popleft()
            if not handle.is_off:
                if handle.within is None:
                    handle.act(*handle.things)
                else:
                    handle.within.run(handle.act, *handle.things)

    def _jump(self) -> None:
        timers = self._timers
        while timers:
            when, _, handle = heappop(timers)
            if not handle.is_off:
                self._now = max(self._now, when)
                self._ready.append(handle)
                return
        raise Stalled


class TownClock:
    """The rules' clock of a simulated town: virtual time, put forward, put back and drifting."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._read_at = -1.0
        self._read = BEGIN
        self._ahead_s = 0.0
        self._pace = 1.0
        self._since = 0.0  # virtual seconds at which the pace last changed

    def __call__(self) -> datetime:
        """Return the present moment of the rules, right or wrong, aware, in UTC."""
        now = self._loop.time()
        if now != self._read_at:  # it is read several times in a moment
            passed = (now - self._since) * self._pace
            self._read_at = now
            self._read = BEGIN + timedelta(seconds=self._since + passed + self._ahead_s)
        return self._read

    def machine_seconds_until(self, moment: datetime) -> float:
        """Return how many virtual seconds pass until `moment`; negative when it is past."""
        return (moment - self()).total_seconds() / self._pace

    def jump(self, seconds: float) -> None:
        """Put the clock forward, or back."""
        self._ahead_s += seconds
        self._read_at = -1.0

    def drift(self, parts_per_million: float) -> None:
        """Let the clock run too fast or too slow from now on."""
        now = self._loop.time()
        self._ahead_s += (now - self._since) * (self._pace - 1)
        self._since, self._pace = now, 1 + parts_per_million / 1e6


class Ticks:
    """A stopwatch that counts how often it was looked at: a slice is a number of decisions."""

    def __init__(self, step_s: float = 0.000_25) -> None:
        self._step_s = step_s
        self._now = 0.0

    def __call__(self) -> float:
        """Return seconds; each look takes one step."""
        self._now += self._step_s
        return self._now
