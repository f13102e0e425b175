"""The life of an incident: from the press of a key to its disposition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from dispatch.areas import Level
from dispatch.claim import NOBODY, Claim
from dispatch.facts import (
    CallTransferred,
    CancelPressed,
    ConfirmationDue,
    ContactTried,
    DeskAlerted,
    Fact,
    IncidentClosed,
    IncidentRaised,
    IncidentReopened,
    NoteAdded,
    OutsideNotReached,
    PartyAcknowledged,
    PartySilent,
    PartyTold,
    PlaceCorrected,
    PressRepeated,
    PromptTicked,
    StageBreached,
    StageDue,
    StageMet,
    StageWarned,
    StepTaken,
    TransferDeclined,
    TransferLapsed,
    TravelTimesLearned,
)
from dispatch.ids import (
    AreaId,
    AttendanceId,
    CaregiverId,
    HandsetId,
    IncidentId,
    OfferId,
    OperatorId,
    ResidentId,
)
from dispatch.lifecycle import Table, follow
from dispatch.notice import EMERGENCY_SERVICES, Notice, begun, is_officer
from dispatch.notice import after as noticed
from dispatch.place import Place
from dispatch.plans import Gravity

PRESSES_KEPT: Final = 20  # whose times an incident remembers


class IncidentState(StrEnum):
    """Whether the resident is still somebody's business."""

    OPEN = "open"
    CLOSED = "closed"  # has a disposition


class DeskLevel(StrEnum):
    """Who must act at the desk. Declared in the order in which a call rises."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    OUTSIDE = "outside"  # the outside command or webhook: nobody at the desk answered


NEXT: Final[Table[IncidentState]] = MappingProxyType(
    {
        (IncidentState.OPEN, PressRepeated): IncidentState.OPEN,
        (IncidentState.OPEN, CancelPressed): IncidentState.OPEN,
        (IncidentState.OPEN, ConfirmationDue): IncidentState.OPEN,
        (IncidentState.OPEN, StepTaken): IncidentState.OPEN,
        (IncidentState.OPEN, DeskAlerted): IncidentState.OPEN,
        (IncidentState.OPEN, OutsideNotReached): IncidentState.OPEN,
        (IncidentState.OPEN, PartyTold): IncidentState.OPEN,
        (IncidentState.OPEN, PartyAcknowledged): IncidentState.OPEN,
        (IncidentState.OPEN, PartySilent): IncidentState.OPEN,
        (IncidentState.OPEN, TravelTimesLearned): IncidentState.OPEN,
        (IncidentState.OPEN, StageDue): IncidentState.OPEN,
        (IncidentState.OPEN, StageWarned): IncidentState.OPEN,
        (IncidentState.OPEN, StageBreached): IncidentState.OPEN,
        (IncidentState.OPEN, StageMet): IncidentState.OPEN,
        (IncidentState.OPEN, NoteAdded): IncidentState.OPEN,
        (IncidentState.OPEN, ContactTried): IncidentState.OPEN,
        (IncidentState.OPEN, PromptTicked): IncidentState.OPEN,
        (IncidentState.OPEN, CallTransferred): IncidentState.OPEN,
        (IncidentState.OPEN, TransferDeclined): IncidentState.OPEN,
        (IncidentState.OPEN, TransferLapsed): IncidentState.OPEN,
        (IncidentState.OPEN, PlaceCorrected): IncidentState.OPEN,
        (IncidentState.OPEN, IncidentClosed): IncidentState.CLOSED,
        (IncidentState.CLOSED, IncidentReopened): IncidentState.OPEN,
        (IncidentState.CLOSED, NoteAdded): IncidentState.CLOSED,  # what became known later
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StageClock:
    """How far one stage of the plan is."""

    name: str
    due_at: datetime
    by: datetime | None  # when it is warned of, breached, or rises again; None once it is met
    is_warned: bool = False
    breaches: int = 0
    met_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One call for help. Offers and attendances of it are held by the book, by id."""

    id: IncidentId
    kind: str
    gravity: Gravity
    plan_version: str
    channel: str
    resident_id: ResidentId | None
    handset_id: HandsetId | None
    area_id: AreaId | None
    place: Place | None
    note: str
    raised_at: datetime
    due_at: datetime
    last_press_at: datetime
    linked_to: IncidentId | None
    problems: tuple[str, ...]
    step_by: datetime | None  # None while enough come
    desk_by: datetime | None  # None while an operator has it
    level: Level  # of the ladder's present step
    presses: int = 1
    pressed_at: tuple[datetime, ...] = ()  # the latest PRESSES_KEPT presses, in order
    is_silent: bool = False  # handset and house show and say nothing of it; consoles sound
    contact: tuple[str, ...] = ()  # how they speak to the resident: dispatch.contact.WAYS
    usual: str = ""  # habitual, unusual, or "": against how often this resident calls
    first_for: OperatorId | None = None  # who knows the caller …
    first_until: datetime | None = None  # … and comes first until then
    is_pressing: bool = False  # the latest press was one of many, and nobody was there
    siren: bool = True  # sounds at every console until an operator takes the call
    state: IncidentState = IncidentState.OPEN
    desk: DeskLevel = DeskLevel.OPERATOR
    desk_alerts: int = 0
    step: int = 0
    round: int = 1
    asked: frozenset[CaregiverId] = frozenset()  # in this round
    offers: tuple[OfferId, ...] = ()
    attendances: tuple[AttendanceId, ...] = ()
    offers_before: int = 0  # made before it was reopened: offers are counted on
    claim: Claim = NOBODY
    offered_to: OperatorId | None = None  # asked by whoever has it to take it
    offered_to_by: datetime | None = None
    wanted: int = 1  # how many caregivers are needed at the same time
    directions: str = ""  # the way in words, when the place was corrected
    travel_s: Mapping[CaregiverId, float] = field(default_factory=dict[CaregiverId, float])
    is_cancelled: bool = False  # the resident took it back; a person must confirm
    confirm_by: datetime | None = None  # by telephone, until then
    notices: tuple[Notice, ...] = ()  # one for each party that was told, in that order
    handled_at: str | None = None  # the level at which it was handled, once it is closed
    stages: tuple[StageClock, ...] = ()
    disposition: str | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether the resident is still somebody's business."""
        return self.state is IncidentState.OPEN

    @property
    def offers_made(self) -> int:
        """How many offers were ever made: the next one has the number after this."""
        return self.offers_before + len(self.offers)

    def notice(self, party: str) -> Notice | None:
        """Return what became of telling a party; None when it was not told."""
        return next((one for one in self.notices if one.party == party), None)


