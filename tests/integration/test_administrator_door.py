"""The administrator door over HTTP, on a whole service and a real database."""

import json
import re
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from app.doors.administrator import router
from app.main import build_api
from app.register.imports import PORTION_FACTS, resume_imports
from app.security.unnamed import unnamed_routes
from app.storage import staged
from dispatch.facts import HandsetPaired
from dispatch.ids import HandsetId, ResidentId
from dispatch.requests import Park
from tests.integration.house import DOORS, PASSWORD, House, a_house

GRID = "430105010007003"
LI = {
    "id": "R0001",
    "area_id": GRID,
    "name": "李奶奶",
    "telephone": "19900000001",
    "address": "吉福街15栋",
    "home": {"lon": 112.944234, "lat": 28.176618},
    "medical": "青霉素过敏",
    "excluded": [],
}
WANG = {
    "id": "C001",
    "kind": "grid_worker",
    "area_id": GRID,
    "name": "王强",
    "skills": ["first_aid"],
}


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


# Who may pass


async def test_every_route_names_the_administrator(house: House):
    assert unnamed_routes(build_api(house.service, DOORS)) == []


async def test_an_operator_is_not_let_in(house: House):
    async with house.signed_in("op1", roles=["operator"], areas=["*"]) as web:
        answer = await web.get("/api/v1/admin/residents")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/role-needed"


async def test_an_administrator_of_one_district_sees_and_changes_nothing_of_another(house: House):
    await house.post("/residents", LI)
    async with house.signed_in("other", roles=["administrator"], areas=["430102"]) as web:
        base = "/api/v1/admin"
        assert (await web.get(f"{base}/residents")).json() == {"items": [], "next": None}
        seen = await web.get(f"{base}/residents/R0001")
        changed = await web.patch(f"{base}/residents/R0001", json={"name": "x"})
        erased = await web.post(f"{base}/residents/R0001/erase")
        made = await web.post(f"{base}/residents", json={**LI, "id": "R0002"})
        stolen = await web.post(
            f"{base}/residents/import?datum=wgs84", content="id,name,area\nR0001,x,430102\n"
        )
        operators = await web.get(f"{base}/operators")
        areas = await web.get(f"{base}/areas")
    assert {seen.status_code, changed.status_code, erased.status_code} == {404}
    assert made.status_code == 404
    assert stolen.json()["problems"][0]["message"] == "is in areas that are not yours"
    assert operators.json()["type"] == "/problems/role-needed"
    assert [area["id"] for area in areas.json()["items"]] == ["430102"]
    assert (await house.get("/residents/R0001"))["name"] == "李奶奶"


# Residents


async def test_a_resident_is_registered_found_and_decides_by_name_and_number(house: House):
    answer = await house.post("/residents", LI)
    assert answer.status_code == 201
    assert answer.json()["home_is_pinned"] is True
    home = house.service.center.book.residents[ResidentId("R0001")].home
    assert home is not None
    assert home.lon == 112.944234
    for q in ("李", "199", "R00"):
        assert [one["id"] for one in (await house.get(f"/residents?q={q}"))["items"]] == ["R0001"]
    for q in ("奶奶", "%", "_"):
        assert (await house.get(f"/residents?q={q}"))["items"] == []


async def test_the_same_resident_again_is_no_news_and_another_with_the_id_is_refused(house: House):
    await house.post("/residents", LI)
    before = await house.facts()
    again = await house.post("/residents", LI)
    other = await house.post("/residents", {**LI, "name": "张三"})
    assert again.status_code == 200
    assert other.status_code == 409
    assert other.json()["type"] == "/problems/already-there"
    assert await house.facts() == before


async def test_a_resident_without_a_home_is_in_the_middle_of_the_community(house: House):
    answer = await house.post("/residents", {**LI, "home": None})
    assert answer.json()["home"] == {"lon": 113.011, "lat": 28.211}
    assert answer.json()["home_is_pinned"] is False
    listed = await house.get("/residents?unpinned=true")
    assert [one["id"] for one in listed["items"]] == ["R0001"]


