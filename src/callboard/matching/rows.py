"""Rows of bits, one bit per slot, and the two forms in which a set of slots meets a row.

A large set is a row of its own, a small one the list of its slots.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Row: TypeAlias = npt.NDArray[np.uint64]
Slots: TypeAlias = npt.NDArray[np.int64]
Passes: TypeAlias = npt.NDArray[np.bool_]
Form: TypeAlias = "Row | array[int]"

BITS = 64
_ROW_BYTES = 250
"""What a row costs beside its words: array header, dictionary entry."""
_SPARSE_ROW = 512
"""Words from which on it pays to look only at those that are not zero."""
if sys.byteorder != "little":
    raise ImportError("rows of bits are read byte by byte, which needs a little-endian machine")
FEW = 32
"""Slots up to which plain Python is faster than numpy. Source: benchmarks/matching_parts.py."""
NONE = array("I")
"""No slots."""


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


def row_of(slots: npt.NDArray[Any], words: int) -> Row:
    """Return the row in which exactly these slots are set."""
    bits = np.zeros(words * BITS, np.bool_)
    bits[slots] = True
    return np.packbits(bits, bitorder="little").view(np.uint64)


def row_from(begin: int, slots: array[int], words: int) -> Row:
    """Return the words from `begin` on of the row in which exactly these slots are set; not to be changed."""
    first = begin * BITS
    if len(slots) > FEW:
        return row_of(np.frombuffer(slots, np.uint32) - np.uint32(first), words)
    bits = 0
    for slot in slots:
        bits |= 1 << (slot - first)
    return np.frombuffer(bits.to_bytes(words * 8, "little"), np.uint64)


def is_large(count: int, words: int, words_per_slot: int = 2) -> bool:
    """Return whether a set of so many slots is better off as a row of `words` words."""
    return words_per_slot * count > words


def bytes_of(row: Row) -> int:
    """Return about how much memory a row takes."""
    return _ROW_BYTES + row.nbytes


def passing_row(open_: Row, passing: Sequence[Form], failing: Sequence[Form] = ()) -> Row:
    """Return the row of the slots that are open or in one of `passing`, and in none of `failing`; not to be changed."""
    if not passing and not failing:
        return open_
    row = open_.copy()
    for form in passing:
        if not isinstance(form, array):
            np.bitwise_or(row, form, row)
        elif len(form) <= FEW:
            set_one_by_one(row, form)
        else:
            set_at_once(row, form)
    for form in failing:
        if isinstance(form, array):
            _clear_bits(row, form)
        else:
            np.bitwise_and(row, ~form, row)
    return row


def set_one_by_one(row: Row, slots: array[int]) -> None:
    """Set the bits of a few slots."""
    view = memoryview(row).cast("B")  # type: ignore[arg-type] # an array is a buffer
    for slot in slots:
        view[slot >> 3] |= 1 << (slot & 7)


def set_at_once(row: Row, slots: array[int]) -> None:
    """Set the bits of many slots."""
    known = np.frombuffer(slots, np.uint32)
    np.bitwise_or.at(row, known >> 6, _BITS.take(known & 63))


def _clear_bits(row: Row, slots: array[int]) -> None:
    if len(slots) <= FEW:
        view = memoryview(row).cast("B")  # type: ignore[arg-type] # the same
        for slot in slots:
            view[slot >> 3] &= ~(1 << (slot & 7))
    else:
        known = np.frombuffer(slots, np.uint32)
        np.bitwise_and.at(row, known >> 6, ~_BITS.take(known & 63))


_BITS = np.uint64(1) << np.arange(BITS, dtype=np.uint64)


_BYTE, _BOOL = np.dtype(np.uint8), np.dtype(np.bool_)


def _flags_of(row: Row) -> Passes:
    return np.unpackbits(row.view(_BYTE), None, None, "little").view(_BOOL)


def slots_in(row: Row) -> Slots:
    """Return the slots whose bits are set, in order."""
    if len(row) > _SPARSE_ROW:
        used = (row != 0).nonzero()[0]
        if 2 * len(used) < len(row):
            found = _flags_of(row.take(used)).nonzero()[0]
            slots: Slots = (used << 6).take(found >> 6)
            found &= 63
            slots += found
            return slots
    return _flags_of(row).nonzero()[0]


def resized(row: Row, words: int, fill: Row) -> Row:
    """Return a copy of `row` with more words; the new ones are those of `fill`."""
    fill[: len(row)] = row
    return fill[:words]


def row_without(words: int, taken: Iterable[npt.NDArray[Any]]) -> Row:
    """Return the row of all slots but those taken."""
    bits = np.ones(words * BITS, np.bool_)
    for slots in taken:
        bits[slots] = False
    return np.packbits(bits, bitorder="little").view(np.uint64)


def drop_slot(slots: array[int], slot: int) -> None:
    """Take one slot out of a list of them; the order of the others does not matter."""
    at = int(np.flatnonzero(np.frombuffer(slots, np.uint32) == slot)[0])
    last = slots.pop()
    if at < len(slots):
        slots[at] = last
