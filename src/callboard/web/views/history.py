"""`/history`: what was decided for the person, newest first."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from callboard.base.instants import from_us
from callboard.insights import store as insights
from callboard.intake import store as log
from callboard.web.viewer import Viewer, viewer_of
from callboard.web.words import state_detail, state_words

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = 60


@require_safe
@login_required
def history(request: HttpRequest) -> HttpResponse:
    """Show a page of the person's own ledger, as far as the person may see the events now."""
    viewer = viewer_of(request)
    before = request.GET.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) <= 18 else None  # noqa: PLR2004 - 64 bits
    rows = insights.rows_of_user(viewer.person.id, before=start, limit=PAGE + 1)
    more = rows[PAGE - 1]["id"] if len(rows) > PAGE else None
    entries = _entries(rows[:PAGE], viewer)
    page = {
        "viewer": viewer,
        "days": [(day, list(of_day)) for day, of_day in groupby(entries, key=lambda one: one["day"])],
        "more": more,
        "is_first": start is None,
        "zone": viewer.narrator().zone_name,
    }
    return render(request, "web/history.html", page)


def _entries(rows: list[dict[str, Any]], viewer: Viewer) -> list[dict[str, Any]]:
    narrator = viewer.narrator()
    events = log.load_events(row["event_number"] for row in rows)
    found = []
    for row in rows:
        event = events[row["event_number"]]
        if not viewer.may_see(event):
            continue
        told = narrator.told(event)
        at = narrator.local(from_us(row["accepted_us"]))
        word, tone = state_words(row)
        found.append(
            {
                "key": event.key,
                "day": narrator.relative(at.date()),
                "time": f"{at:%H:%M}",
                "phrase": told.phrase,
                "where": told.where,
                "subject": event.subject or "",
                "state": word,
                "tone": tone,
                "detail": state_detail(row, narrator),
            }
        )
    return found
