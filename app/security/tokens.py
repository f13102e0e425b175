"""The tokens of handsets, caregivers and families: 256 random bits, kept only as SHA-256.

    Authorization: Bearer ydt_h_3q2-7wAbCdEfGhIjKlMnOpQrStUvWxYz0123456789a

All live tokens are in memory, because a press waits for this look-up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.chance import secret, short_id
from app.security.refusals import TokenUnknown
from app.security.revocations import Revocations, Subscriber
from app.security.words import fit
from app.security.wrong import Wrong, WrongCounts
from app.storage.models import TokenRow

LABEL_CHARS_MAX: Final = 100
REFRESH_OVERLAP: Final = timedelta(minutes=1)
"""A refresh looks this far behind the last, for rows that were stamped before they committed."""

_CHUNK_ROWS: Final = 1_000


class TokenKind(StrEnum):
    """Whose token it is."""

    HANDSET = "handset"  # carried by a device, until it is replaced
    CAREGIVER = "caregiver"  # carried by a phone, until it signs out
    FAMILY = "family"  # kept by one browser of a family member, until it signs out


PREFIX: Final[Mapping[TokenKind, str]] = MappingProxyType(
    {
        TokenKind.HANDSET: "ydt_h_",
        TokenKind.CAREGIVER: "ydt_c_",
        TokenKind.FAMILY: "ydt_f_",
    }
)
"""What a token begins with, so that a leaked one can be recognised and named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHolder:
    """Who holds a live token."""

    token_id: str
    kind: TokenKind
    subject_id: str  # a handset's, a caregiver's or a family member's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token, shown once and never again."""

    token: str
    holder: TokenHolder


