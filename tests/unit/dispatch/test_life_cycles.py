"""Every state of every life cycle meets every kind of fact; every word of the core has a hand."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from dataclasses import replace
from itertools import product

import pytest

from dispatch import (
    attendance,
    claim,
    decide,
    evolve,
    facts,
    incident,
    notice,
    offer,
    requests,
)
from dispatch.attendance import AttendanceState
from dispatch.claim import Claim, ClaimState
from dispatch.errors import TransitionRefused
from dispatch.incident import IncidentState
from dispatch.notice import NoticeState
from dispatch.offer import OfferState
from tests.unit.dispatch.one_of_each import LATER, ONE_OF_EACH, one
from tests.unit.dispatch.world import NOON, PLANS, World, seconds

AN_INCIDENT = incident.raised(one(facts.IncidentRaised))
AN_OFFER = offer.made(one(facts.CaregiverOffered))
AN_ATTENDANCE = attendance.begun(AN_OFFER, one(facts.OfferAccepted))
A_NOTICE = notice.begun(one(facts.PartyTold), 1)


def kinds_in(module, base):
    """Return what a module declares under `base` (`__subclasses__` also gives unslotted twins)."""
    found = (one for one in vars(module).values() if isinstance(one, type))
    return {one for one in found if issubclass(one, base) and one is not base}


FACTS = kinds_in(facts, facts.Fact)
REQUESTS = kinds_in(requests, requests.Request)


def kind_of(fact):
    return type(fact).__name__


def walked(states):
    return pytest.mark.parametrize(
        ("state", "fact"),
        list(product(states, ONE_OF_EACH)),
        ids=lambda one: kind_of(one) if isinstance(one, facts.Fact) else str(one),
    )


def meets(table, state, fact, after):
    """Check one pair: `after` follows the table, or is refused and says why."""
    if (state, type(fact)) in table:
        assert after().state is table[state, type(fact)]
    else:
        with pytest.raises(TransitionRefused, match=rf"is {state}: {kind_of(fact)}"):
            after()


@walked(IncidentState)
def test_every_incident_state_meets_every_fact(state, fact):
    before = replace(AN_INCIDENT, state=state)
    meets(incident.NEXT, state, fact, lambda: incident.after(before, fact))


@walked(OfferState)
def test_every_offer_state_meets_every_fact(state, fact):
    before = replace(AN_OFFER, state=state)
    meets(offer.NEXT, state, fact, lambda: offer.after(before, fact))


@walked(AttendanceState)
def test_every_attendance_state_meets_every_fact(state, fact):
    before = replace(AN_ATTENDANCE, state=state)
    meets(attendance.NEXT, state, fact, lambda: attendance.after(before, fact))


@walked(ClaimState)
def test_every_claim_state_meets_every_fact(state, fact):
    before = Claim(state=state)
    meets(claim.NEXT, state, fact, lambda: claim.after(before, fact, subject="I1"))


@walked(NoticeState)
def test_every_notice_state_meets_every_fact(state, fact):
    before = replace(A_NOTICE, state=state)
    meets(notice.NEXT, state, fact, lambda: notice.after(before, fact, 1))


def test_an_offer_that_has_ended_stays_ended():
    assert {state for state, _ in offer.NEXT} == {OfferState.PENDING}


def test_an_attendance_that_has_ended_goes_on_only_with_somebody_who_came_after_all():
    ended = [one for one in AttendanceState if not one.is_active]
    ways_on = {(state, kind) for state, kind in attendance.NEXT if state in ended}
    assert ways_on == {(AttendanceState.BROKEN_OFF, facts.CaregiverArrived)}


def test_a_closed_incident_takes_notes_and_can_be_reopened_and_nothing_else():
    ways_on = {kind for state, kind in incident.NEXT if state is IncidentState.CLOSED}
    assert ways_on == {facts.NoteAdded, facts.IncidentReopened}


def test_an_incident_that_is_closed_is_nobodys_business_any_more():
    closed = incident.after(AN_INCIDENT, one(facts.IncidentClosed))
    assert not closed.is_open
    assert AN_INCIDENT.is_open


def test_keeping_a_claim_does_not_make_it_younger():
    first = claim.after(claim.NOBODY, one(facts.IncidentClaimed), subject="I1")
    kept = claim.after(first, replace(one(facts.IncidentClaimed), at=LATER), subject="I1")
    assert kept.since == NOON


def test_a_claim_that_is_taken_over_begins_anew():
    first = claim.after(claim.NOBODY, one(facts.IncidentClaimed), subject="I1")
    taken = replace(one(facts.IncidentClaimed), at=LATER, operator_id="bob")
    assert claim.after(first, taken, subject="I1").since == LATER


def test_the_first_time_an_offer_was_shown_stays():
    shown = offer.after(AN_OFFER, one(facts.OfferShown))
    again = offer.after(shown, facts.OfferShown(at=LATER, offer_id="I1.1"))
    assert again.shown_at == NOON


def test_there_is_one_of_each_fact():
    assert sorted(map(kind_of, ONE_OF_EACH)) == sorted(kind.__name__ for kind in FACTS)


def test_every_fact_changes_the_book():
    assert set(evolve._EVOLVERS) == FACTS


def test_every_request_is_decided():
    assert set(decide._DECIDERS) == REQUESTS


def test_every_kind_of_deadline_has_somebody_who_acts_on_it():
    stages = '[kinds.safety_alarm]\nstages = [{ name = "report", within_s = 600 }]\n'
    plans = PLANS.replace("[kinds.safety_alarm]\n", stages)
    world = World(plans=plans.replace("show_within_s = 600", "show_within_s = 5"))
    world.do(requests.Start(channels={"120": 1}))
    world.sit_down("ann")
    world.caregiver("near", 100)
    world.caregiver("far", 200)
    world.press()
    world.do(requests.TellParty(incident_id=world.incident.id, operator_id="ann", party="120"))
    world.claim("ann")
    world.sight("near", 400)
    world.accept("near")
    world.say("near", "wrong_address")
    world.caregiver("third", 300)
    world.press("safety_alarm", handset="other")
    world.sit_down("bob")
    world.do(requests.Transfer(incident_id="I1", operator_id="ann", to="bob"))
    world.do(requests.HandOver(operator_id="ann", to="bob"))
    world.press("cancel", handset="other")
    world.do(requests.BeginRound(by="sue", residents=("li",)))
    for handset in ("third", "fourth"):
        world.press(handset=handset)  # so that three grave calls wait, which may grow old
    kinds = {
        deadline.kind
        for each in world.book.incidents.values()
        for deadline in (*world.book.deadlines_of(each), *world.book.deadlines_of_desk())
    }
    assert {*kinds, "check_in"} == set(decide._LAPSES)  # a sign of life is no incident's


def test_a_deadline_that_no_longer_holds_changes_nothing():
    world = World()
    world.caregiver("near", 100)
    world.press()
    stale = world.book.next_deadline()
    assert stale is not None
    world.decline("near")
    assert stale.subject_id == "I1.1"
    assert world.lapse(stale) == []


def test_a_deadline_of_a_closed_incident_changes_nothing():
    world = World()
    world.press()
    (step, *_) = world.book.deadlines_of(world.incident)
    world.close("ann")
    world.now += seconds(600)
    assert world.lapse(step) == []
