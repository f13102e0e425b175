"""Promise 7: nobody is asked who must not be, and each offer says why it was made.

Who is on duty, busy, being asked or unwanted is followed by the facts alone, beside the rules.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from dispatch import facts as f
from dispatch.asking import seems_s
from dispatch.facts import Fact
from dispatch.ids import CaregiverId, IncidentId, OfferId, ResidentId
from dispatch.roster import Verdict
from simulator.run.policy import NEAREST
from simulator.run.promises import Complain

EXPLAINED: Final = "7 one decision, explained"


@dataclass(slots=True)
class _Person:
    is_on_duty: bool = False
    work: str | None = None
    offer: str | None = None


class Choices:
    """Promise 7: nobody is asked who must not be, and each offer says who was considered."""

    def __init__(self, complain: Complain, policy: str) -> None:
        self._complain = complain
        self._policy = policy
        self._people: dict[CaregiverId, _Person] = {}
        self._excluded: dict[ResidentId, tuple[CaregiverId, ...]] = {}
        self._resident_of: dict[IncidentId, ResidentId | None] = {}
        self._asked: dict[IncidentId, set[CaregiverId]] = {}
        self._rounds: dict[IncidentId, int] = {}
        self._whose: dict[str, CaregiverId] = {}  # by offer
        self._watches: dict[type[Fact], Callable[[Any], None]] = {
            f.CaregiverOffered: self._offered,
            f.IncidentRaised: self._raised,
            f.ResidentRegistered: self._registered,
            f.DutyStarted: self._duty,
            f.DutyEnded: self._duty,
            f.StepTaken: self._stepped,
            f.OfferAccepted: self._accepted,
            f.OfferDeclined: self._offer_over,
            f.OfferLapsed: self._offer_over,
            f.OfferWithdrawn: self._offer_over,
            f.AttendanceDone: self._work_over,
            f.AttendanceBrokenOff: self._work_over,
            f.CaregiverDiverted: self._work_over,
            f.CaregiverArrived: self._arrived,
            f.IncidentClosed: self._closed,
        }

    def recorded(self, fact: Fact) -> None:
        """Follow who does what, by the facts alone, and look at each offer."""
        watch = self._watches.get(type(fact))
        if watch is not None:
            watch(fact)

    def _offered(self, fact: f.CaregiverOffered) -> None:
        person = self._people.setdefault(fact.caregiver_id, _Person())
        asked = self._asked.setdefault(fact.incident_id, set())
        resident_id = self._resident_of.get(fact.incident_id)
        excluded = self._excluded.get(resident_id, ()) if resident_id else ()
        for is_wrong, why in (
            (fact.caregiver_id in excluded, "whom the resident excludes"),
            (not person.is_on_duty, "who is off duty"),
            (person.work != fact.diverts, f"who is busy with {person.work}"),
            (person.offer is not None, f"who is being asked about {person.offer}"),
            (fact.by == "plan" and fact.caregiver_id in asked, "who was asked in this round"),
        ):
            if is_wrong:
                words = f"offer {fact.offer_id} went to {fact.caregiver_id}"
                self._complain(EXPLAINED, f"{words}, {why}")
        self._is_explained(fact)
        asked.add(fact.caregiver_id)
        person.offer = fact.offer_id
        self._whose[fact.offer_id] = fact.caregiver_id

    def _is_explained(self, fact: f.CaregiverOffered) -> None:
        own = next((one for one in fact.considered if one.caregiver_id == fact.caregiver_id), None)
        if own is None or own.verdict != Verdict.CHOSEN.value or own.travel_s != fact.travel_s:
            self._complain(EXPLAINED, f"offer {fact.offer_id} does not say why it was made")
        elif fact.by == "plan" and self._policy == NEAREST:
            nearer = [
                one.caregiver_id
                for one in fact.considered
                if one.verdict == Verdict.FARTHER.value and seems_s(one) < seems_s(own)
            ]
            if nearer:
                self._complain(EXPLAINED, f"offer {fact.offer_id} passed over {nearer[0]}, nearer")

    def _raised(self, fact: f.IncidentRaised) -> None:
        self._resident_of[fact.incident_id] = fact.resident_id

    def _registered(self, fact: f.ResidentRegistered) -> None:
        self._excluded[fact.resident_id] = fact.excluded

    def _duty(self, fact: f.DutyStarted | f.DutyEnded) -> None:
        person = self._people.setdefault(fact.caregiver_id, _Person())
        person.is_on_duty = isinstance(fact, f.DutyStarted)

    def _stepped(self, fact: f.StepTaken) -> None:
        if fact.round > self._rounds.get(fact.incident_id, 1):
            self._asked.pop(fact.incident_id, None)
        self._rounds[fact.incident_id] = fact.round

    def _accepted(self, fact: f.OfferAccepted) -> None:
        person = self._people[self._whose[fact.offer_id]]
        person.offer, person.work = None, fact.offer_id

    def _offer_over(self, fact: f.OfferDeclined | f.OfferLapsed | f.OfferWithdrawn) -> None:
        caregiver_id = self._whose[fact.offer_id]
        self._people[caregiver_id].offer = None
        if isinstance(fact, f.OfferWithdrawn) and fact.why == "taken":
            incident_id = IncidentId(fact.offer_id.partition(".")[0])
            self._asked.get(incident_id, set[CaregiverId]()).discard(caregiver_id)

    def _arrived(self, fact: f.CaregiverArrived) -> None:
        self._people[self._whose[OfferId(fact.attendance_id)]].work = fact.attendance_id

    def _work_over(
        self, fact: f.AttendanceDone | f.AttendanceBrokenOff | f.CaregiverDiverted
    ) -> None:
        self._people[self._whose[OfferId(fact.attendance_id)]].work = None

    def _closed(self, fact: f.IncidentClosed) -> None:
        for kept in (self._resident_of, self._asked, self._rounds):
            kept.pop(fact.incident_id, None)
