"""Instants: RFC 3339 in, whole microseconds inside, RFC 3339 in UTC out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from callboard.base.instants import format_instant, from_us, parse_date, parse_instant, to_us


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23T09:14:00Z", datetime(2026, 11, 23, 9, 14, tzinfo=UTC)),
        ("2026-11-23t09:14:00z", datetime(2026, 11, 23, 9, 14, tzinfo=UTC)),
        ("2026-11-23 09:14:00Z", datetime(2026, 11, 23, 9, 14, tzinfo=UTC)),
        ("2026-11-23T10:14:00.5+01:00", datetime(2026, 11, 23, 9, 14, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22T23:14:00-10:00", datetime(2026, 11, 23, 9, 14, tzinfo=UTC)),
        ("2026-11-23T09:14:00.123456789Z", datetime(2026, 11, 23, 9, 14, 0, 123_456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2024-02-29T00:00:00-00:00", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_rfc_3339_is_read(text: str, at: datetime):
    assert parse_instant(text) == at
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-11-23", "2026-11-23T09:14:00", "2026-11-23T09:14Z", "20261123T091400Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T09:60:00Z", "2026-11-23T09:14:61Z",
        "2026-11-23T09:14:00+24:00", "2026-11-23T09:14:00+01:60", "2026-11-23T09:14:00+0100", "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-11-23T09:14:00.Z", "2026-11-23T09:14:00Z\n",
        "٢٠٢٦-11-23T09:14:00Z", "1763889240",
    ],
)  # fmt: skip
def test_what_is_no_rfc_3339_instant_is_refused(text: str):
    with pytest.raises(ValueError, match="is not"):
        parse_instant(text)


def test_an_instant_is_written_in_utc_without_an_empty_fraction():
    madrid = timezone(timedelta(hours=1))
    assert format_instant(datetime(2026, 11, 23, 10, tzinfo=madrid)) == "2026-11-23T09:00:00Z"
    assert format_instant(datetime(2026, 11, 23, 10, 0, 0, 1, tzinfo=madrid)) == "2026-11-23T09:00:00.000001Z"


def test_microseconds_are_exact_before_1970_and_far_away():
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)):
        assert from_us(to_us(at)) == at
    assert to_us(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) == -1


@pytest.mark.parametrize("text", ["2026-2-1", "2026-02-30", "20260201", "2026-02-01T00:00:00Z", "0000-01-01", ""])
def test_what_is_no_calendar_date_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a"):
        parse_date(text)
