"""`ydt staffing` on a real database: what it reads, what it says, and its exit codes."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from app.cli import app
from app.figures.staffing import Promise, plan_from_record
from app.settings import Settings
from app.storage import history
from app.storage.history import read_history, reading
from tests.integration.house import a_house
from tests.integration.lives import Lives

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 10, 5, tzinfo=SHANGHAI).astimezone(UTC)
LATER = MONDAY + timedelta(weeks=3)
# 0.1° x 0.1° at 28.2° N: 11.132 km by 9.811 km.
RING = [[113.0, 28.15], [113.1, 28.15], [113.1, 28.25], [113.0, 28.25], [113.0, 28.15]]
KM2 = 109.2


def staffing(*words: str) -> Result:
    return CliRunner().invoke(app, ["staffing", *words])


async def staffing_beside(*words: str) -> Result:
    return await asyncio.to_thread(staffing, *words)


class Past:
    """Writes calls of the past into the tables, as the center would have."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._numbers = count(1)

    async def area(self, area_id: str, parent_id: str | None, ring: list) -> None:
        await self._write(
            "INSERT INTO area VALUES (:id, :parent, 'street', '区', 113, 28, CAST(:ring AS json))",
            [{"id": area_id, "parent": parent_id, "ring": json.dumps(ring)}],
        )

    async def caregiver(self, area_id: str, speed_kmh: float, *, is_active: bool = True) -> None:
        await self._write(
            "INSERT INTO caregiver VALUES (:id, 'nurse', '[]', '[]', :area, :speed, :active,"
            " NULL, NULL, '', '')",
            [
                {
                    "id": f"C{next(self._numbers)}",
                    "area": area_id,
                    "speed": speed_kmh,
                    "active": is_active,
                }
            ],
        )

    async def calls(self, *moments: datetime, path: str = "430105/A", gravity: int = 1) -> list:
        """Raise a call at each moment; return their ids."""
        ids = [f"I{next(self._numbers)}" for _ in moments]
        await self._write(
            "INSERT INTO incident VALUES (:id, 1, 'closed', 'sos', :gravity, 'handset', '1', NULL,"
            " NULL, 'A', :path, :at, :at, NULL, NULL, 1, NULL, NULL)",
            [
                {"id": one, "at": at, "path": path, "gravity": gravity}
                for one, at in zip(ids, moments, strict=True)
            ],
        )
        return ids

    async def visit(self, incident_id: str, at: datetime, *minutes: float | None) -> None:
        """Let a caregiver accept, set out, arrive and be done, so many minutes after `at`."""
        moments = [None if one is None else at + timedelta(minutes=one) for one in minutes]
        accepted, set_out, arrived, ended = moments
        await self._write(
            "INSERT INTO attendance VALUES (:id, :incident, 'C', 'done', :accepted, :set_out,"
            " :arrived, :ended, 'helped')",
            [
                {
                    "id": f"{incident_id}.1",
                    "incident": incident_id,
                    "accepted": accepted,
                    "set_out": set_out,
                    "arrived": arrived,
                    "ended": ended,
                }
            ],
        )

    async def fact(self, incident_id: str, kind: str, at: datetime, operator: str = "") -> None:
        body = json.dumps({"operator_id": operator} if operator else {})
        await self._write(
            "INSERT INTO fact VALUES (1, :number, :at, :kind, 1, :incident, CAST(:body AS json),"
            " NULL, NULL, NULL, '')",
            [
                {
                    "number": next(self._numbers),
                    "at": at,
                    "kind": kind,
                    "incident": incident_id,
                    "body": body,
                }
            ],
        )

    async def claim(self, incident_id: str, operator: str, start: datetime, end: datetime) -> None:
        await self.fact(incident_id, "incident_claimed", start, operator)
        await self.fact(incident_id, "incident_closed", end)

    async def _write(self, statement: str, rows: list) -> None:
        async with self._engine.begin() as connection:
            await connection.execute(text(statement), rows)

    async def read(self, area_id: str | None = None, *, weeks: int = 8, now: datetime = LATER):
        async with reading(self._engine) as connection:
            return await read_history(connection, area_id, weeks=weeks, zone=SHANGHAI, now=now)


@pytest.fixture
def past(engine: AsyncEngine) -> Past:
    return Past(engine)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


# What is read


