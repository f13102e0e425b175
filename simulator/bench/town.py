"""The town of a benchmark: made in this process, put on record, and then left to the server.

A square of communities, thousands of handsets, some hundred caregivers on duty.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Final

from pydantic import SecretStr
from sqlalchemy import update

from app.database import database
from app.logs import set_up
from app.main import running
from app.security.tokens import TokenKind
from app.service import Service
from app.settings import Settings
from app.storage.models import TokenRow
from dispatch.areas import Level
from dispatch.facts import (
    AreaDefined,
    CaregiverEnrolled,
    EventKey,
    HandsetPaired,
    ResidentRegistered,
)
from dispatch.ids import AreaId, CaregiverId, HandsetId, OperatorId, ResidentId
from dispatch.place import Place
from dispatch.requests import Desk, Duty, HandsetCalled, Register

CORNER: Final = (112.95, 28.20)  # lon, lat of the south-western corner
SIDE: Final = 0.02  # degrees, of a community
ACROSS: Final = 4  # streets, and communities in each
TOKENS_AT_ONCE: Final = 5_000
CALLS_AT_ONCE: Final = 1_000
CENTRE: Final = (CORNER[0] + ACROSS * SIDE / 2, CORNER[1] + ACROSS * SIDE / 2)
OPERATOR: Final = ("bench", token_urlsafe(12))

_DISTRICT: Final = AreaId("43")


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """How large it is."""

    handsets: int
    caregivers: int


async def found(town: Town, url: str, folder: Path) -> dict[str, str]:
    """Put a town on record in an empty database; return the token of each handset.

    One operator may sign in, as OPERATOR.
    """
    async with _service(url, folder) as service:
        now = service.center.now
        people = (*_areas(now), *_residents(town, now), *_caregivers(town, now))
        await service.center.call(Register(facts=people))
        for number in range(town.caregivers):
            await service.center.call(Duty(caregiver_id=_caregiver_id(number), is_on=True))
        login, password = OPERATOR
        await service.security.accounts.create(
            login, password, name="Operator", roles=("operator",), areas=(_DISTRICT,)
        )
        ids = [_handset_id(number) for number in range(town.handsets)]
        tokens: dict[str, str] = {}
        for start in range(0, len(ids), TOKENS_AT_ONCE):
            some = ids[start : start + TOKENS_AT_ONCE]
            issued = await service.security.tokens.issue_many(TokenKind.HANDSET, some)
            tokens |= {one: issued[one].token for one in some}
        await _age_tokens(service)
        return tokens


async def _age_tokens(service: Service) -> None:
    """Let the tokens be of yesterday: a server reads those of the last minute again and again."""
    async with service.engine.begin() as connection:
        await connection.execute(
            update(TokenRow).values(issued_at=TokenRow.issued_at - timedelta(days=1))
        )


async def press(count: int, url: str, folder: Path) -> int:
    """Let the first handsets of a town call for help; return how many incidents are open."""
    async with _service(url, folder) as service:
        present = Desk(operator_id=OperatorId(OPERATOR[0]), is_present=True, areas=(_DISTRICT,))
        await service.center.call(present)  # else each call would go to the outside
        for start in range(0, count, CALLS_AT_ONCE):
            numbers = range(start, min(start + CALLS_AT_ONCE, count))
            await asyncio.gather(*(service.center.call(_call(number)) for number in numbers))
        return len(service.center.book.incidents)


@asynccontextmanager
async def _service(url: str, folder: Path) -> AsyncGenerator[Service]:
    """Run the center in this process, silently, on a database that no server owns."""
    set_up("ERROR", as_json=False)
    settings = Settings(database_url=SecretStr(url), data_dir=folder)
    try:
        async with database(settings) as engine, running(settings, engine) as service:
            yield service
    finally:
        logging.getLogger().setLevel(logging.WARNING)


def _areas(now: datetime) -> Iterator[AreaDefined]:
    yield _area(now, _DISTRICT, None, Level.DISTRICT, (0, 0, ACROSS, ACROSS))
    for street in range(ACROSS):
        street_id = AreaId(f"{_DISTRICT}{street}")
        yield _area(now, street_id, _DISTRICT, Level.STREET, (0, street, ACROSS, 1))
        for place in range(ACROSS):
            community_id = AreaId(f"{street_id}{place}")
            yield _area(now, community_id, street_id, Level.COMMUNITY, (place, street, 1, 1))


def _area(
    now: datetime,
    area_id: AreaId,
    parent_id: AreaId | None,
    level: Level,
    cells: tuple[int, int, int, int],
) -> AreaDefined:
    left, bottom, width, height = cells
    west, south = CORNER[0] + left * SIDE, CORNER[1] + bottom * SIDE
    east, north = west + width * SIDE, south + height * SIDE
    return AreaDefined(
        at=now,
        area_id=area_id,
        parent_id=parent_id,
        level=level,
        name=f"Area {area_id}",
        centre=((west + east) / 2, (south + north) / 2),
        ring=((west, south), (east, south), (east, north), (west, north), (west, south)),
    )


def _residents(town: Town, now: datetime) -> Iterator[ResidentRegistered | HandsetPaired]:
    for number in range(town.handsets):
        resident_id = ResidentId(f"R{number:06d}")
        yield ResidentRegistered(
            at=now,
            resident_id=resident_id,
            area_id=_community(number),
            state="home",
            category="elder",
            ability="partly",
            lives_alone=True,
            language="zh",
            communication="voice",
            home_is_pinned=True,
            home=_home(number),
            name=f"Resident {number}",
            telephone="073100000000",
            address=f"Street {number % ACROSS}, house {number}",
        )
        yield HandsetPaired(
            at=now, handset_id=_handset_id(number), resident_id=resident_id, model="bench"
        )


def _caregivers(town: Town, now: datetime) -> Iterator[CaregiverEnrolled]:
    for number in range(town.caregivers):
        yield CaregiverEnrolled(
            at=now,
            caregiver_id=_caregiver_id(number),
            kind="grid_worker",
            skills=(),
            languages=("zh",),
            area_id=_community(number),
            speed_kmh=15.0,
            is_active=True,
            station=_home(number * 7),
            name=f"Caregiver {number}",
            telephone="073100000001",
        )


def _call(number: int) -> HandsetCalled:
    return HandsetCalled(
        handset_id=_handset_id(number),
        kind="sos",
        events=(EventKey(event_id="opened", kind="sos", device_time=""),),
    )


def _handset_id(number: int) -> HandsetId:
    return HandsetId(f"H{number:06d}")


def _caregiver_id(number: int) -> CaregiverId:
    return CaregiverId(f"C{number:05d}")


def _community(number: int) -> AreaId:
    return AreaId(f"{_DISTRICT}{number // ACROSS % ACROSS}{number % ACROSS}")


def _home(number: int) -> Place:
    """Return a place inside the community of that number."""
    column, row = number % ACROSS, number // ACROSS % ACROSS
    inside = number // (ACROSS * ACROSS)
    return Place(
        lon=CORNER[0] + (column + 0.05 + inside % 31 * 0.029) * SIDE,
        lat=CORNER[1] + (row + 0.05 + inside % 29 * 0.031) * SIDE,
        source="installed",
    )
