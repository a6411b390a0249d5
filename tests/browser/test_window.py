"""The window in a real browser: every control, by keyboard and by mouse, with and without script."""

from __future__ import annotations

import re
from datetime import date

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import sign_in
from tests.browser.window import (
    FOCUS,
    REDELIVERY,
    WHERE,
    answered,
    answers_held,
    choose_event,
    choose_field,
    fill,
    make,
    open_edit,
    open_new,
    pick,
    ready,
    saved,
    settled,
)


@pytest.fixture
def settings_page(open_page):
    """Open Ana's settings."""

    def open_at(**options):
        page = open_page(**options)
        sign_in(page)
        return page

    return open_at


def test_a_notification_is_made_by_keyboard_alone(settings_page):
    page = settings_page()
    page.get_by_role("link", name="Create notification").focus()
    page.keyboard.press("Enter")
    page.locator("#window[open]").wait_for()
    page.wait_for_function("() => document.activeElement.id === 'event_type-ts-control'")
    expect(page.locator("#save")).to_be_disabled()
    page.keyboard.type("rejected by auto")  # words of the description find it too
    page.locator(".ts-dropdown .active", has_text="Redelivery Requested").wait_for()
    page.keyboard.press("Enter")
    page.locator("#field-1").wait_for()
    assert page.evaluate(FOCUS) == "event_type-ts-control"
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "field-1"
    page.keyboard.type("Content T")
    page.locator("#op-1[aria-label='How Content Type is compared']").wait_for()
    assert page.evaluate(FOCUS) == "field-1"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "value-1-ts-control"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("Lic")
    page.keyboard.press("Enter")
    page.locator("#chosen-1", has_text="Chosen: Branded, Licensed.").wait_for(state="attached")
    page.keyboard.press("Escape")
    expect(page.locator("#window[open]")).to_be_visible()
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS) == "add"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Weekly")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("By keyboard")
    ready(page)
    for place in ("preview", "cancel", "save"):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS) == place
    page.keyboard.press("Enter")
    saved(page)
    row = page.locator(".row", has_text="By keyboard")
    expect(row).to_have_count(1)
    expect(page.get_by_text("Saved: By keyboard, weekly.")).to_be_visible()
    row.locator(":focus").wait_for()
    page.get_by_role("button", name="Undo").click()
    row.wait_for(state="detached")


def test_event_types_are_grouped_and_say_what_they_mean(settings_page):
    page = settings_page()
    open_new(page)
    page.locator("#event_type + .ts-wrapper .ts-control").click()
    page.locator(".ts-dropdown .optgroup-header").first.wait_for()
    groups = page.locator(".ts-dropdown .optgroup-header").all_text_contents()
    assert groups[:2] == ["Source requests", "Deliveries"]
    assert page.locator(".ts-dropdown .option").first.text_content().startswith("Source Request Created")
    page.keyboard.type("nothing like it")
    expect(page.locator(".ts-dropdown .no-results")).to_contain_text("Nothing is called “nothing like it”.")


VALUES = [
    ("Title", "starts with", lambda page: page.get_by_role("textbox", name="Title", exact=True).fill("Monsoon")),
    ("Redelivery Round", "is at least", lambda page: page.get_by_role("spinbutton", name="Redelivery Round").fill("2")),
    ("Due Date", "is before", lambda page: page.locator("#value-1").fill(date(2026, 12, 1).isoformat())),
    ("Due Date", "is within the next … days", lambda page: page.get_by_role("spinbutton", name="Due Date, days").fill("14")),
    ("Due Date", "is overdue", lambda _: None),
    ("Language", "is any of, with regional variants", lambda page: pick(page, "Language", "Spanish, Latin")),
    ("Content Partner", "is any of, including its sites", lambda page: pick(page, "Content Partner", "Bracken")),
    ("Title ID", "is none of", lambda page: pick(page, "Title ID", "S1")),
    ("Tags", "is none of", lambda page: pick(page, "Tags", "Rush")),
]  # fmt: skip


