"""The operators' console in a real browser: narrow and wide, light and dark, by keyboard, without a single fault."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect
from tests.browser.conftest import environment

TOO_WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
CUT_OFF = """() => [...document.querySelectorAll(".table-card")]
    .filter((one) => one.scrollWidth > one.clientWidth).length"""
TROUBLE = """
import django
django.setup()
from importlib import import_module
from datetime import UTC, datetime, timedelta
from django.conf import settings
from django.contrib import auth
from callboard.intake import store as log
from django.test import Client
from callboard.mail import store as outbox
from callboard.people.models import User
from callboard.people.store import make_operator

now = datetime.now(UTC)
outbox.suppress("nobody-here@quillhaven.example", "550 5.1.1 no such user", now)
outbox.open_breaker("far.example", now, timedelta(hours=1), "far.example refuses us: 550 5.7.1 " + "x" * 200)
log.make_key("Portal", now)
client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.get(email_key="ana@copperglass.example"))
told = {"category": "missing", "text": "Where is it?\\n" + "long" * 90, "named": "SR-1", "draft": "d" * 32}
assert client.post("/support/new", told).status_code == 302
operator = make_operator("olga@callboard.example")
operator.set_password("a password for tests")
operator.save()
session = import_module(settings.SESSION_ENGINE).SessionStore()
session[auth.SESSION_KEY] = str(operator.pk)
session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
session[auth.HASH_SESSION_KEY] = operator.get_session_auth_hash()
session.create()
print(session.session_key)
"""
FAILURES = """
import django
django.setup()
from datetime import UTC, datetime
from callboard.mail import store as outbox
from callboard.mail.models import Attempt, Mail, MailState

missing = 2 - Mail.objects.filter(state=MailState.FAILED).count()
# Mails of people whom no other test looks at
others = Mail.objects.filter(state=MailState.SENT).exclude(user__email__endswith="@copperglass.example")
for mail in others.order_by("id")[:max(missing, 0)]:
    Attempt.objects.filter(mail=mail).update(code=552, reply="5.2.2 <b>mailbox</b> full " + "very " * 30)
    outbox.set_state([mail.id], MailState.FAILED, datetime.now(UTC), "552 5.2.2 <b>mailbox</b> full " + "very " * 30)
assert Mail.objects.filter(state=MailState.FAILED).count() == 2
"""
PAGES = [
    "/console/", "/console/mail/mail/", "/console/mail/mail/?state=failed", "/console/mail/mail/?state=bounced",
    "/console/mail/suppression/", "/console/mail/domainbreaker/", "/console/intake/eventrecord/?type=qc.report_ready",
    "/console/decisions/decision/?q=ana@copperglass.example", "/console/people/user/?q=copperglass", "/console/catalogue",
    "/console/catalogue/delivery.redelivery_requested", "/console/intake/apikey/", "/console/keys/new", "/console/audit",
    "/console/explain?event=nothing&user=nobody", "/console/support/ticket/", "/console/support/ticket/1/change/",
]  # fmt: skip


def told_by(site, code):
    """Run code on the home of a site; return what it prints."""
    environ = environment(site.home, site.url) | {"DJANGO_SETTINGS_MODULE": "callboard.project.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environ, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")  # tests of a module may run with others between
def session(site):
    """Let there be something to tell, and return the session of an operator who is signed in."""
    return told_by(site, TROUBLE)


@pytest.fixture
def failures(site):
    """Let two mails be failed ones, however many the tests before have sent again."""
    told_by(site, FAILURES)


@pytest.fixture
def console(open_page, site, session):
    """Open a page of the console as the operator."""

    def open_at(path, **options):
        page = open_page("/robots.txt", **options)
        page.context.add_cookies([{"name": "callboard_session", "value": session, "url": site.url}])
        assert page.goto(path).status == 200, path
        return page

    return open_at


def check(page):
    page.wait_for_load_state()
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate(TOO_WIDE) == 0
    assert page.evaluate(CUT_OFF) == 0


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "light")])
@pytest.mark.usefixtures("failures")
def test_no_page_breaks_a_rule_or_overflows(console, scheme, width):
    page = console("/console/", width=width, scheme=scheme)
    links = [one.get_attribute("href") for one in page.locator(".console-nav a").all()]
    assert len(links) == 10
    for path in [*links, *PAGES]:
        assert page.goto(path).status == 200, path
        check(page)


@pytest.mark.parametrize("width", [320, 480, 768, 920, 1100])
def test_no_table_is_cut_off_at_any_width(console, width):
    page = console("/console/mail/mail/", width=width)
    for path in [
        "/console/mail/mail/",
        "/console/intake/eventrecord/",
        "/console/decisions/decision/",
        "/console/catalogue",
    ]:
        page.goto(path)
        assert page.evaluate(CUT_OFF) == page.evaluate(TOO_WIDE) == 0, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.usefixtures("failures")
def test_the_way_from_the_overview_to_an_explanation_breaks_no_rule(console, scheme, width):
    page = console("/console/", width=width, scheme=scheme)
    check(page)
    page.goto("/console/mail/mail/?state=failed")
    check(page)
    page.locator("tbody th a").first.click()
    page.get_by_role("heading", name="Tries").wait_for()
    expect(page.get_by_text("552 5.2.2 <b>mailbox</b> full").first).to_be_visible()
    check(page)
    page.locator(".links a").first.click()
    page.wait_for_url("**/console/explain?*")
    page.get_by_role("heading", name="Decision and what followed").wait_for()
    check(page)
    page.locator(".facts a").first.click()
    page.get_by_role("heading", name="Who has a ledger row").wait_for()
    check(page)
    page.goto("/console/people/user/?q=ana@copperglass.example")
    page.locator("tbody th a").first.click()
    page.get_by_role("heading", name="Latest messages").wait_for()
    check(page)


@pytest.mark.usefixtures("failures")
def test_the_overview_leads_to_the_rows_by_keyboard(console):
    page = console("/console/")
    page.get_by_role("link", name=re.compile("^Failed messages")).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/mail/mail/?state=failed_lately")
    expect(page.locator("tbody tr")).to_have_count(2)


@pytest.mark.usefixtures("failures")
def test_a_list_is_narrowed_searched_and_left_again(console):
    page = console("/console/mail/mail/")
    page.get_by_label("State").select_option("Failed")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**state=failed**")
    expect(page.locator("tbody .state")).to_have_text(["Failed", "Failed"])
    page.get_by_role("searchbox").fill("nobody@nowhere.example")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing is found.").wait_for()
    page.get_by_role("link", name="Show everything").first.click()
    page.wait_for_url("**/console/mail/mail/")


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.usefixtures("failures")
def test_a_failed_mail_is_sent_again_after_a_question(console, script, site):
    page = console("/console/mail/mail/?state=failed", width=360, script=script)
    question = page.get_by_role("heading", level=1, name="Send again: 1 undelivered mail?")
    page.locator(".choose input").first.check()
    page.get_by_role("button", name="Send again").click()
    question.wait_for()
    if script:
        check(page)
    page.get_by_role("link", name="Leave as it is").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator(".choose input").first.check()
    page.get_by_role("button", name="Send again").click()
    question.wait_for()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("1 mail will be sent again.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    site.run("drain")


def test_a_key_is_made_and_shown_once(console):
    page = console("/console/keys/new")
    page.get_by_label("Which system is it for?").fill(f"Portal {os.getpid()}")
    page.get_by_role("button", name="Create the key").click()
    key = page.locator("code.command").inner_text()
    assert key.startswith("cbk_")
    check(page)
    page.goto("/console/intake/apikey/")
    assert key not in page.content()
