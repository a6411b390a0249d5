"""A session dies with the account, at the next request at the latest, and comes back with nothing (A1)."""

from __future__ import annotations

import json

import pytest
from django.contrib.sessions.backends.base import UpdateError
from tests.integration.web.studio import ANA, NOW, accept, event

from callboard.changing import By, Door, change_person
from callboard.people.models import User
from callboard.people.sessions import SessionStore, count_sessions

ASKED = (
    "/settings", "/settings/new", "/settings/me", "/settings/stand-in", "/settings/filters", "/history", "/support",
    "/support/new", "/team", "/api/v1/ledger", "/api/v1/event-types", "/api/v1/fields/title_id/values",
    "/api/v1/explain?event=e-1", "/api/v1/notifications", "/api/v1/stand-ins",
)  # fmt: skip


def set_active(pipeline, *, active):
    user_id = User.objects.get(email_key=ANA).pk
    change_person(user_id, {"active": active}, pipeline.catalogue, By(None, Door.COMMAND), NOW)
    return user_id


@pytest.mark.parametrize("is_back", [False, True])
def test_every_page_is_closed_from_the_next_request_on_also_after_a_return(pipeline, as_, is_back):
    (draft,) = accept(pipeline, event())
    client = as_(ANA)
    assert "The Salt Cartographers" in client.get(f"/items/{draft.key}").content.decode()
    set_active(pipeline, active=False)
    if is_back:
        set_active(pipeline, active=True)
    for address in (*ASKED, f"/items/{draft.key}"):
        answer = client.get(address)
        assert answer.status_code in (302, 401), address
        assert "Salt" not in answer.content.decode()
    for address in ("/api/v1/notifications/preview", "/api/v1/whatif"):
        assert client.post(address, json.dumps({}), content_type="application/json").status_code == 401


def test_a_request_that_was_under_way_brings_no_ended_session_back(pipeline, as_):
    client = as_(ANA)
    under_way = SessionStore(client.session.session_key)
    under_way["notice"] = "made meanwhile"
    user_id = set_active(pipeline, active=False)
    with pytest.raises(UpdateError):
        under_way.save()
    assert count_sessions(user_id) == 0


def test_who_was_signing_in_meanwhile_sees_nothing(pipeline, as_):
    set_active(pipeline, active=False)
    client = as_(ANA)
    assert client.get("/history").status_code == 302
    assert client.get("/api/v1/ledger").status_code == 401
