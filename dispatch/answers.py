"""What caregivers say, and what their silence means."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from dispatch import requests as r
from dispatch.attendance import ENDING_WELL, Attendance, AttendanceState
from dispatch.book import Book
from dispatch.desk import stand_down
from dispatch.errors import (
    NotYours,
    OfferIsOver,
    OfferTaken,
    StillOnTheWay,
    TransitionRefused,
    UnknownSubject,
)
from dispatch.facts import (
    AttendanceBrokenOff,
    AttendanceDone,
    AttendanceOverdue,
    CaregiverArrived,
    CaregiverDiverted,
    CaregiverSetOut,
    DutyEnded,
    DutyStarted,
    Fact,
    IncidentClosed,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    OfferNotShown,
    OfferSent,
    OfferShown,
    OfferWithdrawn,
)
from dispatch.hours import Rest, counts_from
from dispatch.ids import AttendanceId, OfferId
from dispatch.incident import Incident
from dispatch.ladder import search_again, stop_asking
from dispatch.movement import first_look, own_attendance
from dispatch.offer import Offer, OfferState

GIVEN_UP: Final = frozenset({"vanished", "stopped", "not_coming"})
"""Why an attendance was broken off whose caregiver may still arrive after all."""


def duty(book: Book, request: r.Duty, now: datetime) -> list[Fact]:
    """Go on or off duty. Nobody with work in hand can leave; a pending offer is withdrawn.

    Whoever comes back before the rest is over is not refused: a threat to life may need them.
    """
    person = book.roster.of(request.caregiver_id)
    if person.is_on_duty == request.is_on:
        return []
    if request.is_on:
        since = counts_from(_rest(book), person.on_duty_since, person.off_duty_since, now)
        known = since if since != now else None
        return [DutyStarted(at=now, caregiver_id=person.id, counts_from=known)]
    if person.work is not None:
        raise StillOnTheWay(person.id)
    facts: list[Fact] = [DutyEnded(at=now, caregiver_id=person.id)]
    if person.offer is not None:
        offer_id = OfferId(person.offer)
        facts.append(OfferWithdrawn(at=now, offer_id=offer_id, why="off_duty"))
    return facts


def offer_answered(book: Book, request: r.OfferAnswer, now: datetime) -> list[Fact]:
    """Record that an offer was shown, accepted or declined; saying the same again is harmless."""
    offer = _own_offer(book, request)
    if request.answer == "shown":
        is_news = offer.is_pending and offer.shown_at is None
        return [OfferShown(at=now, offer_id=offer.id)] if is_news else []
    said = OfferState.ACCEPTED if request.answer == "accept" else OfferState.DECLINED
    if offer.state is said:
        return []
    incident = book.incident(offer.incident_id)
    if not offer.is_pending:
        if offer.state is OfferState.WITHDRAWN and book.active_attendances(incident):
            raise OfferTaken(offer.id)
        raise OfferIsOver(offer.id, offer.state.value)
    if said is OfferState.DECLINED:
        return [OfferDeclined(at=now, offer_id=offer.id, reason=request.reason)]
    return _accept(book, incident, offer, now)


def attendance_step(book: Book, request: r.AttendanceStep, now: datetime) -> list[Fact]:
    """Record that a caregiver set out, arrived or finished; saying the same again is harmless."""
    attendance = own_attendance(book, request.attendance_id, request.caregiver_id)
    if attendance is None or _is_behind(attendance, request.step):
        return []  # it was said before, or the incident was closed with it
    incident = book.incident(attendance.incident_id)
    plan = book.plan_of(incident)
    match request.step:
        case "en_route":
            _must_be_active(attendance, "CaregiverSetOut")
            due_by = max(now, attendance.eta_at) + plan.arrive_grace
            set_out = CaregiverSetOut(
                at=now,
                attendance_id=attendance.id,
                due_by=due_by,
                occurred_at=request.occurred_at,
            )
            return [set_out, *stop_asking(book, incident, now, counting=attendance.id)]
        case "on_scene":
            return _arrive(book, incident, attendance, request, now)
        case _:
            return _finish(book, attendance, request, now)


def offer_delivered(book: Book, request: r.OfferDelivered, now: datetime) -> list[Fact]:
    """Record that an offer left by a channel, once for each; one that is over is no news."""
    offer = book.offers.get(request.offer_id)
    if offer is None or not offer.is_pending or request.channel in offer.sent:
        return []
    return [OfferSent(at=now, offer_id=offer.id, channel=request.channel)]


def show_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Count the offer as unseen: the next nearest is asked, and a message goes out."""
    return [OfferNotShown(at=now, offer_id=OfferId(lapse.subject_id))]


