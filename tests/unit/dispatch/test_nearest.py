"""Who is asked first, and what the record says about everybody else."""

import pytest

from dispatch.areas import Level
from dispatch.errors import UnknownSubject
from dispatch.facts import CaregiverOffered
from dispatch.place import Place
from tests.unit.dispatch.world import NOON, World, east, minutes, seconds


@pytest.fixture
def world():
    return World()


def offers_in(facts):
    return [fact for fact in facts if isinstance(fact, CaregiverOffered)]


def verdicts(offered):
    return {one.caregiver_id: one.verdict for one in offered.considered}


def test_the_nearest_two_are_asked_about_an_sos_at_once(world):
    for name, metres in (("far", 900), ("near", 100), ("middle", 500)):
        world.caregiver(name, metres)
    world.press()
    assert world.asked == ["near", "middle"]


def test_a_rider_from_farther_away_is_nearer_than_a_walker_next_door(world):
    world.caregiver("walker", 800, speed_kmh=4)
    world.caregiver("walker too", 700, speed_kmh=4)
    world.caregiver("rider", 1_600, speed_kmh=20)
    (first, _) = offers_in(world.press())
    assert first.caregiver_id == "rider"


def test_travel_time_follows_streets_and_speed(world):
    world.caregiver("near", 1_000, speed_kmh=13)
    (offered,) = offers_in(world.press())
    assert offered.travel_s == pytest.approx(360, rel=0.01)  # 1.3 km of streets at 13 km/h
    assert offered.distance_m == pytest.approx(1_000, rel=0.01)


def test_at_equal_travel_time_the_one_enrolled_first_is_asked_first(world):
    for name in ("first", "second", "third"):
        world.caregiver(name, 100)
    world.press()
    assert world.asked == ["first", "second"]


def test_a_routine_call_asks_one_at_a_time(world):
    world.caregiver("near", 100)
    world.caregiver("far", 200)
    world.press("life_assistance")
    assert world.asked == ["near"]


@pytest.mark.parametrize(
    "answer", [lambda world: world.decline("near"), lambda world: world.pass_time(seconds(60))]
)
def test_after_a_no_or_silence_the_next_nearest_is_asked(world, answer):
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.caregiver("far", 300)
    world.press("life_assistance")
    answer(world)
    assert world.asked == ["next"]


def test_silence_counts_as_no_at_the_deadline_and_not_before(world):
    world.caregiver("near", 100)
    world.press("life_assistance")
    world.pass_time(seconds(59))
    assert world.asked == ["near"]
    world.pass_time(seconds(1))
    assert world.asked == []


@pytest.mark.parametrize(
    ("how", "changes"),
    [
        ("off duty", {"is_on_duty": False}),
        ("not active", {"is_active": False}),
        ("excluded", {}),
    ],
)
def test_who_cannot_come_is_not_asked_however_near(world, how, changes):
    world.resident("li", excluded=("near",) if how == "excluded" else ())
    world.caregiver("near", 10, **changes)
    world.caregiver("far", 5_000)
    world.press()
    assert world.asked == ["far"]


def test_only_who_has_the_skill_is_asked(world):
    world.caregiver("near", 10)
    world.caregiver("nurse", 5_000, skills=("nurse", "driver"))
    world.press("wound")
    assert world.asked == ["nurse"]


def test_a_skill_that_nobody_has_stops_at_the_desk_and_does_not_fail(world):
    world.caregiver("near", 10)
    world.press("wound")
    assert world.asked == []
    assert world.incident.level is Level.OPERATOR


def test_a_recent_sighting_counts_more_than_the_station(world):
    world.caregiver("came closer", 9_000)
    world.caregiver("at home", 300)
    world.sight("came closer", 50)
    (offered, _) = offers_in(world.press())
    assert offered.caregiver_id == "came closer"
    assert offered.from_place == east(50, at=NOON, source="satellite")
    assert offered.considered[0].position_source == "satellite"


def test_an_ageing_sighting_counts_as_farther_by_the_way_walked_since(world):
    world.caregiver("seen long ago", 9_000)
    world.sight("seen long ago", 50)
    world.now += seconds(120 + 400)
    (offered,) = offers_in(world.press())
    assert offered.distance_m == pytest.approx(50 + 400 * 1.5, rel=0.01)


