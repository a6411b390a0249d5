"""Who may ask: a key made for SCIM, for everybody or for the people of one partner and of those below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from callboard.api.access import bearer
from callboard.base.rights import KeyRight
from callboard.intake.store import valid_key

CHALLENGE = 'Bearer realm="callboard"'


class ScimKey:
    """Lets requests with a key for SCIM through; others are told to bring one. Sessions count for nothing here."""

    def __init__(self, get_response: Callable[..., HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Answer, or refuse."""
        token = bearer(request)
        key = valid_key(token, KeyRight.SCIM) if token else None
        if key is None:
            response = HttpResponse(status=401)
            response["WWW-Authenticate"] = CHALLENGE + (', error="invalid_token"' if token else "")
            return response
        request.scim_key = key  # type: ignore[attr-defined] # the views' way to know who asks
        response = self.get_response(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response
