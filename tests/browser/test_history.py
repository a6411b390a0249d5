"""The person's history in a real browser: filters, search as one types, explanations, the way to the right row."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import sign_in

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def entries_of(page):
    return page.locator(".entry")


@pytest.fixture
def page(open_page):
    found = open_page()
    sign_in(found)
    found.goto("/history")
    return found


def test_a_search_answers_while_one_types_and_keeps_the_focus(page):
    everything = entries_of(page).count()
    page.get_by_role("searchbox", name="Search your history").press_sequentially("redelivery", delay=20)
    page.wait_for_url("**/history?q=redelivery")
    page.wait_for_function("(all) => document.querySelectorAll('.entry').length < all", arg=everything)
    assert all("edelivery" in one for one in entries_of(page).all_inner_texts())
    assert page.evaluate("document.activeElement.id") == "q"
    expect(page.get_by_role("status").filter(has_text="entr")).to_be_visible()
    page.get_by_role("link", name="Held back").click()
    page.wait_for_url("**/history?q=redelivery&show=held")


@pytest.mark.parametrize("show", ["Mailed", "Waiting", "Held back"])
def test_each_filter_shows_its_kind(page, show):
    page.get_by_role("link", name=show, exact=True).click()
    page.locator("#past-tabs [aria-current]", has_text=show).wait_for()
    states = set(page.locator(".state").all_inner_texts())
    kinds = {
        "Mailed": {"Mailed"},
        "Waiting": {"Collecting", "On its way"},
        "Held back": {"Muted", "Your own action", "Withdrawn"},
    }
    assert states <= kinds[show]


def test_an_entry_leads_to_why_and_from_there_to_the_right_row(page):
    page.get_by_role("link", name=re.compile("^Why did I get this")).first.click()
    page.wait_for_url("**/items/*#why")
    page.get_by_role("heading", name="Did I get this, and why?").wait_for()
    page.locator(".asked-title a").first.click()
    page.wait_for_url(re.compile(r"/settings#n-"))
    expect(page.locator(".row:target")).to_have_count(1)


def test_a_notification_is_muted_from_its_item_and_the_mute_undone(page):
    page.get_by_role("link", name=re.compile("^Why did I get this")).first.click()
    page.get_by_role("button", name=re.compile("^Mute this")).first.click()
    page.wait_for_url(re.compile(r"/settings#n-"))
    expect(page.locator(".row:target").get_by_text("Muted until").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Unmuted").first.wait_for()


def test_why_did_i_not_get_is_answered_by_keyboard(page):
    page.goto("/history?show=held")
    page.get_by_role("link", name=re.compile("^Why did I not get this")).first.click()
    about = page.get_by_role("link", name=re.compile("^Everything about this")).get_attribute("href")
    number = parse_qs(urlsplit(about).query)["ask"][0]
    page.goto("/history")
    page.get_by_role("link", name="Why did I not get …?").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/history?ask=")
    expect(page.locator("#ask")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    page.get_by_text("You were not mailed.").first.wait_for()


def test_what_is_not_there_says_so_in_words(page):
    page.goto("/history?ask=SR-0")
    expect(page.get_by_text("There is no such event that you may see")).to_be_visible()
    page.goto("/history?q=nothing+like+that")
    page.get_by_role("link", name="Ask about").click()
    expect(page.locator("#ask")).to_have_value("nothing like that")


def test_a_mails_footer_lands_on_the_right_row(open_newest_mail):
    page = open_newest_mail("ana@copperglass.example")
    link = page.frame_locator("iframe").locator("a[href*='#n-']").first
    link.wait_for()
    address = link.get_attribute("href")
    sign_in(page)
    page.goto(address)
    expect(page.locator(".row:target")).to_have_count(1)


def test_without_script_history_is_searched_filtered_and_explained(open_page):
    page = open_page(script=False)
    sign_in(page)
    page.goto("/history")
    page.get_by_role("searchbox").fill("redelivery")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/history?q=redelivery*")
    expect(entries_of(page).first).to_be_visible()
    page.get_by_role("link", name="Mailed", exact=True).click()
    page.wait_for_url("**q=redelivery&show=mailed")
    page.get_by_role("link", name=re.compile("^Why did I get this")).first.click()
    expect(page.get_by_role("heading", name="Did I get this, and why?")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_no_state_breaks_a_rule_or_overflows(open_page, scheme, width):
    page = open_page(width=width, scheme=scheme)
    sign_in(page)

    def check():
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate(TOO_WIDE) == 0

    page.goto("/history")
    page.locator("summary").first.click()
    check()
    mail = page.locator(".entry-state a").first.get_attribute("href")
    item = page.locator(".entry-why").first.get_attribute("href")
    for path in [
        "/history?show=waiting", "/history?show=held", "/history?q=zzzz", f"/history?q={'x' * 200}", mail, item,
        "/history?ask=", "/history?ask=nope", f"/history?ask={item.partition('#')[0].rpartition('/')[2]}",
    ]:  # fmt: skip
        assert page.goto(path).status == 200
        check()
