"""The center on a journal in memory: what it promises, and what faults cannot make it break."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false
# pyright: reportGeneralTypeIssues=false
# pyright: reportIndexIssue=false
# pyright: reportOptionalMemberAccess=false

import asyncio
import itertools
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files

import pytest

from app import center as center_module
from app.center import Center, CenterStopped, NotRecordable
from app.codec import Encoded
from app.inbox import WAITING_MAX, InboxFull
from app.metrics import Metrics
from app.storage.ledger import LedgerOwned, NumberTaken
from app.storage.memory import Journal, MemoryLedger
from app.storage.snapshot import save
from dispatch import facts as f
from dispatch import requests as r
from dispatch.errors import UnknownSubject
from dispatch.evolve import EVOLVE_VERSION
from dispatch.place import Place
from dispatch.plans import read_plans
from tests.fakes import NOON, HandClock
from tests.integration.world import folded, saved_and_restored, state_of, town, until

PLANS = (files("app") / "data" / "plans.toml").read_text("utf-8")
HELP = {f.IncidentRaised, f.PressRepeated}
_ids = itertools.count(1)


def with_plans(at):
    return f.PlanAdopted(at=at, version=read_plans(PLANS).version, text=PLANS)


def sos(handset="H1", **more):
    key = f.EventKey(event_id=f"p{next(_ids)}", kind="sos", device_time="")
    return r.HandsetCalled(**{"handset_id": handset, "kind": "sos", "events": (key,)} | more)


def on_duty(caregiver, is_on=True):
    return r.Duty(caregiver_id=caregiver, is_on=is_on)


def note(incident, text="x"):
    return r.Note(incident_id=incident, by="ann", text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonsense(r.Request):
    """A request that no rule knows: a fault of the program."""


class House:
    """One center on a journal, with all that it said."""

    def __init__(self, journal=None, clock=None):
        self.clock = clock or HandClock()
        self.ledger = MemoryLedger(journal)
        self.metrics = Metrics()
        self.told = []
        self.center = Center(self.ledger, self.clock, self.metrics, tell=self._tell)
        self.task = None

    def _tell(self, book, recorded):
        self.told += [one.fact for one in recorded]

    @property
    def book(self):
        return self.center.book

    @property
    def facts(self):
        return self.ledger.journal.facts

    def kinds(self):
        return [type(fact).__name__ for fact in self.facts]

    async def begin(self):
        await self.center.start()
        self.task = asyncio.ensure_future(self.center.run())
        return self

    async def settle(self):
        """Let everything happen that can happen without time passing."""
        self.center._wake.set()
        quiet = 0
        while quiet < 5:
            await asyncio.sleep(0)
            is_idle = not len(self.center._inbox) and not self.center._is_busy
            quiet = quiet + 1 if is_idle and not self.center._due() else 0

    async def pass_time(self, **amount):
        self.clock.move(**amount)
        await self.settle()

    def ask(self, request):
        return asyncio.ensure_future(self.center.call(request))

    async def end(self):
        """Stop, and see that the record gives the book again, however it is read."""
        self.ledger.open_gate.set()
        self.center.stop()
        await self.task
        live = state_of(self.book)
        assert state_of(folded(self.facts)) == live
        assert state_of(saved_and_restored(self.book)) == live
        for number, (version, body) in self.ledger.journal.snapshots.items():
            if version == EVOLVE_VERSION:
                assert state_of(folded(self.facts[number:], body)) == live


@pytest.fixture
async def house():
    house = await House().begin()
    await house.center.call(r.Register(facts=(with_plans(NOON), *town(NOON))))
    for caregiver in ("C1", "C2", "C3", "C4"):
        await house.center.call(on_duty(caregiver))
    yield house
    if not house.task.done():
        await house.end()


async def some_turns():
    for _ in range(50):
        await asyncio.sleep(0)


# Acknowledged means on record


async def test_nobody_is_told_anything_before_the_commit(house):
    house.ledger.open_gate.clear()
    house.told.clear()
    pressed = house.ask(sos())
    looked = asyncio.ensure_future(house.center.read(lambda book: len(book.incidents)))
    await house.ledger.held.wait()
    read = asyncio.ensure_future(house.center.read(lambda book: len(book.incidents)))
    await some_turns()
    assert not pressed.done()
    assert not read.done()  # a look would show what is not on record
    assert looked.result() == 0
    assert house.told == []
    house.ledger.open_gate.set()
    kinds = [type(fact) for fact in await pressed]
    assert f.CaregiverOffered in kinds
    assert await read == 1
    assert [type(fact) for fact in house.told] == kinds


async def test_everybody_is_told_before_the_caller_is_answered(house):
    heard = []
    pressed = house.ask(sos())
    pressed.add_done_callback(lambda _: heard.append("answer"))
    house.center._tell = lambda book, recorded: heard.append("told")
    await pressed
    await some_turns()
    assert heard == ["told", "answer"]


async def test_a_refusal_waits_for_what_it_was_decided_upon(house):
    """An accept that came too late is said to be too late once the other's is on record."""
    await house.center.call(sos())
    house.ledger.open_gate.clear()
    first, second = (
        house.ask(r.OfferAnswer(offer_id=f"I1.{n}", caregiver_id=f"C{n}", answer="accept"))
        for n in (1, 2)
    )
    await house.ledger.held.wait()
    await some_turns()
    assert not second.done()
    house.ledger.open_gate.set()
    assert await first
    with pytest.raises(Exception, match="Somebody else has taken"):
        await second


