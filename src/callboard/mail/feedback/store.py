"""Every query about reports and the addresses they are about. Callers open the transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q

from callboard.base.instants import from_us, to_us
from callboard.base.texts import address_key
from callboard.mail.feedback.report import Kind, Said
from callboard.mail.models import Attempt, Mail, MailState, Report, ReportCount, Suppression
from callboard.people.models import User

_LEFT = (MailState.SENT, MailState.LEASED, MailState.QUEUED)
"""States of a mail that a server may have taken: its answer may still be on the way to our commit, or was lost."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A mail that a report is about: its person, and its latest try."""

    mail_id: int
    email: str
    domain: str
    number: int
    began_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """An address that mails are held for, as people are told: `held` counts what would leave on release.

    `spares_critical` after a complaint: critical mails still leave.
    """

    email: str
    name: str
    partner: str | None
    words: str
    since_at: datetime
    spares_critical: bool
    held: int


def find_reported(mail_ids: Iterable[int], message_ids: Iterable[str]) -> Reported | None:
    """Return the first of these mails that exists and was tried, signed return paths before Message-IDs."""
    numbers, names = list(mail_ids), list(message_ids)
    rows = Mail.objects.filter(Q(id__in=numbers) | Q(message_id__in=names)).values("id", "message_id")
    found = list(rows)
    order = {one: place for place, one in enumerate([*numbers, *names])}
    found.sort(key=lambda row: min(order.get(row["id"], len(order)), order.get(row["message_id"], len(order))))
    for row in found:
        tries = Attempt.objects.filter(mail_id=row["id"]).order_by("-number")
        last = tries.values_list("mail__user__email", "mail__domain", "number", "began_us").first()
        if last:
            return Reported(row["id"], *last)
    return None


def add_report(reported: Reported, said: Said, now: datetime) -> bool:
    """Record what is said of a mail's latest try; return whether it is new."""
    values = {"words": said.words, "received_us": to_us(now)}
    _, is_new = Report.objects.get_or_create(
        mail_id=reported.mail_id, number=reported.number, kind=said.kind.value, defaults=values
    )
    return is_new


def mark_bounced(mail_id: int, words: str, now: datetime) -> bool:
    """Move a mail that has left to `bounced`, with the remote words; return whether it was so."""
    rows = Mail.objects.filter(id=mail_id, state__in=_LEFT)
    values = {"lease_owner": "", "lease_until_s": None, "in_doubt": False}
    return bool(rows.update(state=MailState.BOUNCED, last_reply=words, finished_us=to_us(now), **values))


def was_released_after(email: str, began_us: int) -> bool:
    """Return whether somebody let an address go after a try began: what is said of that try is known to be past."""
    return Suppression.objects.filter(address_key=address_key(email), released_us__gte=began_us).exists()


def hold_all_but_critical(email: str, words: str, now: datetime) -> None:
    """Hold an address's mails from now on, critical ones apart; one that is held already stays as it is."""
    key = address_key(email)
    if Suppression.objects.filter(address_key=key, released_us=None).exists():
        return
    values = {"reply": words, "since_us": to_us(now), "released_us": None, "spares_critical": True}
    Suppression.objects.update_or_create(address_key=key, defaults=values)


def count(result: str) -> None:
    """Count one report."""
    ReportCount.objects.get_or_create(result=result)
    ReportCount.objects.filter(result=result).update(number=F("number") + 1)


def count_reports(results: Iterable[str]) -> dict[str, int]:
    """Return how many reports there were, by result; those of `results` that never came are 0."""
    return dict.fromkeys(results, 0) | dict(ReportCount.objects.values_list("result", "number"))


def reports_of(mail_id: int) -> list[dict[str, Any]]:
    """Return what was reported of a mail, oldest first: kind, words, received_us and the number of the try."""
    rows = Report.objects.filter(mail_id=mail_id).order_by("received_us", "id")
    return [dict(row) for row in rows.values("kind", "words", "received_us", "number")]


def undelivered(partners: Collection[str] | None = None, limit: int = 200) -> list[Undelivered]:
    """Return the addresses that mails are held for, newest first: everybody's, or those of some partners' people."""
    rows = Suppression.objects.filter(released_us=None).order_by("-since_us")
    if partners is not None:
        theirs = User.objects.filter(partner_id__in=list(partners), is_active=True)
        rows = rows.filter(address_key__in=theirs.values("email_key"))
    return _told(rows.values("address_key", "reply", "since_us", "spares_critical")[:limit])


def undelivered_to(email: str) -> Undelivered | None:
    """Return why mails are held for one address; None when they are not."""
    rows = Suppression.objects.filter(released_us=None, address_key=address_key(email))
    return next(iter(_told(rows.values("address_key", "reply", "since_us", "spares_critical"))), None)


def _told(rows: Iterable[Mapping[str, Any]]) -> list[Undelivered]:
    found = list(rows)
    keys = [row["address_key"] for row in found]
    people = User.objects.filter(email_key__in=keys).values("email_key", "email", "name", "partner_id")
    by_key: dict[str, dict[str, Any]] = {row["email_key"]: dict(row) for row in people}
    nobody = {"email": None, "name": "", "partner_id": None}
    stopped = Q(state=MailState.HELD) | Q(state=MailState.BOUNCED, report__kind=Kind.NO_SUCH_ADDRESS)
    mails = Mail.objects.filter(stopped, user__email_key__in=keys)
    held = dict(mails.values_list("user__email_key").annotate(number=Count("id", distinct=True)))
    return [_undelivered(row, by_key.get(row["address_key"], nobody), held.get(row["address_key"], 0)) for row in found]


def _undelivered(row: Mapping[str, Any], person: Mapping[str, Any], held: int) -> Undelivered:
    return Undelivered(
        email=person["email"] or row["address_key"],
        name=person["name"],
        partner=person["partner_id"],
        words=row["reply"],
        since_at=from_us(row["since_us"]),
        spares_critical=row["spares_critical"],
        held=held,
    )
