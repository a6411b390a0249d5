"""When people work: moments of working days in their own time zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from random import Random

SATURDAY = 5
_DAY = timedelta(days=1)
_HOURS = (7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21)
_WEIGHTS = (2, 5, 10, 12, 12, 6, 7, 11, 12, 11, 8, 3, 2, 1)
# Of what would fall on Monday … Sunday, the share that happens that day, not the next
_STAYS = (0.96, 1.0, 1.0, 0.98, 0.8, 0.07, 0.04)
_CLOCK_RUN = time(4, 30, tzinfo=UTC)


def at_work(dice: Random, day: date, zone: str) -> datetime:
    """Return a UTC instant in working hours of `zone`, on `day` or on a day soon after."""
    while dice.random() > _STAYS[day.weekday()]:
        day += _DAY
    (hour,) = dice.choices(_HOURS, _WEIGHTS)
    local = datetime(
        day.year, day.month, day.day, hour, dice.randrange(60), dice.randrange(60),
        tzinfo=ZoneInfo(zone),
    )  # fmt: skip
    return local.astimezone(UTC)


def later(dice: Random, at: datetime, days: float, zone: str) -> datetime:
    """Return an instant after `at`: about `days` on, in working hours of `zone`."""
    wanted = at + timedelta(days=days)
    found = at_work(dice, wanted.astimezone(ZoneInfo(zone)).date(), zone)
    return found if found > at else at + timedelta(minutes=dice.randint(7, 95))


def clock_run(dice: Random, day: date) -> datetime:
    """Return when the portal's nightly look at all due dates came to one request."""
    return datetime.combine(day, _CLOCK_RUN) + timedelta(seconds=dice.randrange(240))


def is_working_day(day: date) -> bool:
    """Return whether `day` is one of Monday to Friday."""
    return day.weekday() < SATURDAY
