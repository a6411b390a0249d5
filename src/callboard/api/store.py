"""The counts of the metrics, from indexes alone: no table is read for them."""

from __future__ import annotations

from django.db import connection

from callboard.intake.models import EventState


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


def _number(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])
