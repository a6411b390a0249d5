"""How often anyone may try to sign in: counted in the database, so that all processes count together."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from callboard.base.keyed import keyed_hash
from callboard.base.texts import address_key
from callboard.web.gates import client_address
from callboard.web.models import SignInTry

WITHIN_S = 600.0
TRIES_PER_ADDRESS = 10
TRIES_PER_PLACE = 50
"""Tries within ten minutes; an office behind one address has several people."""
_MAX_ADDRESS = 254


def may_try(request: HttpRequest, email: str) -> bool:
    """Count a try to sign in with this address; return whether it is within the limits."""
    now_s = time.time()
    with transaction.atomic():
        SignInTry.objects.filter(tried_s__lt=now_s - WITHIN_S).delete()
        within = [_count(key, now_s) <= limit for key, limit in _keys(request, email).items()]
    return all(within)


def forget(email: str) -> None:
    """Start again for an address that has signed in."""
    SignInTry.objects.filter(key=_address(email)).delete()


def _keys(request: HttpRequest, email: str) -> dict[str, int]:
    place = keyed_hash(settings.SECRET_KEY, "sign-in-from", client_address(request))
    return {_address(email): TRIES_PER_ADDRESS, place: TRIES_PER_PLACE}


def _address(email: str) -> str:
    return keyed_hash(settings.SECRET_KEY, "sign-in-as", address_key(email[:_MAX_ADDRESS]))


def _count(key: str, now_s: float) -> int:
    SignInTry.objects.create(key=key, tried_s=now_s)
    return SignInTry.objects.filter(key=key, tried_s__gte=now_s - WITHIN_S).count()
