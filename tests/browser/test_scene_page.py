"""What a caregiver says from the scene, on the telephone and at the desk."""

import httpx
from playwright.sync_api import Page, expect

from tests.browser.fake_server import FakeServer

TOKEN = {"Authorization": "Bearer token-C001"}


def go(page: Page, name: str) -> None:
    page.locator("article").get_by_role("button", name=name, exact=True).click()


def say(server: FakeServer, path: str, **body: object) -> None:
    url = f"{server.url}/api/v1/caregiver/{path}"
    assert httpx.post(url, headers=TOKEN, json=body).is_success


def arrive(telephone: Page, server: FakeServer) -> None:
    server.raise_incident("R0001", offer_to="C001")
    go(telephone, "接受")
    go(telephone, "出发")
    go(telephone, "到了")


def test_who_cannot_get_in_says_so_and_sees_whether_the_desk_has_heard(
    telephone: Page, server: FakeServer
):
    arrive(telephone, server)
    go(telephone, "进不了门")
    trouble = telephone.locator("[data-trouble=could_not_get_in]")
    expect(trouble).to_contain_text("您报告了：进不了门")
    expect(trouble).to_contain_text("正在等值班台处理")
    row = server.town.incidents["I1"]["attendances"][0]
    assert row["trouble"] == "could_not_get_in"
    row["trouble_by"] = None
    server.raise_incident("R0001")  # whatever it is, the telephone hears the news
    expect(trouble).to_contain_text("值班台已听到")
    go(telephone, "已经解决")
    expect(telephone.locator("[data-trouble='']")).to_be_visible()


def test_on_the_way_only_the_address_can_be_wrong(telephone: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    go(telephone, "接受")
    keys = telephone.locator(".trouble").get_by_role("button")
    expect(keys).to_have_text(["地址不对"])


def test_who_is_asked_whether_they_still_come_answers_with_one_key(
    telephone: Page, server: FakeServer
):
    server.raise_incident("R0001", offer_to="C001")
    go(telephone, "接受")
    expect(telephone.locator("[data-attendance]")).to_be_visible()
    row = server.town.incidents["I1"]["attendances"][0]
    row["asked_until"] = row["due_by"]
    server.raise_incident("R0001")
    expect(telephone.locator("[data-question]")).to_contain_text("您还在路上吗？")
    go(telephone, "在路上")
    expect(telephone.locator("[data-question]")).to_have_count(0)
    assert row["state"] == "accepted"


def test_the_desk_sees_the_trouble_and_corrects_the_place(console: Page, server: FakeServer):
    server.raise_incident("R0001", offer_to="C001")
    say(server, "offers/I1.1/accept")
    say(server, "attendances/I1.1/on_scene")
    say(server, "attendances/I1.1/scene", what="wrong_address")
    row = console.locator("[data-incident=I1]")
    expect(row).to_contain_text("地址不对")
    row.locator(".row-open").click()
    expect(console.locator(".detail")).to_contain_text("现场：地址不对")
    console.get_by_role("button", name="更正地点…").click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("怎么走").fill("7 栋后门")
    dialog.get_by_role("button", name="更正地点", exact=True).click()
    expect(console.locator(".detail")).to_contain_text("7 栋后门")
    expect(row).not_to_contain_text("地址不对")
    assert server.town.incidents["I1"]["directions"] == "7 栋后门"
