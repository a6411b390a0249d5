"""What counts as use of an account: a sign-in, and a mail's link; each is noted once an hour."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.web.studio import ANA, OPERATOR, accept, event, mute_url

from callboard.base.instants import to_us
from callboard.intake.cloudevents import event_key
from callboard.people.models import User


def seen(email=ANA):
    return User.objects.get(email_key=email).seen_us


def test_a_sign_in_is_use(as_, at):
    now = at(timedelta(hours=2))
    assert seen() is None
    as_(ANA)
    assert seen() == to_us(now)


def test_an_item_that_is_opened_is_use_and_other_pages_are_not(as_, at, pipeline):
    accept(pipeline, event("e-1"))
    client = as_(ANA)
    first = seen()
    at(timedelta(minutes=59))
    client.get(f"/items/{event_key('portal', 'e-1')}")
    assert seen() == first
    now = at(timedelta(hours=3))
    client.get("/settings")
    assert seen() == first
    assert client.get(f"/items/{event_key('portal', 'e-1')}").status_code == 200
    assert seen() == to_us(now)


def test_an_operator_who_acts_for_a_person_does_not_use_the_account(as_, operator, pipeline):
    accept(pipeline, event("e-1"))
    client = as_(OPERATOR)
    person = User.objects.get(email_key=ANA)
    client.post(f"/console/people/{person.pk}/act", {"reason": "Ticket 17: looks for a mail"})
    assert client.get(f"/items/{event_key('portal', 'e-1')}").status_code == 200
    assert seen() is None
    assert seen(operator.email_key) is not None


def test_a_mute_link_that_is_used_is_use_and_one_that_a_program_looks_at_is_not(browser, at, pipeline):
    accept(pipeline, event("e-1"))
    pipeline.clock.at += timedelta(days=1)
    pipeline.compose_due()
    url = mute_url(pipeline)
    now = at(timedelta(days=1))
    for look in (browser.head, browser.get):
        assert look(url).status_code == 200
    assert seen() is None
    browser.post(url)
    assert seen() == to_us(now)
