"""Wrong tokens and passwords, counted by door and source address, for the administrator."""

from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final

SOURCES_MAX: Final = 10_000
"""More sources than this push out the ones that have been quiet for longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """How often one address was refused at one door since the start of the service."""

    door: str
    source: str  # an address, "" when unknown
    count: int
    last_at: datetime


class WrongCounts:
    """Counts refusals. Totals are exact; sources are the latest `sources_max`."""

    def __init__(self, *, sources_max: int = SOURCES_MAX) -> None:
        self._sources_max = sources_max
        self._sources: OrderedDict[tuple[str, str], Wrong] = OrderedDict()
        self._totals: Counter[str] = Counter()

    def add(self, door: str, source: str, at: datetime) -> None:
        """Count one refusal at a door."""
        before = self._sources.pop((door, source), None)
        count = before.count + 1 if before else 1
        self._sources[door, source] = Wrong(door=door, source=source, count=count, last_at=at)
        self._totals[door] += 1
        if len(self._sources) > self._sources_max:
            self._sources.popitem(last=False)

    def totals(self) -> dict[str, int]:
        """Return the count of each door since the start."""
        return dict(self._totals)

    def sources(self, limit: int = 1_000) -> list[Wrong]:
        """Return the sources, most refused first."""
        return sorted(self._sources.values(), key=lambda wrong: -wrong.count)[:limit]
