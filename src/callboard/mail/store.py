"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, OuterRef, Q, Subquery, Value
from django.db.models.functions import Least

from callboard.base.instants import from_us, to_us
from callboard.base.reasons import Importance
from callboard.base.texts import address_key
from callboard.mail.feedback.report import Kind
from callboard.mail.models import Attempt, DomainBreaker, Mail, MailState, Report, Suppression
from callboard.mail.replies import BREAKER_RECIPIENTS, BREAKER_WITHIN, Fate, Reply
from callboard.people.rows import read_rows, write_rows
from callboard.people.sequences import take_ids

_ROWS = 500
_STUCK = (MailState.HELD, MailState.FAILED, MailState.BOUNCED)
GONE = r"^5\.1\.1([^0-9]|$)"
"""A reply that the address does not exist (P4); 5.1.10 is another code."""
NEXT_HOP = ""
"""What the next hop is called among the domains that may be paused."""
IMPORTANCE_BY_RANK = {one.rank: one for one in Importance}


class Composed(NamedTuple):
    """A mail as it enters the outbox."""

    user_id: int
    domain: str
    importance: Importance
    message_id: str
    expires_at: datetime


class Leased(NamedTuple):
    """A mail that this process may send now; `generation` tells its lease from earlier ones."""

    id: int
    user_id: int
    domain: str
    message_id: str
    rank: int
    composed_us: int
    expires_us: int
    attempts: int
    generation: int


class Result(NamedTuple):
    """What became of a try; `next_attempt_at` is set when the mail goes back to the queue."""

    mail: Leased
    email: str
    state: MailState
    reply: Reply
    next_attempt_at: datetime | None


def add_mails(mails: Sequence[Composed], *, revision: int, now: datetime) -> list[int]:
    """Put composed mails into the outbox, due at once; return their ids in order."""
    if not mails:
        return []
    ids = take_ids("mail_mail", len(mails))
    now_us = to_us(now)
    write_rows(
        "INSERT INTO mail_mail (id, user_id, domain, state, importance_rank, message_id, composed_us,"
        " composed_revision, expires_us, next_attempt_us, attempts, in_doubt, lease_owner, last_reply)"
        " SELECT id, user_id, domain, 'queued', importance_rank, message_id, %s, %s, expires_us, %s, 0, %s, '', ''"
        " FROM {given}",
        [
            (id_, one.user_id, one.domain, one.importance.rank, one.message_id, to_us(one.expires_at))
            for id_, one in zip(ids, mails, strict=True)
        ],
        before=[now_us, revision, now_us, False],
        id="bigint", user_id="bigint", domain="text", importance_rank="smallint", message_id="text",
        expires_us="bigint",
    )  # fmt: skip
    return ids


def lease(owner_id: str, until_s: float, now: datetime, limit: int, crowded: Iterable[str] = ()) -> list[Leased]:
    """Take mails that are due, critical first; none of domains that are `crowded` or paused (P4)."""
    now_us = to_us(now)
    paused = read_rows("SELECT domain FROM mail_domainbreaker WHERE open_until_us > %s", [now_us])
    left_out = sorted({*(domain for (domain,) in paused), *crowded})
    if NEXT_HOP in left_out:
        return []
    marks = ", ".join(["%s"] * len(left_out))
    where = f" AND domain NOT IN ({marks})" if left_out else ""
    locked = " FOR NO KEY UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    rows = read_rows(
        "UPDATE mail_mail SET state = 'leased', lease_owner = %s, lease_until_s = %s,"  # noqa: S608 - fixed words only
        " lease_generation = lease_generation + 1 WHERE id IN (SELECT id FROM mail_mail"
        f" WHERE state = 'queued' AND next_attempt_us <= %s{where}"
        f" ORDER BY importance_rank, next_attempt_us, id LIMIT %s{locked})"
        " RETURNING id, user_id, domain, message_id, importance_rank, composed_us, expires_us, attempts,"
        " lease_generation, next_attempt_us",
        [owner_id, until_s, now_us, *left_out, limit],
    )
    rows.sort(key=lambda row: (row[4], row[9], row[0]))
    return [Leased._make(row[:9]) for row in rows]


