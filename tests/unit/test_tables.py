"""What an administrator's file becomes, and what is said about a faulty one."""

import contextlib
import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.register.cells import PROBLEMS_MAX, Problem, TableRefused
from app.register.tables import (
    Ability,
    CaregiverKind,
    CaregiverRow,
    Category,
    Communication,
    HandsetRow,
    ResidentRow,
    Sex,
    read_caregivers,
    read_handsets,
    read_residents,
)
from devices.datum import Datum, from_wgs84

AREAS = frozenset({"kaifu-01", "kaifu-02"})
FULL = (
    "id,name,sex,born,category,ability,lives_alone,language,communication,telephone,address,"
    "area,lon,lat,medical,key_note\n"
    "r-1,李秀英,f,1941-03-05,elder,partly,yes,Changsha,hard_of_hearing,0731-8888 8888,"
    '"东风路 1 号, 3 栋",'
    "kaifu-01,112.985525,28.201336,高血压,门垫下\n"
)
LI = ResidentRow(
    line=2,
    id="r-1",
    name="李秀英",
    sex=Sex.FEMALE,
    born=date(1941, 3, 5),
    category=Category.ELDER,
    ability=Ability.PARTLY,
    lives_alone=True,
    language="changsha",
    communication=Communication.HARD_OF_HEARING,
    telephone="073188888888",
    address="东风路 1 号, 3 栋",
    area="kaifu-01",
    home=(112.985525, 28.201336),
    medical="高血压",
    key_note="门垫下",
)
CHINESE = (
    "编号,姓名,性别,出生日期,人员类别,自理能力,是否独居,方言,沟通方式,联系电话,家庭住址,社区编号,"
    "经度,纬度,既往病史,钥匙备注\n"
    "r-1,李秀英,女,1941/3/5,老人,半失能,是,Changsha,重听,０７３１－８８８８８８８８,"
    '"东风路 1 号, 3 栋",'
    "kaifu-01,112.985525,28.201336,高血压,门垫下\n"
)


def residents(text, *, datum=Datum.WGS84, **bounds):
    data = text if isinstance(text, bytes) else text.encode()
    return read_residents(data, datum=datum, known_areas=AREAS, **bounds)


def caregivers(text, *, datum=Datum.WGS84):
    return read_caregivers(text.encode(), datum=datum, known_areas=AREAS)


def handsets(text):
    return read_handsets(text.encode(), known_residents={"r-1", "r-2"})


def problems(read, text, **named):
    with pytest.raises(TableRefused) as refused:
        read(text, **named)
    return refused.value.problems


def cell_problem(column, cell):
    """Return what is said about one cell of an otherwise good resident."""
    header, row = ["id", "name", "area"], ["r-1", "李秀英", "kaifu-01"]
    if column in header:
        row[header.index(column)] = cell
    else:
        header.append(column)
        row.append(cell)
    file = io.StringIO()
    csv.writer(file).writerows([header, row])
    (problem,) = problems(residents, file.getvalue())
    return problem


def resident_with(column, cell):
    (row,) = residents(f"id\tname\tarea\t{column}\nr-1\t李秀英\tkaifu-01\t{cell}\n")
    return getattr(row, column)


