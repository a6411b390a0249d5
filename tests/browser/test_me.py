"""The person's own settings in a real browser: the zone of the browser, what follows, keyboard, no script, axe."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import sign_in

PAGE = "/settings/me"
TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
AGATA = "Agata Mroczek"


@pytest.fixture
def open_in(new_page):
    """Open a signed-in page in a browser that stands in a time zone."""

    def open_at(zone, *, name=AGATA, **options):
        page = new_page(timezone_id=zone, **options)
        sign_in(page, name)
        page.goto(PAGE)
        return page

    return open_at


def note_of(page):
    return page.get_by_role("region", name="Time zone of this browser")


def set_zone(page, zone):
    """Set the zone as a form would, whatever the page shows."""
    page.evaluate(
        """async (zone) => {
          const sent = new FormData(document.getElementById("me-form"));
          sent.set("time_zone", zone);
          sent.set("do", "save");
          await fetch("/settings/me", { method: "POST", body: sent });
        }""",
        zone,
    )
    page.goto(PAGE)


def test_a_browser_elsewhere_is_asked_about_and_its_zone_taken_at_a_click(open_in):
    page = open_in("Europe/Paris")
    set_zone(page, "UTC")
    expect(note_of(page).get_by_text("This browser is in Europe/Paris; your digests go by UTC.")).to_be_visible()
    note_of(page).get_by_role("button", name="Use Europe/Paris").click()
    page.get_by_text("Saved: your time zone is Europe/Paris.").wait_for()
    expect(page.get_by_text("Times are Europe/Paris")).to_be_visible()
    expect(note_of(page)).to_be_hidden()


def test_a_zone_that_is_kept_is_not_asked_about_again(open_in):
    page = open_in("Asia/Tokyo")
    set_zone(page, "UTC")
    with page.expect_navigation(url=f"**{PAGE}"):
        note_of(page).get_by_role("button", name="Keep UTC").click()
    expect(page.get_by_text("Times are UTC")).to_be_visible()
    expect(note_of(page)).to_be_hidden()
    page.reload()
    expect(page.get_by_text("Times are UTC")).to_be_visible()
    expect(note_of(page)).to_be_hidden()
    set_zone(page, "Europe/Rome")
    expect(note_of(page).get_by_text("your digests go by Europe/Rome")).to_be_visible()


@pytest.mark.parametrize(
    ("browser_zone", "stored"),
    [("Asia/Calcutta", "Asia/Kolkata"), ("Asia/Kolkata", "Asia/Kolkata"), ("UTC", "UTC"), ("Etc/UTC", "UTC"),
     ("Europe/Kiev", "Europe/Kyiv"), ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires")],
)  # fmt: skip
def test_an_older_name_of_the_same_zone_is_no_question(open_in, browser_zone, stored):
    page = open_in(browser_zone)
    set_zone(page, stored)
    expect(note_of(page)).to_be_hidden()


def test_what_follows_is_told_as_soon_as_something_changes_and_saved_only_then(open_in):
    page = open_in("UTC")
    set_zone(page, "UTC")
    page.get_by_label("Digests leave at").select_option("21:00")
    page.get_by_text("Not saved yet").wait_for()
    page.locator(".me-next dd", has_text="21:00").first.wait_for()
    page.reload()
    expect(page.get_by_text("Not saved yet")).to_have_count(0)
    page.get_by_label("Digests leave at").select_option("20:00")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: daily and weekly digests leave at 20:00.").wait_for()
    expect(page.get_by_label("Digests leave at")).to_have_value("20")


def test_the_zone_is_found_by_an_older_name_with_the_keyboard_alone(open_in):
    page = open_in("UTC")
    set_zone(page, "UTC")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("calcutta")
    page.locator(".ts-dropdown .active", has_text="Asia/Kolkata").wait_for()
    page.keyboard.press("Enter")
    page.get_by_text("Times are Asia/Kolkata").wait_for()
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Save"
    page.keyboard.press("Enter")
    page.get_by_text("Saved: your time zone is Asia/Kolkata.").wait_for()


def test_a_double_click_saves_once(open_in):
    page = open_in("UTC")
    page.get_by_label("Weekly digests leave on").select_option("Sunday")
    page.get_by_role("button", name="Save").dblclick()
    page.get_by_text("Saved: weekly digests leave on Sunday.").wait_for()
    page.get_by_label("Weekly digests leave on").select_option("Monday")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: weekly digests leave on Monday.").wait_for()


def test_an_ended_session_keeps_what_was_chosen(open_in, meant):
    meant.update({401, 403})
    page = open_in("UTC")
    page.get_by_label("Digests leave at").select_option("05:00")
    page.get_by_text("Not saved yet").wait_for()
    kept = page.context.cookies()
    page.context.clear_cookies()
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        page.get_by_role("button", name="Save").click()
    assert answer.value.status in {401, 403}
    page.get_by_text("Your session has ended").first.wait_for()
    expect(page.get_by_label("Digests leave at")).to_have_value("5")
    page.context.add_cookies(kept)
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: daily and weekly digests leave at 05:00.").wait_for()


def test_without_script_everything_is_there(open_page):
    page = open_page(script=False)
    sign_in(page, AGATA)
    page.goto(PAGE)
    expect(page.locator("#zone-note")).to_be_hidden()
    page.get_by_label("Time zone", exact=True).select_option("Pacific/Auckland")
    page.get_by_label("Digests leave at").select_option("06:00")
    page.get_by_role("button", name="Show what follows").click()
    expect(page.get_by_text("Times are Pacific/Auckland")).to_be_visible()
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: your time zone is Pacific/Auckland")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_the_page_breaks_no_rule_in_any_state(open_in, scheme, width):
    page = open_in("Asia/Tokyo", color_scheme=scheme, viewport={"width": width, "height": 900})
    set_zone(page, "America/Argentina/ComodRivadavia")

    def check():
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate(TOO_WIDE) == 0

    expect(note_of(page)).to_be_visible()
    check()
    page.locator(".ts-control").click()
    page.keyboard.type("arg")
    page.locator(".ts-dropdown .option").first.wait_for()
    check()
    page.keyboard.type("xyz")
    page.get_by_text("There is no such time zone.").wait_for()
    check()
    page.keyboard.press("Escape")
    page.get_by_label("Mail me about my own actions too").check()
    page.get_by_text("Not saved yet").wait_for()
    check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved: your own actions are mailed to you.").wait_for()
    check()
    page.get_by_label("Mail me about my own actions too").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("your own actions are not mailed to you").wait_for()


def test_at_twice_the_size_nothing_is_cut(open_in):
    page = open_in("Asia/Tokyo", viewport={"width": 640, "height": 450}, device_scale_factor=2)
    assert page.evaluate(TOO_WIDE) == 0
    page.get_by_role("button", name="Save").scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def test_nothing_shifts_while_the_page_loads(open_in):
    page = open_in("Asia/Tokyo")
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => { for (const one of list.getEntries()) window.shift += one.value; })
          .observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(PAGE, wait_until="networkidle")
    assert page.evaluate("window.shift") < 0.001


# The note on the settings panel


def test_the_panel_asks_about_the_browsers_zone_too_and_leads_back_to_itself(open_in):
    page = open_in("Europe/Paris")
    set_zone(page, "UTC")
    page.goto("/settings")
    note_of(page).get_by_role("button", name="Use Europe/Paris").click()
    page.wait_for_url("**/settings")
    page.get_by_text("Saved: your time zone is Europe/Paris.").wait_for()
    expect(note_of(page)).to_be_hidden()
