"""Numbers as lists show them: enough to tell two apart, too little to telephone or to steal."""

import re
from typing import Final

_SHOWN_FIRST: Final = 3
_SHOWN_LAST: Final = 4
_LEAST_HIDDEN: Final = 4
_IDENTITY: Final = re.compile(r"(?<![0-9A-Za-z])([0-9]{6})[0-9]{8}([0-9]{3}[0-9Xx])(?![0-9A-Za-z])")


def masked_telephone(number: str) -> str:
    """Return "199****0001"; of a short number the last two digits, of a very short one none."""
    if len(number) >= _SHOWN_FIRST + _LEAST_HIDDEN + _SHOWN_LAST:
        hidden = len(number) - _SHOWN_FIRST - _SHOWN_LAST
        return f"{number[:_SHOWN_FIRST]}{'*' * hidden}{number[-_SHOWN_LAST:]}"
    shown = 2 if len(number) > _LEAST_HIDDEN else 0
    return "*" * (len(number) - shown) + number[len(number) - shown :]


def masked_identities(text: str) -> str:
    """Return a text in which no identity number of 18 characters is whole."""
    return _IDENTITY.sub(r"\1********\2", text)
