"""How the seconds of a run are shared out among its slices."""

from dataclasses import dataclass
from typing import Final

ROUNDS_MIN: Final = 5
ROUNDS_MAX: Final = 7
ROUNDS_MAX_FROM_S: Final = 180.0
CLOSED_SHARE: Final = 0.2  # of the seconds, for each number of connections
OPEN_SHARE: Final = 0.4
SLICE_S_MIN: Final = 0.5
OPEN_SLICE_S_MIN: Final = 2.0  # a shorter one holds too few presses for a 99th percentile


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Rounds, and how long one slice of each kind lasts."""

    rounds: int
    slice_s: float
    open_slice_s: float
    pairs: int  # of starts


def plan_for(seconds: float) -> Plan:
    """Return the plan for about so many seconds of load; the least is kept in any case."""
    rounds = ROUNDS_MAX if seconds >= ROUNDS_MAX_FROM_S else ROUNDS_MIN
    closed = seconds * CLOSED_SHARE / (4 * rounds + 1)  # reference, ours, reference, usual, …
    opened = seconds * OPEN_SHARE / (2 * rounds + 1)
    return Plan(
        rounds=rounds,
        slice_s=max(SLICE_S_MIN, closed),
        open_slice_s=max(OPEN_SLICE_S_MIN, opened),
        pairs=rounds if seconds >= ROUNDS_MAX_FROM_S / 3 else 3,
    )
