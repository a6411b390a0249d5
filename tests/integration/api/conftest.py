"""A small studio in a real database, its people signed in, and a key for the portal."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from tests.integration.api.studio import HOST, PEOPLE

from callboard.api import process
from callboard.intake.store import make_key
from callboard.people.models import User
from callboard.pipeline import Pipeline


@pytest.fixture
def pipeline(db):  # noqa: ARG001 - it needs the database, not its value
    process.forget()
    found = Pipeline(settings.CONFIG)
    found.import_people(PEOPLE)
    return found


@pytest.fixture
def stays_connected():
    """A request's begin and end close no connection, for it holds the test's transaction; Django's client does so."""
    signals = (request_started, request_finished)
    for one in signals:
        one.disconnect(close_old_connections)
    yield
    for one in signals:
        one.connect(close_old_connections)


@pytest.fixture
def sign_in(pipeline):  # noqa: ARG001 - the people are there
    def make(email, **options):
        client = Client(SERVER_NAME=HOST, **options)
        client.force_login(User.objects.get(email_key=email))
        return client

    return make


@pytest.fixture
def ana(sign_in):
    return sign_in("ana@copperglass.example")


@pytest.fixture
def tom(sign_in):
    return sign_in("tom@tidewater.example")


@pytest.fixture
def sam(sign_in):
    return sign_in("sam@studio.example")


@pytest.fixture
def key(pipeline):
    return make_key("portal", pipeline.now())


@pytest.fixture
def portal(key):
    """A client that sends events as the portal does, without a session."""
    return Client(SERVER_NAME=HOST, headers={"authorization": f"Bearer {key}"}, enforce_csrf_checks=True)
