"""The cells of a table: a CSV file in, each row read with every fault in it noted.

Files come from Excel, so UTF-8 (with or without a mark) and GB18030 are read, commas, semicolons
and tabs, headers in English or Chinese, full-width digits.
"""

import csv
import io
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import chain, repeat
from types import MappingProxyType
from typing import Final, Protocol, TypeVar
from unicodedata import normalize

from devices.datum import Datum, to_wgs84
from devices.report import clean
from dispatch.hours import HoursRefused, hours_text, read_hours

ROWS_MAX: Final = 100_000
BYTES_MAX: Final = 32 * 1024 * 1024
PROBLEMS_MAX: Final = 100
VALUE_CHARS_MAX: Final = 80
WORD_CHARS_MAX: Final = 64
YEAR_MIN: Final = 1880

_CODE_CHARS_MAX: Final = 131_072  # as long as the csv module lets a cell be
_DAMAGED_ONE_IN: Final = 10  # UTF-8 with fewer bad bytes than this is damaged, not GB18030
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
LOGIN: Final = re.compile(r"[A-Za-z0-9._:@-]{1,64}")
_ROUNDED: Final = re.compile(r"\d(\.\d+)?E\+\d+")  # what Excel makes of a long number
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,4}(\.[0-9]{1,20})?")
_DATE: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})")
_TELEPHONE: Final = re.compile(r"\+?[0-9]{3,15}")
_TELEPHONE_MARKS: Final = dict.fromkeys(map(ord, " -()"))
_LIST_MARKS: Final = re.compile(r"[;、,]")  # full-width ； and ， have become these


class Built(Protocol):
    """What is made of a row."""

    @property
    def line(self) -> int:
        """Return where it stands in the file."""
        ...


_Choice = TypeVar("_Choice")
AnyRow = TypeVar("AnyRow", bound=Built)


class Wrong(StrEnum):
    """What is wrong, for pages that say it in their own language; `about` is what it is about."""

    UNREADABLE = "unreadable"  # no record begins here; about: why
    NOT_TEXT = "not_text"  # no CSV, or UTF-16
    NOT_UTF8 = "not_utf8"  # nor GB18030
    EMPTY_FILE = "empty_file"
    TOO_LARGE = "too_large"  # about: bytes
    TOO_MANY_ROWS = "too_many_rows"  # about: how many there may be
    UNKNOWN_COLUMN = "unknown_column"  # about: the known ones
    COLUMN_TWICE = "column_twice"
    COLUMN_MISSING = "column_missing"
    NO_COLUMN = "no_column"  # a cell without a name above it
    EMPTY = "empty"
    TWICE = "twice"  # about: the line that says it first
    TOO_LONG = "too_long"  # about: characters
    ROUNDED = "rounded"  # by Excel
    NO_ID = "no_id"
    UNKNOWN = "unknown"  # no such area, resident or caregiver here; about: which
    NOT_YOURS = "not_yours"
    HOURS = "hours"  # about: why they cannot be read
    NO_CHOICE = "no_choice"  # about: the words that can be chosen
    DATE = "date"  # about: the first year
    TELEPHONE = "telephone"
    NUMBER = "number"  # about: the least and the most
    HALF_A_POINT = "half_a_point"  # about: the column that has a value
    NOWHERE = "nowhere"  # longitude and latitude are 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault, at a place that the administrator can find."""

    line: int  # as an editor counts, from 1; 0 is the file as a whole
    column: str  # as the file spells it; "" is the line as a whole
    value: str  # cut to VALUE_CHARS_MAX
    message: str
    code: str = field(default="", compare=False)  # a Wrong; "" where only the message says it
    about: str = field(default="", compare=False)


