"""Every query of the room: the ledger with each row's mail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

from callboard.base.reasons import Outcome, Reason
from callboard.catalogue.values import PartnerKind
from callboard.decisions.store import read_refs
from callboard.insights.models import KnownGap
from callboard.people.store import addresses_of

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
_ROWS = 500
"""Rows of one statement, under the bound on variables."""


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
        yield from _named(rows)
        if len(rows) < _PAGE:
            return
        last = rows[-1][0]


def ledger_row(event_number: int, user_id: int) -> dict[str, Any] | None:
    """Return the ledger row of one event and one person."""
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER + " WHERE d.event_id = %s AND d.user_id = %s", [event_number, user_id])
        return next(iter(_named(cursor.fetchall())), None)


def rows_of_user(user_id: int, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return a person's ledger rows, newest first; `before` is the id where the last page ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            _LEDGER + " WHERE d.user_id = %s AND d.id < %s ORDER BY d.id DESC LIMIT %s",
            [user_id, before if before is not None else 2**62, limit],
        )
        return _named(cursor.fetchall())


def _named(rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return ledger rows by column, with their refs read and the addresses of those for whom somebody stood in."""
    found = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    for row in found:
        row["refs"] = read_refs(row["refs_json"])
        row["lenders"] = tuple(sorted({ref.of for ref in row["refs"]} - {0}))
    lenders = sorted({one for row in found for one in row["lenders"]})
    addresses = addresses_of(lenders) if lenders else {}
    for row in found:
        row["addresses"] = addresses
    return found


NEWEST = (2**62, 2**62)
"""What every event is older than."""
_COLUMNS = "id, accepted_us, time_us, data_json"


def older_rows(event_type: str, end: tuple[int, int], limit: int) -> list[tuple[int, int, int, str]]:
    """Return number, acceptance, time and data of the newest events of a type before `end`, newest first.

    `end` is the instant of acceptance and the number where the last page ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM intake_eventrecord"  # noqa: S608 - only column names
            " WHERE event_type = %s AND accepted_us <= %s AND (accepted_us, id) < (%s, %s)"
            " ORDER BY accepted_us DESC, id DESC LIMIT %s",
            [event_type, end[0], *end, limit],
        )
        return list(cursor.fetchall())


def column_rows(numbers: Sequence[int]) -> list[tuple[int, int, int, str]]:
    """Return number, acceptance, time and data of these events."""
    found: list[tuple[int, int, int, str]] = []
    for start in range(0, len(numbers), _ROWS):
        part = numbers[start : start + _ROWS]
        marks = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {_COLUMNS} FROM intake_eventrecord WHERE id IN ({marks})", part)  # noqa: S608
            found += cursor.fetchall()
    return found


def number_before(distance: int) -> int:
    """Return the number of the newest event at least `distance` below the newest of all; 0 without one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(MAX(id), 0) FROM intake_eventrecord"
            " WHERE id <= (SELECT MAX(id) FROM intake_eventrecord) - %s",
            [distance],
        )
        return int(cursor.fetchone()[0])


def rows_from(first: int, limit: int) -> list[tuple[int, str, int, str]]:
    """Return number, type, acceptance and digest of the events from a number on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, event_type, accepted_us, digest FROM intake_eventrecord WHERE id >= %s ORDER BY id LIMIT %s",
            [first, limit],
        )
        return list(cursor.fetchall())


def commits_in_order() -> bool:
    """Return whether a number is committed before every greater one: SQLite has one writer at a time."""
    return connection.vendor == "sqlite"


def leave() -> None:
    """Close this thread's connection, at the end of a thread of our own."""
    connection.close()


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


