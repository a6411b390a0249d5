"""An authenticator app, recovery codes and passkeys: set up, used, guessed at, taken away."""

from __future__ import annotations

import html
import json
import re
import time
from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from tests.integration.web.device import Device
from tests.integration.web.mails import ask, by_password, code_in, enter, newest_mail
from tests.integration.web.studio import ANA, TOM, USERS

from callboard.people.models import User

PASSWORD = "a password for tests"
APP, CODES, ADD = "/settings/security/app", "/settings/security/codes", "/settings/security/passkeys/add"
CONFIRM = "/settings/security/confirm"


def new_client():
    return Client(SERVER_NAME="localhost", headers={"host": "localhost"})


@pytest.fixture
def ana(pipeline):  # noqa: ARG001 - its people
    user = User.objects.get(email_key=ANA)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def fresh(ana):  # noqa: ARG001 - her password
    """A browser in which Ana has just signed in."""
    client = new_client()
    by_password(client, ANA, PASSWORD)
    return client


def stale(client):
    """Let the sign-in of a browser be eleven minutes ago."""
    session = client.session
    for one in session["account_authentication_methods"]:
        one["at"] -= 660
    session.save()


def app_code(secret, steps=0):
    """The code of this step of 30 seconds or a later one: the step before may end before it is posted."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def add_app(client):
    """Set an app up; return its secret, the code that did it and the recovery codes."""
    page = client.get(APP).content.decode()
    secret = re.findall(r'class="secret">([A-Z2-7 ]+)<', page)[0].replace(" ", "")
    code = app_code(secret)
    assert client.post(APP, {"code": code})["Location"] == CODES
    return secret, code, re.findall(r"<code>(\d{8})</code>", client.get(CODES).content.decode())


def options_in(page):
    return json.loads(html.unescape(re.findall(r'data-options="([^"]+)"', page)[0]))


def add_passkey(client, device, name="Laptop"):
    options = options_in(client.get(ADD).content.decode())
    return client.post(ADD, {"name": name, "credential": device.create(options)})


def by_passkey(client, device, **more):
    options = client.get("/sign-in/passkey").json()
    return client.post("/sign-in/passkey", {"credential": device.get(options), **more})


def is_signed_in(client):
    return client.get("/settings").status_code == 200


# An app


def test_an_app_is_set_up_by_picture_or_letters_and_signing_in_asks_for_its_code(
    fresh, django_capture_on_commit_callbacks
):
    page = fresh.get(APP)
    assert '<img src="data:image/svg+xml;base64,' in page.content.decode()
    assert page["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    with django_capture_on_commit_callbacks(execute=True):
        secret, _, codes = add_app(fresh)
    assert newest_mail(ANA)["Subject"] == "Your authenticator app was added"
    assert len(set(codes)) == 10
    for first in (by_mailed_code, lambda one: by_password(one, ANA, PASSWORD)):
        client = new_client()
        assert first(client)["Location"] == "/sign-in/second"
        assert not is_signed_in(client)
        before = client.session.session_key
        assert client.post("/sign-in/second", {"code": codes.pop()})["Location"] == "/settings"
        assert client.session.session_key != before
        assert is_signed_in(client)
    client = new_client()
    by_password(client, ANA, PASSWORD)
    assert client.post("/sign-in/second", {"code": app_code(secret, 1)})["Location"] == "/settings"


def by_mailed_code(client):
    ask(client, ANA)
    return enter(client, code_in(newest_mail(ANA, 2)))


def test_a_code_of_an_app_works_once_however_it_is_written(fresh):
    secret, *_ = add_app(fresh)
    code = app_code(secret, 1)
    clients = [new_client() for _ in range(3)]
    for client in clients:
        by_password(client, ANA, PASSWORD)
    assert clients[0].post("/sign-in/second", {"code": code}).status_code == 302
    for client, again in zip(clients[1:], (code, f" {code[:3]}-{code[3:]} "), strict=True):
        assert client.post("/sign-in/second", {"code": again}).status_code == 200
        assert not is_signed_in(client)


def test_the_code_that_set_the_app_up_does_not_sign_in_too(fresh):
    _, code, _ = add_app(fresh)
    client = new_client()
    by_password(client, ANA, PASSWORD)
    assert client.post("/sign-in/second", {"code": code}).status_code == 200
    assert not is_signed_in(client)


def test_a_recovery_code_works_once_and_codes_are_shown_once(fresh):
    *_, codes = add_app(fresh)
    assert codes[0] not in fresh.get(CODES).content.decode()
    for status in (302, 200):
        client = new_client()
        by_password(client, ANA, PASSWORD)
        assert client.post("/sign-in/second", {"code": codes[0]}).status_code == status
    assert "You have 9 unused codes" in fresh.get("/settings/security").content.decode()


def test_new_recovery_codes_end_the_old_ones(fresh, django_capture_on_commit_callbacks):
    *_, codes = add_app(fresh)
    with django_capture_on_commit_callbacks(execute=True):
        assert fresh.post(f"{CODES}/new")["Location"] == CODES
    assert newest_mail(ANA)["Subject"] == "You have new recovery codes"
    client = new_client()
    by_password(client, ANA, PASSWORD)
    assert client.post("/sign-in/second", {"code": codes[0]}).status_code == 200
    assert "unused" in fresh.get(f"{CODES}/new").content.decode()


def test_guessing_a_second_factor_is_limited_by_person_whoever_guesses(fresh):
    add_app(fresh)
    clients = [new_client() for _ in range(3)]
    for client in clients:
        by_password(client, ANA, PASSWORD)
    answers = [clients[number % 3].post("/sign-in/second", {"code": "000000"}).status_code for number in range(12)]
    assert answers == [200] * 10 + [429] * 2


@pytest.mark.usefixtures("ana")
def test_no_second_factor_is_asked_for_before_the_first(browser):
    assert browser.get("/sign-in/second")["Location"] == "/sign-in"
    assert browser.post("/sign-in/second", {"code": "000000"})["Location"] == "/sign-in"


def test_who_is_asked_for_a_second_factor_can_begin_again(fresh):
    add_app(fresh)
    client = new_client()
    by_password(client, ANA, PASSWORD)
    assert 'href="/sign-in"' in client.get("/sign-in/second").content.decode()
    assert client.get("/sign-in").status_code == 200
    assert ask(client, TOM)["Location"] == "/sign-in/code"
    assert client.post("/sign-in/second", {"code": "000000"})["Location"] == "/sign-in"


def test_who_is_deactivated_between_the_factors_is_not_let_in(fresh, pipeline):
    *_, codes = add_app(fresh)
    client = new_client()
    by_password(client, ANA, PASSWORD)
    pipeline.import_people({"users": [one | {"active": False} for one in USERS if one["email"] == ANA]})
    client.post("/sign-in/second", {"code": codes[0]})
    assert not is_signed_in(client)


def test_an_app_is_removed_with_its_recovery_codes(fresh):
    add_app(fresh)
    assert "Remove" in fresh.get(f"{APP}/remove").content.decode()
    assert fresh.post(f"{APP}/remove")["Location"] == "/settings/security?done=app-gone"
    assert not Authenticator.objects.exists()
    assert newest_mail(ANA)["Subject"] == "Your authenticator app was removed"
    assert by_password(new_client(), ANA, PASSWORD)["Location"] == "/settings"


def test_secrets_are_not_stored_as_they_are(fresh):
    secret, _, codes = add_app(fresh)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert not any(one in stored for one in codes)


# Showing again who it is


CHANGES = [APP, f"{APP}/remove", CODES, f"{CODES}/new", ADD]


@pytest.mark.parametrize("way", ["get", "post"])
@pytest.mark.parametrize("url", CHANGES)
def test_no_way_to_sign_in_changes_without_showing_who_it_is(fresh, url, way):
    stale(fresh)
    back = url.replace("/", "%2F") if way == "get" else "%2Fsettings%2Fsecurity"
    assert getattr(fresh, way)(url, {"code": "x"} if way == "post" else {})["Location"].startswith(
        f"{CONFIRM}?next={back}"
    )
    assert Client().get(url).status_code == 302
    assert not Authenticator.objects.exists()


def test_who_has_a_password_shows_it(fresh):
    stale(fresh)
    assert fresh.post(CONFIRM, {"way": "mail"}).status_code == 200
    assert "confirm_code" not in fresh.session
    assert fresh.post(CONFIRM, {"password": "wrong", "next": APP}).status_code == 200
    assert fresh.get(APP).status_code == 302
    assert fresh.post(CONFIRM, {"password": PASSWORD, "next": APP})["Location"] == APP
    assert fresh.get(APP).status_code == 200


def test_who_has_a_second_factor_shows_that_and_no_password(fresh):
    *_, codes = add_app(fresh)
    stale(fresh)
    assert fresh.post(CONFIRM, {"password": PASSWORD}).status_code == 200
    assert fresh.get(ADD).status_code == 302
    assert fresh.post(CONFIRM, {"code": codes[0]})["Location"] == "/settings/security"
    assert fresh.get(ADD).status_code == 200


@pytest.mark.usefixtures("pipeline")
def test_who_has_neither_enters_a_mailed_code(as_):
    client = as_(ANA)  # a session that says nothing about how it began
    assert client.get(APP).status_code == 302
    assert client.post(CONFIRM, {"mailed": "AAA-AAA"}).status_code == 200
    client.post(CONFIRM, {"way": "mail"})
    code = code_in(newest_mail(ANA))
    assert client.post(CONFIRM, {"mailed": "AAA-AAA"}).status_code == 200
    assert client.post(CONFIRM, {"mailed": code.lower()})["Location"] == "/settings/security"
    assert client.get(APP).status_code == 200
    stale(client)
    assert client.post(CONFIRM, {"mailed": code}).status_code == 200
    assert client.get(APP).status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_a_mailed_code_ends_after_five_tries(as_):
    client = as_(ANA)
    client.post(CONFIRM, {"way": "mail"})
    code = code_in(newest_mail(ANA))
    for _ in range(5):
        assert client.post(CONFIRM, {"mailed": "AAA-AAA"}).status_code == 200
    assert client.post(CONFIRM, {"mailed": code}).status_code == 200
    assert client.get(APP).status_code == 302


def test_the_way_back_from_showing_who_it_is_never_leaves(fresh):
    stale(fresh)
    assert fresh.post(CONFIRM, {"password": PASSWORD, "next": "//evil.example"})["Location"] == "/settings/security"


# Passkeys


def test_a_passkey_is_added_and_signs_in_alone(fresh):
    device = Device()
    assert add_passkey(fresh, device)["Location"] == CODES
    assert newest_mail(ANA)["Subject"] == "A passkey was added"
    client = new_client()
    before = client.session.session_key
    assert by_passkey(client, device, next="/history")["Location"] == "/history"
    assert client.session.session_key != before
    assert "Laptop" in client.get("/settings/security").content.decode()


def test_a_passkey_is_the_second_factor_after_a_password(fresh):
    device = Device()
    add_passkey(fresh, device)
    client = new_client()
    assert by_password(client, ANA, PASSWORD)["Location"] == "/sign-in/second"
    options = options_in(client.get("/sign-in/second").content.decode())
    assert client.post("/sign-in/second", {"credential": device.get(options)})["Location"] == "/settings"


ATTACKS = {
    "another site's page": {"origin": "https://evil.example"},
    "another site's key": {"rp_id": "evil.example"},
    "no PIN": {"asks": False},
}


@pytest.mark.parametrize("change", ATTACKS.values(), ids=ATTACKS)
def test_a_passkey_is_refused_with(fresh, change):
    device = Device()
    add_passkey(fresh, device)
    client = new_client()
    assert by_passkey(client, replace(device, **change))["Location"] == "/sign-in?passkey=no"
    assert "did not sign you in" in client.get("/sign-in?passkey=no").content.decode()
    assert not is_signed_in(client)


def test_an_answer_of_a_passkey_works_once_and_for_its_question_alone(fresh):
    device = Device()
    add_passkey(fresh, device)
    first, second = new_client(), new_client()
    answer = device.get(first.get("/sign-in/passkey").json())
    second.get("/sign-in/passkey")
    assert second.post("/sign-in/passkey", {"credential": answer})["Location"] == "/sign-in?passkey=no"
    assert first.post("/sign-in/passkey", {"credential": answer})["Location"] == "/settings"
    first.post("/sign-out")
    assert first.post("/sign-in/passkey", {"credential": answer})["Location"] == "/sign-in?passkey=no"


def test_a_passkey_opens_no_other_account(fresh):
    device, stranger = Device(), Device()
    add_passkey(fresh, device)
    stranger.user_handle = device.user_handle
    assert by_passkey(new_client(), stranger)["Location"] == "/sign-in?passkey=no"
    for handle in ("", "AAAA", None):
        device.user_handle = handle
        assert by_passkey(new_client(), device)["Location"] == "/sign-in?passkey=no"


@pytest.mark.parametrize("answer", ["", "{}", "null", "[]", '{"response": 1}', "x", '{"id": "a", "rawId": "a"}'])
@pytest.mark.usefixtures("ana")
def test_what_is_no_answer_of_a_passkey_is_refused(answer):
    client = new_client()
    client.get("/sign-in/passkey")
    assert client.post("/sign-in/passkey", {"credential": answer})["Location"] == "/sign-in?passkey=no"


def test_a_passkey_of_who_is_deactivated_lets_nobody_in(fresh, pipeline):
    device = Device()
    add_passkey(fresh, device)
    pipeline.import_people({"users": [one | {"active": False} for one in USERS if one["email"] == ANA]})
    client = new_client()
    assert by_passkey(client, device)["Location"] == "/sign-in?passkey=no"
    assert not is_signed_in(client)


def test_a_passkey_is_renamed_and_removed_by_its_person_alone(fresh, as_):
    add_passkey(fresh, Device())
    number = Authenticator.objects.get(type="webauthn").pk
    rename, remove = (f"/settings/security/passkeys/{number}/{one}" for one in ("rename", "remove"))
    assert fresh.post(rename, {"name": "Key ring"})["Location"] == "/settings/security?done=renamed"
    assert "Key ring" in fresh.get("/settings/security").content.decode()
    tom = as_(TOM)
    session = tom.session
    session["account_authentication_methods"] = [{"method": "code", "at": time.time()}]
    session["account_authentication_methods_user"] = str(User.objects.get(email_key=TOM).pk)
    session.save()
    assert [tom.post(one, {"name": "Mine"}).status_code for one in (rename, remove)] == [404, 404]
    assert fresh.post(remove)["Location"] == "/settings/security?done=passkey-gone"
    assert not Authenticator.objects.exists()


def test_a_browser_is_asked_for_a_passkey_that_signs_in_alone_and_is_new_to_the_device(fresh):
    device = Device()
    add_passkey(fresh, device)
    options = options_in(fresh.get(ADD).content.decode())
    assert len(options["publicKey"]["excludeCredentials"]) == 1
    assert options["publicKey"]["authenticatorSelection"]["userVerification"] == "required"
    assert options["publicKey"]["authenticatorSelection"]["residentKey"] == "required"
