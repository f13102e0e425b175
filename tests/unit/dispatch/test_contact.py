"""How handset and house speak to the resident, and when they must not say a word."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from pathlib import Path

import pytest

import app
from app.register.directory import Directory
from app.views.book import handset_view
from dispatch.contact import WITHOUT_VOICE
from dispatch.errors import PlanRefused
from dispatch.plans import Gravity, read_plans
from tests.unit.dispatch.world import PLANS, World, kinds_of, minutes, state_of

SHIPPED = (Path(app.__file__).parent / "data" / "plans.toml").read_text(encoding="utf-8")
VERSION = read_plans(SHIPPED).version
KINDS = ("sos", "fall", "safety_alarm", "life_assistance", "low_battery")


@pytest.fixture
def world():
    return World(plans=SHIPPED.replace(VERSION, "test", 1))


def shown(world, handset="key"):
    view = handset_view(world.book, Directory(), handset, world.now)
    return [one["id"] for one in view["incidents"]]


@pytest.mark.parametrize("communication", ["hard_of_hearing", "text_only"])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_by_voice_is_planned_for_who_cannot_hear_or_speak(world, kind, communication):
    world.resident("li", communication=communication)
    world.press(kind)
    assert world.incident.contact == WITHOUT_VOICE
    assert "voice" not in world.incident.contact


def test_without_a_voice_there_are_words_a_lamp_a_shake_and_one_question():
    assert WITHOUT_VOICE == ("text", "light", "vibration", "yes_no")


@pytest.mark.parametrize("communication", ["voice", ""])
def test_everybody_else_is_spoken_to(world, communication):
    world.resident("li", communication=communication)
    world.press()
    assert world.incident.contact == ("voice",)


@pytest.mark.parametrize("kind", ["sos", "life_assistance"])
def test_to_who_cannot_speak_somebody_is_sent_at_once(world, kind):
    world.resident("li", communication="text_only")
    world.caregiver("wang", 100)
    assert "CaregiverOffered" in kinds_of(world.press(kind))


def test_a_telephone_call_about_somebody_deaf_plans_no_voice_either(world):
    world.resident("li", communication="text_only")
    world.telephone(kind="fall", resident_id="li")
    assert world.incident.contact == WITHOUT_VOICE


def test_a_stranger_is_spoken_to(world):
    world.press(handset="stray")
    assert world.incident.contact == ("voice",)


@pytest.mark.parametrize("kind", ["intrusion", "threat"])
def test_a_silent_call_sounds_at_the_desk_and_says_nothing_at_home(world, kind):
    world.press(kind)
    incident = world.incident
    assert (incident.kind, incident.is_silent, incident.siren) == (kind, True, True)
    assert incident.contact == ()
    assert shown(world) == []


def test_a_threat_is_a_threat_to_life_and_an_intrusion_is_urgent(world):
    assert world.book.plans.of("threat").gravity is Gravity.LIFE_THREAT
    assert world.book.plans.of("intrusion").gravity is Gravity.URGENT


def test_other_calls_are_shown_at_home(world):
    world.press()
    assert shown(world) == ["I1"]


@pytest.mark.parametrize("kind", ["intrusion", "threat"])
def test_a_threat_never_disappears_in_a_call_that_the_handset_shows(world, kind):
    world.press("sos")
    world.press(kind)
    assert [one.is_silent for one in world.book.incidents.values()] == [False, True]
    assert shown(world) == ["I1"], "what the intruder sees must not change"
    world.press(kind)
    assert world.book.incidents["I2"].presses == 2


def test_an_sos_during_a_threat_stays_silent(world):
    world.press("threat")
    world.press("sos")
    assert world.incident.presses == 2
    assert shown(world) == []


def test_an_sos_during_an_intrusion_is_a_call_of_its_own_and_silent_too(world):
    world.press("intrusion")
    world.press("sos")
    sos = world.book.incidents["I2"]
    assert (sos.kind, sos.is_silent, sos.linked_to, sos.contact) == ("sos", True, "I1", ())
    assert shown(world) == []


def test_a_telephone_call_during_a_threat_is_silent_too(world):
    world.press("threat")
    world.telephone(kind="fall", resident_id="li")
    assert all(one.is_silent for one in world.book.incidents.values())


def test_after_it_was_closed_a_threat_is_still_not_shown(world):
    world.press("threat")
    world.close("ann")
    world.pass_time(minutes(1))
    assert shown(world) == []


def test_after_a_threat_a_new_sos_is_shown_again(world):
    world.press("threat")
    world.close("ann")
    world.press("sos")
    assert shown(world) == ["I2"]


@pytest.mark.parametrize("kind", ["intrusion", "threat"])
def test_under_a_plan_that_knows_no_threat_it_is_silent_all_the_same(kind):
    world = World()
    world.press(kind)
    assert (world.incident.kind, world.incident.is_silent) == ("sos", True)


def test_contact_and_silence_are_the_same_after_a_replay(world):
    world.resident("li", communication="text_only")
    world.press("intrusion")
    assert state_of(world.replayed()) == state_of(world.book)


def with_sos(entry):
    return PLANS.replace("[kinds.sos]\n", f"[kinds.sos]\n{entry}\n")


def test_a_plan_says_how_the_house_speaks():
    world = World(plans=with_sos('say = ["light", "voice"]'))
    world.press()
    assert world.incident.contact == ("light", "voice")


@pytest.mark.parametrize(
    "entry",
    ['say = "voice"', 'say = ["drum"]', "say = [5]", "say = [[]]", 'silent = "yes"', "silent = 1"],
)
def test_a_plan_that_speaks_strangely_is_refused(entry):
    with pytest.raises(PlanRefused, match=entry.split(" = ", maxsplit=1)[0]):
        read_plans(with_sos(entry))
