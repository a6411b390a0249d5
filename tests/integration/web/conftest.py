"""A home of its own for every test, a clock to set, the small studio, and browsers that are signed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from tests.integration.web.studio import CUSTOM, NOW, OPERATOR, PEOPLE

from callboard.base.clock import SetClock
from callboard.people.models import User
from callboard.pipeline import Pipeline
from callboard.web import viewer


@pytest.fixture
def at(settings, tmp_path):
    """Set business time of the pages to so long after `NOW`."""
    base = settings.CONFIG

    def set_to(after=timedelta(0)):
        settings.CONFIG = replace(base, home=tmp_path, now_at=NOW + after)
        return NOW + after

    set_to()
    return set_to


@pytest.fixture
def pipeline(db, at, settings):  # noqa: ARG001 - they come first
    """The studio, loaded; its clock can be set by hand."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
    viewer.forget_people()
    cache.clear()
    found = Pipeline(settings.CONFIG, clock=SetClock(NOW))
    found.import_people(PEOPLE)
    found.import_notifications([CUSTOM])
    return found


@pytest.fixture
def operator(pipeline):  # noqa: ARG001 - its database
    found = User(email=OPERATOR, name="Olga", is_staff=True, is_superuser=True)
    found.set_password("a password for tests")
    found.save()
    return found


@pytest.fixture
def browser():
    return Client(SERVER_NAME="localhost")


@pytest.fixture
def as_(pipeline):  # noqa: ARG001 - its people
    """Return a browser in which this person is signed in."""

    def sign_in(email, **options):
        client = Client(SERVER_NAME="localhost", **options)
        client.force_login(User.objects.get(email_key=email))
        return client

    return sign_in


@pytest.fixture
def demo(settings):
    settings.DEMO = True
