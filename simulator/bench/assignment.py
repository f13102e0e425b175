"""What sharing out saves: calls and units at random places of a square, against greedy picks.

No server and no clock: the rules themselves are asked. Each trial puts the same calls and units
before both policies; the calls arrive in the same moment and want one unit each.
"""

from datetime import UTC, datetime
from math import cos, radians
from random import Random
from statistics import fmean
from typing import Final

from dispatch.areas import Level
from dispatch.assignment import Policy
from dispatch.book import Book
from dispatch.evolve import evolve
from dispatch.facts import (
    CaregiverEnrolled,
    CaregiverOffered,
    DutyStarted,
    Fact,
    IncidentRaised,
    PlanAdopted,
)
from dispatch.ids import AreaId, CaregiverId, IncidentId
from dispatch.ladder import pursue
from dispatch.place import METRES_PER_DEGREE, Place
from dispatch.plans import KINDS_REQUIRED, Gravity, read_plans
from simulator.bench.figures import Figure, Findings, Target

NAME: Final = "assignment_gain"
CALLS: Final = 10
UNITS: Final = 10
TRIALS: Final = 200
ROUNDS: Final = 5  # of the trials, so that the spread shows
SIDE_M: Final = 5_000.0
SPEED_KMH: Final = 15.0
AT_MOST: Final = 0.88  # of the greedy mean: 12 % less; the best possible is 17 % less

_CORNER: Final = (112.9, 28.2)
_NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_KIND: Final = """
[kinds.{}]
gravity = "life_threat"
due_within_s = 3600
claim_within_s = 60
claim_lasts_s = 900
desk_again_s = 60
set_out_within_s = 90
arrive_grace_s = 300
finish_within_s = 3600
overdue_again_s = 60
close_within_s = 1800
ladder = [
  {{ level = "district", at_once = 1, answer_within_s = 60, lasts_s = 600 }},
  {{ level = "operator", lasts_s = 60 }},
]
"""
_PLANS: Final = read_plans('version = "bench"\n' + "".join(map(_KIND.format, KINDS_REQUIRED)))

_Spots = list[tuple[float, float]]


def measure(
    *, seed: int = 1, trials: int = TRIALS, calls: int = CALLS, units: int = UNITS
) -> Findings:
    """Return the mean distance under assignment beside that of greedy picks, in metres."""
    chance = Random(seed)
    rounds = [
        _round(chance, max(1, trials // ROUNDS), calls=calls, units=units) for _ in range(ROUNDS)
    ]
    return Findings(
        figures=(
            Figure(
                name=NAME,
                value=fmean(shared for shared, _ in rounds),
                unit="m",
                reference=f"greedy picks, {calls} calls to {units} units",
                reference_value=fmean(greedy for _, greedy in rounds),
                ratios=tuple(shared / greedy for shared, greedy in rounds),
                target=Target(ratio=AT_MOST, is_least=False),
            ),
        )
    )


def _round(chance: Random, trials: int, *, calls: int, units: int) -> tuple[float, float]:
    """Return the mean distance of both policies over the same trials."""
    shared: list[float] = []
    greedy: list[float] = []
    for _ in range(trials):
        places, posts = _spots(chance, calls), _spots(chance, units)
        shared += _distances(places, posts, Policy.ASSIGNMENT)
        greedy += _distances(places, posts, Policy.NEAREST)
    return fmean(shared), fmean(greedy)


def _spots(chance: Random, number: int) -> _Spots:
    return [(chance.uniform(0, SIDE_M), chance.uniform(0, SIDE_M)) for _ in range(number)]


def _distances(places: _Spots, posts: _Spots, policy: Policy) -> list[float]:
    """Return how far each unit is sent, in a straight line."""
    book = Book()
    book.policy = policy
    _fold(book, [PlanAdopted(at=_NOON, version=_PLANS.version, text=_PLANS.text)])
    for number, post in enumerate(posts):
        _fold(book, _unit(CaregiverId(f"C{number}"), _place(post)))
    _fold(book, [_call(number, _place(spot)) for number, spot in enumerate(places, start=1)])
    found: list[float] = []
    while facts := pursue(book, _NOON):
        _fold(book, facts)
        found += [fact.distance_m for fact in facts if isinstance(fact, CaregiverOffered)]
    return found


def _fold(book: Book, facts: list[Fact]) -> None:
    for fact in facts:
        evolve(book, fact)


def _place(spot: tuple[float, float]) -> Place:
    lon, lat = _CORNER
    return Place(
        lon=lon + spot[0] / (METRES_PER_DEGREE * cos(radians(lat))),
        lat=lat + spot[1] / METRES_PER_DEGREE,
    )


def _unit(caregiver_id: CaregiverId, station: Place) -> list[Fact]:
    enrolled = CaregiverEnrolled(
        at=_NOON,
        caregiver_id=caregiver_id,
        kind="grid_worker",
        skills=(),
        languages=(),
        area_id=AreaId("D"),
        speed_kmh=SPEED_KMH,
        is_active=True,
        station=station,
    )
    return [enrolled, DutyStarted(at=_NOON, caregiver_id=caregiver_id)]


def _call(number: int, place: Place) -> Fact:
    plan = _PLANS.of("sos")
    return IncidentRaised(
        at=_NOON,
        incident_id=IncidentId(f"I{number}"),
        kind="sos",
        gravity=Gravity.LIFE_THREAT,
        plan_version=_PLANS.version,
        channel="telephone",
        resident_id=None,
        handset_id=None,
        area_id=None,
        events=(),
        occurred_at=None,
        due_at=_NOON + plan.due_within,
        level=Level.DISTRICT,
        step_by=_NOON + plan.ladder[0].lasts,
        desk_by=None,
        place=place,
    )
