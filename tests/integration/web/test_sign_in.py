"""Signing in by a code or a password, signing out, and setting a password."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from tests.integration.web.mails import ask, by_password, code_in, enter, mails_to, newest_mail
from tests.integration.web.studio import ANA, TOM, USERS

from callboard.people.links import OPERATOR
from callboard.people.models import PersonSession, User

PASSWORD = "a password for tests"
NEW = "curtain call at eight"


@pytest.fixture
def ana(pipeline):  # noqa: ARG001 - its people
    user = User.objects.get(email_key=ANA)
    user.set_password(PASSWORD)
    user.save()
    return user


def is_signed_in(client):
    return client.get("/settings").status_code == 200


def code_for(client, email=ANA, count=1):
    assert ask(client, email)["Location"] == "/sign-in/code"
    return code_in(newest_mail(email, count))


def deactivate(pipeline, email=ANA):
    pipeline.import_people({"users": [one | {"active": False} for one in USERS if one["email"] == email]})


def stored_texts():
    return [str(one.get_decoded()) for one in PersonSession.objects.all()]


# By a code


@pytest.mark.usefixtures("pipeline")
def test_a_code_sent_by_mail_signs_in(browser):
    code = code_for(browser)
    assert not is_signed_in(browser)
    assert enter(browser, code)["Location"] == "/settings"
    assert is_signed_in(browser)


@pytest.mark.usefixtures("pipeline")
def test_a_code_may_be_typed_in_small_letters_with_spaces_or_without_its_dash(browser):
    code = code_for(browser)
    assert enter(browser, f" {code.lower().replace('-', ' ')} ").status_code == 302
    assert is_signed_in(browser)


@pytest.mark.usefixtures("pipeline")
def test_a_code_is_sent_to_the_stored_address_whatever_the_case_of_the_typed_one(browser):
    ask(browser, ANA.upper())
    assert newest_mail(ANA)["To"] == ANA


@pytest.mark.parametrize("typed", ["bo@bücher.example", "bo@xn--bcher-kva.example", "BO@BÜCHER.example"])
def test_a_person_whose_domain_is_not_ascii_is_found_however_it_is_written(pipeline, browser, typed):
    bo = {"email": "bo@bücher.example", "name": "Bo", "partner": "copperglass", "roles": USERS[0]["roles"]}
    pipeline.import_people({"users": [bo]})
    ask(browser, typed)
    mail = newest_mail("bo@xn--bcher-kva.example")
    assert enter(browser, code_in(mail))["Location"] == "/settings"


def test_a_mail_goes_to_the_stored_mailbox_and_not_to_one_that_only_compares_as_equal(pipeline, browser):
    bo = {"email": "bo@strasse.example", "name": "Bo", "partner": "copperglass", "roles": USERS[0]["roles"]}
    pipeline.import_people({"users": [bo]})
    ask(browser, "bo@straße.example")
    assert newest_mail("bo@strasse.example")["To"] == "bo@strasse.example"


@pytest.mark.usefixtures("pipeline")
def test_a_code_works_once(browser):
    code = code_for(browser)
    enter(browser, code)
    browser.post("/sign-out")
    assert enter(browser, code)["Location"] == "/sign-in?ended=1"
    assert not is_signed_in(browser)


@pytest.mark.usefixtures("pipeline")
def test_a_used_code_is_wiped(browser):
    code = code_for(browser)
    assert any(code in text for text in stored_texts())
    enter(browser, code)
    assert not any(code in text for text in stored_texts())


@pytest.mark.usefixtures("pipeline")
def test_a_code_is_bound_to_the_browser_that_asked(browser):
    code = code_for(browser)
    other = Client(SERVER_NAME="localhost")
    assert enter(other, code)["Location"] == "/sign-in?ended=1"
    ask(other, TOM)
    assert enter(other, code).status_code == 200
    assert not is_signed_in(other)


@pytest.mark.usefixtures("pipeline")
def test_after_five_wrong_codes_the_right_one_does_not_work(browser):
    code = code_for(browser)
    for left in (4, 3, 2, 1):
        page = enter(browser, "AAA-AAA")
        assert f"{left} tr{'y is' if left == 1 else 'ies are'} left" in page.content.decode()
    assert enter(browser, "AAA-AAA")["Location"] == "/sign-in?ended=1"
    assert "Ask for a new one" in browser.get("/sign-in?ended=1").content.decode()
    assert enter(browser, code)["Location"] == "/sign-in?ended=1"
    assert not any(code in text for text in stored_texts())


@pytest.mark.usefixtures("pipeline")
def test_a_code_ends_after_ten_minutes(browser, settings):
    assert settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT == 600
    code = code_for(browser)
    session = browser.session
    session["account_login"]["state"]["stages"]["login_by_code"]["data"]["at"] = time.time() - 601
    session.save()
    assert enter(browser, code, next="/history")["Location"] == "/sign-in?ended=1&next=%2Fhistory"
    assert not any(code in text for text in stored_texts())


@pytest.mark.usefixtures("pipeline")
def test_a_new_code_ends_the_last_one_and_has_its_own_ten_minutes(browser):
    first = code_for(browser)
    session = browser.session
    session["account_login"]["state"]["stages"]["login_by_code"]["data"]["at"] = time.time() - 599
    session.save()
    again = browser.post("/sign-in/code", {"action": "resend", "next": "/history"})
    assert again["Location"] == "/sign-in/code?again=1&next=%2Fhistory"
    assert "A new code is on its way" in browser.get(again["Location"]).content.decode()
    second = code_in(newest_mail(ANA, 2))
    begun_s = browser.session["account_login"]["state"]["stages"]["login_by_code"]["data"]["at"]
    assert time.time() - begun_s < 300
    assert enter(browser, first).status_code == 200
    assert enter(browser, second).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_two_more_codes_can_be_sent_and_then_one_goes_back_to_ask(browser):
    ask(browser, ANA)
    for _ in range(2):
        assert "Send a new code" in browser.get("/sign-in/code").content.decode()
        browser.post("/sign-in/code", {"action": "resend"})
    newest_mail(ANA, 3)
    page = browser.get("/sign-in/code").content.decode()
    assert "Send a new code" not in page
    assert 'href="/sign-in"' in page


@pytest.mark.usefixtures("pipeline")
def test_who_waits_for_a_code_can_go_back_and_ask_for_another_address(browser):
    ask(browser, TOM)
    assert "Send me a code" in browser.get("/sign-in").content.decode()
    code = code_for(browser)
    enter(browser, code)
    assert b"Ana Ruiz" in browser.get("/settings").content


def test_who_is_deactivated_after_the_code_was_sent_is_not_let_in(pipeline, browser):
    code = code_for(browser)
    deactivate(pipeline)
    assert enter(browser, code)["Location"] == "/sign-in?ended=1"
    assert browser.get("/settings").status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_the_key_of_the_session_changes_when_signing_in(browser):
    code = code_for(browser)
    before = browser.session.session_key
    enter(browser, code)
    assert browser.session.session_key != before
    assert not PersonSession.objects.filter(session_key=before).exists()


@pytest.mark.usefixtures("pipeline")
def test_a_code_needs_the_csrf_token():
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert ask(client, ANA).status_code == 403
    assert enter(client, "AAA-AAA").status_code == 403


# The way back


AWAY = [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "http:///evil.example",
    "javascript:alert(1)", "http://127.0.0.1/", "http://localhost/settings", "evil", " //evil.example", "/\t/evil.example",
    "https:evil.example",
]  # fmt: skip


@pytest.mark.usefixtures("pipeline")
def test_a_code_leads_back_to_where_one_came_from(browser):
    assert ask(browser, ANA, next="/items/x?y=1")["Location"] == "/sign-in/code?next=%2Fitems%2Fx%3Fy%3D1"
    page = browser.get("/sign-in/code?next=%2Fitems%2Fx").content.decode()
    assert 'name="next" value="/items/x"' in page
    assert 'href="/sign-in?next=%2Fitems%2Fx"' in page
    assert enter(browser, code_in(newest_mail(ANA)), next="/items/x?y=1")["Location"] == "/items/x?y=1"


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.usefixtures("ana")
def test_the_way_back_never_leaves(browser, away):
    assert "evil" not in browser.get("/sign-in", {"next": away}).content.decode()
    assert ask(browser, ANA, next=away)["Location"] == "/sign-in/code"
    assert enter(browser, code_in(newest_mail(ANA)), next=away)["Location"] == "/settings"
    assert browser.get("/sign-in", {"next": away})["Location"] == "/settings"
    assert browser.post("/sign-out", {"next": away})["Location"] == "/"
    assert by_password(browser, ANA, PASSWORD, next=away)["Location"] == "/settings"


@pytest.mark.usefixtures("pipeline")
def test_who_is_signed_in_is_led_on(as_):
    client = as_(ANA)
    assert client.get("/sign-in?next=/history")["Location"] == "/history"
    assert client.get("/sign-in/code")["Location"] == "/settings"
    assert ask(client, TOM)["Location"] == "/settings"
    assert mails_to(TOM) == []


# By a password


@pytest.mark.usefixtures("ana")
def test_a_password_signs_in_whatever_the_case_of_the_address(browser):
    before = ask(browser, ANA) and browser.session.session_key
    assert by_password(browser, ANA.upper(), PASSWORD, next="/history")["Location"] == "/history"
    assert browser.session.session_key != before
    assert is_signed_in(browser)
    assert not any("login_by_code" in text for text in stored_texts())


@pytest.mark.usefixtures("ana")
def test_the_password_is_asked_for_on_the_same_page_and_the_address_stays(browser):
    page = browser.post("/sign-in", {"way": "password", "email": ANA, "next": "/history"}).content.decode()
    assert f'value="{ANA}"' in page
    assert 'type="password"' in page
    assert 'name="next" value="/history"' in page
    assert "Send me a code instead" in page
    assert 'role="alert"' not in page
    assert 'type="password"' in browser.get("/sign-in?way=password").content.decode()


@pytest.mark.usefixtures("ana")
def test_what_is_missing_is_said(browser):
    assert "Enter your password." in by_password(browser, ANA, "").content.decode()
    assert "Enter your e-mail address." in ask(browser, "").content.decode()
    for wrong in ("ana", "ana@", "a na@copperglass.example", "ana@-.example", "ana@x\0.example", "a" * 300):
        page = ask(browser, wrong)
        assert page.status_code == 200
        assert 'role="alert"' in page.content.decode()


@pytest.mark.usefixtures("pipeline")
def test_who_has_set_no_password_cannot_sign_in_with_one(browser):
    for guess in ("anything", "!", User.objects.get(email_key=ANA).password):
        assert "do not belong together" in by_password(browser, ANA, guess).content.decode()


@pytest.mark.usefixtures("ana")
def test_a_deactivated_person_cannot_sign_in_and_an_open_session_ends_at_once(browser, pipeline):
    by_password(browser, ANA, PASSWORD)
    assert is_signed_in(browser)
    deactivate(pipeline)
    assert browser.get("/settings").status_code == 302
    assert browser.get("/settings", headers={"HX-Request": "true"}).status_code == 401
    assert "do not belong together" in by_password(browser, ANA, PASSWORD).content.decode()


@pytest.mark.usefixtures("ana")
def test_signing_out_is_a_form(browser):
    by_password(browser, ANA, PASSWORD)
    assert browser.get("/sign-out").status_code == 405
    browser.post("/sign-out")
    assert browser.get("/settings").status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_a_part_of_a_page_is_refused_without_sign_in_and_not_replaced_by_another_page(browser):
    response = browser.get("/settings", headers={"HX-Request": "true"})
    assert response.status_code == 401
    assert response["Content-Type"].startswith("text/plain")
    assert browser.get("/settings")["Location"] == "/sign-in?next=/settings"


# Setting a password


@pytest.mark.usefixtures("pipeline")
def test_a_first_password_is_set_and_told_by_mail(browser):
    client = Client(SERVER_NAME="localhost")
    enter(client, code_for(client))
    assert "Current password" not in client.get("/settings/password").content.decode()
    assert (
        "at least 12"
        in client.post("/settings/password", {"password1": "short", "password2": "short"}).content.decode()
    )
    unequal = client.post("/settings/password", {"password1": NEW, "password2": NEW + "!"})
    assert "same password" in unequal.content.decode()
    done = client.post("/settings/password", {"password1": NEW, "password2": NEW})
    assert "Your password is set." in client.get(done["Location"]).content.decode()
    assert newest_mail(ANA, 2)["Subject"] == "Your Callboard password was set"
    assert by_password(browser, ANA, NEW)["Location"] == "/settings"


@pytest.mark.usefixtures("ana")
def test_a_password_is_changed_with_the_current_one_and_ends_other_sessions(browser):
    other = Client(SERVER_NAME="localhost")
    for client in (browser, other):
        by_password(client, ANA, PASSWORD)
    change = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    assert "not your current password" in browser.post("/settings/password", change).content.decode()
    browser.post("/settings/password", change | {"oldpassword": PASSWORD})
    assert newest_mail(ANA)["Subject"] == "Your Callboard password was changed"
    assert is_signed_in(browser)
    assert not is_signed_in(other)


@pytest.mark.usefixtures("pipeline")
def test_setting_a_password_needs_a_session(browser):
    assert browser.get("/settings/password")["Location"] == "/sign-in?next=/settings/password"
    assert browser.post("/settings/password", {"password1": NEW, "password2": NEW}).status_code == 302


def test_a_password_changes_nothing_else_about_the_person(ana, pipeline, rf):
    from allauth.account.adapter import get_adapter  # noqa: PLC0415 - as a request would use it

    deactivate(pipeline)  # while `ana` was read before
    get_adapter(rf.get("/")).set_password(ana, NEW)
    stored = User.objects.get(pk=ana.pk)
    assert stored.check_password(NEW)
    assert not stored.is_active


def test_an_operators_link_sets_the_password_once(operator, browser):
    link = OPERATOR.url(operator, "")
    form = browser.get(link)["Location"]
    assert "at least 12" in browser.get(form).content.decode().lower()
    assert browser.post(form, {"new_password1": "short", "new_password2": "short"}).status_code == 200
    response = browser.post(form, {"new_password1": NEW, "new_password2": NEW})
    assert response["Location"] == "/sign-in?way=password&set=1"
    assert "The password is set" in browser.get(response["Location"]).content.decode()
    assert by_password(browser, operator.email, NEW).status_code == 302
    browser.post("/sign-out")
    assert "This link has ended" in browser.get(link).content.decode()


def test_nobody_signs_in_as_a_test_user(browser, pipeline):
    pipeline.import_people({"users": [USERS[0] | {"email": "try@test.invalid", "name": "Try"}]})
    user = User.objects.get(email_key="try@test.invalid")
    user.set_password(PASSWORD)
    user.save()
    assert by_password(browser, user.email, PASSWORD).status_code == 200
    ask(browser, user.email)
    browser.force_login(user)
    assert not is_signed_in(browser)
    assert mails_to(user.email) == []
