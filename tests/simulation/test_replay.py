"""Real calls through a real server, faster than they came."""

import asyncio
import json
from datetime import timedelta

import pytest

from simulator.calls import busiest_hour, two_days, window
from simulator.replay import NothingToReplay, Replay, ReplayOptions, kind_of

SPEED = 120.0
SECONDS = 45.0


@pytest.mark.timeout(900)
def test_the_busiest_hours_are_helped_and_nothing_is_lost(tmp_path):
    file = tmp_path / "report.json"
    calls = two_days()
    options = ReplayOptions(calls=calls, seed=1, speed=SPEED, seconds=SECONDS, report=file)
    said: list[str] = []

    async def replay() -> int:
        return await Replay(options, said.append).run()

    code = asyncio.run(replay())

    result = json.loads(file.read_text(encoding="utf-8"))
    expected = window(calls, busiest_hour(calls), timedelta(seconds=SPEED * SECONDS))
    assert code == 0, said
    assert result["presses_acknowledged"] == len(expected)
    assert (result["lost"], result["doubled"]) == (0, 0)
    assert result["closed"] >= 10
    assert 60 < result["response_s"]["p50"] < 3600


def test_a_log_without_a_call_in_the_time_asked_for_is_refused():
    calls = two_days()
    later = calls[-1].received + timedelta(days=30)

    async def replay() -> None:
        Replay(ReplayOptions(calls=calls, seed=1, start=later), lambda _: None)

    with pytest.raises(NothingToReplay):
        asyncio.run(replay())


def test_threats_to_life_are_pressed_as_such_and_others_ask_for_help_in_the_house():
    kinds = {kind_of(call): call.life_threat for call in two_days()}
    assert kinds == {"sos": True, "fall": True, "life_assistance": False}
