"""120, the family and others are told beside the search, and again until they acknowledge."""

# People and things go by plain words here.
# pyright: reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

import pytest

from dispatch import requests as r
from dispatch.areas import Level
from dispatch.errors import IncidentIsClosed, PlanRefused, UnknownSubject
from dispatch.facts import (
    CaregiverOffered,
    DeskAlerted,
    IncidentRaised,
    PartyAcknowledged,
    PartySilent,
    PartyTold,
    StepTaken,
)
from dispatch.incident import DeskLevel
from dispatch.notice import NoticeState
from dispatch.notices import owed, tell
from dispatch.plans import read_plans
from tests.unit.dispatch.world import PLANS, World, kinds_of, minutes, seconds, state_of

AT_ONCE = """tell = [
  { party = "120", ack_within_s = 60, when = "at_once" },
  { party = "family", ack_within_s = 300 },
]
"""
ON_YES = 'tell = [{ party = "property", ack_within_s = 90, when = "accepted" }]\n'
ON_STREET = 'tell = [{ party = "110", ack_within_s = 60, when = "street" }]\n'
LINES = {"120": 2, "family": 1, "property": 1, "110": 1}


def with_entry(kind, entry, plans=PLANS):
    """Return the plans with an entry in the table of one kind."""
    head = f"[kinds.{kind}]\n"
    return plans.replace(head, head + entry)


def with_emergency(plans=PLANS):
    """Return the plans in which 120 is the last step of every threat to life."""
    last = '  { level = "supervisor", lasts_s = 60 },\n'
    return plans.replace(last, last + '  { level = "emergency", lasts_s = 60 },\n')


def a_world(plans, channels=None):
    world = World(plans=plans, operators=())
    world.do(r.Start(channels=LINES if channels is None else channels))
    world.sit_down("ann")
    return world


@pytest.fixture
def world():
    world = a_world(with_entry("sos", AT_ONCE))
    world.caregiver("near", 100)
    return world


def told(facts):
    return [(one.party, one.channel) for one in facts if isinstance(one, PartyTold)]


def notice(world, party):
    found = world.incident.notice(party)
    assert found is not None, f"nobody told {party}"
    return found


def acknowledge(world, party, by=None):
    return world.do(r.AcknowledgeParty(incident_id=world.incident.id, party=party, by=by or party))


def tell_by_hand(world, party):
    return world.do(r.TellParty(incident_id=world.incident.id, operator_id="ann", party=party))


# At once


def test_whom_the_plan_tells_at_once_is_told_in_one_breath_with_the_raising(world):
    facts = world.press()
    assert isinstance(facts[0], IncidentRaised)
    assert told(facts) == [("120", 0), ("family", 0)]
    assert any(isinstance(one, CaregiverOffered) for one in facts), "in parallel to the offers"


def test_other_kinds_of_call_tell_nobody(world):
    assert told(world.press("fall")) == []


def test_a_call_by_telephone_tells_them_too(world):
    assert told(world.telephone(resident_id="li")) == [("120", 0), ("family", 0)]


def test_pressing_again_tells_nobody_again(world):
    world.press()
    assert told(world.press()) == []


def test_each_party_has_its_own_time_to_acknowledge(world):
    world.press()
    assert notice(world, "120").until == world.now + seconds(60)
    assert notice(world, "family").until == world.now + seconds(300)


def test_whoever_acknowledged_is_left_alone(world):
    world.press()
    (known,) = acknowledge(world, "120")
    assert isinstance(known, PartyAcknowledged)
    assert notice(world, "120").state is NoticeState.ACKNOWLEDGED
    assert ("120", 1) not in told(world.pass_time(minutes(30)))


def test_acknowledging_twice_is_harmless(world):
    world.press()
    acknowledge(world, "120")
    assert acknowledge(world, "120") == []


# Silence


def test_silence_goes_to_the_next_channel_and_raises_the_desk(world):
    world.press()
    world.claim("ann")
    assert not world.incident.siren
    facts = [one for one in world.pass_time(seconds(60)) if not isinstance(one, StepTaken)]
    assert kinds_of(facts) == ["OfferLapsed", "PartySilent", "PartyTold", "DeskAlerted"]
    assert told(facts) == [("120", 1)]
    assert world.incident.siren


def test_silence_while_a_supervisor_is_there_is_told_to_the_supervisor(world):
    world.sit_down("sue", is_supervisor=True)
    world.press()
    world.claim("ann")
    world.pass_time(seconds(60))
    assert world.incident.desk is DeskLevel.SUPERVISOR


