"""The newest events of each type as columns of numbered values: what previews and pickers count in.

One shelf per process. It is filled from the newest events to older ones, a page at a time, for
as long as a request can wait, and follows the log from then on.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, pairwise
from threading import Event as Signal
from threading import Lock
from time import monotonic

import numpy as np
from django.db import DatabaseError
from numpy.typing import NDArray

from callboard.catalogue.values import Catalogue, EventType
from callboard.insights import store
from callboard.insights.cells import ACTOR, Cells, Column, column_of
from callboard.people.access import CONCERNS_BY

MAX_EVENTS = 100_000
"""Newest events of a type that are looked at."""
MAX_TOTAL = 500_000
"""Events of all types that are kept, at about 100 bytes; the type that was not asked for longest goes first."""
MAX_CELLS = 2_000_000
"""Distinct values of all columns; beyond, everything is read anew, without those of events long gone."""
PAGE = 1_000
MIN_PAGE = 200
BLOCK = 4_096
MAX_PENDING = 5_000
"""New events of a type that are added to its columns; beyond, the type is read anew, newest first."""
SETTLED_S = 60.0
"""Seconds after which an event with a smaller number than one that is known can not be committed any more."""
MAX_FRESH = 50_000
"""New events of all types that are noted one by one; beyond, everything is read anew, newest first."""
IN_FLIGHT = 2_000
"""Numbers below the newest that may not be committed yet when the shelf is made: a few full batches."""
_DAY_US = 86_400_000_000
_GENTLE_S = 0.02
_ALWAYS = -(2**62)
_SCOPES = tuple(Column((key,)) for key in dict.fromkeys(chain.from_iterable(CONCERNS_BY.values())))


@dataclass(frozen=True, slots=True)
class Patience:
    """How much one request reads from the log: at least so many events, then more until the seconds are over."""

    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Block:
    """Some events of one type, newest first: row numbers, instants, and a row of cell numbers per column."""

    numbers: NDArray[np.int64]
    accepted_us: NDArray[np.int64]
    codes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.numbers)

    def picked(self, which: NDArray[np.intp] | slice) -> Block:
        """Return some of the events, in the order given."""
        return Block(self.numbers[which], self.accepted_us[which], self.codes[:, which])


def joined(blocks: Sequence[Block]) -> Block:
    """Return the events of one or more blocks as one block."""
    return Block(
        np.concatenate([one.numbers for one in blocks]),
        np.concatenate([one.accepted_us for one in blocks]),
        np.concatenate([one.codes for one in blocks], axis=1),
    )


@dataclass(frozen=True)
class View:
    """The newest events of a type as far as they are read, newest first. It never changes.

    `complete`: the log has no older ones.
    """

    cells: Mapping[Column, Cells]
    blocks: tuple[Block, ...] = ()
    complete: bool = False

    @cached_property
    def place(self) -> Mapping[Column, int]:
        """Return the row of each column in a block's codes."""
        return {column: place for place, column in enumerate(self.cells)}

    @cached_property
    def count(self) -> int:
        """Return how many events there are."""
        return sum(map(len, self.blocks))

    @property
    def end(self) -> tuple[int, int]:
        """Return instant and number of the oldest event, or what every event is older than."""
        return (int(self.blocks[-1].accepted_us[-1]), int(self.blocks[-1].numbers[-1])) if self.blocks else store.NEWEST

    def reaches(self, since_us: int) -> bool:
        """Return whether every event accepted at or after an instant is here."""
        return self.complete or self.end[0] < since_us

    @property
    def is_full(self) -> bool:
        """Return whether there is nothing more to read."""
        return self.complete or self.count > MAX_EVENTS


@dataclass(slots=True)
class _Kept:
    """What the shelf holds of one type: its view, and the numbers of new events that are not in it."""

    view: View
    pending: list[int] = field(default_factory=list)


