"""The window's form as the template shows it: what there is to choose, and what is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.utils.safestring import SafeString, mark_safe

from callboard.base.reasons import Frequency
from callboard.base.texts import shown
from callboard.catalogue.conditions import OPERATORS
from callboard.catalogue.values import EventType, Field, FieldType
from callboard.decisions.windows import next_digest
from callboard.mail.templates.words import clipped
from callboard.people.access import valid_roles
from callboard.preferences.naming import language_name
from callboard.web import titles
from callboard.web.panel.draft import Control, Draft, Row, control_of
from callboard.web.panel.draft_words import known_type, operator_words
from callboard.web.panel.forecast import sketched
from callboard.web.panel.sentences import TITLES, sentence_parts
from callboard.web.words import next_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from callboard.web.viewer import Viewer

MAX_MADE_NAME = 90
"""Characters of the made name that the empty name box shows."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose. All texts are plain."""

    value: str
    label: str
    chosen: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Event types under their heading."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One condition with everything its controls offer.

    Attributes:
        number: its place, counted from 1, as its controls are called.
        fields: the options of the control, as the two after it.
        search: where more values are found, "" when all are listed.
        takes_any: codes that are not on offer may be typed.
    """

    key: int
    number: int
    label: str
    field: str
    op: str
    fields: SafeString
    ops: SafeString
    control: Control
    values: SafeString
    first: str
    second: str
    search: str
    takes_any: bool
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormView:
    """The whole form."""

    draft: Draft
    groups: tuple[Group, ...]
    rows: tuple[RowView, ...]
    frequencies: tuple[Choice, ...]
    zone: str
    made_name: str
    faults: Mapping[int | str, str]


def form_view(draft: Draft, viewer: Viewer, faults: Mapping[int | str, str]) -> FormView:
    """Return the form of a draft; `faults` are said beside their controls."""
    event_type = known_type(draft.event_type, viewer)
    narrator = viewer.narrator()
    rows = draft.rows if event_type else ()
    names = titles.names_of((code for row in rows if row.field == TITLES for code in row.values), viewer)
    return FormView(
        draft=draft,
        groups=tuple(_groups(draft, event_type, viewer)),
        rows=tuple(
            _row(row, place, event_type, viewer, names, faults.get(row.key, "")) for place, row in enumerate(rows, 1)
        ),
        frequencies=tuple(_frequencies(draft, event_type, viewer)) if event_type else (),
        zone=narrator.zone_name,
        made_name=made_name(draft, viewer),
        faults=faults,
    )


def made_name(draft: Draft, viewer: Viewer) -> str:
    """Return what the notification is called when its owner gives it no name; "" before there is one."""
    sketch = sketched(draft, viewer)
    if sketch is None or not sketch.asked.where:
        return ""
    return clipped("".join(part.text for part in sentence_parts(sketch.asked, viewer)), MAX_MADE_NAME)


def seen_types(viewer: Viewer) -> list[EventType]:
    """Return the event types that the person's roles see, in catalogue order (A2)."""
    catalogue = viewer.catalogue
    roles = valid_roles(viewer.person, catalogue)
    return [one for one in catalogue.event_types.values() if catalogue.may_see_type(roles, one.id)]


def _groups(draft: Draft, known: EventType | None, viewer: Viewer) -> Iterable[Group]:
    found: dict[str, list[Choice]] = {}
    seen = seen_types(viewer)
    for one in seen:
        choice = Choice(one.id, shown(one.label), one.id == draft.event_type, shown(one.description))
        found.setdefault(shown(one.group), []).append(choice)
    if draft.event_type and all(one.id != draft.event_type for one in seen):
        label = shown(known.label if known else draft.event_type[:200])
        yield Group("Not on offer to you", (Choice(draft.event_type, label, chosen=True),))
    for label, choices in found.items():
        yield Group(label, tuple(choices))


