"""A journal as lines of JSON is read back as it was written, with people in it or without."""

# People and things go by plain words here.
# pyright: reportArgumentType=false

import pytest

from app.codec import encode
from app.storage.lines import LinesRefused, facts_in, line_of
from dispatch import facts as f
from tests.fakes import NOON

NOTE = f.NoteAdded(at=NOON, incident_id="I1", by="ann", text='她 "摔倒"\n')


def test_a_fact_is_read_back_as_it_was_written():
    (found,) = facts_in([line_of(7, encode(NOTE))])
    assert (found.number, found.fact) == (7, NOTE)


def test_what_is_personal_can_be_left_out():
    line = line_of(7, encode(NOTE), with_personal=False)
    assert "摔倒" not in line
    (found,) = facts_in([line, "\n"])
    assert found.fact == f.NoteAdded(at=NOON, incident_id="I1", by="ann")


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"number":1,"kind":"x","version":1,"body":{}}'])
def test_a_line_that_is_no_fact_is_refused_by_its_number(line):
    with pytest.raises(LinesRefused, match="Line 2"):
        list(facts_in([line_of(1, encode(NOTE)), line]))
