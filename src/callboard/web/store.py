"""Every query of the room, read-only: what pages show that no other room is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from callboard.base.instants import from_us, to_us
from callboard.base.reasons import Frequency, Outcome
from callboard.base.texts import address_key, shown
from callboard.decisions.store import read_refs
from callboard.people import store as people
from callboard.people.models import Partner, User
from callboard.people.values import TEST_HOST, Directory
from callboard.preferences.values import Ref

RECENT_EVENTS = 1_500
"""Events that the first screen looks back on: a bulk action of some hundred fits in, twice."""
RECENT_WINDOWS = 400
BULK = 30
"""Items of one immediate mail from which it counts as a bulk action."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Events of one type that were accepted at one instant: a bulk action, or a single event."""

    event_type: str
    accepted_at: datetime
    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Told:
    """How many people one moment reached in one way, and with how many mails.

    `state` is the mail's, "" while the window collects or when nobody was mailed.
    """

    outcome: str
    reason: str
    frequency: str
    state: str
    people: int
    mails: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open window of a person: what it collected so far and when it leaves."""

    frequency: Frequency
    ends_at: datetime
    items: int


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that left, as the built-in mailbox can find it again."""

    email: str
    name: str
    message_id: str


def refreshed(directory: Directory, since: int) -> Directory:
    """Return a directory with every change after revision `since`; a new one when a partner changed."""
    if Partner.objects.filter(revision__gt=since).exists():
        return people.load_directory()
    people.apply_changes(directory, since)
    return directory


def users_by_email(emails: Sequence[str]) -> list[User]:
    """Return the active users with these addresses, in the order given."""
    keys = [address_key(one) for one in emails]
    rows = User.objects.filter(email_key__in=keys, is_active=True).select_related("partner")
    return sorted(rows, key=lambda one: keys.index(one.email_key))


def search_users(text: str, limit: int) -> list[User]:
    """Return users with a partner whose name, address, partner or role holds each word of `text`."""
    rows = User.objects.filter(partner__isnull=False).select_related("partner")
    for word in shown(text).split()[:8]:  # PostgreSQL takes no U+0000
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(email__icontains=word)
            | Q(partner__name__icontains=word)
            | Q(roles__icontains=word)
        )
    return list(rows.order_by("partner__kind", "partner__name", "name")[:limit])


def count_users() -> int:
    """Return how many people with a partner there are."""
    return User.objects.filter(partner__isnull=False).count()


def find_active_user(email: str) -> User | None:
    """Return the active user with this address who may sign in: no test user."""
    rows = User.objects.filter(email_key=address_key(email), is_active=True)
    return rows.exclude(email_key__endswith=f"@{TEST_HOST}").first()


def latest_moments(limit: int) -> list[Moment]:
    """Return what was accepted last, newest first, events of one type and instant as one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_type, accepted_us, MIN(id), MAX(id), COUNT(*) FROM"
            " (SELECT id, event_type, accepted_us FROM intake_eventrecord ORDER BY id DESC LIMIT %s) AS recent"
            " GROUP BY event_type, accepted_us ORDER BY MAX(id) DESC LIMIT %s",
            [RECENT_EVENTS, limit],
        )
        return [Moment(row[0], from_us(row[1]), *row[2:]) for row in cursor.fetchall()]


def told_of(moment: Moment) -> list[Told]:
    """Return whom a moment reached and how."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.outcome, CASE WHEN d.withdrawn_reason = '' THEN d.reason ELSE d.withdrawn_reason END,"
            " COALESCE(d.frequency, ''), COALESCE(m.state, ''), COUNT(DISTINCT d.user_id), COUNT(DISTINCT w.mail_id)"
            " FROM intake_eventrecord e JOIN decisions_decision d ON d.event_id = e.id"
            " LEFT JOIN decisions_window w ON w.id = d.window_id LEFT JOIN mail_mail m ON m.id = w.mail_id"
            " WHERE e.id BETWEEN %s AND %s AND e.event_type = %s AND e.accepted_us = %s GROUP BY 1, 2, 3, 4",
            [moment.first, moment.last, moment.event_type, to_us(moment.accepted_at)],
        )
        return [Told(*row) for row in cursor.fetchall()]


