"""Caregivers: they see an offer or not, say yes, no or nothing, travel, help, and vanish."""

from dataclasses import dataclass
from typing import Final

from dispatch.book import Book
from dispatch.facts import CaregiverEnrolled, CaregiverOffered, Fact
from dispatch.ids import AttendanceId, CaregiverId, OfferId
from dispatch.place import Place
from dispatch.requests import AttendanceStep, Duty, OfferAnswer
from simulator.run.line import Answer
from simulator.run.players import Life
from simulator.run.town import moved

OUTCOMES: Final = ("helped",) * 12 + ("nothing_needed",) * 5 + ("could_not_help", "handed_over")
POLL_S: Final = 15.0  # how often a telephone asks whether something is new


@dataclass(slots=True)
class _Person:
    card: CaregiverEnrolled
    at: Place
    offer: OfferId | None = None  # which they last saw
    work: AttendanceId | None = None

    @property
    def id(self) -> CaregiverId:
        return self.card.caregiver_id


class Caregivers:
    """All who can be asked."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._people = {
            one.caregiver_id: _Person(card=one, at=one.station or Place(lon=0, lat=0))
            for one in life.town.caregivers
        }

    def begin(self) -> None:
        """Let everybody come on duty, and take a rest at times."""
        for person in self._people.values():
            self._life.later(self._life.chance.uniform(0, 600), self._duty, person, True)

    def hear(self, _: Book, fact: Fact) -> None:
        """Be told what came on record."""
        if isinstance(fact, CaregiverOffered):
            person = self._people[fact.caregiver_id]
            if not self._life.line.carry(self._see, person, fact.offer_id, fact.travel_s):
                self._life.later(POLL_S, self._see, person, fact.offer_id, fact.travel_s)

    def look(self, book: Book) -> None:
        """See what is new after the center was away."""
        for person in self._people.values() if len(book.roster) else ():
            offer_id = book.roster.of(person.id).offer
            offer = book.offers.get(OfferId(offer_id)) if offer_id else None
            if offer is not None and offer.id != person.offer:
                wait_s = self._life.chance.uniform(1, POLL_S)
                self._life.later(wait_s, self._see, person, offer.id, offer.travel_s)

    # Duty

    def _duty(self, person: _Person, is_on: bool) -> None:
        def then(answer: Answer) -> None:
            chance = self._life.chance
            if isinstance(answer, Exception):  # still on the way
                self._life.later(1_200, self._duty, person, is_on)
            elif is_on:
                self._life.later(chance.uniform(3, 12) * 3_600, self._duty, person, False)
                self._stand(person)
            else:
                self._life.later(chance.uniform(0.5, 3) * 3_600, self._duty, person, True)

        self._life.say(Duty(caregiver_id=person.id, is_on=is_on), then)

    def _stand(self, person: _Person) -> None:
        """Be seen where one is."""
        self._life.house.sight(person.id, person.at)

    # An offer

    def _see(self, person: _Person, offer_id: OfferId, travel_s: float) -> None:
        if person.offer == offer_id:
            return  # the line said it twice
        person.offer = offer_id
        chance = self._life.chance
        luck = chance.random()
        if luck < 0.08:
            return  # the telephone lies in another room
        self._answer(person, offer_id, "shown", travel_s)
        if luck < 0.16:
            return
        answer = "decline" if luck < 0.28 else "accept"
        self._life.later(chance.uniform(2, 22), self._answer, person, offer_id, answer, travel_s)

    def _answer(self, person: _Person, offer_id: OfferId, answer: str, travel_s: float) -> None:
        def then(said: Answer) -> None:
            if answer == "accept" and not isinstance(said, Exception) and person.work is None:
                person.work = AttendanceId(offer_id)
                wait_s = self._life.chance.uniform(5, 80)
                self._life.later(wait_s, self._set_out, person, person.work, travel_s)

        request = OfferAnswer(offer_id=offer_id, caregiver_id=person.id, answer=answer)
        self._life.say(request, then)

    # The work

    def _set_out(self, person: _Person, work: AttendanceId, travel_s: float) -> None:
        if self._vanishes(person, work):
            return
        self._step(person, work, "en_route")
        takes_s = max(20.0, travel_s * self._life.chance.uniform(0.7, 1.5))
        self._life.later(takes_s / 2, self._pass_by, person, work)
        self._life.later(takes_s, self._arrive, person, work)

    def _pass_by(self, person: _Person, work: AttendanceId) -> None:
        chance = self._life.chance
        if person.work == work:
            person.at = moved(person.at, chance.uniform(-400, 400), chance.uniform(-400, 400))
            self._stand(person)

    def _arrive(self, person: _Person, work: AttendanceId) -> None:
        if self._vanishes(person, work):
            return
        self._pass_by(person, work)
        self._step(person, work, "on_scene")
        stays_s = self._life.chance.uniform(240, 1_500)
        self._life.later(stays_s, self._finish, person, work)

    def _finish(self, person: _Person, work: AttendanceId) -> None:
        if self._vanishes(person, work):
            return
        self._step(person, work, "done", self._life.chance.choice(OUTCOMES))
        person.work = None
        self._stand(person)

    def _step(self, person: _Person, work: AttendanceId, step: str, outcome: str = "") -> None:
        def then(answer: Answer) -> None:
            if isinstance(answer, Exception) and person.work == work:
                person.work = None  # the desk gave it to somebody else

        request = AttendanceStep(
            attendance_id=work, caregiver_id=person.id, step=step, outcome=outcome
        )
        self._life.say(request, then)

    def _vanishes(self, person: _Person, work: AttendanceId) -> bool:
        """Whether nothing more is heard of them: the battery, the lift, the work itself."""
        if person.work == work and self._life.chance.random() < 0.03:
            person.work = None
        return person.work != work
