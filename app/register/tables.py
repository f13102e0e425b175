"""The tables an administrator imports: a CSV file in, checked rows or every fault in it out.

Nothing is taken from a file with a fault: a table that is half imported leaves somebody without
help. A row takes up to 0.1 ms, so call this from a thread.
"""

import csv
import io
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from app.register.cells import BYTES_MAX, LOGIN, ROWS_MAX, WORD_CHARS_MAX, Row, Table, read
from devices.datum import Datum

NAME_CHARS_MAX: Final = 100
ADDRESS_CHARS_MAX: Final = 300
NOTE_CHARS_MAX: Final = 1000
SPEED_KMH_MAX: Final = 150


class Sex(StrEnum):
    """As the registration says."""

    FEMALE = "f"
    MALE = "m"


class Category(StrEnum):
    """Why the person has a handset."""

    ELDER = "elder"
    CHILD = "child"
    DISABLED = "disabled"


class Ability(StrEnum):
    """How much a person can do alone."""

    SELF_CARING = "self_caring"
    PARTLY = "partly"  # needs help with a part of daily life
    DEPENDENT = "dependent"  # needs help with all of it, and may not open the door


class Communication(StrEnum):
    """How a call can be held with the person."""

    VOICE = "voice"
    HARD_OF_HEARING = "hard_of_hearing"  # speak up, and do not take silence for an answer
    TEXT_ONLY = "text_only"


class CaregiverKind(StrEnum):
    """In what capacity a caregiver comes."""

    GRID_WORKER = "grid_worker"
    COMMUNITY_NURSE = "community_nurse"
    HOME_SERVICE = "home_service"
    VOLUNTEER = "volunteer"
    NEIGHBOUR = "neighbour"  # of the house or the stairway, often its head
    PROPERTY_OFFICE = "property_office"
    FAMILY = "family"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentRow:
    """One resident; None or "" where the file says nothing."""

    line: int
    id: str
    name: str
    sex: Sex | None
    born: date | None
    category: Category | None
    ability: Ability | None
    lives_alone: bool | None
    language: str  # lower case
    communication: Communication | None
    telephone: str  # digits, perhaps after a +
    address: str
    area: str
    home: tuple[float, float] | None  # WGS-84 longitude, latitude
    medical: str
    key_note: str
    needs: tuple[str, ...] = ()  # skills, lower case, in the order of the file
    wants_sex: Sex | None = None  # of whoever comes
    key_holders: tuple[str, ...] = ()  # ids of caregivers


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetRow:
    """One handset and the resident who carries it."""

    line: int
    id: str
    resident: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverRow:
    """One caregiver; None or "" where the file says nothing."""

    line: int
    id: str
    name: str
    kind: CaregiverKind
    skills: tuple[str, ...]  # lower case, in the order of the file
    languages: tuple[str, ...]  # lower case, in the order of the file
    telephone: str  # digits, perhaps after a +
    area: str
    station: tuple[float, float] | None  # WGS-84 longitude, latitude
    speed_kmh: float | None
    login: str
    sex: Sex | None = None
    hours: str = ""  # as dispatch.hours writes them


TableRow: TypeAlias = ResidentRow | HandsetRow | CaregiverRow


_PLACE_COLUMNS: Final = {
    "telephone": "phone 电话 手机 手机号 手机号码 电话号码 联系电话",
    "area": "area_id 区域 社区 区域编号 社区编号 区域编码 社区编码 所属区域 所属社区",
    "lon": "longitude 经度",
    "lat": "latitude 纬度",
}
_RESIDENTS: Final = Table(
    columns={
        "id": "resident_id 编号 居民编号 老人编号 人员编号",
        "name": "姓名 名字",
        "sex": "gender 性别",
        "born": "birthday 出生日期 生日",
        "category": "类别 人员类别",
        "ability": "能力 自理能力 能力等级",
        "lives_alone": "独居 是否独居",
        "language": "语言 方言",
        "communication": "沟通 沟通方式",
        "address": "地址 住址 家庭住址 详细地址",
        "medical": "病史 既往病史 健康状况",
        "key_note": "钥匙 钥匙说明 钥匙备注",
        "needs": "需要 照护需要 所需技能",
        "wants_sex": "性别要求 护理员性别",
        "key_holders": "钥匙持有人 持钥匙人",
        **_PLACE_COLUMNS,
    },
    required=("id", "name", "area"),
    unique=("id",),
)
_HANDSETS: Final = Table(
    columns={
        "id": "handset_id imei 编号 设备编号 终端编号 设备号",
        "resident": "resident_id 居民 居民编号 老人编号 人员编号",
        "model": "型号 设备型号",
    },
    required=("id", "resident"),
    unique=("id",),
)
_CAREGIVERS: Final = Table(
    columns={
        "id": "caregiver_id 编号 人员编号 工号",
        "name": "姓名 名字",
        "kind": "类型 人员类型 身份",
        "skills": "技能",
        "languages": "语言 方言",
        "speed_kmh": "速度 时速",
        "login": "账号 登录名 登录账号",
        "sex": "gender 性别",
        "hours": "工作时间 上班时间 班次",
        **_PLACE_COLUMNS,
    },
    required=("id", "name", "kind", "area"),
    unique=("id", "login"),
)

