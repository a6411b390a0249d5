"""What a person may do with the own notifications: create, edit, duplicate, mute, unmute, delete, bring back.

Every action is one transaction, checks that the notification is the person's own, and says
`not-found` for what is somebody else's just as for what does not exist.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from callboard.base.errors import Fault, RejectedError
from callboard.base.instants import to_us
from callboard.catalogue.values import Catalogue
from callboard.people.access import valid_roles
from callboard.people.sequences import hold_changes
from callboard.people.values import Person
from callboard.preferences import store
from callboard.preferences.file import as_json
from callboard.preferences.rules import KEPT_DAYS, duplicate_of_default, read_custom
from callboard.preferences.values import Kind, MutedBy, Notification, Ref, from_default

EDITABLE = ("name", "event_type", "where", "frequency")


def own(person: Person, catalogue: Catalogue) -> list[Notification]:
    """Return the person's notifications: the Defaults of the roles held, then the Customs, oldest first."""
    roles = valid_roles(person, catalogue)
    labels = catalogue.event_types
    defaults = [
        from_default(one, labels[one.event_type].label) for one in catalogue.defaults.values() if one.role in roles
    ]
    return defaults + store.customs_of(person.id, catalogue)


def find_own(person: Person, ref: Ref, catalogue: Catalogue) -> Notification:
    """Return one of the person's notifications.

    Raises:
        RejectedError: `not-found`.
    """
    for one in own(person, catalogue):
        if one.ref == ref:
            return one
    raise RejectedError("there is no such notification", type="not-found")


def create(
    person: Person,
    raw: Mapping[str, Any],
    catalogue: Catalogue,
    now: datetime,
    *,
    id: str | None = None,  # noqa: A002 - 4.2's word
) -> Notification:
    """Store a new Custom notification of the person and return it.

    With an `id` that was made ahead by `new_id`, asking twice stores once: the same content
    again answers like the first time.

    Raises:
        RejectedError: with every fault; an event type that the person can not see is one (A4).
            With an `id`: `conflict` when other content is stored under it, `not-found` when that
            is deleted by now or somebody else's.
    """
    found = _checked(person, raw, catalogue, id or new_id())
    with transaction.atomic():
        if id and (known := _stored_before(person, found, catalogue)):
            return known
        store.save_customs([found], now)
    return replace(found, created_at=now)


def _stored_before(person: Person, found: Notification, catalogue: Catalogue) -> Notification | None:
    hold_changes()
    if found.id not in store.owners_of([found.id]):
        return None
    known = find_own(person, found.ref, catalogue)
    if as_json(known) != as_json(found):
        raise RejectedError("this was saved already, with other settings", type="conflict")
    return known


def new_id() -> str:
    """Return an id for a notification made by a person."""
    return f"n-{secrets.token_hex(10)}"


def edit(
    person: Person,
    notification_id: str,
    raw: Mapping[str, Any],
    catalogue: Catalogue,
    now: datetime,
    *,
    version: int | None,
) -> Notification:
    """Change a Custom notification; keys that are absent stay. `version` is the one the person saw.

    Raises:
        RejectedError: `not-found`; `conflict` when it was changed since `version`; or the faults.
    """
    with transaction.atomic():
        hold_changes()
        known = find_own(person, Ref(notification_id, Kind.CUSTOM), catalogue)
        if version is not None and version != known.version:
            raise RejectedError(
                "this notification was changed elsewhere; look at the newer one and save again", type="conflict"
            )
        found = _checked(
            person, as_json(known) | {key: raw[key] for key in EDITABLE if key in raw}, catalogue, known.id
        )
        changed = replace(found, version=known.version + 1, created_at=known.created_at)
        store.save_customs([changed], now)
    return changed


def duplicate(person: Person, ref: Ref, catalogue: Catalogue) -> dict[str, Any]:
    """Return the 4.2 object, not stored, with which a duplicate opens.

    Raises:
        RejectedError: `not-found`.
    """
    known = find_own(person, ref, catalogue)
    if ref.kind is Kind.DEFAULT:
        return duplicate_of_default(catalogue.defaults[ref.id], person, catalogue)
    found = as_json(known)
    del found["id"]
    return found


def set_mute(
    person: Person, ref: Ref, catalogue: Catalogue, now: datetime, *, muted: bool, until: datetime | None = None
) -> None:
    """Mute until an instant or until unmuted, or unmute, one of the person's notifications.

    Raises:
        RejectedError: `not-found`, or the instant is not in the future.
    """
    if until is not None and until <= now:
        raise RejectedError(Fault("/muted_until", "must be in the future"))
    with transaction.atomic():
        find_own(person, ref, catalogue)
        store.set_mute(person.id, ref, muted=muted, until=until, by=MutedBy.PERSON, now=now)


def delete(person: Person, notification_id: str, catalogue: Catalogue, now: datetime) -> None:
    """Delete a Custom notification; it can be brought back for 30 days.

    Raises:
        RejectedError: `not-found`.
    """
    with transaction.atomic():
        find_own(person, Ref(notification_id, Kind.CUSTOM), catalogue)
        store.delete_custom(notification_id, now)


def deleted(person: Person, catalogue: Catalogue, now: datetime, limit: int = 20) -> list[Notification]:
    """Return what the person deleted in the last 30 days and can bring back, the latest first."""
    return store.deleted_of(person.id, to_us(now - timedelta(days=KEPT_DAYS)), limit, catalogue)


def bring_back(person: Person, notification_id: str, now: datetime) -> None:
    """Undo a deletion of the last 30 days.

    Raises:
        RejectedError: `not-found`.
    """
    with transaction.atomic():
        if not store.undelete_custom(person.id, notification_id, to_us(now - timedelta(days=KEPT_DAYS))):
            raise RejectedError("there is no such notification to bring back", type="not-found")


def _checked(person: Person, raw: Mapping[str, Any], catalogue: Catalogue, id_: str) -> Notification:
    found = read_custom(dict(raw), catalogue, id=id_, user_id=person.id)
    if isinstance(found, list):
        raise RejectedError(found)
    if not catalogue.may_see_type(valid_roles(person, catalogue), found.event_type):
        raise RejectedError(Fault("/event_type", f"your roles do not see {found.event_type}"))
    return found
