"""Coverage and what-if over the database: who is looked at, and what is read for it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from callboard.base.errors import Fault, RejectedError
from callboard.catalogue.values import Catalogue
from callboard.insights.coverage import Circle, Line, coverage
from callboard.insights.whatif import Change, WhatIf, what_if
from callboard.intake import store as log
from callboard.mail import store as outbox
from callboard.people import store as people
from callboard.people.rules import read_people
from callboard.people.sessions import count_sessions
from callboard.people.values import Directory
from callboard.preferences import store as preferences
from callboard.preferences.values import Book
from callboard.preferences.world import World


def circle_of(world: World, now: datetime) -> Circle:
    """Return everybody, as a world that is up to date has them."""
    return _circle(world.catalogue, world.directory, world.book, now)


def load_circle(
    partners: Iterable[str], catalogue: Catalogue, now: datetime, types: Collection[str] | None = None
) -> Circle:
    """Return everybody who counts at some partners, those above and those below, as committed now.

    With `types` the circle answers for these event types alone.
    """
    directory = people.load_lines(partners)
    return _circle(catalogue, directory, preferences.load_book_of(directory.persons, catalogue, types), now)


def load_gaps(partners: Collection[str], catalogue: Catalogue, now: datetime) -> list[Line]:
    """Return the gaps at some partners, as committed now.

    A Custom opens no gap, it only closes some: of people's many Customs those are read that are
    about a type of which Defaults leave a gap.
    """
    circle = load_circle(partners, catalogue, now, types=())
    types = {one.event_type.id for one in coverage(circle, partners) if one.is_gap}
    book = preferences.load_book_of(circle.directory.persons, catalogue, types) if types else circle.book
    return [one for one in coverage(replace(circle, book=book), partners, types) if one.is_gap]


def _circle(catalogue: Catalogue, directory: Directory, book: Book, now: datetime) -> Circle:
    return Circle(catalogue=catalogue, directory=directory, book=book, now=now, unreachable=outbox.unreachable())


def load_circle_for(email: str, changes: Mapping[str, Any], catalogue: Catalogue, now: datetime) -> Circle:
    """Return everybody who counts for a change of one person: at the partner of today, and at that of then."""
    partners = (people.partner_of(email), changes.get("partner"))
    return load_circle([one for one in partners if isinstance(one, str)], catalogue, now)


def foresee(email: str, changes: Mapping[str, Any], circle: Circle, collapse_s: float) -> WhatIf:
    """Return what would change if a person did, or somebody new came. `changes` has keys of a people file's user (4.1).

    Raises:
        RejectedError: with every fault; its pointers are those of `changes`.
    """
    before = circle.directory.by_email(email)
    raw = {"email": before.email if before else email, **changes}
    found = read_people({"users": [raw]}, circle.directory, circle.catalogue)
    if isinstance(found, list):
        raise RejectedError([Fault(one.pointer.removeprefix("/users/0"), one.message) for one in found])
    change = Change(
        before=before,
        after=found.persons[0],
        sessions=count_sessions(before.id) if before else 0,
        keys=len(log.keys_owned([before.id])) if before else 0,
    )
    return what_if(change, circle, collapse_s)
