"""What waits for the center: gravest first, and each handset holding one place."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from asyncio import Future, new_event_loop
from itertools import count

import pytest

from app.inbox import PRESSES_MAX, WAITING_MAX, CallsInbox, InboxFull, urgency
from dispatch import requests as r
from dispatch.facts import EventKey
from dispatch.place import Place

_ids = count(1)


@pytest.fixture
def future():
    loop = new_event_loop()
    yield lambda: Future(loop=loop)
    loop.close()


def pressed(handset="H1", kind="sos", **more):
    key = EventKey(event_id=f"e{next(_ids)}", kind=kind, device_time="")
    return r.HandsetCalled(**{"handset_id": handset, "kind": kind, "events": (key,)} | more)


GRAVEST_FIRST = (
    (pressed(kind="sos"), pressed(kind="fall"), pressed(kind="safety_alarm"), pressed(kind="key9")),
    (
        pressed(kind="life_assistance"),
        r.OfferAnswer(offer_id="I1.1", caregiver_id="C1", answer="accept"),
        r.AttendanceStep(attendance_id="I1.1", caregiver_id="C1", step="done"),
        r.Claim(incident_id="I1", operator_id="ann"),
        r.Close(incident_id="I1", operator_id="ann", disposition="helped"),
        r.OfferTo(incident_id="I1", operator_id="ann", caregiver_id="C1", reason="x"),
        r.Telephoned(operator_id="ann", kind="sos"),
        r.Reopen(incident_id="I1", operator_id="ann", reason="x"),
        r.Widen(incident_id="I1", operator_id="ann", reason="x"),
        r.AcceptShift(operator_id="ann", of="bob"),
    ),
    (
        r.Duty(caregiver_id="C1", is_on=True),
        r.Note(incident_id="I1", by="ann", text="x"),
        r.Release(incident_id="I1", operator_id="ann"),
        r.Desk(operator_id="ann", is_present=True),
    ),
    (
        pressed(kind="check_in"),
        pressed(kind="test"),
        pressed(kind="low_battery"),
        r.HeardAgain(handset_ids=("H1",)),
    ),
    (r.Register(facts=()),),
)


@pytest.mark.parametrize(
    ("place", "request_"),
    [(place, one) for place, group in enumerate(GRAVEST_FIRST) for one in group],
)
def test_every_kind_of_request_has_its_place(place, request_):
    assert urgency(request_) == place


def test_whatever_came_before_it_a_call_for_help_is_taken_first(future):
    inbox = CallsInbox()
    for _ in range(2_000):
        inbox.put(r.Register(facts=()), future())
        inbox.put(r.Duty(caregiver_id="C1", is_on=True), future())
        inbox.put(pressed(f"H{next(_ids)}", "life_assistance"), future())
    help_wanted = pressed()
    inbox.put(help_wanted, future())
    assert inbox.take().request is help_wanted


def test_among_equals_the_older_is_taken_first(future):
    inbox, requests = CallsInbox(), [pressed(f"H{n}") for n in range(50)]
    for one in requests:
        inbox.put(one, future())
    assert [inbox.take().request for _ in requests] == requests


def test_presses_of_one_handset_hold_one_place_and_share_the_answer(future):
    inbox = CallsInbox()
    first, second = pressed(), pressed()
    answer = inbox.put(first, future())
    assert inbox.put(second, future()) is answer
    assert len(inbox) == 1
    assert inbox.take().request.events == (*first.events, *second.events)


def test_the_same_press_twice_in_the_inbox_is_held_once(future):
    inbox, one = CallsInbox(), pressed()
    inbox.put(one, future())
    inbox.put(one, future())
    assert inbox.take().request.events == one.events


def test_a_joined_press_keeps_what_each_of_them_knew(future):
    inbox, here = CallsInbox(), Place(lon=113, lat=28)
    inbox.put(pressed(note="bathroom", problems=("a", "b")), future())
    inbox.put(pressed(place=here, area_id="G1", note="kitchen", problems=("b", "c")), future())
    inbox.put(pressed(), future())
    joined = inbox.take().request
    assert (joined.place, joined.area_id, joined.note) == (here, "G1", "bathroom")
    assert joined.problems == ("a", "b", "c")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pressed("H1"), pressed("H2")),
        (pressed("H1", "life_assistance"), pressed("H1", "sos")),
        (pressed("H1", "check_in"), pressed("H1", "check_in")),
        (pressed("H1", "sos"), pressed("H1", "cancel")),
    ],
)
def test_what_is_not_the_same_call_is_not_joined(future, first, second):
    inbox = CallsInbox()
    assert inbox.put(first, future()) is not inbox.put(second, future())
    assert len(inbox) == 2


def test_a_press_after_the_first_was_taken_waits_anew(future):
    inbox = CallsInbox()
    inbox.put(pressed(), future())
    inbox.take()
    inbox.put(pressed(), future())
    assert len(inbox) == 1


def test_the_201st_press_within_one_commit_is_sent_again_later(future):
    inbox = CallsInbox()
    presses = [pressed() for _ in range(PRESSES_MAX)]
    for one in presses:
        inbox.put(one, future())
    with pytest.raises(InboxFull):
        inbox.put(pressed(), future())
    inbox.put(presses[7], future())  # a retry of one that waits is no other press
    inbox.put(pressed("H2"), future())
    assert len(inbox) == 2


def test_a_full_inbox_takes_no_more_but_calls_for_help(future):
    inbox = CallsInbox()
    for _ in range(WAITING_MAX):
        inbox.put(r.Duty(caregiver_id="C1", is_on=True), future())
    for one in (r.Duty(caregiver_id="C1", is_on=True), pressed(kind="check_in")):
        with pytest.raises(InboxFull):
            inbox.put(one, future())
    for kind in ("sos", "fall", "safety_alarm", "life_assistance"):
        inbox.put(pressed(kind=kind), future())
    assert inbox.take().request.kind == "sos"


def test_what_was_put_back_comes_before_all_of_its_urgency_in_its_order_and_alone(future):
    inbox = CallsInbox()
    notes = [r.Note(incident_id="I1", by="ann", text=text) for text in "abc"]
    for request in notes:
        inbox.put(request, future())
    first, second = inbox.take(), inbox.take()
    for waiting in (first, second):
        inbox.put_back(waiting)
    inbox.put(pressed(), future())
    taken = [inbox.take() for _ in range(4)]
    assert [one.request for one in taken[1:]] == notes
    assert [one.is_alone for one in taken] == [False, True, True, False]


def test_a_press_joins_the_one_that_was_put_back(future):
    inbox = CallsInbox()
    inbox.put(pressed("H1"), future())
    waiting = inbox.take()
    inbox.put_back(waiting)
    assert inbox.put(pressed("H1"), future()) is waiting.answer
    assert len(inbox.take().request.events) == 2
    inbox.put(pressed("H1"), future())
    assert len(inbox) == 1  # and after it was taken none does


def test_what_was_put_back_takes_no_place_from_a_press_that_came_meanwhile(future):
    inbox = CallsInbox()
    inbox.put(pressed("H1"), future())
    waiting = inbox.take()
    newer = inbox.put(pressed("H1"), future())
    inbox.put_back(waiting)
    assert inbox.take() is waiting
    assert inbox.put(pressed("H1"), future()) is newer