async def test_a_home_read_from_a_chinese_map_is_moved_to_where_it_is(house: House):
    home = {"lon": 112.944234, "lat": 28.176618, "datum": "gcj02"}
    answer = await house.post("/residents", {**LI, "home": home})
    moved = answer.json()["home"]
    assert 0.003 < home["lon"] - moved["lon"] < 0.008
    assert 0.001 < moved["lat"] - home["lat"] < 0.006


async def test_a_change_keeps_what_it_does_not_name(house: House):
    await house.post("/residents", LI)
    answer = await house.patch("/residents/R0001", {"state": "in_hospital"})
    assert answer.status_code == 200
    assert answer.json() == {**(await house.get("/residents/R0001")), "state": "in_hospital"}
    assert answer.json()["medical"] == LI["medical"]
    assert house.service.center.book.residents[ResidentId("R0001")].state == "in_hospital"
    before = await house.facts()
    await house.patch("/residents/R0001", {"state": "in_hospital"})
    assert await house.facts() == before


async def test_taking_the_pin_out_puts_the_home_back_to_the_community(house: House):
    await house.post("/residents", LI)
    answer = await house.patch("/residents/R0001", {"home": None})
    assert answer.json()["home_is_pinned"] is False
    assert answer.json()["home"] == {"lon": 113.011, "lat": 28.211}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"area_id": "999"}, 404),
        ({"excluded": ["C404"]}, 404),
        ({"name": ""}, 422),
        ({"nmae": "x"}, 422),
        ({"lives_alone": "yes"}, 422),
        ({"home": {"lon": 0, "lat": 0}}, 422),
        ({"born": "1950-02-30"}, 422),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_changes(house: House, change, status):
    await house.post("/residents", LI)
    before = await house.facts()
    answer = await house.patch("/residents/R0001", change)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert await house.facts() == before


@pytest.mark.parametrize("table", ["residents", "caregivers", "handsets", "areas"])
async def test_no_text_in_an_address_makes_the_server_fail(house: House, table: str):
    for odd in ("%00", "%F0%9F%92%A5", "a%20b", "x" * 300):
        assert (await house.web.get(f"/api/v1/admin/{table}/{odd}")).status_code == 422
        listed = await house.web.get(f"/api/v1/admin/{table}?q={odd[:90]}&after={odd[:90]}")
        assert listed.status_code == 200
    assert (await house.web.get(f"/api/v1/admin/{table}/unknown")).status_code == 404


async def test_a_list_is_read_page_by_page_without_gap_or_repeat(house: House):
    rows = "".join(f"R{n:04},老人{n},{GRID}\n" for n in range(1, 8))
    await house.send("/residents/import?datum=wgs84", f"id,name,area\n{rows}")
    seen, after = [], ""
    while True:
        page = await house.get(f"/residents?limit=3{after}")
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [f"R{n:04}" for n in range(1, 8)]


# Imports


async def test_an_import_tells_who_has_no_coordinates_and_places_them(house: House):
    table = (
        "编号,姓名,社区,经度,纬度,独居\n"
        f"R0001,李奶奶,{GRID},112.944234,28.176618,是\n"
        "R0002,王爷爷,430105010,,,否\n"
    )
    answer = await house.send("/residents/import?datum=wgs84", table.encode("gb18030"))
    assert answer.json() == {"imported": 2, "unchanged": 0, "unpinned": ["R0002"]}
    wang = await house.get("/residents/R0002")
    assert wang["home"] == {"lon": 113.01, "lat": 28.21}  # no community above: the street's own
    assert (await house.get("/residents/R0001"))["lives_alone"] is True


async def test_one_bad_row_names_its_place_and_nothing_is_imported(house: House):
    table = f"id,name,area,lat,lon\nR0001,a,{GRID},28.1,112.9\nR0002,b,nowhere,91,112.9\n"
    answer = await house.send("/residents/import?datum=wgs84", table)
    assert answer.status_code == 422
    places = {(one["line"], one["column"]) for one in answer.json()["problems"]}
    assert places == {(3, "area"), (3, "lat")}
    assert (await house.get("/residents"))["items"] == []


