"""Signing in: by password, by the demo's one click, and what ends a session."""

from __future__ import annotations

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from tests.integration.web.studio import ANA, TOM, USERS

from callboard.people.models import User
from callboard.web import limits
from callboard.web.models import SignInTry

PASSWORD = "a password for tests"


@pytest.fixture
def ana(pipeline):  # noqa: ARG001 - its people
    user = User.objects.get(email_key=ANA)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client, email, password, **more):
    return client.post("/sign-in", {"username": email, "password": password, **more})


@pytest.mark.usefixtures("ana")
def test_a_password_signs_in_whatever_the_case_of_the_address(browser):
    response = sign_in(browser, ANA.upper(), PASSWORD)
    assert response["Location"] == "/settings"
    assert browser.get("/settings").status_code == 200


@pytest.mark.usefixtures("ana")
def test_the_way_back_stays_on_this_host(browser):
    assert sign_in(browser, ANA, PASSWORD, next="/items/x")["Location"] == "/items/x"
    assert sign_in(browser, ANA, PASSWORD, next="https://evil.example/")["Location"] == "/settings"


@pytest.mark.usefixtures("ana")
def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(browser):
    def plain(response):
        return response.content.decode().replace(ANA, "").replace("nobody@copperglass.example", "")

    wrong = sign_in(browser, ANA, "wrong")
    unknown = sign_in(browser, "nobody@copperglass.example", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert "do not belong together" in wrong.content.decode()
    hide = wrong.context["csrf_token"], unknown.context["csrf_token"]
    assert plain(wrong).replace(str(hide[0]), "") == plain(unknown).replace(str(hide[1]), "")


@pytest.mark.usefixtures("ana")
def test_too_many_tries_for_an_address_are_refused_even_with_the_right_password(browser):
    for _ in range(limits.TRIES_PER_ADDRESS):
        assert sign_in(browser, ANA, "wrong").status_code == 200
    response = sign_in(browser, ANA, PASSWORD)
    assert response.status_code == 429
    assert "Wait ten minutes" in response.content.decode()
    SignInTry.objects.update(tried_s=0)
    assert sign_in(browser, ANA, PASSWORD).status_code == 302


@pytest.mark.usefixtures("ana")
def test_too_many_tries_from_one_place_are_refused(browser):
    for number in range(limits.TRIES_PER_PLACE):
        sign_in(browser, f"nobody-{number}@copperglass.example", "wrong")
    assert sign_in(browser, ANA, PASSWORD).status_code == 429
    browser.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert sign_in(browser, ANA, PASSWORD).status_code == 302


@pytest.mark.usefixtures("ana")
def test_a_deactivated_person_cannot_sign_in_and_an_open_session_ends_at_once(browser, pipeline):
    sign_in(browser, ANA, PASSWORD)
    assert browser.get("/settings").status_code == 200
    users = [one | {"active": False} for one in USERS if one["email"] == ANA]
    pipeline.import_people({"users": users})
    assert browser.get("/settings").status_code == 302
    assert "do not belong together" in sign_in(browser, ANA, PASSWORD).content.decode()


@pytest.mark.usefixtures("ana")
def test_signing_out_is_a_form(browser):
    sign_in(browser, ANA, PASSWORD)
    assert browser.get("/sign-out").status_code == 405
    browser.post("/sign-out")
    assert browser.get("/settings").status_code == 302


def test_an_operators_link_sets_the_password_once(operator, browser):
    code = urlsafe_base64_encode(force_bytes(operator.pk))
    link = f"/set-password/{code}/{default_token_generator.make_token(operator)}/"
    form = browser.get(link)["Location"]
    assert "at least 12" in browser.get(form).content.decode().lower()
    assert browser.post(form, {"new_password1": "short", "new_password2": "short"}).status_code == 200
    new = "curtain call at eight"
    response = browser.post(form, {"new_password1": new, "new_password2": new})
    assert response["Location"] == "/sign-in?set=1"
    assert sign_in(browser, operator.email, new).status_code == 302
    assert "This link has ended" in browser.get(link).content.decode()


@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_signs_in_in_the_demo(browser):
    response = browser.post("/sign-in-as", {"email": TOM, "next": "/history"})
    assert response["Location"] == "/history"
    assert b"Tom Hale" in browser.get("/settings").content


@pytest.mark.parametrize(
    "request_",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": "10.0.0.1"},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"HTTP_FORWARDED": "for=203.0.113.9"},
        {"HTTP_HOST": "callboard.example"},
    ],
)
@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_is_for_this_machine_only(browser, settings, request_):
    settings.ALLOWED_HOSTS = ["*"]
    assert browser.post("/sign-in-as", {"email": TOM}, **request_).status_code == 404
    assert browser.get("/mailbox", **request_).status_code == 404
    assert browser.get("/happened", **request_).status_code == 404
    assert browser.get("/", **request_)["Location"] == "/sign-in"


@pytest.mark.parametrize(
    ("remote", "host"), [("::1", "[::1]"), ("127.0.0.5", "127.0.0.1:8000"), ("127.0.0.1", "localhost")]
)
@pytest.mark.usefixtures("pipeline", "demo")
def test_this_machine_has_several_names(browser, remote, host):
    response = browser.post("/sign-in-as", {"email": TOM}, REMOTE_ADDR=remote, HTTP_HOST=host)
    assert response.status_code == 302


@pytest.mark.usefixtures("pipeline")
def test_outside_the_demo_there_is_no_one_click(browser):
    assert browser.post("/sign-in-as", {"email": TOM}).status_code == 404


@pytest.mark.usefixtures("demo")
def test_one_click_opens_neither_operators_nor_deactivated_people(operator, browser):
    User.objects.filter(email_key=TOM).update(is_active=False)
    for email in (operator.email, TOM, "nobody@nowhere.example", ""):
        assert browser.post("/sign-in-as", {"email": email}).status_code == 404


@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_needs_the_csrf_token():
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert client.post("/sign-in-as", {"email": TOM}).status_code == 403
