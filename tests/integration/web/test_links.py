"""Links that set a password: invitations and new passwords. Each works once, for one person, for its time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from tests.integration.web.mails import (
    ask,
    by_password,
    code_in,
    enter,
    handed_over,
    mails_to,
    newest_mail,
    text_of,
    wait_until,
)
from tests.integration.web.studio import ANA, TOM, USERS
from tests.integration.web.test_sign_in_secrecy import DEACTIVATED, UNKNOWN, Answers, all_alike

from callboard.base.errors import RejectedError
from callboard.mail.letters.invitation import invitations_of, invite
from callboard.mail.letters.store import claim_letter
from callboard.mail.models import MailState, PostedLetter
from callboard.people.links import INVITATION, OPERATOR, RESET, Link
from callboard.people.models import User
from callboard.web.viewer import viewer_for

PASSWORD, NEW = "a password for tests", "curtain call at eight"
TRIAL = "trial@test.invalid"


@pytest.fixture
def ana(pipeline):  # noqa: ARG001 - its people
    user = User.objects.get(email_key=ANA)
    user.set_password(PASSWORD)
    user.save()
    return user


def deactivate(pipeline, email=ANA):
    pipeline.import_people({"users": [one | {"active": False} for one in USERS if one["email"] == email]})


def set_password(client, link, password=NEW):
    """Open a link and set a password by the form it leads to; the last answer."""
    opened = client.get(link)
    if opened.status_code != 302:
        return opened
    return client.post(opened["Location"], {"new_password1": password, "new_password2": password})


def has_ended(client, link):
    return "This link has ended" in client.get(link, follow=True).content.decode()


class Later(Link):
    """A link as it is after some time."""

    def __init__(self, link, seconds):
        super().__init__(link.path, link.lasts)
        self.after = timedelta(seconds=seconds)

    def _now(self):
        return super()._now() + self.after


# Any link


@pytest.mark.parametrize("link", [INVITATION, RESET, OPERATOR])
def test_a_link_is_for_one_purpose_one_person_and_its_time(link, ana):
    token = link.make_token(ana)
    assert link.check_token(ana, token)
    assert [one for one in (INVITATION, RESET, OPERATOR) if one.check_token(ana, token)] == [link]
    assert not link.check_token(User.objects.get(email_key=TOM), token)
    head, _, tail = token.partition("-")
    for forged in ("", "x", token[:-1], f"{head}-{tail[::-1]}", f"zzzzzz-{tail}", None):
        assert not link.check_token(ana, forged)
    assert Later(link, link.lasts.total_seconds() - 30).check_token(ana, token)
    assert not Later(link, link.lasts.total_seconds() + 30).check_token(ana, token)


def test_invitations_last_a_week_new_passwords_an_hour():
    assert (INVITATION.lasts, RESET.lasts) == (timedelta(days=7), timedelta(hours=1))


def test_a_sign_in_or_a_password_ends_every_link(ana, browser):
    links = [one.url(ana, "") for one in (INVITATION, RESET, OPERATOR)]
    by_password(browser, ANA, PASSWORD)
    assert all(has_ended(Client(SERVER_NAME="localhost"), one) for one in links)
    ana.refresh_from_db()
    links = [one.url(ana, "") for one in (INVITATION, RESET, OPERATOR)]
    set_password(Client(SERVER_NAME="localhost"), links[0])
    assert all(has_ended(Client(SERVER_NAME="localhost"), one) for one in links)


def test_a_link_of_who_is_deactivated_or_a_test_user_has_ended(ana, pipeline, browser):
    links = [one.url(ana, "") for one in (INVITATION, RESET, OPERATOR)]
    opened = browser.get(links[0])["Location"]
    deactivate(pipeline)
    assert all(has_ended(browser, one) for one in links)
    assert browser.post(opened, {"new_password1": NEW, "new_password2": NEW}).status_code == 200
    assert User.objects.get(pk=ana.pk).check_password(PASSWORD)
    User.objects.filter(pk=ana.pk).update(is_active=True, email=TRIAL, email_key=TRIAL)
    assert all(has_ended(browser, one.url(User.objects.get(pk=ana.pk), "")) for one in (INVITATION, RESET, OPERATOR))


def test_opening_a_link_changes_nothing_and_leaves_the_token_out_of_the_page(ana, browser):
    link = RESET.url(ana, "")
    for _ in range(3):  # as a mail scanner does
        opened = Client(SERVER_NAME="localhost").get(link, follow=True)
        assert link.split("/")[-2] not in opened.content.decode()
    assert set_password(browser, link)["Location"] == "/sign-in?way=password&set=1"


def test_setting_a_password_signs_nobody_in_and_ends_every_session(ana, browser):
    by_password(browser, ANA, PASSWORD)
    ana.refresh_from_db()
    other = Client(SERVER_NAME="localhost")
    set_password(other, RESET.url(ana, ""))
    assert "_auth_user_id" not in other.session
    assert browser.get("/settings").status_code == 302
    assert newest_mail(ANA)["Subject"] == "Your Callboard password was set"
    assert by_password(other, ANA, NEW)["Location"] == "/settings"


def test_a_new_password_forgets_the_wrong_ones_before_it(ana, browser):
    for _ in range(10):
        by_password(browser, ANA, "wrong")
    assert by_password(browser, ANA, PASSWORD).status_code == 429
    set_password(browser, RESET.url(ana, ""))
    assert by_password(browser, ANA, NEW)["Location"] == "/settings"


# A new password by mail


def link_in(text):
    found = re.search(r"^http://127\.0\.0\.1:8000(/\S+/)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def test_a_link_for_a_new_password_comes_by_mail_and_works_once(ana, browser):
    assert ana.has_usable_password()
    page = browser.post("/sign-in/reset", {"email": ANA.upper()}, headers={"host": "localhost"})
    assert "is on its way" in page.content.decode()
    link = link_in(text_of(newest_mail(ANA)))
    assert set_password(browser, link)["Location"] == "/sign-in?way=password&set=1"
    assert by_password(browser, ANA, NEW)["Location"] == "/settings"
    assert has_ended(Client(SERVER_NAME="localhost"), link)


def test_asking_for_a_link_is_the_same_for_everybody_and_mails_only_who_may_sign_in(ana, pipeline):
    del ana
    amy = {"email": DEACTIVATED, "name": "Amy", "partner": "copperglass", "roles": USERS[0]["roles"]}
    trial = amy | {"email": TRIAL, "name": "Trial"}
    pipeline.import_people({"users": [amy | {"active": False}, trial]})
    everybody = [Answers(one) for one in (ANA, UNKNOWN, DEACTIVATED)]
    before = handed_over("withheld")
    for one in everybody:
        for _ in range(6):
            one.note(lambda: one.client.post("/sign-in/reset", {"email": one.email}))  # noqa: B023 - called at once
    assert [status for status, *_ in everybody[0].told] == [200] * 5 + [429]
    all_alike(everybody)
    newest_mail(ANA, 5)
    wait_until(lambda: handed_over("withheld") == before + 10)
    Client(SERVER_NAME="localhost").post("/sign-in/reset", {"email": TRIAL})
    wait_until(lambda: handed_over("withheld") == before + 11)
    assert mails_to(UNKNOWN) == mails_to(DEACTIVATED) == mails_to(TRIAL) == []


@pytest.mark.usefixtures("ana")
def test_the_host_that_is_asked_does_not_get_into_the_mail(browser, settings):
    settings.ALLOWED_HOSTS = ["*"]
    browser.post("/sign-in/reset", {"email": ANA}, headers={"host": "evil.example"})
    assert "evil" not in text_of(newest_mail(ANA)) + text_of(newest_mail(ANA), "html")


# Invitations


def letter(user):
    return PostedLetter.objects.filter(kind="invitation", user=user).latest("id")


def test_an_invitation_names_who_invites_and_its_link_sets_a_password_once(ana, pipeline, browser):
    tom = User.objects.get(email_key=TOM)
    invite(tom.pk, viewer_for(ana).person, pipeline.now())
    text = letter(tom).text
    assert "Ana Ruiz has made an account for you at Tidewater Media." in text
    assert letter(tom).html.count(link_in(text)) == 1
    page = browser.get(link_in(text), follow=True).content.decode()
    assert "Welcome, <bdi>Tom Hale</bdi>" in page
    assert set_password(browser, link_in(text))["Location"] == "/sign-in?way=password&set=1"
    assert by_password(browser, TOM, NEW)["Location"] == "/settings"
    assert has_ended(Client(SERVER_NAME="localhost"), link_in(text))


def test_who_is_invited_may_take_a_code_instead_and_that_ends_the_link(pipeline, browser):
    tom = User.objects.get(email_key=TOM)
    invite(tom.pk, None, pipeline.now())
    link = link_in(letter(tom).text)
    assert f'name="email" value="{TOM}"' in browser.get(link, follow=True).content.decode()
    ask(browser, TOM)
    assert enter(browser, code_in(newest_mail(TOM)))["Location"] == "/settings"
    assert has_ended(Client(SERVER_NAME="localhost"), link)


def test_inviting_again_takes_back_what_waits(pipeline):
    tom = User.objects.get(email_key=TOM)
    first = invite(tom.pk, None, pipeline.now())
    second = invite(tom.pk, None, pipeline.now())
    states = dict(PostedLetter.objects.filter(user=tom).values_list("id", "state"))
    assert states == {first: "withdrawn", second: "queued"}
    found = invitations_of([tom.pk])[tom.pk]
    assert (found.state, found.sent_at, found.at) == (MailState.QUEUED, None, pipeline.now())


def test_nobody_invites_who_may_not_sign_in(ana, pipeline):
    deactivate(pipeline)
    trial = {"email": TRIAL, "name": "Trial", "partner": "copperglass", "roles": USERS[0]["roles"]}
    pipeline.import_people({"users": [trial]})
    for person in (ana, User.objects.get(email_key=TRIAL)):
        with pytest.raises(RejectedError, match="can not be invited"):
            invite(person.pk, None, pipeline.now())
    assert PostedLetter.objects.count() == 0


def test_an_invitation_of_who_is_deactivated_before_it_leaves_is_withdrawn(ana, pipeline):
    invite(ana.pk, None, pipeline.now())
    deactivate(pipeline)
    assert claim_letter(pipeline.now()) is None
    assert letter(ana).state == "withdrawn"
