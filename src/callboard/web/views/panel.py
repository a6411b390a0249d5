"""`/settings`: the person's notifications, and what can be done to each with a plain form."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from callboard.base.errors import RejectedError
from callboard.base.texts import folded
from callboard.preferences import actions
from callboard.preferences.values import Kind, Ref
from callboard.web.gates import signed_in
from callboard.web.panel.rows import Row, Rows, grouped, waiting_words
from callboard.web.viewer import Viewer, viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHOWN = (("", "All"), ("default", "Default"), ("custom", "Custom"), ("muted", "Muted"))
_MUTES: Mapping[str, tuple[timedelta | None, str]] = {
    "mute": (None, "Muted until you unmute it."),
    "mute-day": (timedelta(days=1), "Muted for a day."),
    "mute-week": (timedelta(days=7), "Muted for a week."),
}
_NOTICE = "notice"
_BELONGS: Mapping[str, Callable[[Row], bool]] = {
    "": lambda _: True,
    "default": lambda row: not row.is_custom,
    "custom": lambda row: row.is_custom,
    "muted": lambda row: row.is_muted,
}


@require_safe
@signed_in
def panel(request: HttpRequest) -> HttpResponse:
    """Show the notifications, all or those that a search finds."""
    viewer = viewer_of(request)
    query = request.GET.get("q", "").strip()[:200]
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in _BELONGS else ""
    maker = Rows(viewer)
    everything = maker.all()
    found = [row for row in everything if row.says(folded(query).split())]
    narrator = maker.narrator
    page = {
        "groups": grouped(row for row in found if _BELONGS[chosen](row)),
        "tabs": [_tab(key, label, found, query, chosen) for key, label in SHOWN],
        "total": len(everything),
        "query": query,
        "chosen": chosen,
        "viewer": viewer,
        "zone": narrator.zone_name,
        "waiting": waiting_words(viewer, narrator),
        "notice": request.session.pop(_NOTICE, None),
    }
    return render(request, "web/panel.html", page)


def _tab(key: str, label: str, rows: list[Row], query: str, chosen: str) -> dict[str, Any]:
    asked = urlencode({name: value for name, value in (("q", query), ("show", key)) if value})
    return {
        "label": label,
        "count": sum(map(_BELONGS[key], rows)),
        "url": f"/settings?{asked}" if asked else "/settings",
        "current": key == chosen,
    }


@require_safe
@signed_in
def csrf(request: HttpRequest) -> HttpResponse:
    """Answer the CSRF token of the session as it is now, for a page that was open before a sign-in."""
    response = HttpResponse(get_token(request), content_type="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@signed_in
def menu(request: HttpRequest, kind: str, notification_id: str) -> HttpResponse:
    """Show what can be done with one notification."""
    raise Http404("to be built")


@require_POST
@signed_in
def act(request: HttpRequest) -> HttpResponse:
    """Mute, unmute, delete or bring back one of the person's notifications."""
    viewer = viewer_of(request)
    wish, kind, notification_id = [*request.POST.get("do", "").split(" ", 2), "", ""][:3]
    if kind not in tuple(Kind):
        raise Http404("no such kind")
    ref = Ref(notification_id, Kind(kind))
    try:
        says, undo = _act(wish, viewer, ref)
    except RejectedError as exc:
        raise Http404(str(exc)) from exc
    request.session[_NOTICE] = {"says": says, "undo": f"{undo} {kind} {ref.id}" if undo else ""}
    return redirect(_way_back(request, ref))


def _act(wish: str, viewer: Viewer, ref: Ref) -> tuple[str, str]:
    """Do what the form asks; return what to say, and which wish would undo it.

    Raises:
        RejectedError: the notification is not the person's, or the wish is unknown.
    """
    person, catalogue, now = viewer.person, viewer.catalogue, viewer.now
    if wish in _MUTES:
        span, says = _MUTES[wish]
        actions.set_mute(person, ref, catalogue, now, muted=True, until=now + span if span else None)
        return says, "unmute"
    if wish == "unmute":
        actions.set_mute(person, ref, catalogue, now, muted=False)
        return "Unmuted. It counts from the next event on.", ""
    if wish == "delete" and ref.kind is Kind.CUSTOM:
        actions.delete(person, ref.id, catalogue, now)
        return "Deleted. It can be brought back for 30 days.", "bring-back"
    if wish == "bring-back" and ref.kind is Kind.CUSTOM:
        actions.bring_back(person, ref.id, now)
        return "Brought back, as it was.", ""
    raise RejectedError("there is nothing like that to do", type="not-found")


def _way_back(request: HttpRequest, ref: Ref) -> str:
    """Return the page as it was searched, at the row."""
    kept = {key: request.POST[key][:200] for key in ("q", "show") if request.POST.get(key)}
    asked = f"?{urlencode(kept)}" if kept else ""
    return f"/settings{asked}#n-{quote(ref.id, safe='')}"
