"""Signed-in browsers: kept on the server, named by a cookie that only the browser knows.

Set-Cookie: ydt_session=3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789a; HttpOnly; SameSite=strict

The database holds the SHA-256 of the cookie. A copy in memory answers for a few seconds at a
time, so that a session ended by another process is over soon, and one ended here at once.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.accounts import Account, account_of
from app.security.chance import secret
from app.security.revocations import Revocations, Subscriber
from app.security.session_rows import end_sessions
from app.security.words import fit
from app.storage.models import AccountRow, SessionRow

IDLE_MAX: Final = timedelta(hours=12)
LIFE_MAX: Final = timedelta(days=7)
FRESH_FOR: Final = timedelta(seconds=5)
"""A session ended by another process is over after at most this long."""

STALE_MAX: Final = timedelta(minutes=5)
"""While the database cannot be asked, a session that was live goes on for this long."""

TOUCH_EVERY: Final = timedelta(minutes=1)
KEPT_FOR: Final = timedelta(days=90)
"""Sessions stay on record this long after their end, for the auditor."""

_COOKIE_CHARS_MAX: Final = 64
_USER_AGENT_CHARS_MAX: Final = 200
_ADDRESS_CHARS_MAX: Final = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One signed-in browser."""

    id: str  # SHA-256 of the cookie, hexadecimal
    account: Account
    csrf: str  # what unsafe requests must repeat in a header
    created_at: datetime
    last_seen_at: datetime  # to the minute
    expires_at: datetime
    locked_at: datetime | None = None  # the desk was left alone, and nobody has come back


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new session, with the cookie that is shown once."""

    cookie: str
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """What memory remembers of a session, and since when."""

    session: Session
    read_at: datetime


class Sessions:
    """Opens, finds and ends sessions. The database is written first, then the memory."""

    def __init__(
        self,
        sessionmaker: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        revocations: Revocations | None = None,
        *,
        idle_max: timedelta = IDLE_MAX,
        life_max: timedelta = LIFE_MAX,
        fresh_for: timedelta = FRESH_FOR,
        stale_max: timedelta = STALE_MAX,
    ) -> None:
        self._db = sessionmaker
        self._clock = clock
        self._revocations = revocations or Revocations()
        self._idle_max = idle_max
        self._life_max = life_max
        self._fresh_for = fresh_for
        self._stale_max = stale_max
        self._copies: dict[str, _Copy] = {}
        self._ended: dict[str, datetime] = {}  # lately, so that no older read revives one

    @property
    def life_max(self) -> timedelta:
        """Return how long a session lives at most."""
        return self._life_max

    async def open(self, account: Account, *, user_agent: str = "", address: str = "") -> Opened:
        """Begin a session for somebody whose password was right."""
        now = self._clock()
        cookie = secret()
        session = Session(
            id=_id_of(cookie),
            account=account,
            csrf=secret(),
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._life_max,
        )
        row = SessionRow(
            id=session.id,
            account_id=account.id,
            csrf=session.csrf,
            created_at=now,
            last_seen_at=now,
            expires_at=session.expires_at,
            user_agent=fit(user_agent, _USER_AGENT_CHARS_MAX),
            address=fit(address, _ADDRESS_CHARS_MAX),
        )
        async with self._db.begin() as db:
            db.add(row)
        self._copies[session.id] = _Copy(session=session, read_at=now)
        return Opened(cookie=cookie, session=session)

    async def find(self, cookie: str) -> Session | None:
        """Return the live session that this cookie names, None when there is none."""
        if not cookie or len(cookie) > _COOKIE_CHARS_MAX:
            return None
        session_id = _id_of(cookie)
        now = self._clock()
        copy = self._copies.get(session_id)
        if copy is None or now - copy.read_at >= self._fresh_for:
            copy = await self._reread(session_id, copy, now)
        return copy.session if copy and self._is_in_time(copy.session, now) else None

    def is_live(self, session_id: str) -> bool:
        """Tell whether a session that was found a moment ago is still live."""
        copy = self._copies.get(session_id)
        return copy is not None and self._is_in_time(copy.session, self._clock())

    def is_locked(self, session_id: str) -> bool:
        """Tell whether a session that was found a moment ago is locked."""
        copy = self._copies.get(session_id)
        return copy is not None and copy.session.locked_at is not None

    async def lock(self, session_id: str) -> None:
        """Let a session do nothing but hear, until it is unlocked. Safe to repeat."""
        await self._set_lock(session_id, self._clock())

    async def unlock(self, session_id: str) -> None:
        """Let a locked session do everything again. Safe to repeat."""
        await self._set_lock(session_id, None)

    async def renew(self, session_id: str) -> None:
        """Read a session again at once, because its account has changed without ending it."""
        await self._reread(session_id, self._copies.get(session_id), self._clock())

    async def revoke(self, session_id: str) -> None:
        """End one session. Safe to repeat."""
        await self._revoke(SessionRow.id == session_id)
        self.forget([session_id])

    async def revoke_account(self, account_id: str) -> int:
        """End all sessions of an account; return how many there were."""
        return await self._revoke(SessionRow.account_id == account_id)

    def forget(self, session_ids: Iterable[str]) -> None:
        """Drop sessions that the database has ended already, and tell who watches them."""
        for session_id in session_ids:
            self._ended[session_id] = self._clock()
            self._copies.pop(session_id, None)
            self._revocations.announce(session_id)

    def on_revoke(self, subscriber: Subscriber) -> Callable[[], None]:
        """Tell the subscriber the id of each session that ends; return what stops that."""
        return self._revocations.on_revoke(subscriber)

    async def refresh(self) -> None:
        """Read again every session in memory, and end those that are over.

        To be called every few seconds: it ends the websockets of sessions that another process
        revoked or that are too old, and keeps sessions with a websocket open from going idle.
        """
        now = self._clock()
        watched = self._revocations.watched()
        self._drop_unused(watched, now)
        asked = list(self._copies)
        live = await self._read(asked, now)
        live |= await self._touched([live[key] for key in watched & live.keys()], now)
        for key in asked:
            if key not in live or not self._is_in_time(live[key].session, now):
                self.forget([key])
            elif key in self._copies:  # not ended here while the database was asked
                self._keep(key, live[key])

    async def purge(self) -> int:
        """Delete the sessions that ended long ago; return how many there were."""
        old = delete(SessionRow).where(SessionRow.expires_at < self._clock() - KEPT_FOR)
        async with self._db.begin() as db:
            return len((await db.scalars(old.returning(SessionRow.id))).all())

    async def _revoke(self, *where: ColumnElement[bool]) -> int:
        async with self._db.begin() as db:
            ended = await end_sessions(db, self._clock(), *where)
        self.forget(ended)
        return len(ended)

    async def _reread(self, session_id: str, copy: _Copy | None, now: datetime) -> _Copy | None:
        try:
            found = await self._read([session_id], now)
            found |= await self._touched(list(found.values()), now)
        except (SQLAlchemyError, OSError):
            if copy is None or now - copy.read_at >= self._stale_max:
                raise
            _log.warning("The database cannot be asked about a session; the last answer holds")
            return copy
        fresh = found.get(session_id)
        if session_id in self._ended:
            return None
        if fresh is not None:
            return self._keep(session_id, fresh)
        if copy is not None:
            self.forget([session_id])
        return fresh

    def _keep(self, session_id: str, fresh: _Copy) -> _Copy:
        """Remember what was read, unless something newer is remembered: a lock, for one."""
        known = self._copies.get(session_id)
        newer = known if known is not None and known.read_at > fresh.read_at else fresh
        self._copies[session_id] = newer
        return newer

    async def _set_lock(self, session_id: str, at: datetime | None) -> None:
        change = update(SessionRow).where(SessionRow.id == session_id)
        if at is not None:
            change = change.where(SessionRow.locked_at.is_(None))
        async with self._db.begin() as db:
            await db.execute(change.values(locked_at=at))
        await self.renew(session_id)

    async def _read(self, session_ids: Sequence[str], now: datetime) -> dict[str, _Copy]:
        if not session_ids:
            return {}
        query = (
            select(SessionRow, AccountRow)
            .join(AccountRow, AccountRow.id == SessionRow.account_id)
            .where(SessionRow.id.in_(session_ids))
            .where(SessionRow.revoked_at.is_(None), AccountRow.disabled_at.is_(None))
        )
        async with self._db() as db:
            rows = (await db.execute(query)).all()
        return {row.id: _Copy(session=_session(row, who), read_at=now) for row, who in rows}

    async def _touched(self, copies: Sequence[_Copy], now: datetime) -> dict[str, _Copy]:
        """Write down, once a minute, that these sessions are in use; return those it wrote."""
        due = [copy for copy in copies if self._is_due(copy.session, now)]
        if not due:
            return {}
        seen = update(SessionRow).where(SessionRow.id.in_([copy.session.id for copy in due]))
        async with self._db.begin() as db:
            await db.execute(seen.values(last_seen_at=now))
        return {
            copy.session.id: replace(copy, session=replace(copy.session, last_seen_at=now))
            for copy in due
        }

    def _drop_unused(self, watched: frozenset[str], now: datetime) -> None:
        """Keep memory small: forget, without ending it, what nobody has used lately."""
        since = now - self._stale_max
        self._copies = {
            key: copy
            for key, copy in self._copies.items()
            if key in watched or copy.session.last_seen_at >= since
        }
        self._ended = {key: at for key, at in self._ended.items() if at >= since}

    def _is_due(self, session: Session, now: datetime) -> bool:
        return self._is_in_time(session, now) and now - session.last_seen_at >= TOUCH_EVERY

    def _is_in_time(self, session: Session, now: datetime) -> bool:
        return now < session.expires_at and now - session.last_seen_at < self._idle_max


def _session(row: SessionRow, account: AccountRow) -> Session:
    return Session(
        id=row.id,
        account=account_of(account),
        csrf=row.csrf,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        locked_at=row.locked_at,
    )


def _id_of(cookie: str) -> str:
    return sha256(cookie.encode("utf-8", "replace")).hexdigest()
