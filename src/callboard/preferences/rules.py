"""What a Custom notification may be, and how a Default becomes one."""

from __future__ import annotations

from typing import Any

from callboard.base.errors import Fault
from callboard.base.reasons import Frequency
from callboard.base.texts import kind_of, name_fault
from callboard.catalogue.conditions import read_condition
from callboard.catalogue.values import Catalogue, Condition, Default, PartnerKind
from callboard.people.access import CONCERNS_BY
from callboard.people.values import Person
from callboard.preferences.values import Kind, Notification

MAX_CONDITIONS = 1_000
"""Conditions of one notification; people write a handful."""
KEPT_DAYS = 30
"""Days a deleted notification can be brought back."""


def read_custom(raw: dict[str, Any], catalogue: Catalogue, *, id: str, user_id: int) -> Notification | list[Fault]:  # noqa: A002 - 4.2's word
    """Return the Custom notification of a checked-for-shape 4.2 object, or every fault in it.

    Reads `name`, `event_type`, `where` and `frequency`; a missing or empty name stays "" and
    is derived when shown.
    """
    faults: list[Fault] = []
    name = "" if raw.get("name") is None else raw["name"]
    if name != "" and (fault := name_fault(name)):
        faults.append(Fault("/name", fault))
    type_id = raw.get("event_type")
    event_type = catalogue.event_types.get(type_id) if isinstance(type_id, str) else None
    if event_type is None:
        said = "is missing" if "event_type" not in raw else f"{type_id!r} is not an event type of the catalogue"
        return [*faults, Fault("/event_type", f"{said}; see `callboard catalogue show`")]
    frequency = raw.get("frequency")
    if frequency not in event_type.frequencies:
        said = "is missing" if "frequency" not in raw else f"{frequency!r} is not on offer"
        faults.append(Fault("/frequency", f"{said} for {event_type.label}; use {', '.join(event_type.frequencies)}"))
    conditions: list[Condition] = []
    where = raw.get("where")
    if not isinstance(where, list) or not where:
        said = "must name at least one condition" if where in (None, []) else f"must be a list, not {kind_of(where)}"
        return [*faults, Fault("/where", said)]
    if len(where) > MAX_CONDITIONS:
        return [*faults, Fault("/where", f"has {len(where)} conditions; at most {MAX_CONDITIONS} are allowed")]
    for position, one in enumerate(where):
        condition = read_condition(one, event_type, catalogue.fields, f"/where/{position}")
        if isinstance(condition, Condition):
            conditions.append(condition)
        else:
            faults += condition
    if faults:
        return faults
    return Notification(
        id=id,
        kind=Kind.CUSTOM,
        user_id=user_id,
        name=str(name),
        event_type=event_type.id,
        where=tuple(conditions),
        frequency=Frequency(str(frequency)),
    )


def duplicate_of_default(default: Default, person: Person, catalogue: Catalogue) -> dict[str, Any]:
    """Return the 4.2 object with which a Default's duplicate opens.

    A Default is scoped by the account; the duplicate says that scope as a condition of its
    own, so that it has at least one. Studio people see every event: theirs opens with the
    Default's conditions alone, and they add one before it can be saved.
    """
    where = [condition.as_json() for condition in default.where]
    scope = scope_field(person, default.event_type, catalogue)
    if scope and person.partner:
        where.append({"field": scope, "op": "any_of_incl", "value": [person.partner]})
    return {
        "name": "",
        "event_type": default.event_type,
        "where": where,
        "frequency": default.frequency.value,
    }


def scope_field(person: Person, event_type: str, catalogue: Catalogue) -> str | None:
    """Return the event type's field that names partners of the person's kind, or None."""
    fields = CONCERNS_BY.get(person.kind, ()) if isinstance(person.kind, PartnerKind) else ()
    return next((one for one in fields if one in catalogue.event_types[event_type].fields), None)
