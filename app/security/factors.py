"""Second factors: codes by time (RFC 6238) from a telephone, and codes for when it is lost.

otpauth://totp/Yidiantong:op1?secret=JBSWY3DPEHPK3PXP…&issuer=Yidiantong

A code works once: the step of the last one is on record, and only a later one passes.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final

import segno
from pyotp.exceptions import OTPVerificationError
from pyotp.totp import TOTP
from sqlalchemy import Delete, delete
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.security.accounts import Account, Ended
from app.security.chance import in_base32
from app.security.refusals import AccountUnknown, CodeWrong, FactorNotBegun, FactorThere
from app.security.session_rows import end_sessions
from app.storage.models import AccountRow, SecondFactorRow, SessionRow

ISSUER: Final = "Yidiantong"
SECRET_BYTES: Final = 20  # RFC 4226 recommends 160 bits
RECOVERY_CODES: Final = 8
RECOVERY_BYTES: Final = 10
"""80 bits: out of reach of guessing, so that a plain SHA-256 of it may be stored."""

STEPS_BESIDE: Final = 1  # a telephone's clock may be half a minute off, either way
CODE_CHARS_MAX: Final = 40
_GROUP: Final = 4
_MISREAD: Final = str.maketrans({"0": "O", "1": "I", "8": "B"})  # what base 32 does not have
_DIGITS: Final = 6


class Proof(StrEnum):
    """By what somebody showed that they have the second factor."""

    CODE = "code"  # from the telephone
    RECOVERY = "recovery"  # from the paper; it is used up


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A new secret, shown once, until a code confirms that a telephone has it."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    picture: str = field(repr=False)  # the same to scan: an SVG as a `data:` address


class SecondFactors:
    """Begins, confirms, checks and resets second factors. One use is one transaction."""

    def __init__(
        self,
        sessionmaker: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        *,
        ended: Ended,
    ) -> None:
        self._db = sessionmaker
        self._clock = clock
        self._ended = ended

    async def begin(self, account: Account) -> Begun:
        """Make a secret for an account without a second factor; an earlier try is forgotten.

        Raises:
            FactorThere: the account has one.
        """
        secret = in_base32(SECRET_BYTES)
        async with self._db.begin() as db:
            owner = await _owner(db, account.id)
            if owner.second_factor_at is not None:
                raise FactorThere(account.id)
            await db.execute(_of(account.id))
            db.add(
                SecondFactorRow(
                    account_id=account.id,
                    secret=secret,
                    begun_at=self._clock(),
                    step_last=-1,
                    recovery=[],
                )
            )
        uri = TOTP(secret).provisioning_uri(name=account.login, issuer_name=ISSUER)
        return Begun(secret=secret, uri=uri, picture=picture_of(uri))

    async def confirm(self, account_id: str, code: str) -> Sequence[str]:
        """Ask for codes from now on; return those for when the telephone is lost, shown once.

        Raises:
            FactorThere: the account has one. FactorNotBegun: there is none to confirm.
            CodeWrong: the telephone does not have the secret.
        """
        codes = [in_base32(RECOVERY_BYTES) for _ in range(RECOVERY_CODES)]
        async with self._db.begin() as db:
            owner = await _owner(db, account_id)
            if owner.second_factor_at is not None:
                raise FactorThere(account_id)
            row = await db.get(SecondFactorRow, account_id)
            if row is None:
                raise FactorNotBegun(account_id)
            step = step_of(row.secret, comparable_code(code), self._clock())
            if step is None:
                raise CodeWrong
            row.step_last = step
            row.recovery = [digest_of(one) for one in codes]
            owner.second_factor_at = self._clock()
        return [spelled(one) for one in codes]

    async def check(self, account_id: str, code: str) -> Proof | None:
        """Return by what this code opens the account, and use it up; None when it does not."""
        given = comparable_code(code)
        async with self._db.begin() as db:
            owner = await _owner(db, account_id)
            row = await db.get(SecondFactorRow, account_id)
            if row is None or owner.second_factor_at is None:
                return None
            step = step_of(row.secret, given, self._clock())
            if step is not None and step > row.step_last:
                row.step_last = step
                return Proof.CODE
            digest = digest_of(given)
            if digest in row.recovery:
                row.recovery = [one for one in row.recovery if one != digest]
                return Proof.RECOVERY
        return None

    async def left(self, account_id: str) -> int:
        """Return how many codes for a lost telephone are unused."""
        async with self._db() as db:
            row = await db.get(SecondFactorRow, account_id)
        return 0 if row is None else len(row.recovery)

    async def reset(self, account_id: str) -> None:
        """Ask this account for no code any more, and end its sessions. Safe to repeat.

        Raises:
            AccountUnknown: there is no such account.
        """
        async with self._db.begin() as db:
            owner = await _owner(db, account_id)
            owner.second_factor_at = None
            await db.execute(_of(account_id))
            ended = await end_sessions(db, self._clock(), SessionRow.account_id == account_id)
        self._ended(ended, ())


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the number of the half minute that a code belongs to; None when it is not of now."""
    if len(code) != _DIGITS or not code.isdigit():
        return None
    try:
        return TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=STEPS_BESIDE)
    except OTPVerificationError:
        return None


def comparable_code(code: str) -> str:
    """Return a code as it is compared, however it was typed: wide digits, blanks, dashes, case."""
    plain = unicodedata.normalize("NFKC", code[: CODE_CHARS_MAX + 1]).upper()
    return "".join(char for char in plain if char.isascii() and char.isalnum())


def spelled(code: str) -> str:
    """Return a code in groups of four, to be copied by hand."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def digest_of(code: str) -> str:
    """Return what may be stored of a code for a lost telephone; misread letters are put right."""
    return sha256(code.translate(_MISREAD).encode()).hexdigest()


def picture_of(uri: str) -> str:
    """Return an address as a code to scan: an SVG, as a `data:` address."""
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def _of(account_id: str) -> Delete:
    return delete(SecondFactorRow).where(SecondFactorRow.account_id == account_id)


async def _owner(db: AsyncSession, account_id: str) -> AccountRow:
    """Return the account, which nobody else changes meanwhile."""
    row = await db.get(AccountRow, account_id, with_for_update=True)
    if row is None:
        raise AccountUnknown(account_id)
    return row
