"""What the players did and saw, with machine times, for the report."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from simulator.players.doors import Refused

PressKey: TypeAlias = tuple[str, str]
"""Handset id and event id."""


@dataclass(slots=True, kw_only=True)
class Press:
    """One message of a handset that must be on record once, however often it is sent."""

    handset_id: str
    event_id: str
    kind: str
    sent_at: float  # `time.perf_counter` of the first try
    acknowledged_at: float | None = None
    incident_id: str | None = None
    joined: bool = False

    @property
    def key(self) -> PressKey:
        """Return what makes it the same message when it is sent again."""
        return self.handset_id, self.event_id


@dataclass(slots=True)
class Tally:
    """Counts and moments; nothing in it decides anything."""

    presses: dict[PressKey, Press] = field(default_factory=dict[PressKey, Press])
    offered_at: dict[str, float] = field(default_factory=dict[str, float])
    """Incident id → when the first caregiver's websocket had an offer for it."""
    on_console_at: dict[str, float] = field(default_factory=dict[str, float])
    """Incident id → when the first operator's websocket had it."""
    duplicates: int = 0  # presses sent again on purpose, and recognised
    errors: Counter[str] = field(default_factory=Counter[str])  # what should not happen
    refusals: Counter[str] = field(default_factory=Counter[str])  # what happens: taken, lapsed
    cursor: str = ""  # of the first console's first snapshot

    @property
    def acknowledged(self) -> list[Press]:
        """Return the presses that the server said are on record."""
        return [one for one in self.presses.values() if one.acknowledged_at is not None]

    def fault(self, error: Exception) -> None:
        """Count what went wrong: an answer of the rules is a refusal, the rest an error."""
        if isinstance(error, Refused) and not error.may_pass_later:
            self.refusals[error.name] += 1
        elif isinstance(error, Refused):
            self.errors[error.name] += 1
        else:
            self.errors[f"{type(error).__name__}: {error}"] += 1

    def press_to_offer_ms(self) -> list[float]:
        """Return, for each incident offered on a websocket, the time since its first press."""
        return self._since_press(self.offered_at)

    def press_to_console_ms(self) -> list[float]:
        """Return the same for the consoles."""
        return self._since_press(self.on_console_at)

    def _since_press(self, seen_at: dict[str, float]) -> list[float]:
        first: dict[str, float] = {}
        for press in self.acknowledged:
            if press.incident_id is not None and not press.joined:
                before = first.get(press.incident_id, press.sent_at)
                first[press.incident_id] = min(before, press.sent_at)
        return sorted(1000 * (seen_at[one] - at) for one, at in first.items() if one in seen_at)
