"""The memory of the control room: restored as a whole, passed over, and asked for the status."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.attendance import AttendanceState
from dispatch.book import Book
from dispatch.place import travel
from dispatch.requests import BeginRound
from dispatch.roster import Caregiver
from dispatch.status import Status, status_of
from tests.unit.dispatch.world import World, east, seconds, state_of

NEAR = Caregiver(
    id="near",
    kind="grid_worker",
    skills=frozenset(),
    languages=frozenset({"zh"}),
    area_id="grid-1",
    speed_kmh=15.0,
    is_active=True,
    station=east(100),
    is_on_duty=True,
)


@pytest.fixture
def world():
    """One call is held by an operator, one is being offered, one waits for anybody."""
    world = World()
    for resident in ("zhao", "wu"):
        world.resident(resident)
        world.handset(f"of {resident}", resident)
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.press()
    world.claim("ann")
    world.accept("near")
    world.press("life_assistance", handset="of zhao")
    world.press(handset="of wu")
    world.press(handset="lost")
    world.telephone("ann", "life_assistance")
    return world


def restored(old):
    """Return a book with the state of another, and indexes made anew."""
    book = Book()
    for name in ("last_at", "incident_count", "plan_books", "plan_version", "residents"):
        setattr(book, name, getattr(old, name))
    for name in (
        "handovers",
        "overload",
        "back_since",
        "round_count",
        "rounds",
        "handsets",
        "desk",
        "incidents",
        "closed",
        "offers",
        "attendances",
        "heard",
        "habits",
    ):
        setattr(book, name, getattr(old, name))
    book.check_ins = old.check_ins
    for area in old.territory.areas.values():
        book.territory.put(area)
    for caregiver in old.roster.everybody():
        book.roster.restore(caregiver)
    book.index()
    return book


def test_a_restored_book_has_the_same_state(world):
    assert state_of(restored(world.book)) == state_of(world.book)


def test_a_restored_book_waits_for_the_same_deadlines(world):
    book = restored(world.book)
    before = []
    while (deadline := world.book.next_deadline()) is not None:
        before.append(deadline)
        world.book.pass_over(deadline)
    after = []
    while (deadline := book.next_deadline()) is not None:
        after.append(deadline)
        book.pass_over(deadline)
    assert after == before != []


def test_a_restored_book_knows_the_same_callers_and_claims(world):
    world.press("intrusion")
    book = restored(world.book)
    assert book.open_of == world.book.open_of
    assert ("I1", "I6") in book.open_of.values()
    assert book.claimed_by == world.book.claimed_by


def test_a_restored_book_knows_who_waits_where_and_who_is_still_to_be_called(world):
    world.resident("sun")
    world.do(BeginRound(by="ann", residents=("sun",), reason="power cut"))
    book = restored(world.book)
    assert list(book.untaken) == list(world.book.untaken) != []
    assert book.round_of == world.book.round_of == {"sun": "CR1"}
    at_home = list(world.book.households.calls_at(east(0)))
    assert list(book.households.calls_at(east(0))) == at_home != []


def test_passing_over_keeps_the_others_in_order(world):
    """Notices and offers of many calls, out of which the third is taken."""
    for number in range(8):
        world.press(handset=f"stray {number}")
        world.pass_time(seconds(1))
    due = next(iter(world.book.deadlines_of(world.book.incidents["I5"])))
    world.book.pass_over(due)
    left = []
    while (one := world.book.next_deadline()) is not None:
        left.append(one)
        world.book.pass_over(one)
    assert due not in left
    assert left == sorted(left, key=lambda one: one.due_at)


def test_calls_without_an_operator_are_told_by_age(world):
    """Whatever their class: the desk owes each of them an answer."""
    world = World()
    world.press("sos", handset="first")
    world.pass_time(seconds(5))
    world.press("sos", handset="second")
    assert world.book.oldest_untaken_at() == world.now - seconds(5)
    world.claim("ann", "I1")
    assert world.book.oldest_untaken_at() == world.now


# Who becomes free


def starve(world, count, **more):
    """Let so many strangers call when nobody is there; return their calls."""
    return [
        world.press(handset=f"stray {number}", **more)[0].incident_id for number in range(count)
    ]


def test_whoever_becomes_free_is_weighed_for_the_first_three_of_a_line():
    world = World()
    starve(world, 5)
    (line,) = world.book.starved.values()
    world.book.roster.restore(NEAR)
    world.book.wake("near")
    assert list(world.book.searching) == ["I1", "I2", "I3"]
    assert list(line) == ["I4", "I5"]


def test_calls_that_must_not_ask_them_are_passed_over_and_keep_their_place():
    world = World()
    world.resident("li", excluded=frozenset({"near"}))
    world.press()
    for number in range(4):
        world.resident(f"r{number}")
        world.handset(f"stray {number}", f"r{number}")
    starve(world, 4)
    (line,) = world.book.starved.values()
    world.book.roster.restore(NEAR)
    world.book.wake("near")
    assert list(world.book.searching) == ["I2", "I3", "I4"]
    assert list(line) == ["I1", "I5"]


def test_in_a_restored_book_the_waiting_calls_are_looked_at_again(world):
    world.book = restored(world.book)
    world.caregiver("third", 300)
    assert world.offer_to("third").incident_id == "I3"


def test_passing_over_one_deadline_leaves_the_others(world):
    first = world.book.next_deadline()
    world.book.pass_over(first)
    second = world.book.next_deadline()
    assert second is not None
    assert second != first
    assert second.due_at >= first.due_at


# The status that people see


@pytest.mark.parametrize(
    ("step", "status"),
    [(None, "accepted"), ("en_route", "en_route"), ("on_scene", "on_scene")],
)
def test_the_status_says_how_far_the_caregiver_is(world, step, status):
    if step is not None:
        world.step("near", step)
    assert status_of(world.book, world.book.incidents["I1"]) is Status(status)


def test_of_two_caregivers_the_one_who_is_farthest_on_counts(world):
    world.accept("next")
    world.caregiver("also", 300)
    world.decline("also")
    world.claim("ann", "I2")
    world.step("next", "on_scene")
    assert status_of(world.book, world.book.incidents["I2"]) is Status.ON_SCENE


def test_the_status_says_that_somebody_is_asked_or_that_a_call_waits(world):
    assert status_of(world.book, world.book.incidents["I2"]) is Status.OFFERED
    assert status_of(world.book, world.book.incidents["I3"]) is Status.WAITING


def test_after_help_a_call_that_an_operator_must_close_is_helped(world):
    world.finish("near", "helped")
    assert status_of(world.book, world.book.incidents["I1"]) is Status.HELPED


def test_after_help_that_could_not_help_a_call_waits_again(world):
    world.finish("near", "could_not_help")
    assert status_of(world.book, world.book.incidents["I1"]) is not Status.HELPED


def test_a_closed_call_is_closed_whatever_became_of_its_offers(world):
    world.close("ann", "I1")
    assert status_of(world.book, world.book.closed["I1"]) is Status.CLOSED


def test_every_stage_of_an_active_attendance_has_a_status():
    stages = {one.value for one in AttendanceState if one.is_active}
    assert stages <= set(Status)


def test_travel_takes_the_detour_of_streets():
    assert travel(1_000, 13) == seconds(360)


def test_a_sighting_is_the_last_place_else_the_station(world):
    station = world.book.roster.sighting("near")
    world.sight("near", 900)
    seen = world.book.roster.sighting("near")
    assert seen is not None
    assert seen != station
