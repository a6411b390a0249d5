"""A shelf filled at once: what many notifications ask is gathered by column, then put in order.

Putting one after the other into a shelf costs several times as much, and leaves their slots in no
order. Here slots stand by partner, so that an event looks at few words of a row.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np

from callboard.catalogue.values import Condition
from callboard.matching.codes import CodeColumn, codes_of
from callboard.matching.columns import CODE, TEXT, Place, asked_by, places
from callboard.matching.numbers import EDGE, NOTHING, NumberColumn, clamped, range_of
from callboard.matching.postings import Postings
from callboard.matching.rows import BITS, Slots
from callboard.matching.shelf import Shelf
from callboard.matching.texts import TextColumn
from callboard.people.values import Directory, Person
from callboard.preferences.values import Notification

_SLACK = 16
"""One slot of so many is left for what comes later."""


class _Keys:
    """Which slots name which keys: pairs of numbers, one for each key that a slot names."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self._named, self._slots = array("I"), array("I")

    def add(self, slot: int, condition: Condition) -> None:
        numbers = self._numbers
        for key in codes_of(condition):
            self._named.append(numbers.setdefault(key, len(numbers)))
            self._slots.append(slot)

    def take(self, other: _Keys, ahead: int) -> None:
        numbers = self._numbers
        to = np.array([numbers.setdefault(key, len(numbers)) for key in other._numbers], np.uint32)
        self._named.frombytes(to[np.frombuffer(other._named, np.uint32)].tobytes())
        self._slots.frombytes(_moved(other._slots, ahead))

    def settle(self, part: Postings, to: Slots) -> None:
        named = np.frombuffer(self._named, np.uint32)
        pairs = named.astype(np.int64) << 32 | to[np.frombuffer(self._slots, np.uint32)]
        pairs.sort()
        ends = np.cumsum(np.bincount(named, minlength=len(self._numbers)))
        part.fill(self._numbers, ends, pairs.astype(np.uint32))


class _Ranges:
    """Which slots ask for which range."""

    def __init__(self) -> None:
        self._slots, self._lows, self._highs = array("I"), array("q"), array("q")

    def add(self, slot: int, condition: Condition) -> None:
        low, high = clamped(range_of(condition))
        self._slots.append(slot)
        self._lows.append(low)
        self._highs.append(high)

    def take(self, other: _Ranges, ahead: int) -> None:
        self._slots.frombytes(_moved(other._slots, ahead))
        self._lows.extend(other._lows)
        self._highs.extend(other._highs)

    def settle(self, part: NumberColumn, to: Slots, words: int) -> None:
        at = to[np.frombuffer(self._slots, np.uint32)]
        low, high = np.full(words * BITS, NOTHING), np.full(words * BITS, EDGE)
        low[at], high[at] = np.frombuffer(self._lows, np.int64), np.frombuffer(self._highs, np.int64)
        part.restore(low, high)


def _moved(slots: array[int], ahead: int) -> bytes:
    return (np.frombuffer(slots, np.uint32) + np.uint32(ahead)).tobytes()


class Filling:
    """What an empty shelf is filled with; each notification may be forgotten when it was added.

    It knows no shelf until it is finished, so that several processes can gather a part each.
    """

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._owners = array("q")
        self._unsure: dict[int, Notification] = {}
        self._keys: defaultdict[tuple[Place, str], _Keys] = defaultdict(_Keys)
        self._ranges: defaultdict[Place, _Ranges] = defaultdict(_Ranges)

    def add(self, notification: Notification) -> None:
        """Put one more in."""
        slot, owner = len(self._ids), notification.user_id or 0
        self._ids.append(notification.id)
        self._owners.append(owner)
        found, complete = places(notification.where)
        for place, said in found:
            condition = asked_by(owner, said)
            if place.sort in (CODE, TEXT):
                self._keys[place, "any_of" if condition.op == "is" else condition.op].add(slot, condition)
            else:
                self._ranges[place].add(slot, condition)
        if not complete:
            self._unsure[slot] = notification

    def take(self, other: Filling) -> None:
        """Take in what another gathered."""
        ahead = len(self._ids)
        self._ids += other._ids
        self._owners.extend(other._owners)
        self._unsure.update({ahead + slot: one for slot, one in other._unsure.items()})
        for key, keys in other._keys.items():
            self._keys[key].take(keys, ahead)
        for place, ranges in other._ranges.items():
            self._ranges[place].take(ranges, ahead)

    def finish(self, shelf: Shelf) -> None:
        """Fill a shelf with all of them."""
        count = len(self._ids)
        order = self._order(shelf.directory)
        to = np.empty_like(order)
        to[order] = np.arange(count)
        words = max(shelf.words, (count + count // _SLACK) // BITS + 1)
        shelf.restore(words, [self._ids[slot] for slot in order.tolist()], np.frombuffer(self._owners, np.int64)[order])
        shelf.unsure = {int(to[slot]): one for slot, one in self._unsure.items()}
        for (place, op), keys in self._keys.items():
            column = shelf.column(place)
            if isinstance(column, CodeColumn | TextColumn):
                keys.settle(column.postings_of(op), to)
        for place, ranges in self._ranges.items():
            column = shelf.column(place)
            if isinstance(column, NumberColumn):
                ranges.settle(column, to, words)
        shelf.settle()

    def _order(self, directory: Directory) -> Slots:
        """Return the slots by the partner of their owner, else in the order in which they came."""
        persons = directory.persons
        owners, which = np.unique(np.frombuffer(self._owners, np.int64), return_inverse=True)
        places = [_place(persons.get(one)) for one in owners.tolist()]
        ranks = {place: rank for rank, place in enumerate(sorted(set(places)))}
        return np.argsort(np.array([ranks[one] for one in places])[which], kind="stable")


def _place(person: Person | None) -> tuple[bool, str, str]:
    return (False, str(person.kind), str(person.partner)) if person else (True, "", "")


def gathered(notifications: Iterable[Notification]) -> dict[str, Filling]:
    """Return what fills the shelf of each event type."""
    found: defaultdict[str, Filling] = defaultdict(Filling)
    for one in notifications:
        if one.inactive is None:
            found[one.event_type].add(one)
    return dict(found)
