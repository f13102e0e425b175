"""The benchmark of sharing out: the saving that the literature computes, and none without need."""

import pytest

from simulator.bench.assignment import measure


@pytest.fixture(scope="module")
def findings():
    return measure(seed=7, trials=60)


def test_ten_calls_share_ten_units_an_eighth_nearer_than_greedy_picks(findings):
    (figure,) = findings.figures
    assert figure.ratio <= 0.88
    assert figure.is_met
    assert findings.is_good


def test_the_greedy_mean_is_that_of_random_places_in_a_square(findings):
    """0.31 of the side, by simulation of uniform places."""
    (figure,) = findings.figures
    assert figure.reference_value / 5_000 == pytest.approx(0.31, abs=0.02)


def test_the_same_seed_gives_the_same_figures(findings):
    assert measure(seed=7, trials=60) == findings


def test_one_call_alone_is_served_alike():
    (figure,) = measure(seed=3, trials=10, calls=1, units=5).figures
    assert figure.ratios == (1.0,) * 5
