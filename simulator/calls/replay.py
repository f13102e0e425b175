"""A city made from a call log, so that a server can be loaded for its replay.

Nobody is named in the log: each place that called becomes one made-up resident, each unit a
caregiver stationed where it was sent most. Borders and roads are invented.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from simulator.calls.log import CallUnit, LoggedCall
from simulator.city import shapes
from simulator.city.city import City
from simulator.city.plane import Place, Plane, Ring, is_inside
from simulator.city.residents import CityResident
from simulator.city.roads import lattice
from simulator.city.staff import CityCaregiver, CityOperator
from simulator.city.territory import CityArea
from simulator.city.words import telephone

CITY_CODE: Final = "SF"
CITY_NAME: Final = "San Francisco"
PLACE_DECIMALS: Final = 4  # of a degree: about ten metres, less than a block
MARGIN_M: Final = 500.0  # between the outermost call and the city's border
ROAD_SPACING_M: Final = 400.0
UNITS_MAX: Final = 4  # kept at one station
DRIVE_KMH: Final = 25.0
BORN: Final = date(1950, 1, 1)  # of every made-up resident

# Who a unit stands in for, and what it can do. Chiefs, support and investigators give no care.
NURSES: Final = frozenset({"MEDIC", "PRIVATE", "RESCUE CAPTAIN"})
CREWS: Final = frozenset({"ENGINE", "TRUCK", "RESCUE SQUAD"})
NURSE_SKILLS: Final = ("nursing", "first_aid", "lifting")
CREW_SKILLS: Final = ("first_aid", "lifting", "key_holder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Where some units wait: the middle of the calls of one station area."""

    id: str  # the station area's number
    battalion: str  # that most of its calls name
    place: Place
    units: tuple[CallUnit, ...]  # as on their first call; the most often sent first


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentPlace:
    """A place that called, and the made-up resident who stands for it."""

    id: str
    place: Place  # rounded
    neighbourhood: str
    calls: int


def place_id(place: Place) -> str:
    """Return the resident's id for a place: in every log the same, for all that round alike."""
    lon, lat = _rounded(place)
    return "R" + sha256(f"{lon:.4f},{lat:.4f}".encode()).hexdigest()[:10]


def handset_id(place: Place) -> str:
    """Return the id of the handset at a place."""
    return "H" + place_id(place)[1:]


def resident_places(calls: Iterable[LoggedCall]) -> tuple[ResidentPlace, ...]:
    """Return one made-up resident for each rounded place, by id."""
    at: defaultdict[str, list[LoggedCall]] = defaultdict(list)
    for call in calls:
        at[place_id(call.place)].append(call)
    return tuple(
        ResidentPlace(
            id=resident_id,
            place=_rounded(own[0].place),
            neighbourhood=own[0].neighbourhood,
            calls=len(own),
        )
        for resident_id, own in sorted(at.items())
    )


def stations(calls: Sequence[LoggedCall], units_max: int = UNITS_MAX) -> tuple[Station, ...]:
    """Return the stations, by id, each with at most `units_max` of the units at home there.

    A unit is at home in the station area it was sent to most, so no unit is at two stations.
    Only units that give care count: NURSES and CREWS.
    """
    by_area: defaultdict[str, list[LoggedCall]] = defaultdict(list)
    for call in calls:
        by_area[call.station_area].append(call)
    homes = _units_at_home(calls)
    return tuple(
        Station(
            id=area,
            battalion=_commonest(call.battalion for call in own),
            place=_mean([call.place for call in own]),
            units=tuple(homes[area][:units_max]),
        )
        for area, own in sorted(by_area.items())
    )


def replay_city(calls: Sequence[LoggedCall], units_max: int = UNITS_MAX) -> City:
    """Return a city to replay calls in: district, battalions, station areas, one grid each.

    Grids tile a box around all calls and nest in their station areas; a battalion whose
    areas lie apart is drawn as the hull around them and may overlap its neighbours.
    """
    found = stations(calls, units_max)
    frame = _frame(calls)
    areas = _areas(found, frame)
    return City(
        areas=areas,
        residents=_residents(calls, [area for area in areas if area.level == "grid"]),
        caregivers=tuple(_caregivers(found)),
        operators=_operators(),
        river=None,
        bridges=(),
        roads=lattice((frame[0], frame[2]), ROAD_SPACING_M),
    )


def _units_at_home(calls: Iterable[LoggedCall]) -> Mapping[str, list[CallUnit]]:
    """Return the units of each station area, the most often sent there first."""
    sent: defaultdict[str, Counter[str]] = defaultdict(Counter)
    units: dict[str, CallUnit] = {}
    for call in calls:
        for unit in (unit for unit in call.units if unit.unit_type in NURSES | CREWS):
            units.setdefault(unit.unit_id, unit)
            sent[unit.unit_id][call.station_area] += 1
    homes: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for unit_id, areas in sent.items():
        home = max(sorted(areas), key=lambda area: areas[area])
        homes[home].append((-areas[home], unit_id))
    return defaultdict(list, {h: [units[u] for _, u in sorted(own)] for h, own in homes.items()})


