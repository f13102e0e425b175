"""The demo city's ground: district, streets, communities, grids and the river between them.

Names and codes are those of Kaifu district in Changsha; every border is invented.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from random import Random
from typing import Final, Generic, TypedDict, TypeVar, cast

from simulator.city import shapes
from simulator.city.plane import Place, Plane, Ring, Spot, is_inside

CENTRE: Final[Place] = (112.985, 28.25)
PLANE: Final = Plane(origin=CENTRE)
DISTRICT_KM2: Final = 189.0
GRIDS: Final = 700  # aimed at; relaxing the sites moves a few over the outline
THROWS_MAX: Final = 20  # of the grids; one in ten leaves a street that cannot be divided
ATTEMPTS_MAX: Final = 60
TILT_MAX: Final = 0.4  # radians a cut may lie off the square, so that the map is no chessboard

# A district with its old town in the south-west, in km east and north of the centre.
OUTLINE_KM: Final[Ring] = (
    (-4.6, -9.2), (-1.5, -9.6), (1.6, -8.6), (4.2, -6.6), (6.0, -3.6), (7.4, -0.4), (9.0, 3.4),
    (8.0, 7.4), (4.6, 9.6), (-0.6, 9.0), (-4.6, 8.2), (-6.0, 4.4), (-5.2, 0.6), (-5.6, -4.0),
    (-4.6, -9.2),
)  # fmt: skip
OLD_TOWN_KM: Final[Spot] = (-2.6, -6.2)
OLD_TOWN_SPREAD_KM: Final = 2.6
OPEN_COUNTRY: Final = 0.08  # grids for the same ground, with the old town as 1

# Roughly where each street lies from the others, so that neighbours on the map are neighbours.
STREET_KM: Final[Mapping[str, Spot]] = {
    "430105001": (-3.0, -2.0), "430105002": (-1.0, -6.0), "430105003": (-1.5, -7.5),
    "430105004": (-3.5, -8.5), "430105005": (-3.0, -6.5), "430105006": (-2.5, -4.5),
    "430105009": (-4.0, -5.0), "430105010": (-4.0, -7.5), "430105012": (0.5, -4.0),
    "430105013": (2.5, -3.0), "430105014": (1.5, -1.5), "430105015": (3.5, -5.0),
    "430105016": (-1.0, 2.5), "430105019": (6.0, 6.0), "430105020": (4.0, 2.0),
    "430105021": (-2.0, 7.0),
}  # fmt: skip

RIVER_NAME: Final = "捞刀河"
RIVER_WIDTH_M: Final = 150.0
RIVER_KM: Final[tuple[Spot, ...]] = (
    (12.0, -1.4), (9.2, -0.6), (7.4, 1.1), (5.6, 0.9), (4.4, -0.6), (3.0, -0.9), (1.8, 0.3),
    (0.4, 0.9), (-1.0, 0.1), (-2.4, -0.7), (-3.8, 0.2), (-5.4, 1.0), (-7.4, 0.8), (-9.5, 0.2),
)  # fmt: skip


class Community(TypedDict):
    """One community of the official list."""

    code: str
    name: str


class Street(Community):
    """One street of the official list, with its communities."""

    communities: list[Community]


KAIFU: Final = Community(code="430105", name="开福区")


@dataclass(frozen=True, slots=True, kw_only=True)
class CityArea:
    """One node of the territory tree."""

    code: str
    parent_code: str | None  # None for the district
    level: str  # "district", "street", "community" or "grid"
    name: str
    centre: Place  # inside the ring
    ring: Ring


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """Water that can be crossed at the bridges only."""

    name: str
    line: tuple[Place, ...]  # the middle of the stream; both ends lie outside the district
    width_m: float
    ring: Ring  # the water's edge


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part(Generic[T]):
    """A taker of ground: how much it wants, and where from the others."""

    what: T
    weight: int
    near: Spot


def divisions() -> list[Street]:
    """Return the official streets of Kaifu district with their communities."""
    source = resources.files("simulator") / "data" / "kaifu_430105.json"
    return cast("list[Street]", json.loads(source.read_text(encoding="utf-8"))["streets"])


def lay_out(seed: int) -> tuple[CityArea, ...]:
    """Return district, streets, communities and grids, parents before their children.

    Siblings share their borders vertex by vertex, so each level tiles the one above.

    Raises:
        RingRefused: no way was found to give each area ground in one piece.
    """
    for throw in range(THROWS_MAX):
        try:
            return _laid_out(Random(f"{seed}/territory/{throw}"))
        except shapes.RingRefused:
            continue
    raise shapes.RingRefused(f"seed {seed}")


def river() -> River:
    """Return the river, which is the same for every seed."""
    km = _rounded_off(_rounded_off(RIVER_KM))
    line = tuple(PLANE.place((x * 1000, y * 1000)) for x, y in km)
    ring = shapes.band(line, PLANE, RIVER_WIDTH_M)
    return River(name=RIVER_NAME, line=line, width_m=RIVER_WIDTH_M, ring=ring)


def short_name(name: str) -> str:
    """Return a community's name without its committee: 水风井社区居委会 → 水风井社区."""
    for committee in ("居民委员会", "居委会", "委会"):
        name = name.removesuffix(committee)
    return name


def _laid_out(chance: Random) -> tuple[CityArea, ...]:
    ground = _grid_rings(chance)
    areas = [_area(KAIFU, None, "district", ground.values())]
    communities: list[CityArea] = []
    grids: list[CityArea] = []
    for street, sites in _shared_out(ground, tuple(ground), _street_parts(), chance):
        areas.append(_area(street, KAIFU["code"], "street", [ground[site] for site in sites]))
        for community, own in _shared_out(ground, sites, _community_parts(street, chance), chance):
            rings = [ground[site] for site in own]
            communities.append(_area(community, street["code"], "community", rings))
            grids += _grids(community, rings)
    return (*areas, *communities, *grids)


