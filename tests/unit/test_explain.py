"""A call told in words: every kind of fact has its sentence, in both languages."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import re
from dataclasses import fields, replace

import pytest

from app.codec import FACT_OF, kind_of
from app.storage.ledger import Recorded
from app.views.explain import catalogue, explain, lines
from dispatch import facts as f
from dispatch.roster import Verdict
from tests.unit.dispatch.one_of_each import ONE_OF_EACH, one
from tests.unit.dispatch.world import World, east, seconds

LANGUAGES = ("zh", "en")
GAP = re.compile(r"\{(\w+)\}")
SUBJECTS = {"incident_id", "offer_id", "attendance_id"}
OF_INCIDENTS = [
    kind for kind, fact in FACT_OF.items() if SUBJECTS & {field.name for field in fields(fact)}
]


def leaves(table, path=()):
    for name, value in table.items():
        if isinstance(value, str):
            yield ".".join((*path, name)), value
        else:
            yield from leaves(value, (*path, name))


def recorded(facts):
    about = [fact for fact in facts if kind_of(type(fact)) in OF_INCIDENTS]
    return [Recorded(number=number, fact=fact) for number, fact in enumerate(about, start=1)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", OF_INCIDENTS)
def test_every_kind_of_fact_has_a_sentence(language, kind):
    assert catalogue(language)["fact"].get(kind), f"add it to app/data/explain.{language}.toml"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", Verdict)
def test_every_reason_for_and_against_a_caregiver_has_words(language, verdict):
    assert catalogue(language)["verdict"].get(verdict), f"add it to explain.{language}.toml"


def test_both_languages_say_the_same_things():
    zh, en = (dict(leaves(catalogue(language))) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    assert {key: set(GAP.findall(text)) for key, text in zh.items()} == {
        key: set(GAP.findall(text)) for key, text in en.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [None, str.upper])
def test_every_fact_is_told_without_a_gap(language, name):
    said = explain(recorded(ONE_OF_EACH), language, name=name)
    assert len(said) == len(OF_INCIDENTS) - 1  # a caregiver who comes as expected is no news
    for sentence in said:
        assert sentence.text
        assert "{" not in sentence.text


def test_every_gap_is_filled_by_its_own_fact():
    known = explain(recorded(ONE_OF_EACH), "en", name=str.upper)
    assert [one.text for one in known if "—" in one.text] == []


def test_a_fact_that_nobody_wrote_a_sentence_for_is_still_named(monkeypatch):
    bare = {**catalogue("en"), "fact": {}}
    monkeypatch.setattr("app.views.explain.catalogue", lambda _: bare)
    (said,) = explain(recorded([one(f.CaregiverArrived)]), "en")
    assert said.text == "On record: caregiver arrived."


def a_night():
    world = World()
    world.caregiver("near", 500)
    world.caregiver("far", 3_000)
    world.caregiver("third", 9_000)
    world.caregiver("off", 10, is_on_duty=False)
    world.sight("near", 500)
    world.now += seconds(12)
    world.press()
    world.pass_time(seconds(5))
    world.decline("far", offer=world.offer_to("far"))
    world.accept("near")
    world.step("near", "on_scene")
    world.say("near", "need_120")
    world.claim("ann")
    world.step("near", "done", "handed_over")
    world.do(note(world))
    world.close("ann", disposition="handed_to_120")
    return recorded(world.facts)


def note(world):
    from dispatch.requests import Note

    return Note(incident_id=world.incident.id, by="ann", text="her daughter is told")


def test_an_offer_says_who_was_considered_how_far_they_are_and_why():
    told = explain(a_night(), "en")
    (near, *_) = [one for one in told if one.text.startswith("near was asked")]
    assert near.text == "near was asked (district), with 20 s to answer."
    assert near.details[:3] == (
        "near: 2 min 36 s away (500 m, position: by satellite, 12 s old) – "
        "chosen: among the nearest who can come",
        "far: 15 min 36 s away (3000 m, position: station) – "
        "chosen: among the nearest who can come",
        "third: 46 min 48 s away (9000 m, position: station) – "
        "not chosen: could come, but is farther",
    )
    assert near.details[-1] == (
        "All caregivers, by the plainest reason: could be asked 3, off duty 1."
    )


def test_answers_are_told_with_their_times_since_the_press():
    told = explain(a_night(), "en")
    said = {one.text: one.after for one in told}
    assert said["near said yes, 5 s after being asked."] == seconds(5)
    assert said["far said no, 5 s after being asked."] == seconds(5)


def test_the_life_of_a_call_reads_in_chinese():
    words = " ".join(lines(explain(a_night(), "zh")))
    assert "near 在 5 秒 后接受" in words
    assert "选中：能来的人里较近" in words
    assert "near 在现场报告：要叫 120" in words
    assert "ann 结案：已转 120" in words or "ann 结案" in words


def test_without_names_nothing_personal_is_told():
    facts = [
        replace(one(f.CaregiverOffered), by="ann", reason="her nephew", from_place=east(3)),
        replace(one(f.OfferDeclined), reason="in hospital"),
        replace(one(f.NoteAdded), text="the red house"),
        replace(one(f.SceneReported), note="the red door"),
    ]
    bare = " ".join(lines(explain(recorded(facts), "en")))
    assert not re.search("nephew|hospital|red", bare)
    whole = " ".join(lines(explain(recorded(facts), "en", name=str.upper)))
    assert all(word in whole for word in ("nephew", "hospital", "red house", "red door", "WANG"))


def test_what_was_done_by_hand_and_for_the_key_is_told_apart():
    key = replace(one(f.CaregiverOffered), by="key")
    hand = replace(one(f.CaregiverOffered), by="ann")
    told = [one.text for one in explain(recorded([key, hand]), "en")]
    assert "because they can open the door" in told[0]
    assert told[1].startswith("ann asked wang by hand")


def test_of_nothing_nothing_is_told():
    assert explain([], "en") == []


def test_whoever_counted_as_farther_than_the_way_is_told_with_the_reason():
    lacking = f.Considered(
        caregiver_id="zhao",
        travel_s=60.0,
        distance_m=200.0,
        verdict="farther",
        handicap_s=60.0,
        lacks=("language",),
    )
    offered = replace(one(f.CaregiverOffered), considered=(lacking,))
    (said,) = explain(recorded([offered]), "en")
    assert said.details[0].endswith("farther; counts as 1 min 0 s farther: without the language")


def test_a_party_without_a_channel_is_told_as_to_be_telephoned():
    (said,) = explain(recorded([replace(one(f.PartyTold), channel=-1, until=None)]), "en")
    assert "must be told by telephone" in said.text
