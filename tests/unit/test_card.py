"""The prompts of each kind of call: words in both languages, and an order."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.storage.ledger import Recorded
from app.views.card import born_year, prompts_of, prompts_view
from devices.report import Kind
from dispatch.facts import PromptTicked
from dispatch.ids import IncidentId, OperatorId
from dispatch.plans import read_plans

ROOT = Path(__file__).parents[2] / "app"
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
KINDS = sorted(read_plans((ROOT / "data" / "plans.toml").read_text("utf-8")).plans)
SILENT = ("intrusion", "threat")


def words(language):
    return json.loads((ROOT / "pages" / "i18n" / f"{language}.json").read_text("utf-8"))


def ticked(number, prompt, *, is_done):
    fact = PromptTicked(
        at=NOON,
        incident_id=IncidentId("I1"),
        operator_id=OperatorId("ann"),
        prompt=prompt,
        is_done=is_done,
    )
    return Recorded(number=number, fact=fact)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", [*KINDS, "a kind of this house"])
def test_every_prompt_of_every_kind_has_words(kind, language):
    prompts = prompts_of(kind)
    assert prompts
    assert len(set(prompts)) == len(prompts)
    assert [one for one in prompts if f"prompt.{one}" not in words(language)] == []


def test_no_word_of_a_prompt_is_left_over():
    used = {f"prompt.{one}" for kind in [*KINDS, *Kind, ""] for one in prompts_of(kind)}
    assert {key for key in words("zh") if key.startswith("prompt.")} == used


@pytest.mark.parametrize("kind", SILENT)
def test_nobody_is_telephoned_where_it_must_not_be_noticed(kind):
    assert prompts_of(kind)[0] == "do_not_ring"
    assert "speak" not in prompts_of(kind)


def test_the_last_tick_counts():
    facts = [ticked(1, "speak", is_done=True), ticked(2, "breathing", is_done=True)]
    facts.append(ticked(3, "breathing", is_done=False))
    done = {row["id"]: row["by"] for row in prompts_view("sos", facts) if row["done_at"]}
    assert done == {"speak": "ann"}


def test_a_tick_of_a_prompt_that_the_card_no_longer_has_is_passed_over():
    rows = prompts_view("sos", [ticked(1, "an old one", is_done=True)])
    assert [row["id"] for row in rows] == list(prompts_of("sos"))


@pytest.mark.parametrize(
    ("born", "year"),
    [("1941-03-02", 1941), ("1941", 1941), ("", None), ("41", None), ("٣٣٣٣", None)],
)
def test_a_year_of_birth_is_read_where_there_is_one(born, year):
    assert born_year(born) == year
