"""Accounts: who may sign in with a password, and with what roles and areas.

Independent of the web: the command line makes the first administrator with it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.paging import LIMIT_DEFAULT, LIMIT_MAX, Page
from app.security.passwords import Passwords, require_fit
from app.security.refusals import AccountUnfit, AccountUnknown, LoginTaken, LoginUnfit
from app.security.roles import DESK_ROLES, EVERYWHERE, KEEPER_ROLES, Role
from app.security.session_rows import end_sessions
from app.security.tokens import end_tokens
from app.security.words import fit
from app.storage.models import AccountRow, SessionRow, TokenRow

LOGIN_CHARS_MAX: Final = 64
NAME_CHARS_MAX: Final = 100
_LOGIN: Final = re.compile(r"[\w.@+-]+")
_AREA: Final = re.compile(r"[\w.:-]{1,64}")


class AccountKind(StrEnum):
    """Whose account it is, and so at which door its password is asked for."""

    OPERATOR = "operator"  # everybody at a desk: operators, supervisors, administrators
    CAREGIVER = "caregiver"  # at the phone; `subject_id` is the caregiver
    FAMILY = "family"  # at the family page; `subject_id` is the member


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who signs in with a password."""

    id: str  # the login in its comparable form; the operator's id in facts
    login: str
    name: str
    kind: AccountKind
    roles: tuple[Role, ...]
    areas: tuple[str, ...]  # codes; "*" is everywhere
    subject_id: str | None
    created_at: datetime
    password_set_at: datetime
    disabled_at: datetime | None
    second_factor_at: datetime | None = None  # since when a code is asked for too


Ended: TypeAlias = Callable[[Sequence[str], Sequence[str]], None]
"""Told the ids of the sessions and tokens that a change of an account has ended."""


