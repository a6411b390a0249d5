"""From one event to everybody it concerns, by event type. Proven equal to the plain definition."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from callboard.base.reasons import Access
from callboard.catalogue.values import Catalogue, Event, PartnerKind
from callboard.matching.definition import asks_for
from callboard.people.access import concerned_partners, may_see
from callboard.people.values import Directory
from callboard.preferences.values import Book, Notification, from_default


class Matcher:
    """Answers "whose notifications does this event satisfy?" over a directory and a book.

    It reads both as they are at each call, so a change is seen by the next event.
    """

    def __init__(self, catalogue: Catalogue, directory: Directory, book: Book) -> None:
        self.catalogue = catalogue
        self.directory = directory
        self.book = book

    @cached_property
    def defaults(self) -> Mapping[str, tuple[Notification, ...]]:
        """Return the Defaults of each event type as notifications."""
        labels = self.catalogue.event_types
        return {
            type_id: tuple(from_default(one, labels[type_id].label) for one in found)
            for type_id, found in self.catalogue.defaults_by_type.items()
        }

    def match(self, event: Event) -> dict[int, list[Notification]]:
        """Return user id -> the person's notifications that match, Defaults first (M1, A1–A4).

        Persons without a match are not in it.
        """
        found: dict[int, list[Notification]] = {}
        allowed: dict[int, bool] = {}
        for default in self.defaults.get(event.type, ()):
            for user_id in self._audience(default, event):
                if self._may_see(user_id, event, allowed) and self._asks(default, user_id, event):
                    found.setdefault(user_id, []).append(default)
        for custom in self.book.of_type(event.type):
            owner = custom.user_id
            if owner is None or custom.inactive or not self._may_see(owner, event, allowed):
                continue
            if self._asks(custom, owner, event):
                found.setdefault(owner, []).append(custom)
        return found

    def _audience(self, default: Notification, event: Event) -> set[int]:
        """Return the holders of a Default's role whose partner the event concerns."""
        role = self.catalogue.roles[default.role or ""]
        partners = None if role.kind is PartnerKind.STUDIO else concerned_partners(event, role.kind, self.directory)
        holders = self.directory.holders(role.id, partners)
        return {one for one in holders if self.directory.persons[one].kind is role.kind}

    def _may_see(self, user_id: int, event: Event, allowed: dict[int, bool]) -> bool:
        known = allowed.get(user_id)
        if known is None:
            person = self.directory.persons.get(user_id)
            known = person is not None and may_see(person, event, self.catalogue, self.directory) is Access.ALLOWED
            allowed[user_id] = known
        return known

    def _asks(self, notification: Notification, user_id: int, event: Event) -> bool:
        person = self.directory.persons[user_id]
        return asks_for(notification, person, event, self.catalogue, self.directory)