def _row(
    row: Row, number: int, event_type: EventType | None, viewer: Viewer, names: Mapping[str, str], fault: str
) -> RowView:
    field = viewer.catalogue.fields.get(row.field)
    control = control_of(field, row.op)
    return RowView(
        key=row.key,
        number=number,
        label=shown(field.label) if field else "Value",
        field=row.field,
        op=row.op,
        fields=_options(_with_odd(_field_choices(row, event_type, viewer), row.field)),
        ops=_options(_with_odd(_op_choices(row, field), row.op)),
        control=control,
        values=_options(_values(row, field, viewer, names) if control is Control.CODES else ()),
        first=row.values[0] if row.values else "",
        second=row.values[1] if len(row.values) > 1 else "",
        search=f"/api/v1/fields/{quote(field.key, safe='')}/values" if field and _is_searched(field) else "",
        takes_any=field is not None and field.type is not FieldType.ENUM,
        fault=fault,
    )


def _options(choices: Iterable[Choice]) -> SafeString:
    """Return the options of a select: a loop of the template's takes its time with hundreds of conditions."""
    pieces = [
        f'<option value="{escape(one.value)}"{" selected" if one.chosen else ""}>{escape(one.label)}</option>'
        for one in choices
    ]
    return mark_safe("".join(pieces))  # noqa: S308 - every text is escaped above


def _field_choices(row: Row, event_type: EventType | None, viewer: Viewer) -> Iterable[Choice]:
    for key in event_type.fields if event_type else ():
        yield Choice(key, shown(viewer.catalogue.fields[key].label), key == row.field)


def _op_choices(row: Row, field: Field | None) -> Iterable[Choice]:
    for op in OPERATORS[field.type] if field else ():
        yield Choice(op, operator_words(field, op) if field else op, op == row.op)


def _with_odd(choices: Iterable[Choice], chosen: str) -> Iterable[Choice]:
    """Yield the choices, and what is chosen without being on offer any more: it stays until it is changed."""
    listed = list(choices)
    if chosen and all(one.value != chosen for one in listed):
        yield Choice(chosen, f"{shown(chosen[:200])} (no longer on offer)", chosen=True)
    yield from listed


def _is_searched(field: Field) -> bool:
    return field.type in {FieldType.PARTNER, FieldType.REFERENCE} or (
        field.type is FieldType.LANGUAGE and not field.values
    )


def _values(row: Row, field: Field | None, viewer: Viewer, names: Mapping[str, str]) -> Iterable[Choice]:
    """Yield the codes that are chosen, in the order of choosing, then the others that are listed."""
    chosen = [one for one in dict.fromkeys(row.values) if one]
    labels = value_labels(chosen, field, viewer, names)
    for one in chosen:
        yield Choice(one, labels[one], chosen=True)
    listed = field.values if field and not _is_searched(field) else ()
    rest = [one for one in listed if one not in labels]
    for code, label in value_labels(rest, field, viewer, names).items():
        yield Choice(code, label)


def value_labels(
    codes: Iterable[str], field: Field | None, viewer: Viewer, names: Mapping[str, str]
) -> Mapping[str, str]:
    """Return code -> how it reads: titles, partners and languages by name. `names` are those of the titles."""
    if field is not None and field.key == TITLES:
        return {code: shown(names.get(code, code)) for code in codes}
    if field is not None and field.type is FieldType.PARTNER:
        return {code: shown(viewer.partner_called(code)) for code in codes}
    if field is not None and field.type is FieldType.LANGUAGE:
        return {code: shown(language_name(code)) for code in codes}
    return {code: shown(code) for code in codes}


def _frequencies(draft: Draft, event_type: EventType, viewer: Viewer) -> Iterable[Choice]:
    for one in event_type.frequencies:
        yield Choice(one.value, one.value.capitalize(), one.value == draft.frequency, _leaves(one, viewer))


def _leaves(frequency: Frequency, viewer: Viewer) -> str:
    """Return when such a mail would leave next: "next tomorrow, 08:00"."""
    if frequency is Frequency.IMMEDIATELY:
        return "within seconds"
    narrator = viewer.narrator()
    at = next_digest(viewer.person, frequency, viewer.now)
    said = next_words(narrator, at, frequency)
    return said if frequency is Frequency.HOURLY else f"{said}, {narrator.local(at):%H:%M}"
