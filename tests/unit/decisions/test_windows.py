"""Windows (S2, S3) on days that are not like others; the property tests do all the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.studio import person

from callboard.base.reasons import Frequency
from callboard.decisions.windows import HOUR, Span, digest_window, local_instant, next_digest


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def window(frequency: str, at: datetime, zone: str = "Europe/Madrid", hour: int = 8, weekday: str = "monday") -> Span:
    return digest_window(person(time_zone=zone, digest_hour=hour, digest_weekday=weekday), Frequency(frequency), at)


def test_s3_windows_are_half_open():
    at = utc(2026, 11, 23, 7)
    assert window("daily", at) == Span(at, at + timedelta(days=1))
    assert window("daily", at - timedelta(microseconds=1)).ends_at == at
    span = window("hourly", at)
    assert span.holds(span.starts_at)
    assert not span.holds(span.ends_at)


def test_s2_hourly_ends_at_the_full_hour_of_the_users_zone():
    assert window("hourly", utc(2026, 11, 23, 9, 20), "Asia/Kolkata") == Span(
        utc(2026, 11, 23, 8, 30), utc(2026, 11, 23, 9, 30)
    )


def test_s2_weekly_ends_on_the_digest_weekday_at_the_digest_hour():
    assert window("weekly", utc(2026, 11, 25), weekday="thursday", hour=0) == Span(
        utc(2026, 11, 18, 23), utc(2026, 11, 25, 23)
    )


def test_s3_an_hourly_window_lasts_two_hours_where_clocks_go_back():
    span = window("hourly", utc(2026, 10, 25, 1, 30))
    assert span == Span(utc(2026, 10, 25, 0), utc(2026, 10, 25, 2))
    assert span.ends_at - span.starts_at == 2 * HOUR


def test_s3_lord_howe_goes_back_half_an_hour():
    span = window("hourly", utc(2026, 4, 4, 15, 10), "Australia/Lord_Howe")
    assert span == Span(utc(2026, 4, 4, 14), utc(2026, 4, 4, 15, 30))


def test_s3_a_local_hour_that_does_not_exist_moves_forward_by_the_gap():
    day = utc(2026, 3, 29).date()
    assert local_instant(day, 2, "Europe/Madrid") == utc(2026, 3, 29, 1)
    assert window("daily", utc(2026, 3, 29, 0, 59), hour=2).ends_at == utc(2026, 3, 29, 1)
    # Lord Howe's gap is half an hour: 02:00 becomes 02:30
    assert local_instant(utc(2026, 10, 4).date(), 2, "Australia/Lord_Howe") == utc(2026, 10, 3, 15, 30)


def test_s3_a_local_hour_that_exists_twice_is_the_first():
    assert local_instant(utc(2026, 10, 25).date(), 2, "Europe/Madrid") == utc(2026, 10, 25, 0)
    assert window("daily", utc(2026, 10, 25, 0, 30), hour=2).starts_at == utc(2026, 10, 25, 0)


@pytest.mark.parametrize(("day", "hours"), [(28, 23), (24, 25), (23, 24)])
def test_s2_a_day_of_the_zone_lasts_23_or_25_hours(day: int, hours: int):
    span = window("daily", utc(2026, 3 if day == 28 else 10, day, 12))
    assert span.ends_at - span.starts_at == hours * HOUR


def test_a_zone_can_skip_a_whole_day():
    span = window("daily", utc(2011, 12, 30, 12), "Pacific/Apia", hour=8)
    assert span.holds(utc(2011, 12, 30, 12))


def test_the_next_digest_is_the_end_of_the_window_that_is_open():
    assert next_digest(person(), Frequency.DAILY, utc(2026, 11, 23, 8)) == utc(2026, 11, 24, 8)
