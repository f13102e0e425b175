"""The reports at the door, on a real database: what is counted, for whom, and what is refused."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncEngine

from app.figures import report
from app.storage import handed_out
from dispatch import facts as f
from dispatch import requests as r
from dispatch.facts import EventKey
from dispatch.requests import Register
from tests.integration.house import House, a_house
from tests.integration.lives import Lives

SHANGHAI = ZoneInfo("Asia/Shanghai")
HERE = "430105/430105010/430105010007"
THERE = "430102"
OCTOBER = datetime(2026, 10, 5, 9, tzinfo=SHANGHAI).astimezone(UTC)
DAYS = {"from": "2026-10-01", "to": "2026-10-31"}


class Past:
    """Writes calls of the past into the tables, as the center would have."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._numbers = count(1_000_000)

    async def caregiver(self, caregiver_id: str, kind: str, area_id: str) -> None:
        await self.house.sql(
            "INSERT INTO caregiver VALUES (:id, :kind, '[]', '[]', :area, 15, true, NULL, NULL,"
            " '王丽', '139')",
            id=caregiver_id,
            kind=kind,
            area=area_id,
        )

    async def resident(self, resident_id: str, area_id: str) -> None:
        center = self.house.service.center
        fact = f.ResidentRegistered(
            at=center.now,
            resident_id=f.ResidentId(resident_id),
            area_id=f.AreaId(area_id),
            state="home",
            category="",
            ability="",
            lives_alone=False,
            language="",
            communication="",
            home_is_pinned=False,
            excluded=(),
        )
        await center.call(Register(facts=(fact,)))

    async def call(
        self,
        at: datetime,
        *,
        taken: float | None = None,
        accepted: float | None = None,
        arrived: float | None = None,
        closed: float | None = None,
        kind: str = "sos",
        gravity: int = 1,
        channel: str = "handset",
        path: str = HERE,
        disposition: str = "helped",
        by: str = "C1",
        handset: str | None = None,
    ) -> str:
        """Raise a call; what came of it is said in seconds after it. Return its id."""

        def later(seconds: float | None) -> datetime | None:
            return None if seconds is None else at + timedelta(seconds=seconds)

        incident_id = f"I{next(self._numbers)}"
        await self.house.sql(
            "INSERT INTO incident VALUES (:id, 1, 'closed', :kind, :gravity, :channel, '1', 'R1',"
            " :handset, NULL, :path, :at, :at, :closed, :disposition, 1, NULL, NULL, NULL)",
            id=incident_id,
            kind=kind,
            gravity=gravity,
            channel=channel,
            path=path,
            at=at,
            handset=handset,
            closed=later(closed),
            disposition=disposition if closed is not None else None,
        )
        if taken is not None:
            for moment in (later(taken), later(taken + 500)):  # it is kept, which changes nothing
                await self.fact("incident_claimed", moment, {"operator_id": "op"}, incident_id)
        if accepted is not None:
            await self.house.sql(
                "INSERT INTO attendance VALUES (:id, :incident, :by, 'done', :accepted, NULL,"
                " :arrived, NULL, NULL)",
                id=f"{incident_id}.1",
                incident=incident_id,
                by=by,
                accepted=later(accepted),
                arrived=later(arrived),
            )
        return incident_id

    async def fact(
        self, kind: str, at: datetime | None, body: dict, incident_id: str | None = None
    ) -> None:
        await self.house.sql(
            "INSERT INTO fact VALUES (1, :number, :at, :kind, 1, :incident, CAST(:body AS json),"
            " NULL, NULL, NULL, '')",
            number=next(self._numbers),
            at=at,
            kind=kind,
            incident=incident_id,
            body=json.dumps(body),
        )


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncIterator[House]:
    async with a_house(engine) as house:
        yield house


@pytest.fixture
def past(house: House) -> Past:
    return Past(house)


async def ask(web: AsyncClient, what: str = "figures", **query: Any) -> Response:
    return await web.get(f"/api/v1/reports/{what}", params={**DAYS, **query})


