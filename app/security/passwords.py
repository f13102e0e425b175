"""Passwords: which are fit, and argon2 in two threads so that the loop never waits for it."""

import asyncio
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from app.security.chance import salt
from app.security.refusals import PasswordsBusy, PasswordUnfit

CHARS_MIN: Final = 10
CHARS_MAX: Final = 1_000
TIME_COST: Final = 3
MEMORY_KIB: Final = 65_536
LANES: Final = 4
THREADS: Final = 2
WAITING_MAX: Final = 64
"""At 0.15 s each in two threads, the last of these waits about five seconds."""

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords. Lower the costs only in tests."""

    def __init__(
        self,
        *,
        time_cost: int = TIME_COST,
        memory_kib: int = MEMORY_KIB,
        threads: int = THREADS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        hasher = Argon2Hasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=LANES)
        self._hasher = PasswordHash((hasher,))
        self._nobodys = nobodys_hash(time_cost, memory_kib)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._waiting = 0
        self._waiting_max = waiting_max

    async def hash(self, password: str) -> str:
        """Return what may be stored of a password.

        Raises:
            PasswordsBusy: too many passwords wait.
        """
        plain = comparable(password)
        return await self._in_thread(lambda: self._hasher.hash(plain))

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Tell whether the password is right, and what to store instead when the costs changed.

        Pass None for a login that nobody has: it takes as long, so that the time does not tell
        which logins exist.

        Raises:
            PasswordsBusy: too many passwords wait.
        """
        plain = comparable(password[:CHARS_MAX])
        against = stored or self._nobodys
        return await self._in_thread(lambda: self._verify(plain, against))

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, plain: str, stored: str) -> tuple[bool, str | None]:
        try:
            return self._hasher.verify_and_update(plain, stored)
        except UnknownHashError:
            return False, None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._waiting_max:
            raise PasswordsBusy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def comparable(password: str) -> str:
    """Return one form of a password, however the keyboard composed or widened it."""
    return unicodedata.normalize("NFKC", password)


def require_fit(password: str, login: str) -> None:
    """Let a new password pass.

    Raises:
        PasswordUnfit: it has fewer than 10 or more than 1,000 characters, or is the login.
    """
    if len(password) > CHARS_MAX:
        raise PasswordUnfit(f"A password has at most {CHARS_MAX:,} characters.")
    plain = comparable(password)
    if len(plain) < CHARS_MIN:
        raise PasswordUnfit(f"A password has at least {CHARS_MIN} characters.")
    if plain.casefold() == comparable(login).casefold():
        raise PasswordUnfit("A password is not the login.")


def nobodys_hash(time_cost: int, memory_kib: int) -> str:
    """Return a hash that no password has, and that costs as much to check as a real one."""
    parts = (b64encode(salt(length)).rstrip(b"=").decode("ascii") for length in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={LANES}${'$'.join(parts)}"
