"""What is read from the facts: tables that serve lists and reports, and can be made anew.

`Changes` gathers, while a batch is decided, the last row of everything it touched; the ledger
writes them in the transaction of the facts. Fold the facts again and the same rows come out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from app.storage.letters import message_of
from dispatch import facts as f
from dispatch.attendance import Attendance
from dispatch.book import Book
from dispatch.facts import Fact
from dispatch.hours import hours_text
from dispatch.ids import AttendanceId, IncidentId, OfferId
from dispatch.incident import Incident
from dispatch.offer import Offer
from dispatch.place import Place
from dispatch.status import status_of

Row: TypeAlias = tuple[Any, ...]

# Table → its columns with their types, the key first.
TABLES: Final[Mapping[str, str]] = {
    "incident": "id text, number bigint, status text, kind text, gravity smallint, channel text,"
    " plan_version text, resident_id text, handset_id text, area_id text, area_path text,"
    " raised_at timestamptz, due_at timestamptz, closed_at timestamptz, disposition text,"
    " presses integer, operator_id text, linked_to text, handled_at text",
    "offer": "id text, incident_id text, caregiver_id text, state text, level text,"
    " chosen_by text, made_at timestamptz, answer_by timestamptz, shown_at timestamptz,"
    " answered_at timestamptz, travel_s float8, distance_m float8, sent_at timestamptz,"
    " not_shown_at timestamptz",
    "attendance": "id text, incident_id text, caregiver_id text, state text,"
    " accepted_at timestamptz, set_out_at timestamptz, arrived_at timestamptz,"
    " ended_at timestamptz, outcome text",
    "area": "id text, parent_id text, level text, name text, lon float8, lat float8, ring json,"
    " zone text",
    "officer": "area_id text, officer text, telephone text",
    "resident": "id text, area_id text, state text, category text, ability text,"
    " lives_alone boolean, language text, communication text, home_is_pinned boolean,"
    " excluded json, lon float8, lat float8, name text, sex text, born text, telephone text,"
    " address text, medical text, key_note text, needs json, wants_sex text, key_holders json",
    "handset": "id text, resident_id text, model text",
    "caregiver": "id text, kind text, skills json, languages json, area_id text,"
    " speed_kmh float8, is_active boolean, lon float8, lat float8, name text, telephone text,"
    " sex text, hours text",
}


def _upsert(table: str, columns: str) -> str:
    names, types = zip(*(column.split() for column in columns.split(",")), strict=True)
    holders = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, start=1))
    update = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM unnest({holders})"  # noqa: S608
        f" ON CONFLICT ({names[0]}) DO UPDATE SET {update}"
    )


_UPSERTS: Final = {table: _upsert(table, columns) for table, columns in TABLES.items()}
_OUTBOX: Final = (
    "INSERT INTO outbox (fact_number, incident_id, payload, expires_at, audience)"
    " SELECT * FROM unnest($1::bigint[], $2::text[], $3::json[], $4::timestamptz[], $5::text[])"
)


class Changes:
    """The last row of everything that a batch touched."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._outbox: list[Row] = []

    def note(self, book: Book, fact: Fact, number: int) -> None:
        """Take up what `fact`, just folded into `book`, changed; call for every fact, in order."""
        directory = _DIRECTORY.get(type(fact))
        if directory is not None:
            table, row = directory
            self._put(table, row(fact))
            return
        offer_id = getattr(fact, "offer_id", None) or getattr(fact, "attendance_id", None)
        incident_id: str | None = getattr(fact, "incident_id", None)
        if offer_id is not None:
            incident_id = self._note_offer(book, offer_id)
        if incident_id is not None:
            incident = book.incidents.get(IncidentId(incident_id)) or book.closed.get(
                IncidentId(incident_id)
            )
            if incident is not None:
                self._put("incident", _incident_row(book, incident, number))
        message = message_of(book, fact)
        if message is not None:
            self._outbox.append((number, *message))

    def statements(self, *, with_messages: bool = True) -> list[tuple[str, Sequence[Any]]]:
        """Return the SQL that writes all of it, with its arguments.

        Without messages when old facts are folded again: what they said outside is said.
        """
        written = [
            (_UPSERTS[table], _columns(list(rows.values()))) for table, rows in self._rows.items()
        ]
        if self._outbox and with_messages:
            written.append((_OUTBOX, _columns(self._outbox)))
        return written

    @property
    def has_messages(self) -> bool:
        """Whether something must leave for the outside."""
        return bool(self._outbox)

    def _note_offer(self, book: Book, offer_id: str) -> str | None:
        offer = book.offers.get(OfferId(offer_id))
        if offer is None:
            return None
        self._put("offer", _offer_row(offer))
        attendance = book.attendances.get(AttendanceId(offer_id))
        if attendance is not None:
            self._put("attendance", _attendance_row(attendance))
        return offer.incident_id

    def _put(self, table: str, row: Row) -> None:
        self._rows.setdefault(table, {})[row[0]] = row


