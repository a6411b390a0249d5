"""Every page in a real browser: light and dark, phone and desk, with and without JavaScript."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import sign_in

from callboard.demo.traffic import history

PAGES = [
    "/",
    "/settings",
    "/settings?q=copperglass&show=custom",
    "/history",
    "/mailbox",
    "/mailbox/1",
    "/sign-in",
    "/settings/filters",
]
NAMELESS = """
() => [...document.querySelectorAll("a, button, input:not([type=hidden]), summary, iframe")]
  .filter((one) => one.checkVisibility() && !(one.innerText || "").trim())
  .filter((one) => !one.getAttribute("aria-label") && !one.title && !(one.labels || []).length)
  .map((one) => one.outerHTML.slice(0, 120))
"""
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_fits_and_breaks_no_rule(open_page, scheme, width):
    page = open_page(width=width, scheme=scheme)
    sign_in(page)
    item = page.goto("/history") and page.locator(".entry-what").first.get_attribute("href")
    for path in [*PAGES, item]:
        assert page.goto(path).status == 200
        assert page.evaluate(TOO_WIDE) == 0, path
        assert page.locator("h1").count() == 1, path
        assert page.evaluate(NAMELESS) == [], path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(247, 246, 243)" if scheme == "light" else "rgb(20, 22, 27)")
    page.wait_for_function("() => document.fonts.check('14px Inter')")


def test_one_click_signs_in_and_the_gear_leads_to_the_settings(open_page):
    page = open_page()
    sign_in(page)
    expect(page.get_by_role("heading", name="Notification settings")).to_be_visible()
    page.goto("/history")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("link", name="Notification settings").click()
    page.wait_for_url("**/settings")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_mail_is_shown_and_its_links_lead_to_its_readers_pages(open_newest_mail):
    page = open_newest_mail("ana@copperglass.example")
    frame = page.frame_locator("iframe")
    link = frame.get_by_role("link", name="Change when and what you get")
    link.wait_for()
    page.get_by_role("button", name="Sign in as Ana Ruiz").click()
    page.wait_for_url("**/settings")
    page.go_back()
    with page.context.expect_page() as opened:
        link.click()
    opened.value.get_by_role("heading", name="Notification settings").wait_for()


def test_a_mails_mute_link_asks_first(open_newest_mail):
    page = open_newest_mail("ben@copperglass.example")
    with page.context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name=re.compile("^Mute ")).last.click()
    opened.value.get_by_role("button", name="Mute").click()
    opened.value.get_by_role("heading", name="Muted").wait_for()


@pytest.mark.parametrize("form", ["Text", "Headers", "Source"])
def test_a_mail_has_its_other_forms(open_page, form):
    page = open_page("/mailbox/1")
    page.get_by_role("link", name=form, exact=True).click()
    page.get_by_text(re.compile("Callboard|Message-ID")).first.wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name=".eml").click()
    assert download.value.suggested_filename == "callboard-1.eml"


def test_the_first_screen_tells_what_happens_while_it_is_open(open_page, site):
    page = open_page()
    now = datetime.now(UTC)
    site.send(list(history(now - timedelta(days=1), now, seed=8))[-1:])
    page.wait_for_function("() => document.querySelector('.happening-ago').innerText.match(/just now|^\\d+ s ago/)")


def test_an_item_says_why(open_page):
    page = open_page()
    sign_in(page)
    page.goto("/history")
    page.locator(".entry-what").first.click()
    page.get_by_role("heading", name="Did I get this, and why?").wait_for()
    expect(page.get_by_text("It happened in the portal")).to_be_visible()
    page.locator(".asked-title a").first.click()
    page.wait_for_url(re.compile(r"/settings#n-"))
    expect(page.locator(".row:target")).to_have_count(1)
