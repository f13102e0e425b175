"""Every refusal is one kind of document, at every door."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, WebSocket
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel, Field, field_validator

from app import errors
from app.errors import (
    MEDIA_TYPE,
    STATUS_OF,
    Problem,
    TooBusy,
    close_with,
    problem_of,
    problems,
    send_problem,
    slug_of,
    status_of,
)
from app.security.refusals import LoginTaken, LooksFull, SecurityRefusal
from dispatch.errors import ClaimHeld, DispatchError, OfferTaken, UnknownSubject


class NotToday(Problem):
    """Not today.

    A longer word about it.
    """

    status = 409


class Body(BaseModel):
    login: str = Field(max_length=3)
    password: str
    inner: dict[str, int] = {}

    @field_validator("password")
    @classmethod
    def refuse(cls, value: str) -> str:
        raise ValueError(f"{value} is too weak")


class Unheard(DispatchError):
    """A refusal that nobody wrote a row for."""


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    errors.install(app)
    refuse_in_every_way(app)
    return app


def refuse_in_every_way(app: FastAPI) -> None:  # noqa: C901 (a list of small routes)
    @app.get("/today")
    async def today() -> None:
        raise NotToday("Come tomorrow.", extras={"status": 200, "day": "Monday"})

    @app.get("/taken")
    async def taken() -> None:
        raise OfferTaken("I17.2")

    @app.get("/unheard")
    async def unheard() -> None:
        raise Unheard("Nobody listens.")

    @app.get("/full")
    async def full() -> None:
        raise LooksFull

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "Short and stout.", headers={"X-Kind": "pot"})

    @app.get("/fault")
    async def fault() -> None:
        raise RuntimeError("the resident's name")

    @app.post("/body")
    async def body(body: Body, page: int = 0) -> None: ...

    @app.websocket("/early")
    async def early(websocket: WebSocket) -> None:
        raise NotToday

    @app.websocket("/late")
    async def late(websocket: WebSocket) -> None:
        await websocket.accept()
        await close_with(websocket, NotToday())
        await close_with(websocket, NotToday())


async def ask(app: FastAPI, method: str, path: str, **more: Any):
    transport = ASGITransport(app=app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://desk.example") as web:
        return await web.request(method, path, **more)


async def test_a_problem_names_its_type_title_status_and_more(app: FastAPI):
    answer = await ask(app, "GET", "/today")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json() == {
        "type": "/problems/not-today",
        "title": "Not today",
        "status": 409,
        "detail": "Come tomorrow.",
        "day": "Monday",
    }


async def test_a_refusal_by_the_rules_keeps_its_data(app: FastAPI):
    answer = await ask(app, "GET", "/taken")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/offer-taken"
    assert answer.json()["offer_id"] == "I17.2"


def test_times_in_a_problem_are_utc_with_a_z():
    problem = problem_of(ClaimHeld("I17", "op2", datetime(2026, 11, 30, 8, 15, tzinfo=UTC)))
    assert (
        json.loads(bytes(errors.problem_response(problem).body))["until"] == "2026-11-30T08:15:00Z"
    )


async def test_a_refusal_without_a_row_is_shown_as_its_base(app: FastAPI):
    answer = await ask(app, "GET", "/unheard")
    assert answer.status_code == STATUS_OF[DispatchError]


async def test_who_is_refused_for_being_busy_is_told_when_to_come_back(app: FastAPI):
    answer = await ask(app, "GET", "/full")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert TooBusy("Wait.", retry_after_s=7).headers == {"Retry-After": "7"}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "header"),
    [
        ("GET", "/nowhere", 404, "/problems/not-found", None),
        ("POST", "/today", 405, "/problems/method-not-allowed", ("allow", "GET")),
        ("GET", "/teapot", 418, "/problems/im-a-teapot", ("x-kind", "pot")),
    ],
)
async def test_http_errors_are_problems_too(
    app: FastAPI, method: str, path: str, status: int, kind: str, header: tuple[str, str] | None
):
    answer = await ask(app, method, path)
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert answer.headers["content-type"] == MEDIA_TYPE
    if header:
        assert answer.headers[header[0]] == header[1]


async def test_an_invalid_request_is_told_where_and_why_but_not_what(app: FastAPI):
    body = {"login": "much too long", "password": "hunter22", "inner": {"a/b~c": "x"}}
    answer = await ask(app, "POST", "/body?page=one", json=body)
    assert answer.status_code == 422
    assert "hunter22" not in answer.text
    assert "much too long" not in answer.text
    assert {(item["in"], item["pointer"]) for item in answer.json()["errors"]} == {
        ("query", "/page"),
        ("body", "/login"),
        ("body", "/password"),
        ("body", "/inner/a~1b~0c"),
    }


async def test_only_the_first_errors_of_a_hopeless_request_are_shown(app: FastAPI):
    body = {"login": "a", "password": "b", "inner": {str(n): "x" for n in range(1_000)}}
    answer = await ask(app, "POST", "/body", json=body)
    assert len(answer.json()["errors"]) == errors.INVALID_SHOWN_MAX


async def test_what_is_no_json_is_a_bad_request(app: FastAPI):
    headers = {"Content-Type": "application/json"}
    answer = await ask(app, "POST", "/body", content=b'{"login": ', headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-json")


async def test_a_fault_is_logged_under_a_reference_and_not_explained(
    app: FastAPI, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.ERROR, "app.errors"):
        answer = await ask(app, "GET", "/fault")
    assert answer.status_code == 500
    assert "the resident's name" not in answer.text
    (record,) = caplog.records
    assert record.__dict__["reference"] == answer.json()["reference"]
    assert answer.json()["reference"] in answer.json()["detail"]


async def test_a_pure_asgi_door_answers_alike():
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    problem = NotToday("明天再来。", headers={"Retry-After": "9"})
    await send_problem(send, problem)
    start, body = sent
    assert start["status"] == 409
    assert dict(start["headers"]) == {
        b"content-type": MEDIA_TYPE.encode(),
        b"content-length": str(len(body["body"])).encode(),
        b"retry-after": b"9",
    }
    assert json.loads(body["body"]) == problem.document()


async def converse(app: FastAPI, path: str, extensions: dict[str, Any]) -> list[Any]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "subprotocols": [],
        "extensions": extensions,
    }
    await app(scope, receive, send)
    return sent


async def test_a_websocket_is_refused_over_http_before_it_is_open(app: FastAPI):
    sent = await converse(app, "/early", {"websocket.http.response": {}})
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", 409)
    assert json.loads(sent[1]["body"])["type"] == "/problems/not-today"


async def test_a_server_that_cannot_answer_a_websocket_over_http_closes_it(app: FastAPI):
    sent = await converse(app, "/early", {})
    assert [message["type"] for message in sent] == ["websocket.close"]


async def test_an_open_websocket_is_closed_once_with_a_code_that_says_why(app: FastAPI):
    sent = await converse(app, "/late", {"websocket.http.response": {}})
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert (sent[1]["code"], sent[1]["reason"]) == (4409, "not-today")


def subclasses(kind: type[Exception]) -> list[type[Exception]]:
    return [kind] + [inner for child in kind.__subclasses__() for inner in subclasses(child)]


def test_every_refusal_has_a_status_of_its_own():
    kinds = subclasses(DispatchError) + subclasses(SecurityRefusal)
    ours = [kind for kind in kinds if kind.__module__.startswith(("app.", "dispatch."))]
    assert [kind.__name__ for kind in ours if kind not in STATUS_OF] == []


def test_every_problem_says_what_it_is():
    slugs = [slug_of(kind) for kind in subclasses(Problem)]
    assert sorted(slugs) == sorted(set(slugs))
    assert [kind.__name__ for kind in subclasses(Problem) if not kind.__doc__] == []


def test_what_is_no_refusal_has_no_status():
    with pytest.raises(LookupError):
        status_of(KeyError)


def test_the_document_of_a_route_gathers_refusals_by_status():
    found = problems(OfferTaken, NotToday, UnknownSubject, LoginTaken)
    assert sorted(found) == [404, 409]
    assert found[409]["description"].startswith("Another caregiver said yes first; Not today; ")
    examples = found[409]["content"][MEDIA_TYPE]["examples"]
    assert list(examples) == ["offer-taken", "not-today", "login-taken"]
    assert examples["not-today"]["value"]["status"] == 409
