"""The simulator's command line: `ydt-sim demo`, `replay`, `run`, `whatif`, `theory`, `bench`."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from simulator.theory.check import Check

SEED: Final = 430105
BENCH: Final = "simulator.bench.cli"
MISSED: Final = 1  # exit code: a check against theory was not met
RUN: Final = "simulator.run.cli"
FAILED: Final = 2  # exit code: it could not be done; 1 is for calls lost or doubled
BROKEN_OFF: Final = 130

app = typer.Typer(
    help="A made-up city, or a real night of calls, at the doors of a real server.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Seed = Annotated[int, typer.Option(help="Of everything that happens by chance.")]
Report = Annotated[Path | None, typer.Option(help="JSON file to write at the end.")]


@app.command()
def demo(
    *,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Where the server listens.")] = 8000,
    data_dir: Annotated[
        Path, typer.Option(help="Folder of the database and the log-ins; made if missing.")
    ] = Path("data/demo"),
    seconds: Annotated[
        float | None, typer.Option(min=1, help="Stop after so long; without it, at Ctrl-C.")
    ] = None,
    report: Report = None,
    database_url: Annotated[
        str, typer.Option(help="A PostgreSQL in place of the embedded one.")
    ] = "",
    pace: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How fast caregivers live.")
    ] = 10.0,
    seed: Seed = SEED,
) -> None:
    """Start a server and a small city that lives at its doors, until Ctrl-C."""
    from simulator.demo import Demo, DemoOptions

    options = DemoOptions(
        port=port,
        data_dir=data_dir.absolute(),
        seed=seed,
        pace=pace,
        seconds=seconds,
        report=report,
        database_url=database_url,
    )
    _run(lambda: Demo(options, _say).run())


@app.command()
def replay(
    calls: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, help="Call log; without it, two days of San Francisco."
        ),
    ] = None,
    *,
    start: Annotated[
        str, typer.Option("--from", help="When to begin, as in the log; else the busiest hour.")
    ] = "",
    speed: Annotated[float, typer.Option(min=0.1, help="How fast the night goes by.")] = 60.0,
    seconds: Annotated[float, typer.Option(min=1, help="How long to replay.")] = 120.0,
    report: Report = None,
    url: Annotated[str, typer.Option(help="A running, empty server, in place of our own.")] = "",
    database_url: Annotated[
        str, typer.Option(help="With --url: where its record can be read back.")
    ] = "",
    login: Annotated[
        str, typer.Option(help="With --url: an administrator; the password is YDT_SIM_PASSWORD.")
    ] = "",
    seed: Seed = SEED,
) -> None:
    """Play a log of real calls through a server, and say what became of them."""
    from simulator.calls import CallLogRefused, read_calls, two_days
    from simulator.replay import Replay, ReplayOptions

    try:
        log = two_days() if calls is None else read_calls(calls.read_text(encoding="utf-8"))
    except (CallLogRefused, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error), param_hint="CALLS") from error
    options = ReplayOptions(
        calls=log,
        seed=seed,
        start=_moment(start),
        speed=speed,
        seconds=seconds,
        report=report,
        url=url,
        database_url=database_url,
        administrator=(login, os.environ.get("YDT_SIM_PASSWORD", "")),
    )
    _run(lambda: Replay(options, _say).run())


@app.command()
def theory(
    *,
    long: Annotated[
        bool, typer.Option("--long", help="As many calls as the tolerances need: some minutes.")
    ] = False,
    report: Report = None,
    seed: Seed = SEED,
) -> None:
    """Check the engine's queue and search against what theory says of them."""
    from simulator.report import write
    from simulator.theory.report import document, is_good, line
    from simulator.theory.runs import LONG, SHORT, every_check

    checks: list[Check] = []
    for one in every_check(LONG if long else SHORT, seed):
        checks.append(one)
        _say(line(one))
    result = document(checks, seed=seed, is_long=long)
    if report is not None:
        write(result, report)
    _say(f"{result['met']} of {len(checks)} as theory says; seed {seed}.")
    raise typer.Exit(0 if is_good(result) else MISSED)


def main() -> None:
    """Run the command line. What needs more joins in only when it is asked for."""
    if sys.argv[1:2] in (["bench"], ["--help"], []) and _has_bench():
        app.add_typer(import_module(BENCH).app, name="bench")
    if sys.argv[1:2] in (["run"], ["whatif"], ["--help"], []):
        join_nights()
    app()


def join_nights() -> None:
    """Let the commands that drive the center on a virtual clock join in."""
    nights = import_module(RUN)
    app.command()(nights.run)
    app.command()(nights.whatif)


def _has_bench() -> bool:
    try:
        return find_spec(BENCH) is not None
    except ModuleNotFoundError:
        return False


def _run(work: Callable[[], Coroutine[Any, Any, int]]) -> None:
    """Run to the end, and leave with the exit code; a foreseen fault is one clear line."""
    from simulator.players.doors import Refused, Unreachable
    from simulator.replay import NothingToReplay
    from simulator.server import PortTaken, ServerFailed
    from simulator.setup import LoginsUnfit

    foreseen = (LoginsUnfit, NothingToReplay, PortTaken, Refused, ServerFailed, Unreachable)

    async def run() -> int:
        return await work()

    try:
        code = asyncio.run(run())
    except foreseen as error:
        typer.echo(str(error), err=True)
        code = FAILED
    except (asyncio.CancelledError, KeyboardInterrupt):
        typer.echo("Broken off.", err=True)
        code = BROKEN_OFF
    raise typer.Exit(code)


def _say(line: str) -> None:
    typer.echo(line)


def _moment(text: str) -> datetime | None:
    from simulator.calls.log import LOG_ZONE

    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter("write a time as 2020-04-09T17:00", param_hint="--from") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=LOG_ZONE)


if __name__ == "__main__":
    main()
