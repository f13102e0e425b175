"""What people see of the book: plain dictionaries, ready to be written as JSON.

Times are datetimes and leave as RFC 3339 UTC; units stand in the names. Who may see which view
is decided at the doors.
"""

from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from app.register.directory import Directory, ResidentCard
from dispatch.attendance import Attendance
from dispatch.book import Book
from dispatch.claim import Claim
from dispatch.ids import CaregiverId, HandsetId, IncidentId, alarm_of, carrier_of
from dispatch.incident import Incident, StageClock
from dispatch.ladder import need_of
from dispatch.notice import Notice
from dispatch.offer import Offer
from dispatch.place import Place, distance_m
from dispatch.plans import DESK_KINDS
from dispatch.queue import rank
from dispatch.roster import Caregiver
from dispatch.status import status_of

View: TypeAlias = dict[str, Any]
CLOSED_SHOWN_FOR: Final = timedelta(minutes=10)


def incident_view(book: Book, directory: Directory, incident: Incident) -> View:
    """Return an incident as the console shows it, open or just closed."""
    ladder = {"level": incident.level, "round": incident.round, "until": incident.step_by}
    return {
        "id": incident.id,
        "kind": incident.kind,
        "gravity": incident.gravity.name.lower(),
        "status": status_of(book, incident),
        "raised_at": incident.raised_at,
        "due_at": incident.due_at,
        "rank": rank(incident),
        "presses": incident.presses,
        "pressing": incident.is_pressing,
        "last_press_at": incident.last_press_at,
        "siren": incident.siren,
        "desk": incident.desk,
        "channel": incident.channel,
        "handset_id": incident.handset_id,
        "caregiver": carrier_view(directory, incident.handset_id),
        "resident": resident_view(directory.residents.get(incident.resident_id or "")),
        "area": area_view(book, incident.area_id),
        "place": place_view(incident.place),
        "claim": _claim(directory, incident.claim),
        "held_until": incident.claim.until if incident.claim.is_on_hold else None,
        "hold_max_s": book.plan_of(incident).hold_max.total_seconds(),
        "offered_to": _offered_to(directory, incident),
        "ladder": ladder if incident.is_open else None,
        "offers": [
            _offer(directory, book.offers[one]) for one in incident.offers if incident.is_open
        ],
        "attendances": [
            _attendance(directory, book.attendances[one])
            for one in incident.attendances
            if incident.is_open
        ],
        "parties": [_party(directory, notice) for notice in incident.notices],
        "handled_at": incident.handled_at,
        "linked_to": incident.linked_to,
        "silent": incident.is_silent,
        "contact": incident.contact,
        "usual": incident.usual,
        "first_for": _first_for(incident),
        "cancelled": incident.is_cancelled,
        "confirm_by": incident.confirm_by,
        "stages": [_stage(one) for one in incident.stages],
        "note": incident.note,
        "directions": incident.directions,
        "problems": incident.problems,
        "disposition": incident.disposition,
        "closed_at": incident.closed_at,
    }


def desk_view(book: Book, directory: Directory) -> View:
    """Return who sits at the desk and what is true of all of it; no resident is named."""
    return {
        "operators": [
            {
                "operator_id": one.id,
                "name": directory.operator_name(one.id),
                "is_supervisor": one.is_supervisor,
                "areas": one.areas,
            }
            for one in book.desk.values()
        ],
        "hand_overs": [
            {
                "of": one.of,
                "of_name": directory.operator_name(one.of),
                "to": one.to,
                "incident_ids": one.incident_ids,
                "answer_by": one.answer_by,
            }
            for one in book.handovers.values()
        ],
        "overload": book.overload and {"since": book.overload.since, "waiting": len(book.untaken)},
        "back_since": book.back_since,
        "rounds": [
            {"id": one.id, "left": len(one.left), "total": one.total, "overdue": one.is_overdue}
            for one in book.rounds.values()
        ],
    }


def dot_view(book: Book, directory: Directory, person: Caregiver, place: Place | None) -> View:
    """Return a caregiver as a dot on the map."""
    return {
        "id": person.id,
        "name": directory.caregiver_name(person.id),
        "kind": person.kind,
        "on_duty": person.is_on_duty,
        "busy": person.work is not None,
        "lon": place.lon if place else None,
        "lat": place.lat if place else None,
        "at": place.at if place else None,
        "source": place.source if place else None,
    }


def caregiver_view(
    book: Book, directory: Directory, caregiver_id: CaregiverId, now: datetime
) -> View:
    """Return everything a caregiver's telephone shows."""
    person = book.roster.of(caregiver_id)
    offers = [book.offers[one] for one in (person.offer,) if one in book.offers]  # pyright: ignore[reportArgumentType]
    work = [book.attendances[one] for one in (person.work,) if one in book.attendances]  # pyright: ignore[reportArgumentType]
    return {
        "caregiver": {
            "id": person.id,
            "name": directory.caregiver_name(person.id),
            "kind": person.kind,
        },
        "on_duty": person.is_on_duty,
        "on_duty_since": person.on_duty_since if person.is_on_duty else None,
        "resting_until": person.resting_until(now),
        "alarm": _own_alarm(book, caregiver_id),
        "server_time": now,
        "offers": [_asked(book, directory, offer) for offer in offers],
        "attendances": [_assigned(book, directory, attendance) for attendance in work],
    }


