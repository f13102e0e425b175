"""Accounts of desks, which security administrators keep: who may sign in, and as what."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    Form,
    LoginText,
    NameText,
    PageOut,
    PasswordText,
    SoughtDep,
)
from app.errors import Problem, problems
from app.register.registry import EverywhereNeeded
from app.security.access import Principal, allow, source_of
from app.security.accounts import Account, AccountKind
from app.security.audit import Deed
from app.security.refusals import (
    AccountUnfit,
    AccountUnknown,
    LoginTaken,
    LoginUnfit,
    PasswordsBusy,
    PasswordUnfit,
)
from app.security.roles import EVERYWHERE, Role
from app.service import Service, ServiceDep
from dispatch.errors import UnknownSubject
from dispatch.ids import AreaId

AREAS_MAX: Final = 1_000
_PROBLEMS: Final = (*PROBLEMS, EverywhereNeeded)

router = APIRouter(prefix="/operators", tags=["administrator: operators"])

Roles = Annotated[
    list[Literal["operator", "supervisor", "administrator", "security_administrator", "auditor"]],
    Field(min_length=1, max_length=5),
]
Areas = Annotated[list[str], Field(max_length=AREAS_MAX, description='Codes; "*" is everywhere.')]


class LastDoor(Problem):
    """Your own roles, areas and access are another security administrator's to change."""

    status = http.HTTP_409_CONFLICT


class OperatorIn(Form):
    """A new account for a desk."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "login": "op1",
                "password": "…",
                "name": "周敏",
                "roles": ["operator"],
                "areas": ["430105"],
            }
        },
    )

    login: LoginText
    password: PasswordText
    name: NameText
    roles: Roles
    areas: Areas


class OperatorChange(Form):
    """What changes; what is left out stays. Anything but the name signs the account out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"areas": ["*"]}})

    password: PasswordText | None = None
    name: NameText | None = None
    roles: Roles | None = None
    areas: Areas | None = None
    is_active: StrictBool | None = None


class OperatorOut(BaseModel):
    """An account of a desk."""

    id: str
    login: str
    name: str
    roles: list[Role]
    areas: list[str]
    is_active: bool
    has_second_factor: bool


class EndedOut(BaseModel):
    """How many sessions were ended."""

    ended: int


async def _keeper(who: Annotated[Principal, allow(Role.SECURITY)]) -> Principal:
    """Return a security administrator of the whole installation: an account has no area."""
    if EVERYWHERE not in who.areas:
        raise EverywhereNeeded
    return who


KeeperDep = Annotated[Principal, Depends(_keeper)]


@router.get("", summary="List accounts of desks", responses=problems(*_PROBLEMS))
async def operators(_: KeeperDep, service: ServiceDep, sought: SoughtDep) -> PageOut[OperatorOut]:
    """Return a page of accounts, by id."""
    page = await service.security.accounts.page(
        kind=AccountKind.OPERATOR, q=sought.q, after=sought.after, limit=sought.limit
    )
    return PageOut(items=[_out(account) for account in page.items], next=page.next)


@router.get("/{operator_id}", summary="One account", responses=problems(*_PROBLEMS, AccountUnknown))
async def operator(operator_id: str, _: KeeperDep, service: ServiceDep) -> OperatorOut:
    """Return an account of a desk."""
    return _out(await _found(service, operator_id))


@router.post(
    "",
    summary="Make an account",
    status_code=http.HTTP_201_CREATED,
    responses=problems(
        *_PROBLEMS,
        LoginTaken,
        LoginUnfit,
        PasswordUnfit,
        AccountUnfit,
        UnknownSubject,
        PasswordsBusy,
    ),
)
async def create(
    body: OperatorIn, who: KeeperDep, service: ServiceDep, request: Request
) -> OperatorOut:
    """Make an account for a desk. Not safe to repeat: a login that exists is refused."""
    await _require_areas(service, body.areas)
    account = await service.security.accounts.create(
        body.login,
        body.password.get_secret_value(),
        name=body.name,
        roles=body.roles,
        areas=body.areas,
    )
    await _note(service, Deed.ACCOUNT_MADE, who, account, request, ",".join(account.roles))
    return _out(account)


