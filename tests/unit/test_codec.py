"""Facts as they lie in the journal, and the journals of released versions, which must still fold.

A kind of fact that is new adds its line to the golden file of its version:

    .venv/bin/python -m tests.unit.test_codec

A line that stands there is never written anew: journals out there hold facts like it.
"""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportOptionalMemberAccess=false

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.codec import (
    FACT_OF,
    UnknownFact,
    chain_hash,
    decode,
    encode,
    incident_of,
    kind_of,
    personal_hash,
)
from dispatch import facts as f
from dispatch.areas import Level
from dispatch.book import Book
from dispatch.evolve import evolve
from dispatch.place import Place
from dispatch.plans import Gravity
from tests.unit.dispatch.world import PLANS

GOLDEN = Path(__file__).parents[1] / "golden" / "facts_v1.jsonl"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
HOME = Place(lon=113.01, lat=28.2, accuracy_m=5.5, source="pinned")
SEEN = Place(lon=113.02, lat=28.21, source="satellite", at=NOON)


def key(number, kind="sos"):
    return f.EventKey(event_id=str(number), kind=kind, device_time="2026-11-22T12:00:00Z")


def raised(incident, **more):
    return f.IncidentRaised(
        **{
            "at": NOON,
            "incident_id": incident,
            "kind": "sos",
            "gravity": Gravity.LIFE_THREAT,
            "plan_version": "test",
            "channel": "handset",
            "resident_id": "R1",
            "handset_id": "H1",
            "area_id": "G1",
            "events": (key(1), key(2)),
            "occurred_at": NOON - timedelta(seconds=3),
            "due_at": LATER,
            "level": Level.DISTRICT,
            "step_by": LATER,
            "desk_by": LATER,
            "problems": ("clock_absurd",),
            "place": SEEN,
            "note": "浴室",
        }
        | more
    )


def offered(offer, caregiver, **more):
    return f.CaregiverOffered(
        at=NOON,
        offer_id=offer,
        incident_id=offer.partition(".")[0],
        caregiver_id=caregiver,
        answer_by=LATER,
        travel_s=31.2,
        distance_m=100.5,
        level=Level.DISTRICT,
        considered=(
            f.Considered(
                caregiver_id=caregiver,
                travel_s=31.2,
                distance_m=100.5,
                verdict="chosen",
                position_source="satellite",
            ),
        ),
        others={"busy": 3, "off_duty": 12},
        **{"by": "plan", "from_place": SEEN} | more,
    )


def enrolled(caregiver):
    return f.CaregiverEnrolled(
        at=NOON,
        caregiver_id=caregiver,
        kind="grid_worker",
        skills=("nurse",),
        languages=("zh", "长沙话"),
        area_id="G1",
        speed_kmh=15.0,
        is_active=True,
        station=HOME,
        name="李强",
        telephone="13800000001",
    )


