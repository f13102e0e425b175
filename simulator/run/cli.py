"""`ydt-sim run` and `ydt-sim whatif`: the same center on a virtual clock."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from app.storage.lines import LinesRefused
from simulator.run.night import Options, Outcome, run_night
from simulator.run.policy import NEAREST, POLICIES, PolicyUnknown, policy_of
from simulator.run.report import Tally, table

BROKEN: Final = 1  # exit code: a promise did not hold
FAILED: Final = 2
BATCH: Final = 10  # seeds to a line

Report = Annotated[Path | None, typer.Option(help="JSON file to write at the end.")]


def run(
    *,
    seeds: Annotated[str, typer.Option(help="Which nights, as FIRST..LAST.")] = "1..10",
    days: Annotated[int, typer.Option(min=1, help="How long each lasts.")] = 1,
    faults: Annotated[
        bool,
        typer.Option(
            "--faults",
            help="Lost, repeated and delayed messages, crashes, poison, clocks that jump.",
        ),
    ] = False,
    policy: Annotated[
        list[str] | None, typer.Option(help=f"How callers are helped: {', '.join(POLICIES)}.")
    ] = None,
    report: Report = None,
    journal: Annotated[
        Path | None, typer.Option(help="File for the journal of the last night, one fact a line.")
    ] = None,
) -> None:
    """Drive the center through nights on a virtual clock, and check its promises at every step.

    The same seed gives the same journal, byte for byte. Exit code 1 when a promise did not hold;
    the command that repeats the night is printed.
    """
    policies = policy or [NEAREST]
    first, last = _range(seeds)
    try:
        for name in policies:
            policy_of(name)
    except PolicyUnknown as error:
        raise typer.BadParameter(str(error), param_hint="--policy") from error
    tally = Tally(days=days, with_faults=faults)
    for seed in range(first, last):
        _nights(tally, seed, policies)
        if (seed - first + 1) % BATCH == 0:
            typer.echo(_progress(tally, seed))
    outcome = _nights(tally, last, policies)
    typer.echo(_progress(tally, last))
    if journal is not None:
        journal.write_text("".join(f"{line}\n" for line in outcome.journal.lines()), "utf-8")
    if report is not None:
        text = json.dumps(tally.document(), ensure_ascii=False, indent=2)
        report.write_text(f"{text}\n", encoding="utf-8")
    typer.echo("\n".join(table(tally.policies)))
    raise typer.Exit(BROKEN if tally.violations else 0)


def whatif(
    *,
    journal: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="A journal, one fact a line.")
    ],
    policy: Annotated[str, typer.Option(help=f"One of {', '.join(POLICIES)}.")],
    seed: Annotated[int, typer.Option(help="Of the answers that are enacted anew.")] = 1,
    report: Report = None,
) -> None:
    """Enact a recorded day again under another policy, and compare how fast help came.

    Kept as recorded: every press, cancel and telephone call, who was on duty when, and how long
    the desk took to claim and to close. Caregivers' answers cannot be kept, since others are
    asked: they say yes as often and as fast as they did that day, and travel and stay as they did.
    So compare the two enactments with each other; the recorded column shows how near the model is.

    A journal comes from `ydt-sim run --journal FILE`, or from `ydt journal --personal` (without
    `--personal` it holds no places, and everybody lives at one point).
    """
    from simulator.run.whatif import NothingToEnact, compare

    try:
        lines = journal.read_text(encoding="utf-8").splitlines()
        found = compare(lines, policy, seed)
    except (LinesRefused, NothingToEnact, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error), param_hint="--journal") from error
    except PolicyUnknown as error:
        raise typer.BadParameter(str(error), param_hint="--policy") from error
    if report is not None:
        document = {name: one.document() for name, one in found.items()}
        text = json.dumps({"policies": document}, ensure_ascii=False, indent=2)
        report.write_text(f"{text}\n", encoding="utf-8")
    typer.echo("\n".join(table(found)))


def _nights(tally: Tally, seed: int, policies: Sequence[str]) -> Outcome:
    """Live through one seed under each policy, say what broke, and return the last night."""
    outcomes = [
        run_night(Options(seed=seed, days=tally.days, with_faults=tally.with_faults, policy=policy))
        for policy in policies
    ]
    for policy, outcome in zip(policies, outcomes, strict=True):
        for line in tally.add(policy, outcome):
            typer.echo(line)
    return outcomes[-1]


def _range(seeds: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", seeds)
    if found is None:
        raise typer.BadParameter("write the seeds as 1..50", param_hint="--seeds")
    first = int(found[1])
    last = int(found[2] or first)
    if last < first:
        raise typer.BadParameter("the last seed is before the first", param_hint="--seeds")
    return first, last


def _progress(tally: Tally, seed: int) -> str:
    counts = tally.counts
    word = "every promise held" if not tally.violations else f"{len(tally.violations)} VIOLATIONS"
    return (
        f"up to seed {seed}: {counts['presses']:,} presses, {counts['incidents']:,} incidents, "
        f"{counts['messages']:,} messages, {counts['crashes']} crashes, "
        f"{tally.days_per_second:.2f} days a second: {word}"
    )
