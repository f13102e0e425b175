"""What becomes of a handset: tried, swapped for another, retired."""

from datetime import datetime, timedelta
from typing import Final, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, StrictBool
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    Form,
    IdPath,
    IdText,
    RegistryDep,
    WordText,
)
from app.doors.administrator.handsets import HandsetCreated, HandsetOut, issue, out
from app.errors import Problem, problems
from app.register.replacing import NobodyCarriesIt, OtherInUse, SameHandset, replace_handset, retire
from app.service import ServiceDep
from app.storage import handset_care
from app.storage.register import reading
from dispatch.errors import UnknownSubject

TEST_FOR: Final = timedelta(minutes=15)
_NO_STORE: Final = "no-store"

router = APIRouter(prefix="/handsets", tags=["administrator: handsets"])


class NoTest(Problem):
    """No test of this handset was begun."""

    status = http.HTTP_404_NOT_FOUND


class SwapIn(Form):
    """Which handset takes the place of this one; it may be new."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"by": "H0002", "model": "pendant", "issue_token": True}},
    )

    by: IdText
    model: WordText = ""
    issue_token: StrictBool = False


class HeardOut(BaseModel):
    """One thing that the handset said during its test."""

    what: str
    at: datetime
    battery_pct: int | None
    incident_id: str | None


class TestOut(BaseModel):
    """A test: what the handset has said since it began."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "began_at": "2026-11-25T08:00:00Z",
                "until": "2026-11-25T08:15:00Z",
                "server_time": "2026-11-25T08:01:00Z",
                "state": "heard",
                "heard": [
                    {
                        "what": "test",
                        "at": "2026-11-25T08:00:40Z",
                        "battery_pct": None,
                        "incident_id": None,
                    }
                ],
            }
        }
    )

    began_at: datetime
    until: datetime
    server_time: datetime
    state: Literal["listening", "heard", "silent"]
    heard: list[HeardOut]


@router.post(
    "/{handset_id}/test",
    summary="Begin a test",
    status_code=http.HTTP_201_CREATED,
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def begin_test(handset_id: IdPath, registry: RegistryDep, service: ServiceDep) -> TestOut:
    """Listen to a handset for a quarter of an hour; whatever it says is shown.

    Nothing is taken for less than it is meanwhile: a press opens a call as always.
    """
    await registry.require("handset", [handset_id])
    number = int(service.center.cursor.partition(":")[2])
    await handset_care.begin_test(service.engine, handset_id, service.security.clock(), number)
    return await test(handset_id, registry, service)


@router.get(
    "/{handset_id}/test",
    summary="How the test goes",
    responses=problems(*PROBLEMS, UnknownSubject, NoTest),
)
async def test(handset_id: IdPath, registry: RegistryDep, service: ServiceDep) -> TestOut:
    """Return what the handset has said since its test began."""
    await registry.require("handset", [handset_id])
    async with reading(service.engine) as connection:
        found = await handset_care.test_of(connection, handset_id)
        if found is None:
            raise NoTest(f"Begin a test of handset {handset_id} first.")
        until = found.began_at + TEST_FOR
        heard = await handset_care.heard_in(connection, handset_id, found)
    in_time = [one for one in heard if one.at < until]
    now = service.security.clock()
    return TestOut(
        began_at=found.began_at,
        until=until,
        server_time=now,
        state="heard" if in_time else "listening" if now < until else "silent",
        heard=[
            HeardOut(
                what=one.what,
                at=one.at,
                battery_pct=one.battery_pct,
                incident_id=one.incident_id,
            )
            for one in in_time
        ],
    )


@router.post(
    "/{handset_id}/swap",
    summary="Swap for another",
    responses=problems(*PROBLEMS, UnknownSubject, SameHandset, OtherInUse, NobodyCarriesIt),
)
async def swap(
    handset_id: IdPath,
    body: SwapIn,
    registry: RegistryDep,
    service: ServiceDep,
    response: Response,
) -> HandsetCreated:
    """Give the resident another handset, and end the tokens of this one, in one step.

    Returns the handset that they carry from now on, and its token if one was asked for.
    """
    row = await replace_handset(service, registry, handset_id, body.by, model=body.model)
    answer = HandsetCreated(**out(row).model_dump())
    if body.issue_token:
        answer.token = (await issue(service, [body.by], response))[body.by]
        answer.has_token = True
    return answer


@router.post(
    "/{handset_id}/retire",
    summary="Retire a handset",
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def retire_(handset_id: IdPath, registry: RegistryDep, service: ServiceDep) -> HandsetOut:
    """Take a handset from its resident and end its tokens. Safe to repeat.

    Its record stays. Pairing it again, or giving it a token, puts it back into service.
    """
    return out(await retire(service, registry, handset_id))