class Shelf:
    """The columns of the types that were asked for. Threads share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._follower: _Follower | None = None
        self._cells: dict[Column, Cells] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def read(
        self, types: Sequence[EventType], catalogue: Catalogue, since_us: int, patience: Patience
    ) -> dict[str, View]:
        """Return a view of each type that reaches back to `since_us`, or as far as the patience lasts.

        Types are read in turn, so that each has its newest events.
        """
        ends_s = monotonic() + patience.seconds
        page = max(MIN_PAGE, PAGE // max(1, len(types)))
        with self._lock:
            self._follow()
            for one in types:
                self._catch_up(one.id, columns_of(one, catalogue))
        loaded = 0
        lacking = [one.id for one in types]
        while lacking and (loaded < patience.events or monotonic() < ends_s):
            lacking = [event_type for event_type in lacking if self._lacks(event_type, since_us)]
            for event_type in lacking:
                if loaded >= patience.events and monotonic() >= ends_s:
                    break
                loaded += self._load_older(event_type, page)
        with self._lock:
            for one in types:
                if one.id not in self._kept:  # another thread has forgotten everything
                    self._catch_up(one.id, columns_of(one, catalogue))
            views = {one.id: self._kept[one.id].view for one in types}
            self._make_room(views)
        return views

    def forget(self) -> None:
        """Read everything anew from now on."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        self._follower = None
        self._kept.clear()
        self._cells = {}

    def _follow(self) -> None:
        """Note what was committed since last time, and start anew when that is another log or too much."""
        if sum(map(len, self._cells.values())) > MAX_CELLS:
            self._forget()
        fresh = self._follower.look() if self._follower else None
        if fresh is None:
            self._forget()
            self._follower = _Follower()
            return
        for event_type, number in fresh:
            if event_type in self._kept:
                self._kept[event_type].pending.append(number)

    def _catch_up(self, event_type: str, columns: tuple[Column, ...]) -> None:
        """Put a type on the shelf, or add its new events."""
        kept = self._kept.get(event_type)
        if kept is None or tuple(kept.view.cells) != columns or len(kept.pending) > MAX_PENDING:
            cells = {column: self._cells.setdefault(column, Cells(column)) for column in columns}
            kept = self._kept[event_type] = _Kept(View(cells))
        self._kept.move_to_end(event_type)
        if not kept.pending:
            return
        view = kept.view
        found = _block(_Read(store.column_rows(kept.pending)), view)
        ages = zip(found.accepted_us.tolist(), found.numbers.tolist(), strict=True)
        # A page that is being read elsewhere may miss an older one: it waits until the view is past it
        older = set() if view.is_full else {number for accepted_us, number in ages if (accepted_us, number) < view.end}
        inside = [place for place, number in enumerate(found.numbers.tolist()) if number not in older]
        if inside:
            kept.view = _trimmed(replace(view, blocks=_merged(view.blocks, found.picked(np.array(inside)))))
        kept.pending = sorted(older)

    def _lacks(self, event_type: str, since_us: int) -> bool:
        kept = self._kept.get(event_type)
        return kept is not None and not kept.view.is_full and not kept.view.reaches(since_us)

    def _load_older(self, event_type: str, page: int) -> int:
        """Add a page of older events to a type, and return how many were read."""
        kept = self._kept.get(event_type)
        if kept is None:
            return 0
        end = kept.view.end
        rows = store.older_rows(event_type, end, page + 1)
        read = _Read(rows[:page])  # outside of the lock: others go on meanwhile
        with self._lock:
            view = kept.view
            if self._kept.get(event_type) is kept and view.end == end:
                blocks = _appended(view.blocks, _block(read, view)) if read.numbers else view.blocks
                kept.view = replace(view, blocks=blocks, complete=len(rows) <= page)
        return len(read.numbers)

    def _make_room(self, asked: Iterable[str]) -> None:
        total = sum(one.view.count for one in self._kept.values())
        for event_type in [one for one in self._kept if one not in set(asked)]:
            if total <= MAX_TOTAL:
                return
            total -= self._kept.pop(event_type).view.count


