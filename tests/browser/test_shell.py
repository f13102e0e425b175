"""What the caregiver's page is made of: light, kept whole by its worker, and installable."""

import json
import re
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI

from app.doors.pages import FOLDER, page_of, pages_router, read_files
from app.doors.shell import ADDRESS, ENTRY, WORKER, parts_of, worker_of

FIRST_LOAD_BYTES_MAX = 150 * 1_024
HEADERS_BYTES = 300  # of each answer, generously: the policy is most of it


@pytest.fixture
def files():
    return dict(read_files(demo=False))


async def ask(path):
    app = FastAPI()
    app.include_router(pages_router(demo=False))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://pages.test"
    ) as client:
        return await client.get(path)


def test_the_first_load_is_light_with_all_that_is_kept_beside_it(files):
    parts = [*parts_of(files, ENTRY), WORKER]
    pages = [page_of(files[name], f".{name.rpartition('.')[2]}") for name in parts]
    sent = sum(len(page.packed or page.body) + HEADERS_BYTES for page in pages)
    assert sent <= FIRST_LOAD_BYTES_MAX


def test_the_page_is_made_of_all_that_it_imports_and_of_nothing_else(files):
    parts = parts_of(files, ENTRY)
    assert {"caregiver/main.mjs", "caregiver/queue.mjs", "kit/base.css", "i18n/en.json"} <= set(
        parts
    )
    assert "vendor/signals-core/dist/signals-core.mjs" in parts  # by its name in the import map
    assert not [name for name in parts if "leaflet" in name or name.startswith("console/")]
    own = {
        path.relative_to(FOLDER).as_posix()
        for path in (FOLDER / "caregiver").iterdir()
        if path.suffix in {".mjs", ".css"}
    }
    assert own <= set(parts)


def test_all_modules_are_asked_for_at_once(files):
    page = files[ENTRY].decode()
    asked = set(re.findall(r'rel="modulepreload" href="/pages/([^"]+)"', page))
    bare = re.sub(r'<link rel="modulepreload"[^>]*>', "", page).encode()
    needed = {name for name in parts_of({**files, ENTRY: bare}, ENTRY) if name.endswith(".mjs")}
    assert asked == needed - {"caregiver/main.mjs"}


def test_a_changed_file_makes_another_worker_and_the_same_files_the_same(files):
    changed = {**files, "kit/base.css": files["kit/base.css"] + b"\n"}
    assert worker_of(files) == worker_of(dict(files))
    assert worker_of(files) != worker_of(changed)
    elsewhere = {**files, "console/console.css": b""}
    assert worker_of(elsewhere) == worker_of(files)


async def test_the_worker_may_keep_the_page_and_every_address_that_it_keeps_answers():
    answer = await ask(f"/pages/{WORKER}")
    assert answer.headers["service-worker-allowed"] == ADDRESS
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "unsafe" not in answer.headers["content-security-policy"]
    found = re.search(r"const SHELL = (\[.*?\]);", answer.text)
    assert found
    kept = json.loads(found[1])
    assert kept[0] == ADDRESS
    assert not [path for path in kept if path.startswith("/api/")]
    for path in kept:
        assert (await ask(path)).status_code == 200, path
    other = await ask("/pages/caregiver/main.mjs")
    assert "service-worker-allowed" not in other.headers


async def test_the_page_can_be_installed():
    manifest = (await ask("/pages/caregiver/manifest.json")).json()
    assert (manifest["start_url"], manifest["scope"]) == (ADDRESS, ADDRESS)
    assert manifest["display"] == "standalone"
    sizes = {icon["sizes"] for icon in manifest["icons"] if icon["type"] == "image/png"}
    assert {"192x192", "512x512"} <= sizes
    assert "maskable" in {icon["purpose"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        answer = await ask(urlsplit(icon["src"]).path)
        assert answer.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            width = int.from_bytes(answer.content[16:20])
            assert icon["sizes"] == f"{width}x{width}"
