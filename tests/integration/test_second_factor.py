"""Second factors and locked desks over HTTP, on a real database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pyotp.totp import TOTP
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from app import errors
from app.doors.second_factor import router as factor_router
from app.doors.session import desk_router
from app.security.access import Hindrance, allow
from app.security.limits import LoginLimits, Rate
from app.security.passwords import Passwords
from app.security.roles import Role
from app.security.security import Security, build

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PASSWORD = "一二三四五六七八九十"
FACTOR = "/api/v1/session/second-factor"


class HandClock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class House:
    """The session door, a door that hears and a door that acts."""

    security: Security
    engine: AsyncEngine
    clock: HandClock
    web: AsyncClient
    app: FastAPI
    secret: str = ""

    async def sign_in(self, code: str | None = None, password: str = PASSWORD) -> Response:
        body = {"login": "op1", "password": password}
        answer = await self.web.post(
            "/api/v1/session", json=body if code is None else {**body, "code": code}
        )
        if answer.status_code == 200:
            self.web.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return answer

    def code(self, steps: int = 0) -> str:
        return TOTP(self.secret).at(self.clock.now, counter_offset=steps)

    async def set_up(self) -> list[str]:
        """Set a second factor up; return the codes for a lost telephone."""
        begun = await self.web.post(FACTOR, json={"password": PASSWORD})
        assert begun.status_code == 201, begun.text
        self.secret = begun.json()["secret"]
        done = await self.web.post(f"{FACTOR}/confirm", json={"code": self.code()})
        assert done.status_code == 200, done.text
        return done.json()["recovery"]

    async def deeds(self) -> list[str]:
        async with self.engine.connect() as connection:
            return list(
                (await connection.execute(text("SELECT kind FROM audit ORDER BY id"))).scalars()
            )

    async def unlock(self, **proof: str) -> Response:
        return await self.web.post("/api/v1/session/unlock", json=proof)

    async def lock(self) -> None:
        assert (await self.web.post("/api/v1/session/lock")).status_code == 204


@pytest.fixture
def needed() -> tuple[str, ...]:
    """Return the roles that must have a second factor."""
    return ()


@pytest.fixture
async def house(engine: AsyncEngine, needed: tuple[str, ...]) -> AsyncIterator[House]:
    clock = HandClock()
    security = build(
        async_sessionmaker(engine, expire_on_commit=False),
        clock,
        lambda _: None,
        passwords=Passwords(time_cost=1, memory_kib=64),
        limits=LoginLimits(per_login=Rate(count=3, within=timedelta(minutes=3))),
        factor_roles=needed,
        lock_after=timedelta(minutes=15),
    )
    app = FastAPI()
    app.state.security = security
    errors.install(app)
    app.include_router(desk_router)
    app.include_router(factor_router)

    @app.get("/hear", dependencies=[allow(Role.OPERATOR, despite=(Hindrance.LOCKED,))])
    async def hear() -> str:
        return "ringing"

    @app.get("/see", dependencies=[allow(Role.OPERATOR)])
    @app.post("/act", dependencies=[allow(Role.OPERATOR)])
    async def act() -> str:
        return "done"

    await security.accounts.create("op1", PASSWORD, name="周敏", roles=["operator"], areas=["*"])
    transport = ASGITransport(app=app, client=("192.0.2.7", 1))
    async with AsyncClient(transport=transport, base_url="http://desk.example") as web:
        yield House(security, engine, clock, web, app)
    await security.stop()


def slug(answer: Response) -> str:
    return answer.json()["type"].removeprefix("/problems/")


async def test_without_a_second_factor_nobody_is_asked_for_a_code(house: House):
    answer = await house.sign_in()
    assert answer.status_code == 200
    assert answer.json()["has_second_factor"] is False
    assert (await house.web.get(FACTOR)).json() == {"is_set_up": False, "recovery_left": 0}


async def test_a_second_factor_is_begun_with_the_password_and_counts_once_confirmed(house: House):
    await house.sign_in()
    assert slug(await house.web.post(FACTOR, json={"password": "wrong password"})) == "wrong-proof"
    begun = (await house.web.post(FACTOR, json={"password": PASSWORD})).json()
    assert begun["uri"].startswith("otpauth://totp/Yidiantong:op1?secret=")
    assert begun["picture"].startswith("data:image/svg+xml")
    assert slug(await house.web.post(f"{FACTOR}/confirm", json={"code": "000000"})) == "code-wrong"
    assert (await house.sign_in()).status_code == 200  # not confirmed: no code is asked for
    house.secret = begun["secret"]
    done = await house.web.post(f"{FACTOR}/confirm", json={"code": house.code()})
    assert len(set(done.json()["recovery"])) == 8
    assert (await house.web.get(FACTOR)).json() == {"is_set_up": True, "recovery_left": 8}
    assert slug(await house.sign_in()) == "code-needed"


async def test_a_second_factor_is_not_replaced_from_a_desk_that_was_left_open(house: House):
    await house.sign_in()
    await house.set_up()
    house.clock.later(60)
    assert slug(await house.web.post(FACTOR, json={"password": PASSWORD})) == "factor-there"
    again = await house.web.post(f"{FACTOR}/confirm", json={"code": house.code()})
    assert slug(again) == "factor-there"


async def test_nothing_that_a_database_keeps_is_a_recovery_code(house: House):
    await house.sign_in()
    codes = await house.set_up()
    async with house.engine.connect() as connection:
        kept = str((await connection.execute(text("SELECT recovery FROM second_factor"))).scalar())
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


async def test_a_code_works_once_also_within_its_half_minute(house: House):
    await house.sign_in()
    await house.set_up()
    assert slug(await house.sign_in(house.code())) == "wrong-code"  # it confirmed the set-up
    house.clock.later(30)
    code = house.code()
    assert (await house.sign_in(code)).status_code == 200
    assert slug(await house.sign_in(code)) == "wrong-code"


async def test_an_older_code_does_not_pass_after_a_newer_one(house: House):
    await house.sign_in()
    await house.set_up()
    house.clock.later(90)
    assert (await house.sign_in(house.code())).status_code == 200
    assert slug(await house.sign_in(house.code(-1))) == "wrong-code"


@pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_a_telephones_clock_may_be_half_a_minute_off(house: House, steps: int, passes: bool):
    await house.sign_in()
    await house.set_up()
    house.clock.later(300)
    assert ((await house.sign_in(house.code(steps))).status_code == 200) is passes


async def test_codes_are_read_however_they_are_typed(house: House):
    await house.sign_in()
    recovery = await house.set_up()
    house.clock.later(60)
    wide = " ".join(chr(ord(digit) + 0xFEE0) for digit in house.code())
    assert (await house.sign_in(wide)).status_code == 200
    misread = recovery[0].lower().replace("o", "0").replace("i", "1").replace("b", "8")
    assert (await house.sign_in(misread)).status_code == 200


async def test_a_recovery_code_works_once_and_the_auditor_learns_of_it(house: House):
    await house.sign_in()
    recovery = await house.set_up()
    assert (await house.sign_in(recovery[3])).status_code == 200
    assert (await house.web.get(FACTOR)).json()["recovery_left"] == 7
    assert slug(await house.sign_in(recovery[3])) == "wrong-code"
    assert "recovery_used" in await house.deeds()


async def test_a_right_code_does_not_help_a_wrong_password(house: House):
    await house.sign_in()
    await house.set_up()
    house.clock.later(60)
    assert slug(await house.sign_in(house.code(), "not the password")) == "wrong-login"
    assert (await house.sign_in(house.code())).status_code == 200  # and it was not used up


async def test_guessing_codes_is_slowed_down_as_guessing_passwords_is(house: House):
    await house.sign_in()
    await house.set_up()
    house.clock.later(600)
    answers = [await house.sign_in("000000") for _ in range(4)]
    assert [one.status_code for one in answers] == [401, 401, 401, 429]
    assert (await house.sign_in(house.code())).status_code == 429


async def test_asking_which_code_is_wanted_costs_no_try(house: House):
    await house.sign_in()
    await house.set_up()
    house.clock.later(600)
    assert [slug(await house.sign_in()) for _ in range(6)] == ["code-needed"] * 6


async def test_after_a_reset_the_password_is_enough_and_old_sessions_are_over(house: House):
    await house.sign_in()
    recovery = await house.set_up()
    await house.security.factors.reset("op1")
    assert (await house.web.get("/see")).status_code == 401
    assert (await house.sign_in()).status_code == 200
    assert await house.security.factors.check("op1", recovery[0]) is None


@pytest.mark.parametrize("needed", [("operator",)])
async def test_who_must_have_a_second_factor_can_set_it_up_and_nothing_else(house: House):
    assert (await house.sign_in()).json()["second_factor_needed"] is True
    for method, path in (("GET", "/see"), ("POST", "/act"), ("GET", "/hear")):
        assert slug(await house.web.request(method, path)) == "second-factor-needed"
    await house.set_up()
    assert (await house.web.get("/see")).status_code == 200
    assert (await house.web.get("/api/v1/session")).json()["second_factor_needed"] is False


@pytest.mark.parametrize("needed", [("supervisor",)])
async def test_who_need_not_have_one_is_let_through(house: House):
    assert (await house.sign_in()).json()["second_factor_needed"] is False
    assert (await house.web.get("/see")).status_code == 200


# The lock


async def test_the_page_is_told_after_how_long_to_lock(house: House):
    assert (await house.sign_in()).json()["lock_after_s"] == 900
    assert (await house.web.get("/api/v1/session")).json()["is_locked"] is False


async def test_a_locked_desk_hears_and_nothing_else(house: House):
    await house.sign_in()
    await house.lock()
    assert (await house.web.get("/hear")).json() == "ringing"
    assert slug(await house.web.get("/see")) == "session-locked"
    assert slug(await house.web.post("/act")) == "session-locked"
    assert slug(await house.web.get(FACTOR)) == "session-locked"
    assert (await house.web.get("/see")).status_code == 423
    assert (await house.web.get("/api/v1/session")).json()["is_locked"] is True


async def test_a_lock_outlives_the_memory_of_the_server(house: House):
    await house.sign_in()
    await house.lock()
    house.security.sessions._copies.clear()
    assert slug(await house.web.post("/act")) == "session-locked"
    house.clock.later(10)
    await house.security.refresh()
    assert slug(await house.web.post("/act")) == "session-locked"


async def test_the_password_unlocks_and_a_wrong_one_does_not(house: House):
    await house.sign_in()
    await house.lock()
    assert slug(await house.unlock(password="not the password")) == "wrong-proof"
    assert slug(await house.unlock()) == "wrong-proof"
    assert slug(await house.web.post("/act")) == "session-locked"
    assert (await house.unlock(password=PASSWORD)).status_code == 204
    assert (await house.web.post("/act")).status_code == 200
    kinds = await house.deeds()
    assert kinds[-4:] == ["locked", "unlock_refused", "unlock_refused", "unlocked"]


async def test_a_code_unlocks_too_once(house: House):
    await house.sign_in()
    await house.set_up()
    house.clock.later(60)
    code = house.code()
    await house.lock()
    assert (await house.unlock(code=code)).status_code == 204
    await house.lock()
    assert slug(await house.unlock(code=code)) == "wrong-proof"


async def test_guessing_at_a_locked_desk_is_slowed_down(house: House):
    await house.sign_in()
    house.clock.later(600)
    await house.lock()
    answers = [await house.unlock(password="guess") for _ in range(4)]
    assert [one.status_code for one in answers] == [403, 403, 403, 429]


async def test_a_page_of_another_site_cannot_unlock(house: House):
    await house.sign_in()
    await house.lock()
    del house.web.headers["X-CSRF-Token"]
    assert slug(await house.unlock(password=PASSWORD)) == "csrf-needed"


async def test_a_locked_desk_can_be_left(house: House):
    await house.sign_in()
    await house.lock()
    assert (await house.web.delete("/api/v1/session")).status_code == 204
    assert (await house.web.get("/hear")).status_code == 401


async def test_log_ins_and_refusals_are_on_record_without_what_was_typed(house: House):
    await house.sign_in(password="wrong secret")
    body = {"login": PASSWORD, "password": PASSWORD}  # the password, typed where the login goes
    await house.web.post("/api/v1/session", json=body)
    await house.sign_in()
    await house.web.delete("/api/v1/session")
    async with house.engine.connect() as connection:
        rows = (await connection.execute(text("SELECT * FROM audit ORDER BY id"))).all()
    assert [row.kind for row in rows] == [
        *("sign_in_refused", "sign_in_refused", "signed_in", "signed_out")
    ]
    assert [row.account_id for row in rows] == ["op1", "", "op1", "op1"]
    assert {row.address for row in rows} == {"192.0.2.7"}
    assert PASSWORD not in str(rows)
    assert "wrong secret" not in str(rows)
