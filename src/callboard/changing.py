"""The one door through which people change: saved, audited, ended at once where access ends (A1), and told.

Everything happens in one transaction: a change is whole, with its row in the audit and its
events for the Masters, or it is not at all.
"""

from __future__ import annotations

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
from callboard.people.rules import PeopleFile, read_people
from callboard.people.sequences import hold_changes
from callboard.people.sessions import end_sessions
from callboard.people.values import Directory, Partner, Person, is_test_address

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that Masters hear of.

    Attributes:
        what: what changed.
        subject: of whom or of what, as an address or an id; `title` in words.
        partner: whose Masters hear of it: those of this partner and of the ones above; `kind` is its kind.
        role: a role's label.
        message: what follows.
    """

    what: str
    subject: str
    title: str
    partner: str | None
    kind: PartnerKind | None
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
    partners = file.changed_partners(known)
    pairs = people.save_people(file, known, now)
    ended = [after.id for before, after in pairs if before and before.active and not after.active]
    withdrawn = _end_access(ended, now)
    numbers, partner_numbers = people.add_changes(
        pairs, partners, by_id=by.user_id, door=by.door.value, note=by.note, now=now
    )
    told: dict[str, list[Told]] = {}
    if announce and USER_CHANGED in catalogue.event_types:
        called = Directory()
        for one in (*known.partners.values(), *file.partners):
            called.put_partner(one)
        for number, move in zip(partner_numbers, partners, strict=True):
            told[f"partner-{number}"] = list(_told_of_partner(*move, called))
        for number, pair in zip(numbers, pairs, strict=True):
            told[f"account-{number}"] = list(_told_of_person(*pair, known, catalogue, by, now))
    return Changed(
        ids=tuple(after.id for _, after in pairs),
        deactivated=tuple(ended),
        withdrawn=withdrawn,
        events=_tell_masters(told, known, catalogue, by, now),
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
        people.add_changes([pair], by_id=None, door=Door.COMMAND.value, note="Made an operator", now=now)
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


def _tell_masters(
    told: Mapping[str, Sequence[Told]], known: Directory, catalogue: Catalogue, by: By, now: datetime
) -> int:
    """Raise the events of changes, by the names of the changes; return how many."""
    if not told:
        return 0
    actor = known.persons[by.user_id].email if by.user_id in known.persons else ""
    drafts = [
        draft
        for name, each in told.items()
        for draft in _drafts(name, each, {"actor": actor, "note": by.note}, catalogue, now)
    ]
    log.enter_fence()
    return log.add_events(drafts, now).accepted


def _left_open(after: Person, catalogue: Catalogue, known: Directory, now: datetime) -> str:
    """Return what a Master may have to look after when a person leaves."""
    count = len(open_items(after.id, catalogue, known, now))
    if not count:
        return ""
    items = "1 critical item" if count == 1 else f"{count} critical items"
    return (
        f"{items} of the last {OPEN_FOR.days} days went to {after.name} and may still be open:"
        f" {settings.CONFIG.base_url}/team/people/{after.id}"
    )


def _told_of_person(
    before: Person | None, after: Person, known: Directory, catalogue: Catalogue, by: By, now: datetime
) -> Iterator[Told]:
    """Yield what Masters hear of a change; who moves to another partner loses the roles there and has them here.

    Test users are nobody's business.
    """
    if is_test_address(after.email):
        return
    if before is None:
        yield _told("User created", after)
    elif before.active and not after.active:
        what = "Access removed for inactivity" if by.door is Door.NIGHTLY else "User deactivated"
        yield _told(what, after, message=_left_open(after, catalogue, known, now))
    elif after.active and not before.active:
        yield _told("User reactivated", after)
    old = before.roles if before else ()
    moved = before is not None and before.partner != after.partner
    for role in old:
        if before and (moved or role not in after.roles):
            yield _told("Role removed", before, _label(role, catalogue))
    for role in after.roles:
        if moved or role not in old:
            yield _told("Role granted", after, _label(role, catalogue))


def _told(what: str, person: Person, role: str = "", message: str = "") -> Told:
    """Return what is told of a person, as before or as now."""
    return Told(
        what=what,
        subject=person.email,
        title=f"{person.name} ({person.email})",
        partner=person.partner,
        kind=person.kind,
        role=role,
        message=message,
    )


def _told_of_partner(before: Partner | None, after: Partner, called: Directory) -> Iterator[Told]:
    """Yield what Masters hear of a partner that moved: other people see its events now, and look after its people.

    One that only became of another kind is told on its own side alone. Those above it before hear
    that it left, under its name of then and not where to; those above it now that it came, not
    where from. `called` has all partners as they will be.
    """
    if before is None or (before.parent, before.kind) == (after.parent, after.kind):
        return
    what = "Partner account moved" if before.parent != after.parent else "Partner account changed"
    if before.parent and before.parent not in called.ancestors(after.id):
        above = called.partner_name(before.parent)
        says = f"It is no longer below {above}, which sees none of its events now."
        yield Told(
            what=what, subject=after.id, title=before.name, partner=before.parent, kind=before.kind, message=says
        )
    says = "It is below no other partner now."
    if before.parent == after.parent:
        says = "It is of another kind now, so its people see other events than before."
    elif after.parent:
        says = f"It is below {called.partner_name(after.parent)} now, which sees its events and looks after its people."
    yield Told(what=what, subject=after.id, title=after.name, partner=after.id, kind=after.kind, message=says)


def _label(role: str, catalogue: Catalogue) -> str:
    return catalogue.roles[role].label if role in catalogue.roles else role


def _drafts(
    name: str, told: Sequence[Told], said: Mapping[str, str], catalogue: Catalogue, now: datetime
) -> Iterator[Draft]:
    """Yield the events of one change; `said` is what all of them say."""
    for place, one in enumerate(told):
        partner_field = PARTNER_FIELDS.get(one.kind or PartnerKind.STUDIO, "")
        data = {
            **said,
            "account_change": one.what,
            "role": one.role,
            partner_field: one.partner,
            "title": one.title,
            "message": one.message,
        }
        found = read_event(
            {
                "specversion": "1.0",
                "id": f"{name}-{place}",
                "source": OWN_SOURCE,
                "type": USER_CHANGED,
                "subject": one.subject,
                "time": format_instant(now),
                "data": {key: value for key, value in data.items() if key and value},
            },
            catalogue,
        )
        if isinstance(found, list):
            # A catalogue of one's own may give the fields other types; access must end all the same.
            logger.error("an account change cannot be told", subject=one.subject, faults=[str(f) for f in found])
        else:
            yield found