def test_after_the_last_channel_it_begins_again_with_the_first_for_as_long_as_it_takes(world):
    world.press()
    world.accept("near")
    world.claim("ann")
    facts = world.pass_time(seconds(300))
    assert [one for one in told(facts) if one[0] == "120"] == [
        ("120", 1),
        ("120", 0),
        ("120", 1),
        ("120", 0),
        ("120", 1),
    ]
    assert notice(world, "120").attempt == 6


def test_the_silence_of_the_family_sounds_at_the_desk_and_alerts_nobody_above_it(world):
    world.press()
    acknowledge(world, "120")
    world.accept("near")
    world.step("near", "en_route")
    world.step("near", "on_scene")
    world.claim("ann")
    facts = world.pass_time(seconds(300))
    assert kinds_of(facts) == ["PartySilent", "PartyTold"]
    assert world.incident.siren


def test_an_end_of_the_call_ends_the_telling(world):
    world.press()
    world.close("ann")
    assert world.pass_time(minutes(60)) == []
    with pytest.raises(IncidentIsClosed):
        world.do(r.AcknowledgeParty(incident_id="I1", party="120", by="120"))


def test_a_telling_on_record_survives_a_stop(world):
    world.press()
    facts = world.start_after(minutes(10))
    assert ("120", -1) in told(facts), "the parties of this start have no way out"
    assert not any(one.until for one in world.incident.notices if one.party == "120")


def test_after_a_stop_a_silent_party_is_told_one_step_on(world):
    world.press()
    world.now += minutes(10)
    world.do(r.Start(channels=LINES))
    world.pass_time(seconds(0))
    assert notice(world, "120").channel == 1
    assert notice(world, "120").until == world.now + seconds(60)


# By hand


def test_a_party_without_a_channel_is_the_desks_to_telephone_and_is_said_once():
    world = a_world(with_entry("sos", AT_ONCE), channels={})
    facts = world.press()
    assert told(facts) == [("120", -1), ("family", -1)]
    world.claim("ann")
    assert told(world.pass_time(minutes(60))) == []


@pytest.mark.parametrize(("party", "sounds"), [("120", True), ("family", False)])
def test_only_120_that_must_be_telephoned_sounds_at_the_desk(party, sounds):
    world = a_world(PLANS, channels={})
    world.press()
    world.claim("ann")
    assert told(tell_by_hand(world, party)) == [(party, -1)]
    assert world.incident.siren is sounds


def test_a_device_wakes_nobody_even_so():
    entry = 'tell = [{ party = "120", ack_within_s = 60 }]\n'
    world = a_world(with_entry("low_battery", entry))
    world.press("low_battery")
    world.pass_time(seconds(60))
    assert not world.incident.siren


def test_an_operator_who_telephoned_says_so_for_the_party(world):
    world.press()
    acknowledge(world, "120", by="ann")
    assert notice(world, "120").by == "ann"


def test_an_operator_may_have_telephoned_somebody_whom_the_plan_does_not_name(world):
    world.press("fall")
    facts = acknowledge(world, "119", by="ann")
    assert kinds_of(facts) == ["PartyTold", "PartyAcknowledged"]
    assert told(facts) == [("119", -1)]


def test_an_operator_can_tell_a_party_now_by_its_next_channel(world):
    world.press()
    assert told(tell_by_hand(world, "120")) == [("120", 1)]
    assert notice(world, "120").until == world.now + seconds(60)


def test_telling_anew_after_an_acknowledgement_begins_with_the_first_channel(world):
    world.press()
    tell_by_hand(world, "120")
    acknowledge(world, "120")
    assert told(tell_by_hand(world, "120")) == [("120", 0)]
    assert notice(world, "120").attempt == 1


@pytest.mark.parametrize("party", ["122", "officer:grid-1", "officer", ""])
def test_a_party_that_nobody_knows_is_refused(world, party):
    world.press()
    with pytest.raises(UnknownSubject, match="party"):
        tell_by_hand(world, party)
    with pytest.raises(UnknownSubject, match="party"):
        acknowledge(world, party)


def test_a_party_of_the_installations_own_file_can_be_told():
    world = a_world(PLANS, channels={"neighbours": 1})
    world.press()
    assert told(tell_by_hand(world, "neighbours")) == [("neighbours", 0)]


def test_somebody_on_the_scene_can_ask_for_120_without_asking_twice(world):
    world.press("fall")
    incident = world.incident
    (fact,) = tell(world.book, incident, "120", world.now, "scene")
    assert (fact.party, fact.channel, fact.why) == ("120", 0, "scene")
    tell_by_hand(world, "120")
    assert tell(world.book, world.incident, "120", world.now, "scene") == []