def count_today(since: datetime) -> tuple[int, int]:
    """Return how many events were accepted, and how many mails were sent, since an instant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM intake_eventrecord WHERE accepted_us >= %s", [to_us(since)])
        events = cursor.fetchone()[0]
        cursor.execute("SELECT COUNT(*) FROM mail_mail WHERE state = 'sent' AND composed_us >= %s", [to_us(since)])
        return int(events), int(cursor.fetchone()[0])


def waiting_of(user_id: int, since: datetime) -> list[Waiting]:
    """Return the open windows of a person that hold items and end after `since`, the earliest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.frequency, w.ends_us, COUNT(*) FROM decisions_window w"
            " JOIN decisions_decision d ON d.window_id = w.id AND d.withdrawn_reason = ''"
            " WHERE w.user_id = %s AND w.ends_us > %s AND NOT w.closed"
            " GROUP BY w.id, w.frequency, w.ends_us ORDER BY w.ends_us",
            [user_id, to_us(since)],
        )
        return [Waiting(Frequency(row[0]), from_us(row[1]), row[2]) for row in cursor.fetchall()]


def mails_by_ref(user_id: int, since: datetime) -> tuple[Counter[Ref], int]:
    """Return how many mails named each notification among those that left since an instant, and how many left."""
    naming: dict[Ref, set[int]] = {}
    mails: set[int] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT d.refs_json, w.mail_id FROM decisions_window w"
            " JOIN mail_mail m ON m.id = w.mail_id AND m.state IN ('sent', 'bounced')"
            " JOIN decisions_decision d ON d.window_id = w.id AND d.withdrawn_reason = ''"
            " WHERE w.user_id = %s AND w.ends_us >= %s",
            [user_id, to_us(since)],
        )
        for refs_json, mail_id in cursor.fetchall():
            mails.add(mail_id)
            for ref in read_refs(refs_json):
                naming.setdefault(ref, set()).add(mail_id)
    return Counter({ref: len(found) for ref, found in naming.items()}), len(mails)


def latest_sent(frequency: Frequency | None, *, least: int = 1, most: int | None = None) -> SentMail | None:
    """Return the newest sent mail, of one frequency or of any, with so many items."""
    most_words = "" if most is None else f" AND COUNT(*) <= {int(most)}"
    frequencies = [one.value for one in Frequency] if frequency is None else [frequency.value]
    marks = ", ".join(["%s"] * len(frequencies))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.email, u.name, m.message_id FROM mail_mail m JOIN people_user u ON u.id = m.user_id WHERE m.id ="  # noqa: S608 - a number only
            f" (SELECT w.mail_id FROM (SELECT id, mail_id FROM decisions_window"
            f" WHERE frequency IN ({marks}) AND mail_id IS NOT NULL"
            " ORDER BY mail_id DESC LIMIT %s) AS w JOIN mail_mail s ON s.id = w.mail_id AND s.state = 'sent'"
            " JOIN decisions_decision d ON d.window_id = w.id AND d.withdrawn_reason = ''"
            f" GROUP BY w.mail_id HAVING COUNT(*) >= %s{most_words} ORDER BY w.mail_id DESC LIMIT 1)",
            [*frequencies, RECENT_WINDOWS, least],
        )
        row = cursor.fetchone()
    return SentMail(*row) if row else None


def latest_told(emails: Iterable[str]) -> tuple[str, str] | None:
    """Return (event id, address) of the newest event that one of these people was mailed about."""
    keys = [address_key(one) for one in emails]
    ids = list(User.objects.filter(email_key__in=keys).values_list("id", flat=True))
    if not ids:
        return None
    marks = ", ".join(["%s"] * len(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.event_id, u.email FROM decisions_decision d JOIN intake_eventrecord e ON e.id = d.event_id"  # noqa: S608 - marks only
            f" JOIN people_user u ON u.id = d.user_id WHERE d.user_id IN ({marks}) AND d.outcome = %s"
            " ORDER BY d.id DESC LIMIT 1",
            [*ids, Outcome.NOTIFY.value],
        )
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None
