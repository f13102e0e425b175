"""What operators do with a call, and to whom it rises when they do not."""

from dataclasses import replace
from datetime import datetime, timedelta

from dispatch import incident as incidents
from dispatch import requests as r
from dispatch.attendance import AttendanceState
from dispatch.book import Book
from dispatch.errors import (
    CaregiverNotAvailable,
    ClaimHeld,
    ReasonNeeded,
    TransitionRefused,
    UnknownSubject,
)
from dispatch.facts import (
    AttendanceBrokenOff,
    CaregiverOffered,
    ClaimLapsed,
    ClaimReleased,
    ConfirmationDue,
    DeskAlerted,
    Fact,
    HoldEnded,
    IncidentClaimed,
    IncidentClosed,
    NoteAdded,
    OfferWithdrawn,
    OperatorLeft,
    OperatorSatDown,
    OutsideNotReached,
    PlaceCorrected,
)
from dispatch.ids import AreaId, IncidentId, OfferId, OperatorId
from dispatch.incident import DeskLevel, Incident
from dispatch.ladder import asking_step, need_of, search_again, show_by
from dispatch.movement import ways_changed
from dispatch.plans import Gravity, Plan
from dispatch.roster import Verdict

OVERRULED = frozenset(
    {
        Verdict.AVAILABLE,
        Verdict.ASKED_BEFORE,
        Verdict.OUTSIDE_AREA,
        Verdict.LACKS_SKILL,
        Verdict.LACKS_NEED,
        Verdict.OTHER_LANGUAGE,
        Verdict.OFF_HOURS,
        Verdict.MUST_REST,
    }
)  # what an operator, who gives a reason, may overrule; never what the resident asked


def claim(book: Book, request: r.Claim, now: datetime) -> list[Fact]:
    """Take the call; its siren stops. Taking one's own again keeps it and stops the siren.

    What another operator has is taken when they offered it, or by a supervisor.
    """
    incident = book.incident(request.incident_id)
    if not request.may_take_over and incident.offered_to != request.operator_id:
        must_not_be_anothers(incident, request.operator_id)
    return [claimed(incident.id, request.operator_id, book.plan_of(incident), now)]


def release(book: Book, request: r.Release, now: datetime) -> list[Fact]:
    """Give the call back to the list."""
    incident = book.incident(request.incident_id)
    if not incident.claim.is_held:
        return []
    must_not_be_anothers(incident, request.operator_id)
    return [ClaimReleased(at=now, incident_id=incident.id, desk_by=claim_by(book, incident, now))]


def note(book: Book, request: r.Note, now: datetime) -> list[Fact]:
    """Write something down, on an open or a recently closed incident."""
    if request.incident_id not in book.closed:
        incident = book.incident(request.incident_id)
        claim_kept = kept(book, incident, OperatorId(request.by), now)
        is_confirming = incident.confirm_by is not None and bool(claim_kept)
    else:
        claim_kept, is_confirming = [], False
    written = NoteAdded(
        at=now,
        incident_id=request.incident_id,
        by=request.by,
        is_confirming=is_confirming,
        text=request.text,
    )
    return [written, *claim_kept]


def offer_to(book: Book, request: r.OfferTo, now: datetime) -> list[Fact]:
    """Ask the caregiver whom the operator chose, with the reason; the claim is taken or kept."""
    incident = book.incident(request.incident_id)
    must_not_be_anothers(incident, request.operator_id)
    person = book.roster.of(request.caregiver_id)
    need = need_of(book, incident, None)
    verdict = book.roster.verdict(person, need, now=now)
    if verdict not in OVERRULED:
        raise CaregiverNotAvailable(person.id, verdict.value)
    if verdict is not Verdict.AVAILABLE and not request.reason:
        raise ReasonNeeded(f"to ask {person.id} ({verdict.value.replace('_', ' ')})")
    found = book.roster.search(need, wanted=0, now=now)
    own = book.roster.consider(person.id, need, now=now)
    plan = book.plan_of(incident)
    answer_by = now + asking_step(incident, plan).answer_within
    offered = CaregiverOffered(
        at=now,
        offer_id=OfferId(f"{incident.id}.{incident.offers_made + 1}"),
        incident_id=incident.id,
        caregiver_id=person.id,
        answer_by=answer_by,
        show_by=show_by(plan, now, answer_by),
        travel_s=own.travel_s,
        distance_m=own.distance_m,
        level=incident.level,
        by=request.operator_id,
        considered=(
            own,
            *(one for one in found.considered if one.caregiver_id != person.id),
        ),
        others=found.others,
        reason=request.reason,
        from_place=book.roster.reckoned_at(person.id, now=now),
    )
    return [offered, *kept(book, incident, request.operator_id, now)]


