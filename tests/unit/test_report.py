"""What one message from a handset becomes."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from devices.report import (
    ACCURACY_M_MAX,
    CALLS,
    CALLS_FOR_HELP,
    EVENT_ID_CHARS_MAX,
    Fix,
    Kind,
    Report,
    ReportRefused,
    Source,
    clean,
    is_call_for_help,
    read_report,
)

NOW = datetime(2026, 11, 30, 8, 15, 5, tzinfo=UTC)
AT = "2026-11-30T08:15:02Z"
POSITION = {
    "lon": 112.985525,
    "lat": 28.201336,
    "accuracy_m": 12.5,
    "source": "satellite",
    "at": "2026-11-30T08:14:58Z",
}
AN_EVENT = {
    "event_id": "c0ffee-17",
    "kind": "sos",
    "at": AT,
    "position": POSITION,
    "battery_pct": 63,
    "note": "卫生间",
}
NOT_FOR_HELP = sorted(set(Kind) - CALLS_FOR_HELP)


def read(value, *, now=NOW):
    return read_report(value, received_at=now, fallback_id="fallback")


def event(**changes):
    return {**AN_EVENT, **changes}


def fix_of(report: Report) -> Fix:
    assert report.fix is not None
    return report.fix


def without(field, **changes):
    return {name: value for name, value in event(**changes).items() if name != field}


def test_a_whole_event_is_read_field_by_field():
    assert read(AN_EVENT) == Report(
        event_id="c0ffee-17",
        kind=Kind.SOS,
        key="sos",
        occurred_at=datetime(2026, 11, 30, 8, 15, 2, tzinfo=UTC),
        device_time=AT,
        fix=Fix(
            lon=112.985525,
            lat=28.201336,
            accuracy_m=12.5,
            source=Source.SATELLITE,
            at=datetime(2026, 11, 30, 8, 14, 58, tzinfo=UTC),
        ),
        battery_pct=63,
        note="卫生间",
        problems=(),
    )


def test_a_report_cannot_be_changed():
    with pytest.raises(AttributeError):
        read(AN_EVENT).kind = Kind.TEST  # type: ignore[misc]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_is_known_by_its_own_word(kind):
    report = read(event(kind=str(kind)))
    assert (report.kind, report.key, report.problems) == (kind, str(kind), ())
    assert is_call_for_help(event(kind=str(kind))) is (kind in CALLS_FOR_HELP)


def test_only_positions_and_heartbeats_cannot_move_an_incident():
    assert set(Kind) - CALLS == {Kind.POSITION, Kind.HEARTBEAT}


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ("HEARTBEAT", Kind.HEARTBEAT),
        (" Low-Battery\x00", Kind.LOW_BATTERY),
        ("check in", Kind.CHECK_IN),
    ],
)
def test_a_kind_in_another_spelling_raises_no_false_alarm(sent, kind):
    report = read(event(kind=sent))
    assert report.kind is kind
    assert report.key == clean(sent, 64)
    assert not is_call_for_help(event(kind=sent))


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        (7, "7"),
        ("key_3", "key_3"),
        (1.5, "1.5"),
        ("红键", "红键"),
        ("", ""),
        (None, ""),
        (True, ""),
        ([], ""),
        ({"kind": "test"}, ""),
        ("k" * 65, "k" * 64),
        pytest.param(1 << 40_000, "0x1" + "0" * 61, id="huge"),
        (float("inf"), "inf"),
    ],
)
def test_a_key_that_nobody_named_calls_for_help(sent, key):
    report = read(event(kind=sent))
    assert (report.kind, report.key, report.problems) == (Kind.SOS, key, ("unknown_kind",))
    assert is_call_for_help(event(kind=sent))


def test_an_empty_object_calls_for_help():
    report = read({})
    assert (report.kind, report.event_id) == (Kind.SOS, "fallback")
    assert report.problems == ("unknown_kind", "event_id_missing")
    assert (report.occurred_at, report.device_time, report.fix) == (None, "", None)
    assert is_call_for_help({})


@pytest.mark.parametrize("value", [None, 7, True, "sos", [], 1.5])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(ReportRefused, match="JSON object") as refused:
        read(value)
    assert (refused.value.pointer, refused.value.problem) == ("", "not_an_object")
    assert refused.value.sentence == str(refused.value)
    assert not is_call_for_help(value)


@pytest.mark.parametrize(
    ("sent", "event_id", "problems"),
    [
        (17, "17", ()),
        (0, "0", ()),
        (" a\x00b ", "ab", ()),
        ("x" * 64, "x" * 64, ()),
        (None, "fallback", ("event_id_missing",)),
        ("\x00 ", "fallback", ("event_id_missing",)),
        (True, "fallback", ("event_id_unusable",)),
        (1.5, "fallback", ("event_id_unusable",)),
        (["a"], "fallback", ("event_id_unusable",)),
    ],
)
def test_an_event_without_a_usable_id_takes_the_one_it_is_given(sent, event_id, problems):
    report = read(event(event_id=sent))
    assert (report.event_id, report.problems) == (event_id, problems)


def test_two_long_ids_that_differ_only_at_the_end_stay_two():
    one, other = (read(event(event_id="x" * 99 + end)) for end in "ab")
    assert len(one.event_id) == len(other.event_id) == EVENT_ID_CHARS_MAX
    assert one.event_id != other.event_id
    assert one.problems == ("event_id_too_long",)
    assert len(read(event(event_id=1 << 40_000)).event_id) == EVENT_ID_CHARS_MAX


@pytest.mark.parametrize(
    ("sent", "occurred_at"),
    [
        ("2026-11-30T16:15:02+08:00", NOW.replace(second=2)),
        ("2026-11-30t08:15:02z", NOW.replace(second=2)),
        ("2026-11-30T08:15:02.123456789Z", NOW.replace(second=2, microsecond=123456)),
        ("2026-11-30T02:15:05Z", NOW - timedelta(hours=6)),
        ("2026-10-31T08:15:05Z", NOW - timedelta(days=30)),
        ("2026-12-01T08:15:05Z", NOW + timedelta(days=1)),
    ],
)
def test_a_believable_device_clock_is_kept_even_when_the_event_comes_late(sent, occurred_at):
    report = read(event(at=sent))
    assert (report.occurred_at, report.device_time) == (occurred_at, sent)
    assert report.occurred_at is not None
    assert report.occurred_at.tzinfo is UTC
    assert report.problems == ()


@pytest.mark.parametrize(
    ("sent", "device_time", "problem"),
    [
        ("2026-10-31T08:15:04Z", "2026-10-31T08:15:04Z", "clock_absurd"),
        ("2026-12-01T08:15:06Z", "2026-12-01T08:15:06Z", "clock_absurd"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "clock_absurd"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59", "clock_absurd"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59", "clock_absurd"),
        ("2026-11-30T08:15:02", "2026-11-30T08:15:02", "clock_unreadable"),
        ("2026-13-30T08:15:02Z", "2026-13-30T08:15:02Z", "clock_unreadable"),
        ("\ud800yesterday\x00" + "!" * 99, "\ufffdyesterday" + "!" * 30, "clock_unreadable"),
        (1_796_026_502, "1796026502", "clock_unreadable"),
        (True, "", "clock_unreadable"),
        ([AT], "", "clock_unreadable"),
    ],
)
def test_an_absurd_device_clock_is_named_and_its_text_kept(sent, device_time, problem):
    report = read(event(at=sent))
    assert (report.occurred_at, report.device_time) == (None, device_time)
    assert report.problems == (problem,)


def test_a_clock_before_2000_is_absurd_even_when_the_server_agrees_with_it():
    report = read(
        without("position", at="1999-12-31T23:59:59Z"), now=datetime(2000, 1, 1, tzinfo=UTC)
    )
    assert (report.occurred_at, report.problems) == (None, ("clock_absurd",))


def test_a_missing_clock_is_no_problem():
    report = read(without("at"))
    assert (report.occurred_at, report.device_time, report.problems) == (None, "", ())


BROKEN_POSITIONS = [
    ("112.98,28.20", "position_unusable"),
    ([112.98, 28.2], "position_unusable"),
    ({}, "position_unusable"),
    ({"lon": 112.98}, "position_unusable"),
    ({"lon": "112.98", "lat": "28.20"}, "position_unusable"),
    ({"lon": True, "lat": 28.2}, "position_unusable"),
    ({"lon": 112.98, "lat": False}, "position_unusable"),
    ({"lon": 180.1, "lat": 28.2}, "position_out_of_range"),
    ({"lon": 112.98, "lat": -90.1}, "position_out_of_range"),
    ({"lon": float("nan"), "lat": 28.2}, "position_out_of_range"),
    ({"lon": 112.98, "lat": float("inf")}, "position_out_of_range"),
    ({"lon": 10**400, "lat": 28.2}, "position_out_of_range"),
    ({"lon": 0, "lat": -0.0}, "position_null_island"),
]


@pytest.mark.parametrize(("sent", "problem"), BROKEN_POSITIONS)
@pytest.mark.parametrize("kind", [*sorted(CALLS_FOR_HELP), "key_9"])
def test_a_call_for_help_survives_a_broken_position(kind, sent, problem):
    report = read(event(kind=kind, position=sent))
    assert report.fix is None
    assert problem in report.problems


@pytest.mark.parametrize(("sent", "problem"), [*BROKEN_POSITIONS, (None, "position_missing")])
def test_a_position_event_without_a_position_is_refused(sent, problem):
    with pytest.raises(ReportRefused, match=r"position\.lon") as refused:
        read(event(kind="position", position=sent, at="nonsense"))
    assert (refused.value.pointer, refused.value.problem) == ("/position", problem)


@pytest.mark.parametrize("kind", [kind for kind in NOT_FOR_HELP if kind is not Kind.POSITION])
def test_any_other_event_only_loses_its_broken_position(kind):
    report = read(event(kind=kind, position="here"))
    assert (report.kind, report.fix, report.problems) == (kind, None, ("position_unusable",))


def test_no_position_at_all_is_no_problem():
    assert read(event(position=None)).problems == ()
    assert read(without("position")).fix is None


@pytest.mark.parametrize(("lon", "lat"), [(-180, 90), (180, -90), (0, 51.5), (8.5, 0)])
def test_the_ends_of_the_earth_are_places(lon, lat):
    fix = fix_of(read(event(position={"lon": lon, "lat": lat})))
    assert (fix.lon, fix.lat) == (lon, lat)
    assert isinstance(fix.lon, float)
    assert (fix.accuracy_m, fix.source, fix.at) == (None, Source.UNKNOWN, NOW.replace(second=2))


@pytest.mark.parametrize(
    ("sent", "accuracy_m"),
    [(1, 1.0), (ACCURACY_M_MAX, ACCURACY_M_MAX), (0.5, 0.5)],
)
def test_the_accuracy_of_a_position_is_a_radius(sent, accuracy_m):
    report = read(event(position={**POSITION, "accuracy_m": sent}))
    assert fix_of(report).accuracy_m == accuracy_m


@pytest.mark.parametrize(
    "sent", [0, -1, ACCURACY_M_MAX + 1, float("nan"), float("inf"), True, "12", [], 10**400]
)
def test_an_unusable_accuracy_leaves_the_place(sent):
    report = read(event(kind="position", position={**POSITION, "accuracy_m": sent}))
    assert (fix_of(report).lon, fix_of(report).accuracy_m) == (112.985525, None)
    assert report.problems == ("accuracy_unusable",)


@pytest.mark.parametrize("source", list(Source))
def test_every_source_is_known_by_its_own_word(source):
    report = read(event(position={**POSITION, "source": str(source)}))
    assert fix_of(report).source is source


@pytest.mark.parametrize("sent", ["stars", "", 3, {}, True])
def test_an_unheard_of_source_is_unknown(sent):
    report = read(event(position={**POSITION, "source": sent}))
    assert (fix_of(report).source, report.problems) == (Source.UNKNOWN, ("source_unknown",))


@pytest.mark.parametrize("at", ["2026-11-29T08:15:02Z", "2026-03-01T00:00:00Z"])
def test_an_old_position_keeps_its_own_time(at):
    report = read(event(position={**POSITION, "at": at}))
    assert (fix_of(report).at, report.problems) == (datetime.fromisoformat(at), ())
    assert report.occurred_at == NOW.replace(second=2)


@pytest.mark.parametrize(
    ("at", "problem"),
    [
        ("1999-12-31T23:59:59Z", "position_clock_absurd"),
        ("2026-12-02T00:00:00Z", "position_clock_absurd"),
        ("noon", "position_clock_unreadable"),
        (5, "position_clock_unreadable"),
    ],
)
def test_a_position_with_an_absurd_time_has_no_time(at, problem):
    report = read(event(kind="position", position={**POSITION, "at": at}))
    assert (fix_of(report).lon, fix_of(report).at, report.problems) == (
        112.985525,
        None,
        (problem,),
    )


@pytest.mark.parametrize(
    ("sent", "battery_pct"), [(0, 0), (100, 100), (54.6, 55), (1.0, 1), (None, None)]
)
def test_a_battery_is_a_whole_percentage(sent, battery_pct):
    report = read(event(kind="low_battery", battery_pct=sent))
    assert (report.battery_pct, report.problems) == (battery_pct, ())
    assert isinstance(report.battery_pct, int | None)


@pytest.mark.parametrize("sent", [-1, 101, True, "63", [], float("nan"), float("inf"), 10**400])
def test_a_broken_battery_is_refused_only_where_it_is_the_matter(sent):
    for kind in set(Kind) - {Kind.LOW_BATTERY}:
        report = read(event(kind=kind, battery_pct=sent))
        assert (report.battery_pct, report.problems) == (None, ("battery_unusable",))
    with pytest.raises(ReportRefused, match="0 to 100") as refused:
        read(event(kind="low_battery", battery_pct=sent))
    assert (refused.value.pointer, refused.value.problem) == ("/battery_pct", "battery_unusable")


@pytest.mark.parametrize(
    ("sent", "note", "problems"),
    [
        (None, None, ()),
        ("", None, ()),
        ("\x00", None, ()),
        ("a\nb", "a b", ()),
        ("摔" * 501, "摔" * 500, ()),
        (5, None, ("note_unusable",)),
        (["a"], None, ("note_unusable",)),
    ],
)
def test_a_note_is_one_bounded_line(sent, note, problems):
    report = read(event(note=sent))
    assert (report.note, report.problems) == (note, problems)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  plain ", "plain"),
        ("a\x00b\x1bc\x7fd\x9fe", "abcde"),
        ("a\r\nb\tc\u2028d", "a  b c d"),
        ("\ud83d lone", "\ufffd lone"),
        ("\u202eevil\u2069", "evil"),
        ("👩\u200d🚒", "👩\u200d🚒"),
        ("abcdefghijklmno", "abcdefghijkl"),
        ("abcdefghijk lmn", "abcdefghijk"),
        ("abcdefghijk\tlmn", "abcdefghijk"),
        ("\u3000全角\u3000空格", "全角\u3000空格"),
    ],
)
def test_text_is_cleaned_to_one_storable_line(text, cleaned):
    assert clean(text, 12) == cleaned


def test_what_json_allows_and_we_do_not_still_calls_for_help():
    sent = '{"kind": "sos", "position": {"lon": 1e999, "lat": NaN}, "battery_pct": -Infinity}'
    assert read(json.loads(sent)).problems == (
        "event_id_missing",
        "position_out_of_range",
        "battery_unusable",
    )
