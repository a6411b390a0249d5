"""Who may enter the console: operators, and nobody else finds anything there."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.console.trouble import composed, failed
from tests.integration.web.studio import ANA, event

from callboard.console.operators import console
from callboard.intake.models import ApiKey
from callboard.mail.models import Mail, MailState
from callboard.people.models import User

PAGES = [
    "", "catalogue", "catalogue/delivery.redelivery_requested", "explain", "keys/new", "audit",
    *(f"{model._meta.app_label}/{model._meta.model_name}/" for model in console._registry),
]  # fmt: skip


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


@pytest.mark.parametrize("page", PAGES)
def test_only_operators_find_a_page(page, as_, browser, olga):
    url = f"/console/{page}"
    assert olga.get(url).status_code == 200
    assert as_(ANA).get(url).status_code == 404
    assert browser.get(url)["Location"].startswith("/sign-in?next=/console/") or (
        browser.get(url, follow=True).redirect_chain[-1][0].startswith("/sign-in?next=")
    )


def test_a_page_of_a_row_is_for_operators_only(as_, browser, olga, pipeline):
    mail = composed(pipeline, event())[0]
    url = f"/console/mail/mail/{mail.id}/change/"
    assert olga.get(url).status_code == 200
    assert as_(ANA).get(url).status_code == 404
    assert browser.get(url).status_code == 302


def test_what_is_not_there_is_not_found(olga):
    for url in ("mail/mail/999/change/", "mail/mail/x/change/", "catalogue/nothing", "audit?kind=none", "nowhere/"):
        assert olga.get(f"/console/{url}").status_code == 404, url


def test_an_operator_who_is_no_more_is_out_at_once(olga, operator):
    User.objects.filter(pk=operator.pk).update(is_staff=False)
    assert olga.get("/console/").status_code == 404


@pytest.mark.parametrize("email", [ANA, None])
def test_others_can_do_nothing(as_, browser, pipeline, email):
    mail = failed(composed(pipeline, event())[0])
    client = as_(email) if email else browser
    said = {"action": "retry_failed", "_selected_action": [mail.id], "confirmed": "yes"}
    found = client.post("/console/mail/mail/", said)
    assert found.status_code == (404 if email else 302)
    assert client.post("/console/keys/new", {"name": "mine"}).status_code == (404 if email else 302)
    assert Mail.objects.get().state == MailState.FAILED
    assert not ApiKey.objects.exists()


def test_every_write_needs_the_token(operator, pipeline):
    mail = failed(composed(pipeline, event())[0])
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(operator)
    ana = User.objects.get(email_key=ANA)
    for url, said in (
        ("mail/mail/", {"action": "retry_failed", "_selected_action": [mail.id], "confirmed": "yes"}),
        ("keys/new", {"name": "mine"}),
        (f"people/{ana.pk}/act", {"reason": "because it is so"}),
        ("acting/end", {}),
    ):
        assert client.post(f"/console/{url}", said).status_code == 403, url
    assert Mail.objects.get().state == MailState.FAILED


def test_nothing_is_added_changed_or_deleted_row_by_row(olga, pipeline):
    mail = composed(pipeline, event())[0]
    assert olga.get("/console/mail/mail/add/").status_code == 403
    assert olga.post(f"/console/mail/mail/{mail.id}/change/", {"state": "sent"}).status_code == 404
    assert olga.post(f"/console/mail/mail/{mail.id}/delete/", {"post": "yes"}).status_code == 403
    assert Mail.objects.get().state == MailState.QUEUED


def test_roundabout_ways_lead_to_the_overview_and_the_own_password(olga):
    assert olga.get("/console/mail/")["Location"] == "/console/"
    assert olga.get("/console/password_change/")["Location"] == "/settings/password"


@pytest.mark.parametrize(
    "url",
    ["people/user/?password__startswith=md5", "people/user/?password__regex=.", "intake/apikey/?key_hash__startswith=a",
     "mail/mail/?user__password__startswith=md5", "mail/mail/?state__exact=held"],
)  # fmt: skip
def test_a_table_is_narrowed_by_its_own_filters_alone(operator, as_, url):
    assert as_(operator.email_key).get(f"/console/{url}").status_code == 400
