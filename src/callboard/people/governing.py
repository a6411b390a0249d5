"""What a Master may do: look after the people of the own partner and of those below it, and no more.

Plain rules over what is known: the caller makes sure that this is up to date.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from callboard.base.errors import Fault, RejectedError
from callboard.base.texts import address_key, shown
from callboard.catalogue.values import Catalogue
from callboard.people.access import governs, masters_of
from callboard.people.rules import PeopleFile, read_people
from callboard.people.values import Directory, Partner, Person, is_test_address

TAKEN = "address-taken"
"""The type of the rejection of a newcomer whose address is an account already."""


def governed_partners(person: Person, catalogue: Catalogue, directory: Directory) -> tuple[Partner, ...]:
    """Return the partners that a person looks after as a Master: the own one first, then those below it by name."""
    found = [one for one in directory.partners.values() if governs(person, one.id, catalogue, directory)]
    found.sort(key=lambda one: (one.id != person.partner, one.name, one.id))
    return tuple(found)


def read_change(
    raw: Mapping[str, Any], person: Person | None, partners: Collection[str], known: Directory, catalogue: Catalogue
) -> PeopleFile:
    """Return what a Master of these partners asks for, checked as every people file is.

    `raw` is in the words of 4.1; of somebody who is known it may leave out what stays, and the address
    does stay. Without a `person` it is about somebody new: nobody is taken over by an address.

    Raises:
        RejectedError: with every fault, pointers into `raw`; `address-taken`.
    """
    asked = {**raw, "email": person.email} if person else dict(raw)
    if person and "email" in raw and address_key(str(raw["email"])) != person.key:
        raise RejectedError(Fault("/email", "stays: an address is one person's account"))
    taken = None if person else known.by_email(str(asked.get("email", "")))
    if taken:
        is_own = taken.partner in partners
        there = "is already the account of one of your people" if is_own else "can not be invited here; ask an operator"
        raise RejectedError(Fault("/email", there), type=TAKEN)
    partner = asked.get("partner")
    if isinstance(partner, str) and partner not in partners:
        raise RejectedError(Fault("/partner", f"{shown(partner)[:200]!r} is not a partner that you look after"))
    found = read_people({"users": [asked]}, known, catalogue)
    if isinstance(found, list):
        raise RejectedError([Fault(one.pointer.removeprefix("/users/0"), one.message) for one in found])
    return found


def refusal(
    person: Person, after: Person, master: Person, catalogue: Catalogue, known: Directory, *, is_operator: bool
) -> str:
    """Return why a Master may not change somebody so, as a sentence, or ""."""
    if is_operator:
        return f"{shown(person.name)} is an operator of Callboard: only operators change this account."
    if is_test_address(person.email) and after.active and not person.active:
        return "An ended test stays ended. Begin another one."
    if person.id == master.id and not after.active:
        return "You can not deactivate yourself. Ask another Master, or an operator."
    others = [one for one in masters_of(person.partner or "", catalogue, known) if one.id != person.id]
    stays = after.active and after.partner == person.partner and any(map(catalogue.is_master, after.roles))
    is_master = person.active and any(map(catalogue.is_master, person.roles))
    if is_master and not stays and not others:
        name = shown(known.partner_name(person.partner or ""))
        return f"{shown(person.name)} is the last Master of {name}. Make somebody else one first, or ask an operator."
    return ""
