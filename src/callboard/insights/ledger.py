"""The ledger as people and programs read it (interfaces 4.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from callboard.base.instants import format_instant, from_us, to_us
from callboard.base.reasons import Outcome, State
from callboard.insights import store
from callboard.preferences.values import Ref


def export_ledger(since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """Yield the ledger in the form of 4.4, in order of decision; `since` bounds the instant of decision."""
    for row in store.ledger_rows(None if since is None else to_us(since)):
        yield as_json(row)


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    """Return one row of the store in the form of 4.4."""
    return {
        "source": row["source"],
        "event": row["event"],
        "event_type": row["event_type"],
        "user": row["user"],
        "outcome": row["outcome"],
        "reason": row["withdrawn_reason"] or row["reason"],
        "notifications": [_named(ref, row["addresses"]) for ref in row["refs"]],
        "frequency": row["frequency"],
        "due_at": None if row["ends_us"] is None else format_instant(from_us(row["ends_us"])),
        "message_id": row["message_id"],
        "state": state_of(row),
    }


def _named(ref: Ref, addresses: Mapping[int, str]) -> dict[str, str]:
    """Return a notification as 4.4 names it: `for` whom it asks, where the row's person stands in."""
    named = {"id": ref.id, "kind": ref.kind.value}
    return named | {"for": addresses[ref.of]} if ref.of else named


def state_of(row: dict[str, Any]) -> str | None:
    """Return where the row's mail is, derived from its window and mail; None for skip."""
    if row["outcome"] == Outcome.SKIP:
        return None
    if row["withdrawn_reason"]:
        return State.WITHDRAWN.value
    if not row["closed"]:
        return State.SCHEDULED.value
    state = row["mail_state"]
    return State.QUEUED.value if state == "leased" else str(state)
