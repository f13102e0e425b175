"""What nobody can guess: the only module that draws secrets."""

import secrets
from typing import Final

SECRET_BYTES: Final = 32
"""256 bits: out of reach of guessing, so that a plain SHA-256 of it may be stored."""


def secret() -> str:
    """Return 256 random bits as 43 characters that are safe in a URL, a header and a cookie."""
    return secrets.token_urlsafe(SECRET_BYTES)


def short_id() -> str:
    """Return 16 hexadecimal characters: an id that may be shown and logged, and opens nothing."""
    return secrets.token_hex(8)


def same(one: str, other: str) -> bool:
    """Tell whether two texts are equal, in a time that does not say where they differ."""
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def salt(length_bytes: int) -> bytes:
    """Return that many random bytes."""
    return secrets.token_bytes(length_bytes)