async def test_importing_the_same_file_again_records_nothing(house: House):
    table = f"id,name,area,lat,lon\nR0001,a,{GRID},28.1,112.9\n"
    await house.send("/residents/import?datum=gcj02", table)
    before = await house.facts()
    answer = await house.send("/residents/import?datum=gcj02", table)
    assert answer.json() == {"imported": 0, "unchanged": 1, "unpinned": []}
    assert await house.facts() == before


async def test_an_empty_cell_keeps_what_is_known(house: House):
    await house.post("/residents", LI)
    await house.patch("/residents/R0001", {"state": "away"})
    await house.send(
        "/residents/import?datum=wgs84",
        f"id,name,area,telephone,lat,lon\nR0001,李桂英,{GRID},13800000000,,\n",
    )
    row = await house.get("/residents/R0001")
    assert (row["name"], row["telephone"]) == ("李桂英", "13800000000")
    assert (row["medical"], row["state"], row["home_is_pinned"]) == ("青霉素过敏", "away", True)


async def test_the_datum_must_be_named(house: House):
    answer = await house.send("/residents/import", f"id,name,area\nR1,a,{GRID}\n")
    assert answer.status_code == 422


async def test_a_large_import_is_whole_and_leaves_nothing_staged(house: House):
    count = 2 * PORTION_FACTS + 7
    rows = "".join(f"R{n:04},老人{n},{GRID}\n" for n in range(count))
    answer = await house.send("/residents/import?datum=wgs84", f"id,name,area\n{rows}")
    assert answer.json()["imported"] == count
    assert (await house.sql("SELECT count(*) FROM resident"))[0][0] == count
    assert await house.sql("SELECT * FROM staged_import") == []


async def test_an_import_that_a_crash_interrupted_is_finished_at_the_next_start(house: House):
    await house.post("/residents", LI)
    now = house.service.center.now
    portions = [
        staged.portion_of(
            [
                HandsetPaired(
                    at=now, handset_id=HandsetId(h), resident_id=ResidentId("R0001"), model=""
                )
            ]
        )
        for h in ("H1", "H2")
    ]
    await staged.stage(house.engine, "handset", portions)
    assert await resume_imports(house.service) == 2
    assert [one["id"] for one in (await house.get("/handsets"))["items"]] == ["H1", "H2"]
    assert await house.sql("SELECT * FROM staged_import") == []


async def test_a_portion_that_cannot_be_registered_is_kept_and_the_start_goes_on(house: House):
    now = house.service.center.now
    lost = HandsetPaired(
        at=now, handset_id=HandsetId("H1"), resident_id=ResidentId("R404"), model=""
    )
    good = HandsetPaired(at=now, handset_id=HandsetId("H2"), resident_id=None, model="")
    await staged.stage(house.engine, "handset", [staged.portion_of([one]) for one in (lost, good)])
    await resume_imports(house.service)
    assert [one["id"] for one in (await house.get("/handsets"))["items"]] == ["H2"]
    assert len(await house.sql("SELECT * FROM staged_import")) == 1


async def test_a_file_larger_than_a_table_may_be_is_not_read(house: House):
    answer = await house.send("/residents/import?datum=wgs84", b"x" * (33 * 2**20))
    assert answer.status_code == 413


def collection(*features: tuple[str, str | None, str, float]) -> str:
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": {
                        "code": code,
                        "parent_code": parent,
                        "level": level,
                        "name": f"区{code}",
                    },
                    "geometry": {
                        "type": "Polygon",
                        "coordinates": [[[lon, 1], [lon + 1, 1], [lon + 1, 2], [lon, 1]]],
                    },
                }
                for code, parent, level, lon in features
            ],
        }
    )


