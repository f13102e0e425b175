"""The call card: one screen, contacts, steps, and everything by keys."""

import json
import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.card_fake import card_doors, fill_card
from tests.browser.conftest import DESK, OpenContext, sit_down
from tests.browser.fake_server import FakeServer, Json
from tests.browser.test_console_page import row

OVERFLOWING = """() => [".card-who", ".card-where", ".card-what", ".card-top"].filter((name) => {
  const box = document.querySelector(name);
  return box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1;
})"""
OUTSIDE = """() => [...document.querySelectorAll(".detail section, .detail button")]
.filter((one) => {
  const { right, bottom } = one.getBoundingClientRect();
  return right > innerWidth + 1 || bottom > innerHeight + 1;
}).map((one) => one.outerHTML.slice(0, 80))"""


@pytest.fixture
def card(server: FakeServer, open_context: OpenContext) -> Page:
    """A console on which a usual call has been taken and stands open."""
    card_doors(server.app, server.town)
    server.raise_incident("R0001", offer_to="C001")
    fill_card(server.town, "I1")
    page = sit_down(open_context(viewport=DESK))
    expect(row(page, "I1")).to_be_visible()
    page.keyboard.press("g")
    expect(page.locator(".contacts li").first).to_be_visible()
    page.keyboard.press("c")
    expect(row(page, "I1")).to_contain_text("我接的")
    return page


def said(server: FakeServer, kind: str, name: str = "I1") -> list[Json]:
    return [e["data"] for e in server.town.details[name]["timeline"] if e["kind"] == kind]


def contact(page: Page, name: str):
    return page.locator(f'[data-contact="{name}"]')


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_usual_call_stands_on_one_screen(card: Page, language: str):
    if language == "en":
        card.get_by_role("button", name="English").click()
        expect(card.locator("html")).to_have_attribute("lang", "en")
    expect(card.locator(".nearest tr").nth(1)).to_be_visible()
    for name in (".person-name", ".contacts", ".steps", ".timeline", ".earlier", ".map-canvas"):
        expect(card.locator(name).first).to_be_visible()
    assert card.evaluate(OVERFLOWING) == []
    assert card.evaluate(OUTSIDE) == []


def test_who_it_is_and_whom_to_telephone_is_seen_at_once(card: Page):
    who = card.locator(".card-who")
    expect(who).to_contain_text("陈秀英")
    expect(who).to_contain_text(re.compile(r"约 8\d 岁"))
    expect(who).to_contain_text("装有心脏起搏器")
    expect(contact(card, "C002")).to_contain_text("赵大勇")
    expect(contact(card, "C002")).to_contain_text("有钥匙")
    link = contact(card, "C002").locator("a")
    expect(link).to_have_attribute("href", "tel:13800002222")


def test_each_attempt_is_one_key_and_counted(card: Page, server: FakeServer):
    expect(contact(card, "resident")).to_have_class("is-selected")
    card.keyboard.press("q")
    expect(contact(card, "resident")).to_contain_text(re.compile(r"1 次，\d\d:\d\d:\d\d 无人接"))
    card.keyboard.press("b")
    expect(contact(card, "resident")).to_contain_text(re.compile(r"2 次，.* 占线"))
    card.keyboard.press("d")
    expect(contact(card, "C002")).to_have_class("is-selected")
    card.keyboard.press("y")
    expect(contact(card, "C002")).to_contain_text("会来")
    expect(contact(card, "resident")).to_contain_text("2 次")
    expect(card.locator(".timeline")).to_contain_text("联系赵大勇：会来")
    expect(card.locator(".timeline")).to_contain_text("联系老人本人：无人接")
    assert [(one["whom"], one["answer"]) for one in said(server, "contact_tried")] == [
        ("resident", "no_answer"),
        ("resident", "busy"),
        ("caregiver", "coming"),
    ]


def test_an_outcome_is_also_a_button(card: Page, server: FakeServer):
    contact(card, "family").get_by_role("button", name="家属").click()
    contact(card, "family").get_by_role("button", name="号码不对").click()
    expect(contact(card, "family")).to_contain_text("1 次")
    assert said(server, "contact_tried") == [
        {"whom": "family", "caregiver_id": None, "answer": "wrong_number"}
    ]


def test_steps_are_ticked_off_on_record_and_taken_back(card: Page, server: FakeServer):
    first = card.locator(".steps input").first
    card.keyboard.press("z")
    expect(first).to_be_checked()
    card.keyboard.press("z")
    expect(card.locator(".steps input").nth(1)).to_be_checked()
    expect(first).to_be_checked()
    first.click()
    expect(card.locator(".timeline")).to_contain_text("收回：叫名字")
    ticks = [(one["prompt"], one["is_done"]) for one in said(server, "prompt_ticked")]
    assert ticks == [("speak", True), ("breathing", True), ("speak", False)]


def test_a_silent_call_offers_no_number_to_ring_the_resident(card: Page, server: FakeServer):
    server.change("I1", silent=True)
    expect(card.locator(".contacts")).to_contain_text("静默：不要回拨")
    expect(contact(card, "resident").locator("a")).to_have_count(0)
    expect(contact(card, "C002").locator("a")).to_have_count(1)


def test_whoever_is_near_is_offered_the_call_from_the_card(card: Page, server: FakeServer):
    card.get_by_role("button", name="指派给 赵大勇").click()
    dialog = card.get_by_role("dialog")
    expect(dialog.get_by_label("赵大勇")).to_be_checked()
    dialog.get_by_label("为什么改派（会记录）").fill("有钥匙")
    dialog.get_by_role("button", name="发出邀约").click()
    expect(row(card, "I1")).to_contain_text("赵大勇")


