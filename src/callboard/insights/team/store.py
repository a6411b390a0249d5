"""Every query about a Master's people, read-only, within the partners that are handed in."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from callboard.base.instants import from_us, to_us
from callboard.people.models import PersonChange, User
from callboard.people.values import TEST_HOST

_TEST = Q(email_key__endswith=f"@{TEST_HOST}")
_MAX_ID = 2**63
SHOWN: dict[str, Q] = {
    "": Q(is_active=True) & ~_TEST,
    "deactivated": Q(is_active=False) & ~_TEST,
    "test": _TEST & Q(is_active=True),
}
"""Which people each tab lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person of the list, as stored. `seen_at` is None for who has never been here."""

    id: int
    email: str
    name: str
    partner: str
    roles: tuple[str, ...]
    is_active: bool
    created_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a person, now at `partner`: who made it and how, with the account before and after as JSON."""

    id: int
    at: datetime
    by_name: str
    by_email: str
    door: str
    person_id: int
    partner: str
    before: str
    after: str
    note: str


def accounts(partners: Collection[str], shown: str, words: Sequence[str], limit: int) -> list[Account]:
    """Return people of these partners by name: of one tab, those whose name, address or role holds each word."""
    rows = _people(partners).filter(SHOWN[shown])
    for word in words[:8]:
        rows = rows.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(roles__icontains=word))
    return [_account(one) for one in rows.order_by("name", "id")[:limit]]


def account(user_id: int) -> Account:
    """Return one person's account as stored."""
    return _account(User.objects.get(id=user_id))


def find_account(user_id: int, partners: Collection[str]) -> Account | None:
    """Return one person of these partners; None when there is none."""
    found = _people(partners).filter(id=user_id).first() if user_id < _MAX_ID else None
    return None if found is None else _account(found)


def count_accounts(partners: Collection[str]) -> dict[str, int]:
    """Return how many people each tab lists."""
    return {key: _people(partners).filter(wanted).count() for key, wanted in SHOWN.items()}


def _people(partners: Collection[str]) -> QuerySet[User]:
    return User.objects.filter(partner_id__in=list(partners))


def _account(one: User) -> Account:
    return Account(
        id=one.pk,
        email=one.email,
        name=one.name,
        partner=one.partner_id or "",
        roles=tuple(one.roles.split()),
        is_active=one.is_active,
        created_at=from_us(one.created_us),
        seen_at=None if one.seen_us is None else from_us(one.seen_us),
    )


def mails_since(user_ids: Collection[int], since: datetime) -> dict[int, int]:
    """Return user id -> mails that left since an instant, for those who got any."""
    if not user_ids:
        return {}
    marks = ", ".join(["%s"] * len(user_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.user_id, COUNT(DISTINCT w.mail_id) FROM decisions_window w"  # noqa: S608 - marks only
            " JOIN mail_mail m ON m.id = w.mail_id AND m.state IN ('sent', 'bounced')"
            f" WHERE w.user_id IN ({marks}) AND w.ends_us >= %s GROUP BY w.user_id",
            [*user_ids, to_us(since)],
        )
        return dict(cursor.fetchall())


def events_of_mails(user_id: int, message_ids: Iterable[str]) -> dict[str, set[int]]:
    """Return Message-ID -> numbers of the events that left in it, for those of a person's mails that are known."""
    wanted = list(dict.fromkeys(message_ids))
    found: dict[str, set[int]] = {}
    if not wanted:
        return found
    marks = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.message_id, d.event_id FROM mail_mail m"  # noqa: S608 - marks only
            " JOIN decisions_window w ON w.mail_id = m.id"
            " JOIN decisions_decision d ON d.window_id = w.id AND d.withdrawn_reason = ''"
            f" WHERE m.user_id = %s AND m.message_id IN ({marks})",
            [user_id, *wanted],
        )
        for message_id, number in cursor.fetchall():
            found.setdefault(message_id, set()).add(number)
    return found


def changes(
    partners: Collection[str], *, person_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[Change]:
    """Return what was changed of people, or of one of them, while they were at these partners, newest first.

    What was changed elsewhere, before somebody came or after somebody left, is not theirs to know.
    """
    rows = PersonChange.objects.filter(_at(partners)).select_related("by", "person")
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_change(one) for one in rows.order_by("-id")[:limit]]


def _at(partners: Collection[str]) -> Q:
    """Return what finds changes of people who were at one of these partners before or after."""
    found = Q(pk__in=[])
    for one in partners:
        # In the JSON of an account only its own key can read so: in texts quotes are escaped.
        said = f'"partner": {json.dumps(one, ensure_ascii=False)}'
        found |= Q(before_json__contains=said) | Q(after_json__contains=said)
    return found


def _change(one: PersonChange) -> Change:
    return Change(
        id=one.pk,
        at=from_us(one.at_us),
        by_name=one.by.name if one.by else "",
        by_email=one.by.email if one.by else "",
        door=one.door,
        person_id=one.person_id,
        partner=one.person.partner_id or "",
        before=one.before_json,
        after=one.after_json,
        note=one.note,
    )
