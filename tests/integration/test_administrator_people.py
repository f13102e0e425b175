"""People and handsets at the administrator's door: masked, looked at, pictured, tried, swapped."""

from collections.abc import AsyncIterator

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.register.pictures import PHOTO_BYTES_MAX
from app.security.tokens import TokenKind
from dispatch.ids import HandsetId
from tests.integration.house import House, a_house

GRID = "430105010007003"
LI = {
    "id": "R0001",
    "area_id": GRID,
    "name": "李秀英",
    "telephone": "19900000001",
    "address": "吉福街15栋",
    "home": {"lon": 112.944234, "lat": 28.176618},
}
WANG = {"id": "C001", "kind": "grid_worker", "area_id": GRID, "name": "王强"}
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 100
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100
WEBP = b"RIFF\x10\0\0\0WEBPVP8 "
BASE = "/api/v1/admin"


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


async def looks_at(house: House, resident_id: str) -> list[tuple[str, str, str]]:
    async with house.signed_in("aud", roles=["auditor"], areas=["*"]) as auditor:
        page = await auditor.get(f"{BASE}/looks?resident={resident_id}")
    assert page.status_code == 200, page.text
    return [(one["account_id"], one["what"], one["reason"]) for one in page.json()["items"]]


async def handset(house: House, token: str, **event: str) -> dict:
    async with house.door() as web:
        answer = await web.post(
            "/api/v1/handset/events", json=event, headers={"Authorization": f"Bearer {token}"}
        )
    assert answer.status_code == 200, answer.text
    return answer.json()


# Masked in lists, whole by a look on record


async def test_a_list_shows_neither_whole_numbers_nor_where_somebody_lives(house: House):
    await house.post("/residents", LI)
    (listed,) = (await house.get("/residents"))["items"]
    assert listed["telephone"] == "199****0001"
    assert not {"home", "address", "medical", "key_note"} & set(listed)
    assert await looks_at(house, "R0001") == []


async def test_a_record_is_whole_and_opening_or_changing_it_is_a_look(house: House):
    await house.post("/residents", LI)
    assert (await house.get("/residents/R0001"))["telephone"] == "19900000001"
    changed = await house.patch("/residents/R0001", {})
    assert changed.json()["telephone"] == "19900000001"
    assert await looks_at(house, "R0001") == [
        ("adm", "register", "changed the record"),
        ("adm", "register", "opened the record"),
    ]


async def test_a_look_at_somebody_elses_resident_shows_nothing_and_is_none(house: House):
    await house.post("/residents", LI)
    async with house.signed_in("other", roles=["administrator"], areas=["430102"]) as web:
        assert (await web.get(f"{BASE}/residents/R0001")).status_code == 404
    assert await looks_at(house, "R0001") == []


async def test_a_caregivers_number_is_masked_in_lists_and_whole_in_the_record(house: House):
    await house.post("/caregivers", {**WANG, "telephone": "19900001001"})
    (listed,) = (await house.get("/caregivers"))["items"]
    assert (listed["telephone"], listed["logins"]) == ("199****1001", [])
    assert (await house.get("/caregivers/C001"))["telephone"] == "19900001001"


# Finding


@pytest.mark.parametrize("q", ["秀英", "lxy", "lixiuying", "0000001", "r00"])
async def test_a_resident_is_found_by_name_pinyin_number_and_id(house: House, q: str):
    await house.post("/residents", LI)
    found = (await house.post("/search/residents", {"q": q})).json()
    assert [(one["id"], one["telephone"]) for one in found["items"]] == [("R0001", "199****0001")]
    assert (found["more"], found["more_is_least"]) == (0, False)


async def test_nobody_of_another_district_is_found(house: House):
    await house.post("/residents", LI)
    await house.post("/caregivers", WANG)
    await house.post("/handsets", {"id": "H0001", "resident_id": "R0001"})
    await house.post("/handsets", {"id": "H0002"})
    async with house.signed_in("other", roles=["administrator"], areas=["430102"]) as web:

        async def ids(kind: str, q: str) -> list[str]:
            answer = await web.post(f"{BASE}/search/{kind}", json={"q": q})
            return [one["id"] for one in answer.json()["items"]]

        assert await ids("residents", "李") == []
        assert await ids("caregivers", "王") == []
        assert await ids("handsets", "H00") == ["H0002"]  # nobody carries it
    mine = (await house.post("/search/handsets", {"q": "H00"})).json()["items"]
    assert [one["id"] for one in mine] == ["H0001", "H0002"]
    assert len((await house.post("/search/caregivers", {"q": "王"})).json()["items"]) == 1


# Photos


