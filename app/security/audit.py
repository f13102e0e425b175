"""Who did what: log-ins, refusals, and what administrators read and changed. Only ever added to."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.words import fit
from app.storage.models import AuditRow

SUBJECT_CHARS_MAX: Final = 100
DETAIL_CHARS_MAX: Final = 300
ADDRESS_CHARS_MAX: Final = 64


class Deed(StrEnum):
    """What somebody did."""

    SIGNED_IN = "signed_in"  # at a desk
    SIGN_IN_REFUSED = "sign_in_refused"  # a wrong password or code
    SIGNED_OUT = "signed_out"  # by themselves
    LOCKED = "locked"  # the desk was left alone
    UNLOCKED = "unlocked"
    UNLOCK_REFUSED = "unlock_refused"  # a wrong password or code
    REFUSED = "refused"  # asked for what the account may not have
    ACCOUNT_MADE = "account_made"
    ACCOUNT_CHANGED = "account_changed"  # name, roles or areas
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_OPENED = "account_opened"
    PASSWORD_SET = "password_set"  # noqa: S105 - by a security administrator
    FACTOR_BEGUN = "factor_begun"
    FACTOR_CONFIRMED = "factor_confirmed"
    FACTOR_RESET = "factor_reset"  # by a security administrator
    RECOVERY_USED = "recovery_used"  # one of the eight codes
    SESSIONS_ENDED = "sessions_ended"  # by a security administrator
    CHANGED = "changed"  # something in the administrator's care
    READ = "read"  # a list or a card of people in the administrator's care
    AUDIT_EXPORTED = "audit_exported"


class Audit:
    """Puts deeds on record."""

    def __init__(
        self, sessionmaker: async_sessionmaker[AsyncSession], clock: Callable[[], datetime]
    ) -> None:
        self._db = sessionmaker
        self._clock = clock

    async def note(
        self,
        deed: Deed,
        *,
        account_id: str,
        subject: str = "",
        address: str = "",
        detail: str = "",
    ) -> None:
        """Put a deed on record; return once it is there. Ids and codes only, never names."""
        row = AuditRow(
            at=self._clock(),
            kind=deed.value,
            account_id=account_id,
            subject=fit(subject, SUBJECT_CHARS_MAX),
            address=fit(address, ADDRESS_CHARS_MAX),
            detail=fit(detail, DETAIL_CHARS_MAX),
        )
        async with self._db.begin() as db:
            db.add(row)
