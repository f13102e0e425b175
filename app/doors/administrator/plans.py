"""Response plans: what each kind of call asks for."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    AdministratorDep,
    EverythingDep,
    FileTooLarge,
    body_of,
    file_body,
)
from app.doors.waiting import call
from app.errors import Problem, problems
from app.register.registry import EverywhereNeeded
from app.service import ServiceDep
from devices.report import clean
from dispatch.errors import PlanRefused
from dispatch.facts import PlanAdopted
from dispatch.plans import read_plans
from dispatch.requests import Register

PLAN_BYTES_MAX: Final = 65_536  # the center reads it too: a few milliseconds

router = APIRouter(prefix="/plans", tags=["administrator: plans"])


class PlanVersionTaken(Problem):
    """Another plan has this version: calls that are open run under it."""

    status = http.HTTP_409_CONFLICT


class PlanOut(BaseModel):
    """The version of the plans that new calls run under."""

    model_config = ConfigDict(json_schema_extra={"example": {"version": "2026-03"}})

    version: str


class PlansOut(PlanOut):
    """The plans that new calls run under, as they were written, and all versions there were."""

    text: str
    versions: list[str]


@router.get("", summary="The plans in use", responses=problems(*PROBLEMS))
async def plans(_: AdministratorDep, service: ServiceDep) -> PlansOut:
    """Return the plans in use, to be changed and sent back under another version."""
    current, books = await service.center.read(
        lambda book: (book.plan_version, dict(book.plan_books))
    )
    text = books[current].text if current in books else ""
    return PlansOut(version=current, text=text, versions=list(books))


@router.post(
    "",
    summary="Adopt plans",
    responses=problems(*PROBLEMS, EverywhereNeeded, PlanRefused, PlanVersionTaken, FileTooLarge),
    openapi_extra=file_body("application/toml", 'version = "2026-03"\n[kinds.sos]\n…'),
)
async def adopt(
    request: Request,
    service: EverythingDep,
    file: Annotated[str, Query(max_length=100, description="Its name, for messages")] = "",
) -> PlanOut:
    """Adopt the plans in a TOML file for all new calls; open calls keep theirs.

    A plan with a fault is refused; file, table and line are named, and the running plan stays.
    Safe to repeat.
    """
    data = await body_of(request)
    if len(data) > PLAN_BYTES_MAX:
        raise FileTooLarge(f"A plan has at most {PLAN_BYTES_MAX} bytes.")
    name = clean(file, 100)
    text = _text(data, name)
    wanted = read_plans(text, file=name)
    current, known = await service.center.read(
        lambda book: (book.plan_version, book.plan_books.get(wanted.version))
    )
    if known is not None and known.text != text:
        raise PlanVersionTaken(f"Choose another version than {wanted.version}.")
    if known is None:
        read_plans(text, file=name, is_new=True)
    if known is None or current != wanted.version:
        fact = PlanAdopted(at=service.center.now, version=wanted.version, text=text)
        await call(service, Register(facts=(fact,)))
    return PlanOut(version=wanted.version)


def _text(data: bytes, file: str) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PlanRefused("file", line, "is not UTF-8", file) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise PlanRefused("file", line, "holds a NUL", file)
    return text
