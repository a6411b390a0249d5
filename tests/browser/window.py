"""What a person does in the window, and the notifications that tests need there."""

from __future__ import annotations

WHERE = [{"field": "severity", "op": "any_of", "value": ["Blocker"]}]
REDELIVERY = "delivery.redelivery_requested"
MAKE = """
async (body) => {
  const headers = {"Content-Type": "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf]").content};
  const answer = await fetch("/api/v1/notifications", {method: "POST", headers, body: JSON.stringify(body)});
  return (await answer.json()).id;
}
"""
CHANGE = """
async ({id, method, says}) => {
  const headers = {"Content-Type": "application/json", "X-CSRFToken": document.querySelector("meta[name=csrf]").content};
  const body = says && JSON.stringify(says);
  return (await fetch(`/api/v1/notifications/${id}`, {method, headers, body})).status;
}
"""
MINE = """
async (name) => (await (await fetch("/api/v1/notifications")).json()).filter((one) => one.name === name)
"""
FOCUS = "() => document.activeElement.id"


def make(page, name, **more):
    """Store a notification of the person who is signed in, and show the list with it."""
    body = {"name": name, "event_type": REDELIVERY, "where": WHERE, "frequency": "daily"} | more
    made = page.evaluate(MAKE, body)
    page.goto("/settings")
    return made


def change(page, notification_id, **says):
    assert page.evaluate(CHANGE, {"id": notification_id, "method": "PATCH", "says": says}) == 200


def open_new(page):
    page.get_by_role("link", name="Create notification").click()
    page.locator("#window[open]").wait_for()
    return page.locator("#window")


def open_edit(page, notification_id):
    page.locator(f"[hx-get='/settings/edit/{notification_id}']").first.click()
    page.locator("#window[open]").wait_for()
    settled(page)
    return page.locator("#window")


def settled(page):
    """Wait until the preview shows what the form says."""
    page.wait_for_function("() => document.querySelector('#preview:not([aria-busy=true]) .preview-sum')")
    page.wait_for_timeout(350)
    page.wait_for_function("() => !document.querySelector('#preview[aria-busy=true]')")


def choose_event(page, words):
    picker = page.get_by_role("combobox", name="Notify me when")
    picker.focus()
    page.keyboard.type(words)
    page.locator(".ts-dropdown .active", has_text=words).wait_for()
    page.keyboard.press("Enter")
    page.locator("#where select").first.wait_for()


def choose_field(page, key, field, op=None):
    page.locator(f"#field-{key}").select_option(label=field)
    page.locator(f"#op-{key}[aria-label='How {field} is compared']").wait_for()
    page.wait_for_timeout(500)  # the row is there before its picker is: a person needs as long to look
    if op:
        with page.expect_response("**/settings/draft"):
            page.locator(f"#op-{key}").select_option(label=op)


def pick(page, name, words):
    page.locator(".conditions").get_by_role("combobox", name=name, exact=True).last.click()
    page.keyboard.type(words)
    page.locator(".ts-dropdown .option.active", has_text=words).wait_for()
    page.keyboard.press("Enter")


def fill(page, name=""):
    """Fill a new window so that it can be saved."""
    choose_event(page, "Redelivery Requested")
    choose_field(page, 1, "Severity")
    pick(page, "Severity", "Blocker")
    page.keyboard.press("Escape")
    page.locator("#name").fill(name)
    ready(page)


def ready(page):
    page.locator("#save:enabled").wait_for()


def saved(page):
    page.locator("#window").wait_for(state="detached")
