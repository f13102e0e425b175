"""The fast search against one that looks at everybody, one by one."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.areas import Area, Level, Territory
from dispatch.facts import CaregiverEnrolled
from dispatch.place import Place, distance_m
from dispatch.roster import Need, Roster, Verdict
from tests.property.dispatch.laws import LAW
from tests.unit.dispatch.world import AREAS, NOON, east

AREA_IDS = [area_id for area_id, _, _ in AREAS]
PARENT = {area_id: parent for area_id, parent, _ in AREAS}
SKILLS = ["nurse", "driver", "lift"]
CENTRE = east(-700)

metres = st.integers(-50, 50).map(lambda n: n * 100)
some_skills = st.sets(st.sampled_from(SKILLS), max_size=2).map(frozenset)


@st.composite
def people(draw):
    """One caregiver as plain words: what a person would write on a card."""
    return {
        "area_id": draw(st.sampled_from(AREA_IDS)),
        "skills": draw(some_skills),
        "speed_kmh": draw(st.sampled_from([4.0, 15.0, 25.0])),
        "station": draw(st.none() | metres),
        "is_active": draw(st.sampled_from([True, True, True, False])),
        "is_on_duty": draw(st.sampled_from([True, True, True, False])),
        "work": draw(st.sampled_from([None, None, None, "I1.1"])),
        "offer": draw(st.sampled_from([None, None, None, "I1.2"])),
        "seen": draw(st.none() | st.tuples(metres, st.sampled_from([-5, 0, 60, 121, 600, 901]))),
    }


cards = st.lists(people(), max_size=40)
needs = st.fixed_dictionaries(
    {
        "metres": st.none() | metres,
        "scope": st.none() | st.sampled_from(AREA_IDS),
        "skills": some_skills,
        "excluded": st.sets(st.integers(0, 39), max_size=20),
        "asked": st.sets(st.integers(0, 39), max_size=8),
        "wanted": st.integers(0, 5),
    }
)


def roster_of(cards):
    territory = Territory()
    for area_id, parent_id, level in AREAS:
        centre = (CENTRE.lon, CENTRE.lat)
        territory.put(
            Area(id=area_id, parent_id=parent_id, level=Level(level), name="", centre=centre)
        )
    roster = Roster(territory)
    for number, card in enumerate(cards):
        name = f"c{number}"
        roster.enrol(
            CaregiverEnrolled(
                at=NOON,
                caregiver_id=name,
                kind="grid_worker",
                skills=tuple(card["skills"]),
                languages=(),
                area_id=card["area_id"],
                speed_kmh=card["speed_kmh"],
                is_active=card["is_active"],
                station=None if card["station"] is None else east(card["station"]),
            )
        )
        roster.change(name, is_on_duty=card["is_on_duty"], work=card["work"], offer=card["offer"])
        if card["seen"] is not None:
            at, age_s = card["seen"]
            roster.sight(name, east(at, at=NOON - timedelta(seconds=age_s)))
    return roster


def need_of(need):
    return Need(
        place=None if need["metres"] is None else east(need["metres"]),
        scope=need["scope"],
        skills=need["skills"],
        excluded=frozenset(f"c{number}" for number in need["excluded"]),
        asked=frozenset(f"c{number}" for number in need["asked"]),
    )


# The obviously right way


def line_up(area_id):
    while area_id is not None:
        yield area_id
        area_id = PARENT[area_id]


def can_come(number, card, need):
    return (
        card["is_active"]
        and card["is_on_duty"]
        and card["work"] is None
        and card["offer"] is None
        and need["skills"] <= card["skills"]
        and number not in need["excluded"]
        and number not in need["asked"]
        and (
            need["scope"] is None
            or need["scope"] in line_up(card["area_id"])
            or card["area_id"] in line_up(need["scope"])
        )
    )


def travel_s(card, need):
    if need["metres"] is None:
        return 0.0
    here = east(need["metres"])
    seen, age_s = card["seen"] or (0, 10_000)
    if age_s <= 900:
        way = distance_m(east(seen), here) + max(0, age_s - 120) * 1.5
    elif card["station"] is not None:
        way = distance_m(east(card["station"]), here)
    else:
        way = distance_m(CENTRE, here)
    return way * 1.3 / (card["speed_kmh"] / 3.6)


@LAW
@given(cards, needs)
def test_the_search_finds_whom_a_look_at_everybody_finds(cards, need):
    found = roster_of(cards).search(need_of(need), wanted=need["wanted"], now=NOON)
    chosen = [int(one.caregiver_id[1:]) for one in found.chosen]
    free = [number for number, card in enumerate(cards) if can_come(number, card, need)]
    right = sorted(travel_s(cards[number], need) for number in free)[: need["wanted"]]
    assert set(chosen) <= set(free)
    assert len(chosen) == len(set(chosen)) == len(right)
    assert [one.travel_s for one in found.chosen] == pytest.approx(right, abs=0.1)
    assert [travel_s(cards[number], need) for number in chosen] == pytest.approx(right, abs=0.01)


@LAW
@given(cards, needs)
def test_at_equal_travel_time_the_order_of_enrolment_decides(cards, need):
    alike = [{**card, "seen": (0, 0), "speed_kmh": 15.0} for card in cards]
    found = roster_of(alike).search(need_of(need), wanted=need["wanted"], now=NOON)
    free = [number for number, card in enumerate(alike) if can_come(number, card, need)]
    assert [int(one.caregiver_id[1:]) for one in found.chosen] == free[: need["wanted"]]


@LAW
@given(cards, needs)
def test_the_others_that_are_named_are_the_nearest_on_duty_with_a_true_reason(cards, need):
    roster = roster_of(cards)
    asked_for = need_of(need)
    found = roster.search(asked_for, wanted=need["wanted"], now=NOON)
    chosen = {one.caregiver_id for one in found.chosen}
    on_duty = [
        (number, card)
        for number, card in enumerate(cards)
        if card["is_on_duty"] and card["is_active"] and f"c{number}" not in chosen
    ]
    right = sorted(travel_s(card, need) for _, card in on_duty)[:8]
    assert [one.travel_s for one in found.considered] == pytest.approx(right, abs=0.1)
    for one in found.considered:
        number = int(one.caregiver_id[1:])
        is_free = can_come(number, cards[number], need)
        assert (one.verdict == Verdict.FARTHER) is is_free
        assert is_free or one.verdict == roster.verdict(
            roster.of(one.caregiver_id), asked_for, now=NOON
        )


@LAW
@given(cards, needs)
def test_every_caregiver_is_counted_under_exactly_one_reason(cards, need):
    found = roster_of(cards).search(need_of(need), wanted=need["wanted"], now=NOON)
    assert sum(found.others.values()) == len(cards)
    assert all(count > 0 for count in found.others.values())


@LAW
@given(cards, needs, st.integers(0, 39))
def test_a_caregiver_looked_at_alone_is_as_far_as_in_a_search(cards, need, number):
    if number < len(cards):
        own = roster_of(cards).consider(f"c{number}", need_of(need), now=NOON)
        assert own.travel_s == pytest.approx(travel_s(cards[number], need), abs=0.1)


points = st.builds(Place, lon=st.floats(112.5, 113.5), lat=st.floats(27.7, 28.7))


@LAW
@given(points, points)
def test_the_way_there_is_as_long_as_the_way_back(a, b):
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))
