"""The operator's hand: what one at the desk does with a call beyond taking and closing it."""

from collections.abc import Sequence
from datetime import datetime

from dispatch import requests as r
from dispatch.attendance import ENDING_WELL
from dispatch.book import Book
from dispatch.desk import claim_by, must_not_be_anothers
from dispatch.errors import ClaimNeeded, RecallRefused
from dispatch.facts import (
    AttendanceBrokenOff,
    AttendanceDone,
    CallHeld,
    Fact,
    HoldEnded,
    IncidentClaimed,
    IncidentClosed,
    PressRepeated,
)
from dispatch.ids import IncidentId, OperatorId
from dispatch.incident import Incident
from dispatch.plans import Gravity


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


def _news(fact: Fact) -> tuple[IncidentId, str] | None:
    """Return the incident about which its operator must hear at once, and why."""
    match fact:
        case PressRepeated() if fact.gravity is not Gravity.SERVICE:
            return fact.incident_id, "pressed_again"
        case AttendanceBrokenOff() if fact.why not in ("closed", "by_desk"):
            return IncidentId(fact.attendance_id.partition(".")[0]), "broken_off"
        case AttendanceDone() if fact.outcome not in ENDING_WELL:
            return IncidentId(fact.attendance_id.partition(".")[0]), "not_helped"
        case _:
            return None
