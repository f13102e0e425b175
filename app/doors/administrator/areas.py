"""Areas: the district, its streets, communities and grids."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, ConfigDict, Field
from pydantic.config import JsonDict
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    EverythingDep,
    FileTooLarge,
    Form,
    IdPath,
    IdText,
    NameText,
    PageOut,
    Point,
    PointOut,
    RegistryDep,
    SoughtDep,
    TelephoneText,
    body_of,
    file_body,
    point_out,
)
from app.doors.administrator.importing import ImportedOut, ImportIncomplete, TableUnfit
from app.doors.waiting import call
from app.errors import problems
from app.register import imports
from app.register.borders import MiddleMissing, OutlineUnfit, ParentUnfit, outlined, require_parent
from app.register.directory import Officer
from app.register.registry import AlreadyThere, EverywhereNeeded, Registry, Row
from app.service import Service, ServiceDep
from devices.datum import Datum
from dispatch.errors import UnknownSubject
from dispatch.facts import OfficerNamed
from dispatch.hours import is_zone
from dispatch.ids import AreaId
from dispatch.requests import Register

AN_AREA: Final[JsonDict] = {
    "id": "430105010007",
    "parent_id": "430105010",
    "level": "community",
    "name": "吉福街社区",
    "centre": {"lon": 112.944, "lat": 28.176},
}
_GEOJSON: Final = (
    '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": '
    '"430105", "parent_code": null, "level": "district", "name": "开福区"}, "geometry": {"type": '
    '"Polygon", "coordinates": [[[112.9, 28.1], [113.1, 28.1], [113.0, 28.4], [112.9, 28.1]]]}}]}'
)
RING_POINTS_MAX: Final = 20_000

router = APIRouter(prefix="/areas", tags=["administrator: areas"])

AreaLevel = Literal["grid", "community", "street", "district"]
Ring = Annotated[list[tuple[float, float]], Field(max_length=RING_POINTS_MAX)]


def _a_zone(value: str) -> str:
    if value and not is_zone(value):
        raise ValueError("must be the name of a time zone, like Asia/Shanghai")
    return value


Zone = Annotated[str, Field(max_length=64), AfterValidator(_a_zone)]


class AreaIn(Form):
    """A new area. It needs a ring, or at least its middle."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": AN_AREA})

    id: IdText
    parent_id: IdText | None = None
    level: AreaLevel
    name: NameText
    centre: Point | None = None
    ring: Ring = Field(default=[], description="Closed, longitude and latitude in WGS-84.")
    zone: Zone = Field(default="", description="Time zone; empty is that of the area above.")


class AreaChange(Form):
    """What changes; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "吉福街"}})

    parent_id: IdText | None = None
    level: AreaLevel = "grid"
    name: NameText = ""
    centre: Point | None = None
    ring: Ring = Field(default=[])
    zone: Zone = ""


class AreaOut(Form):
    """An area; its ring is left out in lists."""

    id: str
    parent_id: str | None
    level: str
    name: str
    centre: PointOut
    ring: list[tuple[float, float]] | None = None
    zone: str


class OfficerIn(Form):
    """Who is on duty for an area."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"officer": "C001", "telephone": ""}}
    )

    officer: str = Field(
        pattern=r"^[A-Za-z0-9._:-]{0,64}$",
        description="The id of a caregiver or an account, or a word of yours; empty: nobody.",
    )
    telephone: TelephoneText = ""


class OfficerOut(Form):
    """Who is on duty for an area."""

    area_id: str
    officer: str
    telephone: str


@router.get("", summary="List areas", responses=problems(*PROBLEMS))
async def areas(registry: RegistryDep, sought: SoughtDep) -> PageOut[AreaOut]:
    """Return a page of your areas, by id, without their rings."""
    page = await registry.page("area", sought)
    return PageOut(items=[_out({**row, "ring": None}) for row in page.items], next=page.next)


@router.get("/{area_id}", summary="One area", responses=problems(*PROBLEMS, UnknownSubject))
async def area(area_id: IdPath, registry: RegistryDep) -> AreaOut:
    """Return an area with its ring."""
    return _out(await registry.get("area", area_id))


