"""A shelf: all Custom notifications of one event type, each in a slot."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from callboard.catalogue.values import Catalogue, Event, PartnerKind
from callboard.matching.codes import CodeColumn
from callboard.matching.columns import CODE, TEXT, Column, Place, asked_by, new_code_column, new_number_column, places
from callboard.matching.definition import asks_for
from callboard.matching.numbers import NumberColumn
from callboard.matching.postings import Budget
from callboard.matching.rows import BITS, Row, Slots, slots_in
from callboard.matching.scope import Reach, Scope, reach_of
from callboard.matching.texts import TextColumn
from callboard.people.access import valid_roles
from callboard.people.values import Directory, Person
from callboard.preferences.values import Notification

_FIRST_WORDS = 4
_NOBODY = -1
"""The owner of a slot that is not used again."""
_KNOWN_ROLES = 1000
"""Sets of roles whose rights are remembered."""
_BYTES_PER_SLOT = 200
"""The id's text and its entry in the dictionary, its owner."""
SomeColumn: TypeAlias = CodeColumn | TextColumn | NumberColumn
Step: TypeAlias = tuple[str, type, Callable[[Any], Row | None], CodeColumn | TextColumn]
"""A field, and the short way to the rows that its column knows for values of a type."""


class Found(NamedTuple):
    """The slots of a shelf that an event satisfies, as an array: making objects of them is up to who needs some."""

    shelf: Shelf
    slots: Slots

    def ids(self) -> list[str]:
        """Return the ids of the notifications."""
        known = self.shelf.ids
        return [known[slot] for slot in self.slots.tolist()]


