"""After an outage: whoever was not heard is called, gravest first, until each is accounted for."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import UnknownSubject
from dispatch.facts import IncidentRaised, RoundAnswered
from dispatch.requests import AnswerRound, BeginRound, HeardAgain
from tests.unit.dispatch.world import PLANS, World, kind, kinds_of, minutes, seconds, state_of

WHO = {
    "able": {"ability": "self_caring", "lives_alone": False},
    "partly": {"ability": "partly", "lives_alone": False},
    "alone": {"ability": "partly", "lives_alone": True},
    "bedridden": {"ability": "dependent", "lives_alone": False},
    "gravest": {"ability": "dependent", "lives_alone": True},
}
_NO_CONTACT = """
claim_within_s = 60
ladder = [
  { level = "district", at_once = 2, answer_within_s = 20, lasts_s = 80 },
  { level = "operator", lasts_s = 60 },
]
"""


@pytest.fixture
def world():
    world = World(plans=PLANS + kind("no_contact", "urgent", 3600, _NO_CONTACT))
    for name, changes in WHO.items():
        world.resident(name, **changes)
        world.handset(f"of {name}", name)
    return world


def begin(world, *names):
    return world.do(BeginRound(by="sue", residents=names or tuple(WHO), reason="power cut"))


def answer(world, name, how="telephoned", *, round_id="CR1"):
    return world.do(AnswerRound(round_id=round_id, resident_id=name, how=how, by="ann"))


def left(world):
    return world.book.rounds["CR1"].left


def test_the_gravest_are_called_first_and_then_who_is_silent_longest(world):
    begin(world)
    assert left(world) == ("gravest", "bedridden", "alone", "partly", "able")
    world.resident("other", **WHO["able"])
    begin(world, "other")
    assert world.book.rounds["CR2"].left == ("other",)


def test_of_equals_the_order_that_was_given_stays(world):
    world.resident("also able", **WHO["able"])
    begin(world, "also able", "able")
    assert left(world) == ("also able", "able")


def test_the_round_ends_when_each_is_accounted_for(world):
    begin(world, "able", "alone")
    assert kinds_of(answer(world, "alone")) == ["RoundAnswered"]
    assert kinds_of(answer(world, "able", "visited")) == ["RoundAnswered", "RoundEnded"]
    assert not world.book.rounds
    assert world.book.next_deadline() is None


def test_saying_it_again_changes_nothing(world):
    begin(world, "able", "alone")
    answer(world, "able")
    assert answer(world, "able") == []


@pytest.mark.parametrize("sent", ["check_in", "test", "sos"])
def test_a_message_of_the_handset_accounts_for_its_resident(world, sent):
    begin(world, "able", "alone")
    facts = world.press(sent, handset="of alone")
    (heard,) = [one for one in facts if isinstance(one, RoundAnswered)]
    assert (heard.resident_id, heard.how) == ("alone", "heard")
    assert left(world) == ("able",)


def test_the_handset_of_somebody_else_accounts_for_nobody(world):
    begin(world, "able")
    world.press(handset="of alone")
    world.press(handset="lost")
    assert left(world) == ("able",)


def test_positions_and_signs_of_life_account_for_many_at_once(world):
    begin(world)
    ids = ("of gravest", "of able", "of able", "lost", "unknown")
    facts = world.do(HeardAgain(handset_ids=ids))
    assert kinds_of(facts) == ["RoundAnswered", "RoundAnswered"]
    assert left(world) == ("bedridden", "alone", "partly")
    rest = tuple(f"of {name}" for name in left(world))
    assert kinds_of(world.do(HeardAgain(handset_ids=rest)))[-1] == "RoundEnded"


def test_without_a_round_what_is_heard_is_nothing_new(world):
    assert world.do(HeardAgain(handset_ids=("of able",))) == []


def test_who_does_not_answer_is_called_again_after_the_others(world):
    begin(world, "alone", "able")
    answer(world, "alone", "no_answer")
    assert left(world) == ("able", "alone")
    assert not world.book.incidents


def test_who_does_not_answer_twice_becomes_a_call(world):
    world.caregiver("near", 100)
    begin(world, "alone", "able")
    answer(world, "alone", "no_answer")
    world.now += minutes(15)
    facts = answer(world, "alone", "no_answer")
    assert kinds_of(facts)[:2] == ["RoundAnswered", "IncidentRaised"]
    incident = world.incident
    assert (incident.kind, incident.channel, incident.resident_id) == (
        "no_contact",
        "round",
        "alone",
    )
    assert world.asked == ["near"]
    assert left(world) == ("able",)


def test_the_same_no_answer_sent_twice_is_one(world):
    begin(world, "alone")
    answer(world, "alone", "no_answer")
    world.now += seconds(10)
    assert answer(world, "alone", "no_answer") == []
    assert not world.book.incidents


def test_who_has_a_call_already_gets_no_second_one(world):
    begin(world, "alone", "able")
    answer(world, "alone", "no_answer")
    world.telephone(resident_id="alone")
    world.now += minutes(15)
    facts = answer(world, "alone", "no_answer")
    assert not [one for one in facts if isinstance(one, IncidentRaised)]
    assert left(world) == ("able",)


def test_with_a_plan_that_knows_no_such_kind_they_are_an_sos():
    world = World(operators=())
    begin(world, "li")
    answer(world, "li", "no_answer")
    world.now += minutes(15)
    assert "DeskAlerted" in kinds_of(answer(world, "li", "no_answer"))
    assert world.incident.kind == "sos"


def test_a_round_in_which_nothing_moves_is_overdue_again_and_again_until_it_moves(world):
    begin(world)
    facts = world.pass_time(minutes(31))
    assert kinds_of(facts) == ["RoundOverdue", "RoundOverdue"]
    assert world.book.rounds["CR1"].is_overdue
    answer(world, "able")
    one = world.book.rounds["CR1"]
    assert (one.is_overdue, one.move_by) == (False, world.now + minutes(15))


def test_nobody_is_in_two_rounds_and_nobody_is_no_round(world):
    begin(world)
    assert begin(world, "able") == []


def test_what_is_not_known_is_refused(world):
    begin(world, "able", "alone")
    with pytest.raises(UnknownSubject, match="resident nobody"):
        begin(world, "nobody")
    with pytest.raises(UnknownSubject, match="resident nobody"):
        answer(world, "nobody")
    with pytest.raises(UnknownSubject, match="call round CR9"):
        answer(world, "able", round_id="CR9")


@pytest.mark.parametrize(("span", "is_suggested"), [(minutes(9), False), (minutes(11), True)])
def test_after_a_long_stop_a_round_is_suggested_until_it_begins(world, span, is_suggested):
    world.start_after(span)
    assert (world.book.back_since == world.now) is is_suggested
    begin(world)
    assert world.book.back_since is None


def test_a_round_outlives_a_restart(world):
    begin(world)
    answer(world, "alone", "no_answer")
    answer(world, "able")
    assert state_of(world.replayed()) == state_of(world.book)
    assert "RoundOverdue" in kinds_of(world.start_after(minutes(20)))
