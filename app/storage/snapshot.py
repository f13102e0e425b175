"""The book as one piece of bytes, so that a start need not fold the whole journal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from dispatch.areas import Area
from dispatch.attendance import Attendance
from dispatch.book import Book, HandOver, Handset, Heard, OperatorAtDesk, Resident
from dispatch.call_round import Round
from dispatch.facts import EventKey
from dispatch.habits import Habit
from dispatch.ids import AreaId, HandsetId, ResidentId
from dispatch.incident import Incident
from dispatch.offer import Offer
from dispatch.overload import Overload
from dispatch.plans import read_plans
from dispatch.roster import Caregiver


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    last_at: datetime | None
    incident_count: int
    plan_version: str
    plans: list[str]
    areas: list[Area]
    officers: dict[AreaId, str]
    channels: dict[str, int]
    residents: list[Resident]
    handsets: list[Handset]
    caregivers: list[Caregiver]
    desk: list[OperatorAtDesk]
    handovers: list[HandOver]
    overload: Overload | None
    back_since: datetime | None
    round_count: int
    rounds: list[Round]
    incidents: list[Incident]
    closed: list[Incident]
    offers: list[Offer]
    attendances: list[Attendance]
    heard: list[tuple[HandsetId, list[tuple[EventKey, Heard]]]]
    habits: list[tuple[ResidentId, Habit]]
    check_ins: list[tuple[ResidentId, datetime]]


_DECODER: Final = msgspec.msgpack.Decoder(_State)


def save(book: Book) -> bytes:
    """Return the book's state as bytes. The book must hold nothing uncommitted."""
    return msgspec.msgpack.encode(
        _State(
            last_at=book.last_at,
            incident_count=book.incident_count,
            plan_version=book.plan_version,
            plans=[one.text for one in book.plan_books.values()],
            areas=list(book.territory.areas.values()),
            officers=book.officers,
            channels=book.channels,
            residents=list(book.residents.values()),
            handsets=list(book.handsets.values()),
            caregivers=list(book.roster.everybody()),
            desk=list(book.desk.values()),
            handovers=list(book.handovers.values()),
            overload=book.overload,
            back_since=book.back_since,
            round_count=book.round_count,
            rounds=list(book.rounds.values()),
            incidents=list(book.incidents.values()),
            closed=list(book.closed.values()),
            offers=list(book.offers.values()),
            attendances=list(book.attendances.values()),
            heard=[(handset, list(known.items())) for handset, known in book.heard.items()],
            habits=list(book.habits.items()),
            check_ins=list(book.check_ins.items()),
        )
    )


def restore(book: Book, body: bytes) -> None:
    """Fill an empty book with the state in `body`."""
    state = _DECODER.decode(body)
    book.last_at = state.last_at
    book.incident_count = state.incident_count
    book.plan_version = state.plan_version
    for text in state.plans:
        plans = read_plans(text)
        book.plan_books[plans.version] = plans
    for area in state.areas:
        book.territory.put(area)
    for caregiver in state.caregivers:
        book.roster.restore(caregiver)
    book.officers = state.officers
    book.channels = state.channels
    book.residents = {one.id: one for one in state.residents}
    book.handsets = {one.id: one for one in state.handsets}
    book.desk = {one.id: one for one in state.desk}
    book.handovers = {one.of: one for one in state.handovers}
    book.overload = state.overload
    book.back_since = state.back_since
    book.round_count = state.round_count
    book.rounds = {one.id: one for one in state.rounds}
    book.incidents = {one.id: one for one in state.incidents}
    book.closed = {one.id: one for one in state.closed}
    book.offers = {one.id: one for one in state.offers}
    book.attendances = {one.id: one for one in state.attendances}
    book.heard = {handset: dict(known) for handset, known in state.heard}
    book.habits = dict(state.habits)
    book.check_ins = dict(state.check_ins)
    book.index()
