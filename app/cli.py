"""The command line, `ydt`: serve, set up, look after. Every fault is one line and an exit code.

Exit codes: 0 all well, 1 refused or something is wrong, 2 bad settings, 3 no database, 4 another
server owns the database, 5 the port is taken.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeVar

import typer

if TYPE_CHECKING:  # the rest is loaded by the command that needs it: `ydt --help` is at once
    from app.settings import Settings
    from dispatch.staffing import Target

EXIT_REFUSED: Final = 1
EXIT_SETTINGS: Final = 2
EXIT_DATABASE: Final = 3
EXIT_OWNED: Final = 4

T = TypeVar("T")


class Language(StrEnum):
    """A language in which a call can be told."""

    ZH = "zh"
    EN = "en"


app = typer.Typer(
    name="ydt",
    help="一点通: an emergency-call dispatch server for elders who live at home.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
user = typer.Typer(help="Accounts of operators, supervisors and administrators.")
app.add_typer(user, name="user", no_args_is_help=True)

DatabaseUrl = Annotated[
    str | None,
    typer.Option(help="PostgreSQL 15 or newer; without it (or DATABASE_URL) its own."),
]
DataDir = Annotated[Path | None, typer.Option(help="Folder of its own database.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the standard input.")
]


def main() -> None:
    """Run one command; the entry point of `ydt`."""
    app()


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one.")] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    demo: Annotated[bool, typer.Option("--demo", help="Serve the demonstration's page.")] = False,
    clock_speed: Annotated[float | None, typer.Option(help="For replays only.")] = None,
    clock_start: Annotated[str | None, typer.Option(help="RFC 3339; for replays only.")] = None,
) -> None:
    """Run the server until it is told to stop."""
    settings = _settings(
        host=host,
        port=port,
        database_url=database_url,
        data_dir=data_dir,
        demo=demo or None,
        clock_speed=clock_speed,
        clock_start=clock_start,
    )
    from app.main import serve as run_server

    raise typer.Exit(_guarded(lambda: run_server(settings)))


@app.command()
def migrate(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Bring the database to the schema this program needs. Safe to repeat."""
    settings = _settings(database_url=database_url, data_dir=data_dir)

    async def work() -> None:
        from app.database import database

        async with database(settings, on_progress=_tell):
            typer.echo("The schema is the newest.")

    _run(work)


