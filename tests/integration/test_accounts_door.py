"""Accounts kept by security administrators, and the log that auditors read, on a real database."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient
from pyotp.totp import TOTP
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from app.security.accounts import Accounts
from app.security.audit import Deed
from app.security.passwords import Passwords
from app.security.refusals import AccountUnfit
from dispatch.requests import Register
from tests.integration.house import PASSWORD, House, a_house, areas_at

BASE = "/api/v1/admin"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEEPERS = ("administrator", "security_administrator", "auditor")


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


@pytest.fixture
async def keeper(house: House) -> AsyncIterator[AsyncClient]:
    async with house.signed_in("sec", roles=["security_administrator"], areas=["*"]) as web:
        yield web


@pytest.fixture
async def auditor(house: House) -> AsyncIterator[AsyncClient]:
    async with house.signed_in("aud", roles=["auditor"], areas=["*"]) as web:
        yield web


def account(login: str = "op1", **more: object) -> dict[str, object]:
    body = {"login": login, "password": PASSWORD, "name": "周敏"}
    return {**body, "roles": ["operator"], "areas": ["430105"], **more}


async def kinds(web: AsyncClient, **query: str) -> list[str]:
    answer = await web.get(f"{BASE}/audit", params=query)
    assert answer.status_code == 200, answer.text
    return [line["kind"] for line in answer.json()["items"]]


# Roles apart


@pytest.mark.parametrize(
    ("path", "keeper_role"),
    [
        ("/residents", "administrator"),
        ("/plans", "administrator"),
        ("/operators", "security_administrator"),
        ("/audit", "auditor"),
        ("/looks", "auditor"),
    ],
)
async def test_each_keeper_has_a_door_of_their_own(house: House, path: str, keeper_role: str):
    for role in KEEPERS:
        async with house.signed_in(f"one-{role}", roles=[role], areas=["*"]) as web:
            answer = await web.get(BASE + path)
            assert answer.status_code == (200 if role == keeper_role else 403), role


async def test_keepers_of_part_of_the_areas_keep_no_accounts_and_read_no_log(house: House):
    for path, role in (("/operators", "security_administrator"), ("/audit", "auditor")):
        async with house.signed_in(f"part-{role}", roles=[role], areas=["430105"]) as web:
            answer = await web.get(BASE + path)
            assert answer.json()["type"] == "/problems/everywhere-needed"


async def test_nobody_is_all_three_keepers(keeper: AsyncClient):
    refused = await keeper.post(f"{BASE}/operators", json=account(roles=list(KEEPERS)))
    assert refused.json()["type"] == "/problems/account-unfit"
    two = await keeper.post(f"{BASE}/operators", json=account(roles=list(KEEPERS[:2])))
    assert two.status_code == 201
    changed = await keeper.patch(f"{BASE}/operators/op1", json={"roles": list(KEEPERS)})
    assert changed.status_code == 422


async def test_a_house_of_one_may_say_that_one_keeps_all(engine: AsyncEngine):
    passwords = Passwords(time_cost=1, memory_kib=64)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    accounts = Accounts(sessions, lambda: NOW, passwords, one_keeps_all=True)
    strict = Accounts(sessions, lambda: NOW, passwords)
    roles = await accounts.first_roles(["administrator"])
    assert set(roles) == set(KEEPERS)
    made = await accounts.create("adm", PASSWORD, name="", roles=roles, areas=["*"])
    assert set(made.roles) == set(KEEPERS)
    with pytest.raises(AccountUnfit):
        await strict.create("adm2", PASSWORD, name="", roles=roles, areas=["*"])
    passwords.close()


async def test_the_first_administrator_keeps_accounts_and_the_second_does_not(engine: AsyncEngine):
    passwords = Passwords(time_cost=1, memory_kib=64)
    accounts = Accounts(async_sessionmaker(engine, expire_on_commit=False), lambda: NOW, passwords)
    first = await accounts.first_roles(["administrator"])
    assert first == ["administrator", "security_administrator"]
    await accounts.create("adm", PASSWORD, name="", roles=first, areas=["*"])
    assert await accounts.first_roles(["administrator"]) == ["administrator"]
    assert await accounts.first_roles(["operator"]) == ["operator"]
    passwords.close()


# Accounts


async def test_what_is_done_to_an_account_is_on_record_with_who_did_it(
    keeper: AsyncClient, auditor: AsyncClient
):
    await keeper.post(f"{BASE}/operators", json=account())
    for change in (
        {"roles": ["supervisor"]},
        {"password": PASSWORD + "x"},
        {"is_active": False},
        {"is_active": True},
    ):
        assert (await keeper.patch(f"{BASE}/operators/op1", json=change)).status_code == 200
    assert (await keeper.delete(f"{BASE}/operators/op1/second-factor")).status_code == 204
    assert (await keeper.delete(f"{BASE}/operators/op1/sessions")).json() == {"ended": 0}
    answer = await auditor.get(f"{BASE}/audit", params={"whom": "op1"})
    lines = answer.json()["items"]
    assert [line["kind"] for line in reversed(lines)] == [
        *("account_made", "account_changed", "password_set", "account_closed"),
        *("account_opened", "factor_reset", "sessions_ended"),
    ]
    assert {line["who"] for line in lines} == {"sec"}
    assert PASSWORD not in answer.text


async def test_a_change_of_nothing_is_not_a_deed(keeper: AsyncClient, auditor: AsyncClient):
    await keeper.post(f"{BASE}/operators", json=account())
    await keeper.patch(f"{BASE}/operators/op1", json={"name": "周敏"})
    assert await kinds(auditor, whom="op1") == ["account_made"]


async def test_a_keeper_resets_the_second_factor_of_another_and_not_their_own(
    house: House, keeper: AsyncClient
):
    security = house.service.security
    async with house.signed_in("op9", roles=["operator"], areas=["*"]) as web:
        found = await security.accounts.get("op9")
        begun = await security.factors.begin(found)
        now = security.clock()
        await security.factors.confirm("op9", TOTP(begun.secret).at(now))
        row = (await keeper.get(f"{BASE}/operators/op9")).json()
        assert row["has_second_factor"] is True
        assert (await keeper.delete(f"{BASE}/operators/op9/second-factor")).status_code == 204
        assert (await web.get("/api/v1/session")).status_code == 401
    assert (await keeper.get(f"{BASE}/operators/op9")).json()["has_second_factor"] is False
    own = await keeper.delete(f"{BASE}/operators/sec/second-factor")
    assert own.json()["type"] == "/problems/last-door"


async def test_a_keeper_signs_an_account_out_everywhere(house: House, keeper: AsyncClient):
    async with house.signed_in("op9", roles=["operator"], areas=["*"]) as web:
        assert (await keeper.delete(f"{BASE}/operators/op9/sessions")).json() == {"ended": 1}
        assert (await web.get("/api/v1/session")).status_code == 401
    gone = await keeper.delete(f"{BASE}/operators/nobody/sessions")
    assert gone.status_code == 404


# The log


async def test_refusals_changes_and_looks_at_people_are_in_the_log(
    house: House, auditor: AsyncClient
):
    resident = {
        "id": "R1",
        "name": "李秀英",
        "telephone": "13800000001",
        "address": "一号楼",
        "area_id": "430105010007003",
    }
    made = await house.post("/residents", resident)
    assert made.status_code == 201, made.text
    await house.get("/residents/R1")
    await house.get("/residents?q=李")
    await house.web.get(f"{BASE}/audit")  # an administrator may not
    lines = (await auditor.get(f"{BASE}/audit")).json()["items"]
    found = [(line["kind"], line["who"], line["whom"]) for line in lines]
    assert ("refused", "adm", "") in found
    assert ("read", "adm", "R1") in found
    assert ("changed", "adm", "") in found
    assert ("resident_registered", "", "R1") in found
    assert "李" not in str(lines)
    assert await kinds(auditor, whom="R1") == ["read", "look", "resident_registered"]
    assert await kinds(auditor, kind="change") == ["changed"]
    assert set(await kinds(auditor, kind="register")) == {
        *("area_defined", "resident_registered", "plan_adopted")
    }


async def test_looks_at_places_are_in_the_log(house: House, auditor: AsyncClient):
    looks = house.service.security.looks
    look = looks.look(
        account_id="op1",
        role="operator",
        resident_id="R7",
        reason="asked",
        what="last_position",
        incident_id="I3",
    )
    await looks.record(look)
    (line,) = (await auditor.get(f"{BASE}/audit?kind=look")).json()["items"]
    assert (line["kind"], line["who"], line["whom"]) == ("look", "op1", "R7")
    assert line["detail"] == "last_position · I3 · asked"
    assert await kinds(auditor, who="op1", whom="R7") == ["look"]
    assert await kinds(auditor, who="op2") == []


async def test_the_log_is_paged_without_a_gap_over_all_its_sources(
    house: House, auditor: AsyncClient
):
    security = house.service.security
    at = security.clock()
    for number in range(5):
        await security.audit.note(Deed.CHANGED, account_id="x", subject=f"s{number}")
        look = security.looks.look(
            account_id="x", role="operator", resident_id="R", reason="", what="stream"
        )
        await security.looks.record(look)
    await house.service.center.call(Register(facts=areas_at(house.service.center.now)))
    whole = (await auditor.get(f"{BASE}/audit?limit=500")).json()
    assert whole["next"] is None
    seen, after = [], None
    while True:
        query = {"limit": 3} | ({"after": after} if after else {})
        page = (await auditor.get(f"{BASE}/audit", params=query)).json()
        seen += page["items"]
        after = page["next"]
        if after is None:
            break
    assert seen == whole["items"]
    assert [line["at"] for line in seen] == sorted((one["at"] for one in seen), reverse=True)
    since = (at + timedelta(days=1)).isoformat()
    assert await kinds(auditor, since=since) == []
    assert await kinds(auditor, until=since) == [line["kind"] for line in seen][:50]


@pytest.mark.parametrize(
    "after", ["x", "~~", "2026-01-01T00:00:00~deed~1", "2026-01-01T00:00:00Z~deed~-1"]
)
async def test_a_place_that_no_page_named_is_refused(auditor: AsyncClient, after: str):
    answer = await auditor.get(f"{BASE}/audit", params={"after": after})
    assert answer.json()["type"] == "/problems/cursor-unfit"


async def test_the_log_is_taken_away_as_a_file_that_runs_nothing_and_that_is_on_record(
    house: House, auditor: AsyncClient
):
    note = house.service.security.audit.note
    await note(Deed.CHANGED, account_id="=1+1", subject="+cmd", detail="@x")
    answer = await auditor.get(f"{BASE}/audit/export.csv", params={"kind": "change"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[1][:4] == ["at", "kind", "who", "whom"]
    assert rows[2][1:6] == ["changed", "'=1+1", "'+cmd", "", "'@x"]
    assert (await kinds(auditor))[0] == "audit_exported"


async def test_an_auditor_changes_nothing(house: House, auditor: AsyncClient):
    assert (await auditor.post(f"{BASE}/operators", json=account())).status_code == 403
    assert (await auditor.delete(f"{BASE}/operators/adm/sessions")).status_code == 403
    assert (await auditor.post(f"{BASE}/plans", content="")).status_code == 403
    assert (await auditor.get("/api/v1/operator/map")).status_code == 403
    refused = await kinds(auditor, who="aud", kind="refusal")
    assert refused == ["refused"] * 4
