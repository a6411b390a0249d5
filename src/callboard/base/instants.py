"""Instants: aware UTC datetimes in the code, whole microseconds since 1970 in the database."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def to_us(at: datetime) -> int:
    """Return the whole microseconds between 1970 and the aware instant `at`."""
    return (at - EPOCH) // MICROSECOND


def from_us(instant_us: int) -> datetime:
    """Return the aware UTC instant of `instant_us` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=instant_us)


def parse_instant(text: str) -> datetime:
    """Return the aware UTC instant of an RFC 3339 timestamp.

    Raises:
        ValueError: `text` is not one, or lies outside the years 1–9999. A leap second
            (`:60`) counts as the last second of its minute.

    Source: RFC 3339 5.6.
    """
    if _USUAL.fullmatch(text):  # most are; the rest takes three times as long
        try:
            return datetime.fromisoformat(text)
        except ValueError as exc:
            raise ValueError(f"{text!r} is not a point in time ({exc})") from exc
    found = _RFC3339.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not an RFC 3339 timestamp like 2026-11-23T09:14:00Z")
    try:
        parts = [int(part) for part in found.groups()[:6]]
        at = datetime(*parts[:5], min(parts[5], 59), _fraction_us(found[7]), tzinfo=UTC)  # type: ignore[misc, arg-type, call-arg]
        return at - _offset(parts[5], found[8].upper())
    except (ValueError, OverflowError) as exc:
        raise ValueError(f"{text!r} is not a point in time ({exc})") from exc


def _fraction_us(digits: str | None) -> int:
    return int((digits or "").ljust(6, "0")[:6])


def _offset(second: int, zone: str) -> timedelta:
    """Return the zone's distance from UTC, east being positive."""
    if second > 60:  # noqa: PLR2004 - 60 is the leap second
        raise ValueError("second out of range")
    if zone == "Z":
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 23 or minutes > 59:  # noqa: PLR2004 - RFC 3339 time-numoffset
        raise ValueError("offset out of range")
    offset = timedelta(hours=hours, minutes=minutes)
    return offset if zone[0] == "+" else -offset


def format_instant(at: datetime) -> str:
    """Return `at` as RFC 3339 in UTC, without a fraction when it is zero."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_date(text: str) -> date:
    """Return the calendar date of `text` (YYYY-MM-DD).

    Raises:
        ValueError: `text` is not a calendar date.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text!r} is not a date like 2026-11-23")
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise ValueError(f"{text!r} is not a calendar date ({exc})") from exc
