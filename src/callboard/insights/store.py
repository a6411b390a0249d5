"""Every query of the room: the ledger with each row's mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection

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