def _frame(calls: Iterable[LoggedCall]) -> Ring:
    """Return the box around all calls, counter-clockwise from its south-west corner."""
    lons, lats = zip(*(call.place for call in calls), strict=True)
    west, south = _moved((min(lons), min(lats)), -MARGIN_M)
    east, north = _moved((max(lons), max(lats)), MARGIN_M)
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def _areas(found: Sequence[Station], frame: Ring) -> tuple[CityArea, ...]:
    rings = dict(zip((one.id for one in found), _cells(found, frame), strict=True))
    battalions = sorted({one.battalion for one in found})
    streets = [
        _area(
            f"{CITY_CODE}-{battalion}",
            CITY_CODE,
            "street",
            f"Battalion {battalion[1:]}",
            _outline([rings[one.id] for one in found if one.battalion == battalion]),
        )
        for battalion in battalions
    ]
    communities = [
        _area(
            _community_code(one),
            f"{CITY_CODE}-{one.battalion}",
            "community",
            f"Station area {one.id}",
            rings[one.id],
        )
        for one in found
    ]
    grids = [
        _area(f"{area.code}-1", area.code, "grid", f"{area.name}, grid 1", area.ring)
        for area in communities
    ]
    district = _area(CITY_CODE, None, "district", CITY_NAME, shapes.union(rings.values()))
    return (district, *streets, *communities, *grids)


def _area(code: str, parent_code: str | None, level: str, name: str, ring: Ring) -> CityArea:
    return CityArea(
        code=code,
        parent_code=parent_code,
        level=level,
        name=name,
        centre=shapes.inner_place(ring),
        ring=ring,
    )


def _community_code(station: Station) -> str:
    return f"{CITY_CODE}-{station.battalion}-{station.id}"


def _cells(found: Sequence[Station], frame: Ring) -> list[Ring]:
    """Return the ground nearest to each station, within the frame."""
    plane = Plane(origin=frame[0])
    corners = [plane.spot(place) for place in frame]
    cells = shapes.cells([plane.spot(one.place) for one in found], within=corners)
    return [tuple(plane.place(spot) for spot in cell) for cell in cells]


def _outline(rings: Sequence[Ring]) -> Ring:
    if shapes.is_whole(rings):
        return shapes.union(rings)
    return shapes.hull(place for ring in rings for place in ring)


def _residents(calls: Iterable[LoggedCall], grids: Sequence[CityArea]) -> tuple[CityResident, ...]:
    return tuple(
        CityResident(
            id=one.id,
            name=f"Caller {one.id[1:]}",
            sex="f",
            born=BORN,
            category="elder",
            ability="self_caring",  # the log says nothing of it: its own class shall count
            lives_alone=False,
            language="en",
            communication="voice",
            telephone=telephone(number),
            address=f"{one.neighbourhood}, block at {one.place[1]:.4f} {one.place[0]:.4f}",
            area_code=_grid_at(one.place, grids).code,
            home=one.place,
            medical="",
            key_note="",
            handset_id=handset_id(one.place),
            handset_model="pager",
        )
        for number, one in enumerate(resident_places(calls), start=1)
    )


def _grid_at(place: Place, grids: Iterable[CityArea]) -> CityArea:
    return next(grid for grid in grids if is_inside(place, grid.ring))


def _caregivers(found: Sequence[Station]) -> Iterator[CityCaregiver]:
    posts = [(station, unit) for station in found for unit in station.units]
    for number, (station, unit) in enumerate(posts, start=1):
        is_nurse = unit.unit_type in NURSES
        yield CityCaregiver(
            id=f"C{number:03}",
            name=f"{unit.unit_type.title()} {unit.unit_id}",
            kind="community_nurse" if is_nurse else "grid_worker",
            skills=NURSE_SKILLS if is_nurse else CREW_SKILLS,
            languages=("en",),
            telephone=telephone(5000 + number),
            area_code=_community_code(station),
            station=station.place,
            speed_kmh=DRIVE_KMH,
        )


def _operators() -> tuple[CityOperator, ...]:
    roles = (("op01", "operator"), ("op02", "operator"), ("sup01", "supervisor"))
    return tuple(
        CityOperator(login=login, name=login, role=role, area_codes=(CITY_CODE,))
        for login, role in (*roles, ("admin01", "administrator"))
    )


def _commonest(values: Iterable[str]) -> str:
    counts = Counter(values)
    return max(sorted(counts), key=lambda value: counts[value])


def _mean(places: Sequence[Place]) -> Place:
    lons, lats = zip(*places, strict=True)
    return (round(sum(lons) / len(lons), 6), round(sum(lats) / len(lats), 6))


def _rounded(place: Place) -> Place:
    return (round(place[0], PLACE_DECIMALS), round(place[1], PLACE_DECIMALS))


def _moved(place: Place, metres: float) -> Place:
    """Return the place so many metres east and as many north."""
    return Plane(origin=place).place((metres, metres))
