"""The draft that the window's form holds, and what changes of its shape do to it. Plain.

The server keeps nothing of an open window: every request brings the whole draft, and every
answer is made from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from callboard.base.reasons import FREQUENCIES, Frequency
from callboard.catalogue.conditions import CODES_INCL, OPERATORS
from callboard.catalogue.values import Catalogue, EventType, Field, FieldType
from callboard.preferences.rules import MAX_CONDITIONS

MAX_VALUE = 1_000
"""Characters of one value that the form takes; values longer than that are prose."""
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_YES_NO = {"yes": True, "no": False}


class Posted(Protocol):
    """What a form posts: names with one or more texts."""

    def get(self, key: str, default: str, /) -> str:
        """Return the last text of a name."""
        ...

    def getlist(self, key: str, /) -> list[str]:
        """Return all texts of a name, in the order of the form."""
        ...


class Control(StrEnum):
    """What a condition's value is entered with. A change that keeps the control keeps the value."""

    CODES = "codes"
    TEXT = "text"
    NUMBER = "number"
    RANGE = "range"
    DATE = "date"
    DAYS = "days"
    YES_NO = "yes-no"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """One condition as it is being written; `key` names its controls in the form."""

    key: int
    field: str = ""
    op: str = ""
    values: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was chosen yet."""
        return not self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notification as it is being written.

    Attributes:
        id: the notification's; that of a new one is made when the window opens, so that saving
            twice stores once.
        version: the version that the person saw, None for a new one.
        copied: the id of the Default that this is a copy of, or "".
    """

    id: str
    event_type: str = ""
    rows: tuple[Row, ...] = ()
    frequency: str = ""
    name: str = ""
    version: int | None = None
    copied: str = ""
    mute_copied: bool = False

    @property
    def is_new(self) -> bool:
        """Return whether saving makes a notification rather than changing one."""
        return self.version is None


@dataclass(frozen=True, slots=True)
class Dropped:
    """What did not fit another event type."""

    rows: tuple[Row, ...] = ()
    frequency: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows or self.frequency)


def read_draft(posted: Posted, prefix: str = "") -> Draft:
    """Return the draft of a posted form. `prefix` reads the one that was put aside in it."""
    version = posted.get(f"{prefix}version", "")
    rows = [_read_row(posted, prefix, key) for key in _keys(posted.getlist(f"{prefix}row"))]
    return Draft(
        id=posted.get("id", ""),
        event_type=posted.get(f"{prefix}event_type", ""),
        rows=tuple(rows),
        frequency=posted.get(f"{prefix}frequency", ""),
        name=posted.get("name", "").strip(),
        version=int(version) if _WHOLE.fullmatch(version) else None,
        copied=posted.get("copied", ""),
        mute_copied=posted.get("mute_copied", "") == "yes",
    )


def _keys(posted: list[str]) -> list[int]:
    """Return the rows' keys, each once; one more than may be stored is enough to refuse."""
    return [int(one) for one in dict.fromkeys(posted) if re.fullmatch(r"[0-9]{1,6}", one)][: MAX_CONDITIONS + 1]


def _read_row(posted: Posted, prefix: str, key: int) -> Row:
    values = tuple(posted.getlist(f"{prefix}value-{key}"))
    return Row(key, posted.get(f"{prefix}field-{key}", ""), posted.get(f"{prefix}op-{key}", ""), values)


def draft_of(raw: Mapping[str, Any], *, id: str, version: int | None = None, copied: str = "") -> Draft:  # noqa: A002 - 4.2's word
    """Return the draft with which the window opens on a notification's 4.2 object, as it is stored."""
    rows = [
        Row(key, str(one["field"]), str(one["op"]), _texts(one["value"])) for key, one in enumerate(raw["where"], 1)
    ]
    return Draft(
        id=id,
        event_type=raw["event_type"],
        rows=tuple(rows) or (Row(1),),
        frequency=raw["frequency"],
        name=raw["name"] or "",
        version=version,
        copied=copied,
    )


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(map(str, value))
    return ("yes" if value else "no",) if isinstance(value, bool) else (str(value),)


def as_raw(draft: Draft, catalogue: Catalogue) -> dict[str, Any]:
    """Return the draft in the form of 4.2; what is no number stays a text, for the rules to refuse."""
    return {
        "name": draft.name,
        "event_type": draft.event_type,
        "where": [row_as_raw(one, catalogue) for one in draft.rows],
        "frequency": draft.frequency,
    }


def row_as_raw(row: Row, catalogue: Catalogue) -> dict[str, Any]:
    """Return one condition in the form of 4.2."""
    return {"field": row.field, "op": row.op, "value": _value(row, control_of(catalogue.fields.get(row.field), row.op))}


