"""The photo of whoever is calling, on the console's card of their call."""

import pytest
from playwright.sync_api import expect

from tests.browser.card_fake import card_doors, fill_card
from tests.browser.conftest import DESK, OpenContext, sit_down
from tests.browser.fake_server import FakeServer
from tests.browser.people_fake import PNG, SCRIPT
from tests.browser.test_console_card import OUTSIDE, OVERFLOWING
from tests.browser.test_console_page import row


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_card_of_a_call_shows_the_photo_and_still_stands_on_one_screen(
    server: FakeServer, open_context: OpenContext, language: str
):
    card_doors(server.app, server.town)
    server.raise_incident("R0001", offer_to="C001")
    fill_card(server.town, "I1", has_photo=True)
    page = sit_down(open_context(viewport=DESK))
    page.route("**/I1/photo", lambda route: route.fulfill(body=PNG, content_type="image/png"))
    expect(row(page, "I1")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".contacts li").first).to_be_visible()
    page.keyboard.press("c")
    expect(row(page, "I1")).to_contain_text("我接的")
    if language == "en":
        page.get_by_role("button", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
    shown = page.get_by_role("img", name="陈秀英")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("naturalWidth", 1)
    expect(page.locator(".nearest tr").nth(1)).to_be_visible()
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(OUTSIDE) == []


def test_a_card_without_a_photo_asks_for_none(server: FakeServer, open_context: OpenContext):
    card_doors(server.app, server.town)
    server.raise_incident("R0001", offer_to="C001")
    fill_card(server.town, "I1", has_photo=False)
    asked: list[str] = []
    page = sit_down(open_context(viewport=DESK))
    page.on("request", lambda request: asked.append(request.url))
    expect(row(page, "I1")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".person-name")).to_be_visible()
    expect(page.locator(".steps")).to_be_visible()
    assert not [url for url in asked if url.endswith("/photo")]


def test_a_photo_of_somebody_named_like_a_script_is_named(
    server: FakeServer, open_context: OpenContext
):
    card_doors(server.app, server.town)
    server.raise_incident("R0002", offer_to="C001")
    fill_card(server.town, "I1", has_photo=True)
    page = sit_down(open_context(viewport=DESK))
    page.route("**/I1/photo", lambda route: route.fulfill(body=PNG, content_type="image/png"))
    expect(row(page, "I1")).to_be_visible()
    page.keyboard.press("g")
    expect(page.get_by_role("img", name=f"{SCRIPT} 的照片")).to_be_visible()
