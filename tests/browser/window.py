"""What a person does in the window, and the notifications that tests need there."""

from __future__ import annotations

from contextlib import contextmanager

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
ANSWERED = "() => !document.querySelector('#window-body.htmx-request, #window-body .htmx-request')"
SETTLED = "() => document.querySelector('#preview:not([aria-busy=true]) .preview-sum')"


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


def answered(page):
    """Wait until the form is as the last change of its shape made it."""
    page.wait_for_function(ANSWERED)


def settled(page):
    """Wait until the preview shows what the form says."""
    answered(page)
    page.wait_for_function(SETTLED)


@contextmanager
def answers_held(page, address):
    """Let the server's answers come only after what is done meanwhile."""
    held = []
    page.route(address, lambda one: held.append(one))  # noqa: PLW0108 - Playwright marks it, which a method does not take
    with page.expect_request(address):
        yield
    for one in held:
        one.continue_()
    page.unroute(address)
    answered(page)


def choose_event(page, words, *, is_answered=True):
    picker = page.get_by_role("combobox", name="Notify me when")
    picker.focus()
    page.keyboard.type(words)
    page.locator(".ts-dropdown .active", has_text=words).wait_for()
    page.keyboard.press("Enter")
    if is_answered:
        answered(page)
        page.locator("#where select").first.wait_for()


def choose_field(page, key, field, op=None):
    page.locator(f"#field-{key}").select_option(label=field)
    page.locator(f"#op-{key}[aria-label='How {field} is compared']").wait_for()
    if op:
        page.locator(f"#op-{key}").select_option(label=op)
        answered(page)


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