def is_due(now: datetime) -> bool:
    """Return whether a mail waits to be sent; a look without a lock."""
    return bool(
        read_rows("SELECT 1 FROM mail_mail WHERE state = 'queued' AND next_attempt_us <= %s LIMIT 1", [to_us(now)])
    )


def still_leased(mails: Sequence[Leased], owner_id: str) -> set[int]:
    """Return the ids of the mails this owner still holds, until the commit: a lease that expired may be another's."""
    locked = " FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    marks = ", ".join(["%s"] * len(mails))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, lease_generation FROM mail_mail WHERE id IN ({marks})"  # noqa: S608 - marks only
            f" AND state = 'leased' AND lease_owner = %s{locked}",
            [*(one.id for one in mails), owner_id],
        )
        held = set(cursor.fetchall())
    return {one.id for one in mails if (one.id, one.generation) in held}


def extend_leases(mail_ids: Iterable[int], owner_id: str, until_s: float) -> None:
    """Keep these leases of the owner for longer."""
    for part in _parts(mail_ids):
        Mail.objects.filter(id__in=part, state=MailState.LEASED, lease_owner=owner_id).update(lease_until_s=until_s)


def lease_owners() -> set[str]:
    """Return the ids of all owners that hold leases."""
    return set(Mail.objects.filter(state=MailState.LEASED).values_list("lease_owner", flat=True).distinct())


def free_leases(owner_ids: Iterable[str], *, expired_before_s: float) -> int:
    """Put the mails of these owners, and those whose lease expired, back into the queue; return how many.

    A mail whose last attempt has no answer is in doubt: it may have been accepted, and goes
    out again under the same Message-ID (P2).
    """
    rows = Mail.objects.filter(state=MailState.LEASED).filter(
        Q(lease_owner__in=list(owner_ids)) | Q(lease_until_s__lt=expired_before_s)
    )
    # Whoever begins a mail just now holds its row: it is left for the next look, when its attempt is there to be seen.
    # So a worker that is frozen in the middle of a commit keeps nobody waiting.
    ids = list(rows.select_for_update(skip_locked=True, no_key=True).values_list("id", flat=True))
    freed = 0
    for part in _parts(ids):
        freed += rows.filter(id__in=part).update(state=MailState.QUEUED, lease_owner="", lease_until_s=None)
        doubtful = Attempt.objects.filter(mail_id__in=part, code=None).values_list("mail_id", flat=True)
        last = Attempt.objects.filter(mail=OuterRef("id")).order_by("-number").values("number")[:1]
        Mail.objects.filter(id__in=set(doubtful), state=MailState.QUEUED).update(in_doubt=True, attempts=Subquery(last))
    return freed


def release_leases(mails: Iterable[Leased], owner_id: str, due_at: datetime | None = None) -> None:
    """Give mails back untried, due as before or at `due_at`."""
    values: dict[str, Any] = {} if due_at is None else {"next_attempt_us": to_us(due_at)}
    for part in _parts(one.id for one in mails):
        Mail.objects.filter(id__in=part, state=MailState.LEASED, lease_owner=owner_id).update(
            state=MailState.QUEUED, lease_owner="", lease_until_s=None, **values
        )


def put_off(domain: str, until: datetime, now: datetime, reply: str) -> tuple[int, int]:
    """Let what is due for a domain wait until an instant; fail what is past its expiry (P4).

    `NEXT_HOP` stands for every domain. Returns how many were put off and how many failed.
    """
    rows = Mail.objects.filter(state=MailState.QUEUED, next_attempt_us__lte=to_us(now))
    if domain != NEXT_HOP:
        rows = rows.filter(domain=domain)
    expired = rows.filter(expires_us__lte=to_us(now))
    failed = expired.update(state=MailState.FAILED, last_reply=reply, finished_us=to_us(now))
    later = Least(F("expires_us"), Value(to_us(until)))
    return rows.update(next_attempt_us=later, last_reply=reply), failed


