"""A call for help that no storage takes is put on record bare, and stays a call of its own."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from app.center import bare
from dispatch.facts import EventKey
from dispatch.requests import HandsetCalled

SPOILT = "\ud800"


def pressed(*event_ids, device_time="noon"):
    events = tuple(EventKey(event_id=one, kind="sos", device_time=device_time) for one in event_ids)
    return HandsetCalled(handset_id="H1", kind="sos", events=events, note=SPOILT)


def test_it_holds_nothing_that_could_be_refused():
    request = bare(pressed(f"1{SPOILT}", "2\x00", device_time=f"noon{SPOILT}"))
    assert (request.note, request.place, request.problems) == ("", None, ("parked",))
    assert all(one.event_id.isprintable() and one.device_time == "" for one in request.events)


def test_two_spoilt_presses_of_one_handset_do_not_pass_for_one():
    """They once did: the second opened nothing when the first was helped and closed."""
    assert bare(pressed(f"1{SPOILT}")).events != bare(pressed(f"2{SPOILT}")).events


def test_a_spoilt_press_that_is_sent_again_is_the_same_one():
    assert bare(pressed(f"1{SPOILT}")).events == bare(pressed(f"1{SPOILT}")).events


def test_a_sound_press_beside_a_spoilt_one_is_recognised_when_it_is_sent_again():
    """It once was not: it was on record under a name of the center's own."""
    both = pressed("1", f"2{SPOILT}")
    assert bare(both).events[0] == both.events[0]
