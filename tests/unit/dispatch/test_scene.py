"""What a caregiver says from the scene: what follows at once, and what when nobody acts."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.errors import ClaimHeld, NotYours, TransitionRefused, UnknownSubject
from dispatch.facts import (
    CaregiverOffered,
    DeskAlerted,
    PlaceCorrected,
    SceneReported,
    SceneUnanswered,
    StepTaken,
    WayChanged,
)
from dispatch.plans import SCENE_WITHIN, read_plans
from dispatch.requests import CorrectPlace, Note
from dispatch.scene import SCENE, WORDS
from dispatch.status import Status, status_of
from tests.unit.dispatch.world import PLANS, World, kinds_of, minutes, seconds, state_of

TROUBLES = tuple(SCENE)


@pytest.fixture
def world():
    """`near` has arrived at Mrs Li's door; Ann has taken the call; `next` and `third` are free."""
    world = World()
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.caregiver("third", 300)
    world.press()
    world.claim("ann")
    world.accept("near")
    world.step("near", "on_scene")
    return world


def work(world, name="near"):
    return world.book.attendances[world.book.roster.of(name).work]


def all_of(facts, kind):
    return [one for one in facts if isinstance(one, kind)]


# Every word


def test_every_word_has_its_own_time_and_its_own_consequences():
    assert set(SCENE) == set(SCENE_WITHIN)
    assert set(WORDS) == {*SCENE, "sorted_out"}


@pytest.mark.parametrize("what", TROUBLES)
def test_every_word_sounds_at_the_desk_and_waits_for_no_longer_than_its_time(world, what):
    world.say("near", what)
    assert world.incident.siren
    assert work(world).trouble == what
    assert work(world).trouble_by == world.now + SCENE_WITHIN[what]


@pytest.mark.parametrize("what", TROUBLES)
def test_what_nobody_acts_on_is_raised_again_and_again(world, what):
    world.say("near", what)
    facts = world.pass_time(3 * SCENE_WITHIN[what])
    assert len(all_of(facts, SceneUnanswered)) == 3
    assert all_of(facts, DeskAlerted)
    assert work(world).trouble_by == world.now + SCENE_WITHIN[what]


@pytest.mark.parametrize("what", TROUBLES)
def test_a_word_said_again_while_it_waits_is_harmless(world, what):
    world.say("near", what)
    assert world.say("near", what) == []


@pytest.mark.parametrize("what", TROUBLES)
def test_a_call_whose_caregiver_is_in_trouble_hangs_on_a_deadline_after_a_restart(world, what):
    world.say("near", what)
    assert state_of(world.replayed()) == state_of(world.book)
    facts = world.start_after(minutes(40))
    assert len(all_of(facts, SceneUnanswered)) == 1


@pytest.mark.parametrize("what", [one for one in TROUBLES if one != "wrong_address"])
@pytest.mark.parametrize("before", [(), ("en_route",)])
def test_only_who_is_on_scene_knows_what_is_wrong_there(what, before):
    world = World()
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    for step in before:
        world.step("near", step)
    with pytest.raises(TransitionRefused, match="SceneReported"):
        world.say("near", what)


def test_nobody_speaks_for_somebody_else(world):
    with pytest.raises(NotYours):
        world.say("next", "need_120", attendance=work(world).id)


def test_a_word_about_an_attendance_that_never_was_is_not_found(world):
    with pytest.raises(UnknownSubject):
        world.say("near", "need_120", attendance="I9.1")


def test_a_word_that_comes_after_the_call_was_closed_is_harmless(world):
    attendance = work(world).id
    world.close("ann")
    assert world.say("near", "need_120", attendance=attendance) == []


def test_a_later_word_takes_the_place_of_the_earlier(world):
    world.say("near", "could_not_get_in")
    world.say("near", "need_120")
    assert work(world).trouble == "need_120"


