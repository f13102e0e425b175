"""The desk: operators who claim, note, send, release, close, break off, and leave."""

from typing import Final

from dispatch import facts as f
from dispatch.attendance import AttendanceState
from dispatch.book import Book
from dispatch.facts import Fact
from dispatch.ids import IncidentId, OperatorId
from dispatch.incident import Incident
from dispatch.requests import (
    BreakOff,
    Claim,
    Close,
    Desk,
    Note,
    OfferTo,
    Release,
    Request,
    Telephoned,
)
from dispatch.status import Status, status_of
from simulator.run.line import Answer
from simulator.run.players import Life
from simulator.run.residents import POISON

SWEEP_S: Final = 600.0
HEARD: Final = (
    f.IncidentRaised,
    f.DeskAlerted,
    f.ClaimLapsed,
    f.ClaimReleased,
    f.AttendanceDone,
    f.CenterStarted,
)
OLD_S: Final = 3 * 3_600.0  # an incident that is closed whatever became of it


class Operators:
    """All who sit at consoles, and their supervisor."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._present: list[OperatorId] = []
        self._poisoned = 0  # of the next notes
        self._waiting: set[IncidentId] = set()  # somebody is about to claim or close it

    def begin(self) -> None:
        """Sit down, and take breaks at times."""
        for name in (*self._life.town.operators, *self._life.town.supervisors):
            self._sit(name, True)
        self._life.by_chance(len(self._life.town.operators) * 4, self._break)
        self._life.by_chance(self._life.scale.calls_a_day / 20, self._telephone)
        self._life.later(SWEEP_S, self._sweep)

    def poison(self) -> None:
        """Let the next note carry what no storage takes."""
        self._poisoned += 1

    def hear(self, book: Book, fact: Fact) -> None:
        """Be told what came on record."""
        chance = self._life.chance
        match fact:
            case f.IncidentRaised() | f.DeskAlerted() | f.ClaimLapsed() | f.ClaimReleased():
                if chance.random() < 0.9 and fact.incident_id not in self._waiting:
                    self._waiting.add(fact.incident_id)
                    self._life.later(chance.uniform(3, 60), self._claim, fact.incident_id)
            case f.AttendanceDone():
                incident_id = IncidentId(fact.attendance_id.partition(".")[0])
                self._life.later(chance.uniform(30, 900), self._close, incident_id)
            case f.CenterStarted():
                self._sit_again()
            case _:
                pass

    # Being there

    def _sit(self, name: OperatorId, is_present: bool) -> None:
        if is_present and name not in self._present:
            self._present.append(name)
        if not is_present and name in self._present:
            self._present.remove(name)
        is_supervisor = name in self._life.town.supervisors
        self._life.say(
            Desk(
                operator_id=name,
                is_present=is_present,
                is_supervisor=is_supervisor,
                areas=("*",),  # pyright: ignore[reportArgumentType] - everywhere
            )
        )

    def _sit_again(self) -> None:
        for name in list(self._present):
            self._life.later(self._life.chance.uniform(1, 20), self._sit, name, True)

    def _break(self) -> None:
        chance = self._life.chance
        if self._present:
            name = chance.choice(self._present)
            self._sit(name, False)
            self._life.later(chance.uniform(120, 2_400), self._sit, name, True)

    # Acting

    def _claim(self, incident_id: IncidentId) -> None:
        self._waiting.discard(incident_id)
        if not self._present or incident_id not in self._life.house.book.incidents:
            return
        chance = self._life.chance
        name = chance.choice(self._present)
        is_supervisor = name in self._life.town.supervisors
        claim = Claim(incident_id=incident_id, operator_id=name, may_take_over=is_supervisor)

        def then(answer: Answer) -> None:
            if not isinstance(answer, Exception):
                self._life.later(chance.uniform(10, 300), self._act, incident_id, name)

        self._life.say(claim, then)

    def _act(self, incident_id: IncidentId, name: OperatorId) -> None:
        chance = self._life.chance
        book = self._life.house.book
        incident = book.incidents.get(incident_id)
        if incident is None or name not in self._present:
            return
        luck = chance.random()
        if luck < 0.25:
            self._note(incident_id, name)
        elif luck < 0.3:
            self._life.say(Release(incident_id=incident_id, operator_id=name))
        elif luck < 0.45 and status_of(book, incident) is Status.WAITING:
            self._send(incident, name)
        elif luck < 0.5:
            self._break_off(book, incident, name)

    def _note(self, incident_id: IncidentId, name: OperatorId) -> None:
        is_poisoned = self._poisoned > 0
        self._poisoned -= is_poisoned
        text = POISON if is_poisoned else "spoke to her"
        self._life.say(Note(incident_id=incident_id, by=name, text=text))

    def _send(self, incident: Incident, name: OperatorId) -> None:
        card = self._life.chance.choice(self._life.town.caregivers)
        self._life.say(
            OfferTo(
                incident_id=incident.id,
                operator_id=name,
                caregiver_id=card.caregiver_id,
                reason="knows her",
            )
        )

    def _break_off(self, book: Book, incident: Incident, name: OperatorId) -> None:
        for one in book.active_attendances(incident)[:1]:
            if one.state is AttendanceState.ACCEPTED:
                self._life.say(BreakOff(attendance_id=one.id, operator_id=name))

    def _close(self, incident_id: IncidentId, *, whatever: bool = False) -> None:
        book = self._life.house.book
        incident = book.incidents.get(incident_id)
        if incident is None or not self._present:
            return
        if whatever or status_of(book, incident) is Status.HELPED:
            holder = incident.claim.operator_id or self._present[0]
            self._say_as(
                holder, Close(incident_id=incident_id, operator_id=holder, disposition="helped")
            )

    def _say_as(self, name: OperatorId, request: Request) -> None:
        if name in self._present:
            self._life.say(request)

    def _telephone(self) -> None:
        chance = self._life.chance
        if self._present:
            kind = chance.choice(("sos", "life_assistance"))
            place_of = chance.choice(self._life.town.residents)
            name = chance.choice(self._present)
            self._life.say(Telephoned(operator_id=name, kind=kind, resident_id=place_of))

    def _sweep(self) -> None:
        """Look through all that is open: what was missed is claimed, what is old is closed."""
        house = self._life.house
        self._life.loop.create_task(house.read(self._look_through))
        self._life.later(SWEEP_S, self._sweep)

    def _look_through(self, book: Book) -> None:
        now = self._life.house.center.now
        for incident in list(book.incidents.values()):
            is_old = (now - incident.raised_at).total_seconds() > OLD_S
            if is_old or status_of(book, incident) is Status.HELPED:
                self._close(incident.id, whatever=is_old)
            elif incident.desk_by is not None and incident.id not in self._waiting:
                self._waiting.add(incident.id)
                self._life.later(self._life.chance.uniform(3, 60), self._claim, incident.id)
