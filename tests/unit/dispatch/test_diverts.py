"""Calling somebody away from routine work to a threat to life: when, whom, and what follows."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from dispatch.assignment import Policy
from dispatch.attendance import AttendanceState
from dispatch.decide import decide
from dispatch.errors import PlanRefused, TransitionRefused
from dispatch.evolve import evolve
from dispatch.facts import CaregiverDiverted, CaregiverOffered, OfferWithdrawn
from dispatch.ladder import pursue
from dispatch.plans import read_plans
from dispatch.requests import BreakOff, HandsetCalled, OfferTo
from dispatch.status import Status, status_of
from tests.unit.dispatch.test_plan_files import SHIPPED, with_sos
from tests.unit.dispatch.world import PLANS, World, east, kinds_of, seconds, state_of

DIVERTING = with_sos("claim_within_s = 60", "claim_within_s = 60\ndivert_saves_s = 120")
FOR_THREE = DIVERTING.replace("at_once = 2", "at_once = 3")
ROUTINE, SOS = "I1", "I2"


def town(*, work="life_assistance", free=(), plans=DIVERTING, **worker):
    """A town in which somebody 100 m from Mrs Li has said yes to routine work for Mr Zhao."""
    world = World(plans=plans)
    world.resident("zhao")
    world.handset("zhaos", "zhao")
    world.caregiver("worker", 100, **worker)
    world.press(work, handset="zhaos")
    world.accept("worker")
    for name, metres in free:
        world.caregiver(name, metres)
    return world


def offers_in(facts):
    return [one for one in facts if isinstance(one, CaregiverOffered)]


def verdicts(offer):
    return {one.caregiver_id: one.verdict for one in offer.considered}


def test_whoever_is_nearer_by_two_minutes_is_asked_about_the_sos():
    world = town(free=[("far", 3_000)])
    offers = offers_in(world.press())
    assert [(one.caregiver_id, one.diverts) for one in offers] == [
        ("worker", "I1.1"),
        ("far", None),
    ]


def test_without_the_plans_word_nobody_is_ever_called_away():
    world = town(free=[("far", 3_000)], plans=PLANS)
    (offer,) = offers_in(world.press())
    assert offer.caregiver_id == "far"
    assert verdicts(offer)["worker"] == "busy"


def test_to_save_less_than_that_nobody_is_called_away_and_the_record_says_who_could_be():
    world = town(free=[("near enough", 400), ("other", 450)])
    (offer, _) = offers_in(world.press())
    assert world.asked == ["near enough", "other"]
    assert verdicts(offer)["worker"] == "divertible"


def test_when_nobody_free_can_come_somebody_is_called_away_from_however_far():
    world = town(speed_kmh=2)
    (offer,) = offers_in(world.press(place=east(5_000)))
    assert (offer.caregiver_id, offer.diverts) == ("worker", "I1.1")


def test_one_is_called_away_at_a_time_while_somebody_free_can_come():
    world = town(free=[])
    world.caregiver("second worker", 120)
    world.press("life_assistance", handset="third")
    world.accept("second worker")
    world.caregiver("far", 3_000)
    world.press()
    assert world.asked == ["worker", "far"]


def two_at_work(free=()):
    """A town with two who are on the way to routine work; a grave call asks three."""
    world = town(plans=FOR_THREE, free=free)
    world.caregiver("second worker", 120)
    world.press("life_assistance", handset="third")
    world.accept("second worker")
    return world


def test_one_is_called_away_at_a_time_however_many_are_asked():
    world = two_at_work()
    world.caregiver("far", 3_000)
    world.press()
    assert world.asked == ["worker", "far"]
    world.caregiver("as far", 2_900)
    assert world.asked == ["worker", "far", "as far"]


def test_when_nobody_free_can_come_as_many_are_called_away_as_are_asked():
    world = two_at_work()
    world.press()
    assert sorted(world.asked) == ["second worker", "worker"]


def test_the_farthest_gives_way_to_whoever_is_called_away():
    world = town(free=[("far", 3_000), ("farther", 4_000)])
    world.press()
    assert world.asked == ["worker", "far"]


def test_while_somebody_free_is_near_enough_the_second_question_calls_nobody_away():
    world = town(free=[("near enough", 400)])
    world.press()
    assert world.asked == ["near enough"]


def test_whoever_is_asked_already_counts_as_coming():
    world = town(free=[("near enough", 400)], plans=FOR_THREE)
    world.press()
    world.caregiver("far", 5_000)
    assert world.asked == ["near enough", "far"]


def test_when_the_nearest_declines_somebody_much_nearer_than_the_rest_is_called_away():
    world = town(free=[("near enough", 400), ("far", 3_000)], plans=FOR_THREE)
    world.press()
    assert world.asked == ["near enough", "far"]
    world.decline("near enough")
    assert world.asked == ["far", "worker"]


def test_whoever_would_not_be_called_away_is_not_asked_again():
    world = town()
    world.press()
    world.decline("worker")
    world.caregiver("far", 3_000)
    assert world.asked == ["far"]


def test_two_grave_calls_do_not_call_the_same_one_away():
    world = town()
    world.book.policy = Policy.ASSIGNMENT
    for handset in ("key", "other"):
        request = HandsetCalled(
            handset_id=handset, kind="sos", events=(world.event(),), place=east(0)
        )
        for fact in decide(world.book, request, world.now):
            evolve(world.book, fact)
    (offer,) = offers_in(pursue(world.book, world.now))
    assert offer.caregiver_id == "worker"


def test_while_they_think_they_keep_their_routine_work():
    world = town()
    world.press()
    assert world.book.roster.of("worker").work == "I1.1"
    assert status_of(world.book, world.book.incidents[ROUTINE]) is Status.ACCEPTED
    world.step("worker", "en_route")
    assert status_of(world.book, world.book.incidents[ROUTINE]) is Status.EN_ROUTE


def test_a_yes_breaks_off_the_routine_work_before_the_new_one_begins():
    world = town(free=[("far", 3_000)])
    world.press()
    facts = world.accept("worker")
    assert kinds_of(facts)[:3] == ["CaregiverDiverted", "OfferAccepted", "OfferWithdrawn"]
    (diverted, *_) = facts
    assert (diverted.attendance_id, diverted.to) == ("I1.1", "I2.1")
    assert world.book.attendances["I1.1"].state is AttendanceState.BROKEN_OFF
    assert world.book.roster.of("worker").work == "I2.1"
    assert state_of(world.replayed()) == state_of(world.book)


def test_whoever_has_set_out_for_routine_work_can_still_be_called_away():
    world = town()
    world.step("worker", "en_route")
    world.press()
    world.accept("worker")
    assert world.book.attendances["I1.1"].state is AttendanceState.BROKEN_OFF


def test_the_routine_call_is_looked_for_again_at_once_with_its_age():
    world = town(free=[("far", 3_000)])
    before = world.book.incidents[ROUTINE]
    world.pass_time(seconds(30))
    world.press()
    facts = world.accept("worker")
    assert facts[0].desk_by is None
    after = world.book.incidents[ROUTINE]
    assert (after.raised_at, after.due_at) == (before.raised_at, before.due_at)
    assert after.step_by is not None
    assert after.siren
    assert [one.why for one in facts if type(one).__name__ == "StepTaken"][:1] == ["diverted"]
    assert world.offer_to("far").incident_id == ROUTINE  # whom the SOS no longer needs


def test_whoever_was_called_away_is_not_asked_about_the_routine_call_again():
    world = town()
    world.press()
    world.accept("worker")
    world.finish("worker", "helped")
    assert world.asked == []


@pytest.mark.parametrize(
    "answer", [lambda world: world.decline("worker"), lambda world: world.pass_time(seconds(20))]
)
def test_a_no_or_silence_changes_nothing(answer):
    world = town()
    world.press()
    answer(world)
    assert world.book.roster.of("worker").work == "I1.1"
    assert world.book.attendances["I1.1"].state is AttendanceState.ACCEPTED
    assert not [one for one in world.facts if isinstance(one, CaregiverDiverted)]


def test_a_call_that_found_nobody_asks_whoever_sets_out_on_routine_work_at_that_moment():
    world = World(plans=DIVERTING)
    world.resident("zhao")
    world.handset("zhaos", "zhao")
    world.caregiver("worker", 100)
    world.press("life_assistance", handset="zhaos")
    assert offers_in(world.press()) == []  # the only one is being asked about the errand
    (offer,) = offers_in(world.accept("worker"))
    assert (offer.incident_id, offer.diverts) == (SOS, "I1.1")


def test_nobody_who_is_with_a_resident_is_called_away():
    world = town()
    world.step("worker", "on_scene")
    world.press()
    assert world.asked == []


def test_whoever_arrives_while_being_asked_is_asked_no_more():
    world = town()
    world.press()
    facts = world.step("worker", "on_scene")
    (withdrawn,) = [one for one in facts if isinstance(one, OfferWithdrawn)]
    assert withdrawn.why == "on_scene"
    assert world.asked == []


@pytest.mark.parametrize("work", ["safety_alarm", "sos"])
def test_nobody_is_called_away_from_a_grave_call(work):
    world = town(work=work)
    world.press("fall")
    world.press()
    assert "worker" not in world.asked


@pytest.mark.parametrize("work", ["low_battery", "life_assistance"])
def test_errands_and_devices_can_wait(work):
    world = town(work=work)
    world.press()
    assert world.asked == ["worker"]


@pytest.mark.parametrize(
    "unfit",
    [
        lambda world: world.resident("li", excluded=("worker",)),
        lambda world: world.caregiver("worker", 100, is_active=False, is_on_duty=False),
    ],
)
def test_who_must_not_come_is_not_called_away_either(unfit):
    world = town()
    unfit(world)
    world.press()
    assert world.asked == []


def test_an_answer_that_comes_after_the_routine_work_has_ended_diverts_nothing():
    world = town()
    world.press()
    world.do(_break_off())
    facts = world.accept("worker")
    assert "CaregiverDiverted" not in kinds_of(facts)
    assert world.coming == ["worker"]


def _break_off():
    return BreakOff(attendance_id="I1.1", operator_id="ann")


def test_the_old_work_cannot_be_gone_on_with():
    world = town()
    world.press()
    world.accept("worker")
    with pytest.raises(TransitionRefused):
        world.step("worker", "on_scene", attendance="I1.1")


def test_a_routine_call_that_another_has_helped_with_meanwhile_waits_for_the_desk():
    world = town(work="low_battery", free=[])
    world.caregiver("second", 5_000, area_id="grid-4")
    world.do(_offer_to("second"))
    world.accept("second")
    world.finish("second", "helped")
    world.press()
    (diverted, *_) = world.accept("worker")
    assert diverted.desk_by == world.now + seconds(1_800)
    assert list(world.book.deadlines_of(world.book.incidents[ROUTINE]))


def test_a_routine_call_to_which_another_comes_is_not_the_desks():
    world = town(work="low_battery")
    world.caregiver("second", 5_000, area_id="grid-4")
    world.do(_offer_to("second"))
    world.accept("second")
    world.press()
    (diverted, *_) = world.accept("worker")
    assert diverted.desk_by is None


def _offer_to(name):
    return OfferTo(incident_id=ROUTINE, operator_id="ann", caregiver_id=name, reason="")


def test_after_a_restart_whoever_is_on_the_way_can_still_be_called_away():
    world = town()
    world.start_after(seconds(5))
    world.press()
    assert world.asked == ["worker"]


def test_if_the_one_who_was_called_away_breaks_off_the_sos_is_looked_for_again():
    world = town(free=[("far", 3_000)])
    world.press()
    world.accept("worker")
    world.decline("far")  # about the routine call
    world.pass_time(seconds(90 + 60))  # never set out
    assert world.offer_to("far").incident_id == SOS


def test_the_shipped_plans_call_away_for_a_saving_of_two_minutes():
    plans = read_plans(SHIPPED)
    assert [plans.of(kind).divert_saves for kind in ("sos", "fall")] == [seconds(120)] * 2
    assert plans.of("safety_alarm").divert_saves is None


def test_only_a_threat_to_life_may_call_away():
    text = PLANS.replace("claim_within_s = 600", "claim_within_s = 600\ndivert_saves_s = 60", 1)
    with pytest.raises(PlanRefused, match="no threat to life"):
        read_plans(text)


def test_the_saving_is_a_number_of_seconds():
    with pytest.raises(PlanRefused, match="divert_saves_s is not a number"):
        read_plans(with_sos("claim_within_s = 60", "claim_within_s = 60\ndivert_saves_s = true"))