def test_the_times_are_the_plans(world):
    plans = PLANS.replace('"test"', '"slow"', 1) + "\n[scene]\nneed_120_s = 20\n"
    assert read_plans(plans).scene["need_120"] == seconds(20)
    assert read_plans(plans).scene["wrong_address"] == SCENE_WITHIN["wrong_address"]
    world = World(plans=plans.replace('"slow"', '"test"', 1))
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    world.say("near", "need_120")
    assert work(world).trouble_by == world.now + seconds(20)


# What ends the waiting


@pytest.mark.parametrize("what", TROUBLES)
def test_who_takes_the_call_has_heard_it(world, what):
    world.say("near", what)
    world.claim("ann")
    assert work(world).trouble == what
    assert work(world).trouble_by is None


def test_a_note_an_offer_and_a_corrected_place_are_acting_too(world):
    for act in (
        lambda: world.send("ann", "next"),
        lambda: world.correct("ann", 500),
        lambda: world.do(note_of(world)),
    ):
        world.say("near", "resident_not_there")
        act()
        assert work(world).trouble_by is None


def note_of(world):
    return Note(incident_id=world.incident.id, by="ann", text="her son has the key")


def test_an_operator_who_takes_it_and_then_does_nothing_hears_it_again(world):
    world.say("near", "need_120")
    world.claim("ann")
    facts = world.pass_time(minutes(17))
    assert "ClaimLapsed" in kinds_of(facts)
    assert all_of(facts, DeskAlerted)


@pytest.mark.parametrize("what", TROUBLES)
def test_when_it_is_sorted_out_nobody_waits_any_more(world, what):
    world.say("near", what)
    facts = world.say("near", "sorted_out")
    assert kinds_of(facts)[0] == "SceneReported"
    assert work(world).trouble == ""
    assert work(world).trouble_by is None
    assert world.say("near", "sorted_out") == []


def test_who_is_done_is_in_no_trouble(world):
    world.say("near", "resident_not_there")
    world.step("near", "done", "nothing_needed")
    assert "SceneUnanswered" not in kinds_of(world.pass_time(minutes(20)))


# The desk


def test_the_first_word_goes_to_the_operators_while_one_is_there():
    world = World(operators=("ann",))
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    world.step("near", "on_scene")
    (_, alert) = world.say("near", "resident_not_there")
    assert isinstance(alert, DeskAlerted)
    assert alert.level == "operator"


def test_with_nobody_at_the_desk_it_rises_at_once():
    world = World(operators=())
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.accept("near")
    world.step("near", "on_scene")
    (_, alert) = world.say("near", "resident_not_there")
    assert isinstance(alert, DeskAlerted)
    assert alert.level == "outside"


def test_a_call_for_an_ambulance_goes_to_the_supervisor_even_if_an_operator_has_it(world):
    world.sit_down("sue", is_supervisor=True)
    (_, alert, told) = world.say("near", "need_120")
    assert isinstance(alert, DeskAlerted)
    assert (told.party, told.why) == ("120", "scene")
    assert (alert.level, alert.until) == ("supervisor", world.now + seconds(60))


def test_nobody_there_rises_to_the_supervisor_when_the_operator_does_not_act(world):
    world.sit_down("sue", is_supervisor=True)
    world.say("near", "resident_not_there")
    facts = world.pass_time(minutes(5))
    assert "supervisor" in [one.level for one in all_of(facts, DeskAlerted)]


# Could not get in


def test_everybody_who_has_a_key_and_can_come_is_asked_the_nearest_first():
    world = World()
    world.caregiver("near", 100)
    world.resident("li", key_holders=("son", "neighbour", "away", "stranger", "near"))
    world.press()
    world.accept("near")
    world.caregiver("son", 3_000, skills=())
    world.caregiver("neighbour", 20)
    world.caregiver("away", 50, is_on_duty=False)
    world.step("near", "on_scene")
    offered = all_of(world.say("near", "could_not_get_in"), CaregiverOffered)
    assert [(one.caregiver_id, one.by) for one in offered] == [("neighbour", "key"), ("son", "key")]


def test_who_was_excluded_by_the_resident_is_not_asked_for_the_key():
    world = World()
    world.caregiver("near", 100)
    world.caregiver("nephew", 10)
    world.resident("li", key_holders=("nephew",), excluded=("nephew",))
    world.press()
    world.accept("near")
    world.step("near", "on_scene")
    assert not all_of(world.say("near", "could_not_get_in"), CaregiverOffered)


