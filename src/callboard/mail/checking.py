"""What may still leave, to whom and in whose name, remembered for as long as no setting changes (S5).

The answers are those of `decisions.rules`; most people of a broadcast share them, so each is
worked out once per revision of people and settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from callboard.base.reasons import Importance, Reason
from callboard.catalogue.values import Event
from callboard.decisions.rules import importance_of, recheck_access, recheck_counting
from callboard.decisions.store import read_refs
from callboard.intake import store as log
from callboard.mail.letter import Item
from callboard.people.values import Person
from callboard.preferences.values import Kind, Notification, Ref, from_default
from callboard.preferences.world import World

EVENTS_KEPT = 5_000
"""Events in memory at a time; some megabytes."""

_refs_of = lru_cache(maxsize=65_536)(read_refs)


class Checker:
    """Checks items and names what asked for them. Owned by the thread that owns the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._revision = world.revision
        self._events: dict[int, Event] = {}
        self._access: dict[tuple[object, ...], dict[int, Reason | None]] = {}
        self._asked: dict[str, tuple[Notification, ...]] = {}
        self._importance: dict[int, Importance] = {}

    def events(self, numbers: Iterable[int]) -> dict[int, Event]:
        """Return the events, among others, by row number; those in memory are not read again."""
        wanted = set(numbers)
        missing = [one for one in wanted if one not in self._events]
        if missing:
            if len(self._events) + len(missing) > EVENTS_KEPT:
                self._events = {one: self._events[one] for one in wanted if one in self._events}
            self._events.update(log.load_events(missing))
        return self._events

    def sync(self) -> None:
        """Forget what older settings said."""
        if self._revision != self.world.revision:
            self._revision = self.world.revision
            self._access.clear()
            self._asked.clear()
            self._importance.clear()

    def verdicts(self, person: Person, items: Sequence[tuple[int, str]], now: datetime) -> list[Reason | None]:
        """Return for each item, (event number, refs as stored), why it may not leave; None while it may."""
        self.sync()
        access = self._access.setdefault((person.active, person.kind, person.partner, person.roles), {})
        counting: dict[str, Reason | None] = {}
        world, found = self.world, []
        for number, refs in items:
            if number not in access:
                access[number] = recheck_access(person, self._events[number], world.catalogue, world.directory)
            reason = access[number]
            if reason is None:
                if refs not in counting:
                    counting[refs] = recheck_counting(person, _refs_of(refs), world.catalogue, world.book, now)
                reason = counting[refs]
            found.append(reason)
        return found

    def importance(self, number: int) -> Importance:
        """Return how much an event matters."""
        self.sync()
        known = self._importance.get(number)
        if known is None:
            known = importance_of(self._events[number], self.world.catalogue, self.world.directory.ancestors)
            self._importance[number] = known
        return known

    def items(self, items: Sequence[tuple[int, str]]) -> tuple[Item, ...]:
        """Return what a mail tells: (event number, refs as stored) with everything known of them."""
        self.sync()
        return tuple(
            Item(event=self._events[number], notifications=self._asked_by(refs), importance=self.importance(number))
            for number, refs in items
        )

    def _asked_by(self, refs: str) -> tuple[Notification, ...]:
        known = self._asked.get(refs)
        if known is None:
            known = self._asked[refs] = asked_by(_refs_of(refs), self.world)
        return known


def asked_by(refs: Iterable[Ref], world: World) -> tuple[Notification, ...]:
    """Return the notifications that counted when decided, strongest first; also those gone since (S5)."""
    found = []
    for ref in refs:
        if ref.kind is Kind.CUSTOM:
            custom = world.book.customs.get(ref.id) or world.book.deleted.get(ref.id)
            found += [custom] if custom else []
        elif ref.id in world.catalogue.defaults:
            default = world.catalogue.defaults[ref.id]
            found.append(from_default(default, world.catalogue.event_types[default.event_type].label))
    return tuple(sorted(found, key=lambda one: (one.frequency.rank, one.kind, one.name)))
