"""One statement for many rows at once, and short ones that are asked all the time, on either database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

_PART = 50
"""Rows that SQLite is given at once: it keeps a prepared statement for each number of them."""


def write_rows(
    statement: str,
    rows: Sequence[Sequence[Any]],
    *,
    before: Sequence[Any] = (),
    after: Sequence[Any] = (),
    **columns: str,
) -> int:
    """Run a statement over rows, inside the caller's transaction; return how many it changed.

    `{given}` in the statement becomes a table `given` of the rows, whose columns have these names and
    PostgreSQL types. `before` and `after` fill the marks on either side of it.

    Each row of an `executemany` would give up the interpreter and wait for it again. PostgreSQL reads the rows
    from one JSON text. To SQLite each value is a parameter: out of JSON, a mail's statements took it 40 to 60 % more
    instructions. Source: decision 7, counted.
    """
    database = connections[DEFAULT_DB_ALIAS]  # once: to look it up takes as long as a row
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            text = statement.format(given=_from_json(tuple(columns.items())))
            cursor.execute(text, [*before, json.dumps(rows), *after])
            return int(cursor.rowcount)
    database.ensure_connection()
    database.validate_no_broken_transaction()
    changed = 0
    for start in range(0, len(rows), _PART):
        part = rows[start : start + _PART]
        text = _of_parameters(statement, tuple(columns), len(part))
        with database.wrap_database_errors:  # a cursor of Django's would look through hundreds of marks each time
            changed += database.connection.execute(text, [*before, *chain.from_iterable(part), *after]).rowcount
    return changed


def read_rows(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one short statement, inside the caller's transaction if there is one; return the rows that it gives.

    For what is asked with every commit. Django's cursor takes longer for its part than SQLite for the answer.
    The statement has marks alone, no other percent sign.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
    database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        return list(database.connection.execute(statement.replace("%s", "?"), values).fetchall())


@cache
def _from_json(columns: tuple[tuple[str, str], ...]) -> str:
    places = [f"CAST(value ->> {n} AS {kind}) AS {name}" for n, (name, kind) in enumerate(columns)]
    return f"(SELECT {', '.join(places)} FROM jsonb_array_elements(CAST(%s AS jsonb)) AS one(value)) AS given"  # noqa: S608


@cache
def _of_parameters(statement: str, names: tuple[str, ...], count: int) -> str:
    row = f"({', '.join('?' * len(names))})"
    places = [f"column{n} AS {name}" for n, name in enumerate(names, 1)]
    table = f"(SELECT {', '.join(places)} FROM (VALUES {', '.join([row] * count)})) AS given"  # noqa: S608 - fixed words only
    verb, rest = statement.format(given=table).replace("%s", "?").split(" ", 1)
    # A statement that may fail half way keeps the old pages in a file, to take back its own changes alone; nobody
    # wants that, since who calls ends the transaction. OR FAIL: no such file for each statement.
    return f"{verb} OR FAIL {rest}"