class TableRefused(ValueError):
    """A table has faults and nothing was taken from it; the first PROBLEMS_MAX are listed."""

    def __init__(self, problems: tuple[Problem, ...], rows: "Sequence[Built]" = ()) -> None:
        super().__init__(f"{len(problems)} problems, the first: {problems[0].message}")
        self.problems = problems
        self.rows = rows  # those without a fault, when the file was read to its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a file's header may and must hold."""

    columns: Mapping[str, str]  # our name -> what else it may be called, separated by spaces
    required: tuple[str, ...]
    unique: tuple[str, ...]


class Problems:
    """The faults found so far; one too many ends the reading."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(
        self, line: int, column: str, value: str, message: str, code: Wrong, about: object = ""
    ) -> None:
        """Note a fault.

        Raises:
            TableRefused: there are now PROBLEMS_MAX of them.
        """
        value = clean(value, VALUE_CHARS_MAX)
        fault = Problem(
            line=line, column=column, value=value, message=message, code=code, about=f"{about}"
        )
        self._found.append(fault)
        if len(self._found) == PROBLEMS_MAX:
            self.check()

    def check(self, built: Sequence[Built] = ()) -> None:
        """Raise TableRefused, with the rows that have none, if any fault was noted."""
        if self._found:
            bad = {fault.line for fault in self._found}
            raise TableRefused(
                tuple(self._found), tuple(row for row in built if row.line not in bad)
            )


class Row:
    """One line's cells. Each reader notes a fault and returns an empty value in its place."""

    def __init__(self, line: int, cells: Mapping[str, tuple[str, str]], problems: Problems) -> None:
        self.line = line
        self._cells = cells  # our name of the column -> its name in the file, the cell
        self._problems = problems

    def wrong(self, column: str, message: str, code: Wrong, about: object = "") -> None:
        """Note that a cell is at fault."""
        spelt, value = self._cells.get(column, (column, ""))
        self._problems.add(self.line, spelt, value, message, code, about)

    def code(self, column: str) -> str:
        """Return a cell that is no free text, with full-width characters made plain."""
        return clean(normalize("NFKC", self._cells.get(column, ("", ""))[1]), _CODE_CHARS_MAX)

    def text(self, column: str, chars_max: int) -> str:
        """Return a cell as one line of text."""
        text = clean(self._cells.get(column, ("", ""))[1], chars_max + 1)
        if len(text) > chars_max:
            message = f"must not be longer than {chars_max} characters"
            self.wrong(column, message, Wrong.TOO_LONG, chars_max)
        return text

    def id(self, column: str, pattern: re.Pattern[str] = _ID) -> str:
        """Return an id, "" if the cell is empty."""
        code = self.code(column)
        if code and _ROUNDED.fullmatch(code):
            message = "is a long number that Excel has rounded: format the column as text"
            self.wrong(column, message, Wrong.ROUNDED)
        elif code and not pattern.fullmatch(code):
            message = "must be 1 to 64 letters, digits or any of - _ . :"
            self.wrong(column, message, Wrong.NO_ID)
        return code

    def known(self, column: str, known: Container[str]) -> str:
        """Return an id that must be one of the known ones."""
        code = self.code(column)
        if code and code not in known:
            self.wrong(column, "is not known here", Wrong.UNKNOWN, code)
        return code

    def ids(self, column: str, known: Container[str]) -> tuple[str, ...]:
        """Return the distinct ids of a cell, in order, each of which must be known."""
        ids = (clean(one, _CODE_CHARS_MAX) for one in _LIST_MARKS.split(self.code(column)))
        distinct = tuple(dict.fromkeys(one for one in ids if one))
        for one in distinct:
            if one not in known:
                self.wrong(column, f"{one} is not known here", Wrong.UNKNOWN, one)
        return distinct

    def hours(self, column: str) -> str:
        """Return when somebody works, in one spelling; "" is always."""
        try:
            return hours_text(read_hours(self.code(column)))
        except HoursRefused as error:
            self.wrong(column, f"{error}", Wrong.HOURS, error)
            return ""

    def choice(self, column: str, choices: Mapping[str, _Choice]) -> _Choice | None:
        """Return what the cell's word stands for."""
        code = self.code(column).lower()
        if code and code not in choices:
            known = ", ".join(choices)
            self.wrong(column, f"must be one of {known}", Wrong.NO_CHOICE, known)
        return choices.get(code)

    def words(self, column: str) -> tuple[str, ...]:
        """Return the distinct words of a cell, in order, in lower case."""
        words = (clean(word, WORD_CHARS_MAX + 1) for word in _LIST_MARKS.split(self.code(column)))
        distinct = tuple(dict.fromkeys(word.lower() for word in words if word))
        if any(len(word) > WORD_CHARS_MAX for word in distinct):
            message = f"must not hold a word longer than {WORD_CHARS_MAX} characters"
            self.wrong(column, message, Wrong.TOO_LONG, WORD_CHARS_MAX)
        return distinct

    def born(self, column: str) -> date | None:
        """Return a date of birth."""
        code = self.code(column)
        found = _DATE.fullmatch(code)
        try:
            born = date(*map(int, found.groups())) if found else None
        except ValueError:  # 30 February
            born = None
        if code and (born is None or born.year < YEAR_MIN):
            message = f"must be a date like 1950-03-31 or 1950/3/31, since {YEAR_MIN}"
            self.wrong(column, message, Wrong.DATE, YEAR_MIN)
        return born

    def telephone(self, column: str) -> str:
        """Return a number to dial, without spaces, hyphens and brackets."""
        number = self.code(column).translate(_TELEPHONE_MARKS)
        if number and not _TELEPHONE.fullmatch(number):
            message = "must be 3 to 15 digits, perhaps after a +"
            self.wrong(column, message, Wrong.TELEPHONE)
        return number

    def number(self, column: str, least: float, most: float) -> float | None:
        """Return a number within bounds."""
        code = self.code(column)
        number = float(code) if _NUMBER.fullmatch(code) else None
        if number is not None and least <= number <= most:
            return number
        if code:
            message = f"must be a number from {least} to {most}"
            self.wrong(column, message, Wrong.NUMBER, f"{least} – {most}")
        return None

    def point(self, datum: Datum) -> tuple[float, float] | None:
        """Return the row's longitude and latitude in WGS-84, None if both cells are empty."""
        lon, lat = self.number("lon", -180, 180), self.number("lat", -90, 90)
        if lon is None or lat is None:
            for column, other in (("lon", "lat"), ("lat", "lon")):
                if self.code(other) and not self.code(column):
                    message = f"must not be empty when {other} is given"
                    self.wrong(column, message, Wrong.HALF_A_POINT, other)
            return None
        if lon == 0 and lat == 0:
            message = "and latitude are both 0, which is nobody's home"
            self.wrong("lon", message, Wrong.NOWHERE)
        return to_wgs84(lon, lat, datum)


