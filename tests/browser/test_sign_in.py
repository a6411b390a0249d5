"""Signing in in a real browser: by a code out of the mailbox, by a password, with and without JavaScript."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.integration.web.mails import CODE, PATIENCE_S, text_of

from callboard.mail.mailbox import Mailbox, parse

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PASSWORD = "curtain call at eight"
LOOKS = [("light", 1440), ("dark", 360)]


def codes_to(site, email):
    mailbox = Mailbox(site.home / "mailbox.sqlite3")
    found = [mailbox.read(one.id) for one in mailbox.latest(recipient=email) if "sign-in code" in one.subject]
    return [code for one in found if one is not None for code in CODE.findall(text_of(parse(one[1])))]


def newest_code(site, email, count):
    """Wait until the person has got so many codes; return the newest."""
    until = time.monotonic() + PATIENCE_S
    while len(codes_to(site, email)) < count:
        assert time.monotonic() < until, "no code came"
        time.sleep(0.05)
    return codes_to(site, email)[0]


def with_focus(page, label):
    """Return a field, which the page has given the focus."""
    field = page.get_by_label(label)
    expect(field).to_be_focused()
    return field


def is_fit(page):
    """Hold that the page breaks no rule of accessibility and fits its width."""
    page.wait_for_load_state()
    assert page.evaluate(TOO_WIDE) == 0
    assert page.locator("h1").count() == 1
    broken = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in broken] == []


@pytest.mark.parametrize("script", [True, False])
def test_a_code_from_the_mailbox_signs_in_and_leads_back(open_page, site, script):
    email = "clara@lexiloom.example" if script else "poppy@brackenfold.example"
    page = open_page("/history", script=script)
    assert urlsplit(page.url).path == "/sign-in"
    with_focus(page, "E-mail address").press_sequentially(email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code*")
    with_focus(page, "Code").press_sequentially("AAA-AAA")
    page.keyboard.press("Enter")
    page.get_by_text("4 tries are left").wait_for()
    with_focus(page, "Code").press_sequentially(newest_code(site, email, 1).lower().replace("-", " "))
    page.keyboard.press("Enter")
    page.wait_for_url("**/history")


@pytest.mark.parametrize("script", [True, False])
def test_no_way_into_the_page_is_a_dead_end(open_page, script):
    page = open_page("/sign-in", script=script)
    page.get_by_role("button", name="Use my password instead").click()
    page.get_by_label("E-mail address").fill("agata@plumbline.example")
    page.get_by_label("Password").fill("not the password")
    page.keyboard.press("Enter")
    page.get_by_text("do not belong together").wait_for()
    with_focus(page, "Password")
    page.get_by_role("button", name="Send me a code instead").click()
    page.wait_for_url("**/sign-in/code")
    page.get_by_role("button", name="Send a new code").click()
    page.get_by_text("A new code is on its way").wait_for()
    page.get_by_role("link", name="Use another address").click()
    page.wait_for_url("**/sign-in")
    expect(page.get_by_role("button", name="Send me a code").first).to_be_visible()


def test_a_password_is_set_and_signs_in(open_page, site):
    page = open_page("/sign-in")
    page.get_by_label("E-mail address").fill("mio@sugiharbor.example")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/code")
    page.get_by_label("Code").fill(newest_code(site, "mio@sugiharbor.example", 1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")
    page.goto("/settings/password")
    for label in ("New password", "The same once more"):
        page.get_by_label(label).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("Your password is set.").wait_for()
    expect(page.get_by_label("Current password")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/sign-in?way=password")
    with_focus(page, "E-mail address").press_sequentially("mio@sugiharbor.example")
    page.keyboard.press("Tab")
    with_focus(page, "Password").press_sequentially(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_of_signing_in_fits_and_breaks_no_rule(open_page, site, scheme, width):
    email = "olivia@brackenfold.example" if scheme == "light" else "gemma@copperglass.example"
    page = open_page("/sign-in?ended=1", scheme=scheme, width=width)
    is_fit(page)
    page.goto("/sign-in?way=password&set=1")
    is_fit(page)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("not the password")
    page.keyboard.press("Enter")
    page.get_by_text("do not belong together").wait_for()
    is_fit(page)
    page.get_by_role("button", name="Send me a code instead").click()
    page.get_by_label("Code").fill("AAA-AAA")
    page.keyboard.press("Enter")
    page.get_by_text("4 tries are left").wait_for()
    is_fit(page)
    newest_code(site, email, 1)  # the first is there before the second is asked for
    page.get_by_role("button", name="Send a new code").click()
    page.get_by_text("A new code is on its way").wait_for()
    page.get_by_label("Code").fill(newest_code(site, email, 2))
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")
    page.goto("/settings/password")
    page.get_by_label("New password").fill("short")
    page.get_by_label("The same once more").fill("short")
    page.keyboard.press("Enter")
    page.get_by_text("too short").wait_for()
    is_fit(page)


ADDRESSES = {"light": "fiona@brackenfold.example", "dark": "femi@copperglass.example"}
KEYS = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def with_device(page):
    """Give a page a device that keeps passkeys."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEYS})


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_a_passkey_and_an_app_are_set_up_and_sign_in(open_page, site, scheme, width):
    email, place = ADDRESSES[scheme], f"http://localhost:{urlsplit(site.url).port}"  # passkeys need a name
    page = open_page(f"{place}/sign-in", scheme=scheme, width=width)
    with_device(page)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    page.get_by_label("E-mail address").fill(email)
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(newest_code(site, email, 1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")
    page.goto(f"{place}/settings/security")
    is_fit(page)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Laptop")
    is_fit(page)
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    recovery = page.locator(".recovery code").all_inner_texts()
    is_fit(page)
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    is_fit(page)
    page.get_by_label("Code of the app").fill(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    page.keyboard.press("Enter")
    page.get_by_text("The app is set up.").wait_for()
    is_fit(page)
    page.get_by_role("link", name="Rename Laptop").click()
    is_fit(page)
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name="Remove Laptop").click()
    is_fit(page)
    page.context.clear_cookies()
    page.goto(f"{place}/sign-in")
    is_fit(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/settings")
    page.context.clear_cookies()
    page.goto(f"{place}/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.keyboard.press("Enter")
    page.get_by_label("Code").fill(newest_code(site, email, 2))
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/second")
    page.get_by_label("Code").fill("000000")
    page.keyboard.press("Enter")
    page.get_by_text("This did not work.").wait_for()
    is_fit(page)
    page.get_by_label("Code").fill(recovery[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_a_new_password_is_asked_for_and_set_by_the_link(open_page, site, scheme, width):
    email = ADDRESSES[scheme]
    page = open_page("/sign-in/reset", scheme=scheme, width=width)
    is_fit(page)
    with_focus(page, "E-mail address").fill(email)
    page.keyboard.press("Enter")
    page.get_by_text("is on its way").wait_for()
    is_fit(page)
    page.goto(newest_link(site, email))
    is_fit(page)
    for label in ("New password", "The same once more"):
        page.get_by_label(label).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("The password is set.").wait_for()
    page.goto("/welcome/MQ/x-y/")
    page.get_by_text("This link has ended").wait_for()
    is_fit(page)


def newest_link(site, email):
    """Wait for the mail with a link; return the link."""
    mailbox = Mailbox(site.home / "mailbox.sqlite3")
    until = time.monotonic() + PATIENCE_S
    while True:
        found = [one for one in mailbox.latest(recipient=email) if "new Callboard password" in one.subject]
        read = mailbox.read(found[0].id) if found else None
        if read is not None:
            return re.findall(r"^http\S+$", text_of(parse(read[1])), re.MULTILINE)[0]
        assert time.monotonic() < until, "no mail came"
        time.sleep(0.05)
