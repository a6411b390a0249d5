"""What a mail program is to do with Callboard's mail, before any program's own words for it.

Critical mail stays in the inbox and is marked. Digests have a folder of their own. What a Custom
notification asked for at once stays in the inbox. Everything else is filed by the group of its
event type. Mail that no rule names stays where it arrives.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr

from callboard.base.reasons import Frequency, Importance
from callboard.base.texts import ascii_address, shown
from callboard.catalogue.values import Catalogue, EventType
from callboard.people.access import valid_roles
from callboard.people.values import Person
from callboard.preferences.values import Kind, Notification

TOP = "Callboard"
"""The folder that holds the others."""
DIGESTS = "Digests"
DIGEST_FREQUENCIES = tuple(one for one in Frequency if one is not Frequency.IMMEDIATELY)
LONGEST_NAME = 60
"""Characters of a folder's name. Gmail takes 225 with the folders above it."""

# Separators and wildcards of IMAP servers, what Sieve and Gmail read as their own, and what no file may be called.
_UNSAFE = re.compile(r"""[/\\.*%"'?:<>|#~$^(){}\[\]\ufffe\uffff]+""")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder below `TOP`, and the event types whose mail goes there, in catalogue order.

    Without types that are always critical: their mail is never filed.
    """

    name: str
    types: tuple[EventType, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The rules for one person, or for everyone.

    Attributes:
        owner: whose notifications these are, in words for a heading; "" for everyone.
        address: the sender of all mail, in its ASCII form.
        critical: the event types in reach that are always critical.
        folders: one for each group with a type that is not.
        customs: names of the person's Custom notifications that ask for mail at once, each in one
            line, no name twice.
        custom_types: ids of the event types of all the person's Custom notifications.
    """

    owner: str
    address: str
    critical: tuple[EventType, ...]
    folders: tuple[Folder, ...]
    customs: tuple[str, ...] = ()
    custom_types: frozenset[str] = frozenset()

    @property
    def host(self) -> str:
        """Return HOST of rule C2, with which every List-Id ends."""
        return self.address.rpartition("@")[2]

    @property
    def has_customs(self) -> bool:
        """Return whether mail may come that a Custom notification asked for."""
        return bool(self.custom_types) or self.is_for_everyone

    @property
    def is_for_everyone(self) -> bool:
        """Return whether the rules know no one's notifications."""
        return not self.owner


def plan_for_person(person: Person, notifications: Iterable[Notification], catalogue: Catalogue, sender: str) -> Plan:
    """Return the rules for the event types that a person's notifications ask for.

    Muted ones count, for a mute ends; those that can send nothing (A4) do not. `sender` is
    CALLBOARD_FROM.
    """
    roles = valid_roles(person, catalogue)
    live = [
        one
        for one in notifications
        if not one.inactive
        and one.event_type in catalogue.event_types
        and catalogue.may_see_type(roles, one.event_type)
    ]
    asked = {one.event_type for one in live}
    customs = [one for one in live if one.kind is Kind.CUSTOM]
    critical, folders = _sorted(one for one in catalogue.event_types.values() if one.id in asked)
    return Plan(
        owner=shown(f"{person.name.strip()} <{person.email}>"),
        address=_address(sender),
        critical=critical,
        folders=folders,
        customs=tuple(
            dict.fromkeys(_name(one, catalogue) for one in customs if one.frequency is Frequency.IMMEDIATELY)
        ),
        custom_types=frozenset(one.event_type for one in customs),
    )


def plan_for_everyone(catalogue: Catalogue, sender: str) -> Plan:
    """Return rules that are right for every person: all event types of the catalogue."""
    critical, folders = _sorted(catalogue.event_types.values())
    return Plan(owner="", address=_address(sender), critical=critical, folders=folders)


def may_be_critical(event_type: EventType) -> bool:
    """Return whether some mail about the type is critical."""
    return event_type.importance is Importance.CRITICAL or bool(event_type.critical_when)


def folder_name(label: str) -> str:
    """Return a label as the name of one folder, whatever it holds: "Quality / control" is one level."""
    name = unicodedata.normalize("NFC", _UNSAFE.sub(" ", shown(label)))
    return _SPACES.sub(" ", name)[:LONGEST_NAME].strip(" -&") or "Other"


def _sorted(types: Iterable[EventType]) -> tuple[tuple[EventType, ...], tuple[Folder, ...]]:
    """Return the types that are always critical, and the folders of the others, both in catalogue order."""
    critical: list[EventType] = []
    groups: dict[str, list[EventType]] = {}
    for one in types:
        if one.importance is Importance.CRITICAL:
            critical.append(one)
        else:
            groups.setdefault(folder_name(one.group), []).append(one)
    return tuple(critical), tuple(Folder(name, tuple(members)) for name, members in groups.items())


def _name(custom: Notification, catalogue: Catalogue) -> str:
    return shown(custom.name).strip() or shown(catalogue.event_types[custom.event_type].label)


def _address(sender: str) -> str:
    return ascii_address(parseaddr(sender)[1]) or ""