def begin_attempts(mails: Sequence[Leased], owner_id: str, now: datetime) -> set[int]:
    """Record that mails are about to be handed over, before anything is sent; return the ids of those begun.

    They are those that this owner still holds. All are, almost always: then nobody asks which. Whoever
    frees expired leases passes over a mail that is being begun, and a begin waits for whoever frees it.
    """
    if not mails:
        return set()
    locked = " FOR NO KEY UPDATE OF mail_mail" if connection.features.has_select_for_update_of else ""
    begun = write_rows(
        "INSERT INTO mail_attempt (mail_id, number, began_us, reply)"  # noqa: S608 - fixed words only
        " SELECT mail, number, %s, '' FROM {given} CROSS JOIN mail_mail"  # SQLite keeps this order
        f" WHERE id = mail AND state = 'leased' AND lease_owner = %s AND lease_generation = generation{locked}",
        [(one.id, one.attempts + 1, one.generation) for one in mails],
        before=[to_us(now)],
        after=[owner_id],
        mail="bigint", number="integer", generation="integer",
    )  # fmt: skip
    return {one.id for one in mails} if begun == len(mails) else still_leased(mails, owner_id)


def record_results(results: Sequence[Result], owner_id: str, now: datetime) -> None:
    """Write what became of tries.

    A mail whose lease is another's by now keeps its state, unless this owner's server took it.
    """
    write_rows(
        "UPDATE mail_attempt SET code = given.code, reply = given.reply FROM {given}"
        " WHERE mail_attempt.mail_id = given.mail AND mail_attempt.number = given.number",
        [(one.mail.id, one.mail.attempts + 1, one.reply.code, one.reply.text) for one in results],
        mail="bigint", number="integer", code="integer", reply="text",
    )  # fmt: skip
    sent = [one for one in results if one.state is MailState.SENT]
    if sent:
        write_rows(
            "UPDATE mail_mail SET state = 'sent', last_reply = given.reply, lease_owner = '', lease_until_s = NULL,"
            " attempts = given.number, in_doubt = %s, finished_us = %s FROM {given}"
            " WHERE mail_mail.id = given.mail AND mail_mail.state IN ('queued', 'leased')",
            [(one.mail.id, one.mail.attempts + 1, one.reply.line) for one in sent],
            before=[False, to_us(now)],
            mail="bigint", number="integer", reply="text",
        )  # fmt: skip
    others = [one for one in results if one.state is not MailState.SENT]
    if others:
        write_rows(
            "UPDATE mail_mail SET state = given.state, last_reply = given.reply, lease_owner = '',"
            " lease_until_s = NULL, attempts = given.number, in_doubt = given.in_doubt,"
            " finished_us = CASE given.state WHEN 'failed' THEN %s END,"
            " next_attempt_us = COALESCE(given.again_us, next_attempt_us) FROM {given}"
            " WHERE mail_mail.id = given.mail AND mail_mail.state = 'leased' AND lease_owner = %s"
            " AND lease_generation = given.generation",
            [_as_row(one) for one in others],
            before=[to_us(now)],
            after=[owner_id],
            mail="bigint", number="integer", generation="integer", state="text", reply="text", in_doubt="boolean",
            again_us="bigint",
        )  # fmt: skip


def _as_row(result: Result) -> tuple[Any, ...]:
    mail, reply = result.mail, result.reply
    again_us = to_us(result.next_attempt_at) if result.next_attempt_at else None
    return (
        mail.id, mail.attempts + 1, mail.generation, result.state,
        reply.line, reply.fate is Fate.IN_DOUBT, again_us,
    )  # fmt: skip


def set_state(mail_ids: Iterable[int], state: MailState, now: datetime, reply: str = "") -> None:
    """Move mails to a state outside of a try: withdrawn, held."""
    for part in _parts(mail_ids):
        Mail.objects.filter(id__in=part).update(
            state=state, lease_owner="", lease_until_s=None, finished_us=to_us(now), last_reply=reply
        )