def test_a_whole_resident_is_read_cell_by_cell():
    assert residents(FULL) == (LI,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("text", [FULL, CHINESE])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_reads_the_same_in_every_spelling_that_excel_saves(encoding, text, line_end):
    assert residents(text.replace("\n", line_end).encode(encoding)) == (LI,)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_read_from_the_header(delimiter):
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows(csv.reader(io.StringIO(FULL)))
    assert residents(file.getvalue()) == (LI,)


def test_what_a_resident_does_not_say_is_left_open():
    assert residents("name,area,id\n李秀英,kaifu-01,r-1\n") == (
        ResidentRow(
            line=2,
            id="r-1",
            name="李秀英",
            sex=None,
            born=None,
            category=None,
            ability=None,
            lives_alone=None,
            language="",
            communication=None,
            telephone="",
            address="",
            area="kaifu-01",
            home=None,
            medical="",
            key_note="",
        ),
    )


def test_blank_lines_and_blank_cells_beyond_the_header_say_nothing():
    text = "\n\nid,name,area,\n\n,,,\nr-1,李秀英,kaifu-01,,,\n \nr-2,王强,kaifu-02\n\n"
    assert [(row.line, row.id) for row in residents(text)] == [(6, "r-1"), (8, "r-2")]


def test_a_cell_over_two_lines_does_not_shift_the_count():
    text = 'id,name,area,medical\nr-1,李秀英,kaifu-01,"高血压\n糖尿病"\nr-2,王强,kaifu-01,\n'
    assert [(row.line, row.medical) for row in residents(text)] == [(2, "高血压 糖尿病"), (4, "")]


def test_a_table_with_a_header_only_is_empty():
    assert residents("id,name,area\n") == ()


@pytest.mark.parametrize("datum", list(Datum))
def test_coordinates_are_converted_from_the_datum_of_the_file(datum):
    lon, lat = from_wgs84(112.985525, 28.201336, datum)
    (row,) = residents(f"id,name,area,lon,lat\nr-1,李,kaifu-01,{lon},{lat}\n", datum=datum)
    assert row.home == pytest.approx((112.985525, 28.201336), abs=1e-7)


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("sex", "M", Sex.MALE),
        ("sex", "男", Sex.MALE),
        ("born", "1941-3-5", date(1941, 3, 5)),
        ("category", "儿童", Category.CHILD),
        ("category", "残疾人", Category.DISABLED),
        ("ability", "自理", Ability.SELF_CARING),
        ("ability", "完全依赖", Ability.DEPENDENT),
        ("lives_alone", "TRUE", True),
        ("lives_alone", "1", True),
        ("lives_alone", "否", False),
        ("lives_alone", "no", False),
        ("communication", "text_only", Communication.TEXT_ONLY),
        ("communication", "语音", Communication.VOICE),
        ("telephone", "+86 (731) 8888-8888", "+8673188888888"),
        ("telephone", "120", "120"),
        ("medical", "a\x07b", "ab"),
    ],
)
def test_cells_are_read_as_people_write_them(column, cell, value):
    assert resident_with(column, cell) == value


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("id", "r 1", "must be 1 to 64 letters"),
        ("id", "r" * 65, "must be 1 to 64 letters"),
        ("id", "老人1", "must be 1 to 64 letters"),
        ("id", "8.61234E+14", "Excel has rounded"),
        ("id", " \u3000", "must not be empty"),
        ("name", "\x07", "must not be empty"),
        ("name", "李" * 101, "longer than 100 characters"),
        ("area", "yuelu", "is not known here"),
        ("area", "", "must not be empty"),
        ("sex", "x", "one of f, 女, m, 男"),
        ("born", "5 March 1941", "must be a date"),
        ("born", "1941-02-30", "must be a date"),
        ("born", "1841-02-03", "since 1880"),
        ("category", "pet", "must be one of"),
        ("ability", "strong", "must be one of"),
        ("lives_alone", "maybe", "must be one of"),
        ("communication", "pigeon", "must be one of"),
        ("telephone", "1.38E+10", "3 to 15 digits"),
        ("telephone", "no", "3 to 15 digits"),
        ("address", "路" * 301, "longer than 300 characters"),
        ("medical", "药" * 1001, "longer than 1000 characters"),
    ],
)
def test_a_bad_cell_is_named_with_its_place(column, cell, message):
    problem = cell_problem(column, cell)
    assert (problem.line, problem.column) == (2, column)
    assert message in problem.message
    assert len(problem.value) <= 80


