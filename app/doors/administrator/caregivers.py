"""Caregivers, as administrators keep them."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, ConfigDict, Field, StrictBool
from pydantic.config import JsonDict
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    FileTooLarge,
    Form,
    HomeIsNowhere,
    IdPath,
    IdText,
    NameText,
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
from app.register.erasure import StillInHelp, erase_caregiver
from app.register.masking import masked_identities, masked_telephone
from app.register.registry import AlreadyThere, Row
from app.register.tables import SPEED_KMH_MAX
from app.service import ServiceDep
from devices.datum import Datum
from dispatch.errors import UnknownSubject
from dispatch.hours import hours_text, read_hours

A_CAREGIVER: Final[JsonDict] = {
    "id": "C001",
    "kind": "grid_worker",
    "skills": ["first_aid"],
    "languages": ["zh", "en"],
    "area_id": "430105010008",
    "speed_kmh": 15,
    "sex": "m",
    "hours": "mon-fri 08:00-17:00; sat 22:00-06:00",
    "station": {"lon": 112.949853, "lat": 28.178532},
    "name": "李磊",
    "telephone": "19900001001",
}
_CSV: Final = "id,name,kind,area,skills,lon,lat\nC001,李磊,grid_worker,430105010008,,112.9,28.1\n"

router = APIRouter(prefix="/caregivers", tags=["administrator: caregivers"])

Kind = Literal[
    "grid_worker",
    "community_nurse",
    "home_service",
    "volunteer",
    "neighbour",
    "property_office",
    "family",
]
Sex = Literal["", "f", "m"]


def _hours(value: str) -> str:
    return hours_text(read_hours(value))


Hours = Annotated[str, Field(max_length=2_000), AfterValidator(_hours)]
Words = Annotated[list[WordText], Field(max_length=50)]
Speed = Annotated[float, Field(ge=1, le=SPEED_KMH_MAX, allow_inf_nan=False)]


class CaregiverIn(Form):
    """A new caregiver. `station` is where they set out from when their phone says nothing."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": A_CAREGIVER})

    id: IdText
    kind: Kind
    skills: Words = Field(default=[])
    languages: Words = Field(default=[])
    area_id: IdText
    speed_kmh: Speed = imports.SPEED_KMH
    is_active: StrictBool = True
    sex: Sex = ""
    hours: Hours = Field(default="", description="When they work, local time; empty is always.")
    station: Point | None = None
    name: NameText
    telephone: TelephoneText = ""


class CaregiverChange(Form):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    kind: Kind = "family"
    skills: Words = Field(default=[])
    languages: Words = Field(default=[])
    area_id: IdText = ""
    speed_kmh: Speed = imports.SPEED_KMH
    is_active: StrictBool = True
    sex: Sex = ""
    hours: Hours = ""
    station: Point | None = None
    name: NameText = ""
    telephone: TelephoneText = ""


class CaregiverOut(Form):
    """A caregiver."""

    id: str
    kind: str
    skills: list[str]
    languages: list[str]
    area_id: str
    speed_kmh: float
    is_active: bool
    sex: str
    hours: str
    station: PointOut | None
    name: str
    telephone: str
    logins: list[str]


class CaregiverListed(Form):
    """A caregiver as lists show them: their telephone number is masked."""

    id: str
    kind: str
    area_id: str
    is_active: bool
    hours: str
    name: str
    telephone: str
    logins: list[str]


@router.get("", summary="List caregivers", responses=problems(*PROBLEMS))
async def caregivers(registry: RegistryDep, sought: SoughtDep) -> PageOut[CaregiverListed]:
    """Return a page of the caregivers in your areas, by id; telephone numbers are masked."""
    page = await registry.page("caregiver", sought)
    return PageOut(items=[listed(row) for row in page.items], next=page.next)


@router.get(
    "/{caregiver_id}", summary="One caregiver", responses=problems(*PROBLEMS, UnknownSubject)
)
async def caregiver(caregiver_id: IdPath, registry: RegistryDep) -> CaregiverOut:
    """Return a caregiver with their logins."""
    return _out(await registry.get("caregiver", caregiver_id))


@router.post(
    "",
    summary="Enrol a caregiver",
    status_code=http.HTTP_201_CREATED,
    responses={
        **problems(*PROBLEMS, AlreadyThere, UnknownSubject, HomeIsNowhere),
        200: {"description": "The same caregiver was there already"},
    },
)
async def create(body: CaregiverIn, registry: RegistryDep, response: Response) -> CaregiverOut:
    """Enrol a caregiver. Safe to repeat: the same one again is answered with 200."""
    row = _stationed(body.model_dump(), body.station)
    row, is_new = await registry.create("caregiver", row)
    response.status_code = http.HTTP_201_CREATED if is_new else http.HTTP_200_OK
    return _out(row)


@router.patch(
    "/{caregiver_id}",
    summary="Change a caregiver",
    responses=problems(*PROBLEMS, UnknownSubject, HomeIsNowhere),
)
async def change(
    caregiver_id: IdPath, body: CaregiverChange, registry: RegistryDep
) -> CaregiverOut:
    """Change what the body names. Who is not active is not asked any more."""

    def changed(row: Row) -> Row:
        row |= body.model_dump(exclude_unset=True, exclude={"station"})
        return _stationed(row, body.station) if "station" in body.model_fields_set else row

    return _out(await registry.change("caregiver", caregiver_id, changed))


@router.post(
    "/import",
    summary="Import caregivers from a CSV file",
    responses=problems(*PROBLEMS, TableUnfit, FileTooLarge, ImportIncomplete),
    openapi_extra=file_body("text/csv", _CSV),
)
async def import_(
    request: Request,
    datum: Annotated[Datum, Query(description="What the file's coordinates refer to.")],
    service: ServiceDep,
    registry: RegistryDep,
) -> ImportedOut:
    """Enrol every row of the file, or none: each fault is named by line and column.

    An empty cell keeps what is known. Those without a station are listed in `unpinned`. Accounts
    are not made: a file is no place for a password.
    """
    data = await body_of(request)
    imported = await imports.import_caregivers(service, data, datum=datum, scope=registry.scope)
    return ImportedOut.of(imported)


@router.post(
    "/{caregiver_id}/erase",
    summary="Erase what is known of a person",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*PROBLEMS, UnknownSubject, StillInHelp),
)
async def erase(caregiver_id: IdPath, service: ServiceDep, registry: RegistryDep) -> None:
    """Erase name, telephone, places and account of a caregiver, for good.

    The record of what they did stays, by id. Safe to repeat; refused while they are on duty or
    work is in hand.
    """
    await registry.require("caregiver", [caregiver_id])
    await erase_caregiver(service, caregiver_id)


def listed(row: dict[str, Any]) -> CaregiverListed:
    """Return a caregiver as lists show them."""
    known = {name: row[name] for name in CaregiverListed.model_fields}
    known["telephone"] = masked_telephone(row["telephone"])
    known["name"] = masked_identities(row["name"])
    return CaregiverListed(**known)


def _stationed(row: Row, station: Point | None) -> Row:
    row["lon"], row["lat"] = station.wgs84() if station is not None else (None, None)
    return row


def _out(row: dict[str, Any]) -> CaregiverOut:
    known = {name: row[name] for name in CaregiverOut.model_fields if name != "station"}
    return CaregiverOut(station=point_out(row), **known)
