"""A real server over a home with the demo studio, and a real browser before it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from tests import starting

from callboard.base.instants import format_instant, parse_instant
from callboard.demo.studio import notifications, studio
from callboard.demo.traffic import history
from callboard.mail.mailbox import Mailbox

CHROMIUM = shutil.which("chromium")
START_S = 60.0
COMMAND_S = 600
PLAYED_TO = datetime(2026, 11, 18, 12, tzinfo=UTC)
DATE = re.compile(r"\d{4}-\d\d-\d\d")
REFUSAL = re.compile(r"(?:status of|Status Error Code) (\d{3})")
VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (one) => {
  violations.push(`${one.violatedDirective} ${one.blockedURI}`);
});
"""


@dataclass
class Site:
    """A running server and its home; the mails from `first_later` on are those that tests bring about."""

    url: str
    home: Path
    first_later: int = 0

    def run(self, *words, now=None):
        """Run a command on the home, at an instant of business time."""
        environ = environment(self.home, self.url) | ({"CALLBOARD_NOW": format_instant(now)} if now else {})
        starting.run(words, env=environ, cwd=self.home, text=None, timeout=COMMAND_S).check_returncode()

    def send(self, events, now=None):
        """Accept events and process what is due."""
        path = self.home / "events.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in events))
        self.run("events", "send", str(path), now=now)


def environment(home, url):
    source = str(Path(__file__).resolve().parents[2] / "src")
    return os.environ | {
        "PYTHONPATH": source,
        "CALLBOARD_HOME": str(home),
        "CALLBOARD_BASE_URL": url,
        "CALLBOARD_DEMO": "1",
    }


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Fill a home with two days of the demo studio, some of it still collecting, and serve it."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = Site(f"http://127.0.0.1:{port}", home)
    fill(found, datetime.now(UTC))
    words = [sys.executable, "-m", "callboard", "serve", "--port", str(port)]
    with subprocess.Popen(words, env=environment(home, found.url), stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(found.url + "/robots.txt")
            yield found
        finally:
            server.send_signal(signal.SIGTERM)


def fill(site, now):
    (site.home / "people.json").write_text(json.dumps(studio()))
    (site.home / "notifications.json").write_text(json.dumps(notifications(now)))
    site.run("people", "import", str(site.home / "people.json"))
    site.run("notifications", "import", str(site.home / "notifications.json"))
    past = now - timedelta(hours=30)
    events = played(now)
    site.send(events[:-20], now=past)
    site.run("drain", now=past)
    site.run("drain", now=now - timedelta(minutes=2))
    site.send(events[-20:], now=now - timedelta(minutes=1))
    site.run("drain")
    site.first_later = Mailbox(site.home / "mailbox.sqlite3").latest(limit=1)[0].id + 1


def played(now):
    """Return the same days of the demo studio whatever day it is: a Saturday's would tell too little."""
    by = now - PLAYED_TO
    days = timedelta(days=by.days)

    def later(value):
        dated = isinstance(value, str) and DATE.fullmatch(value)
        return (date.fromisoformat(value) + days).isoformat() if dated else value

    return [
        one
        | {
            "time": format_instant(parse_instant(one["time"]) + by),
            "data": {key: later(value) for key, value in one["data"].items()},
        }
        for one in history(PLAYED_TO - timedelta(days=3), PLAYED_TO)
    ]


def wait_for(url):
    until = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 - our own server
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="module")  # its event loop runs in this thread: Django's tests must not find it there
def chromium():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here; Debian's package is called chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def meant():
    """Hold the statuses that a test provokes; the browser may complain of a refusal after the page shows it."""
    return set()


@pytest.fixture
def new_page(chromium, site, meant):
    """Make a page of a fresh profile; at the end none may have complained of anything that was not meant."""
    contexts, complaints = [], []

    def make(**options):
        settings = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
        context = chromium.new_context(base_url=site.url, **settings)
        contexts.append(context)
        if settings.get("java_script_enabled", True):
            context.add_init_script(VIOLATIONS)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        for page in context.pages:
            complaints += page.evaluate("window.violations || []")
        context.close()
    told = [(one, REFUSAL.search(one)) for one in complaints]
    assert [one for one, refusal in told if not (refusal and int(refusal[1]) in meant)] == []


@pytest.fixture
def open_page(new_page):
    """Open pages in a fresh profile."""

    def open_at(path="/", *, width=1280, scheme="light", script=True):
        viewport = {"width": width, "height": 900}
        page = new_page(viewport=viewport, color_scheme=scheme, java_script_enabled=script)
        page.goto(path)
        return page

    return open_at


@pytest.fixture
def open_newest_mail(open_page, site):
    """Open the newest of the mails that a person had got before any test began."""

    def open_of(email):
        page = open_page(f"/mailbox?to={quote(email)}&before={site.first_later}")
        page.locator(".mail-link").first.click()
        return page

    return open_of


def sign_in(page, name="Ana Ruiz"):
    """Sign in as a sample person from the first screen."""
    page.goto("/")
    page.get_by_role("button", name=f"Sign in as {name}").click()
    page.wait_for_url("**/settings")
