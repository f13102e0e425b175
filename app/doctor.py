"""What is wrong with this installation, in words: each check is one sentence, good or bad."""

import asyncio
import os
import shlex
import shutil
import stat
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.clock import system_clock
from app.database import DatabaseUnavailable, DatabaseUrlRefused, database
from app.outside.parties import PartiesRefused, parties_of
from app.settings import Settings
from app.storage.chain import verify_chain
from app.storage.ledger import CENTER
from app.storage.schema import SERVER_VERSION_MIN
from dispatch.areas import Level
from dispatch.plans import read_plans

PYTHON_MIN: Final = (3, 11)
DISK_BYTES_MIN: Final = 2 * 2**30
SAMPLE_FACTS: Final = 20_000  # at the end of the journal; `--full` checks every one
CLOCK_DIFFERS_MAX: Final = timedelta(seconds=5)

_LATEST_PLANS: Final = (
    "SELECT body->>'text' FROM fact WHERE kind = 'plan_adopted' ORDER BY number DESC LIMIT 1"
)
_OWNER_LOCK: Final = 7_041_000 + CENTER  # what app.storage.ledger holds while a server runs


class Verdict(StrEnum):
    """How good or bad a finding is."""

    GOOD = "good"
    NOTE = "note"  # worth knowing, and no fault
    BAD = "bad"  # somebody should act


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about this installation."""

    verdict: Verdict
    words: str


Check: TypeAlias = Callable[[AsyncConnection], Awaitable[Finding]]


async def examine(
    settings: Settings, *, is_full: bool = False, now: datetime | None = None
) -> list[Finding]:
    """Return what is good and what is wrong, the machine first, then the database."""
    now = now or system_clock()
    findings = [_python(), *_data_dir(settings), *_alarms(settings), *_clock(settings)]
    if not _is_remote(settings) and not settings.data_dir.exists():
        return findings  # nothing is made by looking
    try:
        async with database(settings, is_migrated=False) as engine:
            findings += await _database(engine, is_full=is_full, now=now)
            findings += await _parties(engine, settings)
    except (DatabaseUnavailable, DatabaseUrlRefused) as error:
        findings.append(_bad(str(error)))
    except SQLAlchemyError as error:
        findings.append(_bad(f"The database failed while it was asked: {type(error).__name__}."))
    return findings


def _good(words: str) -> Finding:
    return Finding(verdict=Verdict.GOOD, words=words)


def _note(words: str) -> Finding:
    return Finding(verdict=Verdict.NOTE, words=words)


def _bad(words: str) -> Finding:
    return Finding(verdict=Verdict.BAD, words=words)


def _is_remote(settings: Settings) -> bool:
    url = settings.database_url
    return url is not None and bool(url.get_secret_value())


def _python() -> Finding:
    version = sys.version.split()[0]
    if sys.version_info < PYTHON_MIN:
        return _bad(f"Python is {version}; 3.11 or newer is needed.")
    return _good(f"Python is {version}.")


def _data_dir(settings: Settings) -> list[Finding]:
    if _is_remote(settings):
        return [_good("The database is one of yours, by DATABASE_URL.")]
    folder = settings.data_dir.absolute()
    if not folder.exists():
        return [_note(f"There is no {folder} yet: the first start makes it.")]
    return [_rights(folder), _space(folder)]


def _rights(folder: Path) -> Finding:
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return _bad(f"{folder} cannot be written by this account.")
    if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return _bad(f"Others may write to {folder}: run `chmod go-w {folder}`.")
    return _good(f"The data folder {folder} is ours alone to write.")


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{free / 2**30:.1f} GiB are free on the disk of {folder}"
    return _good(f"{words}.") if free >= DISK_BYTES_MIN else _bad(f"Only {words}: make room.")


def _alarms(settings: Settings) -> list[Finding]:
    command = settings.alarm_command.strip()
    if not command and not settings.alarm_webhook.strip():
        return [
            _bad(
                "Nobody outside is told when no operator takes a call: set YDT_ALARM_COMMAND or "
                "YDT_ALARM_WEBHOOK."
            )
        ]
    if command:
        try:
            words = shlex.split(command)
        except ValueError:
            return [_bad("YDT_ALARM_COMMAND has a quotation that does not end.")]
        if shutil.which(words[0]) is None:
            return [_bad(f"YDT_ALARM_COMMAND names {words[0]}, which cannot be run here.")]
    if settings.alarm_webhook.startswith("http://") and settings.alarm_webhook_secret is None:
        return [_note("The alarm webhook is neither encrypted nor signed.")]
    return [_good("An outside alarm is configured.")]


async def _parties(engine: AsyncEngine, settings: Settings) -> list[Finding]:
    """Name the parties that the running plans tell and to whom no way leads."""
    try:
        channels = parties_of(settings).channels
    except PartiesRefused as error:
        return [_bad(str(error))]
    findings: list[Finding] = []
    if "caregiver" not in channels:
        words = "set YDT_SMS_COMMAND or YDT_SMS_WEBHOOK"
        findings.append(_note(f"An offer that no screen shows leaves by no message: {words}."))
    missing = sorted(await _told(engine) - set(channels))
    if missing:
        names = ", ".join(missing)
        words = "the desk must telephone them by hand; see YDT_PARTIES"
        findings.append(_note(f"No channel leads to {names}: {words}."))
    return findings or [_good("Whoever a plan tells can be told.")]


async def _told(engine: AsyncEngine) -> set[str]:
    """Return the parties that the plans in use tell."""
    try:
        async with engine.connect() as connection:
            plans: str | None = (await connection.execute(text(_LATEST_PLANS))).scalar()
    except SQLAlchemyError:
        return set()  # an empty database, of which was said enough
    if plans is None:
        return set()
    kinds = read_plans(plans).plans.values()
    parties = {one.party for plan in kinds for one in plan.tell}
    has_last_step = any(step.level is Level.EMERGENCY for plan in kinds for step in plan.ladder)
    return parties | {"120"} if has_last_step else parties


def _clock(settings: Settings) -> list[Finding]:
    findings: list[Finding] = []
    if settings.clock_start or settings.clock_speed != 1.0:
        findings.append(_bad("The rules' clock is not the real time: for replays only."))
    if settings.demo:
        findings.append(_note("The demonstration's handset page is on: never for real residents."))
    return findings


async def _database(engine: AsyncEngine, *, is_full: bool, now: datetime) -> list[Finding]:
    async with _one_moment(engine) as connection:
        findings = [await _version(connection), await connection.run_sync(_schema)]
        if any(finding.verdict is Verdict.BAD for finding in findings):
            return findings
        findings.append(await _time(connection, now))
        findings.append(await _chain(connection, is_full=is_full))
        for check in _CHECKS:
            findings.append(await check(connection))
    return findings


@asynccontextmanager
async def _one_moment(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Give a connection that sees one moment only, so that a running server does not blur it."""
    async with engine.connect() as connection:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection


