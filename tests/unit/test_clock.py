"""The rules' clock: real time, or a day that runs faster."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from app.clock import RuleClock, system_clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_the_present_is_aware_and_in_utc():
    assert system_clock().tzinfo is UTC
    assert RuleClock()().tzinfo is UTC


def test_a_real_clock_is_the_system_clock():
    before, now, after = system_clock(), RuleClock()(), system_clock()
    assert before <= now <= after


@pytest.mark.parametrize("speed", [0.5, 1.0, 60.0, 100_000.0])
def test_a_replayed_day_begins_where_it_was_told_to_and_runs_as_fast(speed):
    before = time.monotonic()
    clock = RuleClock(start=NOON, speed=speed)
    begun, first = time.monotonic(), time.monotonic()
    now = clock()
    last = time.monotonic()
    at_least, at_most = (first - begun) * speed, (last - before) * speed
    assert timedelta(seconds=at_least) <= now - NOON <= timedelta(seconds=at_most + 1e-6 * speed)


def test_a_fast_clock_waits_less_by_the_machine():
    clock = RuleClock(start=NOON, speed=60)
    moment = clock() + timedelta(hours=1)
    assert 59 < clock.machine_seconds_until(moment) <= 60
    assert clock.machine_seconds_until(NOON - timedelta(hours=1)) < -59


def test_a_clock_that_only_runs_faster_begins_at_the_present():
    before = system_clock()
    clock = RuleClock(speed=1_000)
    assert before - timedelta(seconds=1) < clock() - timedelta(seconds=1) * 0
    assert clock.speed == 1_000
