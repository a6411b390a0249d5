"""Naming a stand-in in a real browser: by keyboard, without script, narrow, axe; the delegate is told and stops it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import sign_in

PAGE = "/settings/stand-in"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
GEMMA = "Gemma Oakenshaw"
LAST_DAY = (datetime.now(UTC) + timedelta(days=5)).date().isoformat()


@pytest.fixture
def open_as(new_page):
    """Open a page as a sample person."""

    def open_page(name, path=PAGE, **options):
        page = new_page(**options)
        sign_in(page, name)
        page.goto(path)
        return page

    return open_page


def name_first(page):
    page.locator("#colleagues input").first.check()
    page.get_by_label("Last day").fill(LAST_DAY)
    page.get_by_role("button", name="Name as stand-in").click()


def axe(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_colleague_is_found_and_named_and_the_delegate_stops_it(open_as):
    ana = open_as("Ana Ruiz")
    axe(ana)
    ana.get_by_label("Colleague", exact=True).press_sequentially("gemma")
    expect(ana.locator("#colleagues input")).to_have_count(1)
    name_first(ana)
    expect(ana.get_by_role("region", name="Who stands in for you")).to_contain_text(GEMMA)
    expect(ana.get_by_text(f"Saved: {GEMMA} stands in for you until")).to_be_visible()
    axe(ana)
    gemma = open_as(GEMMA, "/settings", viewport={"width": 360, "height": 700}, color_scheme="dark")
    note = gemma.get_by_role("region", name="Standing in for Ana Ruiz")
    expect(note).to_contain_text("You are standing in for Ana Ruiz until")
    assert gemma.evaluate(TOO_WIDE) == 0
    axe(gemma)
    gemma.goto(PAGE)
    assert gemma.evaluate(TOO_WIDE) == 0
    axe(gemma)
    note.get_by_role("button", name="Stop standing in").click()
    expect(gemma.get_by_text("Ended: you no longer stand in for Ana Ruiz.")).to_be_visible()
    expect(note).to_have_count(0)


def test_without_script_one_searches_names_and_ends_all_the_same(open_as):
    page = open_as("Ana Ruiz", java_script_enabled=False)
    page.get_by_label("Colleague", exact=True).fill("ben")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#colleagues")).to_contain_text("Ben Carraway")
    expect(page.locator("#colleagues input")).to_have_count(1)
    name_first(page)
    mine = page.get_by_role("region", name="Who stands in for you")
    expect(mine).to_contain_text("Ben Carraway")
    mine.get_by_role("button", name="End").click()
    expect(mine).to_contain_text("Nobody now.")
