"""Every query of the room. Callers open the transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection, models, transaction

from callboard.base import strict_json
from callboard.base.instants import from_us, to_us
from callboard.base.reasons import Frequency, Outcome, Reason
from callboard.decisions.models import KeptIndex, MatchChecks, Window
from callboard.decisions.rules import Decision
from callboard.decisions.windows import Span
from callboard.people.rows import write_rows
from callboard.people.sequences import take_ids
from callboard.preferences.values import Kind, Ref

_ROWS = 500
INDEXES_KNOWN = 50
"""Files of indexes that are remembered: each worker of each machine keeps one."""
_WITHIN, _BETWEEN = "\x1f", "\x1e"
"""Control characters, which JSON never holds as they are."""
DECIDE_LOCK = 0x0CA11B0B
"""The advisory lock that lets one worker decide at a time on PostgreSQL, in order of acceptance (S1)."""


class OpenWindow(NamedTuple):
    """A window as the scheduler sees it."""

    id: int
    user_id: int
    slot: str
    frequency: Frequency
    span: Span
    closed: bool


class Due(NamedTuple):
    """A window whose time has come: what composing has to know of it."""

    id: int
    user_id: int


class Content(NamedTuple):
    """A window with its decided items that are not withdrawn.

    `items` are the events' numbers and the refs, the same text for all who are told the same;
    `read_items` takes it apart.
    """

    window_id: int
    mail_id: int | None
    frequency: Frequency
    starts_us: int
    ends_us: int
    items: str


class Scheduled(NamedTuple):
    """A decision and the window it belongs to; None for skip."""

    event_number: int
    decision: Decision
    window_id: int | None


def add_match_checks(checked: int, differing: int) -> None:
    """Count comparisons of the index with the definition."""
    MatchChecks.objects.get_or_create(id=1)
    MatchChecks.objects.filter(id=1).update(
        checked=models.F("checked") + checked, differing=models.F("differing") + differing
    )


def count_match_checks() -> dict[str, int]:
    """Return how many comparisons there were, by result."""
    row = MatchChecks.objects.filter(id=1).first()
    checked, differing = (row.checked, row.differing) if row else (0, 0)
    return {"equal": checked - differing, "differing": differing}


def enter_deciding() -> None:
    """Be the only one who decides until this transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DECIDE_LOCK])


def windows_by_slot(slots: Iterable[tuple[int, str]]) -> dict[tuple[int, str], OpenWindow]:
    """Return (user id, slot) -> window for those that exist."""
    by_slot: dict[str, set[int]] = {}
    for user_id, slot in slots:
        by_slot.setdefault(slot, set()).add(user_id)
    found: dict[tuple[int, str], OpenWindow] = {}
    for slot, users in by_slot.items():
        wanted = sorted(users)
        for start in range(0, len(wanted), _ROWS):
            rows = Window.objects.filter(slot=slot, user_id__in=wanted[start : start + _ROWS])
            found.update(((row.user_id, row.slot), row) for row in _windows(rows))
    return found


def open_immediate(event_types: Iterable[str], since: datetime) -> list[OpenWindow]:
    """Return the open immediate windows of these event types that end after `since`, earliest first."""
    rows = Window.objects.filter(closed=False, frequency=Frequency.IMMEDIATELY.value, ends_us__gt=to_us(since))
    rows = rows.order_by("ends_us")
    wanted = set(event_types)
    return [one for one in _windows(rows) if one.slot.split(":")[1] in wanted]


def _windows(rows: Any) -> Iterable[OpenWindow]:
    columns = ("id", "user_id", "slot", "frequency", "starts_us", "ends_us", "closed")
    for id_, user_id, slot, frequency, starts_us, ends_us, closed in rows.values_list(*columns).iterator():
        yield OpenWindow(id_, user_id, slot, Frequency(frequency), Span(from_us(starts_us), from_us(ends_us)), closed)


def add_windows(windows: Sequence[OpenWindow]) -> list[int]:
    """Insert windows; return their ids in order. Only the one who decides inserts windows."""
    if not windows:
        return []
    ids = take_ids("decisions_window", len(windows))
    write_rows(
        "INSERT INTO decisions_window (id, user_id, slot, frequency, starts_us, ends_us, closed)"
        " SELECT id, user_id, slot, frequency, starts_us, ends_us, %s FROM {given}",
        [
            (id_, one.user_id, one.slot, one.frequency, to_us(one.span.starts_at), to_us(one.span.ends_at))
            for id_, one in zip(ids, windows, strict=True)
        ],
        before=[False],
        id="bigint", user_id="bigint", slot="text", frequency="text", starts_us="bigint", ends_us="bigint",
    )  # fmt: skip
    return ids


def add_decisions(rows: Iterable[Scheduled], now: datetime) -> None:
    """Write ledger rows; a row that is there already stays as it is (D1)."""
    write_rows(
        "INSERT INTO decisions_decision (event_id, user_id, outcome, reason, refs_json, frequency, window_id,"
        " decided_us, withdrawn_reason)"
        " SELECT event_id, user_id, outcome, reason, refs_json, frequency, window_id, %s, ''"
        " FROM {given} WHERE true"  # or SQLite would read ON as a join's
        " ON CONFLICT (event_id, user_id) DO NOTHING",
        [_as_row(one) for one in rows],
        before=[to_us(now)],
        event_id="bigint", user_id="bigint", outcome="text", reason="text", refs_json="text", frequency="text",
        window_id="bigint",
    )  # fmt: skip


def _as_row(row: Scheduled) -> tuple[Any, ...]:
    one = row.decision
    refs = refs_json(one.notifications)
    return row.event_number, one.person.id, one.outcome, one.reason, refs, one.frequency, row.window_id