def test_every_kind_of_value_has_its_control(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    for field, op, fill_in in VALUES:
        choose_field(page, 1, field, op)
        fill_in(page)
        ready(page)
        page.wait_for_function(
            "(said) => document.querySelector('#name').placeholder.startsWith(said)",
            arg=f"Redelivery Requested where {field} ",
        )


def test_a_range_and_a_yes_or_no_have_their_controls(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Redelivery Round", "is between")
    page.get_by_label("Redelivery Round, lowest").fill("3")
    page.get_by_label("Redelivery Round, highest").fill("1")
    page.locator("#fault-1", has_text="the first number must not be above the second").wait_for()
    expect(page.locator("#value-1")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Redelivery Round, highest").fill("4")
    ready(page)
    expect(page.locator("#fault-1")).to_have_text("")
    choose_event(page, "Comment Added")
    choose_field(page, 2, "Mentions me")
    page.locator("#value-2").select_option("yes")
    ready(page)


def test_unknown_codes_can_be_typed_and_chips_be_removed(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Package ID")
    page.get_by_role("combobox", name="Package ID", exact=True).click()
    page.keyboard.type("PKG-UNKNOWN-7")
    page.locator(".ts-dropdown .create", has_text="Use “PKG-UNKNOWN-7” as it is").click()
    ready(page)
    page.keyboard.press("Backspace")
    page.get_by_text("Choose at least one Package ID.").wait_for()
    expect(page.locator("#save")).to_be_disabled()


def test_what_was_chosen_before_leaves_its_picker_where_it_can_be_clicked(settings_page):
    page = settings_page()
    open_edit(page, make(page, "Chosen before"))
    pick(page, "Severity", "Issue")
    assert page.locator("#value-1").evaluate("(one) => one.tomselect.items") == ["Blocker", "Issue"]


def test_who_is_faster_than_the_answers_loses_nothing(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Redelivery Round")
    slow = {"offline": False, "latency": 300, "downloadThroughput": -1, "uploadThroughput": -1}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.locator("#op-1").select_option(label="is at most")
    page.locator("#value-1").fill("7")
    page.get_by_role("button", name="Add condition").click()
    page.locator("#name").fill("Typed meanwhile")
    page.locator("#field-2").wait_for()
    for field in ("Tags", "Due Date", "Title"):
        page.locator("#field-2").select_option(label=field)
    page.locator("#op-2[aria-label='How Title is compared']").wait_for()
    page.locator("#value-2").fill("Salt")
    settled(page)
    ready(page)
    expect(page.locator("#op-1")).to_have_value("at_most")
    expect(page.locator("#value-1")).to_have_value("7")
    expect(page.locator("#field-2")).to_have_value("title")
    expect(page.locator("#name")).to_have_value("Typed meanwhile")


def test_conditions_come_and_go_with_the_focus(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    expect(page.get_by_role("button", name="Remove condition 1")).to_be_hidden()
    choose_field(page, 1, "Severity")
    page.get_by_role("button", name="Add condition").click()
    page.wait_for_function("() => document.activeElement.id === 'field-2'")
    page.get_by_role("button", name="Add condition").click()
    page.wait_for_function("() => document.activeElement.id === 'field-3'")
    page.get_by_role("button", name="Remove condition 2").click()
    page.wait_for_function("() => document.activeElement.id === 'field-3'")
    expect(page.locator(".condition")).to_have_count(2)
    page.get_by_role("button", name="Remove condition 2").click()
    page.wait_for_function("() => document.activeElement.id === 'field-1'")
    expect(page.locator("#field-1")).to_have_value("severity")


def test_a_field_is_found_by_its_letters_however_slowly_they_come(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    page.locator("#field-1").focus()
    for letter in "Content P":  # the first letters name another field, and its row comes before the next letter
        page.keyboard.type(letter)
        answered(page)
    page.locator("#op-1[aria-label='How Content Partner is compared']").wait_for()
    assert page.evaluate(FOCUS) == "field-1"


def test_an_answer_leaves_the_focus_where_its_person_has_gone(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Severity")
    page.locator("#op-1").focus()
    with answers_held(page, "**/settings/draft"):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS) == "value-1-ts-control"
    page.locator("#op-1 option:checked", has_text="is none of").wait_for(state="attached")
    assert page.evaluate(FOCUS) == "value-1-ts-control"
    with answers_held(page, "**/settings/draft"):
        page.get_by_role("button", name="Add condition").click()
        page.locator("#name").focus()
    page.locator("#field-2").wait_for()
    assert page.evaluate(FOCUS) == "name"
    with answers_held(page, "**/settings/draft"):
        choose_event(page, "Comment Added", is_answered=False)
        page.get_by_role("link", name="Cancel", exact=True).focus()
    page.get_by_role("button", name="Put it back").wait_for()
    assert page.evaluate(FOCUS) == "cancel"


def test_a_preview_that_comes_after_its_condition_was_removed_is_passed_over(settings_page):
    page = settings_page()
    open_new(page)
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Severity")
    page.get_by_role("button", name="Add condition").click()
    page.locator("#field-2").wait_for()
    settled(page)
    with answers_held(page, "**/settings/preview"):
        with page.expect_request("**/settings/preview"):
            page.locator("#name").fill("Two conditions")
        page.get_by_role("button", name="Remove condition 2").click()
        page.locator("#row-2").wait_for(state="detached")
    settled(page)
    expect(page.locator("#reason")).to_have_text("Choose at least one Severity.")


def test_another_event_type_says_what_it_drops_and_puts_it_back(settings_page):
    page = settings_page()
    mine = make(
        page, "Dropped and back", where=[*WHERE, {"field": "content_type", "op": "any_of", "value": ["Branded"]}]
    )
    open_edit(page, mine)
    choose_event(page, "Comment Added")
    note = page.get_by_text("“Severity is Blocker” does not fit “Comment Added”, so it was dropped.")
    note.wait_for()
    expect(page.locator(".condition")).to_have_count(1)
    page.get_by_role("button", name="Put it back").click()
    note.wait_for(state="detached")
    expect(page.locator(".condition")).to_have_count(2)
    expect(page.locator("#row-1 .item")).to_have_text(re.compile("^Blocker"))
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.locator("#window").wait_for(state="detached")


def test_the_preview_follows_what_is_typed(settings_page):
    page = settings_page()
    open_new(page)
    fill(page)
    settled(page)
    pane = page.locator("#preview")
    assert re.fullmatch(r"\d+ events? of \d+ match(es)?", " ".join(pane.locator(".preview-sum").inner_text().split()))
    assert pane.locator("tr").count() == 4
    assert pane.locator("tr.is-chosen th").inner_text().startswith("Daily")
    page.get_by_role("radio", name="Weekly").check()
    pane.locator("tr.is-chosen", has_text="Weekly").wait_for()
    box = pane.bounding_box()
    page.get_by_role("button", name="Add condition").click()
    page.locator("#field-2").wait_for()
    choose_field(page, 2, "Redelivery Round")
    page.locator("#value-2").fill("999")
    pane.get_by_text("Nothing of the last 30 days matches. It may still, later.").wait_for()
    assert pane.bounding_box() == box
    expect(page.locator("#heard")).to_have_text(re.compile("^0 of "))
    pane.get_by_text(re.compile("“Redelivery Round is at least 999” match(es)? nothing even alone.")).wait_for()


def test_the_reason_stands_beside_save_and_belongs_to_it(settings_page):
    page = settings_page()
    open_new(page)
    save = page.locator("#save")
    expect(save).to_be_disabled()
    described = page.locator(f"#{save.get_attribute('aria-describedby')}")
    expect(described).to_have_text("Choose what you want to be notified of.")
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Severity")
    page.get_by_text("Choose at least one Severity.").wait_for()
    pick(page, "Severity", "Blocker")
    ready(page)
    expect(described).to_have_text("")


def test_a_default_is_duplicated_and_its_original_muted(settings_page):
    page = settings_page()
    page.locator("[formaction*='menu/default/delivery.redelivery_requested']").click()
    page.get_by_role("link", name="Duplicate").click()
    page.locator("#window[open]").wait_for()
    expect(page.get_by_role("heading", name="Duplicate notification")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#window").wait_for(state="detached")
    dots = page.locator("[formaction*='menu/default/delivery.redelivery_requested']")
    expect(dots).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Duplicate").click()
    page.locator("#window[open]").wait_for()
    page.get_by_text("If you leave it on, what matches both is one mail, at the fastest frequency.").wait_for()
    page.get_by_role("checkbox", name="Mute the original Default").check()
    page.locator("#name").fill("Copied from a Default")
    ready(page)
    page.locator("#save").click()
    saved(page)
    page.get_by_text("The original Default is muted.").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("the original Default counts again").wait_for()


def test_without_script_the_form_works(open_page):
    page = open_page(script=False)
    sign_in(page)
    page.goto("/settings/new")
    page.locator("#event_type").select_option(REDELIVERY)
    page.get_by_role("button", name="Show what it can be narrowed by").click()
    page.locator("#field-1").select_option("severity")
    page.get_by_role("button", name="Show the matching choices").click()
    page.locator("#value-1").select_option(["Blocker"])
    page.get_by_role("button", name="Add condition").click()
    page.locator("#field-2").select_option("title_id")
    page.get_by_role("button", name="Show the matching choices").click()
    page.get_by_label("One more Title ID").fill("90000002")
    page.get_by_label("Name").fill("Without script")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/settings#n-"))
    expect(page.locator(".row", has_text="Without script")).to_have_count(1)


def test_a_direct_link_opens_the_form_as_a_page(settings_page):
    page = settings_page()
    page.goto("/settings/new")
    fill(page, "By direct link")
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Keep editing").click()
    page.locator("#save").click()
    page.wait_for_url(re.compile(r"/settings#n-"))
    expect(page.locator(".row", has_text="By direct link")).to_have_count(1)
