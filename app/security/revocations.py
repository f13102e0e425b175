"""Who is told when a session or a token ends, so that its open websockets can be closed."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import TypeAlias

Subscriber: TypeAlias = Callable[[str], None]
"""Called on the loop with the id of the session or token that ended; must not block or raise."""


class Revocations:
    """Announces the ids of sessions and tokens that ended."""

    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []
        self._watches: dict[str, list[asyncio.Event]] = {}

    def on_revoke(self, subscriber: Subscriber) -> Callable[[], None]:
        """Tell the subscriber of every id that ends; return what stops that."""
        self._subscribers.append(subscriber)

        def stop() -> None:
            with suppress(ValueError):
                self._subscribers.remove(subscriber)

        return stop

    @contextmanager
    def watch(self, session_id: str) -> Generator[asyncio.Event]:
        """Give an event that is set when this session or token ends.

        Watching begins at once; whether the id was live is for the caller to ask afterwards
        (`Security.watch` does both).
        """
        gone = asyncio.Event()
        self._watches.setdefault(session_id, []).append(gone)
        try:
            yield gone
        finally:
            self._forget(session_id, gone)

    def watched(self) -> frozenset[str]:
        """Return the ids with a websocket open."""
        return frozenset(self._watches)

    def announce(self, session_id: str) -> None:
        """Say that this session or token ended. Safe to repeat."""
        for gone in self._watches.get(session_id, ()):
            gone.set()
        for subscriber in tuple(self._subscribers):
            subscriber(session_id)

    def _forget(self, session_id: str, gone: asyncio.Event) -> None:
        others = [event for event in self._watches.get(session_id, ()) if event is not gone]
        if others:
            self._watches[session_id] = others
        else:
            self._watches.pop(session_id, None)
