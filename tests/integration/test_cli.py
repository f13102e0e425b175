"""The command line on a real database: what it does, what it says, and its exit codes."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker
from typer.testing import CliRunner, Result

from app.cli import app
from app.clock import system_clock
from app.database import database, running_url
from app.doctor import Verdict, examine
from app.security.accounts import AccountKind, Accounts
from app.security.passwords import Passwords
from app.settings import Settings
from app.storage.ledger import PostgresLedger
from app.storage.lines import facts_in
from app.storage.postgres import EmbeddedPostgres
from dispatch.facts import AreaDefined
from tests.integration.house import PASSWORD, House, a_house
from tests.integration.lives import Lives

YDT = (sys.executable, "-c", "from app.cli import main; main()")
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("YDT_")}


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, list(words), input=typed, env={"YDT_ALARM_COMMAND": "true"})


async def run_beside(*words: str, typed: str = "") -> Result:
    return await asyncio.to_thread(run, *words, typed=typed)


def serve(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*YDT, "serve", "--port", "0", *words],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=60,
        check=False,
    )


def add_operator(url: str, *more: str, typed: str = f"{PASSWORD}\n") -> Result:
    return run(
        *("user", "add", "op1", "--name", "周敏", "--role", "operator", "--password-stdin"),
        *("--database-url", url, *more),
        typed=typed,
    )


# Accounts


async def test_an_account_is_made_and_signs_in(database_url: str, engine: AsyncEngine):
    made = await asyncio.to_thread(add_operator, database_url, "--area", "430105")
    assert made.exit_code == 0
    assert PASSWORD not in made.output
    passwords = Passwords()
    accounts = Accounts(async_sessionmaker(engine), system_clock, passwords)
    account = await accounts.check("op1", PASSWORD, AccountKind.OPERATOR)
    passwords.close()
    assert account is not None
    assert (account.name, account.areas) == ("周敏", ("430105",))


def test_an_administrator_without_an_area_keeps_everything(database_url: str):
    made = run(
        *("user", "add", "adm", "--name", "", "--role", "administrator", "--password-stdin"),
        *("--database-url", database_url),
        typed=f"{PASSWORD}\n",
    )
    assert made.exit_code == 0
    assert "administrator, security_administrator" in made.output


@pytest.mark.parametrize(
    ("more", "typed", "code", "words"),
    [
        (("--area", "430105"), "short\n", 1, "at least 10"),
        (("--area", "430105"), "", 1, "at least 10"),
        (("--area", "430105", "--role", "caregiver"), f"{PASSWORD}\n", 1, "roles"),
        ((), f"{PASSWORD}\n", 2, "--area"),
    ],
)
def test_an_account_that_breaks_a_rule_is_refused_in_one_line(
    database_url: str, more: tuple[str, ...], typed: str, code: int, words: str
):
    refused = add_operator(database_url, *more, typed=typed)
    assert refused.exit_code == code
    assert words in refused.output
    assert refused.output.count("\n") == 1


def test_a_login_is_not_taken_twice(database_url: str):
    assert add_operator(database_url, "--area", "*").exit_code == 0
    again = add_operator(database_url, "--area", "*")
    assert again.exit_code == 1
    assert "already an account" in again.output


def test_without_a_terminal_a_password_is_never_asked_for_nor_made_up(database_url: str):
    refused = run(
        *("user", "add", "op1", "--name", "", "--role", "operator", "--area", "*"),
        *("--database-url", database_url),
    )
    assert refused.exit_code == 2
    assert "--password-stdin" in refused.output


async def test_another_password_opens_the_account_and_the_old_one_does_not(
    database_url: str, engine: AsyncEngine
):
    await asyncio.to_thread(add_operator, database_url, "--area", "*")
    changed = await run_beside(
        *("user", "password", "OP1", "--password-stdin", "--database-url", database_url),
        typed=f"{PASSWORD}!\n",
    )
    assert changed.exit_code == 0
    passwords = Passwords()
    accounts = Accounts(async_sessionmaker(engine), system_clock, passwords)
    assert await accounts.check("op1", PASSWORD, AccountKind.OPERATOR) is None
    assert await accounts.check("op1", f"{PASSWORD}!", AccountKind.OPERATOR) is not None
    passwords.close()


def test_the_password_of_nobody_cannot_be_changed(database_url: str):
    refused = run(
        *("user", "password", "nobody", "--password-stdin", "--database-url", database_url),
        typed=f"{PASSWORD}\n",
    )
    assert refused.exit_code == 1
    assert "no account" in refused.output


# Databases


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://u:geheim@127.0.0.1/x", 2),
        ("postgresql://u:geheim@127.0.0.1:port/x", 2),
        ("postgresql://u:geheim@127.0.0.1:1/x?sslmode=nonsense", 2),
        ("postgresql://u:geheim@127.0.0.1:1/x?sslmode=disable&channel_binding=prefer", 3),
        ("postgresql://u:geheim@nowhere.invalid/x", 3),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_without_its_password(url: str, code: int):
    refused = run("migrate", "--database-url", url)
    assert refused.exit_code == code
    assert refused.output.count("\n") == 1
    assert "geheim" not in refused.output


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_way_to_write_the_url_is_understood(database_url: str, scheme: str):
    url = database_url.replace("postgresql", scheme, 1)
    assert run("migrate", "--database-url", f"{url}&sslmode=prefer").exit_code == 0


async def test_a_command_beside_a_running_embedded_database_uses_that_one(tmp_path: Path):
    server = EmbeddedPostgres(tmp_path / "data")
    assert running_url(tmp_path / "data") is None
    url = server.start()
    try:
        assert running_url(tmp_path / "data") == url
        async with (
            database(Settings(data_dir=tmp_path / "data")) as engine,
            engine.connect() as connection,
        ):
            assert (await connection.execute(text("SELECT count(*) FROM fact"))).scalar_one() == 0
        assert server.is_running
    finally:
        server.stop()
    assert running_url(tmp_path / "data") is None


async def test_tables_are_not_made_anew_beside_a_running_server(
    database_url: str, engine: AsyncEngine
):
    ledger = PostgresLedger(engine)
    await ledger.open()
    refused = await run_beside("rebuild", "--database-url", database_url)
    await ledger.close()
    assert refused.exit_code == 4
    assert refused.output.count("\n") == 1
    done = await run_beside("rebuild", "--database-url", database_url)
    assert done.exit_code == 0
    assert "0 facts" in done.output


async def test_an_altered_journal_is_told(database_url: str, engine: AsyncEngine):
    async with a_house(engine):
        pass
    assert (await run_beside("verify-chain", "--database-url", database_url)).exit_code == 0
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE fact SET kind = 'x' WHERE number = 2"))
    told = await run_beside("verify-chain", "--database-url", database_url)
    assert told.exit_code == 1
    assert "at fact 2" in told.output


async def test_the_journal_is_written_out_a_fact_a_line(database_url: str, engine: AsyncEngine):
    async with a_house(engine):
        on_record = await run_beside("journal", "--database-url", database_url)
    facts = list(facts_in(on_record.stdout.splitlines()))
    assert [one.number for one in facts] == list(range(1, len(facts) + 1))
    assert sum(isinstance(one.fact, AreaDefined) for one in facts) == 5


# Serving


def test_a_setting_that_cannot_be_is_named():
    refused = serve("--clock-speed", "0")
    assert refused.returncode == 2
    assert "clock_speed" in refused.stderr


def test_a_port_that_is_taken_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = serve("--port", str(port), "--data-dir", str(tmp_path / "data"))
    assert refused.returncode == 5
    assert str(port) in refused.stderr
    assert not (tmp_path / "data").exists()


async def test_a_second_server_on_one_database_does_not_start(
    database_url: str, engine: AsyncEngine
):
    ledger = PostgresLedger(engine)
    await ledger.open()
    refused = await asyncio.to_thread(serve, "--database-url", database_url)
    await ledger.close()
    assert refused.returncode == 4
    assert "Traceback" not in refused.stderr


def test_help_loads_nothing_heavy():
    code = (
        "import sys, app.cli; print([m for m in"
        " ('fastapi', 'sqlalchemy', 'numpy', 'pydantic', 'app.main') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout == "[]\n"


# The doctor


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        await Lives(house.service).begin()
        await house.post("/handsets/H1/token")
        yield house


def settings_of(database_url: str) -> Settings:
    return Settings(database_url=SecretStr(database_url), alarm_command="true")


async def wrong_with(settings: Settings, now: datetime | None = None) -> list[str]:
    findings = await examine(settings, now=now)
    return [finding.words for finding in findings if finding.verdict is Verdict.BAD]


async def test_the_doctor_finds_nothing_wrong_with_a_running_server(
    house: House, database_url: str
):
    told = await run_beside("doctor", "--full", "--database-url", database_url)
    assert (told.exit_code, "All is well." in told.output) == (0, True), told.output
    assert "A server is running." in told.output
    assert re.search(r"holds over all \d+ facts", told.output)


async def test_the_doctor_says_that_no_server_is_running(database_url: str):
    words = [finding.words for finding in await examine(settings_of(database_url))]
    assert "No server is running." in words


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE account SET disabled_at = now()", "No administrator"),
        ("UPDATE account SET areas = '[\"430105\"]'", "No administrator"),
        ("UPDATE token SET revoked_at = now()", "1 handsets"),
        ("UPDATE fact SET kind = 'x' WHERE number = 2", "altered at fact 2"),
        ("DELETE FROM resident", "(resident)"),
        ("UPDATE resident SET name = '张'", "(resident)"),
        ("DELETE FROM area WHERE id = '430102'", "(area)"),
        ("INSERT INTO staged_import (kind, facts) VALUES ('x', '[]')", "not finished"),
        (
            "INSERT INTO outbox (fact_number, incident_id, payload, expires_at, expired_at)"
            " VALUES (1, 'I1', '{}', now(), now())",
            "reached nobody",
        ),
        ("UPDATE alembic_version SET version_num = '0001'", "run `ydt migrate`"),
        (
            "DO $$ BEGIN EXECUTE 'DROP TABLE track_' ||"
            " to_char(now() AT TIME ZONE 'UTC' + interval '1 day', 'YYYYMMDD'); END $$",
            "no room for the positions",
        ),
    ],
)
async def test_the_doctor_names_what_is_wrong(
    house: House, database_url: str, damage: str, words: str
):
    assert await wrong_with(settings_of(database_url)) == []
    await house.sql(damage)
    (wrong,) = await wrong_with(settings_of(database_url))
    assert words in wrong


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"alarm_command": ""}, "Nobody outside"),
        ({"alarm_command": "/nowhere/alarm now"}, "cannot be run"),
        ({"alarm_command": "alarm 'now"}, "quotation"),
        ({"clock_speed": 60.0}, "not the real time"),
    ],
)
async def test_the_doctor_names_settings_that_leave_residents_alone(
    tmp_path: Path, setting: dict, words: str
):
    settings = Settings(**{"alarm_command": "true", "data_dir": tmp_path / "data", **setting})
    (wrong,) = await wrong_with(settings)
    assert words in wrong
    assert not (tmp_path / "data").exists()  # nothing is made by looking


async def test_the_doctor_says_that_a_journal_from_the_future_waits(
    house: House, database_url: str
):
    early = house.service.center.now.replace(year=2020)
    (wrong,) = await wrong_with(settings_of(database_url), now=early)
    assert "in the future" in wrong
