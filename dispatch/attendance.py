"""The life of an attendance: one caregiver comes, helps and leaves."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dispatch.facts import (
    AttendanceBrokenOff,
    AttendanceDone,
    AttendanceOverdue,
    CaregiverArrived,
    CaregiverSetOut,
    Fact,
    OfferAccepted,
)
from dispatch.ids import AttendanceId, CaregiverId, IncidentId
from dispatch.lifecycle import Table, follow
from dispatch.offer import Offer


class AttendanceState(StrEnum):
    """How far the caregiver is."""

    ACCEPTED = "accepted"  # said yes, has not set out
    EN_ROUTE = "en_route"  # is travelling
    ON_SCENE = "on_scene"  # is with the resident
    DONE = "done"  # finished, with an outcome
    BROKEN_OFF = "broken_off"  # does not come after all

    @property
    def is_active(self) -> bool:
        """Whether the caregiver is busy with it."""
        return self not in (AttendanceState.DONE, AttendanceState.BROKEN_OFF)


ENDING_WELL: Final = frozenset(
    {"helped", "nothing_needed"}
)  # outcomes after which nobody is sought
_A = AttendanceState

NEXT: Final[Table[AttendanceState]] = MappingProxyType(
    {
        (_A.ACCEPTED, CaregiverSetOut): _A.EN_ROUTE,
        (_A.ACCEPTED, CaregiverArrived): _A.ON_SCENE,  # lives next door, or forgot to press
        (_A.ACCEPTED, AttendanceOverdue): _A.ACCEPTED,
        (_A.ACCEPTED, AttendanceBrokenOff): _A.BROKEN_OFF,
        (_A.EN_ROUTE, CaregiverArrived): _A.ON_SCENE,
        (_A.EN_ROUTE, AttendanceOverdue): _A.EN_ROUTE,
        (_A.EN_ROUTE, AttendanceBrokenOff): _A.BROKEN_OFF,
        (_A.ON_SCENE, AttendanceDone): _A.DONE,
        (_A.ON_SCENE, AttendanceOverdue): _A.ON_SCENE,
        (_A.ON_SCENE, AttendanceBrokenOff): _A.BROKEN_OFF,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """One caregiver on one incident."""

    id: AttendanceId
    incident_id: IncidentId
    caregiver_id: CaregiverId
    accepted_at: datetime
    due_by: datetime  # when the next step must have happened
    eta_at: datetime
    state: AttendanceState = AttendanceState.ACCEPTED
    set_out_at: datetime | None = None
    arrived_at: datetime | None = None
    ended_at: datetime | None = None
    reminders: int = 0  # how often the present step was overdue
    outcome: str | None = None


def begun(offer: Offer, fact: OfferAccepted) -> Attendance:
    """Return the attendance that begins with an accepted offer."""
    return Attendance(
        id=AttendanceId(offer.id),
        incident_id=offer.incident_id,
        caregiver_id=offer.caregiver_id,
        accepted_at=fact.at,
        due_by=fact.due_by,
        eta_at=fact.eta_at,
    )


def after(attendance: Attendance, fact: Fact) -> Attendance:
    """Return the attendance as it stands once `fact` has happened.

    Raises:
        TransitionRefused: NEXT has no row for this state and this kind of fact.
    """
    state = follow(NEXT, attendance.state, fact, what="attendance", subject=attendance.id)
    match fact:
        case CaregiverSetOut():
            return replace(
                attendance, state=state, set_out_at=fact.at, due_by=fact.due_by, reminders=0
            )
        case CaregiverArrived():
            return replace(
                attendance, state=state, arrived_at=fact.at, due_by=fact.due_by, reminders=0
            )
        case AttendanceOverdue():
            return replace(
                attendance, state=state, due_by=fact.due_by, reminders=attendance.reminders + 1
            )
        case AttendanceDone():
            return replace(attendance, state=state, ended_at=fact.at, outcome=fact.outcome)
        case _:
            return replace(attendance, state=state, ended_at=fact.at)