async def figures(house: House, **query: Any) -> dict:
    answer = await ask(house.web, **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def one(figures: list, name: str) -> dict:
    return next(figure for figure in figures if figure["figure"] == name)


def slug(answer: Response) -> str:
    return answer.json()["type"].removeprefix("/problems/")


# What is counted


async def test_a_call_is_timed_from_the_press_to_each_thing_that_came_of_it(past: Past):
    await past.call(OCTOBER, taken=9.2, accepted=25, arrived=301, closed=900.5)
    await past.call(OCTOBER, taken=70, accepted=30, arrived=2700, closed=3000)
    found = await figures(past.house)
    answer = one(found["total"], "answer")
    assert (answer["calls"], answer["reached"], answer["p50_s"], answer["p90_s"]) == (2, 2, 10, 70)
    assert [(mark["judged"], mark["within"], mark["is_met"]) for mark in answer["targets"]] == [
        (2, 1, False),
        (2, 2, True),
    ]
    arrival = one(found["total"], "arrival")
    assert (arrival["p50_s"], arrival["p90_s"]) == (301, 2700)
    assert arrival["targets"][0] == {
        "share": 0.9,
        "within_s": 2700,
        "judged": 2,
        "within": 2,
        "reached_share": 1,
        "is_met": True,
    }
    assert one(found["total"], "accept")["p50_s"] == 25
    assert one(found["total"], "completion")["p90_s"] == 3000


async def test_a_call_that_nobody_took_in_time_is_a_miss_and_one_that_ended_before_is_none(
    past: Past,
):
    await past.call(OCTOBER, taken=5, closed=100)
    await past.call(OCTOBER, closed=61)  # nobody took it within 60 s
    await past.call(OCTOBER, closed=40)  # over before anybody had to
    answer = one((await figures(past.house))["total"], "answer")
    assert (answer["calls"], answer["reached"]) == (3, 1)
    assert [(mark["judged"], mark["within"]) for mark in answer["targets"]] == [(2, 1), (1, 1)]


async def test_a_false_alarm_to_which_nobody_came_is_not_held_against_the_arrival(past: Past):
    await past.call(OCTOBER, taken=5, closed=9000, disposition="false_alarm")
    await past.call(OCTOBER, taken=5, closed=9000, disposition="no_one_found")
    arrival = one((await figures(past.house))["total"], "arrival")
    assert [(mark["judged"], mark["within"]) for mark in arrival["targets"]] == [(1, 0)]


async def test_tests_devices_and_reviews_are_never_among_calls_for_help(past: Past):
    await past.call(OCTOBER, taken=5)
    await past.call(OCTOBER, kind="low_battery", gravity=4)
    await past.call(OCTOBER, kind="low_battery", gravity=3)  # a house that takes them for graver
    await past.call(OCTOBER, kind="lamp_broken", gravity=4)
    await past.call(OCTOBER, kind="care_review", gravity=4, channel="habit")
    await past.call(OCTOBER, kind="test", gravity=1)
    counted = {
        calls: one((await figures(past.house, calls=calls))["total"], "completion")["calls"]
        for calls in ("help", "device", "review", "test")
    }
    assert counted == {"help": 1, "device": 3, "review": 1, "test": 1}


async def test_a_call_by_telephone_was_answered_before_it_was_on_record(past: Past):
    await past.call(OCTOBER, taken=1, channel="telephone", kind="fall")
    await past.call(OCTOBER, taken=30, kind="life_assistance", gravity=3)
    total = (await figures(past.house))["total"]
    assert one(total, "answer")["calls"] == 1
    assert one(total, "answer_life_threat")["calls"] == 0
    assert one(total, "accept")["calls"] == 2


async def test_groups_by_area_kind_organisation_and_hour(past: Past):
    await past.caregiver("C1", "community_nurse", "430105010007003")
    await past.call(OCTOBER, taken=5, accepted=9)
    await past.call(OCTOBER + timedelta(hours=1), taken=7, kind="fall", path=THERE)

    async def keys(**query: Any) -> list[str]:
        return [group["key"] for group in (await figures(past.house, **query))["groups"]]

    assert await keys(by="area", level="street") == ["", "430105010"]
    assert await keys(by="area", level="district") == ["430102", "430105"]
    assert await keys(by="kind") == ["fall", "sos"]
    assert await keys(by="organisation", level="street") == ["", "community_nurse/430105010"]
    hours = (await figures(past.house, by="hour"))["groups"]
    assert [one(group["figures"], "accept")["calls"] for group in hours[8:12]] == [0, 1, 1, 0]
    assert len(await keys(by="day")) == 31
    assert await keys(by="month") == ["2026-10"]


async def test_days_are_cut_at_local_midnight(past: Past):
    midnight = datetime(2026, 10, 31, tzinfo=SHANGHAI)
    for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=24)):
        await past.call(at.astimezone(UTC))
    found = await figures(past.house, by="day")
    counts = {g["key"]: one(g["figures"], "accept")["calls"] for g in found["groups"]}
    assert (counts["2026-10-30"], counts["2026-10-31"]) == (1, 1)
    assert one(found["total"], "accept")["calls"] == 2


