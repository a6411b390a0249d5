"""`/settings/new` and its kin: the window in which a notification is made or edited."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse


def create(request: HttpRequest) -> HttpResponse:
    """Open the window empty."""
    raise Http404("to be built")


def edit(request: HttpRequest, notification_id: str) -> HttpResponse:
    """Open the window on a Custom notification."""
    raise Http404("to be built")


def duplicate(request: HttpRequest, kind: str, notification_id: str) -> HttpResponse:
    """Open the window filled with a copy."""
    raise Http404("to be built")


def draft(request: HttpRequest) -> HttpResponse:
    """Show the form again after a change of its shape."""
    raise Http404("to be built")


def preview(request: HttpRequest) -> HttpResponse:
    """Show what the form would bring."""
    raise Http404("to be built")


def save(request: HttpRequest) -> HttpResponse:
    """Save what the form says."""
    raise Http404("to be built")
