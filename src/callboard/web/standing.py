"""The stand-ins of the person who looks, in words for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callboard.base.texts import shown
from callboard.people import standing

if TYPE_CHECKING:
    from callboard.web.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Line:
    """One stand-in, as one of the two sees it: who the other is, from when ("" once it has begun) until when."""

    id: int
    is_delegate: bool
    name: str
    email: str
    since: str
    until: str


def lines_of(viewer: Viewer) -> list[Line]:
    """Return the person's stand-ins that are not over, the earliest first."""
    narrator, now = viewer.narrator(), viewer.now
    found = []
    for one in standing.current(viewer.person, viewer.directory, now):
        is_delegate = one.delegate.id == viewer.person.id
        other = one.person if is_delegate else one.delegate
        begin, end = one.about.starts_at, one.about.ends_at
        since = narrator.since(begin) if begin > now else ""
        found.append(Line(one.about.id, is_delegate, shown(other.name), other.email, since, narrator.until(end)))
    return found
