"""How far the nearest free caregiver is: the square-root law over a district of 189.1 km²."""

from math import log, pi, sqrt

import pytest

from dispatch.reach import (
    STRAIGHT,
    STREETS,
    busy_by_chance,
    busy_in_line,
    nearest_km,
    nearest_when_busy_km,
    nearest_when_busy_within,
    nearest_within,
)
from dispatch.waiting import erlang_c

KAIFU_KM2 = 189.1

# Caregivers who are free, km by streets, minutes at 15 and at 20 km/h.
# Source: Kolesar & Blum, Management Science 19(12) 1973, for this area.
KAIFU = [
    (5, 3.85, 15.4, 11.6),
    (10, 2.73, 10.9, 8.2),
    (16, 2.15, 8.6, 6.5),
    (40, 1.36, 5.5, 4.1),
    (115, 0.80, 3.2, 2.4),
]

# Share of the time for which each of 16 is busy; km on average; km by the law with the mean.
BUSY_16 = [
    (0.0, 2.154, 2.154),
    (0.3, 2.604, 2.575),
    (0.5, 3.131, 3.047),
    (0.8, 5.233, 4.818),
]


@pytest.mark.parametrize(("free", "km", "minutes_at_15", "minutes_at_20"), KAIFU)
def test_the_way_through_kaifu_shortens_with_the_root_of_who_is_free(
    free, km, minutes_at_15, minutes_at_20
):
    found = nearest_km(KAIFU_KM2, free)
    assert found == pytest.approx(km, abs=0.006)
    assert found / 15 * 60 == pytest.approx(minutes_at_15, abs=0.05)
    assert found / 20 * 60 == pytest.approx(minutes_at_20, abs=0.05)


def test_streets_make_the_way_a_quarter_longer_than_the_straight_line():
    assert pytest.approx(0.6267, abs=5e-5) == STREETS
    assert nearest_km(100, 4, law=STRAIGHT) == pytest.approx(2.5)
    assert nearest_km(100, 4) == pytest.approx(2.5 * sqrt(pi / 2))


def test_half_of_the_calls_are_nearer_than_the_median():
    median_km = sqrt(log(2) * KAIFU_KM2 / (2 * 16))
    assert nearest_within(median_km, KAIFU_KM2, 16) == pytest.approx(0.5)
    assert nearest_within(0, KAIFU_KM2, 16) == 0.0


@pytest.mark.parametrize(("share", "km", "km_by_the_mean"), BUSY_16)
def test_the_busier_the_caregivers_the_more_the_mean_number_deceives(share, km, km_by_the_mean):
    found = nearest_when_busy_km(KAIFU_KM2, busy_by_chance(16, share))
    assert found == pytest.approx(km, abs=0.001)
    assert nearest_km(KAIFU_KM2, 16 * (1 - share)) == pytest.approx(km_by_the_mean, abs=0.001)


def test_who_is_busy_by_chance_follows_the_binomial_law():
    assert busy_by_chance(3, 0.5) == pytest.approx([0.125, 0.375, 0.375, 0.125])
    assert busy_by_chance(2, 1.0) == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(("units", "load"), [(1, 0.5), (5, 4), (60, 50), (2000, 1900)])
def test_of_a_line_as_many_calls_find_everybody_busy_as_erlang_says(units, load):
    busy = busy_in_line(units, load)
    assert sum(busy) == pytest.approx(1)
    assert busy[-1] == pytest.approx(erlang_c(units, load))


def test_a_call_that_finds_nobody_free_is_not_near():
    busy = [0.5, 0.0, 0.5]
    assert nearest_when_busy_within(1000, KAIFU_KM2, busy) == pytest.approx(0.5)
    assert nearest_when_busy_km(KAIFU_KM2, busy) == pytest.approx(nearest_km(KAIFU_KM2, 2))