class TokenBook:
    """All live tokens. The database is written first, then the memory."""

    def __init__(
        self,
        sessionmaker: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        revocations: Revocations | None = None,
        wrong: WrongCounts | None = None,
    ) -> None:
        self._db = sessionmaker
        self._clock = clock
        self._revocations = revocations or Revocations()
        self._wrong = wrong or WrongCounts()
        self._holders: dict[bytes, TokenHolder] = {}
        self._digests: dict[str, bytes] = {}  # by token id
        self._ended: dict[str, datetime] = {}  # lately, so that no older read revives one
        self._read_at: datetime | None = None

    def __len__(self) -> int:
        """Return how many tokens are live."""
        return len(self._holders)

    def subject_of(self, token: str | bytes) -> TokenHolder | None:
        """Return who holds this token, None when nobody does. Costs about a microsecond."""
        raw = token.encode("utf-8", "replace") if isinstance(token, str) else token
        return self._holders.get(sha256(raw).digest())

    def is_live(self, token_id: str) -> bool:
        """Tell whether this token opens a door now."""
        return token_id in self._digests

    async def load(self) -> int:
        """Read all live tokens, at the start; return how many there are."""
        now = self._clock()
        async with self._db() as db:
            rows = (await db.execute(_COLUMNS.where(TokenRow.revoked_at.is_(None)))).all()
        for token_id, kind, subject_id, digest, _ in rows:
            self._admit(digest, _holder(token_id, kind, subject_id))
        self._read_at = now
        return len(self._holders)

    async def refresh(self) -> None:
        """Take over what another process issued or revoked since the last look."""
        since = (self._read_at or self._clock()) - REFRESH_OVERLAP
        now = self._clock()
        changed = or_(TokenRow.issued_at >= since, TokenRow.revoked_at >= since)
        async with self._db() as db:
            rows = (await db.execute(_COLUMNS.where(changed))).all()
        for token_id, kind, subject_id, digest, revoked_at in rows:
            if revoked_at is not None:
                self.forget([token_id])
            elif token_id not in self._ended:
                self._admit(digest, _holder(token_id, kind, subject_id))
        self._ended = {key: at for key, at in self._ended.items() if at >= since}
        self._read_at = now

    async def issue(
        self, kind: TokenKind, subject_id: str, *, label: str = "", replace: bool = False
    ) -> Issued:
        """Issue one token; `replace` ends the older ones of the same subject."""
        return (await self.issue_many(kind, [subject_id], label=label, replace=replace))[subject_id]

    async def issue_many(
        self,
        kind: TokenKind,
        subject_ids: Iterable[str],
        *,
        label: str = "",
        replace: bool = False,
    ) -> dict[str, Issued]:
        """Issue a token for each subject, all or none; `replace` ends their older ones."""
        now = self._clock()
        made = {subject_id: _issue(kind, subject_id) for subject_id in subject_ids}
        rows = [_row(issued, fit(label, LABEL_CHARS_MAX), now) for issued in made.values()]
        ended: list[str] = []
        async with self._db.begin() as db:
            for start in range(0, len(rows), _CHUNK_ROWS):
                chunk = rows[start : start + _CHUNK_ROWS]
                if replace:
                    subjects = [row["subject_id"] for row in chunk]
                    ended += await end_tokens(db, now, _of(kind), TokenRow.subject_id.in_(subjects))
                await db.execute(insert(TokenRow), chunk)
        self.forget(ended)
        for issued in made.values():
            self._admit(_digest(issued.token), issued.holder)
        return made

    async def revoke(self, token_id: str) -> None:
        """End one token.

        Raises:
            TokenUnknown: there is no such live token.
        """
        if not await self._revoke(TokenRow.id == token_id):
            raise TokenUnknown(token_id)

    async def revoke_subject(self, kind: TokenKind, subject_id: str) -> int:
        """End all tokens of one holder; return how many there were."""
        return await self._revoke(_of(kind), TokenRow.subject_id == subject_id)

    def forget(self, token_ids: Iterable[str]) -> None:
        """Drop tokens that the database has ended already, and tell who watches them."""
        for token_id in token_ids:
            self._ended[token_id] = self._clock()
            digest = self._digests.pop(token_id, None)
            if digest is not None:
                del self._holders[digest]
                self._revocations.announce(token_id)

    def on_revoke(self, subscriber: Subscriber) -> Callable[[], None]:
        """Tell the subscriber the id of each token that ends; return what stops that."""
        return self._revocations.on_revoke(subscriber)

    def refuse(self, door: str, source: str) -> None:
        """Count a wrong token that was shown at a door."""
        self._wrong.add(door, source, self._clock())

    def refusals(self) -> list[Wrong]:
        """Return who showed wrong tokens, most often first."""
        return self._wrong.sources()

    def refused_totals(self) -> dict[str, int]:
        """Return how many wrong tokens each door has seen since the start."""
        return self._wrong.totals()

    async def _revoke(self, *where: ColumnElement[bool]) -> int:
        async with self._db.begin() as db:
            ended = await end_tokens(db, self._clock(), *where)
        self.forget(ended)
        return len(ended)

    def _admit(self, digest: bytes, holder: TokenHolder) -> None:
        self._holders[digest] = holder
        self._digests[holder.token_id] = digest


async def end_tokens(db: AsyncSession, now: datetime, *where: ColumnElement[bool]) -> Sequence[str]:
    """End the live tokens that match, inside the caller's transaction; return their ids.

    The caller passes them to `TokenBook.forget` once the transaction has committed.
    """
    live = update(TokenRow).where(TokenRow.revoked_at.is_(None), *where)
    return (await db.scalars(live.values(revoked_at=now).returning(TokenRow.id))).all()


_COLUMNS: Final = select(
    TokenRow.id, TokenRow.kind, TokenRow.subject_id, TokenRow.sha256, TokenRow.revoked_at
)


def _issue(kind: TokenKind, subject_id: str) -> Issued:
    return Issued(token=PREFIX[kind] + secret(), holder=_holder(short_id(), kind, subject_id))


def _holder(token_id: str, kind: str, subject_id: str) -> TokenHolder:
    return TokenHolder(token_id=token_id, kind=TokenKind(kind), subject_id=subject_id)


def _row(issued: Issued, label: str, now: datetime) -> dict[str, object]:
    holder = issued.holder
    return {
        "id": holder.token_id,
        "kind": holder.kind.value,
        "subject_id": holder.subject_id,
        "sha256": _digest(issued.token),
        "label": label,
        "issued_at": now,
    }


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8")).digest()


def _of(kind: TokenKind) -> ColumnElement[bool]:
    return TokenRow.kind == kind.value
