"""The operators' console: who may enter, and the few things that can be done there."""

from __future__ import annotations

import pytest
from django.db import transaction
from tests.integration.web.studio import ANA, NOW, accept, event

from callboard.console.operators import console
from callboard.intake import store as log
from callboard.intake.models import ApiKey, EventRecord, EventState
from callboard.mail import store as outbox
from callboard.mail.models import Mail, MailState


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


def choose(client, table, action, *ids):
    said = {"action": action, "_selected_action": ids, "confirmed": "yes"}
    return client.post(f"/console/{table}/", said, follow=True)


def test_only_operators_enter(as_, browser, olga):
    assert browser.get("/console/", follow=True).redirect_chain[-1][0] == "/sign-in?next=/console/"
    assert as_(ANA).get("/console/", follow=True).status_code == 404
    assert olga.get("/console/").status_code == 200


def test_every_table_opens_searches_and_shows_a_row(olga, pipeline):
    accept(pipeline, event())
    for model in console._registry:
        base = f"/console/{model._meta.app_label}/{model._meta.model_name}/"
        assert olga.get(base + "?q=a").status_code == 200, base
        row = model._default_manager.first()
        if row is not None:
            assert olga.get(f"{base}{row.pk}/change/").status_code == 200, base
        assert olga.get(base + "add/").status_code == 403


def test_parked_events_are_tried_again(olga, pipeline):
    accept(pipeline, event())
    row = EventRecord.objects.get()
    with transaction.atomic():
        log.park(row.id, "broken")
    assert b"1 event will be decided again" in choose(olga, "intake/eventrecord", "retry_parked", row.id).content
    row.refresh_from_db()
    assert row.state == EventState.ACCEPTED


def test_failed_mails_are_sent_again_and_held_ones_only_by_release(olga, pipeline):
    accept(pipeline, event())
    pipeline.clock.at = NOW.replace(hour=11)
    pipeline.compose_due()
    mail = Mail.objects.get()
    outbox.set_state([mail.id], MailState.FAILED, NOW, "550 no")
    choose(olga, "mail/mail", "retry_failed", mail.id)
    mail.refresh_from_db()
    assert mail.state == MailState.QUEUED
    outbox.suppress(ANA, "5.1.1 gone", NOW)
    outbox.set_state([mail.id], MailState.HELD, NOW, "5.1.1 gone")
    page = choose(olga, "mail/mail", "release_held", mail.id)
    assert b"1 held mail will leave as one digest" in page.content


@pytest.mark.usefixtures("pipeline")
def test_a_revoked_key_opens_nothing(olga):
    key = log.make_key("portal", NOW)
    row = ApiKey.objects.get()
    assert key not in olga.get("/console/intake/apikey/").content.decode()
    choose(olga, "intake/apikey", "revoke", row.id)
    assert not log.is_valid_key(key)