@pytest.mark.parametrize(
    "keeper", [{"skills": ("key_holder",)}, {"kind": "property_office"}], ids=["skill", "kind"]
)
def test_without_a_key_holder_the_nearest_who_keeps_keys_is_asked(world, keeper):
    world.caregiver("far keeper", 900, **keeper)
    world.caregiver("keeper", 800, **keeper)
    offered = all_of(world.say("near", "could_not_get_in"), CaregiverOffered)
    assert [one.caregiver_id for one in offered] == ["keeper"]


def test_the_key_may_come_while_the_first_stays_at_the_door(world):
    world.caregiver("keeper", 800, kind="property_office")
    world.say("near", "could_not_get_in")
    world.accept("keeper")
    assert world.coming == ["near", "keeper"]
    world.step("keeper", "on_scene")
    assert work(world).trouble == ""
    assert work(world).trouble_by is None


# A second person


def test_the_search_opens_for_one_more_while_the_first_stays(world):
    facts = world.say("near", "need_second_person")
    assert kinds_of(facts)[:2] == ["SceneReported", "StepTaken"]
    assert all_of(facts, StepTaken)[0].why == "second_person"
    assert world.asked == ["next", "third"]
    assert world.coming == ["near"]
    assert status_of(world.book, world.incident) is Status.ON_SCENE


def test_one_who_says_yes_is_enough_and_the_others_are_thanked(world):
    world.say("near", "need_second_person")
    world.accept("next")
    assert world.coming == ["near", "next"]
    assert world.incident.step_by is None
    assert world.asked == []


def test_the_ladder_climbs_until_the_second_one_is_found(world):
    world.say("near", "need_second_person")
    world.decline("next")
    world.decline("third")
    assert world.incident.level == "operator"
    assert world.incident.step_by is not None
    world.caregiver("late", 900)
    assert world.asked == ["late"]


def test_when_the_second_one_breaks_off_another_is_looked_for(world):
    world.say("near", "need_second_person")
    world.accept("next")
    world.pass_time(seconds(150))
    assert world.coming == ["near"]
    assert world.asked == ["third"]


def test_when_the_second_one_has_come_nothing_is_wrong_any_more(world):
    world.say("near", "need_second_person")
    world.accept("next")
    world.step("next", "on_scene")
    assert work(world).trouble == ""
    assert "SceneUnanswered" not in kinds_of(world.pass_time(minutes(10)))


def test_saying_it_again_while_the_second_one_comes_asks_for_no_third(world):
    world.say("near", "need_second_person")
    world.accept("next")
    assert world.say("near", "need_second_person") == []


def test_two_on_scene_may_ask_for_a_third(world):
    world.say("near", "need_second_person")
    world.accept("next")
    world.step("next", "on_scene")
    world.say("near", "need_second_person")
    assert world.incident.wanted == 3
    assert world.asked == ["third"]


def test_when_it_is_sorted_out_alone_the_search_for_the_second_one_ends(world):
    world.say("near", "need_second_person")
    world.say("near", "sorted_out")
    assert world.asked == []
    assert world.incident.step_by is None


def test_when_the_first_has_helped_alone_the_search_for_the_second_one_ends(world):
    world.say("near", "need_second_person")
    world.step("near", "done", "helped")
    assert world.asked == []
    assert world.incident.step_by is None


def test_when_the_first_could_not_help_the_search_goes_on(world):
    world.say("near", "need_second_person")
    world.step("near", "done", "could_not_help")
    assert world.asked == ["next", "third"]


# The wrong address


@pytest.mark.parametrize("before", [(), ("en_route",)])
def test_who_is_still_on_the_way_may_say_that_the_address_is_wrong(before):
    world = World()
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    for step in before:
        world.step("near", step)
    assert all_of(world.say("near", "wrong_address"), SceneReported)
    assert all_of(world.pass_time(SCENE_WITHIN["wrong_address"]), SceneUnanswered)