@pytest.mark.parametrize(
    ("lon", "lat", "column", "message"),
    [
        ("112.9", "", "lat", "must not be empty when lon is given"),
        ("", "28.2", "lon", "must not be empty when lat is given"),
        ("28.2", "112.9", "lat", "from -90 to 90"),
        ("180.1", "28.2", "lon", "from -180 to 180"),
        ("east", "28.2", "lon", "must be a number"),
        ("nan", "28.2", "lon", "must be a number"),
        ("1_1", "28.2", "lon", "must be a number"),
        ("0", "0.0", "lon", "both 0"),
    ],
)
def test_a_resident_has_both_coordinates_or_neither(lon, lat, column, message):
    (problem,) = problems(residents, f"id,name,area,lon,lat\nr-1,李,kaifu-01,{lon},{lat}\n")
    assert problem.column == column
    assert message in problem.message


def test_a_fault_is_told_in_the_words_of_the_file():
    assert problems(residents, "编号,姓名,社区\nr-1,李秀英,yuelu\n") == (
        Problem(line=2, column="社区", value="yuelu", message="is not known here"),
    )


def test_every_fault_is_told_and_nothing_is_taken():
    text = "id,name,area,sex\nr-1,李,kaifu-01,f\nr-2,,yuelu,x\nr 3,王,kaifu-01,m\n"
    assert [(problem.line, problem.column) for problem in problems(residents, text)] == [
        (3, "name"),
        (3, "sex"),
        (3, "area"),
        (4, "id"),
    ]


def test_a_hopeless_file_is_not_read_to_its_end():
    text = "id,name,area\n" + "?,李,kaifu-01\n" * 5000
    found = problems(residents, text)
    assert len(found) == PROBLEMS_MAX
    assert found[0].line == 2


def test_an_id_that_is_there_twice_is_named_with_both_lines():
    text = "id,name,area\nr-1,李,kaifu-01\nr-2,王,kaifu-01\nｒ－１,张,kaifu-01\n"
    (problem,) = problems(residents, text)
    assert (problem.line, problem.column) == (4, "id")
    assert problem.message == "is the same on line 2 and on line 4"


@pytest.mark.parametrize(
    ("header", "column", "message"),
    [
        ("id,name,area,shoe size", "shoe size", "Unknown column"),
        ("id,name", "area", "This column is missing."),
        ("id,name,area,编号", "编号", "The column id is there twice."),
    ],
)
def test_a_wrong_header_is_told_before_any_row_is_read(header, column, message):
    (problem,) = problems(residents, f"{header}\n?,?,?,?\n")
    assert (problem.line, problem.column) == (1, column)
    assert problem.message.startswith(message)


def test_a_header_may_be_written_with_capitals_and_spaces():
    (row,) = residents("ID,Name,Area,Lives Alone\nr-1,李,kaifu-01,yes\n")
    assert row.lives_alone is True


