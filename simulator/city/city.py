"""A whole city in one value, and the demo city."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from simulator.city import paving, residents, staff, territory
from simulator.city.ground import Ground
from simulator.city.plane import Place
from simulator.city.residents import CityResident
from simulator.city.roads import Roads
from simulator.city.staff import CityCaregiver, CityOperator
from simulator.city.territory import CityArea, River

DEMO_SEED: Final = 430105


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """Ground, roads and people of one city."""

    areas: tuple[CityArea, ...]  # district first, parents before their children
    residents: tuple[CityResident, ...]
    caregivers: tuple[CityCaregiver, ...]
    operators: tuple[CityOperator, ...]
    river: River | None
    bridges: tuple[Place, ...]
    roads: Roads


def demo_city(seed: int = DEMO_SEED) -> City:
    """Return the demo city; the same seed gives the same city, to the last digit.

    It has the size of Kaifu district, Changsha, and the names and codes of its streets and
    communities. Everything else is invented: borders, water, roads and people. Takes about a
    second. Another version of GEOS (under shapely) may place a corner elsewhere.
    """
    areas = territory.lay_out(seed)
    river = territory.river()
    roads, bridges = paving.pave(areas, river)
    ground = Ground(areas, river)
    caregivers = staff.caregivers(ground, Random(f"{seed}/caregivers"))
    return City(
        areas=areas,
        residents=_with_keys(residents.residents(ground, Random(f"{seed}/residents")), caregivers),
        caregivers=caregivers,
        operators=staff.operators(ground, Random(f"{seed}/operators")),
        river=river,
        bridges=bridges,
        roads=roads,
    )


def _with_keys(
    people: Iterable[CityResident], caregivers: Iterable[CityCaregiver]
) -> tuple[CityResident, ...]:
    """Return the residents, each with the caregivers who keep the keys of their community."""
    keepers = [one for one in caregivers if "key_holder" in one.skills]
    return tuple(
        replace(
            person,
            key_holders=tuple(
                one.id for one in keepers if person.area_code.startswith(one.area_code)
            ),
        )
        for person in people
    )
