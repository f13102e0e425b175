"""Everything that can be on record. A fact says what happened; folding facts gives the state.

Fields marked `PERSONAL` (names, telephones, addresses, free text, places) are stored apart, so
that a person can be erased while the chain of facts still holds: each has an empty default, and
every rule must work without it. A fact's fields never change meaning: a new meaning is a new
`VERSION`, and golden files of every released version are folded in the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from dispatch.areas import Level
from dispatch.hours import Hours
from dispatch.ids import (
    AreaId,
    AttendanceId,
    CaregiverId,
    HandsetId,
    IncidentId,
    OfferId,
    OperatorId,
    ResidentId,
    RoundId,
)
from dispatch.place import Place
from dispatch.plans import Gravity

_PERSONAL: Final[Mapping[str, bool]] = {"personal": True}


def personal(default: Any) -> Any:  # noqa: ANN401 - as `dataclasses.field` is typed
    """Mark a field that erasing a person empties."""
    return field(default=default, metadata=_PERSONAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKey:
    """What makes a handset's message the same message when it is sent again.

    A handset that reboots may count its events from one again: then its clock differs.
    """

    event_id: str
    kind: str
    device_time: str  # as the handset wrote it, "" when it wrote none


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """One caregiver who was looked at for an offer, and what was found."""

    caregiver_id: CaregiverId
    travel_s: float
    distance_m: float
    verdict: str  # a word of dispatch.roster.Verdict
    position_source: str = "unknown"
    handicap_s: float = 0.0  # how much farther they count for what they lack; less: holds the key
    lacks: tuple[str, ...] = ()  # words of dispatch.wishes.Lack, whether or not they bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened, at a time."""

    VERSION: ClassVar[int] = 1

    at: datetime  # aware UTC; never earlier than the fact before it


# The installation: what decisions use and administrators decide.


@dataclass(frozen=True, slots=True, kw_only=True)
class CenterStarted(Fact):
    """A center took over the journal; whoever sat at a desk must sit down again."""

    stopped_for: timedelta | None  # since the last fact; None on an empty journal
    channels: Mapping[str, int] = field(default_factory=dict[str, int])  # party → its ways out


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAdopted(Fact):
    """From now on new incidents run under this plan."""

    version: str
    text: str  # the TOML as written, so that a replay needs no file


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDefined(Fact):
    """An area exists, or has new borders."""

    area_id: AreaId
    parent_id: AreaId | None
    level: Level
    name: str
    centre: tuple[float, float]
    ring: tuple[tuple[float, float], ...]  # closed, WGS-84 lon lat; empty when unknown
    zone: str = ""  # IANA name of the time zone; "": that of the area above


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerNamed(Fact):
    """An area has a duty officer, who is told when a search widens to it; or has none any more."""

    area_id: AreaId
    officer: str  # the id of a caregiver or an operator, or another word; empty: nobody
    telephone: str = personal("")  # empty: a caregiver's own


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentRegistered(Fact):
    """A resident is served, with all that is known; replaces what was known before."""

    resident_id: ResidentId
    area_id: AreaId
    state: str  # home, away, in_hospital, moved, deceased: never suppresses a call
    category: str
    ability: str
    lives_alone: bool
    language: str
    communication: str  # voice, hard_of_hearing, text_only
    home_is_pinned: bool  # False: `home` is the community's centre until somebody pins it
    excluded: tuple[CaregiverId, ...] = ()  # "never send X again"
    needs: tuple[str, ...] = ()  # skills that whoever comes must have: lifting, nursing …
    wants_sex: str = ""  # f or m: who may come; "": either
    key_holders: tuple[CaregiverId, ...] = ()  # who can open the door
    home: Place | None = personal(None)
    name: str = personal("")
    sex: str = personal("")
    born: str = personal("")
    telephone: str = personal("")
    address: str = personal("")
    medical: str = personal("")
    key_note: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetPaired(Fact):
    """A handset belongs to a resident, or to nobody (`resident_id` None)."""

    handset_id: HandsetId
    resident_id: ResidentId | None
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverEnrolled(Fact):
    """A caregiver can be asked, with all that is known; replaces what was known before."""

    caregiver_id: CaregiverId
    kind: str
    skills: tuple[str, ...]
    languages: tuple[str, ...]
    area_id: AreaId
    speed_kmh: float
    is_active: bool
    sex: str = ""  # f or m; no personal field: rules need it, and it outlives a resident's erasure
    hours: tuple[Hours, ...] = ()  # of a working week; none: always
    station: Place | None = personal(None)
    name: str = personal("")
    telephone: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyStarted(Fact):
    """The caregiver can be asked from now on."""

    caregiver_id: CaregiverId
    counts_from: datetime | None = None  # when this stretch of duty began: before `at` after too
    # short a break, after it while they still rest; None: at `at`


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEnded(Fact):
    """The caregiver is not asked any more."""

    caregiver_id: CaregiverId


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSatDown(Fact):
    """An operator's console is open."""

    operator_id: OperatorId
    is_supervisor: bool
    areas: tuple[AreaId, ...]  # ("*",) for all


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLeft(Fact):
    """The last console of this operator is closed."""

    operator_id: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalHeard(Fact):
    """A handset said something that opens nothing: a check-in, a test, a cancel without a call."""

    handset_id: HandsetId
    event: EventKey
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestParked(Fact):
    """A request could not be put on record and waits for an administrator."""

    what: str  # the kind of request
    why: str  # the fault, without personal data
    handset_id: HandsetId | None = None