def _value(row: Row, control: Control) -> Any:
    sent = row.values[0] if row.values else ""
    first = sent.strip()
    match control:
        case Control.CODES:
            return [one for one in dict.fromkeys(row.values) if one]
        case Control.RANGE:
            return [_whole(one.strip()) for one in (*row.values, "", "")[:2]]
        case Control.NUMBER | Control.DAYS:
            return _whole(first)
        case Control.YES_NO:
            return _YES_NO.get(first, first)
        case Control.NONE:
            return True
        case Control.DATE:
            return first
        case Control.TEXT:
            return sent


def _whole(text: str) -> int | str:
    return int(text) if _WHOLE.fullmatch(text) else text


def control_of(field: Field | None, op: str) -> Control:
    """Return what the value of an operator is entered with."""
    if field is None or op in CODES_INCL:
        return Control.CODES
    match field.type:
        case FieldType.TEXT:
            return Control.TEXT
        case FieldType.INTEGER:
            return Control.RANGE if op == "between" else Control.NUMBER
        case FieldType.DATE:
            return {"within_days": Control.DAYS, "overdue": Control.NONE}.get(op, Control.DATE)
        case FieldType.BOOLEAN:
            return Control.YES_NO
        case _:
            return Control.CODES


def with_event_type(draft: Draft, new: EventType) -> tuple[Draft, Dropped]:
    """Return the draft for another event type: what fits stays, and what did not fit beside it."""
    kept = tuple(one for one in draft.rows if one.is_empty or one.field in new.fields)
    lost = tuple(one for one in draft.rows if one not in kept)
    frequency = fitting_frequency(draft.frequency, new)
    changed = replace(draft, event_type=new.id, rows=kept or (_next_row(draft),), frequency=frequency)
    return changed, Dropped(lost, draft.frequency if draft.frequency not in ("", frequency) else "")


def fitting_frequency(asked: str, event_type: EventType) -> str:
    """Return the frequency asked for if it is on offer, else the nearest: rather a slower one.

    Who has not asked yet is offered daily: one mail a day harms nobody, and many a minute do.
    """
    offered = event_type.frequencies
    order = list(FREQUENCIES)
    wanted = order.index(Frequency(asked)) if asked in order else order.index(Frequency.DAILY)
    nearest = min(offered, key=lambda one: (abs(order.index(one) - wanted), -order.index(one)))
    return nearest.value


def with_row(draft: Draft) -> Draft:
    """Return the draft with one more condition, still empty."""
    return replace(draft, rows=(*draft.rows, _next_row(draft)))


def without_row(draft: Draft, key: int) -> Draft:
    """Return the draft without a condition; the last one is emptied instead, as there must be one."""
    rows = tuple(one for one in draft.rows if one.key != key)
    return replace(draft, rows=rows or (_next_row(draft),))


def _next_row(draft: Draft) -> Row:
    return Row(max((one.key for one in draft.rows), default=0) + 1)


def with_field(draft: Draft, key: int, was: str, catalogue: Catalogue) -> Draft:
    """Return the draft after the field of a row was changed from `was`; what fits the new one stays."""
    old, rows = catalogue.fields.get(was), []
    for row in draft.rows:
        rows.append(row if row.key != key or row.field == was else _refilled(row, old, catalogue))
    return replace(draft, rows=tuple(rows))


def _refilled(row: Row, old: Field | None, catalogue: Catalogue) -> Row:
    new = catalogue.fields.get(row.field)
    if new is None:
        return replace(row, op="", values=())
    op = row.op if row.op in OPERATORS[new.type] else OPERATORS[new.type][0]
    control = control_of(new, op)
    values: tuple[str, ...] = ()
    if control is Control.CODES:  # a code of one field means nothing in another, unless both list it
        values = tuple(one for one in row.values if one in new.values)
    elif old and control_of(old, row.op) is control:
        values = row.values
    return replace(row, op=op, values=values)


def with_op(draft: Draft, key: int, was: str, catalogue: Catalogue) -> Draft:
    """Return the draft after the operator of a row was changed from `was`; a value of the same kind stays."""
    rows = []
    for row in draft.rows:
        field = catalogue.fields.get(row.field)
        before, after = control_of(field, was), control_of(field, row.op)
        if row.key != key or before is after:
            rows.append(row)
        elif {before, after} == {Control.NUMBER, Control.RANGE}:
            rows.append(replace(row, values=row.values[:1]))
        else:
            rows.append(replace(row, values=()))
    return replace(draft, rows=tuple(rows))


def fitted(draft: Draft, catalogue: Catalogue) -> Draft:
    """Return the draft with an operator of the field in every row: what a form without script may have mixed."""
    rows = []
    for row in draft.rows:
        field = catalogue.fields.get(row.field)
        if field and row.op not in OPERATORS[field.type]:
            row = replace(row, op=OPERATORS[field.type][0])  # noqa: PLW2901 - the same row, mended
        rows.append(row)
    return replace(draft, rows=tuple(rows))
