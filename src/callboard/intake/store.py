"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max, Min

from callboard.base.instants import from_us, to_us
from callboard.base.rights import KeyRight
from callboard.catalogue.values import Event
from callboard.intake.cloudevents import Draft
from callboard.intake.models import ApiKey, EventRecord, EventState

_COLUMNS = "id, key, source, event_id, event_type, subject, time_us, accepted_us, data_json, was_parked"
_KEY_PREFIX = "cbk_"
_ROWS = 500
"""Rows of one statement: well under the bound of 32,766 variables. Source: sqlite.org/limits.html."""
FENCE = 0x0CA11B0A
"""The advisory lock between accepting and closing windows on PostgreSQL."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: `conflicts` are (source, id) pairs sent again with other content."""

    accepted: int
    duplicates: int
    conflicts: tuple[tuple[str, str], ...]


def enter_fence() -> None:
    """Let nobody close a window or decide while this transaction accepts (S3).

    On SQLite the write lock of the transaction does the same.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [FENCE])


def pass_fence() -> bool:
    """Wait until every transaction that accepts with an earlier clock is committed (S3).

    Returns whether others may accept meanwhile; on SQLite the write lock keeps them out.
    """
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s), pg_advisory_unlock(%s)", [FENCE, FENCE])
    return True


def add_events(drafts: Sequence[Draft], now: datetime) -> Receipt:
    """Store the events that are new; the same (source, id) with other content is a conflict."""
    fresh: dict[str, Draft] = {}
    repeats: list[Draft] = []
    for one in drafts:
        if fresh.setdefault(one.key, one) is not one:
            repeats.append(one)
    inserted = _insert(list(fresh.values()), now)
    repeats += [one for one in fresh.values() if one.key not in inserted]
    digests = _digests({one.key for one in repeats})
    conflicts = tuple((one.source, one.id) for one in repeats if digests[one.key] != one.digest)
    return Receipt(len(inserted), len(repeats) - len(conflicts), conflicts)


def _insert(drafts: Sequence[Draft], now: datetime) -> set[str]:
    """Insert what is new; return the keys that were."""
    now_us = to_us(now)
    inserted: set[str] = set()
    for start in range(0, len(drafts), _ROWS):
        rows = drafts[start : start + _ROWS]
        marks = ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, %s, '')"] * len(rows))
        values: list[Any] = []
        for one in rows:
            time_us = now_us if one.time_at is None else to_us(one.time_at)
            values += [one.key, one.source, one.id, one.type, one.subject, time_us, now_us, one.text, one.digest, False]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO intake_eventrecord (key, source, event_id, event_type, subject, time_us, accepted_us,"  # noqa: S608 - only marks
                f" data_json, digest, state, was_parked, parked_reason) VALUES {marks}"
                " ON CONFLICT (key) DO NOTHING RETURNING key",
                values,
            )
            inserted.update(key for (key,) in cursor.fetchall())
    return inserted


def _digests(keys: Iterable[str]) -> dict[str, str]:
    wanted = list(keys)
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _ROWS):
        rows = EventRecord.objects.filter(key__in=wanted[start : start + _ROWS])
        found.update(rows.values_list("key", "digest"))
    return found


def undecided(limit: int, accepted_until: datetime | None = None) -> list[tuple[Event, bool]]:
    """Return accepted events that are not decided, oldest first, each with whether it was parked."""
    until_us = 2**62 if accepted_until is None else to_us(accepted_until)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM intake_eventrecord WHERE state = 0 AND accepted_us <= %s"  # noqa: S608
            " ORDER BY accepted_us, id LIMIT %s",
            [until_us, limit],
        )
        return [(_event(row), bool(row[9])) for row in cursor.fetchall()]


def _event(row: Sequence[Any]) -> Event:
    number, key, source, event_id, event_type, subject, time_us, accepted_us, data_json = row[:9]
    return Event(
        number=number,
        key=key,
        source=source,
        id=event_id,
        type=event_type,
        subject=subject,
        time_at=from_us(time_us),
        accepted_at=from_us(accepted_us),
        data=json.loads(data_json),
    )


def load_events(numbers: Iterable[int]) -> dict[int, Event]:
    """Return row number -> event."""
    wanted = sorted(set(numbers))
    found: dict[int, Event] = {}
    for start in range(0, len(wanted), _ROWS):
        part = wanted[start : start + _ROWS]
        marks = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM intake_eventrecord WHERE id IN ({marks})", part)  # noqa: S608
            found.update((row[0], _event(row)) for row in cursor.fetchall())
    return found


def find_event(*, key: str) -> Event | None:
    """Return the event with this opaque key."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_COLUMNS} FROM intake_eventrecord WHERE key = %s", [key])  # noqa: S608
        row = cursor.fetchone()
    return _event(row) if row else None


