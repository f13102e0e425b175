"""Signing in and out over HTTP, on a real database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from app import errors
from app.doors.session import caregiver_router, desk_router
from app.security.access import Principal, allow
from app.security.accounts import AccountKind
from app.security.limits import LoginLimits, Rate
from app.security.passwords import Passwords
from app.security.roles import Role
from app.security.security import CaregiverCard, Security, build
from app.security.sessions import IDLE_MAX, LIFE_MAX
from app.security.tokens import TokenKind

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PASSWORD = "一二三四五六七八九十"
CAREGIVER = Annotated[Principal, allow(Role.CAREGIVER)]
ROSTER = {"C001": CaregiverCard(id="C001", name="李强", kind="grid_worker")}


class HandClock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """A running service of which only the session door exists."""

    security: Security
    clock: HandClock
    web: AsyncClient
    app: FastAPI

    async def sign_in(self, login: str = "op1", password: str = PASSWORD):
        return await self.web.post("/api/v1/session", json={"login": login, "password": password})

    async def phone_in(self, login: str = "c001"):
        body = {"login": login, "password": PASSWORD, "device": "a phone"}
        return await self.web.post("/api/v1/caregiver/login", json=body)

    def another_browser(self, scheme: str = "http", address: str = "127.0.0.1") -> AsyncClient:
        transport = ASGITransport(app=self.app, client=(address, 1))
        return AsyncClient(transport=transport, base_url=f"{scheme}://desk.example")


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    clock = HandClock()
    security = build(
        async_sessionmaker(engine, expire_on_commit=False),
        clock,
        ROSTER.get,
        passwords=Passwords(time_cost=1, memory_kib=64),
        limits=LoginLimits(
            per_login=Rate(count=3, within=timedelta(minutes=3)),
            per_address=Rate(count=5, within=timedelta(minutes=5)),
        ),
    )
    app = FastAPI()
    app.state.security = security
    errors.install(app)
    app.include_router(desk_router)
    app.include_router(caregiver_router)

    @app.get("/who")
    async def who(principal: CAREGIVER) -> str:
        return principal.id

    await security.accounts.create(
        "op1", PASSWORD, name="周敏", roles=["operator"], areas=["430105"]
    )
    await security.accounts.create(
        "c001", PASSWORD, name="李强", kind=AccountKind.CAREGIVER, subject_id="C001"
    )
    house = House(security, clock, AsyncClient(), app)
    house.web = house.another_browser()
    async with house.web:
        yield house
    await security.stop()


async def test_a_desk_signs_in_and_is_known_by_its_cookie(house: House):
    answer = await house.sign_in()
    assert answer.status_code == 200
    account = {
        "id": "op1",
        "login": "op1",
        "name": "周敏",
        "roles": ["operator"],
        "areas": ["430105"],
    }
    assert answer.json()["account"] == account
    again = await house.web.get("/api/v1/session")
    assert again.json() == answer.json()


async def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House):
    cookie = (await house.sign_in()).headers["set-cookie"].lower()
    assert cookie.startswith("ydt_session=")
    assert "; httponly" in cookie
    assert "; samesite=strict" in cookie
    assert "; path=/" in cookie
    assert "; secure" not in cookie


async def test_over_https_the_cookie_is_never_sent_in_clear(house: House):
    async with house.another_browser("https") as web:
        answer = await web.post("/api/v1/session", json={"login": "op1", "password": PASSWORD})
    assert "; secure" in answer.headers["set-cookie"].lower()


async def test_without_a_session_nobody_is_known(house: House):
    answer = await house.web.get("/api/v1/session")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/sign-in-needed"


async def test_neither_cookie_nor_token_is_kept_in_the_database(house: House, engine: AsyncEngine):
    await house.sign_in()
    token = (await house.phone_in()).json()["token"]
    async with engine.connect() as db:
        sessions = (await db.execute(text("SELECT * FROM session"))).all()
        tokens = (await db.execute(text("SELECT * FROM token"))).all()
    assert house.web.cookies["ydt_session"] not in str(sessions)
    assert token not in str(tokens)
    assert len(sessions) == len(tokens) == 1


@pytest.mark.parametrize("login", ["OP1", " op1 ", "ｏｐ１"])
async def test_a_login_is_the_same_however_it_is_typed(house: House, login: str):
    assert (await house.sign_in(login)).status_code == 200


@pytest.mark.parametrize(
    ("login", "password"),
    [("op1", "wrong password"), ("op2", PASSWORD), ("c001", PASSWORD), ("\0", PASSWORD)],
    ids=["password", "login", "a caregiver's account", "no login at all"],
)
async def test_what_was_wrong_is_not_said(house: House, login: str, password: str):
    answer = await house.sign_in(login, password)
    assert answer.status_code == 401
    assert answer.json() == {
        "type": "/problems/wrong-login",
        "title": "The login or the password is wrong",
        "status": 401,
    }
    assert "set-cookie" not in answer.headers


async def test_a_wrong_password_is_counted(house: House):
    await house.sign_in(password="wrong password")
    (wrong,) = house.security.wrong.sources()
    assert (wrong.door, wrong.source, wrong.count) == ("operator_login", "127.0.0.1", 1)


async def test_a_disabled_account_cannot_sign_in(house: House):
    await house.security.accounts.disable("op1")
    assert (await house.sign_in()).status_code == 401
    await house.security.accounts.enable("op1")
    assert (await house.sign_in()).status_code == 200


async def test_guessing_is_slowed_down_and_told_how_long(house: House):
    for _ in range(3):
        assert (await house.sign_in(password="wrong password")).status_code == 401
    refused = await house.sign_in()
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "60"
    assert refused.json()["retry_after_s"] == 60
    house.clock.now += timedelta(seconds=60)
    assert (await house.sign_in()).status_code == 200


async def test_one_address_cannot_guess_at_many_logins(house: House):
    for number in range(5):
        assert (await house.sign_in(f"nobody{number}")).status_code == 401
    assert (await house.sign_in()).status_code == 429


async def test_a_bad_guesser_elsewhere_does_not_keep_the_operator_out(house: House):
    assert (await house.sign_in()).status_code == 200
    body = {"login": "op1", "password": "wrong password"}
    async with house.another_browser(address="203.0.113.9") as stranger:
        answers = [await stranger.post("/api/v1/session", json=body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert (await house.sign_in()).status_code == 200


async def test_signing_out_needs_the_csrf_token(house: House):
    csrf = (await house.sign_in()).json()["csrf"]
    refused = await house.web.delete("/api/v1/session")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/csrf-needed")
    wrong = await house.web.delete(
        "/api/v1/session", headers={b"X-CSRF-Token": f"{csrf}é".encode()}
    )
    assert wrong.status_code == 403
    done = await house.web.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
    assert done.status_code == 204
    assert not done.content


async def test_a_cookie_opens_nothing_after_signing_out(house: House):
    csrf = (await house.sign_in()).json()["csrf"]
    cookie = house.web.cookies["ydt_session"]
    await house.web.delete("/api/v1/session", headers={"X-CSRF-Token": csrf})
    again = await house.web.get("/api/v1/session", headers={"Cookie": f"ydt_session={cookie}"})
    assert again.status_code == 401


async def test_signing_in_again_ends_the_session_before(house: House):
    await house.sign_in()
    before = house.web.cookies["ydt_session"]
    await house.sign_in()
    async with house.another_browser() as web:
        old = await web.get("/api/v1/session", headers={"Cookie": f"ydt_session={before}"})
    assert old.status_code == 401
    assert (await house.web.get("/api/v1/session")).status_code == 200


async def test_a_page_from_elsewhere_cannot_sign_its_visitor_in(house: House):
    body = {"login": "op1", "password": PASSWORD}
    for origin in ("https://evil.example", "null", "http://desk.example.evil.example"):
        answer = await house.web.post("/api/v1/session", json=body, headers={"Origin": origin})
        assert (origin, answer.status_code) == (origin, 403)
    same = {"Origin": "http://desk.example"}
    assert (await house.web.post("/api/v1/session", json=body, headers=same)).status_code == 200


async def test_a_session_ends_when_nobody_used_it_for_half_a_day(house: House):
    await house.sign_in()
    house.clock.now += IDLE_MAX - timedelta(seconds=1)
    assert (await house.web.get("/api/v1/session")).status_code == 200
    house.clock.now += IDLE_MAX - timedelta(seconds=1)
    assert (await house.web.get("/api/v1/session")).status_code == 200
    house.clock.now += IDLE_MAX
    assert (await house.web.get("/api/v1/session")).status_code == 401


async def test_a_session_ends_after_a_week_however_busy(house: House):
    await house.sign_in()
    cookie = {"Cookie": f"ydt_session={house.web.cookies['ydt_session']}"}
    statuses: list[int] = []
    while house.clock.now < NOON + LIFE_MAX + timedelta(hours=6):
        house.clock.now += timedelta(hours=6)
        statuses.append((await house.web.get("/api/v1/session", headers=cookie)).status_code)
    assert statuses == [200] * 27 + [401] * 2


async def test_an_account_disabled_by_another_process_is_out_within_five_seconds(
    house: House, engine: AsyncEngine
):
    await house.sign_in()
    async with engine.begin() as db:
        await db.execute(text("UPDATE account SET disabled_at = now() WHERE id = 'op1'"))
    house.clock.now += timedelta(seconds=4)
    assert (await house.security.sessions.find(house.web.cookies["ydt_session"])) is not None
    house.clock.now += timedelta(seconds=1)
    assert (await house.web.get("/api/v1/session")).status_code == 401


async def test_a_caregiver_signs_in_on_a_phone_and_out_again(house: House):
    answer = await house.phone_in()
    assert answer.status_code == 200
    token = answer.json()["token"]
    assert token.startswith("ydt_c_")
    assert answer.json()["caregiver"] == {"id": "C001", "name": "李强", "kind": "grid_worker"}
    bearer = {"Authorization": f"Bearer {token}"}
    assert (await house.web.get("/who", headers=bearer)).json() == "C001"
    gone = await house.web.delete("/api/v1/caregiver/login", headers=bearer)
    assert gone.status_code == 204
    refused = await house.web.get("/who", headers=bearer)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_caregiver_who_left_the_roster_is_told_so(house: House):
    await house.security.accounts.create(
        "c002", PASSWORD, name="王芳", kind=AccountKind.CAREGIVER, subject_id="C002"
    )
    answer = await house.phone_in("c002")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-on-the-roster")


async def test_disabling_a_caregivers_account_ends_their_phones_at_once(house: House):
    first, second = [(await house.phone_in()).json()["token"] for _ in range(2)]
    await house.security.accounts.disable("c001")
    for token in (first, second):
        answer = await house.web.get("/who", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401


async def test_a_password_changed_while_it_is_checked_lets_nobody_in(house: House):
    accounts = house.security.accounts
    verify = house.security.passwords.verify

    class Slow(Passwords):
        async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
            found = await verify(password, stored)
            house.clock.now += timedelta(microseconds=1)
            await accounts.set_password("op1", "another password")
            await accounts.set_password("c001", "another password")
            return found

    accounts._passwords = Slow(time_cost=1, memory_kib=64)
    assert (await house.sign_in()).status_code == 401
    assert (await house.phone_in()).status_code == 401
    assert len(house.security.tokens) == 0
    accounts._passwords.close()


async def test_a_refused_body_never_repeats_the_password(house: House):
    body = {"login": "op1", "password": ["a secret word"], "more": "a secret word"}
    answer = await house.web.post("/api/v1/session", json=body)
    assert answer.status_code == 422
    assert "a secret word" not in answer.text
    places = [(item["in"], item["pointer"]) for item in answer.json()["errors"]]
    assert places == [("body", "/password"), ("body", "/more")]


async def test_the_document_shows_how_to_come_in_and_what_is_refused(house: House):
    paths = house.app.openapi()["paths"]
    assert paths["/api/v1/session"]["get"]["security"] == [{"session": []}]
    assert paths["/api/v1/caregiver/login"]["delete"]["security"] == [{"caregiver_token": []}]
    assert "security" not in paths["/api/v1/session"]["post"]
    assert "429" in paths["/api/v1/session"]["post"]["responses"]


async def test_a_token_of_a_handset_does_not_open_the_caregivers_door(house: House):
    issued = await house.security.tokens.issue(TokenKind.HANDSET, "H0001")
    answer = await house.web.get("/who", headers={"Authorization": f"Bearer {issued.token}"})
    assert answer.status_code == 401
    assert house.security.tokens.refused_totals() == {"caregiver": 1}
