"""What is put on record from the card of a call: attempts and prompts, which no rule follows."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from dataclasses import replace

import pytest

from dispatch.card import ANSWERS
from dispatch.errors import IncidentIsClosed, UnknownSubject
from dispatch.facts import ContactTried, PromptTicked
from dispatch.requests import Close, Hold, TickPrompt, TryContact
from tests.unit.dispatch.world import World, kinds_of, minutes


@pytest.fixture
def world():
    made = World(operators=("ann", "bob"))
    made.caregiver("near", 100)
    made.press()
    return made


def tries(world, answer="no_answer", by="ann", **more):
    request = TryContact(incident_id="I1", operator_id=by, whom="resident", answer=answer)
    return world.do(replace(request, **more))


def ticks(world, is_done=True, by="ann"):
    return world.do(
        TickPrompt(incident_id="I1", operator_id=by, prompt="breathing", is_done=is_done)
    )


def test_a_contact_can_go_in_six_ways():
    assert ANSWERS == ("spoke", "coming", "cannot", "no_answer", "busy", "wrong_number")


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_attempt_is_on_record_with_how_it_went(world, answer):
    tried = tries(world, answer)[0]
    assert isinstance(tried, ContactTried)
    assert (tried.whom, tried.answer, tried.operator_id) == ("resident", answer, "ann")


def test_a_caregiver_is_tried_by_name_and_must_be_known(world):
    tried = tries(world, whom="caregiver", caregiver_id="near")[0]
    assert isinstance(tried, ContactTried)
    assert tried.caregiver_id == "near"
    with pytest.raises(UnknownSubject):
        tries(world, whom="caregiver", caregiver_id="nobody")


def test_a_prompt_is_ticked_and_taken_back(world):
    done, back = ticks(world)[0], ticks(world, is_done=False)[0]
    assert isinstance(done, PromptTicked)
    assert isinstance(back, PromptTicked)
    assert (done.prompt, done.is_done, back.is_done) == ("breathing", True, False)


@pytest.mark.parametrize("acts", [tries, ticks])
def test_who_works_on_a_free_call_takes_it_and_keeps_it_fresh(world, acts):
    acts(world)
    assert world.incident.claim.operator_id == "ann"
    world.pass_time(minutes(10))
    acts(world)
    assert world.incident.claim.until == world.now + minutes(15)


@pytest.mark.parametrize("acts", [tries, ticks])
def test_the_call_of_another_operator_stays_theirs_and_one_on_hold_stays_on_hold(world, acts):
    world.claim("ann")
    assert len(acts(world, by="bob")) == 1
    assert world.incident.claim.operator_id == "ann"
    hold = Hold(incident_id=world.incident.id, operator_id="ann", recall_at=world.now + minutes(2))
    world.do(hold)
    assert len(acts(world)) == 1
    assert world.incident.claim.is_on_hold


@pytest.mark.parametrize("acts", [tries, ticks])
def test_nothing_else_of_the_call_changes(world, acts):
    world.claim("ann")
    before = world.incident
    acts(world)
    assert world.incident == replace(before, claim=world.incident.claim)


@pytest.mark.parametrize("acts", [tries, ticks])
def test_a_closed_call_takes_neither(world, acts):
    incident_id = world.incident.id
    world.claim("ann")
    world.do(Close(incident_id=incident_id, operator_id="ann", disposition="helped"))
    with pytest.raises(IncidentIsClosed):
        acts(world)


def test_a_call_that_nobody_knows_takes_neither(world):
    for request in (
        TryContact(incident_id="I99", operator_id="ann", whom="resident", answer="busy"),
        TickPrompt(incident_id="I99", operator_id="ann", prompt="breathing", is_done=True),
    ):
        with pytest.raises(UnknownSubject):
            world.do(request)


def test_attempts_are_told_apart_in_the_journal(world):
    assert kinds_of(tries(world))[0] == "ContactTried"
    assert kinds_of(ticks(world))[0] == "PromptTicked"
