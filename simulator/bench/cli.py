"""`ydt-sim bench`: measures the real server, each figure beside a reference of the same run."""

import json
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop

from simulator.bench import console_page, consoles, figures, memory, start
from simulator.bench import dispatch as decisions
from simulator.bench import intake as throughput
from simulator.bench.figures import Findings
from simulator.bench.load import LoadFailed
from simulator.bench.plan import Plan, plan_for
from simulator.bench.stage import Stage, bare, machine, staged
from simulator.server import ServerFailed

MISSED: Final = 1  # exit code: a target was missed, or what was acknowledged is not on record
FAILED: Final = 2
NAMES: Final = (*throughput.NAMES, start.NAME, memory.NAME)
DESK_NAMES: Final = (*consoles.NAMES, *console_page.NAMES)

app = typer.Typer(help="Measure the server against references of the same run.")


@app.callback()
def main() -> None:
    """Measure the server against references of the same run."""


@app.command()
def intake(
    *,
    seconds: Annotated[
        float, typer.Option(min=1, help="About how long the load lasts, without preparations.")
    ] = 120.0,
    report: Annotated[Path | None, typer.Option(help="JSON file to write at the end.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Measure this alone: {', '.join(NAMES)}.")
    ] = None,
) -> None:
    """Measure events a second, from press to offer, the start, and the memory held."""
    names = frozenset(only or NAMES)
    unknown = sorted(names.difference(NAMES))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(NAMES)}.")
    try:
        findings, about = _measure(names, plan_for(seconds))
    except (LoadFailed, ServerFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from error
    _tell(findings, about, report)


@app.command("dispatch")
def rules(
    *,
    report: Annotated[Path | None, typer.Option(help="JSON file to write at the end.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Measure this alone: {', '.join(decisions.NAMES)}."),
    ] = None,
) -> None:
    """Measure a decision when many wait, how fast the simulator is, and the assignment."""
    names = frozenset(only or decisions.NAMES)
    unknown = sorted(names.difference(decisions.NAMES))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(decisions.NAMES)}.")
    _tell(decisions.measure(names, typer.echo), dict(machine("none")), report)


@app.command("consoles")
def desks(
    *,
    report: Annotated[Path | None, typer.Option(help="JSON file to write at the end.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Measure this alone: {', '.join(DESK_NAMES)}."),
    ] = None,
) -> None:
    """Measure how fast consoles are told, what stalled ones cost, and how smooth pages are."""
    names = frozenset(only or DESK_NAMES)
    unknown = sorted(names.difference(DESK_NAMES))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: choose from {', '.join(DESK_NAMES)}.")
    try:
        with tempfile.TemporaryDirectory(prefix="ydt-bench-") as folder:
            findings = uvloop.run(_desks(bare(Path(folder)), names))
    except (LoadFailed, ServerFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from error
    _tell(findings, dict(machine("none")), report)


async def _desks(stage: Stage, names: frozenset[str]) -> Findings:
    findings = await consoles.measure(stage, names, typer.echo)
    if names & set(console_page.NAMES):
        findings += await console_page.measure(stage, typer.echo, names & set(console_page.NAMES))
    return findings


def _tell(findings: Findings, about: dict[str, object], report: Path | None) -> None:
    """Print what was found, write it down, and leave with the exit code."""
    if report is not None:
        text = json.dumps(figures.document(findings, about), ensure_ascii=False, indent=2)
        report.write_text(f"{text}\n", encoding="utf-8")
    typer.echo("\n".join(figures.lines(findings)))
    raise typer.Exit(0 if findings.is_good else MISSED)


def _measure(names: frozenset[str], plan: Plan) -> tuple[Findings, dict[str, object]]:
    with tempfile.TemporaryDirectory(prefix="ydt-bench-") as folder, staged(Path(folder)) as stage:
        findings = uvloop.run(_findings(stage, names, plan))
        version = uvloop.run(stage.database_version())
    return findings, dict(machine(version))


async def _findings(stage: Stage, names: frozenset[str], plan: Plan) -> Findings:
    findings = Findings()
    if names & set(throughput.NAMES):
        findings += await throughput.measure(stage, plan, names, typer.echo)
    if start.NAME in names:
        findings += await start.measure(stage, plan.pairs, typer.echo)
    if memory.NAME in names:
        findings += await memory.measure(stage, typer.echo)
    return findings
