"""The notifications file (interfaces 4.2), checked against what is known. Plain: no Django, no I/O."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from callboard.base import strict_json
from callboard.base.errors import Fault
from callboard.base.instants import format_instant, parse_instant
from callboard.base.texts import kind_of, name_fault
from callboard.catalogue.values import Catalogue
from callboard.people.values import Directory, Person
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Book, Kind, Mute, MutedBy, Notification, Ref

_CUSTOM_KEYS = ("id", "user", "name", "event_type", "where", "frequency", "muted", "muted_until")
_DEFAULT_KEYS = ("user", "default", "muted", "muted_until")


@dataclass(frozen=True, slots=True)
class MuteWish:
    """The mute a file asks for. `muted` None: the file does not say, keep what is."""

    user_id: int
    ref: Ref
    muted: bool | None
    until: datetime | None

    def as_mute(self, by: MutedBy) -> Mute:
        """Return the wish as a mute that has no revision yet."""
        return Mute(user_id=self.user_id, ref=self.ref, muted=bool(self.muted), until=self.until, by=by, revision=0)


@dataclass(frozen=True, slots=True)
class NotificationsFile:
    """What a checked file says, in file order."""

    customs: tuple[Notification, ...]
    mutes: tuple[MuteWish, ...]


def read_notifications(
    raw: Any, directory: Directory, catalogue: Catalogue, owners: dict[str, int]
) -> NotificationsFile | list[Fault]:
    """Return the notifications and mutes of a file, or all faults.

    `owners` maps the ids of stored notifications, deleted ones included, to their users.
    """
    if not isinstance(raw, list):
        return [Fault("", f"a notifications file must be a list, not {kind_of(raw)}")]
    faults: list[Fault] = []
    customs: dict[str, Notification] = {}
    mutes: dict[tuple[int, Ref], MuteWish] = {}
    for position, one in enumerate(raw):
        at = f"/{position}"
        found = read_one(one, at, directory, catalogue)
        if isinstance(found, list):
            faults += found
            continue
        notification, wish = found
        if notification:
            owner = owners.get(notification.id, notification.user_id)
            if owner != notification.user_id:
                faults.append(Fault(f"{at}/id", f"{notification.id!r} belongs to another user"))
            elif "id" in one and notification.id in customs:
                faults.append(Fault(f"{at}/id", f"{notification.id!r} stands twice; ids are unique"))
            customs[notification.id] = notification
        elif (wish.user_id, wish.ref) in mutes:
            faults.append(Fault(at, f"mutes {wish.ref.id} of this user a second time; keep one"))
        mutes[wish.user_id, wish.ref] = wish
    return faults or NotificationsFile(tuple(customs.values()), tuple(mutes.values()))


def write_notifications(directory: Directory, book: Book) -> list[dict[str, Any]]:
    """Return all Custom notifications and Default mutes in the form of 4.2, by user, then id."""
    rows: list[tuple[str, int, str, dict[str, Any]]] = []
    for one in book.customs.values():
        person = directory.persons[one.user_id or 0]
        rows.append(
            (person.key, 0, one.id, {**as_json(one), "user": person.email, **_mute_json(book, person, one.ref)})
        )
    for (user_id, ref), mute in book.mutes.items():
        if ref.kind is Kind.DEFAULT and mute.muted:
            person = directory.persons[user_id]
            rows.append(
                (person.key, 1, ref.id, {"user": person.email, "default": ref.id, **_mute_json(book, person, ref)})
            )
    return [row for *_, row in sorted(rows, key=lambda row: row[:3])]


def as_json(notification: Notification) -> dict[str, Any]:
    """Return the notification's own part of 4.2."""
    return {
        "id": notification.id,
        "name": notification.name,
        "event_type": notification.event_type,
        "where": json.loads(notification.stored_where)
        if notification.stored_where
        else [one.as_json() for one in notification.where],
        "frequency": notification.frequency.value,
    }