@app.command()
def rebuild(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Make the tables anew from the facts. Only while no server is running."""
    settings = _settings(database_url=database_url, data_dir=data_dir)

    async def work() -> None:
        from app.database import database
        from app.rebuild import rebuild as fold_all

        async with database(settings, on_progress=_tell) as engine:
            count = await fold_all(engine, lambda done: _tell(f"{done} facts folded."))
            typer.echo(f"Made anew from {count} facts.")

    _run(work)


@app.command()
def snapshot(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Fold the journal now, so that the next start need not; also while a server runs.

    A running server has it done by itself. It takes as much memory as the server's own book.
    """
    settings = _settings(database_url=database_url, data_dir=data_dir)

    async def work() -> int | None:
        from app.database import database
        from app.snapshots import take_snapshot

        async with database(settings, is_migrated=False, on_progress=_tell) as engine:
            return await take_snapshot(engine)

    number = _run(work)
    if number is None:
        _fail(EXIT_REFUSED, "Not kept: somebody was erased meanwhile, or the server stopped.")
    typer.echo(f"The next start begins at fact {number}.")


@app.command("verify-chain")
def verify_chain(database_url: DatabaseUrl = None, data_dir: DataDir = None) -> None:
    """Check that no fact of the journal was altered, removed or put in between."""
    settings = _settings(database_url=database_url, data_dir=data_dir)

    async def work() -> int | None:
        from app.database import database
        from app.storage.chain import verify_chain as verify

        async with (
            database(settings, is_migrated=False, on_progress=_tell) as engine,
            engine.connect() as connection,
        ):
            return await verify(connection)

    broken = _run(work)
    if broken is not None:
        _fail(EXIT_REFUSED, f"The journal was altered at fact {broken}.")
    typer.echo("The chain holds.")


@app.command()
def journal(
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    personal: Annotated[
        bool,
        typer.Option("--personal", help="With names, addresses, places and free text."),
    ] = False,
) -> None:
    """Write every fact to the standard output, one a line, as JSON; also while a server runs.

    `ydt-sim whatif` enacts such a file again. Without --personal it holds no places, and is safe
    to give away; with it, keep the file as you keep the database.
    """
    settings = _settings(database_url=database_url, data_dir=data_dir)

    async def work() -> None:
        from app.database import database
        from app.storage.export import journal_lines

        async with (
            database(settings, is_migrated=False, on_progress=_tell) as engine,
            engine.connect() as connection,
        ):
            async for line in journal_lines(connection, with_personal=personal):
                typer.echo(line)

    _run(work)


@app.command()
def doctor(
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    full: Annotated[bool, typer.Option("--full", help="Check every fact of the chain.")] = False,
) -> None:
    """Say what is wrong with this installation, in words."""
    settings = _settings(database_url=database_url, data_dir=data_dir)
    from app.doctor import Verdict, examine

    findings = _run(lambda: examine(settings, is_full=full))
    marks = {Verdict.GOOD: "  ok ", Verdict.NOTE: " note", Verdict.BAD: "WRONG"}
    for finding in findings:
        typer.echo(f"{marks[finding.verdict]}  {finding.words}")
    wrong = sum(finding.verdict is Verdict.BAD for finding in findings)
    typer.echo("All is well." if not wrong else f"{wrong} things need attention.")
    raise typer.Exit(EXIT_REFUSED if wrong else 0)


@app.command()
def explain(
    incident: Annotated[str, typer.Argument(help="Number of a call, such as I17.")],
    language: Annotated[Language, typer.Option(help="In which language.")] = Language.ZH,
    names: Annotated[
        bool, typer.Option("--names", help="Names and notes instead of ids alone.")
    ] = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Tell the life of a call in words: who was asked, why, and what became of it."""
    settings = _settings(database_url=database_url, data_dir=data_dir)
    from app.views.explain import lines, told

    async def work() -> list[str]:
        from app.database import database

        async with database(settings, is_migrated=False, on_progress=_tell) as engine:
            return lines(await told(engine, incident, language, with_names=names))

    found = _run(work)
    if not found:
        _fail(EXIT_REFUSED, f"There is no call {incident}.")
    for line in found:
        typer.echo(line)


@app.command()
def staffing(
    area: Annotated[str | None, typer.Option(help="Code of an area; without it, all.")] = None,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How far back to look.")] = 8,
    answer: Annotated[
        list[str] | None,
        typer.Option(help="Share of calls to be taken in a time, as PERCENT/SECONDS."),
    ] = None,
    arrive: Annotated[str, typer.Option(help="The same for a caregiver's arrival.")] = "90/600",
    none_free: Annotated[
        float, typer.Option(min=0.001, max=99, help="Percent that may find no caregiver free.")
    ] = 1.0,
    handling: Annotated[
        float | None, typer.Option(min=1, max=86_400, help="Seconds a call; else by the record.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Say how many operators and caregivers an area needs at each hour. Changes nothing."""
    settings = _settings(database_url=database_url, data_dir=data_dir)
    answers = tuple(_target(words) for words in answer or ("97.5/60", "99/180"))
    arrives = _target(arrive)
    from app.clock import system_clock
    from app.figures.staffing import NothingToPlanFrom, Promise, plan_from_record
    from app.figures.staffing_sheet import document, lines

    promise = Promise(answer=answers, none_free=none_free / 100, arrive=arrives)
    try:
        found = _run(
            lambda: plan_from_record(
                settings,
                area_id=area,
                weeks=weeks,
                promise=promise,
                handling_s=handling,
                now=system_clock(),
            )
        )
    except NothingToPlanFrom as error:
        _fail(EXIT_REFUSED, str(error))
    if as_json:
        typer.echo(json.dumps(document(found), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(lines(found)))


@user.command("add")
def user_add(
    login: str,
    name: Annotated[str, typer.Option(help="As the others see it.")],
    role: Annotated[
        list[str],
        typer.Option(
            help="operator, supervisor, administrator, security_administrator or auditor."
        ),
    ],
    area: Annotated[
        list[str] | None, typer.Option(help='Code of an area, or "*" for everywhere.')
    ] = None,
    password_stdin: PasswordStdin = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Make an account. An administrator without --area keeps the whole installation.

    While nobody keeps the accounts, a new administrator is security administrator too.
    """
    settings = _settings(database_url=database_url, data_dir=data_dir)
    keepers = {"administrator", "security_administrator", "auditor"}
    areas = area or (["*"] if keepers.intersection(role) else [])
    if not areas:
        _fail(EXIT_SETTINGS, 'Say with --area which areas the account covers; "*" is everywhere.')
    password = _password(is_from_stdin=password_stdin)

    async def work() -> None:
        from app.register.enrolment import accounts_of

        async with accounts_of(settings, on_progress=_tell) as accounts:
            roles = await accounts.first_roles(role)
            made = await accounts.create(login, password, name=name, roles=roles, areas=areas)
            typer.echo(f"{made.login} can sign in as {', '.join(made.roles)}.")

    _run(work)


@user.command("password")
def user_password(
    login: str,
    password_stdin: PasswordStdin = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
) -> None:
    """Give an account another password, and sign it out everywhere."""
    settings = _settings(database_url=database_url, data_dir=data_dir)
    password = _password(is_from_stdin=password_stdin)

    async def work() -> None:
        from app.register.enrolment import accounts_of
        from app.security.accounts import id_of

        async with accounts_of(settings, on_progress=_tell) as accounts:
            await accounts.set_password(id_of(login), password)
            typer.echo(f"{login} has another password, and is signed out.")

    _run(work)


def _settings(**given: object) -> "Settings":
    """Return the settings: what was given, else the environment."""
    from pydantic import ValidationError

    from app.settings import Settings

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # pyright: ignore[reportArgumentType] - pydantic checks it
    except ValidationError as error:
        faults = (
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        _fail(EXIT_SETTINGS, f"The settings cannot be used: {'; '.join(faults)}")


def _target(words: str) -> "Target":
    """Return the target written as PERCENT/SECONDS, such as 97.5/60."""
    from dispatch.staffing import Target

    percent, _, seconds = words.partition("/")
    try:
        target = Target(share=float(percent) / 100, within_s=float(seconds))
    except ValueError:
        target = None
    if target is None or not (0 < target.share < 1 and 0 < target.within_s <= 86_400):
        _fail(EXIT_SETTINGS, f"{words} is not PERCENT/SECONDS, such as 97.5/60.")
    return target


def _password(*, is_from_stdin: bool) -> str:
    """Return the password that was typed twice, or the first line of the standard input."""
    if is_from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        _fail(EXIT_SETTINGS, "There is no terminal to ask for a password: use --password-stdin.")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    return _guarded(lambda: asyncio.run(work()))


def _guarded(work: Callable[[], T]) -> T:
    """Return what `work` returns; what a person can mend becomes one line and an exit code."""
    from app.database import DatabaseUnavailable, DatabaseUrlRefused
    from app.security.refusals import SecurityRefusal
    from app.storage.ledger import LedgerLost, LedgerOwned
    from app.storage.schema import SchemaRefused

    try:
        return work()
    except DatabaseUrlRefused as error:
        _fail(EXIT_SETTINGS, str(error))
    except (DatabaseUnavailable, SchemaRefused, LedgerLost) as error:
        _fail(EXIT_DATABASE, str(error))
    except LedgerOwned:
        _fail(EXIT_OWNED, "A server is running on this database: stop it first.")
    except SecurityRefusal as refusal:
        _fail(EXIT_REFUSED, str(refusal))


def _tell(words: str) -> None:
    typer.echo(words, err=True)


def _fail(code: int, words: str) -> NoReturn:
    _tell(f"ydt: {words}")
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
