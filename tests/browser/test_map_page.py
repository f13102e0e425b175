"""The map and the replay in a real browser, in both languages, by mouse and by keyboard."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESK, TELEPHONE, OpenContext
from tests.browser.fake_map import FakeMap
from tests.browser.fake_server import PASSWORD, FakeServer


@pytest.fixture
def points() -> FakeMap:
    return FakeMap()


@pytest.fixture
def server(points: FakeMap) -> Iterator[FakeServer]:
    fake = FakeServer(None, points)
    fake.start()
    yield fake
    fake.stop()


def enter(context: BrowserContext, path: str, login: str = "op1", language: str = "zh") -> Page:
    speak = f"try {{ localStorage.setItem('ydt.language', '{language}') }} catch {{}}"
    context.add_init_script(speak)  # a window that is only just opening keeps nothing
    page = context.new_page()
    page.goto(path)
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    return page


@pytest.fixture
def the_map(open_context: OpenContext, server: FakeServer) -> Page:
    server.raise_incident("R0001", "fall", "urgent")
    return on_map(open_context(viewport=DESK))


def on_map(context: BrowserContext, language: str = "zh") -> Page:
    page = enter(context, "/map", language=language)
    page.wait_for_selector(".map-page[data-link=live]")
    page.wait_for_selector("[data-area]")
    return page


WORDS = {
    "zh": ("地图", "超", "出勤中", "在值班台打开 I1", "未结呼叫数"),
    "en": ("Map", "overrun", "busy", "Open I1 at the console", "Open calls for each"),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_map_says_load_and_points_in_words_in_both_languages(
    open_context: OpenContext, server: FakeServer, language: str
) -> None:
    server.raise_incident("R0001", "fall", "urgent")
    page = on_map(open_context(viewport=DESK), language)
    title, over, busy, open_it, what = WORDS[language]
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("[data-area='430105001']")).to_contain_text(over)
    expect(page.locator("[data-area='430105001']")).to_contain_text("5")
    expect(page.locator(".controls")).to_contain_text(what)
    expect(page.locator(".map-legend")).to_contain_text(busy)
    page.keyboard.press("3")
    page.locator("[data-caregiver=C0003]").click()
    expect(page.locator(".to-console")).to_have_text(open_it)
    texts = page.locator("body").inner_text()
    assert not re.search(r"\b(points|load|map|replay)\.[a-z_]+\b", texts)


def test_areas_stand_by_load_and_hostile_names_are_text(the_map: Page) -> None:
    rows = the_map.locator("[data-area]")
    assert [row.get_attribute("data-load") for row in rows.all()] == ["over", "over", "light"]
    expect(rows.nth(1)).to_contain_text("<b>洪山街道</b>")


def test_a_point_is_found_by_keyboard_alone_and_named_only_then(
    the_map: Page, points: FakeMap
) -> None:
    assert "护" not in the_map.locator("body").inner_text().replace("照护员", "")
    the_map.keyboard.press("3")
    expect(the_map.locator("#tab-caregivers")).to_be_focused()
    the_map.keyboard.press("Tab")
    the_map.keyboard.press("Tab")
    expect(the_map.locator(".one").first).to_be_focused()
    the_map.keyboard.press("ArrowDown")
    the_map.keyboard.press("Enter")
    second = the_map.locator(".one").nth(1)
    expect(second).to_have_attribute("aria-pressed", "true")
    name = second.get_attribute("data-caregiver")
    expect(the_map.locator(".big-name")).to_have_text(f"<i>护 {name}</i>")
    the_map.keyboard.press("Escape")
    expect(the_map.locator(".picked")).to_have_count(0)


def test_arrows_go_from_tab_to_tab(the_map: Page) -> None:
    the_map.locator("#tab-load").focus()
    the_map.keyboard.press("ArrowRight")
    expect(the_map.locator("#tab-calls")).to_be_focused()
    expect(the_map.locator("#tab-calls")).to_have_attribute("aria-selected", "true")
    expect(the_map.locator("[data-call=I1]")).to_be_visible()
    the_map.keyboard.press("ArrowLeft")
    expect(the_map.locator("[data-area]").first).to_be_visible()


def test_a_call_is_picked_on_the_map_by_mouse(the_map: Page) -> None:
    the_map.keyboard.press("2")
    the_map.locator("[data-call=I1]").click()  # brings it to the middle of the map
    the_map.keyboard.press("Escape")
    box = the_map.locator(".map-box").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    the_map.mouse.move(*middle)
    expect(the_map.locator(".map-tip")).to_contain_text("I1")
    the_map.mouse.click(*middle)
    expect(the_map.locator("[data-picked=I1]")).to_contain_text("陈秀英")


def test_a_call_opens_at_the_console_that_is_there(
    open_context: OpenContext, server: FakeServer
) -> None:
    server.raise_incident("R0001", "fall", "urgent")
    context = open_context(viewport=DESK)
    desk = enter(context, "/console")
    desk.wait_for_selector(".desk[data-link=live]")
    with context.expect_page() as opened:
        desk.keyboard.press("j")
    page = opened.value
    page.wait_for_selector(".map-page[data-link=live]")
    page.keyboard.press("2")
    page.locator("[data-call=I1]").click()
    page.wait_for_selector(".to-console")
    page.keyboard.press("o")
    expect(desk.locator(".detail h2")).to_contain_text("I1")
    assert len(context.pages) == 2


def test_only_what_changed_is_asked_for_and_the_points_follow(
    the_map: Page, points: FakeMap, server: FakeServer
) -> None:
    assert points.asked[0] == ""
    points.move(0, 112.99, 28.23)
    server.raise_incident("R0002", "sos", "life_threat")
    the_map.keyboard.press("2")
    the_map.wait_for_selector("[data-call=I2]")
    assert points.asked[1].startswith("1:")
    server.change("I1", status="closed")
    expect(the_map.locator("[data-call=I1]")).to_have_count(0)


def test_a_lost_server_is_said_with_the_age_of_what_is_shown(
    the_map: Page, points: FakeMap
) -> None:
    the_map.route("**/map/points*", lambda route: route.abort())
    the_map.wait_for_selector(".map-page[data-link=lost]")
    expect(the_map.locator("[role=alert]")).to_be_visible()
    the_map.unroute("**/map/points*")
    the_map.wait_for_selector(".map-page[data-link=live]")


def test_an_ended_session_leads_back_to_the_form(the_map: Page, server: FakeServer) -> None:
    server.end_sessions()
    the_map.wait_for_selector("[name=password]")
    expect(the_map.locator("[role=alert]")).to_be_visible()


def test_a_state_can_be_left_out(the_map: Page) -> None:
    the_map.keyboard.press("3")
    expect(the_map.locator("[data-caregiver=C0003]")).to_have_count(1)
    the_map.locator("[name=show-busy]").uncheck()
    expect(the_map.locator("[data-caregiver=C0003]")).to_have_count(0)


def test_a_telephone_shows_map_and_lists_one_below_the_other(
    open_context: OpenContext, server: FakeServer
) -> None:
    page = on_map(open_context(viewport=TELEPHONE, has_touch=True))
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= TELEPHONE["width"]
    box = page.locator(".map-box").bounding_box()
    assert box is not None
    assert box["height"] > 300


def test_pictures_of_gcj02_are_laid_under_points_that_are_moved_to_fit(
    open_context: OpenContext, server: FakeServer, points: FakeMap
) -> None:
    here = urlsplit(server.url).netloc
    points.tiles = {
        "urls": [f"http://{here}/pages/kit/icon.svg?z={{z}}&x={{x}}&y={{y}}"],
        "subdomains": [], "attribution": "<b>地图</b>", "zoom_max": 18, "datum": "gcj02",
    }  # fmt: skip
    server.raise_incident("R0001", "fall", "urgent")
    context = open_context(viewport=DESK)
    page = on_map(context)
    page.wait_for_selector(".leaflet-tile-loaded")
    tile = page.locator(".leaflet-tile").first
    assert tile.get_attribute("referrerpolicy") == "origin"
    expect(page.locator(".map-attribution")).to_have_text("<b>地图</b>")
    # The pointer is told in WGS-84, so what is picked is where it is drawn.
    page.keyboard.press("2")
    page.locator("[data-call=I1]").click()
    page.keyboard.press("Escape")
    box = page.locator(".map-box").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".map-tip")).to_contain_text("I1")


# The call card


def test_the_card_shows_trail_accuracy_age_and_source(
    open_context: OpenContext, server: FakeServer
) -> None:
    server.raise_incident("R0001", "sos", "life_threat", age_s=120)
    page = enter(open_context(viewport=DESK), "/console", language="en")
    page.wait_for_selector(".desk[data-link=live]")
    page.keyboard.press("g")
    expect(page.locator("[data-trail]")).to_have_attribute("data-trail", "11")
    expect(page.locator("[data-trail]")).to_contain_text("王小梅 1")
    expect(page.locator(".map-place")).to_contain_text("±")
    expect(page.locator(".map-place")).to_contain_text("ago")
    expect(page.locator(".to-replay")).to_have_count(0)  # for supervisors


# The replay


@pytest.fixture
def past(open_context: OpenContext, server: FakeServer) -> Page:
    return replayed(open_context(viewport=DESK), "zh")


def replayed(context: BrowserContext, language: str) -> Page:
    page = enter(context, "/replay?incident=I7", login="sup", language=language)
    page.fill("[name=reason]", "投诉 41")
    page.click(".asking button[type=submit]")
    page.wait_for_selector("[data-replay=shown]")
    return page


@pytest.mark.parametrize(
    ("language", "first", "coming"),
    [("zh", "求助：紧急呼叫", "<b>李</b>"), ("en", "Raised: SOS", "<b>李</b>: en route")],
)
def test_picture_and_lines_keep_step_in_both_languages(
    open_context: OpenContext, server: FakeServer, language: str, first: str, coming: str
) -> None:
    page = replayed(open_context(viewport=DESK), language)
    now = page.locator("[aria-current=step]")
    expect(now).to_contain_text(first)
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-then=I7]")).to_contain_text(coming)
    expect(now).to_contain_text("10:01:00")
    page.keyboard.press("ArrowLeft")
    expect(now).to_contain_text("10:00:44")
    texts = page.locator("body").inner_text()
    assert not re.search(r"\b(points|map|replay)\.[a-z_]+\b", texts)


def test_the_reason_is_sent_and_needed(past: Page, points: FakeMap) -> None:
    assert points.replays == [{"incident": "I7", "reason": "投诉 41"}]
    past.fill("[name=reason]", "")
    past.click(".asking button[type=submit]")
    assert len(points.replays) == 1


def test_the_slider_goes_by_keyboard_and_says_where_it_is(past: Page) -> None:
    slider = past.locator("[name=moment]")
    slider.focus()
    past.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("第 2 步，共 10 步"))
    past.keyboard.press(".")
    expect(past.locator("output")).to_have_attribute("data-at", "2026-11-24T02:00:14.000Z")
    past.keyboard.press("End")
    expect(past.locator(".now-calls")).to_contain_text("没有未结呼叫")
    past.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("第 0 步"))


def test_it_plays_pauses_and_jumps_to_a_line(past: Page) -> None:
    past.locator("[name=speed]").select_option("300")
    past.locator("#play").focus()
    past.keyboard.press("Space")
    expect(past.locator("#play")).to_have_text("暂停")
    expect(past.locator("[aria-current=step]")).to_contain_text("结束", timeout=9_000)
    expect(past.locator("#play")).to_have_text("播放", timeout=9_000)
    past.locator(".line").nth(7).click()
    expect(past.locator("output")).to_have_attribute("data-at", "2026-11-24T02:05:00.000Z")
    past.keyboard.press("Tab")  # away from the line, whose key the space would press
    past.locator("[name=moment]").focus()
    past.keyboard.press("Space")
    expect(past.locator("#play")).to_have_text("暂停")
    past.keyboard.press("Space")
    expect(past.locator("#play")).to_have_text("播放")


def test_an_hour_of_an_area_is_asked_for_in_the_zone_of_the_place(
    past: Page, points: FakeMap
) -> None:
    past.locator("[name=what][value=hour]").check()
    past.locator("[name=area]").select_option("430105001")
    past.fill("[name=since]", "2026-11-24T10:00")
    past.locator("[name=minutes]").select_option("30")
    past.click(".asking button[type=submit]")
    expect(past.locator("output")).to_have_attribute("data-at", "2026-11-24T01:55:00.000Z")
    assert points.replays[-1] == {
        "area": "430105001", "since": "2026-11-24T02:00:00.000Z",
        "until": "2026-11-24T02:30:00.000Z", "reason": "投诉 41",
    }  # fmt: skip


def test_what_is_not_there_is_said(past: Page) -> None:
    past.fill("[name=incident]", "i999")
    past.click(".asking button[type=submit]")
    expect(past.locator("[role=alert]")).to_contain_text("没有这个呼叫")


def test_an_operator_is_told_that_it_is_for_supervisors(
    open_context: OpenContext, server: FakeServer
) -> None:
    page = enter(open_context(viewport=DESK), "/replay", login="op1")
    expect(page.locator("[role=alert]")).to_contain_text("不是主管")