class Accounts:
    """Makes, changes and checks accounts. One use is one transaction."""

    def __init__(
        self,
        sessionmaker: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        passwords: Passwords,
        *,
        ended: Ended | None = None,
        one_keeps_all: bool = False,
    ) -> None:
        self._db = sessionmaker
        self._clock = clock
        self._passwords = passwords
        self._ended = ended or _nobody_listens
        self._one_keeps_all = one_keeps_all

    async def create(
        self,
        login: str,
        password: str,
        *,
        name: str,
        kind: AccountKind = AccountKind.OPERATOR,
        roles: Iterable[str] = (),
        areas: Iterable[str] = (),
        subject_id: str | None = None,
    ) -> Account:
        """Make an account.

        Raises:
            LoginUnfit, PasswordUnfit, AccountUnfit: what was asked for breaks a rule.
            LoginTaken: another account has this login, in whatever case.
        """
        account_id = id_of(login)
        require_fit(password, login)
        now = self._clock()
        row = AccountRow(
            id=account_id,
            login=login.strip(),
            name=fit(name, NAME_CHARS_MAX),
            kind=kind.value,
            roles=self._roles(kind, roles),
            areas=_areas(areas),
            subject_id=_subject(kind, subject_id),
            password_hash=await self._passwords.hash(password),
            created_at=now,
            password_set_at=now,
            disabled_at=None,
            second_factor_at=None,
        )
        account = account_of(row)
        try:
            async with self._db.begin() as db:
                db.add(row)
        except IntegrityError as error:
            raise LoginTaken(account.login) from error
        return account

    async def change(
        self,
        account_id: str,
        *,
        name: str | None = None,
        roles: Iterable[str] | None = None,
        areas: Iterable[str] | None = None,
    ) -> Account:
        """Change what is given. Other roles or areas end the sessions of the account.

        Raises:
            AccountUnknown: there is no such account.
            AccountUnfit: the roles do not exist, or are not for this kind of account.
        """
        async with self._db.begin() as db:
            row = await _locked(db, account_id)
            before = (row.roles, row.areas)
            if name is not None:
                row.name = fit(name, NAME_CHARS_MAX)
            if roles is not None:
                row.roles = self._roles(AccountKind(row.kind), roles)
            if areas is not None:
                row.areas = _areas(areas)
            is_other = (row.roles, row.areas) != before
            ended = await _end(db, row, self._clock()) if is_other else ((), ())
            account = account_of(row)
        self._ended(*ended)
        return account

    async def set_password(self, account_id: str, password: str) -> None:
        """Give the account another password, and end its sessions and tokens.

        Raises:
            AccountUnknown: there is no such account.
            PasswordUnfit: the password breaks a rule.
        """
        require_fit(password, account_id)
        hashed = await self._passwords.hash(password)
        async with self._db.begin() as db:
            row = await _locked(db, account_id)
            row.password_hash = hashed
            row.password_set_at = self._clock()
            ended = await _end(db, row, self._clock())
        self._ended(*ended)

    async def disable(self, account_id: str) -> Account:
        """Let the account sign in no more, and end its sessions and tokens. Safe to repeat.

        Raises:
            AccountUnknown: there is no such account.
        """
        async with self._db.begin() as db:
            row = await _locked(db, account_id)
            row.disabled_at = row.disabled_at or self._clock()
            ended = await _end(db, row, self._clock())
            account = account_of(row)
        self._ended(*ended)
        return account

    async def enable(self, account_id: str) -> Account:
        """Let a disabled account sign in again. Safe to repeat.

        Raises:
            AccountUnknown: there is no such account.
        """
        async with self._db.begin() as db:
            row = await _locked(db, account_id)
            row.disabled_at = None
            return account_of(row)

    async def get(self, account_id: str) -> Account:
        """Return an account.

        Raises:
            AccountUnknown: there is no such account.
        """
        async with self._db() as db:
            row = await db.get(AccountRow, fit(account_id, LOGIN_CHARS_MAX))
        if row is None:
            raise AccountUnknown(account_id)
        return account_of(row)

    async def find(self, login: str) -> Account | None:
        """Return the account with this login, in whatever case; None when nobody has it."""
        try:
            return await self.get(id_of(login))
        except (LoginUnfit, AccountUnknown):
            return None

    async def of_subject(self, subject_id: str) -> list[Account]:
        """Return the accounts of a caregiver or a family member."""
        query = select(AccountRow).where(AccountRow.subject_id == subject_id)
        async with self._db() as db:
            return [account_of(row) for row in await db.scalars(query.order_by(AccountRow.id))]

    async def check(self, login: str, password: str, kind: AccountKind) -> Account | None:
        """Return the account that this login and password open; None when they open none.

        A wrong password, an unknown login, a disabled account and one of another kind look the
        same, and take about as long.

        Raises:
            PasswordsBusy: too many people are signing in.
        """
        row = await self._row_of(login)
        is_right, rehashed = await self._passwords.verify(
            password, row.password_hash if row else None
        )
        if row is None or not is_right or row.disabled_at or row.kind != kind.value:
            return None
        if rehashed:
            await self._rehash(row, rehashed)
        return account_of(row)

    async def is_unchanged(self, account: Account) -> bool:
        """Tell whether the account still may sign in with the password that was just checked.

        To be asked after the session or token exists: a change that came while the password was
        being checked did not see it, and so could not end it.
        """
        found = await self.get(account.id)
        is_same = (found.password_set_at, found.second_factor_at) == (
            account.password_set_at,
            account.second_factor_at,
        )
        return is_same and found.disabled_at is None

    async def page(
        self,
        *,
        kind: AccountKind | None = None,
        q: str = "",
        after: str | None = None,
        limit: int = LIMIT_DEFAULT,
    ) -> Page[Account]:
        """Return a page of accounts by id; `q` is the beginning of a login or part of a name."""
        count = min(max(limit, 1), LIMIT_MAX)
        query = select(AccountRow).order_by(AccountRow.id).limit(count + 1)
        if kind is not None:
            query = query.where(AccountRow.kind == kind.value)
        if after is not None:
            query = query.where(AccountRow.id > fit(after, LOGIN_CHARS_MAX))
        if sought := fit(q, NAME_CHARS_MAX):
            query = query.where(
                or_(
                    AccountRow.id.startswith(sought.casefold(), autoescape=True),
                    AccountRow.name.contains(sought, autoescape=True),
                )
            )
        async with self._db() as db:
            items = [account_of(row) for row in await db.scalars(query)]
        return Page(items=items[:count], next=items[count - 1].id if len(items) > count else None)

    async def first_roles(self, roles: Iterable[str]) -> list[str]:
        """Return the roles of an account from the command line, so that a new house can begin.

        While nobody keeps the accounts, the administrator who is made does that too; where one
        may keep all, that one does.
        """
        wanted = set(roles)
        if Role.ADMINISTRATOR not in wanted:
            return sorted(wanted)
        if self._one_keeps_all:
            return sorted(wanted | KEEPER_ROLES)
        keepers = select(AccountRow.id).where(
            AccountRow.roles.contains([Role.SECURITY.value]), AccountRow.disabled_at.is_(None)
        )
        async with self._db() as db:
            is_kept = (await db.scalars(keepers.limit(1))).first() is not None
        return sorted(wanted if is_kept else wanted | {Role.SECURITY})

    def _roles(self, kind: AccountKind, roles: Iterable[str]) -> list[str]:
        found = _roles(kind, roles)
        if KEEPER_ROLES.issubset(found) and not self._one_keeps_all:
            raise AccountUnfit(
                "One account is not administrator, security administrator and auditor at once."
            )
        return found

    async def _row_of(self, login: str) -> AccountRow | None:
        try:
            account_id = id_of(login)
        except LoginUnfit:
            return None
        async with self._db() as db:
            return await db.get(AccountRow, account_id)

    async def _rehash(self, row: AccountRow, rehashed: str) -> None:
        """Store the stronger hash, unless the password was changed meanwhile."""
        unchanged = AccountRow.password_hash == row.password_hash
        change = update(AccountRow).where(AccountRow.id == row.id, unchanged)
        async with self._db.begin() as db:
            await db.execute(change.values(password_hash=rehashed))


