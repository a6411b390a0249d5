"""Signing in by another service: authlib's provider says who it is, in every wrong way too."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.test import Client
from joserfc.jwk import RSAKey
from tests.integration.web.mails import by_password
from tests.integration.web.provider import CLIENT, SECRET, SHARED_KEY, Provider, Server, Told
from tests.integration.web.studio import ANA, TOM, USERS
from tests.integration.web.test_second_factors import add_app, new_client

from callboard.base.config import Oidc
from callboard.people.models import User
from callboard.web.accounts.sign_on import person_of

pytestmark = pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning")
NAME = "Sign in with the studio"


@pytest.fixture(scope="module")
def running():
    """The provider, once for all."""
    provider = Provider(Told({}))
    server = Server(provider)
    yield provider, server.issuer
    server.shutdown()
    server.server_close()


@pytest.fixture
def told(running, pipeline, settings, monkeypatch):  # noqa: ARG001 - its people
    """What the provider says: that Ana is signed in there."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    provider, issuer = running
    provider.told = Told({"sub": "248289", "email": ANA, "email_verified": True}, issuer=issuer)
    provider.asked.clear()
    oidc = Oidc(issuer=issuer, client_id=CLIENT, client_secret=SECRET, name=NAME)
    settings.CONFIG = replace(settings.CONFIG, oidc=oidc)
    return provider.told


def go(client, **query):
    """Go to the provider and return the address it leads back to."""
    away = client.get("/sign-in/with", query)
    assert away.status_code == 302, away.content.decode()
    back = requests.get(away["Location"], allow_redirects=False, timeout=10)
    assert back.status_code == 302, back.text
    return back.headers["Location"]


def come_back(client, address):
    parts = urlsplit(address)
    assert parts.netloc == "127.0.0.1:8000"
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client, **query):
    return come_back(client, go(client, **query))


def is_signed_in(client):
    return client.get("/settings").status_code == 200


def is_refused(client, response, *says):
    assert not is_signed_in(client)
    assert response.status_code in {400, 403}
    page = response.content.decode()
    assert all(one in page for one in says), page
    return True


# As it should be


@pytest.mark.usefixtures("told")
def test_who_is_signed_in_there_is_signed_in_here(browser):
    page = browser.get("/sign-in?next=/history").content.decode()
    assert f"{NAME}</a>" in page
    assert 'href="/sign-in/with?next=%2Fhistory"' in page
    before = browser.session.session_key
    assert sign_in(browser, next="/history")["Location"] == "/history"
    assert b"Ana Ruiz" in browser.get("/settings").content
    assert browser.session.session_key != before


@pytest.mark.usefixtures("told")
def test_what_is_asked_has_a_state_a_nonce_and_a_challenge_and_nothing_of_whoever_asks(browser, running):
    go(browser, scope="admin", auth_params="prompt=none", process="connect", next="//evil.example")
    (asked,) = running[0].asked
    assert asked["code_challenge_method"] == "S256"
    assert set(asked["scope"].split()) == {"openid", "email"}
    assert "prompt" not in asked
    assert min(len(asked[one]) for one in ("state", "nonce", "code_challenge")) >= 16
    assert asked["redirect_uri"] == "http://127.0.0.1:8000/sign-in/with/done"


def test_an_address_that_only_the_user_info_has_will_do(told, browser):
    told.thin = True
    assert sign_in(browser)["Location"] == "/settings"
    told.userinfo = told.claims | {"sub": "somebody else"}
    other = new_client()
    assert is_refused(other, sign_in(other), "This did not work")


@pytest.mark.usefixtures("told")
def test_nothing_is_stored_and_nobody_is_made(browser):
    people = User.objects.count()
    sign_in(browser)
    for table in (SocialAccount, SocialApp, SocialToken, EmailAddress):
        assert table.objects.count() == 0
    assert User.objects.count() == people


@pytest.mark.usefixtures("told")
def test_a_password_stays_and_a_second_factor_is_asked_for_all_the_same():
    ana = User.objects.get(email_key=ANA)
    ana.set_password("a password for tests")
    ana.save()
    client = new_client()
    by_password(client, ANA, "a password for tests")
    *_, codes = add_app(client)
    other = new_client()
    assert sign_in(other)["Location"] == "/sign-in/second"
    assert not is_signed_in(other)
    assert other.post("/sign-in/second", {"code": codes[0]})["Location"] == "/settings"
    assert User.objects.get(email_key=ANA).check_password("a password for tests")


@pytest.mark.usefixtures("told")
def test_who_is_signed_in_as_somebody_else_becomes_who_the_service_says(as_):
    client = as_(TOM)
    sign_in(client)
    assert b"Ana Ruiz" in client.get("/settings").content


# Who is not let in


def test_who_has_no_account_is_told_so_and_none_is_made(told, browser):
    told.claims |= {"email": "new@copperglass.example"}
    assert is_refused(browser, sign_in(browser), "No active account here", "new@copperglass.example")
    assert not User.objects.filter(email_key="new@copperglass.example").exists()