async def _version(connection: AsyncConnection) -> Finding:
    version = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    if version < SERVER_VERSION_MIN:
        return _bad(f"PostgreSQL {version // 10_000} is too old: 15 or newer is needed.")
    return _good(f"PostgreSQL {version // 10_000} answers.")


def _schema(connection: Connection) -> Finding:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    head = ScriptDirectory.from_config(config).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return _good(f"The schema is the newest ({head}).")
    if current is None:
        return _bad("The database is empty: run `ydt migrate`, or start the server.")
    return _bad(f"The schema is {current} and should be {head}: run `ydt migrate`.")


async def _time(connection: AsyncConnection, now: datetime) -> Finding:
    there: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    last: datetime | None = (
        await connection.execute(text("SELECT at FROM fact ORDER BY number DESC LIMIT 1"))
    ).scalar_one_or_none()
    if abs(system_clock() - there) > CLOCK_DIFFERS_MAX:
        return _bad("This machine's clock and the database's differ: synchronise them.")
    if last is not None and last > now + CLOCK_DIFFERS_MAX:
        return _bad(
            f"The journal ends at {last:%Y-%m-%d %H:%M:%S}Z, in the future: the clock is behind, "
            "and deadlines wait until it has caught up."
        )
    return _good("The clock agrees with the database and the journal.")


async def _chain(connection: AsyncConnection, *, is_full: bool) -> Finding:
    last: int = await _number(connection, "SELECT COALESCE(max(number), 0) FROM fact")
    after = 0 if is_full else max(0, last - SAMPLE_FACTS)
    broken = await verify_chain(connection, after=after)
    if broken is not None:
        return _bad(f"The journal was altered at fact {broken}: compare it with a backup.")
    if after:
        return _good(f"The chain holds over the last {last - after} facts (--full checks all).")
    return _good(f"The chain holds over all {last} facts.")


