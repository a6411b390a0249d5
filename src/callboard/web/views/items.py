"""`/items/<key>`: one event, why the person did or did not get it, and the way into the portal (C1)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from callboard.base.reasons import Importance
from callboard.decisions.rules import importance_of
from callboard.intake import store as log
from callboard.people.store import note_seen
from callboard.web.gates import is_own_session, signed_in
from callboard.web.story import tell
from callboard.web.viewer import viewer_of

if TYPE_CHECKING:
    from callboard.catalogue.values import Catalogue, Event


@require_safe
@signed_in
def item(request: HttpRequest, key: str) -> HttpResponse:
    """Show the event under A1–A4; what the person may not see does not exist."""
    viewer = viewer_of(request)
    event = log.find_event(key=key)
    if event is None or not viewer.may_see(event):
        raise Http404("no such item")
    if is_own_session(request):
        note_seen(viewer.person.id, viewer.now)
    narrator = viewer.narrator()
    event_type = narrator.type_of(event)
    importance = importance_of(event, viewer.catalogue, viewer.directory.ancestors)
    page = {
        "viewer": viewer,
        "event": event,
        "event_type": event_type,
        "told": narrator.told(event),
        "critical": importance is Importance.CRITICAL,
        "portal_url": portal_url(event, viewer.catalogue),
        "story": tell(event, viewer),
        "zone": narrator.zone_name,
    }
    return render(request, "web/item.html", page)


def portal_url(event: Event, catalogue: Catalogue) -> str:
    """Return the way from an event into the portal, or "" when the catalogue names none (4.5)."""
    if not catalogue.item_url or not event.subject:
        return ""
    return catalogue.item_url.replace("{subject}", quote(event.subject, safe=""))
