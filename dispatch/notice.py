"""The life of a notice: a party outside is told of an incident, until somebody says it knows."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from dispatch.facts import Fact, PartyAcknowledged, PartySilent, PartyTold
from dispatch.lifecycle import Table, follow

EMERGENCY_SERVICES: Final = frozenset({"120", "110", "119"})
OFFICER: Final = "officer"
"""The duty officer of an area is the party `officer:AREA`."""


class NoticeState(StrEnum):
    """Whether the party knows."""

    TOLD = "told"  # by a channel, until a time; or to be telephoned by the desk
    ACKNOWLEDGED = "acknowledged"  # the party, or an operator for it, said that it knows
    SILENT = "silent"  # nothing came in time; told again by the next channel


NEXT: Final[Table[NoticeState]] = MappingProxyType(
    {
        (NoticeState.TOLD, PartyTold): NoticeState.TOLD,  # by hand, before the time is over
        (NoticeState.TOLD, PartyAcknowledged): NoticeState.ACKNOWLEDGED,
        (NoticeState.TOLD, PartySilent): NoticeState.SILENT,
        (NoticeState.SILENT, PartyTold): NoticeState.TOLD,
        (NoticeState.SILENT, PartyAcknowledged): NoticeState.ACKNOWLEDGED,
        (NoticeState.ACKNOWLEDGED, PartyTold): NoticeState.TOLD,  # in a new round, or anew by hand
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What one party knows of one incident."""

    party: str
    channel: int  # of the party's; -1: the desk must telephone
    attempt: int
    round: int  # of the search, when it was told last
    told_at: datetime
    until: datetime | None  # None while nothing is awaited, or only the desk can say
    state: NoticeState = NoticeState.TOLD
    by: str | None = None  # who acknowledged
    acknowledged_at: datetime | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether an acknowledgement is awaited from a channel."""
        return self.state is NoticeState.TOLD and self.until is not None


def is_officer(party: str) -> bool:
    """Whether the party is the duty officer of an area."""
    return party.partition(":")[0] == OFFICER


def begun(fact: PartyTold, search_round: int) -> Notice:
    """Return the notice that begins with `fact`."""
    return Notice(
        party=fact.party,
        channel=fact.channel,
        attempt=fact.attempt,
        round=search_round,
        told_at=fact.at,
        until=fact.until,
    )


def after(notice: Notice, fact: Fact, search_round: int) -> Notice:
    """Return the notice as it stands once `fact` has happened.

    Raises:
        TransitionRefused: NEXT has no row for this state and this kind of fact.
    """
    state = follow(NEXT, notice.state, fact, what="notice to", subject=notice.party)
    match fact:
        case PartyTold():
            return begun(fact, search_round)
        case PartyAcknowledged():
            return replace(notice, state=state, until=None, by=fact.by, acknowledged_at=fact.at)
        case _:
            return replace(notice, state=state, until=None)
