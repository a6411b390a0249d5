"""Why did I not get that? What a person may see of a source request or an event, each with its explanation (D5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callboard.insights.explain import events_named
from callboard.web.story import tell
from callboard.web.words import exact

if TYPE_CHECKING:
    from callboard.web.story import Story
    from callboard.web.viewer import Viewer

FOUND = 20
"""Events that are explained on one page."""


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
    seen = [event for event in events_named(text) if viewer.may_see(event)]
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
