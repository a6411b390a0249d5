"""Columns of texts: `equals`, `contains`, `starts_with`, checked for the slots that are left."""

from __future__ import annotations

from typing import Any

import ahocorasick
import numpy as np

from callboard.base.texts import folded
from callboard.catalogue.values import Condition, Event
from callboard.matching.lengths import Lengths
from callboard.matching.rows import BITS, Passes, Slots

NOTHING = 0
"""The wish of a slot that asks nothing: it always comes true."""
_TRIES_PER_NEEDLE = 16
"""Looks for single needles that cost as much as one needle of a new automaton."""
_FIRST_WISHES = 64


class TextColumn:
    """What slots ask of a text: each different wish, an operator and a text, has a number.

    An event's text makes some wishes come true: `equals` and `starts_with` by look-up,
    `contains` by one pass over the text. A finished automaton takes no more needles, so new
    ones wait beside it, looked for one by one, until that has cost as much as making another.
    """

    def __init__(self, field: str, words: int) -> None:
        self.field = field
        self.wish = np.zeros(words * BITS, np.int64)
        self.numbers: dict[str, dict[str, int]] = {"equals": {}, "starts_with": {}, "contains": {}}
        self._askers = [1]
        self._free: list[int] = []
        self._true = np.zeros(_FIRST_WISHES, np.bool_)
        self._true[NOTHING] = True
        self._heads = Lengths()
        self._needles = Needles(self.numbers["contains"])

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        numbers, text = self.numbers[condition.op], condition.operand
        number = numbers.get(text)
        if number is None:
            number = numbers[text] = self._new_number()
            if condition.op == "starts_with":
                self._heads.add(len(text))
            elif condition.op == "contains":
                self._needles.add(text)
        self._askers[number] += 1
        self.wish[slot] = number

    def _new_number(self) -> int:
        if self._free:
            return self._free.pop()
        self._askers.append(0)
        if len(self._askers) > len(self._true):
            self._true = np.concatenate((self._true, np.zeros_like(self._true)))
        return len(self._askers) - 1

    def remove(self, slot: int, condition: Condition) -> None:
        """Undo `add`."""
        numbers, text = self.numbers[condition.op], condition.operand
        number = numbers[text]
        self.wish[slot] = NOTHING
        self._askers[number] -= 1
        if not self._askers[number]:
            del numbers[text]
            self._free.append(number)
            if condition.op == "starts_with":
                self._heads.remove(len(text))
            elif condition.op == "contains":
                self._needles.discard(text)

    def passing(self, slots: Slots, event: Event) -> Passes:
        """Return which of the slots have a condition that the event satisfies."""
        value = event.data.get(self.field)
        if type(value) is str:
            come_true = self._come_true(folded(value))
        else:
            come_true = [number for one in event.values(self.field) for number in self._come_true(folded(one))]
        wishes = self.wish.take(slots)
        if not come_true:
            none: Passes = wishes == NOTHING
            return none
        true = self._true
        for number in come_true:
            true[number] = True
        passes: Passes = true.take(wishes)
        for number in come_true:
            true[number] = False
        return passes

    def _come_true(self, text: str) -> list[int]:
        """Return the wishes that a text makes come true."""
        equals, starts, contains = self.numbers.values()
        found = [equals[text]] if text in equals else []
        if starts:
            heads = (text[:length] for length in self._heads.up_to(len(text)))
            found += [starts[head] for head in heads if head in starts]
        if contains:
            found += [contains[needle] for needle in self._needles.within(text) if needle in contains]
        return found

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        more = words * BITS - len(self.wish)
        self.wish = np.concatenate((self.wish, np.zeros(more, np.int64)))

    def move(self, to: Slots) -> None:
        """Give each slot its new number."""
        self.wish[to] = self.wish[: len(to)].copy()

    def restore(self, wish: Slots, numbers: dict[str, dict[str, int]]) -> None:
        """Take in what another column held."""
        self.wish = wish
        for op, known in numbers.items():
            self.numbers[op].update(known)
        counts = np.bincount(wish)
        last = max((one for known in numbers.values() for one in known.values()), default=NOTHING)
        self._askers = [1, *counts[1:].tolist(), *[0] * (last + 1 - len(counts))]
        self._free = [number for number, askers in enumerate(self._askers) if not askers]
        self._true = np.zeros(max(_FIRST_WISHES, len(self._askers)), np.bool_)
        self._true[NOTHING] = True
        for text in self.numbers["starts_with"]:
            self._heads.add(len(text))
        self._needles.build()

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the column takes."""
        wishes = sum(len(one) for one in self.numbers.values())
        return int(self.wish.nbytes + self._true.nbytes) + wishes * _BYTES_PER_WISH


_BYTES_PER_WISH = 400
"""The text, its entry in the dictionary and its way through the automaton."""


class Needles:
    """Finds which of many texts stand in another.

    Args:
        known: the needles there are; those gone from it may still be found.
    """

    def __init__(self, known: dict[str, int]) -> None:
        self._known = known
        self._automaton: Any = None
        self._built: set[str] = set()
        self._waiting: set[str] = set()
        self._tried = 0

    def add(self, needle: str) -> None:
        """Look for one more, which is in `known`."""
        if needle not in self._built:
            self._waiting.add(needle)

    def discard(self, needle: str) -> None:
        """Look for one less; an automaton that has it goes on finding it."""
        self._waiting.discard(needle)

    def within(self, text: str) -> list[str]:
        """Return the needles in a text; some perhaps more than once."""
        if self._waiting or len(self._built) > 2 * len(self._known):
            self._tried += len(self._waiting) + 1
            if self._tried > _TRIES_PER_NEEDLE * len(self._known):
                self.build()
        found = [one for one in self._waiting if one in text]
        if self._automaton is not None:
            found += [needle for _, needle in self._automaton.iter(text)]
        return found

    def build(self) -> None:
        """Make an automaton of all needles there are; the empty one, which it can not take, waits for ever."""
        self._tried = 0
        self._built = {one for one in self._known if one}
        self._waiting = {one for one in self._known if not one}
        self._automaton = ahocorasick.Automaton() if self._built else None
        for needle in self._built:
            self._automaton.add_word(needle, needle)
        if self._automaton is not None:
            self._automaton.make_automaton()
