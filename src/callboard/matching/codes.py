"""Columns of codes: `any_of`, `none_of`, `any_of_incl`, `is`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from callboard.catalogue.values import Condition, Event
from callboard.matching.lengths import Lengths
from callboard.matching.postings import Budget, Derived, Postings
from callboard.matching.rows import (
    FEW,
    NARROW,
    NONE,
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

_SHORT_ROW = 128
"""Words up to which a row costs little more than it costs to say that it is there."""
_FEW_SHIFTS = 8
"""Slots up to which it costs little to set them in an integer each time."""
_WARM_ROWS = 200
"""Values of a field whose rows are made before anybody asks for them. Source: benchmarks/matching_parts.py."""
Broader: TypeAlias = Callable[[str, Lengths], Iterable[str]]
"""From a code to itself and what takes it in: ancestors, language ranges of certain lengths."""


class Reading(NamedTuple):
    """How a column reads an event.

    Attributes:
        kind: the type of a code; other values meet no condition, as if the event lacked them (M3).
        values_of: the event's codes as they are compared.
        literal: whether they are compared as the event has them.
    """

    kind: type
    values_of: Callable[[Event], tuple[Any, ...]]
    literal: bool = True


class CodeColumn:
    """What slots ask of a field of codes, tags, partners or truth values.

    Args:
        field: the event's field; its single values are looked up without further ado.
        reading: how its codes are read.
        broader: resolves `any_of_incl`.
        steady: whether what `broader` says of a code never changes, so that whole rows can be kept.
    """

    def __init__(
        self,
        field: str,
        words: int,
        budget: Budget,
        *,
        reading: Reading,
        broader: Broader,
        steady: bool,
    ) -> None:
        self.field = field
        self.kind = reading.kind
        self.words = words
        self.open = all_set(words)
        self.any, self.none, self.broad = Postings(budget), Postings(budget), Postings(budget)
        self._of_operator = {"any_of": self.any, "is": self.any, "none_of": self.none, "any_of_incl": self.broad}
        self.rows = Derived(budget)
        self._lengths = Lengths()
        self._values_of = reading.values_of
        self._broader = broader
        self._steady = steady
        self._literal = reading.literal

    def postings_of(self, op: str) -> Postings:
        """Return where the slots stand that ask by an operator."""
        return self._of_operator[op]

    def add(self, slot: int, condition: Condition) -> None:
        """Let a slot ask."""
        postings = self.postings_of(condition.op)
        for key in codes_of(condition):
            postings.add(key, slot)
            if postings is self.broad:
                self._lengths.add(len(key))
        if postings is not self.none:
            self.open = without_bit(self.open, slot)
        if not self.rows.is_empty:
            named = frozenset(codes_of(condition))
            refuses = postings is self.none
            self._mend(slot, lambda value: (value in named) is not refuses)

    def remove(self, slot: int, condition: Condition) -> None:
        """Undo `add`."""
        postings = self.postings_of(condition.op)
        for key in codes_of(condition):
            postings.remove(key, slot)
            if postings is self.broad:
                self._lengths.remove(len(key))
        self.open = with_bit(self.open, slot)
        self._mend(slot, lambda _: True)

    def _mend(self, slot: int, passes: Callable[[Any], bool]) -> None:
        if self._literal and not self.broad.slots:
            self.rows.mend(slot, passes)
        else:
            self.rows.forget()

    @property
    def by_value(self) -> bool:
        """Return whether what passes depends on the field's value alone."""
        return self.field != "" and (self._steady or not self.broad.slots)

    def passing(self, value: Any, event: Event) -> Row:
        """Return the row of the slots whose condition the event meets; `value` is the field's."""
        if value is None and self.field:
            return self.open  # M3
        words = self.words
        if not self._literal or self.broad.slots or type(value) is not self.kind or not self.field:
            values = self._values_of(event)
            if type(value) is self.kind and self.by_value:
                return self._row_of(value, values, words)
            return passing_row(self.open, *self._met(values, words))
        asking, refusing = self.any.slots.get(value, NONE), self.none.slots.get(value, NONE)
        if not asking and not refusing:
            return self.open
        if words > _SHORT_ROW and len(asking) + len(refusing) <= (FEW if words > NARROW else _FEW_SHIFTS):
            return passing_row(self.open, (asking,), (refusing,) if refusing else ())
        return self._row_of(value, (value,), words)

    def warm(self) -> None:
        """Make the rows of the values that most ask about, for the events to come."""
        words = self.words
        if not self._literal or not self.by_value or words <= _SHORT_ROW:
            return
        asked = Counter({value: len(slots) for value, slots in self.none.slots.items()})
        asked.update({value: len(slots) for value, slots in self.any.slots.items()})
        for value, count in asked.most_common(_WARM_ROWS):
            if count <= FEW or not self.rows.budget.has_room:
                break
            self._row_of(value, (value,), words)

    def _row_of(self, value: Any, values: tuple[Any, ...], words: int) -> Row:
        """Return what passes with one value: codes from events are unbounded, only those that are named are kept."""
        known = self.rows.get(value)
        if known is None:
            passing, failing = self._met(values, words)
            if not passing and not failing:
                return self.open
            known = passing_row(self.open, passing, failing)
            self.rows.keep(value, known)
        return known

    def _met(self, values: tuple[Any, ...], words: int) -> tuple[list[Form], list[Form]]:
        """Return the slots that ask for one of the values, and those that refuse one."""
        values = tuple(dict.fromkeys(values))  # an event may say the same a thousand times
        passing = self.any.forms(values, words)
        if self.broad.slots:
            broader = {wide for one in values for wide in self._broader(one, self._lengths)}
            passing += self.broad.forms(broader, words)
        return passing, self.none.forms(values, words)

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        self.open = resized(self.open, self.words, words, ones=True)
        self.words = words
        for one in (self.any.derived, self.none.derived, self.broad.derived, self.rows):
            one.forget()

    @property
    def postings(self) -> tuple[Postings, Postings, Postings]:
        """Return what slots name: what they take, what they refuse, and what they take with all below it."""
        return self.any, self.none, self.broad

    def settle(self) -> None:
        """Make what follows from the postings, after they were filled in."""
        self.open = row_without(self.words, (self.any.all_slots, self.broad.all_slots))
        for key, slots in self.broad.slots.items():
            for _ in slots:
                self._lengths.add(len(str(key)))

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the column takes, what is derived aside."""
        return bytes_of(self.open) + sum(one.used_bytes for one in self.postings)


def codes_of(condition: Condition) -> Iterable[Any]:
    """Return the codes a condition names."""
    return condition.operand if isinstance(condition.operand, frozenset) else (condition.operand,)
