"""The one door through which people change: saved, audited, ended at once where access ends (A1), and told.

Everything happens in one transaction: a change is whole, with its row in the audit and its
events for the Masters, or it is not at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from callboard.base.errors import Fault, RejectedError
from callboard.base.instants import format_instant
from callboard.base.reasons import Reason
from callboard.catalogue.values import USER_CHANGED, Catalogue, PartnerKind
from callboard.decisions import store as ledger
from callboard.insights.open_items import OPEN_FOR, open_items
from callboard.intake import store as log
from callboard.intake.cloudevents import OWN_SOURCE, Draft, read_event
from callboard.mail import store as outbox
from callboard.mail.models import MailState
from callboard.people import store as people
from callboard.people.access import CONCERNS_BY
from callboard.people.governing import governed_partners, read_change, refusal
from callboard.people.models import User
from callboard.people.rules import PeopleFile, read_people, write_person
from callboard.people.sequences import hold_changes
from callboard.people.sessions import end_sessions
from callboard.people.values import Directory, Person, is_test_address

PARTNER_FIELDS = {kind: fields[0] for kind, fields in CONCERNS_BY.items()}
"""The event's field that names a partner of each kind; those of the studio concern no other."""

logger = structlog.get_logger(__name__)


class Door(StrEnum):
    """Where a change came in. `nightly` is the check for dormant accounts, also when started by hand."""

    TEAM = "team"
    CONSOLE = "console"
    API = "api"
    SCIM = "scim"
    IMPORT = "import"
    NIGHTLY = "nightly"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class By:
    """Who changes people, through which door, and why; no user for a command, a key or the nightly check."""

    user_id: int | None
    door: Door
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change came to.

    Attributes:
        ids: who changed or is new.
        withdrawn: items that will not leave.
        events: those raised for the Masters.
        persons: users that were named, changed or not.
        partners: partners that were named.
    """

    ids: tuple[int, ...] = ()
    deactivated: tuple[int, ...] = ()
    withdrawn: int = 0
    events: int = 0
    persons: int = 0
    partners: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that Masters hear of: what changed, of whom (as before or as now), a role's label, and what follows."""

    what: str
    person: Person
    role: str = ""
    message: str = ""


def change_person(who: str | int, changes: Mapping[str, Any], catalogue: Catalogue, by: By, now: datetime) -> Changed:
    """Change one person, or add one; tell the Masters. `changes` has keys of a people file's user (4.1).

    Raises:
        RejectedError: with every fault; its pointers are those of `changes`.
    """
    with transaction.atomic():
        hold_changes()
        known = people.load_directory()
        email = who if isinstance(who, str) else known.persons[who].email if who in known.persons else None
        if email is None:
            raise RejectedError(f"there is no user {who}")
        found = read_people({"users": [{"email": email, **changes}]}, known, catalogue)
        if isinstance(found, list):
            raise RejectedError([Fault(one.pointer.removeprefix("/users/0"), one.message) for one in found])
        return change_people(found, known, catalogue, by, now, announce=True)


def change_as_master(
    master_id: int,
    who: int | None,
    changes: Mapping[str, Any],
    catalogue: Catalogue,
    door: Door,
    now: datetime,
    *,
    is_as_seen: Callable[[Person], bool] = lambda _: True,
) -> Changed:
    """Change one of a Master's people, or add one, when that is still the Master's to do.

    `is_as_seen` tells of the person as stored now whether it is as when the change was tried.

    Raises:
        RejectedError: `not-found`, `conflict` when it is not as seen, `forbidden` for what no Master may do, or
            the faults.
    """
    with transaction.atomic():
        hold_changes()
        known = people.load_directory()
        master = known.persons[master_id]
        partners = [one.id for one in governed_partners(master, catalogue, known)]
        person = None if who is None else known.persons.get(who)
        if not partners or (who is not None and (person is None or person.partner not in partners)):
            raise RejectedError("there is no such person among your people", type="not-found")
        if person and not is_as_seen(person):
            raise RejectedError("This account was changed meanwhile. See once more what would change", type="conflict")
        found = read_change(changes, person, partners, known, catalogue)
        refused = ""
        if person:
            is_operator = people.is_operator(person.id)
            refused = refusal(person, found.persons[0], master, catalogue, known, is_operator=is_operator)
        if refused:
            raise RejectedError(refused.rstrip("."), type="forbidden")
        return change_people(found, known, catalogue, By(master_id, door), now, announce=True)


def change_people(
    file: PeopleFile, known: Directory, catalogue: Catalogue, by: By, now: datetime, *, announce: bool
) -> Changed:
    """Write what a checked people file changes over what is `known`.

    The caller has called `hold_changes` in this transaction before it loaded `known`. Who is
    deactivated gets nothing more from the commit on: what has not left is withdrawn (A1), sessions
    and keys end. With `announce` the Masters hear of each change.
    """
    pairs = people.save_people(file, known, now)
    ended = [after.id for before, after in pairs if before and before.active and not after.active]
    withdrawn = _end_access(ended, now)
    numbers = people.add_changes(_audit(pairs), by_id=by.user_id, door=by.door.value, note=by.note, now=now)
    tells = announce and USER_CHANGED in catalogue.event_types
    events = _tell_masters(dict(zip(numbers, pairs, strict=True)), known, catalogue, by, now) if tells else 0
    return Changed(
        ids=tuple(after.id for _, after in pairs),
        deactivated=tuple(ended),
        withdrawn=withdrawn,
        events=events,
        persons=len(file.persons),
        partners=len(file.partners),
    )


