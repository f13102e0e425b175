"""Whole nights: people press, answer, act, vanish and return in any order; promises hold."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import itertools
from datetime import timedelta

import pytest
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatch import requests as r
from dispatch.book import Book
from dispatch.errors import DispatchError
from dispatch.evolve import evolve
from dispatch.facts import CaregiverOffered, IncidentRaised, ResidentRegistered
from dispatch.plans import Gravity
from dispatch.scene import WORDS
from tests.property.dispatch.laws import NIGHT
from tests.unit.dispatch.world import PLANS, World, east, state_of

RESIDENTS = ("li", "zhao", "wu")
HANDSETS = {"key": "li", "spare": "li", "stick": "zhao", "band": "wu", "lost": None}
CAREGIVERS = tuple(f"c{number}" for number in range(6))
OPERATORS = ("ann", "bob", "sue")
AREAS = ("grid-1", "grid-2", "grid-3", "grid-4", "street-1")
CALLS = ("sos", "fall", "safety_alarm", "life_assistance", "low_battery", "wound", "浸水")
OUTCOMES = ("helped", "nothing_needed", "could_not_help", "handed_over")

which = st.integers(0, 30)  # chooses one of those that exist, by the remainder
metres = st.integers(-30, 30).map(lambda n: n * 100)


def pick(things, number):
    """Return one of these things, or None when there are none."""
    things = list(things)
    return things[number % len(things)] if things else None


class Night(RuleBasedStateMachine):
    """A town in which anything may happen next; some of it is refused, none of it breaks."""

    plans = PLANS
    kinds = ("grid_worker",)  # of the caregivers, in turn

    def __init__(self):
        super().__init__()
        self.world = World(operators=(), plans=self.plans)
        for name in RESIDENTS[1:]:
            self.world.resident(name, area_id="grid-4" if name == "wu" else "grid-2")
        for handset, resident in HANDSETS.items():
            self.world.handset(handset, resident)
        self.sent = []  # every request of a handset, so that it can be sent again
        self.presses = {}  # incident -> what was sent, counted independently of the rules
        self.replay = Book()  # into which the same facts are folded, without a decision
        self.folded = 0  # how many facts were folded into it
        self.looked_at = 0  # how many facts were looked through for exclusions
        self.excluded = {}
        self.resident_of = {}

    def do(self, request):
        """Ask; a refusal is an answer too, but only from `decide`."""
        try:
            return self.world.do(request)
        except DispatchError as refusal:
            note(f"refused: {refusal}")
            return []

    @initialize(
        skills=st.lists(st.booleans(), min_size=6, max_size=6),
        at=st.lists(metres, min_size=6, max_size=6),
    )
    def enrol(self, skills, at):
        kinds = itertools.cycle(self.kinds)
        for name, is_nurse, place, kind in zip(CAREGIVERS, skills, at, kinds, strict=False):
            self.world.caregiver(
                name,
                place,
                kind=kind,
                area_id=pick(AREAS, abs(place) // 100),
                skills=("nurse",) if is_nurse else (),
            )

    # Residents

    @rule(
        handset=st.sampled_from(list(HANDSETS)),
        kind=st.sampled_from(CALLS),
        count=st.integers(1, 3),
        place=st.none() | metres,
    )
    def press(self, handset, kind, count, place):
        events = tuple(self.world.event(kind) for _ in range(count))
        self.call(handset, kind, events, place=None if place is None else east(place))

    @rule(
        handset=st.sampled_from(list(HANDSETS)),
        kind=st.sampled_from(("cancel", "check_in", "test")),
    )
    def signal(self, handset, kind):
        self.call(handset, kind, (self.world.event(kind),))

    @rule(number=which)
    def send_again(self, number):
        before = pick(self.sent, number)
        if before is not None:
            assert self.world.do(before) == []

    @rule(number=which)
    def send_again_with_one_more(self, number):
        before = pick(self.sent, number)
        if before is not None:
            fresh = self.world.event(before.kind)
            self.call(before.handset_id, before.kind, (*before.events, fresh), count=1)

    def call(self, handset, kind, events, *, count=None, place=None):
        request = r.HandsetCalled(handset_id=handset, kind=kind, events=events, place=place)
        facts = self.world.do(request)
        self.sent.append(request)
        if kind in ("cancel", "check_in", "test"):
            return
        incident_id = self.world.book.heard[handset][events[-1]].incident_id
        is_new = isinstance(facts[0], IncidentRaised)
        if is_new or self.world.book.plans.of(kind).gravity is not Gravity.SERVICE:
            self.presses[incident_id] = self.presses.get(incident_id, 0) + (count or len(events))

    @rule(
        resident=st.sampled_from(RESIDENTS),
        excluded=st.sets(st.sampled_from(CAREGIVERS), max_size=3),
    )
    def want_somebody_else(self, resident, excluded):
        self.world.resident(resident, excluded=tuple(sorted(excluded)))

    @rule(handset=st.sampled_from(list(HANDSETS)), resident=st.none() | st.sampled_from(RESIDENTS))
    def change_hands(self, handset, resident):
        self.world.handset(handset, resident)

    # Caregivers

    @rule(name=st.sampled_from(CAREGIVERS), is_on=st.booleans())
    def duty(self, name, is_on):
        self.do(r.Duty(caregiver_id=name, is_on=is_on))

    @rule(name=st.sampled_from(CAREGIVERS), is_active=st.booleans(), area=st.sampled_from(AREAS))
    def describe(self, name, is_active, area):
        kind = self.kinds[int(name[1:]) % len(self.kinds)]
        self.world.caregiver(
            name, 100, is_active=is_active, area_id=area, is_on_duty=False, kind=kind
        )

    @rule(name=st.sampled_from(CAREGIVERS), place=metres)
    def move(self, name, place):
        self.world.sight(name, place)

    @rule(number=which, answer=st.sampled_from(("accept", "accept", "decline", "shown")))
    def answer(self, number, answer):
        offer = pick(self.world.book.offers.values(), number)
        if offer is not None:
            self.do(
                r.OfferAnswer(offer_id=offer.id, caregiver_id=offer.caregiver_id, answer=answer)
            )

    @rule(number=which)
    def accept_a_pending_one(self, number):
        offer = pick((one for one in self.world.book.offers.values() if one.is_pending), number)
        if offer is not None:
            assert self.world.accept(offer.caregiver_id) != []

    @rule(
        number=which,
        step=st.sampled_from(("en_route", "on_scene", "done")),
        outcome=st.sampled_from(OUTCOMES),
    )
    def step(self, number, step, outcome):
        one = pick(self.world.book.attendances.values(), number)
        if one is not None:
            self.do(
                r.AttendanceStep(
                    attendance_id=one.id,
                    caregiver_id=one.caregiver_id,
                    step=step,
                    outcome=outcome,
                )
            )

    @rule(number=which, what=st.sampled_from(WORDS))
    def say_from_the_scene(self, number, what):
        one = pick(self.world.book.attendances.values(), number)
        if one is not None:
            self.do(r.SceneReport(attendance_id=one.id, caregiver_id=one.caregiver_id, what=what))

    @rule(number=which, is_coming=st.booleans())
    def say_still_coming(self, number, is_coming):
        one = pick(self.world.book.attendances.values(), number)
        if one is not None:
            self.do(
                r.StillComing(
                    attendance_id=one.id, caregiver_id=one.caregiver_id, is_coming=is_coming
                )
            )

    # The desk

    @rule(number=which, name=st.sampled_from(OPERATORS), place=st.none() | metres)
    def correct_the_place(self, number, name, place):
        incident_id = pick(self.world.book.incidents, number)
        if incident_id is not None:
            where = {"place": None if place is None else east(place), "area_id": "grid-2"}
            self.do(r.CorrectPlace(incident_id=incident_id, operator_id=name, **where))

    @rule(
        name=st.sampled_from(OPERATORS),
        is_present=st.booleans(),
        areas=st.sampled_from((("*",), ("street-1",), ("street-2",))),
    )
    def presence(self, name, is_present, areas):
        self.do(
            r.Desk(
                operator_id=name,
                is_present=is_present,
                is_supervisor=name == "sue",
                areas=areas,
            )
        )

    @rule(
        number=which,
        name=st.sampled_from(OPERATORS),
        act=st.sampled_from(("claim", "take over", "release", "note", "close")),
    )
    def operate(self, number, name, act):
        book = self.world.book
        incident_id = pick((*book.incidents, *book.closed), number)
        if incident_id is None:
            return
        ids = {"incident_id": incident_id, "operator_id": name}
        requests = {
            "claim": r.Claim(**ids),
            "take over": r.Claim(**ids, may_take_over=True),
            "release": r.Release(**ids),
            "note": r.Note(incident_id=incident_id, by=name, text=""),
            "close": r.Close(**ids, disposition="helped"),
        }
        self.do(requests[act])

    @rule(
        number=which,
        name=st.sampled_from(OPERATORS),
        other=st.sampled_from(OPERATORS),
        act=st.sampled_from(("hold", "transfer", "decline", "widen", "reopen")),
    )
    def handle(self, number, name, other, act):
        book = self.world.book
        incident_id = pick((*book.incidents, *book.closed), number)
        if incident_id is None:
            return
        ids = {"incident_id": incident_id, "operator_id": name}
        requests = {
            "hold": r.Hold(**ids, recall_at=self.world.now + timedelta(minutes=number + 1)),
            "transfer": r.Transfer(**ids, to=other),
            "decline": r.DeclineTransfer(**ids),
            "widen": r.Widen(**ids, reason="it is late"),
            "reopen": r.Reopen(**ids, reason="she fell again"),
        }
        self.do(requests[act])

    @rule(
        name=st.sampled_from(OPERATORS), other=st.sampled_from(OPERATORS), is_answer=st.booleans()
    )
    def change_shifts(self, name, other, is_answer):
        if is_answer:
            self.do(r.AcceptShift(operator_id=name, of=other))
        else:
            self.do(r.HandOver(operator_id=name, to=other))

    @rule(
        number=which,
        resident=st.sampled_from(RESIDENTS),
        how=st.sampled_from(("begin", "heard", "telephoned", "no_answer")),
    )
    def ask_after(self, number, resident, how):
        one = pick(self.world.book.rounds, number)
        if how == "begin":
            self.do(r.BeginRound(by="sue", residents=RESIDENTS))
        elif how == "heard":
            self.do(r.HeardAgain(handset_ids=tuple(HANDSETS)[: number % 6]))
        elif one is not None:
            before = set(self.world.book.incidents)
            self.do(r.AnswerRound(round_id=one, resident_id=resident, how=how, by="ann"))
            self.presses |= dict.fromkeys(set(self.world.book.incidents) - before, 1)

    @rule(number=which, name=st.sampled_from(OPERATORS), caregiver=st.sampled_from(CAREGIVERS))
    def send(self, number, name, caregiver):
        incident_id = pick(self.world.book.incidents, number)
        if incident_id is not None:
            self.do(
                r.OfferTo(
                    incident_id=incident_id,
                    operator_id=name,
                    caregiver_id=caregiver,
                    reason="knows her",
                )
            )

    @rule(number=which, name=st.sampled_from(OPERATORS))
    def break_off(self, number, name):
        one = pick(self.world.book.attendances, number)
        if one is not None:
            self.do(r.BreakOff(attendance_id=one, operator_id=name))

    @rule(
        name=st.sampled_from(OPERATORS),
        resident=st.none() | st.sampled_from(RESIDENTS),
        kind=st.sampled_from(CALLS),
    )
    def telephone(self, name, resident, kind):
        (raised, *_) = self.world.telephone(name, kind, resident_id=resident)
        self.presses[raised.incident_id] = 1

    # Time

    @rule(span_s=st.sampled_from((1, 20, 60, 90, 300, 1_000)))
    def wait(self, span_s):
        self.world.pass_time(timedelta(seconds=span_s))

    @rule()
    def wait_for_the_next_deadline(self):
        deadline = self.world.book.next_deadline()
        if deadline is not None:
            self.world.pass_time(max(timedelta(0), deadline.due_at - self.world.now))

    @rule(span_s=st.sampled_from((0, 5, 2_400)))
    def restart(self, span_s):
        self.world.start_after(timedelta(seconds=span_s))

    # What must hold after every step

    @invariant()
    def every_open_incident_has_a_deadline_and_the_clock_knows_the_first(self):
        book = self.world.book
        due = [deadline.due_at for deadline in book.deadlines_of_desk()]
        for incident in book.incidents.values():
            own = [deadline.due_at for deadline in book.deadlines_of(incident)]
            assert own, f"{incident.id} waits for nothing"
            due += own
        first = book.next_deadline()
        assert (first.due_at if first else None) == min(due, default=None)

    @invariant()
    def what_lapsed_has_fired(self):
        first = self.world.book.next_deadline()
        assert first is None or first.due_at > self.world.now - timedelta(microseconds=1)

    @invariant()
    def a_caregiver_has_one_task_and_one_question_at_most(self):
        book = self.world.book
        for caregiver in book.roster.everybody():
            tasks = [
                one.id
                for one in book.attendances.values()
                if one.caregiver_id == caregiver.id and one.state.is_active
            ]
            asked = [
                one.id
                for one in book.offers.values()
                if one.caregiver_id == caregiver.id and one.is_pending
            ]
            assert tasks == ([caregiver.work] if caregiver.work else [])
            assert asked == ([caregiver.offer] if caregiver.offer else [])
            if tasks and asked:  # they are asked to leave that very task for a threat to life
                assert [book.offers[asked[0]].diverts] == tasks

    @invariant()
    def a_caregiver_in_trouble_is_waited_for_by_somebody(self):
        for one in self.world.book.attendances.values():
            if one.state.is_active and one.trouble and one.trouble_by is None:
                incident = self.world.book.incidents[one.incident_id]
                others = len(self.world.book.active_attendances(incident)) > 1
                waits = incident.claim.is_held or incident.desk_by or incident.step_by
                assert waits or others or incident.gravity is Gravity.SERVICE, one.id

    @invariant()
    def nobody_is_sought_once_enough_come(self):
        book = self.world.book
        for incident in book.incidents.values():
            assert incident.step_by is None or book.missing(incident) > 0, incident.id

    @invariant()
    def no_press_is_lost(self):
        book = self.world.book
        for request in self.sent:
            assert all(event in book.heard[request.handset_id] for event in request.events)
        counted = {one.id: one.presses for one in (*book.incidents.values(), *book.closed.values())}
        assert counted == self.presses

    @invariant()
    def every_call_that_waits_for_the_desk_can_be_heard(self):
        for incident in self.world.book.incidents.values():
            is_about_a_person = incident.gravity is not Gravity.SERVICE
            if is_about_a_person and incident.desk_by and not incident.claim.is_held:
                assert incident.siren, incident.id

    @invariant()
    def whoever_holds_a_call_is_on_its_record_and_nobody_else(self):
        book = self.world.book
        held = {
            (incident.claim.operator_id, incident.id)
            for incident in book.incidents.values()
            if incident.claim.is_held
        }
        assert held == {(name, one) for name, ids in book.claimed_by.items() for one in ids}

    @invariant()
    def nobody_was_asked_whom_the_resident_excludes(self):
        for fact in self.world.facts[self.looked_at :]:
            if isinstance(fact, ResidentRegistered):
                self.excluded[fact.resident_id] = fact.excluded
            elif isinstance(fact, IncidentRaised):
                self.resident_of[fact.incident_id] = fact.resident_id
            elif isinstance(fact, CaregiverOffered):
                resident = self.resident_of[fact.incident_id]
                assert fact.caregiver_id not in self.excluded.get(resident, ())
        self.looked_at = len(self.world.facts)

    @invariant()
    def the_same_facts_give_the_same_state(self):
        for fact in self.world.facts[self.folded :]:
            evolve(self.replay, fact)
        self.folded = len(self.world.facts)
        assert state_of(self.replay) == state_of(self.world.book)

    def teardown(self):
        """Leave the town alone for an hour: no wait stands still, no round runs wild."""
        before = len(self.world.facts)
        self.world.pass_time(timedelta(hours=1))
        assert len(self.world.facts) - before < 10_000
        assert state_of(self.world.replayed()) == state_of(self.world.book)


TestNight = pytest.mark.timeout(900)(Night.TestCase)  # busy machines are slow
TestNight.settings = NIGHT
