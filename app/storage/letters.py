"""Which facts become messages, for whom, and what is kept of them: ids and codes, never a name."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import msgspec

from dispatch import facts as f
from dispatch.book import Book
from dispatch.facts import Fact
from dispatch.incident import DeskLevel, Incident
from dispatch.plans import DESK_KINDS, Gravity

OUTSIDE_EXPIRES_AFTER: Final = timedelta(minutes=10)
KIN_EXPIRES_AFTER: Final = timedelta(minutes=30)
KIN: Final = "kin"
"""A step of a call that the family follows: spread over those who are let in when it leaves."""

Letter: TypeAlias = tuple[str, str, datetime, str]
"""The incident, a JSON object, when it is of no use any more, and the audience."""


def message_of(book: Book, fact: Fact) -> Letter | None:
    """Return the message that a fact, just folded into `book`, sends; None for most facts."""
    match fact:
        case f.DeskAlerted() if fact.level == DeskLevel.OUTSIDE:
            return _outside(book, fact)
        case f.OfferNotShown() if book.channels.get("caregiver"):
            return _caregiver(book, fact)
        case f.OverloadBegan():
            return _overload(book, fact)
        case f.PartyTold() if fact.channel >= 0 and fact.until is not None:
            return _party(book, fact, fact.until)
        case f.IncidentRaised() | f.IncidentClosed() | f.OfferAccepted() | f.CaregiverArrived():
            return _kin(book, fact) if book.channels.get("caregiver") else None
        case _:
            return None


def is_for_family(incident: Incident) -> bool:
    """Whether the family hears of a call: help was asked for, aloud, and not by the desk."""
    is_help = incident.gravity is not Gravity.SERVICE and incident.kind not in DESK_KINDS
    return is_help and not incident.is_silent


def _kin(
    book: Book, fact: f.IncidentRaised | f.IncidentClosed | f.OfferAccepted | f.CaregiverArrived
) -> Letter | None:
    match fact:
        case f.IncidentRaised():
            stage, incident_id = "called", fact.incident_id
        case f.IncidentClosed():
            stage, incident_id = "closed", fact.incident_id
        case f.OfferAccepted():
            stage, incident_id = "coming", book.offers[fact.offer_id].incident_id
        case f.CaregiverArrived():
            stage, incident_id = "there", book.attendances[fact.attendance_id].incident_id
    incident = book.incidents.get(incident_id) or book.closed[incident_id]
    if incident.resident_id is None or not is_for_family(incident):
        return None
    payload = {
        "incident_id": incident_id,
        "resident_id": incident.resident_id,
        "stage": stage,
        "at": fact.at,
        "eta_at": fact.eta_at if isinstance(fact, f.OfferAccepted) else None,
        "zone": book.territory.zone(incident.area_id),
    }
    return _letter(incident, payload, fact.at + KIN_EXPIRES_AFTER, KIN)


def _outside(book: Book, fact: f.DeskAlerted) -> Letter:
    incident = book.incidents[fact.incident_id]
    why = "no operator and no supervisor has taken this call"
    payload = {**_about(book, incident), "attempt": fact.attempt, "why": why}
    return _letter(incident, payload, fact.at + OUTSIDE_EXPIRES_AFTER, "outside")


def _overload(book: Book, fact: f.OverloadBegan) -> Letter:
    """Return counts and areas, with the oldest call.

    If nobody outside can be told, it is that call that says so at every console.
    """
    waiting = [book.incidents[one] for one in book.untaken]
    payload = {
        **_about(book, waiting[0]),
        "why": "overload",
        "waiting": fact.waiting,
        "operators": fact.operators,
        "area_paths": sorted({book.territory.path(one.area_id) for one in waiting}),
    }
    return _letter(waiting[0], payload, fact.at + OUTSIDE_EXPIRES_AFTER, "outside")


def _caregiver(book: Book, fact: f.OfferNotShown) -> Letter:
    offer = book.offers[fact.offer_id]
    incident = book.incidents[offer.incident_id]
    payload = {
        **_about(book, incident),
        "offer_id": offer.id,
        "caregiver_id": offer.caregiver_id,
        "answer_by": offer.answer_by,
        "travel_s": offer.travel_s,
    }
    return _letter(incident, payload, offer.answer_by, "caregiver")


def _party(book: Book, fact: f.PartyTold, until: datetime) -> Letter:
    incident = book.incidents[fact.incident_id]
    payload = {
        **_about(book, incident),
        "resident_id": incident.resident_id,
        "party": fact.party,
        "channel": fact.channel,
        "attempt": fact.attempt,
        "acknowledge_by": until,
        "why": fact.why,
    }
    return _letter(incident, payload, until, fact.party.partition(":")[0])


def _about(book: Book, incident: Incident) -> Mapping[str, Any]:
    return {
        "incident_id": incident.id,
        "kind": incident.kind,
        "gravity": incident.gravity.name.lower(),
        "raised_at": incident.raised_at,
        "area_path": list(book.territory.path(incident.area_id)),
    }


def _letter(
    incident: Incident, payload: Mapping[str, Any], expires_at: datetime, audience: str
) -> Letter:
    return (incident.id, msgspec.json.encode(payload).decode(), expires_at, audience)
