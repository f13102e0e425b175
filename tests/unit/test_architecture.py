"""The drawings in ARCHITECTURE.md are the tables of the code."""

import re
from pathlib import Path

import pytest

from dispatch import attendance, claim, incident, notice, offer

TEXT = (Path(__file__).parents[2] / "ARCHITECTURE.md").read_text("utf-8")
ARROW = re.compile(r"^ +(\w+) --> (\w+): (\w+)$", re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("incident", incident.NEXT),
        ("offer", offer.NEXT),
        ("attendance", attendance.NEXT),
        ("claim", claim.NEXT),
        ("notice", notice.NEXT),
    ],
)
def test_the_drawing_shows_every_transition_and_no_other(name, table):
    drawing = TEXT.split(f"state {name} {{", 1)[1].split("}", 1)[0]
    drawn = ARROW.findall(drawing)
    coded = {(before, after, fact.__name__) for (before, fact), after in table.items()}
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == coded


def test_every_test_that_a_promise_names_is_there():
    root = Path(__file__).parents[2]
    table = TEXT.split("## Promises", 1)[1].split("\n## ", 1)[0]
    named = re.findall(r"`(tests/[\w/.]+)`", table)
    assert named
    assert [path for path in named if not (root / path).exists()] == []
