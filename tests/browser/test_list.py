"""The list of the settings in a real browser: searched, muted, deleted, undone, by mouse, keyboard and without JavaScript."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import sign_in

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = "() => document.activeElement.closest('.row')?.id || document.activeElement.id"
SCREENS = [(360, "light"), (360, "dark"), (1440, "light"), (1440, "dark")]
CLARA, TYPE = "clara@lexiloom.example", "material.available"
HARD = [
    {
        "id": "x-many", "name": "Thirty titles",
        "where": [
            {"field": "title_id", "op": "any_of", "value": [f"9009{number:04}" for number in range(30)]},
            {"field": "language", "op": "any_of_incl", "value": ["es", "ja", "ar", "he"]},
        ],
    },
    {
        "id": "x-right-to-left", "name": "إعادة التسليم لكل البرامج",
        "where": [{"field": "title_id", "op": "any_of", "value": ["塩の地図師", "שלום", "W" * 190]}],
    },
    {
        "id": "x-long", "name": "Unbroken" * 25,
        "where": [{"field": "title_id", "op": "none_of", "value": [str(number)]} for number in range(1_000)],
    },
    {
        "id": "x-hostile", "name": "<img src=x onerror=alert(1)>",
        "where": [{"field": "title_id", "op": "any_of", "value": ['"><svg onload=alert(2)>']}],
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def hard(site):
    """Give one person what is hardest to show."""
    path = site.home / "hard.json"
    path.write_text(json.dumps([one | {"user": CLARA, "event_type": TYPE, "frequency": "hourly"} for one in HARD]))
    site.run("notifications", "import", str(path))


@pytest.fixture
def panel(open_page):
    """Open the list of a person."""

    def open_panel(name="Ana Ruiz", **options):
        page = open_page(**options)
        sign_in(page, name)
        return page

    return open_panel


def row_of(page, text):
    return page.locator(".row", has_text=text)


def open_menu(page, row):
    row.get_by_role("button", name="More for").click()
    page.locator("#menu:popover-open").wait_for()
    return page.locator("#menu")


def has_focus(page, id_):
    """Wait until a row, or something outside of the rows, has the focus."""
    page.wait_for_function(f"(id) => ({FOCUSED})() === id", arg=id_)


def undo(page):
    page.get_by_role("button", name="Undo").click()


def breaks_no_rule(page, state):
    page.wait_for_load_state()
    found = Axe().run(page)
    assert found.violations_count == 0, f"{state}: {found.generate_report()}"
    assert page.evaluate(TOO_WIDE) == 0, state


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_state_is_accessible_and_fits(panel, width, scheme):
    page = panel(width=width, scheme=scheme)
    breaks_no_rule(page, "list")
    menu = open_menu(page, row_of(page, "Blockers, second round"))
    breaks_no_rule(page, "menu")
    menu.get_by_text("Mute until a date").click()
    breaks_no_rule(page, "date asked for")
    page.route(
        "**/settings/act", lambda route: route.fulfill(response=route.fetch(), status=200)
    )  # 422 fills the console
    menu.locator(".menu-until form").evaluate("form => { form.noValidate = true; }")
    menu.get_by_role("button", name="Mute", exact=True).click()
    menu.get_by_role("alert").wait_for()
    assert menu.get_by_label("Mute until", exact=True).evaluate("one => one === document.activeElement")
    breaks_no_rule(page, "date refused")
    menu.get_by_role("button", name="Mute for a day").click()
    row_of(page, "Blockers, second round").locator(":focus").wait_for()
    page.get_by_role("button", name="Undo").focus()  # the toast stays as long
    breaks_no_rule(page, "muted, with toast")
    undo(page)
    page.get_by_text("Unmuted.").wait_for()
    page.get_by_role("button", name="Settings", exact=True).click()
    page.locator("#gear:popover-open").wait_for()
    breaks_no_rule(page, "gear")
    page.keyboard.press("Escape")
    page.get_by_label("Search your notifications").fill("nothing like that")
    page.get_by_text("No notification of yours says").wait_for()
    breaks_no_rule(page, "nothing found")
    page.goto("/settings#n-n-none")
    page.reload()
    page.get_by_text("no longer among yours").wait_for()
    breaks_no_rule(page, "row is gone")


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.usefixtures("hard")
def test_what_is_hard_to_show_stays_readable(panel, width, scheme):
    page = panel("Clara Weissenborn", width=width, scheme=scheme)
    breaks_no_rule(page, "list")
    row = row_of(page, "Thirty titles")
    rest = row.get_by_text("90090029")
    expect(rest).to_be_hidden()
    row.get_by_text("and 25 more").click()
    expect(rest).to_be_visible()
    expect(row_of(page, "<img src=x onerror=alert(1)>")).to_be_visible()
    assert page.locator(".row img, .row script").count() == 0
    breaks_no_rule(page, "unfolded")


def test_it_can_be_read_at_twice_the_size(panel):
    page = panel(width=720)  # what is left of 1,440 pixels at 200 %
    assert page.evaluate(TOO_WIDE) == 0
    assert page.get_by_role("link", name="Create notification").is_visible()


def test_the_list_tells_its_structure(panel):
    page = panel()
    assert page.get_by_role("heading", level=1).count() == 1
    group = page.get_by_role("region", name="Redelivery Requested")
    assert group.get_by_role("heading", level=2, name="Redelivery Requested").is_visible()
    assert group.get_by_role("list").get_by_role("listitem").count() == group.locator(".row").count() >= 3
    tags = group.locator(".row .tag:not(.tag-brass)").all_inner_texts()
    assert tags == sorted(tags)
    assert page.get_by_role("search").is_visible()
    row = row_of(page, "Blockers, second round")
    assert row.get_by_role("link", name="Edit Blockers, second round").is_visible()
    assert row.get_by_role("button", name="More for Blockers, second round").get_attribute("aria-expanded") == "false"


def test_the_search_answers_as_one_types_and_a_reload_keeps_it(panel):
    page = panel()
    everything = page.locator(".row").count()
    field = page.get_by_label("Search your notifications")
    field.press_sequentially("BLOCKERS sécond")
    page.locator("#count", has_text=f"1 of {everything} notifications").wait_for()
    expect(page.locator(".row")).to_have_count(1)
    assert page.locator("#count").get_attribute("role") == "status"
    assert field.evaluate("one => one === document.activeElement && one.value") == "BLOCKERS sécond"
    page.wait_for_url(re.compile(r"\?q=BLOCKERS\+s%C3%A9cond$"))
    page.get_by_role("link", name=re.compile("^Muted")).click()
    page.get_by_text("among your muted notifications").wait_for()
    has_focus(page, "tab-muted")
    page.reload()
    expect(field).to_have_value("BLOCKERS sécond")
    expect(page.get_by_role("link", name=re.compile("^Muted"))).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name=f"Show all {everything}").click()
    page.wait_for_url(re.compile(r"/settings$"))
    expect(page.locator(".row")).to_have_count(everything)


@pytest.mark.parametrize("width", [360, 1440])
def test_a_row_is_muted_and_unmuted_at_once_and_the_focus_stays(panel, width):
    page = panel(width=width)
    row = row_of(page, "Branded redeliveries")
    open_menu(page, row).get_by_role("button", name="Mute for a week").click()
    row.get_by_text("Muted until").wait_for()
    assert page.url.endswith("/settings")
    expect(page.locator("#menu")).to_be_hidden()
    has_focus(page, row.get_attribute("id"))
    assert page.locator("#toast").get_attribute("role") == "status"
    open_menu(page, row).get_by_role("button", name="Unmute").click()
    page.get_by_text("Unmuted.").wait_for()
    undo(page)
    row.get_by_text("Muted until").wait_for()
    undo(page)
    row.get_by_text("Muted until").wait_for(state="detached")


def test_a_row_is_muted_until_a_date(panel):
    page = panel()
    row = row_of(page, "Someone mentions me")
    menu = open_menu(page, row)
    menu.get_by_text("Mute until a date").click()
    assert "00:00 (Europe/Madrid)" in menu.inner_text()
    menu.get_by_label("Mute until", exact=True).fill("2030-01-01")
    menu.get_by_role("button", name="Mute", exact=True).click()
    row.get_by_text("Muted until Tue 1 Jan 2030").wait_for()
    undo(page)
    row.get_by_text("Muted until").wait_for(state="detached")


def test_after_a_deletion_the_focus_goes_to_the_next_row_and_undo_brings_it_back(panel):
    page = panel()
    ids = page.locator(".row").evaluate_all("rows => rows.map((row) => row.id)")
    row = row_of(page, "Leeds is late")
    id_ = row.get_attribute("id")
    open_menu(page, row).get_by_role("button", name="Delete").click()
    row.wait_for(state="detached")
    has_focus(page, ids[ids.index(id_) + 1])
    page.keyboard.press("Control+z")
    row.wait_for()
    has_focus(page, id_)
    expect(row).to_have_class(re.compile(r"\bis-new\b"))
    assert page.evaluate(
        "id => { const box = document.getElementById(id).getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }",
        id_,
    )


def test_everything_can_be_done_by_keyboard(panel):
    page = panel()
    row = row_of(page, "Three days left")
    button = row.get_by_role("button", name="More for")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#menu:popover-open").wait_for()
    named = "() => document.activeElement.innerText.trim()"
    assert page.evaluate(named) == "Mute for a day"
    expect(button).to_have_attribute("aria-expanded", "true")
    steps = {"ArrowDown": "Mute for a week", "End": "Delete", "ArrowUp": "Edit", "Home": "Mute for a day"}
    for key, name in steps.items():
        page.keyboard.press(key)
        assert page.evaluate(named) == name
    page.keyboard.press("ArrowUp")
    assert page.evaluate(named) == "Delete"
    page.keyboard.press("Escape")
    page.locator("#menu").wait_for(state="hidden")
    has_focus(page, row.get_attribute("id"))
    expect(button).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Space")
    page.locator("#menu:popover-open").wait_for()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.locator("#menu").wait_for(state="hidden")
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#menu:popover-open").wait_for()
    page.keyboard.press("Enter")
    row.get_by_text("Muted until").wait_for()
    has_focus(page, row.get_attribute("id"))
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    row.get_by_text("Muted until").wait_for(state="detached")
    has_focus(page, row.get_attribute("id"))


def test_the_gear_menu_opens_closes_and_is_walked_by_keyboard(panel):
    page = panel()
    gear = page.get_by_role("button", name="Settings", exact=True)
    gear.focus()
    page.keyboard.press("Enter")
    page.locator("#gear:popover-open").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Time zone and digests"
    page.keyboard.press("Escape")
    page.locator("#gear").wait_for(state="hidden")
    expect(gear).to_be_focused()


def test_pressing_the_dots_again_closes_the_menu(panel):
    page = panel()
    row = row_of(page, "New work, at once")
    open_menu(page, row)
    row.get_by_role("button", name="More for").click()
    page.locator("#menu").wait_for(state="hidden")
    open_menu(page, row)


def test_a_default_offers_mute_and_duplicate_and_says_why_no_more(panel):
    page = panel()
    row = page.get_by_role("region", name="Insight Changed").locator(".row")
    assert row.get_by_role("link").count() == 0
    menu = open_menu(page, row)
    assert menu.get_by_role("link").all_inner_texts() == ["Duplicate"]
    assert menu.get_by_role("button", name="Delete").count() == 0
    assert "It can be muted or duplicated, not changed." in menu.inner_text()


def test_the_toast_stays_while_one_looks_at_it(panel):
    page = panel()
    row = row_of(page, "My two shows: assignments")
    open_menu(page, row).get_by_role("button", name="Mute for a day").click()
    toast = page.locator(".toast")
    toast.wait_for()
    has_focus(page, row.get_attribute("id"))
    paused = ("animation-play-state", "paused")
    assert float(toast.evaluate("one => parseFloat(getComputedStyle(one).animationDuration)")) >= 10
    toast.hover()
    expect(toast).to_have_css(*paused)
    page.mouse.move(0, 0)
    expect(toast).not_to_have_css(*paused)
    page.get_by_role("button", name="Undo").focus()
    expect(toast).to_have_css(*paused)
    undo(page)
    page.get_by_text("Unmuted.").wait_for()


@pytest.mark.parametrize("address", ["/settings", "/settings?q=nothing&show=muted"])
@pytest.mark.parametrize("form", [str, lambda id_: id_.replace("%2F", "/")])
def test_a_mails_link_lands_on_the_row(panel, address, form):
    page = panel()
    page.goto(address)
    id_ = "n-source_request.assigned%2Ffulfillment_partner_operations"
    page.goto(f"{address}#{form(id_)}")
    expect(page.locator(".row:target")).to_have_attribute("id", id_)


def test_the_way_to_a_muted_row_is_open_too(panel):
    page = panel()
    id_ = page.locator(".row.is-muted").first.get_attribute("id")
    page.goto("/history")
    page.goto(f"/settings#{id_}")
    expect(page.locator(".row.is-muted:target")).to_have_count(1)


def test_a_link_to_a_row_that_is_gone_says_so(panel):
    page = panel()
    page.goto("/history")
    page.goto("/settings#n-n-none")
    page.get_by_text("no longer among yours: it was deleted, or your roles have changed").wait_for()


@pytest.mark.parametrize("width", [360, 1440])
def test_without_javascript_all_of_it_works(panel, width):
    page = panel(width=width, script=False)
    page.get_by_label("Search your notifications").fill("spanish dubs")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/settings?q=spanish+dubs*")
    page.get_by_role("link", name=re.compile("^Custom")).click()
    page.wait_for_url("**/settings?q=spanish+dubs&show=custom")
    row = row_of(page, "Spanish dubs of my two shows")
    row.get_by_role("button", name="More for").click()
    page.get_by_role("heading", name="Spanish dubs of my two shows").wait_for()
    page.get_by_role("button", name="Mute for a day").click()
    expect(row.get_by_text("Muted until")).to_be_visible()
    assert page.url.endswith("/settings?q=spanish+dubs&show=custom#n-" + row.get_attribute("id")[2:])
    row.get_by_role("button", name="More for").click()
    page.get_by_role("button", name="Unmute").click()
    page.get_by_text("Unmuted.").wait_for()
    expect(row).to_have_count(1)
    expect(row.get_by_text("Muted until")).to_have_count(0)
    undo(page)
    expect(row.get_by_text("Muted until")).to_be_visible()
    undo(page)
    expect(row.get_by_text("Muted until")).to_have_count(0)
    row.get_by_role("button", name="More for").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Deleted. It can be brought back").wait_for()
    expect(row).to_have_count(0)
    undo(page)
    expect(row).to_have_count(1)
    expect(row.get_by_text("Muted until")).to_have_count(0)


def test_a_lost_session_is_told_and_nothing_is_changed(new_page, meant):
    meant.update({401, 403})
    page = new_page()
    sign_in(page)
    page.context.clear_cookies()
    row_of(page, "New work, at once").get_by_role("button", name="More for").click()
    page.get_by_text("Your session has ended. Sign in again.").wait_for()
