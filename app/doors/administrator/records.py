"""What went wrong or was looked at: wrong tokens, parked requests, looks at residents."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from app.doors.administrator.asking import PROBLEMS, EverythingDep, PageOut, SoughtDep
from app.doors.administrator.audit import AuditorDep
from app.errors import problems
from app.register.registry import EverywhereNeeded
from app.security.refusals import CursorUnfit
from app.service import ServiceDep
from app.storage.parked import parked_page
from app.storage.register import reading

router = APIRouter(tags=["administrator: records"])


class RefusalOut(BaseModel):
    """How often one address was refused at one door."""

    door: str
    source: str
    count: int
    last_at: datetime


class RefusalsOut(BaseModel):
    """Wrong tokens and passwords since the start of the server, most often first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "totals": {"handset": 3},
                "items": [
                    {
                        "door": "handset",
                        "source": "192.0.2.7",
                        "count": 3,
                        "last_at": "2026-03-01T08:00:00Z",
                    }
                ],
            }
        }
    )

    totals: dict[str, int]
    items: list[RefusalOut]


class ParkedOut(BaseModel):
    """A request that could not be put on record, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "number": 512,
                "at": "2026-03-01T08:00:00Z",
                "what": "handset_called",
                "why": "DataError 22P05",
                "handset_id": "H0001",
            }
        }
    )

    number: int
    at: datetime
    what: str
    why: str
    handset_id: str | None


class LookOut(BaseModel):
    """Somebody saw where a resident is, and why."""

    id: int
    at: datetime
    account_id: str
    role: str
    resident_id: str
    incident_id: str | None
    reason: str
    what: str


@router.get(
    "/refusals",
    summary="Wrong tokens and passwords",
    responses=problems(*PROBLEMS, EverywhereNeeded),
)
async def refusals(service: EverythingDep) -> RefusalsOut:
    """Return who showed wrong tokens or passwords since the start of the server."""
    wrong = service.security.wrong
    items = [
        RefusalOut(door=one.door, source=one.source, count=one.count, last_at=one.last_at)
        for one in wrong.sources()
    ]
    return RefusalsOut(totals=wrong.totals(), items=items)


@router.get(
    "/parked",
    summary="Requests that could not be put on record",
    responses=problems(*PROBLEMS, EverywhereNeeded, CursorUnfit),
)
async def parked(service: EverythingDep, sought: SoughtDep) -> PageOut[ParkedOut]:
    """Return parked requests, the latest first. A call for help among them is open regardless."""
    async with reading(service.engine) as connection:
        page = await parked_page(connection, after=sought.after, limit=sought.limit)
    return PageOut(items=[ParkedOut(**row) for row in page.items], next=page.next)


@router.get(
    "/looks",
    summary="Who looked at whom",
    responses=problems(*PROBLEMS, EverywhereNeeded, CursorUnfit),
)
async def looks(
    _: AuditorDep,
    service: ServiceDep,
    sought: SoughtDep,
    resident: Annotated[str | None, Query(max_length=64)] = None,
    account: Annotated[str | None, Query(max_length=64)] = None,
) -> PageOut[LookOut]:
    """Return looks at where residents are, the latest first. For auditors, as all of the log."""
    page = await service.security.looks.page(
        resident_id=resident, account_id=account, after=sought.after, limit=sought.limit
    )
    items = [
        LookOut(
            id=one.id,
            at=one.look.at,
            account_id=one.look.account_id,
            role=one.look.role,
            resident_id=one.look.resident_id,
            incident_id=one.look.incident_id,
            reason=one.look.reason,
            what=one.look.what,
        )
        for one in page.items
    ]
    return PageOut(items=items, next=page.next)
