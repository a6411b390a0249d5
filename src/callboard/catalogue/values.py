"""The catalogue as frozen values, and the event that it describes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from types import NoneType
from typing import Any

from callboard.base.reasons import Frequency, Importance
from callboard.base.texts import address_key


class FieldType(StrEnum):
    """The types a field can have; the type decides the operators (M2)."""

    ENUM = "enum"
    LANGUAGE = "language"
    REFERENCE = "reference"
    PARTNER = "partner"
    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    BOOLEAN = "boolean"


class PartnerKind(StrEnum):
    """The kinds of partner accounts (interfaces 1)."""

    CONTENT_PARTNER = "content_partner"
    FULFILLMENT_PARTNER = "fulfillment_partner"
    QC_PARTNER = "qc_partner"
    STUDIO = "studio"


MENTIONS_ME = "mentions_me"
"""The personal field: its value depends on who asks (M8)."""
USER_CHANGED = "account.user_changed"
"""The event type that tells Masters of changes to accounts."""
COVERAGE_GAP = "account.coverage_gap"
"""The event type that tells Masters that a critical one reaches nobody."""
MASTER = "_master"
"""How the ids of Masters' roles end (interfaces 4.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing an event says that a condition can ask about.

    `values` are the codes of an enum or the tags a language picker offers; empty for the
    other types. `multiple`: the event carries a list (M4).
    """

    key: str
    label: str
    type: FieldType
    values: tuple[str, ...] = ()
    multiple: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`field op value`. `value` is as the person wrote it, `operand` as M2–M6 compare it."""

    field: str
    op: str
    value: Any
    operand: Any = dataclasses.field(compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the condition in the form of interfaces 4.2."""
        return {"field": self.field, "op": self.op, "value": self.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One kind of thing that can happen. `fields` and `frequencies` keep the catalogue's order."""

    id: str
    label: str
    description: str
    group: str
    fields: tuple[str, ...]
    frequencies: tuple[Frequency, ...]
    importance: Importance
    critical_when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named bundle of rights: which event types its holders may see (A2)."""

    id: str
    label: str
    kind: PartnerKind
    sees: tuple[str, ...]

    def sees_type(self, event_type: str) -> bool:
        """Return whether `*`, the type itself, or a prefix and `.*` in `sees` covers the type."""
        return any(
            pattern in ("*", event_type) or (pattern.endswith(".*") and event_type.startswith(pattern[:-1]))
            for pattern in self.sees
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """A notification that comes with a role."""

    event_type: str
    role: str
    frequency: Frequency
    where: tuple[Condition, ...] = ()

    @property
    def id(self) -> str:
        """Return `<event_type>/<role>` (interfaces 4.5)."""
        return f"{self.event_type}/{self.role}"


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything that can happen and who is told by default. Keys are ids, in file order."""

    fields: Mapping[str, Field]
    event_types: Mapping[str, EventType]
    roles: Mapping[str, Role]
    defaults: Mapping[str, Default]
    type_prefix: str = ""
    item_url: str = ""

    @cached_property
    def plain_values(self) -> Mapping[str, type]:
        """Return of each field that takes no lists the Python type whose values need no further look."""
        plain = {FieldType.INTEGER: int, FieldType.BOOLEAN: bool, FieldType.DATE: NoneType}
        return {one.key: plain.get(one.type, str) for one in self.fields.values() if not one.multiple}

    @cached_property
    def defaults_by_type(self) -> Mapping[str, tuple[Default, ...]]:
        """Return the Defaults of each event type, in file order."""
        found: dict[str, tuple[Default, ...]] = {}
        for default in self.defaults.values():
            found[default.event_type] = (*found.get(default.event_type, ()), default)
        return found

    def is_master(self, role: str) -> bool:
        """Return whether a role is that of a Master: who answers for a partner's accounts, and is told of them."""
        known = self.roles.get(role)
        return known is not None and role.endswith(MASTER) and known.sees_type(USER_CHANGED)

    @cached_property
    def defaults_by_role(self) -> Mapping[str, tuple[Default, ...]]:
        """Return the Defaults of each role, in file order."""
        found: dict[str, tuple[Default, ...]] = {}
        for default in self.defaults.values():
            found[default.role] = (*found.get(default.role, ()), default)
        return found

    def may_see_type(self, roles: tuple[str, ...], event_type: str) -> bool:
        """Return whether one of `roles` sees the type (A2); unknown roles see nothing."""
        return any(role in self.roles and self.roles[role].sees_type(event_type) for role in roles)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One immutable fact from the portal, checked and stored.

    Attributes:
        number: the row in the event log; orders events of one acceptance instant.
        key: opaque id made from (source, id), used in links.
        type: the event type's id in the catalogue, without prefix and version.
        time_at: when it happened; the acceptance instant when the portal did not say.
        data: field keys to JSON values; a `multiple` field holds a list; nulls are kept.
    """

    number: int
    key: str
    source: str
    id: str
    type: str
    subject: str | None
    time_at: datetime
    accepted_at: datetime
    data: Mapping[str, Any]

    @cached_property
    def date(self) -> date:
        """Return the event's date: the UTC date of its time (M6)."""
        return self.time_at.astimezone(UTC).date()

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """Return the address keys of `data.mentions` (M8)."""
        found = self.data.get("mentions") or ()
        return frozenset(address_key(one) for one in ([found] if isinstance(found, str) else found))

    @cached_property
    def actor_key(self) -> str | None:
        """Return the address key of who caused the event, or None (D4)."""
        actor = self.data.get("actor")
        return address_key(actor) if isinstance(actor, str) and actor else None

    def values(self, field: str) -> tuple[Any, ...]:
        """Return the values of a field; empty when the event lacks it or says null (M3)."""
        value = self.data.get(field)
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list | tuple) else (value,)
