"""Notifications and mutes as frozen values, and the book that holds everybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from callboard.base.reasons import Frequency
from callboard.catalogue.values import Condition, Default


class Kind(StrEnum):
    """Default comes with a role; Custom is made by the person."""

    DEFAULT = "default"
    CUSTOM = "custom"


class MutedBy(StrEnum):
    """Through which door a notification was muted."""

    PERSON = "person"
    MAIL_LINK = "mail-link"
    IMPORT = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One row of a person's settings.

    `user_id` and the dates are None for a Default, `role` is None for a Custom. `inactive`
    says why a stored notification can not match any more (its catalogue changed), else None;
    `stored_where` keeps its conditions as JSON then, since `where` can not hold them. `of` is
    set where it asks for a stand-in: the id of the person whose notification it is.
    """

    id: str
    kind: Kind
    name: str
    event_type: str
    where: tuple[Condition, ...]
    frequency: Frequency
    user_id: int | None = None
    role: str | None = None
    inactive: str | None = None
    stored_where: str = ""
    version: int = 1
    created_at: datetime | None = None
    deleted_at: datetime | None = None
    of: int = 0

    @property
    def ref(self) -> Ref:
        """Return the reference that ledger rows keep."""
        return Ref(self.id, self.kind, self.of)


class Ref(NamedTuple):
    """A notification named by id and kind, as the ledger names it (4.4).

    `of` is 0 for one of the person's own; for a stand-in it is the id of the person whose it is.
    """

    id: str
    kind: Kind
    of: int = 0

    @property
    def own(self) -> Ref:
        """Return the reference as its owner's settings name it."""
        return Ref(self.id, self.kind) if self.of else self

    def as_json(self) -> dict[str, Any]:
        """Return the form that is stored."""
        named: dict[str, Any] = {"id": self.id, "kind": self.kind.value}
        return named | {"of": self.of} if self.of else named


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """A person's mute of one notification. `muted` False remembers an unmute.

    `until` None means until unmuted; `revision` orders it among all changes of settings.
    """

    user_id: int
    ref: Ref
    muted: bool
    until: datetime | None
    by: MutedBy
    revision: int

    def is_muted(self, now: datetime) -> bool:
        """Return whether the notification is muted at `now`; at `until` it no longer is (4.2)."""
        return self.muted and (self.until is None or self.until > now)


def from_default(default: Default, label: str) -> Notification:
    """Return a catalogue Default as the notification that its role's holders have."""
    return Notification(
        id=default.id,
        kind=Kind.DEFAULT,
        name=label,
        event_type=default.event_type,
        where=default.where,
        frequency=default.frequency,
        role=default.role,
    )


class Book:
    """Everybody's Custom notifications and mutes in memory.

    Changed only by `put` and `put_mute`, by the thread that owns it. Deleted notifications
    move to `deleted`: mails still name them when they counted. `muters` are those who muted
    anything, ever. `watchers` are told of each change of a Custom notification: what was there
    before and what is there now, if anything; `mute_watchers` of each mute and unmute.
    """

    def __init__(self) -> None:
        self.customs: dict[str, Notification] = {}
        self.deleted: dict[str, Notification] = {}
        self.by_type: dict[str, dict[str, Notification]] = {}
        self.by_user: dict[int, dict[str, Notification]] = {}
        self.mutes: dict[tuple[int, Ref], Mute] = {}
        self.muters: set[int] = set()
        self.watchers: list[Callable[[Notification | None, Notification | None], None]] = []
        self.mute_watchers: list[Callable[[Mute], None]] = []

    def put(self, notification: Notification) -> None:
        """Add a Custom notification, replace it, or take it out when it is deleted."""
        old = self.customs.pop(notification.id, None)
        if old and old.user_id is not None:
            del self.by_type[old.event_type][old.id]
            del self.by_user[old.user_id][old.id]
        self.deleted.pop(notification.id, None)
        new = None if notification.deleted_at or notification.user_id is None else notification
        for told in self.watchers:
            told(old, new)
        if new is None or notification.user_id is None:
            self.deleted[notification.id] = notification
            return
        self.customs[notification.id] = notification
        self.by_type.setdefault(notification.event_type, {})[notification.id] = notification
        self.by_user.setdefault(notification.user_id, {})[notification.id] = notification

    def put_mute(self, mute: Mute) -> None:
        """Record a mute or an unmute."""
        self.mutes[mute.user_id, mute.ref] = mute
        self.muters.add(mute.user_id)
        for told in self.mute_watchers:
            told(mute)

    def is_muted(self, user_id: int, ref: Ref, now: datetime) -> bool:
        """Return whether the notification is muted at `now` (D2): by the person, or by the one whose it is."""
        mute = self.mutes.get((ref.of, ref.own) if ref.of else (user_id, ref))
        return mute is not None and mute.is_muted(now)

    def of_type(self, event_type: str) -> Iterable[Notification]:
        """Return the Custom notifications of an event type."""
        return self.by_type.get(event_type, {}).values()
