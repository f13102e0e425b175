"""A server that follows the contract and knows nothing: the edge that the pages are tested against.

It keeps one small canned town in memory. A test talks to it from another thread through the
methods of `FakeServer`; each runs in the server's own loop, so nothing races.
"""

import asyncio
import itertools
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import JSONResponse

from app.doors.pages import pages_router

Json = dict[str, Any]
PASSWORD = "night-watch"
OPERATORS = {"op1": "张值班", "op2": "李值班", "sup": "刘主管"}
CAREGIVERS: dict[str, Json] = {
    "C001": {
        "name": "王小梅",
        "kind": "community_nurse",
        "lon": 112.988,
        "lat": 28.231,
        "travel_s": 140,
    },
    "C002": {
        "name": "赵大勇",
        "kind": "home_service",
        "lon": 112.972,
        "lat": 28.226,
        "travel_s": 310,
    },
    "C003": {"name": "刘芳", "kind": "volunteer", "lon": 112.999, "lat": 28.244, "travel_s": 505},
    "C004": {"name": "孙伟", "kind": "grid_worker", "lon": None, "lat": None, "travel_s": 900},
}
RESIDENTS: dict[str, Json] = {
    "R0001": {
        "id": "R0001",
        "name": "陈秀英",
        "telephone": "0731-84512233",
        "address": "四方坪街道金帆小区 3 栋 2 单元 501",
        "language": "xiang",
        "communication": "hard_of_hearing",
        "state": "home",
        "ability": "partly",
    },
    "R0002": {
        "id": "R0002",
        "name": "<script>alert(1)</script>",
        "telephone": "13900001111",
        "address": "<img src=x onerror=alert(2)>",
        "language": "zh",
        "communication": "voice",
        "state": "home",
        "ability": "self_caring",
    },
}
AREA = {"code": "430105001", "names": ["开福区", "四方坪街道", "金帆社区"]}
HANDSETS = {"handset-token": "H0001"}


def line(kind: str, name: str, *points: tuple[float, float], way: str = "avenue") -> Json:
    geometry = {"type": "LineString", "coordinates": [list(point) for point in points]}
    properties = {"kind": kind, "class": way, "name": name}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def outline(name: str, west: float, south: float, east: float, north: float) -> Json:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {"kind": "street", "name": name}, "geometry": geometry}


MAP = {
    "type": "FeatureCollection",
    "features": [
        line(
            "river",
            "湘江",
            (112.955, 28.205),
            (112.962, 28.225),
            (112.958, 28.245),
            (112.966, 28.26),
        ),
        line("road", "芙蓉北路", (112.985, 28.205), (112.987, 28.26)),
        line("road", "三一大道", (112.968, 28.232), (113.012, 28.236)),
        line("road", "湘江北路", (112.967, 28.205), (112.974, 28.23), (112.972, 28.26)),
        line("road", "", (112.978, 28.215), (113.005, 28.218), way="street"),
        line("road", "", (112.998, 28.21), (112.996, 28.255), way="lane"),
        outline("四方坪街道", 112.976, 28.226, 112.997, 28.245),
        outline("伍家岭街道", 112.976, 28.208, 112.997, 28.226),
        outline("洪山街道", 112.997, 28.208, 113.011, 28.245),
    ],
}


def now() -> datetime:
    return datetime.now(UTC)


