"""What an operator does with a call beyond taking and closing it, on the page."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, OpenContext, sit_down
from tests.browser.fake_server import FakeServer
from tests.browser.test_console_page import choose, row, siren


def actions(page: Page):
    return page.locator(".actions")


def press(page: Page, name: str) -> None:
    actions(page).get_by_role("button", name=name).click()


def take(page: Page, name: str = "I1") -> None:
    row(page, name).get_by_role("button", name="接警").click()
    expect(row(page, name)).to_contain_text("我接的")


def test_a_call_is_put_on_hold_and_taken_up_again(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    take(console)
    press(console, "挂起…")
    dialog = console.get_by_role("dialog")
    options = dialog.get_by_label("多久以后提醒").locator("option")
    expect(options).to_have_text(["1 分钟", "2 分钟", "3 分钟", "5 分钟"])
    dialog.get_by_label("多久以后提醒").select_option("3")
    dialog.get_by_label("等什么（会记录）").fill("等女儿回电话")
    dialog.get_by_role("button", name="挂起", exact=True).click()
    expect(row(console, "I1")).to_contain_text(re.compile(r"挂起至 \d\d:\d\d"))
    expect(console.locator(".timeline")).to_contain_text("等女儿回电话")
    press(console, "继续处理")
    expect(row(console, "I1")).not_to_contain_text("挂起至")


def test_a_call_is_transferred_and_sounds_at_the_other_desk_until_it_is_taken(
    open_context: OpenContext, server: FakeServer
):
    giver = sit_down(open_context(viewport=DESK), "op1")
    taker = sit_down(open_context(viewport=DESK), "op2")
    server.raise_incident("R0001")
    take(giver)
    siren(taker, "silent")
    press(giver, "转交…")
    dialog = giver.get_by_role("dialog")
    dialog.get_by_label("李值班").check()
    dialog.get_by_role("button", name="转交", exact=True).click()
    expect(actions(giver)).to_contain_text("已请 李值班 接")
    siren(taker, "sounding")
    choose(taker, "I1")
    expect(actions(taker)).to_contain_text("张值班 想转给您")
    press(taker, "接警")
    siren(taker, "silent")
    expect(row(giver, "I1")).to_contain_text("李值班")


def test_a_transfer_that_is_declined_sounds_where_it_came_from(
    open_context: OpenContext, server: FakeServer
):
    giver = sit_down(open_context(viewport=DESK), "op1")
    taker = sit_down(open_context(viewport=DESK), "op2")
    server.raise_incident("R0001")
    take(giver)
    press(giver, "转交…")
    giver.get_by_role("dialog").get_by_label("李值班").check()
    giver.get_by_role("dialog").get_by_role("button", name="转交", exact=True).click()
    choose(taker, "I1")
    press(taker, "不接")
    siren(taker, "silent")
    siren(giver, "sounding")


def test_the_search_is_widened_and_a_closed_call_opened_again_with_a_reason(
    console: Page, server: FakeServer
):
    server.raise_incident("R0001")
    take(console)
    press(console, "扩大寻找…")
    console.get_by_role("dialog").get_by_label("原因（会记录）").fill("下大雨")
    console.get_by_role("dialog").get_by_role("button", name="扩大寻找", exact=True).click()
    expect(row(console, "I1")).to_contain_text("社区")
    press(console, "结案…")
    console.get_by_role("dialog").get_by_label("误报").check()
    console.get_by_role("dialog").get_by_role("button", name="结案", exact=True).click()
    expect(row(console, "I1")).to_have_count(0)
    press(console, "重开…")
    console.get_by_role("dialog").get_by_label("原因（会记录）").fill("女儿说又摔了")
    console.get_by_role("dialog").get_by_role("button", name="重开", exact=True).click()
    expect(row(console, "I1")).to_contain_text("我接的")


def test_a_shift_passes_to_the_operator_who_accepts_it(
    open_context: OpenContext, server: FakeServer
):
    giver = sit_down(open_context(viewport=DESK), "op1")
    taker = sit_down(open_context(viewport=DESK), "op2")
    for _ in range(2):
        server.raise_incident("R0001")
    take(giver, "I1")
    take(giver, "I2")
    giver.get_by_role("button", name="交班…").click()
    giver.get_by_role("dialog").get_by_label("李值班").check()
    giver.get_by_role("dialog").get_by_role("button", name="交班", exact=True).click()
    expect(giver.locator(".banners")).to_contain_text("等对方接班：2 起")
    banner = taker.locator("[data-banner=shift]")
    expect(banner).to_contain_text("张值班 向您交班，共 2 起")
    banner.get_by_role("button", name="接班").click()
    expect(row(taker, "I1")).to_contain_text("我接的")
    expect(row(taker, "I2")).to_contain_text("我接的")
    expect(taker.locator("[data-banner=shift]")).to_have_count(0)


def test_a_call_round_names_who_is_next_and_ends_when_each_is_accounted_for(
    open_context: OpenContext, server: FakeServer
):
    server.town.silent += ["R0001", "R0002"]
    page = sit_down(open_context(viewport=DESK), "op1")
    expect(page.locator("[data-banner=round]")).to_contain_text("2 人里还有 2 人")
    page.get_by_role("button", name="去联系").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-resident=R0001]")).to_contain_text("0731-84512233")
    for name in ("R0001", "R0002"):
        line = dialog.locator(f"[data-resident={name}]")
        line.get_by_role("button", name="电话里好着").click()
        expect(line).to_have_count(0)
    expect(dialog).to_contain_text("没有要联系的人")
    expect(page.locator("[data-banner=round]")).to_have_count(0)
