"""Whom a Default concerns: the active holders of its role, by partner, without a row per person."""

from __future__ import annotations

from callboard.catalogue.values import Catalogue, Default, Event, PartnerKind
from callboard.people.access import concerned_partners, valid_roles
from callboard.people.values import Directory, Person

Key = tuple[str, str | None]
"""A Default's id, and a partner; None for the studio, whose people see every event."""


class Audiences:
    """The people of each (Default, partner), gathered when first asked for and kept until a person changes."""

    def __init__(self, catalogue: Catalogue, directory: Directory) -> None:
        self.catalogue = catalogue
        self.directory = directory
        self._known: dict[Key, tuple[int, ...]] = {}

    def of(self, default: Default, event: Event) -> list[int]:
        """Return the ids of the people whom the Default concerns and who may see the event (A1–A3)."""
        kind = self.catalogue.roles[default.role].kind
        if kind is PartnerKind.STUDIO:
            return list(self._of(default, None))
        partners = concerned_partners(event, kind, self.directory)
        return [one for partner in partners for one in self._of(default, partner)]

    def _of(self, default: Default, partner: str | None) -> tuple[int, ...]:
        key = (default.id, partner)
        known = self._known.get(key)
        if known is None:
            holders = self.directory.holders(default.role, None if partner is None else {partner})
            known = tuple(sorted(one for one in holders if self._has(self.directory.persons[one], default)))
            if known or partner in self.directory.partners:  # ids from events are unbounded: do not remember them
                self._known[key] = known
        return known

    def _has(self, person: Person, default: Default) -> bool:
        """Return whether a person has the Default and may see its type, partners aside."""
        roles = valid_roles(person, self.catalogue)
        return person.active and default.role in roles and self.catalogue.may_see_type(roles, default.event_type)

    def move(self, old: Person | None, new: Person) -> None:
        """Follow a change of a person."""
        told = ("partner", "kind", "roles", "active")
        if old is not None and all(getattr(old, name) == getattr(new, name) for name in told):
            return
        for person in (old, new):
            for role in person.roles if person else ():
                for default in self.catalogue.defaults.values():
                    if person and default.role == role:
                        self._known.pop((default.id, person.partner), None)
                        self._known.pop((default.id, None), None)
