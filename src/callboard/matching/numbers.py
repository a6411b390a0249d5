"""Columns of numbers and dates: each slot asks for a range, checked for the slots that are left."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from callboard.base.instants import parse_date
from callboard.catalogue.values import Condition, Event
from callboard.matching.rows import BITS, Passes, Slots

EDGE = 2**62
"""Numbers beyond it count as it; slots that ask for such numbers are checked once more."""
NOTHING = -(2**63)
"""The low end of a slot that asks nothing."""

_parsed_date = lru_cache(4096)(parse_date)


class NumberColumn:
    """What slots ask of a field of numbers: the lowest and the highest that passes, by slot."""

    def __init__(self, field: str, words: int, number_of: Callable[[Any, Event], int]) -> None:
        self.field = field
        self._number_of = number_of
        self.low = np.full(words * BITS, NOTHING)
        self.high = np.full(words * BITS, EDGE)

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        self.low[slot], self.high[slot] = clamped(range_of(condition))

    def remove(self, slot: int, condition: Condition) -> None:  # noqa: ARG002 - what every column takes
        """Undo `add`."""
        self.low[slot], self.high[slot] = NOTHING, EDGE

    def passing(self, slots: Slots, event: Event) -> Passes:
        """Return which of the slots have a condition that the event satisfies."""
        low = self.low.take(slots)
        value = event.data.get(self.field)
        if value is None:
            return _ask_nothing(low)
        if type(value) is not list:
            number = self._number_of(value, event)
            passes: Passes = low <= number
            passes &= self.high.take(slots) >= number
            return passes
        passes = _ask_nothing(low)
        for one in value:
            number = self._number_of(one, event)
            passes |= (low <= number) & (self.high.take(slots) >= number)
        return passes

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        more = words * BITS - len(self.low)
        self.low = np.concatenate((self.low, np.full(more, NOTHING)))
        self.high = np.concatenate((self.high, np.full(more, EDGE)))

    def move(self, to: Slots) -> None:
        """Give each slot its new number."""
        for one in (self.low, self.high):
            one[to] = one[: len(to)].copy()

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the column takes."""
        return self.low.nbytes + self.high.nbytes


def _ask_nothing(low: Slots) -> Passes:
    found: Passes = low == NOTHING
    return found


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
