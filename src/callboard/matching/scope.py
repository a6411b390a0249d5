"""Whose notifications an event may reach (A1–A3): the owners' access, one condition for all they own."""

from __future__ import annotations

from array import array
from typing import Any, Literal, NamedTuple

import numpy as np

from callboard.catalogue.values import Event, PartnerKind
from callboard.matching.postings import Budget, Postings
from callboard.matching.rows import (
    BITS,
    NARROW,
    Row,
    Slots,
    all_clear,
    bytes_of,
    number_of,
    resized,
    row_of,
    with_bit,
    without_bit,
)
from callboard.people.access import CONCERNS_BY
from callboard.people.values import Directory, Person


class Realm(NamedTuple):
    """What an owner may see of an event type: events that concern a partner of a kind."""

    kind: PartnerKind
    partner: str


_SPANS = 64
"""Rows that spans may take the room of."""
_BYTES_PER_SPAN = 400
EVERYTHING: Literal["everything"] = "everything"
Reach = Realm | Literal["everything"] | None
"""A realm, every event of the type (the studio), or none."""


def reach_of(person: Person) -> Reach:
    """Return which events of the types that a person sees concern the person (A3)."""
    if person.kind is PartnerKind.STUDIO:
        return EVERYTHING
    return Realm(person.kind, person.partner) if person.kind and person.partner else None


class Span(NamedTuple):
    """The slots of a realm: bits of a stretch of a row. Slots of one owner stand side by side, mostly.

    Attributes:
        where: the words of a long row that it is about; of an integer how far to shift the bits.
        bits: those of the stretch, as a row of that sort.
    """

    where: Any
    bits: Row


class Scope:
    """The slots of each realm. A slot without reach, or empty, is in none."""

    def __init__(self, words: int, budget: Budget, directory: Directory) -> None:
        self.words = words
        self.everything = all_clear(words)
        self.realms: dict[PartnerKind, Postings] = {}
        self._ways: list[tuple[str, Postings, dict[str, Span]]] = []
        self._spans: dict[PartnerKind, dict[str, Span]] = {}
        self._span_words = 0
        self._budget = budget
        self._directory = directory

    def add(self, slot: int, reach: Reach) -> None:
        """Put a slot where its owner's access reaches."""
        if isinstance(reach, Realm):
            self._realms_of(reach.kind).add(reach.partner, slot)
            self._spans[reach.kind].pop(reach.partner, None)
        elif reach:
            self.everything = with_bit(self.everything, slot)

    def add_all(self, slots: Slots, reach: Reach) -> None:
        """Put many slots where their owner's access reaches."""
        if isinstance(reach, Realm):
            self._realms_of(reach.kind).add_all(reach.partner, slots)
            self._spans[reach.kind].pop(reach.partner, None)
        elif reach:
            self.everything |= row_of(slots, self.words)

    def _realms_of(self, kind: PartnerKind) -> Postings:
        postings = self.realms.get(kind)
        if postings is None:
            postings = self.realms[kind] = Postings(self._budget)
            spans = self._spans[kind] = {}
            self._ways += [(field, postings, spans) for field in CONCERNS_BY[kind]]
        return postings

    def remove(self, slot: int, reach: Reach) -> None:
        """Undo `add`."""
        if isinstance(reach, Realm):
            self.realms[reach.kind].remove(reach.partner, slot)
            self._spans[reach.kind].pop(reach.partner, None)
        elif reach:
            self.everything = without_bit(self.everything, slot)

    def remove_all(self, slots: Slots, reach: Reach) -> None:
        """Undo `add` for many slots."""
        if isinstance(reach, Realm):
            self.realms[reach.kind].remove_all(reach.partner, slots)
            self._spans[reach.kind].pop(reach.partner, None)
        elif reach:
            self.everything &= ~row_of(slots, self.words)

    def start(self, event: Event) -> Row:
        """Return the row of the slots whose owners may see the event."""
        narrow = self.words <= NARROW
        row = self.everything if narrow else self.everything.copy()
        value_of, ancestors = event.data.get, self._directory.ancestors
        for field, postings, spans in self._ways:
            value = value_of(field)
            if value is None:
                continue
            for one in value if type(value) is list else (value,):
                for partner in ancestors(one) if isinstance(one, str) else ():
                    span = spans.get(partner)
                    if span is None:
                        if partner not in postings.slots:
                            continue
                        span = spans[partner] = self._span_of(postings.slots[partner])
                    where, bits = span
                    if narrow:
                        row |= bits << where
                    else:
                        part = row[where]
                        part |= bits
        return row

    def _span_of(self, slots: array[int]) -> Span:
        begin, end = min(slots) >> 6, (max(slots) >> 6) + 1
        self._span_words += end - begin
        if self._span_words > _SPANS * self.words:
            self._forget()
            self._span_words = end - begin
        bits = number_of(slots, begin * BITS)
        if self.words <= NARROW:
            return Span(begin * BITS, bits)
        return Span(slice(begin, end), np.frombuffer(bits.to_bytes((end - begin) * 8, "little"), np.uint64))

    def _forget(self) -> None:
        for spans in self._spans.values():
            spans.clear()
        self._span_words = 0

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the scope takes, spans included."""
        spans = _BYTES_PER_SPAN * sum(map(len, self._spans.values())) + 8 * self._span_words
        return bytes_of(self.everything) + spans + sum(one.used_bytes for one in self.realms.values())

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        self.everything = resized(self.everything, self.words, words, ones=False)
        self.words = words
        self._forget()