STORY = (
    f.CenterStarted(at=NOON, stopped_for=timedelta(minutes=40, microseconds=5)),
    f.PlanAdopted(at=NOON, version="test", text=PLANS),
    f.AreaDefined(
        at=NOON,
        area_id="G1",
        parent_id=None,
        level=Level.GRID,
        name="网格一",
        centre=(113.0, 28.2),
        ring=((113.0, 28.0), (114.0, 28.0), (114.0, 29.0), (113.0, 28.0)),
    ),
    f.ResidentRegistered(
        at=NOON,
        resident_id="R1",
        area_id="G1",
        state="home",
        category="elder",
        ability="partly",
        lives_alone=True,
        language="zh",
        communication="voice",
        home_is_pinned=True,
        excluded=("C9",),
        home=HOME,
        name="李秀英",
        sex="female",
        born="1941",
        telephone="13800000002",
        address="四方坪 3 栋",
        medical="青霉素过敏",
        key_note="邻居有钥匙",
    ),
    f.HandsetPaired(at=NOON, handset_id="H1", resident_id="R1", model="demo"),
    enrolled("C1"),
    enrolled("C2"),
    f.DutyStarted(at=NOON, caregiver_id="C1"),
    f.DutyStarted(at=NOON, caregiver_id="C2"),
    f.OperatorSatDown(at=NOON, operator_id="ann", is_supervisor=False, areas=("*",)),
    f.SignalHeard(at=NOON, handset_id="H1", event=key(9, "test"), occurred_at=None),
    f.RequestParked(at=NOON, what="handset_called", why="a fault", handset_id="H1"),
    raised("I1"),
    offered("I1.1", "C1"),
    offered("I1.2", "C2", by="ann", reason="她会方言"),
    f.OfferSent(at=NOON, offer_id="I1.1", channel="stream"),
    f.OfferNotShown(at=NOON, offer_id="I1.2"),
    f.OfferShown(at=NOON, offer_id="I1.1"),
    f.OfferRenewed(at=NOON, offer_id="I1.1", answer_by=LATER),
    f.OfferAccepted(at=NOON, offer_id="I1.1", due_by=LATER, eta_at=LATER),
    f.OfferWithdrawn(at=NOON, offer_id="I1.2", why="taken"),
    f.IncidentClaimed(at=NOON, incident_id="I1", operator_id="ann", until=LATER),
    f.CaregiverSetOut(at=NOON, attendance_id="I1.1", due_by=LATER),
    f.AttendanceOverdue(at=NOON, attendance_id="I1.1", due_by=LATER),
    f.CaregiverArrived(at=NOON, attendance_id="I1.1", due_by=LATER),
    f.AttendanceDone(at=NOON, attendance_id="I1.1", outcome="helped", desk_by=LATER, note="扶起了"),
    f.NoteAdded(at=NOON, incident_id="I1", by="ann", text="女儿来了"),
    f.IncidentClosed(at=NOON, incident_id="I1", by="ann", disposition="helped", remark="一切都好"),
    raised("I2", channel="telephone", handset_id=None, events=(), caller="儿子", linked_to="I1"),
    f.StepTaken(
        at=NOON,
        incident_id="I2",
        step=1,
        level=Level.OPERATOR,
        round=1,
        until=LATER,
        why="deadline",
    ),
    f.PartyTold(at=NOON, incident_id="I2", party="120", channel=0, until=LATER, attempt=1),
    f.PartySilent(at=NOON, incident_id="I2", party="120"),
    f.PartyTold(at=NOON, incident_id="I2", party="120", channel=-1, until=None, attempt=2),
    f.PartyAcknowledged(at=NOON, incident_id="I2", party="120", by="ann"),
    offered("I2.1", "C1"),
    f.OfferDeclined(at=NOON, offer_id="I2.1", reason="太远"),
    offered("I2.2", "C2"),
    f.OfferLapsed(at=NOON, offer_id="I2.2"),
    f.PressRepeated(
        at=NOON,
        incident_id="I2",
        handset_id="H1",
        kind="fall",
        gravity=Gravity.LIFE_THREAT,
        events=(key(3, "fall"),),
        occurred_at=None,
        desk_by=LATER,
        place=SEEN,
    ),
    f.CancelPressed(at=NOON, incident_id="I2", handset_id="H1", event=key(4, "cancel")),
    f.ConfirmationDue(at=NOON, incident_id="I2", confirm_by=LATER),
    f.StageDue(at=NOON, incident_id="I2", stage="report", due_at=LATER, warn_at=NOON),
    f.StageWarned(at=NOON, incident_id="I2", stage="report"),
    f.StageBreached(at=NOON, incident_id="I2", stage="report", again_at=LATER),
    f.StageMet(at=NOON, incident_id="I2", stage="report", by="ann"),
    f.ContactTried(
        at=NOON,
        incident_id="I2",
        operator_id="ann",
        whom="caregiver",
        answer="no_answer",
        caregiver_id="C1",
    ),
    f.PromptTicked(at=NOON, incident_id="I2", operator_id="ann", prompt="speak", is_done=True),
    f.DeskAlerted(at=NOON, incident_id="I2", level="outside", until=LATER, attempt=2),
    f.TravelTimesLearned(
        at=NOON, incident_id="I2", travel_s={"C1": 95.5, "C2": 140.0}, source="osrm"
    ),
    f.OutsideNotReached(at=NOON, incident_id="I2", why="no channel is configured"),
    f.IncidentClaimed(at=NOON, incident_id="I2", operator_id="ann", until=LATER),
    f.ClaimReleased(at=NOON, incident_id="I2", desk_by=LATER),
    f.IncidentClaimed(at=NOON, incident_id="I2", operator_id="ann", until=LATER),
    f.ClaimLapsed(at=NOON, incident_id="I2", desk_by=LATER),
    f.IncidentClaimed(at=NOON, incident_id="I2", operator_id="ann", until=LATER),
    f.CallHeld(
        at=NOON, incident_id="I2", operator_id="ann", recall_at=LATER, reason="等女儿回电话"
    ),
    f.HoldEnded(at=NOON, incident_id="I2", until=LATER, why="recall"),
    f.CallTransferred(at=NOON, incident_id="I2", by="ann", to="bob", answer_by=LATER),
    f.TransferDeclined(at=NOON, incident_id="I2", by="bob"),
    f.CallTransferred(at=NOON, incident_id="I2", by="ann", to="cai", answer_by=LATER),
    f.TransferLapsed(at=NOON, incident_id="I2"),
    f.ClaimReleased(at=NOON, incident_id="I2", desk_by=LATER),
    offered("I2.3", "C1"),
    f.OfferAccepted(at=NOON, offer_id="I2.3", due_by=LATER, eta_at=LATER),
    f.AttendanceBrokenOff(at=NOON, attendance_id="I2.3", why="vanished"),
    f.IncidentReopened(
        at=NOON,
        incident_id="I1",
        by="ann",
        level=Level.DISTRICT,
        step_by=LATER,
        desk_by=LATER,
        reason="女儿说她又摔了",
    ),
    f.IncidentClosed(at=NOON, incident_id="I1", by="ann", disposition="helped"),
    f.ShiftHandedOver(at=NOON, by="ann", to="bob", incident_ids=("I2",), answer_by=LATER),
    f.ShiftAccepted(at=NOON, by="bob", of="ann", incident_ids=()),
    f.ShiftHandedOver(at=NOON, by="ann", to="cai", incident_ids=("I2",), answer_by=LATER),
    f.HandOverLapsed(at=NOON, of="ann", to="cai"),
    f.CaregiverDiverted(at=NOON, attendance_id="I2.3", to="I1.1", desk_by=LATER),
    f.OverloadBegan(at=NOON, waiting=5, operators=1),
    f.OverloadEasing(at=NOON, end_by=LATER),
    f.OverloadEnded(at=NOON),
    f.RoundBegan(
        at=NOON, round_id="CR1", by="sue", order=("R1",), move_by=LATER, reason="停电四十分钟"
    ),
    f.RoundOverdue(at=NOON, round_id="CR1", move_by=LATER),
    f.RoundAnswered(
        at=NOON,
        round_id="CR1",
        resident_id="R1",
        how="telephoned",
        by="ann",
        is_accounted_for=True,
        move_by=LATER,
    ),
    f.RoundEnded(at=NOON, round_id="CR1"),
    f.DutyEnded(at=NOON, caregiver_id="C2"),
    f.OfficerNamed(at=NOON, area_id="G1", officer="C1", telephone="19900001009"),
    f.OperatorLeft(at=NOON, operator_id="ann"),
    raised("I60"),  # a life of its own for what a caregiver says on the way and from the scene
    offered("I60.1", "C1"),
    f.OfferAccepted(at=NOON, offer_id="I60.1", due_by=LATER, eta_at=LATER),
    f.MovementChecked(
        at=NOON, attendance_id="I60.1", verdict="silent", metres_left=None, check_by=LATER
    ),
    f.CaregiverAsked(at=NOON, attendance_id="I60.1", why="silent", answer_by=LATER),
    f.CaregiverStillComing(at=NOON, attendance_id="I60.1", check_by=LATER),
    f.SceneReported(
        at=NOON, attendance_id="I60.1", what="wrong_address", act_by=LATER, note="这里是 1 栋"
    ),
    f.SceneUnanswered(at=NOON, attendance_id="I60.1", what="wrong_address", act_by=LATER),
    f.PlaceCorrected(
        at=NOON, incident_id="I60", operator_id="ann", area_id="G1", place=HOME, note="7 栋"
    ),
    f.WayChanged(at=NOON, attendance_id="I60.1", due_by=LATER, eta_at=LATER),
    f.IncidentClosed(at=NOON, incident_id="I60", by="ann", disposition="helped"),
)


