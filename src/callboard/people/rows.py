"""Rows that a statement is given as one text, whatever their number."""

from __future__ import annotations

from django.db import connection


def given(**columns: str) -> str:
    """Return a table of rows that are given as one JSON text, an array of arrays: a mark in their place.

    The statement is the same for any number of rows: prepared once, and nobody looks through hundreds of
    marks. Nor does each row give up the interpreter and wait for it again, as those of an `executemany` do.
    """
    if connection.vendor == "postgresql":
        places = [f"CAST(value ->> {n} AS {kind}) AS {name}" for n, (name, kind) in enumerate(columns.items())]
        return f"(SELECT {', '.join(places)} FROM jsonb_array_elements(CAST(%s AS jsonb)) AS one(value)) AS given"  # noqa: S608
    places = [f"json_extract(value, '$[{n}]') AS {name}" for n, name in enumerate(columns)]
    return f"(SELECT {', '.join(places)} FROM json_each(%s)) AS given"  # noqa: S608 - fixed words only
