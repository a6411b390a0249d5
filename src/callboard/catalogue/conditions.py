"""Operators: which a field type has, which values they take, and when a condition holds (M2–M8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Any

from callboard.base.errors import Fault
from callboard.base.instants import parse_date
from callboard.base.texts import folded, kind_of
from callboard.catalogue.values import MENTIONS_ME, Condition, Event, EventType, Field, FieldType

CODES = ("any_of", "none_of")
CODES_INCL = ("any_of", "none_of", "any_of_incl")
_FREE_CODES = (FieldType.REFERENCE, FieldType.PARTNER)
_PARTS = frozenset(("field", "op", "value"))
OPERATORS: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.ENUM: CODES,
    FieldType.REFERENCE: CODES,
    FieldType.LANGUAGE: CODES_INCL,
    FieldType.PARTNER: CODES_INCL,
    FieldType.TEXT: ("equals", "contains", "starts_with"),
    FieldType.INTEGER: ("at_least", "at_most", "between"),
    FieldType.DATE: ("before", "after", "within_days", "overdue"),
    FieldType.BOOLEAN: ("is",),
}
"""The operators of each field type, in the order of the picker (M2)."""

MAX_DAYS = 36_600
"""Days `within_days` may span: a century."""

_LANGUAGE_RANGE = re.compile(r"\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")  # RFC 4647 2.1

Ancestors = Callable[[str], tuple[str, ...]]
"""From a partner's id to that id and all its ancestors' ids."""


class _FaultError(ValueError):
    """A value an operator cannot take; the message says why."""


def read_condition(
    raw: Any, event_type: EventType, fields: Mapping[str, Field], pointer: str
) -> Condition | list[Fault]:
    """Return the condition of a JSON object `{field, op, value}`, or what is wrong with it.

    The field must be one of the event type's, the operator one of the field type's, the
    value one the operator takes; enum values are checked against the catalogue (4.2).
    """
    if not isinstance(raw, dict):
        return [Fault(pointer, f"a condition must be an object with field, op and value, not {kind_of(raw)}")]
    if not raw.keys() <= _PARTS:
        return [
            Fault(f"{pointer}/{min(raw.keys() - _PARTS)}", "is not part of a condition; it has field, op and value")
        ]
    key, op = raw.get("field"), raw.get("op")
    if not isinstance(key, str) or key not in event_type.fields:
        return [
            Fault(f"{pointer}/field", f"{key!r} is not a field of {event_type.label}{_hint(key, event_type.fields)}")
        ]
    field = fields[key]
    operators = OPERATORS[field.type]
    if not isinstance(op, str) or op not in operators:
        return [Fault(f"{pointer}/op", f"{op!r} is not an operator of {field.label}; use {_either(operators)}")]
    if "value" not in raw:
        return [Fault(f"{pointer}/value", f"is missing; {field.label} {op} needs a value")]
    try:
        operand = _operand(field, op, raw["value"])
    except _FaultError as exc:
        return [Fault(f"{pointer}/value", str(exc))]
    return Condition(field=key, op=op, value=raw["value"], operand=operand)


def holds(condition: Condition, field: Field, event: Event, *, viewer: str, ancestors: Ancestors) -> bool:
    """Return whether the condition holds for the event, as seen by the person `viewer`.

    `viewer` is the address key of the notification's owner (M8); `ancestors` resolves the
    partner hierarchy of `any_of_incl`. This is the plain definition; every index is proven
    equal to it.
    """
    values = (viewer in event.mentioned,) if field.key == MENTIONS_ME else event.values(field.key)
    op, operand = condition.op, condition.operand
    if op == "none_of":
        return not any(_holds_for(field, "any_of", operand, value, event.date, ancestors) for value in values)
    return any(_holds_for(field, op, operand, value, event.date, ancestors) for value in values)


def _holds_for(field: Field, op: str, operand: Any, value: Any, event_date: date, ancestors: Ancestors) -> bool:
    try:
        return _compared(field, op, operand, value, event_date, ancestors)
    except (TypeError, ValueError, AttributeError):
        return False  # stored when the catalogue gave the field another type: as if the event lacked it (M3)


def _compared(field: Field, op: str, operand: Any, value: Any, event_date: date, ancestors: Ancestors) -> bool:
    match field.type:
        case FieldType.TEXT:
            return _TEXT[op](folded(value), operand)
        case FieldType.INTEGER:
            return bool(operand[0] <= value <= operand[1])
        case FieldType.DATE:
            return _DATE[op](parse_date(value), operand, event_date)
        case FieldType.BOOLEAN:
            return value is operand
        case FieldType.PARTNER if op == "any_of_incl":
            return any(one in operand for one in ancestors(value))
        case FieldType.LANGUAGE if op == "any_of_incl":
            return any(_in_range(value.lower(), one) for one in operand)
        case _:
            return _code(field, value) in operand


_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "equals": lambda text, wanted: text == wanted,
    "contains": lambda text, wanted: wanted in text,
    "starts_with": lambda text, wanted: text.startswith(wanted),
}
_DATE: Mapping[str, Callable[[date, Any, date], bool]] = {
    "before": lambda value, wanted, _: value < wanted,
    "after": lambda value, wanted, _: value > wanted,
    "within_days": lambda value, days, today: timedelta(0) <= value - today <= days,
    "overdue": lambda value, _, today: value < today,
}


def _in_range(tag: str, wanted: str) -> bool:
    """Basic filtering. Source: RFC 4647 3.3.1."""
    return wanted in ("*", tag) or tag.startswith(wanted + "-")


def _code(field: Field, value: str) -> str:
    return value.lower() if field.type is FieldType.LANGUAGE else value


def _operand(field: Field, op: str, value: Any) -> Any:
    if op in CODES_INCL:
        return _codes(field, op, value)
    if field.type is FieldType.TEXT:
        if not isinstance(value, str):
            raise _FaultError(f"must be one text, not {kind_of(value)}")
        return folded(value)
    if field.type is FieldType.INTEGER:
        return _range(op, value)
    if field.type is FieldType.DATE:
        return _date_operand(op, value)
    if not isinstance(value, bool):
        raise _FaultError(f"must be true or false, not {kind_of(value)}")
    return value


def _date_operand(op: str, value: Any) -> date | timedelta | bool:
    if op in {"before", "after"}:
        return _date(value)
    if op == "within_days":
        days = _whole(value)
        if not 0 <= days <= MAX_DAYS:
            raise _FaultError(f"must be a number of days from 0 to {MAX_DAYS}")
        return timedelta(days=days)
    if value is not True:
        raise _FaultError("must be true; to ask for the opposite, use after")
    return True


def _codes(field: Field, op: str, value: Any) -> frozenset[str]:
    if not isinstance(value, list):
        raise _FaultError(f'must be a list such as ["…"], not {kind_of(value)}')
    if not value:
        raise _FaultError("must name at least one value")
    for one in value:
        if not isinstance(one, str):
            raise _FaultError(f"must be a list of texts; it holds {kind_of(one)}")
    if field.type in _FREE_CODES:
        return frozenset(value)
    for one in value:
        if field.type is FieldType.ENUM and one not in field.values:
            raise _FaultError(f"{one!r} is not a value of {field.label}{_hint(one, field.values)}")
        if field.type is FieldType.LANGUAGE and (
            not _LANGUAGE_RANGE.fullmatch(one) or (one == "*" and op != "any_of_incl")
        ):
            raise _FaultError(f"{one!r} is not a language tag like pt-BR")
    return frozenset(_code(field, one) for one in value)


def _range(op: str, value: Any) -> tuple[float, float]:
    if op != "between":
        bound = _whole(value)
        return (bound, float("inf")) if op == "at_least" else (float("-inf"), bound)
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise _FaultError("must be a pair [low, high]")
    low, high = _whole(value[0]), _whole(value[1])
    if low > high:
        raise _FaultError(f"the low end {low} is above the high end {high}; swap them")
    return low, high


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _FaultError(f"must be a whole number, not {kind_of(value)}")
    return value


def _date(value: Any) -> date:
    if not isinstance(value, str):
        raise _FaultError(f"must be a date like 2026-11-23, not {kind_of(value)}")
    try:
        return parse_date(value)
    except ValueError as exc:
        raise _FaultError(str(exc)) from exc


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _hint(word: Any, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1) if isinstance(word, str) else []
    return f"; did you mean {close[0]!r}?" if close else ""
