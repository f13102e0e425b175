"""The family's page on a telephone: in by a code, told of each step, heard, never in doubt."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, TELEPHONE, OpenContext, sit_down
from tests.browser.fake_family import CODE, Kin, call, coming, families_doors, family_doors
from tests.browser.fake_server import FakeServer, now, text

SAYS_SO_WITHIN_MS = 5_000
TOLD_WITHIN_MS = 2_000
RECORD_NOTICES = """window.told = [];
window.Notification = class {
    static permission = "granted";
    constructor(words) { told.push(words); }
};"""


@pytest.fixture
def kin() -> Kin:
    return Kin()


@pytest.fixture
def server(kin: Kin) -> Iterator[FakeServer]:
    fake = FakeServer()
    family_doors(fake.app, kin)
    families_doors(fake.app, fake.town, kin)
    fake.start()
    yield fake
    kin.is_mute = False
    fake.stop()


def come_in(page: Page, language: str = "zh") -> Page:
    page.goto(f"/family#{CODE}")
    if language == "en":
        page.get_by_role("button", name="English").click()
    page.click("button[type=submit]")
    page.wait_for_selector("[data-link=live] [data-resident]")
    return page


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    return come_in(open_context(viewport=TELEPHONE, has_touch=True).new_page())


def card(page: Page):
    return page.locator("[data-resident=R1]")


def test_the_link_fills_in_the_code_and_the_address_forgets_it(open_context, kin: Kin):
    page = open_context(viewport=TELEPHONE).new_page()
    page.goto(f"/family#{CODE}")
    expect(page.locator("[name=code]")).to_have_value(CODE)
    assert page.url.endswith("/family")
    assert kin.entered == []  # a preview of the link does not use it up
    page.click("button[type=submit]")
    expect(card(page)).to_contain_text("李秀英")
    page.reload()
    expect(card(page)).to_contain_text("没有呼叫")
    assert len(kin.entered) == 1


@pytest.mark.parametrize(
    ("why", "words"), [("used", "已经用过"), ("expired", "已过期"), ("revoked", "已被收回")]
)
def test_a_code_that_is_over_says_why(open_context: OpenContext, kin: Kin, why, words):
    kin.why_over = why
    page = open_context(viewport=TELEPHONE).new_page()
    page.goto(f"/family#{CODE}")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.fill("[name=code]", "WRONG")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("没有这个邀请码")


STORY = {
    "zh": (
        ("none", "没有呼叫"),
        ("called", "正在呼叫"),
        ("coming", "张丽（社区护士）正在赶来 大约 4 分钟"),
        ("there", "张丽（社区护士）已到"),
        ("closed", "结束：已帮到"),
    ),
    "en": (
        ("none", "No call"),
        ("called", "Calling for help"),
        ("coming", "张丽 (community nurse) is coming in about 4 min"),
        ("there", "张丽 (community nurse) is there"),
        ("closed", "Ended: Helped"),
    ),
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_step_of_a_call_is_told_at_once_in_their_language(
    open_context: OpenContext, kin: Kin, language: str
):
    context = open_context(viewport=TELEPHONE, has_touch=True)
    context.add_init_script(RECORD_NOTICES)
    page = come_in(context.new_page(), language)
    raised = now() - timedelta(minutes=3)
    eta = now() + timedelta(minutes=3, seconds=50)
    way, there = coming("en_route", eta=eta), coming("on_scene", eta=eta, arrived=now())
    calls = (
        None,
        call("offered", raised=raised),
        call("en_route", raised=raised, heard=True, coming=[way]),
        call("on_scene", raised=raised, heard=True, coming=[there]),
        call("closed", raised=raised, closed_at=text(now()), disposition="helped"),
    )
    for (stage, words), one in zip(STORY[language], calls, strict=True):
        kin.tell(call=one)
        expect(card(page)).to_have_attribute("data-stage", stage, timeout=TOLD_WITHIN_MS)
        expect(card(page)).to_contain_text(words)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    when = re.compile(r"\d\d:\d\d (3 分钟前|3 min ago)")
    expect(card(page).locator("[data-step=called]")).to_contain_text(when)
    assert len(page.evaluate("told")) == 4
    news = {"zh": "李秀英 正在呼叫", "en": "李秀英 calls for help"}
    assert page.evaluate("told[0]") == news[language]


@pytest.mark.parametrize("how", ["mute", "offline"])
def test_a_lost_connection_is_said_within_five_seconds_and_nothing_is_missed(
    open_context: OpenContext, kin: Kin, how: str
):
    context = open_context(viewport=TELEPHONE)
    page = come_in(context.new_page())
    kin.is_mute = how == "mute"
    context.set_offline(how == "offline")
    banner = page.locator("[data-banner=lost]")
    expect(banner).to_be_visible(timeout=SAYS_SO_WITHIN_MS)
    expect(banner).to_contain_text(re.compile(r"下面是 \d\d:\d\d:\d\d 的情况，已过 \d+ 秒"))
    expect(card(page)).to_contain_text("没有呼叫")
    kin.tell(call=call("offered", raised=now()))
    kin.is_mute = False
    context.set_offline(False)
    expect(card(page)).to_have_attribute("data-stage", "called")
    expect(banner).to_have_count(0)


def test_a_telephone_that_the_desk_signs_out_shows_nothing_any_more(page: Page, kin: Kin):
    kin.is_out = True
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("已退出")
    expect(card(page)).to_have_count(0)
    assert page.evaluate("localStorage.getItem('ydt.family.token')") is None


def test_the_position_is_shown_only_with_consent_and_when_it_is_asked_for(page: Page, kin: Kin):
    expect(card(page)).to_contain_text("没有同意")
    expect(page.get_by_role("button", name="查看位置")).to_have_count(0)
    kin.tell(shows_place=True)
    expect(card(page)).to_contain_text("每次查看都有记录")
    assert kin.looks == 0
    page.get_by_role("button", name="查看位置").click()
    expect(page.locator("[data-place]")).to_contain_text("28.20000, 113.01000 无线网络定位")
    assert kin.looks == 1


def test_what_is_said_to_the_desk_stands_there_with_its_answer(page: Page, kin: Kin):
    page.fill("[data-form=messages] textarea", "<b>妈妈好吗</b>")
    page.locator("[data-form=messages] button[type=submit]").click()
    word = page.locator("[data-word]").first
    expect(word).to_contain_text("<b>妈妈好吗</b>")
    expect(word).to_contain_text("已送到值班台")
    page.locator("[data-form=absences] summary").click()
    page.select_option("[name=state]", "in_hospital")
    page.locator("[data-form=absences] button[type=submit]").click()
    expect(page.locator("[data-word]").first).to_contain_text("住院")
    expect(page.locator("[data-word]").first).to_contain_text("等值班台答复")
    kin.words[0] |= {"settled_at": text(now()), "accepted": True}
    kin.tell()
    expect(page.locator("[data-word]").first).to_contain_text("值班台已采纳")


def test_a_word_that_was_not_sent_stays_in_the_form(page: Page, kin: Kin, open_context):
    page.context.set_offline(True)
    page.fill("[data-form=messages] textarea", "我马上到")
    page.locator("[data-form=messages] button[type=submit]").click()
    expect(page.locator("[data-form=messages] [role=alert]")).to_contain_text("没有发出去")
    expect(page.locator("[data-form=messages] textarea")).to_have_value("我马上到")
    page.context.set_offline(False)
    page.locator("[data-form=messages] button[type=submit]").click()
    expect(page.locator("[data-word]").first).to_contain_text("我马上到")


TOO_SMALL = """() => [...document.querySelectorAll("button, summary, a, input, select, textarea")]
    .filter((one) => one.getClientRects().length)
    .filter((one) => {
        const at = one.getBoundingClientRect();
        return at.height < 24 || at.width < 24;
    })
    .map((one) => one.outerHTML.slice(0, 80))"""
SMALL_TYPE = """() => {
    const walk = document.createTreeWalker(document.querySelector(".kin"), NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const above = node.parentElement;
        const isSmall = parseFloat(getComputedStyle(above).fontSize) < 16;
        if (node.data.trim() && isSmall && !above.closest(".top, .flag")) found.push(node.data);
    }
    return found;
}"""
UNNAMED = """() => [...document.querySelectorAll("input, select, textarea")]
    .filter((one) => !one.labels?.length && !one.ariaLabel).map((one) => one.name)"""


def test_type_is_large_targets_can_be_hit_and_fields_have_names(page: Page, kin: Kin):
    way = coming("en_route", eta=now() + timedelta(minutes=4))
    kin.tell(call=call("en_route", raised=now(), coming=[way]), shows_place=True, battery_pct=9)
    expect(card(page)).to_contain_text("电量低")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(SMALL_TYPE) == []
    assert page.evaluate(UNNAMED) == []


# The desk


def waiting(word_id: int, kind: str, **said: str) -> dict[str, object]:
    by = {"id": "F1", "name": "李丽", "relation": "女儿", "telephone": "13900000001"}
    resident = {"id": "R1", "name": "李秀英"}
    one = {"id": word_id, "kind": kind, "said": said, "said_at": text(now())}
    return {**one, "by": by, "resident": resident}


def test_the_desk_ticks_off_messages_and_answers_proposals(open_context: OpenContext, kin: Kin):
    kin.waiting = [
        waiting(1, "message", text="<script>妈妈</script>好吗"),
        waiting(2, "contact", name="王芳", relation="邻居", telephone="13900000009"),
        waiting(3, "absence", state="away", until="2026-12-01"),
    ]
    console = sit_down(open_context(viewport=DESK))
    console.locator("[data-banner=families] button").click()
    expect(console.locator("[data-word='1']")).to_contain_text("<script>妈妈</script>好吗")
    console.get_by_role("button", name="已阅").click()
    console.locator("[data-word='2']").get_by_role("button", name="采纳", exact=True).click()
    expect(console.locator("[data-word]")).to_have_count(1)
    console.get_by_role("button", name="不采纳").click()
    expect(console.locator("[data-word]")).to_have_count(0)
    assert [(one["id"], one["accept"]) for one in kin.answers] == [
        (1, None),
        (2, True),
        (3, False),
    ]
    expect(console.locator("[data-banner=families]")).to_have_count(0)


def test_the_desk_invites_from_the_card_of_a_call_and_reads_the_code_out(
    open_context: OpenContext, kin: Kin, server: FakeServer
):
    console = sit_down(open_context(viewport=DESK))
    server.raise_incident("R0001")
    console.locator("li.row .row-open").first.click()
    console.get_by_role("button", name="家属", exact=True).click()
    box = console.get_by_role("dialog")
    expect(box.locator("[data-member=F1]")).to_contain_text("李丽")
    box.locator("[name=name]").fill("李明")
    box.get_by_role("button", name="邀请", exact=True).click()
    expect(box.locator("[data-invitation]")).to_contain_text("K7QM-4XWD-9PTR")
    expect(box.locator("[data-invitation]")).to_contain_text(f"/family#{CODE}")
    box.get_by_label("本人同意家属查看位置").check()
    expect(box.get_by_label("本人同意家属查看位置")).to_be_checked()
    assert kin.consents == [True]