def sources_of(event_id: str) -> list[str]:
    """Return the sources that sent an event with this id."""
    return list(EventRecord.objects.filter(event_id=event_id).values_list("source", flat=True).order_by("source"))


def oldest_undecided_at() -> datetime | None:
    """Return when the oldest event that is neither decided nor parked was accepted (S3)."""
    oldest = EventRecord.objects.filter(state=EventState.ACCEPTED).aggregate(at=Min("accepted_us"))["at"]
    return None if oldest is None else from_us(oldest)


def mark_decided(numbers: Iterable[int]) -> None:
    """Record that every person's decision on these events is in the ledger."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE intake_eventrecord SET state = 1, parked_reason = '' WHERE id = %s", [(one,) for one in numbers]
        )


def park(number: int, reason: str) -> None:
    """Set an event aside, with the reason, where a person sees it and can retry it (P3)."""
    EventRecord.objects.filter(id=number).update(state=EventState.PARKED, was_parked=True, parked_reason=reason[:2000])


def parked() -> list[tuple[Event, str]]:
    """Return the parked events with their reasons, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS}, parked_reason FROM intake_eventrecord WHERE state = 2 ORDER BY accepted_us, id"  # noqa: S608
        )
        return [(_event(row), row[10]) for row in cursor.fetchall()]


def is_parked(number: int) -> bool:
    """Return whether the event is set aside for an operator."""
    return EventRecord.objects.filter(id=number, state=EventState.PARKED).exists()


def retry_parked(numbers: Iterable[int] | None = None) -> int:
    """Put parked events, all or those given, back on their way; return how many."""
    rows = EventRecord.objects.filter(state=EventState.PARKED)
    if numbers is not None:
        rows = rows.filter(id__in=list(numbers))
    return rows.update(state=EventState.ACCEPTED)


def count_events() -> dict[str, int]:
    """Return the number of events by state, and the newest acceptance as `newest_us`."""
    found = dict.fromkeys(EventState.labels, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, COUNT(*) FROM intake_eventrecord GROUP BY state")
        for state, number in cursor.fetchall():
            found[EventState(state).label] = number
    newest = EventRecord.objects.aggregate(at=Max("accepted_us"))["at"]
    return found | {"newest_us": newest or 0}


def make_key(
    name: str,
    now: datetime,
    right: KeyRight = KeyRight.EVENTS,
    owner_id: int | None = None,
    partner_id: str | None = None,
) -> str:
    """Store a new API key for one right; return it, the only time it can be read.

    It ends with its owner's account; one without an owner is the operators' alone. One for SCIM may
    be for the people of one partner, and of those below it, only.

    Raises:
        django.db.IntegrityError: a key has this name.
    """
    key = _KEY_PREFIX + secrets.token_urlsafe(32)
    values = {"key_hash": _key_hash(key), "hint": key[:9], "created_us": to_us(now), "right": right.value}
    ApiKey.objects.create(name=name, owner_id=owner_id, partner_id=partner_id, **values)
    return key


def is_valid_key(key: str, right: KeyRight = KeyRight.EVENTS) -> bool:
    """Return whether the key was made here for this right and is not revoked."""
    return ApiKey.objects.filter(key_hash=_key_hash(key), right=right.value, revoked_us=None).exists()


def valid_key(key: str, right: KeyRight) -> ApiKey | None:
    """Return what is stored of a key that was made here for this right and is not revoked."""
    return ApiKey.objects.filter(key_hash=_key_hash(key), right=right.value, revoked_us=None).first()


def revoke_key(name: str, now: datetime) -> bool:
    """Revoke the key of this name; return whether there was one in force."""
    return ApiKey.objects.filter(name=name, revoked_us=None).update(revoked_us=to_us(now)) == 1


def keys_owned(user_ids: Iterable[int]) -> list[str]:
    """Return the names of keys in force that these persons own."""
    return list(ApiKey.objects.filter(owner_id__in=list(user_ids), revoked_us=None).values_list("name", flat=True))


def revoke_keys_of(user_ids: Iterable[int], now: datetime) -> int:
    """Revoke every key that these persons own; return how many were in force."""
    return ApiKey.objects.filter(owner_id__in=list(user_ids), revoked_us=None).update(revoked_us=to_us(now))


def list_keys() -> list[dict[str, Any]]:
    """Return name, right, hint, created_us and revoked_us of every key, by name."""
    columns = ("name", "right", "hint", "created_us", "revoked_us")
    return [dict(row) for row in ApiKey.objects.order_by("name").values(*columns)]


def _key_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
