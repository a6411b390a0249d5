"""What this process counts about intake; the rest of /metrics comes from the database."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

from callboard.catalogue.values import Catalogue, FieldType
from callboard.intake.cloudevents import Draft
from callboard.intake.store import Receipt
from callboard.people.values import Directory

REGISTRY = CollectorRegistry()
RECEIVED = Counter(
    "callboard_intake_events", "Events received over HTTP since the start, by result", ["result"], registry=REGISTRY
)
REJECTED = Counter(
    "callboard_intake_rejected_requests",
    "Requests to the intake that were refused since the start, by problem",
    ["problem"],
    registry=REGISTRY,
)
UNKNOWN = Counter(
    "callboard_intake_unknown_values",
    "Enum values, partners and titles received that are not known here, by field",
    ["field"],
    registry=REGISTRY,
)
for _result in ("accepted", "duplicate", "conflict"):
    RECEIVED.labels(_result)


def count_received(drafts: Iterable[Draft], receipt: Receipt, catalogue: Catalogue, partners: Directory) -> None:
    """Count a batch that was accepted, and the values in it that are not known here (4.3)."""
    RECEIVED.labels("accepted").inc(receipt.accepted)
    RECEIVED.labels("duplicate").inc(receipt.duplicates)
    RECEIVED.labels("conflict").inc(len(receipt.conflicts))
    fields = [key for key, field in catalogue.fields.items() if field.type is FieldType.PARTNER]
    for draft in drafts:
        for field in _unknown_fields(draft, fields, partners):
            UNKNOWN.labels(field).inc()


def _unknown_fields(draft: Draft, partner_fields: Iterable[str], partners: Directory) -> Iterable[str]:
    """Yield the field of each unknown value; a title is unknown when no name comes with its id."""
    yield from (field for field, _ in draft.unknown)
    for field in partner_fields:
        yield from (field for one in _listed(draft.data.get(field)) if one not in partners.partners)
    titles = len(_listed(draft.data.get("title_id")))
    yield from ["title_id"] * max(0, titles - len(_listed(draft.data.get("title_names"))))


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
