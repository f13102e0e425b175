"""Loads a city into an empty server through the administrator's door, and keeps the log-ins."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from typing import Final, TypeVar

import msgspec

from simulator.city import (
    City,
    CityOperator,
    areas_geojson,
    caregivers_csv,
    handsets_csv,
    residents_csv,
)
from simulator.players.doors import DeskSession, Doors, Refused

ADMIN: Final = "/api/v1/admin"
TOKENS_AT_ONCE: Final = 500
ACCOUNTS_AT_ONCE: Final = 12
PASSWORD_BYTES: Final = 12
LOGIN_TAKEN: Final = "login-taken"

Progress = Callable[[str], None]
T = TypeVar("T")


class LoginsUnfit(Exception):
    """The file of log-ins cannot be used; the message says what to do."""


@dataclass(slots=True, kw_only=True)
class Logins:
    """Who can get in, and how. Made up at random; worth nothing outside this one server."""

    administrator: tuple[str, str]  # login, password
    operators: dict[str, str] = field(default_factory=dict[str, str])  # login → password
    caregivers: dict[str, str] = field(default_factory=dict[str, str])  # login → password
    handsets: dict[str, str] = field(default_factory=dict[str, str])  # handset id → token
    phones: dict[str, str] = field(default_factory=dict[str, str])  # caregiver's login → token
    is_loaded: bool = False  # whether the server has all of it


def made_up(city: City) -> Logins:
    """Return random passwords for everybody in a city who has one."""
    desks = {one.login: token_urlsafe(PASSWORD_BYTES) for one in city.operators}
    administrator = next(one.login for one in city.operators if one.role == "administrator")
    return Logins(
        administrator=(administrator, desks.pop(administrator)),
        operators=desks,
        caregivers={one.login: token_urlsafe(PASSWORD_BYTES) for one in city.caregivers},
    )


def read_logins(path: Path) -> Logins | None:
    """Return the log-ins kept in a file, None when there is none.

    Raises:
        LoginsUnfit: it is not a file of ours.
    """
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Logins)
    except msgspec.MsgspecError as error:
        raise LoginsUnfit(f"{path} cannot be read. Remove the folder to begin anew.") from error


def write_logins(logins: Logins, path: Path) -> None:
    """Keep the log-ins in a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(logins), file, ensure_ascii=False, indent=2)
    new.replace(path)


async def load(
    city: City,
    doors: Doors,
    logins: Logins,
    *,
    handsets: Iterable[str] | None = None,
    on_progress: Progress = lambda _: None,
) -> None:
    """Load a city: areas, people, handsets, tokens, accounts. Safe to repeat.

    `handsets` are those that get a token, all if None; the tokens are put into `logins`.

    Raises:
        Refused: the server will not take it.
        Unreachable: it does not answer.
    """
    who = await doors.sign_in(*logins.administrator)
    on_progress(f"Loading {len(city.areas)} areas.")
    await doors.ask("POST", f"{ADMIN}/areas/import", who, json=areas_geojson(city))
    await _import(doors, who, "caregivers", caregivers_csv(city), len(city.caregivers), on_progress)
    await _import(doors, who, "residents", residents_csv(city), len(city.residents), on_progress)
    await _import(doors, who, "handsets", handsets_csv(city), len(city.residents), on_progress)
    ids = [one.handset_id for one in city.residents] if handsets is None else sorted(set(handsets))
    on_progress(f"Giving {len(ids)} handsets their tokens.")
    logins.handsets |= await _tokens(doors, who, ids)
    await _accounts(city, doors, who, logins, on_progress)
    logins.is_loaded = True


async def _import(
    doors: Doors, who: DeskSession, what: str, table: str, rows: int, on_progress: Progress
) -> None:
    on_progress(f"Importing {rows} {what}.")
    path = f"{ADMIN}/{what}/import"
    await doors.ask("POST", path, who, content=table.encode(), params={"datum": "wgs84"})


async def _tokens(doors: Doors, who: DeskSession, ids: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in slices(ids, TOKENS_AT_ONCE):
        path = f"{ADMIN}/handsets/tokens"
        found |= (await doors.ask("POST", path, who, json={"ids": some}))["tokens"]
    return found


async def _accounts(
    city: City, doors: Doors, who: DeskSession, logins: Logins, on_progress: Progress
) -> None:
    """Make the accounts a few at a time: a password is slow to store, on purpose."""
    caregivers = [
        {"caregiver_id": one.id, "login": one.login, "password": logins.caregivers[one.login]}
        for one in city.caregivers
    ]
    for made, some in enumerate(slices(caregivers, ACCOUNTS_AT_ONCE)):
        on_progress(f"Making {len(caregivers)} caregivers' accounts: {made * ACCOUNTS_AT_ONCE}.")
        await doors.ask("POST", f"{ADMIN}/caregivers/accounts", who, json=some)
    for one in city.operators:
        if one.login in logins.operators:
            await _make_operator(doors, who, one, logins.operators[one.login])


async def _make_operator(doors: Doors, who: DeskSession, one: CityOperator, password: str) -> None:
    body = {
        "login": one.login,
        "password": password,
        "name": one.name,
        "roles": [one.role],
        "areas": list(one.area_codes),
    }
    try:
        await doors.ask("POST", f"{ADMIN}/operators", who, json=body)
    except Refused as error:
        if error.name != LOGIN_TAKEN:  # made before: with the password from our file
            raise


def slices(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return the items in pieces of at most `size`."""
    return [items[at : at + size] for at in range(0, len(items), size)]