# The incident.


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRaised(Fact):
    """Somebody called for help."""

    incident_id: IncidentId
    kind: str
    gravity: Gravity
    plan_version: str
    channel: str  # handset, telephone, caregiver; habit, rhythm: the control room itself
    resident_id: ResidentId | None
    handset_id: HandsetId | None
    area_id: AreaId | None
    events: tuple[EventKey, ...]  # the presses that arrived together; empty by telephone
    occurred_at: datetime | None  # by the handset's clock, None when it is missing or absurd
    due_at: datetime
    level: Level  # of the ladder's first step
    step_by: datetime | None
    desk_by: datetime | None
    linked_to: IncidentId | None = None
    problems: tuple[str, ...] = ()  # what was wrong with the message, as codes
    is_pressing: bool = False  # so many presses arrived together that more is done at once
    is_silent: bool = False  # handset and house show and say nothing of it; consoles sound
    contact: tuple[str, ...] = ()  # how they speak to the resident: dispatch.contact.WAYS
    usual: str = ""  # habitual, unusual, or "": against how often this resident calls
    first_for: OperatorId | None = None  # who knows the caller; the others' consoles wait …
    first_until: datetime | None = None  # … so long, never for a threat to life
    step: int = 0  # of the ladder, where the search begins
    place: Place | None = personal(None)
    note: str = personal("")
    caller: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class PressRepeated(Fact):
    """The resident pressed again while the incident is open; every console sounds again."""

    incident_id: IncidentId
    handset_id: HandsetId
    kind: str
    gravity: Gravity
    events: tuple[EventKey, ...]
    occurred_at: datetime | None
    desk_by: datetime | None  # None: the desk's deadline stays
    is_pressing: bool = False  # again and again, and nobody is there: more is done at once
    place: Place | None = personal(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPressed(Fact):
    """The resident took the call back. It stays open: a person must confirm."""

    incident_id: IncidentId
    handset_id: HandsetId
    event: EventKey
    confirm_by: datetime | None = None  # until when the desk must have telephoned
    is_in_grace: bool = False  # so soon after the press that it may have been a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationDue(Fact):
    """Nobody telephoned about the cancel in time; the next who must act is alerted."""

    incident_id: IncidentId
    confirm_by: datetime  # until when, if the silence goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTaken(Fact):
    """The search went on to this step of the plan's ladder."""

    incident_id: IncidentId
    step: int
    level: Level
    round: int
    until: datetime
    why: str  # nobody_left, deadline, pressed_again, broken_off, diverted, by_hand, center_started


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskAlerted(Fact):
    """No operator took the call in time, or none is there: it went to the next who must act."""

    incident_id: IncidentId
    level: str  # a word of dispatch.incident.DeskLevel
    until: datetime
    attempt: int  # counts the alerts of this incident


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideNotReached(Fact):
    """Nobody outside could be told of a call that nobody at the desk took; every console sounds."""

    incident_id: IncidentId
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTold(Fact):
    """A party outside (120, the family, a duty officer) is told by one channel, or by hand."""

    incident_id: IncidentId
    party: str
    channel: int  # of the party's, from 0; -1: it has none, somebody at the desk must telephone
    until: datetime | None  # to acknowledge; None: nobody but the desk can say that it did
    attempt: int  # counts the tellings since the party was first told, or told anew
    why: str = ""  # at_once, accepted, a level of the ladder, by_hand, silent, scene


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyAcknowledged(Fact):
    """The party said that it knows, or an operator said so for it."""

    incident_id: IncidentId
    party: str
    by: str  # the party itself, or the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySilent(Fact):
    """The party did not acknowledge in time; every console sounds."""

    incident_id: IncidentId
    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelTimesLearned(Fact):
    """A source outside said how long the nearest would travel; offers that follow use it."""

    incident_id: IncidentId
    travel_s: Mapping[CaregiverId, float]  # replaces what was learned before
    source: str  # osrm


@dataclass(frozen=True, slots=True, kw_only=True)
class StageDue(Fact):
    """The plan wants this stage reached by `due_at`, counted in the stage's open hours."""

    incident_id: IncidentId
    stage: str  # report, register, face_to_face
    due_at: datetime
    warn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWarned(Fact):
    """The stage is due soon, and was not reached yet."""

    incident_id: IncidentId
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBreached(Fact):
    """The stage was not reached in time; the call rises, and again at `again_at`."""

    incident_id: IncidentId
    stage: str
    again_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMet(Fact):
    """The stage was reached."""

    incident_id: IncidentId
    stage: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Fact):
    """Somebody wrote something down."""

    incident_id: IncidentId
    by: str
    is_confirming: bool = False  # an operator who has the call says what became of its cancel
    text: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTried(Fact):
    """An operator tried to reach somebody about the call, and how it went; no rule follows it."""

    incident_id: IncidentId
    operator_id: OperatorId
    whom: str  # resident, caregiver, or a party: family, 120, property, officer:AREA
    answer: str  # a word of dispatch.card.ANSWERS
    caregiver_id: CaregiverId | None = None  # which one, when `whom` is a caregiver


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTicked(Fact):
    """An operator did, or took back, what the card of this kind of call asks; no rule follows."""

    incident_id: IncidentId
    operator_id: OperatorId
    prompt: str  # a word of the card, as it stood then
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCorrected(Fact):
    """An operator found out where the resident really is; what is empty stays as it was."""

    incident_id: IncidentId
    operator_id: OperatorId
    area_id: AreaId | None
    place: Place | None = personal(None)
    note: str = personal("")  # the way in words, shown to whoever comes


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClosed(Fact):
    """A person said how it ended."""

    incident_id: IncidentId
    by: str
    disposition: str
    remark: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReopened(Fact):
    """It was closed too early: the search begins anew. Who came before stays on record."""

    incident_id: IncidentId
    by: OperatorId
    level: Level  # of the ladder's first step
    step_by: datetime
    desk_by: datetime
    reason: str = personal("")


