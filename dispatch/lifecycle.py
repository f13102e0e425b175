"""How a life cycle is written: a table from (state, kind of fact) to the next state."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias, TypeVar

from dispatch.errors import TransitionRefused
from dispatch.facts import Fact

State = TypeVar("State", bound=StrEnum)
Table: TypeAlias = Mapping[tuple[State, type[Fact]], State]


def follow(table: Table[State], state: State, fact: Fact, *, what: str, subject: str) -> State:
    """Return the state after `fact`.

    Raises:
        TransitionRefused: the table has no row for this state and this kind of fact.
    """
    after = table.get((state, type(fact)))
    if after is None:
        raise TransitionRefused(what, subject, state, type(fact).__name__)
    return after
