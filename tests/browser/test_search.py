"""The search of the console, by keyboard alone: a key opens it, arrows choose, Enter acts."""

from playwright.sync_api import Page, expect

from tests.browser.fake_server import FakeServer
from tests.browser.test_console_page import row


def sought(page: Page, words: str):
    """Press the key, type, and return the row that is chosen."""
    page.keyboard.press("/")
    expect(page.locator("[name=sought]")).to_be_focused()
    page.keyboard.type(words)
    return page.locator("[role=option][aria-selected=true]")


def test_a_call_is_found_by_pinyin_and_opened_by_the_keyboard_alone(
    console: Page, server: FakeServer
):
    server.raise_incident("R0001")
    expect(row(console, "I1")).to_be_visible()
    chosen = sought(console, "cxy")
    expect(chosen).to_have_attribute("data-found", "I1")
    field = console.locator("[name=sought]")
    first = field.get_attribute("aria-activedescendant")
    expect(console.locator(f"#{first}")).to_have_attribute("data-found", "I1")
    console.keyboard.press("ArrowDown")
    expect(chosen).to_have_attribute("data-found", "R0001")
    expect(chosen).to_contain_text("未结 I1")
    console.keyboard.press("ArrowUp")
    console.keyboard.press("Enter")
    expect(console.get_by_role("dialog")).to_have_count(0)
    expect(console.locator(".detail")).to_contain_text("陈秀英")


def test_a_resident_who_telephoned_is_found_by_number_and_the_call_is_raised(
    console: Page, server: FakeServer
):
    expect(sought(console, "8451")).to_have_attribute("data-found", "R0001")
    console.keyboard.press("Enter")
    dialog = console.get_by_role("dialog")
    expect(dialog.locator(".picked")).to_contain_text("陈秀英")
    dialog.get_by_label("谁打来的（姓名、电话）").fill("本人")
    console.keyboard.press("Enter")
    expect(row(console, "I1")).to_contain_text("陈秀英")


def test_a_handset_leads_to_whose_it_is(console: Page):
    chosen = sought(console, "h0001")
    expect(chosen).to_contain_text("陈秀英")
    console.keyboard.press("Enter")
    expect(console.get_by_role("dialog").locator(".picked")).to_contain_text("陈秀英")


def test_groups_are_named_more_is_said_and_names_are_text(console: Page, server: FakeServer):
    server.town.more_found = 41
    sought(console, "<script>")
    group = console.get_by_role("group", name="老人")
    expect(group).to_contain_text("<script>alert(1)</script>")
    expect(group).to_contain_text("还有 41 条")
    console.locator("[name=sought]").fill("c00")
    expect(console.get_by_role("group", name="护理员")).to_contain_text("王小梅")
    expect(group).to_have_count(0)
    console.locator("[name=sought]").fill("nobody")
    expect(console.get_by_role("dialog").get_by_role("status")).to_contain_text("什么也没找到")


def test_the_key_types_itself_where_somebody_writes_and_escape_leaves(
    console: Page, server: FakeServer
):
    sought(console, "a/b")
    expect(console.locator("[name=sought]")).to_have_value("a/b")
    console.keyboard.press("Escape")
    expect(console.get_by_role("dialog")).to_have_count(0)
