"""What people see: the status, and at which level a call was handled; both are derived."""

from enum import StrEnum

from dispatch.areas import Level
from dispatch.attendance import ENDING_WELL, AttendanceState
from dispatch.book import Book
from dispatch.ids import OfferId
from dispatch.incident import DeskLevel, Incident
from dispatch.notice import EMERGENCY_SERVICES, NoticeState


class Status(StrEnum):
    """Where a call stands, in the words of the desk. Declared from far to near the end."""

    WAITING = "waiting"  # nobody has been asked, or nobody who was asked said yes
    OFFERED = "offered"  # somebody is being asked
    ACCEPTED = "accepted"  # somebody said yes
    EN_ROUTE = "en_route"  # somebody is travelling
    ON_SCENE = "on_scene"  # somebody is with the resident
    HELPED = "helped"  # everybody who came is done; an operator must close it
    CLOSED = "closed"  # has a disposition


_OF_ATTENDANCE = {
    AttendanceState.ON_SCENE: Status.ON_SCENE,
    AttendanceState.EN_ROUTE: Status.EN_ROUTE,
    AttendanceState.ACCEPTED: Status.ACCEPTED,
}


def status_of(book: Book, incident: Incident) -> Status:
    """Return the status; of several caregivers the one who is farthest on counts."""
    if not incident.is_open:
        return Status.CLOSED
    states = {one.state for one in book.active_attendances(incident)}
    for state, status in _OF_ATTENDANCE.items():
        if state in states:
            return status
    if book.pending_offers(incident):
        return Status.OFFERED
    return Status.WAITING if incident.step_by is not None else Status.HELPED


def handled_at(book: Book, incident: Incident, disposition: str) -> str:
    """Return the level of the ladder at which a call that is being closed was handled.

    It is that of the offer by which whoever helped was asked; a call on which nobody helped was
    handled by whoever at the desk, or outside, had to act.
    """
    attendances = [book.attendances[one] for one in incident.attendances]
    helped = [one for one in attendances if one.outcome in ENDING_WELL]
    there = [
        one
        for one in attendances
        if disposition == "helped" and one.arrived_at and one.outcome != "could_not_help"
    ]
    for attendance in (*helped, *there):
        return book.offers[OfferId(attendance.id)].level.value
    has_rung = any(
        one.party in EMERGENCY_SERVICES and one.state is NoticeState.ACKNOWLEDGED
        for one in incident.notices
    )
    if has_rung or disposition == "handed_to_120":
        return Level.EMERGENCY.value
    if incident.desk is not DeskLevel.OPERATOR or incident.level is Level.SUPERVISOR:
        return Level.SUPERVISOR.value
    return Level.OPERATOR.value