async def test_a_caller_who_gave_up_has_lost_nothing(house):
    house.ledger.open_gate.clear()
    request = sos()
    pressed = house.ask(request)
    await house.ledger.held.wait()
    pressed.cancel()
    house.ledger.open_gate.set()
    assert await house.center.call(request) == []  # it is on record: a duplicate
    assert len(house.book.incidents) == 1


async def test_a_refused_request_changes_nothing(house):
    before, number = state_of(house.book), house.ledger.last_number
    with pytest.raises(UnknownSubject):
        await house.center.call(note("I404"))
    assert (state_of(house.book), house.ledger.last_number) == (before, number)


async def test_a_press_is_recognised_after_a_restart(house):
    request = sos()
    await house.center.call(request)
    await house.end()
    again = await House(house.ledger.journal, house.clock).begin()
    assert await again.center.call(request) == []
    await again.center.call(sos())
    assert again.book.incidents["I1"].presses == 2
    await again.end()


# An SOS waits for one commit at most


async def test_an_sos_behind_thousands_of_requests_is_in_the_very_next_batch(house):
    house.ledger.open_gate.clear()
    first = house.ask(on_duty("C4", is_on=False))
    await house.ledger.held.wait()
    batches = len(house.ledger.batches)
    office = [
        house.ask(r.Register(facts=(f.HandsetPaired(at=NOON, handset_id=f"N{n}", **NOBODYS),)))
        for n in range(5_000)
    ]
    duties = [house.ask(on_duty(f"C{n % 4 + 1}", is_on=n % 8 < 4)) for n in range(3_000)]
    pressed = house.ask(sos())
    await some_turns()
    house.ledger.open_gate.set()
    await pressed
    next_batch = house.ledger.batches[batches + 1]
    assert type(next_batch[0]) is f.IncidentRaised
    await asyncio.gather(first, *office, *duties)


NOBODYS = {"resident_id": None, "model": "demo"}


async def test_a_handset_gone_mad_holds_one_place_and_delays_nobody(house):
    house.ledger.open_gate.clear()
    first = house.ask(on_duty("C4", is_on=False))
    await house.ledger.held.wait()
    flood = [house.ask(sos("H1")) for _ in range(1_000)]
    other = house.ask(sos("H2"))
    await some_turns()
    assert len(house.center._inbox) == 2
    house.ledger.open_gate.set()
    answers = await asyncio.gather(first, other, *flood, return_exceptions=True)
    refused = [one for one in answers if isinstance(one, InboxFull)]
    assert len(refused) == 800  # to be sent again, and then recognised or counted
    assert house.book.incidents["I1"].presses == 200


async def test_a_full_inbox_turns_the_office_away_and_never_a_call_for_help(house):
    house.ledger.open_gate.clear()
    first = house.ask(on_duty("C4", is_on=False))
    await house.ledger.held.wait()
    waiting = [house.ask(on_duty("C4")) for _ in range(WAITING_MAX)]
    await some_turns()
    with pytest.raises(InboxFull):
        await house.center.call(on_duty("C1"))
    pressed = house.ask(sos())
    house.ledger.open_gate.set()
    await pressed
    await asyncio.gather(first, *waiting)


