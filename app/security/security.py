"""The security rooms together, as `app.state.security` holds them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.accounts import Accounts
from app.security.audit import Audit
from app.security.factors import SecondFactors
from app.security.limits import LoginLimits
from app.security.looks import Looks
from app.security.passwords import Passwords
from app.security.revocations import Revocations
from app.security.sessions import IDLE_MAX, LIFE_MAX, Sessions
from app.security.tokens import TokenBook
from app.security.wrong import WrongCounts

if TYPE_CHECKING:
    from app.security.access import Principal

REFRESH_EVERY_S: Final = 5.0
FLUSH_EVERY_S: Final = 1.0
PURGE_EVERY_S: Final = 3_600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverCard:
    """What a caregiver is told about themselves when they sign in."""

    id: str
    name: str
    kind: str


CaregiverCards: TypeAlias = Callable[[str], CaregiverCard | None]
"""Looks a caregiver up by id; None when they are not on the roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Security:
    """Everything that decides who may pass."""

    clock: Callable[[], datetime]
    accounts: Accounts
    sessions: Sessions
    tokens: TokenBook
    passwords: Passwords
    limits: LoginLimits
    looks: Looks
    factors: SecondFactors
    audit: Audit
    wrong: WrongCounts
    revocations: Revocations
    origins: frozenset[str]  # other sites whose pages may speak for their visitors
    caregiver_card: CaregiverCards
    factor_roles: frozenset[str] = frozenset()  # who may do nothing before they have one
    lock_after: timedelta | None = None  # without input; None: desks are never locked

    @contextmanager
    def watch(self, principal: "Principal") -> Generator[asyncio.Event]:
        """Give an event that is set once the session or token of a websocket has ended.

        It is set from the start when that happened since the websocket was let in.
        """
        session_id = principal.session_id
        with self.revocations.watch(session_id) as gone:
            if not (self.sessions.is_live(session_id) or self.tokens.is_live(session_id)):
                gone.set()
            yield gone

    async def refresh(self) -> None:
        """Take over what other processes revoked or issued, and end what is too old."""
        await self.tokens.refresh()
        await self.sessions.refresh()

    async def run(self) -> None:
        """Refresh and flush until cancelled; `stop` then writes what still waits."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_again(self.refresh, REFRESH_EVERY_S))
            tasks.create_task(_again(self.looks.flush, FLUSH_EVERY_S))
            tasks.create_task(_again(self.sessions.purge, PURGE_EVERY_S))

    async def stop(self) -> None:
        """Write what still waits, and let the threads end. Call it after the doors have closed."""
        await self.looks.stop()
        self.passwords.close()


def build(
    sessionmaker: async_sessionmaker[AsyncSession],
    clock: Callable[[], datetime],
    caregiver_card: CaregiverCards,
    *,
    passwords: Passwords | None = None,
    limits: LoginLimits | None = None,
    origins: Iterable[str] = (),
    session_idle_max: timedelta = IDLE_MAX,
    session_life_max: timedelta = LIFE_MAX,
    factor_roles: Iterable[str] = (),
    lock_after: timedelta | None = None,
    one_keeps_all: bool = False,
) -> Security:
    """Return the security rooms, wired.

    The sessionmaker has `expire_on_commit=False`. Before the doors open: `await tokens.load()`;
    while they are open: `run()`; after they have closed: `stop()`.
    """
    passwords = passwords or Passwords()
    revocations = Revocations()
    wrong = WrongCounts()
    tokens = TokenBook(sessionmaker, clock, revocations, wrong)
    sessions = Sessions(
        sessionmaker, clock, revocations, idle_max=session_idle_max, life_max=session_life_max
    )

    def ended(session_ids: Iterable[str], token_ids: Iterable[str]) -> None:
        sessions.forget(session_ids)
        tokens.forget(token_ids)

    return Security(
        clock=clock,
        accounts=Accounts(sessionmaker, clock, passwords, ended=ended, one_keeps_all=one_keeps_all),
        sessions=sessions,
        tokens=tokens,
        passwords=passwords,
        limits=limits or LoginLimits(),
        looks=Looks(sessionmaker, clock),
        factors=SecondFactors(sessionmaker, clock, ended=ended),
        audit=Audit(sessionmaker, clock),
        wrong=wrong,
        revocations=revocations,
        origins=frozenset(origin.lower().rstrip("/") for origin in origins),
        caregiver_card=caregiver_card,
        factor_roles=frozenset(factor_roles),
        lock_after=lock_after,
    )


async def _again(work: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        try:
            await work()
        except Exception:  # noqa: BLE001 (the top of a worker: a fault now must not end the next)
            _log.exception("A security chore failed and will be tried again")