def read(
    data: bytes,
    table: Table,
    build: Callable[[Row], AnyRow],
    rows_max: int,
    bytes_max: int,
) -> tuple[AnyRow, ...]:
    """Return what `build` makes of each row, or raise TableRefused with all that is wrong."""
    if len(data) > bytes_max:
        message = f"The file is larger than {bytes_max} bytes."
        raise _refusal(0, message, Wrong.TOO_LARGE, bytes_max)
    problems = Problems()
    built: list[AnyRow] = []
    seen: dict[tuple[str, str], int] = {}
    for row in _rows(_decoded(data), table, problems):
        if len(built) == rows_max:
            message = f"The file has more than {rows_max} rows."
            problems.add(row.line, "", "", message, Wrong.TOO_MANY_ROWS, rows_max)
            break
        _check_row(row, table, seen)
        built.append(build(row))
    problems.check(built)
    return tuple(built)


def _check_row(row: Row, table: Table, seen: dict[tuple[str, str], int]) -> None:
    """Note what is missing from the row, and what an earlier row has said already."""
    for column in table.required:
        if not row.code(column):
            row.wrong(column, "must not be empty", Wrong.EMPTY)
    for column in table.unique:
        code = row.code(column)
        if not code:
            continue
        line = seen.setdefault((column, code), row.line)
        if line != row.line:
            message = f"is the same on line {line} and on line {row.line}"
            row.wrong(column, message, Wrong.TWICE, line)


