"""Columns of numbers and dates: each slot asks for a range."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from callboard.base.instants import parse_date
from callboard.catalogue.values import Condition, Event
from callboard.matching.postings import Budget, Derived
from callboard.matching.rows import Row, all_set, clear_bit, opened, resized, row_of, set_bit

EDGE = 2**62
"""Numbers beyond it count as it; slots that ask for such numbers are checked once more."""

_parsed_date = lru_cache(4096)(parse_date)


class NumberColumn:
    """Numbers and dates: each slot asks for a range, and all values between two bounds in use share a row."""

    def __init__(self, field: str, words: int, budget: Budget, number_of: Callable[[Any, Event], int]) -> None:
        self.open = all_set(words)
        self.slots, self.lows, self.highs = array("I"), array("q"), array("q")
        self.field = field
        self.by_value = number_of is not as_days_from_event
        self._number_of = number_of
        self.rows = Derived(budget)
        self._bounds: list[int] | None = None
        self._table = np.zeros((3, 0), np.int64)

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        low, high = clamped(range_of(condition))
        self.slots.append(slot)
        self.lows.append(low)
        self.highs.append(high)
        clear_bit(self.open, slot)
        self._forget()

    def remove(self, slot: int, condition: Condition) -> None:  # noqa: ARG002 - what every column takes
        """Undo `add`."""
        at = int(np.flatnonzero(np.frombuffer(self.slots, np.uint32) == slot)[0])
        for one in (self.slots, self.lows, self.highs):
            last = one.pop()
            if at < len(one):
                one[at] = last
        set_bit(self.open, slot)
        self._forget()

    def _forget(self) -> None:
        self._bounds = None
        self.rows.forget()

    def narrow(self, row: Row, event: Event) -> None:
        """Clear the bits of the slots whose condition the event fails."""
        value = event.data.get(self.field)
        if value is None:
            np.bitwise_and(row, self.open, row)
        elif type(value) is not list:
            known = self._row(self._number_of(value, event), len(row))
            if self.by_value:
                self.rows.keep(value, known, shared=True)
            np.bitwise_and(row, known, row)
        else:
            rows = [self._row(self._number_of(one, event), len(row)) for one in value]
            np.bitwise_and(row, opened(self.open, rows, ()), row)

    def _row(self, number: int, words: int) -> Row:
        """Return the row of the slots that pass."""
        bounds = self._bounds
        if bounds is None:
            bounds = self._sort()
        at = bisect_left(bounds, number)
        key = ("between", 2 * at + (at < len(bounds) and bounds[at] == number))
        found = self.rows.get(key)
        if found is None:
            slots, low, high = self._table
            passing = slots[(low <= number) & (number <= high)]
            found = row_of(passing, words)
            found |= self.open
            self.rows.keep(key, found)
        return found  # type: ignore[return-value] # only rows are kept here

    def _sort(self) -> list[int]:
        """Arrange the ranges for comparison, and their bounds for look-up."""
        self._table = np.array([self.slots, self.lows, self.highs], np.int64)
        self._bounds = np.unique(self._table[1:]).tolist()
        return self._bounds

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        self.open = resized(self.open, words, all_set(words))
        self.rows.forget()


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


def as_integer(value: int, _: Event) -> int:
    """Return a number within what an index compares."""
    return value if -EDGE < value < EDGE else EDGE if value > 0 else -EDGE


def as_day(value: str, _: Event) -> int:
    """Return a date as the number of its day."""
    return _parsed_date(value).toordinal()


def as_days_from_event(value: str, event: Event) -> int:
    """Return a date as days from the event's own date (M6)."""
    return (_parsed_date(value) - event.date).days