def offer_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Count silence as no."""
    return [OfferLapsed(at=now, offer_id=OfferId(lapse.subject_id))]


def attendance_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Remind once; a caregiver who stays silent on the way is no longer counted on.

    Whoever is on scene is never given up: the desk is reminded again and again.
    """
    attendance = book.attendance(AttendanceId(lapse.subject_id))
    incident = book.incident(attendance.incident_id)
    again = now + book.plan_of(incident).overdue_again
    if attendance.reminders == 0 or attendance.state is AttendanceState.ON_SCENE:
        return [AttendanceOverdue(at=now, attendance_id=attendance.id, due_by=again)]
    return [
        AttendanceBrokenOff(at=now, attendance_id=attendance.id, why="vanished"),
        *search_again(book, incident, now, "broken_off", without=attendance.id),
    ]


def _rest(book: Book) -> Rest | None:
    """Return the rest rule of the day; none before a plan is adopted."""
    plans = book.plan_books.get(book.plan_version)
    return plans.rest if plans else None


def _own_offer(book: Book, request: r.OfferAnswer) -> Offer:
    offer = book.offers.get(request.offer_id)
    if offer is None:
        if book.is_over(request.offer_id):
            raise OfferIsOver(request.offer_id, "closed")
        raise UnknownSubject("offer", request.offer_id)
    if offer.caregiver_id != request.caregiver_id:
        raise NotYours(offer.id)
    return offer


def _accept(book: Book, incident: Incident, offer: Offer, now: datetime) -> list[Fact]:
    plan = book.plan_of(incident)
    accepted = OfferAccepted(
        at=now,
        offer_id=offer.id,
        due_by=now + plan.set_out_within,
        eta_at=now + timedelta(seconds=offer.travel_s),
    )
    attendance_id = AttendanceId(offer.id)
    diverted, again = _diverted(book, offer, now)
    return [
        *diverted,
        accepted,
        *first_look(book, incident, attendance_id, offer.caregiver_id, now),
        *stop_asking(book, incident, now, counting=attendance_id),
        *again,
    ]


def _diverted(book: Book, offer: Offer, now: datetime) -> tuple[list[Fact], list[Fact]]:
    """Return what ends the routine work of whoever says yes, and what looks for somebody else."""
    attendance = book.attendances.get(offer.diverts) if offer.diverts is not None else None
    if attendance is None or not attendance.state.is_active:  # it has ended meanwhile
        return [], []
    incident = book.incident(attendance.incident_id)
    again = search_again(book, incident, now, "diverted", without=attendance.id)
    is_over = not again and len(book.active_attendances(incident)) == 1
    plan = book.plan_of(incident)
    diverted = CaregiverDiverted(
        at=now,
        attendance_id=attendance.id,
        to=offer.id,
        desk_by=now + plan.close_within if is_over else None,
    )
    return [diverted], again


def _not_diverted(book: Book, attendance: Attendance, now: datetime) -> list[Fact]:
    """Return the end of a question that would call away somebody who is with a resident."""
    offer_id = book.roster.of(attendance.caregiver_id).offer
    if offer_id is None or book.offers[OfferId(offer_id)].diverts != attendance.id:
        return []
    return [OfferWithdrawn(at=now, offer_id=OfferId(offer_id), why="on_scene")]