class _Follower:
    """Sees every event that is committed, though PostgreSQL may commit a smaller number later.

    All events from `_floor` on are read each time; the floor is the newest event of a minute
    ago, or the newest of all where numbers are committed in their order.
    """

    def __init__(self) -> None:
        self._in_order = store.commits_in_order()
        self._floor = store.number_before(0 if self._in_order else IN_FLIGHT)
        self._marks: deque[tuple[float, int]] = deque()
        self._seen = self._rows()
        self._move_floor()

    def look(self) -> list[tuple[str, int]] | None:
        """Return type and number of each event that is new; None for another log, or when there are too many."""
        rows = self._rows()
        if len(rows) == MAX_FRESH or any(rows.get(number) != row for number, row in self._seen.items()):
            return None
        fresh = [(row[0], number) for number, row in rows.items() if number not in self._seen]
        self._seen = rows
        self._move_floor()
        return fresh

    def _rows(self) -> dict[int, tuple[str, int, str]]:
        return {row[0]: row[1:] for row in store.rows_from(self._floor, MAX_FRESH)}

    def _move_floor(self) -> None:
        newest = max(self._seen, default=0)
        now_s = monotonic()
        if not self._marks or now_s - self._marks[-1][0] >= 1:
            self._marks.append((now_s, newest))
        while self._marks and now_s - self._marks[0][0] >= SETTLED_S:
            self._floor = self._marks.popleft()[1]
        if self._in_order:
            self._floor = newest
        self._seen = {number: row for number, row in self._seen.items() if number >= self._floor}


class _Read:
    """Rows of the log, their data parsed."""

    def __init__(self, rows: Sequence[tuple[int, int, int, str]]) -> None:
        self.numbers = [row[0] for row in rows]
        self.accepted_us = [row[1] for row in rows]
        self.days = [row[2] // _DAY_US for row in rows]
        self.data = json.loads(f"[{','.join(row[3] for row in rows)}]")  # one call is faster than many


def _block(read: _Read, view: View) -> Block:
    codes = [cells.encode(read.data, read.days) for cells in view.cells.values()]
    return Block(np.array(read.numbers, np.int64), np.array(read.accepted_us, np.int64), np.array(codes, np.int32))


def _appended(blocks: tuple[Block, ...], older: Block) -> tuple[Block, ...]:
    if blocks and len(blocks[-1]) + len(older) <= BLOCK:
        return (*blocks[:-1], joined([blocks[-1], older]))
    return (*blocks, older)


def _merged(blocks: tuple[Block, ...], fresh: Block) -> tuple[Block, ...]:
    """Return the blocks with `fresh` among them; only those that it falls into are made anew."""
    oldest_us = int(fresh.accepted_us.min())
    touched = sum(int(one.accepted_us[0]) >= oldest_us for one in blocks)
    if not touched and blocks and len(blocks[0]) < BLOCK:
        touched = 1
    mixed = joined([fresh, *blocks[:touched]])
    mixed = mixed.picked(np.unique(mixed.numbers, return_index=True)[1])
    mixed = mixed.picked(np.lexsort((mixed.numbers, mixed.accepted_us))[::-1])
    first = len(mixed) % BLOCK or BLOCK
    cuts = [0, *range(first, len(mixed) + 1, BLOCK)]
    parts = [mixed.picked(slice(start, end)) for start, end in pairwise(cuts)]
    return (*parts, *blocks[touched:])


def _trimmed(view: View) -> View:
    """Return a view without the blocks that only hold events beyond `MAX_EVENTS`."""
    if view.count - BLOCK <= MAX_EVENTS:
        return view
    return _trimmed(replace(view, blocks=view.blocks[:-1], complete=False))


def columns_of(event_type: EventType, catalogue: Catalogue) -> tuple[Column, ...]:
    """Return what is kept of the type's events: its fields, whom they concern (A3), and who caused them (D4)."""
    fields = (column_of(catalogue.fields[key]) for key in event_type.fields)
    return tuple(dict.fromkeys((*fields, *_SCOPES, ACTOR)))


SHELF = Shelf()
"""The one shelf of the process."""


def warm(catalogue: Catalogue, stop: Signal) -> None:
    """Read every type's events gently, until all are read, the shelf is full or `stop` is set.

    For a thread of its own, at the start of a server.
    """
    try:
        total = 0
        for one in catalogue.event_types.values():
            view = None
            while view is None or not view.is_full:
                if stop.wait(_GENTLE_S) or total + (view.count if view else 0) >= MAX_TOTAL:
                    return
                view = SHELF.read([one], catalogue, _ALWAYS, Patience(PAGE, 0)).get(one.id)
            total += view.count
    except DatabaseError:  # whoever asks next reads, or is told
        return
    finally:
        store.leave()
