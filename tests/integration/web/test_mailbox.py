"""The built-in mailbox: who may read it, and that a mail stays shut in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from email.policy import SMTP
from threading import Barrier

import pytest
from tests.integration.web.studio import ANA, NOW, TOM

from callboard.base.config import SmtpServer
from callboard.base.instants import to_us
from callboard.mail.mailbox import Mailbox

HTML = (
    "<!doctype html><html><head><title>x</title></head><body>"
    "<script>alert(1)</script><a href='/settings'>go</a></body></html>"
)


def raw(subject, importance="standard", text="Hello", html=HTML):
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Callboard <notifications@callboard.example>"
    message["To"] = ANA
    message["X-Callboard-Importance"] = importance
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes(policy=SMTP)


@pytest.fixture
def box(pipeline, settings):  # noqa: ARG001 - its home
    found = Mailbox(settings.CONFIG.mailbox_path)
    found.receive([(ANA, raw("First & <b>bold</b>")), (TOM, raw("Second", "critical"))], to_us(NOW))
    return found


PATHS = ["/mailbox", "/mailbox/1", "/mailbox/1/html", "/mailbox/1/eml", "/mailbox/1?as=source"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("box")
def test_outside_the_demo_only_operators_read_it(browser, as_, operator, path):
    assert browser.get(path).status_code == 404
    assert as_(ANA).get(path).status_code == 404
    assert as_(operator.email_key).get(path).status_code == 200


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("box", "demo")
def test_in_the_demo_everybody_on_this_machine_reads_it(browser, path):
    assert browser.get(path).status_code == 200
    assert browser.get(path, REMOTE_ADDR="203.0.113.9").status_code == 404


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("box", "demo")
def test_with_a_mail_server_there_is_none(as_, operator, settings, path):
    server = SmtpServer(host="mail.example", port=25, security="none", username=None, password=None)
    settings.CONFIG = replace(settings.CONFIG, smtp=server)
    assert as_(operator.email_key).get(path).status_code == 404


@pytest.mark.usefixtures("box", "demo")
def test_the_list_is_newest_first_and_can_be_searched(browser):
    page = browser.get("/mailbox").content.decode()
    assert page.index("Second") < page.index("First")
    assert "First &amp; &lt;b&gt;bold&lt;/b&gt;" in page
    assert "2 mails" in page
    assert "Critical" in page
    assert "Second" not in browser.get("/mailbox?q=first").content.decode()
    assert "First" not in browser.get(f"/mailbox?to={TOM}").content.decode()
    assert "No mail matches" in browser.get("/mailbox?q=100%25").content.decode()


@pytest.mark.usefixtures("demo")
def test_the_list_has_pages(box, browser):
    box.receive([(ANA, raw(f"More {number}")) for number in range(60)], to_us(NOW))
    first = browser.get("/mailbox")
    assert len(first.context["lines"]) == 40
    older = browser.get(first.context["older"])
    assert len(older.context["lines"]) == 22
    assert not older.context["older"]


@pytest.mark.usefixtures("box", "demo")
def test_a_mails_html_is_shut_into_a_sandbox_without_scripts(browser):
    response = browser.get("/mailbox/1/html")
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b'<base target="_blank">' in response.content
    page = browser.get("/mailbox/1").content.decode()
    assert "allow-scripts" not in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("form", ["text", "headers", "source"])
@pytest.mark.usefixtures("box", "demo")
def test_every_form_of_a_mail_is_escaped(browser, form):
    page = browser.get(f"/mailbox/1?as={form}").content.decode()
    assert "<script>alert" not in page
    assert {"text": "Hello", "headers": "X-Callboard-Importance", "source": "&lt;script&gt;"}[form] in page


@pytest.mark.usefixtures("demo")
def test_a_mail_downloads_as_it_was_sent(box, browser):
    response = browser.get("/mailbox/1/eml")
    assert response["Content-Type"] == "message/rfc822"
    assert response.content == box.read(1)[1]


@pytest.mark.parametrize("number", ["99", "99999999999999999999999"])
@pytest.mark.usefixtures("box", "demo")
def test_a_mail_that_is_not_there_is_not_found(browser, number):
    assert browser.get(f"/mailbox/{number}").status_code == 404


def test_who_opens_a_new_mailbox_at_once_waits_for_the_others(tmp_path):
    at_once = 6
    for number in range(40):
        path, barrier = tmp_path / f"{number}.sqlite3", Barrier(at_once)

        def write(path=path, barrier=barrier):
            box = Mailbox(path)
            barrier.wait()
            box.receive([(ANA, raw("At once"))], to_us(NOW))
            box.close()

        with ThreadPoolExecutor(at_once) as pool:
            for one in [pool.submit(write) for _ in range(at_once)]:
                one.result()
        assert Mailbox(path).count() == at_once
