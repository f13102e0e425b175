"""The engine against a clerk with one list, who has no index and reads it from the top each time.

The clerk is slow and obviously right: after whatever happens she goes through all open calls in
their order and asks the nearest of all who can come. The engine must have asked the same people.
"""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dispatch import requests as r
from tests.property.dispatch.laws import NIGHT, share_of
from tests.unit.dispatch.world import AREAS, PLANS, World

S = timedelta(seconds=1)
PARENT = {area: parent for area, parent, _ in AREAS}
LEVEL = {area: level for area, _, level in AREAS}
HOMES = {"li": "grid-1", "zhao": "grid-2", "wu": "grid-4"}
PEOPLE = {
    f"c{number}": area for number, area in enumerate(("grid-1", "grid-2", "grid-3", "grid-4"))
}

# However often somebody presses, one asks no more people: the clerk counts no presses.
PATIENT = PLANS.replace("close_within_s", "pressing_count = 20\nclose_within_s")

# level, how many at once, seconds to answer, seconds the step lasts: as the test plans say
WIDE = (("district", 2, 20, 80), ("operator", 0, 0, 60), ("supervisor", 0, 0, 60))
CLIMBING = (
    ("grid", 1, 60, 120),
    ("community", 1, 60, 180),
    ("street", 1, 60, 240),
    ("district", 2, 60, 300),
    ("operator", 0, 0, 600),
    ("supervisor", 0, 0, 900),
)
LADDER = {"sos": WIDE, "life_assistance": CLIMBING}
GRAVITY = {"sos": 1, "life_assistance": 3}
DUE = {"sos": 600 * S, "life_assistance": 3600 * S}


@dataclass
class Call:
    id: str
    kind: str
    who: str
    raised: datetime
    step_by: datetime | None
    step: int = 0
    round: int = 1
    asked: set = field(default_factory=set)
    offers: int = 0
    helped: bool = False

    def row(self):
        """The step by which caregivers are asked: at the desk's own steps the widest before."""
        rows = LADDER[self.kind][: self.step + 1]
        return next(row for row in reversed(rows) if row[1])

    def order(self):
        return (
            GRAVITY[self.kind] != 1,
            self.raised + DUE[self.kind],
            self.raised,
            int(self.id[1:]),
        )


class Clerk:
    """One list of calls, one of questions; whoever is on duty and does nothing can be asked."""

    def __init__(self, now):
        self.now = now
        self.calls = []
        self.questions = {}  # caregiver -> (call, answer by, id)
        self.working = {}  # caregiver -> call
        self.metres = {}
        self.on_duty = set()

    def read_the_list(self):
        while any(self.help_on(call) for call in sorted(self.calls, key=Call.order)):
            pass

    def help_on(self, call):
        """Ask for one call, or go a step on; False when there is nothing to do."""
        if call.step_by is None:
            return False
        pending = [who for who, (about, *_) in self.questions.items() if about is call]
        level, at_once, answer_s, _ = call.row()
        able = sorted(
            (self.metres[who], list(PEOPLE).index(who), who)
            for who in self.on_duty - set(self.questions) - set(self.working) - call.asked
            if serves(PEOPLE[who], HOMES[call.who], level)
        )
        chosen = able[: max(0, at_once - len(pending))]
        for _, _, who in chosen:
            call.offers += 1
            self.questions[who] = (call, self.now + answer_s * S, f"{call.id}.{call.offers}")
            call.asked.add(who)
        if chosen:
            return True
        is_area = LADDER[call.kind][call.step][1] > 0
        if not pending and is_area and at_once > 0:
            self.step_on(call)
            return True
        return False

    def step_on(self, call):
        ladder = LADDER[call.kind]
        call.step += 1
        if call.step == len(ladder):
            call.step = max(index for index, row in enumerate(ladder) if row[1])
            call.round += 1
            call.asked.clear()
        call.step_by = self.now + ladder[call.step][3] * S

    def press(self, who, kind, new_id):
        joined = sorted(
            (GRAVITY[one.kind], one.order(), one.id) for one in self.calls if one.who == who
        )
        first = next((one for one in joined if one[0] <= GRAVITY[kind]), None)
        if first is None:
            by = self.now + LADDER[kind][0][3] * S
            self.calls.append(Call(new_id, kind, who, self.now, by))
            return
        call = next(one for one in self.calls if one.id == first[2])
        pending = [one for one, *_ in self.questions.values() if one is call]
        is_stuck = call not in self.working.values() and (
            call.step > 0 or (call.asked and not pending)
        )
        if is_stuck:
            call.step, call.round = 0, call.round + 1
            call.asked.clear()
            call.step_by = self.now + LADDER[call.kind][0][3] * S

    def accept(self, who):
        call, *_ = self.questions.pop(who)
        self.working[who] = call
        call.step_by = None
        for other, (about, *_) in list(self.questions.items()):
            if about is call:
                del self.questions[other]
                call.asked.discard(other)

    def done(self, who):
        self.working.pop(who).helped = True

    def break_off(self, who):
        call = self.working.pop(who)
        if call not in self.working.values() and not call.helped:
            call.step_by = self.now + LADDER[call.kind][call.step][3] * S

    def close(self, call):
        self.calls.remove(call)
        self.questions = {who: one for who, one in self.questions.items() if one[0] is not call}
        self.working = {who: one for who, one in self.working.items() if one is not call}

    def pass_time(self, span):
        end = self.now + span
        while (due := self.next_due()) is not None and due[0] <= end:
            self.now = due[0]
            if due[1] == "offer":
                del self.questions[self.asked_by(due[2])]
            else:
                self.step_on(next(one for one in self.calls if one.id == due[2]))
            self.read_the_list()
        self.now = end

    def asked_by(self, offer_id):
        return next(who for who, one in self.questions.items() if one[2] == offer_id)

    def next_due(self):
        offers = [(by, "offer", offer_id) for _, by, offer_id in self.questions.values()]
        steps = [(one.step_by, "step", one.id) for one in self.calls if one.step_by]
        return min(offers + steps, default=None)


