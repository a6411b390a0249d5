"""`/team`: a Master's people, who of them is told what, and what was changed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.shortcuts import render
from django.views.decorators.http import require_safe

from callboard.base.texts import folded, shown
from callboard.insights.team import store
from callboard.web.team.covering import count_gaps, sections_of
from callboard.web.team.form import is_part
from callboard.web.team.master import Master, masters_only
from callboard.web.team.past import told_changes
from callboard.web.team.roster import count_words, roster
from callboard.web.words import plural

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

TABS = (("", "Active"), ("deactivated", "Deactivated"), ("test", "Test users"))
CHANGES = 50
NOTICE = "notice"
_MAX_QUERY = 200


@require_safe
@masters_only
def team(request: HttpRequest, master: Master) -> HttpResponse:
    """List the people of the Master's partners: of one tab, those that a search finds."""
    query = request.GET.get("q", "").strip()[:_MAX_QUERY]
    chosen = request.GET.get("show", "")
    chosen = chosen if chosen in store.SHOWN else ""
    lines, more = roster(master, chosen, tuple(folded(shown(query)).split()))
    counts = store.count_accounts(master.partner_ids)
    gaps = 0 if is_part(request) else count_gaps(master)  # a search while typing shows the people alone
    page = {
        "master": master,
        "lines": lines,
        "count": count_words(lines, more=more),
        "tabs": [(label, _url(q=query, show=key), counts[key], key == chosen) for key, label in TABS],
        "query": query,
        "chosen": chosen,
        "gaps": gaps,
        "gaps_words": f"{plural(gaps, 'critical kind of event', 'critical kinds of events')} would reach nobody.",
        "notice": request.session.pop(NOTICE, None),
    }
    return render(request, "web/team/list.html", page)


@require_safe
@masters_only
def coverage(request: HttpRequest, master: Master) -> HttpResponse:
    """Show who is told of each critical event, partner by partner."""
    return render(request, "web/team/coverage.html", {"master": master, "sections": sections_of(master)})


@require_safe
@masters_only
def changes(request: HttpRequest, master: Master) -> HttpResponse:
    """Show what was changed of the Master's people, newest first."""
    text = request.GET.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None  # noqa: PLR2004 - 64 bits
    found = store.changes(master.partner_ids, before=before, limit=CHANGES + 1)
    older = _url("/team/changes", before=found[CHANGES - 1].id) if len(found) > CHANGES else ""
    page = {
        "master": master,
        "changes": told_changes(found[:CHANGES], master),
        "older": older,
        "zone": master.viewer.narrator().zone_name,
    }
    return render(request, "web/team/changes.html", page)


def _url(path: str = "/team", **asked: object) -> str:
    said = urlencode({key: value for key, value in asked.items() if value})
    return f"{path}?{said}" if said else path
