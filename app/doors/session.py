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
    Hindrance,
    OriginRefused,
    Principal,
    allow,
    lacks_factor,
    require_origin,
    security_of,
    source_of,
)
from app.security.accounts import Account, AccountKind, LoginUnfit, id_of
from app.security.audit import Deed
from app.security.factors import CODE_CHARS_MAX, Proof
from app.security.refusals import PasswordsBusy
from app.security.roles import DESK_ROLES, Role
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
# Who sits there, or leaves, is always heard: also while locked, or without a second factor.
DeskDep = Annotated[Principal, allow(*DESK_ROLES, despite=tuple(Hindrance))]
CaregiverDep = Annotated[Principal, allow(Role.CAREGIVER)]
SecurityDep = Annotated[Security, Depends(security_of)]


class WrongLogin(Problem):
    """The login or the password is wrong."""

    status = http.HTTP_401_UNAUTHORIZED


class CodeNeeded(Problem):
    """The password is right; now the code of the second factor is needed."""

    status = http.HTTP_401_UNAUTHORIZED


class WrongCode(Problem):
    """The code is wrong, is too old, or was used before."""

    status = http.HTTP_401_UNAUTHORIZED


class WrongProof(Problem):
    """The password or the code is wrong."""

    status = http.HTTP_403_FORBIDDEN


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


class DeskLoginIn(LoginIn):
    """Who wants to sign in at a desk, perhaps with a second factor."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"login": "op1", "password": "…", "code": "123456"}},
    )

    code: SecretStr = Field(
        default=SecretStr(""),
        max_length=CODE_CHARS_MAX,
        description="From the telephone, or one of the eight for when it is lost.",
    )


class ProofIn(BaseModel):
    """By what somebody shows that it is they who came back: one of both is enough."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"password": "…"}})

    password: SecretStr = Field(default=SecretStr(""), max_length=PASSWORD_INPUT_CHARS_MAX)
    code: SecretStr = Field(default=SecretStr(""), max_length=CODE_CHARS_MAX)


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
    is_locked: bool = Field(default=False, description="Whether the desk hears, and no more.")
    lock_after_s: float | None = Field(
        default=None, description="Without input for so long, the page locks; null: never."
    )
    has_second_factor: bool = False
    second_factor_needed: bool = Field(
        default=False, description="Nothing else is open before a second factor is set up."
    )


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
    responses=problems(
        *(WrongLogin, CodeNeeded, WrongCode, TooManyLogins, OriginRefused, PasswordsBusy)
    ),
)
async def sign_in(
    body: DeskLoginIn, request: Request, response: Response, security: SecurityDep
) -> SessionOut:
    """Sign in at a desk: sets the cookie `ydt_session` and ends the session of an older one.

    An account with a second factor is asked for its code: `code-needed` says that the password
    was right.
    """
    account = await checked(
        request, security, body, AccountKind.OPERATOR, body.code.get_secret_value()
    )
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
    await security.audit.note(
        Deed.SIGNED_IN, account_id=account.id, subject=account.id, address=source_of(request)
    )
    response.set_cookie(
        COOKIE,
        opened.cookie,
        max_age=int(security.sessions.life_max.total_seconds()),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return _session_out(security, account, opened.session.csrf)


@desk_router.get("/session", responses=problems(*COOKIE_PROBLEMS))
async def who_am_i(who: DeskDep, response: Response, security: SecurityDep) -> SessionOut:
    """Return who is signed in, and the CSRF token for a page that was loaded anew."""
    response.headers["Cache-Control"] = "no-store"
    account = await security.accounts.get(who.id)
    is_locked = security.sessions.is_locked(who.session_id)
    return _session_out(security, account, who.csrf, is_locked=is_locked)


@desk_router.delete(
    "/session", status_code=http.HTTP_204_NO_CONTENT, responses=problems(*COOKIE_PROBLEMS)
)
async def sign_out(
    who: DeskDep, request: Request, response: Response, security: SecurityDep
) -> None:
    """End the session, and with it the websockets that it opened."""
    await security.sessions.revoke(who.session_id)
    await security.audit.note(
        Deed.SIGNED_OUT, account_id=who.id, subject=who.id, address=source_of(request)
    )
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")


@desk_router.post(
    "/session/lock", status_code=http.HTTP_204_NO_CONTENT, responses=problems(*COOKIE_PROBLEMS)
)
async def lock(who: DeskDep, request: Request, security: SecurityDep) -> None:
    """Lock the desk: its stream goes on, and nothing else is answered. Safe to repeat.

    A locked session may receive `/operator/stream` and `/operator/wallboard`, ask who is signed
    in, unlock and sign out.
    """
    if security.sessions.is_locked(who.session_id):
        return
    await security.sessions.lock(who.session_id)
    await security.audit.note(
        Deed.LOCKED, account_id=who.id, subject=who.id, address=source_of(request)
    )


@desk_router.post(
    "/session/unlock",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*COOKIE_PROBLEMS, WrongProof, TooManyLogins, PasswordsBusy),
)
async def unlock(body: ProofIn, who: DeskDep, request: Request, security: SecurityDep) -> None:
    """Unlock the desk, by the password or by a code. Tries count as those of signing in do."""
    source = source_of(request)
    proof = await proven(request, security, who.id, body, if_not=Deed.UNLOCK_REFUSED)
    await security.sessions.unlock(who.session_id)
    await security.audit.note(
        Deed.UNLOCKED, account_id=who.id, subject=who.id, address=source, detail=proof
    )


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


