"""`/settings/new` and its kin: the window in which a notification is made or edited.

Every answer is made from the draft that the form holds. Asked for by htmx, the window comes as a
dialog; asked for directly, as a page with the same form.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.mail.templates.words import clipped
from callboard.preferences import actions
from callboard.preferences.file import as_json
from callboard.preferences.values import Kind, Notification, Ref
from callboard.web.gates import signed_in
from callboard.web.panel import saving
from callboard.web.panel.draft import (
    Draft,
    Row,
    draft_of,
    fitted,
    read_draft,
    with_event_type,
    with_field,
    with_op,
    with_row,
    without_row,
)
from callboard.web.panel.draft_words import dropped_words, known_type, marked, wrongs
from callboard.web.panel.fields import form_view, made_name
from callboard.web.panel.forecast import forecast
from callboard.web.panel.sentences import sentence_parts
from callboard.web.viewer import Viewer, viewer_of
from callboard.web.views import panel

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SAID = 80
"""Characters of a notification's name in a toast."""


@require_safe
@signed_in
def create(request: HttpRequest) -> HttpResponse:
    """Open the window empty."""
    return _open(request, Draft(id=actions.new_id()))


@require_safe
@signed_in
def edit(request: HttpRequest, notification_id: str) -> HttpResponse:
    """Open the window on a Custom notification."""
    known = _found(viewer_of(request), Ref(notification_id, Kind.CUSTOM))
    return _open(request, draft_of(as_json(known), id=known.id, version=known.version))


@require_safe
@signed_in
def duplicate(request: HttpRequest, kind: str, notification_id: str) -> HttpResponse:
    """Open the window filled with a copy."""
    if kind not in tuple(Kind):
        raise Http404("no such kind")
    viewer, ref = viewer_of(request), Ref(notification_id, Kind(kind))
    known = _found(viewer, ref)
    raw = actions.duplicate(viewer.person, ref, viewer.catalogue)
    if known.kind is Kind.CUSTOM and raw["name"]:
        raw["name"] = f"Copy of {raw['name']}"[:200]
    copied = ref.id if ref.kind is Kind.DEFAULT else ""
    return _open(request, draft_of(raw, id=actions.new_id(), copied=copied))


def _found(viewer: Viewer, ref: Ref) -> Notification:
    try:
        return actions.find_own(viewer.person, ref, viewer.catalogue)
    except RejectedError as exc:
        raise Http404(str(exc)) from exc


