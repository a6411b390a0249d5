"""Who looks at a page, with everything a page needs to speak to that person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from threading import Lock

from django.conf import settings
from django.http import HttpRequest

from callboard.base.reasons import Access
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue, Event
from callboard.insights.choices import KnownPartners
from callboard.mail.wording import Narrator
from callboard.people.access import may_see
from callboard.people.models import User
from callboard.people.sequences import newest_revision
from callboard.people.store import person_of
from callboard.people.values import Directory, Person
from callboard.preferences import store as preferences
from callboard.preferences.world import World
from callboard.web import store


@dataclass(frozen=True)
class Viewer:
    """The person who is signed in, what the rules look at, and one instant for the whole page."""

    person: Person
    catalogue: Catalogue
    directory: Directory
    now: datetime

    @property
    def partner_name(self) -> str:
        """Return the name of the person's partner account; "" for an operator without one."""
        return self.directory.partner_name(self.person.partner) if self.person.partner else ""

    @cached_property
    def partner_called(self) -> KnownPartners:
        """Return what partners are called for this person."""
        return KnownPartners(self.person, self.catalogue, self.directory)

    def narrator(self) -> Narrator:
        """Return who puts events into this person's words."""
        return Narrator(self.catalogue, self.directory, self.person, self.now)

    def may_see(self, event: Event) -> bool:
        """Return whether the person may see the event now (A1–A3)."""
        return may_see(self.person, event, self.catalogue, self.directory) is Access.ALLOWED

    def world(self) -> World:
        """Return a world that holds this person's settings only."""
        world = World(self.catalogue)
        world.directory = self.directory
        for mute in preferences.mutes_of(self.person.id).values():
            world.book.put_mute(mute)
        return world


def viewer_of(request: HttpRequest) -> Viewer:
    """Return the viewer of a request whose user is signed in."""
    user = request.user
    if not isinstance(user, User):
        raise TypeError("a page for signed-in people was asked for by nobody")
    return viewer_for(user)


def viewer_for(user: User) -> Viewer:
    """Return a user as a viewer."""
    directory = people()
    return Viewer(person_of(user, directory), catalogue(), directory, business_now())


def business_now() -> datetime:
    """Return the current instant of business time."""
    return settings.CONFIG.clock.now()


@cache
def catalogue() -> Catalogue:
    """Return the catalogue in force when the process started."""
    return load_catalogue(settings.CONFIG.catalogue_path)


class _People:
    """One directory for all threads of the process.

    Persons are replaced in place, one at a time, which a reader may see at any moment. When a
    partner changed, a new directory is read: the hierarchy decides who may see what.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.directory = Directory()
        self.revision = -1

    def current(self) -> Directory:
        with self.lock:
            newest = newest_revision()
            if newest < self.revision:  # another database, as between tests
                self.directory, self.revision = Directory(), -1
            if newest != self.revision:
                self.directory = store.refreshed(self.directory, self.revision)
                self.revision = newest
            return self.directory


_people = _People()


def people() -> Directory:
    """Return everybody, with every change that is committed by now."""
    return _people.current()


def forget_people() -> None:
    """Read everybody anew next time, as a test with a new database needs."""
    _people.directory, _people.revision = Directory(), -1
