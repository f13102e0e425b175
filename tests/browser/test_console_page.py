"""The paths an operator lives by."""

import re

import httpx
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, WITHIN_MS, OpenContext, sit_down
from tests.browser.fake_server import PASSWORD, FakeServer

BANNER_WITHIN_MS = 5_000
MANY = 2_000
# Playwright takes a promise for a yes: what is waited for must be said at once. So the siren is
# fetched before.
LISTEN = """import("/pages/console/siren.mjs").then((siren) => {
  Object.assign(window, { siren, heard: [] });
  setInterval(() => {
    heard.push(siren.level());
    if (heard.length > 25) heard.shift();
  }, 20);
})"""
LOUDEST = "Math.max(...heard)"  # of the last half second

# A browser that wants a click before it lets a page sound. The real one cannot be used for this:
# Playwright's own questions to a page count as clicks.
SILENT_UNTIL_CLICKED = """
let isClicked = false;
addEventListener("click", () => { isClicked = true; }, { capture: true });
window.AudioContext = class extends AudioContext {
  get state() { return isClicked ? super.state : "suspended"; }
  resume() { return isClicked ? super.resume() : new Promise(() => {}); }
};
"""


def row(page: Page, name: str):
    return page.locator(f'li.row[data-incident="{name}"]')


def choose(page: Page, name: str) -> None:
    row(page, name).locator(".row-open").click()
    expect(page.locator(".timeline li").first).to_be_visible()


def siren(page: Page, state: str) -> None:
    expect(page.locator(".desk")).to_have_attribute("data-siren", state, timeout=WITHIN_MS)


def test_an_alarm_appears_sounds_and_is_silent_once_taken(console: Page, server: FakeServer):
    siren(console, "silent")
    server.raise_incident("R0001")
    expect(row(console, "I1")).to_contain_text("陈秀英")
    expect(row(console, "I1")).to_contain_text("危急")
    siren(console, "sounding")
    console.evaluate(LISTEN)
    console.wait_for_function(f"() => {LOUDEST} > 0.01")
    expect(console).to_have_title(re.compile(r"^\(1\)"))
    row(console, "I1").get_by_role("button", name="接警").click()
    siren(console, "silent")
    expect(row(console, "I1")).to_contain_text("我接的")
    expect(console.locator(".notice.done")).to_contain_text("已接警 I1")
    console.wait_for_function(f"() => {LOUDEST} < 0.001")


def test_a_page_that_the_browser_silences_says_so_until_it_can_be_heard(
    open_context: OpenContext, server: FakeServer
):
    context = open_context(viewport=DESK)
    context.add_init_script(SILENT_UNTIL_CLICKED)
    log_in = {"login": "op1", "password": PASSWORD}
    context.request.post("/api/v1/session", data=log_in)  # logged in, and nobody has clicked
    server.raise_incident("R0001")
    page = context.new_page()
    page.goto("/console")
    siren(page, "blocked")
    expect(page.locator("[data-banner=sound]")).to_be_visible()
    page.get_by_role("button", name="打开声音").click()
    siren(page, "sounding")
    expect(page.locator("[data-banner=sound]")).to_have_count(0)


def test_the_list_stands_in_dispatch_order(console: Page, server: FakeServer):
    server.raise_incident("R0001", "life_assistance", "routine", 4_000)
    server.raise_incident("R0001", "fall", "urgent", 60)
    server.raise_incident("R0001", "sos", "life_threat", 5)
    server.raise_incident("R0001", "sos", "life_threat", 50)
    expect(console.locator("li.row")).to_have_count(4)
    names = console.locator("li.row").evaluate_all("rows => rows.map((r) => r.dataset.incident)")
    assert names == ["I4", "I3", "I2", "I1"]


