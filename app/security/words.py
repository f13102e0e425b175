"""Text from outside, made fit to be kept."""

from typing import Final

_UNFIT: Final = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}


def fit(text: str, chars_max: int) -> str:
    """Return the text without control characters and lone surrogates, cut to `chars_max`.

    PostgreSQL refuses NUL, UTF-8 refuses lone surrogates, and a log refuses line ends.
    """
    return text[:chars_max].translate(_UNFIT).strip()
