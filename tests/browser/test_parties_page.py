"""Parties outside, as an operator tells them and says for them that they know."""

import re

from playwright.sync_api import Page, expect

from tests.browser.fake_server import FakeServer
from tests.browser.test_console_page import choose


def test_an_operator_tells_120_and_says_that_it_knows(console: Page, server: FakeServer):
    server.raise_incident("R0001")
    choose(console, "I1")
    parties = console.locator("section.parties")
    expect(parties).to_contain_text("没有通知任何一方")
    parties.get_by_role("button", name="通知 120 急救").click()
    expect(parties.locator("p.party")).to_contain_text("没有通道，请打电话")
    parties.get_by_role("button", name="已电话告知").click()
    expect(parties.locator("p.party")).to_contain_text(re.compile("已知道.*张值班"))
    expect(console.locator(".timeline")).to_contain_text("120 急救 已知道")
