"""Cells: equal where the definition can not tell two values apart, and only there."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from tests.unit.studio import CATALOGUE

from callboard.base.instants import EPOCH
from callboard.catalogue.values import Field, FieldType
from callboard.insights.cells import Answers, Cells, Column, column_of

DAYS = [20_000, 20_001]


def codes(column, *values):
    data = [{column.keys[0]: one} for one in values]
    return Cells(column).encode(data, [DAYS[0]] * len(values))


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), (1, "1"), (None, ""), ([1], [True]), (["a"], "['a']"), ("a", "A")]
)
def test_values_that_only_look_alike_have_cells_of_their_own(one, other):
    assert codes(Column(("x",)), one, other, one) == [0, 1, 0]


def test_lacking_a_field_and_null_are_one_cell():
    assert Cells(Column(("x",))).encode([{}, {"x": None}], DAYS) == [0, 0]


def test_a_date_is_kept_with_the_date_of_the_event():
    cells = Cells(column_of(Field(key="due", label="", type=FieldType.DATE)))
    assert cells.encode([{"due": "2026-11-23"}] * 2, DAYS) == [0, 1]
    found = [(event.date, dict(event.data)) for event in cells.events([0, 1], "a.b")]
    day = (EPOCH + timedelta(days=DAYS[0])).date()
    assert found == [(day, {"due": "2026-11-23"}), (day + timedelta(days=1), {"due": "2026-11-23"})]
    assert day == date(2024, 10, 4)


def test_titles_are_kept_with_their_names():
    cells = Cells(column_of(CATALOGUE.fields["title_id"]))
    data = [{"title_id": ["7"], "title_names": [name]} for name in ("Old", "New", "Old")]
    assert cells.encode(data, [DAYS[0]] * 3) == [0, 1, 0]
    assert cells.values(1) == (("7",), ("New",))


def test_mentions_are_asked_of_each_cell():
    cells = Cells(column_of(CATALOGUE.fields["mentions_me"]))
    found = cells.encode([{"mentions": ["Ana@x.example"]}, {"mentions": ["b@x.example"]}, {}], [DAYS[0]] * 3)
    answers = Answers(cells, lambda event: "ana@x.example" in event.mentioned)
    assert answers.of(np.array(found, np.int32)).tolist() == [True, False, False]


def test_a_cell_is_asked_once_and_new_cells_when_they_come():
    cells, asked = Cells(Column(("x",))), []

    def ask(event):
        asked.append(event.data["x"])
        return event.data["x"] == "b"

    first = np.array(cells.encode([{"x": "a"}, {"x": "b"}, {"x": "a"}], [DAYS[0]] * 3), np.int32)
    assert cells.answers("is it b", ask).of(first).tolist() == [False, True, False]
    more = np.array(cells.encode([{"x": "c"}, {"x": "b"}], DAYS), np.int32)
    assert cells.answers("is it b", ask).of(more).tolist() == [False, True]
    assert sorted(asked) == ["a", "b", "c"]
    assert cells.answers("another question", lambda _: True).of(more).tolist() == [True, True]
