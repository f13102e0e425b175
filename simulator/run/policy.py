"""How calls are given to caregivers: the word of the command line, brought to the rules."""

from typing import Final

from dispatch.assignment import Policy
from dispatch.book import Book

NEAREST: Final = Policy.NEAREST.value
POLICIES: Final = tuple(policy.value for policy in Policy)


class PolicyUnknown(Exception):
    """The rules do not know this policy."""


def policy_of(word: str) -> Policy:
    """Return the policy of this name.

    Raises:
        PolicyUnknown: the rules do not know it.
    """
    if word not in POLICIES:
        raise PolicyUnknown(f"The rules know no policy {word!r}; choose {' or '.join(POLICIES)}.")
    return Policy(word)


def book_under(word: str) -> Book:
    """Return an empty book whose searches follow a policy."""
    book = Book()
    book.policy = policy_of(word)
    return book
