"""The wallboard, read from across the room: figures, targets, a lost server, light and dark."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.conftest import TELEPHONE, OpenContext
from tests.browser.fake_server import PASSWORD, FakeServer, now, text
from tests.browser.fake_wall import Wall, share, wall_door

BIG: ViewportSize = {"width": 1920, "height": 1080}
SCREENS: tuple[ViewportSize, ...] = (
    BIG,
    {"width": 1366, "height": 768},
    {"width": 3840, "height": 2160},
)
SAYS_SO_WITHIN_MS = 5_000
SMALLEST_OF_HEIGHT = 1 / 30  # 23 mm on a screen of 55 inches: 16 minutes of arc from five metres


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def server(wall: Wall) -> Iterator[FakeServer]:
    fake = FakeServer()
    wall_door(fake.app, fake.town, wall)
    fake.start()
    yield fake
    wall.is_mute = False
    fake.stop()


def log_in(page: Page) -> Page:
    page.goto("/wallboard")
    page.fill("[name=login]", "op1")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector(".tiles")
    return page


@pytest.fixture
def board(open_context: OpenContext, wall: Wall) -> Page:
    return log_in(open_context(viewport=BIG).new_page())


def tile(page: Page, name: str):
    return page.locator(f"[data-tile={name}]")


def test_what_waits_is_shown_and_the_longest_wait_runs(board: Page, wall: Wall):
    expect(tile(board, "waiting")).to_contain_text("没有人在等")
    wall.figures["calls"].update(waiting=3, grave=1, open=9)
    wall.waits_s = 75
    expect(tile(board, "waiting").locator(".figure")).to_have_text("▲3")
    expect(tile(board, "waiting")).to_contain_text(re.compile(r"最久已等 1:\d\d"))
    wall.is_mute = True  # it runs on by itself
    shown = tile(board, "waiting").locator(".beside").inner_text()
    expect(tile(board, "waiting").locator(".beside")).not_to_have_text(shown)


def test_answers_stand_against_their_targets_in_words_and_not_in_colour_alone(
    board: Page, wall: Wall
):
    cells = tile(board, "answered").locator("td[data-reached]")
    expect(cells).to_have_count(4)
    expect(cells.nth(0)).to_contain_text("100%")
    expect(cells.nth(1)).to_contain_text("97.2%")
    expect(cells.nth(1)).to_contain_text("✖ 未达标 389/400")
    expect(cells.nth(3)).to_contain_text("99.5%")
    expect(cells.nth(3)).to_contain_text("✔ 达标 398/400")
    expect(tile(board, "answered")).to_contain_text("目标 97.5%")
    wall.figures["answered"]["hour"] = [share(60, 97.5, 0, 0), share(180, 99.0, 0, 0)]
    expect(cells.nth(0)).to_contain_text("– 没有呼叫 0/0")
    expect(cells.nth(0).locator(".share")).to_have_text("—")


def test_who_comes_who_is_free_and_what_is_silent(board: Page, wall: Wall):
    expect(tile(board, "coming").locator(".figure")).to_have_text("3")
    expect(tile(board, "coming")).to_contain_text("在现场 1")
    first = board.locator("[data-street]").first
    expect(first).to_have_text("四方坪街道✖ 0/3")
    expect(tile(board, "handsets").locator(".figure")).to_have_text("7")
    expect(tile(board, "handsets")).to_contain_text("共 277 台，超过 12 小时没有任何消息")
    expect(tile(board, "handsets")).to_contain_text("秒前统计")
    wall.figures["handsets"]["age_s"] = None
    expect(tile(board, "handsets").locator(".figure")).to_have_text("—")


def test_of_many_streets_those_with_the_fewest_are_shown_and_the_rest_is_summed(
    board: Page, wall: Wall
):
    wall.figures["streets"] = [
        {"code": f"S{i}", "name": f"{i} 街道", "level": "street", "free": i, "on_duty": 20}
        for i in range(15)
    ]
    expect(board.locator("[data-street]")).to_have_count(11)
    expect(tile(board, "streets").locator(".rest")).to_have_text("其余 4 个街道50")


def test_an_overload_and_a_call_round_stand_above_the_figures(board: Page, wall: Wall):
    wall.figures["overload"] = {"since": text(now()), "waiting": 9}
    wall.figures["rounds"] = [{"id": "CR1", "left": 4, "total": 9, "overdue": True}]
    expect(board.locator("[data-banner=overload]")).to_contain_text("9 起紧急呼叫待接")
    expect(board.get_by_role("alert").filter(has_text="巡访停住了")).to_be_visible()


@pytest.mark.parametrize("how", ["mute", "offline"])
def test_an_unreachable_server_is_said_within_five_seconds_and_the_figures_stay_with_their_age(
    open_context: OpenContext, wall: Wall, how: str
):
    context = open_context(viewport=BIG)
    board = log_in(context.new_page())
    wall.is_mute = how == "mute"
    context.set_offline(how == "offline")
    banner = board.locator("[data-banner=unreachable]")
    expect(banner).to_be_visible(timeout=SAYS_SO_WITHIN_MS)
    expect(banner).to_contain_text(re.compile(r"是 \d\d:\d\d:\d\d 的数字，已过 \d+ 秒"))
    expect(tile(board, "handsets").locator(".figure")).to_have_text("7")
    wall.figures["handsets"]["silent"] = 8
    wall.is_mute = False
    context.set_offline(False)
    expect(banner).to_have_count(0)
    expect(tile(board, "handsets").locator(".figure")).to_have_text("8")


def test_an_ended_session_asks_for_the_log_in_and_shows_no_old_figures(
    board: Page, server: FakeServer
):
    server.town.sessions.clear()
    expect(board.get_by_role("alert")).to_contain_text("登录已失效")
    expect(board.locator(".tiles")).to_have_count(0)


def smallest(page: Page) -> float:
    """Return the smallest type on the board, in pixels; keys that nobody reads from afar apart."""
    return page.evaluate("""() => {
        const wall = document.querySelector(".wall");
        const walk = document.createTreeWalker(wall, NodeFilter.SHOW_TEXT);
        let least = Infinity;
        for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            if (!node.data.trim() || node.parentElement.closest(".keys")) continue;
            least = Math.min(least, parseFloat(getComputedStyle(node.parentElement).fontSize));
        }
        return least;
    }""")


CUT_OFF = """() => {
    const isCut = (one) => {
        const { overflowX, overflowY } = getComputedStyle(one);
        return overflowY !== "visible" && one.scrollHeight > one.clientHeight + 4
            || overflowX !== "visible" && one.scrollWidth > one.clientWidth + 4;
    };
    return [...document.querySelectorAll(".wall, .wall :not(.unseen)")].filter(isCut)
        .map((one) => `${one.className} ${one.textContent}`);
}"""
TOUCHING = """() => [...document.querySelectorAll(".tile")].flatMap((tile) => {
    const lines = [...tile.querySelectorAll(":scope > *")].map((one) => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return [one.textContent, range.getBoundingClientRect()];
    });
    return lines.slice(1).filter(([, at], i) => at.height && at.top < lines[i][1].bottom - 4)
        .map(([words]) => words);
})"""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_board_is_readable_from_five_metres_and_nothing_is_cut_off(
    board: Page, wall: Wall, language: str
):
    wall.figures["calls"].update(waiting=128, grave=37, open=1_204)
    wall.figures["handsets"].update(silent=12_345, all=300_000)
    wall.figures["overload"] = {"since": text(now()), "waiting": 37}
    wall.waits_s = 3_700
    if language == "en":
        board.get_by_role("button", name="English").click()
    expect(tile(board, "handsets").locator(".figure")).to_have_text("12345")
    expect(tile(board, "waiting")).to_contain_text("1:01:")
    for screen in SCREENS:
        board.set_viewport_size(screen)
        assert smallest(board) >= screen["height"] * SMALLEST_OF_HEIGHT
        assert board.evaluate(CUT_OFF) == []
        assert board.evaluate(TOUCHING) == []
        assert board.evaluate("document.documentElement.scrollHeight <= innerHeight")


LUMINANCE = """(at) => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const groundOf = (one) => {
        const color = getComputedStyle(one).backgroundColor;
        const isClear = color === "transparent" || color.endsWith(", 0)");
        return isClear && one.parentElement ? groundOf(one.parentElement) : color;
    };
    const worst = [];
    const walk = document.createTreeWalker(document.querySelector(".wall"), NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        if (!node.data.trim()) continue;
        const ink = light(parse(getComputedStyle(node.parentElement).color));
        const ground = light(parse(groundOf(node.parentElement)));
        const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
        if (ratio < at) worst.push(`${node.data} ${ratio.toFixed(2)}`);
    }
    return worst;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_their_ground_in_light_and_dark(
    open_context: OpenContext, wall: Wall, scheme
):
    board = log_in(open_context(viewport=BIG, color_scheme=scheme).new_page())
    expect(board.locator("html")).to_have_attribute("data-theme", scheme)
    wall.figures["calls"].update(waiting=3, grave=1)
    wall.figures["rounds"] = [{"id": "CR1", "left": 4, "total": 9, "overdue": False}]
    expect(tile(board, "waiting").locator(".figure")).to_have_text("▲3")
    assert board.evaluate(LUMINANCE, 4.5) == []


def test_the_shade_follows_the_system_until_it_is_chosen_and_the_choice_is_kept(
    open_context: OpenContext,
):
    board = log_in(open_context(viewport=BIG, color_scheme="dark").new_page())
    root = board.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    board.emulate_media(color_scheme="light")
    expect(root).to_have_attribute("data-theme", "light")
    board.get_by_role("button", name="明暗：随系统").click()
    board.get_by_role("button", name="明暗：亮").click()
    expect(board.get_by_role("button", name="明暗：暗")).to_be_visible()
    expect(root).to_have_attribute("data-theme", "dark")
    board.reload()
    expect(root).to_have_attribute("data-theme", "dark")


def test_on_a_telephone_the_tiles_stand_below_each_other(open_context: OpenContext):
    board = log_in(open_context(viewport=TELEPHONE).new_page())
    assert board.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_street_with_an_odd_name_is_text(board: Page, wall: Wall):
    wall.figures["streets"][0]["name"] = "<img src=x onerror=alert(1)>"
    expect(board.locator("[data-street]").first).to_contain_text("<img src=x onerror=alert(1)>")
