"""Value -> slots: the source of truth; and the rows derived from it, in a memory of bounded size."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable

import numpy as np
import numpy.typing as npt

from callboard.matching.rows import (
    Form,
    Row,
    Slots,
    bytes_of,
    drop_slot,
    is_large,
    row_of,
    with_bit,
    without_bit,
)

_BYTES_PER_KEY = 250
"""The key, its array and its entry in the dictionary."""
_MANY_ROWS = 400
"""Rows up to which it is quicker to mend a bit of each than to derive some of them again."""


class Budget:
    """Bounds the bytes of everything derived, over all shelves.

    Each `Derived` has a young and an old generation. When the young ones together reach half
    of the limit, they become the old ones, and what was not used since is let go. So a use
    costs one look-up, and no list of uses is kept.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.young_bytes = 0
        self.members: list[Derived] = []

    def grew(self, by_bytes: int) -> None:
        """Count what was derived; begin a new generation when it is time."""
        self.young_bytes += by_bytes
        if self.young_bytes > self.limit_bytes // 2:
            self.young_bytes = 0
            for one in self.members:
                one.age()

    @property
    def has_room(self) -> bool:
        """Return whether half of a generation is still free: what is made ahead leaves room for what is asked for."""
        return self.young_bytes < self.limit_bytes // 4

    @property
    def used_bytes(self) -> int:
        """Return the bytes of both generations."""
        return sum(one.used_bytes for one in self.members)


class Derived:
    """Rows by key. A change of a slot mends its bit in each."""

    __slots__ = ("_old", "_old_bytes", "_young_bytes", "budget", "young")

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.young: dict[Hashable, Row] = {}  # always this one: its `get` is handed out
        self._old: dict[Hashable, Row] = {}
        self._young_bytes = self._old_bytes = 0
        budget.members.append(self)

    def get(self, key: Hashable) -> Row | None:
        """Return the row, if it is known."""
        found = self.young.get(key)
        if found is None and self._old:
            found = self._old.get(key)
            if found is not None:
                self.keep(key, found)
        return found

    def keep(self, key: Hashable, row: Row) -> None:
        """Remember a row, which nobody else changes from now on."""
        size = bytes_of(row)
        self.young[key] = row
        self._young_bytes += size
        self.budget.grew(size)

    @property
    def is_empty(self) -> bool:
        """Return whether no row is known."""
        return not self.young and not self._old

    def mend(self, slot: int, passes: Callable[[Hashable], bool]) -> None:
        """Follow a change of one slot: `passes` says of a key whether the slot is now in its row."""
        if self.is_empty:
            return
        if len(self.young) + len(self._old) > _MANY_ROWS:
            self.forget()
        for rows in (self.young, self._old):
            for key, row in rows.items():
                rows[key] = (with_bit if passes(key) else without_bit)(row, slot)

    def mend_one(self, key: Hashable, slot: int, *, passes: bool) -> None:
        """Follow a change of one slot that only one key is about."""
        for rows in (self.young, self._old):
            row = rows.get(key)
            if row is not None:
                rows[key] = (with_bit if passes else without_bit)(row, slot)

    def forget(self) -> None:
        """Let go of everything: what it was derived from has changed."""
        if self.young or self._old:
            self.budget.young_bytes -= self._young_bytes
            self.young.clear()
            self._old.clear()
            self._young_bytes = self._old_bytes = 0

    def age(self) -> None:
        """Begin a new generation."""
        self._old, self._old_bytes = self.young.copy(), self._young_bytes
        self.young.clear()
        self._young_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Return the bytes of both generations."""
        return self._young_bytes + self._old_bytes


class Postings:
    """Key -> the slots that name it.

    Args:
        budget: bounds the rows.
        words_per_slot: a set with more than one slot for so many words is better off as a row.
    """

    __slots__ = ("_words_per_slot", "derived", "slots")

    def __init__(self, budget: Budget, words_per_slot: int = 2) -> None:
        self._words_per_slot = words_per_slot
        self.slots: dict[Hashable, array[int]] = {}
        self.derived = Derived(budget)

    def add(self, key: Hashable, slot: int) -> None:
        """Let a slot name a key."""
        known = self.slots.get(key)
        if known is None:
            self.slots[key] = array("I", (slot,))
        else:
            known.append(slot)
        if not self.derived.is_empty:
            self.derived.mend_one(key, slot, passes=True)

    def fill(self, keys: Iterable[Hashable], ends: npt.NDArray[np.int64], slots: npt.NDArray[np.uint32]) -> None:
        """Take in keys and their slots, one after the other; `ends` says where each key's slots end."""
        raw, begin = slots.tobytes(), 0
        for key, end in zip(keys, (slots.itemsize * ends).tolist(), strict=True):
            self.slots[key] = array("I", raw[begin:end])
            begin = end

    @property
    def all_slots(self) -> npt.NDArray[np.uint32]:
        """Return the slots of all keys, one after the other."""
        return np.frombuffer(b"".join(self.slots.values()), np.uint32)

    def add_all(self, key: Hashable, slots: Slots) -> None:
        """Let many slots name a key."""
        self.slots.setdefault(key, array("I")).frombytes(slots.astype(np.uint32).tobytes())
        self.derived.forget()

    def remove(self, key: Hashable, slot: int) -> None:
        """Undo `add`."""
        known = self.slots[key]
        if len(known) == 1:
            del self.slots[key]
        else:
            drop_slot(known, slot)
        self.derived.mend_one(key, slot, passes=False)

    def remove_all(self, key: Hashable, slots: Slots) -> None:
        """Undo `add` for many slots."""
        known = np.frombuffer(self.slots.pop(key), np.uint32)
        left = known[~np.isin(known, slots)]
        if len(left):
            self.slots[key] = array("I", left.tobytes())
        self.derived.forget()

    def forms(self, keys: Iterable[Hashable], words: int) -> list[Form]:
        """Return the slots that name each of some keys; a large set as a row of `words` words."""
        known, found, words_per_slot = self.slots, [], self._words_per_slot
        for key in keys:
            slots = known.get(key)
            if slots is not None:
                large = is_large(len(slots), words, words_per_slot)
                found.append(self._row_of(key, slots, words) if large else slots)
        return found

    def _row_of(self, key: Hashable, slots: array[int], words: int) -> Row:
        row = self.derived.get(key)
        if row is None:
            row = row_of(np.frombuffer(slots, np.uint32), words)
            self.derived.keep(key, row)
        return row

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the postings take."""
        return sum(_BYTES_PER_KEY + 4 * len(one) for one in self.slots.values())
