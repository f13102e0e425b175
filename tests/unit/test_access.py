"""Who may pass: by cookie, by token, from which page, over HTTP and websockets."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.staticfiles import StaticFiles
from httpx import ASGITransport, AsyncClient
from starlette.middleware.gzip import GZipMiddleware

from app import errors
from app.errors import problem_of
from app.security.access import (
    PUBLIC,
    PUBLIC_ACCESS,
    Access,
    Door,
    OutOfScope,
    Principal,
    allow,
    bearer_of,
    require_scope,
)
from app.security.accounts import Account, AccountKind
from app.security.revocations import Revocations
from app.security.roles import Role
from app.security.security import Security
from app.security.sessions import Session
from app.security.tokens import TokenBook, TokenHolder, TokenKind, _digest
from app.security.unnamed import unnamed_routes
from dispatch.errors import UnknownSubject

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
DESK = allow(Role.OPERATOR, Role.SUPERVISOR)
CAREGIVER = allow(Role.CAREGIVER)
AN_ACCOUNT = Account(
    id="op1",
    login="op1",
    name="周敏",
    kind=AccountKind.OPERATOR,
    roles=(Role.OPERATOR,),
    areas=("430105",),
    subject_id=None,
    created_at=NOON,
    password_set_at=NOON,
    disabled_at=None,
)
A_SESSION = Session(
    id="5e55",
    account=AN_ACCOUNT,
    csrf="the-csrf-token",
    created_at=NOON,
    last_seen_at=NOON,
    expires_at=NOON + timedelta(days=7),
)
AN_OPERATOR = Principal(id="op1", roles=frozenset({Role.OPERATOR}), areas=("430105",))


class FakeSessions:
    """Sessions by cookie, without a database."""

    def __init__(self) -> None:
        self.by_cookie = {"an-operators-cookie": A_SESSION}

    async def find(self, cookie: str) -> Session | None:
        return self.by_cookie.get(cookie)

    def is_live(self, session_id: str) -> bool:
        return any(session.id == session_id for session in self.by_cookie.values())


@pytest.fixture
def security() -> Security:
    revocations = Revocations()
    tokens = TokenBook(cast(Any, None), lambda: NOON, revocations)
    for token, kind, subject in (
        ("ydt_c_good", TokenKind.CAREGIVER, "C001"),
        ("ydt_h_good", TokenKind.HANDSET, "H0001"),
    ):
        holder = TokenHolder(token_id=f"t-{subject}", kind=kind, subject_id=subject)
        tokens._admit(_digest(token), holder)
    unused = cast(Any, None)
    return Security(
        clock=lambda: NOON,
        accounts=unused,
        sessions=cast(Any, FakeSessions()),
        tokens=tokens,
        passwords=unused,
        limits=unused,
        looks=unused,
        factors=unused,
        audit=unused,
        wrong=tokens._wrong,
        revocations=revocations,
        origins=frozenset({"https://console.example"}),
        caregiver_card=unused,
    )


@pytest.fixture
def app(security: Security) -> FastAPI:
    app = FastAPI()
    app.state.security = security
    errors.install(app)

    @app.get("/desk")
    @app.post("/desk")
    async def desk(who: Annotated[Principal, DESK]) -> str:
        return f"{who.id} {who.role} {','.join(who.areas)}"

    @app.get("/lists")
    async def lists(who: Annotated[Principal, allow(Role.ADMINISTRATOR)]) -> str:
        return who.id

    @app.post("/caregiver")
    async def caregiver(who: Annotated[Principal, CAREGIVER]) -> str:
        return who.id

    @app.post("/open", dependencies=[PUBLIC])
    async def everybody() -> str:
        return "welcome"

    @app.websocket("/desk/stream")
    async def desk_stream(websocket: WebSocket, who: Annotated[Principal, DESK]) -> None:
        await websocket.accept()
        await websocket.send_text(who.id)
        await websocket.close()

    @app.websocket("/caregiver/stream")
    async def caregiver_stream(websocket: WebSocket, who: Annotated[Principal, CAREGIVER]) -> None:
        await websocket.accept("ydt.v1")
        await websocket.send_text(who.id)
        await websocket.close()

    return app


async def ask(app: Any, method: str, path: str, *, cookie: str = "", **headers: str):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie:
        sent["Cookie"] = f"ydt_session={cookie}"
    transport = ASGITransport(app=app, client=("192.0.2.7", 1))
    async with AsyncClient(transport=transport, base_url="http://desk.example") as web:
        return await web.request(method, path, headers=sent)


async def knock(app: Any, path: str, *, protocols: Sequence[str] = (), **headers: str):
    """Open a websocket and return what the server sent, up to the close."""
    sent: list[dict[str, Any]] = []
    incoming = iter([{"type": "websocket.connect"}])

    async def receive() -> dict[str, Any]:
        return next(incoming, {"type": "websocket.disconnect", "code": 1006})

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = {"host": "desk.example", **headers}
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "scheme": "ws",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(k.encode(), v.encode()) for k, v in pairs.items()],
        "client": ("192.0.2.7", 1),
        "subprotocols": list(protocols),
        "extensions": {"websocket.http.response": {}},
    }
    await app(scope, receive, send)
    return sent


def kind_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


# By cookie


async def test_an_operator_passes_with_the_cookie_of_a_session(app: FastAPI):
    answer = await ask(app, "GET", "/desk", cookie="an-operators-cookie")
    assert answer.json() == "op1 operator 430105"


@pytest.mark.parametrize("cookie", ["", "wrong"])
async def test_without_a_session_nobody_passes_at_the_desk(app: FastAPI, cookie: str):
    answer = await ask(app, "GET", "/desk", cookie=cookie)
    assert kind_of(answer) == (401, "/problems/sign-in-needed")


async def test_an_operator_is_no_administrator(app: FastAPI):
    answer = await ask(app, "GET", "/lists", cookie="an-operators-cookie")
    assert kind_of(answer) == (403, "/problems/role-needed")


async def test_one_of_several_roles_is_enough(app: FastAPI, security: Security):
    both = replace(AN_ACCOUNT, roles=(Role.OPERATOR, Role.ADMINISTRATOR))
    sessions = cast(FakeSessions, security.sessions)
    sessions.by_cookie["both"] = replace(A_SESSION, account=both)
    assert (await ask(app, "GET", "/lists", cookie="both")).status_code == 200
    assert (await ask(app, "GET", "/desk", cookie="both")).json().startswith("op1 administrator")


@pytest.mark.parametrize(
    ("csrf", "status"), [("", 403), ("the-csrf-toke", 403), ("the-csrf-token", 200)]
)
async def test_a_change_by_cookie_needs_the_csrf_token(app: FastAPI, csrf: str, status: int):
    answer = await ask(app, "POST", "/desk", cookie="an-operators-cookie", x_csrf_token=csrf)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://desk.example", 200),
        ("http://desk.example:80", 200),
        ("HTTP://DESK.EXAMPLE", 200),
        ("https://console.example", 200),
        ("http://console.example", 403),
        ("http://desk.example:8080", 403),
        ("http://evil.example", 403),
        ("http://desk.example.evil.example", 403),
        ("null", 403),
        ("", 403),
        ("http://[", 403),
        ("file://desk.example", 403),
    ],
)
async def test_only_our_own_pages_may_change_something(app: FastAPI, origin: str, status: int):
    good = {"cookie": "an-operators-cookie", "x_csrf_token": "the-csrf-token"}
    assert (await ask(app, "POST", "/desk", origin=origin, **good)).status_code == status


async def test_reading_is_allowed_from_any_page_since_it_cannot_see_the_answer(app: FastAPI):
    answer = await ask(
        app, "GET", "/desk", cookie="an-operators-cookie", origin="http://evil.example"
    )
    assert answer.status_code == 200


# By token


async def test_a_caregiver_passes_with_a_token(app: FastAPI):
    answer = await ask(app, "POST", "/caregiver", authorization="Bearer ydt_c_good")
    assert answer.json() == "C001"


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic ydt_c_good", "ydt_c_good"]
)
async def test_without_a_token_nobody_passes_and_nothing_is_counted(
    app: FastAPI, security: Security, authorization: str
):
    answer = await ask(app, "POST", "/caregiver", authorization=authorization)
    assert kind_of(answer) == (401, "/problems/token-needed")
    assert security.tokens.refusals() == []


@pytest.mark.parametrize("token", ["ydt_c_wrong", "ydt_h_good"], ids=["unknown", "a handset's"])
async def test_a_wrong_token_is_refused_and_counted(app: FastAPI, security: Security, token: str):
    for _ in range(2):
        answer = await ask(app, "POST", "/caregiver", authorization=f"Bearer {token}")
        assert kind_of(answer) == (401, "/problems/token-needed")
    (wrong,) = security.tokens.refusals()
    assert (wrong.door, wrong.source, wrong.count) == ("caregiver", "192.0.2.7", 2)


async def test_a_cookie_opens_no_door_for_tokens(app: FastAPI):
    answer = await ask(app, "POST", "/caregiver", cookie="an-operators-cookie")
    assert answer.status_code == 401


async def test_everybody_passes_where_it_is_public(app: FastAPI):
    assert (await ask(app, "POST", "/open", origin="http://evil.example")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([], None),
        ([(b"authorization", b"Bearer abc")], b"abc"),
        ([(b"host", b"x"), (b"authorization", b"bearer  abc ")], b"abc"),
        ([(b"authorization", b"Basic abc")], None),
    ],
)
def test_the_token_is_found_in_raw_headers(headers: list[tuple[bytes, bytes]], token: bytes | None):
    assert bearer_of(headers) == token


# Over websockets


async def test_a_desk_opens_its_stream_with_the_cookie(app: FastAPI):
    cookie = "ydt_session=an-operators-cookie"
    sent = await knock(app, "/desk/stream", cookie=cookie, origin="http://desk.example")
    assert [message["type"] for message in sent][:2] == ["websocket.accept", "websocket.send"]
    assert sent[1]["text"] == "op1"


async def test_a_page_from_elsewhere_opens_no_stream(app: FastAPI):
    cookie = "ydt_session=an-operators-cookie"
    sent = await knock(app, "/desk/stream", cookie=cookie, origin="http://evil.example")
    assert sent[0]["type"] == "websocket.http.response.start"
    assert sent[0]["status"] == 403
    assert b"/problems/origin-refused" in sent[1]["body"]


async def test_without_a_session_no_stream_opens(app: FastAPI):
    sent = await knock(app, "/desk/stream")
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 401)


@pytest.mark.parametrize(
    ("protocols", "headers"),
    [
        (["ydt.v1", "bearer.ydt_c_good"], {}),
        (["ydt.v1"], {"authorization": "Bearer ydt_c_good"}),
    ],
)
async def test_a_caregiver_opens_the_stream_with_the_token(
    app: FastAPI, protocols: list[str], headers: dict[str, str]
):
    sent = await knock(app, "/caregiver/stream", protocols=protocols, **headers)
    assert sent[0]["subprotocol"] == "ydt.v1"
    assert sent[1]["text"] == "C001"


@pytest.mark.parametrize("protocols", [[], ["ydt.v1"], ["ydt.v1", "bearer.wrong"]])
async def test_a_wrong_token_opens_no_stream(app: FastAPI, protocols: list[str]):
    sent = await knock(app, "/caregiver/stream", protocols=protocols)
    assert sent[0]["status"] == 401


def test_a_watched_websocket_hears_that_its_token_was_revoked(security: Security):
    who = Principal(id="C001", roles=frozenset({Role.CAREGIVER}), session_id="t-C001")
    with security.watch(who) as gone:
        assert not gone.is_set()
        security.tokens.forget(["t-H0001"])
        assert not gone.is_set()
        security.tokens.forget(["t-C001"])
        assert gone.is_set()
    with security.watch(who) as gone:
        assert gone.is_set(), "it was revoked before the watch began"
    assert security.revocations.watched() == frozenset()


async def test_two_websockets_of_one_session_are_both_closed(security: Security):
    who = Principal(id="op1", roles=frozenset({Role.OPERATOR}), session_id="5e55")
    heard: list[str] = []
    stop = security.revocations.on_revoke(heard.append)
    with security.watch(who) as one, security.watch(who) as other:
        security.revocations.announce("5e55")
        await asyncio.gather(one.wait(), other.wait())
    stop()
    security.revocations.announce("5e55")
    assert heard == ["5e55"]


# Areas


@pytest.mark.parametrize(
    ("areas", "path", "covered"),
    [
        (("430105",), ("430105", "430105004"), True),
        (("430105004",), ("430105", "430105004"), True),
        (("430105004",), ("430105",), False),
        (("430102", "430105"), ("430105",), True),
        (("43010",), ("430105",), False),
        ((), ("430105",), False),
        (("*",), ("430105",), True),
        (("*",), (), True),
        (("430105",), (), False),
    ],
)
def test_a_desk_covers_its_areas_and_what_lies_in_them(
    areas: tuple[str, ...], path: tuple[str, ...], covered: bool
):
    assert replace(AN_OPERATOR, areas=areas).covers(path) is covered


def test_what_is_out_of_scope_looks_as_if_it_did_not_exist():
    require_scope(AN_OPERATOR, ["430105"], "incident", "I17")
    with pytest.raises(OutOfScope) as caught:
        require_scope(AN_OPERATOR, ["430102"], "incident", "I17")
    absent = problem_of(UnknownSubject("incident", "I17"))
    assert caught.value.document() == absent.document()
    assert caught.value.code == absent.code == 404


# Every route names its access


def test_an_access_is_named_by_one_means_of_coming_in():
    with pytest.raises(ValueError, match=r"^\(\)$"):
        allow()
    with pytest.raises(ValueError, match="caregiver"):
        allow(Role.CAREGIVER, Role.OPERATOR)
    assert allow(Role.OPERATOR, Role.SUPERVISOR).dependency is DESK.dependency


def test_of_the_sample_only_the_built_in_pages_name_no_access(app: FastAPI):
    assert [route.partition(" ")[2] for route in unnamed_routes(app)] == [
        "/docs/oauth2-redirect: names none",
        "/docs: names none",
        "/openapi.json: names none",
        "/redoc: names none",
    ]


def bare() -> FastAPI:
    return FastAPI(docs_url=None, redoc_url=None, openapi_url=None)


def test_a_route_that_names_nothing_is_found():
    app, router = bare(), APIRouter(prefix="/r")

    @app.get("/a")
    async def a() -> None: ...

    @router.websocket("/w")
    async def w(websocket: WebSocket) -> None: ...

    @router.post("/ok", dependencies=[PUBLIC])
    async def ok() -> None: ...

    app.include_router(router, prefix="/api")
    assert unnamed_routes(app) == ["GET /a: names none", "WS /api/r/w: names none"]


def test_a_route_that_names_two_is_found_wherever_they_stand():
    app, router = bare(), APIRouter(dependencies=[PUBLIC])

    def deep(who: Annotated[Principal, DESK]) -> str:
        return who.id

    @router.get("/two")
    async def two(_: Annotated[Principal, CAREGIVER]) -> None: ...

    @router.websocket("/deep")
    async def stream(websocket: WebSocket, _: Annotated[str, Depends(deep)]) -> None: ...

    @router.get("/one", dependencies=[PUBLIC])
    async def one() -> None: ...

    app.include_router(router)
    assert unnamed_routes(app) == [
        "GET /two: names caregiver and public",
        "WS /deep: names operator+supervisor and public",
    ]


def test_a_router_names_the_access_of_all_its_routes():
    app, router = bare(), APIRouter()

    @router.get("/x")
    async def x() -> None: ...

    app.include_router(router, dependencies=[DESK])
    assert unnamed_routes(app) == []


def test_mounts_and_pure_asgi_doors_name_their_access_too(tmp_path: Any):
    files = StaticFiles(directory=tmp_path)
    app = bare()
    app.mount("/bare", files)
    app.mount("/zipped", GZipMiddleware(files))
    app.mount("/pages", Door(files, PUBLIC_ACCESS, ["/pages"]))
    app.mount("/nowhere", Door(files, PUBLIC_ACCESS, []))
    inner = bare()
    inner.get("/x")(lambda: None)
    app.mount("/inner", inner)
    found = [
        "/bare: StaticFiles names none",
        "/nowhere: Door names no paths",
        "/zipped: StaticFiles names none",
        "GET /inner/x: names none",
    ]
    assert unnamed_routes(app) == found
    in_front = Door(GZipMiddleware(app), Access(frozenset({Role.HANDSET})), ["/events"])
    assert unnamed_routes(in_front) == found
