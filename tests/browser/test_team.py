"""The team pages in a browser: what would change is seen before it is made; and axe finds nothing."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.test_pages import NAMELESS, TOO_WIDE

MASTER = "Ingrid Vasterholm"


def sign_in_as_master(page):
    page.goto(f"/?who={MASTER.split(maxsplit=1)[0]}")
    page.get_by_role("button", name=f"Sign in as {MASTER}").click()
    page.wait_for_url("**/settings")


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_every_team_page_fits_and_axe_finds_nothing(open_page, scheme, width):
    page = open_page(width=width, scheme=scheme)
    sign_in_as_master(page)
    page.goto("/team")
    one = page.get_by_role("link", name="Ana Ruiz").get_attribute("href")
    for path in ("/team", "/team/coverage", "/team/changes", "/team/invite", "/team/test", one):
        assert page.goto(path).status == 200
        assert page.evaluate(TOO_WIDE) == 0, path
        assert page.locator("h1").count() == 1, path
        assert page.evaluate(NAMELESS) == [], path
        found = Axe().run(page)
        assert found.violations_count == 0, f"{path}: {found.generate_report()}"


def test_a_role_is_tried_then_given_and_taken_back(open_page):
    page = open_page()
    sign_in_as_master(page)
    page.goto("/team")
    page.get_by_role("searchbox").fill("gemma")
    expect(page.locator(".team-person")).to_have_count(1)
    page.get_by_role("link", name="Gemma Oakenshaw").click()
    for words in ("Given Fulfillment Partner Master", "No longer Fulfillment Partner Master"):
        page.get_by_role("checkbox", name="Fulfillment Partner Master").click()
        page.get_by_role("button", name="See what would change").click()
        page.get_by_role("button", name="Make this change").click()
        expect(page.locator("#toast")).to_contain_text("Saved")
        expect(page.get_by_role("heading", name="Changes").locator("xpath=..")).to_contain_text(words)


def test_what_is_wrong_with_an_invitation_is_said_in_place(open_page, meant):
    meant.update({422})
    page = open_page()
    sign_in_as_master(page)
    page.goto("/team/invite")
    page.get_by_label("Name").fill("Ana again")
    page.get_by_label("E-mail address").fill("ana@copperglass.example")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("already the account of one of your people"))
