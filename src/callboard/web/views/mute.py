"""`/mute/<token>`: the one-click link of a mail (C3). The token is the capability: no sign-in, no cookies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from callboard.base.texts import shown
from callboard.mail.unsubscribe import CRITICAL_MUTE_DAYS, find_linked, is_critical, mute_linked
from callboard.people.store import note_seen
from callboard.web.viewer import business_now, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest, HttpResponse

    from callboard.mail.unsubscribe import LinkedMail
    from callboard.preferences.values import Ref


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """GET and HEAD say what the link is for; only POST mutes, any number of times."""
    now = business_now()
    linked = find_linked(token, settings.CONFIG, catalogue(), now)
    if linked is None or not (linked.refs or linked.is_lent):
        return _private(render(request, "web/mute_ended.html", status=404))
    if request.method != "POST":  # programs that look at every link of a mail come here too
        page = {"types": _types(linked.refs, linked), "days": CRITICAL_MUTE_DAYS, "linked": linked}
        return _private(render(request, "web/mute_ask.html", page))
    note_seen(linked.user_id, now)
    done = mute_linked(linked, catalogue(), now)
    page = {"types": _types(done, linked), "days": CRITICAL_MUTE_DAYS, "linked": linked}
    return _private(render(request, "web/mute_done.html", page))


def _types(refs: Iterable[Ref], linked: LinkedMail) -> list[tuple[str, bool]]:
    """Return (label, whether for 30 days only) of the event types, each once: all that the page names."""
    types = dict.fromkeys(linked.refs[ref] for ref in refs)
    known = catalogue()
    return [(shown(known.event_types[one].label), is_critical(one, linked, known)) for one in types]


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    return response
