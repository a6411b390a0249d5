"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from callboard.base import strict_json
from callboard.base.instants import from_us, to_us
from callboard.base.reasons import Frequency
from callboard.catalogue.values import Catalogue
from callboard.people.sequences import next_revision
from callboard.preferences.models import CustomNotification, MuteRecord
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Book, Kind, Mute, MutedBy, Notification, Ref

_COLUMNS = (
    "id", "user_id", "name", "event_type", "where_json", "frequency", "version", "created_us", "deleted_us",
)  # fmt: skip


def apply_changes(book: Book, since: int, catalogue: Catalogue) -> None:
    """Bring a book up to date with every change after revision `since`."""
    for row in CustomNotification.objects.filter(revision__gt=since).values(*_COLUMNS).iterator():
        book.put(_notification(row, catalogue))
    for mute in _mutes(MuteRecord.objects.filter(revision__gt=since)):
        book.put_mute(mute)


def _mutes(rows: Any) -> Iterable[Mute]:
    columns = ("user_id", "kind", "notification", "muted", "until_us", "by", "revision")
    for user_id, kind, notification, muted, until_us, by, revision in rows.values_list(*columns).iterator():
        yield Mute(
            user_id=user_id,
            ref=Ref(notification, Kind(kind)),
            muted=muted,
            until=None if until_us is None else from_us(until_us),
            by=MutedBy(by),
            revision=revision,
        )


def load_book(catalogue: Catalogue) -> Book:
    """Return a book of everybody's settings, as committed now."""
    book = Book()
    apply_changes(book, -1, catalogue)
    return book


def _notification(row: dict[str, Any], catalogue: Catalogue) -> Notification:
    raw = {
        "name": row["name"],
        "event_type": row["event_type"],
        "where": json.loads(row["where_json"]),
        "frequency": row["frequency"],
    }
    found = read_custom(raw, catalogue, id=row["id"], user_id=row["user_id"])
    dates = {
        "version": row["version"],
        "created_at": from_us(row["created_us"]),
        "deleted_at": None if row["deleted_us"] is None else from_us(row["deleted_us"]),
    }
    if isinstance(found, Notification):
        return Notification(**{name: getattr(found, name) for name in found.__slots__} | dates)
    # Its catalogue changed: it stays, sends nothing, and says why.
    return Notification(
        id=row["id"],
        kind=Kind.CUSTOM,
        user_id=row["user_id"],
        name=row["name"],
        event_type=row["event_type"],
        where=(),
        frequency=Frequency(row["frequency"]),
        inactive="; ".join(str(fault) for fault in found),
        **dates,
    )


def customs_of(user_id: int, catalogue: Catalogue) -> list[Notification]:
    """Return a person's Custom notifications that are not deleted, oldest first."""
    rows = CustomNotification.objects.filter(user_id=user_id, deleted_us=None).order_by("created_us", "id")
    return [_notification(row, catalogue) for row in rows.values(*_COLUMNS)]


def mutes_of(user_id: int) -> dict[Ref, Mute]:
    """Return a person's mutes, and what remembers an unmute."""
    return {one.ref: one for one in _mutes(MuteRecord.objects.filter(user_id=user_id))}


def owners_of(ids: Iterable[str]) -> dict[str, int]:
    """Return id -> user id of the stored notifications among `ids`, deleted ones included."""
    wanted = list(ids)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        rows = CustomNotification.objects.filter(id__in=wanted[start : start + 500])
        found.update(rows.values_list("id", "user_id"))
    return found


def save_custom(notification: Notification, now: datetime) -> None:
    """Insert a Custom notification or replace its content; a deleted one comes back."""
    values = {
        "user_id": notification.user_id,
        "name": notification.name,
        "event_type": notification.event_type,
        "where_json": strict_json.dumps([one.as_json() for one in notification.where]),
        "frequency": notification.frequency.value,
        "version": notification.version,
        "deleted_us": None,
        "revision": next_revision(),
    }
    CustomNotification.objects.update_or_create(
        id=notification.id, defaults=values, create_defaults=values | {"created_us": to_us(now)}
    )


def delete_custom(notification_id: str, now: datetime) -> None:
    """Mark a Custom notification as deleted; it can be brought back for 30 days."""
    rows = CustomNotification.objects.filter(id=notification_id, deleted_us=None)
    rows.update(deleted_us=to_us(now), revision=next_revision())


def undelete_custom(user_id: int, notification_id: str, deleted_after_us: int) -> bool:
    """Bring back a person's notification that was deleted after an instant; return whether there was one."""
    rows = CustomNotification.objects.filter(id=notification_id, user_id=user_id, deleted_us__gt=deleted_after_us)
    return rows.update(deleted_us=None, revision=next_revision()) == 1


def set_mute(user_id: int, ref: Ref, *, muted: bool, until: datetime | None, by: MutedBy, now: datetime) -> None:
    """Mute or unmute one notification of a person."""
    values = {
        "muted": muted,
        "until_us": None if until is None else to_us(until),
        "by": by.value,
        "changed_us": to_us(now),
        "revision": next_revision(),
    }
    MuteRecord.objects.update_or_create(user_id=user_id, kind=ref.kind.value, notification=ref.id, defaults=values)
