"""Finding people: how names and numbers are typed, who fits best, and how many more there are."""

import asyncio

import pytest

from app.register.directory import CaregiverName, Directory, ResidentCard
from app.register.finder import COUNTED_MAX, SHOWN_MAX, Finder, needles_of
from app.register.spelling import digits_of, folded, numbers_of, spellings_of

PEOPLE = {
    "R0001": ("张丽", "138 0013-8000"),
    "R0002": ("张丽华", "0731-84512233"),
    "R0003": ("曾秀英", "+8613900001111"),
    "R0004": ("吕国强", "13700002222/84519999"),
    "R0005": ("Mary Smith", ""),
    "R0006": ("李秀英", ""),
    "R0007": ("王张丽", ""),
    "R0008": ("<script>", "120"),
}


def card(resident_id, name, telephone="", area_id="G1"):
    return ResidentCard(
        id=resident_id,
        name=name,
        telephone=telephone,
        address="",
        area_id=area_id,
        language="zh",
        communication="voice",
        state="home",
        ability="partly",
        category="elder",
        lives_alone=True,
        medical="",
        key_note="",
    )


@pytest.fixture
def directory():
    directory = Directory()
    for resident_id, (name, telephone) in PEOPLE.items():
        directory.residents[resident_id] = card(resident_id, name, telephone)
    directory.handsets = {"861234500012345": "R0001", "H-0002": "R0002"}
    directory.caregivers["C1"] = CaregiverName(
        id="C1", name="单雄信", kind="nurse", telephone="13512340000"
    )
    return directory


@pytest.fixture
def finder(directory):
    return Finder(directory)


def everybody(_):
    return True


async def find(finder, sought, is_mine=everybody):
    return (await finder.find(finder.residents, sought, is_mine)).ids


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("张丽", ["zhangli", "zl"]),
        ("曾丽", ["cengli", "cl", "zengli", "zl"]),
        ("吕", ["lv", "l"]),
        ("Mary Smith", ["marysmith", "ms", "smith"]),
        ("José", ["jose", "j"]),
        ("", []),
    ],
)
def test_a_name_is_spelled_whole_and_by_initials(name, expected):
    assert spellings_of(name) == expected


def test_a_surname_is_found_by_each_of_its_readings_and_no_name_by_very_many():
    assert "shanxiongxin" in spellings_of("单雄信")
    assert len(spellings_of("乐朝长重行")) <= 8


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("138 0013-8000", "13800138000"),
        ("+86 138 0013 8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("(0731) 8451 2233", "073184512233"),
        ("１３８００１３８０００", "13800138000"),
        ("8651 2233", "86512233"),
        ("", ""),
    ],
)
def test_a_number_is_its_digits_without_the_country(written, digits):
    assert digits_of(written) == digits


def test_of_several_numbers_in_one_field_each_is_found():
    assert numbers_of("13700002222/8451-9999") == ["13700002222", "84519999"]


def test_letters_are_typed_small_or_large_with_or_without_spaces():
    assert folded(" Zhang  Li ") == folded("zhangli") == folded("ZHANG-LI")
    assert folded("Lü") == "lv"


@pytest.mark.parametrize(
    ("sought", "expected"),
    [
        ("张丽", ("R0001", "R0002", "R0007")),  # whole, then beginning, then within
        ("秀英", ("R0003", "R0006")),
        ("zhangli", ("R0001", "R0002")),
        ("zhang li", ("R0001", "R0002")),
        ("ZL", ("R0001", "R0002")),
        ("z l h", ("R0002",)),
        ("zengxiuying", ("R0003",)),
        ("cxy", ("R0003",)),
        ("lvguoqiang", ("R0004",)),
        ("mary", ("R0005",)),
        ("smith", ("R0005",)),
        ("13800138000", ("R0001",)),
        ("+86 138-0013", ("R0001",)),
        ("8451", ("R0004", "R0002")),  # where the number begins so, then within
        ("2233", ("R0002",)),
        ("1111", ("R0003",)),
        ("9999", ("R0004",)),
        ("R0003", ("R0003",)),
        ("r 0003", ("R0003",)),
        ("<script>", ("R0008",)),
    ],
)
async def test_somebody_is_found_as_people_type(finder, sought, expected):
    assert await find(finder, sought) == expected