def queued_mails_of(user_ids: Iterable[int]) -> list[int]:
    """Return the ids of mails of these users that wait or are held: those that have not left.

    Where rows lock, they are locked: nobody takes one to send it before this transaction ends.
    """
    rows = Mail.objects.filter(user_id__in=list(user_ids), state__in=[MailState.QUEUED, MailState.HELD])
    if connection.features.has_select_for_update:
        rows = rows.order_by("id").select_for_update(no_key=True)
    return list(rows.values_list("id", flat=True))


def suppressions(keys: Sequence[str]) -> dict[str, tuple[str, bool]]:
    """Return address key -> (the server's words, whether critical mails are spared), for those suppressed."""
    marks = ", ".join(["%s"] * len(keys))
    rows = read_rows(
        "SELECT address_key, reply, spares_critical FROM mail_suppression"  # noqa: S608 - marks only
        f" WHERE released_us IS NULL AND address_key IN ({marks})",
        keys,
    )
    return {key: (reply, bool(spares)) for key, reply, spares in rows}


def unreachable() -> frozenset[str]:
    """Return the keys of all addresses to which not even critical mails leave."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT address_key FROM mail_suppression WHERE released_us IS NULL AND NOT spares_critical")
        return frozenset(key for (key,) in cursor.fetchall())


def suppress(email: str, reply: str, now: datetime) -> None:
    """Hold everything for an address from now on (P4)."""
    values = {"reply": reply, "since_us": to_us(now), "released_us": None, "spares_critical": False}
    Suppression.objects.update_or_create(address_key=address_key(email), defaults=values)


def release_address(email: str, now: datetime) -> bool:
    """End the suppression of an address; return whether there was one."""
    rows = Suppression.objects.filter(address_key=address_key(email), released_us=None)
    return rows.update(released_us=to_us(now)) == 1


def refusals_of(domain: str, status: str, now: datetime) -> tuple[int, int]:
    """Return (recipients tried, recipients refused with this status) of a domain within the breaker's span (P4)."""
    since_us = to_us(now - BREAKER_WITHIN)
    tries = Attempt.objects.filter(began_us__gt=since_us, mail__domain=domain, code__isnull=False)
    found = tries.aggregate(
        tried=Count("mail__user", distinct=True),
        refused=Count("mail__user", distinct=True, filter=Q(code__gte=500, reply__startswith=status)),
    )
    return found["tried"], found["refused"]


def gone_of(domain: str, now: datetime) -> tuple[int, int]:
    """Return (recipients tried, recipients said not to exist) of a domain within the breaker's span (P4).

    Bounces come late: who was tried since the first of the mails they are about counts as tried.
    """
    since_us = to_us(now - BREAKER_WITHIN)
    tries = Attempt.objects.filter(mail__domain=domain, code__isnull=False)
    gone = set(
        tries.filter(began_us__gt=since_us, code__gte=500, reply__regex=GONE).values_list("mail__user", flat=True)
    )
    came = Report.objects.filter(kind=Kind.NO_SUCH_ADDRESS, received_us__gt=since_us, mail__domain=domain)
    gone |= set(came.values_list("mail__user", flat=True))
    if len(gone) * 2 <= BREAKER_RECIPIENTS:
        return 0, len(gone)  # too few, however many were tried
    first_us = came.aggregate(at=Min("mail__attempt__began_us"))["at"] or since_us
    tried = tries.filter(began_us__gte=min(since_us + 1, first_us)).values("mail__user").distinct()
    return tried.count(), len(gone)


def last_pause(domain: str) -> tuple[timedelta, datetime]:
    """Return how long a domain's last pause was and when it ended; zero and long ago when it had none."""
    row = DomainBreaker.objects.filter(domain=domain).values_list("pause_s", "open_until_us").first()
    return (timedelta(seconds=row[0]), from_us(row[1])) if row else (timedelta(0), from_us(0))


def open_breaker(domain: str, now: datetime, pause: timedelta, reason: str) -> None:
    """Pause a domain."""
    values = {"open_until_us": to_us(now + pause), "pause_s": int(pause.total_seconds()), "reason": reason}
    DomainBreaker.objects.update_or_create(domain=domain, defaults=values)