def id_of(login: str) -> str:
    """Return the comparable form of a login, which is the id of its account.

    Raises:
        LoginUnfit: it is empty, longer than 64 characters, or has others than letters, digits
            and . _ @ + -
    """
    composed = unicodedata.normalize("NFKC", login.strip()[: LOGIN_CHARS_MAX + 1])
    found = unicodedata.normalize("NFKC", composed.casefold())
    if len(login.strip()) > LOGIN_CHARS_MAX or len(found) > LOGIN_CHARS_MAX:
        raise LoginUnfit(f"A login has at most {LOGIN_CHARS_MAX} characters.")
    if not _LOGIN.fullmatch(found):
        raise LoginUnfit("A login has letters, digits and . _ @ + - only.")
    return found


def account_of(row: AccountRow) -> Account:
    """Return an account as the rest of the service sees it: without its hash."""
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        kind=AccountKind(row.kind),
        roles=tuple(Role(role) for role in row.roles),
        areas=tuple(row.areas),
        subject_id=row.subject_id,
        created_at=row.created_at,
        password_set_at=row.password_set_at,
        disabled_at=row.disabled_at,
        second_factor_at=row.second_factor_at,
    )


def _nobody_listens(_sessions: Sequence[str], _tokens: Sequence[str]) -> None:
    """Do nothing: the command line has no websockets to close."""


async def _locked(db: AsyncSession, account_id: str) -> AccountRow:
    row = await db.get(AccountRow, fit(account_id, LOGIN_CHARS_MAX), with_for_update=True)
    if row is None:
        raise AccountUnknown(account_id)
    return row


async def _end(
    db: AsyncSession, row: AccountRow, now: datetime
) -> tuple[Sequence[str], Sequence[str]]:
    ended = await end_sessions(db, now, SessionRow.account_id == row.id)
    if row.subject_id is None:
        return ended, ()
    is_theirs = TokenRow.subject_id == row.subject_id
    kind = TokenRow.kind == row.kind  # that of an account is that of its tokens
    return ended, await end_tokens(db, now, kind, is_theirs)


def _roles(kind: AccountKind, roles: Iterable[str]) -> list[str]:
    found = sorted(set(roles))
    allowed = DESK_ROLES if kind is AccountKind.OPERATOR else frozenset({Role(kind.value)})
    if kind is not AccountKind.OPERATOR and not found:
        found = [kind.value]
    if not found or not allowed.issuperset(found):
        raise AccountUnfit(f"The roles of such an account are among {', '.join(sorted(allowed))}.")
    return found


def _areas(areas: Iterable[str]) -> list[str]:
    found = sorted(set(areas))
    if not all(area == EVERYWHERE or _AREA.fullmatch(area) for area in found):
        raise AccountUnfit('An area is a code such as 430105, or "*" for everywhere.')
    return found


def _subject(kind: AccountKind, subject_id: str | None) -> str | None:
    if (kind is not AccountKind.OPERATOR) != bool(subject_id):
        raise AccountUnfit("The account of a caregiver or a family, and no other, names them.")
    return subject_id