# The claim: which operator has the incident.


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentClaimed(Fact):
    """An operator took the call, or keeps it; its siren stops."""

    incident_id: IncidentId
    operator_id: OperatorId
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimReleased(Fact):
    """The operator gave the call back to the list."""

    incident_id: IncidentId
    desk_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLapsed(Fact):
    """The operator did nothing with the call for too long, or left; it is back on the list."""

    incident_id: IncidentId
    desk_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(Fact):
    """The operator who has the call set it aside; at `recall_at` it sounds at their console."""

    incident_id: IncidentId
    operator_id: OperatorId
    recall_at: datetime
    reason: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded(Fact):
    """The call sounds at its operator's console, and goes back on the list at `until`."""

    incident_id: IncidentId
    until: datetime
    why: str  # recall, pressed_again, broken_off, not_helped, scene_report


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(Fact):
    """The operator who has the call asks another to take it; until they do it is still theirs."""

    incident_id: IncidentId
    by: OperatorId
    to: OperatorId
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDeclined(Fact):
    """The other operator does not take the call; it sounds at the console of whoever has it."""

    incident_id: IncidentId
    by: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLapsed(Fact):
    """`answer_by` passed in silence; the call sounds at the console of whoever has it."""

    incident_id: IncidentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftHandedOver(Fact):
    """An operator at the end of a shift asks the next one to take their calls."""

    by: OperatorId
    to: OperatorId
    incident_ids: tuple[IncidentId, ...]
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftAccepted(Fact):
    """The next operator took the calls; the claim of each follows, or they had none left."""

    by: OperatorId  # who took them
    of: OperatorId
    incident_ids: tuple[IncidentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverLapsed(Fact):
    """`answer_by` passed in silence; the calls are back on the list, each by a fact of its own."""

    of: OperatorId
    to: OperatorId


# The desk as a whole.


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadBegan(Fact):
    """More grave calls wait than the desk can take: the outside is told, lesser things wait."""

    waiting: int  # grave calls that no operator has taken
    operators: int  # at the desk


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadEasing(Fact):
    """Few enough grave calls wait: the overload ends at `end_by`; None: too many do again."""

    end_by: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadEnded(Fact):
    """It stayed calm for long enough; what was put off goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundBegan(Fact):
    """Somebody asks after every resident who was not heard, in this order."""

    round_id: RoundId
    by: str
    order: tuple[ResidentId, ...]
    move_by: datetime  # when somebody must have been accounted for, or tried
    reason: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundAnswered(Fact):
    """A resident of a call round was heard or reached, or did not answer."""

    round_id: RoundId
    resident_id: ResidentId
    how: str  # heard, telephoned, visited, no_answer
    by: str  # an operator, or "handset"
    is_accounted_for: bool  # False: they are called once more
    move_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOverdue(Fact):
    """Nothing has moved in a call round for too long; the supervisor sees it."""

    round_id: RoundId
    move_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEnded(Fact):
    """Every resident of the call round is accounted for."""

    round_id: RoundId


# The offer.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverOffered(Fact):
    """One caregiver was asked to attend, and has until `answer_by` to say yes."""

    offer_id: OfferId
    incident_id: IncidentId
    caregiver_id: CaregiverId
    answer_by: datetime
    travel_s: float
    distance_m: float
    level: Level
    by: str  # "plan", or the operator who chose
    considered: tuple[Considered, ...]
    others: Mapping[str, int]  # all caregivers, counted by the plainest reason
    ask: int = 0  # which of the step's asks this offer belongs to
    show_by: datetime | None = None  # when it must be on a screen; None: not before `answer_by`
    diverts: AttendanceId | None = None  # the routine work that a yes breaks off
    reason: str = personal("")  # why the operator chose otherwise
    from_place: Place | None = personal(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSent(Fact):
    """The offer has left for the caregiver; whether a person saw it is another fact."""

    offer_id: OfferId
    channel: str  # stream, poll, message


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferShown(Fact):
    """The caregiver's telephone showed the offer."""

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferNotShown(Fact):
    """`show_by` passed and no screen has shown the offer: it leaves by message, others are asked.

    A yes still counts until `answer_by`.
    """

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted(Fact):
    """The caregiver said yes; an attendance begins."""

    offer_id: OfferId
    due_by: datetime  # to set out
    eta_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(Fact):
    """The caregiver said no."""

    offer_id: OfferId
    reason: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(Fact):
    """`answer_by` passed in silence."""

    offer_id: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferWithdrawn(Fact):
    """The offer is no longer needed."""

    offer_id: OfferId
    why: str  # taken, closed, off_duty, excluded, on_scene


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRenewed(Fact):
    """The center was away while the offer was pending: it counts from now."""

    offer_id: OfferId
    answer_by: datetime
    show_by: datetime | None = None  # None when it was shown, or was found not to be


# The attendance.


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverSetOut(Fact):
    """The caregiver is en route."""

    attendance_id: AttendanceId
    due_by: datetime  # to be on scene
    occurred_at: datetime | None = None  # when they pressed, without network; None: just now


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverArrived(Fact):
    """The caregiver is with the resident."""

    attendance_id: AttendanceId
    due_by: datetime  # to be done
    occurred_at: datetime | None = None  # as of CaregiverSetOut


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceDone(Fact):
    """The caregiver finished."""

    attendance_id: AttendanceId
    outcome: str  # helped, nothing_needed, could_not_help, handed_over
    desk_by: datetime  # until when an operator must have closed the incident
    occurred_at: datetime | None = None  # as of CaregiverSetOut
    note: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceOverdue(Fact):
    """What the caregiver promised did not happen in time; the desk sees it."""

    attendance_id: AttendanceId
    due_by: datetime  # when the next thing happens if the silence goes on


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverDiverted(Fact):
    """The caregiver, on the way to routine work, said yes to a threat to life and goes there."""

    attendance_id: AttendanceId  # the routine work; somebody else is looked for
    to: OfferId
    desk_by: datetime | None = None  # when an operator must look, if nobody else is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceBrokenOff(Fact):
    """The caregiver does not come after all; somebody else is looked for."""

    attendance_id: AttendanceId
    why: str  # vanished, stopped, not_coming, by_desk, closed


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneReported(Fact):
    """The caregiver says what is wrong on the spot, or that it is `sorted_out`."""

    attendance_id: AttendanceId
    what: str  # a word of dispatch.scene.SCENE
    act_by: datetime | None  # until when somebody must have acted; None when nothing is wrong
    wanted: int | None = None  # how many are needed from now on; None: as before
    occurred_at: datetime | None = None  # as of CaregiverSetOut
    note: str = personal("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneUnanswered(Fact):
    """Nobody has acted in time on what the caregiver said; it is raised again."""

    attendance_id: AttendanceId
    what: str
    act_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementChecked(Fact):
    """What was seen of a caregiver on the way; `begun` is that against which the next is held."""

    attendance_id: AttendanceId
    verdict: str  # a word of dispatch.movement.Movement
    metres_left: float | None  # to the resident, in a straight line; None when not seen
    check_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverAsked(Fact):
    """A caregiver who stopped or fell silent on the way was asked whether they still come."""

    attendance_id: AttendanceId
    why: str  # stopped, silent
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverStillComing(Fact):
    """The caregiver was asked, and is on the way."""

    attendance_id: AttendanceId
    check_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WayChanged(Fact):
    """The place was corrected: the caregiver is expected anew, and sets out from the wrong one."""

    attendance_id: AttendanceId
    due_by: datetime
    eta_at: datetime
