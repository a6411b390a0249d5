"""Columns of numbers and dates: each slot asks for a range."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from functools import lru_cache
from math import ceil, floor
from typing import Any

import numpy as np

from callboard.base.instants import parse_date
from callboard.catalogue.values import Condition, Event
from callboard.matching.postings import Budget, Derived
from callboard.matching.rows import BITS, Passes, Row, Slots, all_set, bytes_of, packed, resized, with_bit, without_bit

EDGE = 2**62
"""Numbers beyond it count as it; slots that ask for such numbers are checked once more."""
NOTHING = -(2**63)
"""The low end of a slot that asks nothing."""
MANY_BEGINS = 400
"""Stretches of numbers up to which each is worth the room of a row. Source: benchmarks/matching_parts.py."""
_BYTES_PER_BEGIN = 150
_WRONG = (TypeError, ValueError, AttributeError)
"""What a value raises that is no number, or no date: it was stored when the catalogue gave the field another type."""

_parsed_date = lru_cache(4096)(parse_date)


class NumberColumn:
    """What slots ask of a field of numbers: the lowest and the highest that passes, by slot.

    Between two neighbouring ends of ranges every number is as good as another. While there are
    few ends, each such stretch gets a row, kept under the end where it begins; else only the
    slots that the other columns leave are looked at.
    """

    def __init__(self, field: str, words: int, budget: Budget, around: Callable[[Any, Event], tuple[int, int]]) -> None:
        self.field = field
        self.low = np.full(words * BITS, NOTHING)
        self.high = np.full(words * BITS, EDGE)
        self.open = all_set(words)
        self.rows = Derived(budget)
        self._around = around
        self._begins: dict[int, int] = {}
        self._sorted: list[int] | None = []

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        low, high = clamped(range_of(condition))
        self.low[slot], self.high[slot] = low, high
        self.open = without_bit(self.open, slot)
        for begin in (low, high + 1):
            count = self._begins.get(begin, 0)
            self._begins[begin] = count + 1
            if not count:
                self._sorted = None
        self.rows.mend(slot, lambda begin: low <= begin <= high)  # type: ignore[operator] # they are numbers

    def remove(self, slot: int, condition: Condition) -> None:
        """Undo `add`."""
        self.low[slot], self.high[slot] = NOTHING, EDGE
        self.open = with_bit(self.open, slot)
        low, high = clamped(range_of(condition))
        for begin in (low, high + 1):
            self._begins[begin] -= 1
            if not self._begins[begin]:
                del self._begins[begin]
                self._sorted = None
        self.rows.mend(slot, lambda _: True)

    def passing(self, value: Any, event: Event) -> Row | None:
        """Return the row of the slots whose condition the event meets, or None when that is left to `among`."""
        if value is None:
            return self.open  # M3
        if len(self._begins) > MANY_BEGINS:
            return None
        try:
            number, above = self._around(value, event)
        except _WRONG:
            return None
        if number != above:
            return None
        if self._sorted is None:
            self._sorted = sorted(self._begins)
        at = bisect_right(self._sorted, number)
        begin = self._sorted[at - 1] if at else NOTHING
        found = self.rows.get(begin)
        return self._make_row(begin, number) if found is None else found

    def _make_row(self, begin: int, number: int) -> Row:
        found = packed((self.low <= number) & (self.high >= number))
        self.rows.keep(begin, found)
        return found

    def warm(self) -> None:
        """Make the rows of all stretches, for the events to come."""
        if len(self._begins) <= MANY_BEGINS:
            for begin in self._begins:
                if self.rows.get(begin) is None and self.rows.budget.has_room:
                    self._make_row(begin, begin)

    def among(self, slots: Slots, event: Event) -> Passes:
        """Return which of the slots have a condition that the event meets."""
        low, high = self.low.take(slots), self.high.take(slots)
        passes: Passes = low == NOTHING
        for one in event.values(self.field):
            try:
                below, above = self._around(one, event)
            except _WRONG:
                continue
            passes |= (low <= below) & (high >= above)
        return passes

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        before = len(self.low)
        more = words * BITS - before
        self.low = np.concatenate((self.low, np.full(more, NOTHING)))
        self.high = np.concatenate((self.high, np.full(more, EDGE)))
        self.open = resized(self.open, before // BITS, words, ones=True)
        self.rows.forget()

    def restore(self, low: Slots, high: Slots) -> None:
        """Take in what another column held."""
        self.low, self.high = low, high
        asks = low != NOTHING
        self.open = packed(~asks)
        begins, counts = np.unique(np.concatenate((low[asks], high[asks] + 1)), return_counts=True)
        self._begins = dict(zip(begins.tolist(), counts.tolist(), strict=True))
        self._sorted = None

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the column takes, what is derived aside."""
        return self.low.nbytes + self.high.nbytes + bytes_of(self.open) + _BYTES_PER_BEGIN * len(self._begins)


def range_of(condition: Condition) -> tuple[float, float]:
    """Return the range a condition asks for; days for dates."""
    operand: Any = condition.operand
    match condition.op:
        case "before":
            return float("-inf"), operand.toordinal() - 1
        case "after":
            return operand.toordinal() + 1, float("inf")
        case "within_days":
            return 0, operand.days
        case "overdue":
            return float("-inf"), -1
        case _:
            low, high = operand
            return low, high


def clamped(bounds: tuple[float, float]) -> tuple[int, int]:
    """Return a range within what an index compares."""
    low, high = (int(max(-EDGE, min(EDGE, one))) for one in bounds)
    return low, high


def around_number(value: float, _: Event) -> tuple[int, int]:
    """Return the whole numbers around a number, within what an index compares."""
    if type(value) is int and -EDGE < value < EDGE:
        return value, value
    return clamped((floor(value), ceil(value)))


def around_day(value: str, _: Event) -> tuple[int, int]:
    """Return a date as the number of its day."""
    day = _parsed_date(value).toordinal()
    return day, day


def around_days_from_event(value: str, event: Event) -> tuple[int, int]:
    """Return a date as days from the event's own date (M6)."""
    days = (_parsed_date(value) - event.date).days
    return days, days
