"""What a family sees of its resident: whether they called, who comes and in how many minutes.

Nothing medical, no address, and of whoever comes only name, role and time. A silent call is never
shown: whoever threatens the resident may be family.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from app.register.directory import Directory
from app.storage.letters import is_for_family
from dispatch.attendance import Attendance
from dispatch.book import Book
from dispatch.ids import HandsetId, IncidentId, ResidentId
from dispatch.incident import Incident
from dispatch.queue import rank
from dispatch.status import status_of

View: TypeAlias = dict[str, Any]
CHECK_IN: Final = "check_in"
CLOSED_SHOWN_FOR: Final = timedelta(hours=12)


def resident_for_family(
    book: Book,
    directory: Directory,
    resident_id: str,
    handset_ids: Sequence[str],
    now: datetime,
) -> View | None:
    """Return how a resident is; None once they are not on the register."""
    card = directory.residents.get(resident_id)
    if card is None:
        return None
    incident = _call(book, resident_id, now)
    return {
        "id": card.id,
        "name": card.name,
        "state": card.state,
        "zone": book.territory.zone(book.residents[ResidentId(resident_id)].area_id),
        "checked_in_at": _checked_in_at(book, handset_ids),
        "call": incident and _call_view(book, directory, incident),
    }


def _checked_in_at(book: Book, handset_ids: Sequence[str]) -> datetime | None:
    """Return when the resident last said that all is well."""
    heard = (book.heard.get(HandsetId(one), {}) for one in handset_ids)
    said = (one.at for known in heard for event, one in known.items() if event.kind == CHECK_IN)
    return max(said, default=None)


def _call(book: Book, resident_id: str, now: datetime) -> Incident | None:
    """Return the gravest open call, else the one that was closed last."""
    open_ids = book.open_of.get(book.caller_of(ResidentId(resident_id), None), ())
    calls = [one for one in (book.incidents[one] for one in open_ids) if is_for_family(one)]
    if calls:
        return min(calls, key=rank)
    for incident in reversed(book.closed.values()):
        if incident.closed_at is None or now - incident.closed_at > CLOSED_SHOWN_FOR:
            return None
        if incident.resident_id == resident_id and is_for_family(incident):
            return incident
    return None


def open_calls(book: Book, resident_id: str) -> Sequence[IncidentId]:
    """Return all open calls of a resident, also those that the family is not told of."""
    ids = book.open_of.get(book.caller_of(ResidentId(resident_id), None), ())
    return sorted(ids, key=lambda one: rank(book.incidents[one]))


def _call_view(book: Book, directory: Directory, incident: Incident) -> View:
    there = [book.attendances[one] for one in incident.attendances if one in book.attendances]
    coming = book.active_attendances(incident) if incident.is_open else ()
    accepted = [one.accepted_at for one in there]
    arrived = [one.arrived_at for one in there if one.arrived_at is not None]
    return {
        "id": incident.id,
        "kind": incident.kind,
        "status": status_of(book, incident),
        "raised_at": incident.raised_at,
        "presses": incident.presses,
        "heard": incident.claim.is_held,
        "accepted_at": min(accepted, default=None),
        "arrived_at": min(arrived, default=None),
        "coming": [_coming(book, directory, one) for one in coming],
        "closed_at": incident.closed_at,
        "disposition": incident.disposition,
    }


def _coming(book: Book, directory: Directory, attendance: Attendance) -> View:
    return {
        "name": directory.caregiver_name(attendance.caregiver_id),
        "role": book.roster.of(attendance.caregiver_id).kind,
        "state": attendance.state,
        "eta_at": attendance.eta_at,
        "arrived_at": attendance.arrived_at,
    }
