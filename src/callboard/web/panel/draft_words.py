"""What the window says about a draft: its operators, what is still missing or wrong, what was dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callboard.base.errors import Fault
from callboard.base.texts import shown
from callboard.catalogue.conditions import MAX_DAYS, OPERATORS, read_condition
from callboard.catalogue.values import Catalogue, Condition, EventType, Field, FieldType
from callboard.people.access import valid_roles
from callboard.preferences import actions
from callboard.preferences.naming import either
from callboard.preferences.rules import MAX_CONDITIONS, read_custom
from callboard.web.panel.draft import MAX_VALUE, Control, Draft, Dropped, Row, as_raw, control_of, row_as_raw
from callboard.web.panel.sentences import condition_parts

if TYPE_CHECKING:
    from callboard.web.viewer import Viewer

EVENT_TYPE, WHERE, FREQUENCY, NAME = "event_type", "where", "frequency", "name"
_OPERATORS: Mapping[str, str] = {
    "any_of": "is any of",
    "none_of": "is none of",
    "equals": "is",
    "contains": "contains",
    "starts_with": "starts with",
    "at_least": "is at least",
    "at_most": "is at most",
    "between": "is between",
    "before": "is before",
    "after": "is after",
    "within_days": "is within the next … days",
    "overdue": "is overdue",
    "is": "is",
}
_WITH_BELOW: Mapping[FieldType, str] = {
    FieldType.PARTNER: "is any of, including its sites",
    FieldType.LANGUAGE: "is any of, with regional variants",
}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that keeps a draft from being saved.

    Attributes:
        at: the control: a row's key, or one of the names above.
        says: what to do, as a sentence.
        is_missing: nothing was said yet, so nothing needs to be marked as an error.
    """

    at: int | str
    says: str
    is_missing: bool = False


def operator_words(field: Field, op: str) -> str:
    """Return an operator as the form shows it."""
    return _WITH_BELOW[field.type] if op == "any_of_incl" else _OPERATORS.get(op, shown(op))


def known_type(event_type: str, viewer: Viewer) -> EventType | None:
    """Return an event type that the person may know of: the roles see it, or a notification of the person's has it."""
    found = viewer.catalogue.event_types.get(event_type)
    if found is None or viewer.catalogue.may_see_type(valid_roles(viewer.person, viewer.catalogue), event_type):
        return found
    own = actions.own(viewer.person, viewer.catalogue)
    return found if any(one.event_type == event_type for one in own) else None


def wrongs(draft: Draft, viewer: Viewer) -> list[Wrong]:
    """Return what keeps the draft from being saved, in the order of the form; empty when nothing does."""
    catalogue = viewer.catalogue
    event_type = catalogue.event_types.get(draft.event_type)
    if event_type is None:
        return [_no_event_type(draft)]
    if not catalogue.may_see_type(valid_roles(viewer.person, catalogue), event_type.id):
        return [Wrong(EVENT_TYPE, "Your roles do not see this event. Choose another event.")]
    found: list[Wrong] = []
    if len(draft.rows) > MAX_CONDITIONS:
        found.append(Wrong(WHERE, f"There are over {MAX_CONDITIONS:,} conditions. Remove some."))
    for row in draft.rows[:MAX_CONDITIONS]:
        found += [_empty(row, draft)] if row.is_empty else _row_wrongs(row, event_type, catalogue)
    if not found:  # what read_custom says of rows was said in better words
        found += [_said(one, event_type) for one in _faults(draft, viewer)]
    return found


def _empty(row: Row, draft: Draft) -> Wrong:
    way_out = ", or remove it" if len(draft.rows) > 1 else ""
    return Wrong(row.key, f"Choose what the condition is about{way_out}.", is_missing=True)


def _no_event_type(draft: Draft) -> Wrong:
    if draft.event_type:
        said = f"“{shown(draft.event_type[:200])}” is no longer in the catalogue. Choose another event."
        return Wrong(EVENT_TYPE, said)
    return Wrong(EVENT_TYPE, "Choose what you want to be notified of.", is_missing=True)


def _faults(draft: Draft, viewer: Viewer) -> list[Fault]:
    found = read_custom(as_raw(draft, viewer.catalogue), viewer.catalogue, id=draft.id, user_id=viewer.person.id)
    return found if isinstance(found, list) else []


def _said(fault: Fault, event_type: EventType) -> Wrong:
    part = fault.pointer.split("/")[1] if fault.pointer else ""
    if part == "frequency":
        offered = either([one.value for one in event_type.frequencies])
        return Wrong(FREQUENCY, f"Choose how often: {offered}.")
    if part == "name":
        return Wrong(NAME, f"The name {fault.message}.")
    return Wrong(WHERE, f"The conditions: {fault.message}.")


