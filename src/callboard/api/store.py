"""The counts of the metrics, from indexes alone: no table is read for them. And what is due for long."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from callboard.base.instants import from_us, to_us
from callboard.intake.models import EventState
from callboard.mail.store import NEXT_HOP


def count_waiting() -> dict[str, int]:
    """Return how many events are accepted and not decided, and how many are parked; few, by their own indexes."""
    return {
        EventState.ACCEPTED.label: _number("SELECT COUNT(*) FROM intake_eventrecord WHERE state = 0"),
        EventState.PARKED.label: _number("SELECT COUNT(*) FROM intake_eventrecord WHERE state = 2"),
    }


def count_all_events() -> int:
    """Return how many events there are."""
    return _number("SELECT COUNT(*) FROM intake_eventrecord")


def count_decisions() -> dict[str, int]:
    """Return the number of ledger rows by outcome: only what is mailed has a window."""
    skipped = _number("SELECT COUNT(*) FROM decisions_decision WHERE window_id IS NULL")
    return {"notify": _number("SELECT COUNT(*) FROM decisions_decision") - skipped, "skip": skipped}


def oldest_unpaused_due_at(now: datetime) -> datetime | None:
    """Return since when the mail is due that is due longest, of those whose domain and next hop are not paused."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT next_attempt_us FROM mail_mail WHERE state = 'queued' AND next_attempt_us <= %s"
            " AND NOT EXISTS (SELECT 1 FROM mail_domainbreaker b WHERE b.open_until_us > %s"
            " AND b.domain IN (%s, mail_mail.domain)) ORDER BY next_attempt_us LIMIT 1",
            [to_us(now), to_us(now), NEXT_HOP],
        )
        row = cursor.fetchone()
    return from_us(row[0]) if row else None


def _number(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
