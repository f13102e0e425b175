"""How many operators and caregivers an hour needs."""

import pytest

from dispatch.staffing import Fieldwork, Target, caregivers_needed, operators_needed
from dispatch.waiting import Desk, erlang_c

TSA = (Target(share=0.975, within_s=60), Target(share=0.99, within_s=180))
TSA_STRICT = (Target(share=0.985, within_s=60),)
NENA = (Target(share=0.90, within_s=15), Target(share=0.95, within_s=20))
AMBULANCE_120 = (Target(share=0.95, within_s=10),)

# Users, calls of each in a month, calls in the busy hour, erlangs, and the operators for the four
# targets. The busy hour has 8 % of a day's calls, each handled for 180 s. Sources: TSA code of
# practice and EN 50134-7 (97.5 % in 60 s, 99 % in 180 s), NENA-STA-020, China's 120 rules (10 s);
# 0.73 calls a month as in Shanghai, 2.8 as in Glasgow.
BUSY_HOURS = [
    (700, 0.73, 1.4, 0.07, 2, 2, 2, 2),
    (7_000, 2.8, 52, 2.61, 6, 7, 6, 6),
    (50_000, 0.73, 97, 4.87, 9, 10, 9, 10),
    (50_000, 2.8, 373, 18.7, 25, 25, 26, 27),
    (300_000, 0.73, 584, 29.2, 36, 37, 37, 39),
    (300_000, 2.8, 2240, 112, 120, 122, 124, 127),
    (500_000, 0.73, 973, 48.7, 56, 57, 58, 60),
    (500_000, 2.8, 3733, 187, 196, 197, 201, 205),
]
IN_TEN_MINUTES = Target(share=0.9, within_s=600)


@pytest.mark.parametrize(
    ("users", "per_month", "calls", "erlangs", "tsa", "strict", "nena", "ambulance"), BUSY_HOURS
)
def test_the_busy_hour_of_a_platform_needs_so_many_operators(
    users, per_month, calls, erlangs, tsa, strict, nena, ambulance
):
    calls_per_h = users * per_month / 30 * 0.08
    assert calls_per_h == pytest.approx(calls, rel=0.03)
    found = [
        operators_needed(calls_per_h, 180, targets)
        for targets in (TSA, TSA_STRICT, NENA, AMBULANCE_120)
    ]
    assert found[0].load == pytest.approx(erlangs, rel=0.03)
    assert [one.count for one in found] == [tsa, strict, nena, ambulance]


@pytest.mark.parametrize("calls_per_h", [1.4, 20, 97, 584])
def test_one_operator_fewer_would_miss_what_binds(calls_per_h):
    found = operators_needed(calls_per_h, 180, TSA)
    assert found.binds is not None
    fewer = Desk(operators=found.count - 1, calls_per_h=calls_per_h, handling_s=180)
    assert fewer.answered_within(found.binds.within_s) < found.binds.share


def test_the_target_that_asks_for_the_most_is_named():
    rushed = operators_needed(97, 180, (*TSA, *AMBULANCE_120))
    assert rushed.count == 10
    assert str(rushed.binds) == "95 % in 10 s"
    assert operators_needed(0, 180, TSA).binds is None


def test_handling_that_varies_more_needs_more_operators():
    even = operators_needed(584, 180, TSA).count
    assert operators_needed(584, 180, TSA, variation=2).count > even


def test_an_hour_without_calls_needs_one_of_each():
    quiet = Fieldwork(visits_per_h=0, at_work_s=2400, speed_kmh=15, area_km2=2)
    assert operators_needed(0, 180, TSA).count == 1
    found = caregivers_needed(quiet, none_free=0.01, arrive=IN_TEN_MINUTES)
    assert (found.count, found.binds) == (1, "")


def test_a_wide_area_needs_caregivers_for_the_way_and_not_for_the_work():
    work = Fieldwork(visits_per_h=12, at_work_s=2400, speed_kmh=15, area_km2=189.1)
    found = caregivers_needed(work, none_free=0.01, arrive=IN_TEN_MINUTES)
    assert found.binds == "arrive"
    assert found.none_free < 1e-9
    assert found.arrive_within is not None
    assert found.arrive_within >= 0.9
    # 90 % by streets need n ≥ ln 10 · A / (2 r²) with everybody free, r = 2.5 km.
    assert 35 < found.count < 50


def test_a_small_area_needs_caregivers_for_the_work_and_not_for_the_way():
    work = Fieldwork(visits_per_h=30, at_work_s=2400, speed_kmh=15, area_km2=5)
    found = caregivers_needed(work, none_free=0.01, arrive=IN_TEN_MINUTES)
    assert found.binds == "none_free"
    assert found.none_free <= 0.01
    assert erlang_c(found.count - 1, found.load) > 0.01


def test_the_way_is_part_of_the_work_and_grows_with_it():
    def asked(visits_per_h):
        work = Fieldwork(visits_per_h=visits_per_h, at_work_s=1800, speed_kmh=15, area_km2=189.1)
        return caregivers_needed(work, none_free=0.5, arrive=Target(share=0.5, within_s=900))

    few, many = asked(2), asked(30)
    for visits_per_h, found in ((2, few), (30, many)):
        assert found.load == pytest.approx(visits_per_h * (1800 + found.travel_s) / 3600, rel=0.001)
    assert many.count > few.count
    assert many.load > 15


def test_where_the_area_is_not_known_only_the_work_is_planned_for():
    work = Fieldwork(visits_per_h=30, at_work_s=2400, speed_kmh=15, area_km2=None)
    found = caregivers_needed(work, none_free=0.01, arrive=IN_TEN_MINUTES)
    assert (found.travel_s, found.arrive_within) == (0.0, None)
    assert found.load == pytest.approx(20)
    assert erlang_c(found.count, 20) <= 0.01 < erlang_c(found.count - 1, 20)
    assert found.binds == "none_free"


def test_work_that_outgrows_everybody_on_the_way_asks_for_more_of_them():
    # At two caregivers the way alone fills their hour: the loop between travel and work has no end.
    work = Fieldwork(visits_per_h=4, at_work_s=600, speed_kmh=5, area_km2=100)
    found = caregivers_needed(work, none_free=0.9, arrive=Target(share=0.01, within_s=3600))
    assert found.binds == "both"
    assert found.load < found.count
