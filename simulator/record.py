"""Reads back from PostgreSQL what the server put on record, as an auditor would."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import text

from app.database import engine_for
from app.storage.postgres import EmbeddedPostgres

PRESS_KINDS: Final = ("incident_raised", "press_repeated", "cancel_pressed", "signal_heard")
COUNTED_KINDS: Final = ("caregiver_offered", "offer_accepted", "caregiver_arrived")
CLOSED: Final = "incident_closed"
QUERY: Final = text("""
SELECT number, at, kind, incident_id, body::text FROM fact WHERE kind = ANY(:kinds)
ORDER BY center, number
""")

PressKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of the journal."""

    number: int
    at: datetime
    kind: str
    incident_id: str | None
    body: Mapping[str, Any]


@dataclass(slots=True)
class Record:
    """What the journal holds about presses, and what became of them."""

    events: Counter[PressKey] = field(default_factory=Counter[PressKey])
    incidents_of: defaultdict[PressKey, set[str]] = field(
        default_factory=lambda: defaultdict[PressKey, set[str]](set)
    )
    incidents_opened: int = 0
    offers: int = 0
    accepted: int = 0
    closed: int = 0
    response_s: list[float] = field(default_factory=list[float])
    """Press → the first caregiver on scene, by the clock of the rules; one an incident."""

    def times_of(self, key: PressKey) -> int:
        """Return how often a press is on record; two incidents for it count as two."""
        return max(self.events[key], len(self.incidents_of[key]))


def count(rows: Iterable[Row], after: int = 0) -> Record:
    """Return what the facts say; the counts are of those numbered above `after`."""
    record = Record()
    raised_at: dict[str, datetime] = {}
    arrived: set[str] = set()
    for row in rows:
        for key in _presses(row):
            record.events[key] += 1
            if row.incident_id:
                record.incidents_of[key].add(row.incident_id)
        if row.number <= after:
            continue
        incident = row.incident_id or ""
        if row.kind == "incident_raised":
            raised_at[incident] = row.at
        _count(record, row.kind)
        if row.kind == "caregiver_arrived" and incident in raised_at and incident not in arrived:
            arrived.add(incident)
            record.response_s.append((row.at - raised_at[incident]).total_seconds())
    return record


async def read(url: str, after: int = 0) -> Record:
    """Return what the database at `url` holds."""
    engine = engine_for(url)
    kinds = [*PRESS_KINDS, *COUNTED_KINDS, CLOSED]
    try:
        async with engine.connect() as connection:
            found = (await connection.execute(QUERY, {"kinds": kinds})).all()
    finally:
        await engine.dispose()
    return count((_row(tuple(one)) for one in found), after)


async def read_embedded(data_dir: Path, after: int = 0) -> Record:
    """Start the database of a stopped server again, and return what it holds."""
    database = EmbeddedPostgres(data_dir)
    try:
        return await read(await asyncio.to_thread(database.start), after)
    finally:
        await asyncio.to_thread(database.stop)


def _row(columns: tuple[Any, ...]) -> Row:
    number, at, kind, incident_id, body = columns
    return Row(number, at, kind, incident_id, json.loads(body))


def _presses(row: Row) -> list[PressKey]:
    """Return the presses that a fact puts on record."""
    if row.kind not in PRESS_KINDS:
        return []
    events = row.body["events"] if "events" in row.body else [row.body["event"]]
    return [(row.body["handset_id"] or "", event["event_id"]) for event in events]


def _count(record: Record, kind: str) -> None:
    match kind:
        case "incident_raised":
            record.incidents_opened += 1
        case "caregiver_offered":
            record.offers += 1
        case "offer_accepted":
            record.accepted += 1
        case "incident_closed":
            record.closed += 1
        case _:
            pass