@router.post(
    "",
    summary="Define an area",
    status_code=http.HTTP_201_CREATED,
    responses={
        **problems(*PROBLEMS, EverywhereNeeded, AlreadyThere, ParentUnfit, OutlineUnfit),
        200: {"description": "The same area was there already"},
    },
)
async def create(
    body: AreaIn, _: EverythingDep, registry: RegistryDep, response: Response
) -> AreaOut:
    """Define an area. Safe to repeat: the same one again is answered with 200."""
    row, is_new = await registry.create("area", _shaped(body.model_dump(), body, registry))
    response.status_code = http.HTTP_201_CREATED if is_new else http.HTTP_200_OK
    return _out(row)


@router.patch(
    "/{area_id}",
    summary="Change an area",
    responses=problems(*PROBLEMS, EverywhereNeeded, UnknownSubject, ParentUnfit, OutlineUnfit),
)
async def change(
    area_id: IdPath, body: AreaChange, _: EverythingDep, registry: RegistryDep
) -> AreaOut:
    """Change what the body names; calls that are open keep the areas they were raised in."""

    def changed(row: Row) -> Row:
        row |= body.model_dump(exclude_unset=True, exclude={"centre"})
        return _shaped(row, body, registry)

    return _out(await registry.change("area", area_id, changed))


@router.get(
    "/{area_id}/officer", summary="Who is on duty", responses=problems(*PROBLEMS, UnknownSubject)
)
async def officer(area_id: IdPath, registry: RegistryDep, service: ServiceDep) -> OfficerOut:
    """Return the duty officer of an area; both texts are empty when there is none."""
    await registry.get("area", area_id)
    return _officer(service, area_id)


@router.put(
    "/{area_id}/officer",
    summary="Name the duty officer",
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def name_officer(
    area_id: IdPath, body: OfficerIn, registry: RegistryDep, service: ServiceDep
) -> OfficerOut:
    """Name who is told when a search widens to this area; an empty officer ends it.

    Without a telephone, a caregiver is called by their own.
    """
    await registry.get("area", area_id)
    fact = OfficerNamed(
        at=service.center.now,
        area_id=AreaId(area_id),
        officer=body.officer,
        telephone=body.telephone if body.officer else "",
    )
    await call(service, Register(facts=(fact,)))
    return _officer(service, area_id)


@router.post(
    "/import",
    summary="Import areas from GeoJSON",
    responses=problems(*PROBLEMS, EverywhereNeeded, TableUnfit, FileTooLarge, ImportIncomplete),
    openapi_extra=file_body("application/geo+json", _GEOJSON),
)
async def import_(
    request: Request,
    service: EverythingDep,
    datum: Annotated[Datum, Query(description="GeoJSON is WGS-84 unless said here.")] = Datum.WGS84,
) -> ImportedOut:
    """Define every feature of the collection, or none: each fault names its feature.

    Properties are `code`, `parent_code`, `level`, `name` and perhaps `zone`, a time zone; of
    several polygons the largest counts. In `problems`, `line` is the number of the feature, from 1.
    """
    data = await body_of(request)
    return ImportedOut.of(await imports.import_areas(service, data, datum=datum))


def _shaped(row: Row, body: AreaIn | AreaChange, registry: Registry) -> Row:
    """Give the row its middle, and check its place in the tree."""
    require_parent(row["id"], row["parent_id"], row["level"], registry.scope.areas)
    if "ring" in body.model_fields_set and body.ring:
        row["ring"], (row["lon"], row["lat"]) = outlined(body.ring)
    if body.centre is not None:
        row["lon"], row["lat"] = body.centre.wgs84()
    if row.get("lon") is None:
        raise MiddleMissing
    return row


def _officer(service: Service, area_id: str) -> OfficerOut:
    found = service.directory.officers.get(area_id) or Officer(officer="", telephone="")
    return OfficerOut(area_id=area_id, officer=found.officer, telephone=found.telephone)


def _out(row: dict[str, Any]) -> AreaOut:
    known = {name: row[name] for name in AreaOut.model_fields if name != "centre"}
    return AreaOut(centre=point_out(row) or PointOut(lon=0, lat=0), **known)