@router.patch(
    "/{operator_id}",
    summary="Change an account",
    responses=problems(
        *_PROBLEMS,
        AccountUnknown,
        AccountUnfit,
        PasswordUnfit,
        LastDoor,
        UnknownSubject,
        PasswordsBusy,
    ),
)
async def change(
    operator_id: str,
    body: OperatorChange,
    who: KeeperDep,
    service: ServiceDep,
    request: Request,
) -> OperatorOut:
    """Change what the body names, and close the consoles of an account that may do less."""
    account = await _found(service, operator_id)
    if account.id == who.id:
        _require_others(body, account)
    await _require_areas(service, body.areas or [])
    accounts = service.security.accounts
    changed = await accounts.change(account.id, name=body.name, roles=body.roles, areas=body.areas)
    if (changed.name, changed.roles, changed.areas) != (account.name, account.roles, account.areas):
        words = f"roles {','.join(changed.roles)}; areas {','.join(changed.areas)}"
        await _note(service, Deed.ACCOUNT_CHANGED, who, account, request, words)
    if body.password is not None:
        await accounts.set_password(account.id, body.password.get_secret_value())
        await _note(service, Deed.PASSWORD_SET, who, account, request)
    if body.is_active is not None:
        changed = await (accounts.enable if body.is_active else accounts.disable)(account.id)
        deed = Deed.ACCOUNT_OPENED if body.is_active else Deed.ACCOUNT_CLOSED
        await _note(service, deed, who, account, request)
    return _out(changed)


@router.delete(
    "/{operator_id}/second-factor",
    summary="Reset a second factor",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*_PROBLEMS, AccountUnknown, LastDoor),
)
async def reset_factor(
    operator_id: str, who: KeeperDep, service: ServiceDep, request: Request
) -> None:
    """Ask the account for no code until it sets up another, and sign it out. Safe to repeat."""
    account = await _found(service, operator_id)
    if account.id == who.id:
        raise LastDoor
    await service.security.factors.reset(account.id)
    await _note(service, Deed.FACTOR_RESET, who, account, request)


@router.delete(
    "/{operator_id}/sessions",
    summary="Sign an account out everywhere",
    responses=problems(*_PROBLEMS, AccountUnknown),
)
async def end_sessions(
    operator_id: str, who: KeeperDep, service: ServiceDep, request: Request
) -> EndedOut:
    """End every session of the account, and close its consoles. Safe to repeat."""
    account = await _found(service, operator_id)
    ended = await service.security.sessions.revoke_account(account.id)
    await _note(service, Deed.SESSIONS_ENDED, who, account, request, str(ended))
    return EndedOut(ended=ended)


def _require_others(body: OperatorChange, own: Account) -> None:
    """Let nobody raise or lower their own account, by which they could also lock themselves out."""
    has_other_roles = body.roles is not None and set(body.roles) != set(own.roles)
    has_other_areas = body.areas is not None and set(body.areas) != set(own.areas)
    if has_other_roles or has_other_areas or body.is_active is False:
        raise LastDoor


async def _note(
    service: Service,
    deed: Deed,
    who: Principal,
    account: Account,
    request: Request,
    detail: str = "",
) -> None:
    await service.security.audit.note(
        deed,
        account_id=who.id,
        subject=account.id,
        address=source_of(request),
        detail=detail,
    )


async def _require_areas(service: Service, areas: list[str]) -> None:
    unknown = await service.center.read(
        lambda book: [
            one for one in areas if one != EVERYWHERE and AreaId(one) not in book.territory.areas
        ]
    )
    for area_id in unknown:
        raise UnknownSubject("area", area_id[:64])


async def _found(service: Service, operator_id: str) -> Account:
    account = await service.security.accounts.get(operator_id)
    if account.kind is not AccountKind.OPERATOR:
        raise AccountUnknown(operator_id)
    return account


def _out(account: Account) -> OperatorOut:
    return OperatorOut(
        id=account.id,
        login=account.login,
        name=account.name,
        roles=list(account.roles),
        areas=list(account.areas),
        is_active=account.disabled_at is None,
        has_second_factor=account.second_factor_at is not None,
    )
