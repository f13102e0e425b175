"""Accounts that somebody else makes: by the dozen for caregivers, or from the command line."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.ext.asyncio import async_sessionmaker

from app.clock import system_clock
from app.database import database
from app.errors import Problem
from app.security.accounts import AccountKind, Accounts, id_of
from app.security.passwords import Passwords, require_fit
from app.security.refusals import AccountUnknown, LoginTaken
from app.settings import Settings

AT_ONCE: Final = 4  # more than the threads that hash, so that neither waits; far below their queue


class AccountOfAnother(Problem):
    """Another account has one of these logins, or one login is there twice."""

    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAsked:
    """With what a caregiver shall sign in."""

    caregiver_id: str
    login: str
    password: str = field(repr=False)


@asynccontextmanager
async def accounts_of(
    settings: Settings, *, on_progress: Callable[[str], None]
) -> AsyncGenerator[Accounts]:
    """Give the accounts of an installation, for a command; a running server sees what changes."""
    passwords = Passwords()
    async with database(settings, on_progress=on_progress) as engine:
        sessions = async_sessionmaker(engine, expire_on_commit=False)
        try:
            yield Accounts(
                sessions,
                system_clock,
                passwords,
                one_keeps_all=settings.one_administrator,
            )
        finally:
            passwords.close()


async def make_accounts(
    accounts: Accounts, asked: Sequence[AccountAsked], *, name: str = ""
) -> list[bool]:
    """Make an account for each, in order; return for each whether it was not there already.

    All are checked before the first is made.

    Raises:
        LoginUnfit, PasswordUnfit: one of them breaks a rule.
        AccountOfAnother: a login is taken by somebody else, or asked for twice.
    """
    missing = [await _is_missing(accounts, one) for one in asked]
    if len({id_of(one.login) for one in asked}) < len(asked):
        raise AccountOfAnother("One login is there twice.")
    gate = asyncio.Semaphore(AT_ONCE)

    async def make(one: AccountAsked) -> None:
        async with gate:
            await accounts.create(
                one.login,
                one.password,
                name=name,
                kind=AccountKind.CAREGIVER,
                subject_id=one.caregiver_id,
            )

    wanted = [one for one, is_missing in zip(asked, missing, strict=True) if is_missing]
    results = await asyncio.gather(*map(make, wanted), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return missing


async def change_account(
    accounts: Accounts, caregiver_id: str, password: str | None, is_active: bool | None
) -> None:
    """Set the password or let sign in (or not) whoever acts for this caregiver.

    Raises:
        AccountUnknown: the caregiver has none.
        PasswordUnfit: the password breaks a rule.
    """
    theirs = await accounts.of_subject(caregiver_id)
    if not theirs:
        raise AccountUnknown(f"of caregiver {caregiver_id}")
    for account in theirs:
        if password is not None:
            await accounts.set_password(account.id, password)
        if is_active is not None:
            await (accounts.enable if is_active else accounts.disable)(account.id)


async def _is_missing(accounts: Accounts, asked: AccountAsked) -> bool:
    account_id = id_of(asked.login)
    require_fit(asked.password, account_id)
    found = await accounts.find(asked.login)
    if found is None:
        return True
    if found.subject_id != asked.caregiver_id:
        raise LoginTaken(asked.login)
    return False
