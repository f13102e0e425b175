"""How long calls wait for an operator, against tables worked out by others."""

from math import inf

import pytest

from dispatch.waiting import Desk, erlang_b, erlang_c

# Operators, erlangs, share lost (Erlang B), share that waits (Erlang C), mean wait over mean
# service. Source: Erlang 1917; the values agree with printed tables of his formulas.
ERLANG = [
    (1, 0.5, 0.333333, 0.500000, 1.000000),
    (2, 1, 0.200000, 0.333333, 0.333333),
    (3, 2, 0.210526, 0.444444, 0.444444),
    (5, 4, 0.199067, 0.554113, 0.554113),
    (10, 8, 0.121661, 0.409180, 0.204590),
    (12, 10, 0.119739, 0.449388, 0.224694),
    (20, 16, 0.064411, 0.256078, 0.064019),
    (30, 27, 0.081880, 0.471408, 0.157136),
    (60, 50, 0.021668, 0.117302, 0.011730),
    (100, 90, 0.026957, 0.216940, 0.021694),
]
HANDLING_S = 180.0


def desk(operators, load, **more):
    calls_per_h = load * 3600 / HANDLING_S
    return Desk(operators=operators, calls_per_h=calls_per_h, handling_s=HANDLING_S, **more)


@pytest.mark.parametrize(("operators", "load", "lost", "waits", "wait"), ERLANG)
def test_erlangs_table_comes_out_to_its_last_digit(operators, load, lost, waits, wait):
    assert erlang_b(operators, load) == pytest.approx(lost, abs=6e-7)
    assert erlang_c(operators, load) == pytest.approx(waits, abs=6e-7)
    assert desk(operators, load).must_wait == erlang_c(operators, load)
    assert desk(operators, load).wait_s / HANDLING_S == pytest.approx(wait, abs=6e-7)


def test_with_five_operators_at_four_erlangs_a_caller_waits_a_minute_and_a_half():
    five = desk(5, 4)
    assert five.load == pytest.approx(4)
    assert five.wait_s == pytest.approx(99.74, abs=0.005)
    assert five.answered_within(60) == pytest.approx(0.6030, abs=5e-5)


@pytest.mark.parametrize(
    ("seconds", "share"), [(10, 0.7949), (15, 0.8165), (60, 0.9325), (180, 0.9953)]
)
def test_twenty_operators_at_sixteen_erlangs_answer_these_shares_in_time(seconds, share):
    twenty = desk(20, 16)
    assert twenty.wait_s == pytest.approx(11.52, abs=0.005)
    assert twenty.answered_within(seconds) == pytest.approx(share, abs=5e-5)


def test_as_many_calls_wait_as_come_during_one_wait():
    five = desk(5, 4)
    assert five.waiting == pytest.approx(five.calls_per_h * five.wait_s / 3600)
    assert five.waiting == pytest.approx(4 * 0.554113, abs=1e-5)


def test_even_handling_halves_the_wait_and_uneven_handling_lengthens_it():
    exponential = desk(5, 4).wait_s
    assert desk(5, 4, variation=0).wait_s == pytest.approx(exponential / 2)
    assert desk(5, 4, variation=0.42).wait_s == pytest.approx(exponential * 0.5882)
    assert desk(5, 4, variation=2).wait_s == pytest.approx(exponential * 2.5)
    assert desk(5, 4, variation=2).answered_within(60) < desk(5, 4).answered_within(60)


def test_the_graver_a_call_is_the_less_it_waits_and_the_sum_of_the_waits_stays():
    # Source: Kella & Yechiali 1985; the sum is Kleinrock's conservation law.
    shares = (0.2, 0.3, 0.5)
    waits = desk(5, 4).waits_by_priority_s(shares)
    assert waits == pytest.approx((23.75, 39.58, 166.23), abs=0.005)
    together = sum(share * wait for share, wait in zip(shares, waits, strict=True))
    assert together == pytest.approx(desk(5, 4).wait_s)


def test_one_class_of_calls_waits_as_without_classes():
    assert desk(5, 4).waits_by_priority_s((1.0,)) == pytest.approx((desk(5, 4).wait_s,))


def test_a_single_operator_serves_classes_as_cobham_says():
    # M/M/1 at ρ = .8, half the calls first: W0 = ρ/μ = 144 s; 144/.6 and 144/(.6·.2).
    waits = desk(1, 0.8).waits_by_priority_s((0.5, 0.5))
    assert waits == pytest.approx((240.0, 1200.0))


def test_with_more_work_than_operators_nobody_is_answered_in_time():
    four = desk(4, 4)
    assert erlang_c(4, 4) == 1.0
    assert four.wait_s == inf
    assert four.answered_within(3600) == 0.0


def test_with_too_few_operators_only_the_last_class_waits_for_ever():
    first, last = desk(4, 4.4).waits_by_priority_s((0.5, 0.5))
    assert first == pytest.approx(180 / 4 / (1 - 0.55))
    assert last == inf


def test_without_calls_nobody_waits():
    assert erlang_b(1, 0) == 0.0
    assert desk(1, 0).wait_s == 0.0
    assert desk(1, 0).answered_within(0) == 1.0
