"""Columns of texts: `equals`, `contains`, `starts_with`."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sized
from typing import Any, Protocol

import ahocorasick

from callboard.base.texts import folded
from callboard.catalogue.values import Condition, Event
from callboard.matching.lengths import Lengths
from callboard.matching.postings import Budget, Derived, Postings
from callboard.matching.rows import (
    Form,
    Row,
    all_set,
    bytes_of,
    passing_row,
    resized,
    row_without,
    with_bit,
    without_bit,
)

_TRIES_PER_NEEDLE = 16
"""Looks for single needles that cost as much as one needle of a new automaton."""


_WORDS_PER_SLOT = 64
"""Texts meet a row of their own for each wish, so that more wishes are worth one than elsewhere."""
_SHORT_TEXT = 300
"""Characters up to which a text is remembered; titles are shorter, and long texts seldom come again."""
_BYTES_PER_TEXT = 1_000
_TEXTS_READ = 2000
"""Texts of events that are remembered with what they make come true: the same titles come again."""


class TextColumn:
    """What slots ask of a text.

    An event's text makes some wishes come true: `equals` and `starts_with` by look-up,
    `contains` by one pass over the text. A finished automaton takes no more needles, so new
    ones wait beside it, looked for one by one, until that has cost as much as making another.
    """

    kind = str

    def __init__(self, field: str, words: int, budget: Budget) -> None:
        self.field = field
        self.words = words
        self.open = all_set(words)
        self.equals, self.starts, self.contains = (Postings(budget, _WORDS_PER_SLOT) for _ in range(3))
        self.rows = Derived(budget)
        self._heads = Lengths()
        self._needles = Needles(self.contains.slots)
        self._read: dict[str, tuple[str, list[str], list[str]]] = {}

    def postings_of(self, op: str) -> Postings:
        """Return where the slots stand that ask by an operator."""
        return self.equals if op == "equals" else self.contains if op == "contains" else self.starts

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        postings, text = self.postings_of(condition.op), condition.operand
        if text not in postings.slots:
            self._read.clear()
        postings.add(text, slot)
        if postings is self.starts:
            self._heads.add(len(text))
        elif postings is self.contains:
            self._needles.add(text)
        self.open = without_bit(self.open, slot)

    def remove(self, slot: int, condition: Condition) -> None:
        """Undo `add`."""
        postings, text = self.postings_of(condition.op), condition.operand
        postings.remove(text, slot)
        if postings is self.starts:
            self._heads.remove(len(text))
        elif text not in self.contains.slots:
            self._needles.discard(text)
        self.open = with_bit(self.open, slot)

    def passing(self, value: Any, event: Event) -> Row:
        """Return the row of the slots whose condition the event meets; `value` is the field's."""
        words = self.words
        if type(value) is str:
            return passing_row(self.open, self._wished(value, words))
        texts = [one for one in event.values(self.field) if isinstance(one, str)]
        return passing_row(self.open, [form for one in texts for form in self._wished(one, words)])

    def _wished(self, text: str, words: int) -> list[Form]:
        """Return the slots whose wish a text makes come true."""
        read = self._read.get(text)
        if read is None:
            read = self._wishes_in(folded(text))
            if len(self._read) >= _TEXTS_READ:
                self._read.clear()
            if len(text) <= _SHORT_TEXT:
                self._read[text] = read
        whole, heads, parts = read
        found = self.contains.forms(parts, words)
        if heads:
            found += self.starts.forms(heads, words)
        if self.equals.slots:
            found += self.equals.forms((whole,), words)
        return found

    def _wishes_in(self, text: str) -> tuple[str, list[str], list[str]]:
        """Return the text, its beginnings and its parts that slots name, or have named."""
        heads: list[str] = []
        if self.starts.slots:
            cuts = [text[:length] for length in self._heads.up_to(len(text))]
            heads = [one for one in cuts if one in self.starts.slots]
        parts = list(dict.fromkeys(self._needles.within(text))) if self.contains.slots else []
        return text, heads, parts

    def warm(self) -> None:
        """Make ready to look for needles."""
        self._needles.build()

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        self.open = resized(self.open, self.words, words, ones=True)
        self.words = words
        for one in self.postings:
            one.derived.forget()

    def settle(self) -> None:
        """Make what follows from the postings, after they were filled in."""
        self.open = row_without(self.words, [one.all_slots for one in self.postings])
        for text, slots in self.starts.slots.items():
            for _ in slots:
                self._heads.add(len(str(text)))
        self._needles.build()

    @property
    def postings(self) -> tuple[Postings, Postings, Postings]:
        """Return what slots name: whole texts, beginnings, parts."""
        return self.equals, self.starts, self.contains

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the column takes, what is derived aside."""
        needles = len(self.contains.slots) * _BYTES_PER_NEEDLE
        return (
            bytes_of(self.open)
            + needles
            + len(self._read) * _BYTES_PER_TEXT
            + sum(one.used_bytes for one in self.postings)
        )


_BYTES_PER_NEEDLE = 300
"""Its way through the automaton."""


class Known(Sized, Container[Any], Iterable[Any], Protocol):
    """The needles there are."""


class Needles:
    """Finds which of many texts stand in another.

    Args:
        known: the needles there are; those gone from it may still be found.
    """

    def __init__(self, known: Known) -> None:
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
        found = [] if self._automaton is None else [needle for _, needle in self._automaton.iter(text)]
        if self._waiting:
            found += [one for one in self._waiting if one in text]
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