async def put(web: AsyncClient, body: bytes, resident_id: str = "R0001") -> int:
    answer = await web.put(f"{BASE}/residents/{resident_id}/photo", content=body)
    return answer.status_code


@pytest.mark.parametrize(
    ("body", "media_type"), [(JPEG, "image/jpeg"), (PNG, "image/png"), (WEBP, "image/webp")]
)
async def test_a_photo_is_what_its_first_bytes_say(house: House, body: bytes, media_type: str):
    await house.post("/residents", LI)
    assert (await house.get("/residents/R0001"))["has_photo"] is False
    assert await put(house.web, body) == 204
    answer = await house.web.get(f"{BASE}/residents/R0001/photo")
    assert (answer.content, answer.headers["content-type"]) == (body, media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await house.get("/residents/R0001"))["has_photo"] is True


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<svg onload='alert(1)'/>", 422),
        (b"GIF89a", 422),
        (b"RIFF\0\0\0\0WAVE", 422),
        (b"", 422),
        (JPEG + b"\0" * PHOTO_BYTES_MAX, 413),
    ],
)
async def test_what_is_no_photo_or_too_large_is_not_kept(house: House, body: bytes, status: int):
    await house.post("/residents", LI)
    assert await put(house.web, body) == status
    assert (await house.web.get(f"{BASE}/residents/R0001/photo")).status_code == 404


async def test_a_photo_is_replaced_and_taken_out(house: House):
    await house.post("/residents", LI)
    await put(house.web, JPEG)
    await put(house.web, PNG)
    assert (await house.web.get(f"{BASE}/residents/R0001/photo")).content == PNG
    gone = await house.web.delete(f"{BASE}/residents/R0001/photo")
    again = await house.web.delete(f"{BASE}/residents/R0001/photo")
    assert (gone.status_code, again.status_code) == (204, 204)
    assert await house.sql("SELECT 1 FROM resident_photo") == []


async def test_an_erased_resident_has_no_photo(house: House):
    await house.post("/residents", LI)
    await put(house.web, JPEG)
    assert (await house.post("/residents/R0001/erase")).status_code == 204
    assert await house.sql("SELECT 1 FROM resident_photo") == []


async def test_a_photo_is_shown_to_those_who_see_the_call_and_to_nobody_else(house: House):
    await house.post("/residents", LI)
    await put(house.web, JPEG)
    issued = {"id": "H0001", "resident_id": "R0001", "issue_token": True}
    token = (await house.post("/handsets", issued)).json()["token"]
    call = (await handset(house, token, kind="sos", event_id="1"))["incident_id"]
    path = f"/api/v1/operator/incidents/{call}"
    async with house.signed_in("op1", roles=["operator"], areas=["430105"]) as web:
        assert (await web.get(path)).json()["has_photo"] is True
        seen = await web.get(f"{path}/photo")
        assert (seen.status_code, seen.content) == (200, JPEG)
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert (await web.get(f"{BASE}/residents/R0001/photo")).status_code == 403
        assert (await web.get("/api/v1/operator/incidents/I404/photo")).status_code == 404
    async with house.signed_in("far", roles=["operator"], areas=["430102"]) as web:
        assert (await web.get(f"{path}/photo")).status_code == 404
    async with house.signed_in("other", roles=["administrator"], areas=["430102"]) as web:
        assert (await web.get(f"{BASE}/residents/R0001/photo")).status_code == 404
        assert await put(web, PNG) == 404
    async with house.door() as web:
        assert (await web.get(f"{path}/photo")).status_code == 401


# Handsets: tried, swapped, retired


async def a_handset(house: House) -> str:
    await house.post("/residents", LI)
    body = {"id": "H0001", "resident_id": "R0001", "model": "pendant", "issue_token": True}
    return (await house.post("/handsets", body)).json()["token"]


async def test_a_test_hears_what_comes_after_it_began_and_nothing_before(house: House):
    token = await a_handset(house)
    await handset(house, token, kind="test", event_id="1")
    assert (await house.web.get(f"{BASE}/handsets/H0001/test")).status_code == 404
    begun = await house.post("/handsets/H0001/test")
    assert (begun.status_code, begun.json()["state"], begun.json()["heard"]) == (
        201,
        "listening",
        [],
    )
    await handset(house, token, kind="test", event_id="2")
    heard = await house.get("/handsets/H0001/test")
    assert (heard["state"], [one["what"] for one in heard["heard"]]) == ("heard", ["test"])
    again = await house.post("/handsets/H0001/test")
    assert again.json()["heard"] == []


