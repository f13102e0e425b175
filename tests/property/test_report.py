"""What holds for any JSON that a handset, or somebody pretending to be one, may send."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.report import (
    CALLS_FOR_HELP,
    Fix,
    Kind,
    Report,
    ReportRefused,
    clean,
    is_call_for_help,
    read_report,
)

NOW = datetime(2026, 11, 30, 8, 15, 5, tzinfo=UTC)

texts = st.text(st.characters(codec=None), max_size=90)  # lone surrogates and NUL included
huge = st.integers(300, 20_000).map(lambda bits: 1 << bits)
scalars = st.none() | st.booleans() | st.integers() | huge | st.floats() | texts
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
times = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()) | anything
degrees = st.floats(-200, 200) | st.just(0) | anything
sources = st.sampled_from(["satellite", "wifi", "stars"]) | anything
positions = (
    st.fixed_dictionaries(
        {},
        optional={
            "lon": degrees,
            "lat": degrees,
            "accuracy_m": st.floats(-1, 1e9) | anything,
            "source": sources,
            "at": times,
        },
    )
    | anything
)


def events(kinds):
    return st.fixed_dictionaries(
        {"kind": kinds},
        optional={
            "event_id": anything,
            "at": times,
            "position": positions,
            "battery_pct": st.integers(-5, 105) | anything,
            "note": anything,
        },
    )


def read(value):
    return read_report(value, received_at=NOW, fallback_id="fallback")


def read_or_refusal(value):
    try:
        return read(value)
    except ReportRefused as refused:
        return refused


def assert_storable(report: Report):
    for text in (report.event_id, report.key, report.device_time, report.note or ""):
        assert text == clean(text, 500)
        text.encode()
        assert "\0" not in text
    assert 1 <= len(report.event_id) <= 64
    assert len(report.key) <= 64
    assert len(report.device_time) <= 40
    assert report.battery_pct is None or 0 <= report.battery_pct <= 100
    assert len(set(report.problems)) == len(report.problems)
    if report.occurred_at is not None:
        assert report.occurred_at.tzinfo is UTC
        assert timedelta(days=-30) <= report.occurred_at - NOW <= timedelta(days=1)
    if report.fix is not None:
        assert_a_place(report.fix)


def assert_a_place(fix: Fix):
    assert type(fix.lon) is float
    assert type(fix.lat) is float
    assert -180 <= fix.lon <= 180
    assert -90 <= fix.lat <= 90
    assert (fix.lon, fix.lat) != (0, 0)
    assert fix.accuracy_m is None or fix.accuracy_m > 0
    assert fix.at is None or fix.at.tzinfo is UTC


@given(anything | events(st.sampled_from([str(kind) for kind in Kind])))
def test_any_json_becomes_a_storable_report_or_a_refusal(value):
    report = read_or_refusal(value)
    if isinstance(report, Report):
        assert_storable(report)
    else:
        assert report.pointer in ("", "/position", "/battery_pct")
        assert not is_call_for_help(value)


@given(events(st.sampled_from([str(kind) for kind in CALLS_FOR_HELP])))
def test_a_call_for_help_is_never_refused(value):
    report = read(value)
    assert report.kind == value["kind"]
    assert_storable(report)
    assert is_call_for_help(value)


def is_a_known_word(sent):
    return isinstance(sent, str) and sent.strip().lower() in set(Kind)


@given(events(anything.filter(lambda sent: not is_a_known_word(sent))))
def test_an_unheard_of_key_is_never_refused(value):
    report = read(value)
    assert_storable(report)
    if "unknown_kind" in report.problems:
        assert report.kind is Kind.SOS
    assert is_call_for_help(value) is (report.kind in CALLS_FOR_HELP)


@given(events(anything | st.sampled_from([str(kind) for kind in Kind])))
def test_the_same_message_gives_the_same_report(value):
    one, other = read_or_refusal(value), read_or_refusal(value)
    assert repr(one) == repr(other)


@given(st.text(st.characters(codec=None)), st.integers(1, 80))
def test_cleaning_is_bounded_storable_and_safe_to_repeat(text, limit):
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned, limit) == cleaned


def test_a_report_has_no_field_that_this_file_does_not_look_at():
    assert set(Report._fields) == {
        "event_id",
        "kind",
        "key",
        "occurred_at",
        "device_time",
        "fix",
        "battery_pct",
        "note",
        "problems",
    }
