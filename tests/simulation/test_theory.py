"""The engine's queue and search do what theory says, and a wrong one is found out.

`ydt-sim theory --long` does the same with tolerances ten times as narrow.
"""

# pyright: reportArgumentType=false

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from dispatch.assignment import solve
from dispatch.queue import rank
from dispatch.staffing import Target, operators_needed
from simulator import cli
from simulator.theory import hypercube, surge
from simulator.theory.check import Check, Measured, check, mean_of_batches
from simulator.theory.fleet import Fleet
from simulator.theory.line import serve
from simulator.theory.report import document, is_good
from simulator.theory.runs import (
    H1,
    H2,
    SHORT,
    desk_checks,
    every_check,
    law_checks,
    little,
    loss_checks,
    preference_checks,
    priority_checks,
    queue_checks,
    surge_checks,
)

SEED = 430105
SMALL = replace(SHORT, desk_calls=40_000, fleet_calls=2_000, fleets=10, surges=60)


def missed(checks):
    return [one.name for one in checks if not one.is_met]


def test_the_engine_does_what_theory_says():
    checks = list(every_check(SHORT, SEED))
    assert missed(checks) == []
    assert len(checks) > 50
    assert [one.name for one in checks if one.theory and one.tolerance > 0.6 * one.theory] == []


# Each check fails when the engine's piece is a wrong one.


def test_a_queue_in_reverse_is_found_out():
    def reverse(incident):
        is_routine, due_at, raised_at, number = rank(incident)
        return (not is_routine, raised_at.replace(year=2028) - (due_at - raised_at), due_at, number)

    wrong = missed(priority_checks(SMALL, SEED, order=reverse))
    assert "M/M/5, three classes: wait of class 1, s" in wrong
    assert "M/M/5, three classes: wait of class 3, s" in wrong
    assert "M/M/5, three classes: conservation, s" not in wrong  # which holds in any order


def test_a_queue_that_knows_no_classes_is_found_out():
    def as_they_come(incident):
        return (True, incident.raised_at, incident.raised_at, int(incident.id[1:]))

    wrong = missed(priority_checks(SMALL, SEED, order=as_they_come))
    assert wrong == [f"M/M/5, three classes: wait of class {n}, s" for n in (1, 2, 3)]


def test_a_desk_with_more_work_than_theory_thinks_is_found_out():
    assert "M/M/5: mean wait, s" in missed(desk_checks(SMALL, SEED, load=4.5))


def test_a_queue_that_forgets_two_calls_in_a_hundred_is_found_out():
    assert little("a queue", 100 * 0.98, 2.0, 50.0).is_met is False
    assert little("a queue", 100.0, 2.0, 50.0).is_met is True


class Farthest(Fleet):
    """Sends whoever is farthest."""

    def nearest(self, place):
        far = None
        taken = []
        while (found := super().nearest(place)) is not None:
            far = found
            taken.append(found[0])
            self.take(found[0])
        for unit in taken:
            self.release(unit)
        return far


def test_a_search_that_sends_the_farthest_is_found_out():
    loss = missed(loss_checks(H1, SMALL, SEED, fleet_of=Farthest))
    assert "H1, loss: flow 0 → 0" in loss
    assert "H1, loss: mean travel, km" in loss
    assert "H1, loss: lost" not in loss  # which is Erlang's, whoever is preferred
    assert missed(preference_checks(SMALL, SEED, fleet_of=Farthest)) == []
    queue = missed(queue_checks(H2, replace(SMALL, fleet_calls=5_000), SEED, fleet_of=Farthest))
    assert any("busy" in name for name in queue)  # the middle one is no longer the busiest


class Half(Fleet):
    """Sends only those with an even number, as if it had lost the others."""

    def nearest(self, place):
        found = super().nearest(place)
        odd = []
        while found is not None and found[0] % 2:
            odd.append(found[0])
            self.take(found[0])
            found = super().nearest(place)
        for unit in odd:
            self.release(unit)
        return found


def test_a_search_that_overlooks_half_of_them_is_found_out():
    assert "H1, loss: lost" in missed(loss_checks(H1, SMALL, SEED, fleet_of=Half))
    law = missed(law_checks(SMALL, SEED, fleet_of=Half))
    assert "Square-root law, straight, n = 64" in law


def test_a_greedy_that_sends_the_farthest_is_found_out():
    size = replace(SMALL, rows=surge.TABLE[1:2])
    wrong = missed(surge_checks(size, SEED, fleet_of=Farthest))
    assert "5 calls, 5 caregivers: nearest first" in wrong
    assert "5 calls, 5 caregivers: best together" not in wrong


def test_an_assignment_that_takes_any_pairs_is_found_out():
    size = replace(SMALL, rows=surge.TABLE[1:2])
    wrong = missed(surge_checks(size, SEED, assign_by=lambda costs: range(len(costs))))
    assert "5 calls, 5 caregivers: best together" in wrong
    assert "5 calls, 5 caregivers: best together is never longer" in wrong


