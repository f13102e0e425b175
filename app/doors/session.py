"""The door where people sign in: desks for a cookie, caregivers for a token."""

from datetime import timedelta
from math import ceil
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.config import JsonDict
from starlette import status as http

from app.errors import Problem, problems
from app.security.access import (
    COOKIE,
    COOKIE_PROBLEMS,
    PUBLIC,
    TOKEN_PROBLEMS,
    OriginRefused,
    Principal,
    allow,
    require_origin,
    security_of,
    source_of,
)
from app.security.accounts import Account, AccountKind, LoginUnfit, id_of
from app.security.refusals import PasswordsBusy
from app.security.roles import Role
from app.security.security import CaregiverCard, Security
from app.security.tokens import TokenKind

LOGIN_INPUT_CHARS_MAX: Final = 200
PASSWORD_INPUT_CHARS_MAX: Final = 1_000
DEVICE_CHARS_MAX: Final = 100
AN_ACCOUNT: Final[JsonDict] = {
    "id": "op1",
    "login": "op1",
    "name": "周敏",
    "roles": ["operator"],
    "areas": ["430105"],
}

desk_router = APIRouter(prefix="/api/v1", tags=["session"])
caregiver_router = APIRouter(prefix="/api/v1", tags=["session"])
DeskDep = Annotated[Principal, allow(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]
CaregiverDep = Annotated[Principal, allow(Role.CAREGIVER)]
SecurityDep = Annotated[Security, Depends(security_of)]


class WrongLogin(Problem):
    """The login or the password is wrong."""

    status = http.HTTP_401_UNAUTHORIZED


class TooManyLogins(Problem):
    """Too many tries."""

    status = http.HTTP_429_TOO_MANY_REQUESTS

    def __init__(self, wait: timedelta) -> None:
        seconds = ceil(wait.total_seconds())
        super().__init__(
            f"Try again in {seconds} s.",
            extras={"retry_after_s": seconds},
            headers={"Retry-After": str(seconds)},
        )


class NotOnTheRoster(Problem):
    """The account is right, but its caregiver is not on the roster."""

    status = http.HTTP_409_CONFLICT


class LoginIn(BaseModel):
    """Who wants to sign in at a desk."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"login": "op1", "password": "…"}}
    )

    login: str = Field(min_length=1, max_length=LOGIN_INPUT_CHARS_MAX)
    password: SecretStr = Field(min_length=1, max_length=PASSWORD_INPUT_CHARS_MAX)


class AccountOut(BaseModel):
    """An account as its owner sees it."""

    id: str
    login: str
    name: str
    roles: list[Role]
    areas: list[str] = Field(description='Codes; "*" is everywhere.')


class SessionOut(BaseModel):
    """Who is signed in."""

    model_config = ConfigDict(json_schema_extra={"example": {"account": AN_ACCOUNT, "csrf": "…"}})

    account: AccountOut
    csrf: str = Field(description="To be repeated in X-CSRF-Token by whatever changes something.")


class CaregiverLoginIn(LoginIn):
    """Who wants to sign in on a phone."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"login": "c001", "password": "…", "device": "Huawei P60"}},
    )

    device: str = Field(
        default="", max_length=DEVICE_CHARS_MAX, description="What to call the phone in lists."
    )


class CaregiverOut(BaseModel):
    """A caregiver as they see themselves."""

    id: str
    name: str
    kind: str