async def test_areas_are_imported_and_a_point_is_found_in_the_narrowest(house: House):
    answer = await house.send(
        "/areas/import",
        collection(("4302", None, "district", 10.0), ("430201", "4302", "street", 10.0)),
    )
    assert answer.json() == {"imported": 2, "unchanged": 0, "unpinned": []}
    assert house.service.geography.area_at(10.8, 1.2) == "430201"
    again = await house.send("/areas/import", collection(("4302", None, "district", 10.0)))
    assert again.json()["unchanged"] == 1
    one = await house.get("/areas/430201")
    assert one["ring"][0] == one["ring"][-1] == [10.0, 1.0]
    assert (await house.get("/areas"))["items"][0]["ring"] is None


async def test_an_area_under_a_narrower_one_is_refused_with_its_feature(house: House):
    answer = await house.send(
        "/areas/import",
        collection(("4302", None, "district", 10.0), ("430201", GRID, "street", 10.0)),
    )
    assert answer.status_code == 422
    assert [one["line"] for one in answer.json()["problems"]] == [2]
    assert (await house.get("/areas?q=4302"))["items"] == []


async def test_an_area_is_defined_renamed_and_cannot_be_hung_below_its_child(house: House):
    made = await house.post(
        "/areas",
        {
            "id": "430105010008",
            "parent_id": "430105010",
            "level": "community",
            "name": "新社区",
            "ring": [[113, 28], [113.1, 28], [113.1, 28.1], [113, 28]],
        },
    )
    assert made.status_code == 201
    renamed = await house.patch("/areas/430105010008", {"name": "老社区"})
    assert renamed.json()["name"] == "老社区"
    assert renamed.json()["ring"] == made.json()["ring"]
    hung = await house.patch("/areas/430105", {"parent_id": GRID})
    assert hung.json()["type"] == "/problems/parent-unfit"


# Handsets and tokens


async def test_a_handset_is_paired_and_has_a_token_in_one_answer(house: House):
    await house.post("/residents", LI)
    body = {"id": "H0001", "resident_id": "R0001", "model": "pendant", "issue_token": True}
    answer = await house.post("/handsets", body)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    holder = house.service.security.tokens.subject_of(answer.json()["token"])
    assert holder is not None
    assert holder.subject_id == "H0001"
    assert (await house.get("/residents/R0001"))["handset_ids"] == ["H0001"]
    assert (await house.get("/handsets/H0001"))["has_token"] is True


async def test_a_new_token_ends_the_older_one_and_a_revoked_one_opens_nothing(house: House):
    await house.post("/handsets", {"id": "H0001"})
    tokens = house.service.security.tokens
    first = (await house.post("/handsets/H0001/token")).json()["token"]
    second = (await house.post("/handsets/H0001/token")).json()["token"]
    assert tokens.subject_of(first) is None
    assert tokens.subject_of(second) is not None
    gone = await house.web.delete("/api/v1/admin/handsets/H0001/token")
    assert gone.status_code == 204
    assert tokens.subject_of(second) is None


async def test_tokens_for_many_handsets_are_issued_all_or_none(house: House):
    await house.post("/residents", LI)
    rows = "".join(f"H{n:04},R0001\n" for n in range(277))
    await house.send("/handsets/import", f"id,resident\n{rows}")
    ids = [f"H{n:04}" for n in range(277)]
    refused = await house.post("/handsets/tokens", {"ids": [*ids, "H9999"]})
    assert refused.status_code == 404
    assert len(house.service.security.tokens) == 0
    issued = (await house.post("/handsets/tokens", {"ids": ids})).json()["tokens"]
    assert set(issued) == set(ids)
    assert len(house.service.security.tokens) == 277


async def test_a_handset_taken_from_its_resident_is_nobodys(house: House):
    await house.post("/residents", LI)
    await house.post("/handsets", {"id": "H0001", "resident_id": "R0001"})
    answer = await house.patch("/handsets/H0001", {"resident_id": None})
    assert answer.json()["resident_id"] is None
    assert house.service.center.book.handsets[HandsetId("H0001")].resident_id is None
    unknown = await house.patch("/handsets/H0001", {"resident_id": "R404"})
    assert unknown.status_code == 404


