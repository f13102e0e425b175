"""The state of a book as plain values, to be compared: all of it, without the indexes."""

from typing import Final

from dispatch.book import Book

INDEXES: Final = frozenset(
    {
        *("open_of", "claimed_by", "searching", "starved", "households", "handsets_of"),
        *("untaken", "put_off", "round_of"),
        "policy",  # configuration
    }
)


def state_of(book: Book) -> dict[str, object]:
    """Return what must be the same after a replay, by name.

    Containers that are added to the book are compared without a word here; order counts where
    the book forgets by it.
    """
    state: dict[str, object] = {
        name: value
        for name, value in vars(book).items()
        if not name.startswith("_") and name not in INDEXES
    }
    state["territory"] = book.territory.areas
    state["roster"] = book.roster.everybody()
    state["closed"] = list(book.closed.items())
    return state


def differing(one: Book, other: Book) -> list[str]:
    """Return the names of what is not the same in two books."""
    first, second = state_of(one), state_of(other)
    return [name for name in first if first[name] != second[name]]
