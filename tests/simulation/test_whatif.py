"""A recorded day is enacted again: what came from outside is kept, and the model is near."""

import json

import pytest
from typer.testing import CliRunner

from app.storage.lines import facts_in
from simulator import cli
from simulator.run.day import NothingToEnact, read_day
from simulator.run.night import Options, run_night
from simulator.run.whatif import compare


@pytest.fixture(scope="module")
def lines():
    return list(run_night(Options(seed=7, with_faults=False)).journal.lines())


def test_every_call_of_the_day_is_enacted(lines):
    found = compare(lines, "nearest", 1)
    recorded, enacted = found["recorded"], found["nearest, enacted"]
    assert abs(enacted.calls - recorded.calls) <= 0.1 * recorded.calls
    assert len(enacted.grave) >= 0.8 * len(recorded.grave)


def test_the_same_seed_enacts_the_same_day(lines):
    one, other = (compare(lines, "nearest", 1)["nearest, enacted"] for _ in range(2))
    assert one == other


def test_a_day_without_calls_cannot_be_enacted(lines):
    facts = [one.fact for one in facts_in(lines[:5])]
    with pytest.raises(NothingToEnact):
        read_day(facts)


def test_the_commands_run_a_night_write_its_journal_and_compare(tmp_path):
    nights = CliRunner()
    cli.join_nights()
    journal, report = tmp_path / "j.jsonl", tmp_path / "r.json"
    words = ("run", "--seeds", "1..2", "--faults", "--journal", str(journal))
    done = nights.invoke(cli.app, [*words, "--report", str(report)])
    assert done.exit_code == 0, done.output
    found = json.loads(report.read_text("utf-8"))
    assert found["violations"] == []
    assert min(found["presses"], found["incidents"], found["days_per_second"]) > 0
    assert found["policies"]["nearest"]["press_to_on_scene_s"]["p90"] > 0
    done = nights.invoke(cli.app, ["whatif", "--journal", str(journal), "--policy", "nearest"])
    assert done.exit_code == 0, done.output
    assert "nearest, enacted" in done.output


def test_an_unknown_policy_and_unreadable_seeds_are_refused():
    nights = CliRunner()
    cli.join_nights()
    assert nights.invoke(cli.app, ["run", "--policy", "luck"]).exit_code == 2
    assert nights.invoke(cli.app, ["run", "--seeds", "9..1"]).exit_code == 2
    assert nights.invoke(cli.app, ["run", "--seeds", "many"]).exit_code == 2
