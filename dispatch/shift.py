"""The end of a shift: an operator's calls pass to the next one, all of them or none."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from dispatch import requests as r
from dispatch.book import Book, HandOver
from dispatch.desk import claim_by, claimed
from dispatch.errors import NoHandOver, OperatorNotAvailable
from dispatch.facts import ClaimLapsed, Fact, HandOverLapsed, ShiftAccepted, ShiftHandedOver
from dispatch.hand import held_by, must_be_able_to_take
from dispatch.ids import OperatorId
from dispatch.incident import Incident

ANSWER_WITHIN: Final = timedelta(seconds=120)


def hand_over(book: Book, request: r.HandOver, now: datetime) -> list[Fact]:
    """Ask the next operator to take one's calls; until they accept, all are still one's own.

    Nothing to hand over is no hand-over; asking the same again changes nothing.
    """
    giver, to = request.operator_id, request.to
    wanted = request.incident_ids
    ids = tuple(sorted(book.claimed_by.get(giver, ()) if wanted is None else set(wanted)))
    if to == giver:
        raise OperatorNotAvailable(to, "has_it")
    for incident_id in ids:
        must_be_able_to_take(book, held_by(book, incident_id, giver), to)
    before = book.handovers.get(giver)
    if not ids or (before is not None and (before.to, before.incident_ids) == (to, ids)):
        return []
    answer_by = now + ANSWER_WITHIN
    return [ShiftHandedOver(at=now, by=giver, to=to, incident_ids=ids, answer_by=answer_by)]


def accept(book: Book, request: r.AcceptShift, now: datetime) -> list[Fact]:
    """Take every call of a hand-over that its giver still has, each with a fresh claim."""
    handover = book.handovers.get(request.of)
    if handover is None or handover.to != request.operator_id:
        raise NoHandOver(request.of)
    incidents = list(_still_held(book, handover))
    return [
        ShiftAccepted(
            at=now,
            by=request.operator_id,
            of=request.of,
            incident_ids=tuple(one.id for one in incidents),
        ),
        *(claimed(one.id, request.operator_id, book.plan_of(one), now) for one in incidents),
    ]


def lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Put what nobody accepted back on the list, where it sounds: its operator wants to leave."""
    handover = book.handovers[OperatorId(lapse.subject_id)]
    return [
        HandOverLapsed(at=now, of=handover.of, to=handover.to),
        *(
            ClaimLapsed(at=now, incident_id=one.id, desk_by=claim_by(book, one, now))
            for one in _still_held(book, handover)
        ),
    ]


def _still_held(book: Book, handover: HandOver) -> Iterator[Incident]:
    for incident_id in handover.incident_ids:
        incident = book.incidents.get(incident_id)
        if incident is not None and incident.claim.operator_id == handover.of:
            yield incident