def raised(fact: IncidentRaised) -> Incident:
    """Return the incident that begins with `fact`."""
    return Incident(
        id=fact.incident_id,
        kind=fact.kind,
        gravity=fact.gravity,
        plan_version=fact.plan_version,
        channel=fact.channel,
        resident_id=fact.resident_id,
        handset_id=fact.handset_id,
        area_id=fact.area_id,
        place=fact.place,
        note=fact.note,
        raised_at=fact.at,
        due_at=fact.due_at,
        last_press_at=fact.at,
        linked_to=fact.linked_to,
        problems=fact.problems,
        level=fact.level,
        step_by=fact.step_by,
        desk_by=fact.desk_by,
        presses=max(1, len(fact.events)),
        pressed_at=_latest((), fact.at, max(1, len(fact.events))),
        is_pressing=fact.is_pressing,
        is_silent=fact.is_silent,
        contact=fact.contact,
        usual=fact.usual,
        first_for=fact.first_for,
        first_until=fact.first_until,
        step=fact.step,
        siren=fact.desk_by is not None,
    )


def after(incident: Incident, fact: Fact) -> Incident:
    """Return the incident as it stands once `fact` has happened.

    Raises:
        TransitionRefused: NEXT has no row for this state and this kind of fact.
    """
    state = follow(NEXT, incident.state, fact, what="incident", subject=incident.id)
    change = _CHANGES.get(type(fact))
    after = change(incident, fact) if change else incident
    return replace(after, state=state)


def _alerted(incident: Incident, fact: DeskAlerted) -> Incident:
    return replace(
        incident,
        desk=DeskLevel(fact.level),
        desk_by=fact.until,
        desk_alerts=fact.attempt,
        siren=incident.gravity is not Gravity.SERVICE,
    )


def _not_reached(incident: Incident, _: OutsideNotReached) -> Incident:
    return replace(incident, siren=True)


def _travel_learned(incident: Incident, fact: TravelTimesLearned) -> Incident:
    return replace(incident, travel_s=fact.travel_s)


def _transferred(incident: Incident, fact: CallTransferred) -> Incident:
    return replace(incident, offered_to=fact.to, offered_to_by=fact.answer_by)


def _transfer_ended(incident: Incident, _: TransferDeclined | TransferLapsed) -> Incident:
    return replace(incident, offered_to=None, offered_to_by=None, siren=True)


def _cancelled(incident: Incident, fact: CancelPressed) -> Incident:
    return replace(incident, is_cancelled=True, confirm_by=fact.confirm_by)


def _confirmation_due(incident: Incident, fact: ConfirmationDue) -> Incident:
    return replace(incident, confirm_by=fact.confirm_by)


def _noted(incident: Incident, fact: NoteAdded) -> Incident:
    return replace(incident, confirm_by=None if fact.is_confirming else incident.confirm_by)


def _closed(incident: Incident, fact: IncidentClosed) -> Incident:
    return replace(
        incident,
        disposition=fact.disposition,
        closed_at=fact.at,
        siren=False,
        claim=NOBODY,
        offered_to=None,
        offered_to_by=None,
        step_by=None,
        desk_by=None,
        confirm_by=None,
    )


def _reopened(incident: Incident, fact: IncidentReopened) -> Incident:
    """Begin a new life; who was asked and who came in the former one is over, and only counted."""
    return replace(
        incident,
        disposition=None,
        closed_at=None,
        siren=True,
        is_cancelled=False,
        desk=DeskLevel.OPERATOR,
        desk_by=fact.desk_by,
        step=0,
        level=fact.level,
        step_by=fact.step_by,
        round=incident.round + 1,
        asked=frozenset(),
        offers=(),
        attendances=(),
        offers_before=incident.offers_made,
        wanted=1,
        notices=(),
        stages=(),
        handled_at=None,
    )


