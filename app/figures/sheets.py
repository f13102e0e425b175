"""Tables as files for people: CSV that opens in any spreadsheet, and XLSX.

What a cell says is never run: in XLSX every text is written as a text; in CSV a text that a
spreadsheet would take for a formula gets an apostrophe before it.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import xlsxwriter  # pyright: ignore[reportMissingTypeStubs] - it ships none

Cell: TypeAlias = str | int | float | None

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NAME_CHARS_MAX: Final = 31  # of a sheet, says Excel
_WIDTH_MAX: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table, with lines above it that say what it counts."""

    name: str
    notes: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def csv_of(sheets: Sequence[Sheet]) -> bytes:
    """Return the tables one below the other, as UTF-8 that says so: Excel would guess else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for number, sheet in enumerate(sheets):
        if number:
            writer.writerow([])
        writer.writerows([[plain(note)] for note in (sheet.name, *sheet.notes)])
        writer.writerow([plain(one) for one in sheet.columns])
        writer.writerows([[plain(one) for one in row] for row in sheet.rows])
    return out.getvalue().encode("utf-8-sig")


def plain(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell


def xlsx_of(sheets: Sequence[Sheet]) -> bytes:
    """Return the tables as one workbook, each on its sheet; rows are written as they come."""
    out = io.BytesIO()
    book: Any = cast("Any", xlsxwriter).Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    strong = book.add_format({"bold": True})
    for sheet in sheets:
        page = book.add_worksheet(sheet.name[:_NAME_CHARS_MAX])
        _widths(page, sheet)
        for line, note in enumerate(sheet.notes):
            page.write_string(line, 0, note)
        top = len(sheet.notes)
        for at, name in enumerate(sheet.columns):
            page.write_string(top, at, name, strong)
        for line, row in enumerate(sheet.rows, start=top + 1):
            _write(page, line, row)
    book.close()
    return out.getvalue()


def _write(page: Any, line: int, row: Sequence[Cell]) -> None:  # noqa: ANN401 - no types there
    for at, cell in enumerate(row):
        if isinstance(cell, str):
            page.write_string(line, at, cell)
        elif cell is not None:
            page.write_number(line, at, cell)


def _widths(page: Any, sheet: Sheet) -> None:  # noqa: ANN401 - no types there
    for at, name in enumerate(sheet.columns):
        shown = [name, *(str(row[at]) for row in sheet.rows if row[at] is not None)]
        page.set_column(at, at, min(_WIDTH_MAX, max(map(_chars, shown)) + 2))


def _chars(word: str) -> int:
    """Return how many narrow letters are as wide as a text: Chinese ones count twice."""
    return sum(2 if char > "\u2e7f" else 1 for char in word)
