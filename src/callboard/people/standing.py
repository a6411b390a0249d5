"""What a person may do with stand-ins: find a colleague, name one for a time, see and end.

Every change is one transaction. A colleague is an active person of the own partner, of one above
or of one below; what concerns anybody else answers like what does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from callboard.base.errors import Fault, RejectedError
from callboard.base.texts import shown
from callboard.people import store
from callboard.people.sequences import hold_changes

if TYPE_CHECKING:
    from callboard.people.values import Directory, Person, StandIn

MAX_DAYS = 366
"""Days from now to the end of a stand-in; who is away for longer names somebody again, or leaves."""
TOO_OFTEN = "you have named ten stand-ins within an hour; wait a while, then name this one"
"""What is said to whom the limit stops: each naming mails two people."""
LIMIT_S = 3_600
"""Seconds after which that limit has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A stand-in with its two people."""

    about: StandIn
    person: Person
    delegate: Person


def colleagues(person: Person, directory: Directory, text: str, limit: int) -> list[Person]:
    """Return whom the person may name and in whose name or address every word of a text occurs, by name."""
    line = directory.line_of(person.partner)
    found = store.search_active(line, text, limit, directory)
    return [one for one in found if directory.may_stand_in(one, person)]


def current(person: Person, directory: Directory, now: datetime) -> list[Standing]:
    """Return the stand-ins that are not over in which the person is one of the two, the earliest first.

    One that brings nothing, as the other was deactivated or moved away, is not told of.
    """
    found = [_standing(one, directory) for one in store.stand_ins_of(person.id, now)]
    return [one for one in found if directory.may_stand_in(one.delegate, one.person)]


def name_delegate(
    person: Person,
    email: str,
    directory: Directory,
    now: datetime,
    *,
    ends_at: datetime,
    starts_at: datetime | None = None,
) -> Standing:
    """Let the colleague with this address stand in, from now or from a later instant on.

    Raises:
        RejectedError: with every fault.
    """
    starts_at = max(starts_at or now, now)
    with transaction.atomic():
        hold_changes()
        delegate = store.find_person(email, directory)
        faults = _time_faults(starts_at, ends_at, now)
        if delegate is None or not directory.may_stand_in(delegate, person):
            faults.append(Fault("/delegate", _whom_not(delegate, person)))
        elif any(one.delegate_id == delegate.id for one in store.stand_ins_of(person.id, now)):
            raise RejectedError(
                Fault("/delegate", "is your stand-in already, now or later; end that first"), type="conflict"
            )
        if faults or delegate is None:
            raise RejectedError(faults)
        made = store.add_stand_in(person.id, delegate.id, starts_at, ends_at)
    return Standing(about=made, person=person, delegate=delegate)


def end(person: Person, stand_in_id: int, directory: Directory, now: datetime) -> Standing:
    """End a stand-in at once; either of the two may.

    Raises:
        RejectedError: `not-found`.
    """
    with transaction.atomic():
        hold_changes()
        for one in store.stand_ins_of(person.id, now):
            if one.id == stand_in_id:
                store.end_stand_in(stand_in_id, now)
                return _standing(one, directory)
    raise RejectedError("there is no such stand-in", type="not-found")


def _standing(one: StandIn, directory: Directory) -> Standing:
    people = store.persons_by_id([one.person_id, one.delegate_id], directory)
    return Standing(about=one, person=people[one.person_id], delegate=people[one.delegate_id])


def _time_faults(starts_at: datetime, ends_at: datetime, now: datetime) -> list[Fault]:
    if ends_at <= starts_at:
        return [Fault("/until", "must be later than the begin, and in the future")]
    if ends_at > now + timedelta(days=MAX_DAYS):
        return [Fault("/until", f"must be at most {MAX_DAYS} days from now")]
    return []


def _whom_not(delegate: Person | None, person: Person) -> str:
    if delegate is not None and delegate.id == person.id:
        return "is yourself; name a colleague"
    return f"must be the address of an active colleague at {shown(person.partner or 'your partner')}, above or below"
