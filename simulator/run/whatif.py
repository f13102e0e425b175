"""A recorded day enacted again: what came from outside is kept, and caregivers answer by a model.

Kept: people and plans, duty, the presses, cancels and telephone calls with their times, and how
long the desk took to claim and to close each call. Modelled, from the same day: how often and how
fast caregivers say yes, when they set out, how their way compares with the reckoned one, and how
long they stay. The chance of an answer hangs on who is asked by which call, not on the order of
things, so that two policies meet the same people in the same mood.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Final

from app.storage.lines import facts_in
from dispatch import facts as f
from dispatch import requests as r
from dispatch.errors import DispatchError
from dispatch.facts import Fact
from dispatch.ids import AttendanceId, IncidentId
from simulator.run.day import Day, NothingToEnact, read_day
from simulator.run.policy import NEAREST, book_under, policy_of
from simulator.run.response import Responses
from simulator.run.tape import BareLoop

__all__ = ["NothingToEnact", "compare"]
AFTERWARDS: Final = timedelta(hours=2)  # for the last calls to be helped


def compare(lines: Iterable[str], policy: str, seed: int) -> dict[str, Responses]:
    """Return the figures of the record, of its enactment under the policy of old, and another.

    Raises:
        LinesRefused: the lines are no journal.
        NothingToEnact: nobody called on that day.
        PolicyUnknown: the rules do not know the policy.
    """
    policy_of(policy)
    facts = [one.fact for one in facts_in(lines)]
    day = read_day(facts)
    recorded = Responses()
    for fact in facts:
        recorded.recorded(fact)
    found = {"recorded": recorded}
    for name in dict.fromkeys((NEAREST, policy)):
        found[f"{name}, enacted"] = Enactment(day, name, seed).play()
    return found


@dataclass(slots=True)
class Enactment:
    """One day, lived through under one policy."""

    day: Day
    policy: str
    seed: int
    responses: Responses = field(default_factory=Responses)
    _rules: BareLoop = field(init=False)
    _agenda: list[tuple[datetime, int, r.Request]] = field(
        default_factory=list[tuple[datetime, int, r.Request]]
    )
    _numbers: "count[int]" = field(default_factory=count)
    _raised: dict[IncidentId, f.IncidentRaised] = field(
        default_factory=dict[IncidentId, f.IncidentRaised]
    )
    _offers: dict[str, f.CaregiverOffered] = field(default_factory=dict[str, f.CaregiverOffered])

    def play(self) -> Responses:
        """Live through the day, and return how fast help came."""
        self._rules = BareLoop(book_under(self.policy))
        for at, request in self.day.agenda:
            self._plan(at, request)
        end = self.day.agenda[-1][0] + AFTERWARDS
        while (at := self._next()) is not None and at <= end:
            deadline = self._rules.book.next_deadline()
            if deadline is not None and deadline.due_at <= at:
                lapse = r.Lapse(
                    kind=deadline.kind, subject_id=deadline.subject_id, due_at=deadline.due_at
                )
                self._do(lapse, at)
            else:
                _, _, request = heappop(self._agenda)
                self._do(request, at)
        return self.responses

    def _next(self) -> datetime | None:
        """Return when something happens next; never before what happened last."""
        deadline = self._rules.book.next_deadline()
        times = [self._agenda[0][0]] if self._agenda else []
        if deadline is not None:
            times.append(deadline.due_at)
        if not times:
            return None
        return max(min(times), self._rules.book.last_at or min(times))

    def _plan(self, at: datetime, request: r.Request) -> None:
        heappush(self._agenda, (at, next(self._numbers), request))

    def _do(self, request: r.Request, now: datetime) -> None:
        answer = self._rules.do(request, now)
        if isinstance(answer, DispatchError):
            return  # somebody was too late
        for fact in answer:
            self.responses.recorded(fact)
            self._react(fact)

    def _react(self, fact: Fact) -> None:
        match fact:
            case f.IncidentRaised():
                self._raised[fact.incident_id] = fact
                self._at_the_desk(fact)
            case f.CaregiverOffered():
                self._offers[fact.offer_id] = fact
                self._answer(fact)
            case f.OfferAccepted():
                self._come(fact)
            case f.AttendanceDone():
                self._end(fact)
            case _:
                pass

    def _at_the_desk(self, raised: f.IncidentRaised) -> None:
        desk = self.day.desk_of(raised)
        if desk.claim_after is not None and desk.operator_id is not None:
            claim = r.Claim(
                incident_id=raised.incident_id, operator_id=desk.operator_id, may_take_over=True
            )
            self._plan(raised.at + desk.claim_after, claim)

    def _answer(self, offer: f.CaregiverOffered) -> None:
        chance = self._chance(offer)
        answer = self.day.habits.answer(chance)
        if answer is not None:
            word, after = answer
            said = r.OfferAnswer(
                offer_id=offer.offer_id, caregiver_id=offer.caregiver_id, answer=word
            )
            self._plan(offer.at + after, said)

    def _come(self, accepted: f.OfferAccepted) -> None:
        offer = self._offers[accepted.offer_id]
        habits, chance = self.day.habits, self._chance(offer)
        chance.random()  # spent on the answer
        at = accepted.at + habits.sets_out(chance)
        self._step(offer, at, "en_route")
        at += habits.travels(chance, offer.travel_s)
        self._step(offer, at, "on_scene")
        at += habits.stays(chance)
        self._step(offer, at, "done", habits.ends(chance))

    def _step(self, offer: f.CaregiverOffered, at: datetime, step: str, outcome: str = "") -> None:
        request = r.AttendanceStep(
            attendance_id=AttendanceId(offer.offer_id),
            caregiver_id=offer.caregiver_id,
            step=step,
            outcome=outcome,
        )
        self._plan(at, request)

    def _end(self, done: f.AttendanceDone) -> None:
        incident = self._rules.book.incidents.get(IncidentId(done.attendance_id.partition(".")[0]))
        if incident is None:
            return
        desk = self.day.desk_of(self._raised[incident.id])
        operator_id = incident.claim.operator_id or desk.operator_id
        if operator_id is not None and desk.close_after is not None:
            close = r.Close(
                incident_id=incident.id, operator_id=operator_id, disposition=done.outcome
            )
            self._plan(done.at + desk.close_after, close)

    def _chance(self, offer: f.CaregiverOffered) -> Random:
        """Return the mood of a caregiver towards a call, whatever the policy."""
        raised = self._raised[offer.incident_id]
        whose = raised.handset_id or raised.resident_id or "telephone"
        asked = self._rules.book.incidents.get(offer.incident_id)
        turn = asked.round if asked else 1
        return Random(f"{self.seed} {whose} {raised.at} {offer.caregiver_id} {turn}")


def enacted(facts: Sequence[Fact], policy: str, seed: int) -> Responses:
    """Return the figures of a day's facts, enacted under a policy."""
    return Enactment(read_day(facts), policy, seed).play()
