"""The demo city's residents, all invented."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from simulator.city.ground import Ground
from simulator.city.plane import Place
from simulator.city.territory import CityArea, short_name
from simulator.city.words import KEYS, MEDICAL, full_name, telephone

TODAY: Final = date(2026, 1, 1)  # ages are counted from here
RESIDENTS: Final = 277  # as many as the district's first home-care centre served
WANTS_A_WOMAN_ONE_IN: Final = 8  # of the women, as caregiver
HANDSET_MODELS: Final = ("pager", "watch", "pendant")
CATEGORIES: Final[Mapping[str, int]] = {"elder": 86, "child": 6, "disabled": 8}  # percent
AGES: Final[Mapping[str, tuple[int, int]]] = {
    "elder": (62, 97),
    "child": (6, 13),
    "disabled": (22, 59),
}
DAYS_PER_YEAR: Final = 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class CityResident:
    """Somebody who lives at home and may press the button."""

    id: str
    name: str
    sex: str  # "f" or "m"
    born: date
    category: str  # "elder", "child" or "disabled"
    ability: str  # "self_caring", "partly" or "dependent"
    lives_alone: bool
    language: str  # "zh", "en" or "xiang", the dialect of Changsha
    communication: str  # "voice", "hard_of_hearing" or "text_only"
    telephone: str
    address: str
    area_code: str  # the grid the home lies in
    home: Place
    medical: str
    key_note: str
    handset_id: str
    handset_model: str  # "pager" on the wall, "watch" or "pendant"
    needs: tuple[str, ...] = ()  # skills that whoever comes must have
    wants_sex: str = ""  # "f" or "m": of whoever comes
    key_holders: tuple[str, ...] = ()  # caregivers who can open the door


def residents(ground: Ground, chance: Random) -> tuple[CityResident, ...]:
    """Return the residents: two in each community, the others anywhere."""
    communities = ground.communities()
    homes = communities * 2 + chance.choices(communities, k=RESIDENTS - 2 * len(communities))
    found: list[CityResident] = []
    addresses: set[str] = set()
    for number, community in enumerate(homes, start=1):
        address = _address(community, ground, chance)
        while address in addresses:
            address = _address(community, ground, chance)
        addresses.add(address)
        found.append(_resident(number, community, address, ground, chance))
    return tuple(found)


def _resident(
    number: int, community: CityArea, address: str, ground: Ground, chance: Random
) -> CityResident:
    category = _drawn(CATEGORIES, chance)
    sex = chance.choice("fm")
    grid = chance.choice(ground.children[community.code])
    born = _born(category, chance)
    medical = chance.choice(MEDICAL[category])
    return CityResident(
        id=f"R{number:04}",
        name=full_name("adult" if category == "disabled" else category, sex, chance),
        sex=sex,
        born=born,
        category=category,
        ability=(ability := _ability(category, born, chance)),
        lives_alone=category == "elder" and chance.random() < 0.45,
        language=_language(category, chance),
        communication=_communication(medical, chance),
        telephone=telephone(number),
        address=address,
        area_code=grid.code,
        home=ground.dry_place(grid, chance),
        medical=medical,
        key_note=chance.choice(KEYS),
        handset_id=f"H{number:04}",
        handset_model="watch" if category == "child" else chance.choice(HANDSET_MODELS),
        needs=("lifting",) if ability == "dependent" else (),
        wants_sex="f" if sex == "f" and number % WANTS_A_WOMAN_ONE_IN == 0 else "",
    )


def _drawn(weights: Mapping[str, int], chance: Random) -> str:
    return chance.choices(list(weights), weights=list(weights.values()))[0]


def _born(category: str, chance: Random) -> date:
    youngest, oldest = AGES[category]
    return TODAY - timedelta(days=round(chance.uniform(youngest, oldest + 1) * DAYS_PER_YEAR))


def _ability(category: str, born: date, chance: Random) -> str:
    """Return how far a resident can look after themselves; the very old less than others."""
    is_frail = category == "disabled" or (TODAY - born).days > 80 * DAYS_PER_YEAR
    weights = (25, 50, 25) if is_frail else (75, 20, 5)
    return chance.choices(("self_caring", "partly", "dependent"), weights=weights)[0]


def _language(category: str, chance: Random) -> str:
    if category == "elder":
        return _drawn({"zh": 58, "xiang": 40, "en": 2}, chance)
    return _drawn({"zh": 97, "en": 3}, chance)


def _communication(medical: str, chance: Random) -> str:
    if "听力" in medical:
        return "text_only"
    return _drawn({"voice": 84, "hard_of_hearing": 14, "text_only": 2}, chance)


def _address(community: CityArea, ground: Ground, chance: Random) -> str:
    """Return a front door: building, stairs and room in town, group and house in a village."""
    street = ground.by_code[community.parent_code or ""].name
    name = short_name(community.name)
    if name.endswith("村"):
        door = f"{chance.randint(1, 12)}组{chance.randint(1, 90)}号"
    else:
        room = 100 * chance.randint(1, 7) + chance.randint(1, 4)
        door = f"{chance.randint(1, 40)}栋{chance.randint(1, 4)}单元{room}室"
    return f"长沙市{ground.district.name}{street}{name}{door}"