def test_a_sighting_older_than_a_quarter_of_an_hour_is_worth_less_than_the_station(world):
    world.caregiver("seen long ago", 9_000)
    world.sight("seen long ago", 50)
    world.now += seconds(901)
    (offered,) = offers_in(world.press())
    assert offered.distance_m == pytest.approx(9_000, rel=0.01)
    assert offered.considered[0].position_source == "station"


def test_the_record_of_an_old_sighting_shows_the_station_that_was_used(world):
    world.caregiver("seen long ago", 9_000)
    world.sight("seen long ago", 50)
    world.now += seconds(901)
    (offered,) = offers_in(world.press())
    assert offered.from_place == east(9_000)


def test_an_older_sighting_does_not_replace_a_younger_one(world):
    world.caregiver("near", 100)
    assert world.sight("near", 50)
    world.now -= seconds(1)
    assert not world.sight("near", 9_000)


def test_a_sighting_without_a_time_or_of_a_stranger_is_not_noted(world):
    world.caregiver("near", 100)
    assert not world.book.roster.sight("near", east(1))
    assert not world.sight("stranger", 1)


def test_somebody_without_a_station_is_reckoned_from_their_area(world):
    """A person who was erased has no station; their offers still need honest deadlines."""
    world.caregiver("erased", station=None)
    (offered,) = offers_in(world.press())
    assert offered.distance_m < 20_000


def test_a_call_without_any_place_still_asks_somebody(world):
    world.caregiver("first", 500)
    world.caregiver("second", 100)
    world.press(handset="unknown")
    assert world.asked == ["first", "second"]


def test_the_place_in_the_message_counts_more_than_the_home(world):
    world.caregiver("at home", 0)
    world.caregiver("in between", 2_000)
    world.caregiver("at the market", 5_000)
    world.press(place=east(5_000))
    assert world.asked == ["at the market", "in between"]


def test_a_call_from_elsewhere_is_looked_for_in_the_area_named_in_the_message(world):
    world.caregiver("at home", 0, area_id="grid-1")
    world.caregiver("at the market", 5_000, area_id="grid-4")
    world.press("life_assistance", place=east(5_000), area_id="grid-4")
    assert world.asked == ["at the market"]


def test_somebody_who_serves_a_wider_area_serves_the_grids_within(world):
    world.caregiver("of the street", 100, area_id="street-1")
    world.press("life_assistance")
    assert world.incident.level is Level.GRID
    assert world.asked == ["of the street"]


def test_the_record_names_who_was_chosen_farther_busy_and_excluded_with_travel_times(world):
    world.resident("li", excluded=("unwanted",))
    world.resident("zhao")
    world.handset("other", "zhao")
    world.caregiver("busy", 5)
    world.press("life_assistance", handset="other")
    world.accept("busy")
    world.caregiver("unwanted", 10)
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.caregiver("far", 300)
    (offered, _) = offers_in(world.press())
    assert verdicts(offered) == {
        "near": "chosen",
        "next": "chosen",
        "far": "farther",
        "busy": "busy",
        "unwanted": "excluded",
    }
    times = [(one.distance_m, one.travel_s) for one in offered.considered]
    assert all(
        travel == pytest.approx(metres * 1.3 * 3.6 / 15, abs=0.1) for metres, travel in times
    )


def test_the_record_says_that_somebody_is_being_asked_about_another_call(world):
    world.resident("zhao")
    world.handset("other", "zhao")
    world.caregiver("asked", 5)
    world.press("life_assistance", handset="other")
    world.caregiver("near", 100)
    (offered,) = offers_in(world.press())
    assert verdicts(offered) == {"near": "chosen", "asked": "pending_offer"}


def test_the_record_says_that_somebody_was_asked_before(world):
    world.caregiver("near", 100)
    world.caregiver("next", 200)
    world.press("life_assistance")
    (offered,) = offers_in(world.decline("near"))
    assert verdicts(offered) == {"next": "chosen", "near": "asked_before"}


