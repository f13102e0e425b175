"""The fan-out: every console the latest of what it covers, every caregiver what concerns them."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import asyncio
import json

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from app.metrics import Metrics
from app.register.directory import Directory
from app.storage.ledger import Recorded
from app.views.feed import REMEMBERED, ConsoleFeed, Feed
from dispatch import facts as f
from dispatch.areas import Level
from dispatch.book import Book
from dispatch.evolve import evolve
from dispatch.place import Place
from dispatch.plans import Gravity
from tests.fakes import NOON
from tests.integration.world import town
from tests.unit.dispatch.world import PLANS


class Room:
    """A feed over a book, and facts that are told as the center tells them."""

    def __init__(self):
        self.book, self.number = Book(), 0
        self.feed = Feed(Directory(), Metrics())
        self.feed.start(self.book, 0)
        self.tell(f.PlanAdopted(at=NOON, version="test", text=PLANS), *town(NOON))

    def tell(self, *facts):
        recorded = []
        for fact in facts:
            evolve(self.book, fact)
            self.number += 1
            recorded.append(Recorded(number=self.number, fact=fact))
        self.feed.tell(self.book, recorded, 1)

    def missed(self, number):
        found = self.feed.missed(self.book, number)
        return None if found is None else [one.id for one in found]


def raised(incident, area="G1"):
    return f.IncidentRaised(
        at=NOON,
        incident_id=incident,
        kind="sos",
        gravity=Gravity.LIFE_THREAT,
        plan_version="test",
        channel="handset",
        resident_id="R1",
        handset_id="H1",
        area_id=area,
        events=(),
        occurred_at=None,
        due_at=NOON,
        level=Level.DISTRICT,
        step_by=NOON,
        desk_by=NOON,
        place=Place(lon=113.01, lat=28.2),
    )


def note(incident):
    return f.NoteAdded(at=NOON, incident_id=incident, by="ann", text="x")


def offered(incident, number, caregiver):
    return f.CaregiverOffered(
        at=NOON,
        offer_id=f"{incident}.{number}",
        incident_id=incident,
        caregiver_id=caregiver,
        answer_by=NOON,
        travel_s=1.0,
        distance_m=1.0,
        level=Level.DISTRICT,
        by="plan",
        considered=(),
        others={},
    )


def console(*areas, sees_places=True, operator=""):
    return ConsoleFeed(
        operator_id=operator,
        covers=lambda path: not areas or bool(set(areas) & set(path)),
        shown=lambda incident: sees_places,
    )


def frames(console):
    return [json.loads(frame) for frame in console.take()]


@pytest.fixture
def room():
    return Room()


def test_a_console_is_given_the_whole_call_after_each_change(room):
    desk = console("S1")
    with room.feed.console(desk):
        room.tell(raised("I1"))
        assert desk.changed.is_set()
        (frame,) = frames(desk)
        assert (frame["type"], frame["cursor"]) == ("incident", f"1:{room.number}")
        assert frame["incident"]["place"]["lon"] == 113.01
        assert frame["incident"]["resident"]["name"] == "李秀英"
        assert not desk.changed.is_set()
        assert frames(desk) == []


def test_a_console_that_is_not_read_holds_the_latest_of_each_call_and_no_more(room):
    desk = console("S1")
    with room.feed.console(desk):
        room.tell(raised("I1"), raised("I2"))
        for _ in range(1_000):
            room.tell(note("I1"))
        assert len(desk.waiting) == 2
        last = frames(desk)
        assert [frame["incident"]["id"] for frame in last] == ["I2", "I1"]
        assert last[-1]["cursor"] == f"1:{room.number}"


def test_cursors_rise_from_frame_to_frame_whatever_a_batch_holds(room):
    """Whoever is cut off between two frames must not miss the second."""
    desk = console()
    with room.feed.console(desk):
        room.tell(raised("I1"), raised("I2"), note("I1"), raised("I3"), note("I2"), note("I1"))
        room.tell(note("I3"), note("I2"), note("I3"))
        numbers = [int(frame["cursor"][2:]) for frame in frames(desk)]
    assert numbers == sorted(numbers)


def test_what_a_console_does_not_cover_moves_its_cursor_alone(room):
    desk = console("S2")
    with room.feed.console(desk):
        room.tell(raised("I1"))
        assert frames(desk) == [{"type": "cursor", "cursor": f"1:{room.number}"}]


def test_where_the_call_is_is_withheld_when_the_look_cannot_be_recorded(room):
    may, may_not = console(), console(sees_places=False)
    with room.feed.console(may), room.feed.console(may_not):
        room.tell(raised("I1"))
        assert frames(may)[0]["incident"]["place"]["lat"] == 28.2
        assert frames(may_not)[0]["incident"]["place"] is None


class Socket:
    """What a console's socket took, frame by frame, as long as it has room."""

    def __init__(self):
        self.taken, self.has_room = [], True

    def write(self, on_wire):
        if self.has_room:
            parser = StreamReader()
            parser.feed_data(on_wire)
            frame = next(iter(_steps(Frame.parse(parser.read_exact, mask=False))))
            self.taken.append(json.loads(frame.data))
        return self.has_room

    @property
    def numbers(self):
        return [int(frame["cursor"][2:]) for frame in self.taken]


