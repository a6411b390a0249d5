"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

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
_ROWS = 500
"""Ids of one statement, under the bound on variables."""


def apply_changes(book: Book, since: int, catalogue: Catalogue) -> None:
    """Bring a book up to date with every change after revision `since`."""
    for row in CustomNotification.objects.filter(revision__gt=since).values(*_COLUMNS).iterator():
        book.put(_notification(row, catalogue))
    for mute in _mutes(MuteRecord.objects.filter(revision__gt=since)):
        book.put_mute(mute)


def changed_since(revision: int) -> list[str]:
    """Return the ids of the Custom notifications that changed after a revision, deleted ones included."""
    return list(CustomNotification.objects.filter(revision__gt=revision).values_list("id", flat=True))


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


def load_book_of(user_ids: Iterable[int], catalogue: Catalogue, types: Collection[str] | None = None) -> Book:
    """Return a book of these persons' settings, as committed now; with `types` Customs of these event types alone."""
    book = Book()
    wanted = sorted(user_ids)
    for start in range(0, len(wanted), _ROWS):
        part = wanted[start : start + _ROWS]
        customs = CustomNotification.objects.filter(user_id__in=part, deleted_us=None)
        for row in (customs if types is None else customs.filter(event_type__in=types)).values(*_COLUMNS):
            book.put(_notification(row, catalogue))
        for mute in _mutes(MuteRecord.objects.filter(user_id__in=part)):
            book.put_mute(mute)
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
        stored_where=row["where_json"],
        frequency=Frequency(row["frequency"]),
        inactive="; ".join(str(fault) for fault in found),
        **dates,
    )


def deleted_of(user_id: int, since_us: int, limit: int, catalogue: Catalogue) -> list[Notification]:
    """Return a person's Custom notifications deleted at or after an instant, the latest first."""
    rows = CustomNotification.objects.filter(user_id=user_id, deleted_us__gte=since_us).order_by("-deleted_us", "id")
    return [_notification(row, catalogue) for row in rows.values(*_COLUMNS)[:limit]]


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
    for start in range(0, len(wanted), _ROWS):
        rows = CustomNotification.objects.filter(id__in=wanted[start : start + _ROWS])
        found.update(rows.values_list("id", "user_id"))
    return found


def save_customs(notifications: Sequence[Notification], now: datetime) -> None:
    """Insert Custom notifications or replace their content; a deleted one comes back."""
    if not notifications:
        return
    revision, now_us = next_revision(), to_us(now)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO preferences_customnotification"
            " (id, user_id, name, event_type, where_json, frequency, version, created_us, deleted_us, revision)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, NULL, %s)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name, event_type = excluded.event_type,"
            " where_json = excluded.where_json, frequency = excluded.frequency, version = excluded.version,"
            " deleted_us = NULL, revision = excluded.revision",
            [
                (
                    one.id,
                    one.user_id,
                    one.name,
                    one.event_type,
                    strict_json.dumps([each.as_json() for each in one.where]),
                    one.frequency.value,
                    one.version,
                    now_us,
                    revision,
                )
                for one in notifications
            ],
        )


def delete_custom(notification_id: str, now: datetime) -> None:
    """Mark a Custom notification as deleted; it can be brought back for 30 days."""
    rows = CustomNotification.objects.filter(id=notification_id, deleted_us=None)
    rows.update(deleted_us=to_us(now), revision=next_revision())


def undelete_custom(user_id: int, notification_id: str, deleted_after_us: int) -> bool:
    """Bring back a person's notification that was deleted after an instant; return whether there was one."""
    rows = CustomNotification.objects.filter(id=notification_id, user_id=user_id, deleted_us__gt=deleted_after_us)
    return rows.update(deleted_us=None, revision=next_revision()) == 1


def save_mutes(mutes: Sequence[Mute], now: datetime) -> None:
    """Mute or unmute notifications; the mutes' own revisions are replaced by the next one."""
    if not mutes:
        return
    revision, now_us = next_revision(), to_us(now)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO preferences_muterecord"
            " (user_id, kind, notification, muted, until_us, by, changed_us, revision)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (user_id, kind, notification) DO UPDATE SET muted = excluded.muted,"
            " until_us = excluded.until_us, by = excluded.by, changed_us = excluded.changed_us,"
            " revision = excluded.revision",
            [
                (
                    one.user_id,
                    one.ref.kind.value,
                    one.ref.id,
                    one.muted,
                    None if one.until is None else to_us(one.until),
                    one.by.value,
                    now_us,
                    revision,
                )
                for one in mutes
            ],
        )


def set_mute(user_id: int, ref: Ref, *, muted: bool, until: datetime | None, by: MutedBy, now: datetime) -> None:
    """Mute or unmute one notification of a person."""
    save_mutes([Mute(user_id=user_id, ref=ref, muted=muted, until=until, by=by, revision=0)], now)
