"""Photos of residents, as administrators keep them."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    FileTooLarge,
    IdPath,
    RegistryDep,
    body_of,
)
from app.errors import problems
from app.register.pictures import (
    PHOTO_BYTES_MAX,
    PhotoAbsent,
    PhotoUnfit,
    photo_of,
    photo_response,
)
from app.service import ServiceDep
from app.storage import photos
from app.storage.register import held, reading
from dispatch.errors import UnknownSubject

_PICTURE: Final = {"schema": {"type": "string", "format": "binary"}}
PICTURES: Final[dict[str, Any]] = dict.fromkeys(("image/jpeg", "image/png", "image/webp"), _PICTURE)

router = APIRouter(prefix="/residents", tags=["administrator: residents"])


@router.put(
    "/{resident_id}/photo",
    summary="Keep a photo",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*PROBLEMS, UnknownSubject, FileTooLarge, PhotoUnfit),
    openapi_extra={"requestBody": {"required": True, "content": PICTURES}},
)
async def keep(
    resident_id: IdPath, request: Request, registry: RegistryDep, service: ServiceDep
) -> None:
    """Keep a JPEG, PNG or WebP of at most 300 kB in place of the photo before."""
    await registry.require("resident", [resident_id])
    photo = photo_of(await body_of(request, bytes_max=PHOTO_BYTES_MAX))
    async with held(service.engine, "resident", resident_id) as connection:
        await photos.keep(connection, resident_id, photo)


@router.get(
    "/{resident_id}/photo",
    summary="The photo",
    response_class=Response,
    responses={
        **problems(*PROBLEMS, UnknownSubject, PhotoAbsent),
        200: {"content": PICTURES, "description": "The picture"},
    },
)
async def photo(resident_id: IdPath, registry: RegistryDep, service: ServiceDep) -> Response:
    """Return the photo of a resident."""
    await registry.require("resident", [resident_id])
    async with reading(service.engine) as connection:
        found = await photos.find(connection, resident_id)
    if found is None:
        raise PhotoAbsent
    return photo_response(found)


@router.delete(
    "/{resident_id}/photo",
    summary="Take the photo out",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def drop(resident_id: IdPath, registry: RegistryDep, service: ServiceDep) -> None:
    """Take the photo of a resident out. Safe to repeat."""
    await registry.require("resident", [resident_id])
    async with held(service.engine, "resident", resident_id) as connection:
        await photos.drop(connection, resident_id)
