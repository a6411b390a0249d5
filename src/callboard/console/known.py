"""What the pages of the console know: the settings, the catalogue, the partners, the instant."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from callboard.base.config import Config
from callboard.base.instants import from_us
from callboard.base.texts import shown
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue
from callboard.insights import store as insights
from callboard.people.models import User
from callboard.people.store import person_of
from callboard.people.values import Directory, Partner, Person

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def config() -> Config:
    """Return the settings in force."""
    found: Config = settings.CONFIG
    return found


def now() -> datetime:
    """Return the current instant of business time."""
    return config().clock.now()


def real_now_s() -> float:
    """Return the instant of the real clock."""
    return time.time()


@cache
def catalogue() -> Catalogue:
    """Return the catalogue in force when the process started."""
    return load_catalogue(config().catalogue_path)


def partners() -> Directory:
    """Return a directory of all partners, without persons."""
    directory = Directory()
    for id_, name, kind, parent in insights.partner_rows():
        directory.put_partner(Partner(id=id_, name=name, kind=kind, parent=parent))
    return directory


def person(user: User, directory: Directory) -> Person:
    """Return a user as the rules see the person."""
    return person_of(user, directory)


# How things are shown


def instant(at: datetime) -> str:
    """Return an instant as "23 Nov 2026, 10:14:05", in UTC; pages name the zone once."""
    at = at.astimezone(UTC)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M:%S}"


def instant_us(value: int | None) -> str:
    """Return a stored instant for people; a dash for none."""
    return "–" if value is None else instant(from_us(value))


def instant_s(value: float) -> str:
    """Return an instant of the real clock for people."""
    return instant(datetime.fromtimestamp(value, UTC))


def span(seconds: float) -> str:
    """Return "40 s", "12 min", "5 h", "3 days"."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR:.0f} h"
    return f"{seconds // _DAY:.0f} days"


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 mail", "1,204 mails"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def role_names(roles: str) -> str:
    """Return the labels of stored roles."""
    known = catalogue().roles
    return ", ".join(shown(known[one].label) if one in known else shown(one) for one in roles.split())


def type_name(event_type: str) -> str:
    """Return an event type's label; its id when the catalogue does not have it any more."""
    known = catalogue().event_types.get(event_type)
    return shown(known.label) if known else shown(event_type)


def link(url: str, words: str) -> SafeString:
    """Return a link whose words come from outside."""
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, shown(words))