class Shelf:
    """The notifications of one event type, by slot; owned by one thread.

    Attributes:
        ids: the notification of each slot, "" for an empty one.
        owners: its person.
        unsure: those whose conditions the columns do not say in full; they are checked one by one.
    """

    def __init__(self, event_type: str, catalogue: Catalogue, directory: Directory, budget: Budget) -> None:
        self.event_type = event_type
        self.catalogue = catalogue
        self.directory = directory
        self.words = _FIRST_WORDS
        self.ids: list[str] = []
        self.owners = array("q")
        self.slots: dict[str, int] = {}
        self.unsure: dict[int, Notification] = {}
        self.scope = Scope(self.words, budget, directory)
        self.codes: dict[Place, CodeColumn] = {}
        self.texts: dict[Place, TextColumn] = {}
        self.numbers: dict[Place, NumberColumn] = {}
        self._steps: list[Step] = []
        self._empty: list[int] = []
        self._sees: dict[tuple[PartnerKind, tuple[str, ...]], bool] = {}
        self._budget = budget

    def __len__(self) -> int:
        """Return how many notifications there are."""
        return len(self.slots)

    def add(self, notification: Notification) -> None:
        """Put a notification into a slot."""
        slot = self._take_slot()
        owner = notification.user_id or 0
        self.ids[slot] = notification.id
        self.slots[notification.id] = slot
        self.owners[slot] = owner
        found, complete = places(notification.where)
        for place, condition in found:
            self.column(place).add(slot, asked_by(owner, condition))
        if not complete:
            self.unsure[slot] = notification
        self.scope.add(slot, self._reach_of(self.directory.persons.get(owner)))

    def remove(self, notification: Notification) -> None:
        """Empty the slot of a notification that was added."""
        slot = self.slots.pop(notification.id)
        owner = self.owners[slot]
        self.scope.remove(slot, self._reach_of(self.directory.persons.get(owner)))
        for place, condition in places(notification.where)[0]:
            self.column(place).remove(slot, asked_by(owner, condition))
        self.unsure.pop(slot, None)
        self.ids[slot] = ""
        self.owners[slot] = 0
        self._empty.append(slot)

    def find(self, event: Event) -> Found:
        """Return the notifications that the event satisfies and whose owners may see it (M1)."""
        row = self.scope.start(event)
        value_of = event.data.get
        late: list[NumberColumn] = []
        for field, kind, known, column in self._steps:
            value = value_of(field)
            form = known(value) if type(value) is kind else None
            if form is None:
                form = column.passing(value, event)
            row &= form
        for numbers in self.numbers.values():
            form = numbers.passing(value_of(numbers.field), event)
            if form is None:
                late.append(numbers)
            else:
                row &= form
        slots = slots_in(row)
        for numbers in late:
            slots = slots[numbers.among(slots, event)]
        return Found(self, self._sure(slots, event) if self.unsure else slots)

    def _sure(self, slots: Slots, event: Event) -> Slots:
        """Return the slots without those that the plain definition refuses."""
        return np.array([one for one in slots.tolist() if one not in self.unsure or self._asks(one, event)], np.int64)

    def _asks(self, slot: int, event: Event) -> bool:
        person = self.directory.persons[self.owners[slot]]
        return asks_for(self.unsure[slot], person, event, self.catalogue, self.directory)

    def warm(self) -> None:
        """Make the rows that most events will need."""
        columns: list[SomeColumn]
        columns = [*self.texts.values(), *self.numbers.values(), *self.codes.values()]
        for column in columns:
            column.warm()

    def restore(self, words: int, ids: list[str], owners: Slots) -> None:
        """Take in the slots of a snapshot; columns and scope follow."""
        self.grow(words)
        self.ids = ids
        self.owners = array("q", owners.astype(np.int64).tobytes())
        self.slots = {id_: slot for slot, id_ in enumerate(ids) if id_}
        self._empty = [slot for slot, owner in enumerate(self.owners) if not owner and not ids[slot]]

    def bury(self, id_: str) -> None:
        """Take out a notification whose conditions are not known any more; its slot is not used again."""
        slot = self.slots.pop(id_)
        self.ids[slot] = ""
        self.owners[slot] = _NOBODY

    def settle(self) -> None:
        """Make what follows from the postings, and put every slot into the scope of its owner, as people are now."""
        posted: list[CodeColumn | TextColumn] = [*self.codes.values(), *self.texts.values()]
        for column in posted:
            column.settle()
        owners = np.frombuffer(self.owners, np.int64)
        if not len(owners):
            return
        order = np.argsort(owners, kind="stable")
        found, first = np.unique(owners[order], return_index=True)
        for owner, slots in zip(found.tolist(), np.split(order, first[1:]), strict=True):
            reach = self._reach_of(self.directory.persons.get(owner))
            if reach:
                self.scope.add_all(slots, reach)

    def move(self, old: Person | None, new: Person) -> None:
        """Follow a change of a person's access."""
        before, after = self._reach_of(old), self._reach_of(new)
        if before == after:
            return
        slots = np.flatnonzero(np.frombuffer(self.owners, np.int64) == new.id)
        if len(slots):
            self.scope.remove_all(slots, before)
            self.scope.add_all(slots, after)

    def _reach_of(self, person: Person | None) -> Reach:
        if person is None or not person.active or person.kind is None:
            return None
        key = (person.kind, person.roles)
        sees = self._sees.get(key)
        if sees is None:
            sees = self.catalogue.may_see_type(valid_roles(person, self.catalogue), self.event_type)
            if len(self._sees) >= _KNOWN_ROLES:
                self._sees.clear()
            self._sees[key] = sees
        return reach_of(person) if sees else None

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the shelf takes, what is derived aside."""
        return _BYTES_PER_SLOT * len(self.ids) + sum(one.used_bytes for one in self._parts())

    def _take_slot(self) -> int:
        if self._empty:
            return self._empty.pop()
        slot = len(self.ids)
        if slot == self.words * BITS:
            self.grow(self.words * 9 // 8 + 1)
        self.ids.append("")
        self.owners.append(0)
        return slot

    def grow(self, words: int) -> None:
        """Make room for slots in so many words of a row."""
        self.words = words
        for part in self._parts():
            part.grow(words)

    def _parts(self) -> list[Scope | Column]:
        return [self.scope, *self.codes.values(), *self.texts.values(), *self.numbers.values()]

    def column(self, place: Place) -> SomeColumn:
        """Return the column of a place; it is made when somebody first asks."""
        column: CodeColumn | TextColumn | NumberColumn | None = (
            self.codes.get(place) or self.texts.get(place) or self.numbers.get(place)
        )
        if column is None:
            if place.sort == CODE:
                field = self.catalogue.fields[place.field]
                column = self.codes[place] = new_code_column(field, self.words, self._budget, self.directory)
                self._steps.append((column.field, column.kind, column.rows.young.get, column))
            elif place.sort == TEXT:
                column = self.texts[place] = TextColumn(place.field, self.words, self._budget)
                self._steps.append((column.field, column.kind, column.rows.young.get, column))
            else:
                column = self.numbers[place] = new_number_column(place, self.words, self._budget)
        return column
