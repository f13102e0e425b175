"""Three recorded nights: what arrived then is decided today as it was, and explained alike.

When a rule was changed on purpose, read every difference, then: python -m tests.golden.record
"""

# pyright: reportArgumentType=false

import json

import msgspec
import pytest

from dispatch import facts as f
from dispatch import roster
from dispatch.requests import Register
from tests.golden.night import NIGHTS, REQUEST_OF, arrival_line, read

NAMES = ("quiet", "busy", "faulty")
EXPLAINED = (f.CaregiverOffered, f.StepTaken, f.DeskAlerted, f.PartyTold)
SHOWN = 20  # differences; the first one is mostly the cause of all others


def lines_of(name):
    return (NIGHTS / f"{name}.jsonl").read_text("utf-8").splitlines()


def changed(name, kind, change):
    """Return a recorded night in which the first decision of this kind was another one."""
    lines = lines_of(name)
    index = next(i for i, line in enumerate(lines) if f'"kind":"{kind}"' in line)
    row = json.loads(lines[index])
    change(row["body"])
    lines[index] = json.dumps(row, ensure_ascii=False)
    return read(lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_night_is_decided_and_explained_as_it_was(name):
    differences = list(read(lines_of(name)).differences())
    assert not differences, "\n".join(differences[:SHOWN])


def written_then(line, before):
    """Return a line without what a request could not say yet when the night was recorded."""
    row, was = json.loads(line), json.loads(before)
    if isinstance(was.get("with"), dict):
        row["with"] = {name: value for name, value in row["with"].items() if name in was["with"]}
    return row


@pytest.mark.parametrize("name", NAMES)
def test_what_arrived_is_read_as_it_was_written(name):
    arrivals = [line for line in lines_of(name) if line.startswith('{"at":')]
    night = read(lines_of(name))
    again = [arrival_line(*one) for one in night.arrived]
    assert [written_then(*pair) for pair in zip(again, arrivals, strict=True)] == [
        json.loads(line) for line in arrivals
    ]


def test_every_kind_of_request_can_be_read():
    for kind in set(REQUEST_OF.values()) - {Register}:
        msgspec.json.Decoder(kind)


def test_the_nights_hold_every_decision_that_is_explained():
    nights = [read(lines_of(name)) for name in NAMES]
    kinds = {type(one) for night in nights for one in night.decided}
    assert set(EXPLAINED) <= kinds
    assert {f.OverloadBegan, f.CaregiverDiverted} <= {type(one) for one in nights[1].decided}
    restarts = [one for one in nights[2].decided if isinstance(one, f.CenterStarted)]
    assert len(restarts) > 1


# Differences that were planted


def test_another_travel_time_is_named():
    def slower(offer):
        offer["considered"][0]["travel_s"] += 1

    (difference,) = changed("busy", "caregiver_offered", slower).differences()
    assert difference.startswith("busy night, decision ")
    assert "caregiver_offered I1.1 at 00:" in difference
    assert "considered 1 travel_s was " in difference


def test_another_verdict_is_named():
    def busy(offer):
        offer["considered"][0]["verdict"] = "resting"

    (difference,) = changed("quiet", "caregiver_offered", busy).differences()
    assert "considered 1 verdict was 'resting', is 'chosen'" in difference


def test_a_rule_that_was_changed_is_named(monkeypatch):
    monkeypatch.setattr(roster, "DETOUR", roster.DETOUR * 1.1)
    assert "travel_s was " in next(read(lines_of("quiet")).differences())


def test_another_reason_and_another_time_are_named():
    night = changed("faulty", "step_taken", lambda step: step.update(why="by_hand"))
    (difference,) = night.differences()
    assert "why was 'by_hand', is " in difference
    later = changed("quiet", "desk_alerted", lambda row: row.update(at="2026-11-25T23:00:00Z"))
    (difference,) = later.differences()
    assert ": at was " in difference


def test_a_decision_that_is_missing_or_refused_is_named():
    night = read(lines_of("quiet"))
    night.decided[-1] = "SearchIsOver"
    assert "was a refusal, SearchIsOver, is " in next(night.differences())
    del night.decided[-1]
    count = len(night.decided)
    assert list(night.differences()) == [f"quiet night: were {count} decisions, are {count + 1}"]
