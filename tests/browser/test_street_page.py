"""A caregiver in the street: no network, no position, in danger; and what the desk knows of it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import TELEPHONE, WITHIN_MS, OpenContext
from tests.browser.fake_server import PASSWORD, now, text
from tests.browser.fake_street import StreetServer

TARGET_MIN_PX = 64
HERE = {"longitude": 112.9836, "latitude": 28.2325, "accuracy": 8}
# What a telephone reads aloud and keeps awake, noted instead: a headless browser does neither.
NOTED = """
const count = (what, n) => (document.documentElement.dataset[`noted${what}`] = n);
window.read = [];
window.speechSynthesis.speak = (said) => count("read", window.read.push([said.lang, said.text]));
window.locks = [];
Object.defineProperty(navigator, "wakeLock", { value: { request: async (kind) => {
  const lock = new EventTarget();
  lock.release = async () => {
    window.locks.push("released");
    lock.dispatchEvent(new Event("release"));
  };
  count("locks", window.locks.push(kind));
  window.lastLock = lock;
  return lock;
} } });
window.shaken = [];
navigator.vibrate = (how) => count("shaken", window.shaken.push(how));
"""

SPEAKS = (
    "try { localStorage.setItem('ydt.language', 'zh'); } catch {} // a page of the browser's own"
)


@pytest.fixture
def server() -> Iterator[StreetServer]:
    fake = StreetServer()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture
def open_street(open_context: OpenContext) -> Any:
    """Return a function that opens a telephone, logged in and on duty."""

    def opened(language: str = "zh", **options: Any) -> Page:
        given: dict[str, Any] = {"geolocation": HERE, "permissions": ["geolocation"], **options}
        context = open_context(viewport=TELEPHONE, has_touch=True, **given)
        context.add_init_script(NOTED)
        context.add_init_script(SPEAKS.replace("zh", language))
        page = context.new_page()
        page.goto("/caregiver")
        page.fill("[name=login]", "c001")
        page.fill("[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("[data-link=live]")
        return page

    return opened


@pytest.fixture
def phone(open_street: Any) -> Page:
    return open_street()


def work(page: Page) -> Any:
    return page.locator("[data-attendance='I1.1']")


def go(page: Page, name: str) -> None:
    page.locator("article").get_by_role("button", name=name, exact=True).click()


def at_work(page: Page, server: StreetServer) -> None:
    server.raise_incident("R0001", offer_to="C001")
    go(page, "接受")
    expect(work(page)).to_have_attribute("data-state", "accepted")
    expect(page.locator("[data-known]")).to_have_attribute("data-known", "yes")


def off(page: Page) -> None:
    """Take the network away; the page knows it, as a telephone does.

    While a page is opened anew Chromium forgets for a moment that it has none: so the door is
    shut, too.
    """
    page.context.set_offline(True)
    page.route("**/api/**", lambda route: route.abort("internetdisconnected"))


def on(page: Page) -> None:
    """Give it back."""
    page.unroute("**/api/**")
    page.context.set_offline(False)


def kept(page: Page) -> None:
    """Wait until the page can be opened without network."""
    page.wait_for_selector("html[data-kept=yes]")


def hold(page: Page) -> None:
    key = page.locator("[data-alarm]")
    key.scroll_into_view_if_needed()
    box = key.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()


# The offer and the work


def test_an_offer_is_read_aloud_and_shakes_until_it_is_answered(phone: Page, server: StreetServer):
    server.raise_incident("R0001", offer_to="C001")
    expect(phone.locator("[data-offer]")).to_be_visible()
    expect(phone.locator("html")).to_have_attribute("data-notedread", "1")
    [[language, said]] = phone.evaluate("window.read")
    assert language == "zh-CN"
    assert "紧急呼救" in said
    assert "四方坪街道金帆小区" in said
    shaken = re.compile("^[2-9]$")
    expect(phone.locator("html")).to_have_attribute(
        "data-notedshaken", shaken, timeout=WITHIN_MS * 2
    )
    phone.locator("[data-read]").click()
    assert len(phone.evaluate("window.read")) == 2


def test_reading_aloud_can_be_switched_off_and_stays_off(open_street: Any, server: StreetServer):
    page = open_street("en")
    page.locator("[data-aloud]").click()
    page.reload()
    expect(page.locator("[data-aloud]")).to_contain_text("off")
    server.raise_incident("R0001", offer_to="C001")
    expect(page.locator("[data-offer]")).to_be_visible()
    page.locator("[data-read]").click()
    assert [language for language, _ in page.evaluate("window.read")] == ["en-US"]


def test_whoever_said_yes_is_led_there_in_the_datum_that_is_named(
    phone: Page, server: StreetServer
):
    at_work(phone, server)
    ways = work(phone).locator("[data-datum]")
    expect(ways.nth(0)).to_have_attribute("href", re.compile(r"^geo:28\.\d+,112\.\d+\?q="))
    expect(ways.nth(0)).to_contain_text("WGS-84")
    expect(ways.nth(1)).to_have_attribute("data-datum", "gcj02")
    expect(ways.nth(1)).to_contain_text("GCJ-02")
    expect(work(phone).locator(".sketch polyline")).to_have_count(2)
    expect(work(phone).locator(".sketch .me")).to_have_count(1)
    expect(work(phone).locator("[data-desk]")).to_have_attribute("href", "tel:073112349")


def test_every_key_of_the_work_is_large_enough_and_nothing_is_wider_than_the_screen(
    open_street: Any, server: StreetServer
):
    page = open_street("en")
    server.raise_incident("R0001", offer_to="C001")
    for _ in range(3):
        page.locator("article .go").click()
    expect(work(page)).to_have_attribute("data-state", "on_scene")
    keys = page.locator("button:visible, a.key:visible").all()
    assert len(keys) > 10
    for key in keys:
        box = key.bounding_box()
        assert box is not None
        assert box["height"] >= TARGET_MIN_PX, key
        assert box["width"] >= TARGET_MIN_PX, key
    assert page.evaluate("document.documentElement.scrollWidth") == TELEPHONE["width"]


# Without network


def test_what_is_pressed_without_network_survives_a_reload_and_is_sent_in_order_with_its_age(
    phone: Page, server: StreetServer
):
    at_work(phone, server)
    kept(phone)
    server.town.said.clear()
    off(phone)
    go(phone, "出发")
    expect(work(phone)).to_have_attribute("data-state", "en_route")
    go(phone, "到了")
    expect(work(phone)).to_have_attribute("data-state", "on_scene")
    go(phone, "要叫 120")
    waiting = phone.locator("[data-waiting]")
    expect(waiting).to_have_count(3)
    phone.reload()  # from what the worker keeps
    expect(waiting).to_have_count(3)
    expect(waiting.first).to_contain_text("出发")
    expect(work(phone)).to_have_attribute("data-state", "on_scene")
    expect(work(phone)).to_contain_text("起搏器")
    expect(phone.locator("[data-known]")).to_have_attribute("data-known", "no")
    expect(phone.locator("[data-heard]")).to_be_visible()
    assert server.paths() == []
    go(phone, "完成")
    work(phone).get_by_label("已帮到").check()
    go(phone, "完成")
    expect(waiting).to_have_count(4)
    on(phone)
    expect(phone.locator("[data-known]")).to_have_attribute("data-known", "yes", timeout=30_000)
    assert [path.rpartition("/")[2] for path in server.paths()] == [
        "en_route",
        "on_scene",
        "scene",
        "done",
    ]
    ages = [body["ago_s"] for _, body in server.town.said]
    assert ages == sorted(ages, reverse=True)
    assert server.town.said[2][1]["what"] == "need_120"
    expect(work(phone)).to_have_count(0)


def test_an_answer_that_was_lost_on_the_way_is_asked_for_again_and_nothing_overtakes_it(
    phone: Page, server: StreetServer
):
    at_work(phone, server)
    server.town.said.clear()
    server.town.faults["/en_route"] = 2
    go(phone, "出发")
    expect(phone.locator("[data-waiting]")).to_contain_text("出发")
    go(phone, "到了")
    expect(phone.locator("[data-known]")).to_have_attribute("data-known", "yes", timeout=30_000)
    steps = [path.rpartition("/")[2] for path in server.paths()]
    assert steps[-2:] == ["en_route", "on_scene"]
    assert set(steps[:-1]) == {"en_route"}


def test_what_the_desk_refuses_is_said_in_words_until_it_is_read(phone: Page, server: StreetServer):
    with phone.expect_response("**/offers/I1.1/shown"):
        server.raise_incident("R0001", offer_to="C001")
    kept(phone)
    off(phone)
    go(phone, "接受")
    expect(phone.locator("[data-answered]")).to_be_visible()
    server.take_offer_away("I1.1")
    on(phone)
    said = phone.locator("[data-refused='accept I1.1']")
    expect(said).to_contain_text("已有别的护理员接了", timeout=30_000)
    phone.reload()
    expect(said).to_contain_text("接受")
    said.get_by_role("button").click()
    expect(said).to_have_count(0)


def test_nobody_logs_out_of_what_the_desk_does_not_know(phone: Page, server: StreetServer):
    at_work(phone, server)
    off(phone)
    go(phone, "出发")
    expect(phone.locator("[data-waiting]")).to_have_count(1)
    phone.get_by_role("button", name="退出").click()
    expect(phone.get_by_role("alert")).to_contain_text("送到后才能退出")
    expect(phone.locator("[data-waiting]")).to_have_count(1)
    on(phone)
    expect(phone.locator("[data-waiting]")).to_have_count(0, timeout=30_000)
    phone.get_by_role("button", name="退出").click()
    expect(phone.locator("form")).to_be_visible()
    assert (
        phone.evaluate("Object.keys(localStorage).filter((key) => /state|token/.test(key))") == []
    )


# On duty


def test_the_screen_is_kept_on_while_on_duty_and_not_after(phone: Page, server: StreetServer):
    expect(phone.locator("[data-awake=on]")).to_be_visible()
    assert phone.evaluate("window.locks") == ["screen"]
    phone.evaluate("window.lastLock.dispatchEvent(new Event('release'))")  # the system took it
    expect(phone.locator("html")).to_have_attribute("data-notedlocks", "2")
    phone.get_by_role("switch", name="上班中").click()
    expect(phone.locator("[data-awake]")).to_have_count(0)
    assert phone.evaluate("window.locks.at(-1)") == "released"


def test_the_page_says_when_the_position_stops_and_when_it_is_back(
    open_context: OpenContext, open_street: Any
):
    page = open_street()
    expect(page.locator("[data-position=known]")).to_be_visible()
    page.evaluate("Date.now = ((then) => () => then() + 120_000)(Date.now)")  # two minutes later
    expect(page.locator("[data-position=stopped]")).to_contain_text("调度台看不到您在哪")
    expect(page.locator("[data-position=stopped]")).to_contain_text("2 分钟")
    page.context.set_geolocation({**HERE, "latitude": 28.24})
    expect(page.locator("[data-position=known]")).to_be_visible()


def test_the_page_says_when_it_may_not_know_the_position(open_street: Any):
    page = open_street(permissions=[])
    expect(page.locator("[data-position=denied]")).to_contain_text("没有定位权限")


# In danger


def test_the_alarm_is_held_down_goes_out_with_the_place_and_says_what_the_desk_knows(
    phone: Page, server: StreetServer
):
    expect(phone.locator("[data-position=known]")).to_be_visible()
    hold(phone)
    expect(phone.locator("[data-raised=known]")).to_contain_text("调度台已收到")
    phone.mouse.up()
    [(path, body)] = server.town.said
    assert path == "alarm"
    assert body["position"]["lon"] == HERE["longitude"]
    assert re.fullmatch(r"[0-9a-f-]{36}", body["event_id"])
    server.hear_alarm("C001")
    expect(phone.locator("[data-raised=heard]")).to_contain_text("有人在处理")


def test_a_short_touch_is_no_alarm(phone: Page, server: StreetServer):
    phone.locator("[data-alarm]").click()
    hold(phone)
    expect(phone.locator(".danger.is-held")).to_be_visible()
    phone.mouse.move(5, 5)
    expect(phone.locator(".danger.is-held")).to_have_count(0)
    phone.mouse.up()
    server.raise_incident("R0001", offer_to="C001")
    go(phone, "接受")
    expect(work(phone)).to_be_visible()
    assert "alarm" not in server.paths()


def test_the_alarm_can_be_held_by_keyboard(phone: Page, server: StreetServer):
    phone.locator("[data-alarm]").focus()
    phone.keyboard.down("Enter")
    expect(phone.locator("[data-raised=known]")).to_be_visible()
    phone.keyboard.up("Enter")
    assert server.paths() == ["alarm"]


def test_an_alarm_without_network_says_whom_to_call_and_goes_out_before_all_else(
    phone: Page, server: StreetServer
):
    at_work(phone, server)
    kept(phone)
    server.town.said.clear()
    off(phone)
    go(phone, "出发")
    expect(phone.locator("[data-waiting]")).to_have_count(1)
    hold(phone)
    raised = phone.locator("[data-raised=unsent]")
    expect(raised.locator("a[href='tel:110']")).to_be_visible()
    phone.mouse.up()
    phone.reload()
    expect(raised.locator("[data-desk]")).to_be_visible()
    on(phone)
    expect(phone.locator("[data-raised=known]")).to_be_visible(timeout=30_000)
    expect(phone.locator("[data-waiting]")).to_have_count(0, timeout=30_000)
    assert sorted(path.rpartition("/")[2] for path in server.paths()) == ["alarm", "en_route"]


# Mine


def test_a_caregiver_sees_shifts_and_past_work_without_names(phone: Page, server: StreetServer):
    server.town.hours = [{"day": "fri", "from": "20:00", "to": "06:00"}]
    done = {"id": "I9.1", "kind": "fall", "gravity": "life_threat", "state": "done"}
    times = {"accepted_at": text(now()), "en_route_at": None, "on_scene_at": None}
    area = {"code": "430105001", "names": ["开福区", "四方坪街道"]}
    server.town.past = [{**done, **times, "ended_at": None, "outcome": "helped", "area": area}]
    phone.locator("[data-fold=shifts] button").click()
    expect(phone.locator("[data-fold=shifts]")).to_contain_text("周五")
    expect(phone.locator("[data-fold=shifts]")).to_contain_text("20:00 – 06:00 （次日）")
    phone.locator("[data-fold=history] button").click()
    expect(phone.locator("[data-work='I9.1']")).to_contain_text("跌倒")
    expect(phone.locator("[data-work='I9.1']")).to_contain_text("已帮到")


def test_the_desk_sees_a_caregivers_alarm_as_such(phone: Page, server: StreetServer, console: Page):
    hold(phone)
    expect(phone.locator("[data-raised=known]")).to_be_visible()
    phone.mouse.up()
    row = console.locator("[data-incident='I1']")
    expect(row).to_contain_text("护理员遇险：王小梅")
    row.locator(".row-open").click()
    expect(console.locator("[data-own-alarm=C001]")).to_be_visible()
