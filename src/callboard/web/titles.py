"""Titles by name: what the person may see says what a title's id means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from callboard.insights.choices import names_of_titles

if TYPE_CHECKING:
    from callboard.web.viewer import Viewer


def names_of(title_ids: Iterable[str], viewer: Viewer) -> Mapping[str, str]:
    """Return id -> name among the events that the person may see, the newest one; an id where none names it."""
    return names_of_titles(title_ids, viewer.person, viewer.catalogue, viewer.directory)


def name_of(title_id: str, viewer: Viewer) -> str:
    """Return the name of one title; for several, `names_of` asks once."""
    return names_of([title_id], viewer)[title_id]
