"""A closed incident as the console shows it, from the tables."""

from collections.abc import Sequence

from sqlalchemy.engine import RowMapping

from app.register.directory import Directory
from app.views.book import View, area_view, carrier_view, resident_view
from dispatch.book import Book
from dispatch.plans import Gravity


def past_view(
    book: Book,
    directory: Directory,
    row: RowMapping,
    offers: Sequence[RowMapping],
    attendances: Sequence[RowMapping],
) -> View:
    """Return the same members as `incident_view`; what ended with the incident is null."""
    gravity = Gravity(row["gravity"])
    rank = [not gravity.is_life_threat, row["due_at"], row["raised_at"], int(row["id"][1:])]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "gravity": gravity.name.lower(),
        "status": row["status"],
        "raised_at": row["raised_at"],
        "due_at": row["due_at"],
        "rank": rank,
        "presses": row["presses"],
        "last_press_at": None,
        "siren": False,
        "desk": "operator",
        "channel": row["channel"],
        "handset_id": row["handset_id"],
        "caregiver": carrier_view(directory, row["handset_id"]),
        "resident": resident_view(directory.residents.get(row["resident_id"] or "")),
        "area": area_view(book, row["area_id"]),
        "place": None,
        "claim": None,
        "held_until": None,
        "hold_max_s": None,
        "offered_to": None,
        "ladder": None,
        "offers": [_offer(directory, one) for one in offers],
        "attendances": [_attendance(directory, one) for one in attendances],
        "parties": [],
        "handled_at": row["handled_at"],
        "linked_to": row["linked_to"],
        "cancelled": False,
        "note": "",
        "directions": "",
        "problems": [],
        "disposition": row["disposition"],
        "closed_at": row["closed_at"],
    }


def own_work_view(book: Book, row: RowMapping) -> View:
    """Return a past attendance as the caregiver sees it: nobody's name, and no address."""
    return {
        "id": row["id"],
        "kind": row["kind"],
        "gravity": Gravity(row["gravity"]).name.lower(),
        "area": area_view(book, row["area_id"]),
        "state": row["state"],
        "accepted_at": row["accepted_at"],
        "en_route_at": row["set_out_at"],
        "on_scene_at": row["arrived_at"],
        "ended_at": row["ended_at"],
        "outcome": row["outcome"],
    }


def _offer(directory: Directory, row: RowMapping) -> View:
    return {
        "id": row["id"],
        "caregiver_id": row["caregiver_id"],
        "caregiver_name": directory.caregiver_name(row["caregiver_id"]),
        "state": row["state"],
        "level": row["level"],
        "by": row["chosen_by"],
        "made_at": row["made_at"],
        "answer_by": row["answer_by"],
        "sent_at": row["sent_at"],
        "shown_at": row["shown_at"],
        "not_shown_at": row["not_shown_at"],
        "travel_s": row["travel_s"],
        "distance_m": row["distance_m"],
    }


def _attendance(directory: Directory, row: RowMapping) -> View:
    return {
        "id": row["id"],
        "caregiver_id": row["caregiver_id"],
        "caregiver_name": directory.caregiver_name(row["caregiver_id"]),
        "state": row["state"],
        "accepted_at": row["accepted_at"],
        "en_route_at": row["set_out_at"],
        "on_scene_at": row["arrived_at"],
        "eta_at": None,
        "due_by": None,
        "overdue": False,
        "asked": False,
        "trouble": "",
        "trouble_by": None,
        "outcome": row["outcome"],
    }
