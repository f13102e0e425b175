"""Accounts of operators, supervisors and administrators."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    AdministratorDep,
    EverythingDep,
    Form,
    LoginText,
    NameText,
    PageOut,
    PasswordText,
    SoughtDep,
)
from app.errors import Problem, problems
from app.register.registry import EverywhereNeeded
from app.security.accounts import Account, AccountKind
from app.security.refusals import (
    AccountUnfit,
    AccountUnknown,
    LoginTaken,
    LoginUnfit,
    PasswordsBusy,
    PasswordUnfit,
)
from app.security.roles import EVERYWHERE, Role
from app.service import Service
from dispatch.errors import UnknownSubject
from dispatch.ids import AreaId

AREAS_MAX: Final = 1_000
_PROBLEMS: Final = (*PROBLEMS, EverywhereNeeded)

router = APIRouter(prefix="/operators", tags=["administrator: operators"])

Roles = Annotated[
    list[Literal["operator", "supervisor", "administrator"]], Field(min_length=1, max_length=3)
]
Areas = Annotated[list[str], Field(max_length=AREAS_MAX, description='Codes; "*" is everywhere.')]


class LastDoor(Problem):
    """You would lock yourself out: let another administrator do this."""

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


@router.get("", summary="List accounts of desks", responses=problems(*_PROBLEMS))
async def operators(service: EverythingDep, sought: SoughtDep) -> PageOut[OperatorOut]:
    """Return a page of accounts, by id."""
    page = await service.security.accounts.page(
        kind=AccountKind.OPERATOR, q=sought.q, after=sought.after, limit=sought.limit
    )
    return PageOut(items=[_out(account) for account in page.items], next=page.next)


@router.get("/{operator_id}", summary="One account", responses=problems(*_PROBLEMS, AccountUnknown))
async def operator(operator_id: str, service: EverythingDep) -> OperatorOut:
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
async def create(body: OperatorIn, service: EverythingDep) -> OperatorOut:
    """Make an account for a desk. Not safe to repeat: a login that exists is refused."""
    await _require_areas(service, body.areas)
    account = await service.security.accounts.create(
        body.login,
        body.password.get_secret_value(),
        name=body.name,
        roles=body.roles,
        areas=body.areas,
    )
    return _out(account)


@router.patch(
    "/{operator_id}",
    summary="Change an account",
    responses=problems(
        *_PROBLEMS, AccountUnknown, PasswordUnfit, LastDoor, UnknownSubject, PasswordsBusy
    ),
)
async def change(
    operator_id: str, body: OperatorChange, service: EverythingDep, who: AdministratorDep
) -> OperatorOut:
    """Change what the body names, and close the consoles of an account that may do less."""
    account = await _found(service, operator_id)
    if account.id == who.id:
        _require_way_back(body)
    await _require_areas(service, body.areas or [])
    accounts = service.security.accounts
    if body.password is not None:
        await accounts.set_password(account.id, body.password.get_secret_value())
    if body.is_active is not None:
        await (accounts.enable if body.is_active else accounts.disable)(account.id)
    changed = await accounts.change(account.id, name=body.name, roles=body.roles, areas=body.areas)
    return _out(changed)


def _require_way_back(body: OperatorChange) -> None:
    loses_role = body.roles is not None and Role.ADMINISTRATOR not in body.roles
    loses_areas = body.areas is not None and EVERYWHERE not in body.areas
    if loses_role or loses_areas or body.is_active is False:
        raise LastDoor


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
    )
