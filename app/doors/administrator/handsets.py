"""Handsets, whom they belong to, and the tokens that they carry."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    FileTooLarge,
    Form,
    IdPath,
    IdText,
    PageOut,
    RegistryDep,
    SoughtDep,
    WordText,
    body_of,
    file_body,
)
from app.doors.administrator.importing import ImportedOut, ImportIncomplete, TableUnfit
from app.errors import problems
from app.register import imports
from app.register.registry import AlreadyThere, Row
from app.security.tokens import TokenKind
from app.service import Service, ServiceDep
from devices.datum import Datum
from dispatch.errors import UnknownSubject

TOKENS_MAX: Final = 1_000
_CSV: Final = "id,resident,model\nH0001,R0001,pendant\n"

router = APIRouter(prefix="/handsets", tags=["administrator: handsets"])


class HandsetIn(Form):
    """A new handset, perhaps with its resident and a token at once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "id": "H0001",
                "resident_id": "R0001",
                "model": "pendant",
                "issue_token": True,
            }
        },
    )

    id: IdText
    resident_id: IdText | None = None
    model: WordText = ""
    issue_token: StrictBool = False


class HandsetChange(Form):
    """What changes; what is left out stays. `resident_id` null takes it from its resident."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"resident_id": None}})

    resident_id: IdText | None = None
    model: WordText = ""


class HandsetOut(BaseModel):
    """A handset. `token` is shown once, when one was asked for with the handset."""

    id: str
    resident_id: str | None
    model: str
    has_token: bool
    retired_at: datetime | None = None  # out of service since


class HandsetCreated(HandsetOut):
    """A new handset, with its token if one was asked for."""

    token: str | None = None


class TokenOut(BaseModel):
    """A token, shown once and never again."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "ydt_h_…"}})

    token: str


class TokensIn(Form):
    """Which handsets are to have new tokens."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"ids": ["H0001", "H0002"]}}
    )

    ids: Annotated[list[IdText], Field(min_length=1, max_length=TOKENS_MAX)]


class TokensOut(BaseModel):
    """A token for each handset, shown once and never again."""

    model_config = ConfigDict(json_schema_extra={"example": {"tokens": {"H0001": "ydt_h_…"}}})

    tokens: dict[str, str]


@router.get("", summary="List handsets", responses=problems(*PROBLEMS))
async def handsets(registry: RegistryDep, sought: SoughtDep) -> PageOut[HandsetOut]:
    """Return a page of the handsets in your areas and of those that nobody carries, by id."""
    page = await registry.page("handset", sought)
    return PageOut(items=[out(row) for row in page.items], next=page.next)


@router.get("/{handset_id}", summary="One handset", responses=problems(*PROBLEMS, UnknownSubject))
async def handset(handset_id: IdPath, registry: RegistryDep) -> HandsetOut:
    """Return a handset and who carries it."""
    return out(await registry.get("handset", handset_id))


@router.post(
    "",
    summary="Register a handset",
    status_code=http.HTTP_201_CREATED,
    responses={
        **problems(*PROBLEMS, AlreadyThere, UnknownSubject),
        200: {"description": "The same handset was there already"},
    },
)
async def create(
    body: HandsetIn, registry: RegistryDep, service: ServiceDep, response: Response
) -> HandsetCreated:
    """Register a handset. Safe to repeat; a token that is asked for again replaces the older."""
    row, is_new = await registry.create("handset", body.model_dump(exclude={"issue_token"}))
    response.status_code = http.HTTP_201_CREATED if is_new else http.HTTP_200_OK
    created = HandsetCreated(**out(row).model_dump())
    if body.issue_token:
        created.token = (await issue(service, [body.id], response))[body.id]
        created.has_token = True
    return created


@router.patch(
    "/{handset_id}", summary="Change a handset", responses=problems(*PROBLEMS, UnknownSubject)
)
async def change(handset_id: IdPath, body: HandsetChange, registry: RegistryDep) -> HandsetOut:
    """Give a handset to another resident, or to nobody. Its token stays."""

    def changed(row: Row) -> Row:
        return row | body.model_dump(exclude_unset=True)

    return out(await registry.change("handset", handset_id, changed))


@router.post(
    "/import",
    summary="Import handsets from a CSV file",
    responses=problems(*PROBLEMS, TableUnfit, FileTooLarge, ImportIncomplete),
    openapi_extra=file_body("text/csv", _CSV),
)
async def import_(
    request: Request,
    service: ServiceDep,
    registry: RegistryDep,
    datum: Annotated[Datum | None, Query(description="Not needed: no coordinates here.")] = None,
) -> ImportedOut:
    """Pair every row of the file, or none: each fault is named by line and column."""
    data = await body_of(request)
    return ImportedOut.of(await imports.import_handsets(service, data, scope=registry.scope))


@router.post(
    "/tokens",
    summary="Issue tokens for many handsets",
    status_code=http.HTTP_201_CREATED,
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def issue_tokens(
    body: TokensIn, registry: RegistryDep, service: ServiceDep, response: Response
) -> TokensOut:
    """Issue a token for each handset, all or none; the older ones open no door any more."""
    await registry.require("handset", body.ids)
    return TokensOut(tokens=await issue(service, body.ids, response))


@router.post(
    "/{handset_id}/token",
    summary="Issue a token",
    status_code=http.HTTP_201_CREATED,
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def issue_token(
    handset_id: IdPath, registry: RegistryDep, service: ServiceDep, response: Response
) -> TokenOut:
    """Issue a token; it is shown once, and the older ones open no door any more."""
    await registry.require("handset", [handset_id])
    return TokenOut(token=(await issue(service, [handset_id], response))[handset_id])


@router.delete(
    "/{handset_id}/token",
    summary="Revoke the token",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*PROBLEMS, UnknownSubject),
)
async def revoke_token(handset_id: IdPath, registry: RegistryDep, service: ServiceDep) -> None:
    """Let the handset open no door any more. Safe to repeat."""
    await registry.require("handset", [handset_id])
    await service.security.tokens.revoke_subject(TokenKind.HANDSET, handset_id)


async def issue(service: Service, ids: list[str], response: Response) -> dict[str, str]:
    """Issue a token for each handset; the answer that shows them is kept by no cache."""
    response.headers["Cache-Control"] = "no-store"
    issued = await service.security.tokens.issue_many(
        TokenKind.HANDSET, dict.fromkeys(ids), replace=True
    )
    return {handset_id: one.token for handset_id, one in issued.items()}


def out(row: dict[str, Any]) -> HandsetOut:
    """Return a handset as the door shows it."""
    known = {name: row[name] for name in HandsetOut.model_fields if name != "retired_at"}
    in_use = row["resident_id"] is not None or row["has_token"]
    return HandsetOut(**known, retired_at=None if in_use else row["retired_at"])