async def test_an_area_counts_by_its_own_zone(past: Past):
    area = f.AreaDefined(
        at=past.house.service.center.now,
        area_id=f.AreaId("430102"),
        parent_id=None,
        level=f.Level.DISTRICT,
        name="远方",
        centre=(112.0, 27.2),
        ring=(),
        zone="Asia/Urumqi",
    )
    await past.house.service.center.call(Register(facts=(area,)))
    await past.call(datetime(2026, 9, 30, 17, 30, tzinfo=UTC), path=THERE)  # 1:30 at Shanghai
    assert (await figures(past.house, area="430102"))["zone"] == "Asia/Urumqi"
    assert one((await figures(past.house, area="430102"))["total"], "accept")["calls"] == 0
    assert one((await figures(past.house))["total"], "accept")["calls"] == 1


async def test_what_the_center_wrote_is_read(house: House):
    lives = Lives(house.service)
    await lives.begin()
    incident_id = await lives.whole()
    today = house.service.center.now.astimezone(SHANGHAI).date().isoformat()
    days = {"from": today, "to": today}
    found = await figures(house, **days)
    reached = {figure["figure"]: figure["reached"] for figure in found["total"]}
    assert reached == dict.fromkeys(reached, 1)
    listed = await ask(house.web, "calls", figure="arrival", **days)
    assert [call["id"] for call in listed.json()["items"]] == [incident_id]


# Who may see what


async def test_a_supervisor_sees_the_figures_of_their_areas_alone(past: Past):
    mine = await past.call(OCTOBER, taken=5)
    await past.call(OCTOBER, taken=90, path=THERE)
    await past.call(OCTOBER, taken=90, path="")  # nowhere: for those who keep everything
    async with past.house.signed_in("sup", roles=["supervisor"], areas=["430105010"]) as web:
        found = (await ask(web)).json()
        assert one(found["total"], "answer")["calls"] == 1
        listed = (await ask(web, "calls", figure="answer")).json()
        assert [call["id"] for call in listed["items"]] == [mine]
        for area in ("430102", "430105", "nowhere", "a\x00"):
            refused = await ask(web, area=area)
            assert (refused.status_code, slug(refused)) == (404, "unknown-subject")
        choices = (await web.get("/api/v1/reports/choices")).json()
        assert {area["id"] for area in choices["areas"]} == {
            "430105010",
            "430105010007",
            "430105010007003",
        }
        month = (await web.get("/api/v1/reports/month", params={"month": "2026-10"})).json()
        assert [(one["kind"], one["count"]) for one in month["kinds"]] == [("sos", 1)]


async def test_an_operator_has_no_reports(house: House):
    async with house.signed_in("op", roles=["operator"], areas=["*"]) as web:
        for what in ("figures", "figures.csv", "calls?figure=answer", "month?month=2026-10"):
            assert (await web.get(f"/api/v1/reports/{what}")).status_code == 403


# The calls of a figure