async def proven(
    request: Request, security: Security, account_id: str, body: ProofIn, *, if_not: Deed
) -> str:
    """Return by what somebody who is signed in showed who they are: "password", "code" ….

    Raises:
        TooManyLogins: this account or this address must wait.
        WrongProof: neither the password nor the code is right; `if_not` is on record.
    """
    source = source_of(request)
    wait = security.limits.take(account_id, source, security.clock())
    if wait:
        raise TooManyLogins(wait)
    proof = await _proof_of(security, account_id, body)
    if proof is None:
        security.wrong.add("operator_login", source, security.clock())
        await security.audit.note(if_not, account_id=account_id, subject=account_id, address=source)
        raise WrongProof
    security.limits.succeeded(account_id, source)
    await _note_recovery(security, account_id, proof, source)
    return proof


async def _proof_of(security: Security, account_id: str, body: ProofIn) -> str | None:
    if code := body.code.get_secret_value():
        return await security.factors.check(account_id, code)
    password = body.password.get_secret_value()
    found = await security.accounts.check(account_id, password, AccountKind.OPERATOR)
    return None if found is None else "password"


async def _note_recovery(
    security: Security, account_id: str, proof: str | None, source: str
) -> None:
    if proof == Proof.RECOVERY:
        left = await security.factors.left(account_id)
        await security.audit.note(
            Deed.RECOVERY_USED,
            account_id=account_id,
            subject=account_id,
            address=source,
            detail=f"left {left}",
        )


async def checked(
    request: Request, security: Security, body: LoginIn, kind: AccountKind, code: str = ""
) -> Account:
    """Return the account that may sign in.

    Raises:
        OriginRefused: another site's page tries to sign its visitor in.
        TooManyLogins: this login or this address must wait.
        WrongLogin: the login or the password is wrong; which of them is not said.
        CodeNeeded, WrongCode: the account has a second factor.
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
        await _note_refusal(security, body.login, source, "password")
        raise WrongLogin
    if account.second_factor_at is not None:
        await _require_code(security, account, login, source, code)
    security.limits.succeeded(login, source)
    return account


async def _require_code(
    security: Security, account: Account, login: str, source: str, code: str
) -> None:
    if not code:
        security.limits.not_counted(login, source)
        raise CodeNeeded
    proof = await security.factors.check(account.id, code)
    if proof is None:
        security.wrong.add(f"{account.kind.value}_login", source, security.clock())
        await _note_refusal(security, account.login, source, "code")
        raise WrongCode
    await _note_recovery(security, account.id, proof, source)


async def _note_refusal(security: Security, login: str, source: str, what: str) -> None:
    """Put a refused log-in on record; of a login that nobody has, no word: it may be a password."""
    account = await security.accounts.find(login)
    account_id = account.id if account is not None else ""
    await security.audit.note(
        Deed.SIGN_IN_REFUSED,
        account_id=account_id,
        subject=account_id,
        address=source,
        detail=what,
    )


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


def _session_out(
    security: Security, account: Account, csrf: str, *, is_locked: bool = False
) -> SessionOut:
    after = security.lock_after
    return SessionOut(
        account=_account_out(account),
        csrf=csrf,
        is_locked=is_locked,
        lock_after_s=after.total_seconds() if after is not None else None,
        has_second_factor=account.second_factor_at is not None,
        second_factor_needed=lacks_factor(security, account),
    )


def _account_out(account: Account) -> AccountOut:
    return AccountOut(
        id=account.id,
        login=account.login,
        name=account.name,
        roles=list(account.roles),
        areas=list(account.areas),
    )
