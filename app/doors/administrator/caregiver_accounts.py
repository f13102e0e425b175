"""The accounts with which caregivers sign in on their phones."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from starlette import status as http

from app.doors.administrator.asking import (
    PROBLEMS,
    Form,
    IdPath,
    IdText,
    LoginText,
    PasswordText,
    RegistryDep,
)
from app.errors import problems
from app.register.enrolment import AccountAsked, AccountOfAnother, change_account, make_accounts
from app.register.registry import AlreadyThere
from app.security.refusals import (
    AccountUnknown,
    LoginTaken,
    LoginUnfit,
    PasswordsBusy,
    PasswordUnfit,
)
from app.service import ServiceDep
from dispatch.errors import UnknownSubject

ACCOUNTS_MAX: Final = 1_000
_ACCOUNT_PROBLEMS: Final = (LoginTaken, LoginUnfit, PasswordUnfit, PasswordsBusy)

router = APIRouter(prefix="/caregivers", tags=["administrator: caregivers"])


class AccountIn(Form):
    """With what a caregiver signs in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"login": "c001", "password": "…"}}
    )

    login: LoginText
    password: PasswordText


class AccountChange(Form):
    """What changes of a caregiver's account; another password signs every phone out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"password": "…"}})

    password: PasswordText | None = None
    is_active: StrictBool | None = None


class CaregiverAccountIn(AccountIn):
    """One of many accounts."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"caregiver_id": "C001", "login": "c001", "password": "…"}},
    )

    caregiver_id: IdText


class AccountOut(BaseModel):
    """An account of a caregiver."""

    caregiver_id: str
    login: str
    is_new: bool


class AccountsOut(BaseModel):
    """Accounts, in the order in which they were asked for."""

    accounts: list[AccountOut]


@router.post(
    "/accounts",
    summary="Make accounts for many caregivers",
    status_code=http.HTTP_201_CREATED,
    responses=problems(*PROBLEMS, UnknownSubject, AccountOfAnother, *_ACCOUNT_PROBLEMS),
)
async def create_accounts(
    body: Annotated[list[CaregiverAccountIn], Field(min_length=1, max_length=ACCOUNTS_MAX)],
    service: ServiceDep,
    registry: RegistryDep,
) -> AccountsOut:
    """Make an account for each; one that is there already keeps its password.

    All are checked before the first is made. About seven a second: a password is costly to hash.
    """
    await registry.require("caregiver", [one.caregiver_id for one in body])
    asked = [_asked(one.caregiver_id, one) for one in body]
    made = await make_accounts(service.security.accounts, asked)
    return AccountsOut(
        accounts=[
            AccountOut(caregiver_id=one.caregiver_id, login=one.login, is_new=is_new)
            for one, is_new in zip(asked, made, strict=True)
        ]
    )


@router.post(
    "/{caregiver_id}/account",
    summary="Make an account for a caregiver",
    status_code=http.HTTP_201_CREATED,
    responses=problems(*PROBLEMS, UnknownSubject, AlreadyThere, *_ACCOUNT_PROBLEMS),
)
async def create_account(
    caregiver_id: IdPath, body: AccountIn, service: ServiceDep, registry: RegistryDep
) -> AccountOut:
    """Make the account with which a caregiver signs in on a phone."""
    row = await registry.get("caregiver", caregiver_id)
    asked = _asked(caregiver_id, body)
    (is_new,) = await make_accounts(service.security.accounts, [asked], name=row["name"])
    if not is_new:
        raise AlreadyThere(f"Caregiver {caregiver_id} has this account: change it instead.")
    return AccountOut(caregiver_id=caregiver_id, login=asked.login, is_new=True)


@router.patch(
    "/{caregiver_id}/account",
    summary="Change a caregiver's account",
    status_code=http.HTTP_204_NO_CONTENT,
    responses=problems(*PROBLEMS, UnknownSubject, AccountUnknown, PasswordUnfit, PasswordsBusy),
)
async def change_account_(
    caregiver_id: IdPath, body: AccountChange, service: ServiceDep, registry: RegistryDep
) -> None:
    """Set another password, or let the caregiver sign in no more. Ends their tokens."""
    await registry.require("caregiver", [caregiver_id])
    password = body.password.get_secret_value() if body.password else None
    await change_account(service.security.accounts, caregiver_id, password, body.is_active)


def _asked(caregiver_id: IdPath, body: AccountIn) -> AccountAsked:
    return AccountAsked(
        caregiver_id=caregiver_id, login=body.login, password=body.password.get_secret_value()
    )