@lru_cache(maxsize=65_536)
def refs_json(refs: tuple[Ref, ...]) -> str:
    """Return the stored form of the `notifications` of 4.4, with `of` for those of somebody else."""
    return strict_json.dumps([one.as_json() for one in refs])


def read_refs(text: str) -> tuple[Ref, ...]:
    """Return the references of a stored `notifications`."""
    return tuple(Ref(one["id"], Kind(one["kind"]), one.get("of", 0)) for one in json.loads(text))


def due_windows(until: datetime, limit: int) -> list[Due]:
    """Return open windows that end at or before `until`, earliest first; lock them where rows lock."""
    rows = Window.objects.filter(closed=False, ends_us__lte=to_us(until)).order_by("ends_us", "id")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, no_key=True)
    return [Due(*row) for row in rows.values_list("id", "user_id")[:limit]]


def next_window_end() -> datetime | None:
    """Return when the next open window ends."""
    ends_us = Window.objects.filter(closed=False).order_by("ends_us").values_list("ends_us", flat=True).first()
    return None if ends_us is None else from_us(ends_us)


def contents_of_windows(window_ids: Iterable[int]) -> list[Content]:
    """Return windows with their items."""
    return list(_contents("id", window_ids))


def contents_of_mails(mail_ids: Iterable[int]) -> list[Content]:
    """Return the windows that mails carry, with their items."""
    return list(_contents("mail_id", mail_ids))


def _contents(column: str, values: Iterable[int]) -> Iterable[Content]:
    """Read one row a window, its items joined into one text: a row for each item costs three times as much."""
    wanted = list(values)
    joined = "string_agg" if connection.vendor == "postgresql" else "group_concat"
    for start in range(0, len(wanted), _ROWS):
        part = wanted[start : start + _ROWS]
        marks = ", ".join(["%s"] * len(part))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT w.id, w.mail_id, w.frequency, w.starts_us, w.ends_us,"  # noqa: S608 - fixed words only
                f" {joined}(d.event_id || CAST(%s AS TEXT) || d.refs_json, CAST(%s AS TEXT))"
                " FROM decisions_window w LEFT JOIN decisions_decision d"
                " ON d.window_id = w.id AND d.withdrawn_reason = ''"
                f" WHERE w.{column} IN ({marks}) GROUP BY w.id, w.mail_id, w.frequency, w.starts_us, w.ends_us",
                [_WITHIN, _BETWEEN, *part],
            )
            for id_, mail_id, frequency, starts_us, ends_us, items in cursor.fetchall():
                yield Content(id_, mail_id, Frequency(frequency), starts_us, ends_us, items or "")


def read_items(items: str) -> list[tuple[int, str]]:
    """Return (event number, refs as stored) of a content's items."""
    if not items:
        return []
    parted = (one.partition(_WITHIN) for one in items.split(_BETWEEN))
    return [(int(number), refs) for number, _, refs in parted]


def windows_of_mails(mail_ids: Iterable[int]) -> list[Due]:
    """Return the windows that the mails carry."""
    wanted = list(mail_ids)
    found: list[Due] = []
    for start in range(0, len(wanted), _ROWS):
        rows = Window.objects.filter(mail_id__in=wanted[start : start + _ROWS])
        found += [Due(*row) for row in rows.values_list("id", "user_id")]
    return found


def close_windows(mail_of: dict[int, int | None]) -> None:
    """Close windows; each maps to the mail that carries it, or None when all was withdrawn."""
    write_rows(
        "UPDATE decisions_window SET closed = %s, mail_id = given.mail_id FROM {given}"
        " WHERE decisions_window.id = given.id",
        list(mail_of.items()),
        before=[True],
        id="bigint", mail_id="bigint",
    )  # fmt: skip


def withdraw(reasons: dict[tuple[int, int], Reason], now: datetime) -> None:
    """Withdraw decided items: (event number, user id) -> reason. What is withdrawn stays so.

    In order: two who withdraw at once wait for each other, and neither is ended.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE decisions_decision SET withdrawn_reason = %s, withdrawn_us = %s"
            " WHERE event_id = %s AND user_id = %s AND withdrawn_reason = ''",
            [(reason.value, to_us(now), *decision) for decision, reason in sorted(reasons.items())],
        )


def unsent_items(user_ids: Sequence[int], mail_ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return (event number, user id) of the users' notify decisions in open windows or in the given mails."""
    found: list[tuple[int, int]] = []
    mails = set(mail_ids)
    with connection.cursor() as cursor:
        for user_id in user_ids:
            cursor.execute(
                "SELECT d.event_id, w.closed, w.mail_id FROM decisions_decision d"
                " JOIN decisions_window w ON w.id = d.window_id"
                " WHERE w.user_id = %s AND d.outcome = %s AND d.withdrawn_reason = ''",
                [user_id, Outcome.NOTIFY.value],
            )
            found += [(row[0], user_id) for row in cursor.fetchall() if not row[1] or row[2] in mails]
    return found


def note_index(token: str) -> None:
    """Remember that an index was kept in a file of this name; of many, the latest."""
    with transaction.atomic():
        newest = KeptIndex.objects.aggregate(newest=models.Max("number"))["newest"] or 0
        KeptIndex.objects.create(token=token, number=newest + 1)
        KeptIndex.objects.filter(number__lte=newest - INDEXES_KNOWN).delete()


def is_index_known(token: str) -> bool:
    """Return whether a file of this name was made from this database."""
    return KeptIndex.objects.filter(token=token).exists()
