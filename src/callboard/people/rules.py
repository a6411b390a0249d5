"""The people file (interfaces 4.1), checked against what is known. Plain: no Django, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from callboard.base.errors import Fault
from callboard.base.texts import address_fault, address_key, ascii_address, kind_of, name_fault, usual_address
from callboard.catalogue.values import Catalogue, PartnerKind
from callboard.people.values import WEEKDAYS, Directory, Partner, Person
from callboard.people.zones import is_same_zone, modern, zone_names

_T = TypeVar("_T")
_LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_PARTNER_KEYS = ("id", "name", "kind", "parent")
_USER_KEYS = (
    "email", "name", "partner", "roles", "active", "time_zone", "locale",
    "digest_hour", "digest_weekday", "notify_own_actions",
)  # fmt: skip
OWN_SETTINGS = ("time_zone", "digest_hour", "digest_weekday", "notify_own_actions")
"""What a person may change about the own account."""


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """What a checked file says: every partner and person it names, as they will be.

    A person who is new has id 0.
    """

    partners: tuple[Partner, ...]
    persons: tuple[Person, ...]

    def changed_partners(self, known: Directory) -> list[tuple[Partner | None, Partner]]:
        """Return each partner that the file changes, as known before (None: it is new) and as it will be."""
        return [(known.partners.get(one.id), one) for one in self.partners if known.partners.get(one.id) != one]


def read_people(raw: Any, known: Directory, catalogue: Catalogue) -> PeopleFile | list[Fault]:
    """Return the partners and persons of a people file, merged over what is known, or all faults."""
    if not isinstance(raw, dict):
        return [Fault("", f"a people file must be an object with partners and users, not {kind_of(raw)}")]
    faults = _unknown_keys(raw, ("partners", "users"), "")
    lists: dict[str, list[Any]] = {}
    for key in ("partners", "users"):
        found = raw.get(key, [])
        if not isinstance(found, list):
            faults.append(Fault(f"/{key}", f"must be a list, not {kind_of(found)}"))
            found = []
        lists[key] = found
    partners = _read_all(lists["partners"], "/partners", lambda one, at: _read_partner(one, at, known), faults)
    after = {**known.partners, **{one.id: one for one in partners}}
    faults += _repeats([one.id for one in partners], "/partners")
    faults += _hierarchy_faults(partners, after)
    persons = _read_all(
        lists["users"], "/users", lambda one, at: _read_person(one, at, known, after, catalogue), faults
    )
    faults += _repeats([one.key for one in persons], "/users")
    if not faults:
        faults += _orphaned_roles(partners, persons, known)
    return faults or PeopleFile(tuple(partners), tuple(persons))


def write_people(directory: Directory) -> dict[str, Any]:
    """Return the directory as a people file, parents before children, sorted by id and address."""
    partners = sorted(directory.partners.values(), key=lambda one: (len(directory.ancestors(one.id)), one.id))
    persons = sorted((one for one in directory.persons.values() if one.partner), key=lambda one: one.key)
    return {
        "partners": [write_partner(one) for one in partners],
        "users": [write_person(one) for one in persons],
    }


def write_partner(partner: Partner) -> dict[str, Any]:
    """Return a partner as a people file has it."""
    return {key: getattr(partner, key) for key in _PARTNER_KEYS}


def write_person(person: Person) -> dict[str, Any]:
    """Return a person as a people file has it."""
    return {key: list(person.roles) if key == "roles" else getattr(person, key) for key in _USER_KEYS}


def read_own_settings(raw: Mapping[str, Any], person: Person) -> dict[str, Any] | list[Fault]:
    """Return what a person's wish changes among the own settings, or all faults; absent keys stay.

    An older name of the zone that is set changes nothing; a new zone gets today's name.
    """
    faults = _unknown_keys(dict(raw), OWN_SETTINGS, "")
    faults += [
        Fault(f"/{key}", fault) for key in OWN_SETTINGS if key in raw and (fault := _SETTING_FAULTS[key](raw[key]))
    ]
    if faults:
        return faults
    wanted = dict(raw)
    if "time_zone" in wanted:
        same = is_same_zone(wanted["time_zone"], person.time_zone)
        wanted["time_zone"] = person.time_zone if same else modern(wanted["time_zone"])
    return {key: value for key, value in wanted.items() if value != getattr(person, key)}


def _read_all(
    items: list[Any], where: str, read: Callable[[Any, str], _T | list[Fault]], faults: list[Fault]
) -> list[_T]:
    found: list[_T] = []
    for position, item in enumerate(items):
        result = read(item, f"{where}/{position}")
        if isinstance(result, list):
            faults += result
        else:
            found.append(result)
    return found


def _unknown_keys(raw: dict[str, Any], allowed: tuple[str, ...], at: str) -> list[Fault]:
    faults = []
    for key in raw:
        if key not in allowed:
            close = get_close_matches(key, allowed, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; use {', '.join(allowed)}"
            faults.append(Fault(f"{at}/{key[:60]}", f"is not known here{hint}"))
    return faults


def _repeats(keys: list[str], where: str) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for key in keys:
        if key in seen:
            faults.append(Fault(where, f"{key!r} stands twice; keep one"))
        seen.add(key)
    return faults


def _read_partner(raw: Any, at: str, known: Directory) -> Partner | list[Fault]:
    if not isinstance(raw, dict):
        return [Fault(at, f"a partner must be an object, not {kind_of(raw)}")]
    faults = _unknown_keys(raw, _PARTNER_KEYS, at)
    id_ = raw.get("id")
    fault = name_fault(id_) if "id" in raw else "is missing"
    if fault:
        return [*faults, Fault(f"{at}/id", fault)]
    said = _over(known.partners.get(str(id_)), _PARTNER_KEYS, raw)
    fault = name_fault(said["name"]) if "name" in said else "is missing"
    if fault:
        faults.append(Fault(f"{at}/name", fault))
    kind, parent = said.get("kind"), said.get("parent")
    if not isinstance(kind, str) or kind not in tuple(PartnerKind):
        faults.append(Fault(f"{at}/kind", f"must be one of {', '.join(PartnerKind)}"))
    if parent is not None and not isinstance(parent, str):
        faults.append(Fault(f"{at}/parent", f"must be a partner's id or null, not {kind_of(parent)}"))
    return faults or Partner(id=str(id_), name=said["name"], kind=PartnerKind(str(kind)), parent=parent)


def _over(known: Partner | Person | None, keys: tuple[str, ...], raw: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says, over what is known: absent keys keep their value (4.1)."""
    kept = {key: getattr(known, key) for key in keys} if known else {}
    if isinstance(known, Person):
        kept["roles"] = list(known.roles)
    return kept | raw


