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
    CaregiverAsked,
    CaregiverDiverted,
    CaregiverSetOut,
    CaregiverStillComing,
    Fact,
    MovementChecked,
    OfferAccepted,
    SceneReported,
    SceneUnanswered,
    WayChanged,
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

    @property
    def is_under_way(self) -> bool:
        """Whether the caregiver has said yes and is not there yet."""
        return self in (AttendanceState.ACCEPTED, AttendanceState.EN_ROUTE)


ENDING_WELL: Final = frozenset(
    {"helped", "nothing_needed"}
)  # outcomes after which nobody is sought
STANDING_STILL: Final = frozenset({"stopped", "silent"})  # looks that saw no progress
_A = AttendanceState

NEXT: Final[Table[AttendanceState]] = MappingProxyType(
    {
        (_A.ACCEPTED, CaregiverSetOut): _A.EN_ROUTE,
        (_A.ACCEPTED, CaregiverArrived): _A.ON_SCENE,  # lives next door, or forgot to press
        (_A.ACCEPTED, AttendanceOverdue): _A.ACCEPTED,
        (_A.ACCEPTED, CaregiverDiverted): _A.BROKEN_OFF,
        (_A.ACCEPTED, AttendanceBrokenOff): _A.BROKEN_OFF,
        (_A.EN_ROUTE, CaregiverArrived): _A.ON_SCENE,
        (_A.EN_ROUTE, AttendanceOverdue): _A.EN_ROUTE,
        (_A.EN_ROUTE, CaregiverDiverted): _A.BROKEN_OFF,
        (_A.EN_ROUTE, AttendanceBrokenOff): _A.BROKEN_OFF,
        (_A.ON_SCENE, AttendanceDone): _A.DONE,
        (_A.ON_SCENE, AttendanceOverdue): _A.ON_SCENE,
        (_A.ON_SCENE, AttendanceBrokenOff): _A.BROKEN_OFF,
        (_A.BROKEN_OFF, CaregiverArrived): _A.ON_SCENE,  # was given up, and came all the same
        (_A.ACCEPTED, SceneReported): _A.ACCEPTED,  # the address is wrong
        (_A.EN_ROUTE, SceneReported): _A.EN_ROUTE,
        (_A.ON_SCENE, SceneReported): _A.ON_SCENE,
        (_A.ACCEPTED, SceneUnanswered): _A.ACCEPTED,
        (_A.EN_ROUTE, SceneUnanswered): _A.EN_ROUTE,
        (_A.ON_SCENE, SceneUnanswered): _A.ON_SCENE,
        (_A.ACCEPTED, MovementChecked): _A.ACCEPTED,
        (_A.EN_ROUTE, MovementChecked): _A.EN_ROUTE,
        (_A.ACCEPTED, CaregiverAsked): _A.ACCEPTED,
        (_A.EN_ROUTE, CaregiverAsked): _A.EN_ROUTE,
        (_A.ACCEPTED, CaregiverStillComing): _A.ACCEPTED,
        (_A.EN_ROUTE, CaregiverStillComing): _A.EN_ROUTE,
        (_A.ACCEPTED, WayChanged): _A.ACCEPTED,
        (_A.EN_ROUTE, WayChanged): _A.EN_ROUTE,
        (_A.ON_SCENE, WayChanged): _A.EN_ROUTE,  # was at the wrong place
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
    broken_off: str = ""  # why, once it was
    trouble: str = ""  # what the caregiver said from the scene, until it is sorted out
    trouble_by: datetime | None = None  # None once somebody at the desk acted on it
    check_by: datetime | None = None  # the next look at the movement, or the answer's deadline
    metres_left: float | None = None  # at the last look
    still_looks: int = 0  # looks in a row that saw no progress
    is_asked: bool = False  # whether they still come: until they say so they do not count


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
                attendance,
                state=state,
                set_out_at=fact.at,
                due_by=fact.due_by,
                reminders=0,
                is_asked=False,  # this is an answer, and the next look is due where it was
                still_looks=0,
            )
        case CaregiverArrived():
            return replace(
                attendance,
                state=state,
                arrived_at=fact.at,
                ended_at=None,
                due_by=fact.due_by,
                reminders=0,
                broken_off="",
                check_by=None,
                is_asked=False,
            )
        case AttendanceOverdue():
            return replace(
                attendance, state=state, due_by=fact.due_by, reminders=attendance.reminders + 1
            )
        case AttendanceDone():
            return replace(attendance, state=state, ended_at=fact.at, outcome=fact.outcome)
        case AttendanceBrokenOff():
            return replace(attendance, state=state, ended_at=fact.at, broken_off=fact.why)
        case SceneReported() | SceneUnanswered():
            return _in_trouble(attendance, fact)
        case _:
            return _on_the_way(replace(attendance, state=state), fact)


def _in_trouble(attendance: Attendance, fact: SceneReported | SceneUnanswered) -> Attendance:
    if fact.act_by is None:
        return replace(attendance, trouble="", trouble_by=None)
    return replace(attendance, trouble=fact.what, trouble_by=fact.act_by)


def _on_the_way(attendance: Attendance, fact: Fact) -> Attendance:
    match fact:
        case MovementChecked():
            is_still = fact.verdict in STANDING_STILL
            return replace(
                attendance,
                check_by=fact.check_by,
                metres_left=attendance.metres_left
                if fact.metres_left is None
                else fact.metres_left,
                still_looks=attendance.still_looks + 1 if is_still else 0,
            )
        case CaregiverAsked():
            return replace(attendance, check_by=fact.answer_by, is_asked=True)
        case CaregiverStillComing():
            return replace(attendance, check_by=fact.check_by, is_asked=False, still_looks=0)
        case WayChanged():
            return replace(
                attendance,
                due_by=fact.due_by,
                eta_at=fact.eta_at,
                arrived_at=None,
                reminders=0,
                metres_left=None,
                still_looks=0,
                is_asked=False,
                trouble="",
                trouble_by=None,
            )
        case _:
            return attendance
