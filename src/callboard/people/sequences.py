"""Numbers that order things: revisions of settings, and ids taken ahead of an insert."""

from __future__ import annotations

from django.db import connection

from callboard.people.models import Revision
from callboard.people.rows import read_rows


def next_revision() -> int:
    """Return the next number of the sequence of changes; holds its row until the commit."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE people_revision SET value = value + 1 WHERE id = 1 RETURNING value")
        row = cursor.fetchone()
    if row:
        return int(row[0])
    Revision.objects.get_or_create(id=1)
    return next_revision()


def hold_changes() -> None:
    """Let nobody else change people or settings until this transaction ends: what is checked stays so."""
    Revision.objects.get_or_create(id=1)
    if connection.features.has_select_for_update:
        Revision.objects.select_for_update(no_key=True).get(id=1)


def newest_revision() -> int:
    """Return the number of the newest committed change."""
    rows = read_rows("SELECT value FROM people_revision WHERE id = 1")
    return int(rows[0][0]) if rows else 0


def take_ids(table: str, count: int) -> list[int]:
    """Return `count` unused ids, so that rows that refer to each other go in with two statements.

    On SQLite the transaction's write lock keeps them ours.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return list(range(last + 1, last + count + 1))
