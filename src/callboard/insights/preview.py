"""What would a notification bring? Its conditions over the events of the last 30 days.

The plain definition decides, once per distinct value, so a preview promises what matching
keeps. It takes its time: what can not be read or asked within a part of a second is estimated,
and the next request goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from callboard.base.instants import format_instant, from_us, to_us
from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue, Event
from callboard.insights.choices import KnownPartners
from callboard.insights.columns import MAX_EVENTS, SHELF, Block, Patience
from callboard.insights.counting import Found, count_events, count_shared
from callboard.insights.rate import count_mails
from callboard.insights.sight import Sight
from callboard.intake.store import load_events
from callboard.mail.wording import Narrator
from callboard.people.values import Directory, Person
from callboard.preferences.naming import title_of
from callboard.preferences.values import Notification, Ref

DAYS = 30
SAMPLES = 5
READING = Patience(events=2_000, seconds=0.1)
COUNTING_S = 0.18
"""Seconds after which, reading included, no further events are looked at."""
COMPARING_S = 0.22
"""Seconds after which, all included, no further notification is compared."""
_SPAN = timedelta(days=DAYS)
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a preview looks at besides the notification; `muted` are the person's muted notifications."""

    catalogue: Catalogue
    directory: Directory
    now: datetime
    collapse_s: float
    muted: frozenset[Ref] = frozenset()


def preview(
    asked: Notification,
    person: Person,
    others: Iterable[Notification],
    around: Surroundings,
    reading: Patience = READING,
) -> dict[str, Any]:
    """Return what the notification would have brought, as JSON values.

    `total` counts the events of the type that the person may see, `matching` those asked for.
    `others` are the person's stored notifications; those that ask for some of the same events
    are named, with how many of the newest `MAX_OVERLAP` matching events they share. While
    `approximate`, the numbers are estimated from the newest events; while `counting`, asking
    again gives better ones.
    """
    began_s = monotonic()
    event_type = around.catalogue.event_types[asked.event_type]
    since_us = to_us(around.now - _SPAN)
    view = SHELF.read([event_type], around.catalogue, since_us, reading)[event_type.id]
    scene = Sight(person, around.catalogue, around.directory).of(event_type.id, view)
    found = count_events(asked.where, scene, view, since_us, began_s + COUNTING_S)
    rivals = [one for one in others if one.event_type == asked.event_type and one.ref != asked.ref and not one.inactive]
    shared = count_shared(rivals, found.newest, scene, began_s + COMPARING_S) if found.newest else [0] * len(rivals)
    span = _span(found, around.now)
    called = KnownPartners(person, around.catalogue, around.directory)
    return {
        "event_type": asked.event_type,
        "days": DAYS,
        "total": round(found.total * (_SPAN / span)),
        "matching": round(found.matching * (_SPAN / span)),
        "approximate": not found.exact,
        "counting": (not found.exact and found.looked < MAX_EVENTS) or len(shared) < len(rivals),
        "mails_per_week": {
            one.value: round(count_mails(one, person, found.mailed_us, around.collapse_s) * (_WEEK / span), 1)
            for one in event_type.frequencies
        },
        "samples": _samples(found.newest, person, around),
        "overlaps": [
            _overlap(one, title_of(one, around.catalogue, called), count, found, around)
            for one, count in zip(rivals, shared, strict=False)
            if count
        ],
    }


def _span(found: Found, now: datetime) -> timedelta:
    """Return the time that the events looked at cover."""
    if found.exact or not found.looked:
        return _SPAN
    return min(_SPAN, max(now - from_us(found.oldest_us), timedelta(hours=1)))


def _samples(newest: Block | None, person: Person, around: Surroundings) -> list[dict[str, Any]]:
    numbers = newest.numbers[:SAMPLES].tolist() if newest else []
    events = load_events(numbers)
    narrator = Narrator(around.catalogue, around.directory, person, around.now)
    return [_sample(events[number], narrator) for number in numbers if number in events]


def _sample(event: Event, narrator: Narrator) -> dict[str, Any]:
    title = event.data.get("title")
    return {
        "event": event.id,
        "source": event.source,
        "time": format_instant(event.time_at),
        "title": shown(title) if isinstance(title, str) else None,
        "subject": None if event.subject is None else shown(event.subject),
        "says": narrator.told(event).headline,
    }


def _overlap(other: Notification, label: str, shared: int, found: Found, around: Surroundings) -> dict[str, Any]:
    return {
        "id": other.id,
        "kind": other.kind.value,
        "label": label,
        "frequency": other.frequency.value,
        "muted": other.ref in around.muted,
        "events": shared,
        "covers": found.newest is not None and shared == len(found.newest),
    }
