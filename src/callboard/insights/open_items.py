"""What may lie open when a person leaves: the critical items of the last days that the person was to get.

Nobody knows which of them were read or dealt with, so all are offered.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from callboard.base.instants import to_us
from callboard.base.reasons import Importance
from callboard.catalogue.values import Catalogue, Event
from callboard.decisions.rules import importance_of
from callboard.insights import store
from callboard.intake.store import load_events
from callboard.people.values import Directory

OPEN_FOR = timedelta(days=7)
"""How far back an item may still be open."""


def open_items(user_id: int, catalogue: Catalogue, directory: Directory, now: datetime) -> list[Event]:
    """Return the critical events that a person was to get in the last days, newest first.

    Whoever is shown them must be allowed to see each (A1–A3): that is the caller's to check.
    """
    numbers = store.notified_since(user_id, to_us(now - OPEN_FOR))
    events = load_events(numbers)
    return [
        events[one]
        for one in numbers
        if importance_of(events[one], catalogue, directory.ancestors) is Importance.CRITICAL
    ]
