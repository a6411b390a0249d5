"""Everybody and everybody's settings in memory, kept up to date by revision (D0)."""

from __future__ import annotations

from callboard.catalogue.values import Catalogue
from callboard.people import store as people
from callboard.people.sequences import newest_revision
from callboard.people.values import Directory
from callboard.preferences import store as preferences
from callboard.preferences.values import Book


class World:
    """What deciding, composing and sending look at. Owned by one thread."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.directory = Directory()
        self.book = Book()
        self.revision = -1

    def refresh(self) -> None:
        """Apply every change that is committed and not applied yet.

        The number is read before the rows, so a change that commits in between is applied
        now and once more next time, never missed.
        """
        newest = newest_revision()
        if newest == self.revision:
            return
        people.apply_changes(self.directory, self.revision)
        preferences.apply_changes(self.book, self.revision, self.catalogue)
        self.revision = newest
