"""The map's and the replay's doors of the fake server: points that move, and a past."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request

from tests.browser.fake_server import CAREGIVERS, Json, Town, now, problem, text

KINDS = ("grid_worker", "community_nurse", "volunteer", "neighbour")
STATES = ("f", "f", "f", "b", "a")
STREETS = (
    ("430105001", "四方坪街道", 112.976, 28.226, 112.997, 28.245),
    ("430105002", "伍家岭街道", 112.976, 28.208, 112.997, 28.226),
    ("430105003", "<b>洪山街道</b>", 112.997, 28.208, 113.011, 28.245),
)
BEGAN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@dataclass
class FakeMap:
    """What the doors say, and what they were asked."""

    count: int = 40
    number: int = 0
    moved: dict[str, Json] = field(default_factory=dict[str, Any])
    loads: list[list[Any]] = field(
        default_factory=lambda: [
            ["430105001", 5, 2, 4],
            ["430105002", 1, 3, 3],
            ["430105003", 2, 0, 1],
        ]
    )
    tiles: Json | None = None
    asked: list[str] = field(default_factory=list[str])
    replays: list[Json] = field(default_factory=list[Json])

    def caregivers(self) -> list[list[Any]]:
        return [self.row(index) for index in range(self.count)]

    def row(self, index: int) -> list[Any]:
        lon = 112.977 + index * 37 % 33 * 0.001
        lat = 28.209 + index * 53 % 35 * 0.001
        seen = int(now().timestamp()) - (3_600 if index % 11 == 10 else index % 60)
        own = self.moved.get(f"C{index:04d}", {})
        lon, lat = own.get("lon", lon), own.get("lat", lat)
        return [f"C{index:04d}", lon, lat, KINDS[index % 4], STATES[index % 5], seen]

    def move(self, index: int, lon: float, lat: float) -> None:
        self.moved[f"C{index:04d}"] = {"lon": lon, "lat": lat}
        self.number += 1

    def __call__(self, app: FastAPI, town: Town) -> None:  # noqa: C901, PLR0915 - a list of doors
        def me(request: Request) -> str:
            login = town.sessions.get(request.cookies.get("ydt_session", ""))
            if login is None:
                raise problem(401, "sign-in-needed")
            return login

        @app.get("/api/v1/operator/map/points")
        async def points(request: Request, after: str = "") -> Json:
            me(request)
            self.asked.append(after)
            known = int(after.split(":")[2]) if after else -1
            is_whole = not after
            moved = [] if known == self.number else list(self.moved)
            return {
                "server_time": text(now()),
                "stamp": f"1:{len(town.incidents)}:{self.number}:1",
                "whole": is_whole,
                "caregivers": self.caregivers()
                if is_whole
                else [row for row in self.caregivers() if row[0] in moved],
                "off": [],
                "calls": [call_row(one) for one in town.incidents.values() if is_open(one)],
                "closed": [one["id"] for one in town.incidents.values() if not is_open(one)],
                "load": self.loads,
            }

        @app.get("/api/v1/operator/map/areas")
        async def areas(request: Request, level: str = "street") -> Json:
            me(request)
            rows = STREETS if level == "street" else STREETS[:1]
            return {"type": "FeatureCollection", "features": [area_of(*row) for row in rows]}

        @app.get("/api/v1/operator/map/tiles")
        async def tiles(request: Request) -> Json | None:
            me(request)
            return self.tiles

        @app.get("/api/v1/operator/map/caregivers/{name}")
        async def caregiver(name: str, request: Request) -> Json:
            me(request)
            row = next((one for one in self.caregivers() if one[0] == name), None)
            if row is None:
                raise problem(404, "unknown-subject")
            place = {
                "lon": row[1],
                "lat": row[2],
                "accuracy_m": 12,
                "source": "satellite",
                "at": text(now()),
            }
            return {
                "id": name, "name": f"<i>护 {name}</i>", "kind": row[3], "on_duty": True,
                "busy": row[4] == "b", "asked": row[4] == "a", "telephone": "13800000000",
                "place": place, "area": {"code": "430105001", "names": ["开福区", "四方坪街道"]},
                "incident_id": next(iter(town.incidents), None) if row[4] == "b" else None,
            }  # fmt: skip

        @app.get("/api/v1/operator/map/incidents/{name}")
        async def incident(name: str, request: Request) -> Json:
            me(request)
            one = town.incidents.get(name)
            if one is None or not is_open(one):
                raise problem(404, "unknown-subject")
            names = ("id", "kind", "gravity", "status", "raised_at", "area", "place", "claim")
            resident = one["resident"]
            return {
                **{key: one[key] for key in names},
                "caregiver": None,
                "resident_name": resident["name"] if resident else None,
                "coming": [],
            }

        @app.get("/api/v1/operator/incidents/{name}/trail")
        async def trail(name: str, request: Request) -> Json:
            me(request)
            one = town.incidents[name]
            place, at = one["place"], now()
            steps = [
                [text(at - timedelta(minutes=20 - i)), place["lon"] - 0.004 + i * 0.0004,
                 place["lat"] + 0.001 * (i % 3), 15, "satellite"]
                for i in range(11)
            ]  # fmt: skip
            came = [[text(at), place["lon"] + 0.003, place["lat"] - 0.002, 8, "satellite"]]
            return {
                "since": text(at - timedelta(minutes=30)), "until": text(at), "caller": steps,
                "caregivers": [{"id": "C001", "name": CAREGIVERS["C001"]["name"], "steps": came}],
            }  # fmt: skip

        @app.get("/api/v1/operator/replay")
        async def replay(request: Request) -> Json:
            login = me(request)
            if login != "sup":
                raise problem(403, "role-needed")
            query = dict(request.query_params)
            self.replays.append(query)
            if query.get("incident") == "I999":
                raise problem(404, "unknown-subject")
            return a_past()


def is_open(incident: Json) -> bool:
    return incident["status"] != "closed"


def call_row(one: Json) -> list[Any]:
    place = one["place"] or {}
    raised = datetime.fromisoformat(one["raised_at"].replace("Z", "+00:00"))
    return [
        one["id"], place.get("lon"), place.get("lat"), one["gravity"], one["kind"], one["status"],
        int(raised.timestamp()), one["claim"] is not None,
    ]  # fmt: skip


def area_of(code: str, name: str, west: float, south: float, east: float, north: float) -> Json:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "level": "street"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def a_past() -> Json:
    """Return a call that one caregiver declined and another helped with."""

    def at(seconds: float) -> str:
        return text(BEGAN + timedelta(seconds=seconds))

    rows = (
        (0, "incident_raised", "raised", None, "求助：紧急呼叫", "Raised: SOS"),
        (4, "caregiver_offered", "offered", "C001", "询问 王小妹", "Offered to 王小妹"),
        (15, "incident_claimed", "claimed", None, "值班台接起", "Taken"),
        (30, "offer_declined", "declined", "C001", "王小妹 不能去", "王小妹 declined"),
        (31, "caregiver_offered", "offered", "C002", "询问 <b>李</b>", "Offered to <b>李</b>"),
        (44, "offer_accepted", "accepted", "C002", "<b>李</b> 去", "<b>李</b> accepted"),
        (60, "caregiver_set_out", "en_route", "C002", "出发", "Set out"),
        (300, "caregiver_arrived", "on_scene", "C002", "到达", "On scene"),
        (900, "attendance_done", "done", "C002", "完成", "Finished"),
        (960, "incident_closed", "closed", None, "结束：已帮助", "Closed: helped"),
    )
    steps: list[Json] = []
    for number, (seconds, kind, change, who, _, _) in enumerate(rows, 1):
        step: Json = {"number": number, "at": at(seconds), "kind": kind, "change": change}
        if who is not None:
            step["caregiver_id"] = who
        if change == "raised":
            step |= {"lon": 112.985, "lat": 28.23, "accuracy_m": 20}
        steps.append(step)
    way = [
        [
            at(40 + 10 * i),
            112.995 - 0.0004 * min(i, 25),
            28.222 + 0.00032 * min(i, 25),
            8,
            "satellite",
        ]
        for i in range(60)
    ]
    return {
        "since": at(-300), "until": at(1_260), "is_whole": True,
        "names": {"C001": "王小妹", "C002": "<b>李</b>"},
        "ways": {"C002": way},
        "calls": [
            {
                "id": "I7", "kind": "sos", "gravity": "life_threat", "raised_at": at(0),
                "closed_at": at(960), "area": {"code": "430105001", "names": ["四方坪街道"]},
                "resident_name": "陈秀英", "caregiver": None, "steps": steps,
                "lines": [
                    {"number": n, "at": at(row[0]), "text": {"zh": row[4], "en": row[5]}}
                    for n, row in enumerate(rows, 1)
                ],
            }
        ],
    }  # fmt: skip