def _hierarchy_faults(partners: list[Partner], after: dict[str, Partner]) -> list[Fault]:
    """Check every link: a file can break one from either end, by the child's parent or the parent's kind."""
    places = {one.id: position for position, one in enumerate(partners)}
    faults = []
    for partner in after.values():
        if partner.parent is None:
            continue
        parent = after.get(partner.parent)
        at = (
            f"/partners/{places[partner.id]}/parent"
            if partner.id in places
            else f"/partners/{places.get(partner.parent)}/kind"
        )
        if parent is None:
            faults.append(Fault(at, f"{partner.parent!r} is not a partner"))
        elif parent.kind is not partner.kind:
            kinds = f"{parent.id} is a {parent.kind} and {partner.id} under it a {partner.kind}"
            faults.append(Fault(at, f"{kinds}; a parent must be of the same kind"))
        elif partner.id in places and _in_cycle(partner.id, after):
            faults.append(Fault(at, f"makes {partner.id} its own ancestor"))
    return faults


def _in_cycle(partner_id: str, partners: dict[str, Partner]) -> bool:
    seen = set()
    step: str | None = partner_id
    while step is not None and step in partners:
        if step in seen:
            return True
        seen.add(step)
        step = partners[step].parent
    return False


def _read_person(
    raw: Any, at: str, known: Directory, partners: dict[str, Partner], catalogue: Catalogue
) -> Person | list[Fault]:
    if not isinstance(raw, dict):
        return [Fault(at, f"a user must be an object, not {kind_of(raw)}")]
    faults = _unknown_keys(raw, _USER_KEYS, at)
    fault = address_fault(raw["email"]) if "email" in raw else "is missing"
    if fault:
        return [*faults, Fault(f"{at}/email", fault)]
    old = known.by_email(raw["email"])
    if old is None and (fault := _second_account(raw["email"], known)):
        return [*faults, Fault(f"{at}/email", fault)]
    said = _over(old, _USER_KEYS, raw)
    fault = name_fault(said["name"]) if "name" in said else "is missing"
    if fault:
        faults.append(Fault(f"{at}/name", fault))
    partner_id = said.get("partner")
    partner = partners.get(partner_id) if isinstance(partner_id, str) else None
    if partner is None:
        missing = "is missing" if "partner" not in said else f"{partner_id!r} is not a partner"
        faults.append(Fault(f"{at}/partner", missing))
    faults += _role_faults(said, at, partner, catalogue)
    for key, fault_of in _SETTING_FAULTS.items():
        if key in raw and (fault := fault_of(raw[key])):
            faults.append(Fault(f"{at}/{key}", fault))
    if faults or partner is None:
        return faults
    return Person(
        id=old.id if old else 0,
        email=raw["email"],
        name=said["name"],
        partner=partner.id,
        kind=partner.kind,
        roles=tuple(dict.fromkeys(said["roles"])),
        **{key: said[key] for key in _SETTING_FAULTS if key in said},
    )


