"""Which values a person can choose for a field: from the catalogue, or from what the person may see.

Partners, references and texts are looked up in events, always under A1–A4: a value that only
stands in events of others does not exist for the person who asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from callboard.base.texts import folded, shown
from callboard.catalogue.values import Catalogue, Field, FieldType, PartnerKind
from callboard.insights.cells import TITLES, Cells, column_of
from callboard.insights.columns import SHELF, Patience
from callboard.insights.sight import Sight
from callboard.insights.titles import Title, by_newest_name, labelled, read_titles
from callboard.people.access import CONCERNS_BY, valid_roles
from callboard.people.values import Directory, Person
from callboard.preferences.naming import language_name

MAX_VALUES = 50
"""Values of one answer: more than a picker shows; typing narrows them."""
MAX_LENGTH = 200
"""Characters of a text that is offered; longer ones are prose, not values."""
SEARCHING = Patience(events=2_000, seconds=0.1)
NAMING = Patience(events=1_000, seconds=0.02)
"""Names stand in sentences, which can do with ids until somebody searched or previewed."""

_LOOKED_UP = {FieldType.REFERENCE, FieldType.TEXT, FieldType.LANGUAGE, FieldType.PARTNER}
_ALWAYS = -(2**62)


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


def search_values(
    field: Field,
    wanted: str,
    person: Person,
    catalogue: Catalogue,
    directory: Directory,
    patience: Patience = SEARCHING,
) -> list[Value]:
    """Return up to `MAX_VALUES` values whose code or label holds each word of `wanted`, letter case aside.

    Those that begin with `wanted` come first, then those of which a later word does; among
    these the one used last. Numbers, dates and yes/no have no list: theirs is empty.
    """
    return _ranked(_values(field, person, catalogue, directory, patience), folded(wanted.strip()))


def names_of_titles(
    ids: Iterable[str],
    person: Person,
    catalogue: Catalogue,
    directory: Directory,
    patience: Patience = NAMING,
) -> dict[str, str]:
    """Return id -> what the title is called in events that the person may see, else the id."""
    wanted = dict.fromkeys(ids)
    named = dict[str, Title]()
    if wanted and TITLES in catalogue.fields:
        used = _titles(_used(catalogue.fields[TITLES], person, catalogue, directory, patience))
        named = by_newest_name(one for one in used if one.id in wanted)
    return {one: named[one].short if one in named else one for one in wanted}


class KnownPartners:
    """What partners are called, for one person: by name those the person may know of, any other by its code.

    These are the person's own and those below, every one for studio people, and those that stand
    in events that the person may see (A1–A4). Make one per page or request: events are looked
    through once, and only when it is asked for a partner that is not the person's own.
    """

    def __init__(self, person: Person, catalogue: Catalogue, directory: Directory, patience: Patience = NAMING) -> None:
        self._person, self._catalogue, self._directory, self._patience = person, catalogue, directory, patience
        self._seen: set[str] | None = None

    def __call__(self, partner: str) -> str:
        """Return the partner's name, or the code where the person may not know it or nobody does."""
        person, directory = self._person, self._directory
        if partner not in directory.partners:
            return partner
        if person.kind is PartnerKind.STUDIO or person.partner in directory.ancestors(partner):
            return directory.partner_name(partner)
        if self._seen is None:
            self._seen = _seen_partners(person, self._catalogue, directory, self._patience)
        return directory.partner_name(partner) if partner in self._seen else partner


def _values(
    field: Field, person: Person, catalogue: Catalogue, directory: Directory, patience: Patience
) -> Iterator[Value]:
    """Yield every value that the person can choose, in the order of a picker in which nothing is typed."""
    if field.values:
        for one in field.values:
            yield Value(one, language_name(one) if field.type is FieldType.LANGUAGE else one)
        return
    if field.type not in _LOOKED_UP:
        return
    found = _used(field, person, catalogue, directory, patience)
    if field.key == TITLES:
        labels = labelled(by_newest_name(_titles(found)))
        yield from (Value(one, label) for one, label in labels if len(one) <= MAX_LENGTH)
        return
    said = (value for cells, codes in found for code in codes for value in cells.values(code)[0])
    used = dict.fromkeys(one for one in said if isinstance(one, str))
    if field.type is FieldType.PARTNER:
        known = (*used, *sorted(_own_partners(field, person, directory), key=lambda one: _partner(one, directory)))
        yield from (Value(one, _partner(one, directory)) for one in dict.fromkeys(known))
        return
    yield from (Value(one, shown(one)) for one in used if len(one) <= MAX_LENGTH)


