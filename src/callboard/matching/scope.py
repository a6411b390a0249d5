"""Whose notifications an event may reach (A1–A3): the owners' access, one condition for all they own."""

from __future__ import annotations

from typing import Literal, NamedTuple

from callboard.catalogue.values import Event, PartnerKind
from callboard.matching.postings import Budget, Postings
from callboard.matching.rows import Row, Slots, add_form, all_clear, clear_bit, moved, resized, row_of, set_bit
from callboard.people.access import CONCERNS_BY
from callboard.people.values import Directory, Person


class Realm(NamedTuple):
    """What an owner may see of an event type: events that concern a partner of a kind."""

    kind: PartnerKind
    partner: str


EVERYTHING: Literal["everything"] = "everything"
Reach = Realm | Literal["everything"] | None
"""A realm, every event of the type (the studio), or none."""


def reach_of(person: Person) -> Reach:
    """Return which events of the types that a person sees concern the person (A3)."""
    if person.kind is PartnerKind.STUDIO:
        return EVERYTHING
    return Realm(person.kind, person.partner) if person.kind and person.partner else None


class Scope:
    """The slots of each realm. A slot without reach, or empty, is in none."""

    def __init__(self, words: int, budget: Budget, directory: Directory) -> None:
        self.everything = all_clear(words)
        self.realms: dict[PartnerKind, Postings] = {}
        self._fields: list[tuple[str, Postings]] = []
        self._budget = budget
        self._directory = directory

    def add(self, slot: int, reach: Reach) -> None:
        """Put a slot where its owner's access reaches."""
        if isinstance(reach, Realm):
            self._realms_of(reach.kind).add(reach.partner, slot)
        elif reach:
            set_bit(self.everything, slot)

    def add_all(self, slots: Slots, reach: Reach) -> None:
        """Put many slots where their owner's access reaches."""
        if isinstance(reach, Realm):
            self._realms_of(reach.kind).add_all(reach.partner, slots)
        elif reach:
            self.everything |= row_of(slots, len(self.everything))

    def _realms_of(self, kind: PartnerKind) -> Postings:
        postings = self.realms.get(kind)
        if postings is None:
            postings = self.realms[kind] = Postings(self._budget)
            self._fields += [(field, postings) for field in CONCERNS_BY[kind]]
        return postings

    def remove(self, slot: int, reach: Reach) -> None:
        """Undo `add`."""
        if isinstance(reach, Realm):
            self.realms[reach.kind].remove(reach.partner, slot)
        elif reach:
            clear_bit(self.everything, slot)

    def start(self, event: Event) -> Row:
        """Return the row of the slots whose owners may see the event."""
        row = self.everything.copy()
        words, data, ancestors = len(row), event.data, self._directory.ancestors
        for field, postings in self._fields:
            value = data.get(field)
            if value is None:
                continue
            for one in value if type(value) is list else (value,):
                for partner in ancestors(one) if isinstance(one, str) else ():
                    form = postings.derived.young.get(partner)
                    if form is None:
                        form = postings.form(partner, words)
                    if form is not None:
                        add_form(row, form)
        return row

    def move(self, to: Slots) -> None:
        """Give each slot its new number."""
        self.everything = moved(self.everything, to)
        for postings in self.realms.values():
            postings.move(to)

    @property
    def used_bytes(self) -> int:
        """Return about how much memory the scope takes, what is derived aside."""
        return self.everything.nbytes + sum(one.used_bytes for one in self.realms.values())

    def grow(self, words: int) -> None:
        """Make room for more slots."""
        self.everything = resized(self.everything, words, all_clear(words))
        for postings in self.realms.values():
            postings.derived.forget()
