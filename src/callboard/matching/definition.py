"""The plain definition of matching (M1–M8 under A1–A4). Slow, short, and the judge of every index."""

from __future__ import annotations

from callboard.base.reasons import Access
from callboard.catalogue.conditions import holds
from callboard.catalogue.values import Catalogue, Event
from callboard.people.access import may_see, valid_roles
from callboard.people.values import Directory, Person
from callboard.preferences.values import Book, Kind, Notification, from_default


def matches(
    notification: Notification, person: Person, event: Event, catalogue: Catalogue, directory: Directory
) -> bool:
    """Return whether the person's notification asks for the event and the person may see it (M1).

    For a Default the person must hold its role.
    """
    if notification.event_type != event.type or notification.inactive:
        return False
    if may_see(person, event, catalogue, directory) is not Access.ALLOWED:
        return False
    if notification.kind is Kind.DEFAULT and notification.role not in valid_roles(person, catalogue):
        return False
    return asks_for(notification, person, event, catalogue, directory)


def asks_for(
    notification: Notification, person: Person, event: Event, catalogue: Catalogue, directory: Directory
) -> bool:
    """Return whether every condition holds, access aside."""
    return all(
        holds(one, catalogue.fields[one.field], event, viewer=person.key, ancestors=directory.ancestors)
        for one in notification.where
    )


def everybody(event: Event, catalogue: Catalogue, directory: Directory, book: Book) -> dict[int, list[Notification]]:
    """Return user id -> the person's notifications that match, Defaults first, by asking each of them."""
    labels = catalogue.event_types
    defaults = [from_default(one, labels[event.type].label) for one in catalogue.defaults_by_type.get(event.type, ())]
    found: dict[int, list[Notification]] = {}
    for person in directory.persons.values():
        for default in defaults:
            if matches(default, person, event, catalogue, directory):
                found.setdefault(person.id, []).append(default)
    for custom in book.of_type(event.type):
        owner = directory.persons.get(custom.user_id or 0)
        if owner and matches(custom, owner, event, catalogue, directory):
            found.setdefault(owner.id, []).append(custom)
    return found
