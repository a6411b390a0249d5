"""Saving a draft: once, under the person who opened the window, and never over somebody's newer version unasked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from callboard.base.keyed import keyed_hash
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.file import as_json
from callboard.preferences.values import Kind, Notification, Ref
from callboard.web.panel.draft import Draft, as_raw

if TYPE_CHECKING:
    from callboard.web.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Saved:
    """What was saved.

    Attributes:
        before: how it was, None for a new one.
        muted: the Default that this is a copy of was muted with it.
    """

    one: Notification
    before: dict[str, Any] | None = None
    muted: Ref | None = None


def seal_of(viewer: Viewer, notification_id: str) -> str:
    """Return what a window carries, so that it is saved for nobody but the person who opened it."""
    return keyed_hash(settings.SECRET_KEY, "window", viewer.person.id, notification_id)


def save(draft: Draft, viewer: Viewer) -> Saved:
    """Store the draft; what is stored already is answered as if it were stored now.

    Raises:
        RejectedError: `conflict`, `not-found`, or the faults.
    """
    with transaction.atomic():
        return _create(draft, viewer) if draft.is_new else _edit(draft, viewer)


def _create(draft: Draft, viewer: Viewer) -> Saved:
    person, catalogue, now = viewer.person, viewer.catalogue, viewer.now
    made = actions.create(person, as_raw(draft, catalogue), catalogue, now, id=draft.id)
    if not (draft.copied and draft.mute_copied):
        return Saved(made)
    original = Ref(draft.copied, Kind.DEFAULT)
    if all(one.ref != original for one in actions.own(person, catalogue)):
        return Saved(made)  # its role is gone meanwhile: there is nothing to mute
    actions.set_mute(person, original, catalogue, now, muted=True)
    return Saved(made, muted=original)


def _edit(draft: Draft, viewer: Viewer) -> Saved:
    person, catalogue = viewer.person, viewer.catalogue
    raw = as_raw(draft, catalogue)
    known = actions.find_own(person, Ref(draft.id, Kind.CUSTOM), catalogue)
    stored = as_json(known)
    if known.version != draft.version and stored == {"id": known.id, **raw}:
        return Saved(known)  # the same wish again, as after a double click
    changed = actions.edit(person, draft.id, raw, catalogue, viewer.now, version=draft.version)
    del stored["id"]
    return Saved(changed, before=stored)


def newer(draft: Draft, viewer: Viewer) -> Notification:
    """Return the stored version of what the draft changes.

    Raises:
        RejectedError: `not-found`: it is deleted by now.
    """
    return actions.find_own(viewer.person, Ref(draft.id, Kind.CUSTOM), viewer.catalogue)


def is_muted(viewer: Viewer, default_id: str) -> bool:
    """Return whether the person has a Default muted now."""
    mute = preferences.mutes_of(viewer.person.id).get(Ref(default_id, Kind.DEFAULT))
    return mute is not None and mute.is_muted(viewer.now)
