"""The doors of the keepers, made up: accounts, the audit log, second factors, and locked desks.

Codes are checked by the real module, so that this fake cannot drift from what a telephone shows.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pyotp.totp import TOTP

from app.security.factors import picture_of
from tests.browser.fake_map import FakeMap
from tests.browser.fake_server import PASSWORD, FakeServer, Json, Town, problem

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY = [f"AAAA-BBBB-CCCC-DD{number:02}" for number in range(8)]
HEARD = ("/api/v1/operator/stream", "/api/v1/operator/wallboard", "/api/v1/session")
ROLES = {
    "sec": ["security_administrator"],
    "aud": ["auditor"],
    "adm": ["administrator"],
    "op1": ["operator"],
}
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


def account(login: str, **more: Any) -> Json:
    row = {"id": login, "login": login, "name": f"账号 {login}", "roles": ["operator"]}
    row |= {"areas": ["430105"], "is_active": True, "has_second_factor": False}
    return row | more


@dataclass
class Keeping:
    """What is true of the accounts, and what was asked for."""

    accounts: dict[str, Json] = field(default_factory=dict[str, Json])
    lines: list[Json] = field(default_factory=list[Json])
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    done: list[str] = field(default_factory=list[str])
    factors: set[str] = field(default_factory=set[str])  # logins that are asked for a code
    must: set[str] = field(default_factory=set[str])  # logins that must set one up
    proofs: list[Json] = field(default_factory=list[Json])  # by which somebody tried to unlock
    code: str = "123456"  # the one that is right
    lock_after_s: float | None = None
    is_locked: bool = False
    is_deaf: bool = False  # cannot lock: the server is away

    def __post_init__(self) -> None:
        self.accounts = {login: account(login, roles=roles) for login, roles in ROLES.items()}
        self.accounts["x"] = account(
            "x", name="<script>alert(1)</script>", has_second_factor=True, areas=["*"]
        )
        kinds = ("signed_in", "sign_in_refused", "refused", "account_changed", "look", "read")
        self.lines = [
            {
                "at": (NOON - timedelta(minutes=7 * number)).isoformat().replace("+00:00", "Z"),
                "kind": kinds[number % len(kinds)],
                "who": "op1" if number % 2 else "sec",
                "whom": f"R{number:04}",
                "address": "192.0.2.7",
                "detail": "<img src=x onerror=alert(2)>" if number == 2 else "GET admin/residents",
                "source": "deed",
                "number": 900 - number,
            }
            for number in range(70)
        ]


def keepers_doors(app: FastAPI, keeping: Keeping, town: Town) -> None:  # noqa: C901, PLR0915
    """Add the doors, and stand before the session's own."""

    def me(request: Request) -> str:
        login = town.sessions.get(request.cookies.get("ydt_session", ""))
        if login is None:
            raise problem(401, "sign-in-needed")
        return login

    def proven(request: Request, role: str) -> str:
        login = me(request)
        if request.method != "GET" and request.headers.get("X-CSRF-Token") != f"csrf-{login}":
            raise problem(403, "csrf-needed")
        if role not in keeping.accounts[login]["roles"]:
            raise problem(403, "role-needed")
        return login

    def session_of(login: str) -> Json:
        row = keeping.accounts[login]
        return {
            "account": {key: row[key] for key in ("id", "login", "name", "roles", "areas")},
            "csrf": f"csrf-{login}",
            "is_locked": keeping.is_locked,
            "lock_after_s": keeping.lock_after_s,
            "has_second_factor": login in keeping.factors,
            "second_factor_needed": login in keeping.must and login not in keeping.factors,
        }

    async def log_in(request: Request) -> Response:
        body = await request.json()
        login = body["login"]
        if login not in keeping.accounts or body["password"] != PASSWORD:
            return refusal(401, "wrong-login")
        if login in keeping.factors and not body.get("code"):
            return refusal(401, "code-needed")
        if login in keeping.factors and body["code"] != keeping.code:
            return refusal(401, "wrong-code")
        secret = f"s{len(town.sessions)}"
        town.sessions[secret] = login
        keeping.is_locked = False
        answer = JSONResponse(session_of(login))
        answer.set_cookie("ydt_session", secret, httponly=True, samesite="strict")
        return answer

    async def unlock(request: Request) -> Response:
        body = await request.json()
        keeping.proofs.append(body)
        if body.get("password") != PASSWORD and body.get("code") != keeping.code:
            return refusal(403, "wrong-proof")
        keeping.is_locked = False
        return Response(status_code=204)

    @app.middleware("http")
    async def before(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        path, method = request.url.path, request.method
        if path == "/api/v1/session" and method == "POST":
            return await log_in(request)
        login = town.sessions.get(request.cookies.get("ydt_session", ""))
        if path == "/api/v1/session" and method == "GET" and login is not None:
            return JSONResponse(session_of(login))
        if path == "/api/v1/session/lock":
            if keeping.is_deaf:
                return refusal(503, "too-busy")
            keeping.is_locked = True
            return Response(status_code=204)
        if path == "/api/v1/session/unlock":
            return await unlock(request)
        if keeping.is_locked and path.startswith("/api/") and not path.startswith(HEARD):
            return refusal(423, "session-locked")
        return await go_on(request)

    @app.get("/api/v1/admin/operators")
    async def accounts(request: Request, q: str = "") -> Json:
        proven(request, "security_administrator")
        rows = [row for row in keeping.accounts.values() if q in row["login"] or q in row["name"]]
        return {"items": rows, "next": None}

    @app.get("/api/v1/admin/operators/{name}")
    async def one(name: str, request: Request) -> Json:
        proven(request, "security_administrator")
        if name not in keeping.accounts:
            raise problem(404, "account-unknown")
        return keeping.accounts[name]

    @app.post("/api/v1/admin/operators", status_code=201)
    async def make(request: Request) -> Json:
        proven(request, "security_administrator")
        body = await request.json()
        if body["login"] in keeping.accounts:
            raise problem(409, "login-taken")
        row = account(body["login"], **{key: body[key] for key in ("name", "roles", "areas")})
        keeping.accounts[body["login"]] = row
        return row

    @app.patch("/api/v1/admin/operators/{name}")
    async def change(name: str, request: Request) -> Json:
        proven(request, "security_administrator")
        body = await request.json()
        if {"administrator", "security_administrator", "auditor"} <= set(body.get("roles", [])):
            raise problem(422, "account-unfit")
        keeping.done.append(f"patch {name} {sorted(body)}")
        body.pop("password", None)
        keeping.accounts[name].update(body)
        return keeping.accounts[name]

    @app.delete("/api/v1/admin/operators/{name}/second-factor", status_code=204)
    async def reset(name: str, request: Request) -> None:
        proven(request, "security_administrator")
        keeping.done.append(f"reset {name}")
        keeping.accounts[name]["has_second_factor"] = False

    @app.delete("/api/v1/admin/operators/{name}/sessions")
    async def end(name: str, request: Request) -> Json:
        proven(request, "security_administrator")
        keeping.done.append(f"end {name}")
        return {"ended": 2}

    @app.get("/api/v1/admin/audit")
    async def audit(request: Request, after: int = 0) -> Json:
        proven(request, "auditor")
        query = dict(request.query_params)
        keeping.asked.append(query)
        rows = [row for row in keeping.lines if query.get("who", row["who"]) == row["who"]]
        page = rows[after : after + 50]
        return {"items": page, "next": str(after + 50) if len(rows) > after + 50 else None}

    @app.get("/api/v1/admin/audit/export.csv")
    async def export(request: Request) -> Response:
        proven(request, "auditor")
        keeping.asked.append({"csv": "yes", **dict(request.query_params)})
        return PlainTextResponse("at,kind\r\n", media_type="text/csv")

    @app.get("/api/v1/session/second-factor")
    async def factor(request: Request) -> Json:
        is_set_up = me(request) in keeping.factors
        return {"is_set_up": is_set_up, "recovery_left": 7 if is_set_up else 0}

    @app.post("/api/v1/session/second-factor", status_code=201)
    async def begin(request: Request) -> Json:
        me(request)
        if (await request.json()).get("password") != PASSWORD:
            raise problem(403, "wrong-proof")
        uri = TOTP(SECRET).provisioning_uri(name="sec", issuer_name="Yidiantong")
        return {"secret": SECRET, "uri": uri, "picture": picture_of(uri)}

    @app.post("/api/v1/session/second-factor/confirm")
    async def confirm(request: Request) -> Json:
        login = me(request)
        if (await request.json())["code"] != keeping.code:
            raise problem(403, "code-wrong")
        keeping.factors.add(login)
        return {"recovery": RECOVERY}


def refusal(status: int, name: str) -> Response:
    body = {"type": f"/problems/{name}", "title": name, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")


class KeepersServer(FakeServer):
    """The fake server with accounts that are kept, and desks that lock."""

    def __init__(self) -> None:
        self.keeping = Keeping()
        super().__init__(None, lambda app, town: keepers_doors(app, self.keeping, town), FakeMap())
