"""The operator's hand: what one at the desk does with a call beyond taking and closing it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from dispatch import requests as r
from dispatch.attendance import ENDING_WELL
from dispatch.book import Book
from dispatch.desk import claim_by, claimed, kept, must_not_be_anothers
from dispatch.errors import (
    ClaimNeeded,
    NoTransfer,
    OperatorNotAvailable,
    ReasonNeeded,
    RecallRefused,
    UnknownSubject,
)
from dispatch.facts import (
    AttendanceBrokenOff,
    AttendanceDone,
    CallHeld,
    CallTransferred,
    CaregiverDiverted,
    Fact,
    HoldEnded,
    IncidentClaimed,
    IncidentClosed,
    IncidentReopened,
    NoteAdded,
    PressRepeated,
    SceneReported,
    TransferDeclined,
    TransferLapsed,
)
from dispatch.ids import IncidentId, OperatorId
from dispatch.incident import Incident
from dispatch.ladder import widened
from dispatch.plans import Gravity

TRANSFER_ANSWER_WITHIN: Final = timedelta(seconds=60)


def hold(book: Book, request: r.Hold, now: datetime) -> list[Fact]:
    """Set a call of one's own aside; it comes back by itself at the recall time at the latest."""
    incident = held_by(book, request.incident_id, request.operator_id)
    latest = now + book.plan_of(incident).hold_max
    if not now < request.recall_at <= latest:
        raise RecallRefused(incident.id, latest)
    if incident.claim.is_on_hold and incident.claim.until == request.recall_at:
        return []
    return [
        CallHeld(
            at=now,
            incident_id=incident.id,
            operator_id=request.operator_id,
            recall_at=request.recall_at,
            reason=request.reason,
        )
    ]


def transfer(book: Book, request: r.Transfer, now: datetime) -> list[Fact]:
    """Ask another operator, who is at the desk and covers the area, to take a call of one's own.

    They take it by claiming it. Asking the same one again changes nothing; asking another one
    takes the question back from the first.
    """
    incident = held_by(book, request.incident_id, request.operator_id)
    must_be_able_to_take(book, incident, request.to)
    if request.to == request.operator_id:
        raise OperatorNotAvailable(request.to, "has_it")
    if incident.offered_to == request.to:
        return []
    return [
        CallTransferred(
            at=now,
            incident_id=incident.id,
            by=request.operator_id,
            to=request.to,
            answer_by=now + TRANSFER_ANSWER_WITHIN,
        )
    ]


def decline_transfer(book: Book, request: r.DeclineTransfer, now: datetime) -> list[Fact]:
    """Say no to a transfer; whoever offered the call hears it."""
    incident = book.incident(request.incident_id)
    if incident.offered_to != request.operator_id:
        raise NoTransfer(incident.id)
    return [TransferDeclined(at=now, incident_id=incident.id, by=request.operator_id)]


def transfer_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Count silence as no; the call was never out of its operator's hands."""
    incident = book.incident(IncidentId(lapse.subject_id))
    return [TransferLapsed(at=now, incident_id=incident.id)]


def widen(book: Book, request: r.Widen, now: datetime) -> list[Fact]:
    """Go on to the next, wider step now; the reason goes on record."""
    incident = book.incident(request.incident_id)
    must_not_be_anothers(incident, request.operator_id)
    if not request.reason:
        raise ReasonNeeded("to widen the search by hand")
    return [
        NoteAdded(at=now, incident_id=incident.id, by=request.operator_id, text=request.reason),
        widened(book, incident, now),
        *kept(book, incident, request.operator_id, now),
    ]


def reopen(book: Book, request: r.Reopen, now: datetime) -> list[Fact]:
    """Open a recently closed incident again: it is the operator's, and the search begins anew.

    Nothing changes when it is open already.

    Raises:
        UnknownSubject: it was closed too long ago, or there never was one: open a new call.
    """
    if request.incident_id in book.incidents:
        return []
    incident = book.closed.get(request.incident_id)
    if incident is None:
        raise UnknownSubject("recently closed incident", request.incident_id)
    if not request.reason:
        raise ReasonNeeded("to open an incident again")
    plan = book.plan_of(incident)
    reopened = IncidentReopened(
        at=now,
        incident_id=incident.id,
        by=request.operator_id,
        level=plan.ladder[0].level,
        step_by=now + plan.ladder[0].lasts,
        desk_by=now + plan.claim_lasts,
        reason=request.reason,
    )
    return [reopened, claimed(incident.id, request.operator_id, plan, now)]


def holds_ended(book: Book, facts: Sequence[Fact], now: datetime) -> list[Fact]:
    """Return the end of every hold that the news in `facts`, not folded yet, does not let stand."""
    settled = {
        fact.incident_id for fact in facts if isinstance(fact, IncidentClosed | IncidentClaimed)
    }
    ended: dict[IncidentId, Fact] = {}
    for fact in facts:
        news = _news(fact)
        if news is None or news[0] in settled:
            continue
        incident_id, why = news
        incident = book.incidents.get(incident_id)
        if incident is not None and incident.claim.is_on_hold:
            until = claim_by(book, incident, now)
            ended[incident_id] = HoldEnded(at=now, incident_id=incident_id, until=until, why=why)
    return list(ended.values())


def held_by(book: Book, incident_id: IncidentId, operator_id: OperatorId) -> Incident:
    """Return an open incident that this operator has, at work on it or on hold.

    Raises:
        ClaimNeeded: nobody has it.
        ClaimHeld: somebody else has it.
    """
    incident = book.incident(incident_id)
    if not incident.claim.is_held:
        raise ClaimNeeded(incident.id)
    must_not_be_anothers(incident, operator_id)
    return incident


def must_be_able_to_take(book: Book, incident: Incident, operator_id: OperatorId) -> None:
    """Raise OperatorNotAvailable unless this operator is at the desk and covers the call's area."""
    other = book.desk.get(operator_id)
    if other is None:
        raise OperatorNotAvailable(operator_id, "not_at_the_desk")
    if not other.covers(book.territory.path(incident.area_id)):
        raise OperatorNotAvailable(operator_id, "not_their_area")


def _news(fact: Fact) -> tuple[IncidentId, str] | None:
    """Return the incident about which its operator must hear at once, and why."""
    match fact:
        case PressRepeated() if fact.gravity is not Gravity.SERVICE:
            return fact.incident_id, "pressed_again"
        case AttendanceBrokenOff() if fact.why not in ("closed", "by_desk"):
            return IncidentId(fact.attendance_id.partition(".")[0]), "broken_off"
        case CaregiverDiverted():
            return IncidentId(fact.attendance_id.partition(".")[0]), "diverted"
        case SceneReported() if fact.act_by is not None:
            return IncidentId(fact.attendance_id.partition(".")[0]), "scene_report"
        case AttendanceDone() if fact.outcome not in ENDING_WELL:
            return IncidentId(fact.attendance_id.partition(".")[0]), "not_helped"
        case _:
            return None
