"""The arithmetic of the benchmark, its report, and the posts that it sends."""

import json
import math
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from simulator.bench.figures import (
    Check,
    Figure,
    Findings,
    Target,
    document,
    lines,
    neighbour_ratios,
    percentile,
)
from simulator.bench.load import Connection, Slice, Timetable
from simulator.bench.plan import plan_for
from simulator.bench.posts import HEARTBEAT, MIX, POSITION, REPEAT, SOS, Mailbag

AT_LEAST_HALF = Target(ratio=0.5, is_least=True)
AT_MOST_TEN = Target(ratio=10.0, is_least=False)
NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def figure(*ratios, target=AT_LEAST_HALF):
    return Figure(
        name="durable_events_http_64",
        value=9_876.54321,
        unit="events/s",
        reference="empty ASGI application",
        reference_value=20_000.0,
        ratios=ratios,
        target=target,
    )


# Ratios and medians


def test_a_slice_is_compared_with_the_mean_of_its_neighbours():
    assert neighbour_ratios([10.0, 30.0], [10.0, 30.0, 90.0]) == (0.5, 0.5)


def test_a_machine_that_grows_slower_all_the_time_changes_no_ratio():
    speeds = [100.0 - second for second in range(11)]
    ours = [speed * 0.7 for speed in speeds[1::2]]
    assert neighbour_ratios(ours, speeds[0::2]) == pytest.approx([0.7] * 5)


def test_every_slice_needs_a_reference_before_and_after_it():
    with pytest.raises(ValueError, match="2 slices need 3 references"):
        neighbour_ratios([1.0, 1.0], [1.0, 1.0])


def test_a_figure_is_the_median_of_its_rounds_whatever_one_round_did():
    assert figure(0.6, 0.61, 0.59, 0.02, 7.0).ratio == 0.6


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([5.0], 99, 5.0), ([3.0, 1.0, 2.0], 50, 2.0), (list(range(1, 201)), 99, 198), ([1, 2], 0, 1)],
)
def test_a_percentile_is_one_of_the_values(values, percent, found):
    assert percentile(values, percent) == found


def test_without_a_press_there_is_no_percentile_and_no_target_is_met():
    nothing = percentile([], 99)
    assert math.isnan(nothing)
    assert not AT_MOST_TEN.is_met_by(nothing)
    assert not AT_LEAST_HALF.is_met_by(nothing)


@pytest.mark.parametrize(
    ("target", "ratio", "is_met"),
    [
        (AT_LEAST_HALF, 0.5, True),
        (AT_LEAST_HALF, 0.499, False),
        (AT_MOST_TEN, 10.0, True),
        (AT_MOST_TEN, 10.001, False),
    ],
)
def test_a_target_is_met_on_its_edge_and_missed_beyond(target, ratio, is_met):
    assert target.is_met_by(ratio) is is_met


# The report


def test_the_report_holds_each_figure_beside_its_reference_and_target():
    found = document(Findings(figures=(figure(0.4, 0.6, 0.5),)), {"cores": 2})
    assert found == {
        "figures": [
            {
                "name": "durable_events_http_64",
                "value": 9876.543,
                "unit": "events/s",
                "reference": "empty ASGI application",
                "reference_value": 20000.0,
                "ratio": 0.5,
                "ratio_min": 0.4,
                "ratio_max": 0.6,
                "rounds": 3,
                "target": 0.5,
                "target_is": "at_least",
                "met": True,
            }
        ],
        "checks": [],
        "machine": {"cores": 2},
    }
    assert json.loads(json.dumps(found)) == found


def test_the_report_says_what_was_acknowledged_and_what_is_on_record():
    found = document(Findings(checks=(Check(name="Presses", said=3, found=2),)), {})
    assert found["checks"] == [{"name": "Presses", "said": 3, "found": 2, "holds": False}]


def test_the_table_names_what_was_missed():
    findings = Findings(
        figures=(figure(0.4), figure(2.0, target=AT_MOST_TEN)),
        checks=(Check(name="Presses", said=1_000, found=999),),
    )
    heading, missed, met, check = lines(findings)
    assert heading.startswith("figure")
    assert missed.endswith("≥ 0.5  MISSED")
    assert "9,877 events/s" in missed
    assert met.endswith("≤ 10  met")
    assert check == "Presses: 1,000 said, 999 found: NOT THE SAME."


