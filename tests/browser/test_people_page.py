"""The administration's rooms for people and handsets, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from tests.browser.conftest import DESK, TELEPHONE, OpenContext
from tests.browser.fake_server import PASSWORD
from tests.browser.people_fake import PNG, SCRIPT, PeopleServer

UNNAMED = """() => [...document.querySelectorAll(
  "input, select, textarea, button, a[href], img, dialog, nav, [role=region]"
)]
.filter((one) => one.offsetParent !== null)
.filter((one) => {
  const by = one.getAttribute("aria-labelledby");
  const named = one.getAttribute("aria-label") || one.getAttribute("alt") || one.textContent.trim();
  return !(one.labels?.length || named || (by && document.getElementById(by)));
}).map((one) => one.outerHTML.slice(0, 90))"""
SMALL = """() => [...document.querySelectorAll(
  "button, nav a, .button, [type=checkbox], [type=radio]"
)]
.filter((one) => one.offsetParent !== null)
.map((one) => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
.filter(([, { width, height }]) => width < 20 || height < 20).map(([name]) => name)"""
WIDER = "() => document.documentElement.scrollWidth > innerWidth + 1"


@pytest.fixture
def server() -> Iterator[PeopleServer]:
    fake = PeopleServer()
    fake.start()
    yield fake
    fake.stop()


def sit_down(context: BrowserContext, hash_: str = "", login: str = "adm") -> Page:
    page = context.new_page()
    page.goto(f"/administration{hash_}")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    return page


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    page = sit_down(open_context(viewport=DESK))
    expect(row(page, "R0001")).to_be_visible()
    return page


def row(page: Page, row_id: str) -> Locator:
    return page.locator(f'tr[data-id="{row_id}"]')


def go(page: Page, hash_: str, heading: str) -> None:
    page.goto(f"/administration{hash_}")
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()


def english(page: Page) -> None:
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def press_through_to(page: Page, target: Locator, *, at_most: int = 40) -> None:
    for _ in range(at_most):
        page.keyboard.press("Tab")
        if target.evaluate("(one) => one === document.activeElement"):
            return
    pytest.fail("the keyboard does not come there")


# The frame


def test_an_operator_finds_their_own_second_factor_and_nothing_else(open_context: OpenContext):
    page = sit_down(open_context(viewport=DESK), login="op1")
    expect(page.get_by_role("heading", name="二次验证", level=1)).to_be_visible()
    expect(page.locator("nav.rooms a")).to_have_count(1)


def test_the_address_names_the_room_and_whoever_moves_hears_its_name(page: Page):
    page.get_by_role("link", name="呼叫器", exact=True).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("呼叫器")
    expect(heading).to_be_focused()
    expect(page.locator("nav [aria-current=page]")).to_have_text("呼叫器")
    assert page.url.endswith("#handsets")
    page.reload()
    expect(heading).to_have_text("呼叫器")
    page.go_back()
    expect(heading).to_have_text("居民")
    go(page, "#nowhere", "居民")


def test_the_first_key_leads_past_the_navigation(page: Page):
    page.reload()
    expect(row(page, "R0001")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_session_that_has_ended_leads_back_to_the_form(page: Page, server: PeopleServer):
    server.sessions.clear()
    page.get_by_role("button", name="下一页").click()
    expect(page.get_by_role("alert")).to_contain_text("登录已过期")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "hash_", ["#residents", "#residents/R0002", "#handsets/H0001", "#caregivers/C001", "#imports"]
)
def test_every_control_has_a_name_and_no_word_is_missing(page: Page, hash_: str, language: str):
    if language == "en":
        english(page)
    page.goto(f"/administration{hash_}")
    expect(page.locator("main.room :is(.foot, .pages p, .doings)").first).to_be_visible()
    assert page.evaluate(UNNAMED) == []
    assert page.evaluate(SMALL) == []
    text = page.locator("main.room").inner_text()
    for family in ("people", "handsets", "caregivers", "imports", "administration"):
        assert f"{family}." not in text
        assert f"{family}_" not in text


@pytest.mark.parametrize("hash_", ["#residents", "#residents/R0002", "#handsets/H0001", "#imports"])
def test_a_telephone_shows_it_without_scrolling_sideways(open_context: OpenContext, hash_: str):
    page = sit_down(open_context(viewport=TELEPHONE), hash_)
    expect(page.locator("main.room :is(.foot, .pages p, .doings)").first).to_be_visible()
    assert page.evaluate(WIDER) is False


# Residents


def test_numbers_are_masked_until_a_press_that_is_a_look(page: Page, server: PeopleServer):
    li = row(page, "R0001")
    expect(li).to_contain_text("199****0001")
    assert server.looks == []
    li.get_by_role("button", name="显示 李秀英 的完整号码").click()
    expect(li).to_contain_text("19900000001")
    expect(li).to_contain_text("已记录本次查看")
    assert server.looks == ["R0001"]
    assert "19900000003" not in page.content()


def test_a_resident_named_like_a_script_is_a_name(page: Page):
    expect(row(page, "R0002").get_by_role("rowheader")).to_contain_text(SCRIPT)
    row(page, "R0002").get_by_role("link", name=SCRIPT).click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(SCRIPT)
    expect(page.locator("[name=address]")).to_have_value("<img src=x onerror=alert(2)>")
    expect(page.locator("[name=area_id] option:checked")).to_contain_text("alert(3)")
    page.get_by_role("button", name="删除个人资料…").click()
    expect(page.get_by_role("dialog")).to_contain_text(SCRIPT)
    assert page.locator("#app script, #app img[onerror]").count() == 0


def test_pages_are_turned_as_the_door_gives_them(page: Page):
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_role("button", name="下一页").click()
    expect(row(page, "R0004")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("button", name="上一页").click()
    expect(row(page, "R0001")).to_be_visible()
    expect(page.get_by_role("button", name="上一页")).to_have_count(0)


def test_what_is_sought_travels_in_the_body_and_stays_when_one_comes_back(
    page: Page, server: PeopleServer
):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_label("查找").fill("建国")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    row(page, "R0003").get_by_role("link").click()
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    page.get_by_role("link", name="返回列表").click()
    expect(page.get_by_label("查找")).to_have_value("建国")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert ("POST", "search/residents", {"q": "建国"}) in server.asked
    assert not [url for url in asked if "建国" in url or "%E5" in url]
    page.get_by_role("button", name="显示全部").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    page.get_by_label("查找").fill("没有这个人")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_have_text("没有找到。")


def test_a_resident_is_registered_by_keyboard_alone(page: Page, server: PeopleServer):
    press_through_to(page, page.get_by_role("link", name="登记居民"))
    page.keyboard.press("Enter")
    press_through_to(page, page.locator("[name=id]"))
    page.keyboard.type("R0009")
    page.keyboard.press("Tab")
    page.keyboard.type("赵奶奶")
    press_through_to(page, page.locator("[name=area_id]"))
    page.keyboard.press("ArrowDown")
    press_through_to(page, page.locator("[name=lives_alone]"))
    page.keyboard.press("Space")
    press_through_to(page, page.locator("[name=needs]"))
    page.keyboard.type("lifting；first_aid")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    (made,) = [
        body for method, path, body in server.asked if (method, path) == ("POST", "residents")
    ]
    assert (made["id"], made["name"], made["lives_alone"]) == ("R0009", "赵奶奶", True)
    assert (made["needs"], made["home"], made["telephone"]) == (["lifting", "first_aid"], None, "")
    assert page.url.endswith("#residents/R0009")
    expect(page.locator("[name=id]")).not_to_be_editable()


def test_what_the_door_refuses_stands_beside_its_field(page: Page, server: PeopleServer):
    go(page, "#residents/R0001", "李秀英")
    page.fill("[name=telephone]", "no number")
    page.fill("[name='home.lat']", "91")
    page.get_by_role("button", name="保存").click()
    telephone = page.locator("[name=telephone]")
    expect(telephone).to_have_attribute("aria-invalid", "true")
    expect(telephone).to_be_focused()
    expect(telephone).to_have_accessible_description(
        "3 到 15 位数字，前面可以有 +。 要 3 到 15 位数字，前面可以有 +。"
    )
    expect(page.locator("#field-home-fault")).to_contain_text("经度和纬度都要填")
    expect(page.get_by_role("alert")).to_contain_text("请看标出的 2 处")
    page.fill("[name=telephone]", "138 0000 0000")
    page.fill("[name='home.lat']", "28.2")
    page.fill("[name=key_holders]", "C001; C404")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#field-key_holders-fault")).to_contain_text("没有编号为 C404 的护理员")
    page.fill("[name=key_holders]", "C001")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert server.asked[-1] == (
        "PATCH",
        "residents/R0001",
        {
            "telephone": "13800000000",
            "home": {"lon": 112.94, "lat": 28.2, "datum": "wgs84"},
            "key_holders": ["C001"],
        },
    )


def test_an_id_that_is_taken_is_said_at_the_id(page: Page):
    go(page, "#residents/+", "登记居民")
    page.fill("[name=id]", "R0001")
    page.fill("[name=name]", "某人")
    page.select_option("[name=area_id]", "430105010")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("#field-id-fault")).to_contain_text("这个编号已经登记给别的了")
    expect(page.locator("[name=id]")).to_be_focused()


def test_erasing_needs_the_id_typed(page: Page, server: PeopleServer):
    go(page, "#residents/R0001", "李秀英")
    page.get_by_role("button", name="删除个人资料…").click()
    box = page.get_by_role("dialog")
    expect(box).to_contain_text("不能恢复")
    erase = box.get_by_role("button", name="永久删除")
    box.get_by_label("请输入编号 R0001").fill("R0002")
    expect(erase).to_be_disabled()
    page.keyboard.press("Enter")
    box.get_by_role("button", name="取消").click()
    assert "R0001" in server.residents
    page.get_by_role("button", name="删除个人资料…").click()
    box.get_by_label("请输入编号 R0001").fill("R0001")
    erase.click()
    expect(page.get_by_role("heading", level=2)).to_have_count(0)
    expect(row(page, "R0001")).to_have_count(0)
    expect(row(page, "R0002")).to_be_visible()
    assert "R0001" not in server.residents


def test_a_photo_is_kept_shown_refused_and_taken_out(page: Page, server: PeopleServer):
    go(page, "#residents/R0001", "李秀英")
    chooser = page.get_by_label("选择照片")
    chooser.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"<svg/>"})
    expect(page.get_by_role("alert")).to_contain_text("这不是 JPEG、PNG 或 WebP 图片")
    chooser.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"\0" * 300_001})
    expect(page.get_by_role("alert")).to_contain_text("文件太大")
    assert server.photos == {}
    chooser.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": PNG})
    shown = page.get_by_role("img", name="李秀英 的照片")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("naturalWidth", 1)
    assert server.photos["R0001"].body == PNG
    page.get_by_role("button", name="删除照片").click()
    expect(page.get_by_role("status").filter(has_text="照片已删除")).to_be_visible()
    expect(shown).to_have_count(0)
    assert server.photos == {}


# Handsets


def test_a_handset_is_registered_and_its_token_shown_once(page: Page, server: PeopleServer):
    go(page, "#handsets/+", "登记呼叫器")
    page.get_by_label("编号").fill("H0009")
    page.get_by_label("居民", exact=True).fill("R0404")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("#line-resident_id-fault")).to_contain_text("没有编号为 R0404 的居民")
    page.get_by_label("居民", exact=True).fill("R0003")
    page.get_by_role("button", name="登记", exact=True).click()
    token = page.locator(".token")
    expect(token).to_contain_text("ydt_h_H0009")
    expect(token).to_be_focused()
    page.get_by_role("button", name="已写入，关闭").click()
    expect(page.get_by_role("heading", name="呼叫器 H0009")).to_be_visible()
    assert "ydt_h_H0009" not in page.content()
    page.reload()
    expect(page.get_by_role("heading", name="呼叫器 H0009")).to_be_visible()
    assert "ydt_h_H0009" not in page.content()
    assert server.handsets["H0009"]["resident_id"] == "R0003"


def test_a_handset_is_paired_taken_back_and_refused_to_nobody(page: Page, server: PeopleServer):
    go(page, "#handsets/H0002", "呼叫器 H0002")
    pair = page.get_by_role("region", name="配对居民")
    pair.get_by_label("居民").fill("R0404")
    pair.get_by_role("button", name="配对").click()
    expect(pair.locator(".wrong")).to_contain_text("没有编号为 R0404 的居民")
    pair.get_by_label("居民").fill("R0003")
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("使用中")
    assert server.handsets["H0002"]["resident_id"] == "R0003"
    pair.get_by_role("button", name="收回").click()
    expect(page.locator(".facts")).to_contain_text("备用")
    assert server.handsets["H0002"]["resident_id"] is None


def test_a_test_listens_and_says_what_it_heard(page: Page, server: PeopleServer):
    page.clock.install(time="2026-11-25T00:00:30Z")
    go(page, "#handsets/H0001", "呼叫器 H0001")
    test = page.get_by_role("region", name="测试")
    expect(test).to_contain_text("按下呼叫仍是真正的呼叫")
    test.get_by_role("button", name="开始测试").click()
    expect(test.get_by_role("status")).to_contain_text("正在听")
    server.heard = [
        {"what": "test", "at": "2026-11-25T00:00:31Z", "battery_pct": None, "incident_id": None},
        {"what": "sos", "at": "2026-11-25T00:00:33Z", "battery_pct": 71, "incident_id": "I17"},
    ]
    page.clock.run_for(5_000)
    expect(test.get_by_role("status")).to_contain_text("收到了：呼叫器能用")
    expect(test.locator(".heard li")).to_have_count(2)
    expect(test.locator(".heard")).to_contain_text("已成为呼叫 I17")
    expect(test.locator(".heard")).to_contain_text("电量 71 %")


def test_a_handset_is_swapped_and_the_other_ones_token_shown(page: Page, server: PeopleServer):
    go(page, "#handsets/H0001", "呼叫器 H0001")
    swap = page.get_by_role("region", name="更换")
    swap.get_by_label("换成的呼叫器").fill("H0003")
    swap.get_by_role("button", name="更换").click()
    expect(swap.locator(".wrong")).to_contain_text("这台已经有居民在用")
    swap.get_by_label("换成的呼叫器").fill("H0010")
    swap.get_by_role("button", name="更换").click()
    expect(page.locator(".token")).to_contain_text("ydt_h_H0010")
    expect(page.locator(".facts")).to_contain_text("备用")
    assert server.handsets["H0010"]["resident_id"] == "R0001"


def test_a_handset_is_retired_by_typing_its_id(page: Page, server: PeopleServer):
    go(page, "#handsets/H0001", "呼叫器 H0001")
    page.get_by_role("region", name="停用").get_by_role("button", name="停用").click()
    box = page.get_by_role("dialog")
    box.get_by_label("请输入编号 H0001").fill("H0001")
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("已停用")
    expect(page.get_by_role("region", name="停用")).to_have_count(0)
    assert server.handsets["H0001"]["retired_at"]


# Caregivers


def test_a_caregiver_is_enrolled_and_given_an_account(page: Page, server: PeopleServer):
    go(page, "#caregivers", "护理员")
    expect(row(page, "C001")).to_contain_text("199****1001")
    page.get_by_role("link", name="登记护理员").click()
    page.fill("[name=id]", "C009")
    page.fill("[name=name]", "孙伟")
    page.select_option("[name=area_id]", "430105010")
    page.fill("[name=hours]", "every day")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("#field-hours-fault")).to_contain_text("读不懂")
    page.fill("[name=hours]", "mon-fri 08:00-17:00")
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="已保存")).to_be_visible()
    assert server.caregivers["C009"]["hours"] == "mon-fri 08:00-17:00"
    account = page.get_by_role("region", name="手机账号")
    account.get_by_label("账号").fill("c009")
    account.get_by_label("密码").fill("short")
    account.get_by_role("button", name="开账号").click()
    expect(account.locator("#line-password-fault")).to_contain_text("密码至少十个字符")
    account.get_by_label("密码").fill("long enough for once")
    page.keyboard.press("Enter")
    expect(account).to_contain_text("登录账号：c009")
    account.get_by_role("button", name="停用账号").click()
    expect(account.get_by_role("status")).to_contain_text("账号已停用")
    assert server.asked[-1] == ("PATCH", "caregivers/C009/account", {"is_active": False})


# Imports


def csv(text: str) -> FilePayload:
    return {"name": "居民.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


def test_a_file_is_checked_first_and_imported_by_a_second_press(page: Page, server: PeopleServer):
    go(page, "#imports", "导入")
    page.get_by_role("button", name="检查").click()
    expect(page.get_by_role("alert")).to_contain_text("请先选择文件")
    table = "编号,姓名,社区\nR0009,<b>赵奶奶</b>,430105010007\nR0010,钱爷爷,430105010\n"
    page.get_by_label("文件").set_input_files(csv(table))
    page.get_by_role("button", name="检查").click()
    expect(page.get_by_role("alert")).to_contain_text("请选择坐标来自哪里")
    page.get_by_label("坐标来自").select_option("gcj02")
    page.get_by_role("button", name="检查").click()
    found = page.get_by_role("region", name="居民.csv")
    expect(found).to_be_focused()
    expect(found).to_contain_text("没有错误，还没有导入")
    expect(found.locator(".facts")).to_contain_text("新登记2")
    expect(found.locator("tbody tr").first).to_contain_text("<b>赵奶奶</b>")
    assert not [path for _, path, _ in server.asked if path.endswith("/import")]
    found.get_by_role("button", name="导入 2 条").click()
    expect(page.get_by_role("status").filter(has_text="已导入 2 条")).to_be_visible()
    assert server.asked[-1] == ("POST", "residents/import", {"datum": "gcj02"})
    expect(found).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("2 处错误，不能导入", "必须填写。", "这里没有 nowhere：先登记，或改正编号。")),
        ("en", ("2 faults: it cannot", "It must be filled in.", "There is no nowhere here")),
    ],
)
def test_a_file_with_faults_names_each_with_its_line_and_cannot_be_imported(
    page: Page, language: str, words: tuple[str, str, str]
):
    if language == "en":
        english(page)
    page.goto("/administration#imports")
    page.set_input_files(
        "#import-file", csv("编号,姓名,社区\nR1,,430105\nR2,b,nowhere\nR3,c,430105\n")
    )
    page.select_option("[name=datum]", "wgs84")
    page.locator(".importing [type=submit]").click()
    found = page.locator(".preview")
    expect(found.locator(".notice.fault")).to_contain_text(words[0])
    faults = found.locator("table").first.locator("tbody tr")
    expect(faults).to_have_count(2)
    expect(faults.nth(0)).to_contain_text(words[1])
    expect(faults.nth(0).locator("td").first).to_have_text("2")
    expect(faults.nth(1)).to_contain_text(words[2])
    expect(found.locator("table").nth(1).locator("tbody tr")).to_have_count(1)
    expect(found.get_by_role("button")).to_have_count(0)


def test_another_file_or_kind_needs_another_check(page: Page):
    go(page, "#imports", "导入")
    page.get_by_label("呼叫器").check()
    expect(page.get_by_label("坐标来自")).to_have_count(0)
    page.set_input_files("#import-file", csv("编号,居民\nH9,R0001\n"))
    page.get_by_role("button", name="检查").click()
    expect(page.locator(".preview")).to_be_visible()
    page.get_by_label("护理员").check()
    expect(page.locator(".preview")).to_have_count(0)
    expect(page.get_by_role("link", name="下载模板：护理员")).to_have_attribute(
        "href", "/api/v1/admin/import-templates/caregivers?lang=zh"
    )
