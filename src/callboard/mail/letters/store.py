"""Every query about letters."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import make_msgid

from django.db import connection, transaction
from django.db.models import Max, Q, QuerySet

from callboard.base.config import Config
from callboard.base.instants import from_us, to_us
from callboard.base.texts import address_key
from callboard.mail.models import MailState, PostedLetter
from callboard.mail.replies import Fate, Reply, retry_delay
from callboard.mail.store import suppressions

EXPIRY = timedelta(days=5)
"""How long a letter is tried. Source: interfaces P4, as a critical mail."""
STUCK = (MailState.QUEUED, MailState.FAILED)
"""States of letters that wait, or need somebody: each has an index."""
_FOR_NOW = frozenset({Fate.RETRY, Fate.IN_DOUBT})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLetter:
    """A letter to post.

    Attributes:
        kind: what it is, "invitation"; operators see it.
        user_id: to whom; it leaves only while this person is active (A1), to the address of then.
        address: where to, when it is to nobody with an account.
        text: the whole letter as plain text.
        html: the same in HTML; "" for none.
        headers: further headers, such as Reply-To, In-Reply-To and References.
    """

    kind: str
    user_id: int | None = None
    address: str = ""
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A letter that is about to be tried, and where to."""

    id: int
    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str]
    message_id: str
    made_at: datetime
    tries: int


def post_letter(letter: NewLetter, config: Config, now: datetime) -> int:
    """Keep a letter until it is sent, as durable as the caller's transaction; return its number."""
    row = PostedLetter.objects.create(
        kind=letter.kind,
        user_id=letter.user_id,
        address=letter.address,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        headers_json=json.dumps(dict(letter.headers)),
        message_id=make_msgid(domain=config.mail_host),
        made_us=to_us(now),
        next_try_us=to_us(now),
    )
    return int(row.pk)


def claim_letter(now: datetime) -> Claimed | None:
    """Take the letter that is due longest, and set its next try; None when none is due.

    Who was deactivated is written to no more; an address that is suppressed is not tried.
    """
    if not _due(now).exists():
        return None  # a look without a lock: most looks find nothing
    with transaction.atomic():
        rows = _due(now).order_by("next_try_us", "id")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        for row in rows[:100]:
            state, why = _hindrance(row, now)
            if state is None:
                row.tries += 1
                row.next_try_us = to_us(now + retry_delay(row.tries, random.random()))  # noqa: S311 - a jitter
                row.save(update_fields=["tries", "next_try_us"])
                return _claimed(row)
            _end(row.pk, state, why, now)
    return None


def record_letter(letter: Claimed, reply: Reply, now: datetime) -> None:
    """Write what became of a try: sent, failed for good, or to be tried again."""
    with transaction.atomic():
        if reply.fate is Fate.SENT:
            _end(letter.id, MailState.SENT, reply.line, now)
        elif reply.of_hop or reply.fate in _FOR_NOW:
            _waiting().filter(id=letter.id).update(last_reply=reply.line)
        else:
            _end(letter.id, MailState.FAILED, reply.line, now)


def withdraw_letters(kind: str, user_id: int, now: datetime, why: str) -> int:
    """Take back what waits of a kind for a person, as a newer one says it better; return how many."""
    rows = _waiting().filter(kind=kind, user_id=user_id)
    return rows.update(state=MailState.WITHDRAWN, last_reply=why, ended_us=to_us(now), text="", html="")


def send_again(letter_ids: Collection[int], now: datetime) -> int:
    """Put failed letters back; return how many. They are tried for as long as new ones."""
    rows = PostedLetter.objects.filter(id__in=letter_ids, state=MailState.FAILED)
    return rows.update(state=MailState.QUEUED, made_us=to_us(now), next_try_us=to_us(now), tries=0, ended_us=None)


def count_failed_since(since: datetime) -> int:
    """Return how many letters failed after an instant."""
    return PostedLetter.objects.filter(state=MailState.FAILED, ended_us__gt=to_us(since)).count()


def count_letters(states: Iterable[MailState]) -> dict[str, int]:
    """Return the number of letters in each of these states."""
    return {state.value: PostedLetter.objects.filter(state=state).count() for state in states}


def made_since(kind: str) -> dict[int, int]:
    """Return person -> when the newest letter of a kind to the person was posted, in microseconds."""
    rows = PostedLetter.objects.filter(kind=kind, user__isnull=False)
    return dict(rows.values_list("user_id").annotate(Max("made_us")))


def _waiting() -> QuerySet[PostedLetter]:
    return PostedLetter.objects.filter(state=MailState.QUEUED)


def _due(now: datetime) -> QuerySet[PostedLetter]:
    return _waiting().filter(next_try_us__lte=to_us(now))


def _hindrance(row: PostedLetter, now: datetime) -> tuple[MailState | None, str]:
    """Return why a letter may not leave, as the state it ends in and the words; (None, "") when it may."""
    if row.user is not None and not row.user.is_active:
        return MailState.WITHDRAWN, "the person was deactivated"
    if row.made_us <= to_us(now - EXPIRY):
        return MailState.FAILED, f"expired after {EXPIRY.days} days; last answer: {row.last_reply or 'none'}"
    key = address_key(_address(row))
    words, spares_critical = suppressions([key]).get(key, ("", True))
    return (None, "") if spares_critical else (MailState.FAILED, f"not tried, the address is suppressed: {words}")


def _address(row: PostedLetter) -> str:
    return row.user.email if row.user is not None else row.address


def _end(letter_id: int, state: MailState, words: str, now: datetime) -> None:
    """End a letter; what it said is kept only where it may have to be sent again."""
    values = {} if state is MailState.FAILED else {"text": "", "html": ""}
    rows = PostedLetter.objects.filter(Q(state=MailState.QUEUED), id=letter_id)
    rows.update(state=state, last_reply=words, ended_us=to_us(now), **values)


def _claimed(row: PostedLetter) -> Claimed:
    return Claimed(
        id=row.pk,
        to=_address(row),
        subject=row.subject,
        text=row.text,
        html=row.html,
        headers=json.loads(row.headers_json),
        message_id=row.message_id,
        made_at=from_us(row.made_us),
        tries=row.tries,
    )
