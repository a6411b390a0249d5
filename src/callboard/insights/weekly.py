"""How many mails a week a person's notifications bring together: merged per event, then by window (D1–D3, S1–S4).

Counted in the columns that previews count in. What can not be read or asked in time is estimated
from the newest events: of every type those back to the same instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic

import numpy as np

from callboard.base.instants import MICROSECOND, to_us
from callboard.base.reasons import FREQUENCIES, Frequency
from callboard.insights.columns import MIN_PAGE, SHELF, Block, Patience, View
from callboard.insights.preview import DAYS, Surroundings
from callboard.insights.rate import Instants, count_mails
from callboard.insights.sight import Sight
from callboard.people.values import Person
from callboard.preferences.values import Notification

READING = Patience(events=2_000, seconds=0.25)
COUNTING_S = 0.5
"""Seconds after which, reading included, no further events are looked at but the newest of each type."""
_SPAN_US = timedelta(days=DAYS) // MICROSECOND
_WEEK_US = timedelta(days=7) // MICROSECOND
_LEAST_US = timedelta(hours=1) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Asking:
    """A person with the notifications that count."""

    person: Person
    notifications: Sequence[Notification]


@dataclass(frozen=True, slots=True)
class Weekly:
    """Mails a week of each who asked; `approximate`: estimated from the newest events."""

    mails: tuple[float, ...]
    approximate: bool


def mails_a_week(askings: Sequence[Asking], around: Surroundings, reading: Patience = READING) -> Weekly:
    """Return how many mails a week each asking would have got in the last 30 days."""
    stop_s = monotonic() + COUNTING_S
    now_us = to_us(around.now)
    since_us = now_us - _SPAN_US
    wanted = {one.event_type for asking in askings for one in asking.notifications}
    types = [one for one in around.catalogue.event_types.values() if one.id in wanted]
    patience = replace(reading, events=max(reading.events, len(types) * MIN_PAGE))  # so that each has its newest
    views = SHELF.read(types, around.catalogue, since_us, patience)
    sights = [(Sight(one.person, around.catalogue, around.directory), one) for one in askings]
    counts = [_Count(view, since_us, [_Told(*one, key, view) for one in sights]) for key, view in views.items()]
    while waiting := [one for one in counts if one.blocks]:
        latest = max(waiting, key=lambda one: one.reached_us)  # it holds back the instant since which all is known
        if latest.looked and monotonic() >= stop_s:
            break
        latest.look()
    from_us = max((one.reached_us for one in counts), default=since_us)
    share = _WEEK_US / max(now_us - from_us, _LEAST_US)
    mails = [_mails(one.person, place, counts, from_us, around.collapse_s) for place, one in enumerate(askings)]
    return Weekly(tuple(round(one * share, 1) for one in mails), approximate=from_us > since_us)


class _Told:
    """One asking before the events of one type: when it would have been told, by the frequency that wins (D3)."""

    def __init__(self, sight: Sight, asking: Asking, event_type: str, view: View) -> None:
        self._scene = sight.of(event_type, view)
        mine = [one for one in asking.notifications if one.event_type == event_type]
        mine.sort(key=lambda one: one.frequency.rank)
        self._asked = [(one.frequency, self._scene.matching(one.where)) for one in mine]
        self._at_us: dict[Frequency, list[Instants]] = {}

    def look(self, block: Block, count: int) -> None:
        """Add what the first `count` events of a block would have told (D1, D4)."""
        if not self._asked:
            return
        visible = self._scene.visible(block)
        left = self._scene.mailed(block, visible[visible < count])
        for frequency, matching in self._asked:
            found = matching.among(block, left)
            self._at_us.setdefault(frequency, []).append(block.accepted_us[found])
            left = np.setdiff1d(left, found, assume_unique=True)

    def at_us(self, frequency: Frequency, from_us: int) -> Instants:
        """Return when events were accepted that are told at a frequency, those since an instant."""
        found = np.concatenate([np.zeros(0, np.int64), *self._at_us.get(frequency, ())])
        return found[found >= from_us]


class _Count:
    """The counting of one type, block by block. All events accepted at or after `reached_us` are looked at."""

    def __init__(self, view: View, since_us: int, told: Sequence[_Told]) -> None:
        self.told = told
        self.looked = 0
        self._since_us = since_us
        self._whole = view.reaches(since_us)
        self.blocks = [one for one in view.blocks if len(one) and int(one.accepted_us[0]) >= since_us]
        self.reached_us = int(self.blocks[0].accepted_us[0]) + 1 if self.blocks else since_us

    def look(self) -> None:
        """Look at the next block."""
        block = self.blocks.pop(0)
        count = int(np.count_nonzero(block.accepted_us >= self._since_us))
        for one in self.told:
            one.look(block, count)
        self.looked += count
        self.reached_us = int(block.accepted_us[count - 1])
        if not self.blocks and self._whole:
            self.reached_us = self._since_us


def _mails(person: Person, place: int, counts: Sequence[_Count], from_us: int, collapse_s: float) -> int:
    """Return how many mails one asking would have got: immediate ones by type, digests of all types together."""
    found = 0
    for frequency in FREQUENCIES:
        each = [one.told[place].at_us(frequency, from_us) for one in counts]
        if frequency is not Frequency.IMMEDIATELY:
            each = [np.concatenate([np.zeros(0, np.int64), *each])]
        found += sum(count_mails(frequency, person, np.sort(one), collapse_s) for one in each)
    return found
