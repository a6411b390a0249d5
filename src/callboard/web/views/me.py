"""`/settings/me`: the person's time zone, digests and own actions."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse


def me(request: HttpRequest) -> HttpResponse:
    """Show and change the person's own settings."""
    raise Http404("to be built")
