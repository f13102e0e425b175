"""Accounts, sessions, tokens and looks, on a real database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.security.access import Principal
from app.security.accounts import Account, AccountKind, Accounts
from app.security.looks import Look, Looks
from app.security.passwords import Passwords
from app.security.refusals import (
    AccountUnfit,
    AccountUnknown,
    CursorUnfit,
    LoginTaken,
    LooksFull,
    PasswordUnfit,
    TokenUnknown,
)
from app.security.roles import Role
from app.security.security import Security, build
from app.security.sessions import FRESH_FOR, IDLE_MAX, STALE_MAX, Sessions
from app.security.tokens import TokenBook, TokenKind
from app.storage.models import Base

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PASSWORD = "long enough"
Database = async_sessionmaker[AsyncSession]


class HandClock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Away:
    """A database that cannot be asked for the moment."""

    def __init__(self, real: Database) -> None:
        self.real = real
        self.is_away = False

    def __call__(self) -> Any:
        if self.is_away:
            raise OperationalError("SELECT", {}, ConnectionRefusedError())
        return self.real()

    def begin(self) -> Any:
        if self.is_away:
            raise ConnectionRefusedError
        return self.real.begin()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def db(engine: AsyncEngine) -> Database:
    return async_sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
async def security(db: Database, clock: HandClock):
    security = build(db, clock, lambda _: None, passwords=Passwords(time_cost=1, memory_kib=64))
    yield security
    await security.stop()


@pytest.fixture
def accounts(security: Security) -> Accounts:
    return security.accounts


async def an_operator(accounts: Accounts, login: str = "op1") -> Account:
    return await accounts.create(login, PASSWORD, name="周敏", roles=["operator"], areas=["430105"])


async def test_the_mapped_tables_are_the_migrated_ones(engine: AsyncEngine):
    ours = set(Base.metadata.tables)

    def differences(connection: Any) -> list[Any]:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in ours,
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Base.metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


# Accounts


async def test_an_account_is_found_by_its_login_in_any_case(accounts: Accounts):
    made = await an_operator(accounts, " Op1 ")
    assert (made.id, made.login, made.roles) == ("op1", "Op1", (Role.OPERATOR,))
    assert await accounts.find("OP1") == made
    assert await accounts.get("op1") == made
    assert await accounts.find("op2") is None
    assert await accounts.find("\0") is None


async def test_two_accounts_cannot_share_a_login(accounts: Accounts):
    await an_operator(accounts)
    with pytest.raises(LoginTaken):
        await an_operator(accounts, "OP1")


@pytest.mark.parametrize(
    "bad",
    [
        {"roles": []},
        {"roles": ["king"]},
        {"roles": ["caregiver"]},
        {"roles": ["operator"], "areas": ["x y"]},
        {"roles": ["operator"], "subject_id": "C001"},
        {"kind": AccountKind.CAREGIVER},
        {"kind": AccountKind.CAREGIVER, "subject_id": "C001", "roles": ["operator"]},
    ],
    ids=str,
)
async def test_an_account_that_contradicts_itself_is_refused(
    accounts: Accounts, bad: dict[str, Any]
):
    with pytest.raises(AccountUnfit):
        await accounts.create("op1", PASSWORD, name="周敏", **bad)
    assert await accounts.find("op1") is None


async def test_a_weak_password_is_refused(accounts: Accounts):
    with pytest.raises(PasswordUnfit):
        await accounts.create("op1", "short", name="周敏", roles=["operator"])
    await an_operator(accounts)
    with pytest.raises(PasswordUnfit):
        await accounts.set_password("op1", "short")


async def test_a_new_password_replaces_the_old_one(accounts: Accounts):
    made = await an_operator(accounts)
    await accounts.set_password("op1", "another password")
    assert await accounts.check("op1", PASSWORD, AccountKind.OPERATOR) is None
    assert await accounts.check("op1", "another password", AccountKind.OPERATOR) == made


async def test_a_hash_of_other_costs_is_replaced_at_the_next_sign_in(
    db: Database, clock: HandClock, accounts: Accounts
):
    await an_operator(accounts)
    dearer = Accounts(db, clock, Passwords(time_cost=2, memory_kib=64))
    assert await dearer.check("op1", PASSWORD, AccountKind.OPERATOR)
    async with db() as session:
        stored = (await session.execute(text("SELECT password_hash FROM account"))).scalar_one()
    assert "t=2" in stored
    assert await dearer.check("op1", PASSWORD, AccountKind.OPERATOR)


async def test_a_disabled_account_is_not_opened_by_its_password(accounts: Accounts):
    await an_operator(accounts)
    assert (await accounts.disable("op1")).disabled_at == NOON
    assert await accounts.check("op1", PASSWORD, AccountKind.OPERATOR) is None
    assert (await accounts.enable("op1")).disabled_at is None
    assert await accounts.check("op1", PASSWORD, AccountKind.OPERATOR) is not None


async def test_what_nobody_has_cannot_be_changed(accounts: Accounts):
    for account_id in ("op1", "\0", "x" * 10_000):
        with pytest.raises(AccountUnknown):
            await accounts.change(account_id, name="x")
        with pytest.raises(AccountUnknown):
            await accounts.get(account_id)
        with pytest.raises(AccountUnknown):
            await accounts.disable(account_id)


async def test_other_areas_end_the_sessions_but_another_name_does_not(security: Security):
    account = await an_operator(security.accounts)
    opened = await security.sessions.open(account)
    renamed = await security.accounts.change("op1", name="周小敏")
    assert renamed.name == "周小敏"
    assert await security.sessions.find(opened.cookie) is not None
    changed = await security.accounts.change("op1", areas=["430102"], roles=["supervisor"])
    assert (changed.areas, changed.roles) == (("430102",), (Role.SUPERVISOR,))
    assert await security.sessions.find(opened.cookie) is None


async def test_accounts_are_listed_a_page_at_a_time(accounts: Accounts):
    for number in range(5):
        await an_operator(accounts, f"op{number}")
    await accounts.create(
        "c001", PASSWORD, name="李强", kind=AccountKind.CAREGIVER, subject_id="C001"
    )
    first = await accounts.page(kind=AccountKind.OPERATOR, limit=3)
    assert [item.id for item in first.items] == ["op0", "op1", "op2"]
    second = await accounts.page(kind=AccountKind.OPERATOR, limit=3, after=first.next)
    assert ([item.id for item in second.items], second.next) == (["op3", "op4"], None)
    assert [item.id for item in (await accounts.page(q="李")).items] == ["c001"]
    assert [item.id for item in (await accounts.page(q="OP3")).items] == ["op3"]
    assert [item.id for item in (await accounts.page(q="%")).items] == []
    assert [item.id for item in await accounts.of_subject("C001")] == ["c001"]


# Sessions


async def test_a_disabled_accounts_websockets_are_told_at_once(security: Security):
    account = await an_operator(security.accounts)
    opened = await security.sessions.open(account)
    who = Principal(id="op1", roles=frozenset({Role.OPERATOR}), session_id=opened.session.id)
    with security.watch(who) as gone:
        assert not gone.is_set()
        await security.accounts.disable("op1")
        assert gone.is_set()


async def test_a_session_revoked_by_another_process_ends_its_websockets_at_the_next_refresh(
    db: Database, clock: HandClock, security: Security
):
    account = await an_operator(security.accounts)
    mine, other = [await security.sessions.open(account) for _ in range(2)]
    with (
        security.revocations.watch(mine.session.id) as gone,
        security.revocations.watch(other.session.id) as stays,
    ):
        await Sessions(db, clock).revoke(mine.session.id)
        assert not gone.is_set()
        await security.refresh()
        assert gone.is_set()
        assert not stays.is_set()
    assert await security.sessions.find(mine.cookie) is None


async def test_a_console_left_open_does_not_go_idle_but_ends_after_its_life(
    clock: HandClock, security: Security
):
    opened = await security.sessions.open(await an_operator(security.accounts))
    with security.revocations.watch(opened.session.id) as gone:
        while clock.now < NOON + 3 * IDLE_MAX:
            clock.now += timedelta(hours=1)
            await security.refresh()
        assert not gone.is_set()
        clock.now = opened.session.expires_at
        await security.refresh()
        assert gone.is_set()


async def test_an_idle_session_is_forgotten_by_memory_and_then_over(
    clock: HandClock, security: Security
):
    opened = await security.sessions.open(await an_operator(security.accounts))
    clock.now += STALE_MAX + timedelta(seconds=1)
    await security.refresh()
    assert not security.sessions.is_live(opened.session.id)
    assert await security.sessions.find(opened.cookie) is not None
    clock.now += IDLE_MAX
    assert await security.sessions.find(opened.cookie) is None


async def test_while_the_database_is_away_known_sessions_go_on_for_minutes(
    db: Database, clock: HandClock, accounts: Accounts
):
    database = Away(db)
    sessions = Sessions(cast(Database, database), clock)
    opened = await sessions.open(await an_operator(accounts))
    database.is_away = True
    clock.now += STALE_MAX - timedelta(seconds=1)
    assert await sessions.find(opened.cookie) is not None
    with pytest.raises(OperationalError):
        await sessions.find("somebody else's cookie")
    clock.now += timedelta(seconds=1)
    with pytest.raises(OperationalError):
        await sessions.find(opened.cookie)


async def test_a_read_that_began_before_a_revocation_does_not_revive_the_session(
    clock: HandClock, security: Security
):
    sessions = security.sessions
    opened = await sessions.open(await an_operator(security.accounts))
    clock.now += FRESH_FOR
    read = sessions._read

    async def slow_read(session_ids: Any, now: datetime) -> Any:
        found = await read(session_ids, now)
        await sessions.revoke(opened.session.id)
        return found

    sessions._read = slow_read
    assert await sessions.find(opened.cookie) is None
    assert not sessions.is_live(opened.session.id)


async def test_sessions_stay_on_record_for_a_while_after_their_end(
    clock: HandClock, security: Security
):
    await security.sessions.open(await an_operator(security.accounts))
    clock.now += timedelta(days=7 + 90)
    assert await security.sessions.purge() == 0
    clock.now += timedelta(seconds=1)
    assert await security.sessions.purge() == 1


# Tokens


async def test_tokens_survive_a_restart(db: Database, clock: HandClock, security: Security):
    issued = await security.tokens.issue(TokenKind.HANDSET, "H0001", label="white\0 one")
    assert issued.token.startswith("ydt_h_")
    book = TokenBook(db, clock)
    assert book.subject_of(issued.token) is None
    assert await book.load() == 1
    assert book.subject_of(issued.token) == book.subject_of(issued.token.encode()) == issued.holder
    assert book.subject_of(issued.token[:-1]) is None
    assert book.subject_of("\ud800") is None


async def test_many_handsets_get_their_tokens_at_once(security: Security):
    handsets = [f"H{number:05}" for number in range(2_500)]
    first = await security.tokens.issue_many(TokenKind.HANDSET, handsets)
    assert len({issued.token for issued in first.values()}) == len(handsets)
    second = await security.tokens.issue_many(TokenKind.HANDSET, handsets, replace=True)
    assert len(security.tokens) == len(handsets)
    assert security.tokens.subject_of(first["H00007"].token) is None
    assert security.tokens.subject_of(second["H00007"].token) == second["H00007"].holder


async def test_no_token_at_all_is_issued_when_one_cannot_be(db: Database, clock: HandClock):
    database = Away(db)
    book = TokenBook(cast(Database, database), clock)
    database.is_away = True
    with pytest.raises(ConnectionRefusedError):
        await book.issue_many(TokenKind.HANDSET, ["H0001", "H0002"])
    assert len(book) == 0


async def test_a_revoked_token_is_over_here_and_after_a_restart(
    db: Database, clock: HandClock, security: Security
):
    heard: list[str] = []
    security.tokens.on_revoke(heard.append)
    one, other, kept = [
        await security.tokens.issue(TokenKind.CAREGIVER, who) for who in ("C001", "C001", "C002")
    ]
    await security.tokens.revoke(one.holder.token_id)
    assert security.tokens.subject_of(one.token) is None
    with pytest.raises(TokenUnknown):
        await security.tokens.revoke(one.holder.token_id)
    assert await security.tokens.revoke_subject(TokenKind.CAREGIVER, "C001") == 1
    assert heard == [one.holder.token_id, other.holder.token_id]
    book = TokenBook(db, clock)
    assert await book.load() == 1
    assert book.subject_of(kept.token) == kept.holder


async def test_another_processs_tokens_are_taken_over_at_the_next_refresh(
    db: Database, clock: HandClock, security: Security
):
    mine = await security.tokens.issue(TokenKind.HANDSET, "H0001")
    await security.tokens.load()
    command_line = TokenBook(db, clock)
    await command_line.load()
    theirs = await command_line.issue(TokenKind.HANDSET, "H0002")
    await command_line.revoke(mine.holder.token_id)
    clock.now += timedelta(seconds=5)
    await security.refresh()
    assert security.tokens.subject_of(theirs.token) == theirs.holder
    assert security.tokens.subject_of(mine.token) is None
    clock.now += timedelta(days=1)
    await security.refresh()
    assert security.tokens.subject_of(theirs.token) == theirs.holder


async def test_a_read_that_began_before_a_revocation_does_not_revive_the_token(
    db: Database, clock: HandClock, security: Security
):
    """The refresh has read the token as live when the revocation commits."""
    issued = await security.tokens.issue(TokenKind.HANDSET, "H0001")
    book = security.tokens

    class Late:
        def __call__(self) -> Any:
            return self

        async def __aenter__(self) -> Any:
            return self

        async def __aexit__(self, *_: object) -> None:
            return None

        async def execute(self, query: Any) -> Any:
            async with db() as session:
                found = await session.execute(query)
            book._db = db
            await book.revoke(issued.holder.token_id)
            return found

    book._db = cast(Database, Late())
    await book.refresh()
    assert book.subject_of(issued.token) is None


# Looks


def a_look(looks: Looks, resident: str = "R0001", account: str = "op1") -> Look:
    return looks.look(
        account_id=account,
        role="operator",
        resident_id=resident,
        incident_id="I17",
        reason="she\0 pressed",
        what="incident",
    )


async def test_a_look_is_on_record_before_the_location_is_shown(db: Database, clock: HandClock):
    looks = Looks(db, clock)
    await looks.record(a_look(looks))
    (item,) = (await looks.page()).items
    assert item.look == replace(a_look(looks), reason="she  pressed")


async def test_looks_are_listed_the_latest_first_a_page_at_a_time(db: Database, clock: HandClock):
    looks = Looks(db, clock)
    for number in range(5):
        await looks.record(a_look(looks, f"R{number % 2}"))
    first = await looks.page(limit=2)
    assert [item.look.resident_id for item in first.items] == ["R0", "R1"]
    second = await looks.page(limit=3, after=first.next)
    assert ([item.look.resident_id for item in second.items], second.next) == (
        ["R0", "R1", "R0"],
        None,
    )
    assert len((await looks.page(resident_id="R1")).items) == 2
    assert len((await looks.page(account_id="op2")).items) == 0
    for cursor in ("x", "-1", "", "9" * 30, "²"):
        with pytest.raises(CursorUnfit):
            await looks.page(after=cursor)


async def test_a_streams_looks_are_all_on_record_after_the_stop(
    db: Database, clock: HandClock, security: Security
):
    looks = security.looks
    for number in range(1_200):
        looks.record_later(a_look(looks, f"R{number}"))
    assert looks.waiting == 1_200
    await asyncio.gather(looks.flush(), looks.flush(), looks.stop())
    assert looks.waiting == 0
    async with db() as session:
        query = "SELECT count(*), count(DISTINCT resident_id) FROM look"
        assert (await session.execute(text(query))).one() == (1_200, 1_200)


async def test_a_stream_that_goes_on_is_one_look_every_ten_minutes(db: Database, clock: HandClock):
    looks = Looks(db, clock)
    for _ in range(60):
        looks.record_later(a_look(looks))
        looks.record_later(a_look(looks, account="op2"))
        clock.now += timedelta(seconds=20)
    assert looks.waiting == 4


async def test_the_location_is_withheld_when_the_look_cannot_be_kept(
    db: Database, clock: HandClock
):
    looks = Looks(db, clock, waiting_max=2)
    looks.record_later(a_look(looks, "R1"))
    looks.record_later(a_look(looks, "R2"))
    with pytest.raises(LooksFull):
        looks.record_later(a_look(looks, "R3"))
    await looks.flush()
    looks.record_later(a_look(looks, "R3"))
    assert looks.waiting == 1


async def test_looks_wait_for_a_database_that_is_away_and_are_counted_when_lost(
    db: Database, clock: HandClock, caplog: pytest.LogCaptureFixture
):
    database = Away(db)
    looks = Looks(cast(Database, database), clock)
    looks.record_later(a_look(looks))
    database.is_away = True
    with pytest.raises(ConnectionRefusedError):
        await looks.flush()
    await looks.stop()
    assert caplog.records[0].__dict__["lost"] == 1
    assert looks.waiting == 1
    database.is_away = False
    assert await looks.flush() == 1
    assert len((await looks.page()).items) == 1
