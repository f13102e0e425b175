"""Needs, language, sex, keys, hours and rest: the fast search against a look at everybody."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.areas import Area, Level, Territory
from dispatch.facts import CaregiverEnrolled
from dispatch.hours import Hours, Rest, hours_text, read_hours
from dispatch.place import distance_m
from dispatch.roster import Need, Roster
from dispatch.wishes import Lack, Wishes
from tests.property.dispatch.laws import LAW
from tests.unit.dispatch.world import east

ZONES = {"west": "Europe/Berlin", "east": "Asia/Shanghai"}
SKILLS, LANGUAGES = ["lifting", "nursing"], ["zh", "ug", "xiang"]
MAX, MIN = timedelta(hours=12), timedelta(hours=11)

spans = st.builds(
    Hours,
    weekday=st.integers(0, 6),
    from_minute=st.integers(0, 1439),
    to_minute=st.integers(1, 1440),
)
some = st.lists(spans, max_size=4).map(tuple)
words = st.sets(st.sampled_from(LANGUAGES), max_size=2).map(frozenset)
# Around both changes of the clock of a year.
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
moments = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from([SPRING, AUTUMN]),
    st.one_of(st.integers(-10_000, 10_000), st.integers(0, 24 * 60)),
)
cards = st.lists(
    st.fixed_dictionaries(
        {
            "metres": st.integers(0, 60).map(lambda n: n * 50),
            "area": st.sampled_from(list(ZONES)),
            "skills": st.sets(st.sampled_from(SKILLS)).map(frozenset),
            "languages": words,
            "sex": st.sampled_from(["", "f", "m"]),
            "hours": some,
            "duty_h": st.sampled_from([-3, 0, 5, 11.99, 12, 20]),
            "is_free": st.sampled_from([True, True, True, False]),
        }
    ),
    max_size=30,
)
wanted = st.fixed_dictionaries(
    {
        "needs": st.sets(st.sampled_from(SKILLS), max_size=1).map(frozenset),
        "language": st.sampled_from(["", "zh", "ug", "cantonese"]),
        "sex": st.sampled_from(["", "", "f", "m"]),
        "keys": st.sets(st.integers(0, 29), max_size=3),
        "rest": st.sampled_from([None, Rest(on_duty_max=MAX, rest_min=MIN)]),
    }
)


def roster_of(cards, now):
    territory = Territory()
    for area_id, zone in ZONES.items():
        area = Area(
            id=area_id, parent_id=None, level=Level.GRID, name="", centre=(113.0, 28.2), zone=zone
        )
        territory.put(area)
    roster = Roster(territory)
    for number, card in enumerate(cards):
        name = f"c{number}"
        roster.enrol(
            CaregiverEnrolled(
                at=now,
                caregiver_id=name,
                kind="grid_worker",
                skills=tuple(card["skills"]),
                languages=tuple(card["languages"]),
                area_id=card["area"],
                speed_kmh=13.0,  # of which a metre of streets is a metre in 0.36 s
                is_active=True,
                sex=card["sex"],
                hours=card["hours"],
                station=east(card["metres"]),
            )
        )
        roster.go_on_duty(name, now - timedelta(hours=card["duty_h"]))
        roster.change(name, work=None if card["is_free"] else "I9.1")
    return roster


# The obviously right way


def works(hours, zone, now):
    """Go through the spans as a person reads them off a rota, on yesterday's line too."""
    local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    for one in hours:
        for day in (local.date(), local.date() - timedelta(days=1)):
            if day.weekday() != one.weekday:
                continue
            midnight = datetime.combine(day, datetime.min.time())
            begin = midnight + timedelta(minutes=one.from_minute)
            end = midnight + timedelta(minutes=one.to_minute)
            end += timedelta(days=1) if end <= begin else timedelta(0)
            if begin <= local.replace(second=0, microsecond=0) < end:
                return True
    return not hours


def lacks(card, need, now):
    found = set()
    if not need["needs"] <= card["skills"]:
        found.add("needs")
    if need["language"] and card["languages"] and need["language"] not in card["languages"]:
        found.add("language")
    if need["sex"] and card["sex"] != need["sex"]:
        found.add("sex")
    if not works(card["hours"], ZONES[card["area"]], now):
        found.add("hours")
    if need["rest"] and not 0 <= card["duty_h"] < 12:
        found.add("rest")
    return found


def seems_s(number, card, need, wishes):
    """Return how far somebody seems who lacks these wishes."""
    handicap = 240 * ("needs" in wishes) + 60 * ("language" in wishes) + 60 * ("sex" in wishes)
    handicap += 180 * bool(wishes & {"hours", "rest"}) - 120 * (number in need["keys"])
    return distance_m(east(card["metres"]), east(0)) * 0.36 + handicap


def need_of(need, musts):
    wishes = Wishes(
        needs=need["needs"],
        language=need["language"],
        sex=need["sex"],
        key_holders=frozenset(f"c{number}" for number in need["keys"]),
        rest=need["rest"],
        musts=musts,
    )
    nobody = frozenset()
    return Need(
        place=east(0), scope=None, skills=nobody, excluded=nobody, asked=nobody, wishes=wishes
    )


THREAT = frozenset()
ROUTINE = frozenset(Lack)
LATER_ROUND = ROUTINE - {Lack.LANGUAGE}


@pytest.mark.parametrize("musts", [THREAT, ROUTINE, LATER_ROUND], ids=["threat", "routine", "late"])
@LAW
@given(cards=cards, need=wanted, now=moments)
def test_the_search_finds_whom_a_look_at_everybody_finds(musts, cards, need, now):
    found = roster_of(cards, now).search(need_of(need, musts), wanted=4, now=now)
    able = []
    for number, card in enumerate(cards):
        lacking = lacks(card, need, now)
        if card["is_free"] and not lacking & musts:
            able.append((seems_s(number, card, need, lacking - musts), number))
    right = sorted(able)[:4]
    chosen = [int(one.caregiver_id[1:]) for one in found.chosen]
    assert [one.travel_s + one.handicap_s for one in found.chosen] == pytest.approx(
        [seems for seems, _ in right], abs=0.2
    )
    assert set(chosen) <= {number for _, number in able}
    assert found.others.get("available", 0) == len(able)
    assert sum(found.others.values()) == len(cards)
    for one in (*found.chosen, *found.considered):
        assert set(one.lacks) == lacks(cards[int(one.caregiver_id[1:])], need, now)


@LAW
@given(cards=cards, need=wanted, now=moments)
def test_whoever_is_free_comes_to_a_threat_to_life_whatever_they_lack(cards, need, now):
    found = roster_of(cards, now).search(need_of(need, THREAT), wanted=30, now=now)
    assert len(found.chosen) == sum(card["is_free"] for card in cards)


@LAW
@given(cards=cards, need=wanted, now=moments)
def test_the_reason_named_is_the_one_that_is_counted(cards, need, now):
    roster = roster_of(cards, now)
    asked_for = need_of(need, ROUTINE)
    reasons = [str(roster.verdict(one, asked_for, now=now)) for one in roster.everybody()]
    found = roster.search(asked_for, wanted=0, now=now)
    assert dict(found.others) == {why: reasons.count(why) for why in set(reasons)}


@LAW
@given(some)
def test_hours_that_are_written_down_are_read_again(hours):
    assert set(read_hours(hours_text(hours))) == set(hours)