def _arrive(
    book: Book,
    incident: Incident,
    attendance: Attendance,
    request: r.AttendanceStep,
    now: datetime,
) -> list[Fact]:
    """Record an arrival, even of somebody who was given up when nobody else has arrived."""
    before: list[Fact] = []
    asked = book.roster.of(attendance.caregiver_id).offer
    if attendance.state is AttendanceState.BROKEN_OFF:
        _must_be_first(book, incident, attendance)
        if asked is not None:  # about whatever else: they are here now
            before = [OfferWithdrawn(at=now, offer_id=OfferId(asked), why="arrived")]
    else:
        _must_be_active(attendance, "CaregiverArrived")
        before = _not_diverted(book, attendance, now)
    due_by = now + book.plan_of(incident).finish_within
    arrived = CaregiverArrived(
        at=now, attendance_id=attendance.id, due_by=due_by, occurred_at=request.occurred_at
    )
    withdrawn = [
        one
        for one in stop_asking(book, incident, now, counting=attendance.id)
        if not (isinstance(one, OfferWithdrawn) and one.offer_id == asked)
    ]
    return [*before, arrived, *withdrawn]


def _finish(
    book: Book, attendance: Attendance, request: r.AttendanceStep, now: datetime
) -> list[Fact]:
    if attendance.state is not AttendanceState.ON_SCENE:
        _refuse(attendance, "AttendanceDone")
    incident = book.incident(attendance.incident_id)
    plan = book.plan_of(incident)
    is_helpless = request.outcome == "could_not_help"  # the desk must act soon, not close late
    within = plan.claim_within or plan.desk_again if is_helpless else plan.close_within
    done = AttendanceDone(
        at=now,
        attendance_id=attendance.id,
        outcome=request.outcome,
        desk_by=now + within,
        occurred_at=request.occurred_at,
        note=request.note,
    )
    others = [one for one in book.active_attendances(incident) if one.id != attendance.id]
    if is_helpless:
        return [done, *search_again(book, incident, now, "not_helped", without=attendance.id)]
    is_left_open = not plan.is_closed_by_caregiver or others or incident.claim.is_held
    if request.outcome not in ENDING_WELL or is_left_open:
        return [done, *stop_asking(book, replace(incident, wanted=0), now)]
    standing_down = [
        fact
        for fact in stand_down(book, incident, now)
        if not (isinstance(fact, AttendanceBrokenOff) and fact.attendance_id == attendance.id)
    ]
    closed = IncidentClosed(
        at=now,
        incident_id=incident.id,
        by=attendance.caregiver_id,
        disposition=request.outcome,
    )
    return [done, *standing_down, closed]


_ORDER: Final = [state.value for state in AttendanceState]


def _is_behind(attendance: Attendance, step: str) -> bool:
    """Whether this was said before, or something later was: a retry that took its time."""
    if attendance.state is AttendanceState.BROKEN_OFF:
        return False
    return _ORDER.index(attendance.state.value) >= _ORDER.index(step)


def _must_be_first(book: Book, incident: Incident, attendance: Attendance) -> None:
    """Refuse who was sent away or has other work, or comes when another has already come."""
    others = (book.attendances[one] for one in incident.attendances if one != attendance.id)
    is_served = any(
        one.state is AttendanceState.ON_SCENE or one.outcome not in (None, "could_not_help")
        for one in others
    )
    is_busy = book.roster.of(attendance.caregiver_id).work is not None
    if attendance.broken_off not in GIVEN_UP or is_served or is_busy:
        _refuse(attendance, "CaregiverArrived")


def _must_be_active(attendance: Attendance, fact: str) -> None:
    before = (AttendanceState.ACCEPTED, AttendanceState.EN_ROUTE)
    if attendance.state not in before:
        _refuse(attendance, fact)


def _refuse(attendance: Attendance, fact: str) -> None:
    raise TransitionRefused("attendance", attendance.id, attendance.state.value, fact)
