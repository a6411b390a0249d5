"""A shelf filled at once: what many notifications ask is gathered by column, then put in order.

Putting one after the other into a shelf costs several times as much, and leaves their slots in no
order. Here slots stand by partner, so that an event looks at few words of a row.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from typing import TypeAlias

import numpy as np

from callboard.catalogue.values import Condition
from callboard.matching.codes import codes_of
from callboard.matching.columns import Place, asked_by, places
from callboard.matching.numbers import EDGE, NOTHING, NumberColumn, clamped, range_of
from callboard.matching.postings import Postings
from callboard.matching.rows import BITS, Slots
from callboard.matching.shelf import Shelf
from callboard.people.values import Person
from callboard.preferences.values import Notification

_SLACK = 16
"""One slot of so many is left for what comes later."""


class _Keys:
    """Which slots name which keys: pairs of numbers, one for each key that a slot names."""

    def __init__(self, part: Postings) -> None:
        self.part = part
        self._numbers: dict[Hashable, int] = {}
        self._named, self._slots = array("I"), array("I")

    def add(self, slot: int, condition: Condition) -> None:
        numbers = self._numbers
        for key in codes_of(condition):
            self._named.append(numbers.setdefault(key, len(numbers)))
            self._slots.append(slot)

    def settle(self, to: Slots, _: int) -> None:
        named = np.frombuffer(self._named, np.uint32)
        pairs = named.astype(np.int64) << 32 | to[np.frombuffer(self._slots, np.uint32)]
        pairs.sort()
        ends = np.cumsum(np.bincount(named, minlength=len(self._numbers)))
        self.part.fill(self._numbers, ends, pairs.astype(np.uint32))


class _Ranges:
    """Which slots ask for which range."""

    def __init__(self, part: NumberColumn) -> None:
        self.part = part
        self._slots, self._lows, self._highs = array("I"), array("q"), array("q")

    def add(self, slot: int, condition: Condition) -> None:
        low, high = clamped(range_of(condition))
        self._slots.append(slot)
        self._lows.append(low)
        self._highs.append(high)

    def settle(self, to: Slots, words: int) -> None:
        at = to[np.frombuffer(self._slots, np.uint32)]
        low, high = np.full(words * BITS, NOTHING), np.full(words * BITS, EDGE)
        low[at], high[at] = np.frombuffer(self._lows, np.int64), np.frombuffer(self._highs, np.int64)
        self.part.restore(low, high)


_Asked: TypeAlias = "_Keys | _Ranges"


class Filling:
    """Fills an empty shelf; each notification may be forgotten when it was added."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self._ids: list[str] = []
        self._owners = array("q")
        self._unsure: dict[int, Notification] = {}
        self._asked: dict[tuple[Place, str], _Asked] = {}

    def add(self, notification: Notification) -> None:
        """Put one more in."""
        slot, owner = len(self._ids), notification.user_id or 0
        self._ids.append(notification.id)
        self._owners.append(owner)
        found, complete = places(notification.where)
        for place, said in found:
            condition = asked_by(owner, said)
            asked = self._asked.get((place, condition.op)) or self._begin(place, condition.op)
            asked.add(slot, condition)
        if not complete:
            self._unsure[slot] = notification

    def _begin(self, place: Place, op: str) -> _Asked:
        column = self.shelf.column(place)
        part = column if isinstance(column, NumberColumn) else column.postings_of(op)
        begun = next((one for one in self._asked.values() if one.part is part), None)
        if begun is None:
            begun = _Ranges(part) if isinstance(part, NumberColumn) else _Keys(part)
        self._asked[place, op] = begun
        return begun

    def finish(self) -> Shelf:
        """Return the shelf with all of them."""
        count = len(self._ids)
        order = self._order()
        to = np.empty_like(order)
        to[order] = np.arange(count)
        shelf, words = self.shelf, max(self.shelf.words, (count + count // _SLACK) // BITS + 1)
        shelf.restore(words, [self._ids[slot] for slot in order.tolist()], np.frombuffer(self._owners, np.int64)[order])
        shelf.unsure = {int(to[slot]): one for slot, one in self._unsure.items()}
        for asked in {id(one): one for one in self._asked.values()}.values():
            asked.settle(to, words)
        shelf.settle()
        return shelf

    def _order(self) -> Slots:
        """Return the slots by the partner of their owner, else in the order in which they came."""
        persons = self.shelf.directory.persons
        owners, which = np.unique(np.frombuffer(self._owners, np.int64), return_inverse=True)
        places = [_place(persons.get(one)) for one in owners.tolist()]
        ranks = {place: rank for rank, place in enumerate(sorted(set(places)))}
        return np.argsort(np.array([ranks[one] for one in places])[which], kind="stable")


def _place(person: Person | None) -> tuple[bool, str, str]:
    return (False, str(person.kind), str(person.partner)) if person else (True, "", "")
