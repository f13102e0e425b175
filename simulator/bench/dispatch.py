"""What a decision costs when many wait, what is saved by deciding together, and the simulator.

The three figures need no server: the rules are asked, and the simulator lives in this process.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random
from statistics import median
from typing import Final

from dispatch import requests as r
from dispatch.facts import EventKey
from dispatch.ids import HandsetId
from simulator.bench import assignment
from simulator.bench.figures import Check, Figure, Findings, Target
from simulator.run.night import Options, run_night
from simulator.run.policy import book_under
from simulator.run.tape import BareLoop, Tape
from simulator.run.town import Scale, build
from simulator.run.virtual import BEGIN

COST: Final = "decision_cost_growth"
STEPS: Final = "steps_in_simulation"
NAMES: Final = (COST, STEPS, assignment.NAME)
ROUNDS: Final = 5
COST_TARGET: Final = Target(ratio=2.0, is_least=False)
STEPS_TARGET: Final = Target(ratio=0.3, is_least=True)

FEW: Final = (100, 100)  # waiting calls, caregivers
MANY: Final = (100_000, 10_000)
DECISIONS: Final = 100  # of each of three kinds, in a round
BUSY_DAY: Final = Scale(
    residents=3_000, caregivers=1_500, operators=12, calls_a_day=6_000, signs_a_day=32_000
)
MESSAGES_LEAST: Final = 100_000


def measure(names: frozenset[str], say: Callable[[str], None]) -> Findings:
    """Measure what was asked for, in rounds that take turns with their references."""
    findings = Findings()
    if COST in names:
        findings += _cost(say)
    if STEPS in names:
        findings += _steps(say)
    if assignment.NAME in names:
        say(f"Sending {assignment.UNITS} units to {assignment.CALLS} calls, in both ways.")
        findings += assignment.measure()
    return findings


# One decision


def _cost(say: Callable[[str], None]) -> Findings:
    say(f"Making towns with {FEW[0]} and {MANY[0]:,} waiting calls.")
    few, many = _crowded(*FEW), _crowded(*MANY)
    small: list[float] = []
    large: list[float] = []
    gc.collect()
    gc.freeze()
    for turn in range(ROUNDS):
        small.append(_decisions(few, FEW[0], turn))
        large.append(_decisions(many, MANY[0], turn))
    gc.unfreeze()
    figure = Figure(
        name=COST,
        value=median(large) * 1e6,
        unit="µs",
        reference=f"{FEW[0]} waiting, {FEW[1]} caregivers",
        reference_value=median(small) * 1e6,
        ratios=tuple(a / b for a, b in zip(large, small, strict=True)),
        target=COST_TARGET,
    )
    calls = MANY[0] + ROUNDS * DECISIONS
    waiting = Check(name="Calls that wait at the end", said=calls, found=len(many.book.incidents))
    return Findings(figures=(figure,), checks=(waiting,))


def _crowded(waiting: int, caregivers: int) -> BareLoop:
    """Return rules in whose book so many calls wait: nobody was enrolled, now nobody is on duty."""
    scale = Scale(residents=waiting + ROUNDS * DECISIONS, caregivers=caregivers)
    town = build(scale, Random(1), BEGIN)
    rules = BareLoop()
    rules.do(r.Register(facts=town.facts[: -len(town.caregivers)]), BEGIN)
    for index in range(waiting):
        rules.do(_press(index), BEGIN)
    rules.do(r.Register(facts=town.caregivers), BEGIN)
    return rules


def _decisions(rules: BareLoop, waiting: int, turn: int) -> float:
    """Return the median seconds of a decision, each with all that follows from it.

    Somebody comes on duty and is asked about the gravest call, somebody new calls, and whoever
    was asked goes off duty, so that others must be looked for.
    """
    took: list[float] = []
    caregivers = [one.id for one in rules.book.roster.everybody()]
    for index in range(DECISIONS):
        caregiver_id = caregivers[index % len(caregivers)]
        now = BEGIN + timedelta(seconds=turn * DECISIONS + index + 1)
        requests = (
            r.Duty(caregiver_id=caregiver_id, is_on=True),
            _press(waiting + turn * DECISIONS + index),
            r.Duty(caregiver_id=caregiver_id, is_on=False),
        )
        began = time.perf_counter()
        for request in requests:
            rules.do(request, now)
        took.append((time.perf_counter() - began) / len(requests))
    return median(took)


def _press(index: int) -> r.HandsetCalled:
    event = EventKey(event_id="1", kind="sos", device_time="")
    return r.HandsetCalled(handset_id=HandsetId(f"H{index + 1}"), kind="sos", events=(event,))


# The simulator


def _steps(say: Callable[[str], None]) -> Findings:
    say("Recording a busy day.")
    options = Options(seed=1, with_faults=False, scale=BUSY_DAY)
    tape = Tape()
    recorded = run_night(replace(options, tape=tape))
    simulated: list[float] = []
    bare: list[float] = []
    steps = facts = 0
    for turn in range(ROUNDS):
        say(f"Round {turn + 1} of {ROUNDS}: the day in the simulator, and its bare decisions.")
        began = time.perf_counter()
        run_night(options)
        between = time.perf_counter()
        rules = BareLoop(book_under(options.policy))
        rules.play(tape)
        steps, facts = rules.steps, rules.facts
        simulated.append(steps / (between - began))
        bare.append(steps / (time.perf_counter() - between))
        del rules
        gc.collect()
    figure = Figure(
        name=STEPS,
        value=median(simulated),
        unit="steps/s",
        reference="decide and evolve alone, the same day",
        reference_value=median(bare),
        ratios=tuple(a / b for a, b in zip(simulated, bare, strict=True)),
        target=STEPS_TARGET,
    )
    enough = Check(
        name="Messages of the day, of those that are the least",
        said=MESSAGES_LEAST,
        found=min(recorded.messages, MESSAGES_LEAST),
    )
    starts = 1  # the center's own word on record, which nobody asked for
    alike = Check(
        name="Facts of that day, and those of the bare decisions",
        said=len(recorded.journal.rows) - starts,
        found=facts,
    )
    broken = Check(name="Promises broken on that day", said=0, found=len(recorded.violations))
    return Findings(figures=(figure,), checks=(enough, alike, broken))
