"""How long calls wait for one of several operators: the formulas of Erlang and what grew of them.

Calls come by chance at an even rate, are served for a time that varies by chance, and nobody
hangs up. Where real calls come in bursts, plan with a higher rate: the formulas know no bursts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf


def erlang_b(servers: int, load: float) -> float:
    """Return the share of calls that are lost when nobody may wait; 0 to 1.

    `load` is in erlangs: calls that come during one mean service. Any distribution of the
    service gives the same. Source: Erlang 1917, loss formula, by its recursion over servers.
    """
    lost = 1.0
    for busy in range(1, servers + 1):
        lost = load * lost / (busy + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Return the share of calls that must wait when everybody waits; 1 when `servers` are too few.

    Source: Erlang 1917, delay formula: C = B / (1 - ρ(1 - B)).
    """
    if load >= servers:
        return 1.0
    lost = erlang_b(servers, load)
    return lost / (1.0 - load / servers * (1.0 - lost))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Some operators at the calls of one hour, served in the order in which they came."""

    operators: int  # one or more
    calls_per_h: float
    handling_s: float  # mean, positive
    variation: float = 1.0  # of the handling: standard deviation over mean; 1 is exponential

    @property
    def load(self) -> float:
        """Work that comes in, in erlangs: how many operators are busy on average."""
        return self.calls_per_h * self.handling_s / 3600.0

    @property
    def must_wait(self) -> float:
        """Share of calls that find every operator busy."""
        return erlang_c(self.operators, self.load)

    @property
    def wait_s(self) -> float:
        """Mean wait of all calls, those at once included; infinite when too few are there.

        Source: Erlang 1917 for exponential handling; Lee & Longton 1959, for any other, that the
        wait grows as (1 + cv²) / 2.
        """
        return self.must_wait * self._wait_of_those_who_wait_s

    @property
    def waiting(self) -> float:
        """Mean number of calls that wait. Source: Little 1961, L = λW."""
        return self.calls_per_h / 3600.0 * self.wait_s

    def answered_within(self, seconds: float) -> float:
        """Return the share of calls that wait at most so long.

        Source: Erlang 1917, P(W ≤ t) = 1 - C·e^(-(cμ-λ)t), whose tail is stretched by Lee &
        Longton's factor when the handling is not exponential (exact when it is).
        """
        if self.load >= self.operators:
            return 0.0
        return 1.0 - self.must_wait * exp(-seconds / self._wait_of_those_who_wait_s)

    def waits_by_priority_s(self, shares: Sequence[float]) -> tuple[float, ...]:
        """Return the mean wait of each class, the first served first; `shares` add up to 1.

        A call that is being handled is never broken off. Source: Kella & Yechiali 1985 for
        several servers with the same handling; Cobham 1954 for one.
        """
        alone_s = self.must_wait * self.handling_s / self.operators
        waits: list[float] = []
        before = 0.0
        for share in shares:
            after = before + share * self.load / self.operators
            waits.append(alone_s / ((1.0 - before) * (1.0 - after)) if after < 1.0 else inf)
            before = after
        return tuple(waits)

    @property
    def _wait_of_those_who_wait_s(self) -> float:
        idle = self.operators - self.load
        return self.handling_s / idle * (1.0 + self.variation**2) / 2.0 if idle > 0 else inf