def test_the_engines_own_assignment_gives_the_table():
    checks = list(surge_checks(replace(SMALL, rows=surge.TABLE[:3]), SEED, assign_by=solve))
    assert missed(checks) == []
    assert checks == list(surge_checks(replace(SMALL, rows=surge.TABLE[:3]), SEED))


# Theory itself, by the figures of others.


def test_two_caregivers_of_whom_one_has_more_to_do():
    # Source: Larson 1974, worked out for λ = (.6, .4).
    loss = hypercube.solve(H1.orders, H1.rates, is_lost=True)
    assert loss.states == pytest.approx([0.4, 0.22, 0.18, 0.2])
    assert loss.workloads == pytest.approx([0.42, 0.38])
    assert loss.flows == pytest.approx(np.array([[0.348, 0.072], [0.132, 0.248]]))
    queue = hypercube.solve(H1.orders, H1.rates, is_lost=False)
    assert queue.workloads == pytest.approx([0.516667, 0.483333], abs=1e-6)
    assert queue.states[:3] == pytest.approx([0.333333, 0.183333, 0.15], abs=1e-6)
    assert queue.all_busy == pytest.approx(0.333333, abs=1e-6)
    assert queue.all_busy * (1 - 0.5) == pytest.approx(0.166667, abs=1e-6)  # and nobody waits


def test_of_three_caregivers_in_a_row_the_middle_one_is_the_busiest():
    # Source: Larson 1974, worked out for three atoms a kilometre apart.
    loss = hypercube.solve(H2.orders, H2.rates, is_lost=True)
    assert loss.states == pytest.approx(
        [0.23881, 0.11987, 0.12664, 0.10881, 0.11170, 0.07146, 0.08839, 0.13433], abs=6e-6
    )
    assert loss.workloads == pytest.approx([0.43447, 0.45816, 0.40587], abs=6e-6)
    flows = [
        [0.18851, 0.07167, 0.02946],
        [0.06378, 0.18061, 0.06105],
        [0.03627, 0.03627, 0.19804],
    ]
    assert loss.flows == pytest.approx(np.array(flows), abs=6e-6)
    queue = hypercube.solve(H2.orders, H2.rates, is_lost=False)
    assert queue.workloads == pytest.approx([0.50144, 0.52233, 0.47623], abs=6e-6)
    assert queue.all_busy == pytest.approx(0.23684, abs=6e-6)


def test_the_assignment_of_the_checks_is_the_best_of_all():
    assert surge.assign(np.array([[2.0, 3, 9], [3, 6, 7], [5, 4, 8]])) == [0, 2, 1]
    chance = np.random.default_rng(SEED)
    for _ in range(50):
        costs = chance.random((4, 5))
        best = min(sum(costs[row, column] for row, column in enumerate(one)) for one in ORDERS)
        found = surge.assign(costs)
        assert len(set(found)) == 4
        assert sum(costs[row, column] for row, column in enumerate(found)) == pytest.approx(best)


ORDERS = [
    (a, b, c, d)
    for a in range(5)
    for b in range(5)
    for c in range(5)
    for d in range(5)
    if len({a, b, c, d}) == 4
]


# Staffing, checked against the simulation.


@pytest.mark.parametrize(
    ("calls_per_h", "target"),
    [
        (52, Target(share=0.975, within_s=60)),
        (97, Target(share=0.975, within_s=60)),
        (20, Target(share=0.95, within_s=10)),
    ],
)
def test_the_operators_that_staffing_names_hold_the_target_and_one_fewer_misses_it(
    calls_per_h, target
):
    needed = operators_needed(calls_per_h, 180, [target])

    def answered(operators):
        run = serve(operators=operators, load=needed.load, handling_s=180, calls=60_000, seed=SEED)
        return mean_of_batches(run.settled <= target.within_s)

    enough, fewer = answered(needed.count), answered(needed.count - 1)
    assert enough.value - 2 * enough.error >= target.share
    assert fewer.value + 2 * fewer.error < target.share


# The command.


def test_a_check_is_met_within_its_tolerance_and_not_beyond():
    found = Measured(value=1.0, error=0.01)
    assert check("a figure", 1.03, found).is_met
    assert not check("a figure", 1.05, found).is_met
    assert not check("a figure", 1.03, found, 0.02).is_met


def test_the_command_says_each_check_and_fails_when_one_is_missed(tmp_path, monkeypatch):
    good = Check(name="good", theory=1.0, measured=1.0, error=0.1, tolerance=0.1)
    bad = replace(good, name="bad", measured=1.2)
    report = document([good, bad], seed=SEED, is_long=False)
    assert (report["met"], report["missed"], is_good(report)) == (1, ["bad"], False)

    for checks, code in (([good], 0), ([good, bad], 1)):
        monkeypatch.setattr("simulator.theory.runs.every_check", lambda size, seed, c=checks: c)
        told = CliRunner().invoke(cli.app, ["theory", "--report", str(tmp_path / "r.json")])
        assert told.exit_code == code, told.output
        assert ("WRONG  bad" in told.output) is bool(code)
        written = json.loads((tmp_path / "r.json").read_text("utf-8"))
        assert [one["name"] for one in written["checks"]] == [one.name for one in checks]