def serves(area, home, level):
    """Whether somebody of `area` is asked for a call at `home` when the search is this wide."""
    scope = home
    while LEVEL[scope] != level:
        scope = PARENT[scope]
    while area is not None and area != scope:
        area = PARENT[area]
    return area == scope


class AgainstTheClerk(RuleBasedStateMachine):
    """Whatever happens, both did the same."""

    def __init__(self):
        super().__init__()
        self.world = World(plans=PATIENT)
        self.clerk = Clerk(self.world.now)
        for name in ("zhao", "wu"):
            self.world.resident(name, area_id=HOMES[name])
        for name in HOMES:
            self.world.handset(f"key-{name}", name)

    @initialize(metres=st.lists(st.integers(1, 40), min_size=4, max_size=4, unique=True))
    def enrol(self, metres):
        for (name, area), hundred in zip(PEOPLE.items(), metres, strict=True):
            self.world.caregiver(name, hundred * 100, area_id=area)
            self.clerk.metres[name] = hundred
            self.clerk.on_duty.add(name)

    @rule(who=st.sampled_from(list(HOMES)), kind=st.sampled_from(list(LADDER)))
    def press(self, who, kind):
        number = self.world.book.incident_count + 1
        self.world.press(kind, handset=f"key-{who}")
        self.clerk.press(who, kind, f"I{number}")
        self.clerk.read_the_list()

    @precondition(lambda self: self.clerk.questions)
    @rule(data=st.data(), is_yes=st.booleans())
    def answer(self, data, is_yes):
        who = data.draw(st.sampled_from(sorted(self.clerk.questions)))
        self.world.answer(who, "accept" if is_yes else "decline")
        if is_yes:
            self.world.step(who, "on_scene")
            self.clerk.accept(who)
        else:
            del self.clerk.questions[who]
        self.clerk.read_the_list()

    @precondition(lambda self: self.clerk.working)
    @rule(data=st.data(), is_done=st.booleans())
    def leave(self, data, is_done):
        who = data.draw(st.sampled_from(sorted(self.clerk.working)))
        work = self.world.book.roster.of(who).work
        if is_done:
            self.world.step(who, "done", "nothing_needed" if self.is_sos(who) else "handed_over")
            (self.clerk.done if self.is_sos(who) else self.clerk.working.pop)(who)
        else:
            self.world.do(r.BreakOff(attendance_id=work, operator_id="ann"))
            self.clerk.break_off(who)
        self.clerk.read_the_list()

    def is_sos(self, who):
        return self.clerk.working[who].kind == "sos"

    @precondition(lambda self: self.clerk.calls)
    @rule(data=st.data())
    def close(self, data):
        call = data.draw(st.sampled_from(self.clerk.calls))
        self.world.close("ann", call.id)
        self.clerk.close(call)
        self.clerk.read_the_list()

    @rule(who=st.sampled_from(list(PEOPLE)), is_on=st.booleans())
    def duty(self, who, is_on):
        if who in self.clerk.working:
            return
        self.world.duty(who, is_on=is_on)
        (self.clerk.on_duty.add if is_on else self.clerk.on_duty.discard)(who)
        if not is_on:
            self.clerk.questions.pop(who, None)
        self.clerk.read_the_list()

    @rule(span=st.sampled_from((1, 20, 45, 90, 400)))
    def wait(self, span):
        self.world.pass_time(span * S)
        self.clerk.pass_time(span * S)

    @invariant()
    def both_ask_the_same_people(self):
        offers = self.world.book.offers.values()
        asked = {one.caregiver_id: (one.id, one.answer_by) for one in offers if one.is_pending}
        assert asked == {who: (one, by) for who, (_, by, one) in self.clerk.questions.items()}

    @invariant()
    def both_stand_on_the_same_steps(self):
        book = self.world.book.incidents.values()
        ours = {one.id: (one.step, one.round, one.step_by) for one in book}
        assert ours == {one.id: (one.step, one.round, one.step_by) for one in self.clerk.calls}


TestAgainstTheClerk = pytest.mark.timeout(900)(AgainstTheClerk.TestCase)
TestAgainstTheClerk.settings = settings(NIGHT, max_examples=share_of(25), phases=[Phase.generate])
