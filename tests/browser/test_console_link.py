"""A link from a report to one call: the console opens it."""

from playwright.sync_api import expect

from tests.browser.conftest import DESK, OpenContext
from tests.browser.fake_server import PASSWORD, FakeServer


def test_a_link_to_a_call_opens_it_once(open_context: OpenContext, server: FakeServer):
    server.raise_incident("R0001")
    server.raise_incident("R0002")
    page = open_context(viewport=DESK).new_page()
    page.goto("/console#I1")
    page.fill("[name=login]", "op1")
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator(".desk.has-detail")).to_contain_text("高血压，装有心脏起搏器")
    assert page.evaluate("location.hash") == ""
