"""The doors as a whole: who may pass is said everywhere, and the document says what is there."""

# People and things go by plain words here.
# pyright: reportFunctionMemberAccess=false

import warnings
from collections.abc import Iterator

import pytest
import pytest_asyncio
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

from app.errors import STATUS_OF, status_of
from app.main import SettingsRefused, addresses, build_api
from app.security.unnamed import unnamed_routes
from app.settings import DOORS, Settings
from dispatch.errors import DispatchError
from tests.integration.world import HOST, World, a_database, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

METHODS = {"get", "post", "put", "patch", "delete"}
PREFIXES = {
    "handset": "/api/v1/handset",
    "caregiver": "/api/v1/caregiver",
    "family": "/api/v1/family",
    "operator": "/api/v1/operator",
    "administrator": "/api/v1/admin",
    "metrics": "/metrics",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server_url):
    async with a_database(server_url) as engine, serving(engine) as world:
        yield world


def everything(world: World):
    return build_api(world.service, frozenset(DOORS))


def inner(api):
    """Return the FastAPI application behind the doors in front of it."""
    while not hasattr(api, "openapi"):
        api = api.app
    return api


def operations(api) -> Iterator[tuple[str, str, dict]]:
    for path, methods in inner(api).openapi()["paths"].items():
        for method, operation in methods.items():
            if method in METHODS:
                yield method, path, operation


async def answer_of(api, method, path):
    async with AsyncClient(
        transport=ASGITransport(api, raise_app_exceptions=False), base_url=f"http://{HOST}"
    ) as web:
        return await web.request(method, path.replace("{", "").replace("}", ""))


async def test_every_route_says_who_may_pass(world: World):
    assert unnamed_routes(everything(world)) == []
    for door in DOORS:
        assert unnamed_routes(build_api(world.service, frozenset({door}))) == []


async def test_every_refusal_of_the_rules_has_its_status():
    def below(kind):
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    refusals = [one for one in below(DispatchError) if one.__module__.startswith("dispatch")]
    assert len(refusals) >= 9
    assert [one.__name__ for one in refusals if one not in STATUS_OF] == []
    assert all(400 <= status_of(one) < 500 for one in refusals)


async def test_the_document_is_made_without_a_warning(world: World):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = inner(everything(world)).openapi()
    assert document["info"]["version"]
    served = await answer_of(everything(world), "GET", "/api/v1/openapi.json")
    assert served.json()["paths"].keys() == document["paths"].keys()


async def test_every_operation_says_in_a_line_what_it_does_and_how_it_ends(world: World):
    faults = []
    ids = set()
    for method, path, operation in operations(everything(world)):
        answers = operation["responses"]
        name = f"{method} {path}"
        if not operation.get("summary"):
            faults.append(f"{name}: no summary")
        if not any(code.startswith("2") for code in answers):
            faults.append(f"{name}: no success")
        is_open = path.startswith(("/healthz", "/readyz", "/metrics"))
        kinds = {kind for one in answers.values() for kind in one.get("content", {})}
        if path.startswith("/api/") and not is_open and "application/problem+json" not in kinds:
            faults.append(f"{name}: no problem")
        if operation["operationId"] in ids:
            faults.append(f"{name}: {operation['operationId']} twice")
        ids.add(operation["operationId"])
    assert faults == []
    assert len(ids) > 40


async def test_every_problem_of_the_document_is_a_problem_document(world: World):
    for _, _, operation in operations(everything(world)):
        for code, answer in operation["responses"].items():
            problem = answer.get("content", {}).get("application/problem+json")
            for example in (problem or {}).get("examples", {}).values():
                assert example["value"]["type"].startswith("/problems/")
                assert str(example["value"]["status"]) == code