@pytest.mark.parametrize(
    ("ratio", "found_on_record", "is_good"), [(0.6, 5, True), (0.4, 5, False), (0.6, 4, False)]
)
def test_a_run_is_good_when_targets_are_met_and_nothing_is_missing(ratio, found_on_record, is_good):
    findings = Findings(figures=(figure(ratio),)) + Findings(
        checks=(Check(name="Presses", said=5, found=found_on_record),)
    )
    assert findings.is_good is is_good


# How the time is shared out


@pytest.mark.parametrize("seconds", [1, 60, 120, 600])
def test_however_little_time_there_is_five_rounds_are_kept(seconds):
    plan = plan_for(seconds)
    assert plan.rounds >= 5
    assert plan.pairs >= 3
    assert plan.slice_s >= 0.5
    assert plan.open_slice_s >= 2.0


def test_more_time_makes_longer_slices():
    assert plan_for(600).slice_s > plan_for(120).slice_s > plan_for(10).slice_s


# The posts


def bag(handsets=7):
    tokens = {f"H{number}": f"ydt_h_{number:043d}" for number in range(handsets)}
    return Mailbag(tokens, (112.95, 28.2), run="t", at=NOON)


def read(request):
    head, _, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    token = re.search(rb"Bearer (\S+)", head)
    assert length is not None
    assert token is not None
    assert int(length[1]) == len(body)
    return token[1].decode(), json.loads(body)


@pytest.mark.parametrize(
    ("kind", "word", "has_position"),
    [(POSITION, "position", True), (HEARTBEAT, "heartbeat", False), (SOS, "sos", True)],
)
def test_a_post_is_one_whole_request(kind, word, has_position):
    token, event = read(bag().post(kind))
    assert token == f"ydt_h_{0:043d}"
    assert (event["kind"], "position" in event) == (word, has_position)
    assert datetime.fromisoformat(event["at"]) == NOON


def test_every_handset_speaks_in_its_turn_with_its_own_token():
    posts = bag(handsets=3)
    tokens = [read(posts.post(POSITION))[0] for _ in range(7)]
    assert [int(token[6:]) for token in tokens] == [0, 1, 2, 0, 1, 2, 0]


def test_no_two_posts_have_the_same_id_and_each_is_younger_than_the_last():
    posts = bag()
    posts._given = 999_998  # where the microseconds of a second run out
    events = [read(posts.post(POSITION))[1] for _ in range(4)]
    assert len({event["event_id"] for event in events}) == 4
    times = [datetime.fromisoformat(event["at"]) for event in events]
    assert times == sorted(set(times))


def test_the_mix_is_what_it_says():
    posts = bag()
    kinds = Counter()
    for _ in range(10_000):
        kinds[posts.next()] += 1
        posts.skip()
    assert kinds == {kind: percent * 100 for kind, percent in MIX.items()}
    assert MIX[REPEAT] == 1


def test_presses_lie_evenly_among_positions():
    timetable = Timetable(positions_per_s=2_000, presses_per_s=10)
    kinds = [timetable.kind_at(number) for number in range(timetable.per_s)]
    presses = [number for number, kind in enumerate(kinds) if kind == SOS]
    assert len(presses) == 10
    assert {after - before for before, after in pairwise(presses)} == {201}


# The answers


def answer(status=200, result="recorded"):
    body = b'{"event_id":"1","result":"%b"}' % result.encode()
    return b"HTTP/1.1 %d OK\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


@pytest.mark.parametrize(
    ("status", "result", "expected"),
    [
        (200, "recorded", (1, 0, 0)),
        (200, "duplicate", (0, 1, 0)),
        (503, "recorded", (0, 0, 1)),
        (200, "refused", (0, 0, 1)),
    ],
)
def test_only_what_was_acknowledged_counts_as_recorded(status, result, expected):
    found = Slice(seconds=1.0)
    found.note(SOS, answer(status, result))
    assert (found.recorded[SOS], found.duplicates, found.failed) == expected


@pytest.mark.parametrize("cut", range(1, len(answer())))
def test_an_answer_counts_once_however_it_is_cut(cut):
    heard = []
    connection = Connection(lambda _, data: heard.append(data), heard.append)
    connection.data_received(answer()[:cut])
    assert heard == []
    connection.data_received(answer()[cut:])
    assert heard == [answer()]


def test_a_connection_that_the_server_closes_is_a_fault():
    faults = []
    connection = Connection(lambda *_: None, faults.append)
    connection.connection_lost(None)
    assert len(faults) == 1
