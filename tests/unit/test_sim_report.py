"""The report's arithmetic: what counts as lost, as doubled, and how waits are summed up."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import report
from simulator.players.doors import Refused, Unreachable
from simulator.players.tally import Press, Tally
from simulator.record import Record, Row, count

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = report.RunFacts(command="demo", seed=7, speed=10, seconds=60.04, url="http://here")


def fact(number: int, kind: str, incident: str | None, after_s: float = 0, **body: Any) -> Row:
    return Row(number, NOON + timedelta(seconds=after_s), kind, incident, body)


def raised(number: int, incident: str, *events: str) -> Row:
    keys = [{"event_id": one, "kind": "sos", "device_time": ""} for one in events]
    return fact(number, "incident_raised", incident, handset_id="H1", events=keys)


def tally_of(events: Sequence[str], *, acknowledged: bool = True) -> Tally:
    tally = Tally()
    for event in events:
        press = Press(handset_id="H1", event_id=event, kind="sos", sent_at=1.0)
        press.acknowledged_at = 1.1 if acknowledged else None
        tally.presses[press.key] = press
    return tally


def test_a_press_on_record_once_is_neither_lost_nor_doubled():
    record = count([raised(1, "I1", "e1")])
    result = report.build(RUN, tally_of(["e1"]), record)
    assert (result["lost"], result["doubled"]) == (0, 0)
    assert report.is_good(result)


def test_an_acknowledged_press_that_is_not_on_record_is_lost():
    result = report.build(RUN, tally_of(["e1", "e2"]), count([raised(1, "I1", "e1")]))
    assert result["lost"] == 1
    assert not report.is_good(result)


def test_a_press_that_nobody_acknowledged_is_not_lost():
    result = report.build(RUN, tally_of(["e1"], acknowledged=False), count([]))
    assert (result["presses_sent"], result["presses_acknowledged"], result["lost"]) == (1, 0, 0)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([raised(1, "I1", "e1"), raised(2, "I2", "e1")], id="two incidents"),
        pytest.param([raised(1, "I1", "e1", "e1")], id="twice in one"),
    ],
)
def test_a_press_on_record_twice_is_doubled(rows: list[Row]):
    result = report.build(RUN, tally_of(["e1"]), count(rows))
    assert result["doubled"] == 1
    assert not report.is_good(result)


def test_presses_that_only_cancel_check_in_or_repeat_are_found_on_record():
    key = {"event_id": "e2", "kind": "cancel", "device_time": ""}
    record = count(
        [
            raised(1, "I1", "e1"),
            fact(2, "cancel_pressed", "I1", handset_id="H1", event=key),
            fact(3, "signal_heard", None, handset_id="H1", event={**key, "event_id": "e3"}),
            fact(4, "press_repeated", "I1", handset_id="H1", events=[{**key, "event_id": "e4"}]),
        ]
    )
    assert [record.times_of(("H1", f"e{n}")) for n in range(1, 6)] == [1, 1, 1, 1, 0]


def test_only_what_happened_since_the_run_began_is_counted():
    rows = [
        raised(1, "I1", "e1"),
        fact(2, "caregiver_offered", "I1"),
        raised(3, "I2", "e2"),
        fact(4, "caregiver_offered", "I2"),
        fact(5, "offer_accepted", "I2"),
        fact(6, "incident_closed", "I1"),
    ]
    record = count(rows, after=2)
    counted = (record.incidents_opened, record.offers, record.accepted, record.closed)
    assert counted == (1, 1, 1, 1)
    assert record.times_of(("H1", "e1")) == 1  # yesterday's presses stay on record


def test_the_response_is_the_first_caregiver_on_scene():
    rows = [
        raised(1, "I1", "e1"),
        fact(2, "caregiver_arrived", "I1", 240),
        fact(3, "caregiver_arrived", "I1", 300),
    ]
    assert count(rows).response_s == [240]


def test_without_a_record_the_report_says_that_it_does_not_know():
    result = report.build(RUN, tally_of(["e1"]), None)
    assert [result[name] for name in ("lost", "doubled", "closed")] == [None] * 3


def test_a_wait_counts_from_the_press_that_opened_the_incident():
    tally = tally_of(["e1", "e2"])
    first, second = tally.presses.values()
    first.incident_id = second.incident_id = "I1"
    second.joined, second.sent_at = True, 0.5
    tally.offered_at["I1"] = 1.025
    tally.on_console_at["I1"] = 1.005
    assert tally.press_to_offer_ms() == [pytest.approx(25)]
    assert tally.press_to_console_ms() == [pytest.approx(5)]


def test_percentiles_are_values_that_were_seen():
    values = [float(n) for n in range(1, 101)]
    assert report.spread(values, ("p50", "p99", "max")) == {"p50": 50, "p99": 99, "max": 100}
    assert report.spread([], ("p50",)) == {"p50": None}


def test_a_refusal_of_the_rules_is_no_error():
    tally = Tally()
    tally.fault(Refused(409, "offer-taken", {}))
    tally.fault(Refused(503, "not-on-record-yet", {}))
    tally.fault(Unreachable("ConnectError"))
    assert dict(tally.refusals) == {"offer-taken": 1}
    assert dict(tally.errors) == {"not-on-record-yet": 1, "Unreachable: ConnectError": 1}


def test_the_report_is_json_with_every_promised_key(tmp_path):
    path = tmp_path / "new" / "report.json"
    report.write(report.build(RUN, tally_of(["e1"]), Record()), path)
    written = json.loads(path.read_text(encoding="utf-8"))
    promised = {
        "presses_sent", "presses_acknowledged", "incidents_opened", "offers", "accepted", "closed",
        "lost", "doubled", "press_to_offer_ms", "press_to_console_ms", "response_s", "seed",
        "speed", "seconds", "errors",
    }  # fmt: skip
    assert promised <= written.keys()
    assert written["seconds"] == 60.0
