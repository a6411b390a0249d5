"""`/history`: what was decided for the person, newest first, and why something was not."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.shortcuts import render
from django.views.decorators.http import require_safe

from callboard.base.texts import folded
from callboard.insights.explain import ASKED_AMONG
from callboard.web.asking import FOUND, answer
from callboard.web.gates import signed_in
from callboard.web.past import Wish, read_past
from callboard.web.viewer import viewer_of
from callboard.web.words import plural

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from callboard.web.past import Past
    from callboard.web.viewer import Viewer

SHOWN = (("", "All"), ("mailed", "Mailed"), ("waiting", "Waiting"), ("held", "Held back"))
_MAX_QUERY = 200
_MAX_ASKED = 2_000
"""Characters of an event's id or subject. Source: the API takes ids of this length."""


@require_safe
@signed_in
def history(request: HttpRequest) -> HttpResponse:
    """Show a page of the person's own ledger, or what is known of one source request or event."""
    viewer = viewer_of(request)
    if "ask" in request.GET:
        return _asked(request, viewer)
    query = request.GET.get("q", "").strip()[:_MAX_QUERY]
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in dict(SHOWN) else ""
    before, mail_id = _number(request, "before"), _number(request, "mail")
    past = read_past(viewer, Wish(before=before, kept=chosen, words=tuple(folded(query).split()), mail_id=mail_id))
    asked = {"q": query, "show": chosen, "mail": mail_id}
    page = {
        "viewer": viewer,
        "days": [(day, list(of_day)) for day, of_day in groupby(past.entries, key=lambda one: one.day)],
        "past": past,
        "count": _count_words(past),
        "older": _url(**asked, before=past.more) if past.more else "",
        "newest": _url(**asked) if before is not None else "",
        "tabs": [(label, _url(q=query, show=key), key == chosen) for key, label in SHOWN],
        "query": query,
        "chosen": chosen,
        "mail_id": mail_id,
        "is_searched": bool(query or chosen or mail_id),
        "zone": viewer.narrator().zone_name,
    }
    return render(request, "web/history.html", page)


def _asked(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    text = request.GET.get("ask", "").strip()[:_MAX_ASKED]
    page = {
        "viewer": viewer,
        "asked": text,
        "answer": answer(text, viewer) if text else None,
        "most": FOUND,
        "among": f"{ASKED_AMONG:,}",
        "zone": viewer.narrator().zone_name,
    }
    return render(request, "web/history_ask.html", page)


def _number(request: HttpRequest, key: str) -> int | None:
    text = request.GET.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None  # noqa: PLR2004 - 64 bits


def _url(**asked: Any) -> str:
    said = urlencode({key: value for key, value in asked.items() if value})
    return f"/history?{said}" if said else "/history"


def _count_words(past: Past) -> str:
    """Return "12 entries", "50 entries and older ones"."""
    count = plural(len(past.entries), "entry", "entries")
    return f"{count} and older ones" if past.more and not past.read else count
