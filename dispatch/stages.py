"""Staged deadlines of a kind of call: reported, put on the register, seen face to face.

Each is warned of before, breached when it passes, and rises to whoever must act next, again and
again, until it is met.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from dispatch import requests as r
from dispatch.book import Book
from dispatch.desk import rise
from dispatch.facts import (
    CaregiverArrived,
    Fact,
    IncidentClaimed,
    IncidentClosed,
    IncidentRaised,
    NoteAdded,
    StageBreached,
    StageDue,
    StageMet,
    StageWarned,
)
from dispatch.ids import HandsetId, IncidentId
from dispatch.incident import stage_of_subject
from dispatch.plans import FACE_TO_FACE, REGISTER, REPORT


def follow(book: Book, facts: list[Fact], now: datetime) -> list[Fact]:
    """Return the facts with the stages that they begin or meet, each beside its cause."""
    done: list[Fact] = []
    waiting: dict[IncidentId, set[str]] = {}
    for fact in facts:
        if isinstance(fact, IncidentRaised):
            begun = list(_begun(book, fact))
            waiting[fact.incident_id] = {one.stage for one in begun}
            done += [fact, *begun]
            continue
        met = list(_met(book, fact, waiting, now))
        done += [*met, fact] if isinstance(fact, IncidentClosed) else [fact, *met]
    return done


def stage_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Warn before a stage is due; once it is breached let the call rise, again and again."""
    incident_id, name = stage_of_subject(lapse.subject_id)
    incident = book.incident(incident_id)
    clock = next(one for one in incident.stages if one.name == name)
    if lapse.due_at < clock.due_at:
        return [StageWarned(at=now, incident_id=incident_id, stage=name)]
    plan = book.plan_of(incident)
    again_at = now + plan.desk_again
    path = book.territory.path(incident.area_id)
    return [
        StageBreached(at=now, incident_id=incident_id, stage=name, again_at=again_at),
        rise(book, incident_id, path, plan, now, incident),
    ]


def _begun(book: Book, raised: IncidentRaised) -> Iterator[StageDue]:
    for stage in book.plan_books[raised.plan_version].of(raised.kind).stages:
        warn = stage.within - stage.warn_before if stage.warn_before else None
        yield StageDue(
            at=raised.at,
            incident_id=raised.incident_id,
            stage=stage.name,
            due_at=stage.ends_after(raised.at, stage.within),
            warn_at=stage.ends_after(raised.at, warn) if warn else None,
        )


def _met(
    book: Book, fact: Fact, waiting: dict[IncidentId, set[str]], now: datetime
) -> Iterator[StageMet]:
    """Give what this fact meets of the stages that still wait, and note it in `waiting`."""
    incident_id, by = _subject(book, fact)
    if incident_id is None:
        return
    if incident_id not in waiting:
        incident = book.incidents.get(incident_id)
        clocks = incident.stages if incident else ()
        waiting[incident_id] = {one.name for one in clocks if one.by is not None}
    for name in _MEETS.get(type(fact), ()):
        if name in waiting[incident_id]:
            waiting[incident_id].discard(name)
            yield StageMet(at=now, incident_id=incident_id, stage=name, by=by)


def _subject(book: Book, fact: Fact) -> tuple[IncidentId | None, str]:
    match fact:
        case IncidentClaimed():
            return fact.incident_id, fact.operator_id
        case NoteAdded() if HandsetId(fact.by) in book.handsets:
            return None, ""  # a late sign of life is nobody's report
        case NoteAdded() | IncidentClosed():
            return fact.incident_id, fact.by
        case CaregiverArrived():
            attendance = book.attendance(fact.attendance_id)
            return attendance.incident_id, attendance.caregiver_id
        case _:
            return None, ""


_MEETS: Final[dict[type[Fact], tuple[str, ...]]] = {
    IncidentClaimed: (REPORT,),
    NoteAdded: (REPORT, REGISTER),
    IncidentClosed: (REPORT, REGISTER),
    CaregiverArrived: (FACE_TO_FACE,),
}
