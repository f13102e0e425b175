"""The door where somebody at a desk sets up their own second factor."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette import status as http

from app.doors.session import ProofIn, SecurityDep, TooManyLogins, WrongProof, proven
from app.errors import problems
from app.security.access import COOKIE_PROBLEMS, Hindrance, Principal, allow, source_of
from app.security.audit import Deed
from app.security.factors import CODE_CHARS_MAX
from app.security.refusals import CodeWrong, FactorNotBegun, FactorThere, PasswordsBusy
from app.security.roles import DESK_ROLES

router = APIRouter(prefix="/api/v1/session/second-factor", tags=["session"])

OwnerDep = Annotated[Principal, allow(*DESK_ROLES, despite=(Hindrance.FACTOR,))]


class StateOut(BaseModel):
    """Whether the account has a second factor, and how many codes for a lost telephone are left."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"is_set_up": True, "recovery_left": 8}}
    )

    is_set_up: bool
    recovery_left: int


class BegunOut(BaseModel):
    """A new secret, shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"secret": "JBSW…", "uri": "otpauth://totp/…", "picture": "data:image/…"}
        }
    )

    secret: str = Field(description="To be typed into the telephone.")
    uri: str = Field(description="The same as an address.")
    picture: str = Field(description="The same to scan: an SVG, as a `data:` address.")


class CodeIn(BaseModel):
    """The code that the telephone shows now."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"code": "123456"}})

    code: SecretStr = Field(min_length=1, max_length=CODE_CHARS_MAX)


class RecoveryOut(BaseModel):
    """Codes for when the telephone is lost, each of which works once. Shown once."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"recovery": ["ABCD-EFGH-IJKL-MNOP", "…"]}}
    )

    recovery: list[str]


@router.get("", summary="One's own second factor", responses=problems(*COOKIE_PROBLEMS))
async def state(who: OwnerDep, security: SecurityDep) -> StateOut:
    """Return whether the account has a second factor."""
    account = await security.accounts.get(who.id)
    is_set_up = account.second_factor_at is not None
    left = await security.factors.left(who.id) if is_set_up else 0
    return StateOut(is_set_up=is_set_up, recovery_left=left)


@router.post(
    "",
    summary="Begin a second factor",
    status_code=http.HTTP_201_CREATED,
    responses=problems(*COOKIE_PROBLEMS, WrongProof, TooManyLogins, PasswordsBusy, FactorThere),
)
async def begin(
    body: ProofIn, who: OwnerDep, request: Request, response: Response, security: SecurityDep
) -> BegunOut:
    """Return a new secret, to whoever gives the password again; it counts once confirmed.

    Whoever has one already has it reset by a security administrator first.
    """
    await proven(request, security, who.id, body, if_not=Deed.SIGN_IN_REFUSED)
    account = await security.accounts.get(who.id)
    begun = await security.factors.begin(account)
    await _note(security, Deed.FACTOR_BEGUN, who, request)
    response.headers["Cache-Control"] = "no-store"
    return BegunOut(secret=begun.secret, uri=begun.uri, picture=begun.picture)


@router.post(
    "/confirm",
    summary="Confirm a second factor",
    responses=problems(*COOKIE_PROBLEMS, TooManyLogins, FactorThere, FactorNotBegun, CodeWrong),
)
async def confirm(
    body: CodeIn, who: OwnerDep, request: Request, response: Response, security: SecurityDep
) -> RecoveryOut:
    """Ask for a code from now on; return eight codes for when the telephone is lost."""
    source = source_of(request)
    wait = security.limits.take(who.id, source, security.clock())
    if wait:
        raise TooManyLogins(wait)
    codes = await security.factors.confirm(who.id, body.code.get_secret_value())
    security.limits.succeeded(who.id, source)
    await security.sessions.renew(who.session_id)
    await _note(security, Deed.FACTOR_CONFIRMED, who, request)
    response.headers["Cache-Control"] = "no-store"
    return RecoveryOut(recovery=list(codes))


async def _note(security: SecurityDep, deed: Deed, who: Principal, request: Request) -> None:
    await security.audit.note(deed, account_id=who.id, subject=who.id, address=source_of(request))