async def test_calls_are_counted_by_the_hour_and_by_area(past: Past):
    await past.calls(MONDAY + minutes(5), MONDAY + minutes(59), MONDAY + minutes(60))
    await past.calls(MONDAY + minutes(70), path="430102/B")
    await past.calls(MONDAY + minutes(80), gravity=4)  # a weak battery needs no operator
    here = await past.read("430105")
    assert here is not None
    assert here.calls == {MONDAY: 2, MONDAY + minutes(60): 1}
    everywhere = await past.read()
    assert everywhere is not None
    assert everywhere.calls[MONDAY + minutes(60)] == 2
    assert await past.read("430109") is None


async def test_history_lasts_from_the_first_call_to_the_last_and_no_longer_than_asked(past: Past):
    await past.calls(MONDAY + minutes(5), path="430102/B")
    await past.calls(MONDAY + timedelta(days=10, minutes=30))
    whole = await past.read("430105")
    assert whole is not None
    assert (whole.start, whole.end) == (MONDAY, MONDAY + timedelta(days=10, hours=1))
    last = await past.read("430105", weeks=1)
    assert last is not None
    assert last.start == last.end - timedelta(weeks=1)
    earlier = await past.read("430105", now=MONDAY + timedelta(days=10, minutes=40))
    assert earlier is None  # the hour of its only call is not over


async def test_an_operator_with_two_calls_at_once_is_busy_once(past: Past):
    first, second, third = await past.calls(*[MONDAY + minutes(n) for n in (1, 2, 3)])
    await past.claim(first, "ann", MONDAY + minutes(2), MONDAY + minutes(12))
    await past.claim(second, "ann", MONDAY + minutes(4), MONDAY + minutes(8))
    await past.claim(third, "bo", MONDAY + minutes(4), MONDAY + minutes(10))
    found = await past.read()
    assert found is not None
    assert found.handled.calls == 3
    assert found.handled.mean_s == pytest.approx((10 + 0 + 6) * 60 / 3)
    assert found.handled.variation == pytest.approx((28 / 3) ** 0.5 / (20 / 3))


async def test_a_call_that_is_kept_released_and_taken_by_another_counts_once(past: Past):
    (call,) = await past.calls(MONDAY)
    await past.fact(call, "incident_claimed", MONDAY, "ann")
    await past.fact(call, "incident_claimed", MONDAY + minutes(2), "ann")
    await past.fact(call, "claim_released", MONDAY + minutes(5))
    await past.claim(call, "bo", MONDAY + minutes(9), MONDAY + minutes(10))
    found = await past.read()
    assert found is not None
    assert (found.handled.calls, found.handled.mean_s) == (1, 360)


async def test_visits_tell_their_length_and_the_way(past: Past):
    one, two = await past.calls(MONDAY, MONDAY + minutes(30))
    await past.visit(one, MONDAY, 1, 2, 8, 41)
    await past.visit(two, MONDAY, 31, None, 35, None)  # still there
    found = await past.read()
    assert found is not None
    assert found.visits == {MONDAY: 2}
    assert found.visited.visits == 1
    assert (found.visited.mean_s, found.visited.travel_s) == (2400, 360)


async def test_the_size_of_an_area_is_that_of_its_border_or_of_those_below(past: Past):
    await past.calls(MONDAY)
    await past.area("430105", None, [])
    await past.area("A", "430105", RING)
    await past.area("B", "A", RING)  # lies within, and is not counted twice
    for area_id in ("430105", None):
        found = await past.read(area_id)
        assert found is not None
        assert found.area_km2 == pytest.approx(KM2, rel=0.001)


async def test_speed_is_that_of_the_caregivers_of_the_area(past: Past):
    await past.calls(MONDAY)
    await past.area("430105", None, [])
    await past.area("A", "430105", [])
    await past.area("430102", None, [])
    await past.caregiver("A", 10)
    await past.caregiver("430105", 14)
    await past.caregiver("430102", 40)
    await past.caregiver("A", 90, is_active=False)
    here, everywhere = await past.read("430105"), await past.read()
    assert here is not None
    assert everywhere is not None
    assert (here.speed_kmh, here.area_km2) == (12, None)
    assert everywhere.speed_kmh == pytest.approx(64 / 3)


# The command


