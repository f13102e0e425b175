"""Who suits, over HTTP: what administrators say of it, and what caregivers hear."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.rebuild import rebuild
from app.security.tokens import TokenKind
from dispatch.ids import AreaId, CaregiverId, ResidentId
from dispatch.requests import Duty
from tests.integration.house import House, a_house

GRID = "430105010007003"
LI = {"id": "R0001", "area_id": GRID, "name": "李奶奶"}
WANG = {"id": "C001", "kind": "grid_worker", "area_id": GRID, "name": "王强"}


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


async def test_a_resident_asks_for_whoever_suits(house: House):
    await house.post("/caregivers", WANG)
    asked = {"needs": ["lifting"], "wants_sex": "f", "key_holders": ["C001"]}
    answer = await house.post("/residents", {**LI, **asked})
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in asked} == asked
    known = house.service.center.book.residents[ResidentId("R0001")]
    assert (known.needs, known.wants_sex, known.key_holders) == ({"lifting"}, "f", {"C001"})
    again = await house.patch("/residents/R0001", {"wants_sex": ""})
    assert again.json() == {**answer.json(), "wants_sex": ""}


async def test_a_caregiver_has_a_sex_and_hours_in_one_spelling(house: House):
    hours = "每天 20:00-8:00"
    answer = await house.post("/caregivers", {**WANG, "sex": "m", "hours": hours})
    assert answer.status_code == 201
    assert (answer.json()["sex"], answer.json()["hours"]) == ("m", "mon-sun 20:00-08:00")
    assert len(house.service.center.book.roster.of(CaregiverId("C001")).hours) == 7
    same = await house.post("/caregivers", {**WANG, "sex": "m", "hours": hours})
    assert same.status_code == 200
    freed = await house.patch("/caregivers/C001", {"hours": ""})
    assert freed.json()["hours"] == ""


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("/residents/R0001", {"key_holders": ["C404"]}, 404),
        ("/residents/R0001", {"wants_sex": "x"}, 422),
        ("/caregivers/C001", {"hours": "whenever"}, 422),
        ("/caregivers/C001", {"sex": "x"}, 422),
        ("/areas/430105", {"zone": "Asia"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_changes(house: House, path, change, status):
    await house.post("/caregivers", WANG)
    await house.post("/residents", LI)
    before = await house.facts()
    answer = await house.patch(path, change)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert await house.facts() == before


async def test_a_file_says_it_too_and_an_empty_cell_keeps_what_is_known(house: House):
    caregivers = f"id,name,kind,area,sex,hours\nC001,王强,网格员,{GRID},男,周一 8:00-9:00\n"
    assert (await house.send("/caregivers/import?datum=wgs84", caregivers)).status_code == 200
    residents = f"id,name,area,needs,wants_sex,key_holders\nR0001,李奶奶,{GRID},lifting,f,C001\n"
    assert (await house.send("/residents/import?datum=wgs84", residents)).status_code == 200
    before = await house.facts()
    bare = f"id,name,area,needs,wants_sex,key_holders\nR0001,李奶奶,{GRID},,,\n"
    answer = await house.send("/residents/import?datum=wgs84", bare)
    assert answer.json()["unchanged"] == 1
    await house.send("/caregivers/import?datum=wgs84", caregivers)
    assert await house.facts() == before
    row = await house.get("/residents/R0001")
    assert (row["needs"], row["wants_sex"], row["key_holders"]) == (["lifting"], "f", ["C001"])
    assert (await house.get("/caregivers/C001"))["hours"] == "mon 08:00-09:00"


async def test_an_area_names_its_time_zone_and_an_import_without_one_keeps_it(house: House):
    answer = await house.patch("/areas/430105", {"zone": "Asia/Urumqi"})
    assert answer.json()["zone"] == "Asia/Urumqi"
    assert house.service.center.book.territory.zone(AreaId(GRID)) == "Asia/Urumqi"
    ring = "[[[113, 28], [114, 28], [114, 29], [113, 28]]]"
    feature = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code":'
        ' "430105", "level": "district", "name": "开福区"%s}, "geometry": {"type": "Polygon",'
        f' "coordinates": {ring}}}}}]}}'
    )
    assert (await house.send("/areas/import", feature % "")).status_code == 200
    assert (await house.get("/areas/430105"))["zone"] == "Asia/Urumqi"
    refused = await house.send("/areas/import", feature % ', "zone": "Mars"')
    assert [one["column"] for one in refused.json()["problems"]] == ["zone"]
    assert (await house.send("/areas/import", feature % ', "zone": "Asia/Kashgar"')).is_success
    assert (await house.get("/areas/430105"))["zone"] == "Asia/Kashgar"


async def test_the_tables_made_anew_say_the_same(engine: AsyncEngine):
    paths = ("/residents/R0001", "/caregivers/C001", "/areas/430105")
    async with a_house(engine) as house:
        await house.post("/caregivers", {**WANG, "sex": "f", "hours": "mon 08:00-09:00"})
        await house.post("/residents", {**LI, "needs": ["x"], "key_holders": ["C001"]})
        await house.patch("/areas/430105", {"zone": "Asia/Urumqi"})
        before = [await house.get(path) for path in paths]
    await rebuild(engine)
    async with (
        a_house(engine, is_new=False) as house,
        house.signed_in("again", roles=["administrator"], areas=["*"]) as house.web,
    ):
        assert [await house.get(path) for path in paths] == before


async def test_whoever_comes_back_too_early_hears_until_when_they_rest(engine: AsyncEngine):
    """An hour of the rules is a second here, so that one commit is longer than duty may last."""
    async with a_house(engine, clock_speed=3600.0) as house:
        plans = house.service.center.book.plans
        renamed = plans.text.replace(f'version = "{plans.version}"', 'version = "rested"')
        tired = f"{renamed}\n[rest]\non_duty_max_s = 1\nrest_min_s = 800000\n"
        assert (await house.web.post("/api/v1/admin/plans", content=tired)).is_success
        await house.post("/caregivers", WANG)
        for is_on in (True, False):
            await house.service.center.call(Duty(caregiver_id=CaregiverId("C001"), is_on=is_on))
        issued = await house.service.security.tokens.issue(TokenKind.CAREGIVER, "C001")
        async with house.door() as phone:
            phone.headers["Authorization"] = f"Bearer {issued.token}"
            off = await phone.get("/api/v1/caregiver/state")
            assert off.json()["resting_until"] is None
            answer = await phone.post("/api/v1/caregiver/duty", json={"on": True})
        ended = house.service.center.book.roster.of(CaregiverId("C001")).off_duty_since
    assert (answer.status_code, answer.json()["on_duty"]) == (200, True)
    assert ended is not None
    until = datetime.fromisoformat(answer.json()["resting_until"])
    assert until == ended + timedelta(seconds=800_000)