async def test_what_arrives_during_a_commit_is_one_batch(house):
    house.ledger.open_gate.clear()
    first = house.ask(sos("H1"))
    await house.ledger.held.wait()
    batches = len(house.ledger.batches)
    others = [house.ask(sos(f"X{n}")) for n in range(10)]
    await some_turns()
    house.ledger.open_gate.set()
    await asyncio.gather(first, *others)
    assert len(house.ledger.batches) < batches + 1 + len(others)


# The journal is lost


@pytest.mark.parametrize("fault", ["lost", "lost after"])
async def test_a_commit_that_lost_its_connection_happens_once(house, fault):
    house.ledger.faults.append(fault)
    number = house.ledger.last_number
    facts = await house.center.call(sos())
    assert house.facts[number:] == facts
    assert house.center.is_ready


async def test_while_the_journal_is_away_requests_wait_and_the_server_is_not_ready(house):
    house.ledger.is_away = True
    request = sos()
    pressed, again = house.ask(request), house.ask(sos("H2"))
    await until(lambda: not house.center.is_ready)
    repeated = house.ask(request)
    assert not pressed.done()
    house.ledger.is_away = False
    await asyncio.gather(pressed, again, repeated)
    assert house.center.is_ready
    assert len(house.book.incidents) == 2
    assert house.book.incidents["I1"].presses == 1


async def test_a_journal_to_which_another_wrote_meanwhile_ends_the_center(house):
    """The number alone would say that the batch is on record; the fact there is another's."""
    house.ledger.is_away = True
    pressed = house.ask(sos())
    await until(lambda: not house.center.is_ready)
    house.ledger.journal.write(*[f.DutyStarted(at=NOON, caregiver_id="C1")] * 50)
    house.ledger.is_away = False
    with pytest.raises(NumberTaken):
        await house.task
    assert not pressed.done()
    pressed.cancel()


async def test_a_number_that_is_taken_ends_the_center(house):
    house.ledger.journal.write(f.DutyStarted(at=NOON, caregiver_id="C1"))
    pressed = house.ask(sos())
    with pytest.raises(NumberTaken):
        await house.task
    assert not pressed.done()
    pressed.cancel()


async def test_a_journal_that_is_owned_cannot_be_started_on(house):
    with pytest.raises(LedgerOwned):
        await House(house.ledger.journal).center.start()


# The data is refused


async def poisoned_batch(house, *poison):
    """Let good requests and poison arrive in one batch; return the answers, poison last."""
    house.ledger.open_gate.clear()
    first = house.ask(on_duty("C4", is_on=False))
    await house.ledger.held.wait()
    good = [house.ask(sos("H1")), house.ask(on_duty("C4")), house.ask(sos("H2"))]
    bad = [house.ask(request) for request in poison]
    await some_turns()
    house.ledger.open_gate.set()
    return await asyncio.gather(first, *good, *bad, return_exceptions=True)


async def test_one_request_that_cannot_be_stored_costs_the_others_nothing(house):
    await house.center.call(sos("X"))
    *good, bad = await poisoned_batch(house, note("I1", "\ud800"))
    assert all(isinstance(facts, list) and facts for facts in good)
    assert isinstance(bad, NotRecordable)
    parked = [fact for fact in house.facts if isinstance(fact, f.RequestParked)]
    assert [(fact.what, fact.handset_id) for fact in parked] == [("note", None)]
    assert len(house.book.incidents) == 3
    assert not any(isinstance(fact, f.NoteAdded) for fact in house.facts)


async def test_a_call_for_help_that_cannot_be_stored_opens_a_bare_incident(house):
    *_, facts = await poisoned_batch(house, sos("H9", note="\ud800"))
    assert [type(fact) for fact in facts][:2] == [f.RequestParked, f.IncidentRaised]
    raised = facts[1]
    assert (raised.handset_id, raised.kind, raised.problems) == ("H9", "sos", ("parked",))
    assert f.DeskAlerted in [type(fact) for fact in facts]  # nobody sits there: the outside is told


async def test_a_bare_call_that_is_refused_for_a_moment_is_tried_again(house):
    house.ledger.faults.append("refused")  # met by the first that can be written: the bare call
    facts = await house.center.call(sos("H9", note="\ud800"))
    assert [type(fact) for fact in facts][:2] == [f.RequestParked, f.IncidentRaised]
    assert house.kinds().count("RequestParked") == 1


