"""What an import would do, before it does it: counts, the first rows as understood, every fault."""

from collections.abc import Awaitable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, cast

from app.register.cells import PROBLEMS_MAX, Built, Problem
from app.register.imports import TableUnfit, Wanted, aside
from app.register.tables import TableRow

ROWS_SHOWN: Final = 10
_CHARS_SHOWN: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One row of a file as it was understood; columns that say nothing are left out."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an import would do. Nothing is imported while there is a fault."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    unpinned: tuple[str, ...] = ()
    rows: tuple[Understood, ...] = ()
    faults: tuple[Problem, ...] = ()
    has_more_faults: bool = False  # the reading ended at the last one that is listed


async def preview_of(reading: Awaitable[Wanted], at: datetime) -> Preview:
    """Return what an import would do, when the file has been read; take nothing of it."""
    try:
        wanted = await reading
    except TableUnfit as unfit:
        return Preview(
            rows=_first(unfit.refused.rows),
            faults=unfit.refused.problems,
            has_more_faults=len(unfit.refused.problems) == PROBLEMS_MAX,
        )
    news = await aside(lambda: wanted.news(at))
    new = sum(row["id"] not in wanted.before for row in wanted.rows)
    return Preview(
        new=new,
        changed=len(news) - new,
        unchanged=len(wanted.rows) - len(news),
        unpinned=wanted.unpinned,
        rows=_first(wanted.read),
    )


def _first(rows: Sequence[Built]) -> tuple[Understood, ...]:
    return tuple(_understood(asdict(cast("TableRow", row))) for row in rows[:ROWS_SHOWN])


def _understood(row: dict[str, Any]) -> Understood:
    cells = {name: _text(value) for name, value in row.items() if name != "line"}
    return Understood(line=row["line"], cells={name: text for name, text in cells.items() if text})


def _text(value: object) -> str:
    """Return a cell as people write it; of a long one the beginning."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple():
            return "; ".join(map(str, cast("tuple[object, ...]", value)))[:_CHARS_SHOWN]
        case _:
            return str(value)[:_CHARS_SHOWN]