class CaregiverLoginOut(BaseModel):
    """A new token, shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "token": "ydt_c_…",
                "caregiver": {"id": "C001", "name": "李强", "kind": "grid_worker"},
            }
        }
    )

    token: str
    caregiver: CaregiverOut


@desk_router.post(
    "/session",
    dependencies=[PUBLIC],
    responses=problems(WrongLogin, TooManyLogins, OriginRefused, PasswordsBusy),
)
async def sign_in(
    body: LoginIn, request: Request, response: Response, security: SecurityDep
) -> SessionOut:
    """Sign in at a desk: sets the cookie `ydt_session` and ends the session of an older one."""
    account = await checked(request, security, body, AccountKind.OPERATOR)
    before = await security.sessions.find(request.cookies.get(COOKIE, ""))
    opened = await security.sessions.open(
        account,
        user_agent=request.headers.get("user-agent", ""),
        address=source_of(request),
    )
    if before is not None:
        await security.sessions.revoke(before.id)
    if not await security.accounts.is_unchanged(account):
        await security.sessions.revoke(opened.session.id)
        raise WrongLogin
    response.set_cookie(
        COOKIE,
        opened.cookie,
        max_age=int(security.sessions.life_max.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return SessionOut(account=_account_out(account), csrf=opened.session.csrf)


@desk_router.get("/session", responses=problems(*COOKIE_PROBLEMS))
async def who_am_i(who: DeskDep, response: Response, security: SecurityDep) -> SessionOut:
    """Return who is signed in, and the CSRF token for a page that was loaded anew."""
    response.headers["Cache-Control"] = "no-store"
    account = await security.accounts.get(who.id)
    return SessionOut(account=_account_out(account), csrf=who.csrf)


@desk_router.delete(
    "/session", status_code=http.HTTP_204_NO_CONTENT, responses=problems(*COOKIE_PROBLEMS)
)
async def sign_out(who: DeskDep, response: Response, security: SecurityDep) -> None:
    """End the session, and with it the websockets that it opened."""
    await security.sessions.revoke(who.session_id)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@caregiver_router.post(
    "/caregiver/login",
    dependencies=[PUBLIC],
    responses=problems(WrongLogin, TooManyLogins, OriginRefused, NotOnTheRoster, PasswordsBusy),
)
async def caregiver_sign_in(
    body: CaregiverLoginIn, request: Request, response: Response, security: SecurityDep
) -> CaregiverLoginOut:
    """Sign in on a phone: returns a token, which stays good until it is signed out or revoked."""
    account = await checked(request, security, body, AccountKind.CAREGIVER)
    card = _card(security, account)
    issued = await security.tokens.issue(TokenKind.CAREGIVER, card.id, label=body.device)
    if not await security.accounts.is_unchanged(account):
        await security.tokens.revoke(issued.holder.token_id)
        raise WrongLogin
    response.headers["Cache-Control"] = "no-store"
    caregiver = CaregiverOut(id=card.id, name=card.name, kind=card.kind)
    return CaregiverLoginOut(token=issued.token, caregiver=caregiver)


@caregiver_router.delete(
    "/caregiver/login", status_code=http.HTTP_204_NO_CONTENT, responses=problems(*TOKEN_PROBLEMS)
)
async def caregiver_sign_out(who: CaregiverDep, security: SecurityDep) -> None:
    """Revoke the token that this request came with."""
    await security.tokens.revoke(who.session_id)


async def checked(
    request: Request, security: Security, body: LoginIn, kind: AccountKind
) -> Account:
    """Return the account that may sign in.

    Raises:
        OriginRefused: another site's page tries to sign its visitor in.
        TooManyLogins: this login or this address must wait.
        WrongLogin: the login or the password is wrong; which of them is not said.
    """
    require_origin(request, security)
    source = source_of(request)
    login = _limit_key(body.login)
    wait = security.limits.take(login, source, security.clock())
    if wait:
        raise TooManyLogins(wait)
    account = await security.accounts.check(body.login, body.password.get_secret_value(), kind)
    if account is None:
        security.wrong.add(f"{kind.value}_login", source, security.clock())
        raise WrongLogin
    security.limits.succeeded(login, source)
    return account


def _limit_key(login: str) -> str:
    """Return one key for all spellings of a login; those that cannot exist share one."""
    try:
        return id_of(login)
    except LoginUnfit:
        return ""


def _card(security: Security, account: Account) -> CaregiverCard:
    card = security.caregiver_card(account.subject_id or "")
    if card is None:
        raise NotOnTheRoster
    return card


def _account_out(account: Account) -> AccountOut:
    return AccountOut(
        id=account.id,
        login=account.login,
        name=account.name,
        roles=list(account.roles),
        areas=list(account.areas),
    )