@pytest.mark.parametrize(
    "poison",
    [
        Nonsense(),
        r.Register(facts=(f.CaregiverEnrolled(
            at=NOON, caregiver_id="C9", kind="x", skills=(), languages=(), area_id="S1",
            speed_kmh="fast", is_active=True,
        ),)),
    ],
    ids=["no rule knows it", "it cannot be folded"],
)  # fmt: skip
async def test_a_fault_of_the_program_costs_the_others_nothing(house, poison):
    *good, bad = await poisoned_batch(house, poison)
    assert all(isinstance(facts, list) and facts for facts in good)
    assert isinstance(bad, NotRecordable)
    assert await house.center.call(sos("X7"))  # and life goes on


async def test_what_the_database_refuses_for_no_reason_is_tried_one_by_one(house):
    house.ledger.faults.append("refused")
    answers = await poisoned_batch(house)
    assert all(isinstance(facts, list) and facts for facts in answers)
    assert "RequestParked" not in house.kinds()


async def test_when_nothing_at_all_can_be_stored_the_caller_is_told(house):
    tries = 2 + len(center_module.PARK_AGAIN_AFTER_S)  # in its batch, alone, and parked
    house.ledger.faults.extend(["refused"] * tries)
    with pytest.raises(NotRecordable):
        await house.center.call(sos())
    assert await house.center.call(sos())


async def test_a_lapse_that_fails_leaves_the_call_with_the_desk_and_the_others_go_on(house):
    raised = next(fact for fact in await house.center.call(sos()) if type(fact) in HELP)
    await house.end()
    broken = replace(raised, incident_id="I2", plan_version="gone", resident_id="R2", events=())
    house.ledger.journal.write(broken)
    again = await House(house.ledger.journal, house.clock).begin()
    assert set(again.book.incidents) == {"I1", "I2"}
    await again.pass_time(seconds=200)
    lapsed = [fact for fact in again.facts if isinstance(fact, f.OfferLapsed)]
    assert {fact.offer_id for fact in lapsed} >= {"I1.1", "I1.2"}
    assert again.book.incidents["I2"].is_open
    assert await again.center.call(sos("X"))
    again.center.stop()
    await again.task


async def test_a_fact_that_cannot_be_read_does_not_keep_the_service_from_starting(house):
    await house.center.call(sos())
    await house.end()
    journal = house.ledger.journal
    journal.snapshots.clear()
    journal.rows += [
        Encoded("offer_shown", 1, '{"at":"noon"}', None),
        Encoded("offer_shown", 99, "{}", None),
        Encoded("of_tomorrow", 1, "{}", None),
    ]
    again = await House(journal, house.clock).begin()
    assert again.book.incidents.keys() == {"I1"}
    assert await again.center.call(sos())
    again.center.stop()
    await again.task


async def test_a_fact_that_cannot_be_folded_is_counted_and_the_start_goes_on(house):
    await house.center.call(sos())
    await house.end()
    house.ledger.journal.snapshots.clear()
    house.ledger.journal.write(
        f.OfferAccepted(at=NOON, offer_id="I9.9", due_by=NOON, eta_at=NOON),
        f.DeskAlerted(at=NOON, incident_id="I1", level="the moon", until=NOON, attempt=1),
    )
    again = await House(house.ledger.journal, house.clock).begin()
    assert again.metrics.unfoldable._value.get() == 2
    assert await again.center.call(sos()) is not None
    assert again.book.incidents["I1"].presses == 2
    again.center.stop()
    await again.task


# Clocks and stops


async def test_after_a_stop_of_40_minutes_offers_count_anew_and_each_deadline_is_one_step(house):
    await house.center.call(sos())
    await house.end()
    number = len(house.facts)
    house.clock.move(minutes=40)
    again = await House(house.ledger.journal, house.clock).begin()
    began = again.facts[number]
    assert began.stopped_for == timedelta(minutes=40)
    renewed = [fact for fact in again.facts if isinstance(fact, f.OfferRenewed)]
    assert {fact.offer_id for fact in renewed} == {"I1.1", "I1.2"}
    assert {fact.answer_by - again.clock() for fact in renewed} == {timedelta(seconds=20)}
    await again.settle()
    steps = [fact for fact in again.facts[number:] if isinstance(fact, f.StepTaken)]
    assert len(steps) == 1
    assert all(one.is_pending for one in again.book.offers.values() if one.id in ("I1.1", "I1.2"))
    await again.pass_time(seconds=21)
    lapsed = [fact for fact in again.facts[number:] if isinstance(fact, f.OfferLapsed)]
    assert len(lapsed) >= 2
    await again.end()