def _place_corrected(incident: Incident, fact: PlaceCorrected) -> Incident:
    return replace(
        incident,
        place=fact.place or incident.place,
        area_id=fact.area_id or incident.area_id,
        directions=fact.note or incident.directions,
    )


def _notice_changed(
    incident: Incident, fact: PartyTold | PartyAcknowledged | PartySilent
) -> Incident:
    before = incident.notice(fact.party)
    if before is None and isinstance(fact, PartyTold):
        notices = (*incident.notices, begun(fact, incident.round))
    else:
        notices = tuple(
            noticed(one, fact, incident.round) if one is before else one for one in incident.notices
        )
    siren = incident.siren or _must_be_heard(incident, fact)
    return replace(incident, notices=notices, siren=siren)


def _must_be_heard(incident: Incident, fact: PartyTold | PartyAcknowledged | PartySilent) -> bool:
    """Whether the desk must act: a party is silent, or 120 can be told by telephone only."""
    if incident.gravity is Gravity.SERVICE:  # a device wakes nobody
        return False
    if isinstance(fact, PartySilent):
        return incident.step_by is not None or not is_officer(fact.party)
    return isinstance(fact, PartyTold) and fact.channel < 0 and fact.party in EMERGENCY_SERVICES


def _staged(incident: Incident, fact: StageDue) -> Incident:
    by = fact.warn_at or fact.due_at
    clock = StageClock(name=fact.stage, due_at=fact.due_at, by=by)
    return replace(incident, stages=(*incident.stages, clock))


def _stage_went_on(incident: Incident, fact: StageWarned | StageBreached | StageMet) -> Incident:
    clocks = (_ticked(one, fact) for one in incident.stages)
    return replace(incident, stages=tuple(clocks))


def _ticked(clock: StageClock, fact: StageWarned | StageBreached | StageMet) -> StageClock:
    if clock.name != fact.stage:
        return clock
    match fact:
        case StageWarned():
            return replace(clock, is_warned=True, by=clock.due_at)
        case StageBreached():
            return replace(clock, breaches=clock.breaches + 1, by=fact.again_at)
        case StageMet():
            return replace(clock, met_at=fact.at, by=None)


def stage_subject(incident_id: IncidentId, stage: str) -> str:
    """Return how a deadline names one stage of one incident."""
    return f"{incident_id}/{stage}"


def stage_of_subject(subject_id: str) -> tuple[IncidentId, str]:
    """Return which incident and stage a deadline is about."""
    incident_id, _, stage = subject_id.partition("/")
    return IncidentId(incident_id), stage


def _pressed_again(incident: Incident, fact: PressRepeated) -> Incident:
    is_press = fact.gravity is not Gravity.SERVICE  # a weak battery is no press and wakes nobody
    return replace(
        incident,
        presses=incident.presses + (len(fact.events) if is_press else 0),
        last_press_at=fact.at if is_press else incident.last_press_at,
        pressed_at=_latest(incident.pressed_at, fact.at, len(fact.events) if is_press else 0),
        is_pressing=fact.is_pressing if is_press else incident.is_pressing,
        siren=incident.siren or is_press,
        is_cancelled=incident.is_cancelled and not is_press,
        confirm_by=None if is_press else incident.confirm_by,
        desk_by=fact.desk_by or incident.desk_by,
        place=fact.place or incident.place,
    )


def _latest(before: tuple[datetime, ...], at: datetime, presses: int) -> tuple[datetime, ...]:
    return (*before, *(at,) * presses)[-PRESSES_KEPT:]


def _stepped(incident: Incident, fact: StepTaken) -> Incident:
    is_new_round = fact.round > incident.round
    is_service = incident.gravity is Gravity.SERVICE  # a device wakes nobody
    return replace(
        incident,
        step=fact.step,
        level=fact.level,
        round=fact.round,
        step_by=fact.until,
        asked=frozenset() if is_new_round else incident.asked,
        siren=incident.siren or (not fact.level.is_area and not is_service),
    )


_CHANGES: Final[Mapping[type[Fact], Callable[[Incident, Any], Incident]]] = {
    PressRepeated: _pressed_again,
    CancelPressed: _cancelled,
    ConfirmationDue: _confirmation_due,
    StepTaken: _stepped,
    DeskAlerted: _alerted,
    OutsideNotReached: _not_reached,
    TravelTimesLearned: _travel_learned,
    PartyTold: _notice_changed,
    PartyAcknowledged: _notice_changed,
    PartySilent: _notice_changed,
    StageDue: _staged,
    StageWarned: _stage_went_on,
    StageBreached: _stage_went_on,
    StageMet: _stage_went_on,
    NoteAdded: _noted,
    PlaceCorrected: _place_corrected,
    CallTransferred: _transferred,
    TransferDeclined: _transfer_ended,
    TransferLapsed: _transfer_ended,
    IncidentReopened: _reopened,
    IncidentClosed: _closed,
}  # beside the state; a fact without a row changes nothing else
