"""The one-click link of a mail (C3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from tests.integration.web.studio import ANA, NOW, PROCESSED, REDELIVERY, accept, event, mute_url

from callboard.people.models import User
from callboard.preferences import actions, store
from callboard.preferences.values import Kind, MutedBy, Ref
from callboard.web.viewer import catalogue, viewer_for

CRITICAL = Ref(f"{REDELIVERY}/fulfillment_partner_operations", Kind.DEFAULT)
ORDINARY = Ref(f"{PROCESSED}/fulfillment_partner_operations", Kind.DEFAULT)


@pytest.fixture
def link(pipeline):
    """Return the link in a mail about one event of a type."""

    def make(event_type=REDELIVERY, event_id="e-1", after=timedelta(days=1)):
        accept(pipeline, event(event_id, event_type))
        pipeline.clock.at += after
        pipeline.compose_due()
        pipeline.clock.at -= after
        return mute_url(pipeline)

    return make


def mutes():
    return store.mutes_of(User.objects.get(email_key=ANA).id)


def test_looking_changes_nothing(link, browser):
    url = link()
    for method in (browser.get, browser.head):
        response = method(url)
        assert response.status_code == 200
        assert not response.cookies
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]
    assert mutes() == {}


def test_the_page_names_event_types_and_nothing_else_of_the_account(link, browser, as_):
    url = link()
    for client in (browser, as_(ANA)):
        page = client.get(url).content.decode() + client.post(url).content.decode()
        assert "Redelivery Requested" in page
        for private in (ANA, "Ana", "Copperglass", "Second rounds", "Salt Cartographers", "Fulfillment"):
            assert private not in page


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "One-Click"}])
def test_posting_mutes_critical_types_for_30_days_and_can_be_repeated(link, browser, body):
    url = link()
    for _ in range(3):
        response = browser.post(url, body)
        assert response.status_code == 200
        assert b"for 30 days" in response.content
        assert not response.cookies
    assert mutes()[CRITICAL].until == NOW + timedelta(days=30)
    assert mutes()[CRITICAL].by is MutedBy.MAIL_LINK


def test_posting_mutes_other_types_until_unmuted(link, browser, as_):
    browser.post(link(PROCESSED))
    assert mutes()[ORDINARY].is_muted(NOW + timedelta(days=400))
    assert mutes()[ORDINARY].until is None
    assert "by mail link" in as_(ANA).get("/settings").content.decode()


@pytest.mark.usefixtures("pipeline")
def test_posting_needs_no_csrf_token(link):
    assert Client(SERVER_NAME="localhost", enforce_csrf_checks=True).post(link()).status_code == 200


def test_after_its_owner_unmuted_the_link_does_nothing_more(link, browser):
    url = link(PROCESSED)
    browser.post(url)
    ana = viewer_for(User.objects.get(email_key=ANA))
    actions.set_mute(ana.person, ORDINARY, catalogue(), NOW, muted=False)
    response = browser.post(url)
    assert response.status_code == 200
    assert b"Nothing changed" in response.content
    assert not mutes()[ORDINARY].muted


def test_the_link_ends_after_180_days(link, browser, at):
    url = link()
    at(timedelta(days=1 + 179))
    assert browser.get(url).status_code == 200
    at(timedelta(days=1 + 180))
    for response in (browser.get(url), browser.post(url)):
        assert response.status_code == 404
        assert b"This link has ended" in response.content
    assert mutes() == {}


@pytest.mark.parametrize("token", ["1", "1-0", "zz-zz", "1-" + "0" * 32, "é", "%00", "9" * 400])
@pytest.mark.usefixtures("pipeline")
def test_a_link_that_is_not_ours_says_so(browser, token):
    for response in (browser.get(f"/mute/{token}"), browser.post(f"/mute/{token}")):
        assert response.status_code == 404
        assert b"This link has ended" in response.content


def test_other_methods_are_refused(link, browser):
    assert browser.put(link()).status_code == 405
