"""Files for people: they say what the tables say, and a cell never runs."""

import csv
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.sheets import Sheet, csv_of, plain, xlsx_of
from app.figures.words import say, word

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", '=HYPERLINK("http://x")']


def sheet(*rows: list) -> Sheet:
    return Sheet(name="表", notes=["说明"], columns=["名", "数"], rows=rows)


@pytest.mark.parametrize("cell", EVIL)
def test_a_text_that_looks_like_a_formula_is_written_as_a_text(cell: str):
    rows = list(csv.reader(io.StringIO(csv_of([sheet([cell, 1])]).decode("utf-8-sig"), newline="")))
    assert rows[-1] == [f"'{cell}", "1"]
    with zipfile.ZipFile(io.BytesIO(xlsx_of([sheet([cell, 1])]))) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
        assert not [name for name in book.namelist() if "rels" in name and "sheet1" in name]
    assert "<f>" not in page
    assert "inlineStr" in page


def test_numbers_stay_numbers_and_nothing_stays_empty():
    assert [plain(one) for one in (-1, 0.5, None, "-")] == [-1, 0.5, "", "'-"]
    with zipfile.ZipFile(io.BytesIO(xlsx_of([sheet(["a", -1.5], ["b", None])]))) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>-1.5</v>" in page


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])), max_size=5))
def test_whatever_the_cells_say_a_csv_reads_back(cells: list[str]):
    rows = list(csv.reader(io.StringIO(csv_of([sheet(cells)]).decode("utf-8-sig"), newline="")))
    assert rows[-1] == [plain(one) for one in cells] or "\0" in "".join(cells)
    assert not [cell for cell in rows[-1] if cell.lstrip(" ").startswith(tuple("=+-@"))]


def test_words_are_those_of_the_pages():
    assert word("en", "kind", "sos") == "SOS"
    assert word("en", "kind", "lamp_broken") == "lamp_broken"
    assert say("en", "no.such") == "no.such"
    assert "2026" in say("zh", "reports.days", first="2026", last="2", zone="3")