def _row_wrongs(row: Row, event_type: EventType, catalogue: Catalogue) -> list[Wrong]:
    """Return what is wrong with a row, at most one thing: what stands first in it."""
    field = catalogue.fields.get(row.field)
    if field is None or row.field not in event_type.fields:
        label = shown(field.label if field else row.field[:200])
        said = f"“{shown(event_type.label)}” says nothing of {label}. Choose something else, or remove the condition."
        return [Wrong(row.key, said)]
    if row.op not in OPERATORS[field.type]:
        return [Wrong(row.key, f"Choose how {shown(field.label)} is compared.")]
    if any(len(one) > MAX_VALUE for one in row.values):
        return [Wrong(row.key, f"{shown(field.label)} has a value with over {MAX_VALUE:,} characters. Shorten it.")]
    control = control_of(field, row.op)
    if not any(one.strip() for one in row.values) and control is not Control.NONE:
        return [Wrong(row.key, _missing(field, control), is_missing=True)]
    read = read_condition(row_as_raw(row, catalogue), event_type, catalogue.fields, "")
    return [] if isinstance(read, Condition) else [Wrong(row.key, _value_wrong(row, field, control, read[0]))]


def _missing(field: Field, control: Control) -> str:
    label = shown(field.label)
    return {
        Control.CODES: f"Choose at least one {label}.",
        Control.TEXT: f"Enter what {label} says.",
        Control.NUMBER: f"Enter a number for {label}.",
        Control.RANGE: f"Enter two numbers for {label}.",
        Control.DATE: f"Choose a date for {label}.",
        Control.DAYS: f"Enter a number of days for {label}.",
    }.get(control, f"Choose yes or no for {label}.")


def _value_wrong(row: Row, field: Field, control: Control, fault: Fault) -> str:
    label = shown(field.label)
    if control is Control.RANGE and all(one.strip().lstrip("-").isdecimal() for one in row.values[:2]):
        return f"{label}: the first number must not be above the second."
    if control is Control.CODES:
        return f"{label}: {_code_wrong(row, field, fault)}"
    return {
        Control.NUMBER: f"{label} needs a whole number.",
        Control.RANGE: f"{label} needs two whole numbers.",
        Control.DATE: f"{label} needs a date like 2026-11-23.",
        Control.DAYS: f"{label} needs a whole number of days, from 0 to {MAX_DAYS:,}.",
    }.get(control, f"{label} {fault.message}.")


def _code_wrong(row: Row, field: Field, fault: Fault) -> str:
    if field.type is not FieldType.ENUM:
        return f"{shown(fault.message)}."
    unknown = [f"“{shown(one)}”" for one in row.values if one and one not in field.values]
    them = "it" if len(unknown) == 1 else "them"
    return f"{either(unknown, 'and')} can not be chosen any more. Remove {them}."


def marked(found: list[Wrong], *, missing_too: bool) -> dict[int | str, str]:
    """Return what is to be said beside which control; what is only missing when saving was tried."""
    return {one.at: one.says for one in reversed(found) if missing_too or not one.is_missing}


def dropped_words(dropped: Dropped, was: str, now: Draft, viewer: Viewer) -> str:
    """Return what went when the event type `was` became that of the draft `now`, as a sentence or two."""
    old, new = known_type(was, viewer), viewer.catalogue.event_types.get(now.event_type)
    said = []
    rows = [row_words(one, old, viewer) for one in dropped.rows]
    if rows:
        does, so = ("does", "it was") if len(rows) == 1 else ("do", "they were")
        label = shown(new.label if new else now.event_type)
        said.append(f"{either(rows, 'and')} {does} not fit “{label}”, so {so} dropped.")
    if dropped.frequency:
        said.append(f"{dropped.frequency.capitalize()} is not on offer for it: the frequency is {now.frequency} now.")
    return " ".join(said)


def row_words(row: Row, event_type: EventType | None, viewer: Viewer) -> str:
    """Return a row as a condition in words, in quotes; one that is not finished by its field."""
    raw, fields = row_as_raw(row, viewer.catalogue), viewer.catalogue.fields
    read = read_condition(raw, event_type, fields, "") if event_type else None
    if isinstance(read, Condition):
        return f"“{''.join(part.text for part in condition_parts(read, viewer))}”"
    field = fields.get(row.field)
    return f"“{shown(field.label if field else row.field[:200])}”"
