"""The tree of areas: district, streets, communities, grids, and who lies under whom."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dispatch.ids import AreaId

ZONE_DEFAULT: Final = "Asia/Shanghai"  # of a territory that names no time zone


class Level(StrEnum):
    """How wide a step of the ladder reaches. Declared from narrow to wide."""

    GRID = "grid"
    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"
    OPERATOR = "operator"  # the desk must find somebody by hand
    SUPERVISOR = "supervisor"
    EMERGENCY = "emergency"  # 120 is told; the search goes on beside it

    @property
    def is_area(self) -> bool:
        """Whether this level is a ring of the area tree, not a person at the desk."""
        return self not in (Level.OPERATOR, Level.SUPERVISOR, Level.EMERGENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One node of the tree."""

    id: AreaId
    parent_id: AreaId | None
    level: Level
    name: str
    centre: tuple[float, float]  # lon, lat
    zone: str = ""  # IANA name of the time zone; "": that of the area above


class Territory:
    """All areas of the installation."""

    def __init__(self) -> None:
        self.areas: dict[AreaId, Area] = {}
        self.version = 0  # rises with every change
        self._paths: dict[AreaId, tuple[AreaId, ...]] = {}

    def put(self, area: Area) -> None:
        """Add or replace one area; safe to repeat. Children may come before their parent."""
        self.areas[area.id] = area
        self.version += 1
        self._paths.clear()

    def path(self, area_id: AreaId | None) -> tuple[AreaId, ...]:
        """Return the area and all above it, widest first; empty when the area is unknown."""
        if area_id is None:
            return ()
        found = self._paths.get(area_id)
        if found is None:
            found = self._paths[area_id] = self._climb(area_id)
        return found

    def zone(self, area_id: AreaId | None) -> str:
        """Return the time zone of an area, its own or that of the nearest area above."""
        zones = (self.areas[one].zone for one in reversed(self.path(area_id)))
        return next((zone for zone in zones if zone), ZONE_DEFAULT)

    def scope(self, area_id: AreaId | None, level: Level) -> AreaId | None:
        """Return the area of `level` that holds `area_id`; None means everywhere.

        A missing level (a call without an area, a city without grids) widens the scope:
        a gap in the map must never narrow who is asked.
        """
        for step in (s for s in Level if s.is_area and _width(s) >= _width(level)):
            for candidate in self.path(area_id):
                if self.areas[candidate].level is step:
                    return candidate
        return None

    def _climb(self, area_id: AreaId) -> tuple[AreaId, ...]:
        path: list[AreaId] = []
        at: AreaId | None = area_id
        while at is not None and at in self.areas and at not in path:
            path.append(at)
            at = self.areas[at].parent_id
        return tuple(reversed(path))


_WIDTH = {level: width for width, level in enumerate(Level)}


def _width(level: Level) -> int:
    return _WIDTH[level]
