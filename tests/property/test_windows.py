"""Digest windows tile a person's time, whatever the clocks of the zone do (S2, S3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.studio import person

from callboard.base.reasons import Frequency
from callboard.decisions.windows import WindowCache, digest_window
from callboard.people.values import WEEKDAYS, Person

MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
ODD = ["Australia/Lord_Howe", "Europe/Madrid", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu",
       "Antarctica/Troll", "America/Sao_Paulo", "Pacific/Chatham", "UTC"]  # fmt: skip
zones = st.sampled_from(ODD) | st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
DIGESTS = (Frequency.HOURLY, Frequency.DAILY, Frequency.WEEKLY)


def transitions(zone: str) -> list[datetime]:
    """The instants of two years at which a zone changes its clocks, to the hour."""
    found = []
    for day in range(730):
        start = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)
        offsets = [(start + hour * HOUR).astimezone(ZoneInfo(zone)).utcoffset() for hour in (0, 24)]
        if offsets[0] != offsets[1]:
            hours = range(24)
            found += [start + hour * HOUR for hour in hours if changes(start + hour * HOUR, zone)]
    return found


def changes(at: datetime, zone: str) -> bool:
    return at.astimezone(ZoneInfo(zone)).utcoffset() != (at + HOUR).astimezone(ZoneInfo(zone)).utcoffset()


CHANGES = sorted({at for zone in ODD for at in transitions(zone)})
near = st.builds(lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-180, 180))
anywhen = st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
instants = near | anywhen
schedules = st.builds(
    lambda zone, hour, weekday: person(time_zone=zone, digest_hour=hour, digest_weekday=weekday),
    zones, st.integers(0, 23), st.sampled_from(WEEKDAYS),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(schedules, st.sampled_from(DIGESTS), instants)
@example(person(time_zone="Pacific/Apia"), Frequency.HOURLY, datetime(2011, 12, 30, 10, tzinfo=UTC))
@example(
    person(time_zone="Pacific/Apia", digest_weekday="friday"), Frequency.WEEKLY, datetime(2011, 12, 30, tzinfo=UTC)
)
def test_s3_each_instant_is_in_exactly_one_window_and_neighbours_share_borders(
    who: Person, frequency: Frequency, at: datetime
):
    span = digest_window(who, frequency, at)
    assert span.holds(at)
    for inside in (span.starts_at, span.ends_at - MICROSECOND, span.starts_at + (span.ends_at - span.starts_at) / 2):
        assert digest_window(who, frequency, inside) == span
    assert digest_window(who, frequency, span.ends_at).starts_at == span.ends_at
    assert digest_window(who, frequency, span.starts_at - MICROSECOND).ends_at == span.starts_at


def local(at: datetime, who: Person) -> datetime:
    return at.astimezone(ZoneInfo(who.time_zone))


def exists(day: datetime, hour: int, zone: str) -> bool:
    wanted = day.replace(hour=hour, minute=0, second=0, microsecond=0, fold=0, tzinfo=ZoneInfo(zone))
    return wanted.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wanted.replace(tzinfo=None)


@settings(max_examples=150, deadline=None)
@given(schedules, instants)
@example(person(time_zone="Europe/Madrid", digest_hour=2), datetime(2026, 3, 28, 12, tzinfo=UTC))
@example(person(time_zone="Australia/Lord_Howe", digest_hour=2), datetime(2026, 10, 3, 12, tzinfo=UTC))
def test_s2_daily_ends_at_the_digest_hour_or_where_the_gap_puts_it(who: Person, at: datetime):
    end = local(digest_window(who, Frequency.DAILY, at).ends_at, who)
    if exists(end, who.digest_hour, who.time_zone):
        assert (end.hour, end.minute, end.second, end.fold) == (who.digest_hour, 0, 0, 0)
    else:
        gap = (end.utcoffset() or HOUR) - (local(end.astimezone(UTC) - 3 * HOUR, who).utcoffset() or HOUR * 0)
        wall = end.replace(tzinfo=None) - gap
        assert (gap > HOUR * 0, wall.hour, wall.minute) == (True, who.digest_hour, 0)


@settings(max_examples=80, deadline=None)
@given(schedules, instants)
def test_s2_weekly_ends_are_daily_ends_of_that_weekday(who: Person, at: datetime):
    span = digest_window(who, Frequency.WEEKLY, at)
    assert digest_window(who, Frequency.DAILY, span.ends_at - MICROSECOND).ends_at == span.ends_at
    assert timedelta(days=5) < span.ends_at - span.starts_at < timedelta(days=15)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(ODD), st.sampled_from(CHANGES), st.integers(-120, 120))
def test_s3_hourly_windows_last_from_half_an_hour_to_two_hours(zone: str, change: datetime, minutes: int):
    span = digest_window(person(time_zone=zone), Frequency.HOURLY, change + timedelta(minutes=minutes))
    assert timedelta(minutes=30) <= span.ends_at - span.starts_at <= 3 * HOUR


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(schedules, st.sampled_from(DIGESTS), near), max_size=8))
def test_the_cache_of_windows_answers_like_the_plain_function(asked: list[tuple[Person, Frequency, datetime]]):
    cache = WindowCache()
    for who, frequency, at in asked + asked[::-1]:
        assert cache.digest_window(who, frequency, at) == digest_window(who, frequency, at)
