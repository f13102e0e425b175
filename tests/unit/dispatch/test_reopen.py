"""A call that was closed too early, and a search that does not wait for the ladder."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import (
    ClaimHeld,
    OfferIsOver,
    ReasonNeeded,
    SearchIsOver,
    UnknownSubject,
)
from dispatch.facts import NoteAdded, StepTaken
from dispatch.requests import AttendanceStep, OfferAnswer, Reopen, Start, Widen
from dispatch.status import Status, status_of
from tests.unit.dispatch.world import PLANS, World, kinds_of, minutes, state_of


@pytest.fixture
def world():
    """Return a town where Wang helped Mrs Li, who was asked about with Zhao, and Ann closed it."""
    world = World(operators=("ann", "bob"))
    world.caregiver("wang", 100)
    world.caregiver("zhao", 200)
    world.press()
    world.accept("wang")
    world.finish("wang", "helped")
    world.claim("ann")
    world.close("ann")
    return world


def reopen(world, name="ann", *, incident="I1", reason="her daughter says she fell again"):
    return world.do(Reopen(incident_id=incident, operator_id=name, reason=reason))


def widen(world, name="ann", *, reason="it is raining"):
    return world.do(Widen(incident_id=world.incident.id, operator_id=name, reason=reason))


# Reopening


def test_a_reopened_call_is_the_operators_and_the_nearest_are_asked_anew(world):
    facts = reopen(world)
    assert kinds_of(facts)[:2] == ["IncidentReopened", "IncidentClaimed"]
    incident = world.incident
    assert (incident.disposition, incident.closed_at, incident.step) == (None, None, 0)
    assert (incident.round, incident.claim.operator_id) == (2, "ann")
    assert world.asked == ["wang", "zhao"]
    assert status_of(world.book, incident) is Status.OFFERED


def test_offers_and_attendances_are_counted_on(world):
    reopen(world)
    assert world.offer_to("wang").id == "I1.3"
    world.close("ann")
    reopen(world)
    assert world.offer_to("wang").id == "I1.5"


def test_that_somebody_helped_before_does_not_end_the_new_search(world):
    reopen(world)
    world.accept("wang")
    world.finish("wang", "could_not_help")
    assert world.asked == ["zhao"]


def test_a_reopened_call_has_its_deadlines_again(world):
    reopen(world)
    kinds = {one.kind for one in world.book.deadlines_of(world.incident)}
    assert kinds == {"step", "claim", "offer"}
    world.decline("wang")
    world.decline("zhao")
    facts = world.pass_time(minutes(20))
    assert {"StepTaken", "ClaimLapsed", "DeskAlerted"} <= set(kinds_of(facts))


def test_a_press_after_reopening_joins_the_reopened_call(world):
    reopen(world)
    assert kinds_of(world.press())[0] == "PressRepeated"
    assert world.incident.presses == 2


def test_a_call_that_was_taken_back_and_closed_is_no_longer_taken_back_when_reopened(world):
    world.press()
    world.press("cancel")
    world.close("bob", "I2", "false_alarm")
    reopen(world, incident="I2")
    assert not world.incident.is_cancelled


def test_reopening_what_is_open_changes_nothing(world):
    reopen(world)
    assert reopen(world) == []
    assert reopen(world, "bob") == []


def test_to_reopen_takes_a_reason(world):
    with pytest.raises(ReasonNeeded):
        reopen(world, reason="")


def test_what_was_closed_long_ago_is_not_reopened(world, monkeypatch):
    monkeypatch.setattr("dispatch.evolve.CLOSED_KEPT", 1)
    world.press()
    world.close("ann")
    with pytest.raises(UnknownSubject, match="recently closed incident I1"):
        reopen(world)


def test_an_answer_to_an_offer_of_the_former_life_comes_too_late(world):
    reopen(world)
    with pytest.raises(OfferIsOver, match="closed"):
        world.do(OfferAnswer(offer_id="I1.2", caregiver_id="zhao", answer="accept"))
    again = AttendanceStep(attendance_id="I1.1", caregiver_id="wang", step="done", outcome="helped")
    assert world.do(again) == []


@pytest.mark.parametrize("offer_id", ["I1.9", "I1.x", "I1.", "I1.99999999999"])
def test_an_offer_that_never_was_is_not_found(world, offer_id):
    reopen(world)
    with pytest.raises(UnknownSubject):
        world.do(OfferAnswer(offer_id=offer_id, caregiver_id="zhao", answer="accept"))


def test_a_reopened_call_outlives_a_restart(world):
    reopen(world)
    assert state_of(world.replayed()) == state_of(world.book)


# Widening by hand, overruling with a reason


def test_an_operator_widens_the_search_and_the_record_says_who_and_why():
    world = World()
    world.caregiver("far", 900, area_id="grid-3")
    world.press("life_assistance")
    world.claim("ann")
    world.book.roster.change("far", is_on_duty=True)
    before = world.incident.step
    facts = widen(world)
    note, step = facts[:2]
    assert isinstance(note, NoteAdded)
    assert (note.by, note.text) == ("ann", "it is raining")
    assert isinstance(step, StepTaken)
    assert (step.why, step.step) == ("by_hand", before + 1)


def test_after_the_last_step_widening_begins_a_new_round():
    world = World()
    world.press()
    for _ in range(2):
        widen(world)
    assert (world.incident.step, world.incident.round) == (1, 2)


def test_who_is_asked_stays_asked_when_the_search_is_widened():
    world = World()
    world.caregiver("near", 100)
    world.press("life_assistance")
    widen(world)
    assert world.asked == ["near"]


def test_widening_takes_a_reason(world):
    reopen(world)
    with pytest.raises(ReasonNeeded):
        widen(world, reason="")


def test_a_search_that_is_over_cannot_be_widened(world):
    reopen(world)
    world.accept("wang")
    with pytest.raises(SearchIsOver):
        widen(world)


def test_the_search_of_anothers_call_is_left_alone(world):
    reopen(world)
    with pytest.raises(ClaimHeld):
        widen(world, "bob")


def test_to_overrule_takes_a_reason_and_to_follow_takes_none():
    world = World()
    world.press("wound")
    world.caregiver("near", 100)
    world.caregiver("nurse", 200, skills=("nurse",), is_on_duty=False)
    with pytest.raises(ReasonNeeded, match="lacks skill"):
        world.send("ann", "near", reason="")
    world.send("ann", "near", reason="she is a doctor")
    assert world.asked == ["near"]


def test_a_reopened_call_begins_without_the_notices_and_the_level_of_before():
    tell = 'tell = [{ party = "120", ack_within_s = 60, when = "at_once" }]\n'
    world = World(plans=PLANS.replace("[kinds.sos]\n", f"[kinds.sos]\n{tell}"))
    world.do(Start(channels={"120": 1}))
    world.sit_down("ann")
    world.press()
    world.claim("ann")
    world.close("ann")
    assert world.book.closed["I1"].handled_at is not None
    reopen(world)
    assert world.incident.handled_at is None
    dues = [one.due_at for one in world.book.deadlines_of(world.incident)]
    first = world.book.next_deadline()
    assert first is not None
    assert first.due_at == min(dues)
