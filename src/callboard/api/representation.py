"""A notification as the API shows it: the object of 4.2, and what a person asks about it."""

from __future__ import annotations

from typing import Any

from callboard.api.access import Viewer
from callboard.base.instants import format_instant
from callboard.base.texts import shown
from callboard.mail.wording import zone_of
from callboard.preferences.naming import MONTHS, title_of
from callboard.preferences.values import Kind, MutedBy, Notification

_DOORS = {MutedBy.PERSON: "person", MutedBy.MAIL_LINK: "mail-link", MutedBy.IMPORT: "import"}


def notification_json(one: Notification, viewer: Viewer) -> dict[str, Any]:
    """Return a notification of the viewer as JSON values."""
    mute = viewer.mutes.get(one.ref)
    muting = mute if mute and mute.is_muted(viewer.now) else None
    return {
        "id": one.id,
        "user": viewer.person.email,
        "kind": one.kind.value,
        "name": one.name,
        "label": title_of(one, viewer.catalogue, viewer.partner_called),
        "event_type": one.event_type,
        "where": [condition.as_json() for condition in one.where],
        "frequency": one.frequency.value,
        "muted": muting is not None,
        "muted_until": format_instant(muting.until) if muting and muting.until else None,
        "muted_by": _DOORS[muting.by] if muting else None,
        "reason": reason(one, viewer),
        "inactive": inactive(one, viewer),
        "version": one.version,
    }


def reason(one: Notification, viewer: Viewer) -> str:
    """Return why the person has the notification, as a sentence."""
    if one.kind is Kind.DEFAULT:
        role = viewer.catalogue.roles.get(one.role or "")
        partner = viewer.directory.partner_name(viewer.person.partner or "")
        return f"Because of your role {shown(role.label if role else str(one.role))} at {shown(partner)}."
    if one.created_at is None:
        return "Made by you."
    on = one.created_at.astimezone(zone_of(viewer.person.time_zone)[0])
    return f"Made by you on {on.day} {MONTHS[on.month - 1]} {on.year}."


def inactive(one: Notification, viewer: Viewer) -> str | None:
    """Return why the notification sends nothing (A4, or its catalogue changed), or None."""
    if one.inactive:
        return f"The catalogue changed: {one.inactive}"
    if not viewer.sees_type(one.event_type):
        return "Your roles no longer see this event type."
    return None
