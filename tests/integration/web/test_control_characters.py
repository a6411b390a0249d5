"""NUL is no fault of ours, in whatever is sent: PostgreSQL refuses it, so it must not get that far (500 otherwise)."""

from __future__ import annotations

import pytest
from tests.integration.web.studio import ANA, PARTNERS, PROCESSED, SAM, USERS, accept, event

from callboard.people.models import User
from callboard.support.models import Ticket

NUL = "a\0b"
MASTER = "max@copperglass.example"
ROLE = "fulfillment_partner_operations"
ADDRESSES = [
    "/", "/mailbox", "/history", "/settings", "/settings/new", "/settings/me", "/settings/stand-in", "/support",
    "/support/new", "/team", "/team/changes", "/team/coverage", "/team/invite", "/sign-in", "/happened",
]  # fmt: skip
CONSOLE = [
    "mail/mail/", "mail/suppression/", "mail/domainbreaker/", "intake/eventrecord/", "decisions/decision/",
    "people/user/", "support/ticket/", "intake/apikey/", "audit", "explain", "catalogue", "coverage", "unused",
]  # fmt: skip
ASKED = ("q", "show", "before", "after", "event", "user", "person", "type", "state", "next", "to", "why", "kind", "o")
FORMS = {
    "/sign-in": {"login": ANA, "email": ANA, "password": "x", "way": "password"},
    "/sign-in/reset": {"email": ANA},
    "/sign-in/code": {"code": "ABCDEF"},
    "/settings/save": {
        "event_type": PROCESSED, "name": "N", "frequency": "daily", "row": "1", "field-1": "title", "op-1": "contains",
        "value-1": "salt", "seal": "", "over": "", "place": "page",
    },
    "/settings/draft": {"event_type": PROCESSED, "do": "field 1", "row": "1", "field-1": "title", "value-1": "s"},
    "/settings/preview": {"event_type": PROCESSED, "row": "1", "field-1": "title", "op-1": "contains", "value-1": "s"},
    "/settings/act": {"do": f"mute default {PROCESSED}/{ROLE}", "until": "2026-12-01", "q": "salt", "show": "all"},
    "/settings/me": {"time_zone": "UTC", "digest_hour": "5", "digest_weekday": "friday", "do": "save", "back": "/"},
    "/settings/stand-in": {
        "do": "name", "delegate": MASTER, "from": "2026-11-23", "until": "2026-12-01", "q": "m", "back": "/",
    },
    "/support/new": {"category": "missing", "text": "Where?", "named": "SR-00012345", "draft": "d" * 32},
    "/team/invite": {"name": "Eve", "email": "eve@copperglass.example", "partner": "copperglass", "role": ROLE, "do": "try"},
    "/team/test": {"name": "T", "partner": "copperglass", "role": ROLE, "do": "make"},
    "/team/people/{ana}": {"do": "try", "name": "Ana", "partner": "copperglass", "role": ROLE, "seen": "x"},
    "/support/{ticket}": {"text": "And?", "draft": "d" * 32, "do": "send"},
}  # fmt: skip
DEEDS = {
    "keys/new": {"name": "Portal", "right": "events", "partner": ""},
    "people/{id}/account": {
        "do": "try", "role": ROLE, "partner": "copperglass", "active": "on", "reason": "R", "seen": "x",
    },
    "people/{id}/act": {"reason": "Ticket 1"},
    "people/{id}/factors": {"reason": "Ticket 1"},
    "requests/{request}/answer": {"text": "So.", "draft": "d" * 32, "do": "send"},
    "mail/mail/": {"action": "retry", "_selected_action": "1", "confirmed": "no", "back": "/"},
    "mail/suppression/": {"action": "release", "_selected_action": "1", "confirmed": "yes", "back": "/"},
}  # fmt: skip


@pytest.fixture
def studio(pipeline):
    """The studio with a Master, something that happened, and a request for help."""
    master = {"email": MASTER, "name": "Max", "partner": "copperglass", "roles": ["fulfillment_partner_master", ROLE]}
    pipeline.import_people({"partners": PARTNERS, "users": [*USERS, master]})
    accept(pipeline, event())
    return pipeline


def with_nul(form):
    """Return forms in each of which one field holds NUL, and one in which all do."""
    return [form | {key: value + NUL} for key, value in form.items()] + [dict.fromkeys(form, NUL)]


def places(client):
    """Return what addresses need: the number of a person, and those of a request that is sent."""
    client.post("/support/new", {"category": "missing", "text": "Where?", "named": "", "draft": "e" * 32})
    ticket = Ticket.objects.latest("id")
    return {"ana": User.objects.get(email_key=ANA).pk, "ticket": ticket.number, "request": ticket.pk}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.usefixtures("studio", "demo")
def test_a_page_is_asked_with_nul(as_, address):
    client = as_(MASTER)
    for key in ASKED:
        assert client.get(address, {key: NUL}).status_code < 500, key
    assert client.get(address + "/" + NUL).status_code < 500


@pytest.mark.parametrize("address", FORMS)
@pytest.mark.usefixtures("studio")
def test_a_form_is_sent_with_nul(as_, address):
    client = as_(MASTER)
    path = address.format(**places(client))
    assert client.post(path, FORMS[address]).status_code != 404
    for form in with_nul(FORMS[address]):
        assert client.post(path, form).status_code < 500, form


@pytest.mark.parametrize("address", CONSOLE)
@pytest.mark.usefixtures("studio")
def test_the_console_is_asked_with_nul(as_, operator, address):
    client = as_(operator.email_key)
    assert client.get(f"/console/{address}").status_code == 200
    for key in ASKED:
        assert client.get(f"/console/{address}", {key: NUL}).status_code < 500, key


@pytest.mark.parametrize("address", DEEDS)
@pytest.mark.usefixtures("studio")
def test_a_form_of_the_console_is_sent_with_nul(as_, operator, address):
    found = places(as_(MASTER))
    client = as_(operator.email_key)
    path = f"/console/{address}".format(id=User.objects.get(email_key=SAM).pk, **found)
    assert client.post(path, DEEDS[address]).status_code != 404
    for form in with_nul(DEEDS[address]):
        assert client.post(path, form).status_code < 500, form