async def test_a_press_during_a_test_is_a_call_as_always_and_is_named(house: House):
    token = await a_handset(house)
    await house.post("/handsets/H0001/test")
    call = (await handset(house, token, kind="sos", event_id="1"))["incident_id"]
    (heard,) = (await house.get("/handsets/H0001/test"))["heard"]
    assert (heard["what"], heard["incident_id"]) == ("sos", call)
    assert call in house.service.center.book.incidents


async def test_a_heartbeat_is_heard_with_its_battery(house: House):
    token = await a_handset(house)
    await house.post("/handsets/H0001/test")
    await handset(house, token, kind="heartbeat", event_id="1", battery_pct=71)  # pyright: ignore[reportArgumentType]
    (heard,) = (await house.get("/handsets/H0001/test"))["heard"]
    assert (heard["what"], heard["battery_pct"]) == ("heartbeat", 71)


async def test_a_test_that_heard_nothing_in_time_says_so(house: House):
    await a_handset(house)
    await house.post("/handsets/H0001/test")
    await house.sql("UPDATE handset_care SET test_began_at = test_began_at - interval '16 minutes'")
    assert (await house.get("/handsets/H0001/test"))["state"] == "silent"


async def test_a_swap_gives_the_resident_another_handset_in_one_step(house: House):
    old = await a_handset(house)
    answer = await house.post("/handsets/H0001/swap", {"by": "H0002", "issue_token": True})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert (made["id"], made["resident_id"], made["model"]) == ("H0002", "R0001", "pendant")
    tokens = house.service.security.tokens
    assert tokens.subject_of(old) is None
    holder = tokens.subject_of(made["token"])
    assert holder is not None
    assert (holder.kind, holder.subject_id) == (TokenKind.HANDSET, "H0002")
    assert (await house.get("/residents/R0001"))["handset_ids"] == ["H0002"]
    numbers = await house.sql(
        "SELECT at FROM fact WHERE kind = 'handset_paired' ORDER BY number DESC LIMIT 2"
    )
    assert numbers[0] == numbers[1]  # one request: at no moment without either


@pytest.mark.parametrize(
    ("of", "by", "status", "kind"),
    [
        ("H0001", "H0001", 422, "same-handset"),
        ("H0001", "H0003", 409, "other-in-use"),
        ("H0004", "H0002", 409, "nobody-carries-it"),
        ("H0404", "H0002", 404, "unknown-subject"),
    ],
)
async def test_what_cannot_be_swapped_is_refused_and_nothing_changes(
    house: House, of: str, by: str, status: int, kind: str
):
    await a_handset(house)
    await house.post("/residents", {**LI, "id": "R0002"})
    await house.post("/handsets", {"id": "H0003", "resident_id": "R0002"})
    await house.post("/handsets", {"id": "H0004"})
    before = await house.facts()
    answer = await house.post(f"/handsets/{of}/swap", {"by": by})
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")
    assert await house.facts() == before


async def test_a_retired_handset_is_nobodys_and_opens_nothing_until_it_is_used_again(house: House):
    token = await a_handset(house)
    retired = (await house.post("/handsets/H0001/retire")).json()
    assert (retired["resident_id"], retired["has_token"]) == (None, False)
    assert retired["retired_at"] is not None
    assert house.service.security.tokens.subject_of(token) is None
    assert house.service.center.book.handsets[HandsetId("H0001")].resident_id is None
    assert (await house.post("/handsets/H0001/retire")).status_code == 200
    assert (await house.get("/handsets"))["items"][0]["retired_at"] is not None
    await house.patch("/handsets/H0001", {"resident_id": "R0001"})
    assert (await house.get("/handsets/H0001"))["retired_at"] is None


async def test_no_handset_of_another_district_is_tried_swapped_or_retired(house: House):
    await a_handset(house)
    async with house.signed_in("other", roles=["administrator"], areas=["430102"]) as web:
        for path, body in (("test", None), ("swap", {"by": "H9"}), ("retire", None)):
            answer = await web.post(f"{BASE}/handsets/H0001/{path}", json=body)
            assert answer.status_code == 404
        assert (await web.get(f"{BASE}/handsets/H0001/test")).status_code == 404
    assert (await house.get("/handsets/H0001"))["resident_id"] == "R0001"


# Imports: looked at before they are done


