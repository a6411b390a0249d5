"""`/history`: what was decided for the person, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from callboard.base.instants import from_us
from callboard.base.texts import shown
from callboard.insights import store as insights
from callboard.intake import store as log
from callboard.web.gates import signed_in
from callboard.web.viewer import Viewer, viewer_of
from callboard.web.words import plural, state_detail, state_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest, HttpResponse

    from callboard.catalogue.values import Event
    from callboard.mail.wording import Narrator

ENTRIES = 50
"""Entries of a page; one entry holds all of a bulk action."""
ROWS = 600
"""Ledger rows read for a page at most: a bulk action of some hundred fits in."""
_SAME = ("event_type", "accepted_us", "mail_id", "ends_us", "outcome", "reason", "withdrawn_reason", "mail_state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event, or one bulk action, and what became of it."""

    day: str
    time: str
    key: str
    phrase: str
    where: str
    what: str
    state: str
    tone: str
    detail: str
    others: tuple[tuple[str, str], ...]

    @property
    def others_words(self) -> str:
        """Return "and 469 more events", or ""."""
        return f"and {plural(len(self.others), 'more event')}" if self.others else ""


@require_safe
@signed_in
def history(request: HttpRequest) -> HttpResponse:
    """Show a page of the person's own ledger, as far as the person may see the events now."""
    viewer = viewer_of(request)
    before = request.GET.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) <= 18 else None  # noqa: PLR2004 - 64 bits
    rows = insights.rows_of_user(viewer.person.id, before=start, limit=ROWS + 1)
    groups = [list(members) for _, members in groupby(rows[:ROWS], key=lambda row: [row[name] for name in _SAME])]
    shown = groups[:ENTRIES]
    read = sum(map(len, shown))
    page = {
        "viewer": viewer,
        "days": [(day, list(of_day)) for day, of_day in groupby(_entries(shown, viewer), key=lambda one: one.day)],
        "more": shown[-1][-1]["id"] if len(rows) > read else None,
        "is_first": start is None,
        "zone": viewer.narrator().zone_name,
    }
    return render(request, "web/history.html", page)


def _entries(groups: list[list[dict[str, Any]]], viewer: Viewer) -> Iterator[Entry]:
    narrator = viewer.narrator()
    events = log.load_events(row["event_number"] for group in groups for row in group)
    for group in groups:
        seen = [event for row in group if viewer.may_see(event := events[row["event_number"]])]
        if seen:
            yield _entry(group[0], seen, narrator)


def _entry(row: dict[str, Any], events: list[Event], narrator: Narrator) -> Entry:
    told = narrator.told(events[0])
    at = narrator.local(from_us(row["accepted_us"]))
    state, tone = state_words(row)
    return Entry(
        day=narrator.relative(at.date()),
        time=f"{at:%H:%M}",
        key=events[0].key,
        phrase=told.phrase,
        where=told.where,
        what=narrator.line(events[0]).what,
        state=state,
        tone=tone,
        detail=state_detail(row, narrator),
        others=tuple((event.key, _brief(event, narrator)) for event in events[1:]),
    )


def _brief(event: Event, narrator: Narrator) -> str:
    """Return what tells an event from the others of a bulk action: episode, asset, subject."""
    line = narrator.line(event)
    parts = (line.episode or line.show, line.what, shown(event.subject or ""))
    return " · ".join(part for part in parts if part) or narrator.told(event).phrase