def _steps(parsing):
    try:
        next(parsing)
    except StopIteration as done:
        yield done.value


def wired(socket, *areas):
    desk = console(*areas)
    desk.write = socket.write
    return desk


def test_a_console_that_keeps_up_is_written_to_at_once_and_nothing_waits(room):
    socket = Socket()
    desk = wired(socket)
    with room.feed.console(desk), desk.idle():
        room.tell(raised("I1"))
        room.tell(note("I1"), note("I1"))
    assert [frame["type"] for frame in socket.taken] == ["incident", "incident"]
    assert socket.numbers == [room.number - 2, room.number]
    assert not desk.changed.is_set()
    assert frames(desk) == []


def test_what_a_console_does_not_cover_moves_its_cursor_at_once(room):
    socket = Socket()
    desk = wired(socket, "S2")
    with room.feed.console(desk), desk.idle():
        room.tell(raised("I1"))
    assert socket.taken == [{"type": "cursor", "cursor": f"1:{room.number}"}]
    assert frames(desk) == []


def test_while_something_waits_or_is_being_sent_nothing_overtakes_it(room):
    socket = Socket()
    desk = wired(socket)
    with room.feed.console(desk):
        room.tell(raised("I1"))  # its writer is at work
        with desk.idle():
            room.tell(raised("I2"))  # what waits goes first
        assert socket.taken == []
        assert [frame["incident"]["id"] for frame in frames(desk)] == ["I1", "I2"]


def test_a_console_that_stalls_holds_the_latest_of_each_call(room):
    socket = Socket()
    desk = wired(socket)
    with room.feed.console(desk), desk.idle():
        room.tell(raised("I1"), raised("I2"))
        socket.has_room = False
        for _ in range(100):
            room.tell(note("I1"))
        assert len(socket.taken) == 2
        assert desk.changed.is_set()
        (last,) = frames(desk)
        assert last["cursor"] == f"1:{room.number}"


def test_an_older_cursor_is_not_sent_after_a_newer_frame(room):
    socket = Socket()
    socket.has_room = False
    desk = wired(socket, "S1")
    with room.feed.console(desk), desk.idle():
        room.tell(raised("I9", area="S2"))
        assert desk.cursor is not None
        socket.has_room = True
        room.tell(raised("I1"))
    assert socket.numbers == [room.number]
    assert frames(desk) == []


def test_the_place_is_withheld_on_the_short_way_too(room):
    may, may_not = Socket(), Socket()
    one, other = wired(may), wired(may_not)
    other.shown = lambda incident: False
    with room.feed.console(one), room.feed.console(other), one.idle(), other.idle():
        room.tell(raised("I1"))
    assert may.taken[0]["incident"]["place"]["lat"] == 28.2
    assert may_not.taken[0]["incident"]["place"] is None


def test_a_console_that_left_is_given_nothing_more(room):
    desk = console()
    with room.feed.console(desk):
        assert room.feed.consoles == 1
    room.tell(raised("I1"))
    assert (room.feed.consoles, frames(desk)) == (0, [])


def test_a_caregiver_hears_of_each_step_of_an_offer_and_nobody_else_does(room):
    mine, other = asyncio.Event(), asyncio.Event()
    steps = (
        raised("I1"),
        offered("I1", 1, "C1"),
        f.OfferShown(at=NOON, offer_id="I1.1"),
        f.OfferAccepted(at=NOON, offer_id="I1.1", due_by=NOON, eta_at=NOON),
        f.CaregiverSetOut(at=NOON, attendance_id="I1.1", due_by=NOON),
        f.CaregiverArrived(at=NOON, attendance_id="I1.1", due_by=NOON),
        f.AttendanceDone(at=NOON, attendance_id="I1.1", outcome="helped", desk_by=NOON),
    )
    with room.feed.caregiver("C1", mine), room.feed.caregiver("C2", other):
        room.tell(steps[0])
        for step in steps[1:]:
            mine.clear()
            room.tell(step)
            assert mine.is_set()
        assert not other.is_set()
    assert room.feed._asked == {}  # nothing is remembered of what is over


