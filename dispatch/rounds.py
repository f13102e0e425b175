"""A call round: after an outage whoever was not heard is asked after, gravest first."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from dispatch import requests as r
from dispatch.book import Book, Resident
from dispatch.desk import rise
from dispatch.errors import UnknownSubject
from dispatch.facts import (
    Fact,
    IncidentRaised,
    RoundAnswered,
    RoundBegan,
    RoundEnded,
    RoundOverdue,
)
from dispatch.ids import HandsetId, IncidentId, ResidentId, RoundId

MOVE_WITHIN: Final = timedelta(minutes=15)  # something must happen in a round, or somebody is told
SAME_TRY: Final = timedelta(minutes=1)  # a "no answer" said again so soon is the same one
KIND: Final = "no_contact"  # of the call for a resident who did not answer twice
_ABILITY: Final = {"dependent": 0, "partly": 1, "self_caring": 2}


def begin(book: Book, request: r.BeginRound, now: datetime) -> list[Fact]:
    """Begin a round with the residents who are in none; gravest first, then as they were given.

    No such resident is no round.
    """
    wanted = dict.fromkeys(one for one in request.residents if one not in book.round_of)
    unknown = [one for one in wanted if one not in book.residents]
    if unknown:
        raise UnknownSubject("resident", unknown[0])
    order = sorted(wanted, key=lambda one: _gravity(book.residents[one]))  # keeps the given order
    if not order:
        return []
    return [
        RoundBegan(
            at=now,
            round_id=RoundId(f"CR{book.round_count + 1}"),
            by=request.by,
            order=tuple(order),
            move_by=now + MOVE_WITHIN,
            reason=request.reason,
        )
    ]


def answer(book: Book, request: r.AnswerRound, now: datetime) -> list[Fact]:
    """Note that a resident was reached, by telephone or a visit, or did not answer.

    The second time without an answer opens a call for them, unless they have one: then it is
    known, and somebody's business. Nothing changes for who is accounted for already.
    """
    one = book.rounds.get(request.round_id)
    if one is None:
        raise UnknownSubject("call round", request.round_id)
    resident_id = request.resident_id
    if resident_id not in one.left:
        if resident_id not in book.residents:
            raise UnknownSubject("resident", resident_id)
        return []
    if request.how != "no_answer":
        return _accounted_for(book, (resident_id,), request.how, request.by, now)
    tried_at = dict(one.tried).get(resident_id)
    if tried_at is None:
        return [
            RoundAnswered(
                at=now,
                round_id=one.id,
                resident_id=resident_id,
                how="no_answer",
                by=request.by,
                is_accounted_for=False,
                move_by=now + MOVE_WITHIN,
            )
        ]
    if now - tried_at < SAME_TRY:
        return []
    accounted = _accounted_for(book, (resident_id,), "no_answer", request.by, now)
    if book.open_of.get(book.caller_of(resident_id, None)):
        return accounted
    return [*accounted, *_raised(book, book.residents[resident_id], now)]


def heard(book: Book, handset_ids: Iterable[HandsetId], now: datetime) -> list[Fact]:
    """Account for the residents of handsets that were heard again."""
    if not book.rounds:
        return []
    found = (book.handsets.get(handset_id) for handset_id in handset_ids)
    owners = (handset.resident_id for handset in found if handset is not None)
    residents = dict.fromkeys(one for one in owners if one is not None and one in book.round_of)
    return _accounted_for(book, tuple(residents), "heard", "handset", now) if residents else []


def heard_again(book: Book, request: r.HeardAgain, now: datetime) -> list[Fact]:
    """Account for the residents whose handsets sent a position or a sign of life."""
    return heard(book, request.handset_ids, now)


def lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Say that nothing has moved for a while, again and again until something does."""
    return [RoundOverdue(at=now, round_id=RoundId(lapse.subject_id), move_by=now + MOVE_WITHIN)]


def _gravity(resident: Resident) -> tuple[int, bool]:
    return _ABILITY.get(resident.ability, 1), not resident.lives_alone


def _accounted_for(
    book: Book, residents: Sequence[ResidentId], how: str, by: str, now: datetime
) -> list[Fact]:
    """Return the answer of each, and the end of every round in which nobody is left."""
    facts: list[Fact] = []
    left = {one.id: set(one.left) for one in book.rounds.values()}
    for resident_id in residents:
        round_id = book.round_of[resident_id]
        left[round_id].discard(resident_id)
        facts.append(
            RoundAnswered(
                at=now,
                round_id=round_id,
                resident_id=resident_id,
                how=how,
                by=by,
                is_accounted_for=True,
                move_by=now + MOVE_WITHIN,
            )
        )
    facts.extend(RoundEnded(at=now, round_id=one) for one, who in left.items() if not who)
    return facts


def _raised(book: Book, resident: Resident, now: datetime) -> list[Fact]:
    """Open a call for a resident who could not be reached; an old plan knows only an SOS for it."""
    plan = book.plans.of(KIND)
    raised = IncidentRaised(
        at=now,
        incident_id=IncidentId(f"I{book.incident_count + 1}"),
        kind=plan.kind,
        gravity=plan.gravity,
        plan_version=book.plan_version,
        channel="round",
        resident_id=resident.id,
        handset_id=None,
        area_id=resident.area_id,
        events=(),
        occurred_at=None,
        due_at=now + plan.due_within,
        level=plan.ladder[0].level,
        step_by=now + plan.ladder[0].lasts,
        desk_by=now + plan.claim_within if plan.claim_within else None,
        place=resident.home,
    )
    path = book.territory.path(resident.area_id)
    if raised.desk_by is None or book.present(path, supervisors=False):
        return [raised]
    return [raised, rise(book, raised.incident_id, path, plan, now)]