# Caregivers and accounts


async def test_a_caregiver_is_enrolled_changed_and_signs_in(house: House):
    assert (await house.post("/caregivers", WANG)).status_code == 201
    body = {"login": "c001", "password": PASSWORD}
    assert (await house.post("/caregivers/C001/account", body)).status_code == 201
    assert (await house.post("/caregivers/C001/account", body)).status_code == 409
    signed = await house.web.post("/api/v1/caregiver/login", json={**body, "device": ""})
    assert signed.status_code == 200
    changed = await house.patch("/caregivers/C001", {"is_active": False})
    assert (changed.json()["is_active"], changed.json()["skills"]) == (False, ["first_aid"])
    assert changed.json()["logins"] == ["c001"]


async def test_accounts_for_many_caregivers_are_checked_before_the_first_is_made(house: House):
    await house.post("/caregivers", WANG)
    await house.post("/caregivers", {**WANG, "id": "C002"})
    one = {"caregiver_id": "C001", "login": "c001", "password": PASSWORD}
    short = {"caregiver_id": "C002", "login": "c002", "password": "short"}
    assert (await house.post("/caregivers/accounts", [one, short])).status_code == 422
    assert await house.service.security.accounts.find("c001") is None
    taken = {"caregiver_id": "C002", "login": "adm", "password": PASSWORD}
    assert (await house.post("/caregivers/accounts", [one, taken])).status_code == 409
    twice = {"caregiver_id": "C002", "login": "C001", "password": PASSWORD}
    assert (await house.post("/caregivers/accounts", [one, twice])).status_code == 409
    both = [one, {**taken, "login": "c002"}]
    made = await house.post("/caregivers/accounts", both)
    assert [account["is_new"] for account in made.json()["accounts"]] == [True, True]
    again = await house.post("/caregivers/accounts", both)
    assert [account["is_new"] for account in again.json()["accounts"]] == [False, False]


async def test_another_password_ends_a_caregivers_tokens(house: House):
    await house.post("/caregivers", WANG)
    await house.post("/caregivers/C001/account", {"login": "c001", "password": PASSWORD})
    login = {"login": "c001", "password": PASSWORD, "device": ""}
    token = (await house.web.post("/api/v1/caregiver/login", json=login)).json()["token"]
    answer = await house.patch("/caregivers/C001/account", {"password": PASSWORD + "x"})
    assert answer.status_code == 204
    assert house.service.security.tokens.subject_of(token) is None


async def test_caregivers_are_imported_and_those_without_a_station_named(house: House):
    table = f"id,name,kind,area,skills,lat,lon\nC001,王强,网格员,{GRID},first_aid;KEY,28.1,112.9\n"
    table += f"C002,李艳,volunteer,{GRID},,,\n"
    answer = await house.send("/caregivers/import?datum=wgs84", table)
    assert answer.json() == {"imported": 2, "unchanged": 0, "unpinned": ["C002"]}
    row = await house.get("/caregivers/C001")
    assert row["skills"] == ["first_aid", "key"]
    assert row["station"] == {"lon": 112.9, "lat": 28.1}


async def test_operators_are_made_changed_and_shut_out(house: House):
    body = {
        "login": "op1",
        "password": PASSWORD,
        "name": "周敏",
        "roles": ["operator"],
        "areas": ["430105"],
    }
    made = await house.post("/operators", body)
    assert made.status_code == 201
    assert "password" not in made.text
    assert (await house.post("/operators", body)).status_code == 409
    assert (
        await house.post("/operators", {**body, "login": "op2", "areas": ["x"]})
    ).status_code == 404
    changed = await house.patch("/operators/op1", {"is_active": False, "areas": ["*"]})
    assert (changed.json()["is_active"], changed.json()["areas"]) == (False, ["*"])
    ids = [one["id"] for one in (await house.get("/operators"))["items"]]
    assert ids == ["adm", "op1"]


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"roles": ["operator"]},
        {"roles": ["administrator", "security_administrator", "auditor"]},
        {"areas": []},
    ],
)
async def test_nobody_raises_lowers_or_closes_their_own_account(house: House, change):
    answer = await house.patch("/operators/adm", change)
    assert answer.json()["type"] == "/problems/last-door"
    assert (await house.get("/operators/adm"))["is_active"] is True


