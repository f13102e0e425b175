"""The list of calls: what it shows, how each class sounds, and that nothing is missed."""

import re

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.conftest import DESK, WITHIN_MS, OpenContext, sit_down
from tests.browser.fake_server import FakeServer
from tests.browser.test_console_page import BANNER_WITHIN_MS, LISTEN, LOUDEST, row, siren

MANY = 3_000
DRAWN_MAX = 60
PITCHES_HZ = {"life_threat": (660, 880), "urgent": (740,), "routine": (523, 392)}
# Playwright keeps a page in front as "visible", whatever lies over it: here a page can be hidden.
CAN_BE_HIDDEN = """
Object.defineProperty(document, "hidden", { get: () => window.isPutAway === true });
window.notes = [];
window.Notification = class {
  static permission = "granted";
  static requestPermission() { return Promise.resolve("granted"); }
  constructor(title, options) {
    Object.assign(this, { title, ...options });
    window.notes.push(this);
  }
  close() { this.isClosed = true; }
};
window.putAway = (away) => {
  window.isPutAway = away;
  document.dispatchEvent(new Event("visibilitychange"));
};
"""
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map(({ node }) => node?.className ?? node?.nodeName);
    window.shifts.push({ value: entry.value, moved });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
TWO_PICTURES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def names(page: Page) -> list[str]:
    return page.locator("li.row").evaluate_all("rows => rows.map((r) => r.dataset.incident)")


def filters(page: Page):
    return page.get_by_role("group", name="列表显示哪些呼叫")


def sounds_as(page: Page, gravity: str) -> None:
    """Wait until what comes out of the loudspeaker is of this class."""
    expect(page.locator(".desk")).to_have_attribute("data-sound", gravity)
    for hz in PITCHES_HZ[gravity]:
        page.wait_for_function(f"() => Math.abs(siren.pitch() - {hz}) < 25")


def test_calls_are_filtered_by_class_kind_area_and_whose_they_are(
    console: Page, server: FakeServer
):
    server.raise_incident("R0001", "sos", "life_threat")
    server.raise_incident("R0001", "fall", "urgent")
    server.raise_incident("R0001", "life_assistance", "routine")
    for name in ("I1", "I2"):
        row(console, name).get_by_role("button", name="接警").click()
        expect(row(console, name)).to_contain_text("我接的")
    bar = filters(console)
    bar.get_by_role("button", name="我的").click()
    expect(row(console, "I3")).to_have_count(0)
    assert names(console) == ["I1", "I2"]
    bar.get_by_role("button", name="待接").click()
    expect(row(console, "I1")).to_have_count(0)
    assert names(console) == ["I3"]
    bar.get_by_role("button", name="全部显示").click()
    expect(console.locator("li.row")).to_have_count(3)
    bar.get_by_role("button", name="紧急").click()
    expect(row(console, "I1")).to_have_count(0)
    assert names(console) == ["I2"]
    bar.get_by_role("button", name="紧急").click()
    bar.get_by_label("类别").select_option("sos")
    expect(row(console, "I2")).to_have_count(0)
    assert names(console) == ["I1"]
    bar.get_by_label("类别").select_option("")
    bar.get_by_label("区域").select_option("开福区 › 四方坪街道")
    expect(console.locator("li.row")).to_have_count(3)


def test_a_call_that_rings_is_shown_whatever_is_filtered(console: Page, server: FakeServer):
    bar = filters(console)
    bar.get_by_role("button", name="我的").click()
    expect(console.locator(".list .empty")).to_be_visible()
    server.raise_incident("R0001", "life_assistance", "routine")
    expect(bar).to_contain_text("隐藏 1 起")
    server.raise_incident("R0001")
    expect(row(console, "I2")).to_be_visible()
    expect(row(console, "I1")).to_have_count(0)


def test_each_class_has_a_sound_of_its_own_and_the_gravest_is_heard(
    console: Page, server: FakeServer
):
    console.evaluate(LISTEN)
    server.raise_incident("R0001", "life_assistance", "routine")
    server.change("I1", siren=True)
    sounds_as(console, "routine")
    server.raise_incident("R0001", "fall", "urgent")
    sounds_as(console, "urgent")
    server.raise_incident("R0001")
    sounds_as(console, "life_threat")
    row(console, "I3").get_by_role("button", name="接警").click()
    sounds_as(console, "urgent")


def test_the_siren_softens_while_the_operator_speaks_and_is_never_silent(
    console: Page, server: FakeServer
):
    console.evaluate(LISTEN)
    server.raise_incident("R0001")
    console.wait_for_function(f"() => {LOUDEST} > 0.15")
    console.keyboard.press("s")
    desk = console.locator(".desk")
    expect(desk).to_have_attribute("data-soft", "yes")
    expect(console.get_by_role("button", name="通话中，铃声已调低")).to_have_attribute(
        "aria-pressed", "true"
    )
    console.wait_for_function(f"() => {LOUDEST} > 0.01 && {LOUDEST} < 0.08")
    console.keyboard.press("s")
    expect(desk).to_have_attribute("data-soft", "no")
    console.wait_for_function(f"() => {LOUDEST} > 0.15")


