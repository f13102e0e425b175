"""Which calls may come from one household: open calls, by where their residents live."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Final, TypeAlias

from dispatch.ids import IncidentId
from dispatch.place import Place, distance_m

SAME_HOME_M: Final = 15.0
"""Between two pinned homes that count as one: a building's entrance, pinned twice."""
SAME_MINUTE: Final = timedelta(seconds=60)
"""Between two calls of one household that are linked, never merged."""

_Cell: TypeAlias = tuple[int, int]
_CELLS_PER_DEGREE: Final = 1000  # about 100 m: neighbours lie in the same cell or the next


class Households:
    """Open calls by home. An index: put in when a call is raised, taken out when it ends."""

    def __init__(self) -> None:
        self._homes: dict[_Cell, dict[IncidentId, Place]] = {}
        self._cells: dict[IncidentId, _Cell] = {}

    def put(self, incident_id: IncidentId, home: Place) -> None:
        """Note that a call came from the resident of this home."""
        cell = _cell(home)
        self._cells[incident_id] = cell
        self._homes.setdefault(cell, {})[incident_id] = home

    def discard(self, incident_id: IncidentId) -> None:
        """Forget a call; no effect when it is not known."""
        cell = self._cells.pop(incident_id, None)
        if cell is not None:
            left = self._homes[cell]
            del left[incident_id]
            if not left:
                del self._homes[cell]

    def calls_at(self, home: Place) -> Iterator[IncidentId]:
        """Give the open calls of everybody who lives there, in no order."""
        x, y = _cell(home)
        for dx, dy in product((-1, 0, 1), repeat=2):
            for incident_id, other in self._homes.get((x + dx, y + dy), {}).items():
                if distance_m(home, other) <= SAME_HOME_M:
                    yield incident_id


def _cell(home: Place) -> _Cell:
    return round(home.lon * _CELLS_PER_DEGREE), round(home.lat * _CELLS_PER_DEGREE)