async def test_what_arrived_is_heard_before_what_lapsed(house):
    await house.center.call(sos())
    yes = r.OfferAnswer(offer_id="I1.1", caregiver_id="C1", answer="accept")
    answer = house.ask(yes)
    house.clock.move(seconds=25)
    assert f.OfferAccepted in [type(fact) for fact in await answer]


async def test_a_clock_that_leaps_a_year_fires_each_deadline_once(house):
    await house.center.call(sos())
    number = len(house.facts)
    await house.pass_time(days=365)
    later = house.facts[number:]
    assert len([one for one in later if isinstance(one, f.OfferLapsed)]) == 2
    own = [one for one in later if getattr(one, "incident_id", "") == "I1"]
    assert len([one for one in own if isinstance(one, f.StepTaken)]) == 1
    assert len([one for one in own if isinstance(one, f.DeskAlerted)]) == 1


async def test_a_clock_that_is_put_back_stops_no_deadline_and_turns_no_fact_back(house):
    await house.center.call(sos())
    number = len(house.facts)
    await house.pass_time(hours=-1)
    await house.center.call(note("I1"))
    await house.pass_time(seconds=21)
    assert [one for one in house.facts[number:] if isinstance(one, f.OfferLapsed)]
    times = [fact.at for fact in house.facts]
    assert times == sorted(times)
    await house.pass_time(hours=2)
    assert house.center.now == house.clock()


async def test_a_server_started_with_its_clock_put_back_still_escalates(house):
    await house.center.call(sos())
    await house.end()
    house.clock.move(days=-400)
    again = await House(house.ledger.journal, house.clock).begin()
    number = len(again.facts)
    await again.pass_time(seconds=90)
    assert any(isinstance(one, f.StepTaken) for one in again.facts[number:])
    assert (
        again.center._clock.machine_seconds_until(
            again.book.next_deadline().due_at - again.center._put_back
        )
        < 600
    )
    await again.end()


async def test_what_was_asked_before_the_stop_is_on_record(house):
    house.ledger.open_gate.clear()
    asked = [house.ask(sos(f"X{n}")) for n in range(5)]
    await house.ledger.held.wait()
    house.center.stop()
    with pytest.raises(CenterStopped):
        await house.center.call(sos())
    await house.end()
    assert all([await one for one in asked])
    assert len(house.book.incidents) == 5
    assert not house.center.is_ready
    assert house.ledger.journal.owner is None


# Snapshots


async def test_a_start_takes_the_snapshot_and_what_came_after_it(house):
    await house.center.call(sos())
    await house.end()
    journal = house.ledger.journal
    ((number, _),) = journal.snapshots.items()
    assert number == len(journal.rows)
    lost = Journal(rows=[Encoded("unknown", 9, "{}", None)] * number, snapshots=journal.snapshots)
    assert state_of((await open_again(lost)).book)["incidents"].keys() == {"I1"}


async def open_again(journal):
    house = House(journal)

    async def nothing_before(after):
        for row in []:
            yield row

    house.ledger.read = nothing_before
    await house.center._ledger.open()
    await house.center._fold()
    return house


async def test_a_snapshot_of_any_moment_and_the_facts_after_it_give_the_same_book(house):
    call = house.center.call
    taken = [(len(house.facts), save(house.book))]
    story = (
        sos("H1"),
        sos("H2", kind="life_assistance"),
        r.Desk(operator_id="ann", is_present=True, areas=("*",)),
        r.Claim(incident_id="I1", operator_id="ann"),
        r.OfferAnswer(offer_id="I1.1", caregiver_id="C1", answer="accept"),
        sos("H1"),
        r.AttendanceStep(attendance_id="I1.1", caregiver_id="C1", step="on_scene"),
        sos("H9"),
        r.Desk(operator_id="ann", is_present=False),
        r.AttendanceStep(
            attendance_id="I1.1", caregiver_id="C1", step="done", outcome="could_not_help"
        ),
        r.Close(incident_id="I1", operator_id="bob", disposition="helped"),
        sos("H1"),
    )
    for request in story:
        await call(request)
        taken.append((len(house.facts), save(house.book)))
        await house.pass_time(seconds=4)
        taken.append((len(house.facts), save(house.book)))
    live = state_of(house.book)
    assert len(house.facts) > 40
    for number, body in taken:
        assert state_of(folded(house.facts[number:], body)) == live


