"""Takes pictures of every page of the running demonstration, in both languages.

    python tools/screenshots.py [FOLDER]        build/pages by default

They are looked at by people; README.md shows some of them, from docs/pages.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from simulator.city import demo_city
from simulator.demo import LOGINS_FILE, visitor_of
from simulator.server import ADDRESS
from simulator.setup import Logins, read_logins

ROOT: Final = Path(__file__).resolve().parents[1]
UP_WITHIN_S: Final = 240.0
LIVE_FOR_S: Final = 60.0  # so that there is something to see
SETTLE_MS: Final = 2_500
LANGUAGES: Final = ("zh", "en")
DESK: Final = ViewportSize(width=1440, height=900)
TELEPHONE: Final = ViewportSize(width=390, height=844)


def main() -> int:
    """Start the demonstration, look at every page, and stop it; 1 when it did not start."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ydt-pictures-") as data, _demo(Path(data)) as url:
        logins = read_logins(Path(data) / LOGINS_FILE)
        if logins is None:
            return 1
        with sync_playwright() as playwright:
            path = os.environ.get("BROWSER_PATH")
            browser = playwright.chromium.launch(executable_path=path)
            for language in LANGUAGES:
                for name in _look(browser, url, logins, language, folder):
                    sys.stdout.write(f"{name}\n")
            browser.close()
    return 0


@contextlib.contextmanager
def _demo(data: Path) -> Iterator[str]:
    """Run the demonstration as a person would, and give its address once people live there."""
    port = _free_port()
    words = ("demo", "--port", str(port), "--data-dir", str(data))
    program = ROOT / ".venv" / "bin" / "ydt-sim"
    process = subprocess.Popen([program, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603
    try:
        _await(process)
        time.sleep(LIVE_FOR_S)
        yield f"http://{ADDRESS}:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _await(process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + UP_WITHIN_S
    for line in process.stdout or ():
        if "is running" in line:
            return
        if time.monotonic() > until:
            break
    raise SystemExit("The demonstration did not start.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _look(browser: Browser, url: str, logins: Logins, language: str, folder: Path) -> Iterator[str]:
    visitor = visitor_of(demo_city())
    desk = (visitor.supervisor, logins.operators[visitor.supervisor])
    rooms = (
        *(("console", "/console", desk), ("wallboard", "/wallboard", desk)),
        *(("map", "/map", desk), ("reports", "/reports", desk), ("monthly", "/monthly", desk)),
        ("administration", "/administration#residents", logins.administrator),
    )
    for name, path, who in rooms:
        page = _page(browser, url, language, DESK)
        page.goto(f"{url}{path}")
        _log_in(page, *who)
        if name == "console":
            _open_first_call(page)
        yield _picture(page, folder, name, language)
    page = _page(browser, url, language, TELEPHONE)
    page.goto(f"{url}/caregiver")
    _log_in(page, visitor.caregiver, logins.caregivers[visitor.caregiver])
    yield _picture(page, folder, "caregiver", language)
    page = _page(browser, url, language, TELEPHONE)
    page.goto(f"{url}/family#{_invited(browser, url, desk)}")
    page.locator("form button.primary").first.click()
    yield _picture(page, folder, "family", language)
    page = _page(browser, url, language, TELEPHONE)
    page.goto(f"{url}/handset#token={logins.handsets[visitor.handset]}")
    yield _picture(page, folder, "handset", language)


def _page(browser: Browser, url: str, language: str, size: ViewportSize) -> Page:
    """Return a page of a person of their own, who reads this language."""
    context = browser.new_context(viewport=size, base_url=url)
    context.add_init_script(f"localStorage.setItem('ydt.language', {json.dumps(language)})")
    return context.new_page()


def _log_in(page: Page, login: str, password: str) -> None:
    page.locator("[autocomplete=username]").fill(login)
    page.locator("[autocomplete=current-password]").fill(password)
    page.locator("form button[type=submit], form button.primary").first.click()
    page.locator("[autocomplete=current-password]").wait_for(state="detached")


def _open_first_call(page: Page) -> None:
    with contextlib.suppress(Exception):  # none is open just now: the list alone is the picture
        page.locator(".row-open").first.click(timeout=5_000)


def _invited(browser: Browser, url: str, who: tuple[str, str]) -> str:
    """Return the code by which a relative of some resident may open the page."""
    request = browser.new_context(base_url=url).request
    login = {"login": who[0], "password": who[1]}
    said: dict[str, Any] = request.post("/api/v1/session", data=login).json()
    resident = demo_city().residents[0].id
    body = {"name": "李强", "relation": "儿子"}
    headers = {"X-CSRF-Token": said["csrf"], "Origin": url}
    path = f"/api/v1/operator/families/residents/{resident}/invitations"
    answer = request.post(path, data=body, headers=headers)
    return str(answer.json()["code"])


def _picture(page: Page, folder: Path, name: str, language: str) -> str:
    page.wait_for_timeout(SETTLE_MS)
    file = folder / f"{name}.{language}.png"
    page.screenshot(path=file)
    page.context.close()
    return str(file)


if __name__ == "__main__":
    sys.exit(main())