async def preview(house: House, kind: str, table: str, datum: str = "?datum=wgs84") -> dict:
    answer = await house.send(f"/import-previews/{kind}{datum}", table)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_preview_counts_and_shows_the_rows_and_imports_nothing(house: House):
    await house.post("/residents", LI)
    await house.post("/residents", {**LI, "id": "R0002", "home": None})
    before = await house.facts()
    table = (
        "编号,姓名,社区,性别,独居,经度,纬度\n"
        f"R0001,李桂英,{GRID},女,是,112.9,28.1\n"
        f"R0002,李秀英,{GRID},,,,\n"
        f"R0003,张三,{GRID},男,否,,\n"
    )
    said = await preview(house, "residents", table)
    assert (said["new"], said["changed"], said["unchanged"]) == (1, 1, 1)
    assert said["unpinned"] == ["R0002", "R0003"]
    assert said["faults"] == []
    assert [row["line"] for row in said["rows"]] == [2, 3, 4]
    assert said["rows"][0]["cells"] == {
        "id": "R0001",
        "name": "李桂英",
        "area": GRID,
        "sex": "f",
        "lives_alone": "yes",
        "home": "112.9; 28.1",
    }
    assert await house.facts() == before
    done = await house.send("/residents/import?datum=wgs84", table)
    assert done.json()["imported"] == said["new"] + said["changed"]


async def test_a_preview_names_every_fault_and_shows_the_rows_that_have_none(house: House):
    table = f"id,name,area,lat,lon\nR1,a,{GRID},28.1,112.9\nR2,,nowhere,91,112.9\nR1,b,{GRID},,\n"
    said = await preview(house, "residents", table)
    faults = [(one["line"], one["column"], one["code"]) for one in said["faults"]]
    assert faults == [
        (3, "name", "empty"),
        (3, "area", "unknown"),
        (3, "lat", "number"),
        (4, "id", "twice"),
    ]
    assert [row["cells"]["id"] for row in said["rows"]] == ["R1"]
    assert (said["new"], said["has_more_faults"]) == (0, False)
    assert (await house.get("/residents"))["items"] == []


async def test_a_preview_of_somebody_elses_resident_is_a_fault(house: House):
    await house.post("/residents", LI)
    async with house.signed_in("other", roles=["administrator"], areas=["430102"]) as web:
        answer = await web.post(
            f"{BASE}/import-previews/residents?datum=wgs84",
            content="id,name,area\nR0001,x,430102\n",
        )
    (fault,) = answer.json()["faults"]
    assert (fault["line"], fault["code"]) == (2, "not_yours")


async def test_handsets_and_caregivers_are_previewed_too(house: House):
    await house.post("/residents", LI)
    handsets = await preview(house, "handsets", "id,resident\nH1,R0001\nH2,R0001\n", "")
    assert (handsets["new"], handsets["rows"][1]["cells"]) == (2, {"id": "H2", "resident": "R0001"})
    people = await preview(house, "caregivers", f"id,name,kind,area\nC1,王强,网格员,{GRID}\n")
    assert (people["new"], people["unpinned"]) == (1, ["C1"])
    assert people["rows"][0]["cells"]["kind"] == "grid_worker"
    assert (await house.get("/handsets"))["items"] == []
    assert (await house.get("/caregivers"))["items"] == []


async def test_a_preview_of_places_needs_their_datum_and_a_kind_that_there_is(house: House):
    unsaid = await house.send("/import-previews/residents", "id,name,area\n")
    assert (unsaid.status_code, unsaid.json()["type"]) == (422, "/problems/datum-needed")
    assert (await house.send("/import-previews/pigeons", "")).status_code == 422
    assert (await house.web.get(f"{BASE}/import-templates/pigeons")).status_code == 422


async def test_a_template_is_a_file_that_the_preview_reads(house: House):
    answer = await house.web.get(f"{BASE}/import-templates/handsets?lang=zh")
    assert answer.headers["content-disposition"] == 'attachment; filename="handsets.csv"'
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    await house.post("/residents", LI)
    again = await house.web.post(f"{BASE}/import-previews/handsets", content=answer.content)
    assert (again.json()["new"], again.json()["faults"]) == (1, [])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/residents"),
        ("POST", "/search/residents"),
        ("GET", "/residents/R0001/photo"),
        ("PUT", "/residents/R0001/photo"),
        ("DELETE", "/residents/R0001/photo"),
        ("POST", "/handsets/H0001/test"),
        ("GET", "/handsets/H0001/test"),
        ("POST", "/handsets/H0001/swap"),
        ("POST", "/handsets/H0001/retire"),
        ("POST", "/import-previews/residents?datum=wgs84"),
        ("GET", "/import-templates/residents"),
    ],
)
async def test_none_of_it_is_for_operators(house: House, method: str, path: str):
    async with house.signed_in("op1", roles=["operator", "supervisor"], areas=["*"]) as web:
        answer = await web.request(method, f"{BASE}{path}")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/role-needed")
