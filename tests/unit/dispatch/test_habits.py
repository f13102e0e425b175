"""A caller is compared with their own measure; whoever calls every day is known, never ignored."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import timedelta
from pathlib import Path

import pytest

import app
from app.register.directory import Directory
from app.views.book import handset_view
from dispatch.facts import IncidentClosed, IncidentRaised
from dispatch.habits import Habit, called, usual, wants_review
from dispatch.plans import read_plans
from tests.unit.dispatch.world import NOON, World, days, minutes, seconds, state_of

SHIPPED = (Path(app.__file__).parent / "data" / "plans.toml").read_text(encoding="utf-8")
HOUR = timedelta(hours=1)


def habit_of(*times):
    """Return the habit after calls at these times after noon."""
    first, *others = times
    habit = called(None, NOON + first)
    for time in others:
        habit = called(habit, NOON + time)
    return habit


def daily(count, *, per_day=1):
    return [days(day) + index * HOUR for day in range(count) for index in range(per_day)]


def test_a_first_call_is_neither_habitual_nor_unusual():
    assert usual(habit_of(days(0))) == ""


def test_whoever_calls_every_day_for_a_fortnight_is_habitual():
    assert usual(habit_of(*daily(14))) == ""
    assert usual(habit_of(*daily(15))) == "habitual"


def test_the_measure_of_one_call_a_day_is_one():
    assert habit_of(*daily(20)).a_day() == pytest.approx(1)
    assert habit_of(*daily(20, per_day=3)).a_day() == pytest.approx(3)


def test_one_very_bad_day_makes_no_habit():
    bad = [days(13) + minutes(index) for index in range(40)]
    habit = habit_of(days(0), *bad, days(15))
    assert habit.a_day() > 1
    assert not habit.is_habitual()


def test_a_habit_fades_when_the_calls_stop():
    habit = habit_of(*daily(30, per_day=2))
    assert called(habit, NOON + days(32)).is_habitual()
    assert not called(habit, NOON + days(60)).is_habitual()


def test_every_other_day_is_no_daily_habit():
    assert not habit_of(*(days(2 * index) for index in range(40))).is_habitual()


def test_more_than_three_calls_within_a_day_are_unusual_for_who_never_calls():
    times = [index * HOUR for index in range(4)]
    assert usual(habit_of(*times[:3])) == ""
    assert usual(habit_of(*times)) == "unusual"


def test_calls_of_yesterday_do_not_make_today_unusual():
    habit = habit_of(*(index * HOUR for index in range(3)), timedelta(hours=30))
    assert usual(habit) == ""


def test_a_habitual_caller_is_measured_by_their_own_habit():
    usual_days = daily(30, per_day=3)
    today = [days(30) + index * HOUR for index in range(10)]
    assert usual(habit_of(*usual_days, *today[:9])) == "habitual"
    assert usual(habit_of(*usual_days, *today)) == "unusual"


def test_the_bad_day_itself_does_not_raise_the_measure_it_is_held_against():
    habit = habit_of(*daily(20))
    before = habit.a_day()
    for index in range(12):
        habit = called(habit, NOON + days(19) + index * HOUR)
        assert habit.a_day() == before


def test_many_empty_days_are_folded_at_once_as_one_by_one():
    at_once = called(habit_of(*daily(20)), NOON + days(50))
    weight = 1 - 0.5 ** (50 / 14)
    by_hand = sum(0.5 ** ((49 - day) / 14) for day in range(20)) * (1 - 0.5 ** (1 / 14))
    assert at_once.a_day() == pytest.approx(by_hand / weight)


def test_only_the_latest_calls_are_kept():
    habit = habit_of(*(seconds(index) for index in range(200)))
    assert len(habit.recent) == 50
    assert habit.day_calls == 200


def test_a_review_is_wanted_once_in_thirty_days():
    habit = habit_of(*daily(15))
    now = NOON + days(15)
    assert wants_review(habit, now)
    reviewed = Habit(
        **{**{name: getattr(habit, name) for name in Habit.__slots__}, "reviewed_at": now}
    )
    assert not wants_review(reviewed, now + days(29))
    assert wants_review(reviewed, now + days(30))


# In the control room


@pytest.fixture
def world():
    return World(plans=SHIPPED.replace(read_plans(SHIPPED).version, "test", 1))


def call_and_close(world, *, kind="life_assistance", by="ann"):
    facts = world.press(kind)
    incident_id = facts[0].incident_id
    world.claim(by, incident_id)
    world.close(by, incident_id)
    return facts


def call_daily(world, count, **more):
    facts = []
    for _ in range(count):
        facts = call_and_close(world, **more)
        world.pass_time(days(1))
    return facts


def raised(facts):
    return [fact for fact in facts if isinstance(fact, IncidentRaised)]


def test_the_call_of_a_habitual_caller_goes_first_to_who_last_had_one(world):
    world.sit_down("bob")
    call_daily(world, 14, by="ann")
    call_daily(world, 1, by="bob")
    (fact, *_) = world.press()
    assert (fact.usual, fact.first_for) == ("habitual", "bob")
    assert fact.first_until == world.now + seconds(15)


def test_whoever_closed_a_call_without_taking_it_knows_the_caller_too(world):
    world.sit_down("bob")
    call_daily(world, 14)
    world.press()
    world.close("bob", "I15")
    world.pass_time(days(1))
    assert world.press()[0].first_for == "bob"


def test_who_is_not_at_the_desk_or_does_not_cover_the_call_comes_first_for_nobody(world):
    world.sit_down("bob")
    call_daily(world, 15, by="bob")
    world.leave("bob")
    assert call_and_close(world)[0].first_for is None
    world.sit_down("bob", areas=("street-2",))
    call_daily(world, 1, by="bob")
    assert world.press()[0].first_for is None


def test_a_call_of_somebody_without_a_habit_goes_to_everybody(world):
    call_daily(world, 5)
    fact = world.press()[0]
    assert (fact.usual, fact.first_for) == ("", None)


def test_more_calls_than_usual_are_shown_as_such(world):
    for _ in range(3):
        assert call_and_close(world)[0].usual == ""
        world.pass_time(minutes(30))
    assert world.press()[0].usual == "unusual"


def test_a_weak_battery_says_nothing_about_its_resident(world):
    for _ in range(6):
        assert call_and_close(world, kind="low_battery")[0].usual == ""
    assert world.book.habits == {}


def test_a_handset_of_nobody_has_no_habits(world):
    assert world.press(handset="stray")[0].usual == ""
    assert world.book.habits == {}


def test_a_telephone_call_counts_and_says_how_usual_it_is(world):
    for _ in range(3):
        call_and_close(world)
    assert raised(world.telephone(resident_id="li"))[0].usual == "unusual"


def test_who_begins_to_call_every_day_gets_a_care_review_once_in_thirty_days(world):
    reviews = []
    for day in range(60):
        for fact in raised(call_and_close(world)):
            if fact.kind == "care_review":
                reviews.append((day, fact))
        world.pass_time(days(1))
    assert [day for day, _ in reviews] == [14, 44]
    (_, review), _ = reviews
    assert (review.channel, review.resident_id, review.gravity.name) == ("habit", "li", "SERVICE")
    assert review.linked_to in world.book.closed


def test_a_care_review_is_the_desks_and_never_ends_by_itself(world):
    world.caregiver("wang", 100)
    call_daily(world, 14)
    (*_, review) = raised(call_and_close(world))
    world.pass_time(days(8))
    assert review.incident_id in world.book.incidents
    assert world.book.incidents[review.incident_id].offers == ()
    assert list(world.book.deadlines_of(world.book.incidents[review.incident_id]))


def with_review(world):
    call_daily(world, 14)
    (*_, review) = raised(call_and_close(world))
    return review.incident_id


def test_a_care_review_is_the_next_call_and_says_where_it_comes_from(world):
    call_daily(world, 14)
    (call, review) = raised(call_and_close(world))
    assert (call.incident_id, review.incident_id) == ("I15", "I16")
    assert (review.channel, review.linked_to) == ("habit", "I15")
    assert review.due_at > review.at


def test_no_press_is_folded_into_a_care_review_and_none_is_linked_to_it(world):
    with_review(world)
    for kind in ("low_battery", "sos"):
        (fact, *_) = raised(world.press(kind))
        assert fact.kind == kind
    assert world.book.incidents["I17"].linked_to is None


def test_a_cancel_never_lands_in_a_care_review(world):
    review = with_review(world)
    world.press("cancel")
    assert not world.book.incidents[review].is_cancelled


def test_the_handset_is_not_told_of_a_care_review(world):
    with_review(world)
    world.pass_time(days(1))
    assert handset_view(world.book, Directory(), "key", world.now)["incidents"] == []


def test_a_care_review_is_served_by_hand(world):
    review = with_review(world)
    world.caregiver("wang", 100)
    world.press()
    world.accept("wang")
    world.finish("wang", "helped")
    world.close("ann", "I17")
    world.claim("ann", review)
    world.send("ann", "wang")
    assert world.asked == ["wang"]


def test_a_habitual_callers_sos_is_served_as_any_other_and_closed_by_nobody_but_a_person(world):
    call_daily(world, 20)
    world.caregiver("wang", 100)
    facts = world.press("sos")
    assert world.asked == ["wang"]
    sos = facts[0].incident_id
    facts = world.pass_time(days(2))
    assert sos in world.book.incidents
    assert not [one for one in facts if isinstance(one, IncidentClosed) and one.incident_id == sos]


def test_a_plan_without_a_care_review_raises_none():
    world = World()
    facts = call_daily(world, 20)
    assert [fact.kind for fact in raised(facts)] == ["life_assistance"]


def test_habits_are_the_same_after_a_replay(world):
    call_daily(world, 16)
    assert state_of(world.replayed()) == state_of(world.book)
