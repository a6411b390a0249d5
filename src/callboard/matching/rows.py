"""Rows of bits, one bit per slot, and the two forms in which a set of slots meets a row.

A short row is a Python integer, a long one an array of words; `&` and `|` are the same on both. An
integer can not be changed in place: what changes a row returns the row to go on with. A large set
is a row of its own, a small one the list of its slots.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Words: TypeAlias = npt.NDArray[np.uint64]
Row: TypeAlias = Any
"""An integer or `Words`, by the number of words alone."""
Slots: TypeAlias = npt.NDArray[np.int64]
Passes: TypeAlias = npt.NDArray[np.bool_]
Form: TypeAlias = "Row | array[int]"

BITS = 64
NARROW = 512
"""Words up to which a row is an integer. Source: benchmarks/matching_parts.py."""
_ROW_BYTES = 250
"""What a row costs beside its words: header, dictionary entry."""
if sys.byteorder != "little":
    raise ImportError("rows of bits are read byte by byte, which needs a little-endian machine")
FEW = 32
"""Slots up to which plain Python is faster than numpy. Source: benchmarks/matching_parts.py."""
NONE = array("I")
"""No slots."""


def all_clear(words: int) -> Row:
    """Return a row of zeros."""
    return 0 if words <= NARROW else np.zeros(words, np.uint64)


def all_set(words: int) -> Row:
    """Return a row of ones."""
    return (1 << words * BITS) - 1 if words <= NARROW else np.full(words, ~np.uint64(0))


def with_bit(row: Row, slot: int) -> Row:
    """Return the row with one slot's bit set."""
    if type(row) is int:
        return row | 1 << slot
    row[slot >> 6] |= _BITS[slot & 63]
    return row


def without_bit(row: Row, slot: int) -> Row:
    """Return the row with one slot's bit cleared."""
    if type(row) is int:
        return row & ~(1 << slot)
    row[slot >> 6] &= _OTHERS[slot & 63]
    return row


def packed(flags: Passes) -> Row:
    """Return the row of the slots that are flagged."""
    raw = np.packbits(flags, bitorder="little")
    return int.from_bytes(raw.tobytes(), "little") if len(flags) <= NARROW * BITS else raw.view(np.uint64)


def row_of(slots: npt.NDArray[Any], words: int) -> Row:
    """Return the row in which exactly these slots are set."""
    flags = np.zeros(words * BITS, np.bool_)
    flags[slots] = True
    return packed(flags)


def number_of(slots: array[int], first: int = 0) -> int:
    """Return the integer in which exactly these slots are set; `first` is the slot of its lowest bit."""
    number = 0
    if len(slots) > FEW:
        known = np.frombuffer(slots, np.uint32)
        flags = np.zeros(int(known.max()) + 1 - first, np.bool_)
        flags[known - np.uint32(first)] = True
        return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")
    for slot in slots:
        number |= 1 << slot - first
    return number


def is_large(count: int, words: int, words_per_slot: int = 2) -> bool:
    """Return whether a set of so many slots is better off as a row of `words` words."""
    return words_per_slot * count > words


def bytes_of(row: Row) -> int:
    """Return about how much memory a row takes."""
    return _ROW_BYTES + (row.bit_length() >> 3 if type(row) is int else row.nbytes)


def passing_row(open_: Row, passing: Sequence[Form], failing: Sequence[Form] = ()) -> Row:
    """Return the row of the slots that are open or in one of `passing`, and in none of `failing`; not to be changed."""
    if type(open_) is int:
        for form in passing:
            open_ |= number_of(form) if isinstance(form, array) else form
        for form in failing:
            refused = number_of(form) if isinstance(form, array) else form
            open_ = (open_ | refused) ^ refused
        return open_
    if not passing and not failing:
        return open_
    row = open_.copy()
    lists = [form for form in passing if isinstance(form, array)]
    for form in passing:
        if not isinstance(form, array):
            row |= form
    if lists:
        _set_bits(row, lists[0] if len(lists) == 1 else array("I", b"".join(lists)))
    for form in failing:
        if isinstance(form, array):
            _clear_bits(row, form)
        else:
            row &= ~form
    return row


def _set_bits(row: Words, slots: array[int]) -> None:
    if len(slots) <= FEW:
        set_one_by_one(row, slots)
    else:
        set_at_once(row, slots)


def set_one_by_one(row: Words, slots: array[int]) -> None:
    """Set the bits of a few slots."""
    view = memoryview(row).cast("B")  # type: ignore[arg-type] # an array is a buffer
    for slot in slots:
        view[slot >> 3] |= 1 << (slot & 7)


def set_at_once(row: Words, slots: array[int]) -> None:
    """Set the bits of many slots."""
    known = np.frombuffer(slots, np.uint32)
    np.bitwise_or.at(row, known >> 6, _BITS.take(known & 63))


def _clear_bits(row: Words, slots: array[int]) -> None:
    if len(slots) <= FEW:
        view = memoryview(row).cast("B")  # type: ignore[arg-type] # the same
        for slot in slots:
            view[slot >> 3] &= ~(1 << (slot & 7))
    else:
        known = np.frombuffer(slots, np.uint32)
        np.bitwise_and.at(row, known >> 6, _OTHERS.take(known & 63))


_BITS = np.uint64(1) << np.arange(BITS, dtype=np.uint64)
_OTHERS = ~_BITS


_BYTE, _BOOL = np.dtype(np.uint8), np.dtype(np.bool_)


def _flags_of(raw: npt.NDArray[np.uint8]) -> Passes:
    return np.unpackbits(raw, None, None, "little").view(_BOOL)


def slots_in(row: Row) -> Slots:
    """Return the slots whose bits are set, in order."""
    if type(row) is int:
        raw = row.to_bytes(row.bit_length() + 7 >> 3, "little")
        return _flags_of(np.frombuffer(raw, _BYTE)).nonzero()[0]
    used = row.nonzero()[0]
    if 2 * len(used) > len(row):
        return _flags_of(row.view(_BYTE)).nonzero()[0]
    found = _flags_of(row.take(used).view(_BYTE)).nonzero()[0]
    ahead = (used - np.arange(len(used))) << 6  # how far words moved down when those of zeros were left out
    found += ahead.take(found >> 6)
    return found


def resized(row: Row, before: int, words: int, *, ones: bool) -> Row:
    """Return a copy of a row of `before` words with more words, of zeros or ones."""
    found = all_set(words) if ones else all_clear(words)
    if type(row) is not int:
        found[:before] = row
    elif type(found) is int:
        return row | (found >> before * BITS << before * BITS)
    else:
        found[:before] = np.frombuffer(row.to_bytes(before * 8, "little"), np.uint64)
    return found


def row_without(words: int, taken: Iterable[npt.NDArray[Any]]) -> Row:
    """Return the row of all slots but those taken."""
    flags = np.ones(words * BITS, np.bool_)
    for slots in taken:
        flags[slots] = False
    return packed(flags)


def drop_slot(slots: array[int], slot: int) -> None:
    """Take one slot out of a list of them; the order of the others does not matter."""
    at = int(np.flatnonzero(np.frombuffer(slots, np.uint32) == slot)[0])
    last = slots.pop()
    if at < len(slots):
        slots[at] = last
