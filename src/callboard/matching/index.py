"""From one event to everybody it concerns, by event type. Proven equal to the plain definition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from callboard.catalogue.values import MENTIONS_ME, Catalogue, Default, Event
from callboard.matching.audience import Audiences
from callboard.matching.definition import asks_for
from callboard.matching.filling import Filling, gathered
from callboard.matching.postings import Budget
from callboard.matching.shelf import Found, Shelf
from callboard.people.values import Directory, Person
from callboard.preferences.values import Book, Notification, from_default

DERIVED_BYTES = 256 * 1024 * 1024
"""What rows derived from the index may take, each generation half of it; a million notifications use about that."""


class Index:
    """The Custom notifications of everybody, on one shelf for each event type.

    Once `follow` was called it follows the directory and a book: a change is seen by the next
    event. Owned by one thread, as they are: matching and changes take turns, no lock is needed.
    """

    def __init__(self, catalogue: Catalogue, directory: Directory, derived_bytes: int = DERIVED_BYTES) -> None:
        self.catalogue = catalogue
        self.directory = directory
        self.budget = Budget(derived_bytes)
        self.shelves: dict[str, Shelf] = {}

    def __len__(self) -> int:
        """Return how many notifications there are."""
        return sum(len(one) for one in self.shelves.values())

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the index takes, what is derived included."""
        return self.budget.used_bytes + sum(one.used_bytes for one in self.shelves.values())

    def find(self, event: Event) -> Found | None:
        """Return the notifications that the event satisfies; None when its type has none."""
        shelf = self.shelves.get(event.type)
        return shelf.find(event) if shelf else None

    def fill(self, notifications: Iterable[Notification]) -> None:
        """Fill an empty index with many notifications, each of which may be forgotten then."""
        self.take(gathered(notifications))

    def take(self, filled: dict[str, Filling]) -> None:
        """Fill an empty index with what was gathered; it is used up."""
        for event_type in list(filled):
            self.shelves[event_type] = self._new_shelf(event_type)
            filled.pop(event_type).finish(self.shelves[event_type])
        self.warm()

    def _new_shelf(self, event_type: str) -> Shelf:
        return Shelf(event_type, self.catalogue, self.directory, self.budget)

    def warm(self) -> None:
        """Make the rows that most events will need, so that the first events are not the slow ones."""
        for shelf in self.shelves.values():
            shelf.warm()

    def follow(self, book: Book) -> None:
        """Take in each change of people, and of a book, from now on."""
        self.directory.watchers.append(self._move)
        book.watchers.append(self.change)

    def change(self, old: Notification | None, new: Notification | None) -> None:
        """Take a notification out, put its successor in, or both."""
        if old is not None and old.inactive is None:
            self.shelves[old.event_type].remove(old)
        if new is not None and new.inactive is None:
            shelf = self.shelves.get(new.event_type)
            if shelf is None:
                shelf = self.shelves[new.event_type] = self._new_shelf(new.event_type)
            shelf.add(new)

    def _move(self, old: Person | None, new: Person) -> None:
        for shelf in self.shelves.values():
            shelf.move(old, new)


class Matcher:
    """Answers "whose notifications does this event satisfy?" over a directory and a book.

    The index is made with the first event; from then on it follows their changes.
    """

    def __init__(self, catalogue: Catalogue, directory: Directory, book: Book) -> None:
        self.catalogue = catalogue
        self.directory = directory
        self.book = book
        self._index: Index | None = None
        self.audiences = Audiences(catalogue, directory)
        directory.watchers.append(self.audiences.move)

    @property
    def index(self) -> Index:
        """Return the index of the book; make it when there is none."""
        if self._index is None:
            index = Index(self.catalogue, self.directory)
            index.fill(self.book.customs.values())
            self.adopt(index)
            return index
        return self._index

    @property
    def has_index(self) -> bool:
        """Return whether the index is made."""
        return self._index is not None

    def adopt(self, index: Index) -> None:
        """Answer with an index that knows the book."""
        index.follow(self.book)
        self._index = index

    @cached_property
    def defaults(self) -> Mapping[str, tuple[tuple[Default, Notification], ...]]:
        """Return the Defaults of each event type, also as notifications."""
        labels = self.catalogue.event_types
        return {
            type_id: tuple((one, from_default(one, labels[type_id].label)) for one in found)
            for type_id, found in self.catalogue.defaults_by_type.items()
        }

    def match(self, event: Event) -> dict[int, list[Notification]]:
        """Return user id -> the person's notifications that match, Defaults first (M1, A1–A4).

        Persons without a match are not in it. Muted notifications are: a muted match is
        recorded as a skip (D2).
        """
        found: defaultdict[int, list[Notification]] = defaultdict(list)
        for default, notification in self.defaults.get(event.type, ()):
            for user_id in self._asking(default, notification, event):
                found[user_id].append(notification)
        customs = self.index.find(event)
        if customs is not None:
            known = self.book.customs
            for id_ in customs.ids():
                custom = known[id_]
                found[custom.user_id or 0].append(custom)
        return dict(found)

    def _asking(self, default: Default, notification: Notification, event: Event) -> list[int]:
        """Return the ids of the people whose Default matches."""
        persons = self.directory.persons
        audience = self.audiences.of(default, event)
        personal = any(one.field == MENTIONS_ME for one in default.where)
        asked = audience if personal else audience[:1]  # what one person is told, all of them are
        asking = [one for one in asked if asks_for(notification, persons[one], event, self.catalogue, self.directory)]
        return asking if personal or not asking else audience
