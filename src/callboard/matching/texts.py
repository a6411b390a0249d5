"""Columns of texts: `equals`, `contains`, `starts_with`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ahocorasick
import numpy as np

from callboard.base.texts import folded
from callboard.catalogue.values import Condition, Event
from callboard.matching.lengths import Lengths
from callboard.matching.postings import Budget, Derived, Postings
from callboard.matching.rows import Form, Row, all_set, clear_bit, opened, resized, set_bit

_KEPT_ROW = 512
"""Words up to which the row of a whole text is kept: texts are many, and seldom come again."""
_AT_ONCE = 64
"""Needles that are looked for one by one in no time."""


class TextColumn:
    """Texts: `equals` and `starts_with` by look-up, `contains` by one pass over the text.

    A finished automaton takes no more needles, so new ones wait beside it, looked for one by
    one, until there are enough of them to make another.
    """

    def __init__(self, field: str, words: int, budget: Budget) -> None:
        self.open = all_set(words)
        self.equals, self.starts, self.contains = Postings(budget), Postings(budget), Postings(budget)
        self.field = field
        self.by_value = True
        self.rows = Derived(budget)
        self._lengths = Lengths()
        self._automaton: Any = None
        self._built: set[str] = set()
        self._waiting: set[str] = set()

    def _postings(self, op: str) -> Postings:
        return {"equals": self.equals, "starts_with": self.starts, "contains": self.contains}[op]

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        text = condition.operand
        postings = self._postings(condition.op)
        if postings is self.starts:
            self._lengths.add(len(text))
        elif postings is self.contains and text not in self._built:
            self._waiting.add(text)
        postings.add(text, slot)
        self.rows.forget()
        clear_bit(self.open, slot)

    def remove(self, slot: int, condition: Condition) -> None:
        """Undo `add`."""
        text = condition.operand
        postings = self._postings(condition.op)
        postings.remove(text, slot)
        self.rows.forget()
        if postings is self.starts:
            self._lengths.remove(len(text))
        elif postings is self.contains and text not in postings.slots:
            self._waiting.discard(text)
        set_bit(self.open, slot)

    def narrow(self, row: Row, event: Event) -> None:
        """Clear the bits of the slots whose condition the event fails."""
        value = event.data.get(self.field)
        passing: list[Form] = []
        for one in event.values(self.field):
            passing += self._met(folded(one), len(row))
        if not passing:
            np.bitwise_and(row, self.open, row)
            return
        allowed = opened(self.open, passing, ())
        if len(row) <= _KEPT_ROW and type(value) is str:
            self.rows.keep(value, allowed)
        np.bitwise_and(row, allowed, row)

    def _met(self, text: str, words: int) -> list[Form]:
        """Return the slots that ask for a text, as forms."""
        passing = self.equals.forms((text,), words)
        if self.starts.slots:
            passing += self.starts.forms([text[:length] for length in self._lengths.up_to(len(text))], words)
        if self.contains.slots:
            passing += self.contains.forms(self._needles_in(text), words)
        return passing

    def _needles_in(self, text: str) -> Iterable[str]:
        built = len(self._built)
        if len(self._waiting) > _AT_ONCE + built // _AT_ONCE or built > _AT_ONCE + 2 * len(self.contains.slots):
            self._build()
        found = [one for one in self._waiting if one in text]
        if self._automaton is not None:
            found += [needle for _, needle in self._automaton.iter(text)]
        return found if len(found) < 2 else set(found)  # noqa: PLR2004 - one does not repeat

    def _build(self) -> None:
        """Make the automaton of all needles there are."""
        self._built = {str(one) for one in self.contains.slots if one}
        self._waiting = {"" for one in self.contains.slots if not one}
        self._automaton = ahocorasick.Automaton() if self._built else None
        for needle in self._built:
            self._automaton.add_word(needle, needle)
        if self._automaton is not None:
            self._automaton.make_automaton()

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        self.open = resized(self.open, words, all_set(words))
        for one in (self.equals.derived, self.starts.derived, self.contains.derived, self.rows):
            one.forget()