def close(book: Book, request: r.Close, now: datetime) -> list[Fact]:
    """End the incident: nobody is asked or expected any more."""
    incident = book.incident(request.incident_id)
    must_not_be_anothers(incident, request.operator_id)
    return [
        *stand_down(book, incident, now),
        IncidentClosed(
            at=now,
            incident_id=incident.id,
            by=request.operator_id,
            disposition=request.disposition,
            remark=request.remark,
        ),
    ]


def break_off(book: Book, request: r.BreakOff, now: datetime) -> list[Fact]:
    """No longer count on a caregiver, and look for another; saying it again is harmless."""
    attendance = book.attendance(request.attendance_id)
    incident = book.incident(attendance.incident_id)
    must_not_be_anothers(incident, request.operator_id)
    if attendance.state is AttendanceState.BROKEN_OFF:
        return []
    if not attendance.state.is_active:
        state = attendance.state.value
        raise TransitionRefused("attendance", attendance.id, state, "AttendanceBrokenOff")
    return [
        AttendanceBrokenOff(at=now, attendance_id=attendance.id, why="by_desk"),
        *search_again(book, incident, now, "broken_off", without=attendance.id),
        *kept(book, incident, request.operator_id, now),
    ]


def correct_place(book: Book, request: r.CorrectPlace, now: datetime) -> list[Fact]:
    """Record where the resident really is; whoever is on the way is expected there anew."""
    incident = book.incident(request.incident_id)
    must_not_be_anothers(incident, request.operator_id)
    if request.area_id is not None and request.area_id not in book.territory.areas:
        raise UnknownSubject("area", request.area_id)
    corrected = PlaceCorrected(
        at=now,
        incident_id=incident.id,
        operator_id=request.operator_id,
        area_id=request.area_id,
        place=request.place,
        note=request.note,
    )
    return [
        corrected,
        *ways_changed(book, incidents.after(incident, corrected), now),
        *kept(book, incident, request.operator_id, now),
    ]


def presence(book: Book, request: r.Desk, now: datetime) -> list[Fact]:
    """Note that an operator sat down or left; whoever leaves gives back what they held."""
    if request.is_present:
        return [
            OperatorSatDown(
                at=now,
                operator_id=request.operator_id,
                is_supervisor=request.is_supervisor,
                areas=request.areas,
            )
        ]
    held = sorted(book.claimed_by.get(request.operator_id, ()))
    lapsed: list[Fact] = [
        ClaimLapsed(at=now, incident_id=one, desk_by=claim_by(book, book.incident(one), now))
        for one in held
    ]
    if request.operator_id in book.desk:
        return [OperatorLeft(at=now, operator_id=request.operator_id), *lapsed]
    return lapsed


def claim_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Return the call to the list: its operator did nothing with it for too long.

    One on hold is not given back yet: it comes up at its operator's console first.
    """
    incident = book.incident(IncidentId(lapse.subject_id))
    if incident.claim.is_on_hold:
        until = claim_by(book, incident, now)
        return [HoldEnded(at=now, incident_id=incident.id, until=until, why="recall")]
    return [ClaimLapsed(at=now, incident_id=incident.id, desk_by=claim_by(book, incident, now))]


def desk_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Let the call rise: to the supervisor, then to the outside, again and again."""
    incident = book.incident(IncidentId(lapse.subject_id))
    path = book.territory.path(incident.area_id)
    return [rise(book, incident.id, path, book.plan_of(incident), now, incident)]


def confirm_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Let a cancel that nobody asked about by telephone rise; the call stays open."""
    incident = book.incident(IncidentId(lapse.subject_id))
    plan = book.plan_of(incident)
    path = book.territory.path(incident.area_id)
    return [
        ConfirmationDue(at=now, incident_id=incident.id, confirm_by=now + plan.confirm_within),
        rise(book, incident.id, path, plan, now, incident),
    ]


def supervisor_reached(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Return the alert that the ladder has come to the supervisor, unless the desk is there."""
    if incident.desk is not DeskLevel.OPERATOR:
        return []
    path = book.territory.path(incident.area_id)
    return [rise(book, incident.id, path, book.plan_of(incident), now, incident)]