def _mute_json(book: Book, person: Person, ref: Ref) -> dict[str, Any]:
    mute = book.mutes.get((person.id, ref))
    muted = mute is not None and mute.muted
    until = mute.until if mute and muted else None
    return {"muted": muted, "muted_until": format_instant(until) if until else None}


def read_one(
    raw: Any, at: str, directory: Directory, catalogue: Catalogue
) -> tuple[Notification | None, MuteWish] | list[Fault]:
    """Return the Custom notification of an object of a file, if it is one, and its mute, or all faults."""
    if not isinstance(raw, dict):
        return [Fault(at, f"a notification must be an object, not {kind_of(raw)}")]
    allowed = _DEFAULT_KEYS if "default" in raw else _CUSTOM_KEYS
    faults = [
        Fault(f"{at}/{key[:60]}", f"is not known here; use {', '.join(allowed)}") for key in raw if key not in allowed
    ]
    email = raw.get("user")
    person = directory.by_email(email) if isinstance(email, str) else None
    if person is None:
        said = "is missing" if "user" not in raw else f"{str(email)[:200]!r} is not a user; import people first"
        return [*faults, Fault(f"{at}/user", said)]
    mute = read_mute(raw, at)
    if isinstance(mute, list):
        return faults + mute
    if "default" in raw:
        default = raw["default"]
        if not isinstance(default, str) or default not in catalogue.defaults:
            close = get_close_matches(str(default), catalogue.defaults, n=1)
            faults.append(
                Fault(
                    f"{at}/default",
                    f"{str(default)[:200]!r} is not a Default" + (f"; did you mean {close[0]}?" if close else ""),
                )
            )
        return faults or (None, MuteWish(person.id, Ref(default, Kind.DEFAULT), *mute))
    if "id" in raw and (fault := _id_fault(raw["id"], catalogue)):
        faults.append(Fault(f"{at}/id", fault))
    found = read_custom(raw, catalogue, id=str(raw["id"]) if "id" in raw else _made_id(raw), user_id=person.id)
    if isinstance(found, list):
        faults += [Fault(f"{at}{one.pointer}", one.message) for one in found]
    if faults or isinstance(found, list):
        return faults
    return found, MuteWish(person.id, found.ref, *mute)


def _id_fault(value: Any, catalogue: Catalogue) -> str | None:
    """Return what is wrong with the id of a Custom notification: it must not read as something else."""
    if fault := name_fault(value):
        return fault
    if value in catalogue.defaults:
        return f"{value!r} is the id of a Default; choose another"
    if value == "preview" or str(value).endswith(("/mute", "/unmute", "/duplicate")):
        return f"{value!r} reads as an address of the API; choose another"
    return None


def read_mute(raw: dict[str, Any], at: str) -> tuple[bool | None, datetime | None] | list[Fault]:
    """Return (muted, until) of a 4.2 object, or what is wrong with them."""
    muted, until = raw.get("muted"), raw.get("muted_until")
    if "muted" in raw and not isinstance(muted, bool):
        return [Fault(f"{at}/muted", f"must be true or false, not {kind_of(muted)}")]
    if until is None:
        return muted, None
    if not isinstance(until, str):
        return [Fault(f"{at}/muted_until", f"must be an instant like 2026-11-30T08:00:00Z, not {kind_of(until)}")]
    if not muted:
        return [Fault(f"{at}/muted_until", "goes only with muted: true; remove it or mute")]
    try:
        return muted, parse_instant(until)
    except ValueError as exc:
        return [Fault(f"{at}/muted_until", str(exc))]


def _made_id(raw: dict[str, Any]) -> str:
    """Return an id made from what the row says, so that importing it again changes nothing."""
    said = strict_json.dumps([raw.get(key) for key in ("user", "name", "event_type", "where", "frequency")])
    return "n-" + hashlib.blake2b(said.encode(), digest_size=10).hexdigest()
