"""On which line of a TOML file a table, an entry or a row of a list stands.

Python's TOML reader does not tell, and an administrator must find the fault. Written for the ways
in which plans are written: `[table]` headers, `name = value`, rows `{ … }` or `[[table.list]]`.
What is written otherwise is found by its table, or not at all.
"""

import re
from typing import Final

_HEADER: Final = re.compile(r"^\[{1,2}\s*([^\[\]{}=,#]+?)\s*\]{1,2}\s*(?:#.*)?$")


class Lines:
    """The lines of one file, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines = [line.strip() for line in text.splitlines()]
        self._headers = [_header(line) for line in self._lines]

    def of(self, table: str, row: str = "", entry: str = "") -> int | None:
        """Return where the entry stands, else its row or table; None when that is not found.

        `table` is the dotted name, "file" for what stands before all tables. `row` names a list
        of the table and counts from 0, as "ladder/2".
        """
        start = 0 if table == "file" else self._after_header(table, 0)
        if start is None:
            return None
        if row:
            return self._row(table, start, row, entry)
        found = self._entry(start, entry) if entry else None
        return found or (start if table != "file" else None)

    def _after_header(self, table: str, number: int) -> int | None:
        """Return the number of the line with the header of this name, the n-th of its kind."""
        for index, name in enumerate(self._headers):
            if name == table:
                if number == 0:
                    return index + 1
                number -= 1
        return None

    def _entry(self, start: int, entry: str) -> int | None:
        """Return the line of `entry = …` in the table whose header is on line `start`."""
        written = re.compile(rf"^[\"']?{re.escape(entry)}[\"']?\s*[=.]")
        for index in range(start, len(self._lines)):
            if self._headers[index]:
                return None
            if written.match(self._lines[index]):
                return index + 1
        return None

    def _row(self, table: str, start: int, row: str, entry: str) -> int:
        name, _, number = row.partition("/")
        first = self._entry(start, name)
        if first is None:
            own = self._after_header(f"{table}.{name}", int(number))
            return start if own is None else (entry and self._entry(own, entry)) or own
        left = int(number) + 1
        for index in range(first - 1, len(self._lines)):
            left -= self._lines[index].count("{")
            if left <= 0:
                return index + 1
        return first


def _header(line: str) -> str:
    """Return the dotted name of a table's header without quotes and spaces, "" for other lines."""
    found = _HEADER.match(line)
    return re.sub(r"[\"'\s]", "", found.group(1)) if found else ""