def put_away(open_context: OpenContext) -> Page:
    """Open a console, and put another window over it."""
    context = open_context(viewport=DESK)
    context.add_init_script(CAN_BE_HIDDEN)
    page = sit_down(context)
    page.evaluate("putAway(true)")
    return page


def test_a_call_is_not_missed_behind_another_window(open_context: OpenContext, server: FakeServer):
    page = put_away(open_context)
    icon = page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("data-calls", "0")
    server.raise_incident("R0001")
    server.raise_incident("R0001", "fall", "urgent")
    expect(icon).to_have_attribute("data-calls", "2")
    assert "data:image/svg+xml" in (icon.get_attribute("href") or "")
    expect(page).to_have_title(re.compile("有呼叫待接"))
    siren(page, "sounding")
    notes = page.evaluate("notes.map(({ title, body, tag }) => `${title} ${body} ${tag}`)")
    assert [note.split()[-1] for note in notes] == ["I1", "I2"]
    assert "紧急呼救" in notes[0]
    assert "陈秀英" not in "".join(notes)


def test_a_notification_leads_to_its_call_and_goes_when_the_call_is_taken(
    open_context: OpenContext, server: FakeServer
):
    page = put_away(open_context)
    server.raise_incident("R0001")
    page.wait_for_function("() => notes.length === 1")
    page.evaluate("(putAway(false), notes[0].onclick())")
    expect(page.locator(".detail h2")).to_contain_text("I1")
    row(page, "I1").get_by_role("button", name="接警").click()
    page.wait_for_function("() => notes[0].isClosed")
    expect(page.locator("link[rel=icon]")).to_have_attribute("data-calls", "0")


def test_notifications_that_are_off_are_shown_as_off(open_context: OpenContext):
    context = open_context(viewport=DESK)
    context.add_init_script(CAN_BE_HIDDEN.replace('"granted"', '"denied"'))
    page = sit_down(context)
    expect(page.get_by_role("button", name="通知被关")).to_be_visible()


class DeadLine:
    """A network between console and server that can die without a word."""

    def __init__(self, context: BrowserContext) -> None:
        self.is_dead = False
        context.route_web_socket("**/operator/stream*", self.connect)

    def connect(self, console: WebSocketRoute) -> None:
        server = console.connect_to_server()
        server.on_message(lambda said: None if self.is_dead else console.send(said))


def test_a_server_that_falls_silent_is_said_aloud_within_five_seconds(
    open_context: OpenContext, server: FakeServer
):
    context = open_context(viewport=DESK)
    line = DeadLine(context)
    page = sit_down(context)
    server.raise_incident("R0001", "life_assistance", "routine")
    expect(row(page, "I1")).to_be_visible()
    page.evaluate(LISTEN)
    line.is_dead = True
    banner = page.locator("[data-banner=unreachable]")
    expect(banner).to_contain_text(
        re.compile(r"\d\d:\d\d:\d\d 的状态（\d+ 秒前）"), timeout=BANNER_WITHIN_MS
    )
    siren(page, "warning")
    page.wait_for_function(f"() => {LOUDEST} > 0.01")
    expect(row(page, "I1")).to_be_visible()
    line.is_dead = False
    expect(banner).to_have_count(0, timeout=WITHIN_MS)
    siren(page, "silent")


def test_of_three_thousand_calls_only_those_in_view_are_drawn(
    open_context: OpenContext, server: FakeServer
):
    async def fill():
        for _ in range(MANY):
            server.town.raise_incident("R0001", "fall", "urgent")

    server.do(fill())
    console = sit_down(open_context(viewport=DESK))
    expect(console.locator(".counts")).to_contain_text(str(MANY), timeout=WITHIN_MS)
    assert console.locator("li.row").count() < DRAWN_MAX
    box = console.locator(".list-box")
    for part in (0.5, 1):
        box.evaluate(f"box => box.scrollTo(0, box.scrollHeight * {part})")
        name = f"I{int(MANY * part)}"
        expect(row(console, name)).to_be_visible()
        assert console.locator("li.row").count() < DRAWN_MAX


def test_nothing_moves_when_calls_arrive(open_context: OpenContext, server: FakeServer):
    context = open_context(viewport=DESK)
    context.add_init_script(SHIFTS)
    page = sit_down(context)
    server.raise_incident("R0001", "fall", "urgent", offer_to="C001")
    row(page, "I1").locator(".row-open").click()
    expect(page.locator(".timeline li").first).to_be_visible()
    expect(page.locator(".nearest tr").nth(1)).to_be_visible()
    page.evaluate("async () => { await document.fonts.ready; }")
    page.mouse.move(5, 5)
    page.evaluate(f"{TWO_PICTURES}.then(() => {{ window.shifts.length = 0; }})")
    for gravity in ("life_threat", "routine", "urgent"):
        server.raise_incident("R0001", "sos", gravity)
    expect(page.locator("li.row")).to_have_count(4)
    assert names(page)[0] == "I2"
    page.evaluate(TWO_PICTURES)
    assert page.evaluate("window.shifts") == []
