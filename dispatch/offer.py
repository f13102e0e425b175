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
    OfferNotShown,
    OfferRenewed,
    OfferSent,
    OfferShown,
    OfferWithdrawn,
)
from dispatch.ids import AttendanceId, CaregiverId, IncidentId, OfferId
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
        (OfferState.PENDING, OfferSent): OfferState.PENDING,
        (OfferState.PENDING, OfferShown): OfferState.PENDING,
        (OfferState.PENDING, OfferNotShown): OfferState.PENDING,  # a yes still counts
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
    show_by: datetime | None = None  # None once it was shown, or was found not to be
    diverts: AttendanceId | None = None  # the routine work that a yes breaks off
    state: OfferState = OfferState.PENDING
    sent: tuple[str, ...] = ()  # the channels by which it has left
    sent_at: datetime | None = None  # first
    shown_at: datetime | None = None
    not_shown_at: datetime | None = None
    answered_at: datetime | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the answer is still awaited."""
        return self.state is OfferState.PENDING

    @property
    def is_unseen(self) -> bool:
        """Whether it was not shown in time and is not yet: others are asked in its stead."""
        return self.not_shown_at is not None and self.shown_at is None


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
        show_by=fact.show_by,
        diverts=fact.diverts,
    )


def after(offer: Offer, fact: Fact) -> Offer:
    """Return the offer as it stands once `fact` has happened.

    Raises:
        TransitionRefused: NEXT has no row for this state and this kind of fact.
    """
    state = follow(NEXT, offer.state, fact, what="offer", subject=offer.id)
    match fact:
        case OfferSent():
            sent = (*offer.sent, fact.channel)
            return replace(offer, sent=sent, sent_at=offer.sent_at or fact.at)
        case OfferShown():
            return replace(offer, shown_at=offer.shown_at or fact.at, show_by=None)
        case OfferNotShown():
            return replace(offer, not_shown_at=fact.at, show_by=None)
        case OfferRenewed():
            return replace(offer, answer_by=fact.answer_by, show_by=fact.show_by)
        case _:
            return replace(offer, state=state, answered_at=fact.at)