@pytest.mark.parametrize(
    ("version", "body"), [(EVOLVE_VERSION + 1, b"of another day"), (EVOLVE_VERSION, b"\xc1broken")]
)
async def test_a_snapshot_that_is_not_ours_is_passed_over(house, version, body):
    await house.center.call(sos())
    await house.end()
    journal = house.ledger.journal
    journal.snapshots = {3: (version, body)}
    again = await House(journal, house.clock).begin()
    assert again.book.incidents.keys() == {"I1"}
    await again.end()


async def test_a_long_fold_is_not_done_twice(house):
    await house.end()
    journal = house.ledger.journal
    journal.snapshots.clear()
    extra = center_module.SNAPSHOT_AFTER
    journal.write(*[f.DutyStarted(at=NOON, caregiver_id="C1")] * extra)
    again = House(journal, house.clock)
    await again.center.start()
    assert list(journal.snapshots) == [len(journal.rows)]
    await again.ledger.close()


async def test_sightings_outlive_a_fold(house):
    house.center.sight("C4", Place(lon=113.01, lat=28.2, at=NOON))
    house.ledger.faults.append("refused")
    facts = await house.center.call(sos())
    offered = next(fact for fact in facts if isinstance(fact, f.CaregiverOffered))
    assert offered.caregiver_id == "C4"


async def test_whoever_calls_while_a_refused_batch_is_redone_waits_for_no_lesser_request(house):
    await house.center.call(sos("X"))
    house.ledger.open_gate.clear()
    first = house.ask(on_duty("C4", is_on=False))
    await house.ledger.held.wait()
    lesser = [house.ask(note("I1", text)) for text in ("a", "b", "\ud800", "c", "d")]
    await some_turns()
    house.ledger.open_gate.set()
    await first
    house.ledger.open_gate.clear()
    await house.ledger.held.wait()  # the batch was refused, and one of the notes is in flight
    in_flight = house.kinds().count("NoteAdded") + 1
    pressed = house.ask(sos("H9"))
    await some_turns()
    house.ledger.open_gate.set()
    await pressed
    assert house.kinds().count("NoteAdded") <= in_flight < 4
    answers = await asyncio.gather(*lesser, return_exceptions=True)
    assert [isinstance(one, NotRecordable) for one in answers] == [False, False, True, False, False]


class Looks:
    """A stopwatch by which every slice holds a few decisions, however fast the machine is."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += center_module.SLICE_S / 10
        return self.now


async def test_no_deadline_stands_behind_a_flood_of_tests(house):
    for handset in ("H1", "H2", "X"):
        await house.center.call(sos(handset))
    house.center._stopwatch = Looks()
    house.ledger.open_gate.clear()
    first = house.ask(on_duty("C4", is_on=False))
    await house.ledger.held.wait()
    flood = [house.ask(sos(f"T{n}", kind="test")) for n in range(40)]
    await some_turns()
    house.clock.move(seconds=31)  # every offer has lapsed
    asked = [one.id for one in house.book.offers.values() if one.is_pending]
    before = len(house.ledger.batches)
    house.ledger.open_gate.set()
    await asyncio.gather(first, *flood)
    slices = house.ledger.batches[before:]
    lapsed = [[fact.offer_id for fact in one if type(fact) is f.OfferLapsed] for one in slices]
    heard = [sum(type(fact) is f.SignalHeard for fact in one) for one in slices]
    assert asked
    assert set(asked) <= set(lapsed[1])  # in the slice after the commit that was in flight
    assert heard[1] > 0  # and the flood goes on beside them
    assert sum(heard) == 40


# A surge


async def test_calls_that_arrive_together_share_the_caregivers_in_one_commit(house, monkeypatch):
    """Two are asked about the first call; served in turn, the second would take both others."""
    monkeypatch.setattr("app.center.SLICE_S", 60.0)  # however slow the machine is: one slice
    house.ledger.open_gate.clear()
    first = house.ask(sos("H9"))  # its commit is in flight while the two others arrive
    await some_turns()
    place = Place(lon=113.011, lat=28.2)
    together = [house.ask(sos(handset, place=place)) for handset in ("H1", "H2")]
    await some_turns()
    house.ledger.open_gate.set()
    await asyncio.gather(first, *together)
    for asked in together:
        facts = asked.result()
        assert isinstance(facts[0], f.IncidentRaised)
        own = {fact.incident_id for fact in facts if isinstance(fact, f.CaregiverOffered)}
        assert own == {facts[0].incident_id}