def _of_the_opener(view: Callable[[HttpRequest, Viewer, Draft], HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only the person who opened the window go on with it; nothing that was typed is lost by a refusal."""

    @wraps(view)
    def gate(request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated and not _is_part(request):
            return render(request, "web/window/ended.html", status=401)
        return sealed(request)

    @signed_in
    def sealed(request: HttpRequest) -> HttpResponse:
        viewer, posted = viewer_of(request), read_draft(request.POST)
        seal = saving.seal_of(viewer, posted.id)
        if hmac.compare_digest(seal.encode(), request.POST.get("seal", "").encode()):
            return view(request, viewer, posted)
        if not _is_part(request):
            return render(request, "web/window/stranger.html", {"viewer": viewer}, status=409)
        response = render(request, "web/window/stranger_note.html", {"viewer": viewer}, status=409)
        return _towards(response, {"HX-Retarget": "#window-note", "HX-Reswap": "innerHTML", "HX-Reselect": ".told"})

    return require_POST(gate)


@_of_the_opener
def draft(request: HttpRequest, viewer: Viewer, posted: Draft) -> HttpResponse:
    """Show the form again after a change of its shape."""
    wish, key = [*request.POST.get("do", "").split(" ", 2), ""][:2]
    number = int(key) if key.isdecimal() and key.isascii() and len(key) < 7 else 0  # noqa: PLR2004 - as the form makes them
    catalogue = viewer.catalogue
    if wish == "event_type":
        return _change_event_type(request, viewer, posted, key)
    if wish == "put-back":
        return _again(request, viewer, read_draft(request.POST, "was-"), focus="event_type", aside=None)
    if wish == "add":
        posted = with_row(posted)
        return _again(request, viewer, posted, focus=f"field-{posted.rows[-1].key}")
    if wish == "remove":
        return _again(request, viewer, without_row(posted, number), focus=_after_removal(posted, number))
    was = request.POST.get(f"from-{wish}-{number}", "")
    if wish == "field":
        posted = with_field(posted, number, was, catalogue)
    elif wish == "op":
        posted = with_op(posted, number, was, catalogue)
    return _again(request, viewer, fitted(posted, catalogue))


def _after_removal(posted: Draft, key: int) -> str:
    """Return the control that stands where the removed condition stood."""
    keys = [one.key for one in posted.rows]
    place = keys.index(key) if key in keys else 0
    left = [one for one in keys if one != key]
    return f"field-{left[min(place, len(left) - 1)]}" if left else f"field-{key + 1}"


def _change_event_type(request: HttpRequest, viewer: Viewer, posted: Draft, was: str) -> HttpResponse:
    new = known_type(posted.event_type, viewer)
    if new is None:
        return _again(request, viewer, posted)
    before = replace(posted, event_type=was)
    changed, dropped = with_event_type(before, new)
    if not (dropped and was):
        return _again(request, viewer, changed, focus="event_type")
    told = dropped_words(dropped, was, changed, viewer)
    return _again(request, viewer, changed, focus="event_type", aside=before, told=told)


@_of_the_opener
def preview(request: HttpRequest, viewer: Viewer, posted: Draft) -> HttpResponse:
    """Show what the form would bring, and whether it can be saved."""
    found = wrongs(posted, viewer)
    page = {
        "forecast": forecast(posted, viewer),
        "rows": [(one.key, marked(found, missing_too=False).get(one.key, "")) for one in posted.rows],
        "reason": found[0].says if found else "",
        "made_name": made_name(posted, viewer),
    }
    return render(request, "web/window/preview_answer.html", page)


@_of_the_opener
def save(request: HttpRequest, viewer: Viewer, posted: Draft) -> HttpResponse:
    """Save what the form says, once."""
    over = request.POST.get("over", "")
    if over.isdecimal() and over.isascii() and len(over) < 10:  # noqa: PLR2004 - as the form makes them
        posted = replace(posted, version=int(over))
    if found := wrongs(posted, viewer):
        focus = _control(posted, found[0].at)
        return _again(request, viewer, posted, status=422, tried=True, focus=focus)
    try:
        return _saved(request, viewer, saving.save(posted, viewer))
    except RejectedError as exc:
        if exc.type not in ("conflict", "not-found"):
            raise
    try:
        newer = saving.newer(posted, viewer)
    except RejectedError:
        anew = replace(posted, id=actions.new_id(), version=None)
        return _again(request, viewer, anew, status=409, is_gone=True, focus="save")
    words = "".join(part.text for part in sentence_parts(newer, viewer))
    return _again(request, viewer, posted, status=409, newer=newer, newer_words=words, focus="over")


def _control(posted: Draft, at: int | str) -> str:
    """Return the control in which something is to be mended."""
    row = next((one for one in posted.rows if one.key == at), None)
    if row is None:
        return {"where": "add"}.get(str(at), str(at))
    return f"field-{row.key}" if row.is_empty else f"value-{row.key}"


def _saved(request: HttpRequest, viewer: Viewer, saved: saving.Saved) -> HttpResponse:
    """Answer with the list in which the row is fresh, and with what undoes the saving."""
    one = saved.one
    name = shown(one.name).strip() or "".join(part.text for part in sentence_parts(one, viewer))
    says = f"Saved: {clipped(name, MAX_SAID)}, {one.frequency.value}."
    if saved.muted:
        says += " The original Default is muted."
    undo = f"{'delete' if one.version == 1 else 'put-back'}@{one.version} custom {one.id}"
    if saved.before is not None:
        request.session["before"] = {"id": one.id, "raw": saved.before, "version": one.version}
    elif saved.muted:
        undo = f"take-back@{one.version} custom {one.id}"
        request.session["before"] = {"copy": one.id, "unmute": saved.muted.id}
    response = panel.refreshed(request, viewer, says=says, undo=undo, fresh=one.ref)
    return _towards(response, {"HX-Trigger": "callboard:saved"})


def _open(request: HttpRequest, opened: Draft) -> HttpResponse:
    page = _page(request, viewer_of(request), opened)
    page |= {"is_fresh": True, "focus": "event_type"}
    return render(request, "web/window/dialog.html" if _is_part(request) else "web/window/page.html", page)


def _again(
    request: HttpRequest, viewer: Viewer, changed: Draft, *, status: int = 200, tried: bool = False, **more: Any
) -> HttpResponse:
    """Show the window again with everything that was typed, and what was put aside."""
    if not changed.rows:
        changed = replace(changed, rows=(Row(1),))
    aside = read_draft(request.POST, "was-")
    page = _page(request, viewer, changed, tried=tried)
    page |= {"aside": aside if aside.event_type else None, "told": request.POST.get("was-told", "")[:2_000]}
    page |= more
    return render(request, "web/window/body.html" if _is_part(request) else "web/window/page.html", page, status=status)


def _page(request: HttpRequest, viewer: Viewer, shown_draft: Draft, *, tried: bool = False) -> dict[str, Any]:
    found = wrongs(shown_draft, viewer)
    return {
        "forecast": None if _is_part(request) else forecast(shown_draft, viewer),
        "form": form_view(shown_draft, viewer, marked(found, missing_too=tried)),
        "seal": saving.seal_of(viewer, shown_draft.id),
        "reason": found[0].says if found else "",
        "in_page": not _is_part(request) or request.POST.get("place") == "page",
        "is_part": _is_part(request),
        "copied_is_muted": bool(shown_draft.copied) and saving.is_muted(viewer, shown_draft.copied),
        "viewer": viewer,
    }


def _towards(response: HttpResponse, headers: dict[str, str]) -> HttpResponse:
    """Return the response with what tells htmx where it belongs."""
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _is_part(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"
