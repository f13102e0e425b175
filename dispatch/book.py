"""The control room's memory: everything that follows from the facts so far.

Two kinds of content. *State* is folded from facts by `evolve` alone, and is the same after a
restart. *Indexes* are worked out from the state so that a decision costs the same however many
calls wait: they can be thrown away and made again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from dispatch import overload
from dispatch.areas import Territory
from dispatch.assignment import Policy
from dispatch.attendance import Attendance
from dispatch.call_round import Round
from dispatch.errors import IncidentIsClosed, UnknownSubject
from dispatch.facts import EventKey
from dispatch.habits import Habit
from dispatch.household import Households
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
from dispatch.incident import Incident, stage_subject
from dispatch.offer import Offer
from dispatch.overload import Overload
from dispatch.place import Place
from dispatch.plans import DESK_KINDS, Gravity, Plan, PlanBook
from dispatch.queue import CallQueue, rank
from dispatch.roster import Roster

REMEMBERED_FOR: Final = timedelta(days=30)  # a repeated message is recognised for so long
WOKEN_MAX: Final = 3  # calls of one line that are looked at for one caregiver who became free
PASSED_MAX: Final = 32  # that are passed over on the way, since they have asked them before
DIGITS_MAX: Final = 9  # of a number that anybody may have written
CLOSED_KEPT: Final = 1_000  # closed incidents still named to those who come too late


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """What a decision needs to know of a resident."""

    id: ResidentId
    area_id: AreaId
    state: str
    ability: str
    lives_alone: bool
    language: str
    communication: str
    excluded: frozenset[CaregiverId]
    home: Place | None
    home_is_pinned: bool = False  # False: `home` is the community's centre, or unknown
    needs: frozenset[str] = frozenset()
    wants_sex: str = ""
    key_holders: frozenset[CaregiverId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handset:
    """What a decision needs to know of a handset."""

    id: HandsetId
    resident_id: ResidentId | None
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAtDesk:
    """An operator whose console is open."""

    id: OperatorId
    is_supervisor: bool
    areas: tuple[AreaId, ...]

    def covers(self, path: tuple[AreaId, ...]) -> bool:
        """Whether a call at this path of areas is theirs; a call without an area is everybody's."""
        return not path or "*" in self.areas or any(area in path for area in self.areas)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """An operator's calls at the end of a shift, until the next operator takes them."""

    of: OperatorId
    to: OperatorId
    incident_ids: tuple[IncidentId, ...]
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A message that is on record."""

    at: datetime
    incident_id: IncidentId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Something must have happened by `due_at`."""

    due_at: datetime
    kind: str  # a word of `_hangs`, `_asked`, `_waits` or `_desk_waits`; `decide` answers each
    subject_id: str


def notice_id(incident_id: IncidentId, party: str) -> str:
    """Return by what name a notice is known among the deadlines: `I17/120`."""
    return f"{incident_id}/{party}"