def on_the_way_to_a_wrong_place():
    """`near` is on the way, has been reminded once, and is being asked whether they still come."""
    world = World()
    world.caregiver("near", 2_000)
    world.sight("near", 2_000)
    world.press()
    world.claim("ann")
    world.accept("near")
    world.pass_time(seconds(120))
    return world


def test_a_corrected_place_answers_for_whoever_was_asked_whether_they_still_come():
    world = on_the_way_to_a_wrong_place()
    assert work(world).is_asked
    world.correct("ann", 5_000)
    assert not work(world).is_asked
    world.pass_time(seconds(60))
    assert world.coming == ["near"]


@pytest.mark.parametrize("not_seen_for", [seconds(120), seconds(130)])
def test_after_a_corrected_place_one_look_without_progress_means_nothing(not_seen_for):
    world = on_the_way_to_a_wrong_place()
    world.pass_time(not_seen_for - seconds(120))
    world.correct("ann", 5_000)
    world.pass_time(seconds(60))
    assert not work(world).is_asked


def test_after_a_corrected_place_the_first_reminder_replaces_nobody():
    world = on_the_way_to_a_wrong_place()
    assert work(world).reminders == 1
    world.correct("ann", 2_100)
    world.say_still_coming("near")
    world.pass_time(seconds(90))
    assert world.coming == ["near"]
    assert work(world).reminders == 1


def test_a_corrected_place_sends_on_whoever_has_set_out():
    world = on_the_way_to_a_wrong_place()
    world.step("near", "en_route")
    (changed,) = all_of(world.correct("ann", 5_000), WayChanged)
    assert work(world).due_by == changed.due_by == changed.eta_at + minutes(5)


def test_a_corrected_place_sends_the_caregiver_on_from_the_wrong_door(world):
    world.say("near", "wrong_address")
    facts = world.correct("ann", 3_000, area="grid-2", note="building 7, not 1")
    assert kinds_of(facts) == ["PlaceCorrected", "WayChanged", "IncidentClaimed"]
    (changed,) = all_of(facts, WayChanged)
    assert changed.eta_at > world.now + minutes(10)
    assert changed.due_by == changed.eta_at + minutes(5)
    attendance = work(world)
    assert (attendance.state, attendance.arrived_at, attendance.trouble) == ("en_route", None, "")
    assert world.incident.area_id == "grid-2"
    assert world.incident.directions == "building 7, not 1"
    world.step("near", "on_scene")
    assert work(world).state == "on_scene"


def test_a_corrected_place_leaves_who_is_with_the_resident_where_they_are(world):
    facts = world.correct("ann", 100)
    assert all_of(facts, WayChanged) == []
    assert work(world).state == "on_scene"


def test_who_has_not_set_out_gets_the_time_to_set_out_anew():
    world = World()
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.pass_time(seconds(60))
    world.correct("ann", 900)
    assert work(world).due_by == world.now + seconds(90)


def test_a_place_in_words_alone_keeps_the_point_on_the_map(world):
    place = world.incident.place
    world.do(correction(world, note="the back door"))
    assert world.incident.place == place
    assert world.incident.directions == "the back door"


def correction(world, operator="ann", **more):
    return CorrectPlace(incident_id=world.incident.id, operator_id=operator, **more)


def test_nobody_corrects_the_place_of_a_call_that_another_has(world):
    with pytest.raises(ClaimHeld):
        world.correct("bob", 100)


def test_a_place_is_not_corrected_into_an_area_that_does_not_exist(world):
    with pytest.raises(UnknownSubject):
        world.do(correction(world, area_id="nowhere"))


def test_a_search_that_runs_looks_around_the_corrected_place():
    world = World()
    world.press()
    world.correct("ann", 5_000, area="grid-4")
    world.caregiver("there", 5_000, area_id="grid-4")
    assert world.asked == ["there"]
    assert isinstance(world.facts[-1], CaregiverOffered)
    assert world.facts[-1].travel_s < 10
    assert all_of(world.facts, PlaceCorrected)