def written(fact):
    encoded = encode(fact)
    row = {"kind": encoded.kind, "version": encoded.version}
    return row | {"body": encoded.body, "personal": encoded.personal}


def golden():
    lines = GOLDEN.read_text("utf-8").splitlines() if GOLDEN.exists() else []
    return [json.loads(line) for line in lines]


def folded(facts):
    book = Book()
    for fact in facts:
        evolve(book, fact)
    return book


@pytest.mark.parametrize("fact", STORY, ids=lambda fact: kind_of(type(fact)))
def test_every_fact_comes_back_as_it_was(fact):
    encoded = encode(fact)
    assert decode(encoded.kind, encoded.version, encoded.body, encoded.personal) == fact


@pytest.mark.parametrize("fact", STORY, ids=lambda fact: kind_of(type(fact)))
def test_what_is_personal_lies_apart_and_can_be_erased(fact):
    encoded = encode(fact)
    personal = {one.name: one.default for one in fields(fact) if "personal" in one.metadata}
    assert not set(json.loads(encoded.body)) & set(personal)
    assert set(json.loads(encoded.personal or "{}")) <= set(personal)
    erased = decode(encoded.kind, encoded.version, encoded.body, None)
    assert erased == replace(fact, **personal)


def test_a_fact_without_anything_personal_says_so():
    bare = replace(STORY[3], **dict.fromkeys(("name", "sex", "born", "telephone"), ""))
    bare = replace(bare, address="", medical="", key_note="", home=None)
    assert encode(bare).personal is None


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb"])
def test_what_utf_8_cannot_carry_is_refused(text):
    with pytest.raises(ValueError, match="surrogates"):
        encode(f.NoteAdded(at=NOON, incident_id="I1", by="ann", text=text))