def test_an_earlier_call_is_opened_from_the_card(card: Page, server: FakeServer):
    server.town.incidents["I901"] = {**server.town.incidents["I1"], "id": "I901"}
    server.town.details["I901"] = dict(server.town.details["I1"])
    expect(card.locator(".earlier li")).to_have_count(2)
    expect(card.locator(".earlier")).to_contain_text("误报")
    card.locator(".earlier").get_by_role("button", name="I901").click()
    expect(card.locator(".detail h2")).to_contain_text("I901")


def test_a_call_is_worked_from_press_to_close_by_keys_alone(card: Page, server: FakeServer):
    keys, dialog = card.keyboard, card.get_by_role("dialog")
    keys.press("h")
    expect(card.get_by_label("多久以后提醒")).to_be_focused()
    keys.press("Enter")
    expect(row(card, "I1")).to_contain_text("挂起至")
    expect(dialog).to_have_count(0)  # while one is open, keys are its own
    keys.press("c")
    expect(row(card, "I1")).not_to_contain_text("挂起至")
    keys.press("n")
    expect(card.get_by_label("内容")).to_be_focused()
    keys.type("女儿在路上 gcx")
    keys.press("Control+Enter")
    expect(card.locator(".notes")).to_contain_text("女儿在路上 gcx")
    expect(dialog).to_have_count(0)
    keys.press("e")
    expect(dialog).to_contain_text("交给 120")
    expect(dialog.get_by_role("button", name="转 120")).to_be_focused()
    keys.press("Enter")
    expect(card.locator(".parties")).to_contain_text("120")
    expect(dialog).to_have_count(0)
    keys.press("x")
    expect(dialog.get_by_label("已帮到")).to_be_focused()
    keys.press("Space")
    keys.press("Enter")
    expect(row(card, "I1")).to_have_count(0)
    assert server.town.incidents["I1"]["disposition"] == "helped"
    assert server.town.incidents["I1"]["parties"][0]["party"] == "120"


def test_two_calls_in_hand_are_switched_by_number_and_say_what_is_next(
    card: Page, server: FakeServer
):
    server.raise_incident("R0002", "fall", "urgent")
    expect(row(card, "I2")).to_be_visible()
    card.keyboard.press("g")
    expect(card.locator(".detail h2")).to_contain_text("I2")
    card.keyboard.press("c")
    mine = card.locator("[data-mine]")
    expect(mine).to_have_count(2)
    expect(mine.nth(0)).to_contain_text(re.compile(r"答复 \d:\d\d.*\d:\d\d 后退回"))
    card.keyboard.press("1")
    expect(card.locator(".detail h2")).to_contain_text("I1")
    card.keyboard.press("h")
    expect(card.get_by_label("多久以后提醒")).to_be_focused()
    card.keyboard.press("Enter")
    expect(mine.nth(0)).to_contain_text(re.compile(r"\d:\d\d 后提醒"))
    expect(card.get_by_role("dialog")).to_have_count(0)
    card.keyboard.press("2")
    expect(card.locator(".detail h2")).to_contain_text("I2")


def test_the_keys_are_listed_and_can_be_turned_off(card: Page, server: FakeServer):
    card.keyboard.press("?")
    help_ = card.get_by_role("dialog")
    for text in ("接警", "转交", "挂起", "指派", "扩大寻找", "转 120", "记一笔", "结案", "无人接"):
        expect(help_).to_contain_text(text)
    help_.get_by_label("单键操作").uncheck()
    card.keyboard.press("Escape")
    expect(help_).to_have_count(0)
    card.keyboard.press("q")
    card.keyboard.press("?")
    expect(card.get_by_role("dialog")).to_be_visible()
    assert said(server, "contact_tried") == []


def test_a_key_that_cannot_act_now_says_so(card: Page, server: FakeServer):
    server.raise_incident("R0002", "fall", "urgent")
    expect(row(card, "I2")).to_be_visible()
    card.keyboard.press("g")
    expect(card.locator(".detail h2")).to_contain_text("I2")
    card.keyboard.press("t")
    expect(card.locator(".notice.fault")).to_contain_text("现在不能：转交")


class Beside:
    """Lets a test speak as the server does, and hear what the console says."""

    def __init__(self) -> None:
        self.heard: list[Json] = []
        self.line: WebSocketRoute | None = None

    def connect(self, console: WebSocketRoute) -> None:
        self.line = console
        server = console.connect_to_server()
        server.on_message(console.send)
        console.on_message(lambda text: self.heard.append(json.loads(text)))

    def tell(self, *names: str) -> None:
        assert self.line is not None
        rows = [{"operator_id": name, "name": f"{name} 值班"} for name in names]
        self.line.send(json.dumps({"type": "viewers", "incident_id": "I1", "operators": rows}))


def test_two_operators_on_one_call_see_each_other(open_context: OpenContext, server: FakeServer):
    context, beside = open_context(viewport=DESK), Beside()
    context.route_web_socket("**/operator/stream*", beside.connect)
    server.raise_incident("R0001")
    page = sit_down(context)
    row(page, "I1").locator(".row-open").click()
    expect(page.locator(".timeline li").first).to_be_visible()
    assert beside.heard == [{"open": None}, {"open": "I1"}]
    beside.tell("op1", "op2")
    expect(page.locator(".others-here")).to_have_text(re.compile("op2 值班 也开着这一起"))
    expect(page.locator(".others-here")).not_to_contain_text("op1")
    expect(row(page, "I1")).to_contain_text("op2 值班")
    beside.tell("op1")
    expect(page.locator(".others-here")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_have_count(0)
    assert beside.heard[-1] == {"open": None}