def create_operator(email: str, now: datetime) -> User:
    """Give a person the operators' console, by command; it is audited, and told to nobody.

    Raises:
        RejectedError: the account is deactivated.
    """
    with transaction.atomic():
        hold_changes()
        known = people.load_directory()
        before = known.by_email(email)
        if before and not before.active:
            raise RejectedError(f"{email} is deactivated; reactivate the account first, by the console or an import")
        user = people.make_operator(email)
        pair = (before, people.person_of(user, known))
        people.add_changes(_audit([pair]), by_id=None, door=Door.COMMAND.value, note="Made an operator", now=now)
    return user


def _end_access(user_ids: Sequence[int], now: datetime) -> int:
    """Withdraw everything of these users that has not left, end their sessions and keys; return how many items (A1)."""
    if not user_ids:
        return 0
    mails = outbox.queued_mails_of(user_ids)
    items = ledger.unsent_items(user_ids, mails)
    ledger.withdraw(dict.fromkeys(items, Reason.DEACTIVATED), now)
    outbox.set_state(mails, MailState.WITHDRAWN, now)
    end_sessions(user_ids)
    log.revoke_keys_of(user_ids, now)
    return len(items)


def _audit(pairs: Sequence[tuple[Person | None, Person]]) -> Iterator[tuple[int, str, str]]:
    for before, after in pairs:
        said = [json.dumps(one and write_person(one), ensure_ascii=False) for one in (before, after)]
        yield after.id, said[0], said[1]


def _tell_masters(
    changes: Mapping[int, tuple[Person | None, Person]], known: Directory, catalogue: Catalogue, by: By, now: datetime
) -> int:
    """Raise the events of changes, by their numbers in the audit; return how many. Test users are nobody's business."""
    actor = known.persons[by.user_id].email if by.user_id in known.persons else ""
    drafts: list[Draft] = []
    for number, (before, after) in changes.items():
        if not is_test_address(after.email):
            left = ""
            if before and before.active and not after.active:
                left = _left_open(after, len(open_items(after.id, catalogue, known, now)))
            told = _told(before, after, left, catalogue, by)
            drafts += _drafts(number, told, {"actor": actor, "note": by.note}, catalogue, now)
    log.enter_fence()
    return log.add_events(drafts, now).accepted


def _left_open(person: Person, count: int) -> str:
    """Return what a Master may have to look after when a person leaves."""
    if not count:
        return ""
    items = "1 critical item" if count == 1 else f"{count} critical items"
    return (
        f"{items} of the last {OPEN_FOR.days} days went to {person.name} and may still be open:"
        f" {settings.CONFIG.base_url}/team/people/{person.id}"
    )


def _told(before: Person | None, after: Person, left: str, catalogue: Catalogue, by: By) -> Iterator[Told]:
    """Yield what Masters hear of a change; who moves to another partner loses the roles there and has them here."""
    if before is None:
        yield Told("User created", after)
    elif before.active and not after.active:
        what = "Access removed for inactivity" if by.door is Door.NIGHTLY else "User deactivated"
        yield Told(what, after, message=left)
    elif after.active and not before.active:
        yield Told("User reactivated", after)
    old = before.roles if before else ()
    moved = before is not None and before.partner != after.partner
    for role in old:
        if before and (moved or role not in after.roles):
            yield Told("Role removed", before, _label(role, catalogue))
    for role in after.roles:
        if moved or role not in old:
            yield Told("Role granted", after, _label(role, catalogue))


def _label(role: str, catalogue: Catalogue) -> str:
    return catalogue.roles[role].label if role in catalogue.roles else role


def _drafts(
    number: int, told: Iterator[Told], said: Mapping[str, str], catalogue: Catalogue, now: datetime
) -> Iterator[Draft]:
    """Yield the events of one change; `said` is what all of them say."""
    for place, one in enumerate(told):
        partner_field = PARTNER_FIELDS.get(one.person.kind or PartnerKind.STUDIO, "")
        data = {
            **said,
            "account_change": one.what,
            "role": one.role,
            partner_field: one.person.partner,
            "title": f"{one.person.name} ({one.person.email})",
            "message": one.message,
        }
        found = read_event(
            {
                "specversion": "1.0",
                "id": f"account-{number}-{place}",
                "source": OWN_SOURCE,
                "type": USER_CHANGED,
                "subject": one.person.email,
                "time": format_instant(now),
                "data": {key: value for key, value in data.items() if key and value},
            },
            catalogue,
        )
        if isinstance(found, list):
            # A catalogue of one's own may give the fields other types; access must end all the same.
            logger.error("an account change cannot be told", person=one.person.email, faults=[str(f) for f in found])
        else:
            yield found