@pytest.mark.parametrize(
    "sought", ["", " ", "\t", "\0", "z", "138", "120", "-", "%", "_", "\ud800"]
)
async def test_what_says_too_little_finds_nobody(finder, sought):
    assert await find(finder, sought) == ()


async def test_no_word_is_found_across_the_border_of_another(finder):
    assert await find(finder, "00084512") == ()
    assert await find(finder, "丽\t张") == ()


async def test_only_those_in_ones_care_are_found_and_counted(finder):
    found = await finder.find(finder.residents, "zl", lambda one: one == "R0002")
    assert (found.ids, found.more) == (("R0002",), 0)


async def test_a_handset_is_found_by_its_id_or_four_digits_of_it(finder):
    for sought in ("861234500012345", "2345", "8612345"):
        found = await finder.find(finder.handsets, sought, everybody)
        assert found.ids == ("861234500012345",)
    assert (await finder.find(finder.handsets, "h-00", everybody)).ids == ("H-0002",)


async def test_a_caregiver_is_found_in_the_same_ways(finder):
    for sought in ("单雄信", "sxx", "danxiongxin", "1234", "c1"):
        assert (await finder.find(finder.caregivers, sought, everybody)).ids == ("C1",)


async def test_of_many_the_first_are_shown_and_the_rest_is_counted():
    directory = Directory()
    for number in range(100):
        directory.residents[f"R{number:03}"] = card(f"R{number:03}", "王芳")
    finder = Finder(directory)
    found = await finder.find(finder.residents, "wf", everybody)
    assert found.ids == tuple(f"R{number:03}" for number in range(SHOWN_MAX))
    assert (found.more, found.is_least) == (100 - SHOWN_MAX, False)


async def test_of_very_many_not_all_are_counted_but_whole_words_are_still_found():
    directory = Directory()
    for number in range(COUNTED_MAX * 4):
        directory.residents[f"R{number}"] = card(f"R{number}", "王芳芳")
    directory.residents["R"] = card("R", "王芳")
    finder = Finder(directory)
    for sought in ("wangfang", "王芳", "wf"):
        found = await finder.find(finder.residents, sought, everybody)
        assert found.is_least
        assert COUNTED_MAX - SHOWN_MAX <= found.more < COUNTED_MAX + 100
        assert found.ids[0] == "R"


async def test_a_changed_card_is_found_as_it_is_now(finder, directory):
    assert await find(finder, "zhangli") == ("R0001", "R0002")
    directory.residents["R0001"] = card("R0001", "赵敏")
    finder.residents.add("R0001")
    directory.residents["R0009"] = card("R0009", "张力")
    finder.residents.add("R0009")
    assert await find(finder, "zhangli") == ("R0009", "R0002")
    assert await find(finder, "zm") == ("R0001",)


def test_an_erased_name_leaves_the_index_at_once(finder, directory):
    for index in range(len(finder.residents._portions)):
        finder.residents.write(index)
    finder.residents.add("R0003")
    texts = [column.text for one in finder.residents._portions if one for column in one.values()]
    assert any("李秀英" in text for text in texts)
    assert not any("曾秀英" in text for text in texts)


async def test_one_resident_is_like_what_is_sought_by_the_same_rules(finder):
    for sought in ("张丽", "zhangl", "zl", "00138", "r0001"):
        assert finder.is_like("R0001", sought)
    for sought in ("李", "zhanglihua", "138", "hangli"):
        assert not finder.is_like("R0001", sought)
    assert not finder.is_like("R404", "zl")


async def test_looking_gives_others_their_turn(finder, monkeypatch):
    monkeypatch.setattr("app.register.finder.SLICE_S", 0.0)
    turns = 0

    async def count():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(count())
    await find(finder, "zl")
    await finder.warm()
    other.cancel()
    assert turns > 100


def test_a_short_number_is_not_looked_for():
    assert needles_of("138") == []