# Plans and records


async def test_plans_are_read_changed_under_another_version_and_never_under_the_same(house: House):
    plans = await house.get("/plans")
    text = plans["text"].replace(f'version = "{plans["version"]}"', 'version = "spring"')
    assert (await house.send("/plans", text)).json() == {"version": "spring"}
    before = await house.facts()
    assert (await house.send("/plans", text)).status_code == 200
    assert await house.facts() == before
    assert (await house.get("/plans"))["version"] == "spring"
    changed = await house.send("/plans", text + "\n# another thought\n")
    assert changed.json()["type"] == "/problems/plan-version-taken"


async def test_a_plan_with_a_fault_names_the_line_and_the_old_one_stays(house: House):
    before = await house.get("/plans")
    answer = await house.send("/plans", 'version = "x"\nkinds = [\n')
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/plan-refused"
    assert await house.get("/plans") == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[kinds.follow_up]", "[kinds.folow_up]"),
        ("due_within_s = 600\n", ""),
        ("due_within_s = 600", "due_within_s = -600"),
        ('{ level = "supervisor", lasts_s = 60 },\n]', "]"),
    ],
)
async def test_a_plan_that_cannot_run_is_refused_with_file_table_and_line(
    house: House, old: str, new: str
):
    before = await house.get("/plans")
    text = before["text"].replace(f'version = "{before["version"]}"', 'version = "bad"')
    assert old in text
    if new == "]":  # a ladder that ends nowhere
        text = text.replace('{ level = "operator", lasts_s = 60 },\n', "")
    answer = await house.send("/plans?file=ours.toml", text.replace(old, new, 1))
    assert answer.status_code == 422
    assert re.search(r"ours\.toml: \[kinds\.\w+\] \(line \d+\)", answer.json()["detail"])
    assert await house.get("/plans") == before


async def test_wrong_tokens_looks_and_parked_requests_are_shown(house: House):
    await house.web.post(
        "/api/v1/handset/events", json=[], headers={"Authorization": "Bearer wrong"}
    )
    refused = await house.get("/refusals")
    assert refused["totals"] == {"handset": 1}
    looks = house.service.security.looks
    await looks.record(
        looks.look(
            account_id="op1", role="operator", resident_id="R0001", reason="asked", what="incident"
        )
    )
    async with house.signed_in("aud", roles=["auditor"], areas=["*"]) as web:
        shown = await web.get("/api/v1/admin/looks?resident=R0001")
        assert [one["account_id"] for one in shown.json()["items"]] == ["op1"]
        assert (await web.get("/api/v1/admin/looks?resident=R0002")).json()["items"] == []
    assert (await house.web.get("/api/v1/admin/looks")).status_code == 403


async def test_parked_requests_are_paged_the_latest_first(house: House):
    for n in range(3):
        await house.service.center.call(Park(what="handset_called", why=f"fault {n}"))
    page = await house.get("/parked?limit=2")
    assert [one["why"] for one in page["items"]] == ["fault 2", "fault 1"]
    rest = await house.get(f"/parked?limit=2&after={page['next']}")
    assert [one["why"] for one in rest["items"]] == ["fault 0"]
    assert (await house.web.get("/api/v1/admin/parked?after=x")).status_code == 400


def test_the_document_describes_every_route_of_the_door():
    app = FastAPI()
    app.include_router(router)
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (path, method)
            assert "401" in route["responses"], (path, method)
            assert route["security"] == [{"session": []}], (path, method)
