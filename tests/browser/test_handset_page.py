"""The demonstration handset: a press is sent until it is on record."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, WITHIN_MS, OpenContext
from tests.browser.fake_server import FakeServer


def handset(open_context: OpenContext, token: str = "handset-token") -> Page:
    page = open_context(viewport=TELEPHONE).new_page()
    page.goto(f"/handset#token={token}")
    return page


def press(page: Page) -> None:
    page.locator(".red-key").click()


def test_a_press_is_repeated_with_the_same_id_until_it_is_on_record(
    open_context: OpenContext, server: FakeServer
):
    server.town.faults["/events"] = 2
    page = handset(open_context)
    press(page)
    expect(page.locator("[data-press]")).to_have_attribute("data-press", "sending")
    expect(page.locator("[data-press]")).not_to_contain_text("已记录")
    expect(page.locator("[data-press]")).to_have_attribute(
        "data-press", "recorded", timeout=WITHIN_MS
    )
    expect(page.locator("[data-press]")).to_contain_text("收到，已记录在案")
    assert len(server.town.tries) == 3
    assert len(set(server.town.tries)) == 1
    assert len(server.town.events) == 1


def test_a_reload_goes_on_with_the_press_that_was_not_heard(
    open_context: OpenContext, server: FakeServer
):
    server.town.faults["/events"] = 1_000
    page = handset(open_context)
    with page.expect_response("**/handset/events"):
        press(page)
    server.town.faults["/events"] = 0
    page.reload()
    expect(page.locator("[data-press=recorded]")).to_be_visible(timeout=WITHIN_MS)
    assert len(set(server.town.tries)) == 1


def test_two_presses_are_two_events(open_context: OpenContext, server: FakeServer):
    page = handset(open_context)
    for count in (1, 2):
        with page.expect_response("**/handset/events"):
            press(page)
        expect(page.locator("[data-press=recorded]")).to_be_visible()
        assert len(server.town.events) == count


def test_the_token_in_the_address_is_kept_and_taken_out_of_it(open_context: OpenContext):
    page = handset(open_context)
    expect(page.locator(".owner")).to_contain_text("陈秀英")
    assert page.url.endswith("/handset")
    page.reload()
    expect(page.locator(".owner")).to_contain_text("陈秀英")


def test_a_wrong_token_is_never_a_yes(open_context: OpenContext):
    page = handset(open_context, "wrong")
    press(page)
    expect(page.locator("[data-press]")).to_have_attribute("data-press", "refused")
    expect(page.locator("[data-press]")).to_contain_text("没有收到：401")


def test_the_resident_sees_who_is_coming_and_how_it_ended(
    open_context: OpenContext, server: FakeServer
):
    server.raise_incident("R0001", offer_to="C001")
    page = handset(open_context)
    expect(page.locator("[data-incident=I1]")).to_contain_text("正在找人来")
    server.change(
        "I1", status="en_route", attendances=[{"caregiver_name": "王小梅", "state": "en_route"}]
    )
    expect(page.locator("[data-incident=I1]")).to_contain_text("王小梅 · 在路上 · 约 2 分钟 到")
    server.change("I1", status="closed", closed_at="2026-01-01T00:00:00Z", disposition="helped")
    expect(page.locator("[data-incident=I1]")).to_contain_text("已结束：已帮到")


def test_another_kind_of_press_is_sent(open_context: OpenContext, server: FakeServer):
    page = handset(open_context)
    page.get_by_label("这次按的是").select_option("life_assistance")
    press(page)
    expect(page.locator("[data-press=recorded]")).to_be_visible()
    assert server.town.events[0]["kind"] == "life_assistance"
