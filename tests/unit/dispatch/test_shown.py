"""Sent, shown and answered are three facts; an offer that nobody sees is not waited for."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch import facts as f
from dispatch import requests as r
from dispatch.facts import OfferLapsed, OfferNotShown, OfferSent
from dispatch.plans import SHOW_WITHIN, read_plans
from tests.unit.dispatch.world import PLANS, World, kinds_of, seconds, state_of

BY_DEFAULT = "".join(one for one in PLANS.splitlines(True) if "show_within_s" not in one)


@pytest.fixture
def world():
    world = World(plans=BY_DEFAULT)
    for number in range(1, 5):
        world.caregiver(f"c{number}", number * 100)
    return world


def delivered(world, name, channel="stream"):
    return world.do(r.OfferDelivered(offer_id=world.offer_to(name).id, channel=channel))


def shown(world, name):
    return world.answer(name, "shown")


def test_an_offer_must_be_on_a_screen_within_five_seconds(world):
    world.press()
    assert world.offer_to("c1").show_by == world.now + seconds(5)
    assert seconds(5) == SHOW_WITHIN


def test_a_plan_may_say_otherwise():
    plans = read_plans(PLANS.replace("show_within_s = 600", "show_within_s = 8"))
    assert plans.of("sos").show_within == seconds(8)


def test_an_offer_that_no_screen_shows_goes_at_once_to_the_next_nearest(world):
    world.press()
    assert world.asked == ["c1", "c2"]
    shown(world, "c1")
    facts = world.pass_time(seconds(5))
    assert kinds_of(facts) == ["OfferNotShown", "CaregiverOffered"]
    assert world.asked == ["c1", "c2", "c3"]


def test_it_is_not_said_before_its_time(world):
    world.press()
    assert world.pass_time(seconds(4.9)) == []


def test_an_offer_that_was_shown_is_waited_for(world):
    world.press()
    shown(world, "c1")
    shown(world, "c2")
    assert world.pass_time(seconds(19)) == []
    assert world.asked == ["c1", "c2"]


def test_having_been_sent_is_not_having_been_shown(world):
    world.press()
    delivered(world, "c1")
    facts = world.pass_time(seconds(5))
    assert [one.offer_id for one in facts if isinstance(one, OfferNotShown)] == ["I1.1", "I1.2"]


def test_a_yes_to_an_offer_that_was_not_shown_in_time_still_counts(world):
    world.press()
    world.pass_time(seconds(6))
    world.accept("c1")
    assert world.coming == ["c1"]
    assert world.asked == []


def test_whoever_does_not_answer_either_is_passed_over_at_the_end_of_the_window(world):
    world.press()
    facts = world.pass_time(seconds(20))
    assert {one.offer_id for one in facts if isinstance(one, OfferLapsed)} >= {"I1.1", "I1.2"}


def test_an_offer_shown_late_counts_again_and_nobody_is_asked_for_it_twice(world):
    world.press()
    world.pass_time(seconds(6))
    assert world.asked == ["c1", "c2", "c3", "c4"]
    shown(world, "c1")
    assert not world.book.offers["I1.1"].is_unseen
    assert world.decline("c3") != []
    assert world.asked == ["c1", "c2", "c4"]


def test_when_nobody_else_is_near_the_search_widens_at_once(world):
    world.press()
    world.pass_time(seconds(11))  # the first two, then the other two
    assert world.incident.level.value == "operator"
    assert world.incident.siren


def test_sending_is_recorded_once_for_each_channel(world):
    world.press()
    (sent,) = delivered(world, "c1")
    assert isinstance(sent, OfferSent)
    assert delivered(world, "c1") == []
    assert kinds_of(delivered(world, "c1", "message")) == ["OfferSent"]
    assert world.offer_to("c1").sent == ("stream", "message")
    assert world.offer_to("c1").sent_at == world.now


def test_an_offer_that_is_over_or_was_never_made_is_not_said_to_be_sent(world):
    world.press()
    offer = world.offer_to("c1")
    world.decline("c1")
    assert world.do(r.OfferDelivered(offer_id=offer.id, channel="stream")) == []
    assert world.do(r.OfferDelivered(offer_id="I9.9", channel="stream")) == []


def test_an_operators_own_choice_must_be_seen_too(world):
    world.press()
    world.decline("c1")
    world.send("ann", "c1")
    assert world.offer_to("c1").show_by == world.now + seconds(5)


def test_a_window_shorter_than_that_needs_no_deadline_of_its_own():
    world = World(plans=PLANS)  # 600 seconds to show, 20 to answer
    world.caregiver("c1", 100)
    world.press()
    assert world.offer_to("c1").show_by is None


def test_after_a_stop_it_has_five_fresh_seconds(world):
    world.press()
    world.start_after(seconds(60))
    assert world.offer_to("c1").show_by == world.now + seconds(5)
    assert world.asked == ["c1", "c2"]


def test_after_a_stop_what_was_shown_needs_no_showing_again(world):
    world.press()
    shown(world, "c1")
    world.start_after(seconds(60))
    assert world.offer_to("c1").show_by is None


def test_after_a_stop_what_was_found_unseen_stays_so(world):
    world.press()
    world.pass_time(seconds(5))
    world.start_after(seconds(1))
    assert world.book.offers["I1.1"].is_unseen
    assert world.book.offers["I1.1"].show_by is None


def test_the_same_facts_give_the_same_state(world):
    world.press()
    delivered(world, "c1")
    world.pass_time(seconds(7))
    shown(world, "c1")
    assert state_of(world.replayed()) == state_of(world.book)


def test_an_offer_on_record_without_such_a_time_has_none(world):
    world.press()
    old = next(one for one in world.facts if isinstance(one, f.CaregiverOffered))
    assert f.CaregiverOffered.__dataclass_fields__["show_by"].default is None
    assert old.show_by is not None