async def _owner(connection: AsyncConnection) -> Finding:
    held = await _number(
        connection,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 0"  # noqa: S608
        f" AND objid = {_OWNER_LOCK} AND granted AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    return _good("A server is running.") if held else _note("No server is running.")


_COUNTS: Final[Sequence[tuple[str, str, str]]] = (
    ("area", "area_defined", "count(DISTINCT body->>'area_id')"),
    ("resident", "resident_registered", "count(DISTINCT body->>'resident_id')"),
    ("handset", "handset_paired", "count(DISTINCT body->>'handset_id')"),
    ("caregiver", "caregiver_enrolled", "count(DISTINCT body->>'caregiver_id')"),
    ("incident", "incident_raised", "count(*)"),
    ("offer", "caregiver_offered", "count(*)"),
    ("attendance", "offer_accepted", "count(*)"),
    ("incident WHERE closed_at IS NOT NULL", "incident_closed", "count(*)"),
)
_STALE_RESIDENTS: Final = """
SELECT count(*) FROM (SELECT DISTINCT ON (body->>'resident_id') body->>'resident_id' AS id,
  body->>'area_id' AS area_id, body->>'state' AS state, COALESCE(personal->>'name', '') AS name
  FROM fact WHERE kind = 'resident_registered' ORDER BY body->>'resident_id', number DESC) f
LEFT JOIN resident r ON r.id = f.id
WHERE (r.area_id, r.state, r.name) IS DISTINCT FROM (f.area_id, f.state, f.name)
"""


async def _projections(connection: AsyncConnection) -> Finding:
    wrong = [
        table.partition(" ")[0]
        for table, kind, counted in _COUNTS
        if await _number(connection, f"SELECT count(*) FROM {table}")  # noqa: S608
        != await _number(connection, f"SELECT {counted} FROM fact WHERE kind = '{kind}'")  # noqa: S608
    ]
    if await _number(connection, _STALE_RESIDENTS):
        wrong.append("resident")
    if wrong:
        names = ", ".join(dict.fromkeys(wrong))
        return _bad(f"Tables differ from the facts ({names}): stop the server, run `ydt rebuild`.")
    return _good("The tables agree with the facts.")


async def _partitions(connection: AsyncConnection) -> Finding:
    ahead: str | None = (
        await connection.execute(
            text("SELECT to_regclass('track_' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD'))")
        )
    ).scalar_one()
    tomorrow = (
        await connection.execute(
            text(
                "SELECT to_regclass('track_' ||"
                " to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYYMMDD'))"
            )
        )
    ).scalar_one()
    if ahead is not None and tomorrow is not None:
        return _good("There is room for the positions of today and tomorrow.")
    is_running = (await _owner(connection)).verdict is Verdict.GOOD
    words = "There is no room for the positions of today or tomorrow"
    if is_running:
        return _bad(f"{words}: see the server's log for why.")
    return _note(f"{words}; the server makes it when it starts.")


async def _administrators(connection: AsyncConnection) -> Finding:
    count = await _number(
        connection,
        "SELECT count(*) FROM account WHERE roles ? 'administrator' AND areas ? '*'"
        " AND disabled_at IS NULL",
    )
    if count:
        return _good(f"{count} administrators can sign in.")
    return _bad("No administrator can sign in: run `ydt user add LOGIN --role administrator`.")


async def _tokens(connection: AsyncConnection) -> Finding:
    mute = await _number(
        connection,
        "SELECT count(*) FROM handset h WHERE h.resident_id IS NOT NULL AND NOT EXISTS"
        " (SELECT 1 FROM token k WHERE k.kind = 'handset' AND k.subject_id = h.id"
        " AND k.revoked_at IS NULL)",
    )
    if mute:
        return _bad(f"{mute} handsets that residents carry have no token, and cannot call.")
    return _good("Every handset that a resident carries has a token.")


async def _imports(connection: AsyncConnection) -> Finding:
    left = await _number(connection, "SELECT count(*) FROM staged_import")
    if left:
        return _bad(f"An import is not finished ({left} portions): see the server's log.")
    return _good("No import is half done.")


async def _messages(connection: AsyncConnection) -> Finding:
    lost = await _number(
        connection,
        "SELECT count(*) FROM outbox WHERE expired_at > now() - interval '7 days'",
    )
    if lost:
        return _bad(f"{lost} messages to the outside reached nobody in the last seven days.")
    return _good("No message to the outside was lost in the last seven days.")


async def _parked(connection: AsyncConnection) -> Finding:
    count = await _number(connection, "SELECT count(*) FROM fact WHERE kind = 'request_parked'")
    if count:
        return _note(f"{count} requests could not be put on record: see /api/v1/admin/parked.")
    return _good("Every request could be put on record.")


async def _number(connection: AsyncConnection, statement: str) -> int:
    found: Any = (await connection.execute(text(statement))).scalar_one()
    await asyncio.sleep(0)
    return int(found)


_CHECKS: Final[Sequence[Check]] = (
    _owner,
    _projections,
    _partitions,
    _administrators,
    _tokens,
    _imports,
    _messages,
    _parked,
)
