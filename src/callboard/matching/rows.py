"""Rows of bits, one bit per slot, and the two forms in which a set of slots meets a row.

A large set is a row of its own; a small one is the words it touches and its bits in each.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Row: TypeAlias = npt.NDArray[np.uint64]
Slots: TypeAlias = npt.NDArray[np.int64]
Passes: TypeAlias = npt.NDArray[np.bool_]

BITS = 64
FORM_BYTES = 250
"""What a form costs beside its numbers: array headers, dictionary entry."""
_SMALL_ROW = 128
"""Words up to which a row costs no more than the two arrays of a few words."""
_SPARSE_ROW = 512
"""Words from which on it pays to look only at those that are not zero."""
_SPARSE_SHARE = 8
"""A form of words is worth it when the set touches at most one word of so many."""
_FEW = 12
"""Slots up to which plain Python is faster than numpy."""


class Words(NamedTuple):
    """A small set of slots: which words of a row it touches, each once, and its bits there."""

    at: Slots
    bits: Row


Form: TypeAlias = Row | Words


def all_clear(words: int) -> Row:
    """Return a row of zeros."""
    return np.zeros(words, np.uint64)


def all_set(words: int) -> Row:
    """Return a row of ones."""
    return np.full(words, ~np.uint64(0))


def set_bit(row: Row, slot: int) -> None:
    """Set one slot's bit."""
    row[slot >> 6] |= np.uint64(1 << (slot & 63))


def clear_bit(row: Row, slot: int) -> None:
    """Clear one slot's bit."""
    row[slot >> 6] &= ~np.uint64(1 << (slot & 63))


def row_of(slots: Slots, words: int) -> Row:
    """Return the row in which exactly these slots are set."""
    bits = np.zeros(words * BITS, np.bool_)
    bits[slots] = True
    return np.packbits(bits, bitorder="little").view(np.uint64)


def form_of(slots: Sequence[int], words: int) -> Form:
    """Return the cheaper form of a set of slots for rows of `words` words."""
    if words <= _SMALL_ROW or len(slots) > words:
        return row_of(np.array(slots, np.int64), words)
    if len(slots) <= _FEW:
        few: dict[int, int] = {}
        for slot in slots:
            few[slot >> 6] = few.get(slot >> 6, 0) | 1 << (slot & 63)
        return Words(np.array(list(few), np.int64), np.array(list(few.values()), np.uint64))
    known = np.sort(np.array(slots, np.int64))
    at = known >> 6
    first = np.flatnonzero(np.diff(at, prepend=-1))
    if len(first) * _SPARSE_SHARE > words:
        return row_of(known, words)
    bits = np.uint64(1) << (known & 63).astype(np.uint64)
    return Words(at[first], np.bitwise_or.reduceat(bits, first))


def bytes_of(form: Form) -> int:
    """Return about how much memory a form takes."""
    if type(form) is Words:
        return FORM_BYTES + 2 * form.at.nbytes
    return FORM_BYTES + np.asarray(form).nbytes


def add_form(row: Row, form: Form) -> None:
    """Set the bits of a set of slots."""
    if type(form) is Words:
        row[form.at] |= form.bits
    else:
        np.bitwise_or(row, form, row)


def take_form(row: Row, form: Form) -> None:
    """Clear the bits of a set of slots."""
    if type(form) is Words:
        row[form.at] &= ~form.bits
    else:
        np.bitwise_and(row, np.bitwise_not(form), row)


def opened(open_: Row, passing: Iterable[Form], failing: Iterable[Form]) -> Row:
    """Return a copy of `open_` in which some sets pass and others do not."""
    row = open_.copy()
    for form in passing:
        add_form(row, form)
    for form in failing:
        take_form(row, form)
    return row


def words_beside(open_: Row, passing: Iterable[Form], failing: Iterable[Form]) -> Words:
    """Return the words in which a row differs from `open_` when some small sets pass and others do not."""
    forms = [one for one in (*passing, *failing) if type(one) is Words]
    at = np.unique(np.concatenate([one.at for one in forms])) if len(forms) > 1 else forms[0].at
    return Words(at, opened(open_, passing, failing)[at])


def apply_form(row: Row, open_: Row, form: Form) -> None:
    """Keep of `row` what is set in `form`; words stand for `open_` except where they are."""
    if type(form) is Words:
        bits = row[form.at]
        bits &= form.bits
        np.bitwise_and(row, open_, row)
        row[form.at] = bits
    else:
        np.bitwise_and(row, form, row)


def slots_in(row: Row) -> Slots:
    """Return the slots whose bits are set, in order."""
    if len(row) > _SPARSE_ROW:
        used = row.nonzero()[0]
        if 2 * len(used) < len(row):
            found = np.unpackbits(row[used].view(np.uint8), bitorder="little").view(np.bool_).nonzero()[0]
            return (used.take(found >> 6) << 6) + (found & 63)
    return np.unpackbits(row.view(np.uint8), bitorder="little").view(np.bool_).nonzero()[0]


def resized(row: Row, words: int, fill: Row) -> Row:
    """Return a copy of `row` with more words; the new ones are those of `fill`."""
    fill[: len(row)] = row
    return fill[:words]


def moved(row: Row, to: Slots) -> Row:
    """Return `row` with the bit of each slot at its new place; bits behind the last slot stay."""
    bits = np.unpackbits(row.view(np.uint8), bitorder="little")
    bits[to] = bits[: len(to)].copy()
    return np.packbits(bits, bitorder="little").view(np.uint64)


def drop_slot(slots: array[int], slot: int) -> None:
    """Take one slot out of a list of them; the order of the others does not matter."""
    at = int(np.flatnonzero(np.frombuffer(slots, np.uint32) == slot)[0])
    last = slots.pop()
    if at < len(slots):
        slots[at] = last
