"""The demo's one click, and the mailbox: on this machine only."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.web.studio import ANA, TOM

from callboard.people.models import User


@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_signs_in_in_the_demo(browser):
    response = browser.post("/sign-in-as", {"email": TOM, "next": "/history"})
    assert response["Location"] == "/history"
    assert b"Tom Hale" in browser.get("/settings").content


@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_leads_nowhere_else(browser):
    for away in ("https://evil.example/", "//evil.example", "http://127.0.0.1/"):
        assert browser.post("/sign-in-as", {"email": TOM, "next": away})["Location"] == "/settings"


@pytest.mark.parametrize(
    "request_",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"REMOTE_ADDR": "10.0.0.1"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=203.0.113.9"},
        {"HTTP_HOST": "callboard.example"},
        {"HTTP_HOST": "localhost.evil.example"},
    ],
)
@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_is_for_this_machine_only(browser, settings, request_):
    settings.ALLOWED_HOSTS = ["*"]
    assert browser.post("/sign-in-as", {"email": TOM}, **request_).status_code == 404
    assert browser.get("/mailbox", **request_).status_code == 404
    assert browser.get("/happened", **request_).status_code == 404
    assert browser.get("/", **request_)["Location"] == "/sign-in"
    assert "Sign in as" not in browser.get("/sign-in", **request_).content.decode()


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
    assert "Sign in as" not in browser.get("/sign-in").content.decode()


def test_outside_the_demo_the_mailbox_is_for_operators(as_, operator, browser):
    assert as_(operator.email_key).get("/mailbox").status_code == 200
    assert as_(ANA).get("/mailbox").status_code == 404
    assert browser.get("/mailbox").status_code == 404


@pytest.mark.usefixtures("demo")
def test_one_click_opens_neither_operators_nor_deactivated_people(operator, browser):
    User.objects.filter(email_key=TOM).update(is_active=False)
    for email in (operator.email, TOM, "nobody@nowhere.example", ""):
        assert browser.post("/sign-in-as", {"email": email}).status_code == 404


@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_needs_the_csrf_token():
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert client.post("/sign-in-as", {"email": TOM}).status_code == 403


@pytest.mark.usefixtures("pipeline", "demo")
def test_one_click_is_a_form(browser):
    assert browser.get("/sign-in-as", {"email": TOM}).status_code == 405
