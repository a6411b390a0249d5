"""Partners and persons as frozen values, and the directory that holds them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from callboard.base.texts import address_key
from callboard.catalogue.values import PartnerKind

TEST_HOST = "test.invalid"
"""The host of invented colleagues: no mail reaches it. Source: RFC 6761 6.4."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def is_test_address(address: str) -> bool:
    """Return whether an address is that of a test user: an invented colleague, for trying roles."""
    return address_key(address).rpartition("@")[2] == TEST_HOST


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


class Directory:
    """All partners and persons in memory, with the look-ups the rules need.

    Changed only by `put_partner` and `put_person`, by the thread that owns it. `watchers` are
    told of each change of a person: what was known before, if anything, and what is now.
    """

    def __init__(self) -> None:
        self.partners: dict[str, Partner] = {}
        self.persons: dict[int, Person] = {}
        self._by_key: dict[str, int] = {}
        self._holders: dict[tuple[str, str | None], set[int]] = {}
        self._role_holders: dict[str, set[int]] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
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
