"""The idle lock in a real browser: a desk left alone is covered, and goes on sounding."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESK
from tests.browser.fake_server import PASSWORD
from tests.browser.keepers_fake import KeepersServer

OpenContext = Callable[..., BrowserContext]
AFTER_S = 900


@pytest.fixture
def server() -> Iterator[KeepersServer]:
    fake = KeepersServer()
    fake.keeping.lock_after_s = AFTER_S
    fake.start()
    yield fake
    fake.stop()


def sit_down(page: Page, path: str = "/console", there: str = ".desk") -> None:
    """Log in at the console, or at another page, with a clock that the test moves."""
    page.clock.install()
    page.goto(path)
    page.fill("[name=login]", "op1")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(there)


def two_pages(context: BrowserContext) -> tuple[Page, Page]:
    """Open the console twice in one browser."""
    one, other = context.new_page(), context.new_page()
    sit_down(one)
    other.goto("/console")
    other.wait_for_selector(".desk")
    return one, other


@pytest.fixture
def console(open_context: OpenContext) -> Page:
    page = open_context(viewport=DESK).new_page()
    sit_down(page)
    return page


def leave_alone(page: Page, seconds: int = AFTER_S) -> None:
    page.clock.fast_forward(seconds * 1_000)


def locked_at_server(page: Page, seconds: int = AFTER_S) -> int:
    """Leave a desk alone until the server was asked to lock it; return what it answered."""
    with page.expect_response("**/api/v1/session/lock") as asked:
        leave_alone(page, seconds)
    return asked.value.status


def cover(page: Page):
    return page.locator("dialog.cover")


def test_a_desk_left_alone_is_covered_here_and_locked_at_the_server(
    console: Page, server: KeepersServer
):
    leave_alone(console, AFTER_S - 300)
    expect(cover(console)).to_have_count(0)
    assert locked_at_server(console, 301) == 204
    assert server.keeping.is_locked is True
    expect(cover(console)).to_be_visible()
    expect(console.locator(".desk")).to_be_hidden()


def test_it_says_so_before_and_any_key_keeps_it_open(console: Page):
    console.keyboard.press("Shift")
    leave_alone(console, AFTER_S - 28)
    expect(console.locator(".lock-soon")).to_be_visible()
    console.keyboard.press("Shift")
    expect(console.locator(".lock-soon")).to_have_count(0)
    leave_alone(console, AFTER_S - 300)
    expect(cover(console)).to_have_count(0)


def test_a_covered_desk_rings_and_says_that_somebody_calls_but_not_who(
    console: Page, server: KeepersServer
):
    leave_alone(console)
    expect(cover(console)).to_be_visible()
    server.raise_incident()
    expect(cover(console)).to_contain_text("1")
    expect(console.locator(".desk")).to_have_attribute("data-siren", "sounding")
    assert "陈秀英" not in cover(console).inner_text()
    assert "陈秀英" not in console.title()


def test_the_password_opens_it_as_it_stood(console: Page, server: KeepersServer):
    console.keyboard.press("+")
    note = console.locator("dialog textarea, dialog input").first
    note.fill("半句话")
    leave_alone(console)
    console.fill("[name=unlock-password]", "wrong-password")
    console.keyboard.press("Enter")
    expect(cover(console).get_by_role("alert")).to_be_visible()
    console.fill("[name=unlock-password]", PASSWORD)
    console.keyboard.press("Enter")
    expect(cover(console)).to_have_count(0)
    expect(note).to_have_value("半句话")
    assert server.keeping.is_locked is False


def test_escape_and_the_keys_of_the_desk_do_not_open_it(console: Page, server: KeepersServer):
    server.raise_incident()
    console.wait_for_selector("[data-siren=sounding]")
    leave_alone(console)
    expect(cover(console)).to_be_visible()
    for key in ("Escape", "Escape", "Escape", "g", "c"):
        console.keyboard.press(key)
    expect(cover(console)).to_be_visible()
    expect(console.locator(".desk")).to_be_hidden()
    assert all(row["claim"] is None for row in server.town.incidents.values())


def test_a_page_loaded_anew_is_covered_at_once(console: Page):
    assert locked_at_server(console) == 204
    console.reload()
    expect(cover(console)).to_be_visible()


def test_while_the_server_is_away_the_page_is_covered_and_asks_again(
    console: Page, server: KeepersServer
):
    server.keeping.is_deaf = True
    assert locked_at_server(console) == 503
    expect(cover(console)).to_be_visible()
    server.keeping.is_deaf = False
    with console.expect_response(lambda answer: answer.status == 204):
        console.clock.run_for(3_000)
    assert server.keeping.is_locked is True


def test_a_code_opens_it_too(console: Page, server: KeepersServer):
    server.keeping.factors.add("op1")
    assert locked_at_server(console) == 204
    console.reload()
    console.fill("[name=unlock-code]", server.keeping.code)
    console.keyboard.press("Enter")
    expect(cover(console)).to_have_count(0)
    assert server.keeping.proofs[-1] == {"code": server.keeping.code}


def test_work_in_one_page_keeps_the_others_of_the_browser_open(open_context: OpenContext):
    context = open_context(viewport=DESK)
    one, other = two_pages(context)
    leave_alone(one, AFTER_S - 300)  # for both: a browser has one clock
    one.keyboard.press("Shift")
    leave_alone(one, 500)
    other.wait_for_function("Number(localStorage.getItem('ydt.input')) > 0")
    expect(cover(other)).to_have_count(0)
    expect(cover(one)).to_have_count(0)


def test_what_one_page_opens_the_others_follow(open_context: OpenContext, server: KeepersServer):
    context = open_context(viewport=DESK)
    one, other = two_pages(context)
    assert locked_at_server(one) == 204
    expect(cover(one)).to_be_visible()
    expect(cover(other)).to_be_visible()
    one.fill("[name=unlock-password]", PASSWORD)
    one.keyboard.press("Enter")
    expect(cover(one)).to_have_count(0)
    expect(cover(other)).to_have_count(0)


def test_somebody_else_can_take_the_desk(console: Page):
    leave_alone(console)
    cover(console).get_by_role("button").first.click()
    expect(console.locator("[name=login]")).to_be_visible()
    expect(cover(console)).to_have_count(0)


def test_an_answer_that_comes_after_the_desk_was_unlocked_does_not_cover_it_for_good(
    console: Page,
):
    late = {"type": "/problems/session-locked", "title": "Locked.", "status": 423}
    console.route(
        "**/api/v1/operator/families/words",
        lambda route: route.fulfill(status=423, json=late, content_type="application/problem+json"),
        times=1,
    )
    with console.expect_response("**/api/v1/session"):  # the server is asked, and says no
        console.clock.fast_forward(10_000)
    expect(cover(console)).to_have_count(0)
    expect(console.locator(".desk")).to_be_visible()


def test_a_map_left_alone_is_covered_too_and_comes_back(
    open_context: OpenContext, server: KeepersServer
):
    page = open_context(viewport=DESK).new_page()
    sit_down(page, "/map", ".map-page[data-link=live]")
    assert locked_at_server(page) == 204
    expect(page.locator(".map-page")).to_be_hidden()
    page.fill("[name=unlock-password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(cover(page)).to_have_count(0)
    expect(page.locator(".map-page")).to_be_visible()


def test_a_map_that_is_opened_at_a_locked_desk_waits_until_it_is_unlocked(
    open_context: OpenContext, server: KeepersServer
):
    context = open_context(viewport=DESK)
    console = context.new_page()
    sit_down(console)
    assert locked_at_server(console) == 204
    page = context.new_page()
    page.goto("/map")
    expect(cover(page)).to_be_visible()
    expect(page.locator(".map-page")).to_have_count(0)
    page.fill("[name=unlock-password]", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".map-page")).to_be_visible()


def test_desks_that_never_lock_stay_open(open_context: OpenContext, server: KeepersServer):
    server.keeping.lock_after_s = None
    page = open_context(viewport=DESK).new_page()
    sit_down(page)
    leave_alone(page, 86_400)
    expect(page.locator(".desk")).to_be_visible()
    expect(cover(page)).to_have_count(0)
