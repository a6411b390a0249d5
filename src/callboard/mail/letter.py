"""One mail before it is written: who gets it, what it tells, and why. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callboard.base.reasons import Frequency, Importance
from callboard.catalogue.values import Event
from callboard.people.values import Person, StandIn
from callboard.preferences.values import Notification


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One event in a mail, with the notifications that counted when it was decided (S4).

    `notifications` are ordered by frequency, then kind, then name; never empty.
    """

    event: Event
    notifications: tuple[Notification, ...]
    importance: Importance


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything one mail says.

    Attributes:
        person: the only recipient (C4).
        partner_name: the name of the person's partner account; "" for none.
        frequency: of the window; `immediately` for one event or a collapsed bulk action.
        starts_at: begin of the window, aware UTC.
        ends_at: end of the window, aware UTC.
        items: the window's items in order of acceptance; never empty.
        dated_at: the mail's Date, aware UTC.
        message_id: with its angle brackets, fixed when composed (C2).
        thread_root: Message-ID shaped root for References, with its angle brackets (C2).
        mute_url: the one-click link (C3).
        standing_in: the stand-ins through which notifications of other people asked for it.
    """

    person: Person
    partner_name: str
    frequency: Frequency
    starts_at: datetime
    ends_at: datetime
    items: tuple[Item, ...]
    dated_at: datetime
    message_id: str
    thread_root: str
    mute_url: str
    standing_in: tuple[StandIn, ...] = ()
