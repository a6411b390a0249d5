"""Statements over many rows: all of them or none, on either database, whatever they hold."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from callboard.mail.models import Suppression
from callboard.people.rows import write_rows

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
