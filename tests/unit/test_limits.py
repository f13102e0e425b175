"""Guessing is slowed down; the people who work here are not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.limits import Limit, LoginLimits, Rate, network_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
THREE = Rate(count=3, within=3 * MINUTE)
FREE = timedelta(0)


def take(limit: Limit, key: str, now: datetime) -> timedelta:
    wait = limit.wait(key, now)
    if not wait:
        limit.take(key, now)
    return wait


def test_so_many_pass_at_once_and_the_next_waits_for_one_place():
    limit = Limit(THREE)
    assert [take(limit, "a", NOON) for _ in range(4)] == [FREE, FREE, FREE, MINUTE]
    assert take(limit, "a", NOON + MINUTE - timedelta(seconds=1)) == timedelta(seconds=1)
    assert take(limit, "a", NOON + MINUTE) == FREE
    assert take(limit, "a", NOON + MINUTE) == MINUTE


def test_one_key_does_not_slow_another():
    limit = Limit(THREE)
    for _ in range(3):
        limit.take("a", NOON)
    assert limit.wait("b", NOON) == FREE


def test_a_try_that_was_given_back_does_not_count():
    limit = Limit(THREE)
    for _ in range(10):
        assert take(limit, "a", NOON) == FREE
        limit.give_back("a")
    limit.give_back("nobody")


def test_a_clock_set_back_locks_nobody_out():
    limit = Limit(THREE)
    for _ in range(3):
        limit.take("a", NOON)
    earlier = NOON - timedelta(days=1)
    assert limit.wait("a", earlier) == MINUTE
    assert limit.wait("a", earlier + 3 * MINUTE) == MINUTE, "it counts on from the clock as it is"
    limit.take("b", earlier)
    assert limit.wait("b", earlier) == FREE


def test_the_quietest_keys_are_forgotten_first():
    limit = Limit(THREE, keys_max=2)
    for key in ("a", "b", "a", "c"):
        for _ in range(3):
            limit.take(key, NOON)
    assert [bool(limit.wait(key, NOON)) for key in "abc"] == [True, False, True]


@given(st.lists(st.integers(0, 300), max_size=60))
def test_no_pattern_of_guessing_beats_the_rate(gaps_s: list[int]):
    limit, now, passed = Limit(THREE), NOON, []
    for gap_s in gaps_s:
        now += timedelta(seconds=gap_s)
        if take(limit, "a", now) == FREE:
            passed.append(now)
    for first in passed:
        in_window = [at for at in passed if first <= at < first + THREE.within]
        assert len(in_window) <= 2 * THREE.count - 1  # a full bucket, and what drains meanwhile


def limits() -> LoginLimits:
    return LoginLimits(per_login=THREE, per_address=Rate(count=5, within=5 * MINUTE))


def test_a_login_is_limited_over_all_addresses():
    slow = limits()
    waits = [slow.take("op1", f"192.0.2.{n}", NOON) for n in range(4)]
    assert waits == [FREE, FREE, FREE, MINUTE]


def test_an_address_is_limited_over_all_logins():
    slow = limits()
    waits = [slow.take(f"op{n}", "192.0.2.1", NOON) for n in range(6)]
    assert waits == [FREE] * 5 + [MINUTE]


def test_a_refused_try_uses_up_nothing():
    slow = limits()
    for _ in range(20):
        slow.take("op1", "192.0.2.1", NOON)
    assert slow.take("op1", "192.0.2.1", NOON + MINUTE) == FREE


def test_a_shift_that_signs_in_from_one_address_is_not_slowed():
    slow = limits()
    for n in range(100):
        assert slow.take(f"op{n}", "192.0.2.1", NOON) == FREE
        slow.succeeded(f"op{n}", "192.0.2.1")


def test_where_somebody_signed_in_before_a_stranger_cannot_lock_them_out():
    slow = limits()
    slow.take("op1", "192.0.2.1", NOON)
    slow.succeeded("op1", "192.0.2.1")
    for _ in range(4):
        slow.take("op1", "203.0.113.9", NOON)
    assert slow.take("op1", "203.0.113.10", NOON) == MINUTE
    assert [slow.take("op1", "192.0.2.1", NOON) for _ in range(4)] == [FREE, FREE, FREE, MINUTE]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_a_customer_is_one_source_however_many_addresses_they_have(address: str, network: str):
    assert network_of(address) == network