# When the plan says later


def test_whom_the_plan_tells_with_a_yes_is_told_with_a_yes():
    world = a_world(with_entry("sos", ON_YES))
    world.caregiver("near", 100)
    assert told(world.press()) == []
    assert told(world.accept("near")) == [("property", 0)]


def test_whom_the_plan_tells_at_a_level_is_told_when_the_search_comes_there():
    world = a_world(with_entry("life_assistance", ON_STREET))
    facts = world.press("life_assistance")  # nobody is near: the search passes every ring
    assert told(facts) == [("110", 0)]
    step = next(one for one in facts if isinstance(one, StepTaken) and one.level is Level.STREET)
    assert facts.index(step) < facts.index(next(x for x in facts if isinstance(x, PartyTold)))


def test_a_level_at_which_the_call_begins_counts_as_reached():
    entry = 'tell = [{ party = "110", ack_within_s = 60, when = "district" }]\n'
    world = a_world(with_entry("sos", entry))
    assert told(world.press()) == [("110", 0)]


# The last step of the ladder


def test_after_the_supervisor_120_is_told_even_if_the_plan_names_no_party():
    world = a_world(with_emergency())
    world.press()
    facts = world.pass_time(seconds(119))
    assert told(facts) == []
    facts = world.pass_time(seconds(1))
    assert told(facts) == [("120", 0)]
    assert world.incident.level is Level.EMERGENCY


def test_a_ladder_that_comes_to_120_alerts_the_desk():
    world = a_world(with_emergency())
    world.press()
    world.pass_time(seconds(70))
    world.claim("ann")
    facts = world.pass_time(seconds(50))
    assert any(isinstance(one, DeskAlerted) for one in facts)


def test_120_is_told_once_for_each_round_of_the_ladder():
    world = a_world(with_emergency())
    world.press()
    world.pass_time(seconds(120))
    acknowledge(world, "120")
    assert told(world.pass_time(seconds(59))) == []
    facts = world.pass_time(minutes(5))
    assert world.incident.round > 1
    assert ("120", 0) in told(facts)


def test_a_round_that_comes_while_120_is_still_silent_does_not_tell_it_twice():
    world = a_world(with_emergency(), channels={"120": 1})
    world.press()
    facts = world.pass_time(minutes(20))
    at = [one.at for one in facts if isinstance(one, PartyTold)]
    assert len(at) == len(set(at))
    assert sum(isinstance(one, PartySilent) for one in facts) == len(at) - 1


def test_nothing_is_owed_for_facts_that_tell_nobody(world):
    world.press()
    assert owed(world.book, [], world.now) == []


def test_the_same_facts_give_the_same_state(world):
    world.press()
    world.pass_time(minutes(3))
    acknowledge(world, "120")
    assert state_of(world.replayed()) == state_of(world.book)


# Plans


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ('tell = "120"\n', "not a list"),
        ('tell = ["120"]\n', "not a table"),
        ("tell = [{ ack_within_s = 60 }]\n", "no plain word"),
        ('tell = [{ party = "a b", ack_within_s = 60 }]\n', "no plain word"),
        ('tell = [{ party = "officer:x", ack_within_s = 60 }]\n', "no plain word"),
        ('tell = [{ party = "120" }]\n', "misses ack_within_s"),
        ('tell = [{ party = "120", ack_within_s = 60, when = "soon" }]\n', "when it is none"),
        ('tell = [{ party = "120", ack_within_s = 60, now = 1 }]\n', "unknown entry now"),
        (
            'tell = [{ party = "120", ack_within_s = 60 }, { party = "120", ack_within_s = 9 }]\n',
            "twice",
        ),
    ],
)
def test_a_plan_that_tells_a_party_in_an_unfit_way_is_refused_with_its_line(entry, why):
    with pytest.raises(PlanRefused, match=why) as refused:
        read_plans(with_entry("sos", entry))
    assert refused.value.line is not None


def test_a_ladder_may_end_with_120_and_must_not_go_on_after_it():
    assert read_plans(with_emergency()).of("sos").ladder[-1].level is Level.EMERGENCY
    back = with_emergency().replace(
        '{ level = "supervisor", lasts_s = 60 },\n  { level = "emergency", lasts_s = 60 }',
        '{ level = "emergency", lasts_s = 60 },\n  { level = "supervisor", lasts_s = 60 }',
    )
    with pytest.raises(PlanRefused, match="does not rise"):
        read_plans(back)
