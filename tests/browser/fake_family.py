"""The family's door of the fake server, and the desk's side of it: as the real ones answer."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect

from tests.browser.fake_server import Json, Town, now, problem, text

CODE = "K7QM4XWD9PTR"
TOKEN = "ydt_f_token"
LOOK_EVERY_S = 0.05
ALIVE_EVERY_S = 1.0


def call(status: str, *, raised: datetime, **more: Any) -> Json:
    return {
        "id": "I7",
        "kind": "sos",
        "status": status,
        "raised_at": text(raised),
        "presses": 1,
        "heard": False,
        "accepted_at": None,
        "arrived_at": None,
        "coming": [],
        "closed_at": None,
        "disposition": None,
        **more,
    }


def coming(state: str, *, eta: datetime, arrived: datetime | None = None) -> Json:
    return {
        "name": "张丽",
        "role": "community_nurse",
        "state": state,
        "eta_at": text(eta),
        "arrived_at": text(arrived) if arrived else None,
    }


@dataclass
class Kin:
    """What the family is told, and what it says."""

    resident: Json = field(default_factory=dict[str, Any])
    words: list[Json] = field(default_factory=list[Json])
    waiting: list[Json] = field(default_factory=list[Json])  # at the desk
    version: int = 0
    is_mute: bool = False  # takes what comes and never answers
    is_out: bool = False  # the desk has signed the telephone out
    why_over: str = ""
    looks: int = 0
    entered: list[Json] = field(default_factory=list[Json])
    answers: list[Json] = field(default_factory=list[Json])
    consents: list[bool] = field(default_factory=list[bool])

    def __post_init__(self) -> None:
        self.resident = {
            "id": "R1",
            "name": "李秀英",
            "state": "home",
            "zone": "Asia/Shanghai",
            "checked_in_at": text(now() - timedelta(hours=3)),
            "heard_at": text(now() - timedelta(minutes=4)),
            "battery_pct": 71,
            "shows_place": False,
            "call": None,
        }

    def tell(self, **changes: Any) -> None:
        self.resident |= changes
        self.version += 1

    def state(self) -> Json:
        return {
            "type": "state",
            "server_time": text(now()),
            "member": {"name": "李丽"},
            "residents": [self.resident],
            "words": self.words,
            "desk_telephone": "0731-12349",
        }


def family_doors(app: FastAPI, kin: Kin) -> None:  # noqa: C901, PLR0915 - a list of doors
    """Open the family's door."""

    async def proven(request: Request) -> None:
        if kin.is_mute:
            await asyncio.Event().wait()  # until the asker has gone
        if kin.is_out or request.headers.get("authorization") != f"Bearer {TOKEN}":
            raise problem(401, "token-needed")

    @app.post("/api/v1/family/enter")
    async def enter(request: Request) -> Json:
        body = await request.json()
        code = body["code"].replace("-", "").upper()
        if code != CODE:
            raise problem(404, "invitation-unknown")
        if kin.why_over:
            raise problem(410, "invitation-over", why=kin.why_over)
        kin.entered.append(body)
        kin.why_over = "used"
        return {"token": TOKEN, "login": body.get("login", "")}

    @app.get("/api/v1/family/state")
    async def state(request: Request) -> Json:
        await proven(request)
        return kin.state()

    @app.delete("/api/v1/family/login")
    async def log_out(request: Request) -> Response:
        await proven(request)
        return Response(status_code=204)

    @app.post("/api/v1/family/residents/R1/place")
    async def place(request: Request) -> Json:
        await proven(request)
        kin.looks += 1
        return {"place": {"lon": 113.01, "lat": 28.2, "source": "wifi", "at": text(now())}}

    @app.post("/api/v1/family/{what}", status_code=201)
    async def say(what: str, request: Request) -> Json:
        await proven(request)
        body = await request.json()
        said = {k: v for k, v in body.items() if k not in {"key", "resident_id"}}
        one: Json = {"id": len(kin.words) + 1, "resident_id": body["resident_id"], "said": said}
        one |= {"kind": what.removesuffix("s"), "said_at": text(now())}
        one |= {"settled_at": None, "accepted": None}
        kin.words.insert(0, one)
        return kin.state()

    @app.websocket("/api/v1/family/stream")
    async def stream(socket: WebSocket) -> None:
        names = [name.strip() for name in socket.headers["sec-websocket-protocol"].split(",")]
        if kin.is_out or kin.is_mute or names != ["ydt.v1", f"bearer.{TOKEN}"]:
            await socket.close(code=1008)
            return
        await socket.accept(subprotocol="ydt.v1")
        shown, quiet_s = -1, 0.0
        try:
            while True:
                if not kin.is_mute and shown != kin.version:
                    shown, quiet_s = kin.version, 0.0
                    await socket.send_json(kin.state())
                elif not kin.is_mute and quiet_s >= ALIVE_EVERY_S:
                    quiet_s = 0.0
                    await socket.send_json({"type": "alive", "server_time": text(now())})
                await asyncio.sleep(LOOK_EVERY_S)
                quiet_s += LOOK_EVERY_S
        except (WebSocketDisconnect, RuntimeError):
            pass


def families_doors(app: FastAPI, town: Town, kin: Kin) -> None:  # noqa: C901 - a list of doors
    """Open the desk's side of it."""

    def at_desk(request: Request) -> None:
        if request.cookies.get("ydt_session", "") not in town.sessions:
            raise problem(401, "sign-in-needed")

    @app.get("/api/v1/operator/families/words")
    async def words(request: Request) -> Json:
        at_desk(request)
        return {"items": kin.waiting}

    @app.post("/api/v1/operator/families/words/{word_id}")
    async def answer(word_id: int, request: Request) -> Json:
        at_desk(request)
        kin.answers.append({"id": word_id, **(await request.json())})
        kin.waiting = [one for one in kin.waiting if one["id"] != word_id]
        return {"items": kin.waiting}

    def the_family() -> Json:
        member = {"id": "F1", "name": "李丽", "relation": "女儿", "telephone": "13900000001"}
        member |= {"language": "zh", "logins": [], "devices": len(kin.entered), "invitation": None}
        looks = [{"at": text(now()), "member_id": "F1", "name": "李丽", "relation": "女儿"}]
        return {"members": [member], "shows_place": bool(kin.consents), "looks": looks}

    @app.get("/api/v1/operator/families/residents/{resident_id}")
    async def family(resident_id: str, request: Request) -> Json:
        at_desk(request)
        return the_family()

    @app.put("/api/v1/operator/families/residents/{resident_id}/consent")
    async def consent(resident_id: str, request: Request) -> Json:
        at_desk(request)
        kin.consents.append((await request.json())["given"])
        return the_family()

    @app.post("/api/v1/operator/families/residents/{resident_id}/invitations", status_code=201)
    async def invite(resident_id: str, request: Request) -> Json:
        at_desk(request)
        code = "-".join((CODE[:4], CODE[4:8], CODE[8:]))
        link = f"https://desk.example/family#{CODE}"
        expires_at = text(now() + timedelta(hours=72))
        return {"id": "a", "code": code, "link": link, "expires_at": expires_at, "sent": False}