def _refusal(line: int, message: str, code: Wrong, about: object = "") -> TableRefused:
    """Return the refusal of a file that cannot be read at all."""
    fault = Problem(line=line, column="", value="", message=message, code=code, about=f"{about}")
    return TableRefused((fault,))


def _decoded(data: bytes) -> str:
    """Return the file's text."""
    if b"\0" in data:
        message = "The file is no CSV, or one in UTF-16: save it as CSV UTF-8."
        raise _refusal(0, message, Wrong.NOT_TEXT)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault = error
    if not _is_damaged_utf8(data):
        try:
            return data.decode("gb18030")
        except UnicodeDecodeError as error:
            fault = error
    line = data.count(b"\n", 0, fault.start) + 1
    message = "This line is neither UTF-8 nor GB18030: save the file as CSV UTF-8."
    raise _refusal(line, message, Wrong.NOT_UTF8)


def _is_damaged_utf8(data: bytes) -> bool:
    """Tell UTF-8 with a few bad bytes, which GB18030 would misread as other Chinese."""
    beyond_ascii = len(data) - len(data.translate(None, bytes(range(0x80, 0x100))))
    bad = data.decode("utf-8", "replace").count("\ufffd")
    return data.startswith(b"\xef\xbb\xbf") or bad * _DAMAGED_ONE_IN < beyond_ascii


def _rows(text: str, table: Table, problems: Problems) -> Iterator[Row]:
    """Yield the rows below the header that are not blank."""
    lines = _lines(text, problems)
    first = next(lines, None)
    if first is None:
        problems.check()
        raise _refusal(0, "The file is empty.", Wrong.EMPTY_FILE)
    header = _header(*first, table, problems)
    nameless = repeat(("", ""))  # for the cells beyond the header
    for line, cells in lines:
        named: dict[str, tuple[str, str]] = {}
        for (column, spelt), cell in zip(chain(header, nameless), cells, strict=False):
            if column:
                named[column] = (spelt, cell)
            elif cell.strip():
                message = "This cell has no column name above it."
                problems.add(line, "", cell, message, Wrong.NO_COLUMN)
        yield Row(line, MappingProxyType(named), problems)


def _lines(text: str, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the line where each record begins, and its cells, if any has text."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)  # a tie goes to the comma
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        message = f"The record that begins here cannot be read: {error}."
        problems.add(begins, "", "", message, Wrong.UNREADABLE, error)


def _header(line: int, cells: list[str], table: Table, problems: Problems) -> list[tuple[str, str]]:
    """Return our name and the file's name of each column, both "" for one without a name."""
    names = {
        name: column
        for column, others in table.columns.items()
        for name in (column, *others.split())
    }
    header: list[tuple[str, str]] = []
    for cell in cells:
        spelt = clean(cell, VALUE_CHARS_MAX)
        column = names.get(normalize("NFKC", spelt).strip().lower().replace(" ", "_"), "")
        if spelt and not column:
            known = ", ".join(table.columns)
            message = f"Unknown column; known are {known}."
            problems.add(line, spelt, "", message, Wrong.UNKNOWN_COLUMN, known)
        elif column and any(column == other for other, _ in header):
            message = f"The column {column} is there twice."
            problems.add(line, spelt, "", message, Wrong.COLUMN_TWICE)
        header.append((column, spelt))
    for column in table.required:
        if all(column != other for other, _ in header):
            problems.add(line, column, "", "This column is missing.", Wrong.COLUMN_MISSING)
    problems.check()
    return header