Kind: TypeAlias = Literal["residents", "handsets", "caregivers"]
Language: TypeAlias = Literal["zh", "en"]
TABLES: Final[Mapping[Kind, Table]] = MappingProxyType(
    {"residents": _RESIDENTS, "handsets": _HANDSETS, "caregivers": _CAREGIVERS}
)
_EXAMPLES: Final[Mapping[Kind, Mapping[str, str]]] = MappingProxyType(
    {
        "residents": {
            "id": "R0001",
            "name": "李秀英",
            "sex": "女",
            "born": "1948-04-10",
            "category": "老人",
            "ability": "部分自理",
            "lives_alone": "是",
            "language": "zh",
            "communication": "语音",
            "telephone": "19900000001",
            "address": "吉福街社区15栋2单元403室",
            "area": "430105010007",
            "lon": "112.944234",
            "lat": "28.176618",
            "medical": "青霉素过敏",
            "key_note": "对门邻居有备用钥匙",
            "needs": "lifting",
            "wants_sex": "女",
            "key_holders": "",
        },
        "handsets": {"id": "H0001", "resident": "R0001", "model": "pendant"},
        "caregivers": {
            "id": "C001",
            "name": "王强",
            "kind": "网格员",
            "skills": "first_aid;lifting",
            "languages": "zh;en",
            "speed_kmh": "15",
            "login": "c001",
            "sex": "男",
            "hours": "mon-fri 08:00-17:00; sat 22:00-06:00",
            "telephone": "19900001001",
            "area": "430105010007",
            "lon": "112.949853",
            "lat": "28.178532",
        },
    }
)

_SEXES: Final = {"f": Sex.FEMALE, "女": Sex.FEMALE, "m": Sex.MALE, "男": Sex.MALE}
_FLAGS: Final = {
    **dict.fromkeys(("yes", "true", "1", "是"), True),
    **dict.fromkeys(("no", "false", "0", "否"), False),
}
_CATEGORIES: Final = {
    **dict.fromkeys(("elder", "老人", "老年人"), Category.ELDER),
    **dict.fromkeys(("child", "儿童", "孩子"), Category.CHILD),
    **dict.fromkeys(("disabled", "残疾人", "残疾"), Category.DISABLED),
}
_ABILITIES: Final = {
    **dict.fromkeys(("self_caring", "自理", "完全自理", "能力完好"), Ability.SELF_CARING),
    **dict.fromkeys(("partly", "部分自理", "半自理", "半失能"), Ability.PARTLY),
    **dict.fromkeys(("dependent", "完全依赖", "不能自理", "失能", "完全失能"), Ability.DEPENDENT),
}
_COMMUNICATIONS: Final = {
    **dict.fromkeys(("voice", "语音", "正常"), Communication.VOICE),
    **dict.fromkeys(("hard_of_hearing", "听力障碍", "听障", "重听"), Communication.HARD_OF_HEARING),
    **dict.fromkeys(("text_only", "文字", "仅文字"), Communication.TEXT_ONLY),
}
_KINDS: Final = {
    **dict.fromkeys(("grid_worker", "网格员"), CaregiverKind.GRID_WORKER),
    **dict.fromkeys(("community_nurse", "社区护士", "护士"), CaregiverKind.COMMUNITY_NURSE),
    **dict.fromkeys(("home_service", "居家服务", "家政", "护理员"), CaregiverKind.HOME_SERVICE),
    **dict.fromkeys(("volunteer", "志愿者"), CaregiverKind.VOLUNTEER),
    **dict.fromkeys(("neighbour", "邻居", "楼栋长", "楼长", "单元长"), CaregiverKind.NEIGHBOUR),
    **dict.fromkeys(("property_office", "物业", "物业人员"), CaregiverKind.PROPERTY_OFFICE),
    **dict.fromkeys(("family", "家属", "亲属", "家人"), CaregiverKind.FAMILY),
}