_LEAVES = " AND d.outcome = 'notify' AND d.withdrawn_reason = ''"
_KEPT = {
    "": "",
    "mailed": f"{_LEAVES} AND m.state = 'sent'",
    "waiting": f"{_LEAVES} AND (NOT w.closed OR m.state IN ('queued', 'leased'))",
    "held": " AND (d.outcome = 'skip' OR d.withdrawn_reason <> '' OR m.state NOT IN ('queued', 'leased', 'sent'))",
}
"""What a person may keep of the own ledger: what was mailed, what is on its way, what was not or did not arrive."""


def own_rows(
    user_id: int, *, before: int | None, limit: int, kept: str = "", mail_id: int | None = None
) -> list[dict[str, Any]]:
    """Return a person's ledger rows of one kind, or of one of the person's mails, newest first."""
    of_mail, values = (" AND w.mail_id = %s", [mail_id]) if mail_id is not None else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_LEDGER} WHERE d.user_id = %s AND d.id < %s{of_mail}{_KEPT[kept]} ORDER BY d.id DESC LIMIT %s",
            [user_id, before if before is not None else 2**62, *values, limit],
        )
        return _named(cursor.fetchall())


def notified_since(user_id: int, since_us: int) -> list[int]:
    """Return the numbers of events that a person was to get, decided at or after `since_us`, newest first.

    What was withdrawn counts when access ended before it left, not when the person had muted it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id FROM decisions_decision WHERE user_id = %s AND decided_us >= %s AND outcome = %s"
            " AND withdrawn_reason IN ('', %s) ORDER BY decided_us DESC, id DESC",
            [user_id, since_us, Outcome.NOTIFY.value, Reason.DEACTIVATED.value],
        )
        return [row[0] for row in cursor.fetchall()]


def numbers_named(text: str, *, among: int, limit: int) -> list[int]:
    """Return the numbers of events with this subject or id, newest first, `among` so many of the newest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM intake_eventrecord WHERE id > (SELECT COALESCE(MAX(id), 0) FROM intake_eventrecord) - %s"
            " AND (event_id = %s OR LOWER(subject) = LOWER(%s)) ORDER BY id DESC LIMIT %s",
            [among, text, text, limit],
        )
        return [row[0] for row in cursor.fetchall()]


def deleted_of(user_id: int, ids: Sequence[str]) -> dict[str, tuple[str, str, int]]:
    """Return id -> (name, event type, when in µs) of a person's deleted notifications among `ids`."""
    if not ids:
        return {}
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, event_type, deleted_us FROM preferences_customnotification"  # noqa: S608 - marks only
            f" WHERE user_id = %s AND deleted_us IS NOT NULL AND id IN ({marks})",
            [user_id, *ids],
        )
        return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def known_gaps() -> dict[tuple[str, str], bool]:
    """Return (partner, event type) of each gap that is known and has not closed -> whether it was told."""
    rows = KnownGap.objects.values_list("partner_id", "event_type", "told")
    return {(partner, event_type): told for partner, event_type, told in rows}


def count_gaps() -> int:
    """Return how many gaps are known."""
    return KnownGap.objects.count()


def note_gaps(keys: Iterable[tuple[str, str]], now_us: int, *, told: bool) -> dict[tuple[str, str], int]:
    """Write gaps; return (partner, event type) -> number of those that nobody else wrote, or told, before."""
    found: dict[tuple[str, str], int] = {}
    with connection.cursor() as cursor:
        for partner, event_type in keys:
            cursor.execute(
                "INSERT INTO insights_knowngap (partner_id, event_type, opened_us, told) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (partner_id, event_type) DO UPDATE SET told = excluded.told"
                " WHERE excluded.told AND NOT insights_knowngap.told RETURNING id",
                [partner, event_type, now_us, told],
            )
            row = cursor.fetchone()
            if row:
                found[partner, event_type] = row[0]
    return found


def drop_gaps(keys: Iterable[tuple[str, str]]) -> None:
    """Forget gaps that have closed."""
    for partner, event_type in keys:
        KnownGap.objects.filter(partner_id=partner, event_type=event_type).delete()