def test_who_is_deactivated_is_told_so(told, pipeline, browser):
    del told
    pipeline.import_people({"users": [one | {"active": False} for one in USERS if one["email"] == ANA]})
    assert is_refused(browser, sign_in(browser), "It may have been deactivated")


@pytest.mark.parametrize("verified", [False, None, "true", 1, "absent"])
def test_an_address_that_is_not_verified_there_lets_nobody_in(told, browser, verified):
    told.claims |= {"email_verified": verified}
    if verified == "absent":
        del told.claims["email_verified"]
    assert is_refused(browser, sign_in(browser), "Your address is not confirmed")


@pytest.mark.parametrize("email", [None, 7, [ANA], "", {"a": ANA}])
def test_what_is_no_address_lets_nobody_in(told, browser, email):
    told.claims |= {"email": email}
    assert is_refused(browser, sign_in(browser))


def test_an_address_that_only_compares_as_equal_is_another_mailbox(pipeline):
    weiss = {
        "email": "anna.weiss@strasse.example",
        "name": "Anna",
        "partner": "copperglass",
        "roles": USERS[0]["roles"],
    }
    pipeline.import_people({"users": [weiss]})
    for same in ("anna.weiss@strasse.example", "Anna.Weiss@STRASSE.example"):
        found = person_of(same)
        assert found is not None
        assert found.name == "Anna"
    for other in ("anna.weiß@strasse.example", "anna.weiss@straße.example", "ANNA.WEI\u017fS@strasse.example"):
        assert person_of(other) is None


# Attacks


BENT = {
    "another issuer's token": {"issuer": "https://evil.example"},
    "a token for another": {"audience": "somebody-else"},
    "a token of another sign-in": {"nonce": "of another sign-in"},
    "no nonce": {"nonce": ""},
    "an old token": {"expires_in_s": -3600},
    "another key": {"key": RSAKey.generate_key(2048, {"kid": "k1"})},
    "a key that others know": {"key": SHARED_KEY, "algorithm": "HS256"},
    "another issuer's discovery": {"discovered": {"issuer": "https://evil.example"}},
    "no keys": {"discovered": {"jwks_uri": "file:///etc/passwd"}},
}


@pytest.mark.parametrize("change", BENT.values(), ids=BENT)
def test_nobody_is_signed_in_by(told, running, browser, change):
    if "discovered" in change:  # the service changes its mind in between
        address = go(browser)
        told.discovered = change["discovered"]
    else:
        running[0].told = replace(told, **change)
        address = go(browser)
    assert is_refused(browser, come_back(browser, address), "This did not work")


@pytest.mark.usefixtures("told")
def test_what_another_browser_asked_for_signs_nobody_in(browser):
    address = go(browser)
    victim = Client(SERVER_NAME="localhost")
    assert is_refused(victim, come_back(victim, address), "This did not work")
    go(victim)
    assert is_refused(victim, come_back(victim, address), "This did not work")


@pytest.mark.usefixtures("told")
def test_the_way_back_works_once(browser):
    address = go(browser)
    assert come_back(browser, address)["Location"] == "/settings"
    browser.post("/sign-out")
    assert is_refused(browser, come_back(browser, address), "This did not work")


@pytest.mark.usefixtures("told")
def test_a_code_without_our_verifier_is_worth_nothing(browser, running):
    code = parse_qs(urlsplit(go(browser)).query)["code"][0]
    form = {
        "grant_type": "authorization_code", "code": code, "client_id": CLIENT, "client_secret": SECRET,
        "redirect_uri": "http://127.0.0.1:8000/sign-in/with/done",
    }  # fmt: skip
    assert requests.post(f"{running[1]}/token", form, timeout=10).status_code == 400


@pytest.mark.parametrize("query", [{}, {"state": "x"}, {"code": "x"}, {"state": "x", "code": "y"}])
@pytest.mark.usefixtures("told")
def test_a_way_back_that_nobody_asked_for_leads_nowhere(browser, query):
    assert is_refused(browser, browser.get("/sign-in/with/done", query), "This did not work")


@pytest.mark.usefixtures("told")
def test_who_says_no_there_is_told_that_nothing_happened(browser):
    state = parse_qs(urlsplit(go(browser)).query)["state"][0]
    answer = browser.get("/sign-in/with/done", {"state": state, "error": "access_denied"})
    assert is_refused(browser, answer, "You were not signed in")


def test_a_service_that_is_not_there_is_said_in_a_sentence(told, browser, settings):
    del told
    settings.CONFIG = replace(settings.CONFIG, oidc=replace(settings.CONFIG.oidc, issuer="http://127.0.0.1:9"))
    assert is_refused(browser, browser.get("/sign-in/with"), "could not be reached")


@pytest.mark.usefixtures("pipeline")
def test_without_a_service_there_is_no_way_to_it(browser):
    assert [browser.get(one).status_code for one in ("/sign-in/with", "/sign-in/with/done")] == [404, 404]
    assert "/sign-in/with" not in browser.get("/sign-in").content.decode()