@pytest.mark.parametrize(
    ("kind", "version"), [("offer_shown", 2), ("of_tomorrow", 1), ("", 1), ("fact", 1)]
)
def test_a_fact_of_a_newer_program_is_not_guessed_at(kind, version):
    with pytest.raises(UnknownFact):
        decode(kind, version, '{"at":"2026-11-22T12:00:00Z","offer_id":"I1.1"}', None)


def test_every_link_depends_on_all_before_it_and_on_every_part():
    fact = encode(STORY[12])
    hidden = personal_hash(b"salt", fact.personal)
    link = chain_hash(bytes(32), 7, fact, hidden)
    others = {
        chain_hash(b"\1" * 32, 7, fact, hidden),
        chain_hash(bytes(32), 8, fact, hidden),
        chain_hash(bytes(32), 7, replace(fact, kind="offer_shown"), hidden),
        chain_hash(bytes(32), 7, replace(fact, version=2), hidden),
        chain_hash(bytes(32), 7, replace(fact, body=fact.body + " "), hidden),
        chain_hash(bytes(32), 7, fact, personal_hash(b"pepper", fact.personal)),
        chain_hash(bytes(32), 7, fact, None),
    }
    assert len(others) == 7
    assert link not in others
    assert chain_hash(bytes(32), 7, replace(fact, personal=None), hidden) == link


@pytest.mark.parametrize("fact", STORY, ids=lambda fact: kind_of(type(fact)))
def test_a_fact_knows_its_incident(fact):
    found = incident_of(fact)
    subjects = {"incident_id", "offer_id", "attendance_id"}
    has_one = bool(subjects & {one.name for one in fields(fact)})
    assert found in (("I1", "I2", "I60") if has_one else (None,))


# Released versions


def holds_all(now, then):
    """Whether everything that was said is said still; later fields may stand beside it."""
    if isinstance(then, dict):
        return then.keys() <= now.keys() and all(holds_all(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds_all, now, then))
    return now == then


def test_the_golden_file_holds_every_kind_of_fact():
    missing = set(FACT_OF) - {row["kind"] for row in golden()}
    assert not missing, f"add them: python -m tests.unit.test_codec ({missing})"


def test_the_facts_of_every_released_version_are_still_read():
    for row in golden():
        fact = decode(row["kind"], row["version"], row["body"], row["personal"])
        if row["version"] == fact.VERSION:
            said = written(fact)
            assert holds_all(json.loads(said["body"]), json.loads(row["body"]))
            assert said["personal"] == row["personal"]


def test_a_journal_of_a_released_version_still_folds():
    book = folded(
        decode(row["kind"], row["version"], row["body"], row["personal"]) for row in golden()
    )
    assert book.closed["I1"].disposition == "helped"
    assert (book.closed["I1"].presses, book.closed["I1"].claim.operator_id) == (2, None)
    open_one = book.incidents["I2"]
    assert (open_one.presses, open_one.is_cancelled, open_one.linked_to) == (2, True, "I1")
    assert (open_one.siren, open_one.step, open_one.desk_alerts) == (True, 1, 2)
    states = [book.offers[one].state.value for one in open_one.offers]
    assert states == ["declined", "lapsed", "accepted"]
    assert book.attendances["I2.3"].state == "broken_off"
    assert book.heard_before("H1", key(3, "fall")).incident_id == "I2"
    assert not book.desk
    assert not book.roster.of("C2").is_on_duty
    assert book.residents["R1"].home == HOME


def test_a_journal_whose_people_were_erased_still_folds():
    rows = golden()
    book = folded(decode(row["kind"], row["version"], row["body"], None) for row in rows)
    assert book.residents["R1"].home is None
    assert book.incidents.keys() == {"I2"}


if __name__ == "__main__":
    known = {row["kind"] for row in golden()}
    fresh = [written(fact) for fact in STORY if kind_of(type(fact)) not in known]
    with GOLDEN.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in fresh)