async def test_a_figure_opens_its_calls_page_by_page_and_names_nobody(past: Past):
    ids = [
        await past.call(OCTOBER + timedelta(days=day, minutes=minute), taken=20 + minute)
        for day in (0, 0, 3)
        for minute in (1, 2)
    ]
    wanted = [ids[0], ids[2], ids[1], ids[3], ids[4], ids[5]]
    seen: list[str] = []
    after = ""
    for _ in range(10):
        page = (await ask(past.house.web, "calls", figure="answer", limit=2, after=after)).json()
        seen += [call["id"] for call in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == wanted
    first = (await ask(past.house.web, "calls", figure="answer", limit=1)).json()["items"][0]
    assert first == {
        "id": ids[0],
        "raised_at": "2026-10-05T01:01:00Z",
        "kind": "sos",
        "path": HERE.split("/"),
        "took_s": 21,
        "open_s": first["open_s"],
    }


async def test_a_list_can_be_of_the_misses_of_one_group(past: Past):
    await past.call(OCTOBER, taken=20, kind="fall")
    late = await past.call(OCTOBER, taken=80, kind="fall")
    await past.call(OCTOBER, taken=90, kind="sos")
    query = {"figure": "answer", "by": "kind", "missed_s": 60}
    page = (await ask(past.house.web, "calls", **query, group="fall")).json()
    assert [(call["id"], call["took_s"]) for call in page["items"]] == [(late, 80)]
    assert (await ask(past.house.web, "calls", **query, group="=1\x00")).json()["items"] == []
    for after in ("x", "2026-10-05/Ix", "2020-01-01/I1", "9999-99-99/I1"):
        page = (await ask(past.house.web, "calls", **query, after=after)).json()
        assert len(page["items"]) == 2


# Files


async def test_the_report_as_csv_says_the_same_and_runs_nothing(past: Past):
    evil = f.AreaDefined(
        at=past.house.service.center.now,
        area_id=f.AreaId("430102"),
        parent_id=None,
        level=f.Level.DISTRICT,
        name="=HYPERLINK(1)",
        centre=(112.0, 27.2),
        ring=(),
    )
    await past.house.service.center.call(Register(facts=(evil,)))
    await past.call(OCTOBER, taken=9, path=THERE)
    answer = await ask(past.house.web, "figures.csv", level="district", lang="en")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "figures_2026-10-01_2026-10-31.csv" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    named = next(row[:6] for row in rows if row and "HYPERLINK" in row[0])
    assert named == ["'=HYPERLINK(1)", "Answer", "1", "1", "9", "9"]
    assert not [row for row in rows for cell in row if cell.startswith(("=", "+", "@"))]

    book = await ask(past.house.web, "figures.xlsx", level="district")
    with zipfile.ZipFile(io.BytesIO(book.content)) as parts:
        pages = [parts.read(name).decode() for name in parts.namelist() if "worksheets" in name]
    assert any("=HYPERLINK(1)" in page for page in pages)
    assert not any("<f>" in page for page in pages)


# Limits


@pytest.mark.parametrize(
    ("days", "code", "said"),
    [
        ({"from": "2026-10-02", "to": "2026-10-01"}, 422, "days-unfit"),
        ({"from": "2199-01-01", "to": "2199-01-01"}, 422, "days-unfit"),
        ({"from": "0001-01-01", "to": "9999-12-31"}, 422, "days-unfit"),
        ({"from": "2024-01-01", "to": "2026-01-01"}, 422, "report-too-large"),
        ({"from": "x", "to": "2026-01-01"}, 422, "invalid-request"),
    ],
)
async def test_days_that_cannot_be_are_refused(house: House, days: dict, code: int, said: str):
    refused = await ask(house.web, **days)
    assert (refused.status_code, slug(refused)) == (code, said)


async def test_more_calls_than_a_report_may_have_are_refused(
    past: Past, monkeypatch: pytest.MonkeyPatch
):
    await past.call(OCTOBER)
    await past.call(OCTOBER)
    monkeypatch.setattr(report, "CALLS_MAX", 1)
    refused = await ask(past.house.web)
    assert (refused.status_code, slug(refused)) == (422, "report-too-large")
    assert "fewer days" in refused.json()["detail"]


async def test_what_takes_too_long_is_given_up(past: Past, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(report, "WITHIN", timedelta(milliseconds=50))
    async with past.house.engine.begin() as connection:
        await connection.exec_driver_sql("LOCK TABLE attendance IN ACCESS EXCLUSIVE MODE")
        refused = await ask(past.house.web)
    assert (refused.status_code, slug(refused)) == (422, "report-too-large")
    assert (await ask(past.house.web)).status_code in (200, 422)  # and the connection is well


async def test_one_report_is_reckoned_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(report, "TURN_WITHIN", timedelta(milliseconds=10))
    async with house.service.reports():
        refused = await ask(house.web)
    assert (refused.status_code, slug(refused)) == (503, "reports-busy")
    assert refused.headers["retry-after"]
    assert (await ask(house.web)).status_code == 200


# The month


async def month(house: House, of: str = "2026-10", **query: Any) -> dict:
    answer = await house.web.get("/api/v1/reports/month", params={"month": of, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_month_stands_beside_the_one_before(past: Past):
    september = OCTOBER - timedelta(days=30)
    await past.call(september, taken=100)
    await past.call(OCTOBER, taken=10)
    await past.call(OCTOBER, taken=20, kind="fall")
    await past.call(OCTOBER, kind="low_battery", gravity=4)
    found = await month(past.house)
    assert (found["first"], found["last"]) == ("2026-10-01", "2026-10-31")
    assert (found["before_first"], found["before_last"]) == ("2026-09-01", "2026-09-30")
    assert {(one["calls"], one["kind"], one["count"], one["before"]) for one in found["kinds"]} == {
        ("help", "sos", 1, 1),
        ("help", "fall", 1, 0),
        ("device", "low_battery", 1, 0),
    }
    answer = one(found["figures"], "answer")
    assert (answer["month"]["p90_s"], answer["before"]["p90_s"]) == (20, 100)
    assert [mark["is_met"] for mark in answer["month"]["targets"]] == [True, True]
    assert [mark["is_met"] for mark in answer["before"]["targets"]] == [False, True]


async def test_handsets_that_were_issued_activated_and_tested(
    past: Past, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(handed_out, "SLICE", 2)
    house = past.house
    now = house.service.center.now
    await past.resident("R1", "430105010007")
    await past.resident("R2", "430102")
    center = house.service.center.call
    for number, resident in enumerate(["R1", "R1", "R1", "R2", None], start=1):
        fact = f.HandsetPaired(
            at=now,
            handset_id=f.HandsetId(f"H{number}"),
            resident_id=f.ResidentId(resident) if resident else None,
            model="m",
        )
        await center(Register(facts=(fact,)))
    for event, handset, kind in ((1, "H1", "test"), (2, "H1", "test"), (3, "H4", "check_in")):
        key = EventKey(event_id=str(event), kind=kind, device_time="")
        await center(r.HandsetCalled(handset_id=f.HandsetId(handset), kind=kind, events=(key,)))
    at = now.astimezone(UTC)
    await house.sql("INSERT INTO last_position VALUES ('H2', :at, 113, 28, NULL, 1)", at=at)
    this = f"{now.astimezone(SHANGHAI):%Y-%m}"
    counts = {row["what"]: row["count"] for row in (await month(house, this))["handsets"]}
    assert counts == {"in_use": 4, "issued": 4, "activated": 3, "tested": 1, "tests": 2}
    counts = {
        row["what"]: row["count"] for row in (await month(house, this, area="430105"))["handsets"]
    }
    assert counts == {"in_use": 3, "issued": 3, "activated": 2, "tested": 1, "tests": 2}
    query = {"month": this, "what": "issued", "limit": 3}
    page = (await house.web.get("/api/v1/reports/handsets", params=query)).json()
    assert page == {"items": ["H1", "H2", "H3"], "next": "H3"}
    query |= {"after": page["next"]}
    page = (await house.web.get("/api/v1/reports/handsets", params=query)).json()
    assert page == {"items": ["H4"], "next": None}


async def test_a_heartbeat_activates_a_handset(past: Past):
    house = past.house
    now = house.service.center.now
    await past.resident("R1", "430105")
    fact = f.HandsetPaired(
        at=now, handset_id=f.HandsetId("H1"), resident_id=f.ResidentId("R1"), model="m"
    )
    await house.service.center.call(Register(facts=(fact,)))
    this = f"{now.astimezone(SHANGHAI):%Y-%m}"
    before = {row["what"]: row["count"] for row in (await month(house, this))["handsets"]}
    await house.service.tracks.put(
        [("H1", 2, None, now.astimezone(UTC), None, None, None, 0, None)]
    )
    after = {row["what"]: row["count"] for row in (await month(house, this))["handsets"]}
    assert (before["activated"], after["activated"]) == (0, 1)


async def test_the_month_as_a_file(past: Past):
    await past.call(OCTOBER, taken=10)
    answer = await past.house.web.get(
        "/api/v1/reports/month.csv", params={"month": "2026-10", "lang": "zh"}
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert ["求助", "紧急呼救", "1", "0"] in rows
    book = await past.house.web.get("/api/v1/reports/month.xlsx", params={"month": "2026-10"})
    assert book.content.startswith(b"PK")


@pytest.mark.parametrize("of", ["2026-13", "26-10", "2026-10-01", "2199-01", ""])
async def test_a_month_that_is_none_is_refused(house: House, of: str):
    refused = await house.web.get("/api/v1/reports/month", params={"month": of})
    assert refused.status_code == 422