async def test_nobody_passes_an_operation_without_a_word_who_they_are(world: World):
    api = everything(world)
    for method, path, operation in operations(api):
        answer = await answer_of(api, method, path)
        if operation.get("security"):
            assert answer.status_code == 401, (method, path, answer.text)
        else:
            assert answer.status_code in (200, 303, 307, 415, 422), (method, path)


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"pages"}))
async def test_a_door_that_is_off_is_not_there(world: World, door):
    api = everything(world)
    closed = build_api(world.service, frozenset(DOORS) - {door})
    own = [(method, path) for method, path, _ in operations(api) if path.startswith(PREFIXES[door])]
    assert own
    for method, path in own:
        answer = await answer_of(closed, method, path)
        assert answer.status_code in (404, 405), (method, path)


async def test_a_door_alone_has_nothing_of_the_others(world: World):
    for door, prefix in PREFIXES.items():
        api = build_api(world.service, frozenset({door}))
        paths = {path for _, path, _ in operations(api)} - {"/healthz", "/readyz"}
        others = [other for other in PREFIXES.values() if other != prefix]
        assert paths
        assert not [path for path in paths if path.startswith(tuple(others))]


async def test_figures_are_not_on_the_public_address(world: World):
    assert (await answer_of(world.api, "GET", "/metrics")).status_code == 404
    figures = await answer_of(build_api(world.service, frozenset({"metrics"})), "GET", "/metrics")
    assert figures.status_code == 200
    assert "ydt_facts_total" in figures.text
    assert "ydt_ready 1.0" in figures.text
    assert "李秀英" not in figures.text


async def test_figures_have_an_address_of_their_own_by_default():
    found = addresses(Settings())
    assert found[("127.0.0.1", 8000)] == frozenset(DOORS) - {"metrics"}
    assert found[("127.0.0.1", 8001)] == {"metrics"}


@pytest.mark.parametrize(
    ("wanted", "address"),
    [
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        ("localhost:1", ("localhost", 1)),
        (" 10.0.0.1:9000 ", ("10.0.0.1", 9000)),
        ("[::1]:9000", ("::1", 9000)),
        ("", ("127.0.0.1", 8000)),
    ],
)
async def test_a_door_listens_where_it_was_told_to(wanted, address):
    found = addresses(Settings(door_handset=wanted))
    assert "handset" in found[address]


async def test_doors_of_one_address_share_it_and_a_door_that_is_off_is_nowhere():
    found = addresses(
        Settings(door_handset="0.0.0.0:80", door_caregiver="0.0.0.0:80", door_pages="off")
    )
    assert found[("0.0.0.0", 80)] == {"handset", "caregiver"}
    assert not any("pages" in doors for doors in found.values())


@pytest.mark.parametrize(
    "wanted", ["9000", ":9000", "host:", "host:port", "host:99999", "host:-1", "OFF", "host"]
)
async def test_an_address_that_is_none_is_refused_by_name(wanted):
    with pytest.raises(SettingsRefused, match="YDT_DOOR_HANDSET"):
        addresses(Settings(door_handset=wanted))


async def test_what_is_nowhere_is_not_found_in_plain_words(world: World):
    for method, path in (("GET", "/nowhere"), ("POST", "/api/v1/nowhere"), ("PUT", "/healthz")):
        answer = await answer_of(world.api, method, path)
        assert answer.status_code in (404, 405)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_over_the_limit_is_refused_at_every_door(world: World):
    async def chunks():
        for _ in range(1_100):
            yield b" " * 1_000

    for path in ("/api/v1/session", "/api/v1/caregiver/login", "/api/v1/operator/incidents"):
        for content in (b" " * 1_048_577, chunks()):
            answer = await world.web.post(
                path, content=content, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code in ({401, 413} if "operator" in path else {413}), path
    announced = {"Content-Length": "9" * 30, "Content-Type": "application/json"}
    answer = await world.web.post("/api/v1/session", content=b"", headers=announced)
    assert answer.status_code == 413


async def test_the_secrets_of_the_settings_are_never_written(world: World):
    settings = Settings(database_url=SecretStr("postgresql://u:verysecret@h/d"))
    assert "verysecret" not in repr(settings)
