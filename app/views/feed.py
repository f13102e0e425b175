"""Who is told after a commit: every console that covers an incident, every caregiver concerned.

A frame is encoded once, whoever gets it, and written at once where the console keeps up. One that
cannot is not sent a growing queue: for each incident only the latest state waits, and the cursor
says how far it has seen.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec
from websockets.frames import Frame, Opcode

from app.codec import incident_of
from app.metrics import Metrics
from app.register.directory import Directory
from app.storage.ledger import Recorded
from app.views.book import View, desk_view, dot_view, incident_view
from dispatch import facts as f
from dispatch.book import Book
from dispatch.ids import CaregiverId, IncidentId, OfferId, carrier_of
from dispatch.incident import Incident
from dispatch.place import Place

REMEMBERED: Final = 20_000  # facts over which a console can resume without a new snapshot

encode: Final = msgspec.json.Encoder().encode


def framed(text: bytes) -> bytes:
    """Return a text as it goes over a websocket, from the server."""
    return Frame(Opcode.TEXT, text).serialize(mask=False)


@dataclass(slots=True, eq=False)
class ConsoleFeed:
    """What waits for one console: the latest frame of each incident, and how far it has seen."""

    covers: Callable[[Sequence[str]], bool]
    shown: Callable[[Incident], bool]  # records the look; False when the place must be withheld
    operator_id: str = ""
    write: Callable[[bytes], bool] | None = None  # straight to the socket; False: not now
    is_idle: bool = False  # what waited was sent, and nothing is being sent
    is_told: bool = False  # a frame of this commit was written straight, and its cursor with it
    waiting: dict[str, bytes] = field(default_factory=dict[str, bytes])
    cursor: bytes | None = None  # to be sent when nothing but the cursor has moved
    desk: bytes | None = None  # who sits at the desk, when that has changed
    dots: dict[str, View] = field(default_factory=dict[str, View])
    open_id: str | None = None  # the call that stands open at this console …
    open_path: Sequence[str] = ()  # … and the areas in which it lies
    viewers: dict[str, bytes] = field(default_factory=dict[str, bytes])  # by call, the latest
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, incident_id: str, frame: bytes, on_wire: bytes) -> None:
        """Send how a call stands at once, or let it wait while the console does not keep up."""
        if self._is_written(on_wire):
            self.is_told = True
            return
        self.waiting.pop(incident_id, None)
        self.waiting[incident_id] = frame
        self.changed.set()

    def move(self, cursor: bytes, on_wire: bytes) -> None:
        """Say how far the console has seen, unless a frame of the same commit has said it."""
        is_said, self.is_told = self.is_told, False
        if not is_said and not self._is_written(on_wire):
            self.cursor = cursor
            self.changed.set()

    def _is_written(self, on_wire: bytes) -> bool:
        """Write a frame, if none that is older waits; an older cursor is no longer needed then."""
        if self.write is None or not self.is_idle or self.waiting or not self.write(on_wire):
            return False
        self.cursor = None
        return True

    @contextmanager
    def idle(self) -> Generator[None]:
        """Let frames be written straight to the socket while the block waits."""
        self.is_idle = True
        try:
            yield
        finally:
            self.is_idle = False

    def take(self) -> list[bytes]:
        """Take out all that waits, in the order in which it changed."""
        frames = list(self.waiting.values())
        self.waiting.clear()
        if not frames and self.cursor is not None:
            frames.append(self.cursor)
        if self.desk is not None:
            frames.append(self.desk)
        frames.extend(self.viewers.values())
        self.viewers.clear()
        self.cursor = self.desk = None
        self.changed.clear()
        return frames

    def take_dots(self) -> bytes | None:
        """Take out the caregivers that moved."""
        if not self.dots:
            return None
        frame = encode({"type": "dots", "dots": list(self.dots.values())})
        self.dots.clear()
        return frame


@dataclass(slots=True, eq=False)
class FamilyFeed:
    """Whom one family page is about, and that something of theirs has changed."""

    ids: frozenset[str] = frozenset()  # the member's and their residents'
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class Feed:
    """The fan-out. Called by the center after each commit; never blocks, never fails."""

    def __init__(self, directory: Directory, metrics: Metrics) -> None:
        self._directory = directory
        self._metrics = metrics
        self._consoles: set[ConsoleFeed] = set()
        self._caregivers: dict[str, set[asyncio.Event]] = {}
        self._families: set[FamilyFeed] = set()
        self._recent: deque[tuple[int, str]] = deque(maxlen=REMEMBERED)
        self._asked: dict[str, CaregiverId] = {}  # offer → caregiver, of open incidents
        self._seen_from: int | None = None  # the first number after which resuming is possible

    @property
    def consoles(self) -> int:
        """How many consoles are connected."""
        return len(self._consoles)

    def start(self, book: Book, number: int) -> None:
        """Begin after a fold: consoles can resume from `number` on."""
        self._asked = {offer.id: offer.caregiver_id for offer in book.offers.values()}
        self._recent.clear()
        self._seen_from = number

    def tell(self, book: Book, recorded: Sequence[Recorded], epoch: int) -> None:
        """Give every console and caregiver what concerns them."""
        self._directory.note(one.fact for one in recorded)
        touched: dict[str, int] = {}
        for one in recorded:
            incident_id = incident_of(one.fact)
            if incident_id is not None:
                touched.pop(incident_id, None)  # in the order of the last change: cursors rise
                touched[incident_id] = one.number
                self._recent.append((one.number, incident_id))
            if not isinstance(one.fact, f.OfferSent):  # they have just been sent this very thing
                self._tell_caregiver(book, one.fact)
            self._count(book, one.fact)
        cursor = f"{epoch}:{recorded[-1].number}"
        for incident_id, number in touched.items():  # a cursor never runs ahead of a frame
            incident = _find(book, incident_id)
            if incident is not None:
                self._show(book, incident, f"{epoch}:{number}")
                self.family_changed(incident.resident_id)
                self._tell_who_waits(book, incident)
        moved = encode({"type": "cursor", "cursor": cursor})
        of_desk = any(isinstance(one.fact, _OF_DESK) for one in recorded)
        desk = self.desk(book) if of_desk and self._consoles else None
        moved_on_wire = framed(moved)
        for console in self._consoles:
            console.move(moved, moved_on_wire)
            if desk is not None:
                console.desk = desk
                console.changed.set()

    def moved(self, book: Book, caregiver_id: CaregiverId, place: Place) -> None:
        """Let consoles see where a caregiver is, with the next second's frame."""
        if not self._consoles:
            return
        person = book.roster.of(caregiver_id)
        view = dot_view(book, self._directory, person, place)
        path = book.territory.path(person.area_id)
        for console in self._consoles:
            if console.covers(path):
                console.dots[caregiver_id] = view

    @contextmanager
    def console(self, console: ConsoleFeed) -> Generator[None]:
        """Connect a console for as long as the block runs."""
        self._consoles.add(console)
        try:
            yield
        finally:
            self._consoles.discard(console)
            self.opened(console, None, ())

    def opened(self, console: ConsoleFeed, incident_id: str | None, path: Sequence[str]) -> None:
        """Let every console that covers a call see who has it open; nothing goes on record."""
        before = console.open_id, console.open_path
        console.open_id, console.open_path = incident_id, path
        for one, where in {before[0]: before[1], incident_id: path}.items():
            if one is not None and before[0] != incident_id:
                frame = self._viewers(one)
                for other in self._consoles:
                    if other.covers(where):
                        other.viewers[one] = frame
                        other.changed.set()

    def viewed(self, console: ConsoleFeed) -> list[bytes]:
        """Return who has which call open, of those that a console covers."""
        calls = {
            one.open_id
            for one in self._consoles
            if one.open_id is not None and console.covers(one.open_path)
        }
        return [self._viewers(incident_id) for incident_id in sorted(calls)]

    def _viewers(self, incident_id: str) -> bytes:
        ids = sorted({one.operator_id for one in self._consoles if one.open_id == incident_id})
        rows = [{"operator_id": one, "name": self._directory.operator_name(one)} for one in ids]
        return encode({"type": "viewers", "incident_id": incident_id, "operators": rows})

    @contextmanager
    def caregiver(self, caregiver_id: str, changed: asyncio.Event) -> Generator[None]:
        """Set `changed` whenever something of this caregiver's has, while the block runs."""
        self._caregivers.setdefault(caregiver_id, set()).add(changed)
        try:
            yield
        finally:
            self._caregivers[caregiver_id].discard(changed)
            if not self._caregivers[caregiver_id]:
                del self._caregivers[caregiver_id]

    @contextmanager
    def family(self, page: FamilyFeed) -> Generator[None]:
        """Connect a family page for as long as the block runs."""
        self._families.add(page)
        try:
            yield
        finally:
            self._families.discard(page)

    def family_changed(self, subject_id: str | None) -> None:
        """Let the pages look again that are about this resident or this member."""
        for page in self._families:
            if subject_id in page.ids:
                page.changed.set()

    def missed(self, book: Book, number: int) -> list[Incident] | None:
        """Return the incidents that changed after `number`, or None when that is too long ago."""
        if self._seen_from is None or number < self._seen_from:
            return None
        if len(self._recent) == REMEMBERED and number < self._recent[0][0]:
            return None
        ids = dict.fromkeys(incident_id for at, incident_id in self._recent if at > number)
        found = (_find(book, incident_id) for incident_id in ids)
        return [incident for incident in found if incident is not None]

    def frame(
        self, book: Book, incident: Incident, cursor: str, *, with_place: bool = True
    ) -> bytes:
        """Return the frame of one incident as it stands."""
        view = incident_view(book, self._directory, incident)
        if not with_place:
            view["place"] = None
        return encode({"type": "incident", "cursor": cursor, "incident": view})

    def desk(self, book: Book) -> bytes:
        """Return the frame of the desk as a whole, as it stands."""
        return encode({"type": "desk", **desk_view(book, self._directory)})

    def _show(self, book: Book, incident: Incident, cursor: str) -> None:
        path = book.territory.path(incident.area_id)
        concerned = [one for one in self._consoles if one.covers(path)]
        if not concerned:
            return
        whole = self.frame(book, incident, cursor)
        on_wire = framed(whole)
        for console in concerned:
            if console.shown(incident):
                console.show(incident.id, whole, on_wire)
            else:
                bare = self.frame(book, incident, cursor, with_place=False)
                console.show(incident.id, bare, framed(bare))
        self._metrics.frames.inc(len(concerned))

    def _count(self, book: Book, fact: f.Fact) -> None:
        if isinstance(fact, f.IncidentClosed):
            closed = book.closed.get(fact.incident_id)
            if closed is not None:
                self._metrics.handled.labels(closed.handled_at or "").inc()

    def _tell_who_waits(self, book: Book, incident: Incident) -> None:
        """Let caregivers who called, or said what is wrong, see what the desk does about it."""
        for changed in self._caregivers.get(carrier_of(incident.handset_id) or "", ()):
            changed.set()
        for one in book.active_attendances(incident) if incident.is_open else ():
            if one.trouble:
                for changed in self._caregivers.get(one.caregiver_id, ()):
                    changed.set()

    def _tell_caregiver(self, book: Book, fact: f.Fact) -> None:
        offer_id = getattr(fact, "offer_id", None) or getattr(fact, "attendance_id", None)
        caregiver_id: CaregiverId | None = getattr(fact, "caregiver_id", None)
        if offer_id is not None:
            if isinstance(fact, f.CaregiverOffered):
                self._asked[offer_id] = fact.caregiver_id
            caregiver_id = self._asked.get(offer_id) or _caregiver_of(book, offer_id)
            if isinstance(fact, _LAST_WORDS):
                self._asked.pop(offer_id, None)
        if caregiver_id is None:
            return
        for changed in self._caregivers.get(caregiver_id, ()):
            changed.set()
        if self._consoles and caregiver_id in book.roster:
            place = book.roster.sighting(caregiver_id)
            if place is not None:
                self.moved(book, caregiver_id, place)


_LAST_WORDS: Final = (
    f.OfferDeclined,
    f.OfferLapsed,
    f.OfferWithdrawn,
    f.AttendanceDone,
    f.CaregiverDiverted,
    f.AttendanceBrokenOff,
)

_OF_DESK: Final = (
    f.CenterStarted,
    f.OperatorSatDown,
    f.OperatorLeft,
    f.ShiftHandedOver,
    f.ShiftAccepted,
    f.HandOverLapsed,
    f.OverloadBegan,
    f.OverloadEasing,
    f.OverloadEnded,
    f.RoundBegan,
    f.RoundAnswered,
    f.RoundOverdue,
    f.RoundEnded,
)


def _caregiver_of(book: Book, offer_id: str) -> CaregiverId | None:
    """Return whom an offer was for, also once it is over: who was given up may still arrive."""
    offer = book.offers.get(OfferId(offer_id))
    return offer.caregiver_id if offer is not None else None


def _find(book: Book, incident_id: str) -> Incident | None:
    key = IncidentId(incident_id)
    return book.incidents.get(key) or book.closed.get(key)