def _columns(rows: Sequence[Row]) -> Sequence[Any]:
    return [list(column) for column in zip(*rows, strict=True)]


def _incident_row(book: Book, incident: Incident, number: int) -> Row:
    return (
        incident.id,
        number,
        status_of(book, incident).value,
        incident.kind,
        int(incident.gravity),
        incident.channel,
        incident.plan_version,
        incident.resident_id,
        incident.handset_id,
        incident.area_id,
        "/".join(book.territory.path(incident.area_id)),
        incident.raised_at,
        incident.due_at,
        incident.closed_at,
        incident.disposition,
        incident.presses,
        incident.claim.operator_id,
        incident.linked_to,
        incident.handled_at,
    )


def _offer_row(offer: Offer) -> Row:
    return (
        offer.id,
        offer.incident_id,
        offer.caregiver_id,
        offer.state.value,
        offer.level.value,
        offer.by,
        offer.made_at,
        offer.answer_by,
        offer.shown_at,
        offer.answered_at,
        offer.travel_s,
        offer.distance_m,
        offer.sent_at,
        offer.not_shown_at,
    )


def _attendance_row(attendance: Attendance) -> Row:
    return (
        attendance.id,
        attendance.incident_id,
        attendance.caregiver_id,
        attendance.state.value,
        attendance.accepted_at,
        attendance.set_out_at,
        attendance.arrived_at,
        attendance.ended_at,
        attendance.outcome,
    )


def _area_row(fact: f.AreaDefined) -> Row:
    ring = msgspec.json.encode(fact.ring).decode()
    lon, lat = fact.centre
    return (fact.area_id, fact.parent_id, fact.level.value, fact.name, lon, lat, ring, fact.zone)


def _officer_row(fact: f.OfficerNamed) -> Row:
    return (fact.area_id, fact.officer, fact.telephone)


def _resident_row(fact: f.ResidentRegistered) -> Row:
    return (
        fact.resident_id,
        fact.area_id,
        fact.state,
        fact.category,
        fact.ability,
        fact.lives_alone,
        fact.language,
        fact.communication,
        fact.home_is_pinned,
        msgspec.json.encode(fact.excluded).decode(),
        *_lon_lat(fact.home),
        fact.name,
        fact.sex,
        fact.born,
        fact.telephone,
        fact.address,
        fact.medical,
        fact.key_note,
        msgspec.json.encode(fact.needs).decode(),
        fact.wants_sex,
        msgspec.json.encode(fact.key_holders).decode(),
    )


def _handset_row(fact: f.HandsetPaired) -> Row:
    return (fact.handset_id, fact.resident_id, fact.model)


def _caregiver_row(fact: f.CaregiverEnrolled) -> Row:
    return (
        fact.caregiver_id,
        fact.kind,
        msgspec.json.encode(fact.skills).decode(),
        msgspec.json.encode(fact.languages).decode(),
        fact.area_id,
        fact.speed_kmh,
        fact.is_active,
        *_lon_lat(fact.station),
        fact.name,
        fact.telephone,
        fact.sex,
        hours_text(fact.hours),
    )


def _lon_lat(place: Place | None) -> tuple[float | None, float | None]:
    return (place.lon, place.lat) if place is not None else (None, None)


_DIRECTORY: Final[Mapping[type[Fact], tuple[str, Callable[[Any], Row]]]] = {
    f.AreaDefined: ("area", _area_row),
    f.OfficerNamed: ("officer", _officer_row),
    f.ResidentRegistered: ("resident", _resident_row),
    f.HandsetPaired: ("handset", _handset_row),
    f.CaregiverEnrolled: ("caregiver", _caregiver_row),
}
