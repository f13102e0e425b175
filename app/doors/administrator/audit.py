"""The audit log: who did what, and when. For auditors alone, who can change nothing."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from app.doors.administrator.asking import PROBLEMS, PageOut
from app.errors import problems
from app.figures.sheets import CSV_TYPE, Sheet, csv_of
from app.register.registry import EverywhereNeeded
from app.security.access import Principal, allow, source_of
from app.security.audit import Deed
from app.security.paging import LIMIT_DEFAULT, LIMIT_MAX
from app.security.refusals import CursorUnfit
from app.security.roles import EVERYWHERE, Role
from app.service import ServiceDep
from app.storage.audit_log import Asked, Group, Line, page_of
from app.storage.register import reading
from devices.report import clean

EXPORT_LINES_MAX: Final = 50_000
_CHARS_MAX: Final = 64
_COLUMNS: Final = ("at", "kind", "who", "whom", "address", "detail", "source", "number")

router = APIRouter(prefix="/audit", tags=["administrator: audit"])


async def _auditor(who: Annotated[Principal, allow(Role.AUDITOR)]) -> Principal:
    """Return an auditor of the whole installation: what the log says has no area."""
    if EVERYWHERE not in who.areas:
        raise EverywhereNeeded
    return who


AuditorDep = Annotated[Principal, Depends(_auditor)]


class LineOut(BaseModel):
    """Somebody did something."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "at": "2026-03-01T08:00:00Z",
                "kind": "signed_in",
                "who": "op1",
                "whom": "op1",
                "address": "192.0.2.7",
                "detail": "",
                "source": "deed",
                "number": 512,
            }
        }
    )

    at: datetime
    kind: str
    who: str
    whom: str
    address: str
    detail: str
    source: str
    number: int


async def _asked(
    who: Annotated[str, Query(max_length=_CHARS_MAX, description="An account's id.")] = "",
    whom: Annotated[str, Query(max_length=_CHARS_MAX, description="Whose: any id.")] = "",
    kind: Group | None = None,
    since: AwareDatetime | None = None,
    until: Annotated[AwareDatetime | None, Query(description="Excluded.")] = None,
) -> Asked:
    return Asked(
        who=clean(who, _CHARS_MAX),
        whom=clean(whom, _CHARS_MAX),
        group=kind,
        since=since,
        until=until,
    )


AskedDep = Annotated[Asked, Depends(_asked)]


@router.get(
    "",
    summary="The audit log",
    responses=problems(*PROBLEMS, EverywhereNeeded, CursorUnfit),
)
async def lines(
    _: AuditorDep,
    service: ServiceDep,
    asked: AskedDep,
    after: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT,
) -> PageOut[LineOut]:
    """Return a page of the log, the latest first."""
    wanted = replace(asked, after=after, limit=limit)
    async with reading(service.engine) as connection:
        page = await page_of(connection, wanted)
    return PageOut(items=[_out(line) for line in page.items], next=page.next)


@router.get(
    "/export.csv",
    summary="The audit log as a file",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {}}, "description": "CSV, UTF-8"},
        **problems(*PROBLEMS, EverywhereNeeded),
    },
)
async def export(
    who: AuditorDep, service: ServiceDep, asked: AskedDep, request: Request
) -> Response:
    """Return up to 50,000 lines as CSV, the latest first. That it was taken is on record."""
    wanted = replace(asked, limit=EXPORT_LINES_MAX)
    async with reading(service.engine) as connection:
        page = await page_of(connection, wanted)
    await service.security.audit.note(
        Deed.AUDIT_EXPORTED,
        account_id=who.id,
        address=source_of(request),
        detail=f"{len(page.items)} lines",
    )
    notes = ["There are more lines: choose a shorter time."] if page.next else []
    rows = [_row(line) for line in page.items]
    sheet = Sheet(name="Audit log", notes=notes, columns=_COLUMNS, rows=rows)
    headers = {
        "Content-Disposition": 'attachment; filename="audit.csv"',
        "Cache-Control": "no-store",
    }
    return Response(csv_of([sheet]), media_type=CSV_TYPE, headers=headers)


def _out(line: Line) -> LineOut:
    return LineOut(
        at=line.at,
        kind=line.kind,
        who=line.who,
        whom=line.whom,
        address=line.address,
        detail=line.detail,
        source=line.source,
        number=line.number,
    )


def _row(line: Line) -> list[str | int]:
    return [
        line.at.isoformat(),
        *(line.kind, line.who, line.whom, line.address, line.detail, line.source),
        line.number,
    ]
