"""Peers of the matching benchmark: percolators in SQL, and an engine that is asked rule by rule.

All answer the same question over the same notifications, and are checked to answer it alike.
A percolator stores queries as rows and finds them by an event. Its rows are those of
reference/matching.md 4: one for each notification, its conditions as columns, found by its
partner, or by its type when it has none.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import psycopg

from benchmarks.workload import CODES, NUMBERS
from callboard.catalogue.values import Condition, Event, PartnerKind
from callboard.people.values import Directory
from callboard.preferences.values import Notification

SCOPES = (PartnerKind.CONTENT_PARTNER, PartnerKind.FULFILLMENT_PARTNER)
ANY, NONE = [f"{one}_any" for one in CODES], [f"{one}_none" for one in CODES]
BOUNDS = [f"{one}_{end}" for one in NUMBERS for end in ("low", "high")]
COLUMNS = ("id", "type", "scope", *ANY, *NONE, *BOUNDS, "title_part", "hdr")


class Peer(Protocol):
    """Something that answers events."""

    name: str

    def find(self, event: Event) -> list[str]:
        """Return the ids of the notifications that the event satisfies."""


def scope_of(notification: Notification, people: Directory) -> str | None:
    """Return the partner of the owner; None for the studio."""
    person = people.persons[notification.user_id or 0]
    return None if person.kind is PartnerKind.STUDIO else f"{person.kind}:{person.partner}"


def as_row(notification: Notification, people: Directory, *, lists_as_json: bool) -> tuple[Any, ...]:
    """Return a notification as the percolators keep it."""
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"id": notification.id, "type": notification.event_type, "scope": scope_of(notification, people)}
    for one in notification.where:
        row |= _columns(one, lists_as_json=lists_as_json)
    return tuple(row[name] for name in COLUMNS)


def _columns(one: Condition, *, lists_as_json: bool) -> dict[str, Any]:
    if one.op in {"any_of", "none_of"}:
        values = sorted(one.operand)
        return {f"{one.field}_{one.op[:-3]}": json.dumps(values) if lists_as_json else values}
    if one.op == "contains":
        return {"title_part": one.operand}
    if one.op == "is":
        return {"hdr": one.operand}
    low, high = (max(-(2**31), min(2**31 - 1, end)) for end in one.operand)
    return {f"{one.field}_low": int(low), f"{one.field}_high": int(high)}


def values_of(event: Event) -> dict[str, Any]:
    """Return the parameters of a query."""
    data = event.data
    found = {one: data.get(one) for one in (*CODES, *NUMBERS, "hdr")}
    scopes = [f"{kind}:{data.get(kind.value)}" for kind in SCOPES]
    return found | {"type": event.type, "title": str(data["title"]).casefold(), "first": scopes[0], "second": scopes[1]}


class SQLite:
    """A percolator in an SQLite database in memory."""

    name = "SQL percolator, SQLite"

    def __init__(self, notifications: Iterable[Notification], people: Directory) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute(f"CREATE TABLE wish ({', '.join(COLUMNS)})")
        marks = ", ".join("?" * len(COLUMNS))
        rows = (as_row(one, people, lists_as_json=True) for one in notifications)
        self._database.executemany(f"INSERT INTO wish VALUES ({marks})", rows)
        self._database.execute("CREATE INDEX by_scope ON wish (type, scope)")
        self._database.execute("ANALYZE")
        tests = [f"({one}_any IS NULL OR :{one} IN (SELECT value FROM json_each({one}_any)))" for one in CODES]
        tests += [
            f"({one}_none IS NULL OR :{one} IS NULL OR :{one} NOT IN (SELECT value FROM json_each({one}_none)))"
            for one in CODES
        ]
        tests += [f"({one}_low IS NULL OR :{one} BETWEEN {one}_low AND {one}_high)" for one in NUMBERS]
        tests += ["(title_part IS NULL OR instr(:title, title_part))", "(hdr IS NULL OR hdr = :hdr)"]
        holds = " AND ".join(tests)
        self._query = " UNION ALL ".join(
            f"SELECT id FROM wish WHERE type = :type AND {scope} AND {holds}"
            for scope in ("scope IS NULL", "scope = :first", "scope = :second")
        )

    def find(self, event: Event) -> list[str]:
        """Return the ids of the notifications that the event satisfies."""
        return [row[0] for row in self._database.execute(self._query, values_of(event))]


class PostgreSQL:
    """A percolator in an unlogged table of a PostgreSQL database, prepared and without its compiler."""

    name = "SQL percolator, PostgreSQL"

    def __init__(self, notifications: Iterable[Notification], people: Directory, url: str) -> None:
        self._database = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        lists = dict.fromkeys((*ANY, *NONE), "text[]") | dict.fromkeys(BOUNDS, "int") | {"hdr": "boolean"}
        columns = ", ".join(f"{name} {lists.get(name, 'text')}" for name in COLUMNS)
        self._database.execute("SET jit = off")
        self._database.execute(f"CREATE UNLOGGED TABLE wish ({columns})")
        with self._database.cursor() as cursor, cursor.copy("COPY wish FROM STDIN") as copy:
            for one in notifications:
                copy.write_row(as_row(one, people, lists_as_json=False))
        self._database.execute("CREATE INDEX by_scope ON wish (type, scope)")
        self._database.execute("VACUUM ANALYZE wish")
        tests = [f"({one}_any IS NULL OR %({one})s = ANY({one}_any))" for one in CODES]
        tests += [f"({one}_none IS NULL OR %({one})s::text IS NULL OR %({one})s <> ALL({one}_none))" for one in CODES]
        tests += [f"({one}_low IS NULL OR %({one})s::int BETWEEN {one}_low AND {one}_high)" for one in NUMBERS]
        tests += ["(title_part IS NULL OR strpos(%(title)s, title_part) > 0)", "(hdr IS NULL OR hdr = %(hdr)s)"]
        holds = " AND ".join(tests)
        self._query = " UNION ALL ".join(
            f"SELECT id FROM wish WHERE type = %(type)s AND {scope} AND {holds}"
            for scope in ("scope IS NULL", "scope = %(first)s", "scope = %(second)s")
        )

    def find(self, event: Event) -> list[str]:
        """Return the ids of the notifications that the event satisfies."""
        rows: Sequence[tuple[str]] = self._database.execute(self._query, values_of(event)).fetchall()
        return [row[0] for row in rows]


class RuleByRule:
    """common-expression-language 0.10 (Apache-2.0, 2026-09), asked for each notification of the event's type."""

    name = "rule by rule, common-expression-language"

    def __init__(self, notifications: Iterable[Notification], people: Directory) -> None:
        import cel  # noqa: PLC0415 - a peer, installed for development only

        self._rules: dict[str, list[tuple[str, Any]]] = {}
        for one in notifications:
            rules = self._rules.setdefault(one.event_type, [])
            rules.append((one.id, cel.compile(_expression(one, people))))

    def find(self, event: Event) -> list[str]:
        """Return the ids of the notifications that the event satisfies."""
        context = {name: value for name, value in values_of(event).items() if name != "type"}
        return [id_ for id_, rule in self._rules.get(event.type, ()) if rule.execute(context)]


def _expression(notification: Notification, people: Directory) -> str:
    scope = scope_of(notification, people)
    parts = [f'(first == "{scope}" || second == "{scope}")'] if scope else []
    return " && ".join(parts + [_test(one) for one in notification.where])


def _test(one: Condition) -> str:
    if one.op == "any_of":
        return f"{one.field} in {json.dumps(sorted(one.operand))}"
    if one.op == "none_of":
        return f"!({one.field} in {json.dumps(sorted(one.operand))})"
    if one.op == "contains":
        return f"title.contains({json.dumps(one.operand)})"
    if one.op == "is":
        return f"hdr == {json.dumps(one.operand)}"
    low, high = one.operand
    ends = [f"{one.field} != null"]
    ends += [f"{one.field} >= {low}"] if low > float("-inf") else []
    ends += [f"{one.field} <= {high}"] if high < float("inf") else []
    return "(" + " && ".join(ends) + ")"
