"""How many mails events leave in, counted from window to window (S1–S3). Plain; no clock."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callboard.base.instants import MICROSECOND, from_us, to_us
from callboard.base.reasons import Frequency
from callboard.decisions.windows import local_instant
from callboard.people.values import WEEKDAYS, Person

Instants = NDArray[np.int64]
_MARGIN = 10
"""Days, more than a week and a zone that skips a day: every window around the instants has both its ends."""
_STEP = 64
"""Days by which spans are rounded, so that most questions of a zone share one."""


def count_mails(frequency: Frequency, person: Person, instants_us: Instants, collapse_s: float) -> int:
    """Return how many mails events accepted at these instants, oldest first, leave in."""
    if not len(instants_us):
        return 0
    if frequency is not Frequency.IMMEDIATELY:
        ends = _window_ends(person, frequency, instants_us)
        return len(np.unique(np.searchsorted(ends, instants_us, side="right")))
    collapse_us = timedelta(seconds=collapse_s) // MICROSECOND
    if not collapse_us:
        return len(instants_us)
    after = np.searchsorted(instants_us, instants_us + collapse_us).tolist()
    mails = at = 0
    while at < len(after):
        at = after[at]
        mails += 1
    return mails


def _window_ends(person: Person, frequency: Frequency, instants_us: Instants) -> Instants:
    first, last = (from_us(int(one)).date().toordinal() for one in (instants_us[0], instants_us[-1]))
    span = (first - _MARGIN) // _STEP * _STEP, ((last + _MARGIN) // _STEP + 1) * _STEP
    hours = range(24) if frequency is Frequency.HOURLY else (person.digest_hour,)
    weekday = person.digest_weekday if frequency is Frequency.WEEKLY else ""
    return _full_hours(person.time_zone, tuple(hours), weekday, *span)


@lru_cache(maxsize=64)
def _full_hours(zone: str, hours: tuple[int, ...], weekday: str, first: int, last: int) -> Instants:
    """Return the instants of these local hours, on one weekday or on all days, in order."""
    days = map(date.fromordinal, range(first, last + 1))
    wanted = [day for day in days if not weekday or WEEKDAYS[day.weekday()] == weekday]
    return np.array(sorted({to_us(local_instant(day, hour, zone)) for day in wanted for hour in hours}), np.int64)
