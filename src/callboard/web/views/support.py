"""`/support`: what the person asked the operators and where it stands, a new request, and one conversation."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_http_methods, require_safe

from callboard.base.instants import from_us
from callboard.base.texts import shown
from callboard.intake import store as log
from callboard.support import store, tickets
from callboard.support.context import snapshot
from callboard.support.rules import MAX_TEXT, event_title, facts_of, text_fault
from callboard.support.values import CATEGORY_WORDS, About, Category, TicketState
from callboard.web.accounts.limits import may_request_help, may_write_again
from callboard.web.gates import signed_in
from callboard.web.viewer import viewer_of

if TYPE_CHECKING:
    from django.utils.datastructures import MultiValueDict

    from callboard.support.models import Post, Ticket
    from callboard.web.viewer import Viewer

LIMIT_S = 3_600
"""Seconds after which every limit of support has ended."""
_LONGEST = 200
_KEY = re.compile(r"[0-9a-f]{32}")
_ERROR = re.compile(r"[0-9a-f]{8}")
_SECRET = frozenset({"token", "uidb64"})
"""Parts of addresses that open something: they are attached to nothing."""
_TOO_OFTEN = "You have sent {count} within an hour. Wait a while, then send this one: what you typed is still here."


@require_safe
@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """Show the person's requests, those with the latest change first."""
    viewer = viewer_of(request)
    mine = store.tickets_of(viewer.person.id)
    page = {"viewer": viewer, "tickets": [(one, _when(viewer, one.changed_us)) for one in mine]}
    return render(request, "web/support/overview.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """Ask what it is about, say what will be attached, and send it."""
    viewer = viewer_of(request)
    if request.method != "POST":
        about = _about(request.GET)
        chosen = Category.UNWANTED if about.is_mail else Category.BROKEN if about.error else ""
        return _form(request, viewer, about, {"chosen": chosen, "draft": tickets.new_key(), "attached": True})
    return _send(request, viewer)


def _send(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    said = request.POST
    about, draft = _about(said), tickets.draft_of(said.get("draft", ""), said.get("text", ""))
    is_attached = "attach" in said or not about.key
    chosen = said.get("category", "")
    faults = {"text": text_fault(draft.text)}
    if chosen not in CATEGORY_WORDS:
        faults["category"] = "Choose what it is about."
    typed = {"chosen": chosen, "draft": draft.key, "text": draft.text, "attached": is_attached}
    if any(faults.values()):
        return _form(request, viewer, about, typed | {"faults": faults}, status=422)
    known = store.posted(viewer.person.id, draft.key)
    if known is None and not may_request_help(request):
        faults = {"text": _TOO_OFTEN.format(count="ten requests")}
        return _form(request, viewer, about, typed | {"faults": faults}, status=429)
    if not is_attached:
        about = replace(about, key="", is_mail=False)
    context = snapshot(viewer.person, about, viewer.world(), viewer.now)
    ticket = tickets.ask(viewer.person.id, Category(chosen), draft, context, settings.CONFIG, viewer.now)
    return redirect(f"/support/{ticket.number}?sent=1")


def _form(request: HttpRequest, viewer: Viewer, about: About, typed: dict[str, Any], status: int = 200) -> HttpResponse:
    context = snapshot(viewer.person, replace(about, named=""), viewer.world(), viewer.now)
    page = {
        "viewer": viewer,
        "about": about,
        "from": "mail" if about.is_mail else about.page,
        "categories": CATEGORY_WORDS.items(),
        "facts": [one for one in facts_of(context) if one[0] != "Mail"],
        "mail": context["mail"],
        "events": [event_title(one) for one in context["events"]],
        "is_mailed": bool(settings.CONFIG.operators),
        "most": MAX_TEXT,
        **typed,
    }
    response = render(request, "web/support/new.html", page, status=status)
    if status == 429:  # noqa: PLR2004 - HTTP's own number
        response["Retry-After"] = str(LIMIT_S)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """Show one conversation; write again, or close it.

    Raises:
        Http404: there is no such request of the person's.
    """
    viewer = viewer_of(request)
    found = store.find_own(viewer.person.id, number)
    if found is None:
        raise Http404("no such request")
    if request.method != "POST":
        return _conversation(request, viewer, found, {"draft": tickets.new_key()})
    said = request.POST
    if said.get("do") == "close":
        store.set_state([found.pk], TicketState.CLOSED, viewer.now)
        return redirect(f"/support/{found.number}")
    draft = tickets.draft_of(said.get("draft", ""), said.get("text", ""))
    fault, status = text_fault(draft.text), 422
    if not fault and not store.posted(viewer.person.id, draft.key) and not may_write_again(request):
        fault, status = _TOO_OFTEN.format(count="thirty"), 429
    if fault:
        typed = {"draft": draft.key, "text": draft.text, "fault": fault}
        return _conversation(request, viewer, found, typed, status)
    tickets.write_again(found, draft, settings.CONFIG, viewer.now)
    return redirect(f"/support/{found.number}?sent=again")


def _conversation(
    request: HttpRequest, viewer: Viewer, found: Ticket, typed: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = found.context
    page = {
        "viewer": viewer,
        "ticket": found,
        "posts": [_said(one, viewer) for one in store.posts_of(found)],
        "facts": list(facts_of(context)),
        "events": _still_seen(context, viewer),
        "is_mailed": bool(settings.CONFIG.operators),
        "sent": request.GET.get("sent", ""),
        "zone": viewer.narrator().zone_name,
        "most": MAX_TEXT,
        **typed,
    }
    return render(request, "web/support/ticket.html", page, status=status)


def _said(post: Post, viewer: Viewer) -> tuple[Post, str]:
    return post, _when(viewer, post.at_us)


def _still_seen(context: dict[str, Any], viewer: Viewer) -> list[tuple[str, str]]:
    """Return key and headline of the attached events that the person may see by now (A1–A4)."""
    events = (log.find_event(key=one["key"]) for one in context["events"])
    narrator = viewer.narrator()
    return [(one.key, narrator.told(one).headline) for one in events if one and viewer.may_see(one)]


def _when(viewer: Viewer, at_us: int) -> str:
    said = viewer.narrator().moment(from_us(at_us))
    return said.removeprefix("on ")


def _about(said: MultiValueDict[str, str]) -> About:
    """Return what led here; what is no such thing is left out."""
    key, before, error = said.get("about", ""), said.get("from", ""), said.get("error", "")
    return About(
        key=key if _KEY.fullmatch(key) else "",
        is_mail=before == "mail",
        named=shown(said.get("named", "")).strip()[:_LONGEST],
        page=_page(before),
        error=error if _ERROR.fullmatch(error) else "",
    )


def _page(text: str) -> str:
    """Return the page before: a path of ours without what stands behind it, and without what opens something."""
    if not text.startswith("/") or text.startswith("//"):
        return ""
    path = shown(re.split(r"[?#]", text)[0])[:_LONGEST]
    try:
        found = resolve(path)
    except Resolver404:
        return path
    return f"/{found.route}" if _SECRET & set(found.kwargs) else path
