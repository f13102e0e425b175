"""Files to fill in: what we hand out, we read."""

import pytest

from app.register.tables import TABLES, read_caregivers, read_handsets, read_residents, template
from devices.datum import Datum

AREAS = frozenset({"430105010007"})


def read(kind, data):
    if kind == "handsets":
        return read_handsets(data, known_residents={"R0001"})
    if kind == "residents":
        return read_residents(data, datum=Datum.WGS84, known_areas=AREAS)
    return read_caregivers(data, datum=Datum.WGS84, known_areas=AREAS)


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_template_is_read_without_a_fault_in_either_language(kind, language):
    (row,) = read(kind, template(kind, language))
    assert row.id in {"R0001", "H0001", "C001"}


@pytest.mark.parametrize("kind", TABLES)
def test_a_template_has_every_column_and_the_mark_that_excel_knows(kind):
    data = template(kind, "en")
    assert data.startswith(b"\xef\xbb\xbf")
    header = data.decode("utf-8-sig").splitlines()[0]
    assert header.split(",") == list(TABLES[kind].columns)
    chinese = template(kind, "zh").decode("utf-8-sig").splitlines()[0]
    assert all(name == "IMEI" or not name.isascii() for name in chinese.split(","))
