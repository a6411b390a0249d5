"""The console's own queries: what is looked for among events, what uses the catalogue, who acted for whom."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model

from callboard.base.instants import to_us
from callboard.console.models import Act, Acting
from callboard.intake.cloudevents import event_key
from callboard.mail.models import Mail, MailState
from callboard.people.models import User

FOUND_AMONG = 100_000
"""The newest rows among which is looked for what has no index."""
PARTNERS_AMONG = 30_000
"""The newest events whose data is read for a partner."""
FOUND = 200
_SOURCES_AMONG = 2_000


def numbers_of_events(text: str) -> list[int]:
    """Return the newest events with this id, of any age, or this subject, among the newest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT source FROM (SELECT source FROM intake_eventrecord ORDER BY id DESC LIMIT %s) AS newest",
            [_SOURCES_AMONG],
        )
        keys = [event_key(row[0], text) for row in cursor.fetchall()] + [text]
        marks = ", ".join(["%s"] * len(keys))
        cursor.execute(f"SELECT id FROM intake_eventrecord WHERE key IN ({marks})", keys)  # noqa: S608 - marks only
        found = {row[0] for row in cursor.fetchall()}
        cursor.execute(
            "SELECT id FROM intake_eventrecord WHERE id > (SELECT COALESCE(MAX(id), 0) FROM intake_eventrecord) - %s"
            " AND (event_id = %s OR LOWER(subject) = LOWER(%s)) ORDER BY id DESC LIMIT %s",
            [FOUND_AMONG, text, text, FOUND],
        )
        found |= {row[0] for row in cursor.fetchall()}
    return sorted(found, reverse=True)[:FOUND]


def numbers_of_partner(partner: str) -> list[int]:
    """Return the newest events whose data names a partner."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM (SELECT id, data_json FROM intake_eventrecord ORDER BY id DESC LIMIT %s) AS newest"
            " WHERE data_json LIKE %s ESCAPE '!' LIMIT %s",
            [PARTNERS_AMONG, f"%{_as_pattern(json.dumps(partner, ensure_ascii=False))}%", FOUND],
        )
        return [row[0] for row in cursor.fetchall()]


def _as_pattern(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def find_partner(text: str) -> str | None:
    """Return the id of the partner with this id or name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM people_partner WHERE LOWER(id) = LOWER(%s) OR LOWER(name) = LOWER(%s) LIMIT 1", [text, text]
        )
        row = cursor.fetchone()
    return row[0] if row else None


def count_parked(most: int) -> int:
    """Return how many events are parked, up to `most`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM (SELECT 1 FROM intake_eventrecord WHERE state = 2 LIMIT %s) AS found", [most]
        )
        return int(cursor.fetchone()[0])


def newest_number(table: str) -> int:
    """Return the greatest id of one of our tables."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608 - a name of ours
        return int(cursor.fetchone()[0])


def mail_states(mail_ids: Iterable[int]) -> dict[int, str]:
    """Return mail id -> state."""
    wanted = sorted(set(mail_ids))
    if not wanted:
        return {}
    marks = ", ".join(["%s"] * len(wanted))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, state FROM mail_mail WHERE id IN ({marks})", wanted)  # noqa: S608 - marks only
        return dict(cursor.fetchall())


def items_of(mail_id: int, limit: int) -> list[dict[str, Any]]:
    """Return the items of a mail: event and decision, oldest first."""
    names = ("key", "event_id", "event_type", "subject", "reason", "withdrawn_reason")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.key, e.event_id, e.event_type, e.subject, d.reason, d.withdrawn_reason FROM decisions_window w"
            " JOIN decisions_decision d ON d.window_id = w.id JOIN intake_eventrecord e ON e.id = d.event_id"
            " WHERE w.mail_id = %s ORDER BY d.id LIMIT %s",
            [mail_id, limit],
        )
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def told_of(event_number: int, limit: int) -> list[dict[str, Any]]:
    """Return who has a ledger row of an event, with where its mail stands."""
    names = ("email", "name", "outcome", "reason", "withdrawn_reason", "frequency", "closed", "mail_state", "mail_id")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT u.email, u.name, d.outcome, d.reason, d.withdrawn_reason, d.frequency, w.closed, m.state, m.id"
            " FROM decisions_decision d JOIN people_user u ON u.id = d.user_id"
            " LEFT JOIN decisions_window w ON w.id = d.window_id LEFT JOIN mail_mail m ON m.id = w.mail_id"
            " WHERE d.event_id = %s ORDER BY d.id LIMIT %s",
            [event_number, limit],
        )
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# What uses the catalogue


def customs_by_type() -> dict[str, int]:
    """Return how many Custom notifications ask for each event type."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_type, COUNT(*) FROM preferences_customnotification WHERE deleted_us IS NULL"
            " GROUP BY event_type"
        )
        return {row[0]: int(row[1]) for row in cursor.fetchall()}


def events_by_type(types: Sequence[str], since_us: int, most: int) -> dict[str, int]:
    """Return how many events of each type were accepted since an instant, each counted up to `most`."""
    part = "SELECT %s AS event_type, COUNT(*) AS number FROM (SELECT 1 FROM intake_eventrecord WHERE event_type = %s"
    query = " UNION ALL ".join([f"{part} AND accepted_us >= %s LIMIT %s) AS found"] * len(types))
    values = [value for one in types for value in (one, one, since_us, most)]
    if not types:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return {row[0]: int(row[1]) for row in cursor.fetchall()}


# What operators did


def record(operator_id: int, rows: Sequence[tuple[Model, str]], words: str) -> None:
    """Write into Django's log what an operator did, one entry a row; each row comes with what it is called."""
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=operator_id,
            content_type_id=ContentType.objects.get_for_model(row).pk,
            object_id=str(row.pk),
            object_repr=name[:200],
            action_flag=CHANGE,
            change_message=words,
        )
        for row, name in rows
    )


def hasten(mail_ids: Iterable[int], at: datetime) -> int:
    """Let mails in doubt that wait be due at an instant; return how many."""
    rows = Mail.objects.filter(id__in=list(mail_ids), state=MailState.QUEUED, in_doubt=True)
    return rows.update(next_attempt_us=to_us(at))


def begin_acting(operator: User, person: User, reason: str, began_s: float, until_s: float) -> Acting:
    """Write down that an operator acts for a person."""
    return Acting.objects.create(operator=operator, person=person, reason=reason, began_s=began_s, until_s=until_s)


def find_acting(acting_id: int, operator_id: int, now_s: float) -> Acting | None:
    """Return what an operator does for a person, while it lasts."""
    rows = Acting.objects.filter(
        id=acting_id, operator_id=operator_id, until_s__gt=now_s, person__is_active=True, person__is_staff=False
    )
    return rows.select_related("person", "person__partner").first()


def end_acting(acting_id: int, operator_id: int, now_s: float) -> None:
    """End it, if it has not ended."""
    Acting.objects.filter(id=acting_id, operator_id=operator_id, until_s__gt=now_s).update(until_s=now_s)


def add_act(acting_id: int, at_s: float, method: str, path: str, said: str) -> int:
    """Write down a request before it is done; return its number."""
    return Act.objects.create(acting_id=acting_id, at_s=at_s, method=method, path=path, said=said).pk


def answer_act(act_id: int, status: int) -> None:
    """Write down how a request was answered."""
    Act.objects.filter(id=act_id).update(status=status)
