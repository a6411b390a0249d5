"""What may still leave, to whom and in whose name, remembered for as long as no setting changes (S5).

The answers are those of `decisions.rules`; most people of a broadcast share them, so each is
worked out once per revision of people and settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from callboard.base.reasons import Frequency, Importance, Reason
from callboard.catalogue.values import Event
from callboard.decisions.rules import importance_of, recheck_access, recheck_counting, still_lent
from callboard.decisions.store import Content, contents_of_mails, read_items, read_refs
from callboard.intake import store as log
from callboard.mail.letter import Item
from callboard.mail.store import Leased
from callboard.people.values import Person
from callboard.preferences.values import Kind, Notification, Ref, from_default
from callboard.preferences.world import World

EVENTS_KEPT = 5_000
"""Events in memory at a time; some megabytes."""

LISTED_KEPT = 300_000
"""Items of remembered lists in memory at a time; some tens of megabytes."""

_refs_of = lru_cache(maxsize=65_536)(read_refs)


class Items:
    """What some mails tell: (event number, refs as stored) in order of acceptance. One object for equal ones."""

    __slots__ = ("lenders", "named", "pairs", "refs")

    def __init__(self, found: Iterable[tuple[int, str]], events: dict[int, Event]) -> None:
        self.pairs = tuple(sorted(found, key=lambda one: (events[one[0]].accepted_at, one[0])))
        self.refs = frozenset(refs for _, refs in self.pairs)
        told = [events[number] for number, _ in self.pairs]
        self.named = frozenset(key for one in told for key in (one.actor_key, *one.mentioned) if key)
        """Address keys of those whom the events name: to them a mail says "you"."""
        self.lenders = frozenset(ref.of for refs in self.refs for ref in _refs_of(refs)) - {0}
        """Ids of those whose notifications asked for a stand-in."""


class Told(NamedTuple):
    """What one mail tells: its items, and the span they came in."""

    items: Items
    frequency: Frequency
    starts_us: int
    ends_us: int


def told_of(windows: Sequence[Content], items: Items) -> Told:
    """Return the items of a mail with the span of its windows."""
    if len(windows) == 1:
        (one,) = windows
        return Told(items, one.frequency, one.starts_us, one.ends_us)
    # Released mails leave as one digest: the weakest of their frequencies describes it.
    frequency = max((one.frequency for one in windows), key=lambda one: one.rank, default=Frequency.IMMEDIATELY)
    starts_us = min((one.starts_us for one in windows), default=0)
    return Told(items, frequency, starts_us, max((one.ends_us for one in windows), default=0))


class Checker:
    """Checks items and names what asked for them. Owned by the thread that owns the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._revision = world.revision
        self._events: dict[int, Event] = {}
        self._lists: dict[tuple[str, ...], Items] = {}
        self._listed = 0
        self._told: dict[int, Told] = {}
        self._parts: dict[tuple[Items, tuple[bool, ...]], Items] = {}
        self._access: dict[tuple[object, ...], dict[int, Reason | None]] = {}
        self._unmuted: dict[tuple[object, ...], dict[Items, tuple[Reason | None, ...]]] = {}
        self._asked: dict[str, tuple[Notification, ...]] = {}
        self._importance: dict[int, Importance] = {}
        self._importances: dict[Items, Importance] = {}

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
            self._told.clear()
            self._access.clear()
            self._unmuted.clear()
            self._asked.clear()
            self._importance.clear()
            self._importances.clear()

    def lists(self, contents: Iterable[tuple[str, ...]]) -> list[Items]:
        """Return the items that texts of contents hold, one list for each tuple of texts; events are read as needed."""
        wanted = list(contents)
        if self._listed > LISTED_KEPT:
            self._lists.clear()
            self._told.clear()
            self._parts.clear()
            self._access.clear()
            self._unmuted.clear()
            self._importances.clear()
            self._listed = 0
        unknown = set(wanted) - self._lists.keys()
        new = {texts: [one for text in texts for one in read_items(text)] for texts in unknown}
        events = self.events(number for found in new.values() for number, _ in found) if new else {}
        self._listed += sum(map(len, new.values()))
        self._lists.update((texts, Items(found, events)) for texts, found in new.items())
        return [self._lists[texts] for texts in wanted]

    def remember(self, told: Mapping[int, Told], revision: int) -> None:
        """Remember what the mails tell that were just composed, by mail id, as of a revision."""
        self.sync()
        if revision == self._revision:
            self._told.update(told)
            self._listed += len(told)

    def contents(self, mails: Sequence[Leased]) -> list[Told]:
        """Return what mails tell; what composing found here is not read again.

        It stands for a mail's first lease and while the revision does. For who withdraws items of a mail
        that is composed either deactivates the person, which makes a new revision, or holds the lease.
        """
        self.sync()
        told = {one.id: self._told[one.id] for one in mails if one.generation == 1 and one.id in self._told}
        missing = [one.id for one in mails if one.id not in told]
        if missing:
            windows: dict[int, list[Content]] = {one: [] for one in missing}
            for content in contents_of_mails(missing):
                windows[content.mail_id or 0].append(content)
            lists = self.lists(tuple(one.items for one in found) for found in windows.values())
            told |= {id_: told_of(found, items) for (id_, found), items in zip(windows.items(), lists, strict=True)}
        return [told[one.id] for one in mails]

    def part(self, items: Items, reasons: Sequence[Reason | None]) -> Items:
        """Return those items for which there is no reason to stay."""
        if not any(reasons):
            return items
        key = (items, tuple(one is None for one in reasons))
        known = self._parts.get(key)
        if known is None:
            kept = [one for one, reason in zip(items.pairs, reasons, strict=True) if reason is None]
            known = self._parts[key] = Items(kept, self.events(number for number, _ in kept))
        return known

    def verdicts(self, person: Person, items: Items, now: datetime) -> tuple[Reason | None, ...]:
        """Return for each item why it may not leave; None while it may.

        All who have the same rights and never muted anything get the same answer, but for stand-ins.
        """
        self.sync()
        rights = (person.active, person.kind, person.partner, person.roles)
        if items.lenders or person.id in self.world.book.muters:
            return self._judged(person, rights, items, now)
        known = self._unmuted.get(rights)
        if known is None:
            known = self._unmuted[rights] = {}
        reasons = known.get(items)
        if reasons is None:
            reasons = known[items] = self._judged(person, rights, items, now)
        return reasons

    def _judged(
        self, person: Person, rights: tuple[object, ...], items: Items, now: datetime
    ) -> tuple[Reason | None, ...]:
        access, world = self._access.setdefault(rights, {}), self.world
        unknown = [number for number, _ in items.pairs if number not in access]
        if unknown:
            events = self.events(unknown)
            access.update(
                (number, recheck_access(person, events[number], world.catalogue, world.directory)) for number in unknown
            )
        reasons = tuple([access[number] for number, _ in items.pairs])
        if items.lenders:
            counted = [self._recheck_lent(person, number, refs, now) for number, refs in items.pairs]
            return tuple(access or other for access, other in zip(reasons, counted, strict=True))
        counting = {refs: self._recheck(person, _refs_of(refs), now) for refs in items.refs}
        if not any(counting.values()):
            return reasons
        return tuple(reason or counting[refs] for reason, (_, refs) in zip(reasons, items.pairs, strict=True))

    def _recheck(self, person: Person, refs: Iterable[Ref], now: datetime) -> Reason | None:
        world = self.world
        return recheck_counting(person, refs, world.catalogue, world.directory, world.book, now)

    def _recheck_lent(self, person: Person, number: int, refs: str, now: datetime) -> Reason | None:
        """Re-check an item that may have come through a stand-in: each event by itself, and for both people."""
        world, event = self.world, self.events([number])[number]
        lent = still_lent(person, event, _refs_of(refs), world.catalogue, world.directory)
        return self._recheck(person, lent, now)

    def importance(self, items: Items) -> Importance:
        """Return how much the most important of some items matters."""
        self.sync()
        known = self._importances.get(items)
        if known is None:
            found = (self._importance_of(number) for number, _ in items.pairs)
            known = self._importances[items] = min(found, key=lambda one: one.rank)
        return known

    def _importance_of(self, number: int) -> Importance:
        known = self._importance.get(number)
        if known is None:
            known = importance_of(self.events([number])[number], self.world.catalogue, self.world.directory.ancestors)
            self._importance[number] = known
        return known

    def told(self, items: Items) -> tuple[Item, ...]:
        """Return what a mail tells with everything known of it."""
        self.sync()
        events = self.events(number for number, _ in items.pairs)
        return tuple(
            Item(event=events[number], notifications=self._asked_by(refs), importance=self._importance_of(number))
            for number, refs in items.pairs
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
            found += [(custom, ref.of)] if custom else []
        elif ref.id in world.catalogue.defaults:
            default = world.catalogue.defaults[ref.id]
            label = world.catalogue.event_types[default.event_type].label
            found.append((from_default(default, label), ref.of))
    asked = [replace(one, of=of) if of else one for one, of in found]
    return tuple(sorted(asked, key=lambda one: (one.frequency.rank, one.kind, one.name, one.of)))
