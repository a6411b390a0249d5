"""Who may see what: rules A1–A3, as a value with its reason."""

from __future__ import annotations

from collections.abc import Mapping

from callboard.base.reasons import Access
from callboard.catalogue.values import Catalogue, Event, PartnerKind
from callboard.people.values import Directory, Person, is_test_address

CONCERNS_BY: Mapping[PartnerKind, tuple[str, ...]] = {
    PartnerKind.CONTENT_PARTNER: ("content_partner",),
    PartnerKind.FULFILLMENT_PARTNER: ("fulfillment_partner", "sub_assignee"),
    PartnerKind.QC_PARTNER: ("qc_partner",),
}
"""The event's fields that name the partners of each kind it concerns (A3). Studio: every event."""


def may_see(person: Person, event: Event, catalogue: Catalogue, directory: Directory) -> Access:
    """Return whether the person may see the event (A1–A3), or the first reason why not."""
    if not person.active:
        return Access.DEACTIVATED
    if not catalogue.may_see_type(valid_roles(person, catalogue), event.type):
        return Access.ROLE_DOES_NOT_SEE
    if person.kind is PartnerKind.STUDIO or person.partner in concerned_partners(event, person.kind, directory):
        return Access.ALLOWED
    return Access.OTHER_PARTNER


def concerned_partners(event: Event, kind: PartnerKind | None, directory: Directory) -> set[str]:
    """Return the ids of the partners of a kind that the event concerns, ancestors included (A3)."""
    fields = CONCERNS_BY.get(kind, ()) if kind else ()
    return {
        ancestor
        for field in fields
        for partner in event.values(field)
        if isinstance(partner, str)
        for ancestor in directory.ancestors(partner)
    }


def governs(person: Person, partner: str, catalogue: Catalogue, directory: Directory) -> bool:
    """Return whether a person answers, as a Master, for the accounts of a partner: the own one and those below."""
    return (
        person.active
        and person.partner in directory.ancestors(partner)
        and any(catalogue.is_master(role) for role in valid_roles(person, catalogue))
    )


def masters_of(partner: str, catalogue: Catalogue, directory: Directory) -> list[Person]:
    """Return the active Masters of a partner and of its ancestors, by address; no test users."""
    holders = {
        holder
        for role in catalogue.roles
        if catalogue.is_master(role)
        for holder in directory.holders(role, set(directory.ancestors(partner)))
    }
    found = [directory.persons[one] for one in holders]
    masters = [one for one in found if governs(one, partner, catalogue, directory) and not is_test_address(one.email)]
    return sorted(masters, key=lambda one: one.key)


def valid_roles(person: Person, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the person's roles that the catalogue knows for the partner's kind."""
    return tuple(role for role in person.roles if role in catalogue.roles and catalogue.roles[role].kind is person.kind)