def pressing(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Return the supervisor's alert for a resident who presses again and again.

    Without a supervisor nobody more is told: the operators hear every press, and their own
    deadline runs. One who was alerted before is not alerted anew.
    """
    path = book.territory.path(incident.area_id)
    if incident.desk is not DeskLevel.OPERATOR or not book.present(path, supervisors=True):
        return []
    return [rise(book, incident.id, path, book.plan_of(incident), now, incident)]


def rise(
    book: Book,
    incident_id: IncidentId,
    path: tuple[AreaId, ...],
    plan: Plan,
    now: datetime,
    incident: Incident | None = None,
) -> DeskAlerted:
    """Return the alert of whoever must act next; `incident` is None while it is being raised.

    A call that nobody took rises from the operators to the supervisor, or to the outside at once
    when no supervisor is there. One that somebody at the desk has, or that is about a device and
    not a person, never leaves the house.
    """
    level = incident.desk if incident else DeskLevel.OPERATOR
    gravity = incident.gravity if incident else plan.gravity
    stays_inside = gravity is Gravity.SERVICE or (incident and incident.claim.is_held)
    is_supervised = book.present(path, supervisors=True)
    if stays_inside:
        level = DeskLevel.SUPERVISOR if is_supervised else DeskLevel.OPERATOR
    elif level is DeskLevel.OPERATOR and is_supervised:
        level = DeskLevel.SUPERVISOR
    else:
        level = DeskLevel.OUTSIDE
    return DeskAlerted(
        at=now,
        incident_id=incident_id,
        level=level.value,
        until=now + plan.desk_again,
        attempt=(incident.desk_alerts if incident else 0) + 1,
    )


def alert(
    book: Book,
    incident: Incident,
    now: datetime,
    *,
    within: timedelta,
    is_for_supervisor: bool = False,
) -> Fact:
    """Return the alert that somebody on the spot needs the desk, which must act `within`.

    It goes to the operators while the call is theirs and one of them is there, else it rises.
    """
    plan = book.plan_of(incident)
    path = book.territory.path(incident.area_id)
    risen = rise(book, incident.id, path, plan, now, incident)
    until = now + min(within, plan.desk_again)
    is_theirs = incident.desk is DeskLevel.OPERATOR and (
        incident.claim.is_held or book.present(path, supervisors=False)
    )
    level = DeskLevel.OPERATOR.value if is_theirs and not is_for_supervisor else risen.level
    return replace(risen, level=level, until=until)


def outside_failed(book: Book, request: r.OutsideFailed, now: datetime) -> list[Fact]:
    """Record that nobody outside could be told; nothing to say of a call that has ended."""
    if request.incident_id not in book.incidents:
        return []
    return [OutsideNotReached(at=now, incident_id=request.incident_id, why=request.why)]


def claimed(incident_id: IncidentId, operator_id: OperatorId, plan: Plan, now: datetime) -> Fact:
    """Return the fact that an operator has the incident, counted from now."""
    return IncidentClaimed(
        at=now, incident_id=incident_id, operator_id=operator_id, until=now + plan.claim_lasts
    )


def stand_down(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Return what ends every pending offer and active attendance of an incident that closes."""
    offers = [
        OfferWithdrawn(at=now, offer_id=offer.id, why="closed")
        for offer in book.pending_offers(incident)
    ]
    attendances = [
        AttendanceBrokenOff(at=now, attendance_id=one.id, why="closed")
        for one in book.active_attendances(incident)
    ]
    return [*offers, *attendances]


def kept(book: Book, incident: Incident, operator_id: OperatorId, now: datetime) -> list[Fact]:
    """Return the claim anew when it is free or already this operator's: acting is taking.

    A call on hold stays on hold: that wait has a deadline of its own.
    """
    if incident.claim.is_held and incident.claim.operator_id != operator_id:
        return []
    if incident.claim.is_on_hold:
        return []
    if operator_id not in book.desk and not incident.claim.is_held:
        return []
    return [claimed(incident.id, operator_id, book.plan_of(incident), now)]


def must_not_be_anothers(incident: Incident, operator_id: OperatorId) -> None:
    """Raise ClaimHeld when another operator has the incident."""
    holder, until = incident.claim.operator_id, incident.claim.until
    if holder is not None and until is not None and holder != operator_id:
        raise ClaimHeld(incident.id, holder, until)


def claim_by(book: Book, incident: Incident, now: datetime) -> datetime:
    """Return until when somebody must have taken an incident that is back on the list."""
    plan = book.plan_of(incident)
    return now + (plan.claim_within or plan.desk_again)


def known_resident(book: Book, resident_id: str | None) -> None:
    """Raise UnknownSubject unless the resident is on the books."""
    if resident_id is not None and resident_id not in book.residents:
        raise UnknownSubject("resident", resident_id)