def read_residents(
    data: bytes,
    *,
    datum: Datum,
    known_areas: Container[str],
    known_caregivers: Container[str] = frozenset(),
    rows_max: int = ROWS_MAX,
    bytes_max: int = BYTES_MAX,
) -> tuple[ResidentRow, ...]:
    """Return the residents in a file whose coordinates are in `datum`.

    Raises:
        TableRefused: the file has a fault.
    """

    def resident(row: Row) -> ResidentRow:
        return ResidentRow(
            line=row.line,
            id=row.id("id"),
            name=row.text("name", NAME_CHARS_MAX),
            sex=row.choice("sex", _SEXES),
            born=row.born("born"),
            category=row.choice("category", _CATEGORIES),
            ability=row.choice("ability", _ABILITIES),
            lives_alone=row.choice("lives_alone", _FLAGS),
            language=row.text("language", WORD_CHARS_MAX).lower(),
            communication=row.choice("communication", _COMMUNICATIONS),
            telephone=row.telephone("telephone"),
            address=row.text("address", ADDRESS_CHARS_MAX),
            area=row.known("area", known_areas),
            home=row.point(datum),
            medical=row.text("medical", NOTE_CHARS_MAX),
            key_note=row.text("key_note", NOTE_CHARS_MAX),
            needs=row.words("needs"),
            wants_sex=row.choice("wants_sex", _SEXES),
            key_holders=row.ids("key_holders", known_caregivers),
        )

    return read(data, _RESIDENTS, resident, rows_max, bytes_max)


def template(kind: Kind, language: Language) -> bytes:
    """Return a file with every column and one row that shows how each is filled in.

    It begins with the mark by which Excel knows UTF-8.
    """
    table = TABLES[kind]
    example = _EXAMPLES[kind]
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(
        next((one for one in others.split() if not one.isascii()), name)
        if language == "zh"
        else name
        for name, others in table.columns.items()
    )
    writer.writerow(example.get(name, "") for name in table.columns)
    return f"\ufeff{written.getvalue()}".encode()


def read_handsets(
    data: bytes,
    *,
    known_residents: Container[str],
    rows_max: int = ROWS_MAX,
    bytes_max: int = BYTES_MAX,
) -> tuple[HandsetRow, ...]:
    """Return the handsets in a file.

    Raises:
        TableRefused: the file has a fault.
    """

    def handset(row: Row) -> HandsetRow:
        return HandsetRow(
            line=row.line,
            id=row.id("id"),
            resident=row.known("resident", known_residents),
            model=row.text("model", WORD_CHARS_MAX),
        )

    return read(data, _HANDSETS, handset, rows_max, bytes_max)


def read_caregivers(
    data: bytes,
    *,
    datum: Datum,
    known_areas: Container[str],
    rows_max: int = ROWS_MAX,
    bytes_max: int = BYTES_MAX,
) -> tuple[CaregiverRow, ...]:
    """Return the caregivers in a file whose coordinates are in `datum`.

    Raises:
        TableRefused: the file has a fault.
    """

    def caregiver(row: Row) -> CaregiverRow:
        return CaregiverRow(
            line=row.line,
            id=row.id("id"),
            name=row.text("name", NAME_CHARS_MAX),
            kind=row.choice("kind", _KINDS) or CaregiverKind.FAMILY,  # no kind: refused
            skills=row.words("skills"),
            languages=row.words("languages"),
            telephone=row.telephone("telephone"),
            area=row.known("area", known_areas),
            station=row.point(datum),
            speed_kmh=row.number("speed_kmh", 1, SPEED_KMH_MAX),
            login=row.id("login", LOGIN),
            sex=row.choice("sex", _SEXES),
            hours=row.hours("hours"),
        )

    return read(data, _CAREGIVERS, caregiver, rows_max, bytes_max)