@pytest.mark.parametrize("header", ["id,name,area", "id,name,area,"])
def test_a_cell_under_no_name_is_a_fault(header):
    (problem,) = problems(residents, f"{header}\nr-1,李,kaifu-01,stray\n")
    assert (problem.line, problem.column, problem.value) == (2, "", "stray")


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", 0, "empty"),
        (b"\xef\xbb\xbf\n \n", 0, "empty"),
        ("id,name,area\n".encode("utf-16"), 0, "UTF-16"),
        (b"id,name,area\nr-1,\xff\xff,kaifu-01\n", 2, "neither"),
        (b"\xef\xbb\xbfid,name,area\nr-1,\xc0\xee,kaifu-01\n", 2, "neither"),
        (FULL.encode().replace("高".encode(), b"\xe9\xab"), 2, "neither"),
        (b'id,name,area\nr-1,"Li,kaifu-01\nr-2,Wang,kaifu-01\n', 2, "cannot be read"),
        (b'"id,name,area\n', 1, "cannot be read"),
        (b"id,name,area\nr-1," + b"x" * 140_000 + b",kaifu-01\n", 2, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(data, line, message):
    (problem,) = problems(residents, data)
    assert problem.line == line
    assert message in problem.message


def test_a_file_is_bounded_in_bytes_and_rows():
    text = "id,name,area\nr-1,李,kaifu-01\nr-2,王,kaifu-01\n"
    size = len(text.encode())
    assert len(residents(text, rows_max=2, bytes_max=size)) == 2
    (problem,) = problems(residents, text, bytes_max=size - 1)
    assert f"larger than {size - 1} bytes" in problem.message
    (problem,) = problems(residents, text, rows_max=1)
    assert (problem.line, problem.message) == (3, "The file has more than 1 rows.")


def test_a_refusal_says_its_first_fault():
    with pytest.raises(TableRefused, match="1 problems, the first: is not known here"):
        residents("id,name,area\nr-1,李,yuelu\n")


def test_handsets_are_paired_with_known_residents():
    assert handsets("设备编号;居民编号;型号\n861234567890123;r-1;G30\nh-2;r-2;\n") == (
        HandsetRow(line=2, id="861234567890123", resident="r-1", model="G30"),
        HandsetRow(line=3, id="h-2", resident="r-2", model=""),
    )


def test_a_handset_of_nobody_is_a_fault():
    found = problems(handsets, "id,resident\nh-1,r-9\nh-2,\n")
    assert [(problem.line, problem.column, problem.message) for problem in found] == [
        (2, "resident", "is not known here"),
        (3, "resident", "must not be empty"),
    ]


def test_a_whole_caregiver_is_read_cell_by_cell():
    text = (
        "id,name,kind,skills,languages,telephone,area,lon,lat,speed_kmh,login\n"
        "c-1,王强,社区护士,First_Aid；cpr、first_aid;;,普通话，长沙话,13800000000,kaifu-01,"
        "112.9,28.2,15.5,wang@kaifu\n"
        "c-2,张敏,volunteer,,,,kaifu-02,,,,\n"
    )
    assert caregivers(text) == (
        CaregiverRow(
            line=2,
            id="c-1",
            name="王强",
            kind=CaregiverKind.COMMUNITY_NURSE,
            skills=("first_aid", "cpr"),
            languages=("普通话", "长沙话"),
            telephone="13800000000",
            area="kaifu-01",
            station=(112.9, 28.2),
            speed_kmh=15.5,
            login="wang@kaifu",
        ),
        CaregiverRow(
            line=3,
            id="c-2",
            name="张敏",
            kind=CaregiverKind.VOLUNTEER,
            skills=(),
            languages=(),
            telephone="",
            area="kaifu-02",
            station=None,
            speed_kmh=None,
            login="",
        ),
    )


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("网格员", CaregiverKind.GRID_WORKER),
        ("居家服务", CaregiverKind.HOME_SERVICE),
        ("志愿者", CaregiverKind.VOLUNTEER),
        ("物业", CaregiverKind.PROPERTY_OFFICE),
        ("家属", CaregiverKind.FAMILY),
        *((str(kind), kind) for kind in CaregiverKind),
    ],
)
def test_every_kind_of_caregiver_has_its_words(word, kind):
    (row,) = caregivers(f"id,name,kind,area\nc-1,王,{word},kaifu-01\n")
    assert row.kind is kind


def test_the_faults_of_caregivers_are_told():
    text = (
        "id,name,kind,area,skills,speed_kmh,login\n"
        f"c-1,王,king,kaifu-01,{'x' * 65},0,a b\n"
        "c-2,张,,kaifu-01,,151,zhang\n"
        "c-3,李,family,kaifu-01,,,zhang\n"
    )
    assert [(problem.line, problem.column) for problem in problems(caregivers, text)] == [
        (2, "kind"),
        (2, "skills"),
        (2, "speed_kmh"),
        (2, "login"),
        (3, "kind"),
        (3, "speed_kmh"),
        (4, "login"),
    ]


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_below_a_header_are_rows_or_a_refusal(data):
    header = b"id,name,area,born,telephone,lon,lat\n"
    with contextlib.suppress(TableRefused):
        assert all(row.name for row in residents(header + data))


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_rows_or_a_refusal(data):
    with contextlib.suppress(TableRefused):
        residents(data)