def _partner(partner: str, directory: Directory) -> str:
    return shown(directory.partner_name(partner))


def _own_partners(field: Field, person: Person, directory: Directory) -> set[str]:
    """Return the partners a person may know of without any event: own and below.

    Studio people see every event (A3), so they may know every partner.
    """
    kind = next((one for one, fields in CONCERNS_BY.items() if field.key in fields), None)
    fitting = {one.id for one in directory.partners.values() if kind is None or one.kind is kind}
    if person.kind is PartnerKind.STUDIO:
        return fitting
    return {one for one in fitting if person.partner in directory.ancestors(one)}


def _used(
    field: Field, person: Person, catalogue: Catalogue, directory: Directory, patience: Patience
) -> list[tuple[Cells, list[int]]]:
    """Return the cells of the field in events that the person may see (A1–A4), the one used last first."""
    types = [catalogue.event_types[one] for one in visible_fields(person, catalogue).get(field.key, ())]
    views = SHELF.read(types, catalogue, _ALWAYS, patience)
    column = column_of(field)
    used: dict[Cells, NDArray[np.int64]] = {}  # one for all types, unless the shelf was made anew meanwhile
    sight = Sight(person, catalogue, directory)
    for event_type, view in views.items():
        cells = view.cells[column]
        last = used.setdefault(cells, np.zeros(len(cells), np.int64))
        scene = sight.of(event_type, view)
        for block in view.blocks:
            rows = scene.visible(block)
            np.maximum.at(last, block.codes[view.place[column], rows], block.numbers[rows])
    return [(cells, np.argsort(-last)[: np.count_nonzero(last)].tolist()) for cells, last in used.items()]


def _seen_partners(person: Person, catalogue: Catalogue, directory: Directory, patience: Patience) -> set[str]:
    """Return the partners that stand in events that the person may see (A1–A4), in any field."""
    fields = {key for key in visible_fields(person, catalogue) if catalogue.fields[key].type is FieldType.PARTNER}
    roles = valid_roles(person, catalogue)
    types = [one for one in catalogue.event_types.values() if catalogue.may_see_type(roles, one.id)]
    views = SHELF.read([one for one in types if fields & set(one.fields)], catalogue, _ALWAYS, patience)
    sight, used = Sight(person, catalogue, directory), dict[Cells, NDArray[np.bool_]]()
    for event_type, view in views.items():
        scene = sight.of(event_type, view)
        columns = [
            column_of(catalogue.fields[key]) for key in catalogue.event_types[event_type].fields if key in fields
        ]
        marks = {one: used.setdefault(view.cells[one], np.zeros(len(view.cells[one]), np.bool_)) for one in columns}
        for block in view.blocks:
            rows = scene.visible(block)
            for column, mark in marks.items():
                mark[block.codes[view.place[column], rows]] = True
    said = (
        value
        for cells, mark in used.items()
        for code in np.flatnonzero(mark).tolist()
        for value in cells.values(code)[0]
    )
    return {one for one in said if isinstance(one, str)}


def _titles(used: Iterable[tuple[Cells, list[int]]]) -> Iterator[Title]:
    for cells, codes in used:
        known = _READ.setdefault(cells, {})
        for code in codes:
            found = known.get(code)
            if found is None:
                found = known[code] = read_titles(*cells.values(code))
            yield from found


_READ: WeakKeyDictionary[Cells, dict[int, tuple[Title, ...]]] = WeakKeyDictionary()
"""The titles of each cell, once read."""


def _ranked(values: Iterable[Value], wanted: str) -> list[Value]:
    if not wanted:
        return list(islice(values, MAX_VALUES))
    words = wanted.split()
    ranks: list[list[Value]] = [[], [], []]
    for one in values:
        label, code = _folded(one.label), _folded(one.value)
        if not all(word in label or word in code for word in words):
            continue
        if label.startswith(wanted) or code.startswith(wanted):
            ranks[0].append(one)
        else:
            ranks[1 if f" {wanted}" in label else 2].append(one)
    return [one for rank in ranks for one in rank][:MAX_VALUES]


_folded = lru_cache(maxsize=30_000)(folded)
"""What thousands of values are compared by at every key that is pressed."""