def test_two_telephones_of_one_caregiver_both_hear(room):
    one, two = asyncio.Event(), asyncio.Event()
    room.tell(raised("I1"))
    with room.feed.caregiver("C1", one):
        with room.feed.caregiver("C1", two):
            room.tell(offered("I1", 1, "C1"))
            assert one.is_set()
            assert two.is_set()
        one.clear()
        room.tell(f.OfferDeclined(at=NOON, offer_id="I1.1"))
        assert one.is_set()
    assert room.feed._caregivers == {}


def test_after_a_start_an_answer_still_reaches_who_was_asked(room):
    room.tell(raised("I1"), offered("I1", 1, "C1"))
    again = Feed(Directory(), Metrics())
    again.start(room.book, room.number)
    changed = asyncio.Event()
    fact = f.OfferLapsed(at=NOON, offer_id="I1.1")
    evolve(room.book, fact)
    with again.caregiver("C1", changed):
        again.tell(room.book, [Recorded(number=room.number + 1, fact=fact)], 1)
    assert changed.is_set()


def test_what_was_missed_is_told_once_for_each_call(room):
    room.tell(raised("I1"), raised("I2"))
    number = room.number
    room.tell(note("I2"), note("I2"), note("I1"))
    assert room.missed(number) == ["I2", "I1"]
    assert room.missed(number + 2) == ["I1"]
    assert room.missed(room.number) == []


def test_what_was_before_the_start_cannot_be_resumed(room):
    room.feed.start(room.book, 100)
    assert room.missed(99) is None
    assert room.missed(100) == []


def test_what_is_remembered_no_longer_cannot_be_resumed(room):
    room.tell(raised("I1"))
    number = room.number
    for _ in range(REMEMBERED // 1_000):
        room.tell(*[note("I1")] * 1_000)
    assert room.missed(number - 1) is None
    assert room.missed(number + 1) == ["I1"]


def test_a_caregiver_who_moves_is_a_dot_on_the_consoles_of_the_area(room):
    near, far = console("S1"), console("S2")
    with room.feed.console(near), room.feed.console(far):
        room.feed.moved(room.book, "C1", Place(lon=113.0, lat=28.0))
        room.feed.moved(room.book, "C1", Place(lon=113.1, lat=28.0))
        (dot,) = json.loads(near.take_dots())["dots"]
        assert (dot["id"], dot["name"], dot["lon"]) == ("C1", "护 C1", 113.1)
        assert near.take_dots() is None
        assert far.take_dots() is None


def viewers(console):
    said = [frame for frame in frames(console) if frame["type"] == "viewers"]
    return [(one["incident_id"], [row["operator_id"] for row in one["operators"]]) for one in said]


def test_consoles_that_cover_a_call_see_who_has_it_open_and_others_do_not(room):
    ann, bob, far = console("S1", operator="ann"), console("S1", operator="bob"), console("S2")
    with room.feed.console(ann), room.feed.console(far):
        room.feed.opened(ann, "I1", ["D1", "S1"])
        with room.feed.console(bob):
            room.feed.opened(bob, "I1", ["D1", "S1"])
            assert viewers(ann) == [("I1", ["ann", "bob"])]
            assert viewers(bob) == [("I1", ["ann", "bob"])]
        assert viewers(ann) == [("I1", ["ann"])]
        room.feed.opened(ann, "I2", ["D1", "S1"])
        assert viewers(ann) == [("I1", []), ("I2", ["ann"])]
        assert viewers(far) == []


def test_two_consoles_of_one_operator_are_one_viewer(room):
    one, two = console("S1", operator="ann"), console("S1", operator="ann")
    with room.feed.console(one):
        with room.feed.console(two):
            room.feed.opened(one, "I1", ["S1"])
            room.feed.opened(two, "I1", ["S1"])
        assert viewers(one) == [("I1", ["ann"])]


def test_a_call_that_is_opened_again_is_told_once_and_only_the_latest_waits(room):
    ann, bob = console("S1", operator="ann"), console("S1", operator="bob")
    with room.feed.console(ann), room.feed.console(bob):
        for _ in range(3):
            room.feed.opened(ann, "I1", ["S1"])
        assert len(bob.viewers) == 1
        viewers(bob)
        room.feed.opened(ann, "I1", ["S1"])
        assert viewers(bob) == []


def test_whoever_comes_later_is_told_of_the_calls_they_cover(room):
    ann = console("S1", operator="ann")
    with room.feed.console(ann):
        room.feed.opened(ann, "I1", ["D1", "S1"])
        assert [json.loads(one)["incident_id"] for one in room.feed.viewed(console("S1"))] == ["I1"]
        assert room.feed.viewed(console("S2")) == []
