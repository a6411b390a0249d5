"""Taking a report: whose mail it is about, what follows for the mail and for the address (P4). One transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog
from django.db import transaction

from callboard.base.config import Config
from callboard.base.texts import address_key
from callboard.mail.breakers import Breakers
from callboard.mail.feedback import store
from callboard.mail.feedback.reading import Unreadable, read_report
from callboard.mail.feedback.report import BOUNCES, OF_A_MAIL, Kind, Report, Said
from callboard.mail.feedback.return_path import ReturnPath
from callboard.mail.feedback.store import Reported
from callboard.mail.replies import envelope_address

MAX_REPORT_BYTES = 10 * 1024 * 1024
"""Size of a report that is taken; it may carry the whole mail back."""

logger = structlog.get_logger(__name__)


class Result(StrEnum):
    """What became of a report that changed nothing; others are counted under their `Kind`."""

    REPEATED = "repeated"
    NOT_OURS = "not-ours"
    UNREADABLE = "unreadable"


RESULTS = tuple(one.value for one in (*Kind, *Result))
"""Everything a report may be counted as; a closed list."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report: one of `RESULTS`, the mail it is about, and what it says or why it was not read."""

    result: Kind | Result
    mail_id: int | None = None
    words: str = ""


def take_report(raw: bytes, recipients: Iterable[str], config: Config, now: datetime) -> Taken:
    """Read a report, draw the conclusions, count it; after the return that is durable.

    `recipients` are the envelope's, where they are known. Taking a report again changes nothing.
    """
    try:
        report = read_report(raw)
    except Unreadable as exc:
        taken = Taken(Result.UNREADABLE, words=str(exc))
        with transaction.atomic():
            store.count(taken.result.value)
    else:
        path = ReturnPath(config)
        signed = [one for one in map(path.mail_of, recipients) if one is not None]
        with transaction.atomic():
            # A word that is not signed counts only under one of our Message-IDs, keyed hashes that nobody can guess
            reported = store.find_reported([*signed, *path.mails_in(raw)], report.message_ids)
            taken = _take(report, reported, now)
            store.count(taken.result.value)
    logger.info("report taken", result=taken.result.value, mail=taken.mail_id)
    return taken


def _take(report: Report, reported: Reported | None, now: datetime) -> Taken:
    said = report.of(address_key(envelope_address(reported.email)) if reported else "")
    if said.kind not in OF_A_MAIL:
        return Taken(said.kind, reported.mail_id if reported else None, said.words)
    if reported is None:
        return Taken(Result.NOT_OURS, words=said.words)
    if not store.add_report(reported, said, now):
        return Taken(Result.REPEATED, reported.mail_id, said.words)
    _follow(said, reported, now)
    return Taken(said.kind, reported.mail_id, said.words)


def _follow(said: Said, reported: Reported, now: datetime) -> None:
    """Do what a report asks for; a delay and a delivery are recorded, nothing else."""
    if said.kind in BOUNCES:
        store.mark_bounced(reported.mail_id, said.words, now)
    if store.was_released_after(reported.email, reported.began_us):
        return  # late news of a try before somebody let the address go
    if said.kind is Kind.NO_SUCH_ADDRESS:
        Breakers().suppress(reported.email, reported.domain, said.words, Counter(), now)
    elif said.kind is Kind.COMPLAINT:
        store.hold_all_but_critical(reported.email, said.words, now)
