"""Notifications and mutes as frozen values, and the book that holds everybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
    `stored_where` keeps its conditions as JSON then, since `where` can not hold them.
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

    @property
    def ref(self) -> Ref:
        """Return the reference that ledger rows keep."""
        return Ref(self.id, self.kind)


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A notification named by id and kind, as the ledger names it (4.4)."""

    id: str
    kind: Kind

    def as_json(self) -> dict[str, str]:
        """Return the form of interfaces 4.4."""
        return {"id": self.id, "kind": self.kind.value}


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
    before and what is there now, if anything.
    """

    def __init__(self) -> None:
        self.customs: dict[str, Notification] = {}
        self.deleted: dict[str, Notification] = {}
        self.by_type: dict[str, dict[str, Notification]] = {}
        self.by_user: dict[int, dict[str, Notification]] = {}
        self.mutes: dict[tuple[int, Ref], Mute] = {}
        self.muters: set[int] = set()
        self.watchers: list[Callable[[Notification | None, Notification | None], None]] = []

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

    def is_muted(self, user_id: int, ref: Ref, now: datetime) -> bool:
        """Return whether the person has the notification muted at `now` (D2)."""
        mute = self.mutes.get((user_id, ref))
        return mute is not None and mute.is_muted(now)

    def of_type(self, event_type: str) -> Iterable[Notification]:
        """Return the Custom notifications of an event type."""
        return self.by_type.get(event_type, {}).values()
