"""The life of a call round: who is still to be heard or reached, in which order."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dispatch.facts import RoundAnswered, RoundBegan, RoundOverdue
from dispatch.ids import ResidentId, RoundId

OUTAGE: Final = timedelta(minutes=10)  # a stop of this length may have cost somebody's press


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Whom nobody has heard or reached yet, in the order in which they are called."""

    id: RoundId
    reason: str
    began_at: datetime
    total: int
    left: tuple[ResidentId, ...]
    move_by: datetime
    is_overdue: bool = False  # nothing has moved for too long
    tried: tuple[tuple[ResidentId, datetime], ...] = ()  # who did not answer once, and when


def begun(fact: RoundBegan) -> Round:
    """Return the round that begins with `fact`."""
    return Round(
        id=fact.round_id,
        reason=fact.reason,
        began_at=fact.at,
        total=len(fact.order),
        left=fact.order,
        move_by=fact.move_by,
    )


def after(one: Round, fact: RoundAnswered | RoundOverdue) -> Round:
    """Return the round as it stands once `fact` has happened.

    Whoever did not answer the first time is called again, after all others.
    """
    if isinstance(fact, RoundOverdue):
        return replace(one, move_by=fact.move_by, is_overdue=True)
    left = tuple(other for other in one.left if other != fact.resident_id)
    tried = one.tried
    if not fact.is_accounted_for:
        left = (*left, fact.resident_id)
        tried = (*tried, (fact.resident_id, fact.at))
    return replace(one, left=left, tried=tried, move_by=fact.move_by, is_overdue=False)
