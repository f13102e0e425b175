"""The short way reads a position or heartbeat as the thorough one does, or not at all."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.doors.plain import read_plain
from devices.report import Kind, Source, read_report

NOW = datetime(2026, 11, 30, 8, 15, 5, tzinfo=UTC)
EVENT = {"kind": "position", "event_id": "7", "at": "2026-11-30T08:15:02Z", "battery_pct": 63}
FIX = {"lon": 112.985525, "lat": 28.201336, "accuracy_m": 12.5, "source": "satellite"}

odd = st.sampled_from(
    [None, True, "", " a", "a\u202eb", "ü", -1, 0, 181, 101, 1.5, [], {}, "x" * 65]
)
times = st.datetimes(
    NOW.replace(tzinfo=None) - timedelta(days=40), NOW.replace(tzinfo=None) + timedelta(days=2)
).map(lambda moment: f"{moment.isoformat()}Z")
clocks = times | st.sampled_from(["2026-11-30T08:15:02z", "2026-11-30 08:15:02+08:00", "20261130"])
fixes = st.fixed_dictionaries(
    {},
    optional={
        "lon": st.floats(-185, 185) | st.just(0) | odd,
        "lat": st.floats(-95, 95) | st.just(0) | odd,
        "accuracy_m": st.floats(-1, 1e8) | odd,
        "source": st.sampled_from([*Source, "stars"]) | odd,
        "at": clocks | odd,
    },
)
events = st.fixed_dictionaries(
    {"kind": st.sampled_from([*Kind, "Position", "key9"])},
    optional={
        "event_id": st.text(max_size=70) | odd,
        "at": clocks | odd,
        "position": fixes | odd,
        "battery_pct": st.integers(-5, 105) | odd,
        "note": odd,
        "more": odd,
    },
)


def plain(value):
    return read_plain(json.dumps(value).encode(), received_at=NOW)


def thorough(value):
    return read_report(value, received_at=NOW, fallback_id="")


@given(events)
def test_whatever_is_read_in_one_pass_reads_the_same_at_leisure(value):
    report = plain(value)
    assert report is None or report == thorough(value)


@pytest.mark.parametrize(
    "value",
    [
        EVENT | {"position": FIX},
        EVENT | {"position": FIX | {"at": "2026-11-30T08:14:58Z"}},
        EVENT | {"position": {"lon": -1, "lat": 2}},
        EVENT | {"kind": "heartbeat"},
        {"kind": "heartbeat", "event_id": "a b", "note": None, "more": [1, 2]},
    ],
)
def test_what_handsets_usually_send_is_read_in_one_pass(value):
    assert plain(value) == thorough(value)


@pytest.mark.parametrize(
    "value",
    [
        EVENT | {"kind": "sos"},
        EVENT | {"kind": "key9"},
        EVENT,
        EVENT | {"position": FIX | {"lon": 0, "lat": 0}},
        EVENT | {"position": FIX, "at": "2019-11-30T08:15:02Z"},
        EVENT | {"position": FIX, "at": "2026-11-30\t08:15:02Z"},
        EVENT | {"position": FIX, "event_id": " 7"},
        EVENT | {"position": FIX, "note": "bathroom"},
        EVENT | {"position": FIX, "battery_pct": 63.4},
        [EVENT | {"position": FIX}],
        7,
    ],
)
def test_whatever_needs_a_thought_goes_the_common_way(value):
    assert plain(value) is None


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"kind":"position"' + b"[" * 5000, b"nan"])
def test_what_is_no_json_goes_the_common_way(body):
    assert read_plain(body, received_at=NOW) is None