class Book:
    """All state and its indexes. Changed by `dispatch.evolve.evolve` only."""

    def __init__(self) -> None:  # noqa: PLR0915 - the whole content of the book, line by line
        self.policy = Policy.ASSIGNMENT  # configuration, not state: offers record what came of it
        # state
        self.last_at: datetime | None = None
        self.incident_count = 0
        self.plan_books: dict[str, PlanBook] = {}
        self.plan_version = ""
        self.territory = Territory()
        self.officers: dict[AreaId, str] = {}  # on duty for an area
        self.channels: dict[str, int] = {}  # of each party outside, by its name
        self.residents: dict[ResidentId, Resident] = {}
        self.handsets: dict[HandsetId, Handset] = {}
        self.roster = Roster(self.territory)
        self.desk: dict[OperatorId, OperatorAtDesk] = {}
        self.handovers: dict[OperatorId, HandOver] = {}  # by who gives
        self.overload: Overload | None = None  # more grave calls wait than the desk can take
        self.back_since: datetime | None = None  # the service was away for long until then
        self.round_count = 0
        self.rounds: dict[RoundId, Round] = {}  # under way
        self.incidents: dict[IncidentId, Incident] = {}  # open ones
        self.closed: dict[IncidentId, Incident] = {}  # the latest CLOSED_KEPT
        self.offers: dict[OfferId, Offer] = {}  # of open incidents
        self.attendances: dict[AttendanceId, Attendance] = {}  # of open incidents
        self.heard: dict[HandsetId, dict[EventKey, Heard]] = {}
        self.check_ins: dict[ResidentId, datetime] = {}  # when the next sign of life is due
        self.habits: dict[ResidentId, Habit] = {}  # of those who ever called
        # indexes
        self.open_of: dict[str, tuple[IncidentId, ...]] = {}  # by resident, else by handset
        self.handsets_of: dict[ResidentId, frozenset[HandsetId]] = {}
        self.households = Households()  # open calls by home
        self.claimed_by: dict[OperatorId, frozenset[IncidentId]] = {}
        self.searching = CallQueue()  # calls for which somebody may be asked now
        self.starved: dict[tuple[AreaId | None, frozenset[str]], CallQueue] = {}
        self.round_of: dict[ResidentId, RoundId] = {}  # of who is not accounted for yet
        self.untaken = CallQueue()  # grave calls that no operator has, oldest first
        self.put_off = CallQueue()  # calls about a device, while the desk is overloaded
        self._overload_by: datetime | None = None  # the deadline of the overload that is expected
        self._deadlines: list[tuple[datetime, str, str]] = []

    # Looking up

    def incident(self, incident_id: IncidentId) -> Incident:
        """Return an open incident.

        Raises:
            IncidentIsClosed: it was closed.
            UnknownSubject: there never was one, or it was closed long ago.
        """
        found = self.incidents.get(incident_id)
        if found is not None:
            return found
        closed = self.closed.get(incident_id)
        if closed is not None:
            raise IncidentIsClosed(incident_id, closed.disposition)
        raise UnknownSubject("open incident", incident_id)

    def offer(self, offer_id: OfferId) -> Offer:
        """Return an offer of an open incident, or raise UnknownSubject."""
        found = self.offers.get(offer_id)
        if found is None:
            raise UnknownSubject("offer", offer_id)
        return found

    def attendance(self, attendance_id: AttendanceId) -> Attendance:
        """Return an attendance of an open incident, or raise UnknownSubject."""
        found = self.attendances.get(attendance_id)
        if found is None:
            raise UnknownSubject("attendance", attendance_id)
        return found

    def is_over(self, offer_id: OfferId | AttendanceId) -> bool:
        """Whether an offer, or its attendance, ended with a closing of its incident."""
        incident_id, _, number = offer_id.partition(".")
        if IncidentId(incident_id) in self.closed:
            return True
        incident = self.incidents.get(IncidentId(incident_id))
        is_number = number.isascii() and number.isdigit() and len(number) < DIGITS_MAX
        return incident is not None and is_number and int(number) <= incident.offers_before

    def plan_of(self, incident: Incident) -> Plan:
        """Return the plan under which the incident runs: that of the day it was raised."""
        return self.plan_books[incident.plan_version].of(incident.kind)

    def scene_within(self, incident: Incident, what: str) -> timedelta:
        """Return how long a word from the scene waits, by the plan under which it runs."""
        return self.plan_books[incident.plan_version].scene[what]

    @property
    def plans(self) -> PlanBook:
        """The plans for new incidents.

        Raises:
            UnknownSubject: no plan was adopted yet.
        """
        found = self.plan_books.get(self.plan_version)
        if found is None:
            raise UnknownSubject("plan", self.plan_version or "(none adopted)")
        return found

    def pending_offers(self, incident: Incident) -> tuple[Offer, ...]:
        """Return the offers of an incident that still await an answer."""
        offers = (self.offers[offer_id] for offer_id in incident.offers)
        return tuple(offer for offer in offers if offer.is_pending)

    def active_attendances(self, incident: Incident) -> tuple[Attendance, ...]:
        """Return who is coming or there."""
        attendances = (self.attendances[one] for one in incident.attendances)
        return tuple(one for one in attendances if one.state.is_active)

    def missing(
        self,
        incident: Incident,
        *,
        counting: AttendanceId | None = None,
        without: AttendanceId | None = None,
    ) -> int:
        """Return how many caregivers must still be found.

        Whoever was asked whether they still come does not count until they say so; `counting`
        counts all the same, `without` does not.
        """
        sure = {one.id for one in self.active_attendances(incident) if not one.is_asked}
        if counting is not None:
            sure.add(counting)
        return max(0, incident.wanted - len(sure - {without}))

    def caller_of(self, resident_id: ResidentId | None, handset_id: HandsetId | None) -> str:
        """Return the key under which repeats are folded: the resident, else the handset."""
        return f"r:{resident_id}" if resident_id else f"h:{handset_id}"

    def missed_check_in(self, resident_id: ResidentId) -> Incident | None:
        """Return the open call about a resident who gave no sign of life, if there is one."""
        calls = (self.incidents[one] for one in self.open_of.get(f"r:{resident_id}", ()))
        return next((one for one in calls if one.kind == "missed_check_in"), None)

    def pinned_home(self, resident_id: ResidentId | None) -> Place | None:
        """Return where a resident lives, if that is known to the building."""
        resident = self.residents.get(resident_id) if resident_id else None
        return resident.home if resident and resident.home_is_pinned else None

    def heard_before(self, handset_id: HandsetId, event: EventKey) -> Heard | None:
        """Return what became of this very message, if it is on record."""
        return self.heard.get(handset_id, {}).get(event)

    def present(self, path: tuple[AreaId, ...], *, supervisors: bool) -> bool:
        """Whether an operator (or only: a supervisor) who covers this path is at the desk."""
        return any(
            one.covers(path) and (one.is_supervisor or not supervisors)
            for one in self.desk.values()
        )

    # Deadlines

    def deadlines_of(self, incident: Incident) -> Iterator[Deadline]:
        """Give every deadline on which an open incident hangs; never none."""
        yield from _own_deadlines(incident)
        for offer in self.pending_offers(incident):
            yield Deadline(due_at=offer.answer_by, kind="offer", subject_id=offer.id)
            if offer.show_by is not None:
                yield Deadline(due_at=offer.show_by, kind="shown", subject_id=offer.id)
        for attendance in self.active_attendances(incident):
            yield Deadline(due_at=attendance.due_by, kind="attendance", subject_id=attendance.id)
            if attendance.trouble_by is not None:
                yield Deadline(due_at=attendance.trouble_by, kind="scene", subject_id=attendance.id)
            if attendance.check_by is not None:
                yield Deadline(
                    due_at=attendance.check_by, kind="movement", subject_id=attendance.id
                )

    def deadlines_of_desk(self) -> Iterator[Deadline]:
        """Give every deadline on which no single incident hangs."""
        for one in self.handovers.values():
            yield Deadline(due_at=one.answer_by, kind="hand_over", subject_id=one.of)
        for one in self.rounds.values():
            yield Deadline(due_at=one.move_by, kind="round", subject_id=one.id)
        overload_by = overload.due_by(self)
        if overload_by is not None:
            yield Deadline(due_at=overload_by, kind="overload", subject_id=overload.DESK)

    def expect(self, due_at: datetime | None, kind: str, subject_id: str) -> None:
        """Note a deadline. One that no longer holds when it comes up is passed over."""
        if due_at is not None:
            heappush(self._deadlines, (due_at, kind, subject_id))

    def expect_all(self, deadlines: Iterable[tuple[datetime, str, str]]) -> None:
        """Note many deadlines at once, at less than the cost of one by one."""
        self._deadlines.extend(deadlines)
        heapify(self._deadlines)

    def next_deadline(self) -> Deadline | None:
        """Return the earliest deadline that still holds; costs O(log n) amortised."""
        while self._deadlines:
            due_at, kind, subject_id = self._deadlines[0]
            if self.still_holds(due_at, kind, subject_id):
                return Deadline(due_at=due_at, kind=kind, subject_id=subject_id)
            heappop(self._deadlines)
        return None

    def pass_over(self, deadline: Deadline) -> None:
        """Forget a deadline whose lapse cannot be decided; the subject's others still hold."""
        entry = (deadline.due_at, deadline.kind, deadline.subject_id)
        self._deadlines = [one for one in self._deadlines if one != entry]
        heapify(self._deadlines)

    def still_holds(self, due_at: datetime, kind: str, subject_id: str) -> bool:
        """Whether the subject still waits for exactly this deadline."""
        if kind in ("offer", "shown"):
            offer = self.offers.get(OfferId(subject_id))
            return offer is not None and offer.is_pending and _asked(offer)[kind] == due_at
        if kind in ("attendance", "scene", "movement"):
            one = self.attendances.get(AttendanceId(subject_id))
            return one is not None and one.state.is_active and _waits(one)[kind] == due_at
        if kind == "check_in":
            return self.check_ins.get(ResidentId(subject_id)) == due_at
        if kind in ("overload", "round", "hand_over"):
            return self._desk_waits(kind, subject_id) == due_at
        incident_id, _, part = subject_id.partition("/")
        incident = self.incidents.get(IncidentId(incident_id))
        return incident is not None and _hangs(incident, part)[kind] == due_at

    def _desk_waits(self, kind: str, subject_id: str) -> datetime | None:
        if kind == "overload":
            return overload.due_by(self)
        if kind == "round":
            found = self.rounds.get(RoundId(subject_id))
            return found.move_by if found else None
        handover = self.handovers.get(OperatorId(subject_id))
        return handover.answer_by if handover else None

    def index(self) -> None:
        """Make all indexes anew from the state, after it was restored as a whole."""
        for handset in self.handsets.values():
            self.pair(handset)
        self.expect_all((due_at, "check_in", who) for who, due_at in self.check_ins.items())
        for incident in self.incidents.values():
            caller = self.caller_of(incident.resident_id, incident.handset_id)
            if incident.resident_id or incident.handset_id:
                self.open_of[caller] = (*self.open_of.get(caller, ()), incident.id)
            self.house(incident)
            holder = incident.claim.operator_id
            if holder is not None:
                self.claimed_by[holder] = self.claimed_by.get(holder, frozenset()) | {incident.id}
            for deadline in self.deadlines_of(incident):
                self.expect(deadline.due_at, deadline.kind, deadline.subject_id)
            self.seek(incident)
            self.count(incident)
        for deadline in self.deadlines_of_desk():
            self.expect(deadline.due_at, deadline.kind, deadline.subject_id)
        self._overload_by = overload.due_by(self)
        self.round_of = {who: one.id for one in self.rounds.values() for who in one.left}

    # The desk

    def count(self, incident: Incident) -> None:
        """Note whether a grave call waits for an operator to take it."""
        is_grave = incident.gravity <= Gravity.URGENT
        if is_grave and incident.is_open and not incident.claim.is_held:
            number = int(incident.id[1:])
            self.untaken.put(incident.id, (False, incident.raised_at, incident.raised_at, number))
        else:
            self.untaken.discard(incident.id)

    def oldest_untaken_at(self) -> datetime:
        """Return when the oldest call was raised that no operator has; there must be one."""
        oldest = self.untaken.peek()
        assert oldest is not None  # noqa: S101 - the caller has counted
        return self.incidents[oldest].raised_at

    def expect_overload(self) -> None:
        """Expect the overload's next deadline, if it is another than before. O(1) amortised."""
        due_at = overload.due_by(self)
        if due_at != self._overload_by:
            self._overload_by = due_at
            self.expect(due_at, "overload", overload.DESK)

    def pair(self, handset: Handset) -> None:
        """Note whose handset it is."""
        if handset.resident_id is not None:
            known = self.handsets_of.get(handset.resident_id, frozenset())
            self.handsets_of[handset.resident_id] = known | {handset.id}

    def unpair(self, handset: Handset) -> None:
        """Forget whose handset it was."""
        if handset.resident_id is not None:
            left = self.handsets_of[handset.resident_id] - {handset.id}
            if left:
                self.handsets_of[handset.resident_id] = left
            else:
                del self.handsets_of[handset.resident_id]

    def house(self, incident: Incident) -> None:
        """Note an open call at its resident's home, if somebody has pinned that on the map."""
        home = self.pinned_home(incident.resident_id)
        if home is not None and incident.kind not in DESK_KINDS:
            self.households.put(incident.id, home)

    # The search

    def seek(self, incident: Incident) -> None:
        """Put the call among those for which somebody may be asked now."""
        self.searching.put(incident.id, rank(incident))

    def starve(self, incident: Incident, scope: AreaId | None, skills: frozenset[str]) -> None:
        """Let the call wait, at no cost, until somebody who fits becomes free."""
        queue = self.starved.setdefault((scope, skills), CallQueue())
        queue.put(incident.id, rank(incident))

    def wake(self, caregiver_id: CaregiverId) -> None:
        """Let the calls that are first in line for a caregiver who can be asked now be looked at.

        Calls for which people are called away can ask whoever is on the way to routine work, too.
        A few of each line are looked at, not only the first: it may find somebody nearer. A call
        that has asked this caregiver already, or must not, keeps its place and does not count.
        The line is read to a bounded depth; what stands deeper is looked at again at the deadline
        of its ladder step at the latest.
        """
        person = self.roster.of(caregiver_id)
        if not (self.roster.is_free(caregiver_id) or person.may_be_called_away):
            return
        for (scope, skills), queue in list(self.starved.items()):
            if skills <= person.skills and self.roster.serves(person, scope):
                self._wake_line(queue, caregiver_id)
                if not len(queue):
                    del self.starved[scope, skills]

    def _wake_line(self, queue: CallQueue, caregiver_id: CaregiverId) -> None:
        woken = 0
        stay: list[Incident] = []
        while woken < WOKEN_MAX and len(stay) < PASSED_MAX:
            incident_id = queue.pop()
            if incident_id is None:
                break
            incident = self.incidents.get(incident_id)
            if incident is None or incident.step_by is None:
                continue  # it was closed, or found somebody meanwhile
            if self._may_ask(incident, caregiver_id):
                self.seek(incident)
                woken += 1
            else:
                stay.append(incident)
        for incident in stay:
            queue.put(incident.id, rank(incident))

    def _may_ask(self, incident: Incident, caregiver_id: CaregiverId) -> bool:
        is_busy = self.roster.of(caregiver_id).may_be_called_away
        if is_busy and self.plan_of(incident).divert_saves is None:
            return False
        resident = self.residents.get(incident.resident_id) if incident.resident_id else None
        is_excluded = resident is not None and caregiver_id in resident.excluded
        return caregiver_id not in incident.asked and not is_excluded