def text(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(status: int, name: str, detail: str = "", **extras: Any) -> HTTPException:
    body = {
        "type": f"/problems/{name}",
        "title": name,
        "status": status,
        "detail": detail,
        **extras,
    }
    return HTTPException(status, detail=body)


@dataclass
class Town:
    """What is true in the canned town, and who listens."""

    incidents: dict[str, Json] = field(default_factory=dict[str, Json])
    details: dict[str, Json] = field(default_factory=dict[str, Json])
    frames: list[Json] = field(default_factory=list[Json])
    consoles: dict[WebSocket, asyncio.Queue[Json | None]] = field(default_factory=dict)
    telephones: dict[WebSocket, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict[str, str])
    silent: list[str] = field(default_factory=list[str])  # residents of a call round
    hand_overs: list[Json] = field(default_factory=list[Json])
    on_duty: set[str] = field(default_factory=lambda: {"C001", "C002"})
    positions: list[Json] = field(default_factory=list[Json])
    events: list[Json] = field(default_factory=list[Json])
    tries: list[str] = field(default_factory=list[str])
    shown: list[str] = field(default_factory=list[str])
    resumed: list[str] = field(default_factory=list[str])
    faults: dict[str, int] = field(default_factory=dict[str, int])  # path end -> 503s to come
    more_found: int = 0  # of each kind in a search, beside those that are shown
    is_open: bool = True  # False: sockets are refused and dropped
    is_held: bool = False  # True: consoles hear nothing new
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def cursor(self) -> str:
        return f"1:{len(self.frames)}"

    def tell(self, incident: Json) -> None:
        self.frames.append({"type": "incident", "incident": dict(incident)})
        if not self.is_held:
            for queue in self.consoles.values():
                queue.put_nowait({**self.frames[-1], "cursor": self.cursor})

    def note(self, incident: Json, kind: str, by: str = "plan", /, **data: Any) -> None:
        timeline = self.details[incident["id"]]["timeline"]
        entry = {"number": len(timeline) + 1, "at": text(now()), "kind": kind, "by": by}
        timeline.append({**entry, "text_key": f"fact.{kind}", "data": data})

    def raise_incident(
        self,
        resident: str | None = "R0001",
        kind: str = "sos",
        gravity: str = "life_threat",
        age_s: float = 0,
        *,
        offer_to: str | None = None,
        channel: str = "handset",
    ) -> Json:
        number = next(self.numbers)
        raised, name = now() - timedelta(seconds=age_s), f"I{number}"
        due = raised + timedelta(minutes={"life_threat": 8, "urgent": 20}.get(gravity, 120))
        who = RESIDENTS.get(resident or "")
        place = {"lon": 112.985 + number % 5 * 0.004, "lat": 28.23 + number % 3 * 0.004}
        incident: Json = {
            "id": name,
            "kind": kind,
            "gravity": gravity,
            "status": "waiting",
            "raised_at": text(raised),
            "due_at": text(due),
            "rank": [gravity != "life_threat", text(due), text(raised), number],
            "presses": 1,
            "last_press_at": text(raised),
            "siren": gravity != "routine",
            "desk": "operator",
            "channel": channel,
            "handset_id": "H0001" if channel == "handset" else None,
            "resident": who,
            "area": AREA,
            "place": {**place, "accuracy_m": 35, "source": "wifi", "at": text(raised)},
            "claim": None,
            "held_until": None,
            "hold_max_s": 300 if gravity == "life_threat" else 3_600,
            "offered_to": None,
            "ladder": {
                "level": "grid",
                "round": 1,
                "until": text(raised + timedelta(seconds=90)),
            },
            "offers": [],
            "attendances": [],
            "parties": [],
            "handled_at": None,
            "linked_to": None,
            "cancelled": False,
            "note": None,
            "disposition": None,
            "closed_at": None,
        }
        self.incidents[name] = incident
        self.details[name] = {
            "timeline": [],
            "considered": [],
            "medical": "高血压，装有心脏起搏器",
            "key_note": "备用钥匙在门卫处",
            "notes": [],
        }
        self.note(incident, "incident_raised", kind=kind, gravity=gravity)
        if offer_to is not None:
            self.offer(incident, offer_to)
        self.tell(incident)
        return incident

    def offer(self, incident: Json, caregiver_id: str, by: str = "plan", reason: str = "") -> None:
        caregiver = CAREGIVERS[caregiver_id]
        offer_id = f"{incident['id']}.{len(incident['offers']) + 1}"
        travel = {"travel_s": caregiver["travel_s"], "distance_m": caregiver["travel_s"] * 4}
        incident["offers"].append(
            {
                "id": offer_id,
                "caregiver_id": caregiver_id,
                "caregiver_name": caregiver["name"],
                "state": "pending",
                "made_at": text(now()),
                "answer_by": text(now() + timedelta(seconds=45)),
                "sent_at": None,
                "shown_at": None,
                "not_shown_at": None,
                "reason": reason or None,
                **travel,
            }
        )
        incident["status"] = "offered"
        considered = [
            {
                "caregiver_id": other,
                "name": row["name"],
                "travel_s": row["travel_s"],
                "distance_m": row["travel_s"] * 4,
                "verdict": "chosen" if other == caregiver_id else "farther",
                "lacks": ["language"] if other == caregiver_id else [],
                "handicap_s": 60 if other == caregiver_id else 0,
            }
            for other, row in CAREGIVERS.items()
        ]
        choice = {"offer_id": offer_id, "at": text(now()), "level": "grid", "chosen": caregiver_id}
        others = {"busy": 3, "off_duty": 12, "lacks_skill": 1}
        self.details[incident["id"]]["considered"].append(
            {**choice, "considered": considered, "others": others}
        )
        self.note(
            incident,
            "caregiver_offered",
            by,
            offer_id=offer_id,
            caregiver_id=caregiver_id,
            level="grid",
        )

    def find_offer(self, offer_id: str) -> tuple[Json, Json]:
        incident = self.incidents.get(offer_id.split(".")[0])
        for offer in incident["offers"] if incident else []:
            if offer["id"] == offer_id and incident is not None:
                return incident, offer
        raise problem(404, "offer-not-found")

    def claim(self, incident: Json, operator_id: str) -> None:
        holder = incident["claim"]
        offered = (incident["offered_to"] or {}).get("operator_id")
        if holder is not None and operator_id not in (holder["operator_id"], offered):
            raise problem(
                409, "claim-held", "another operator holds it", operator_id=holder["operator_id"]
            )
        until = text(now() + timedelta(minutes=5))
        incident["claim"] = {
            "operator_id": operator_id,
            "name": OPERATORS[operator_id],
            "until": until,
        }
        incident.update(siren=False, held_until=None, offered_to=None)
        self.note(incident, "incident_claimed", OPERATORS[operator_id])
        self.tell(incident)

    def desk(self) -> Json:
        """Who sits here, and who hands over to whom."""
        operators = [
            {"operator_id": name, "name": OPERATORS[name], "is_supervisor": False, "areas": ["*"]}
            for name in dict.fromkeys(self.sessions.values())
        ]
        silent = [{"id": "CR1", "left": len(self.silent), "total": 2, "overdue": False}]
        rounds = silent if self.silent else []
        return {"operators": operators, "hand_overs": self.hand_overs, "rounds": rounds}

    def tell_desk(self) -> None:
        for queue in self.consoles.values():
            queue.put_nowait({"type": "desk", **self.desk()})

    def dots(self) -> list[Json]:
        busy = {
            row["caregiver_id"]
            for incident in self.incidents.values()
            for row in incident["attendances"]
            if row["state"] in {"accepted", "en_route", "on_scene"}
        }
        return [
            {
                "id": name,
                "name": row["name"],
                "kind": row["kind"],
                "on_duty": name in self.on_duty,
                "busy": name in busy,
                "lon": row["lon"],
                "lat": row["lat"],
                "at": row["lon"] and text(now()),
                "source": row["lon"] and "satellite",
            }
            for name, row in CAREGIVERS.items()
        ]

    def caregiver_state(self, caregiver_id: str) -> Json:
        offers: list[Json] = []
        attendances: list[Json] = []
        for incident in self.incidents.values():
            who = incident["resident"] or {"name": "", "address": ""}
            common = {
                "incident_id": incident["id"],
                "kind": incident["kind"],
                "gravity": incident["gravity"],
                "address": who["address"],
                "area": AREA["names"],
                "place": incident["place"],
            }
            for row in incident["offers"]:
                if row["caregiver_id"] == caregiver_id and row["state"] == "pending":
                    brief = {key: who.get(key) for key in ("name", "communication", "language")}
                    keys = ("id", "made_at", "answer_by", "travel_s", "distance_m")
                    kept = {key: row[key] for key in keys}
                    shown = row["shown_at"] is not None
                    offers.append({**common, **kept, "shown": shown, "resident": brief})
            for row in incident["attendances"]:
                if row["caregiver_id"] == caregiver_id and row["state"] in NEXT:
                    kept = {key: row[key] for key in ("id", "state", "accepted_at", "due_by")}
                    detail = self.details[incident["id"]]
                    full = {**who, "medical": detail["medical"], "key_note": detail["key_note"]}
                    spot = {
                        "trouble": row.get("trouble", ""),
                        "trouble_by": row.get("trouble_by"),
                        "asked_until": row.get("asked_until"),
                        "directions": incident.get("directions", ""),
                    }
                    attendances.append({**common, **kept, **spot, "resident": full, "note": None})
        caregiver = {
            "id": caregiver_id,
            **{k: CAREGIVERS[caregiver_id][k] for k in ("name", "kind")},
        }
        return {
            "caregiver": caregiver,
            "on_duty": caregiver_id in self.on_duty,
            "server_time": text(now()),
            "offers": offers,
            "attendances": attendances,
        }


NEXT = {"accepted": "en_route", "en_route": "on_scene", "on_scene": "done"}
FACT_OF = {
    "en_route": "caregiver_set_out",
    "on_scene": "caregiver_arrived",
    "done": "attendance_done",
}


def build(town: Town, *doors: Callable[[FastAPI, Any], None]) -> FastAPI:
    app = FastAPI()
    app.include_router(pages_router(demo=True))
    operator_doors(app, town)
    hand_doors(app, town)
    round_doors(app, town)
    caregiver_doors(app, town)
    handset_doors(app, town)
    for more in doors:
        more(app, town)

    @app.exception_handler(HTTPException)
    async def say(_: Request, fault: HTTPException) -> Response:
        body = fault.detail if isinstance(fault.detail, dict) else {"title": fault.detail}
        return JSONResponse(body, fault.status_code, media_type="application/problem+json")

    @app.middleware("http")
    async def fail(request: Request, go_on: Callable[[Request], Any]) -> Response:
        for path, left in town.faults.items():
            if request.url.path.endswith(path) and request.method == "POST" and left > 0:
                if path == "/events":
                    town.tries.append((await request.json())["event_id"])
                town.faults[path] = left - 1
                return JSONResponse({"title": "full"}, 503, headers={"Retry-After": "1"})
        return await go_on(request)

    return app


PINYIN = {"R0001": "chenxiuying cxy", "C001": "wangxiaomei wxm"}
KINDS_FOUND = ("incidents", "residents", "handsets", "caregivers")


def found_in(town: Town, q: str, kinds: list[str] | tuple[str, ...]) -> Json:
    """Return what the search finds in the canned town."""

    def fits(one: str, name: str, telephone: str = "") -> bool:
        words = (one.lower(), name.lower(), *PINYIN.get(one, "").split())
        return any(word.startswith(q) for word in words) or (len(q) > 3 and q in telephone)

    def resident(one: str) -> Json:
        calls = [name for name, row in town.incidents.items() if row["resident"] == RESIDENTS[one]]
        return {**RESIDENTS[one], "area": AREA, "open": calls}

    residents = [one for one, row in RESIDENTS.items() if fits(one, row["name"], row["telephone"])]
    items: dict[str, list[Json]] = {
        "incidents": [
            {**row, "resident_name": (row["resident"] or {}).get("name")}
            for name, row in town.incidents.items()
            if fits(name, "") or (row["resident"] or {}).get("id") in residents
        ],
        "residents": [resident(one) for one in residents],
        "handsets": [{"id": "H0001", "resident": resident("R0001")}] if fits("H0001", "") else [],
        "caregivers": [
            {
                "id": one,
                "name": row["name"],
                "kind": row["kind"],
                "telephone": "13512340000",
                "area": AREA,
                "on_duty": one in town.on_duty,
                "busy": False,
            }
            for one, row in CAREGIVERS.items()
            if fits(one, row["name"])
        ],
    }
    more = {"more": town.more_found, "more_is_least": False}
    return {kind: {"items": items[kind], **more} for kind in kinds}


def operator_doors(app: FastAPI, town: Town) -> None:  # noqa: C901, PLR0915 - a list of doors
    def me(request: Request | WebSocket) -> str:
        login = town.sessions.get(request.cookies.get("ydt_session", ""))
        if login is None:
            raise problem(401, "no-session")
        return login

    def proven(request: Request) -> str:
        login = me(request)
        if request.headers.get("X-CSRF-Token") != f"csrf-{login}":
            raise problem(403, "csrf")
        return login

    def account(login: str) -> Json:
        body = {"id": login, "login": login, "name": OPERATORS[login], "areas": ["430105"]}
        roles = ["supervisor"] if login == "sup" else ["operator"]
        return {"account": {**body, "roles": roles}, "csrf": f"csrf-{login}"}

    def incident_of(name: str) -> Json:
        if name not in town.incidents:
            raise problem(404, "incident-not-found")
        return town.incidents[name]

    @app.post("/api/v1/session")
    async def log_in(request: Request, response: Response) -> Json:
        body = await request.json()
        if body["login"] not in OPERATORS or body["password"] != PASSWORD:
            raise problem(401, "wrong-password")
        secret = f"s{len(town.sessions)}"
        town.sessions[secret] = body["login"]
        response.set_cookie("ydt_session", secret, httponly=True, samesite="strict")
        return account(body["login"])

    @app.get("/api/v1/session")
    async def session(request: Request) -> Json:
        return account(me(request))

    @app.delete("/api/v1/session", status_code=204)
    async def log_out(request: Request) -> None:
        proven(request)
        town.sessions.pop(request.cookies["ydt_session"])

    @app.get("/api/v1/operator/map")
    async def base_map(request: Request) -> Json:
        me(request)
        return MAP

    @app.get("/api/v1/operator/incidents/{name}")
    async def in_full(name: str, request: Request) -> Json:
        me(request)
        return {**incident_of(name), **town.details[name]}

    @app.get("/api/v1/operator/incidents/{name}/candidates")
    async def candidates(name: str, request: Request) -> Json:
        me(request)
        rows = [
            {
                "caregiver_id": caregiver_id,
                "name": row["name"],
                "kind": row["kind"],
                "travel_s": row["travel_s"],
                "distance_m": row["travel_s"] * 4,
                "verdict": "available" if caregiver_id in town.on_duty else "off_duty",
            }
            for caregiver_id, row in CAREGIVERS.items()
        ]
        return {"candidates": rows}

    @app.post("/api/v1/operator/incidents", status_code=201)
    async def telephoned(request: Request) -> Json:
        proven(request)
        body = await request.json()
        return town.raise_incident(body["resident_id"], body["kind"], channel="telephone")

    @app.post("/api/v1/operator/incidents/{name}/claim")
    async def claim(name: str, request: Request) -> Json:
        town.claim(incident_of(name), proven(request))
        return incident_of(name)

    @app.post("/api/v1/operator/incidents/{name}/release")
    async def release(name: str, request: Request) -> Json:
        incident = incident_of(name)
        by = OPERATORS[proven(request)]
        incident["claim"] = None
        incident["siren"] = True
        town.note(incident, "claim_released", by)
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/offers", status_code=201)
    async def offer(name: str, request: Request) -> Json:
        by = OPERATORS[proven(request)]
        body = await request.json()
        town.offer(incident_of(name), body["caregiver_id"], by, body["reason"])
        town.tell(incident_of(name))
        await push(town)
        return incident_of(name)

    @app.post("/api/v1/operator/incidents/{name}/notes", status_code=201)
    async def note(name: str, request: Request) -> Json:
        by = OPERATORS[proven(request)]
        said = (await request.json())["text"]
        town.details[name]["notes"].append({"at": text(now()), "by": by, "text": said})
        town.note(incident_of(name), "note_added", by, text=said)
        town.tell(incident_of(name))
        return incident_of(name)

    @app.post("/api/v1/operator/incidents/{name}/place")
    async def correct_place(name: str, request: Request) -> Json:
        by = OPERATORS[proven(request)]
        incident, body = incident_of(name), await request.json()
        incident["directions"] = body["note"]
        for row in incident["attendances"]:
            row.update(trouble="", trouble_by=None)
        town.note(incident, "place_corrected", by, note=body["note"])
        town.tell(incident)
        await push(town)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/close")
    async def close(name: str, request: Request) -> Json:
        incident, by = incident_of(name), OPERATORS[proven(request)]
        disposition = (await request.json())["disposition"]
        incident.update(
            status="closed", disposition=disposition, closed_at=text(now()), siren=False
        )
        town.note(incident, "incident_closed", by, disposition=disposition)
        town.tell(incident)
        await push(town)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/parties/{party}/{what}")
    async def party(name: str, party: str, what: str, request: Request) -> Json:
        incident, by = incident_of(name), OPERATORS[proven(request)]
        rows = [row for row in incident["parties"] if row["party"] != party]
        is_known = what == "acknowledge"
        row = {"party": party, "by_hand": not is_known, "attempt": 1, "told_at": text(now())}
        known = {"by_name": by, "acknowledged_at": text(now())} if is_known else {}
        state = "acknowledged" if is_known else "told"
        empty = {"until": None, "by_name": "", "acknowledged_at": None}
        incident["parties"] = [*rows, {**row, "state": state, **empty, **known}]
        kind = "party_acknowledged" if is_known else "party_told"
        town.note(incident, kind, by, party=party, why="by_hand")
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/search")
    async def search(request: Request) -> Json:
        proven(request)
        body = await request.json()
        return found_in(town, body["q"].lower(), body.get("kinds", KINDS_FOUND))

    @app.get("/api/v1/operator/residents/{name}/location")
    async def location(name: str, request: Request) -> Json:
        me(request)
        place = {"lon": 112.99, "lat": 28.235, "accuracy_m": 12, "source": "satellite"}
        return {**place, "at": text(now() - timedelta(minutes=4))}

    @app.websocket("/api/v1/operator/stream")
    async def stream(socket: WebSocket, after: str | None = None) -> None:
        if not town.is_open or socket.cookies.get("ydt_session", "") not in town.sessions:
            await socket.close(code=1008)
            return
        await socket.accept()
        queue: asyncio.Queue[Json | None] = asyncio.Queue()
        if after is None:
            still_open = [row for row in town.incidents.values() if row["status"] != "closed"]
            first = {"type": "snapshot", "incidents": still_open, **town.desk()}
            queue.put_nowait({**first, "caregivers": town.dots(), "cursor": town.cursor})
        else:
            town.resumed.append(after)
            queue.put_nowait({"type": "resumed", "cursor": after})
            for i, frame in enumerate(town.frames):
                if i >= int(after.split(":")[1]):
                    queue.put_nowait({**frame, "cursor": f"1:{i + 1}"})
        town.consoles[socket] = queue
        town.tell_desk()
        listener = asyncio.create_task(until_gone(socket, queue))
        try:
            while True:
                try:
                    frame = await asyncio.wait_for(queue.get(), 1)
                except TimeoutError:
                    frame = {"type": "ping", "server_time": text(now())}
                if frame is None:
                    break
                await socket.send_json(frame)
        finally:
            town.consoles.pop(socket, None)
            listener.cancel()


def hand_doors(app: FastAPI, town: Town) -> None:  # noqa: C901, PLR0915 - a list of doors
    def proven(request: Request) -> str:
        login = town.sessions.get(request.cookies.get("ydt_session", ""))
        if login is None or request.headers.get("X-CSRF-Token") != f"csrf-{login}":
            raise problem(403, "csrf")
        return login

    def own(name: str, request: Request) -> tuple[Json, str]:
        incident, login = town.incidents[name], proven(request)
        holder = incident["claim"]
        if holder is None:
            raise problem(409, "claim-needed")
        if holder["operator_id"] != login:
            raise problem(409, "claim-held", operator_id=holder["operator_id"])
        return incident, login

    @app.post("/api/v1/operator/incidents/{name}/hold")
    async def hold(name: str, request: Request) -> Json:
        incident, login = own(name, request)
        body = await request.json()
        incident.update(held_until=body["recall_at"], siren=False)
        town.note(incident, "call_held", OPERATORS[login], **body)
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/transfer")
    async def transfer(name: str, request: Request) -> Json:
        incident, login = own(name, request)
        to = (await request.json())["to"]
        if to not in town.sessions.values():
            raise problem(409, "operator-not-available", why="not_at_the_desk")
        answer_by = text(now() + timedelta(minutes=1))
        offered = {"operator_id": to, "name": OPERATORS[to], "answer_by": answer_by}
        incident["offered_to"] = offered
        town.note(incident, "call_transferred", OPERATORS[login], to=to)
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/transfer/decline")
    async def decline_transfer(name: str, request: Request) -> Json:
        incident, login = town.incidents[name], proven(request)
        if (incident["offered_to"] or {}).get("operator_id") != login:
            raise problem(409, "no-transfer")
        incident.update(offered_to=None, siren=True)
        town.note(incident, "transfer_declined", OPERATORS[login])
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/widen")
    async def widen(name: str, request: Request) -> Json:
        incident, login = town.incidents[name], proven(request)
        incident["ladder"]["level"] = "community"
        said = (await request.json())["reason"]
        town.note(incident, "note_added", OPERATORS[login], text=said)
        town.note(incident, "step_taken", level="community", round=1, why="by_hand")
        town.tell(incident)
        return incident

    @app.post("/api/v1/operator/incidents/{name}/reopen")
    async def reopen(name: str, request: Request) -> Json:
        incident, login = town.incidents[name], proven(request)
        incident.update(status="waiting", disposition=None, closed_at=None)
        reason = (await request.json())["reason"]
        town.note(incident, "incident_reopened", OPERATORS[login], reason=reason)
        town.claim(incident, login)
        return incident

    @app.post("/api/v1/operator/shift/hand-over")
    async def hand_over(request: Request) -> Json:
        login, to = proven(request), (await request.json())["to"]
        ids = [name for name, row in town.incidents.items() if held_by(row) == login]
        town.hand_overs.append(
            {
                "of": login,
                "of_name": OPERATORS[login],
                "to": to,
                "incident_ids": ids,
                "answer_by": text(now() + timedelta(minutes=2)),
            }
        )
        town.tell_desk()
        return town.desk()

    @app.post("/api/v1/operator/shift/accept")
    async def accept_shift(request: Request) -> Json:
        login, of = proven(request), (await request.json())["of"]
        for one in [row for row in town.hand_overs if (row["of"], row["to"]) == (of, login)]:
            town.hand_overs.remove(one)
            for name in one["incident_ids"]:
                town.incidents[name]["claim"] = None
                town.claim(town.incidents[name], login)
        town.tell_desk()
        return town.desk()


def round_doors(app: FastAPI, town: Town) -> None:
    def rounds() -> Json:
        rows = [{"resident": RESIDENTS[one], "area": AREA, "tried_at": None} for one in town.silent]
        body = {"reason": "", "began_at": text(now()), "move_by": text(now()), "next": rows}
        return {"rounds": [{**one, **body} for one in town.desk()["rounds"]]}

    @app.get("/api/v1/operator/rounds")
    async def under_way() -> Json:
        return rounds()

    @app.post("/api/v1/operator/rounds/CR1/residents/{name}")
    async def answer(name: str) -> Json:
        town.silent.remove(name)
        town.tell_desk()
        return rounds()


def held_by(incident: Json) -> str | None:
    return (incident["claim"] or {}).get("operator_id")


async def until_gone(socket: WebSocket, queue: asyncio.Queue[Json | None]) -> None:
    try:
        while True:
            await socket.receive_text()
    except WebSocketDisconnect:
        queue.put_nowait(None)


async def push(town: Town) -> None:
    for socket, caregiver_id in list(town.telephones.items()):
        await socket.send_json(town.caregiver_state(caregiver_id))


def caregiver_doors(app: FastAPI, town: Town) -> None:  # noqa: C901, PLR0915 - a list of doors
    def me(request: Request) -> str:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in {f"token-{name}" for name in CAREGIVERS}:
            raise problem(401, "wrong-token")
        return token.removeprefix("token-")

    @app.post("/api/v1/caregiver/login")
    async def log_in(request: Request) -> Json:
        body = await request.json()
        caregiver_id = body["login"].upper()
        if caregiver_id not in CAREGIVERS or body["password"] != PASSWORD or not body["device"]:
            raise problem(401, "wrong-password")
        caregiver = town.caregiver_state(caregiver_id)["caregiver"]
        return {"token": f"token-{caregiver_id}", "caregiver": caregiver}

    @app.delete("/api/v1/caregiver/login", status_code=204)
    async def log_out(request: Request) -> None:
        me(request)

    @app.get("/api/v1/caregiver/state")
    async def state(request: Request) -> Json:
        return town.caregiver_state(me(request))

    @app.post("/api/v1/caregiver/duty")
    async def duty(request: Request) -> Json:
        caregiver_id = me(request)
        change = town.on_duty.add if (await request.json())["on"] else town.on_duty.discard
        change(caregiver_id)
        await push(town)
        return town.caregiver_state(caregiver_id)

    @app.post("/api/v1/caregiver/positions", status_code=202)
    async def positions(request: Request) -> Json:
        me(request)
        body = await request.json()
        town.positions.extend(body if isinstance(body, list) else [body])
        return {"recorded": len(body)}

    @app.post("/api/v1/caregiver/offers/{offer_id}/{answer}")
    async def answer(offer_id: str, answer: str, request: Request) -> Json:
        caregiver_id = me(request)
        incident, offer = town.find_offer(offer_id)
        if answer == "shown":
            town.shown.append(offer_id)
            offer["shown_at"] = text(now())
        elif offer["state"] == "pending":
            accept(town, incident, offer) if answer == "accept" else decline(
                town, incident, offer, (await request.json())["reason"]
            )
        elif offer["state"] == "withdrawn":
            raise problem(409, "offer-taken", "taken by another caregiver")
        town.tell(incident)
        await push(town)
        return town.caregiver_state(caregiver_id)

    @app.post("/api/v1/caregiver/attendances/{name}/{step}")
    async def attend(name: str, step: str, request: Request) -> Json:
        caregiver_id = me(request)
        incident, _ = town.find_offer(name)
        row = next(row for row in incident["attendances"] if row["id"] == name)
        if step in ("scene", "still_coming"):
            return await said_on_the_spot(town, incident, row, step, await request.json())
        row["state"] = step
        incident["status"] = {"done": "helped"}.get(step, step)
        if step == "done":
            row["outcome"] = (await request.json())["outcome"]
        else:
            row[f"{step}_at"] = text(now())
        town.note(incident, FACT_OF[step], "caregiver", attendance_id=name, outcome=row["outcome"])
        town.tell(incident)
        await push(town)
        return town.caregiver_state(caregiver_id)

    @app.websocket("/api/v1/caregiver/stream")
    async def stream(socket: WebSocket) -> None:
        names = [name.strip() for name in socket.headers["sec-websocket-protocol"].split(",")]
        caregiver_id = names[-1].removeprefix("bearer.token-")
        if not town.is_open or names[0] != "ydt.v1" or caregiver_id not in CAREGIVERS:
            await socket.close(code=1008)
            return
        await socket.accept(subprotocol="ydt.v1")
        town.telephones[socket] = caregiver_id
        try:
            await socket.send_json(town.caregiver_state(caregiver_id))
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            town.telephones.pop(socket, None)


async def said_on_the_spot(town: Town, incident: Json, row: Json, step: str, body: Json) -> Json:
    if step == "scene":
        is_over = body["what"] == "sorted_out"
        row["trouble"] = "" if is_over else body["what"]
        row["trouble_by"] = None if is_over else text(now() + timedelta(minutes=3))
        town.note(incident, "scene_reported", "caregiver", attendance_id=row["id"], **body)
    else:
        row["asked"] = False
        row["asked_until"] = None
        row["state"] = row["state"] if body["yes"] else "broken_off"
    town.tell(incident)
    await push(town)
    return town.caregiver_state(row["caregiver_id"])


def accept(town: Town, incident: Json, offer: Json) -> None:
    offer["state"] = "accepted"
    incident["status"] = "accepted"
    incident["attendances"].append(
        {
            "id": offer["id"],
            "caregiver_id": offer["caregiver_id"],
            "caregiver_name": offer["caregiver_name"],
            "state": "accepted",
            "accepted_at": text(now()),
            "en_route_at": None,
            "on_scene_at": None,
            "due_by": text(now() + timedelta(minutes=2)),
            "overdue": False,
            "outcome": None,
        }
    )
    town.note(incident, "offer_accepted", "caregiver", offer_id=offer["id"])


def decline(town: Town, incident: Json, offer: Json, reason: str) -> None:
    offer.update(state="declined", reason=reason)
    incident["status"] = "waiting"
    town.note(incident, "offer_declined", "caregiver", offer_id=offer["id"], reason=reason)


def handset_doors(app: FastAPI, town: Town) -> None:
    def me(request: Request) -> str:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in HANDSETS:
            raise problem(401, "wrong-token", "the token is not known")
        return HANDSETS[token]

    @app.post("/api/v1/handset/events")
    async def event(request: Request) -> Json:
        me(request)
        body = await request.json()
        town.tries.append(body["event_id"])
        is_new = body["event_id"] not in {known["event_id"] for known in town.events}
        if is_new:
            town.events.append(body)
            town.raise_incident(kind=body["kind"])
        result = "recorded" if is_new else "duplicate"
        return {
            "event_id": body["event_id"],
            "result": result,
            "incident_id": "I1",
            "joined": False,
        }

    @app.get("/api/v1/handset/state")
    async def state(request: Request) -> Json:
        handset_id = me(request)
        incidents = [
            {
                **{key: row[key] for key in ("id", "kind", "status", "raised_at", "presses")},
                "heard_by_operator": row["claim"] is not None,
                "coming": [
                    {
                        "caregiver_name": attendance["caregiver_name"],
                        "kind": "nurse",
                        "state": attendance["state"],
                        "eta_at": text(now() + timedelta(seconds=140)),
                        "distance_m": 560,
                    }
                    for attendance in row["attendances"]
                ],
                "closed_at": row["closed_at"],
                "disposition": row["disposition"],
            }
            for row in town.incidents.values()
            if row["resident"] is RESIDENTS["R0001"]
        ]
        return {
            "handset_id": handset_id,
            "resident": {"name": RESIDENTS["R0001"]["name"]},
            "server_time": text(now()),
            "incidents": incidents,
        }


class FakeServer:
    """The server in a thread of its own, and the hand that moves it."""

    def __init__(self, town: Town | None = None, *doors: Callable[[FastAPI, Any], None]) -> None:
        self.port = 0
        self.town = Town() if town is None else town
        self.app = build(self.town, *doors)
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            sockets = [self._server.config.bind_socket()]
            sockets[0].listen()  # from now on whoever comes waits, and is not turned away
            self.port = sockets[0].getsockname()[1]
            self._started.set()
            await self._server.serve(sockets)

        asyncio.run(serve())

    def start(self) -> None:
        self._thread.start()
        if not self._started.wait(10):
            raise RuntimeError("the fake server did not start")

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the server's loop and wait for it."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def raise_incident(self, *args: Any, **kwargs: Any) -> Json:
        async def work() -> Json:
            incident = self.town.raise_incident(*args, **kwargs)
            await push(self.town)
            return incident

        return self.do(work())

    def change(self, incident_id: str, **values: Any) -> None:
        async def work() -> None:
            self.town.incidents[incident_id].update(values)
            self.town.tell(self.town.incidents[incident_id])

        self.do(work())

    def take_offer_away(self, offer_id: str) -> None:
        async def work() -> None:
            incident, offer = self.town.find_offer(offer_id)
            offer["state"] = "withdrawn"
            self.town.tell(incident)

        self.do(work())

    def cut(self) -> None:
        """Close every socket and take no new one."""

        async def work() -> None:
            self.town.is_open = False
            for socket in [*self.town.consoles, *self.town.telephones]:
                await socket.close(code=1001)

        self.do(work())

    def mend(self) -> None:
        self.town.is_open = True

    def end_sessions(self) -> None:
        async def work() -> None:
            self.town.sessions.clear()
            for socket in list(self.town.consoles):
                await socket.close(code=1008)

        self.do(work())
