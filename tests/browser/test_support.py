"""Requests for help in a real browser: asked, answered, closed; narrow and wide, light and dark, without a fault."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import sign_in

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def check(page):
    assert page.evaluate(TOO_WIDE) == 0
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_a_person_asks_writes_again_and_closes(open_page, width, scheme):
    page = open_page(width=width, scheme=scheme)
    sign_in(page)
    page.get_by_role("link", name="Get help").click()
    expect(page.get_by_role("heading", name="Submit a request")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Send").click()  # the browser itself asks for what is missing
    expect(page).to_have_url(re.compile("/support/new"))
    page.get_by_label("My access or roles").check()
    page.get_by_label("What happened, and what would you like?").fill("I moved to Leeds.\nPlease move my account.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    expect(page.get_by_text("I moved to Leeds.")).to_be_visible()
    check(page)
    page.get_by_label("Write again").fill("By Monday, please.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("By Monday, please.")).to_be_visible()
    page.get_by_role("button", name="Close the request").click()
    expect(page.get_by_text("Write again to reopen it")).to_be_visible()
    page.get_by_role("link", name="Your requests").click()
    expect(page.get_by_role("listitem").filter(has_text="My access or roles").first).to_contain_text("Closed")
    check(page)


def test_without_script_a_request_is_sent_all_the_same(open_page, meant):
    meant.update({404})  # no such page
    page = open_page(script=False)
    page.get_by_role("button", name="Sign in as Ana Ruiz").click()
    page.goto("/nothing/here")
    page.get_by_role("link", name="Submit a request").click()
    expect(page.get_by_text("/nothing/here")).to_be_visible()
    page.get_by_label("Something else").check()
    page.get_by_label("What happened, and what would you like?").fill("Where is it?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("Where is it?")).to_be_visible()
