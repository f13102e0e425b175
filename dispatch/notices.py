"""Who outside is told of an incident, when, and again: 120, the family, a duty officer.

Parties are told beside the search for a caregiver, never instead of it. Which ways there are to
each party is the shell's to know (`CenterStarted.channels`); the fact records which one was used.
A party without any is the desk's to telephone: that is said once, and heard for 120, 110 and 119.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from dispatch import requests as r
from dispatch.areas import Level
from dispatch.book import Book
from dispatch.errors import UnknownSubject
from dispatch.facts import (
    Fact,
    IncidentRaised,
    OfferAccepted,
    PartyAcknowledged,
    PartySilent,
    PartyTold,
    StepTaken,
)
from dispatch.ids import AreaId, IncidentId
from dispatch.incident import Incident
from dispatch.notice import (
    EMERGENCY_SERVICES,
    OFFICER,
    Notice,
    NoticeState,
    is_officer,
)
from dispatch.plans import ACCEPTED, AT_ONCE, Plan

AMBULANCE: Final = "120"
PARTIES: Final = EMERGENCY_SERVICES | {"family", "property"}
"""Whom every installation knows; its file of parties and its plans may name others."""

_ACK_WITHIN: Final = timedelta(seconds=300)
_EMERGENCY_ACK_WITHIN: Final = timedelta(seconds=60)
_OFFICER_ACK_WITHIN: Final = timedelta(seconds=120)
_BY_HAND: Final = -1


def owed(book: Book, facts: Sequence[Fact], now: datetime) -> list[Fact]:
    """Return who must be told because of facts that were decided and are not folded yet."""
    told: list[Fact] = []
    for fact in facts:
        match fact:
            case IncidentRaised():
                told.extend(_at_raising(book, fact, now))
            case StepTaken():
                incident = book.incident(fact.incident_id)
                parties = _at_step(book, incident, fact)
                told.extend(_once(book, incident, parties, fact.round, now, fact.level.value))
            case OfferAccepted():
                incident = book.incident(book.offer(fact.offer_id).incident_id)
                parties = _planned(book.plan_of(incident), ACCEPTED)
                told.extend(_once(book, incident, parties, incident.round, now, ACCEPTED))
            case _:
                pass
    return told


def tell(book: Book, incident: Incident, party: str, now: datetime, why: str) -> list[Fact]:
    """Tell a party anew, by its first channel; nothing while its acknowledgement is awaited."""
    notice = incident.notice(party)
    if notice is not None and notice.is_awaited:
        return []
    return [_told(book, incident.id, book.plan_of(incident), party, now, why)]


def tell_by_hand(book: Book, request: r.TellParty, now: datetime) -> list[Fact]:
    """Tell a party now: by the next channel if it has not acknowledged, else from the first on."""
    incident = book.incident(request.incident_id)
    plan = book.plan_of(incident)
    _must_be_known(book, incident, plan, request.party)
    before = incident.notice(request.party)
    if before is not None and before.state is NoticeState.ACKNOWLEDGED:
        before = None
    return [_told(book, incident.id, plan, request.party, now, "by_hand", before)]


def acknowledge(book: Book, request: r.AcknowledgeParty, now: datetime) -> list[Fact]:
    """Record that a party knows. One that was told by nobody here was telephoned by the desk."""
    incident = book.incident(request.incident_id)
    plan = book.plan_of(incident)
    _must_be_known(book, incident, plan, request.party)
    known = PartyAcknowledged(at=now, incident_id=incident.id, party=request.party, by=request.by)
    notice = incident.notice(request.party)
    if notice is None:
        telephoned = PartyTold(
            at=now,
            incident_id=incident.id,
            party=request.party,
            channel=_BY_HAND,
            until=None,
            attempt=1,
            why="by_hand",
        )
        return [telephoned, known]
    return [] if notice.state is NoticeState.ACKNOWLEDGED else [known]


def notice_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Say that a party is silent, and tell it by its next channel; after the last by the first.

    An officer is let alone once somebody comes: the search for which they were told is over.
    """
    incident, party = subject_of(book, lapse)
    silent = PartySilent(at=now, incident_id=incident.id, party=party)
    if is_officer(party) and incident.step_by is None:
        return [silent]
    before = incident.notice(party)
    return [silent, _told(book, incident.id, book.plan_of(incident), party, now, "silent", before)]


def subject_of(book: Book, lapse: r.Lapse) -> tuple[Incident, str]:
    """Return the incident and the party that a deadline is about."""
    incident_id, _, party = lapse.subject_id.partition("/")
    return book.incident(IncidentId(incident_id)), party


def _at_raising(book: Book, raised: IncidentRaised, now: datetime) -> Iterator[Fact]:
    plan = book.plan_books[raised.plan_version].of(raised.kind)
    for when in (AT_ONCE, raised.level.value):
        for party in _planned(plan, when):
            yield _told(book, raised.incident_id, plan, party, now, when)


def _at_step(book: Book, incident: Incident, step: StepTaken) -> list[str]:
    """Return who is told when the search comes to a step: as planned, and the area's officer.

    The first step of a call is the usual case and needs no officer.
    """
    parties = _planned(book.plan_of(incident), step.level.value)
    if step.level is Level.EMERGENCY and AMBULANCE not in parties:
        parties.append(AMBULANCE)
    if step.level.is_area and (step.step > 0 or step.round > 1):
        scope = book.territory.scope(incident.area_id, step.level)
        if scope is not None and scope in book.officers:
            parties.append(f"{OFFICER}:{scope}")
    return parties


def _planned(plan: Plan, when: str) -> list[str]:
    return [one.party for one in plan.tell if one.when == when]


def _once(
    book: Book,
    incident: Incident,
    parties: Sequence[str],
    search_round: int,
    now: datetime,
    why: str,
) -> Iterator[Fact]:
    """Give what tells those parties that were not told yet in this round of the search."""
    plan = book.plan_of(incident)
    for party in parties:
        notice = incident.notice(party)
        if notice is None or (not notice.is_awaited and notice.round < search_round):
            yield _told(book, incident.id, plan, party, now, why)


def _told(
    book: Book,
    incident_id: IncidentId,
    plan: Plan,
    party: str,
    now: datetime,
    why: str,
    before: Notice | None = None,
) -> PartyTold:
    """Return the telling by the channel after that of `before`, the first without it."""
    channels = book.channels.get(party.partition(":")[0], 0)
    channel = (before.channel + 1) % channels if before and channels else 0
    return PartyTold(
        at=now,
        incident_id=incident_id,
        party=party,
        channel=channel if channels else _BY_HAND,
        until=now + _ack_within(plan, party) if channels else None,
        attempt=before.attempt + 1 if before else 1,
        why=why,
    )


def _ack_within(plan: Plan, party: str) -> timedelta:
    planned = next((one.ack_within for one in plan.tell if one.party == party), None)
    if planned is not None:
        return planned
    if is_officer(party):
        return _OFFICER_ACK_WITHIN
    return _EMERGENCY_ACK_WITHIN if party in EMERGENCY_SERVICES else _ACK_WITHIN


def _must_be_known(book: Book, incident: Incident, plan: Plan, party: str) -> None:
    if incident.notice(party) is not None or party in PARTIES:
        return
    if is_officer(party):
        is_known = AreaId(party.partition(":")[2]) in book.officers
    else:
        is_known = party in book.channels or any(one.party == party for one in plan.tell)
    if not is_known:
        raise UnknownSubject("party", party)
