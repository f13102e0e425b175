"""The demo city's caregivers, who can be sent, and operators, who send them; all invented."""

from collections import Counter
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

from simulator.city.ground import Ground
from simulator.city.plane import Place
from simulator.city.territory import CityArea, short_name
from simulator.city.words import full_name, telephone

FIRST_HOME_SERVICE: Final = 5  # its number among the caregivers
KINDS_COME_AGAIN_AFTER: Final = 6  # caregivers, of two streets
SHIFTS: Final = ("mon-sun 07:00-19:00", "mon-sun 19:00-07:00")
TELEPHONES_FROM: Final = 1000  # caregivers' numbers begin here, residents' end before


@dataclass(frozen=True, slots=True, kw_only=True)
class CityCaregiver:
    """Somebody who can be sent."""

    id: str
    name: str
    kind: str  # "grid_worker", "community_nurse", "home_service", "volunteer", "property_office"
    skills: tuple[str, ...]  # of "nursing", "lifting", "first_aid", "key_holder", "xiang"
    languages: tuple[str, ...]
    telephone: str
    area_code: str  # the area they serve, of any level
    station: Place
    speed_kmh: float
    sex: str = ""  # "f", "m", or "" for an office
    hours: str = ""  # when they work, as a caregivers' table has it; "": always

    @property
    def login(self) -> str:
        """Return the name they sign in with."""
        return self.id.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class CityOperator:
    """Somebody who sits at a console."""

    login: str
    name: str
    role: str  # "operator", "supervisor" or "administrator"
    area_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Calling:
    """What caregivers of one kind have in common."""

    kind: str
    level: str  # of the area that each serves
    skills: tuple[str, ...]
    perhaps: tuple[str, ...]  # skills that about half of them have
    speeds_kmh: tuple[float, ...]
    shifts: tuple[str, ...] = ("",)  # by turns; two of a street's three work around the clock


CALLINGS: Final = (
    _Calling(
        kind="grid_worker", level="community", skills=("first_aid",),
        perhaps=("key_holder", "xiang"), speeds_kmh=(18.0, 15.0),
    ),
    _Calling(
        kind="community_nurse", level="street", skills=("nursing", "first_aid"),
        perhaps=("lifting", "xiang"), speeds_kmh=(25.0, 20.0),
    ),
    _Calling(
        kind="home_service", level="street", skills=("lifting",),
        perhaps=("first_aid", "xiang"), speeds_kmh=(18.0, 16.0), shifts=SHIFTS,
    ),
    _Calling(
        kind="volunteer", level="community", skills=("first_aid",),
        perhaps=("xiang", "lifting"), speeds_kmh=(4.5, 15.0), shifts=SHIFTS,
    ),
    _Calling(
        kind="property_office", level="community", skills=("key_holder", "lifting"),
        perhaps=("xiang",), speeds_kmh=(4.5,),
    ),
)  # fmt: skip


def caregivers(ground: Ground, chance: Random) -> tuple[CityCaregiver, ...]:
    """Return three caregivers for each street: a grid worker and two of the other kinds."""
    workers, nurse, home, volunteer, office = CALLINGS
    turns = cycle(((workers, nurse, volunteer), (workers, home, office)))
    posts = [
        (calling, street)
        for street, callings in zip(ground.streets, turns, strict=False)
        for calling in callings
    ]
    return tuple(
        _caregiver(number, calling, street, ground, chance)
        for number, (calling, street) in enumerate(posts, start=1)
    )


def operators(ground: Ground, chance: Random) -> tuple[CityOperator, ...]:
    """Return six operators, two supervisors and an administrator.

    Four operators look after four streets each, two after the district.
    """
    codes = sorted(street.code for street in ground.streets)
    desks = [tuple(codes[at : at + 4]) for at in range(0, len(codes), 4)]
    everywhere = (ground.district.code,)
    posts = [("operator", "op", desk) for desk in (*desks, everywhere, everywhere)]
    posts += [("supervisor", "sup", everywhere)] * 2 + [("administrator", "admin", everywhere)]
    seen: Counter[str] = Counter()
    found: list[CityOperator] = []
    for role, short, area_codes in posts:
        seen[role] += 1
        found.append(
            CityOperator(
                login=f"{short}{seen[role]:02}",
                name=full_name("adult", chance.choice("fm"), chance),
                role=role,
                area_codes=area_codes,
            )
        )
    return tuple(found)


def _caregiver(
    number: int, calling: _Calling, street: CityArea, ground: Ground, chance: Random
) -> CityCaregiver:
    community = chance.choice(ground.children[street.code])
    skills = (*calling.skills, *(skill for skill in calling.perhaps if chance.random() < 0.5))
    grid = chance.choice(ground.children[community.code])
    sex = "" if calling.kind == "property_office" else chance.choice("ffm")
    return CityCaregiver(
        id=f"C{number:03}",
        name=_worker_name(sex, community, chance),
        kind=calling.kind,
        skills=skills,
        languages=_languages(skills, chance),
        telephone=telephone(TELEPHONES_FROM + number),
        area_code=_served(calling, number, community, ground),
        station=ground.dry_place(grid, chance),
        speed_kmh=chance.choice(calling.speeds_kmh),
        sex=sex,
        hours=calling.shifts[number // KINDS_COME_AGAIN_AFTER % len(calling.shifts)],
    )


def _worker_name(sex: str, community: CityArea, chance: Random) -> str:
    return full_name("adult", sex, chance) if sex else f"{short_name(community.name)}物业服务中心"


def _languages(skills: tuple[str, ...], chance: Random) -> tuple[str, ...]:
    dialect = ("xiang",) if "xiang" in skills else ()
    english = ("en",) if chance.random() < 0.12 else ()
    return ("zh", *dialect, *english)


def _served(calling: _Calling, number: int, community: CityArea, ground: Ground) -> str:
    """Return the area a caregiver serves; the first home service is the district's own."""
    if number == FIRST_HOME_SERVICE:
        return ground.district.code
    return community.code if calling.level == "community" else community.parent_code or ""
