"""The reports' door with a made-up autumn behind it, for the pages to be tested against.

The numbers are reckoned by the real figures from made-up calls, and written by the real documents,
so that this fake cannot drift from the contract.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from app.doors.pages import pages_router
from app.doors.reports_out import groups_out, timings_out
from app.figures.grouping import By, days_between, group
from app.figures.targets import Figure, targets_of
from app.figures.timing import Calls, Gathering, applies, missed, reckon, seconds
from app.settings import Settings
from app.storage.calls import BY_HANDSET, FIELDS, IS_LIFE_THREAT, Packed
from dispatch.areas import Area, Level
from dispatch.ids import AreaId
from tests.browser.fake_server import PASSWORD, FakeServer, Json

TODAY = date(2026, 11, 25)
KINDS = ("sos", "fall", "life_assistance")
AREAS = (
    ("430105", None, "district", "开福区"),
    ("430105001", "430105", "street", "四方坪街道"),
    ("430105002", "430105", "street", "<script>alert(1)</script>"),
    ("430105001001", "430105001", "community", "金帆社区"),
)
PATHS = ("430105/430105001/430105001001", "430105/430105002", "")
TEAMS = ("community_nurse/430105001", "volunteer/430105002", "")
TREE = {
    AreaId(one): Area(
        id=AreaId(one),
        parent_id=AreaId(parent) if parent else None,
        level=Level(level),
        name=name,
        centre=(113, 28),
    )
    for one, parent, level, name in AREAS
}
ROLES = {"sup": ["supervisor"], "adm": ["administrator"], "op1": ["operator"]}


def day_of(day: date) -> Packed:
    """Return the calls of a day: a handful, which wait longer on some days than on others."""
    turn = day.toordinal()
    body = b""
    for number in range(5 + turn % 4):
        took = 6 + 7 * number + turn % 7
        late = number == 4 and turn % 5 == 0
        row = {
            "number": turn % 1000 * 10 + number,
            "at_s": 3_600 * (2 + 4 * number),
            "hour": (2 + 4 * number) % 24,
            "kind": number % 3,
            "path": (number + turn) % 3 if number == 3 else number % 2,
            "team": number % 3,
            "flags": BY_HANDSET | (IS_LIFE_THREAT if number % 3 < 2 else 0),
            "taken_s": 400 if late else took,
            "accepted_s": took + 20,
            "arrived_s": -1 if late else 500 + 90 * number,
            "closed_s": 4_000 + 100 * number,
            "open_s": 4_000 + 100 * number,
        }
        body += b"".join(row[name].to_bytes(4, "big", signed=True) for name in FIELDS)
    return Packed(kinds=KINDS, paths=PATHS, teams=TEAMS, body=body)


def calls_between(first: date, last: date) -> Calls:
    gathering = Gathering()
    for day in days_between(first, min(last, TODAY)):
        gathering.add(day.toordinal(), day_of(day))
    return gathering.calls()


def figures_of(query: Any) -> Json:
    first, last = (date.fromisoformat(query[name]) for name in ("from", "to"))
    calls, days = calls_between(first, last), days_between(first, last)
    promised = targets_of(Settings())
    level = Level(query.get("level", "street"))

    def groups(by: By) -> list[Any]:
        found = group(calls, by, level, TREE, days)
        timings = reckon(calls, promised, found.places, len(found.keys))
        return [
            one.model_dump(mode="json")
            for one in groups_out(dict(zip(found.keys, timings, strict=True)))
        ]

    over = By.DAY if len(days) <= 92 else By.MONTH
    return {
        "first": query["from"],
        "last": query["to"],
        "zone": "Asia/Shanghai",
        "area": query.get("area"),
        "calls": query.get("calls", "help"),
        "by": query.get("by", "area"),
        "level": level.value,
        "at": "2026-11-25T04:05:06Z",
        "total": [one.model_dump(mode="json") for one in timings_out(reckon(calls, promised)[0])],
        "groups": groups(By(query.get("by", "area"))),
        "over": over.value,
        "over_time": groups(over),
        "by_hour": groups(By.HOUR),
    }


def listed(query: Any) -> Json:
    first, last = (date.fromisoformat(query[name]) for name in ("from", "to"))
    calls, figure = calls_between(first, last), Figure(query["figure"])
    meant = applies(calls, figure)
    if "missed_s" in query:
        meant = meant & missed(calls, figure, float(query["missed_s"]))
    if "group" in query:
        level = Level(query.get("level", "street"))
        found = group(calls, By(query["by"]), level, TREE, days_between(first, last))
        meant = meant & (found.places == list(found.keys).index(query["group"]))
    took_s = seconds(calls, figure)
    items = [
        {
            "id": f"I{calls.number[at]}",
            "raised_at": (
                datetime.combine(date.fromordinal(int(calls.day[at])), datetime.min.time(), UTC)
                + timedelta(seconds=int(calls.at_s[at]), hours=-8)
            ).isoformat(),
            "kind": calls.kinds[int(calls.kind[at])],
            "path": [one for one in calls.paths[int(calls.path[at])].split("/") if one],
            "took_s": int(took_s[at]) if took_s[at] >= 0 else None,
            "open_s": int(calls.open_s[at]),
        }
        for at in meant.nonzero()[0].tolist()
    ]
    start = int(query.get("after") or 0)
    following = str(start + 20) if start + 20 < len(items) else None
    return {"zone": "Asia/Shanghai", "items": items[start : start + 20], "next": following}


def month_of(query: Any, *, kinds: int) -> Json:
    first = date.fromisoformat(f"{query['month']}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    before_last = first - timedelta(days=1)
    before_first = before_last.replace(day=1)
    promised = targets_of(Settings())
    this = timings_out(reckon(calls_between(first, last), promised)[0])
    before = timings_out(reckon(calls_between(before_first, before_last), promised)[0])
    rows = [("help", "sos", 84, 80), ("help", "fall", 61, 70), ("help", "life_assistance", 40, 38)]
    rows += [("help", f"kind_{number}", 3, 1) for number in range(kinds)]
    rows += [("device", "low_battery", 120, 133), ("review", "care_review", 4, 2)]
    counts = {"in_use": 3120, "issued": 45, "activated": 43, "tested": 2988, "tests": 3310}
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "before_first": before_first.isoformat(),
        "before_last": before_last.isoformat(),
        "zone": "Asia/Shanghai",
        "area": query.get("area"),
        "at": "2026-11-25T04:05:06Z",
        "is_over": last < TODAY,
        "is_lane_known": True,
        "kinds": [
            {"calls": calls, "kind": kind, "count": count, "before": last}
            for calls, kind, count, last in rows
        ],
        "figures": [
            {
                "figure": one.figure.value,
                "month": one.model_dump(mode="json"),
                "before": other.model_dump(mode="json"),
            }
            for one, other in zip(this, before, strict=True)
        ],
        "handsets": [
            {"what": what, "count": count, "before": count - 2} for what, count in counts.items()
        ],
    }


class ReportsServer(FakeServer):
    """The doors of session and reports."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds = 0  # more of them, of a house that has many
        self.refusal: Json | None = None  # what the next report is answered with
        self.sessions: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        config = uvicorn.Config(
            self._app(), host="127.0.0.1", port=0, log_level="warning", lifespan="off"
        )
        self._server = uvicorn.Server(config)

    def _app(self) -> FastAPI:  # noqa: C901, PLR0915 - a list of doors
        app = FastAPI()
        app.include_router(pages_router(demo=True))

        @app.exception_handler(HTTPException)
        async def say(_: Request, fault: HTTPException) -> Response:
            body = fault.detail if isinstance(fault.detail, dict) else {"title": fault.detail}
            return JSONResponse(body, fault.status_code, media_type="application/problem+json")

        def me(request: Request) -> str:
            login = self.sessions.get(request.cookies.get("ydt_session", ""))
            if login is None:
                raise HTTPException(401, detail={"type": "/problems/sign-in-needed"})
            return login

        def account(login: str) -> Json:
            body = {"id": login, "login": login, "name": f"账号 {login}", "areas": ["*"]}
            return {"account": {**body, "roles": ROLES[login]}, "csrf": "csrf"}

        @app.post("/api/v1/session")
        async def log_in(request: Request, response: Response) -> Json:
            body = await request.json()
            if body["login"] not in ROLES or body["password"] != PASSWORD:
                raise HTTPException(401)
            secret = f"s{len(self.sessions)}"
            self.sessions[secret] = body["login"]
            response.set_cookie("ydt_session", secret, httponly=True, samesite="strict")
            return account(body["login"])

        @app.get("/api/v1/session")
        async def session(request: Request) -> Json:
            return account(me(request))

        @app.delete("/api/v1/session", status_code=204)
        async def log_out(request: Request) -> None:
            self.sessions.pop(request.cookies["ydt_session"])

        @app.get("/api/v1/reports/{what}")
        async def report(what: str, request: Request) -> Any:
            me(request)
            query = dict(request.query_params)
            self.asked.append((what, query))
            if self.refusal is not None and what in ("figures", "month"):
                body, self.refusal = self.refusal, None
                raise HTTPException(body["status"], detail=body)
            if what == "choices":
                return {
                    "zone": "Asia/Shanghai",
                    "today": TODAY.isoformat(),
                    "areas": [
                        {"id": one, "parent_id": parent, "level": level, "name": name}
                        for one, parent, level, name in AREAS
                    ],
                    "targets": {},
                    "days_max": 400,
                    "calls_max": 2_500_000,
                }
            if what == "figures":
                return figures_of(query)
            if what == "calls":
                return listed(query)
            if what == "handsets":
                return {"items": [f"H{number:04}" for number in range(45)], "next": None}
            if what == "month":
                return month_of(query, kinds=self.kinds)
            return Response("﻿指标\r\n", media_type="text/csv")

        return app
