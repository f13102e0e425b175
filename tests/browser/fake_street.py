"""What the fake server needs for caregivers in the street: their own doors, and what was said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request

from tests.browser.fake_server import (
    AREA,
    CAREGIVERS,
    FakeServer,
    Json,
    Town,
    now,
    push,
    text,
)

DESK = "0731-12349"
SKETCH = [
    {"kind": "road", "name": "芙蓉北路", "points": [[112.985, 28.225], [112.986, 28.24]]},
    {"kind": "river", "name": "浏阳河", "points": [[112.98, 28.236], [112.995, 28.237]]},
]


@dataclass
class Street(Town):
    """The town, with what a caregiver's telephone is told beyond it."""

    said: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    alarms: dict[str, Json] = field(default_factory=dict[str, Json])
    past: list[Json] = field(default_factory=list[Json])
    hours: list[Json] = field(default_factory=list[Json])

    def caregiver_state(self, caregiver_id: str) -> Json:
        state = super().caregiver_state(caregiver_id)
        for one in state["attendances"]:
            lon, lat = one["place"]["lon"], one["place"]["lat"]
            one["ways"] = [
                {"app": "geo", "datum": "wgs84", "url": f"geo:{lat},{lon}?q={lat},{lon}"},
                {"app": "map", "datum": "gcj02", "url": f"https://map.example/?to={lon},{lat}"},
            ]
        alarm = self.alarms.get(caregiver_id)
        return {**state, "desk_telephone": DESK, "alarm": alarm}


def street_doors(app: FastAPI, town: Street) -> None:  # noqa: C901 - a list of doors
    def me(request: Request) -> str:
        return request.headers["Authorization"].removeprefix("Bearer token-")

    @app.middleware("http")
    async def note(request: Request, go_on: Callable[[Request], Any]) -> Any:
        path = request.url.path.removeprefix("/api/v1/caregiver/")
        is_word = request.method == "POST" and path not in ("login", "positions")
        if is_word and not path.endswith("/shown"):
            raw = await request.body()
            town.said.append((path, await request.json() if raw else {}))
        return await go_on(request)

    @app.post("/api/v1/caregiver/alarm")
    async def alarm(request: Request) -> Json:
        caregiver_id = me(request)
        if caregiver_id not in town.alarms:
            incident = town.raise_incident(None, "threat", channel="caregiver")
            named = {"id": caregiver_id, "name": CAREGIVERS[caregiver_id]["name"]}
            incident["caregiver"] = named
            town.tell(incident)
            raised = {"id": incident["id"], "raised_at": text(now()), "heard": False}
            town.alarms[caregiver_id] = raised
        await push(town)
        return town.caregiver_state(caregiver_id)

    @app.get("/api/v1/caregiver/shifts")
    async def shifts(request: Request) -> Json:
        is_on = me(request) in town.on_duty
        since = text(now() - timedelta(hours=3))
        duty = {"on_duty": is_on, "on_duty_since": since if is_on else None}
        none = {"off_duty_since": None, "resting_until": None}
        return {"hours": town.hours, "zone": "Asia/Shanghai", "area": AREA, **duty, **none}

    @app.get("/api/v1/caregiver/history")
    async def history(request: Request) -> Json:
        me(request)
        return {"items": town.past}

    @app.get("/api/v1/caregiver/attendances/{name}/sketch")
    async def sketch(name: str) -> Json:
        return {"lines": SKETCH if name else []}


class StreetServer(FakeServer):
    """The fake server with the caregivers' own doors."""

    town: Street

    def __init__(self) -> None:
        super().__init__(Street(), street_doors)

    def hear_alarm(self, caregiver_id: str) -> None:
        """Let somebody at the desk take a caregiver's alarm."""

        async def work() -> None:
            self.town.alarms[caregiver_id]["heard"] = True
            await push(self.town)

        self.do(work())

    def paths(self) -> list[str]:
        """Return what was said so far, in order."""
        return [path for path, _ in self.town.said]
