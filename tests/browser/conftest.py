"""The browser that looks at the pages, and the fake server that it talks to.

Playwright's own sync API, not its plugin. It keeps a loop running as long as it lives, and no async
test can run meanwhile: so the browser lives for one file of tests, and no such file has async ones.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser.fake_server import PASSWORD, FakeServer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITHIN_MS = 10_000  # for what is done, and for what is expected
DESK = {"width": 1440, "height": 900}
TELEPHONE = {"width": 390, "height": 844}
# A browser writes each answer above 399 and each lost socket as an error: tests cause them.
EXPECTED = ("Failed to load resource", "WebSocket connection to")
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation",
    (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""


expect.set_options(timeout=WITHIN_MS)


def browser_path() -> str:
    """Return the browser to test with; a test run without one must fail, not pass."""
    named = os.environ.get("BROWSER_PATH")
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        pytest.fail(f"no browser: set BROWSER_PATH or install one of {', '.join(NAMES)}")
    return found


@dataclass
class Watch:
    """What a page must never do: say an error, break its policy, or ask another host."""

    host: str
    faults: list[str] = field(default_factory=list[str])

    def follow(self, page: Page) -> None:
        page.on("console", self.hear)
        page.on("pageerror", lambda fault: self.faults.append(f"error: {fault}"))
        page.on("request", lambda request: self.see(request.url))
        page.on("websocket", lambda socket: self.see(socket.url))

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            self.faults.append(message.text)

    def see(self, url: str) -> None:
        if urlsplit(url).netloc != self.host and not url.startswith("data:"):
            self.faults.append(f"asked another host: {url}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=flags)
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[FakeServer]:
    fake = FakeServer()
    fake.start()
    yield fake
    fake.stop()


OpenContext = Callable[..., BrowserContext]


@pytest.fixture
def open_context(browser: Browser, server: FakeServer) -> Iterator[OpenContext]:
    """Return a function that opens a browser of its own: other cookies, other storage."""
    watch = Watch(urlsplit(server.url).netloc)
    contexts: list[BrowserContext] = []

    def open_one(**options: Any) -> BrowserContext:
        context = browser.new_context(base_url=server.url, **options)
        context.set_default_timeout(WITHIN_MS)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("page", watch.follow)
        contexts.append(context)
        return context

    yield open_one
    for context in contexts:
        context.close()
    assert watch.faults == []


def sit_down(context: BrowserContext, login: str = "op1") -> Page:
    """Open the console and log in."""
    page = context.new_page()
    page.goto("/console")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".desk[data-link=live]")
    return page


@pytest.fixture
def console(open_context: OpenContext) -> Page:
    return sit_down(open_context(viewport=DESK))


@pytest.fixture
def telephone(open_context: OpenContext) -> Page:
    """A caregiver's telephone, logged in and on duty."""
    place = {"longitude": 112.98, "latitude": 28.23, "accuracy": 8}
    context = open_context(
        viewport=TELEPHONE, has_touch=True, geolocation=place, permissions=["geolocation"]
    )
    page = context.new_page()
    page.goto("/caregiver")
    page.fill("[name=login]", "c001")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("[data-link=live]")
    return page
