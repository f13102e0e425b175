"""A caregiver in danger: a grave call like any other, to which nobody sends the caregiver."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.facts import CaregiverArrived, CaregiverSetOut, EventKey, IncidentRaised
from dispatch.ids import alarm_of, carrier_of
from dispatch.requests import AttendanceStep, HandsetCalled
from tests.unit.dispatch.world import World, east, minutes


@pytest.fixture
def world():
    world = World()
    for name, metres in (("wang", 0), ("zhao", 900)):
        world.caregiver(name, metres)
    return world


def alarm(world, name="wang"):
    return world.do(
        HandsetCalled(
            handset_id=alarm_of(name),
            kind="sos",
            events=(EventKey(event_id="a", kind="sos", device_time=""),),
            place=east(0),
            area_id="grid-1",
            channel="caregiver",
        )
    )


def test_an_alarm_is_known_by_its_carrier_and_a_handset_is_not():
    assert carrier_of(alarm_of("wang")) == "wang"
    assert carrier_of("H0001") is None
    assert carrier_of(None) is None


def test_the_call_says_by_whose_telephone_it_came(world):
    raised = next(one for one in alarm(world) if isinstance(one, IncidentRaised))
    assert (raised.channel, raised.resident_id, raised.place) == ("caregiver", None, east(0))


def test_the_others_are_asked_and_the_caller_is_not_however_near(world):
    alarm(world)
    assert {one.caregiver_id for one in world.book.offers.values()} == {"zhao"}


def test_another_caregivers_alarm_asks_the_first(world):
    alarm(world, "zhao")
    assert {one.caregiver_id for one in world.book.offers.values()} == {"wang"}


def test_a_press_that_comes_late_says_since_when_and_changes_no_deadline(world):
    world.press()
    world.accept("wang")
    (work,) = [one.id for one in world.book.attendances.values()]
    before = world.now - minutes(3)
    steps = [
        AttendanceStep(attendance_id=work, caregiver_id="wang", step=step, occurred_at=before)
        for step in ("en_route", "on_scene")
    ]
    facts = [fact for step in steps for fact in world.do(step)]
    late = [one for one in facts if isinstance(one, CaregiverSetOut | CaregiverArrived)]
    assert [one.occurred_at for one in late] == [before, before]
    attendance = world.book.attendances[work]
    assert (attendance.set_out_at, attendance.arrived_at) == (world.now, world.now)
