"""What can be asked of the control room. A request carries all that its decision needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dispatch.facts import (
    AreaDefined,
    CaregiverEnrolled,
    EventKey,
    HandsetPaired,
    OfficerNamed,
    PlanAdopted,
    ResidentRegistered,
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
    RoundId,
)
from dispatch.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Somebody wants something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetCalled(Request):
    """A handset sent something that can open or move an incident.

    Several `events` are presses that arrived while the first still waited to be recorded.
    """

    handset_id: HandsetId
    kind: str
    events: tuple[EventKey, ...]
    occurred_at: datetime | None = None
    place: Place | None = None  # from this message, or the last sighting if it is fresh
    area_id: AreaId | None = None  # where `place` lies, when that is known
    note: str = ""
    problems: tuple[str, ...] = ()
    channel: str = "handset"  # caregiver: the telephone of one, who is in danger


@dataclass(frozen=True, slots=True, kw_only=True)
class Telephoned(Request):
    """Somebody telephoned, and an operator opens an incident for them."""

    operator_id: OperatorId
    kind: str
    resident_id: ResidentId | None = None
    area_id: AreaId | None = None
    place: Place | None = None
    caller: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim(Request):
    """An operator takes the call, keeps it, or takes it over (a supervisor)."""

    incident_id: IncidentId
    operator_id: OperatorId
    may_take_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Request):
    """An operator gives the call back."""

    incident_id: IncidentId
    operator_id: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Request):
    """An operator sets a call of theirs aside until a time."""

    incident_id: IncidentId
    operator_id: OperatorId
    recall_at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Request):
    """An operator asks another one to take a call of theirs."""

    incident_id: IncidentId
    operator_id: OperatorId
    to: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineTransfer(Request):
    """An operator does not take the call that another one offers them."""

    incident_id: IncidentId
    operator_id: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver(Request):
    """An operator ends their shift and asks another one to take their calls, or some of them."""

    operator_id: OperatorId
    to: OperatorId
    incident_ids: tuple[IncidentId, ...] | None = None  # None: all that they have


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptShift(Request):
    """An operator takes the calls that another one hands over to them."""

    operator_id: OperatorId
    of: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Widen(Request):
    """An operator does not wait for the ladder: the search goes on to the next, wider step."""

    incident_id: IncidentId
    operator_id: OperatorId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Request):
    """An operator opens an incident again that was closed too early."""

    incident_id: IncidentId
    operator_id: OperatorId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Request):
    """Somebody writes something down."""

    incident_id: IncidentId
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryContact(Request):
    """An operator tried to reach somebody about a call."""

    incident_id: IncidentId
    operator_id: OperatorId
    whom: str  # resident, caregiver, or a party
    answer: str
    caregiver_id: CaregiverId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TickPrompt(Request):
    """An operator did, or takes back, what the card of a call asks."""

    incident_id: IncidentId
    operator_id: OperatorId
    prompt: str
    is_done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTo(Request):
    """An operator asks a caregiver of their own choice."""

    incident_id: IncidentId
    operator_id: OperatorId
    caregiver_id: CaregiverId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Request):
    """An operator says how it ended."""

    incident_id: IncidentId
    operator_id: OperatorId
    disposition: str
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellParty(Request):
    """An operator wants a party outside told now, by its next channel."""

    incident_id: IncidentId
    operator_id: OperatorId
    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeParty(Request):
    """A party says that it knows; or an operator does, who has telephoned it."""

    incident_id: IncidentId
    party: str
    by: str  # the party itself, or the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakOff(Request):
    """An operator no longer counts on a caregiver."""

    attendance_id: AttendanceId
    operator_id: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty(Request):
    """A caregiver goes on or off duty."""

    caregiver_id: CaregiverId
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswer(Request):
    """A caregiver saw an offer (`shown`), or says `accept` or `decline`."""

    offer_id: OfferId
    caregiver_id: CaregiverId
    answer: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDelivered(Request):
    """An offer has left the house: by a caregiver's `stream` or `poll`, or as a `message`."""

    offer_id: OfferId
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceStep(Request):
    """A caregiver is `en_route`, `on_scene` or `done`; since `occurred_at` when it comes late."""

    attendance_id: AttendanceId
    caregiver_id: CaregiverId
    step: str
    outcome: str = ""
    note: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneReport(Request):
    """A caregiver says what is wrong on the spot: `what` is a word of dispatch.scene.SCENE."""

    attendance_id: AttendanceId
    caregiver_id: CaregiverId
    what: str
    note: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StillComing(Request):
    """A caregiver on the way says whether they still come."""

    attendance_id: AttendanceId
    caregiver_id: CaregiverId
    is_coming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectPlace(Request):
    """An operator found out where the resident really is."""

    incident_id: IncidentId
    operator_id: OperatorId
    place: Place | None = None
    area_id: AreaId | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk(Request):
    """An operator's first console opened, or the last one closed."""

    operator_id: OperatorId
    is_present: bool
    is_supervisor: bool = False
    areas: tuple[AreaId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Request):
    """An administrator records people, devices, areas or plans; all of them or none."""

    facts: tuple[
        AreaDefined
        | ResidentRegistered
        | HandsetPaired
        | CaregiverEnrolled
        | OfficerNamed
        | PlanAdopted,
        ...,
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginRound(Request):
    """A supervisor asks after residents who were not heard, the longest silent first."""

    by: str
    residents: tuple[ResidentId, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRound(Request):
    """An operator says how it went: `telephoned`, `visited` or `no_answer`."""

    round_id: RoundId
    resident_id: ResidentId
    how: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAgain(Request):
    """Handsets sent a position or a sign of life while a call round was under way."""

    handset_ids: tuple[HandsetId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Request):
    """A center took over the journal, and has so many ways to tell each party outside."""

    channels: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True, kw_only=True)
class Park(Request):
    """A request could not be put on record."""

    what: str
    why: str
    handset_id: HandsetId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideFailed(Request):
    """The outside command or webhook could not be reached in time."""

    incident_id: IncidentId
    why: str  # which channel and how, without personal data


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnTravelTimes(Request):
    """A source outside says how long caregivers would travel to an incident."""

    incident_id: IncidentId
    travel_s: Mapping[CaregiverId, float]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse(Request):
    """A deadline passed. `kind` and `subject_id` name it as the book does."""

    kind: str
    subject_id: str
    due_at: datetime
