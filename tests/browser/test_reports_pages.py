"""The reports and the month's sheet in a real browser, as a supervisor reads and prints them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESK, TELEPHONE
from tests.browser.fake_server import PASSWORD
from tests.browser.reports_fake import ReportsServer

OpenContext = Callable[..., BrowserContext]
PAPER = {"width": 703, "height": 1032}  # A4 without its margins of 12 mm, in CSS pixels
PAGES_OF_PDF = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")


@pytest.fixture
def server() -> Iterator[ReportsServer]:
    fake = ReportsServer()
    fake.start()
    yield fake
    fake.stop()


def sit_down(context: BrowserContext, path: str, login: str = "sup") -> Page:
    page = context.new_page()
    page.goto(path)
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    return page


@pytest.fixture
def reports(open_context: OpenContext) -> Page:
    page = sit_down(open_context(viewport=DESK), "/reports?from=2026-11-01&to=2026-11-20")
    page.wait_for_selector("#total")
    return page


@pytest.fixture
def monthly(open_context: OpenContext) -> Page:
    page = sit_down(open_context(viewport=DESK), "/monthly")
    page.wait_for_selector(".sheet")
    return page


def row(page: Page, table: str, name: str) -> Any:
    return page.locator(f"section[aria-labelledby={table}] tbody tr").filter(
        has=page.get_by_role("rowheader", name=name)
    )


# The reports


def test_an_operator_is_told_that_this_is_not_theirs(open_context: OpenContext):
    page = sit_down(open_context(viewport=DESK), "/reports", "op1")
    expect(page.get_by_role("alert")).to_contain_text("不是督导或管理员账号")


def test_every_figure_says_its_formula_its_target_and_whether_it_was_met(reports: Page):
    answer = row(reports, "total", "接听 从呼叫入档")
    expect(answer).to_contain_text("从呼叫入档到第一位值班员接手")
    expect(answer.locator(".marks li").first).to_contain_text(
        re.compile(r"\d+\.\d %.*60 秒内.*目标 97.5 %.*✖ 未达标.*个超时", re.DOTALL)
    )
    expect(row(reports, "total", "接受")).to_contain_text("未设目标")
    counted = reports.locator(".counted").first
    expect(counted).to_contain_text("统计对象：求助；区域：所有可见区域。")
    expect(counted).to_contain_text("2026-11-01 至 2026-11-20")
    expect(counted).to_contain_text("Asia/Shanghai")


def test_an_area_named_like_a_script_is_a_name(reports: Page):
    expect(row(reports, "grouped", "<script>alert(1)</script>")).to_have_count(1)
    assert reports.locator("main script").count() == 0


def test_groups_and_figure_are_chosen_and_stay_in_the_address(reports: Page, server: ReportsServer):
    reports.select_option("[name=by]", "organisation")
    reports.get_by_role("button", name="查看", exact=True).click()
    expect(row(reports, "grouped", "社区护士 · 开福区 › 四方坪街道")).to_have_count(1)
    expect(row(reports, "grouped", "无人到场或接受")).to_have_count(1)
    expect(reports.locator("section[aria-labelledby=grouped]")).to_contain_text(
        "登记中没有护理员的单位"
    )
    reports.select_option("[name=figure]", "arrival")
    expect(reports.locator("#grouped")).to_have_text("按护理员类别与区域：到场")
    assert server.asked[-1][1]["by"] == "organisation"
    reports.reload()
    expect(reports.locator("#grouped")).to_have_text("按护理员类别与区域：到场")


def test_a_number_opens_its_calls_and_the_late_ones_apart(reports: Page, server: ReportsServer):
    answer = row(reports, "total", "接听 从呼叫入档")
    count = int(answer.locator(".opens").first.inner_text())
    answer.locator(".opens").first.click()
    box = reports.get_by_role("dialog")
    expect(box.locator("tbody tr")).to_have_count(20)
    for shown in range(40, count + 20, 20):
        box.get_by_role("button", name="更多").click()
        expect(box.locator("tbody tr")).to_have_count(min(shown, count))
    expect(box.get_by_role("button", name="更多")).to_have_count(0)
    first = box.locator("tbody tr").first
    expect(first.get_by_role("link")).to_have_attribute("href", re.compile(r"^/console#I\d+$"))
    expect(first).to_contain_text("2026-11-01 02:00:00")
    box.get_by_role("button", name="关闭").click()
    late = answer.locator(".marks .opens").first
    count = int(re.sub(r"\D", "", late.inner_text()))
    late.click()
    expect(reports.get_by_role("dialog").locator("tbody tr")).to_have_count(count)
    assert server.asked[-1][1]["missed_s"] == "60"
    reports.keyboard.press("Escape")
    expect(reports.get_by_role("dialog")).to_have_count(0)


def test_who_has_no_desk_gets_no_link_to_it(open_context: OpenContext):
    page = sit_down(open_context(viewport=DESK), "/reports?from=2026-11-01&to=2026-11-02", "adm")
    row(page, "total", "接受").locator(".opens").first.click()
    expect(page.get_by_role("dialog").locator("tbody th").first).to_have_text(re.compile(r"^I\d+$"))
    assert page.get_by_role("dialog").get_by_role("link").count() == 0


def test_the_lines_are_drawn_and_say_where_their_numbers_are(reports: Page):
    charts = reports.get_by_role("img")
    expect(charts).to_have_count(4)  # times and two shares by day, times by hour
    expect(charts.first).to_have_attribute("aria-label", re.compile("接听：P50 与 P90.*表中查看"))
    drawn = reports.evaluate(
        """() => [...document.querySelectorAll(".plot canvas")].map((one) => {
            const data = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
            return data.some((value) => value !== 0);
        })"""
    )
    assert drawn == [True] * 4
    boxes = [chart.bounding_box() for chart in charts.all()]
    assert all(box and box["width"] > 300 and box["height"] < 260 for box in boxes)


def test_the_report_is_downloaded_in_the_language_of_the_page(reports: Page):
    reports.get_by_role("button", name="English").click()
    link = reports.get_by_role("link", name="Download CSV")
    expect(link).to_have_attribute("href", re.compile(r"figures\.csv\?.*by=area.*lang=en"))
    with reports.expect_download() as download:
        link.click()
    assert download.value.failure() is None


def test_what_is_too_large_is_said_and_the_page_goes_on(reports: Page, server: ReportsServer):
    server.refusal = {"status": 422, "title": "too large", "detail": "ask for fewer days"}
    reports.get_by_role("button", name="查看", exact=True).click()
    expect(reports.get_by_role("alert")).to_contain_text("ask for fewer days")
    reports.get_by_role("button", name="查看", exact=True).click()
    expect(reports.get_by_role("alert")).to_have_count(0)
    expect(reports.locator("#total")).to_be_visible()


def test_a_session_that_has_ended_leads_back_to_the_form(reports: Page, server: ReportsServer):
    server.sessions.clear()
    reports.get_by_role("button", name="查看", exact=True).click()
    expect(reports.get_by_role("alert")).to_contain_text("登录已过期")


def test_the_whole_page_is_worked_by_keyboard(reports: Page):
    reports.focus("[name=from]")
    for _ in range(40):
        reports.keyboard.press("Tab")
        if reports.evaluate("document.activeElement.classList.contains('opens')"):
            break
    reports.keyboard.press("Enter")
    expect(reports.get_by_role("dialog")).to_be_visible()
    reports.keyboard.press("Escape")
    assert reports.evaluate("document.activeElement.classList.contains('opens')")


def test_on_a_telephone_nothing_but_tables_is_wider_than_the_screen(open_context: OpenContext):
    page = sit_down(open_context(viewport=TELEPHONE), "/reports?from=2026-11-01&to=2026-11-20")
    page.wait_for_selector("#total")
    assert page.evaluate("document.documentElement.scrollWidth") <= TELEPHONE["width"]


# The month's sheet


def test_the_sheet_is_of_last_month_at_first_and_of_another_when_chosen(
    monthly: Page, server: ReportsServer
):
    expect(monthly.get_by_role("heading", level=1)).to_have_text("2026-10 服务月报")
    monthly.fill("[name=month]", "2026-11")
    monthly.dispatch_event("[name=month]", "change")
    expect(monthly.get_by_role("heading", level=1)).to_have_text("2026-11 服务月报")
    expect(monthly.locator(".sheet")).to_contain_text("本月未完")
    assert server.asked[-1][1] == {"month": "2026-11"}


def test_each_figure_stands_beside_last_months_and_its_target(monthly: Page):
    first = monthly.locator(".sheet tbody").first.locator("tr").first
    expect(first).to_contain_text(
        re.compile(
            r"接听.*从呼叫入档.*97.5 % · 60 秒.*\d+ 秒 / \d+ 秒.*% *.*达标.*%.*达标",
            re.DOTALL,
        )
    )
    expect(monthly.locator(".sheet")).to_contain_text("上月 2026-09")


def test_each_number_of_the_sheet_opens_what_it_counts(monthly: Page, server: ReportsServer):
    monthly.get_by_role("button", name="查看 84 个呼叫").click()
    expect(monthly.get_by_role("dialog", name="紧急呼救：2026-10")).to_be_visible()
    what, query = server.asked[-1]
    assert (what, query["by"], query["group"], query["calls"]) == ("calls", "kind", "sos", "help")
    monthly.keyboard.press("Escape")
    monthly.get_by_role("button", name="本月发放：设备编号").click()
    expect(monthly.get_by_role("dialog").locator("li")).to_have_count(45)
    monthly.keyboard.press("Escape")
    monthly.get_by_role("button", name=re.compile("查看超时的")).first.click()
    expect(monthly.get_by_role("dialog").locator("tbody tr").first).to_be_visible()
    assert server.asked[-1][1]["missed_s"] == "60"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kinds", [0, 30])
def test_the_sheet_is_one_page_of_paper(
    open_context: OpenContext, server: ReportsServer, language: str, kinds: int
):
    server.kinds = kinds
    context = open_context(viewport=PAPER)
    page = sit_down(context, "/monthly?area=430105001001")
    page.wait_for_selector(".sheet")
    if language == "en":
        page.get_by_role("button", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Service report 2026-10")
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(PAGES_OF_PDF.findall(printed)) == 1
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.locator(".choosing")).to_be_hidden()
    expect(page.locator(".sheet footer")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