async def test_the_command_plans_every_hour_from_the_record(past: Past, database_url: str):
    await past.area("430105", None, RING)
    await past.calls(*[MONDAY + minutes(20 * n) for n in range(3 * 24 * 21)])
    told = await staffing_beside("--area", "430105", "--database-url", database_url)
    assert told.exit_code == 0, told.output
    assert "区 (430105): 2026-10-05 00:00 to 2026-10-26 00:00, Asia/Shanghai." in told.output
    assert told.output.count(":00   ") == 48
    assert "97.5 % in 60 s" in told.output
    assert "assumed 180 s" in told.output

    told = await staffing_beside(
        *("--database-url", database_url, "--json", "--answer", "95/10", "--arrive", "50/900"),
        *("--none-free", "5", "--handling", "600", "--weeks", "1"),
    )
    assert told.exit_code == 0, told.output
    written = json.loads(told.output)
    assert written["promise"] == {
        "answer": [{"share": 0.95, "within_s": 10.0}],
        "none_free": 0.05,
        "arrive": {"share": 0.5, "within_s": 900.0},
    }
    assert written["handling_s"] == 600
    assert {hour["calls"]["mean"] for hour in written["hours"]} == {3}
    assert {hour["operators"]["count"] for hour in written["hours"]} == {3}


async def test_the_command_reads_what_the_center_wrote(engine: AsyncEngine, database_url: str):
    async with a_house(engine) as house:
        lives = Lives(house.service)
        await lives.begin()
        await lives.whole()
        found = await plan_from_record(
            Settings(database_url=SecretStr(database_url)),
            area_id="430105",
            weeks=1,
            promise=Promise(),
            handling_s=None,
            now=house.service.center.now + timedelta(hours=1),
        )
    assert sum(hour.calls.hours for hour in found.hours) == 1
    assert {hour.calls.mean for hour in found.hours} == {1}
    assert {hour.visits.mean for hour in found.hours} == {1}
    assert found.notes[0].startswith("Handling: 1 calls on record")
    assert found.notes[1].startswith("Visits: 1 on record")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--answer", "97.5"), 2, "PERCENT/SECONDS"),
        (("--answer", "100/60"), 2, "PERCENT/SECONDS"),
        (("--arrive", "90/-1"), 2, "PERCENT/SECONDS"),
        (("--database-url", "postgresql://u:geheim@nowhere.invalid/x"), 3, "does not answer"),
    ],
)
def test_what_cannot_be_used_is_one_line(words: tuple[str, ...], code: int, said: str):
    refused = staffing(*words)
    assert refused.exit_code == code
    assert said in refused.output
    assert "geheim" not in refused.output
    assert refused.output.count("\n") == 1


def test_without_a_database_nothing_is_made(tmp_path: Path):
    refused = staffing("--data-dir", str(tmp_path / "data"))
    assert refused.exit_code == 3
    assert "There is no database" in refused.output
    assert not (tmp_path / "data").exists()


async def test_without_calls_or_area_there_is_nothing_to_plan_from(past: Past, database_url: str):
    refused = await staffing_beside("--database-url", database_url)
    assert refused.exit_code == 1
    assert "No call is on record" in refused.output
    await past.calls(MONDAY)
    refused = await staffing_beside("--database-url", database_url, "--area", "nowhere")
    assert refused.exit_code == 1
    assert "no area nowhere" in refused.output


async def test_a_database_without_tables_is_told(engine: AsyncEngine, database_url: str):
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE incident"))
    refused = await staffing_beside("--database-url", database_url)
    assert refused.exit_code == 3
    assert "ydt migrate" in refused.output


async def test_a_record_that_takes_too_long_is_given_up(
    past: Past, engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    await past.calls(MONDAY)
    monkeypatch.setattr(history, "GIVEN_UP_AFTER", timedelta(milliseconds=50))
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE attendance IN ACCESS EXCLUSIVE MODE"))
        refused = await staffing_beside("--database-url", database_url)
    assert refused.exit_code == 3
    assert "fewer --weeks" in refused.output


async def test_reading_changes_nothing(past: Past, engine: AsyncEngine):
    async with reading(engine) as connection:
        with pytest.raises(Exception, match="read-only"):
            await connection.execute(text("DELETE FROM incident"))


def test_a_zone_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YDT_ZONE", "Asia/Nowhere")
    refused = staffing()
    assert refused.exit_code == 2
    assert "zone" in refused.output
