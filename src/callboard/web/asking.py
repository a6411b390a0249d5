"""Why did I not get that? What a person may see of a source request or an event, each with its explanation (D5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callboard.insights import store as insights
from callboard.intake import store as log
from callboard.web.story import tell
from callboard.web.words import exact

if TYPE_CHECKING:
    from callboard.catalogue.values import Event
    from callboard.web.story import Story
    from callboard.web.viewer import Viewer

ASKED_AMONG = 100_000
"""The newest events among which a subject or an id is looked for."""
FOUND = 20
"""Events that are explained on one page."""
_READ = 500
_KEY = re.compile(r"(?:.*/items/)?([0-9a-f]{32})/?(?:[?#].*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One event with why the person did, or did not, get it."""

    key: str
    headline: str
    type_label: str
    at: str
    story: Story


@dataclass(frozen=True, slots=True)
class Answer:
    """The events that were asked for, newest first; `more` says that there are older ones."""

    found: tuple[Explained, ...]
    more: bool


def answer(text: str, viewer: Viewer) -> Answer:
    """Return what a source request, an event's id, or the address of its page stands for."""
    narrator = viewer.narrator()
    seen = [event for event in _named(text) if viewer.may_see(event)]
    found = [
        Explained(
            key=event.key,
            headline=narrator.told(event).headline,
            type_label=narrator.type_of(event).label,
            at=exact(narrator, event.time_at),
            story=tell(event, viewer),
        )
        for event in seen[:FOUND]
    ]
    return Answer(tuple(found), more=len(seen) > FOUND)


def _named(text: str) -> list[Event]:
    if not text or "\x00" in text:  # PostgreSQL takes no text with it; no stored subject or id has it
        return []
    known = _KEY.fullmatch(text)
    by_key = log.find_event(key=known[1]) if known else None
    if by_key:
        return [by_key]
    events = log.load_events(insights.numbers_named(text, among=ASKED_AMONG, limit=_READ))
    return sorted(events.values(), key=lambda one: -one.number)