def _own_deadlines(incident: Incident) -> Iterator[Deadline]:
    for kind, due_at in _hangs(incident, "").items():
        if due_at is not None:
            yield Deadline(due_at=due_at, kind=kind, subject_id=incident.id)
    for clock in incident.stages:
        if clock.by is not None:
            subject_id = stage_subject(incident.id, clock.name)
            yield Deadline(due_at=clock.by, kind="stage", subject_id=subject_id)
    for notice in incident.notices:
        if notice.until is not None:
            subject_id = notice_id(incident.id, notice.party)
            yield Deadline(due_at=notice.until, kind="notice", subject_id=subject_id)


def _asked(offer: Offer) -> Mapping[str, datetime | None]:
    return {"offer": offer.answer_by, "shown": offer.show_by}


def _hangs(incident: Incident, part: str) -> Mapping[str, datetime | None]:
    """Return what the incident waits for; `part` names a party, or a stage."""
    notice = incident.notice(part)
    return {
        "step": incident.step_by,
        "desk": incident.desk_by,
        "claim": incident.claim.until,
        "transfer": incident.offered_to_by,
        "confirm": incident.confirm_by,
        "notice": notice.until if notice else None,
        "stage": next((clock.by for clock in incident.stages if clock.name == part), None),
    }


def _waits(attendance: Attendance) -> Mapping[str, datetime | None]:
    return {
        "attendance": attendance.due_by,
        "scene": attendance.trouble_by,
        "movement": attendance.check_by,
    }
