"""A whole service on a test's database, and administrators who are signed in at its door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from app.main import build_api, running
from app.security.access import COOKIE
from app.security.accounts import Accounts
from app.security.passwords import Passwords
from app.service import Service
from app.settings import Settings
from dispatch import facts as f
from dispatch.areas import Level
from dispatch.ids import AreaId
from dispatch.requests import Register

PASSWORD = "一二三四五六七八九十"
AREAS = (
    ("430105", None, Level.DISTRICT, (113.0, 28.2)),
    ("430105010", "430105", Level.STREET, (113.01, 28.21)),
    ("430105010007", "430105010", Level.COMMUNITY, (113.011, 28.211)),
    ("430105010007003", "430105010007", Level.GRID, (113.0111, 28.2111)),
    ("430102", None, Level.DISTRICT, (112.0, 27.2)),
)
DOORS = frozenset({"administrator", "handset", "caregiver", "operator"})


@dataclass
class House:
    """A running service, and a signed-in administrator of all of it."""

    service: Service
    engine: AsyncEngine
    web: AsyncClient

    def door(self) -> AsyncClient:
        return AsyncClient(
            transport=ASGITransport(app=build_api(self.service, DOORS)),
            base_url="http://desk.example",
        )

    @asynccontextmanager
    async def signed_in(
        self, login: str, *, roles: list[str], areas: list[str]
    ) -> AsyncIterator[AsyncClient]:
        """Make an account and sign it in, without the cost of checking its password."""
        sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        passwords = Passwords(time_cost=1, memory_kib=64)
        accounts = Accounts(sessions, self.service.security.clock, passwords)
        account = await accounts.create(login, PASSWORD, name="", roles=roles, areas=areas)
        passwords.close()
        opened = await self.service.security.sessions.open(account, user_agent="", address="")
        async with self.door() as web:
            web.cookies[COOKIE] = opened.cookie
            web.headers["X-CSRF-Token"] = opened.session.csrf
            yield web

    async def get(self, path: str) -> dict:
        answer = await self.web.get(f"/api/v1/admin{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: object = None) -> Response:
        return await self.web.post(f"/api/v1/admin{path}", json=body)

    async def patch(self, path: str, body: object) -> Response:
        return await self.web.patch(f"/api/v1/admin{path}", json=body)

    async def send(self, path: str, content: str | bytes) -> Response:
        return await self.web.post(f"/api/v1/admin{path}", content=content)

    async def sql(self, statement: str, **arguments: object) -> list:
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement), arguments)
            return list(result.all()) if result.returns_rows else []

    async def facts(self) -> int:
        return (await self.sql("SELECT count(*) FROM fact"))[0][0]


@asynccontextmanager
async def a_house(
    engine: AsyncEngine, *, is_new: bool = True, **settings: Any
) -> AsyncIterator[House]:
    """Run a service, with five areas and an administrator if it is new."""
    async with running(Settings(**settings), engine) as service:
        house = House(service, engine, AsyncClient())
        if not is_new:
            yield house
            return
        await service.center.call(Register(facts=areas_at(service.center.now)))
        roles = ["administrator", "security_administrator"]
        async with house.signed_in("adm", roles=roles, areas=["*"]) as house.web:
            yield house


def areas_at(now: datetime) -> tuple[f.AreaDefined, ...]:
    return tuple(
        f.AreaDefined(
            at=now,
            area_id=AreaId(code),
            parent_id=AreaId(parent) if parent else None,
            level=level,
            name=f"区{code}",
            centre=centre,
            ring=(),
        )
        for code, parent, level, centre in AREAS
    )