def handset_view(book: Book, directory: Directory, handset_id: HandsetId, now: datetime) -> View:
    """Return what a handset may show its owner: is help coming?

    A silent call is never shown: whoever stands beside the resident sees what they saw before.
    """
    handset = book.handsets.get(handset_id)
    resident_id = handset.resident_id if handset else None
    caller = book.caller_of(resident_id, handset_id)
    shown = [book.incidents[one] for one in book.open_of.get(caller, ())]
    for incident in reversed(book.closed.values()):
        if incident.closed_at is None or now - incident.closed_at > CLOSED_SHOWN_FOR:
            break
        if book.caller_of(incident.resident_id, incident.handset_id) == caller:
            shown.append(incident)
    card = directory.residents.get(resident_id or "")
    return {
        "handset_id": handset_id,
        "resident": {"name": card.name} if card else None,
        "server_time": now,
        "incidents": [
            _for_handset(book, directory, incident)
            for incident in shown
            if _is_for_handset(incident)
        ],
    }


def carrier_view(directory: Directory, handset_id: str | None) -> View | None:
    """Return the caregiver whose own alarm a call is; None for a call of a resident."""
    caregiver_id = carrier_of(HandsetId(handset_id) if handset_id else None)
    if caregiver_id is None:
        return None
    return {"id": caregiver_id, "name": directory.caregiver_name(caregiver_id)}


def candidates_view(
    book: Book, directory: Directory, incident_id: IncidentId, now: datetime
) -> list[View]:
    """Return every caregiver on duty for this incident, nearest first, with the reason."""
    incident = book.incident(incident_id)
    need = need_of(book, incident, None)
    rows: list[View] = []
    for person in book.roster.everybody():
        if not person.is_on_duty:
            continue
        row = book.roster.consider(person.id, need, now=now)
        rows.append(
            {
                "caregiver_id": person.id,
                "name": directory.caregiver_name(person.id),
                "kind": person.kind,
                "travel_s": row.travel_s,
                "distance_m": row.distance_m,
                "position_source": row.position_source,
                "handicap_s": row.handicap_s,
                "lacks": row.lacks,
                "verdict": book.roster.verdict(person, need, now=now),
            }
        )
    return sorted(rows, key=lambda row: (row["travel_s"] + row["handicap_s"], row["caregiver_id"]))


def area_view(book: Book, area_id: str | None) -> View | None:
    """Return an area with the names of all that it lies in, widest first."""
    path = book.territory.path(area_id)  # pyright: ignore[reportArgumentType]
    if not path:
        return None
    return {"code": path[-1], "names": [book.territory.areas[one].name for one in path]}


def place_view(place: Place | None) -> View | None:
    """Return a place with its worth: how exact, from where, since when."""
    if place is None:
        return None
    return {
        "lon": place.lon,
        "lat": place.lat,
        "accuracy_m": place.accuracy_m,
        "source": place.source,
        "at": place.at,
    }


def resident_view(card: ResidentCard | None) -> View | None:
    """Return who a resident is, without the medical card."""
    if card is None:
        return None
    return {
        "id": card.id,
        "name": card.name,
        "telephone": card.telephone,
        "address": card.address,
        "language": card.language,
        "communication": card.communication,
        "state": card.state,
        "ability": card.ability,
        "category": card.category,
        "lives_alone": card.lives_alone,
    }


def _own_alarm(book: Book, caregiver_id: CaregiverId) -> View | None:
    """Return the open call that a caregiver in danger made, and whether somebody has taken it."""
    calls = book.open_of.get(book.caller_of(None, alarm_of(caregiver_id)), ())
    found = min((book.incidents[one] for one in calls), key=rank, default=None)
    if found is None:
        return None
    return {"id": found.id, "raised_at": found.raised_at, "heard": found.claim.is_held}


def _claim(directory: Directory, claim: Claim) -> View | None:
    if not claim.is_held:
        return None
    return {
        "operator_id": claim.operator_id,
        "name": directory.operator_name(claim.operator_id),
        "until": claim.until,
    }


def _offered_to(directory: Directory, incident: Incident) -> View | None:
    if incident.offered_to is None:
        return None
    return {
        "operator_id": incident.offered_to,
        "name": directory.operator_name(incident.offered_to),
        "answer_by": incident.offered_to_by,
    }


def _stage(clock: StageClock) -> View:
    return {
        "name": clock.name,
        "due_at": clock.due_at,
        "warned": clock.is_warned,
        "breached": clock.breaches > 0,
        "met_at": clock.met_at,
    }


def _first_for(incident: Incident) -> View | None:
    if incident.first_for is None:
        return None
    return {"operator_id": incident.first_for, "until": incident.first_until}


