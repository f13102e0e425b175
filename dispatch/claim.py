"""The life of a claim: which operator has taken an incident, and until when."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dispatch.facts import (
    CallHeld,
    ClaimLapsed,
    ClaimReleased,
    Fact,
    HoldEnded,
    IncidentClaimed,
)
from dispatch.ids import OperatorId
from dispatch.lifecycle import Table, follow


class ClaimState(StrEnum):
    """Whether somebody at the desk has the incident."""

    FREE = "free"  # nobody; the siren may sound
    HELD = "held"  # one operator, until a time
    ON_HOLD = "on_hold"  # the operator's still, set aside until the recall time


NEXT: Final[Table[ClaimState]] = MappingProxyType(
    {
        (ClaimState.FREE, IncidentClaimed): ClaimState.HELD,
        (ClaimState.HELD, IncidentClaimed): ClaimState.HELD,  # kept, or taken over
        (ClaimState.HELD, ClaimReleased): ClaimState.FREE,
        (ClaimState.HELD, ClaimLapsed): ClaimState.FREE,
        (ClaimState.HELD, CallHeld): ClaimState.ON_HOLD,
        (ClaimState.ON_HOLD, CallHeld): ClaimState.ON_HOLD,  # another recall time
        (ClaimState.ON_HOLD, HoldEnded): ClaimState.HELD,
        (ClaimState.ON_HOLD, IncidentClaimed): ClaimState.HELD,  # taken up again, or taken over
        (ClaimState.ON_HOLD, ClaimReleased): ClaimState.FREE,
        (ClaimState.ON_HOLD, ClaimLapsed): ClaimState.FREE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who has the incident."""

    state: ClaimState = ClaimState.FREE
    operator_id: OperatorId | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_held(self) -> bool:
        """Whether an operator has it, at work on it or on hold."""
        return self.state is not ClaimState.FREE

    @property
    def is_on_hold(self) -> bool:
        """Whether it is set aside until the recall time, which is `until`."""
        return self.state is ClaimState.ON_HOLD


NOBODY: Final = Claim()


def after(claim: Claim, fact: Fact, *, subject: str) -> Claim:
    """Return the claim as it stands once `fact` has happened.

    Raises:
        TransitionRefused: NEXT has no row for this state and this kind of fact.
    """
    state = follow(NEXT, claim.state, fact, what="claim on", subject=subject)
    if isinstance(fact, IncidentClaimed):
        kept = claim.operator_id == fact.operator_id
        since = claim.since if kept else fact.at
        return Claim(state=state, operator_id=fact.operator_id, since=since, until=fact.until)
    if isinstance(fact, CallHeld):
        return replace(claim, state=state, until=fact.recall_at)
    if isinstance(fact, HoldEnded):
        return replace(claim, state=state, until=fact.until)
    return NOBODY
