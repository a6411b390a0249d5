"""Windows: the half-open spans whose items leave in one mail (S1–S3). Plain; no clock.

Digest windows tile a person's time: each ends where the next begins, whatever the clocks of
the zone do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from callboard.base.reasons import Frequency
from callboard.people.values import WEEKDAYS, Person

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


class Span(NamedTuple):
    """A half-open span [starts_at, ends_at) of aware UTC instants."""

    starts_at: datetime
    ends_at: datetime

    def holds(self, at: datetime) -> bool:
        """Return whether the instant lies in the span."""
        return self.starts_at <= at < self.ends_at


def digest_window(person: Person, frequency: Frequency, at: datetime) -> Span:
    """Return the window of an hourly, daily or weekly digest that holds the instant `at` (S2, S3)."""
    if frequency is Frequency.HOURLY:
        return _around(at, _full_hours(person.time_zone, at), slot=person.time_zone, hour=0, weekday="")
    weekday = person.digest_weekday if frequency is Frequency.WEEKLY else ""
    instants = _days(person.time_zone, person.digest_hour, weekday, at)
    return _around(at, instants, slot=person.time_zone, hour=person.digest_hour, weekday=weekday)


def next_digest(person: Person, frequency: Frequency, now: datetime) -> datetime:
    """Return when the window that is open at `now` ends: the next time such a mail can leave."""
    return digest_window(person, frequency, now).ends_at


def local_instant(day: date, hour: int, zone: str) -> datetime:
    """Return the UTC instant of a local full hour.

    A local time that does not exist moves forward by the gap; one that exists twice is the
    first (S3). Source: PEP 495, fold=0 has both properties.
    """
    return datetime.combine(day, time(hour), _zone(zone)).astimezone(UTC)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _around(at: datetime, instants: Iterator[datetime], *, slot: str, hour: int, weekday: str) -> Span:
    """Return the span between the neighbouring instants around `at`."""
    found = sorted(set(instants))
    before = [one for one in found if one <= at]
    after = [one for one in found if one > at]
    if not before or not after:
        raise ValueError(f"no window of {slot} {hour} {weekday} holds {at.isoformat()}")
    return Span(before[-1], after[0])


def _full_hours(zone: str, at: datetime) -> Iterator[datetime]:
    """Yield the instants of the local full hours within a day and a bit around `at`.

    A day each way, since a zone can skip a whole day (Samoa, December 2011).
    """
    local = at.astimezone(_zone(zone)).replace(tzinfo=None, minute=0, second=0, microsecond=0, fold=0)
    for step in range(-26, 27):
        hour = local + step * HOUR
        yield local_instant(hour.date(), hour.hour, zone)


def _days(zone: str, hour: int, weekday: str, at: datetime) -> Iterator[datetime]:
    """Yield the instants of `hour` on the days around `at`; only on `weekday` when it is given."""
    wanted: Callable[[date], bool] = (lambda day: WEEKDAYS[day.weekday()] == weekday) if weekday else (lambda _: True)
    today = at.astimezone(_zone(zone)).date()
    for step in range(-10, 11):
        day = today + step * DAY
        if wanted(day):
            yield local_instant(day, hour, zone)


class WindowCache:
    """Remembers the last window per schedule: most items of a batch share a few windows."""

    def __init__(self) -> None:
        self._spans: dict[tuple[str, ...], Span] = {}

    def digest_window(self, person: Person, frequency: Frequency, at: datetime) -> Span:
        """Return what the plain `digest_window` returns."""
        slot: tuple[str, ...] = (frequency, person.time_zone)
        if frequency is not Frequency.HOURLY:
            slot += (str(person.digest_hour), person.digest_weekday)
        span = self._spans.get(slot)
        if span is None or not span.holds(at):
            span = self._spans[slot] = digest_window(person, frequency, at)
        return span
