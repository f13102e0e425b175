"""The status that people see: derived from the four life cycles, stored nowhere."""

from enum import StrEnum

from dispatch.attendance import AttendanceState
from dispatch.book import Book
from dispatch.incident import Incident


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
