"""What every route of the administrator door has in common: who asks, and for which page."""

from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from starlette import status as http

from app.doors.waiting import CannotBeRecorded, NotOnRecordYet
from app.errors import Problem
from app.register.cells import BYTES_MAX, WORD_CHARS_MAX
from app.register.registry import Registry, Scope, scope_of
from app.register.tables import ADDRESS_CHARS_MAX, NAME_CHARS_MAX, NOTE_CHARS_MAX
from app.security.access import COOKIE_PROBLEMS, Principal, allow
from app.security.paging import LIMIT_DEFAULT, LIMIT_MAX
from app.security.roles import Role
from app.service import Service, ServiceDep
from app.storage.register import Sought
from devices.datum import Datum, to_wgs84
from devices.report import clean

PROBLEMS: Final = (*COOKIE_PROBLEMS, NotOnRecordYet, CannotBeRecorded)
"""For `problems()`: how each of these routes can refuse."""

ID_PATTERN: Final = r"^[A-Za-z0-9._:-]{1,64}$"

AdministratorDep = Annotated[Principal, allow(Role.ADMINISTRATOR)]
Item = TypeVar("Item")


class FileTooLarge(Problem):
    """The file is too large."""

    status = http.HTTP_413_CONTENT_TOO_LARGE


class HomeIsNowhere(Problem):
    """Longitude and latitude are both 0, which is nobody's home."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class Form(BaseModel):
    """A body in which a misspelt field is a fault, not a silence."""

    model_config = ConfigDict(extra="forbid")


class PageOut(BaseModel, Generic[Item]):
    """A page of a list: pass `next` as `after` for the following one, until it is null."""

    items: list[Item]
    next: str | None


class Point(Form):
    """A point, in the datum that is named."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    datum: Datum = Field(
        default=Datum.WGS84, description="Of the map it was read from: AMap and Tencent are gcj02."
    )

    def wgs84(self) -> tuple[float, float]:
        """Return longitude and latitude in WGS-84.

        Raises:
            HomeIsNowhere: both are 0.
        """
        if self.lon == 0 and self.lat == 0:
            raise HomeIsNowhere
        return to_wgs84(self.lon, self.lat, self.datum)


class PointOut(BaseModel):
    """A point in WGS-84."""

    lon: float
    lat: float


def _one_line(value: str) -> str:
    """Return the text cleaned, as everything from outside is."""
    return clean(value, max(len(value), 1))


def _not_empty(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


NameText = Annotated[
    str,
    Field(max_length=NAME_CHARS_MAX),
    AfterValidator(_one_line),
    AfterValidator(_not_empty),
]
WordText = Annotated[str, Field(max_length=WORD_CHARS_MAX), AfterValidator(_one_line)]
AddressText = Annotated[str, Field(max_length=ADDRESS_CHARS_MAX), AfterValidator(_one_line)]
NoteText = Annotated[str, Field(max_length=NOTE_CHARS_MAX), AfterValidator(_one_line)]
TelephoneText = Annotated[str, Field(pattern=r"^(\+?[0-9]{3,15})?$")]
PasswordText = Annotated[SecretStr, Field(min_length=1, max_length=1_000)]
LoginText = Annotated[str, Field(min_length=1, max_length=200)]
IdText = Annotated[str, Field(pattern=ID_PATTERN)]
"""An id as people outside give it: 1 to 64 letters, digits or any of - _ . :"""


IdPath = Annotated[str, Path(pattern=ID_PATTERN)]
"""The same, in the path of a route."""


def point_out(row: dict[str, Any]) -> PointOut | None:
    """Return the point of a row, None when it has none."""
    if row["lon"] is None or row["lat"] is None:
        return None
    return PointOut(lon=row["lon"], lat=row["lat"])


async def _scope(service: ServiceDep, who: AdministratorDep) -> Scope:
    return await scope_of(service, who)


ScopeDep = Annotated[Scope, Depends(_scope)]


async def _registry(service: ServiceDep, scope: ScopeDep) -> Registry:
    return Registry(service, scope)


RegistryDep = Annotated[Registry, Depends(_registry)]


async def _everything(service: ServiceDep, scope: ScopeDep) -> Service:
    scope.require_everything()
    return service


EverythingDep = Annotated[Service, Depends(_everything)]
"""The service, for administrators of the whole installation only."""


async def _sought(
    q: Annotated[str, Query(max_length=100, description="How an id, name or number begins.")] = "",
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> Sought:
    return Sought(q=clean(q, 100), after=after and clean(after, 100), limit=limit)


SoughtDep = Annotated[Sought, Depends(_sought)]


async def body_of(request: Request, *, bytes_max: int = BYTES_MAX) -> bytes:
    """Return a file that is sent as the body, of bounded size; that of a table unless said.

    Raises:
        FileTooLarge: it is larger.
    """
    parts: list[bytes] = []
    size_bytes = 0
    async for part in request.stream():
        size_bytes += len(part)
        if size_bytes > bytes_max:
            raise FileTooLarge(f"A file has at most {_size(bytes_max)}.")
        parts.append(part)
    return b"".join(parts)


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count // 1000} kB"


def file_body(media_type: str, example: str) -> dict[str, Any]:
    """Return the OpenAPI text of a body that is a file."""
    content = {media_type: {"schema": {"type": "string"}, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
