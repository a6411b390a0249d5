"""The window in a real browser: nothing that was typed is lost, nothing is saved twice, and everyone can use it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import sign_in
from tests.browser.window import (
    CHANGE,
    MINE,
    change,
    choose_event,
    fill,
    make,
    open_edit,
    open_new,
    ready,
    saved,
    settled,
)

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def settings_page(open_page):
    """Open Ana's settings."""

    def open_at(**options):
        page = open_page(**options)
        sign_in(page)
        return page

    return open_at


def violations(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]


def test_a_double_click_saves_once(settings_page):
    page = settings_page()
    open_new(page)
    fill(page, "Only once")
    page.locator("#save").dblclick()
    saved(page)
    assert len(page.evaluate(MINE, "Only once")) == 1


@pytest.mark.parametrize("way", ["Escape", "close", "Cancel", "backdrop"])
def test_leaving_with_changes_asks(settings_page, way):
    page = settings_page()
    opener = page.get_by_role("link", name="Create notification")

    def leave():
        if way == "Escape":
            page.keyboard.press("Escape")
        elif way == "close":
            page.get_by_role("button", name="Close").click()
        elif way == "Cancel":
            page.get_by_role("link", name="Cancel", exact=True).click()
        else:
            page.mouse.click(8, 450)

    open_new(page)
    leave()  # nothing was typed: no question
    page.locator("#window").wait_for(state="detached")
    expect(opener).to_be_focused()
    open_new(page)
    fill(page, "Typed")
    for _ in range(3):
        leave()
        question = page.get_by_role("dialog", name="Discard changes?")
        question.wait_for()
        expect(question.get_by_role("button", name="Keep editing")).to_be_focused()
        page.keyboard.press("Escape")
        question.wait_for(state="hidden")
        expect(page.locator("#name")).to_have_value("Typed")
    leave()
    page.get_by_role("button", name="Discard").click()
    page.locator("#window").wait_for(state="detached")
    expect(opener).to_be_focused()


def test_closing_the_tab_with_changes_asks(settings_page):
    page = settings_page()
    open_new(page)
    fill(page, "Typed")
    asked = []

    def accept(dialog):
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    page.goto("/history")
    assert asked == ["beforeunload"]


def test_an_unchanged_window_lets_the_tab_go(settings_page):
    page = settings_page()
    mine = make(page, "Let go")
    open_edit(page, mine)
    page.on("dialog", lambda dialog: pytest.fail(dialog.type))
    page.goto("/history")


def test_two_tabs_are_told_of_each_other(settings_page, meant):
    meant.update({409})
    page = settings_page()
    mine = make(page, "In two tabs")
    open_edit(page, mine)
    change(page, mine, frequency="hourly")
    page.get_by_role("radio", name="Weekly").check()
    ready(page)
    page.locator("#save").click()
    page.get_by_text("saved this notification after you opened it").wait_for()
    expect(page.locator(".newer")).to_contain_text("hourly")
    expect(page.get_by_role("radio", name="Weekly")).to_be_checked()
    page.get_by_role("button", name="Save mine over it").click()
    saved(page)
    assert [one["frequency"] for one in page.evaluate(MINE, "In two tabs")] == ["weekly"]
    open_edit(page, mine)
    change(page, mine, frequency="daily")
    page.get_by_role("radio", name="Immediately").check()
    ready(page)
    page.locator("#save").click()
    page.get_by_role("link", name="Take the newer one").click()
    page.wait_for_function("() => document.querySelector('#frequency-daily').checked")
    page.keyboard.press("Escape")  # nothing is changed any more
    page.locator("#window").wait_for(state="detached")


def test_what_was_deleted_in_another_tab_can_be_saved_as_new(settings_page, meant):
    meant.update({409})
    page = settings_page()
    mine = make(page, "Deleted elsewhere")
    open_edit(page, mine)
    page.evaluate(CHANGE, {"id": mine, "method": "DELETE"})
    page.get_by_role("radio", name="Weekly").check()
    ready(page)
    page.locator("#save").click()
    page.get_by_text("This notification was deleted elsewhere").wait_for()
    page.get_by_role("button", name="Save as new").click()
    saved(page)
    assert [one["frequency"] for one in page.evaluate(MINE, "Deleted elsewhere")] == ["weekly"]


def test_an_ended_session_keeps_what_was_typed_and_saves_after_signing_in_again(settings_page, meant):
    meant.update({401, 403})
    page = settings_page()
    open_new(page)
    fill(page, "Session ended")
    page.context.clear_cookies()
    page.locator("#save").click()
    page.get_by_text("Your session has ended.").wait_for()
    expect(page.locator("#name")).to_have_value("Session ended")
    link = page.get_by_role("link", name="Sign in in a new tab")
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener")
    other = page.context.new_page()
    sign_in(other)
    page.bring_to_front()
    page.locator("#save").click()
    saved(page)
    assert len(page.evaluate(MINE, "Session ended")) == 1


def test_what_one_person_typed_is_not_saved_under_another(settings_page, meant):
    meant.update({403, 409})
    page = settings_page()
    open_new(page)
    fill(page, "Whose is it")
    page.context.clear_cookies()
    other = page.context.new_page()
    sign_in(other, "Helen Marchbanks")
    page.bring_to_front()
    page.locator("#save").click()
    page.get_by_text("You are signed in as Helen Marchbanks now").wait_for()
    expect(page.locator("#name")).to_have_value("Whose is it")
    assert page.evaluate(MINE, "Whose is it") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_state_of_the_window_breaks_a_rule(settings_page, meant, width, scheme):
    meant.update({409})
    page = settings_page(width=width, scheme=scheme)
    mine = make(page, "States")
    open_new(page)
    assert violations(page) == []
    page.locator("#event_type + .ts-wrapper .ts-control").click()
    assert violations(page) == []
    fill(page, "Typed")
    settled(page)
    assert violations(page) == []
    page.get_by_role("combobox", name="Severity", exact=True).click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Discard changes?").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Discard").click()
    page.locator("#window").wait_for(state="detached")
    open_edit(page, mine)
    choose_event(page, "Comment Added")
    page.get_by_role("button", name="Put it back").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Put it back").click()
    page.locator("#value-1").wait_for(state="attached")
    change(page, mine, frequency="hourly")
    page.get_by_role("radio", name="Weekly").check()
    ready(page)
    page.locator("#save").click()
    page.get_by_text("saved this notification after you opened it").wait_for()
    assert violations(page) == []
    page.goto("/settings/new")
    assert page.evaluate(TOO_WIDE) == 0
    assert violations(page) == []


@pytest.mark.parametrize("width", [360, 720])
def test_nothing_is_wider_than_the_screen_and_save_stays_in_sight(settings_page, width):
    page = settings_page(width=width)
    window = open_new(page)
    fill(page, "Typed")
    settled(page)
    box = window.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert (
        page.evaluate(
            "() => { const one = document.querySelector('.window-main'); return one.scrollWidth - one.clientWidth }"
        )
        == 0
    )
    assert page.locator("#save").bounding_box()["y"] < 900
