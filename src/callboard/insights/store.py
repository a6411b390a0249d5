"""Every query of the room: the ledger with each row's mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from callboard.base.instants import from_us
from callboard.catalogue.values import Event, PartnerKind

_LEDGER = """
SELECT d.id, e.source, e.event_id, e.event_type, u.email, d.outcome, d.reason, d.refs_json, d.frequency,
       w.ends_us, w.closed, m.message_id, m.state, d.withdrawn_reason, d.decided_us, m.id, e.id, e.key,
       w.starts_us, m.finished_us, m.last_reply, e.subject, e.accepted_us
FROM decisions_decision d
JOIN intake_eventrecord e ON e.id = d.event_id
JOIN people_user u ON u.id = d.user_id
LEFT JOIN decisions_window w ON w.id = d.window_id
LEFT JOIN mail_mail m ON m.id = w.mail_id
"""
COLUMNS = (
    "id", "source", "event", "event_type", "user", "outcome", "reason", "refs_json", "frequency",
    "ends_us", "closed", "message_id", "mail_state", "withdrawn_reason", "decided_us", "mail_id",
    "event_number", "event_key",
    "starts_us", "finished_us", "last_reply", "subject", "accepted_us",
)  # fmt: skip
_PAGE = 2_000


def ledger_rows(since_us: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield ledger rows in order of decision, those decided at or after `since_us`."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                _LEDGER + " WHERE d.id > %s AND d.decided_us >= %s ORDER BY d.id LIMIT %s",
                [last, since_us if since_us is not None else -(2**62), _PAGE],
            )
            rows = cursor.fetchall()
        for row in rows:
            yield dict(zip(COLUMNS, row, strict=True))
        if len(rows) < _PAGE:
            return
        last = rows[-1][0]


def ledger_row(event_number: int, user_id: int) -> dict[str, Any] | None:
    """Return the ledger row of one event and one person."""
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER + " WHERE d.event_id = %s AND d.user_id = %s", [event_number, user_id])
        row = cursor.fetchone()
    return dict(zip(COLUMNS, row, strict=True)) if row else None


def rows_of_user(user_id: int, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return a person's ledger rows, newest first; `before` is the id where the last page ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LEDGER + " WHERE d.user_id = %s AND d.id < %s ORDER BY d.id DESC LIMIT %s",
            [user_id, before if before is not None else 2**62, limit],
        )
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


_EVENT = "id, key, source, event_id, event_type, subject, time_us, accepted_us, data_json"


def events_of_type(event_type: str, *, since_us: int, page: int = _PAGE) -> Iterator[Event]:
    """Yield the events of a type accepted at or after an instant, newest first, read page by page."""
    last = (2**62, 2**62)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_EVENT} FROM intake_eventrecord"  # noqa: S608 - only column names
                " WHERE event_type = %s AND accepted_us >= %s AND accepted_us <= %s AND (accepted_us, id) < (%s, %s)"
                " ORDER BY accepted_us DESC, id DESC LIMIT %s",
                [event_type, since_us, last[0], *last, page],
            )
            rows = cursor.fetchall()
        for number, key, source, event_id, type_id, subject, time_us, accepted_us, data_json in rows:
            yield Event(
                number=number,
                key=key,
                source=source,
                id=event_id,
                type=type_id,
                subject=subject,
                time_at=from_us(time_us),
                accepted_at=from_us(accepted_us),
                data=json.loads(data_json),
            )
        if len(rows) < page:
            return
        last = (rows[-1][7], rows[-1][0])


def partners_version() -> tuple[int, int]:
    """Return two numbers that change whenever a partner does: newest revision, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(revision), -1), COUNT(*) FROM people_partner")
        newest, count = cursor.fetchone()
    return int(newest), int(count)


def partner_rows() -> list[tuple[str, str, PartnerKind, str | None]]:
    """Return id, name, kind and parent of every partner."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, kind, parent_id FROM people_partner")
        return [(id_, name, PartnerKind(kind), parent) for id_, name, kind, parent in cursor.fetchall()]


def count_decisions() -> dict[str, int]:
    """Return the number of decisions by outcome."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT outcome, COUNT(*) FROM decisions_decision GROUP BY outcome")
        return {str(outcome): int(count) for outcome, count in cursor.fetchall()}
