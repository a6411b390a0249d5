"""Who may pass where there is no sign-in: the demo and its mailbox answer on this machine only."""

from __future__ import annotations

from functools import wraps
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpResponse
from django.utils.crypto import constant_time_compare

from callboard.base.keyed import keyed_hash
from callboard.base.proxies import FORWARDED
from callboard.base.texts import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

_SAFE = ("GET", "HEAD")
_PERSON = "X-Callboard-Person"


def signed_in(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only signed-in people into a view; others are sent to sign in.

    A part of a page asked for by htmx answers 401 instead, so that what was typed stays.
    """

    @wraps(view)
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if request.headers.get("HX-Request") == "true":
            return HttpResponse("Your session has ended. Sign in again.", status=401, content_type="text/plain")
        # A form that was sent without a session is not sent again by the way back: it ends on a page
        return redirect_to_login(request.get_full_path() if request.method in _SAFE else "/settings")

    return gate


def same_person(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse what a page asks for that was opened by somebody else, signed in here before.

    Defaults have the same id for everybody with a role, so such a page would act for the wrong person.
    Pages say whose they are by a header; a plain form has the CSRF token, which ends with the sign-in.
    """

    @wraps(view)
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        seal = request.headers.get(_PERSON)
        if seal is None or constant_time_compare(seal, person_seal(request)):
            return view(request, *args, **kwargs)
        name = shown(getattr(request.user, "name", ""))
        says = f"You are signed in as {name} by now. Nothing was changed; load the page again."
        return HttpResponse(says, status=412, content_type="text/plain; charset=utf-8")

    return gate


def is_own_session(request: HttpRequest) -> bool:
    """Return whether the person who is signed in is the one who asks, and no operator who acts for the person."""
    return request.session.get(SESSION_KEY) == str(request.user.pk)


def person_seal(request: HttpRequest) -> str:
    """Return what a page carries to say whose it is."""
    return keyed_hash(settings.SECRET_KEY, "page", str(request.user.pk))


def is_local(request: HttpRequest) -> bool:
    """Return whether the request comes from this machine, not through a proxy, to a loopback host."""
    if any(request.META.get(header) for header in FORWARDED):
        return False
    try:
        host = urlsplit(f"//{request.get_host()}").hostname or ""
    except DisallowedHost:
        return False
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and (host == "localhost" or _is_loopback(host))


def is_demo(request: HttpRequest) -> bool:
    """Return whether this is the demo, seen from the machine it runs on."""
    return bool(settings.DEMO) and is_local(request)


def require_demo(request: HttpRequest) -> None:
    """Let only the demo pass.

    Raises:
        Http404: this is not the demo.
    """
    if not is_demo(request):
        raise Http404("only in the demo")


def may_read_mailbox(request: HttpRequest) -> bool:
    """Return whether the built-in mailbox is in use and open to whoever asks."""
    if settings.CONFIG.smtp is not None:
        return False
    user = getattr(request, "user", None)  # an error before the sign-in was looked at has none
    return is_demo(request) or bool(user and user.is_authenticated and user.is_staff and _has_shown_enough(user))


def _has_shown_enough(operator: AbstractBaseUser) -> bool:
    """Return whether an operator has the second factor that may be asked for: sign-in codes lie in the mailbox."""
    return not settings.CONFIG.operator_mfa or is_mfa_enabled(operator)


def require_mailbox(request: HttpRequest) -> None:
    """Let only those pass who may read the built-in mailbox.

    Raises:
        Http404: there is no such mailbox for whoever asks.
    """
    if not may_read_mailbox(request):
        raise Http404("no mailbox here")


def client_address(request: HttpRequest) -> str:
    """Return where a request comes from; behind a proxy on this machine, what that proxy saw."""
    remote = str(request.META.get("REMOTE_ADDR", ""))
    passed_on = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return passed_on if passed_on and _is_loopback(remote) else remote


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
