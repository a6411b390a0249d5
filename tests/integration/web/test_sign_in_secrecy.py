"""Answers do not tell whether an address belongs to somebody: neither their words nor their work."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.integration.web.mails import ask, by_password, enter, handed_over, mails_to, newest_mail, wait_until
from tests.integration.web.studio import ANA, USERS

from callboard.people.models import User

UNKNOWN, DEACTIVATED = "ann@copperglass.example", "amy@copperglass.example"
EVERYBODY = [ANA, UNKNOWN, DEACTIVATED]
CHANGING = re.compile(r'value="[A-Za-z0-9]{64}"|"[A-Za-z0-9]{32}"')


@pytest.fixture
def people(pipeline):
    amy = {"email": DEACTIVATED, "name": "Amy", "partner": "copperglass", "roles": USERS[0]["roles"], "active": False}
    pipeline.import_people({"users": [amy]})
    for email in (ANA, DEACTIVATED):
        user = User.objects.get(email_key=email)
        user.set_password("a password for tests")
        user.save()


class Answers:
    """What one person's browser was told, and how many statements each answer took."""

    def __init__(self, email):
        self.email = email
        # Each from a place of its own: the first of a place makes the place's count, others add to it
        self.client = Client(SERVER_NAME="localhost", REMOTE_ADDR=f"203.0.113.{1 + EVERYBODY.index(email)}")
        self.told = []
        self.statements = []

    def note(self, make):
        with CaptureQueriesContext(connection) as done:
            response = make()
        words = CHANGING.sub("", response.content.decode().replace(self.email, "ADDRESS"))
        cookies = {name: sorted(one.items()) for name, one in response.cookies.items()}
        for one in cookies.values():
            one[:] = [(key, value) for key, value in one if key != "expires"]
        headers = {key: value for key, value in response.headers.items() if key != "Expires"}
        self.told.append((response.status_code, headers, cookies, words))
        self.statements.append([statement(one["sql"]) for one in done.captured_queries])


def statement(sql):
    """Return what a statement does to which table."""
    words = re.sub(r"\s+", " ", sql)
    return words.split(" ", 1)[0], tuple(re.findall(r'(?:FROM|INTO|UPDATE) "?(\w+)', words))


def all_alike(answers):
    first, *others = answers
    for other in others:
        assert other.told == first.told
        assert other.statements == first.statements


@pytest.mark.usefixtures("people")
def test_asking_for_a_code_entering_it_and_asking_again_is_the_same_for_everybody():
    everybody = [Answers(one) for one in EVERYBODY]
    for one in everybody:
        client = one.client
        one.note(lambda: client.get("/sign-in?next=/history"))  # noqa: B023 - called at once
        one.note(lambda: ask(client, one.email, next="/history"))  # noqa: B023
        one.note(lambda: client.get("/sign-in/code?next=/history"))  # noqa: B023
        one.note(lambda: client.get("/sign-in"))  # noqa: B023
        one.note(lambda: enter(client, "AAA-AAA"))  # noqa: B023
        one.note(lambda: client.post("/sign-in/code", {"action": "resend"}))  # noqa: B023
        one.note(lambda: client.get("/sign-in/code?again=1"))  # noqa: B023
        for _ in range(4):
            one.note(lambda: enter(client, "AAA-AAA"))  # noqa: B023
        one.note(lambda: enter(client, "AAA-AAA"))  # noqa: B023
    assert [status for status, *_ in everybody[0].told] == [200, 302, 200, 200, 200, 302, 200, 200, 200, 200, 302, 302]
    all_alike(everybody)


@pytest.mark.usefixtures("people")
def test_a_wrong_password_is_answered_the_same_for_everybody():
    everybody = [Answers(one) for one in EVERYBODY]
    for one in everybody:
        one.note(lambda: by_password(one.client, one.email, "wrong"))  # noqa: B023
    assert "do not belong together" in everybody[0].told[0][3]
    all_alike(everybody)


@pytest.mark.usefixtures("people")
def test_a_deactivated_person_with_the_right_password_is_answered_as_anybody():
    amy, unknown = Answers(DEACTIVATED), Answers(UNKNOWN)
    for one in (amy, unknown):
        one.note(lambda: by_password(one.client, one.email, "a password for tests"))  # noqa: B023
    all_alike([amy, unknown])


@pytest.mark.usefixtures("people")
def test_the_limits_are_the_same_for_everybody():
    everybody = [Answers(one) for one in EVERYBODY]
    for one in everybody:
        for _ in range(6):
            one.note(lambda: ask(one.client, one.email))  # noqa: B023
    assert [status for status, *_ in everybody[0].told] == [302] * 5 + [429]
    all_alike(everybody)


@pytest.mark.usefixtures("people")
def test_nobody_but_an_active_person_gets_a_mail_and_for_others_the_same_is_written(browser):
    before = handed_over("withheld")
    ask(browser, UNKNOWN)
    ask(browser, DEACTIVATED)
    browser.post("/sign-in/code", {"action": "resend"})
    wait_until(lambda: handed_over("withheld") == before + 3)
    ask(browser, ANA)
    newest_mail(ANA)
    assert mails_to(UNKNOWN) == mails_to(DEACTIVATED) == []


@pytest.mark.usefixtures("people")
def test_a_code_that_nobody_was_sent_lets_nobody_in(browser):
    ask(browser, UNKNOWN)
    for guess in ("", " ", "-", "None", "é", "AAA-AAA"):
        assert enter(browser, guess).status_code in {200, 302}
    assert "_auth_user_id" not in browser.session
