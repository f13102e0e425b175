"""What an administrator's file says about who suits: needs, keys, sex and working hours."""

import pytest

from app.register.cells import TableRefused
from app.register.tables import Sex, read_caregivers, read_residents
from devices.datum import Datum

AREAS = frozenset({"kaifu-01"})


def resident(columns, cells):
    text = f"id,name,area,{columns}\nr-1,李秀英,kaifu-01,{cells}\n"
    (row,) = read_residents(
        text.encode(), datum=Datum.WGS84, known_areas=AREAS, known_caregivers={"C1", "C2"}
    )
    return row


def caregiver(columns, cells):
    text = f"id,name,kind,area,{columns}\nc-1,王强,志愿者,kaifu-01,{cells}\n"
    (row,) = read_caregivers(text.encode(), datum=Datum.WGS84, known_areas=AREAS)
    return row


@pytest.mark.parametrize("columns", ["needs,wants_sex,key_holders", "照护需要,性别要求,钥匙持有人"])
def test_a_resident_says_what_is_needed_who_may_come_and_who_holds_the_key(columns):
    row = resident(columns, "Lifting；nursing,女,C2；C1")
    assert (row.needs, row.wants_sex, row.key_holders) == (
        ("lifting", "nursing"),
        Sex.FEMALE,
        ("C2", "C1"),
    )


@pytest.mark.parametrize("columns", ["sex,hours", "性别,工作时间"])
def test_a_caregiver_says_when_they_work(columns):
    row = caregiver(columns, "m,周一至周五 8:00-17:00；周六 22：00-6：00")
    assert (row.sex, row.hours) == (Sex.MALE, "mon-fri 08:00-17:00; sat 22:00-06:00")


def test_a_file_without_these_columns_leaves_them_open():
    row = resident("language", "zh")
    assert (row.needs, row.wants_sex, row.key_holders) == ((), None, ())
    other = caregiver("languages", "zh")
    assert (other.sex, other.hours) == (None, "")


@pytest.mark.parametrize(
    ("read", "column", "cell", "message"),
    [
        (resident, "key_holders", "C1;C9", "C9 is not known here"),
        (resident, "wants_sex", "x", "must be one of f, 女, m, 男"),
        (caregiver, "hours", "mon 8-17", "'mon 8-17' is not like mon-fri 08:00-17:00"),
        (caregiver, "hours", "mon 08:00-25:00", "'mon 08:00-25:00' names a time after 24:00"),
    ],
)
def test_a_bad_cell_is_named_by_line_and_column(read, column, cell, message):
    with pytest.raises(TableRefused) as refused:
        read(column, cell)
    (problem,) = refused.value.problems
    assert (problem.line, problem.column, problem.message) == (2, column, message)
