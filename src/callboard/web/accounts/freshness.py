"""Whether somebody has shown of late who it is: asked before the ways to sign in change.

allauth writes down in the session how and when the person signed in, and what was shown since.
"""

from __future__ import annotations

import time
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.shortcuts import redirect

from callboard.people.models import User
from callboard.web.gates import signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

CONFIRM = "/settings/security/confirm"


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person signed in, or showed again who it is, within the last ten minutes."""
    user = request.user
    if not isinstance(user, User):
        return False
    shown_s = max((one["at"] for one in get_authentication_records(request, user)), default=0.0)
    return bool(time.time() - shown_s < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def freshly_signed_in(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponse]:
    """Let only those into a view who have just shown who they are; others are asked first.

    What was sent is not sent again by the way back: it leads to the page with all of it.
    """

    @wraps(view)
    @signed_in
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh(request):
            return cast("HttpResponse", view(request, *args, **kwargs))
        back = request.get_full_path() if request.method in ("GET", "HEAD") else "/settings/security"
        return redirect(f"{CONFIRM}?{urlencode({'next': back})}")

    return gate
