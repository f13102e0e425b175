"""What becomes of a press: opened, folded, recognised, linked, and never swallowed."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.areas import Level
from dispatch.book import Book
from dispatch.decide import decide
from dispatch.errors import UnknownSubject
from dispatch.facts import EventKey, StepTaken
from dispatch.requests import HandsetCalled, Park
from tests.unit.dispatch.world import World, days, east, kinds_of, minutes, seconds


@pytest.fixture
def world():
    return World()


def opened(world):
    return [one.kind for one in world.book.incidents.values()]


def test_a_press_opens_an_incident_at_the_residents_home(world):
    world.press()
    incident = world.incident
    assert (incident.kind, incident.resident_id, incident.area_id) == ("sos", "li", "grid-1")
    assert incident.place == east(0)


def test_a_message_sent_again_changes_nothing(world):
    event = world.event()
    world.press(events=(event,))
    before = world.incident
    assert world.press(events=(event,)) == []
    assert world.incident == before


def test_a_message_sent_again_after_the_incident_was_closed_opens_nothing(world):
    event = world.event()
    world.press(events=(event,))
    world.close("ann")
    assert world.press(events=(event,)) == []


def test_a_message_of_last_week_is_still_recognised(world):
    event = world.event(device_time="2026-01-01T12:00:00Z")
    world.press(events=(event,))
    world.close("ann")
    world.now += days(7)
    world.press(events=(world.event(),))
    world.close("ann")
    assert world.press(events=(event,)) == []


def clockless(event_id):
    return EventKey(event_id=event_id, kind="sos", device_time="")


def test_without_a_clock_a_message_is_recognised_within_a_day(world):
    world.press(events=(clockless("1"),))
    world.pass_time(minutes(23 * 60))
    assert world.press(events=(clockless("1"),)) == []


def test_without_a_clock_an_id_that_comes_again_after_a_day_is_a_new_press(world):
    world.press(events=(clockless("1"),))
    world.pass_time(days(1) + seconds(1))
    assert kinds_of(world.press(events=(clockless("1"),)))[0] == "PressRepeated"


@pytest.mark.parametrize("presses_between", [0, 1])
def test_after_thirty_days_the_same_message_is_a_new_press(world, presses_between):
    event = world.event()
    world.press(events=(event,))
    world.close("ann")
    world.now += days(31)
    for _ in range(presses_between):
        world.press()
        world.close("ann")
    world.press(events=(event,))
    assert opened(world) == ["sos"]


def test_what_is_too_old_to_be_recognised_is_forgotten(world):
    event = world.event()
    world.press(events=(event,))
    world.now += days(31)
    world.press()
    assert event not in world.book.heard["key"]


@pytest.mark.parametrize(
    "changes",
    [{"device_time": "later"}, {"kind": "fall"}, {"event_id": "2"}],
    ids=["time", "kind", "id"],
)
def test_a_message_that_differs_in_any_part_of_its_key_is_a_new_press(world, changes):
    known = {"event_id": "1", "kind": "sos", "device_time": "first"}
    world.press(events=(EventKey(**known),))
    world.press(events=(EventKey(**{**known, **changes}),))
    assert world.incident.presses == 2


def test_the_same_key_from_another_handset_is_a_new_press(world):
    world.handset("spare", "li")
    event = world.event()
    world.press(events=(event,))
    world.press(events=(event,), handset="spare")
    assert world.incident.presses == 2


def test_after_a_reboot_a_reused_event_id_with_another_time_opens_a_new_incident(world):
    world.press(events=(EventKey(event_id="1", kind="sos", device_time="10:00"),))
    world.close("ann")
    world.press(events=(EventKey(event_id="1", kind="sos", device_time="18:30"),))
    assert opened(world) == ["sos"]


def test_presses_that_arrive_together_are_all_counted(world):
    world.press(events=tuple(world.event() for _ in range(4)))
    assert world.incident.presses == 4


def test_presses_that_arrive_together_on_an_open_incident_are_all_counted(world):
    world.press()
    world.press(events=(world.event(), world.event()))
    assert world.incident.presses == 3


def test_of_presses_that_arrive_together_the_known_ones_are_not_counted_again(world):
    known = world.event()
    world.press(events=(known,))
    world.press(events=(known, world.event()))
    assert world.incident.presses == 2


def test_the_same_message_twice_in_one_batch_counts_once(world):
    event = world.event()
    world.press(events=(event, event))
    assert world.incident.presses == 1


@pytest.mark.parametrize("kind", ["sos", "fall", "safety_alarm", "life_assistance"])
def test_a_press_joins_an_open_incident_that_is_as_grave_or_graver(world, kind):
    world.press("sos")
    world.press(kind)
    assert opened(world) == ["sos"]
    assert world.incident.presses == 2


def test_a_graver_press_opens_a_second_incident_linked_to_the_first(world):
    world.press("life_assistance")
    world.press("sos")
    routine, sos = world.book.incidents.values()
    assert opened(world) == ["life_assistance", "sos"]
    assert (routine.linked_to, sos.linked_to) == (None, routine.id)


def test_of_several_open_incidents_a_press_joins_the_gravest(world):
    world.press("life_assistance")
    world.press("sos")
    world.press("life_assistance")
    assert [one.presses for one in world.book.incidents.values()] == [1, 2]


def test_an_sos_never_disappears_in_a_low_battery_incident(world):
    world.press("low_battery")
    world.press("sos")
    assert opened(world) == ["low_battery", "sos"]
    assert max(world.book.incidents.values(), key=lambda one: one.id).siren


def test_a_low_battery_never_sounds_an_sos_again(world):
    world.press("sos")
    world.claim("ann")
    before = world.incident
    world.now += seconds(30)
    world.press("low_battery")
    assert world.incident == before


def test_a_low_battery_does_not_restart_the_search_of_an_sos(world):
    world.press("sos")
    assert kinds_of(world.press("low_battery")) == ["PressRepeated"]


def test_a_low_battery_sounds_nothing_while_somebody_can_be_asked(world):
    world.caregiver("near", 100)
    world.press("low_battery")
    assert not world.incident.siren


def test_pressing_again_sounds_every_console_again(world):
    world.press()
    world.claim("ann")
    assert not world.incident.siren
    world.press()
    assert world.incident.siren


def test_pressing_again_brings_the_newer_place(world):
    world.press(place=east(10))
    world.press(place=east(20))
    world.press()
    assert world.incident.place == east(20)


def test_two_handsets_of_one_resident_are_one_caller(world):
    world.handset("spare", "li")
    world.press()
    world.press(handset="spare")
    assert world.incident.presses == 2


def test_two_residents_are_two_callers(world):
    world.resident("zhao")
    world.handset("other", "zhao")
    world.press()
    world.press(handset="other")
    assert len(world.book.incidents) == 2


def test_after_closing_the_next_press_opens_a_new_incident(world):
    world.press()
    world.close("ann")
    world.press()
    assert world.incident.id == "I2"
    assert world.incident.linked_to is None


def test_when_one_of_two_incidents_is_closed_the_other_still_takes_presses(world):
    world.press("life_assistance")
    world.press("sos")
    world.close("ann", "I2")
    world.press("life_assistance")
    assert world.incident.id == "I1"
    assert world.incident.presses == 2


# The ladder after a repeat


def test_pressing_again_restarts_the_ladder_when_nobody_comes(world):
    world.press()
    world.pass_time(seconds(30))
    assert world.incident.level is Level.OPERATOR
    (taken, *_) = [one for one in world.press() if isinstance(one, StepTaken)]
    assert (taken.level, taken.round, taken.why) == (Level.DISTRICT, 2, "pressed_again")


def test_pressing_again_asks_once_more_who_had_said_no(world):
    world.caregiver("near", 100)
    world.press()
    world.decline("near")
    world.press()
    assert world.asked == ["near"]


def test_a_weak_battery_reported_again_restarts_nothing(world):
    world.press("low_battery")
    assert kinds_of(world.press("low_battery")) == ["PressRepeated"]


def test_pressing_again_while_somebody_is_being_asked_leaves_the_ladder(world):
    world.caregiver("near", 100)
    world.press()
    assert kinds_of(world.press()) == ["PressRepeated"]


def test_pressing_again_while_somebody_comes_leaves_the_ladder(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    assert kinds_of(world.press()) == ["PressRepeated"]


def test_pressing_again_after_help_has_left_starts_the_search_again(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.finish("near", "helped")
    assert world.asked == []
    world.press()
    assert world.asked == ["near"]


def test_pressing_again_after_help_has_left_wants_an_operator_soon(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.finish("near", "helped")
    assert world.incident.desk_by == world.now + minutes(30)
    world.press()
    assert world.incident.desk_by == world.now + minutes(1)


def test_pressing_again_and_again_does_not_put_off_the_operators_deadline(world):
    world.press()
    due = world.incident.desk_by
    world.now += seconds(30)
    world.press()
    assert world.incident.desk_by == due


def test_a_weak_battery_wants_no_operator_however_often_it_is_reported(world):
    world.press("low_battery")
    world.press("low_battery")
    assert world.incident.desk_by is None


# Cancel, check-in, test


def test_a_cancel_leaves_the_incident_open(world):
    world.press()
    world.press("cancel")
    assert world.incident.is_cancelled
    assert world.incident.siren


def test_a_press_after_a_cancel_takes_the_cancel_back(world):
    world.press()
    world.press("cancel")
    world.press()
    assert not world.incident.is_cancelled


def test_a_low_battery_after_a_cancel_does_not_take_it_back(world):
    world.press()
    world.press("cancel")
    world.press("low_battery")
    assert world.incident.is_cancelled


def test_a_cancel_without_a_call_is_only_on_record(world):
    assert kinds_of(world.press("cancel")) == ["SignalHeard"]
    assert world.book.incidents == {}


def test_a_cancel_sent_again_changes_nothing(world):
    event = world.event("cancel")
    world.press()
    world.press("cancel", events=(event,))
    assert world.press("cancel", events=(event,)) == []


def test_a_cancel_of_a_handset_that_belongs_to_nobody_finds_its_own_call(world):
    world.press(handset="unknown")
    world.press("cancel", handset="unknown")
    assert world.incident.is_cancelled


@pytest.mark.parametrize("kind", ["check_in", "test"])
def test_a_check_in_or_a_test_is_on_record_and_opens_nothing(world, kind):
    events = (world.event(kind), world.event(kind))
    assert kinds_of(world.press(kind, events=events)) == ["SignalHeard", "SignalHeard"]
    assert world.book.incidents == {}
    assert world.press(kind, events=events) == []


# Nothing suppresses a call


@pytest.mark.parametrize("state", ["home", "away", "in_hospital", "moved", "deceased"])
def test_no_state_of_a_resident_suppresses_an_sos(world, state):
    world.resident("li", state=state)
    world.caregiver("near", 100)
    world.press()
    assert world.asked == ["near"]
    assert world.incident.siren


@pytest.mark.parametrize("communication", ["voice", "hard_of_hearing", "text_only"])
def test_no_way_of_speaking_suppresses_an_sos(world, communication):
    world.resident("li", communication=communication)
    world.caregiver("near", 100)
    world.press()
    assert world.asked == ["near"]
    assert world.incident.siren


@pytest.mark.parametrize("handset", ["never seen", "in the drawer"])
def test_a_handset_that_belongs_to_nobody_still_opens(world, handset):
    world.handset("in the drawer", None)
    world.caregiver("near", 100)
    world.press(handset=handset)
    assert world.incident.resident_id is None
    assert world.asked == ["near"]


def test_a_handset_that_belongs_to_nobody_folds_its_own_repeats(world):
    world.press(handset="never seen")
    world.press(handset="never seen")
    assert world.incident.presses == 2


def test_a_kind_that_no_plan_knows_is_an_sos(world):
    world.press("浸水")
    assert world.incident.kind == "sos"


def test_a_resident_without_a_known_home_still_gets_help(world):
    world.resident("li", home=None)
    world.caregiver("near", 100)
    world.press()
    assert world.asked == ["near"]


def test_a_place_outside_any_known_area_keeps_the_residents_area(world):
    world.press(place=east(9_000))
    assert world.incident.area_id == "grid-1"


# By telephone


def test_a_telephone_call_belongs_to_the_operator_who_took_it(world):
    world.caregiver("near", 100)
    world.telephone("ann", resident_id="li", caller="her daughter")
    assert world.incident.claim.operator_id == "ann"
    assert world.incident.channel == "telephone"
    assert not world.incident.siren
    assert world.asked == ["near"]


def test_a_press_during_a_telephone_call_joins_it(world):
    world.telephone("ann", resident_id="li")
    world.press()
    assert world.incident.presses == 2


def test_a_second_telephone_call_about_a_resident_is_linked_to_the_first(world):
    world.telephone("ann", resident_id="li")
    world.telephone("ann", resident_id="li")
    assert [one.linked_to for one in world.book.incidents.values()] == [None, "I1"]


def test_two_telephone_calls_by_strangers_are_not_mixed_up(world):
    world.telephone("ann", place=east(5), area_id="grid-2")
    world.telephone("ann", place=east(9), area_id="grid-3")
    assert [one.linked_to for one in world.book.incidents.values()] == [None, None]
    world.close("ann", "I1")
    assert world.incident.area_id == "grid-3"


def test_a_telephone_call_about_somebody_unknown_to_the_books_is_refused(world):
    with pytest.raises(UnknownSubject, match="There is no resident nobody"):
        world.telephone("ann", resident_id="nobody")


# What could not be handled


def test_a_request_that_cannot_be_recorded_is_parked_and_changes_nothing_else(world):
    done = world.do(Park(what="HandsetCalled", why="a fault", handset_id="key"))
    assert kinds_of(done) == ["RequestParked"]


def test_a_press_before_any_plan_was_adopted_is_refused_and_not_swallowed():
    world = World()
    request = HandsetCalled(handset_id="key", kind="sos", events=(world.event(),))
    with pytest.raises(UnknownSubject, match="There is no plan"):
        decide(Book(), request, world.now)


def test_incidents_are_never_numbered_twice(world):
    for _ in range(3):
        world.press()
        world.pass_time(minutes(1))
        world.close("ann")
    assert list(world.book.closed) == ["I1", "I2", "I3"]
