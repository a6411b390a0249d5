"""Partners and persons as frozen values, and the directory that holds them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView
from dataclasses import dataclass
from datetime import datetime

from callboard.base.texts import address_key
from callboard.catalogue.values import PartnerKind

TEST_HOST = "test.invalid"
"""The host of invented colleagues: no mail reaches it. Source: RFC 6761 6.4."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def is_test_address(address: str) -> bool:
    """Return whether an address is that of a test user: an invented colleague, for trying roles."""
    return address_key(address).endswith(f"@{TEST_HOST}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A partner account: a company, perhaps under a parent of the same kind."""

    id: str
    name: str
    kind: PartnerKind
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as the rules see it. `partner` is None only for an operator without one."""

    id: int
    email: str
    name: str
    partner: str | None
    kind: PartnerKind | None
    roles: tuple[str, ...]
    active: bool = True
    time_zone: str = "UTC"
    locale: str = "en"
    digest_hour: int = 8
    digest_weekday: str = "monday"
    notify_own_actions: bool = False

    @property
    def key(self) -> str:
        """Return the form of the address in which it is compared."""
        return address_key(self.email)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A person who is away, and the delegate who receives what the person asked for, for a time.

    `ended_at` is set when either of the two has ended it before its time.
    """

    id: int
    person_id: int
    delegate_id: int
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        """Return whether `at` lies in its time: half-open, as every span."""
        return self.starts_at <= at < min(self.ends_at, self.ended_at or self.ends_at)


class Directory:
    """All partners, persons and stand-ins in memory, with the look-ups the rules need.

    Changed only by its `put_` methods, by the thread that owns it. `watchers` are
    told of each change of a person: what was known before, if anything, and what is now.
    """

    def __init__(self) -> None:
        self.partners: dict[str, Partner] = {}
        self.persons: dict[int, Person] = {}
        self._by_key: dict[str, int] = {}
        self._holders: dict[tuple[str, str | None], set[int]] = {}
        self._role_holders: dict[str, set[int]] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        self._stand_ins: dict[int, dict[int, StandIn]] = {}
        self.watchers: list[Callable[[Person | None, Person], None]] = []

    def put_partner(self, partner: Partner) -> None:
        """Add a partner or replace what is known of it."""
        self.partners[partner.id] = partner
        self._ancestors.clear()

    def put_person(self, person: Person) -> None:
        """Add a person or replace what is known of the person."""
        old = self.persons.get(person.id)
        if old:
            if self._by_key.get(old.key) == old.id:  # else two persons have changed addresses
                del self._by_key[old.key]
            for role in old.roles:
                self._holders[role, old.partner].discard(old.id)
                self._role_holders[role].discard(old.id)
        self.persons[person.id] = person
        self._by_key[person.key] = person.id
        for role in person.roles:
            self._holders.setdefault((role, person.partner), set()).add(person.id)
            self._role_holders.setdefault(role, set()).add(person.id)
        for told in self.watchers:
            told(old, person)

    def put_stand_in(self, one: StandIn) -> None:
        """Add a stand-in, or take it out once it was ended; of two persons only the newest counts."""
        delegates = self._stand_ins.setdefault(one.person_id, {})
        known = delegates.get(one.delegate_id, one)
        if one.ended_at is None and known.id <= one.id:
            delegates[one.delegate_id] = one
        elif known.id <= one.id:
            delegates.pop(one.delegate_id, None)
        if not delegates:
            del self._stand_ins[one.person_id]

    @property
    def away(self) -> KeysView[int]:
        """Return the ids of the persons who have named a delegate, for whatever time."""
        return self._stand_ins.keys()

    def stand_ins_for(self, person_id: int, at: datetime) -> tuple[StandIn, ...]:
        """Return the stand-ins of a person in force at an instant, whose delegates may stand in, by delegate."""
        found = self._stand_ins.get(person_id, {})
        return tuple(
            found[one] for one in sorted(found) if found[one].is_in_force(at) and self.stands_in(one, person_id)
        )

    def standing_in(self, delegate_id: int, at: datetime) -> tuple[StandIn, ...]:
        """Return the stand-ins in force at an instant in which somebody is the delegate, by person."""
        found = (self._stand_ins[one].get(delegate_id) for one in sorted(self._stand_ins))
        return tuple(one for one in found if one and one.is_in_force(at) and self.stands_in(delegate_id, one.person_id))

    def stand_in_of(self, delegate_id: int, person_id: int) -> StandIn | None:
        """Return the newest stand-in of two persons, also one whose time is over; None once either has ended it."""
        return self._stand_ins.get(person_id, {}).get(delegate_id)

    def stands_in(self, delegate_id: int, person_id: int) -> bool:
        """Return whether what the delegate got through the person may still leave: whatever the time, nobody ended it.

        Both must be active, and of one line of partners as when it began.
        """
        if self.stand_in_of(delegate_id, person_id) is None:
            return False
        person, delegate = self.persons.get(person_id), self.persons.get(delegate_id)
        return person is not None and delegate is not None and self.may_stand_in(delegate, person)

    def may_stand_in(self, delegate: Person, person: Person) -> bool:
        """Return whether somebody may stand in for a person: two active people of one line of partners.

        A test user stands in for nobody: that mail would go where nobody reads it.
        """
        one, other = delegate.partner, person.partner
        if one is None or other is None or delegate.id == person.id or is_test_address(delegate.email):
            return False
        return delegate.active and person.active and (one in self.ancestors(other) or other in self.ancestors(one))

    def line_of(self, partner_id: str | None) -> set[str]:
        """Return a partner with all its ancestors and descendants; nothing for None."""
        if partner_id is None:
            return set()
        below = {one for one in self.partners if partner_id in self.ancestors(one)}
        return below | set(self.ancestors(partner_id))

    def as_if(self, person: Person) -> Directory:
        """Return a directory in which this person is as given, and all else is as here."""
        found = Directory()
        found.partners = self.partners
        found.persons = dict(self.persons)
        found._by_key = dict(self._by_key)
        found._holders = {key: set(ids) for key, ids in self._holders.items()}
        found._role_holders = {key: set(ids) for key, ids in self._role_holders.items()}
        found._stand_ins = self._stand_ins
        found.put_person(person)
        return found

    def by_email(self, email: str) -> Person | None:
        """Return the person with this address, compared case-insensitively."""
        found = self._by_key.get(address_key(email))
        return None if found is None else self.persons[found]

    def ancestors(self, partner_id: str) -> tuple[str, ...]:
        """Return the partner's id and all its ancestors', nearest first; unknown ids stand alone."""
        known = self._ancestors.get(partner_id)
        if known is None:
            path: list[str] = []
            step: str | None = partner_id
            while step is not None and step not in path:
                path.append(step)
                step = self.partners[step].parent if step in self.partners else None
            known = tuple(path)
            if partner_id in self.partners:  # ids from events are unbounded: do not remember them
                self._ancestors[partner_id] = known
        return known

    def holders(self, role: str, partners: Iterator[str] | set[str] | None = None) -> set[int]:
        """Return the ids of the persons with a role, of all partners or of those given."""
        if partners is None:
            return set(self._role_holders.get(role, ()))
        found: set[int] = set()
        for partner in partners:
            found |= self._holders.get((role, partner), set())
        return found

    def partner_name(self, partner_id: str) -> str:
        """Return the partner's name, or its id when the directory does not know it."""
        partner = self.partners.get(partner_id)
        return partner.name if partner else partner_id
