"""The paths a caregiver lives by."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import WITHIN_MS
from tests.browser.fake_server import FakeServer

TARGET_MIN_PX = 64


def go(page: Page, name: str) -> None:
    page.locator("article").get_by_role("button", name=name, exact=True).click()


def test_a_caregiver_accepts_goes_arrives_and_finishes(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    offer = telephone.locator("[data-offer='I1.1']")
    expect(offer).to_contain_text("四方坪街道金帆小区")
    expect(offer).to_contain_text("约 2 分钟 路程")
    expect(offer.locator(".ring")).to_be_visible()
    expect(offer).not_to_contain_text("起搏器")
    go(telephone, "接受")
    attendance = telephone.locator("[data-attendance='I1.1']")
    expect(attendance).to_have_attribute("data-state", "accepted")
    expect(attendance.get_by_role("link")).to_have_attribute("href", "tel:073184512233")
    expect(attendance).to_contain_text("起搏器")
    expect(attendance).to_contain_text("备用钥匙")
    go(telephone, "出发")
    expect(attendance).to_have_attribute("data-state", "en_route")
    go(telephone, "到了")
    expect(attendance).to_have_attribute("data-state", "on_scene")
    go(telephone, "完成")
    attendance.get_by_label("已帮到").check()
    attendance.get_by_label("留言").fill("血压正常")
    go(telephone, "完成")
    expect(attendance).to_have_count(0)
    assert server.town.incidents["I1"]["attendances"][0]["outcome"] == "helped"


def test_the_desk_learns_that_an_offer_was_shown(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    with telephone.expect_response("**/offers/I1.1/shown"):
        expect(telephone.locator("[data-offer='I1.1']")).to_be_visible()
    assert server.town.shown == ["I1.1"]


def test_an_offer_is_declined_with_a_reason(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    go(telephone, "不能去")
    go(telephone, "太远")
    expect(telephone.locator("[data-offer]")).to_have_count(0)
    assert server.town.incidents["I1"]["offers"][0]["reason"] == "too_far"


def test_an_offer_that_another_took_is_said_clearly(telephone: Page, server: FakeServer):
    with telephone.expect_response("**/offers/I1.1/shown"):
        server.raise_incident("R0001", offer_to="C001")
    server.take_offer_away("I1.1")  # the news of it is still on its way
    go(telephone, "接受")
    expect(telephone.get_by_role("alert")).to_contain_text("已有别的护理员接了")
    expect(telephone.locator("[data-offer]")).to_have_count(0)


def test_an_offer_that_goes_away_by_itself_says_so(telephone: Page, server: FakeServer):
    with telephone.expect_response("**/offers/I1.1/shown"):
        server.raise_incident("R0001", offer_to="C001")
    server.take_offer_away("I1.1")
    server.raise_incident("R0001")
    expect(telephone.locator("[data-offer]")).to_have_count(0)
    expect(telephone.get_by_role("alert")).to_contain_text("不用您去了")


def test_an_answer_that_is_not_heard_is_sent_again_and_says_so(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    server.town.faults["/accept"] = 2
    go(telephone, "接受")
    expect(telephone.locator("[data-known]")).to_have_attribute("data-known", "no")
    expect(telephone.locator("[data-known]")).to_contain_text("还没送到调度台")
    expect(telephone.locator("[data-attendance='I1.1']")).to_be_visible(timeout=WITHIN_MS)
    expect(telephone.locator("[data-known]")).to_have_attribute("data-known", "yes")


def test_without_its_stream_the_telephone_asks(telephone: Page, server: FakeServer):
    server.cut()
    expect(telephone.locator("[data-link=polling]")).to_be_visible(timeout=WITHIN_MS)
    server.raise_incident("R0001", offer_to="C001")
    expect(telephone.locator("[data-offer='I1.1']")).to_be_visible(timeout=WITHIN_MS)


def test_positions_go_to_the_desk_only_on_duty(telephone: Page, server: FakeServer):
    expect(telephone.locator("[data-position=known]")).to_be_visible(timeout=WITHIN_MS)
    assert server.town.positions[0]["lon"] == 112.98
    assert server.town.positions[0]["source"] == "satellite"
    telephone.get_by_role("switch").click()
    expect(telephone.get_by_role("switch")).not_to_be_checked()
    expect(telephone.locator("[data-position]")).to_have_count(0)
    assert "C001" not in server.town.on_duty


def test_a_reload_keeps_the_log_in_and_logging_out_ends_it(telephone: Page):
    telephone.reload()
    expect(telephone.get_by_role("switch")).to_be_visible()
    telephone.get_by_role("button", name="退出").click()
    expect(telephone.locator("form")).to_be_visible()
    telephone.reload()
    expect(telephone.locator("form")).to_be_visible()


def test_every_key_is_large_enough_for_a_thumb(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    expect(telephone.locator("[data-offer]")).to_be_visible()
    for key in telephone.get_by_role("button").or_(telephone.get_by_role("switch")).all():
        box = key.bounding_box()
        assert box is not None
        assert box["height"] >= TARGET_MIN_PX
        assert box["width"] >= TARGET_MIN_PX


def test_the_telephone_speaks_english(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    telephone.get_by_role("button", name="English").click()
    expect(telephone.locator("[data-offer]")).to_contain_text("about 2 min away")
    go(telephone, "Accept")
    expect(telephone.locator("[data-attendance]")).to_contain_text("Changsha dialect")
