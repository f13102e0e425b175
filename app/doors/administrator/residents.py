"""Residents, as administrators keep them."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, ConfigDict, Field, StrictBool
from pydantic.config import JsonDict
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    AddressText,
    AdministratorDep,
    FileTooLarge,
    Form,
    HomeIsNowhere,
    IdPath,
    IdText,
    NameText,
    NoteText,
    PageOut,
    Point,
    PointOut,
    RegistryDep,
    SoughtDep,
    TelephoneText,
    WordText,
    body_of,
    file_body,
    point_out,
)
from app.doors.administrator.importing import ImportedOut, ImportIncomplete, TableUnfit
from app.errors import problems
from app.register import imports
from app.register.cells import YEAR_MIN
from app.register.erasure import StillInHelp, erase_resident
from app.register.masking import masked_identities, masked_telephone
from app.register.registry import AlreadyThere, Row, Scope
from app.security.access import Principal
from app.service import Service, ServiceDep
from app.storage.register import Sought
from devices.datum import Datum
from dispatch.errors import UnknownSubject

A_RESIDENT: Final[JsonDict] = {
    "id": "R0001",
    "area_id": "430105010007003",
    "name": "唐福生",
    "sex": "m",
    "born": "1948-04-10",
    "category": "elder",
    "ability": "partly",
    "lives_alone": True,
    "language": "zh",
    "communication": "voice",
    "telephone": "19900000001",
    "address": "通泰街街道吉福街社区15栋2单元403室",
    "home": {"lon": 112.944234, "lat": 28.176618},
    "medical": "青霉素过敏",
    "key_note": "对门邻居有备用钥匙",
    "needs": ["lifting"],
    "wants_sex": "f",
    "key_holders": [],
}
_CSV: Final = (
    "id,name,area,telephone,lon,lat\nR0001,唐福生,430105010007003,19900000001,112.94,28.17\n"
)

router = APIRouter(prefix="/residents", tags=["administrator: residents"])


def _a_date(value: str) -> str:
    if value and not date.fromisoformat(value).year >= YEAR_MIN:
        raise ValueError(f"must not be before {YEAR_MIN}")
    return value


Born = Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$"), AfterValidator(_a_date)]
State = Literal["home", "away", "in_hospital", "moved", "deceased"]
Category = Literal["elder", "child", "disabled"]
Ability = Literal["self_caring", "partly", "dependent"]
Communication = Literal["voice", "hard_of_hearing", "text_only"]
Sex = Literal["", "f", "m"]
Caregivers = Annotated[list[IdText], Field(max_length=100)]
Words = Annotated[list[WordText], Field(max_length=50)]


class ResidentIn(Form):
    """A new resident. Without `home` it is the middle of their community until somebody pins it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": A_RESIDENT})

    id: IdText
    area_id: IdText
    name: NameText
    state: State = "home"
    sex: Sex = ""
    born: Born = ""
    category: Category = "elder"
    ability: Ability = "self_caring"
    lives_alone: StrictBool = False
    language: WordText = ""
    communication: Communication = "voice"
    excluded: Caregivers = Field(default=[], description="Caregivers whom they do not want.")
    telephone: TelephoneText = ""
    address: AddressText = ""
    home: Point | None = None
    medical: NoteText = ""
    key_note: NoteText = ""
    needs: Words = Field(default=[], description="Skills that whoever comes must have.")
    wants_sex: Sex = Field(default="", description="Of whoever comes; empty is either.")
    key_holders: Caregivers = Field(default=[], description="Who of them can open the door.")


