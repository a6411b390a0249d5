"""What operators ask of the outbox: what is stuck, what is due, what servers said. Reads only, at a bounded cost.

States stand in these statements as they are: only then do partial indexes answer them.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection

from callboard.base.instants import from_us, to_us
from callboard.mail.store import IMPORTANCE_BY_RANK, NEXT_HOP

MOST_COUNTED = 10_000
"""Where counting ends: more is "over 10,000", and costs no more to say."""
_ROWS = 500
_FRESH_S = 5.0
_STUCK = {
    "held": "state = 'held'",
    "failed": "state = 'failed'",
    "bounced": "state = 'bounced'",
    "in_doubt": "state IN ('queued', 'leased') AND in_doubt",
}
_OUTCOME = (
    "CASE WHEN a.code IS NULL THEN NULL WHEN a.code = 250 THEN 'sent'"
    " WHEN a.code BETWEEN 500 AND 599 AND a.reply LIKE '5.1.1%%'"
    " AND SUBSTR(a.reply, 6, 1) NOT BETWEEN '0' AND '9' THEN 'held'"  # 5.1.10 is another code
    " WHEN a.code BETWEEN 500 AND 599 AND a.reply NOT LIKE '4.%%' THEN 'failed'"
    " WHEN m.in_doubt THEN 'in_doubt' ELSE 'deferred' END"
)
OUTCOMES = ("sent", "deferred", "in_doubt", "held", "failed")
"""What became of a try: `failed` and `held` are refusals for good, `in_doubt` was cut off after the dot."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many mails and addresses wait for an operator, each counted up to `MOST_COUNTED`."""

    held: int
    failed: int
    bounced: int
    in_doubt: int
    suppressed: int


@dataclass(frozen=True, slots=True)
class Pause:
    """A domain, or the next hop, that is left alone for now."""

    domain: str
    until: datetime
    reason: str

    @property
    def name(self) -> str:
        """Return the domain, or what the next hop is called."""
        return self.domain or "next hop"


def standing() -> Standing:
    """Return what waits for an operator."""
    return Standing(**{name: count_stuck(name) for name in _STUCK}, suppressed=count_suppressed())


def count_stuck(kind: str) -> int:
    """Return how many mails are `held`, `failed`, `bounced` or `in_doubt`, up to `MOST_COUNTED`."""
    return _capped(f"SELECT 1 FROM mail_mail WHERE {_STUCK[kind]}")  # noqa: S608 - our own words


def count_failed_since(since: datetime) -> int:
    """Return how many mails failed after an instant, up to `MOST_COUNTED`."""
    rows = f"SELECT 1 FROM mail_mail WHERE {_STUCK['failed']} AND finished_us > {int(to_us(since))}"  # noqa: S608
    return _capped(rows)


def count_suppressed() -> int:
    """Return how many addresses are suppressed, up to `MOST_COUNTED`."""
    return _capped("SELECT 1 FROM mail_suppression WHERE released_us IS NULL")


def suppression_of(key: str) -> str:
    """Return the words for which the address with this key is suppressed; "" when it is not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reply FROM mail_suppression WHERE released_us IS NULL AND address_key = %s", [key])
        row = cursor.fetchone()
    return str(row[0]) or "suppressed" if row else ""


def _capped(rows: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({rows} LIMIT {MOST_COUNTED}) AS found")  # noqa: S608 - our own words
        return int(cursor.fetchone()[0])


def oldest_due_at(now: datetime) -> datetime | None:
    """Return since when the mail that is due longest has been due; one look into the index per importance."""
    found = []
    with connection.cursor() as cursor:
        for rank in IMPORTANCE_BY_RANK:
            cursor.execute(
                "SELECT next_attempt_us FROM mail_mail WHERE state = 'queued' AND importance_rank = %s"
                " ORDER BY next_attempt_us LIMIT 1",
                [rank],
            )
            found += cursor.fetchall()
    oldest_us = min((row[0] for row in found), default=None)
    return from_us(oldest_us) if oldest_us is not None and oldest_us <= to_us(now) else None


def open_pauses(now: datetime, limit: int = 200) -> list[Pause]:
    """Return what is paused now, the next hop first, then what is paused longest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT domain, open_until_us, reason FROM mail_domainbreaker WHERE open_until_us > %s"
            " ORDER BY CASE WHEN domain = %s THEN 0 ELSE 1 END, open_until_us DESC LIMIT %s",
            [to_us(now), NEXT_HOP, limit],
        )
        return [Pause(domain, from_us(until_us), reason) for domain, until_us, reason in cursor.fetchall()]


def is_hop_paused(now: datetime) -> Pause | None:
    """Return the pause of the next hop, when it is paused."""
    first = next(iter(open_pauses(now, limit=1)), None)
    return first if first and first.domain == NEXT_HOP else None


def count_unsent() -> dict[str, int]:
    """Return how many mails are queued or leased, by domain; read from the indexes of what is not done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT domain, COUNT(*) FROM mail_mail WHERE state = 'queued' GROUP BY domain")
        found = {str(domain): int(count) for domain, count in cursor.fetchall()}
        cursor.execute("SELECT domain, COUNT(*) FROM mail_mail WHERE state = 'leased' GROUP BY domain")
        for domain, count in cursor.fetchall():
            found[domain] = found.get(domain, 0) + count
    return found


# What servers said


def newest_attempt() -> int:
    """Return the number of the newest attempt; 0 when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM mail_attempt")
        return int(cursor.fetchone()[0])


def answers(after: int, until: int) -> list[tuple[int, str, str | None]]:
    """Return (attempt, domain, outcome) of the attempts behind `after`, up to `until`; None: no answer yet."""
    return _answers("a.id > %s AND a.id <= %s", [after, until])


def answers_of(numbers: Sequence[int]) -> list[tuple[int, str, str | None]]:
    """Return what `answers` does, for these attempts."""
    found: list[tuple[int, str, str | None]] = []
    for start in range(0, len(numbers), _ROWS):
        part = numbers[start : start + _ROWS]
        found += _answers(f"a.id IN ({_marks(part)})", part)
    return found


def _answers(where: str, values: Iterable[int]) -> list[tuple[int, str, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT a.id, m.domain, {_OUTCOME} FROM mail_attempt a JOIN mail_mail m ON m.id = a.mail_id"  # noqa: S608
            f" WHERE {where}",
            list(values),
        )
        return list(cursor.fetchall())


def _marks(values: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(values))


# Who works


def is_worker_alive(home: Path) -> bool:
    """Return whether a process that sends lives now, by the lock that it holds while it does."""
    if connection.vendor == "postgresql":
        return _has_session_lock()
    folder = home / "workers"
    return folder.is_dir() and any(_is_held(one) for one in folder.iterdir() if one.is_file())


def _is_held(path: Path) -> bool:
    """Return whether a process holds the lock of a file; one that is new is left alone, its lock is being taken."""
    try:
        if 0 <= time.time() - path.stat().st_mtime < _FRESH_S:  # what lies ahead was written by another clock
            return True
        file = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)


def _has_session_lock() -> bool:
    """Return whether anyone holds an owner's lock: those are beyond 32 bits, all other advisory locks are not."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
            " AND classid <> 0 AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return bool(cursor.fetchone()[0])
