"""`/settings`: the person's notifications, and what can be done to each of them.

Every page works without JavaScript; with it, htmx asks for the part that changes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.preferences import actions
from callboard.preferences.values import Kind, Notification, Ref
from callboard.web.gates import same_person, signed_in
from callboard.web.panel.finding import PAGE, Wanted, find, has, wanted_by
from callboard.web.panel.last import last_words
from callboard.web.panel.listing import listing_html
from callboard.web.panel.rows import Rows, anchor_of
from callboard.web.panel.sentences import sentence_parts
from callboard.web.panel.waiting import waiting_words
from callboard.web.panel.wishes import REFUSED, Done, Wish, fulfil, read_wish
from callboard.web.standing import lines_of
from callboard.web.viewer import Viewer, viewer_of

if TYPE_CHECKING:
    from callboard.web.panel.rows import Row

_NOTICE = "notice"
_BEFORE = "before"


@require_safe
@signed_in
def panel(request: HttpRequest) -> HttpResponse:
    """Show the notifications, all or those that a search finds."""
    viewer, wanted = viewer_of(request), wanted_by(request)
    page = _page(Rows(viewer), wanted)
    if _is_part(request):
        response = render(request, "web/panel/body.html", page)
        response["HX-Replace-Url"] = wanted.url
    else:
        page["standing_in"] = [one for one in lines_of(page["viewer"]) if one.is_delegate]
        response = render(request, "web/panel.html", page | {"notice": request.session.pop(_NOTICE, None)})
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page(maker: Rows, wanted: Wanted, *, about: Ref | None = None, fresh: Ref | None = None) -> dict[str, Any]:
    """Return what the list shows. A fresh row that the search would hide ends the search."""
    everything = maker.all()
    found = find(everything, wanted)
    if fresh and not has(found.rows, fresh):
        found = find(everything, Wanted())
    person, catalogue = maker.viewer.person, maker.viewer.catalogue
    deleted = actions.deleted(person, catalogue, maker.viewer.now)
    return {
        "found": found,
        "listing": listing_html(found.groups, fresh),
        "kept": found.wanted.kept,
        "waiting": waiting_words(maker.viewer, maker.narrator) if maker.viewer.person.partner else [],
        "viewer": maker.viewer,
        "about": anchor_of(about) if about else "",
        "deleted": [(_called(one, maker.viewer), one.id) for one in deleted],
    }


def _called(one: Notification, viewer: Viewer) -> str:
    return shown(one.name).strip() or "".join(part.text for part in sentence_parts(one, viewer))


@require_safe
@signed_in
def csrf(request: HttpRequest) -> HttpResponse:
    """Answer the CSRF token of the session as it is now, for a page that was open before a sign-in."""
    response = HttpResponse(get_token(request), content_type="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@signed_in
@same_person
def menu(request: HttpRequest, kind: str, notification_id: str) -> HttpResponse:
    """Show what can be done with one notification."""
    if kind not in tuple(Kind):
        raise Http404("no such kind")
    viewer = viewer_of(request)
    return _menu(request, viewer, _row(viewer, Ref(notification_id, Kind(kind))))


def _row(viewer: Viewer, ref: Ref) -> Row:
    try:
        return Rows(viewer).one(ref)
    except RejectedError as exc:
        raise Http404(str(exc)) from exc


def _menu(request: HttpRequest, viewer: Viewer, row: Row, *, fault: str = "", until: str = "") -> HttpResponse:
    narrator, wanted = viewer.narrator(), wanted_by(request)
    page = {
        "row": row,
        "kept": wanted.kept,
        "back": f"{wanted.url}#{row.anchor}",
        "zone": narrator.zone_name,
        "tomorrow": (narrator.today + timedelta(days=1)).isoformat(),
        "fault": fault,
        "until": until,
        "last": "" if row.is_muted or row.inactive else last_words(row.ref, row.event_type, viewer),
    }
    template = "web/panel/menu.html" if _is_part(request) else "web/panel/menu_page.html"
    response = render(request, template, page, status=422 if fault else 200)
    if fault:
        response["HX-Retarget"], response["HX-Reswap"] = "#menu", "innerHTML"
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
@signed_in
@same_person
def act(request: HttpRequest) -> HttpResponse:
    """Mute, unmute or delete one of the person's notifications, or undo what was done to it last."""
    viewer = viewer_of(request)
    try:
        wish = read_wish(request.POST.get("do", ""), request.POST.get("until", "")[:20])
        done = fulfil(wish, viewer, request.session.get(_BEFORE))
    except RejectedError as exc:
        if exc.type != REFUSED:
            raise Http404(str(exc)) from exc
        return _refused(request, viewer, wish, str(exc))
    fresh = wish.ref if done.is_fresh else None
    return _answer(request, viewer, done, fresh=fresh, about=wish.ref)


def _refused(request: HttpRequest, viewer: Viewer, wish: Wish, says: str) -> HttpResponse:
    """Say why a wish does not come true: beside the date that is to be corrected, else in the toast."""
    if wish.do == "mute-until":
        return _menu(request, viewer, _row(viewer, wish.ref), fault=says, until=wish.until)
    page = _page(Rows(viewer), wanted_by(request), about=wish.ref)
    if _is_part(request):
        return render(request, "web/panel/refreshed.html", page | {"says": says}, status=422)
    return render(request, "web/panel.html", page | {"notice": {"says": says}}, status=422)


def refreshed(
    request: HttpRequest, viewer: Viewer, *, says: str, undo: str = "", fresh: Ref | None = None
) -> HttpResponse:
    """Answer with the list as it is now and a toast; the fresh row is marked, in view and has the focus.

    `undo` is the wish that undoes what was done. Without htmx the way back to the list says the same.
    """
    return _answer(request, viewer, Done(says, undo), fresh=fresh, about=fresh)


def _answer(
    request: HttpRequest, viewer: Viewer, done: Done, *, about: Ref | None, fresh: Ref | None = None
) -> HttpResponse:
    wanted = wanted_by(request)
    is_on_list = urlsplit(request.headers.get("HX-Current-URL", "")).path == PAGE
    if not (_is_part(request) and is_on_list):
        request.session[_NOTICE] = {"says": done.says, "undo": done.undo}
        back = f"{wanted.url}#{anchor_of(about)}" if about else wanted.url
        return HttpResponse(headers={"HX-Redirect": back}) if _is_part(request) else redirect(back)
    page = _page(Rows(viewer), wanted, about=about, fresh=fresh)
    is_cleared = page["kept"] != wanted.kept
    says = f"{done.says} The search is cleared, to show it." if is_cleared else done.says
    response = render(request, "web/panel/refreshed.html", page | {"says": says, "undo": done.undo})
    response["HX-Retarget"], response["HX-Reswap"] = "#panel", "outerHTML"
    if is_cleared:
        response["HX-Replace-Url"] = PAGE
    return response


def _is_part(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page that is open; not so when it restores a page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"
