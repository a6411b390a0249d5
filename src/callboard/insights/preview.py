"""What would a notification bring? Its conditions over the events of the last 30 days.

The same definition that decides, `asks_for` under `may_see`, is asked for each event, so a
preview promises what matching keeps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from callboard.base.instants import format_instant, to_us
from callboard.base.reasons import Access, Frequency
from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue, Event
from callboard.decisions.windows import WindowCache
from callboard.insights import store
from callboard.mail.wording import Narrator
from callboard.matching.definition import asks_for
from callboard.people.access import may_see
from callboard.people.values import Directory, Person
from callboard.preferences.naming import title_of
from callboard.preferences.values import Notification

DAYS = 30
MAX_EVENTS = 100_000
"""Events that are looked at, the newest ones; beyond, the answer is scaled up and says so."""
MAX_OVERLAP = 500
"""Newest matching events that the person's other notifications are compared with."""
SAMPLES = 5
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a preview looks at besides the notification."""

    catalogue: Catalogue
    directory: Directory
    now: datetime
    collapse_s: float


@dataclass(slots=True)
class _Found:
    """What the events said: counts, the newest matching ones, and when a mail would have been asked for.

    `newest` and `mailed_at` are newest first; `span` is the time that the events cover.
    """

    total: int
    matching: int
    newest: list[Event]
    mailed_at: list[datetime]
    span: timedelta
    approximate: bool


def preview(
    asked: Notification, person: Person, others: Iterable[Notification], around: Surroundings
) -> dict[str, Any]:
    """Return what the notification would have brought, as JSON values.

    `total` counts the events of the type that the person may see, `matching` those asked for.
    `others` are the person's stored notifications; those that ask for some of the same events
    are named, with how many of the newest `MAX_OVERLAP` matching events they share.
    """
    found = _look(asked, person, around)
    scale = timedelta(days=DAYS) / found.span if found.approximate else 1.0
    instants = found.mailed_at[::-1]
    narrator = Narrator(around.catalogue, around.directory, person, around.now)
    frequencies = around.catalogue.event_types[asked.event_type].frequencies
    return {
        "event_type": asked.event_type,
        "days": DAYS,
        "total": round(found.total * scale),
        "matching": round(found.matching * scale),
        "approximate": found.approximate,
        "mails_per_week": {
            one.value: round(_mails(one, person, instants, around.collapse_s) * (_WEEK / found.span), 1)
            for one in frequencies
        },
        "samples": [_sample(one, narrator) for one in found.newest[:SAMPLES]],
        "overlaps": list(_overlaps(asked, person, others, found.newest, around)),
    }


def _look(asked: Notification, person: Person, around: Surroundings) -> _Found:
    since = around.now - timedelta(days=DAYS)
    found = _Found(0, 0, [], [], timedelta(days=DAYS), approximate=False)
    events = store.events_of_type(asked.event_type, since_us=to_us(since))
    oldest: Event | None = None
    for event in islice(events, MAX_EVENTS):
        oldest = event
        if may_see(person, event, around.catalogue, around.directory) is Access.ALLOWED:
            found.total += 1
            if asks_for(asked, person, event, around.catalogue, around.directory):
                found.matching += 1
                if len(found.newest) < MAX_OVERLAP:
                    found.newest.append(event)
                if person.notify_own_actions or event.actor_key != person.key:  # D4
                    found.mailed_at.append(event.accepted_at)
    if oldest and next(events, None) is not None:
        found.approximate = True
        found.span = max(around.now - oldest.accepted_at, timedelta(hours=1))
    return found


def _mails(frequency: Frequency, person: Person, instants: Sequence[datetime], collapse_s: float) -> int:
    """Return how many mails the events of these instants, oldest first, leave in (S1–S3)."""
    if frequency is not Frequency.IMMEDIATELY:
        cache = WindowCache()
        return len({cache.digest_window(person, frequency, at).starts_at for at in instants})
    if not collapse_s:
        return len(instants)
    mails = 0
    ends_at: datetime | None = None
    for at in instants:
        if ends_at is None or at >= ends_at:
            mails += 1
            ends_at = at + timedelta(seconds=collapse_s)
    return mails


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


def _overlaps(
    asked: Notification, person: Person, others: Iterable[Notification], matching: Sequence[Event], around: Surroundings
) -> Iterable[dict[str, Any]]:
    for other in others:
        if other.event_type != asked.event_type or other.inactive or other.ref == asked.ref:
            continue
        shared = sum(asks_for(other, person, one, around.catalogue, around.directory) for one in matching)
        if shared:
            yield {
                "id": other.id,
                "kind": other.kind.value,
                "label": title_of(other, around.catalogue, around.directory.partner_name),
                "frequency": other.frequency.value,
                "events": shared,
            }
