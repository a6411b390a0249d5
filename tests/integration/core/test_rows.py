"""Statements over many rows: all of them or none, on either database, whatever they hold."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from callboard.mail.models import Suppression
from callboard.people.rows import read_rows, write_rows

ADD = (
    "INSERT INTO mail_suppression (address_key, reply, spares_critical, since_us, released_us)"
    " SELECT address_key, reply, spares, %s, released_us FROM {given} WHERE address_key <> %s"
)
COLUMNS = {"address_key": "text", "reply": "text", "spares": "boolean", "released_us": "bigint"}
ODD = "50% of {given} ? ' \" \\ \u2028 \U0001f4ec"

pytestmark = pytest.mark.django_db


def row(number, **changed):
    values = {"address_key": f"p{number}@x.example", "reply": ODD, "spares": number % 2 == 0, "released_us": None}
    return tuple((values | changed).values())


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 173])
def test_every_row_is_written_once_as_it_was_given(count):
    rows = [row(n, released_us=2**62 + n if n % 3 else None) for n in range(count)]
    assert write_rows(ADD, [*rows, row(-1, address_key="left out")], before=[7], after=["left out"], **COLUMNS) == count
    found = Suppression.objects.order_by("id").values_list("address_key", "reply", "spares_critical", "released_us")
    assert sorted(found) == sorted(rows)
    assert set(Suppression.objects.values_list("since_us", flat=True)) <= {7}


def test_only_the_rows_that_changed_are_counted():
    write_rows(ADD, [row(n) for n in range(60)], before=[7], after=[""], **COLUMNS)
    given = [(f"p{n}@x.example", n) for n in range(0, 120, 2)]
    changed = write_rows(
        "UPDATE mail_suppression SET released_us = given.at FROM {given} WHERE address_key = given.key",
        given, key="text", at="bigint",
    )  # fmt: skip
    assert changed == 30
    assert Suppression.objects.filter(released_us__isnull=False).count() == 30


def test_a_row_that_can_not_be_written_leaves_none_behind():
    rows = [*(row(n) for n in range(80)), row(3)]
    with pytest.raises(IntegrityError), transaction.atomic():
        write_rows(ADD, rows, before=[7], after=[""], **COLUMNS)
    assert not Suppression.objects.exists()


def test_rows_are_read_as_they_were_written():
    rows = [row(n, released_us=2**62 + n if n % 3 else None) for n in range(3)]
    write_rows(ADD, rows, before=[7], after=[""], **COLUMNS)
    found = read_rows(
        "SELECT address_key, reply, spares_critical, released_us FROM mail_suppression"
        " WHERE address_key <> %s ORDER BY address_key",
        ["p1@x.example"],
    )
    assert [(key, reply, bool(spares), at) for key, reply, spares, at in found] == [rows[0], rows[2]]
    assert read_rows("SELECT 1 FROM mail_suppression WHERE since_us = 8") == []
    assert read_rows("UPDATE mail_suppression SET reply = %s WHERE since_us = 7 RETURNING id", ["gone"])
    assert set(Suppression.objects.values_list("reply", flat=True)) == {"gone"}


def test_a_statement_that_the_database_refuses_is_told_as_django_tells_it():
    with pytest.raises(DatabaseError), transaction.atomic():
        read_rows("SELECT value FROM no_such_table")