def _area(of: Community, parent_code: str | None, level: str, rings: Iterable[Ring]) -> CityArea:
    ring = shapes.union(rings)
    return CityArea(
        code=of["code"],
        parent_code=parent_code,
        level=level,
        name=of["name"],
        centre=shapes.inner_place(ring),
        ring=ring,
    )


def _grids(community: Community, rings: Sequence[Ring]) -> Iterator[CityArea]:
    code, name = community["code"], short_name(community["name"])
    for number, ring in enumerate(rings, start=1):
        grid = Community(code=f"{code}{number:03}", name=f"{name}第{number}网格")
        yield _area(grid, code, "grid", [ring])


def _street_parts() -> list[_Part[Street]]:
    """Return the streets, each wanting ground for its communities where it should lie."""
    return [
        _Part(what=street, weight=len(street["communities"]), near=STREET_KM[street["code"]])
        for street in divisions()
    ]


def _community_parts(street: Street, chance: Random) -> list[_Part[Community]]:
    """Return the communities of a street, of uneven size and anywhere within it."""
    return [
        _Part(
            what=community,
            weight=chance.choice((4, 5, 6, 6, 7, 8)),
            near=(chance.random(), chance.random()),
        )
        for community in street["communities"]
    ]


def _shared_out(
    ground: Mapping[Spot, Ring],
    sites: tuple[Spot, ...],
    parts: Sequence[_Part[T]],
    chance: Random,
) -> list[tuple[T, tuple[Spot, ...]]]:
    """Return each taker's share of the sites, every share in one piece.

    Raises:
        RingRefused: none of ATTEMPTS_MAX ways to cut gave whole pieces only.
    """
    for _ in range(ATTEMPTS_MAX):
        shares = list(_halved(sites, parts, chance))
        if all(shapes.is_whole(ground[site] for site in own) for _, own in shares):
            return shares
    raise shapes.RingRefused("no whole pieces")


def _halved(
    sites: tuple[Spot, ...], parts: Sequence[_Part[T]], chance: Random
) -> Iterator[tuple[T, tuple[Spot, ...]]]:
    """Cut sites and takers in two, about across the longer side, until each taker is alone.

    Cells whose sites lie on one side of a straight cut mostly hang together.
    """
    if len(parts) == 1:
        yield parts[0].what, sites
        return
    along = _heading(sites, chance)
    takers = sorted(parts, key=lambda part: _reach(part.near, along))
    ordered = tuple(sorted(sites, key=lambda site: _reach(site, along)))
    middle = len(takers) // 2
    share = sum(part.weight for part in takers[:middle]) / sum(part.weight for part in takers)
    cut = round(len(ordered) * share)
    yield from _halved(ordered[:cut], takers[:middle], chance)
    yield from _halved(ordered[cut:], takers[middle:], chance)


def _heading(sites: Sequence[Spot], chance: Random) -> float:
    """Return the direction of the longer side, a little off, in radians."""
    width, height = (max(side) - min(side) for side in zip(*sites, strict=True))
    return (0.0 if width > height else math.pi / 2) + chance.uniform(-TILT_MAX, TILT_MAX)


def _reach(spot: Spot, heading: float) -> float:
    return spot[0] * math.cos(heading) + spot[1] * math.sin(heading)


def _grid_rings(chance: Random) -> dict[Spot, Ring]:
    """Return the grids by their site: cells of scattered sites, small in the old town."""
    sites = _scattered(chance)
    for _ in range(2):  # pulls sites apart that fell close together
        sites = [_middle(cell) for cell in shapes.cells(sites)]
    kept = {
        site: cell
        for site, cell in zip(sites, shapes.cells(sites), strict=True)
        if is_inside(site, OUTLINE_KM)
    }
    scale = 1000 * math.sqrt(DISTRICT_KM2 / sum(_size(cell) for cell in kept.values()))
    return {site: _on_the_globe(cell, scale) for site, cell in kept.items()}


def _scattered(chance: Random) -> list[Spot]:
    """Return sites in km, denser in the old town, GRIDS of them inside the outline."""
    sites: list[Spot] = []
    inside = 0
    while inside < GRIDS:
        site = (chance.uniform(-9, 12), chance.uniform(-13, 13))
        if chance.random() < _density(site):
            sites.append(site)
            inside += is_inside(site, OUTLINE_KM)
    return sites


def _density(site: Spot) -> float:
    away = math.dist(site, OLD_TOWN_KM) / OLD_TOWN_SPREAD_KM
    return OPEN_COUNTRY + (1 - OPEN_COUNTRY) * math.exp(-away * away / 2)


def _middle(cell: Sequence[Spot]) -> Spot:
    corners = cell[1:]
    return (sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners))


def _size(cell: Sequence[Spot]) -> float:
    return sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(cell)) / 2


def _on_the_globe(cell: Sequence[Spot], scale: float) -> Ring:
    """Return a cell as a ring of places, without corners that rounding made one."""
    places = [PLANE.place((x * scale, y * scale)) for x, y in cell]
    return (places[0], *(b for a, b in pairwise(places) if a != b))


def _rounded_off(line: Sequence[Spot]) -> list[Spot]:
    """Return a line whose corners are cut a quarter of the way, ends kept."""
    cut = [line[0]]
    for (ax, ay), (bx, by) in pairwise(line):
        cut.append((0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by))
        cut.append((0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by))
    return [*cut, line[-1]]
