"""How often a code may be asked for and tried, how often help, and how often a stand-in may be named.

allauth counts, in the cache that all processes share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import ratelimit
from django.conf import settings

from callboard.base.keyed import keyed_hash
from callboard.base.texts import address_key

if TYPE_CHECKING:
    from django.http import HttpRequest

TOO_MANY = "too_many_login_attempts"
"""The code of allauth's error when a limit is reached."""
WAIT_S = 600
"""Seconds after which every limit of signing in has ended."""


def may_ask(request: HttpRequest, address: str) -> bool:
    """Count that a code was asked for; return whether it is within the limits of the address and of the place."""
    return bool(ratelimit.consume(request, action="request_login_code", key=counted_as(address)))


def may_reset(request: HttpRequest, address: str) -> bool:
    """Count that a new password was asked for; return whether it is within the limits of address and place."""
    return bool(ratelimit.consume(request, action="reset_password", key=counted_as(address)))


def may_request_help(request: HttpRequest) -> bool:
    """Count a new request for help; return whether it is within the person's limit."""
    return bool(ratelimit.consume(request, action="request_help"))


def may_write_again(request: HttpRequest) -> bool:
    """Count a further word on a request; return whether it is within the person's limit."""
    return bool(ratelimit.consume(request, action="write_again"))


def may_name_stand_in(request: HttpRequest) -> bool:
    """Count that a stand-in was named; return whether it is within the person's limit, which the API's is too."""
    return bool(ratelimit.consume(request, action="name_stand_in"))


def may_enter(request: HttpRequest, begun_s: float) -> bool:
    """Count a try to enter a code of the sign-in that began then in this browser; return whether it is one of five.

    allauth counts tries in the session, which requests at one instant read before either writes.
    """
    key = f"{request.session.session_key} {begun_s}"
    return bool(ratelimit.consume(request, action="enter_code", key=key))


def counted_as(address: str) -> str:
    """Return what tries for an address are counted under: one for all ways to write it, and no address."""
    return keyed_hash(settings.SECRET_KEY, "sign-in-as", address_key(address))
