"""Mails that leave in the background: waited for, and read as their reader reads them."""

from __future__ import annotations

import re
import time

from django.conf import settings

from callboard.mail import direct
from callboard.mail.mailbox import Mailbox, parse

PATIENCE_S = 20.0
CODE = re.compile(r"^    ([A-Z]{3}-[A-Z]{3})$", re.MULTILINE)


def wait_until(holds):
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.005)


def handed_over(result):
    """Return how many direct mails of this process have ended so."""
    return direct.REGISTRY.get_sample_value("callboard_direct_mails_total", {"result": result})


def mails_to(recipient):
    mailbox = Mailbox(settings.CONFIG.mailbox_path)
    found = [mailbox.read(one.id) for one in mailbox.latest(recipient=recipient)]
    return [parse(one[1]) for one in found if one is not None]


def newest_mail(recipient, count=1):
    """Wait until the person has got so many mails; return the newest."""
    wait_until(lambda: len(mails_to(recipient)) >= count)
    return mails_to(recipient)[0]


def text_of(mail, kind="plain"):
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


def code_in(mail):
    found = CODE.search(text_of(mail))
    assert found is not None
    return found[1]


def ask(client, email, **more):
    """Ask for a code on the page to sign in."""
    return client.post("/sign-in", {"way": "code", "email": email, **more})


def enter(client, code, **more):
    return client.post("/sign-in/code", {"code": code, **more})


def by_password(client, email, password, **more):
    return client.post("/sign-in", {"way": "password", "email": email, "password": password, **more})