def test_the_choice_is_explained(console: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    choose(console, "I1")
    choice = console.locator(".choices")
    expect(choice.locator("summary")).to_contain_text("选了 王小梅（网格，2 分钟 · 560 米）")
    expect(choice.locator("tr", has_text="赵大勇")).to_contain_text("更远")
    expect(choice.locator("tr", has_text="✔")).to_contain_text("选中、语言不通、按远 1 分钟计")
    expect(choice).to_contain_text("忙碌 3 人、未上班 12 人")
    expect(console.locator(".timeline")).to_contain_text("邀约 王小梅（网格）")


def test_help_on_the_way_is_seen_in_the_row(console: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    expect(row(console, "I1")).to_contain_text("正在问 王小梅")
    token = {"Authorization": "Bearer token-C001"}
    httpx.post(f"{server.url}/api/v1/caregiver/offers/I1.1/accept", headers=token)
    expect(row(console, "I1")).to_contain_text("已接受")
    expect(row(console, "I1")).to_contain_text("王小梅 · 约 2 分钟 到")
    expect(row(console, "I1")).to_contain_text(re.compile(r"出发 \d:\d\d"))


def test_a_closed_incident_leaves_the_list(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    console.locator(".actions").get_by_role("button", name="结案…").click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("误报").check()
    dialog.get_by_label("说明").fill("电话里说按错了")
    dialog.get_by_role("button", name="结案", exact=True).click()
    expect(row(console, "I1")).to_have_count(0)
    expect(console.locator(".detail")).to_contain_text("误报")
    expect(console.locator(".timeline")).to_contain_text("结案：误报")
    siren(console, "silent")


def test_a_caregiver_is_offered_by_hand_with_a_reason(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    console.locator(".actions").get_by_role("button", name="指派…").click()
    dialog = console.get_by_role("dialog")
    expect(dialog.locator(".candidate", has_text="刘芳")).to_contain_text("未上班")
    dialog.get_by_label("赵大勇").check()
    dialog.get_by_label("为什么改派（会记录）").fill("离得近，认识老人")
    dialog.get_by_role("button", name="发出邀约").click()
    expect(row(console, "I1")).to_contain_text("正在问 赵大勇")
    assert server.town.incidents["I1"]["offers"][0]["reason"] == "离得近，认识老人"


def test_a_note_is_kept(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    console.locator(".actions").get_by_role("button", name="记一笔…").click()
    console.get_by_label("内容").fill("已打电话，无人接")
    console.get_by_role("button", name="保存").click()
    expect(console.locator(".notes")).to_contain_text("已打电话，无人接")


def test_somebody_telephoned(console: Page, server: FakeServer):
    console.get_by_role("button", name="电话求助").click()
    console.get_by_label("哪位老人").fill("陈")
    console.locator(".found button").click()
    console.get_by_label("谁打来的（姓名、电话）").fill("邻居 13800000000")
    console.get_by_role("button", name="立案").click()
    expect(row(console, "I1")).to_contain_text("陈秀英")
    expect(console.locator(".detail-state")).to_contain_text("电话")


def test_a_look_at_a_place_needs_a_reason(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    console.get_by_role("button", name="查最新位置…").click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("为什么要看").fill("找不到人")
    dialog.get_by_role("button", name="查看").click()
    expect(dialog.get_by_role("status")).to_contain_text("误差 12 米 · 卫星定位")


def test_a_lost_server_is_said_at_once_and_nothing_is_missed(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    expect(row(console, "I1")).to_be_visible()
    server.cut()
    banner = console.locator("[data-banner=unreachable]")
    expect(banner).to_contain_text(re.compile(r"\d\d:\d\d:\d\d"), timeout=BANNER_WITHIN_MS)
    expect(row(console, "I1")).to_be_visible()
    siren(console, "sounding")
    server.raise_incident("R0002", "fall", "urgent")
    server.mend()
    expect(row(console, "I2")).to_be_visible(timeout=WITHIN_MS)
    expect(banner).to_have_count(0)
    assert server.town.resumed == ["1:1"]


def test_an_ended_session_returns_to_the_log_in(console: Page, server: FakeServer):
    server.end_sessions()
    expect(console.locator("form")).to_contain_text("登录已失效", timeout=WITHIN_MS)


def test_a_wrong_password_is_said(open_context: OpenContext):
    page = open_context(viewport=DESK).new_page()
    page.goto("/console")
    page.fill("[name=login]", "op1")
    page.fill("[name=password]", "wrong")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("账号或密码不对")


def test_two_operators_who_take_the_same_call_hear_who_has_it(
    open_context: OpenContext, server: FakeServer
):
    server.raise_incident("R0001")
    first = sit_down(open_context(viewport=DESK), "op1")
    second = sit_down(open_context(viewport=DESK), "op2")
    expect(row(second, "I1")).to_be_visible()
    server.town.is_held = True  # the news of the first claim is still on its way
    row(first, "I1").get_by_role("button", name="接警").click()
    expect(first.locator(".notice.done")).to_be_visible()
    row(second, "I1").get_by_role("button", name="接警").click()
    expect(second.get_by_role("alert")).to_contain_text("I1 已由 op1 接警")


def test_the_language_changes_in_place_and_stays(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    console.get_by_role("button", name="English").click()
    expect(row(console, "I1")).to_contain_text("Life threat")
    expect(console.locator(".detail")).to_contain_text("hard of hearing")
    expect(console.locator("html")).to_have_attribute("lang", "en")
    console.reload()
    expect(row(console, "I1")).to_contain_text("Life threat")


def test_what_residents_are_called_is_never_run(console: Page, server: FakeServer):
    server.raise_incident("R0002")
    expect(row(console, "I1").locator(".who")).to_have_text("<script>alert(1)</script>")
    choose(console, "I1")
    expect(console.locator(".detail")).to_contain_text("<img src=x onerror=alert(2)>")
    assert console.locator(".detail img, #app script").count() == 0


def test_the_list_is_walked_by_keys(console: Page, server: FakeServer):
    for _ in range(3):
        server.raise_incident("R0001")
    expect(console.locator("li.row")).to_have_count(3)
    row(console, "I1").locator(".row-open").focus()
    console.keyboard.press("ArrowDown")
    expect(row(console, "I2").locator(".row-open")).to_be_focused()
    console.keyboard.press("Enter")
    expect(console.locator(".detail h2")).to_contain_text("I2")
    console.keyboard.press("Tab")
    expect(row(console, "I2").get_by_role("button", name="接警")).to_be_focused()


def test_thousands_of_calls_stay_a_list_that_scrolls(console: Page, server: FakeServer):
    async def flood():
        for _ in range(MANY):
            server.town.raise_incident("R0001", "fall", "urgent")

    server.do(flood())
    expect(console.locator(".counts")).to_contain_text(str(MANY), timeout=WITHIN_MS)
    assert console.locator("li.row").count() < 60
    console.locator(".list-box").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(row(console, f"I{MANY}")).to_be_visible()


def test_the_map_shows_what_lies_under_the_pointer(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    console.get_by_role("button", name="地图上看").click()
    box = console.locator(".map-box").bounding_box()
    assert box is not None
    console.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(console.locator(".map-tip")).to_contain_text("陈秀英 · 紧急呼救")
