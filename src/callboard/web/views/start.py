"""`/`: in the demo the first screen; elsewhere the way to the settings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from callboard.web import happenings, store
from callboard.web.gates import is_demo, require_demo
from callboard.web.people import PICKED, samples, search

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show the demo's first screen, or lead to the settings, or to signing in."""
    if not is_demo(request):
        return redirect("/settings" if request.user.is_authenticated else "/sign-in")
    query = request.GET.get("who", "").strip()[:100]
    told = store.latest_told(email for email, _ in PICKED[:1])
    page = {
        "samples": search(query) if query else samples(),
        "query": query,
        "everybody": store.count_users(),
        "happenings": happenings.latest(),
        "figures": happenings.figures(),
        "places": happenings.places(settings.CONFIG) if settings.CONFIG.smtp is None else [],
        "explain": _command(*told) if told else "",
    }
    return render(request, "web/start.html", page)


@require_safe
def happened(request: HttpRequest) -> HttpResponse:
    """Return the part of the first screen that refreshes itself."""
    require_demo(request)
    page = {"happenings": happenings.latest(), "figures": happenings.figures()}
    return render(request, "web/happened.html", page)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Ask robots to stay away: everything here is for one person."""
    del request
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask for an icon by habit to ours."""
    del request
    return redirect(static("web/mark.svg"))


def _command(event_id: str, email: str) -> str:
    return f"callboard explain --event {shlex.quote(event_id)} --user {shlex.quote(email)}"