def _second_account(address: str, known: Directory) -> str | None:
    """Return why an address that is nobody's yet may be somebody's mailbox: its domain is written otherwise."""
    usual, written = usual_address(address), ascii_address(address) or address
    if address_key(address) not in (address_key(usual), address_key(written)):
        return f"has letters that its domain is not written with; write {usual}"
    taken = known.by_email(usual) or known.by_email(written)
    return f"is the account {taken.email} already; write it so" if taken else None


def _role_faults(raw: dict[str, Any], at: str, partner: Partner | None, catalogue: Catalogue) -> list[Fault]:
    roles = raw.get("roles")
    if not isinstance(roles, list) or not all(isinstance(one, str) for one in roles):
        return [Fault(f"{at}/roles", "is missing" if "roles" not in raw else "must be a list of role ids")]
    faults = []
    for position, one in enumerate(roles):
        role = catalogue.roles.get(one)
        if role is None:
            close = get_close_matches(one, catalogue.roles, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; use {', '.join(catalogue.roles)}"
            faults.append(Fault(f"{at}/roles/{position}", f"{one[:200]!r} is not a role{hint}"))
        elif partner and role.kind is not partner.kind:
            faults.append(
                Fault(f"{at}/roles/{position}", f"{one} is for a {role.kind}; {partner.id} is a {partner.kind}")
            )
    return faults


def _orphaned_roles(partners: list[Partner], persons: list[Person], known: Directory) -> list[Fault]:
    """A partner whose kind changes must not leave people with roles of the old kind."""
    changed = {
        one.id: one for one in partners if one.id in known.partners and known.partners[one.id].kind is not one.kind
    }
    named = {one.key for one in persons}
    faults = []
    for person in known.persons.values():
        partner = changed.get(person.partner or "")
        if partner and person.key not in named and person.roles:
            faults.append(
                Fault(
                    "/partners",
                    f"{partner.id} becomes a {partner.kind}, but {person.name} there has roles of a {person.kind}",
                )
            )
    return faults


def _zone_fault(value: Any) -> str | None:
    if not isinstance(value, str):
        return f"must be a time zone like Europe/Madrid, not {kind_of(value)}"
    if value in zone_names():
        return None
    close = get_close_matches(value, zone_names(), n=1)
    return f"{value[:60]!r} is not a time zone like Europe/Madrid" + (f"; did you mean {close[0]}?" if close else "")


def _bool_fault(value: Any) -> str | None:
    return None if isinstance(value, bool) else f"must be true or false, not {kind_of(value)}"


def _hour_fault(value: Any) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 23  # noqa: PLR2004 - hours of a day
    return None if right else "must be a full hour from 0 to 23"


_SETTING_FAULTS: dict[str, Callable[[Any], str | None]] = {
    "active": _bool_fault,
    "notify_own_actions": _bool_fault,
    "time_zone": _zone_fault,
    "locale": lambda value: (
        None if isinstance(value, str) and _LOCALE.fullmatch(value) else "must be a language tag like en or pt-BR"
    ),
    "digest_hour": _hour_fault,
    "digest_weekday": lambda value: None if value in WEEKDAYS else f"must be one of {', '.join(WEEKDAYS)}",
}
