"""A cancel closes nothing: the desk telephones, and somebody hears of it when the desk does not."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.book import Book
from dispatch.facts import CancelPressed, ConfirmationDue, DeskAlerted, IncidentClosed
from dispatch.requests import Note
from tests.unit.dispatch.world import NOON, World, kinds_of, minutes, seconds, state_of


@pytest.fixture
def world():
    world = World()
    world.sit_down("sue", is_supervisor=True)
    return world


def cancel(world):
    return world.press("cancel")


def note(world, by, text="She is well."):
    return world.do(Note(incident_id=world.incident.id, by=by, text=text))


def one(facts, kind):
    (only,) = [fact for fact in facts if isinstance(fact, kind)]
    return only


@pytest.mark.parametrize(("after_s", "is_in_grace"), [(1, True), (30, True), (31, False)])
def test_a_cancel_asks_for_a_confirmation_call_however_soon_it_comes(world, after_s, is_in_grace):
    world.press()
    world.pass_time(seconds(after_s))
    fact = one(cancel(world), CancelPressed)
    assert fact.is_in_grace is is_in_grace
    assert fact.confirm_by == world.now + minutes(2)
    assert world.incident.is_open
    assert world.incident.confirm_by == world.now + minutes(2)


def test_grace_counts_from_the_latest_press(world):
    world.press()
    world.pass_time(seconds(50))
    world.press()
    assert one(cancel(world), CancelPressed).is_in_grace


def test_offers_stay_after_a_cancel(world):
    world.caregiver("wang", 100)
    world.press()
    cancel(world)
    assert world.asked == ["wang"]


def test_a_claim_alone_confirms_nothing(world):
    world.press()
    cancel(world)
    world.claim("ann")
    assert world.incident.confirm_by is not None


def test_a_claim_and_a_note_confirm(world):
    world.press()
    cancel(world)
    world.claim("ann")
    note(world, "ann")
    assert world.incident.confirm_by is None
    assert world.incident.is_open


def test_a_note_by_an_operator_who_takes_the_call_with_it_confirms(world):
    world.press()
    cancel(world)
    note(world, "ann")
    assert world.incident.confirm_by is None


@pytest.mark.parametrize("by", ["sue", "somebody"])
def test_a_note_by_somebody_who_does_not_have_the_call_confirms_nothing(world, by):
    world.press()
    cancel(world)
    world.claim("ann")
    note(world, by)
    assert world.incident.confirm_by is not None


def test_closing_with_a_disposition_ends_the_wait_for_a_confirmation(world):
    world.press()
    cancel(world)
    world.close("ann", disposition="false_alarm")
    assert world.book.closed["I1"].confirm_by is None
    assert world.pass_time(minutes(10)) == []


def test_a_confirmation_that_nobody_made_alerts_the_next_and_is_asked_for_again(world):
    world.press()
    world.claim("ann")
    cancel(world)
    facts = world.pass_time(minutes(2))
    assert one(facts, ConfirmationDue).confirm_by == world.now + minutes(2)
    alert = facts[kinds_of(facts).index("ConfirmationDue") + 1]
    assert isinstance(alert, DeskAlerted)
    assert alert.level == "supervisor"
    assert world.incident.siren
    again = world.pass_time(minutes(2))
    assert kinds_of(again).count("ConfirmationDue") == 1


def test_a_confirmation_that_nobody_makes_never_closes_the_call(world):
    world.press()
    cancel(world)
    facts = world.pass_time(minutes(120))
    assert world.incident.is_open
    assert not [fact for fact in facts if isinstance(fact, IncidentClosed)]
    assert world.incident.confirm_by is not None


def test_a_second_cancel_does_not_put_off_the_confirmation(world):
    world.press()
    cancel(world)
    world.pass_time(seconds(90))
    cancel(world)
    assert world.incident.confirm_by == NOON + minutes(2)


def test_pressing_again_takes_the_cancel_and_its_confirmation_back(world):
    world.press()
    cancel(world)
    world.press()
    assert (world.incident.is_cancelled, world.incident.confirm_by) == (False, None)


def test_a_weak_battery_does_not_take_the_confirmation_back(world):
    world.press()
    cancel(world)
    world.press("low_battery")
    assert world.incident.confirm_by is not None


def test_a_cancel_of_what_a_device_said_needs_no_call(world):
    world.press("low_battery")
    cancel(world)
    assert world.incident.is_cancelled
    assert world.incident.confirm_by is None


def test_a_confirmation_is_a_deadline_that_survives_a_restart(world):
    world.press()
    cancel(world)
    assert "confirm" in {one.kind for one in world.book.deadlines_of(world.incident)}
    facts = world.start_after(minutes(30))
    assert "ConfirmationDue" in kinds_of(facts)
    assert state_of(world.replayed()) == state_of(world.book)


def test_after_an_index_of_restored_state_the_confirmation_still_lapses(world):
    world.press()
    cancel(world)
    book = Book()
    book.incidents = dict(world.book.incidents)
    book.index()
    found = set()
    while (deadline := book.next_deadline()) is not None:
        found.add(deadline.kind)
        book.pass_over(deadline)
    assert "confirm" in found
