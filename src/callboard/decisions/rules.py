"""Deciding: one answer per event and person, with its reason (D0–D5). Plain; no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from callboard.base.reasons import FREQUENCIES, Access, Frequency, Importance, Outcome, Reason
from callboard.catalogue.conditions import Ancestors, holds
from callboard.catalogue.values import Catalogue, Event
from callboard.people.access import may_see, valid_roles
from callboard.people.values import Directory, Person
from callboard.preferences.values import Book, Kind, Notification, Ref


class Decision(NamedTuple):
    """The answer for one person: `notifications` are those that count, or for skip those that matched."""

    person: Person
    outcome: Outcome
    reason: Reason
    notifications: tuple[Ref, ...]
    frequency: Frequency | None


def decide(person: Person, event: Event, matched: Iterable[Notification], is_muted: Callable[[Ref], bool]) -> Decision:
    """Return the one decision for a person whose `matched` notifications are not empty (D1–D4)."""
    asking = sorted([(one.frequency.rank, one.ref) for one in matched])
    if event.actor_key == person.key and not person.notify_own_actions:
        return _skip(person, Reason.OWN_ACTION, asking)
    counting = [(rank, ref) for rank, ref in asking if not is_muted(ref)]
    if not counting:
        return _skip(person, Reason.MUTED, asking)
    return Decision(
        person=person,
        outcome=Outcome.NOTIFY,
        reason=Reason.MATCHED,
        notifications=tuple([ref for _, ref in counting]),
        frequency=FREQUENCIES[counting[0][0]],
    )


def with_stand_ins(
    event: Event, matched: dict[int, list[Notification]], catalogue: Catalogue, directory: Directory, now: datetime
) -> dict[int, list[Notification]]:
    """Return what asks for each person: beside the own, what asks for whom the person stands in for now.

    Whose notifications match may see the event (M1); the delegate must as well (A1–A3). What
    reaches somebody through a stand-in goes no further.
    """
    away = matched.keys() & directory.away
    if not away:
        return matched
    found = dict(matched)
    for person_id in sorted(away):
        lent = [replace(one, of=person_id) for one in matched[person_id]]
        for one in directory.stand_ins_for(person_id, now):
            if may_see(directory.persons[one.delegate_id], event, catalogue, directory) is Access.ALLOWED:
                found[one.delegate_id] = [*found.get(one.delegate_id, ()), *lent]
    return found


def _skip(person: Person, reason: Reason, asking: Iterable[tuple[int, Ref]]) -> Decision:
    refs = tuple(ref for _, ref in asking)
    return Decision(person=person, outcome=Outcome.SKIP, reason=reason, notifications=refs, frequency=None)


def recheck_access(person: Person, event: Event, catalogue: Catalogue, directory: Directory) -> Reason | None:
    """Return why a decided item may not be seen any more, or None while it may (S5, A1–A4)."""
    access = may_see(person, event, catalogue, directory)
    if access is Access.ALLOWED:
        return None
    return Reason.DEACTIVATED if access is Access.DEACTIVATED else Reason.NO_ACCESS


def recheck_counting(
    person: Person, counted: Iterable[Ref], catalogue: Catalogue, directory: Directory, book: Book, now: datetime
) -> Reason | None:
    """Return why none of the notifications that counted does so any more, or None while one does (S5).

    When every counting notification is gone, `muted` is said if one of them still exists.
    """
    existing = [ref for ref in counted if exists(directory.persons[ref.of] if ref.of else person, ref, catalogue, book)]
    if any(not book.is_muted(person.id, ref, now) for ref in existing):
        return None
    return Reason.MUTED if existing else Reason.DELETED


def still_lent(
    person: Person, event: Event, counted: Iterable[Ref], catalogue: Catalogue, directory: Directory
) -> list[Ref]:
    """Return of what counted the own, and what is of somebody through whom the event may still reach the person.

    That is: neither of the two has ended the stand-in, both are active, and the other may see the event.
    """
    return [
        ref
        for ref in counted
        if not ref.of
        or (
            directory.stands_in(person.id, ref.of)
            and may_see(directory.persons[ref.of], event, catalogue, directory) is Access.ALLOWED
        )
    ]


def exists(owner: Person, ref: Ref, catalogue: Catalogue, book: Book) -> bool:
    """Return whether its owner still has the notification: Custom not deleted, Default's role held."""
    if ref.kind is Kind.CUSTOM:
        return ref.id in book.customs
    default = catalogue.defaults.get(ref.id)
    return default is not None and default.role in valid_roles(owner, catalogue)


def importance_of(event: Event, catalogue: Catalogue, ancestors: Ancestors) -> Importance:
    """Return how much the event matters: its type's importance, raised by `critical_when`."""
    event_type = catalogue.event_types.get(event.type)
    if event_type is None:
        return Importance.STANDARD
    if event_type.critical_when and all(
        holds(one, catalogue.fields[one.field], event, viewer="", ancestors=ancestors)
        for one in event_type.critical_when
    ):
        return Importance.CRITICAL
    return event_type.importance
