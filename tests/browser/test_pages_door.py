"""What the pages are sent with: right types, a strict policy, and nothing that is not a page."""

import re
from base64 import b64encode
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI

from app.doors.pages import FOLDER, pages_router


async def ask(path, headers=None, *, demo=True, method="GET"):
    app = FastAPI()
    app.include_router(pages_router(demo=demo))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.test") as client:
        return await client.request(method, path, headers=headers)


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/console", "text/html; charset=utf-8"),
        ("/caregiver", "text/html; charset=utf-8"),
        ("/handset", "text/html; charset=utf-8"),
        ("/wallboard", "text/html; charset=utf-8"),
        ("/administration", "text/html; charset=utf-8"),
        ("/pages/console/main.mjs", "text/javascript; charset=utf-8"),
        ("/pages/vendor/leaflet/dist/leaflet.js", "text/javascript; charset=utf-8"),
        ("/pages/kit/base.css", "text/css; charset=utf-8"),
        ("/pages/i18n/zh.json", "application/json"),
        ("/pages/kit/icon.svg", "image/svg+xml"),
    ],
)
async def test_a_file_is_sent_with_its_type_and_the_policy(path, media_type):
    answer = await ask(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "path", ["/console", "/caregiver", "/handset", "/wallboard", "/administration"]
)
async def test_the_policy_admits_the_import_map_and_no_other_inline_script(path):
    answer = await ask(path)
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert len(inline) == 1
    digest = b64encode(sha256(inline[0].encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in answer.headers["content-security-policy"]
    assert not re.search(r"\son\w+=|\sstyle=", answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/pages/tsconfig.json",
        "/pages/kit/contract.d.ts",
        "/pages/vendor/vendor.json",
        "/pages/vendor/preact/LICENSE",
        "/pages/../doors/pages.py",
        "/pages/%2e%2e/doors/pages.py",
        "/pages/nothing.mjs",
        "/pages/",
    ],
)
async def test_what_is_not_a_page_is_not_sent(path):
    assert (await ask(path)).status_code == 404


async def test_the_handset_page_is_for_demonstrations_only():
    assert (await ask("/handset", demo=False)).status_code == 404
    assert (await ask("/pages/handset/main.mjs", demo=False)).status_code == 404
    assert 'data-demo="no"' in (await ask("/", demo=False)).text
    assert 'data-demo="yes"' in (await ask("/", demo=True)).text


async def test_a_file_that_the_browser_has_is_not_sent_again():
    first = await ask("/pages/console/main.mjs")
    again = await ask("/pages/console/main.mjs", {"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    changed = await ask("/pages/console/main.mjs", {"If-None-Match": 'W/"other"'})
    assert changed.status_code == 200


async def test_a_file_is_packed_for_a_browser_that_can_unpack():
    plain = await ask("/pages/vendor/leaflet/dist/leaflet.js", {"Accept-Encoding": "identity"})
    packed = await ask("/pages/vendor/leaflet/dist/leaflet.js", {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.content == plain.content


async def test_a_head_request_is_answered_without_a_body():
    answer = await ask("/console", method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_no_page_names_another_host():
    for path in FOLDER.rglob("*"):
        if path.suffix in {".mjs", ".html", ".css", ".json", ".svg"} and "vendor" not in path.parts:
            text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://", text), path
