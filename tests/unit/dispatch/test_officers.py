"""The duty officer of an area hears of a search that widens to it; calls are counted by level."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch import requests as r
from dispatch.errors import UnknownSubject
from dispatch.facts import IncidentClosed, OfficerNamed, PartyTold
from tests.unit.dispatch.world import World, minutes, seconds, state_of


@pytest.fixture
def world():
    world = World(operators=())
    world.do(r.Start(channels={"officer": 1, "120": 1}))
    world.sit_down("ann")
    return world


def name(world, area, officer, telephone=""):
    return world.register(
        OfficerNamed(at=world.now, area_id=area, officer=officer, telephone=telephone)
    )


def told(facts):
    return [(one.party, one.channel) for one in facts if isinstance(one, PartyTold)]


def with_one_in_each_ring(world):
    world.caregiver("of the grid", 1_000, area_id="grid-1")
    world.caregiver("of the community", 100, area_id="grid-2")
    world.caregiver("of the street", 50, area_id="grid-3")
    world.caregiver("of the district", 10, area_id="grid-4")


def test_the_officer_of_each_wider_area_is_told_as_the_search_comes_there(world):
    with_one_in_each_ring(world)
    for area in ("grid-1", "community-1", "street-1", "district"):
        name(world, area, f"officer of {area}")
    seen = [told(world.press("life_assistance"))]
    for who in ("of the grid", "of the community", "of the street"):
        seen.append(told(world.decline(who)))
    assert seen == [
        [],  # the first ring is the usual case
        [("officer:community-1", 0)],
        [("officer:street-1", 0)],
        [("officer:district", 0)],
    ]


def test_an_area_without_an_officer_tells_nobody(world):
    with_one_in_each_ring(world)
    name(world, "street-2", "somebody else's officer")
    world.press("life_assistance")
    assert told(world.decline("of the grid")) == []


def test_an_officer_who_was_named_to_nobody_is_not_told(world):
    with_one_in_each_ring(world)
    name(world, "community-1", "zhou")
    name(world, "community-1", "")
    world.press("life_assistance")
    assert told(world.decline("of the grid")) == []


def test_an_officer_of_an_unknown_area_is_refused(world):
    with pytest.raises(UnknownSubject, match="area"):
        name(world, "nowhere", "zhou")


def test_without_a_way_to_send_messages_the_desk_telephones_the_officer():
    world = World()
    with_one_in_each_ring(world)
    name(world, "community-1", "zhou")
    world.press("life_assistance")
    world.claim("ann")
    assert told(world.decline("of the grid")) == [("officer:community-1", -1)]
    assert not world.incident.siren


def test_a_silent_officer_is_told_again_while_nobody_comes(world):
    with_one_in_each_ring(world)
    name(world, "community-1", "zhou")
    world.press("life_assistance")
    world.decline("of the grid")
    world.claim("ann")
    assert told(world.pass_time(seconds(120))) == [("officer:community-1", 0)]
    assert world.incident.siren


def test_an_officer_is_let_alone_once_somebody_comes(world):
    with_one_in_each_ring(world)
    name(world, "community-1", "zhou")
    world.press("life_assistance")
    world.decline("of the grid")
    world.claim("ann")
    world.accept("of the community")
    world.step("of the community", "en_route")
    world.step("of the community", "on_scene")
    assert told(world.pass_time(minutes(9))) == []
    assert not world.incident.siren


def test_an_officer_who_was_silent_is_told_when_the_search_goes_on(world):
    with_one_in_each_ring(world)
    name(world, "community-1", "zhou")
    world.press("life_assistance")
    world.decline("of the grid")
    world.accept("of the community")
    world.pass_time(seconds(130))
    facts = world.do(r.BreakOff(attendance_id=world.incident.attendances[0], operator_id="ann"))
    assert told(facts) == []  # in the same round: once is enough
    facts = world.pass_time(minutes(60))
    assert ("officer:community-1", 0) not in told(facts)


def test_a_call_pressed_again_after_everybody_failed_tells_the_officer_of_its_first_ring(world):
    name(world, "district", "zhou")
    world.press("sos")
    facts = world.press("sos")
    assert told(facts) == [("officer:district", 0)]


def test_an_officer_can_be_told_and_can_acknowledge_by_hand(world):
    name(world, "district", "zhou")
    world.press("sos")
    party = "officer:district"
    world.do(r.TellParty(incident_id="I1", operator_id="ann", party=party))
    world.do(r.AcknowledgeParty(incident_id="I1", party=party, by="ann"))
    assert world.incident.notice(party).by == "ann"


def test_officers_survive_a_replay(world):
    name(world, "district", "zhou")
    assert state_of(world.replayed()) == state_of(world.book)


# Handled at level


def handled(world):
    return world.book.closed["I1"].handled_at


def test_a_call_is_handled_at_the_level_of_the_offer_that_ended_well(world):
    with_one_in_each_ring(world)
    world.press("life_assistance")
    world.decline("of the grid")
    world.accept("of the community")
    assert any(
        isinstance(one, IncidentClosed) for one in world.finish("of the community", "helped")
    )
    assert handled(world) == "community"


def test_whoever_could_not_help_did_not_handle_it(world):
    with_one_in_each_ring(world)
    world.press("life_assistance")
    world.accept("of the grid")
    world.finish("of the grid", "could_not_help")
    world.close("ann")
    assert handled(world) == "operator"


def test_whoever_was_there_when_the_desk_said_helped_has_handled_it(world):
    with_one_in_each_ring(world)
    world.press("life_assistance")
    world.accept("of the grid")
    world.step("of the grid", "en_route")
    world.step("of the grid", "on_scene")
    world.close("ann", disposition="helped")
    assert handled(world) == "grid"


def test_a_call_that_nobody_attended_was_handled_by_the_operator(world):
    world.press("sos")
    world.close("ann", disposition="false_alarm")
    assert handled(world) == "operator"


def test_a_call_that_rose_to_the_supervisor_was_handled_there(world):
    world.press("sos")
    world.pass_time(seconds(60))
    world.close("ann", disposition="other")
    assert handled(world) == "supervisor"


@pytest.mark.parametrize("disposition", ["handed_to_120", "other"])
def test_a_call_that_120_took_was_handled_outside(world, disposition):
    world.press("sos")
    if disposition == "other":
        world.do(r.AcknowledgeParty(incident_id="I1", party="120", by="120"))
    world.close("ann", disposition=disposition)
    assert handled(world) == "emergency"
