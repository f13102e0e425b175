"""What nobody can guess: the only module that draws secrets."""

import secrets
from base64 import b32encode
from typing import Final

SECRET_BYTES: Final = 32
"""256 bits: out of reach of guessing, so that a plain SHA-256 of it may be stored."""

_SPOKEN: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_SPOKEN_CHARS: Final = 12


def secret() -> str:
    """Return 256 random bits as 43 characters that are safe in a URL, a header and a cookie."""
    return secrets.token_urlsafe(SECRET_BYTES)


def spoken_code() -> str:
    """Return twelve letters and digits that can be read out: 59 bits, for what ends soon.

    None of them is taken for another: no 0 and O, 1 and I and L. Guessing is slowed at the door.
    """
    return "".join(secrets.choice(_SPOKEN) for _ in range(_SPOKEN_CHARS))


def short_id() -> str:
    """Return 16 hexadecimal characters: an id that may be shown and logged, and opens nothing."""
    return secrets.token_hex(8)


def in_base32(length_bytes: int) -> str:
    """Return that many random bytes as letters and digits that people can copy."""
    return b32encode(secrets.token_bytes(length_bytes)).rstrip(b"=").decode("ascii")


def same(one: str, other: str) -> bool:
    """Tell whether two texts are equal, in a time that does not say where they differ."""
    return secrets.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def salt(length_bytes: int) -> bytes:
    """Return that many random bytes."""
    return secrets.token_bytes(length_bytes)