class ResidentChange(Form):
    """What changes; what is left out stays. `home` null takes the pin out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"state": "in_hospital"}}
    )

    area_id: IdText = ""
    name: NameText = ""
    state: State = "home"
    sex: Sex = ""
    born: Born = ""
    category: Category = "elder"
    ability: Ability = "self_caring"
    lives_alone: StrictBool = False
    language: WordText = ""
    communication: Communication = "voice"
    excluded: Caregivers = Field(default=[])
    telephone: TelephoneText = ""
    address: AddressText = ""
    home: Point | None = None
    medical: NoteText = ""
    key_note: NoteText = ""
    needs: Words = Field(default=[])
    wants_sex: Sex = ""
    key_holders: Caregivers = Field(default=[])


class ResidentOut(Form):
    """A resident."""

    id: str
    area_id: str
    name: str
    state: str
    sex: str
    born: str
    category: str
    ability: str
    lives_alone: bool
    language: str
    communication: str
    excluded: list[str]
    telephone: str
    address: str
    home: PointOut | None
    home_is_pinned: bool
    medical: str
    key_note: str
    needs: list[str]
    wants_sex: str
    key_holders: list[str]
    handset_ids: list[str]
    has_photo: bool


class ResidentListed(Form):
    """A resident as lists show them: numbers are masked, and where they live is not said."""

    id: str
    area_id: str
    name: str
    state: str
    category: str
    ability: str
    lives_alone: bool
    telephone: str = Field(description="Masked; whole in the resident's own record.")
    home_is_pinned: bool
    handset_ids: list[str]
    has_photo: bool


@router.get("", summary="List residents", responses=problems(*PROBLEMS))
async def residents(
    registry: RegistryDep,
    sought: SoughtDep,
    unpinned: Annotated[
        bool, Query(description="Only those whose home nobody has pinned.")
    ] = False,
) -> PageOut[ResidentListed]:
    """Return a page of the residents in your areas, by id; telephone numbers are masked."""
    wanted = Sought(q=sought.q, after=sought.after, limit=sought.limit, is_unpinned=unpinned)
    page = await registry.page("resident", wanted)
    return PageOut(items=[listed(row) for row in page.items], next=page.next)


@router.get("/{resident_id}", summary="One resident", responses=problems(*PROBLEMS, UnknownSubject))
async def resident(
    resident_id: IdPath, registry: RegistryDep, service: ServiceDep, who: AdministratorDep
) -> ResidentOut:
    """Return a resident with the handsets they carry. The look goes on record first."""
    row = await registry.get("resident", resident_id)
    await _look(service, who, resident_id, "opened the record")
    return _out(row)


@router.post(
    "",
    summary="Register a resident",
    status_code=http.HTTP_201_CREATED,
    responses={
        **problems(*PROBLEMS, AlreadyThere, UnknownSubject, HomeIsNowhere),
        200: {"description": "The same resident was there already"},
    },
)
async def create(body: ResidentIn, registry: RegistryDep, response: Response) -> ResidentOut:
    """Register a resident. Safe to repeat: the same one again is answered with 200."""
    row: Row = {"home_is_pinned": False, "lon": None, "lat": None, **body.model_dump()}
    row, is_new = await registry.create("resident", _housed(row, body.home, registry.scope))
    response.status_code = http.HTTP_201_CREATED if is_new else http.HTTP_200_OK
    return _out(row)


@router.patch(
    "/{resident_id}",
    summary="Change a resident",
    responses=problems(*PROBLEMS, UnknownSubject, HomeIsNowhere),
)
async def change(
    resident_id: IdPath,
    body: ResidentChange,
    registry: RegistryDep,
    service: ServiceDep,
    who: AdministratorDep,
) -> ResidentOut:
    """Change what the body names. Calls of the resident go on whatever the state says.

    The answer is the whole record, so it is a look, which goes on record.
    """

    def changed(row: Row) -> Row:
        row |= body.model_dump(exclude_unset=True, exclude={"home"})
        if "home" in body.model_fields_set:
            row["home_is_pinned"] = False
        return _housed(row, body.home, registry.scope)

    row = await registry.change("resident", resident_id, changed)
    await _look(service, who, resident_id, "changed the record")
    return _out(row)


@router.post(
    "/import",
    summary="Import residents from a CSV file",
    responses=problems(*PROBLEMS, TableUnfit, FileTooLarge, ImportIncomplete),
    openapi_extra=file_body("text/csv", _CSV),
)
async def import_(
    request: Request,
    datum: Annotated[Datum, Query(description="What the file's coordinates refer to.")],
    service: ServiceDep,
    registry: RegistryDep,
) -> ImportedOut:
    """Register every row of the file, or none: each fault is named by line and column.

    An empty cell keeps what is known. Who has no coordinates is placed in the middle of their
    community and listed in `unpinned`.
    """
    data = await body_of(request)
    imported = await imports.import_residents(service, data, datum=datum, scope=registry.scope)
    return ImportedOut.of(imported)


@router.post(
    "/{resident_id}/erase",
    summary="Erase what is known of a person",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*PROBLEMS, UnknownSubject, StillInHelp),
)
async def erase(resident_id: IdPath, service: ServiceDep, registry: RegistryDep) -> None:
    """Erase name, address, notes and places of a resident and of their closed calls, for good.

    The record of what happened stays, by id. Safe to repeat; refused while a call is open.
    """
    await registry.require("resident", [resident_id])
    await erase_resident(service, resident_id)


def listed(row: dict[str, Any]) -> ResidentListed:
    """Return a resident as lists show them."""
    known = {name: row[name] for name in ResidentListed.model_fields}
    known["telephone"] = masked_telephone(row["telephone"])
    known["name"] = masked_identities(row["name"])
    return ResidentListed(**known)


async def _look(service: Service, who: Principal, resident_id: str, reason: str) -> None:
    looks = service.security.looks
    await looks.record(
        looks.look(
            account_id=who.id,
            role=who.role.value,
            resident_id=resident_id,
            reason=reason,
            what="register",
        )
    )


def _housed(row: Row, home: Point | None, scope: Scope) -> Row:
    """Give the row its home: the one pinned now, the one pinned before, or the community."""
    if home is not None:
        row["lon"], row["lat"] = home.wgs84()
        row["home_is_pinned"] = True
    elif not row["home_is_pinned"] and row["area_id"] in scope.areas:
        row["lon"], row["lat"] = scope.centre(row["area_id"])
    return row


def _out(row: dict[str, Any]) -> ResidentOut:
    known = {name: row[name] for name in ResidentOut.model_fields if name != "home"}
    return ResidentOut(home=point_out(row), **known)
