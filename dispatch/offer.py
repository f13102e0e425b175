"""The life of an offer: one caregiver is asked to attend one incident."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dispatch.areas import Level
from dispatch.facts import (
    CaregiverOffered,
    Fact,
    OfferAccepted,
    OfferDeclined,
    OfferLapsed,
    OfferRenewed,
    OfferShown,
    OfferWithdrawn,
)
from dispatch.ids import CaregiverId, IncidentId, OfferId
from dispatch.lifecycle import Table, follow


class OfferState(StrEnum):
    """What became of the question."""

    PENDING = "pending"  # asked, not answered, in time
    ACCEPTED = "accepted"  # yes: an attendance of the same id exists
    DECLINED = "declined"  # no
    LAPSED = "lapsed"  # silence
    WITHDRAWN = "withdrawn"  # not needed any more


NEXT: Final[Table[OfferState]] = MappingProxyType(
    {
        (OfferState.PENDING, OfferShown): OfferState.PENDING,
        (OfferState.PENDING, OfferRenewed): OfferState.PENDING,
        (OfferState.PENDING, OfferAccepted): OfferState.ACCEPTED,
        (OfferState.PENDING, OfferDeclined): OfferState.DECLINED,
        (OfferState.PENDING, OfferLapsed): OfferState.LAPSED,
        (OfferState.PENDING, OfferWithdrawn): OfferState.WITHDRAWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One question to one caregiver."""

    id: OfferId
    incident_id: IncidentId
    caregiver_id: CaregiverId
    made_at: datetime
    answer_by: datetime
    travel_s: float
    distance_m: float
    level: Level
    by: str
    ask: int = 0  # of the step under which it was made
    state: OfferState = OfferState.PENDING
    shown_at: datetime | None = None
    answered_at: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the answer is still awaited."""
        return self.state is OfferState.PENDING


def made(fact: CaregiverOffered) -> Offer:
    """Return the offer that begins with `fact`."""
    return Offer(
        id=fact.offer_id,
        incident_id=fact.incident_id,
        caregiver_id=fact.caregiver_id,
        made_at=fact.at,
        answer_by=fact.answer_by,
        travel_s=fact.travel_s,
        distance_m=fact.distance_m,
        level=fact.level,
        by=fact.by,
        ask=fact.ask,
    )


def after(offer: Offer, fact: Fact) -> Offer:
    """Return the offer as it stands once `fact` has happened.

    Raises:
        TransitionRefused: NEXT has no row for this state and this kind of fact.
    """
    state = follow(NEXT, offer.state, fact, what="offer", subject=offer.id)
    match fact:
        case OfferShown():
            return replace(offer, state=state, shown_at=offer.shown_at or fact.at)
        case OfferRenewed():
            return replace(offer, state=state, answer_by=fact.answer_by)
        case _:
            return replace(offer, state=state, answered_at=fact.at)
