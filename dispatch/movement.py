"""Whether a caregiver on the way comes nearer: looked at, asked, and then replaced.

Positions are sightings and not facts; what a look saw is recorded with it, so that the same
facts give the same state. Only whoever could be seen when they said yes is looked at: a telephone
that never tells its place says nothing about its owner.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from dispatch import requests as r
from dispatch.attendance import STANDING_STILL, Attendance, AttendanceState
from dispatch.book import Book
from dispatch.errors import NotYours, TransitionRefused, UnknownSubject
from dispatch.facts import (
    AttendanceBrokenOff,
    CaregiverAsked,
    CaregiverStillComing,
    Fact,
    MovementChecked,
    WayChanged,
)
from dispatch.ids import AttendanceId, CaregiverId
from dispatch.incident import Incident
from dispatch.ladder import need_of, place_of, search_again, stop_asking
from dispatch.place import distance_m
from dispatch.plans import CHECK_EVERY, Plan
from dispatch.roster import FRESH_S

PROGRESS_M: Final = 30.0  # nearer by so much between two looks is coming: half a slow walk
NEAR_M: Final = 100.0  # whoever is so near may be in a lift, on the stairs or at the gate
STILL_LOOKS_MAX: Final = 2  # looks in a row without progress, then the caregiver is asked
ANSWER_WITHIN: Final = timedelta(seconds=60)


class Movement(StrEnum):
    """What a look at a caregiver on the way saw."""

    BEGUN = "begun"  # the first look
    MOVING = "moving"  # comes nearer
    NEAR = "near"  # is nearly there, where progress cannot be told from standing
    STOPPED = "stopped"  # no nearer than at the look before
    SILENT = "silent"  # not seen since the look before


def first_look(
    book: Book,
    incident: Incident,
    attendance_id: AttendanceId,
    caregiver_id: CaregiverId,
    now: datetime,
) -> list[Fact]:
    """Return what the looks begin with; nothing for a plan without looks, or who is not seen."""
    every = book.plan_of(incident).check_every
    left = _metres_left(book, incident, caregiver_id, now - timedelta(seconds=FRESH_S))
    if every is None or left is None:
        return []
    return [
        MovementChecked(
            at=now,
            attendance_id=attendance_id,
            verdict=Movement.BEGUN.value,
            metres_left=left,
            check_by=now + every,
        )
    ]


def movement_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Look, and ask whoever was seen to stand still twice; silence after that is a no.

    While somebody whose call is a threat to life is asked, others are asked to come as well.
    """
    attendance = book.attendance(AttendanceId(lapse.subject_id))
    incident = book.incident(attendance.incident_id)
    if attendance.is_asked:
        return _replaced(book, incident, attendance, now, "stopped")
    every = book.plan_of(incident).check_every or CHECK_EVERY
    verdict, left = _look(book, incident, attendance, now - every)
    checked = MovementChecked(
        at=now,
        attendance_id=attendance.id,
        verdict=verdict.value,
        metres_left=left,
        check_by=now + every,
    )
    if verdict not in STANDING_STILL or attendance.still_looks + 1 < STILL_LOOKS_MAX:
        return [checked]
    asked = CaregiverAsked(
        at=now,
        attendance_id=attendance.id,
        why=verdict.value,
        answer_by=now + ANSWER_WITHIN,
    )
    if not incident.gravity.is_life_threat:
        return [checked, asked]
    beside = search_again(book, incident, now, verdict.value, without=attendance.id)
    return [checked, asked, *beside]


def still_coming(book: Book, request: r.StillComing, now: datetime) -> list[Fact]:
    """Record that a caregiver still comes, or not after all; saying it again is harmless."""
    attendance = own_attendance(book, request.attendance_id, request.caregiver_id)
    if attendance is None:
        return []
    incident = book.incident(attendance.incident_id)
    if not attendance.state.is_under_way:
        is_late_yes = request.is_coming and attendance.state is AttendanceState.BROKEN_OFF
        if is_late_yes:  # somebody else is sought; who is there all the same may still arrive
            state = attendance.state.value
            raise TransitionRefused("attendance", attendance.id, state, "CaregiverStillComing")
        return []
    if not request.is_coming:
        return _replaced(book, incident, attendance, now, "not_coming")
    if not attendance.is_asked:
        return []
    check_by = now + (book.plan_of(incident).check_every or CHECK_EVERY)
    return [
        CaregiverStillComing(at=now, attendance_id=attendance.id, check_by=check_by),
        *stop_asking(book, incident, now, counting=attendance.id),
    ]


def ways_changed(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Return by when each caregiver is expected at the corrected place of `incident`.

    Whoever is at the wrong place sets out again; who is with the resident stays there.
    """
    plan = book.plan_of(incident)
    facts: list[Fact] = []
    for one in book.active_attendances(incident):
        if one.state.is_under_way or one.trouble == "wrong_address":
            facts.append(_way_changed(book, incident, plan, one, now))
            facts += first_look(book, incident, one.id, one.caregiver_id, now)
    return facts


def own_attendance(
    book: Book, attendance_id: AttendanceId, caregiver_id: CaregiverId
) -> Attendance | None:
    """Return an attendance of this caregiver; None when it ended with its incident.

    Raises:
        UnknownSubject: there never was one.
        NotYours: it is another caregiver's.
    """
    attendance = book.attendances.get(attendance_id)
    if attendance is None:
        if book.is_over(attendance_id):
            return None
        raise UnknownSubject("attendance", attendance_id)
    if attendance.caregiver_id != caregiver_id:
        raise NotYours(attendance.id)
    return attendance


def _replaced(
    book: Book, incident: Incident, attendance: Attendance, now: datetime, why: str
) -> list[Fact]:
    return [
        AttendanceBrokenOff(at=now, attendance_id=attendance.id, why=why),
        *search_again(book, incident, now, "broken_off", without=attendance.id),
    ]


def _way_changed(
    book: Book, incident: Incident, plan: Plan, attendance: Attendance, now: datetime
) -> WayChanged:
    own = book.roster.consider(attendance.caregiver_id, need_of(book, incident, None), now=now)
    eta_at = now + timedelta(seconds=own.travel_s)
    is_setting_out = attendance.state is AttendanceState.ACCEPTED
    due_by = now + plan.set_out_within if is_setting_out else eta_at + plan.arrive_grace
    return WayChanged(at=now, attendance_id=attendance.id, due_by=due_by, eta_at=eta_at)


def _look(
    book: Book, incident: Incident, attendance: Attendance, since: datetime
) -> tuple[Movement, float | None]:
    left = _metres_left(book, incident, attendance.caregiver_id, since)
    if left is None:
        return Movement.SILENT, None
    if left <= NEAR_M:
        return Movement.NEAR, left
    before = attendance.metres_left
    is_nearer = before is None or before - left >= PROGRESS_M
    return (Movement.MOVING if is_nearer else Movement.STOPPED), left


def _metres_left(
    book: Book, incident: Incident, caregiver_id: CaregiverId, since: datetime
) -> float | None:
    """Return the straight line that is left; None when it is not known after `since`."""
    seen = book.roster.seen(caregiver_id)
    place = place_of(book, incident)
    if seen is None or place is None or seen.at is None or seen.at < since:
        return None
    return round(distance_m(seen, place), 1)