def test_the_record_says_who_lacks_the_skill_or_serves_another_area(world):
    world.caregiver("no nurse", 5)
    world.caregiver("nurse", 50, skills=("nurse",))
    (by_skill,) = offers_in(world.press("wound"))
    assert verdicts(by_skill) == {"nurse": "chosen", "no nurse": "lacks_skill"}
    world.resident("zhao")
    world.handset("other", "zhao")
    world.caregiver("elsewhere", 1, area_id="grid-4")
    (by_area,) = offers_in(world.press("life_assistance", handset="other"))
    assert verdicts(by_area) == {
        "no nurse": "chosen",
        "nurse": "pending_offer",
        "elsewhere": "outside_area",
    }


def test_the_record_names_eight_beside_the_chosen_and_counts_the_rest(world):
    for number in range(30):
        world.caregiver(f"c{number}", 100 + number)
    for number in range(5):
        world.caregiver(f"off{number}", 1, is_on_duty=False)
    (offered, _) = offers_in(world.press())
    assert len(offered.considered) == 2 + 8
    assert offered.others == {"off_duty": 5, "available": 30}


def test_many_nearer_ones_whom_the_resident_excludes_do_not_hide_the_one_who_may_come(world):
    world.resident("li", excluded=tuple(f"c{number}" for number in range(200)))
    for number in range(200):
        world.caregiver(f"c{number}", 100 + number)
    world.caregiver("welcome", 9_000)
    world.press()
    assert world.asked == ["welcome"]


def test_a_caregiver_who_becomes_free_is_asked_about_the_gravest_waiting_call(world):
    world.press("life_assistance")
    world.resident("zhao")
    world.handset("other", "zhao")
    world.pass_time(minutes(1))
    world.press(handset="other")
    sos = max(world.book.incidents)
    world.caregiver("near", 100)
    assert world.offer_to("near").incident_id == sos


def test_closed_calls_do_not_stand_in_line_for_a_caregiver_who_becomes_free(world):
    for number in range(4):
        world.resident(f"r{number}")
        world.handset(f"h{number}", f"r{number}")
        world.press(handset=f"h{number}")
    for incident_id in list(world.book.incidents)[:3]:
        world.close("ann", incident_id)
    world.caregiver("near", 100)
    assert world.asked == ["near"]


def test_three_calls_that_exclude_a_caregiver_do_not_keep_the_fourth_from_its_next_step(world):
    for number in range(4):
        world.resident(f"r{number}", excluded=("near",) if number < 3 else ())
        world.handset(f"h{number}", f"r{number}")
        world.press(handset=f"h{number}")
    world.caregiver("near", 100)
    world.pass_time(minutes(4))
    assert {one.incident_id for one in world.book.offers.values()} == {"I4"}


def test_a_caregiver_who_serves_elsewhere_leaves_the_waiting_calls_waiting(world):
    world.press("wound")
    assert world.caregiver("no nurse", 10) != []
    assert world.asked == []
    world.caregiver("nurse", 100, skills=("nurse",))
    assert world.asked == ["nurse"]


def test_enrolling_a_caregiver_again_keeps_duty_and_work(world):
    world.caregiver("near", 100)
    world.press()
    world.accept("near")
    world.caregiver("near", 300, is_on_duty=False)
    person = world.book.roster.of("near")
    assert person.is_on_duty
    assert person.work == "I1.1"


def test_a_caregiver_who_moves_to_another_area_is_looked_for_there(world):
    world.caregiver("mover", 100, area_id="grid-4")
    world.press("life_assistance")
    assert world.incident.level is Level.DISTRICT
    world.close("ann")
    world.caregiver("mover", 100, area_id="grid-1")
    world.press("life_assistance")
    assert world.incident.level is Level.GRID


def test_the_roster_knows_whom_it_has(world):
    world.caregiver("near", 100)
    assert len(world.book.roster) == 1
    assert "near" in world.book.roster
    with pytest.raises(UnknownSubject, match="caregiver nobody"):
        world.book.roster.of("nobody")


def test_a_place_far_outside_is_no_reason_to_ask_nobody(world):
    world.caregiver("near", 100)
    world.press(place=Place(lon=-70.0, lat=-30.0))
    assert world.asked == ["near"]
