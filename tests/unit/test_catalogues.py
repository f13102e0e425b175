"""The pages' words: both languages say everything that is said, and nothing else."""

import json
import re
from pathlib import Path

import pytest

from app.register.cells import Wrong
from app.register.tables import Ability, CaregiverKind, Category, Communication
from devices.report import Kind, Source
from dispatch import errors, facts
from dispatch.areas import Level
from dispatch.attendance import AttendanceState
from dispatch.incident import DeskLevel
from dispatch.offer import OfferState
from dispatch.plans import Gravity
from dispatch.roster import Verdict
from dispatch.status import Status
from dispatch.wishes import Lack

PAGES = Path(__file__).parents[2] / "app" / "pages"
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in sorted(PAGES.rglob("*.mjs"))
    if "vendor" not in path.relative_to(PAGES).parts
)
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def catalogue(language):
    return json.loads((PAGES / "i18n" / f"{language}.json").read_text("utf-8"))


ZH, EN = catalogue("zh"), catalogue("en")
FAMILIES = {key.split(".")[0] for key in ZH}
# A key is written whole, "row.eta", or as a family and a value: word(t, "kind", …), t(`kind.${…}`).
WRITTEN = {
    key
    for key in re.findall(r"""["'`]([a-z_]+\.[a-z0-9_-]+)["'`]""", SOURCES)
    if key.split(".")[0] in FAMILIES
}
OPEN = set(re.findall(r'word\(t, "([a-z_]+)"', SOURCES)) | set(
    re.findall(r"(?:\bt\(|key: )`([a-z_]+)\.\$\{", SOURCES)
)


def snake(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


FACTS = [
    snake(name)
    for name, kind in vars(facts).items()
    if isinstance(kind, type)
    and issubclass(kind, facts.Fact)
    and {"incident_id", "offer_id", "attendance_id"} & set(kind.__annotations__)
]

REFUSALS = [
    snake(kind.__name__).replace("_", "-")
    for kind in errors.DispatchError.__subclasses__()
    if kind is not errors.PlanRefused  # an administrator's
]


def test_both_languages_have_the_same_keys_in_the_same_order():
    assert list(ZH) == list(EN)


@pytest.mark.parametrize("key", ZH)
def test_a_text_has_the_same_gaps_in_both_languages(key):
    assert set(PLACEHOLDER.findall(ZH[key])) == set(PLACEHOLDER.findall(EN[key]))
    assert ZH[key]
    assert EN[key]


def test_every_key_that_a_page_uses_has_a_text():
    assert sorted(WRITTEN - set(ZH)) == []


def test_every_text_is_used_by_a_page():
    unused = {key for key in ZH if key not in WRITTEN and key.split(".")[0] not in OPEN}
    assert sorted(unused) == []


def test_every_family_that_a_page_uses_has_words():
    assert sorted(OPEN - FAMILIES) == []


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("kind", list(Kind)),
        ("source", list(Source)),
        ("level", list(Level)),
        ("offer_state", list(OfferState)),
        ("attendance", list(AttendanceState)),
        ("fact", FACTS),
        ("gravity", [gravity.name.lower() for gravity in Gravity]),
        ("status", list(Status)),
        ("desk", list(DeskLevel)),
        ("verdict", list(Verdict)),
        ("lacks", list(Lack)),
        ("ability", list(Ability)),
        ("communication", list(Communication)),
        ("caregiver_kind", list(CaregiverKind)),
        ("people_category", list(Category)),
        ("import_fault", list(Wrong)),
        ("problem", REFUSALS),
    ],
)
def test_every_value_that_the_server_can_say_has_a_word(family, values):
    assert values
    assert [value for value in values if f"{family}.{value}" not in ZH] == []
