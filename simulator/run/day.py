"""What a journal says of a day: what came from outside, what the desk did, how people answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from dispatch import facts as f
from dispatch import requests as r
from dispatch.facts import Fact
from dispatch.ids import IncidentId, OfferId, OperatorId

Agenda = list[tuple[datetime, r.Request]]


class NothingToEnact(Exception):
    """The journal holds no call for help."""


@dataclass(slots=True)
class AtTheDesk:
    """How long the desk took over one call; None where it did nothing."""

    operator_id: OperatorId | None = None
    claim_after: timedelta | None = None
    close_after: timedelta | None = None  # after the last caregiver was done


@dataclass(slots=True)
class Habits:
    """How caregivers answered, set out, travelled and stayed on that day, as lists of samples."""

    offers: int = 0
    yes: list[timedelta] = field(default_factory=list[timedelta])
    no: list[timedelta] = field(default_factory=list[timedelta])
    set_out: list[timedelta] = field(default_factory=list[timedelta])
    pace: list[float] = field(default_factory=list[float])  # way taken over way reckoned
    stay: list[timedelta] = field(default_factory=list[timedelta])
    outcomes: list[str] = field(default_factory=list[str])

    def answer(self, chance: Random) -> tuple[str, timedelta] | None:
        """Return yes or no and after how long, or None: silence."""
        luck = chance.random() * max(1, self.offers)
        if luck < len(self.yes):
            return "accept", self.yes[int(luck)]
        if luck < len(self.yes) + len(self.no):
            return "decline", self.no[int(luck - len(self.yes))]
        return None

    def sets_out(self, chance: Random) -> timedelta:
        """Return how long somebody takes to set out."""
        return chance.choice(self.set_out or [timedelta(seconds=30)])

    def travels(self, chance: Random, travel_s: float) -> timedelta:
        """Return how long somebody travels who was reckoned to take `travel_s`."""
        return timedelta(seconds=max(1.0, travel_s * chance.choice(self.pace or [1.0])))

    def stays(self, chance: Random) -> timedelta:
        """Return how long somebody stays with the resident."""
        return chance.choice(self.stay or [timedelta(minutes=20)])

    def ends(self, chance: Random) -> str:
        """Return how it ends."""
        return chance.choice(self.outcomes or ["helped"])


@dataclass(slots=True)
class Day:
    """A day that can be lived through again."""

    agenda: Agenda
    habits: Habits
    desk: dict[tuple[str, datetime], AtTheDesk]

    def desk_of(self, raised: f.IncidentRaised) -> AtTheDesk:
        """Return what the desk did about this call; nothing, when it was no call of its own."""
        return self.desk.get(_name(raised), AtTheDesk())


def read_day(facts: Sequence[Fact]) -> Day:
    """Return what can be kept of a day.

    Raises:
        NothingToEnact: nobody called.
    """
    reader = _Reader()
    for fact in facts:
        reader.read(fact)
    if not reader.desk:
        raise NothingToEnact("Nobody called for help in this journal.")
    return Day(reader.agenda, reader.habits, reader.desk)


def _name(raised: f.IncidentRaised) -> tuple[str, datetime]:
    return (raised.handset_id or raised.resident_id or "telephone", raised.at)


class _Reader:
    """Reads facts in order."""

    def __init__(self) -> None:
        self.agenda: Agenda = []
        self.habits = Habits()
        self.desk: dict[tuple[str, datetime], AtTheDesk] = {}
        self._raised: dict[IncidentId, f.IncidentRaised] = {}
        self._offers: dict[OfferId, f.CaregiverOffered] = {}
        self._last: dict[str, datetime] = {}  # when an attendance, or an incident's last, moved on

    def read(self, fact: Fact) -> None:
        """Take up one fact, from outside or about people's habits."""
        match fact:
            case (
                f.PlanAdopted()
                | f.AreaDefined()
                | f.ResidentRegistered()
                | f.HandsetPaired()
                | f.CaregiverEnrolled()
            ):
                self.agenda.append((fact.at, r.Register(facts=(fact,))))
            case f.DutyStarted() | f.DutyEnded():
                is_on = isinstance(fact, f.DutyStarted)
                self.agenda.append((fact.at, r.Duty(caregiver_id=fact.caregiver_id, is_on=is_on)))
            case f.OperatorSatDown() | f.OperatorLeft():
                self._presence(fact)
            case _:
                self._press(fact)
                self._desk(fact)
                self._habit(fact)

    def _presence(self, fact: f.OperatorSatDown | f.OperatorLeft) -> None:
        if isinstance(fact, f.OperatorSatDown):
            request = r.Desk(
                operator_id=fact.operator_id,
                is_present=True,
                is_supervisor=fact.is_supervisor,
                areas=fact.areas,
            )
        else:
            request = r.Desk(operator_id=fact.operator_id, is_present=False)
        self.agenda.append((fact.at, request))

    def _press(self, fact: Fact) -> None:
        match fact:
            case f.IncidentRaised():
                self._raised[fact.incident_id] = fact
                self.desk[_name(fact)] = AtTheDesk()
                if fact.handset_id is not None:
                    self._called(fact, fact.kind, fact.events)
            case f.PressRepeated():
                self._called(fact, fact.kind, fact.events)
            case f.CancelPressed() | f.SignalHeard():
                request = r.HandsetCalled(
                    handset_id=fact.handset_id, kind=fact.event.kind, events=(fact.event,)
                )
                self.agenda.append((fact.at, request))
            case _:
                pass

    def _called(
        self,
        fact: f.IncidentRaised | f.PressRepeated,
        kind: str,
        events: tuple[f.EventKey, ...],
    ) -> None:
        assert fact.handset_id is not None  # noqa: S101 - seen by whoever calls
        request = r.HandsetCalled(
            handset_id=fact.handset_id,
            kind=kind,
            events=events,
            occurred_at=fact.occurred_at,
            place=fact.place,
        )
        self.agenda.append((fact.at, request))

    def _desk(self, fact: Fact) -> None:
        match fact:
            case f.IncidentClaimed() if fact.incident_id in self._raised:
                self._claimed(fact, self._raised[fact.incident_id])
            case f.IncidentClosed() if fact.incident_id in self._raised:
                raised = self._raised[fact.incident_id]
                since = self._last.get(fact.incident_id, raised.at)
                self.desk[_name(raised)].close_after = fact.at - since
            case _:
                pass

    def _claimed(self, fact: f.IncidentClaimed, raised: f.IncidentRaised) -> None:
        desk = self.desk[_name(raised)]
        if desk.operator_id is not None:
            return  # kept, or taken over
        desk.operator_id, desk.claim_after = fact.operator_id, fact.at - raised.at
        if raised.channel == "telephone":
            request = r.Telephoned(
                operator_id=fact.operator_id,
                kind=raised.kind,
                resident_id=raised.resident_id,
                area_id=raised.area_id,
                place=raised.place,
            )
            self.agenda.append((raised.at, request))

    def _habit(self, fact: Fact) -> None:
        habits = self.habits
        match fact:
            case f.CaregiverOffered():
                habits.offers += 1
                self._offers[fact.offer_id] = fact
            case f.OfferAccepted() | f.OfferDeclined() if fact.offer_id in self._offers:
                samples = habits.yes if isinstance(fact, f.OfferAccepted) else habits.no
                samples.append(fact.at - self._offers[fact.offer_id].at)
                self._last[fact.offer_id] = fact.at
            case f.CaregiverSetOut() | f.CaregiverArrived() | f.AttendanceDone():
                self._work(fact)
            case _:
                pass

    def _work(self, fact: f.CaregiverSetOut | f.CaregiverArrived | f.AttendanceDone) -> None:
        habits = self.habits
        before = self._last.get(fact.attendance_id)
        if before is None:
            return
        took = fact.at - before
        self._last[fact.attendance_id] = fact.at
        match fact:
            case f.CaregiverSetOut():
                habits.set_out.append(took)
            case f.CaregiverArrived():
                reckoned_s = self._offers[OfferId(fact.attendance_id)].travel_s
                if reckoned_s > 0:
                    habits.pace.append(took.total_seconds() / reckoned_s)
            case f.AttendanceDone():
                habits.stay.append(took)
                habits.outcomes.append(fact.outcome)
                self._last[fact.attendance_id.partition(".")[0]] = fact.at
