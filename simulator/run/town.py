"""A made-up town of any size: areas, residents with handsets, caregivers, operators."""

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from random import Random
from typing import Final

from dispatch.areas import Level
from dispatch.facts import (
    AreaDefined,
    CaregiverEnrolled,
    HandsetPaired,
    PlanAdopted,
    ResidentRegistered,
)
from dispatch.ids import AreaId, CaregiverId, HandsetId, OperatorId, ResidentId
from dispatch.place import METRES_PER_DEGREE, Place
from dispatch.plans import read_plans

CENTRE: Final = (112.985, 28.23)
STREETS: Final = 3
COMMUNITIES: Final = 2  # in each street
GRIDS: Final = 2  # in each community
WIDTH_M: Final = 4_000.0
LEVELS: Final = (Level.GRID, Level.GRID, Level.GRID, Level.COMMUNITY, Level.STREET, Level.DISTRICT)

TownFact = AreaDefined | ResidentRegistered | HandsetPaired | CaregiverEnrolled | PlanAdopted


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How large a town is and how much it says."""

    residents: int = 30
    caregivers: int = 16
    operators: int = 3  # one more is their supervisor
    calls_a_day: int = 60
    signs_a_day: int = 800  # check-ins, tests, weak batteries
    patience_s: float = 5.0  # before a message without an answer is sent again


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Who lives and works here, and the facts that tell the center so."""

    facts: tuple[TownFact, ...]
    residents: tuple[ResidentId, ...]
    handsets: tuple[HandsetId, ...]
    caregivers: tuple[CaregiverEnrolled, ...]
    operators: tuple[OperatorId, ...]
    supervisors: tuple[OperatorId, ...]


def build(scale: Scale, chance: Random, at: datetime) -> Town:
    """Return a town of this size, the same for the same state of `chance`."""
    areas = _areas(at)
    of_level = {
        level: [one.area_id for one in areas if one.level is level] for level in set(LEVELS)
    }
    caregivers = tuple(
        _caregiver(number, chance, chance.choice(of_level[chance.choice(LEVELS)]), at)
        for number in range(1, scale.caregivers + 1)
    )
    residents = [
        _resident(number, chance, chance.choice(of_level[Level.GRID]), caregivers, at)
        for number in range(1, scale.residents + 1)
    ]
    handsets = [_handset(f"H{one.resident_id[1:]}", one.resident_id, at) for one in residents]
    spare = [_handset(f"S{one.resident_id[1:]}", one.resident_id, at) for one in residents[::20]]
    nobodys = [_handset(f"N{number}", None, at) for number in (1, 2)]
    paired = (*handsets, *spare, *nobodys)
    return Town(
        facts=(_plans(at), *areas, *residents, *paired, *caregivers),
        residents=tuple(one.resident_id for one in residents),
        handsets=tuple(one.handset_id for one in paired),
        caregivers=caregivers,
        operators=tuple(OperatorId(f"op{number}") for number in range(1, scale.operators + 1)),
        supervisors=(OperatorId("sup"),),
    )


def _plans(at: datetime) -> PlanAdopted:
    text = (files("app") / "data" / "plans.toml").read_text("utf-8")
    return PlanAdopted(at=at, version=read_plans(text).version, text=text)


def _areas(at: datetime) -> list[AreaDefined]:
    found = [_area("D", None, Level.DISTRICT, at)]
    for street in range(1, STREETS + 1):
        found.append(_area(f"D{street}", "D", Level.STREET, at))
        for community in range(1, COMMUNITIES + 1):
            name = f"D{street}{community}"
            found.append(_area(name, f"D{street}", Level.COMMUNITY, at))
            found.extend(
                _area(f"{name}{grid}", name, Level.GRID, at) for grid in range(1, GRIDS + 1)
            )
    return found


def _area(name: str, parent: str | None, level: Level, at: datetime) -> AreaDefined:
    return AreaDefined(
        at=at,
        area_id=AreaId(name),
        parent_id=AreaId(parent) if parent else None,
        level=level,
        name=name,
        centre=CENTRE,
        ring=(),
    )


def _caregiver(number: int, chance: Random, area: AreaId, at: datetime) -> CaregiverEnrolled:
    is_nurse = chance.random() < 0.3
    return CaregiverEnrolled(
        at=at,
        caregiver_id=CaregiverId(f"C{number}"),
        kind="nurse" if is_nurse else "grid_worker",
        skills=("nursing",) if is_nurse else (),
        languages=("zh",),
        area_id=area,
        speed_kmh=round(chance.uniform(9, 25), 1),
        is_active=True,
        station=somewhere(chance),
    )


def _resident(
    number: int,
    chance: Random,
    area: AreaId,
    caregivers: tuple[CaregiverEnrolled, ...],
    at: datetime,
) -> ResidentRegistered:
    unwanted = chance.sample(caregivers, k=1) if chance.random() < 0.15 else []
    return ResidentRegistered(
        at=at,
        resident_id=ResidentId(f"R{number}"),
        area_id=area,
        state="home",
        category="elder",
        ability="partly",
        lives_alone=True,
        language="zh",
        communication="voice",
        home_is_pinned=True,
        excluded=tuple(one.caregiver_id for one in unwanted),
        home=somewhere(chance),
    )


def _handset(name: str, resident: ResidentId | None, at: datetime) -> HandsetPaired:
    return HandsetPaired(at=at, handset_id=HandsetId(name), resident_id=resident, model="simulated")


def somewhere(chance: Random, **more: object) -> Place:
    """Return a point in the town."""
    east = (chance.random() - 0.5) * WIDTH_M
    north = (chance.random() - 0.5) * WIDTH_M
    return moved(Place(lon=CENTRE[0], lat=CENTRE[1], source="installed"), east, north)


def moved(place: Place, east_m: float, north_m: float) -> Place:
    """Return the point so many metres east and north of another."""
    return Place(
        lon=round(place.lon + east_m / (METRES_PER_DEGREE * 0.881), 6),
        lat=round(place.lat + north_m / METRES_PER_DEGREE, 6),
        source=place.source,
        at=place.at,
    )