def refused_since(domain: str, status: str, since: datetime) -> list[int]:
    """Return the ids of a domain's failed mails whose last answer had this status and came after `since`."""
    rows = Mail.objects.filter(domain=domain, state=MailState.FAILED, finished_us__gt=to_us(since))
    return list(rows.filter(last_reply__regex=rf"^5\d\d {status}").values_list("id", flat=True))


def held_users_of(domain: str, since: datetime) -> list[tuple[int, str]]:
    """Return (user id, address) of who was suppressed after `since` and has held or bounced mails of a domain."""
    recent = Suppression.objects.filter(since_us__gt=to_us(since), released_us=None).values("address_key")
    stopped = [MailState.HELD, MailState.BOUNCED]
    rows = Mail.objects.filter(domain=domain, state__in=stopped, user__email_key__in=recent)
    return list(rows.values_list("user_id", "user__email").distinct())


def held_mails(user_id: int) -> list[tuple[int, datetime]]:
    """Return (mail id, expiry) of a user's held mails."""
    rows = Mail.objects.filter(user_id=user_id, state=MailState.HELD).order_by("id")
    return [(id_, from_us(expires_us)) for id_, expires_us in rows.values_list("id", "expires_us")]


def bounced_mails(user_id: int, now: datetime) -> list[int]:
    """Return the ids of a user's mails that came back from an address said not to exist, within their expiry."""
    rows = Mail.objects.filter(user_id=user_id, state=MailState.BOUNCED, expires_us__gt=to_us(now))
    return list(rows.filter(report__kind=Kind.NO_SUCH_ADDRESS).order_by("id").values_list("id", flat=True).distinct())


def requeue(mail_ids: Iterable[int], at: datetime) -> int:
    """Put held, failed or bounced mails back into the queue; return how many."""
    rows = Mail.objects.filter(id__in=list(mail_ids), state__in=_STUCK)
    return rows.update(state=MailState.QUEUED, next_attempt_us=to_us(at), finished_us=None)


def next_attempt_at() -> datetime | None:
    """Return when the next queued mail is due."""
    row = Mail.objects.filter(state=MailState.QUEUED).order_by("next_attempt_us").values_list("next_attempt_us").first()
    return from_us(row[0]) if row else None


def count_mails() -> dict[str, int]:
    """Return the number of mails by state; states without mails are 0."""
    found = {state.value: 0 for state in MailState}
    found.update(Mail.objects.values_list("state").annotate(number=Count("id")).order_by())
    return found


def find_mail(mail_id: int) -> dict[str, Any] | None:
    """Return a mail's columns."""
    row = Mail.objects.filter(id=mail_id).values().first()
    return dict(row) if row else None


def asked_for(mail_id: int) -> list[tuple[str, str]]:
    """Return (event type, refs_json) of every item of a mail, withdrawn ones included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT e.event_type, d.refs_json FROM decisions_window w"
            " JOIN decisions_decision d ON d.window_id = w.id JOIN intake_eventrecord e ON e.id = d.event_id"
            " WHERE w.mail_id = %s",
            [mail_id],
        )
        return list(cursor.fetchall())


def stuck_mails(limit: int = 200) -> list[dict[str, Any]]:
    """Return held, failed and bounced mails, newest first, with recipient and the server's words."""
    rows = Mail.objects.filter(state__in=_STUCK).order_by("-id")
    columns = ("id", "state", "attempts", "last_reply", "composed_us")
    return [dict(row) for row in rows.values(*columns, email=F("user__email"))[:limit]]


def attempts_of(mail_id: int) -> list[dict[str, Any]]:
    """Return the tries of a mail in order."""
    rows = Attempt.objects.filter(mail_id=mail_id).order_by("number")
    return [dict(row) for row in rows.values("number", "began_us", "code", "reply")]


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = list(ids)
    for start in range(0, len(wanted), _ROWS):
        yield wanted[start : start + _ROWS]
