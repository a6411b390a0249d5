"""Which values a person can choose for a field: from the catalogue, or from what the person may see.

Partners, references and texts are looked up in events, always under A1–A4: a value that only
stands in events of others does not exist for the person who asks.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from callboard.base.reasons import Access
from callboard.base.texts import folded, shown
from callboard.catalogue.values import Catalogue, Event, Field, FieldType, PartnerKind
from callboard.insights import store
from callboard.people.access import CONCERNS_BY, may_see, valid_roles
from callboard.people.values import Directory, Person
from callboard.preferences.naming import language_name

MAX_VALUES = 50
"""Values of one answer: more than a picker shows; typing narrows them."""
MAX_EVENTS = 20_000
"""Newest events that are looked through; bounds the time of an answer. A value that only stands in
older ones can still be typed."""
MAX_LENGTH = 200
"""Characters of a text that is offered; longer ones are prose, not values."""

_PAGE = 500
_LISTED = {FieldType.REFERENCE, FieldType.TEXT, FieldType.LANGUAGE}


@dataclass(frozen=True, slots=True)
class Value:
    """One value to choose, and how it reads."""

    value: str
    label: str


def visible_fields(person: Person, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    """Return field -> the event types with it that the person's roles see (A2)."""
    roles = valid_roles(person, catalogue)
    found: dict[str, tuple[str, ...]] = {}
    for event_type in catalogue.event_types.values():
        if catalogue.may_see_type(roles, event_type.id):
            for key in event_type.fields:
                found[key] = (*found.get(key, ()), event_type.id)
    return found


def search_values(field: Field, wanted: str, person: Person, catalogue: Catalogue, directory: Directory) -> list[Value]:
    """Return up to `MAX_VALUES` values whose code or name holds `wanted`, letter case aside.

    Numbers, dates and yes/no have no list: theirs is empty.
    """
    types = visible_fields(person, catalogue).get(field.key, ())
    if field.type is FieldType.PARTNER:
        found: Iterable[Value] = _partners(field, types, person, catalogue, directory)
    elif field.values:
        found = (Value(one, language_name(one) if field.type is FieldType.LANGUAGE else one) for one in field.values)
    elif field.type in _LISTED:
        found = _distinct(field, _visible_events(types, person, catalogue, directory))
    else:
        found = ()
    key = folded(wanted.strip())
    return list(islice((one for one in found if key in folded(one.value) or key in folded(one.label)), MAX_VALUES))


def _partners(
    field: Field, types: Iterable[str], person: Person, catalogue: Catalogue, directory: Directory
) -> list[Value]:
    """Return the partners a person may know of, by name: own and below, and those of visible events.

    Studio people see every event (A3), so they may know every partner.
    """
    kind = next((one for one, fields in CONCERNS_BY.items() if field.key in fields), None)
    fitting = [one.id for one in directory.partners.values() if kind is None or one.kind is kind]
    if person.kind is PartnerKind.STUDIO:
        known = set(fitting)
    else:
        known = {one for one in fitting if person.partner in directory.ancestors(one)}
    for event in _visible_events(types, person, catalogue, directory):
        known.update(one for one in event.values(field.key) if isinstance(one, str))
    listed = [Value(one, shown(directory.partner_name(one))) for one in known]
    return sorted(listed, key=lambda one: (folded(one.label), one.value))


def _distinct(field: Field, events: Iterable[Event]) -> Iterator[Value]:
    """Yield each value once, the newest first, with the newest name that came with it (4.3)."""
    seen: set[str] = set()
    for event in events:
        for value, name in _named(field, event):
            if isinstance(value, str) and value not in seen and len(value) <= MAX_LENGTH:
                seen.add(value)
                yield Value(value, shown(name or value))


def _named(field: Field, event: Event) -> Iterator[tuple[Any, str]]:
    values = event.values(field.key)
    names = event.values("title_names") if field.key == "title_id" else ()
    for position, value in enumerate(values):
        yield value, str(names[position]) if position < len(names) else ""


def _visible_events(
    types: Iterable[str], person: Person, catalogue: Catalogue, directory: Directory
) -> Iterator[Event]:
    """Yield those of the newest `MAX_EVENTS` events of the types that the person may see, newest first."""
    each = [store.events_of_type(one, since_us=-(2**62), page=_PAGE) for one in types]
    newest = heapq.merge(*each, key=lambda event: (-_age(event), -event.number))
    for event in islice(newest, MAX_EVENTS):
        if may_see(person, event, catalogue, directory) is Access.ALLOWED:
            yield event


def _age(event: Event) -> float:
    return event.accepted_at.timestamp()
