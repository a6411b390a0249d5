"""What operators may do to people's ways to sign in: reset a second factor, invite; and what they need themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from tests.integration.console.trouble import deed
from tests.integration.web.mails import by_password
from tests.integration.web.studio import ANA, TOM
from tests.integration.web.test_second_factors import PASSWORD, add_app, new_client

from callboard.mail.models import PostedLetter
from callboard.people.models import User

REASON = "Ticket 813: phone lost, rang back"


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


@pytest.fixture
def ana(pipeline):  # noqa: ARG001 - its people
    """Ana, with an app, in a browser in which she is signed in."""
    user = User.objects.get(email_key=ANA)
    user.set_password(PASSWORD)
    user.save()
    client = new_client()
    by_password(client, ANA, PASSWORD)
    add_app(client)
    return client


def page_of(email):
    return f"/console/people/user/{User.objects.get(email_key=email).pk}/change/"


def reset(client, email=ANA, reason=REASON):
    return client.post(f"/console/people/{User.objects.get(email_key=email).pk}/factors", {"reason": reason})


def test_a_second_factor_is_reset_for_a_reason_which_is_written_down_and_told(olga, ana):
    page = olga.get(page_of(ANA)).content.decode()
    assert "Reset the second factor" in page
    assert "authenticator app, recovery codes" in page
    assert reset(olga)["Location"] == page_of(ANA)
    assert not Authenticator.objects.exists()
    assert ana.get("/settings").status_code == 302
    assert by_password(new_client(), ANA, PASSWORD)["Location"] == "/settings"
    assert LogEntry.objects.latest("id").change_message == f"Second factor reset: {REASON}"
    letter = PostedLetter.objects.get(kind="factors-reset", user__email=ANA)
    assert letter.subject == "Your second factor was reset"
    assert "Reset the second factor" not in olga.get(page_of(ANA)).content.decode()


def test_without_a_reason_or_for_oneself_nothing_is_reset(olga, ana, operator):
    del ana
    Authenticator.objects.create(user=operator, type="webauthn", data={"name": "Key"})
    for answer in (reset(olga, reason=" short "), reset(olga, operator.email_key)):
        assert answer.status_code == 400
    assert "ask another operator" in answer.content.decode()
    assert Authenticator.objects.count() == 3
    assert not PostedLetter.objects.exists()


def test_only_operators_reset(ana):
    assert reset(ana).status_code == 404
    assert reset(new_client()).status_code == 302
    assert Authenticator.objects.filter(type="totp").exists()


def test_who_never_signed_in_is_invited(olga):
    tom = User.objects.get(email_key=TOM)
    assert "within seven days" in deed(olga, "people/user", "invite", tom.pk, confirmed=False).content.decode()
    assert f"{TOM} is invited." in deed(olga, "people/user", "invite", tom.pk).content.decode()
    assert PostedLetter.objects.filter(kind="invitation", user=tom).count() == 1
    assert "waits to be sent" in olga.get(page_of(TOM)).content.decode()


def test_operators_may_be_asked_for_a_second_factor(olga, operator, settings):
    settings.CONFIG = replace(settings.CONFIG, operator_mfa=True)
    for page in ("/console/", "/console/people/user/", "/console/audit"):
        assert olga.get(page)["Location"] == "/settings/security"
    assert olga.get("/mailbox").status_code == 404
    assert "Operators need a second factor" in olga.get("/settings/security").content.decode()
    Authenticator.objects.create(user=operator, type="totp", data={"secret": "x"})
    assert [olga.get(page).status_code for page in ("/console/", "/mailbox")] == [200, 200]
    assert "/login/" in new_client().get("/console/")["Location"]
