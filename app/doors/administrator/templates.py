"""Files to fill in, and what a filled one would do before it is imported."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    AdministratorDep,
    FileTooLarge,
    RegistryDep,
    body_of,
    file_body,
)
from app.errors import Problem, problems
from app.register import imports, tables
from app.register.preview import Preview, preview_of
from app.service import ServiceDep
from devices.datum import Datum

_CSV: Final = "id,name,area\nR0001,唐福生,430105010007003\n"
router = APIRouter(tags=["administrator: imports"])


class DatumNeeded(Problem):
    """Say what the file's coordinates refer to."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class RowOut(BaseModel):
    """One row of the file as it was understood."""

    line: int
    cells: dict[str, str]


class FaultOut(BaseModel):
    """One fault, and where it is; `code` names what is wrong for pages in any language."""

    line: int
    column: str
    value: str
    message: str
    code: str
    about: str


class PreviewOut(BaseModel):
    """What the import would do. With a fault nothing would be taken, and the counts are 0."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "new": 1,
                "changed": 0,
                "unchanged": 0,
                "unpinned": ["R0001"],
                "rows": [
                    {
                        "line": 2,
                        "cells": {"id": "R0001", "name": "唐福生", "area": "430105010007003"},
                    }
                ],
                "faults": [],
                "has_more_faults": False,
            }
        }
    )

    new: int
    changed: int
    unchanged: int
    unpinned: list[str]
    rows: list[RowOut]
    faults: list[FaultOut]
    has_more_faults: bool


@router.get(
    "/import-templates/{kind}",
    summary="A file to fill in",
    response_class=Response,
    responses={**problems(*PROBLEMS), 200: {"content": {"text/csv": {}}, "description": "CSV"}},
)
async def template(
    kind: tables.Kind, _: AdministratorDep, lang: Annotated[tables.Language, Query()] = "zh"
) -> Response:
    """Return a CSV file with every column that is known, and one row that shows how."""
    name = f"{kind}.csv"
    return Response(
        tables.template(kind, lang),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.post(
    "/import-previews/{kind}",
    summary="What an import would do",
    responses=problems(*PROBLEMS, FileTooLarge, DatumNeeded),
    openapi_extra=file_body("text/csv", _CSV),
)
async def preview(
    kind: tables.Kind,
    request: Request,
    service: ServiceDep,
    registry: RegistryDep,
    datum: Annotated[
        Datum | None, Query(description="What the file's coordinates refer to; for handsets none.")
    ] = None,
) -> PreviewOut:
    """Read and check a whole file, and tell what importing it would do. Nothing is imported."""
    data = await body_of(request)
    at = service.center.now
    if kind == "handsets":
        reading = imports.handsets_in(service, data, scope=registry.scope)
        return preview_out(await preview_of(reading, at))
    if datum is None:
        raise DatumNeeded("Name a datum: wgs84, gcj02 or bd09.")
    read = imports.residents_in if kind == "residents" else imports.caregivers_in
    return preview_out(await preview_of(read(service, data, datum=datum, scope=registry.scope), at))


def preview_out(found: Preview) -> PreviewOut:
    """Return a preview as the door shows it."""
    return PreviewOut(
        new=found.new,
        changed=found.changed,
        unchanged=found.unchanged,
        unpinned=list(found.unpinned),
        rows=[RowOut(line=row.line, cells=row.cells) for row in found.rows],
        faults=[
            FaultOut(
                line=one.line,
                column=one.column,
                value=one.value,
                message=one.message,
                code=one.code,
                about=one.about,
            )
            for one in found.faults
        ],
        has_more_faults=found.has_more_faults,
    )
