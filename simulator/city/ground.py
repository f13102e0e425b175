"""Where in the demo city people can be put: which grids are dry, and where in them."""

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Final

from simulator.city.plane import DECIMALS, Place, is_inside, metres_from_line
from simulator.city.territory import CityArea, River

BANK_M: Final = 20.0  # between water and any front door


class Ground:
    """The areas again, by what people need to know of them."""

    def __init__(self, areas: Sequence[CityArea], river: River) -> None:
        self.by_code = {area.code: area for area in areas}
        self.district = areas[0]
        self.streets = [area for area in areas if area.level == "street"]
        self.children: defaultdict[str, list[CityArea]] = defaultdict(list)
        self._river = river
        for area in areas:
            if area.parent_code and (area.level != "grid" or self._is_dry(area.centre)):
                self.children[area.parent_code].append(area)

    def communities(self) -> list[CityArea]:
        """Return all communities, street by street."""
        return [area for street in self.streets for area in self.children[street.code]]

    def dry_place(self, grid: CityArea, chance: Random) -> Place:
        """Return a place inside a grid, away from the water."""
        lons, lats = zip(*grid.ring, strict=True)
        for _ in range(500):
            lon = round(chance.uniform(min(lons), max(lons)), DECIMALS)
            lat = round(chance.uniform(min(lats), max(lats)), DECIMALS)
            if is_inside((lon, lat), grid.ring) and self._is_dry((lon, lat)):
                return lon, lat
        return grid.centre

    def _is_dry(self, place: Place) -> bool:
        return metres_from_line(place, self._river.line) > self._river.width_m / 2 + BANK_M
