"""Calls that nobody made: the control room raises them by itself, about one resident."""

from datetime import datetime

from dispatch import requests as r
from dispatch.book import Book, Resident
from dispatch.contact import contact, is_voiceless
from dispatch.facts import Fact, IncidentRaised
from dispatch.habits import called, is_own_call, wants_review
from dispatch.ids import IncidentId, ResidentId
from dispatch.plans import Gravity, Plan
from dispatch.presses import first_alerts


def care_reviews(book: Book, facts: list[Fact], now: datetime) -> list[Fact]:
    """Return the care reviews for those who, with these calls, call every day.

    It asks somebody to look at what the resident lacks. The call itself is served as any other.
    """
    reviews: list[Fact] = []
    for fact in facts:
        if not isinstance(fact, IncidentRaised) or not is_own_call(fact):
            continue
        resident = book.residents.get(fact.resident_id) if fact.resident_id else None
        if resident is None or not wants_review(called(book.habits.get(resident.id), now), now):
            continue
        number = sum(isinstance(one, IncidentRaised) for one in (*facts, *reviews))
        reviews += raise_about(
            book, resident, "care_review", now, number=number, linked_to=fact.incident_id
        )
    return reviews


def check_in_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Open a call about somebody who gave no sign of life; urgent where nobody else would know."""
    resident = book.residents[ResidentId(lapse.subject_id)]
    plan = book.plans.of("missed_check_in")
    is_urgent = resident.lives_alone or resident.ability == "dependent"
    gravity = plan.gravity if is_urgent else max(plan.gravity, Gravity.ROUTINE)
    return raise_about(book, resident, plan.kind, now, gravity=gravity)


def raise_about(
    book: Book,
    resident: Resident,
    kind: str,
    now: datetime,
    *,
    number: int = 0,
    linked_to: IncidentId | None = None,
    gravity: Gravity | None = None,
) -> list[Fact]:
    """Return what opens a call of one of DESK_KINDS; nothing when no plan knows it.

    `number` is how many calls were raised before it in the same decision.
    """
    plan = book.plans.plans.get(kind)
    if plan is None:
        return []
    step = _first_step(plan, resident)
    raised = IncidentRaised(
        at=now,
        incident_id=IncidentId(f"I{book.incident_count + number + 1}"),
        kind=kind,
        gravity=plan.gravity if gravity is None else gravity,
        plan_version=book.plan_version,
        channel=_CHANNELS[kind],
        resident_id=resident.id,
        handset_id=None,
        area_id=resident.area_id,
        events=(),
        occurred_at=None,
        due_at=now + plan.due_within,
        level=plan.ladder[step].level,
        step=step,
        step_by=now + plan.ladder[step].lasts,
        desk_by=now + plan.claim_within if plan.claim_within else None,
        linked_to=linked_to,
        contact=contact(resident.communication, plan.say, is_silent=plan.is_silent),
        is_silent=plan.is_silent,
        place=resident.home,
    )
    return [raised, *first_alerts(book, raised, plan, now)]


_CHANNELS = {"care_review": "habit", "missed_check_in": "rhythm"}


def _first_step(plan: Plan, resident: Resident) -> int:
    """Return where the ladder begins: nobody telephones first who can not be answered."""
    if not is_voiceless(resident.communication) or plan.is_desk_only:
        return 0
    return next(index for index, step in enumerate(plan.ladder) if step.level.is_area)