def _offer(directory: Directory, offer: Offer) -> View:
    return {
        "id": offer.id,
        "caregiver_id": offer.caregiver_id,
        "caregiver_name": directory.caregiver_name(offer.caregiver_id),
        "state": offer.state,
        "level": offer.level,
        "by": offer.by,
        "diverts": offer.diverts,
        "made_at": offer.made_at,
        "answer_by": offer.answer_by,
        "sent_at": offer.sent_at,
        "shown_at": offer.shown_at,
        "not_shown_at": offer.not_shown_at,
        "travel_s": offer.travel_s,
        "distance_m": offer.distance_m,
    }


def _party(directory: Directory, notice: Notice) -> View:
    return {
        "party": notice.party,
        "state": notice.state,
        "by_hand": notice.channel < 0,
        "attempt": notice.attempt,
        "told_at": notice.told_at,
        "until": notice.until,
        "by_name": directory.operator_name(notice.by),
        "acknowledged_at": notice.acknowledged_at,
    }


def _attendance(directory: Directory, attendance: Attendance) -> View:
    return {
        "id": attendance.id,
        "caregiver_id": attendance.caregiver_id,
        "caregiver_name": directory.caregiver_name(attendance.caregiver_id),
        "state": attendance.state,
        "accepted_at": attendance.accepted_at,
        "en_route_at": attendance.set_out_at,
        "on_scene_at": attendance.arrived_at,
        "eta_at": attendance.eta_at,
        "due_by": attendance.due_by,
        "overdue": attendance.reminders > 0,
        "asked": attendance.is_asked,
        "trouble": attendance.trouble,
        "trouble_by": attendance.trouble_by,
        "outcome": attendance.outcome,
    }


def _asked(book: Book, directory: Directory, offer: Offer) -> View:
    """Return an offer as the caregiver sees it: no telephone and nothing medical before a yes."""
    incident = book.incidents[offer.incident_id]
    card = directory.residents.get(incident.resident_id or "")
    return {
        "id": offer.id,
        "incident_id": incident.id,
        "kind": incident.kind,
        "gravity": incident.gravity.name.lower(),
        "made_at": offer.made_at,
        "answer_by": offer.answer_by,
        "travel_s": offer.travel_s,
        "distance_m": offer.distance_m,
        "shown": offer.shown_at is not None,
        "diverts": offer.diverts,
        "address": card.address if card else "",
        "area": area_view(book, incident.area_id),
        "place": _point(incident.place),
        "resident": card
        and {
            "name": card.name,
            "communication": card.communication,
            "language": card.language,
        },
    }


def _assigned(book: Book, directory: Directory, attendance: Attendance) -> View:
    incident = book.incidents[attendance.incident_id]
    card = directory.residents.get(incident.resident_id or "")
    return {
        "id": attendance.id,
        "incident_id": incident.id,
        "kind": incident.kind,
        "gravity": incident.gravity.name.lower(),
        "state": attendance.state,
        "accepted_at": attendance.accepted_at,
        "due_by": attendance.due_by,
        "address": card.address if card else "",
        "area": area_view(book, incident.area_id),
        "place": _point(incident.place),
        "resident": card
        and {
            "name": card.name,
            "telephone": card.telephone,
            "communication": card.communication,
            "language": card.language,
            "ability": card.ability,
            "medical": card.medical,
            "key_note": card.key_note,
        },
        "note": incident.note,
        "directions": incident.directions,
        "asked_until": attendance.check_by if attendance.is_asked else None,
        "trouble": attendance.trouble,
        "trouble_by": attendance.trouble_by,  # null once the desk has heard it
    }


def _point(place: Place | None) -> View | None:
    return {"lon": place.lon, "lat": place.lat} if place else None


def _is_for_handset(incident: Incident) -> bool:
    """Whether the resident may see it: no silent call, and none that the desk raised itself."""
    return not incident.is_silent and incident.kind not in DESK_KINDS


def _for_handset(book: Book, directory: Directory, incident: Incident) -> View:
    coming = book.active_attendances(incident) if incident.is_open else ()
    return {
        "id": incident.id,
        "kind": incident.kind,
        "status": status_of(book, incident),
        "raised_at": incident.raised_at,
        "presses": incident.presses,
        "heard_by_operator": incident.claim.is_held,
        "coming": [_coming(book, directory, incident, one) for one in coming],
        "closed_at": incident.closed_at,
        "disposition": incident.disposition,
    }


def _coming(book: Book, directory: Directory, incident: Incident, attendance: Attendance) -> View:
    seen = book.roster.sighting(attendance.caregiver_id)
    metres = distance_m(seen, incident.place) if seen and incident.place else None
    return {
        "caregiver_name": directory.caregiver_name(attendance.caregiver_id),
        "kind": book.roster.of(attendance.caregiver_id).kind,
        "state": attendance.state,
        "eta_at": attendance.eta_at,
        "distance_m": round(metres) if metres is not None else None,
    }
