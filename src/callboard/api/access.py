"""Who asks: a person with a session, or the portal with a key. Neither can do what the other does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from callboard.api import process
from callboard.api.problems import Problem
from callboard.base.rights import KeyRight
from callboard.catalogue.values import Catalogue
from callboard.insights.choices import KnownPartners
from callboard.intake.store import is_valid_key
from callboard.people.access import valid_roles
from callboard.people.store import person_of
from callboard.people.values import Directory, Person
from callboard.preferences import store as preferences
from callboard.preferences.values import Mute, Ref

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@dataclass(frozen=True)
class Viewer:
    """The person who asks, and what the rules look at for this person."""

    person: Person
    catalogue: Catalogue
    directory: Directory
    now: datetime

    @cached_property
    def mutes(self) -> dict[Ref, Mute]:
        """Return the person's mutes."""
        return preferences.mutes_of(self.person.id)

    @cached_property
    def partner_called(self) -> KnownPartners:
        """Return what partners are called for this person."""
        return KnownPartners(self.person, self.catalogue, self.directory)

    def sees_type(self, event_type: str) -> bool:
        """Return whether the person's roles see the event type (A2)."""
        return self.catalogue.may_see_type(valid_roles(self.person, self.catalogue), event_type)


class PersonRequest(HttpRequest):
    """A request of a signed-in person."""

    auth: Viewer


class Session(AuthBase):
    """The session of a signed-in, active person (A1); methods that change something need the CSRF token."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The cookie of a signed-in person. Methods that change something also need X-CSRFToken."

    def __call__(self, request: HttpRequest) -> Viewer:
        """Return the person who asks.

        Raises:
            Problem: nobody is signed in, or the CSRF token is missing or wrong.
        """
        user: Any = request.user
        if not user.is_authenticated or not user.is_active:
            raise Problem("unauthorized", "sign in first; API keys only send events")
        if request.method not in SAFE_METHODS:
            _check_csrf(request)
        directory = process.partners()
        return Viewer(person_of(user, directory), process.catalogue(), directory, process.now())


class Key(AuthBase):
    """An API key: it sends events, and does nothing else."""

    right = KeyRight.EVENTS

    openapi_type = "http"
    openapi_scheme = "bearer"
    openapi_description = "A key of `callboard apikey create`. It sends events and does nothing else."

    def __call__(self, request: HttpRequest) -> str:
        """Return the key.

        Raises:
            Problem: there is none, or it was not made here, or it is revoked.
        """
        key = bearer(request)
        if not key or not is_valid_key(key, self.right):
            fault = ', error="invalid_token"' if key else ""
            headers = {"WWW-Authenticate": f'Bearer realm="callboard"{fault}'}
            raise Problem("unauthorized", "send Authorization: Bearer KEY with a key that is in force", headers=headers)
        return key


class BouncesKey(Key):
    """An API key that was made for bounces: it sends reports, and does nothing else."""

    right = KeyRight.BOUNCES
    openapi_description = "A key of `callboard apikey create --for bounces`. It sends reports and does nothing else."


def bearer(request: HttpRequest) -> str:
    """Return the key of the Authorization header, or "". Our keys are ASCII; what is not, is none."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.isascii() else ""


def _check_csrf(request: HttpRequest) -> None:
    # Forms go first: looking for their token would mean reading a body before its size is known.
    if request.content_type in _FORMS:
        raise Problem("unsupported-media-type", "send application/json", headers={"Accept": "application/json"})
    if check_csrf(request):
        raise Problem("csrf", "the CSRF token is missing or wrong, or the origin is; send it in the header X-CSRFToken")


SESSION = Session()
KEY = Key()
BOUNCES_KEY = BouncesKey()
