"""Long lists, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some items, and where to go on: pass `next` as `after`, until it is None."""

    items: Sequence[T]
    next: str | None
