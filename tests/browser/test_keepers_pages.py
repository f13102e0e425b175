"""Accounts, the audit log and the second factor in a real browser, by keyboard and in words."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESK
from tests.browser.fake_server import PASSWORD
from tests.browser.keepers_fake import RECOVERY, SECRET, KeepersServer

OpenContext = Callable[..., BrowserContext]
LANGUAGE = "try {{ localStorage.setItem('ydt.language', '{}') }} catch {{}}"


@pytest.fixture
def server() -> Iterator[KeepersServer]:
    fake = KeepersServer()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def enter(open_context: OpenContext) -> Callable[..., Page]:
    """Return what logs somebody in and opens a room."""

    def go(login: str, room: str, *, language: str = "zh") -> Page:
        context = open_context(viewport=DESK)
        context.add_init_script(LANGUAGE.format(language))
        page = context.new_page()
        page.goto(f"/administration#{room}")
        page.fill("[name=login]", login)
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector(".keeping")
        return page

    return go


Enter = Callable[..., Page]


def tab_to(page: Page, selector: str) -> None:
    """Go to a field as somebody without a mouse does."""
    for _ in range(60):
        if page.locator(selector).first.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(selector)


# The log-in


def test_whoever_has_a_second_factor_is_asked_for_its_code(
    open_context: OpenContext, server: KeepersServer
):
    server.keeping.factors.add("op1")
    for path, there in (("/console", ".desk"), ("/wallboard", ".wall"), ("/map", ".map-page")):
        page = open_context(viewport=DESK).new_page()
        page.goto(path)
        page.fill("[name=login]", "op1")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("[name=code]")).to_be_focused()
        page.keyboard.type("000000")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        page.fill("[name=code]", server.keeping.code)
        page.keyboard.press("Enter")
        page.wait_for_selector(there)


def test_whoever_must_have_one_is_led_there_and_nowhere_else(
    open_context: OpenContext, server: KeepersServer
):
    server.keeping.must.add("op1")
    page = open_context(viewport=DESK).new_page()
    page.goto("/console")
    page.fill("[name=login]", "op1")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("alert").get_by_role("link").click()
    page.wait_for_selector(".keeping .notice")
    expect(page.locator("nav a")).to_have_count(1)
    expect(page.locator(".desk")).to_have_count(0)


# The second factor


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_second_factor_is_set_up_by_keyboard(enter: Enter, server: KeepersServer, language: str):
    page = enter("sec", "second_factor", language=language)
    tab_to(page, "[name=password-again]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[name=factor-code]")).to_be_focused()
    assert page.locator(".secret").inner_text().replace(" ", "") == SECRET
    assert page.locator("img.scan").evaluate("one => one.complete && one.naturalWidth > 0")
    page.keyboard.type("999999")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.fill("[name=factor-code]", server.keeping.code)
    page.keyboard.press("Enter")
    expect(page.locator("ol.codes li")).to_have_text(RECOVERY)
    tab_to(page, ".keys .primary")
    page.keyboard.press("Enter")
    expect(page.locator("ol.codes")).to_have_count(0)
    assert SECRET not in page.content()
    expect(page.locator(".keeping section")).to_contain_text("8")


# Accounts


def test_an_account_is_made_by_keyboard(enter: Enter, server: KeepersServer):
    page = enter("sec", "accounts")
    tab_to(page, "a[href='#accounts/+']")
    page.keyboard.press("Enter")
    for field, words in (("new-login", "op9"), ("new-password", PASSWORD + "xx")):
        tab_to(page, f"[name={field}]")
        page.keyboard.type(words)
    tab_to(page, "[name=name]")
    page.keyboard.type("周敏")
    tab_to(page, "[name=areas]")
    page.keyboard.type("430105，430102")
    tab_to(page, "[name=role][value=supervisor]")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("op9")
    made = server.keeping.accounts["op9"]
    assert (made["roles"], made["areas"]) == (["operator", "supervisor"], ["430105", "430102"])


def test_names_are_shown_as_they_are_and_never_run(enter: Enter):
    page = enter("sec", "accounts")
    expect(page.locator("tr[data-id=x] td").first).to_have_text("<script>alert(1)</script>")


def test_what_the_server_refuses_is_said_in_words_and_nothing_is_lost(
    enter: Enter, server: KeepersServer
):
    page = enter("sec", "accounts/op1", language="en")
    for role in ("administrator", "security_administrator", "auditor"):
        page.check(f"[name=role][value={role}]")
    page.fill("[name=name]", "Another name")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("at once")
    expect(page.locator("[name=name]")).to_have_value("Another name")


def test_what_cannot_be_taken_back_is_asked_twice(enter: Enter, server: KeepersServer):
    page = enter("sec", "accounts/x", language="en")
    page.get_by_role("button", name="Close the account").click()
    page.locator("dialog").get_by_role("button", name="Cancel").click()
    assert server.keeping.done == []
    page.get_by_role("button", name="Reset the second factor").click()
    page.locator("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_role("status").filter(has_text="reset")).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    page.locator("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status").filter(has_text="2")).to_be_visible()
    page.get_by_role("button", name="Close the account").click()
    page.locator("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Closed")
    assert server.keeping.done == ["reset x", "end x", "patch x ['is_active']"]


def test_nobody_is_offered_to_change_their_own_rights(enter: Enter):
    page = enter("sec", "accounts/sec")
    expect(page.locator("[name=role]").first).to_be_disabled()
    expect(page.locator("[name=areas]")).to_be_disabled()
    expect(page.locator(".danger")).to_have_count(1)  # signing out


# The audit log


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_log_is_filtered_paged_and_taken_away(
    enter: Enter, server: KeepersServer, language: str
):
    page = enter("aud", "audit", language=language)
    expect(page.locator("tbody tr")).to_have_count(50)
    page.locator(".pages button").click()
    expect(page.locator("tbody tr")).to_have_count(70)
    tab_to(page, "[name=who]") if language == "en" else page.focus("[name=who]")
    page.keyboard.type("op1")
    page.fill("[name=since]", "2026-11-25T08:30")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(35)
    assert server.keeping.asked[-1] == {"who": "op1", "since": "2026-11-25T00:30:00.000Z"}
    with page.expect_download() as download:
        page.locator("a[download]").click()
    assert download.value.suggested_filename == "audit.csv"
    assert server.keeping.asked[-1]["csv"] == "yes"
    assert server.keeping.asked[-1]["who"] == "op1"


def test_what_the_log_says_is_never_run(enter: Enter):
    page = enter("aud", "audit")
    expect(page.locator("tbody tr").nth(2)).to_contain_text("<img src=x onerror=alert(2)>")


@pytest.mark.parametrize(
    ("login", "rooms"),
    [
        ("sec", ["#accounts", "#second_factor"]),
        ("aud", ["#audit", "#second_factor"]),
        ("op1", ["#second_factor"]),
    ],
)
def test_everybody_sees_their_own_rooms(enter: Enter, login: str, rooms: list[str]):
    page = enter(login, "")
    links = page.locator("nav a")
    expect(links).to_have_count(len(rooms))
    assert [links.nth(at).get_attribute("href") for at in range(len(rooms))] == rooms
