"""Titles by name: what the person may see says what a title's id means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.cache import cache

from callboard.base.texts import shown
from callboard.web import store

if TYPE_CHECKING:
    from callboard.catalogue.values import Event
    from callboard.web.viewer import Viewer

KEPT_S = 600


def name_of(title_id: str, viewer: Viewer) -> str:
    """Return the newest name of a title among recent events that the person may see, or the id."""
    key = f"title-name:{viewer.person.id}:{store.digest_of(title_id)}"
    known: str | None = cache.get(key)
    if known is None:
        names = (_name_in(event, title_id) for event in store.events_naming(title_id) if viewer.may_see(event))
        known = next((name for name in names if name), title_id)
        cache.set(key, known, KEPT_S)
    return known


def _name_in(event: Event, title_id: str) -> str:
    ids, names = event.values("title_id"), event.values("title_names")
    found = next((name for one, name in zip(ids, names, strict=False) if one == title_id), "")
    return shown(found).strip() if isinstance(found, str) else ""
