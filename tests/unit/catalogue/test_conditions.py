"""Operators and when a condition holds (M2–M8)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, REDELIVERY, directory, event

from callboard.base.errors import Fault
from callboard.catalogue.conditions import OPERATORS, holds, read_condition
from callboard.catalogue.values import Condition, EventType, FieldType

EVERY_FIELD = EventType(
    id=REDELIVERY,
    label="Everything",
    description="",
    group="",
    fields=tuple(CATALOGUE.fields),
    frequencies=(),
    importance=CATALOGUE.event_types[REDELIVERY].importance,
)
STUDIO = directory()


def read(field: Any, op: Any, value: Any) -> Condition | list[Fault]:
    return read_condition({"field": field, "op": op, "value": value}, EVERY_FIELD, CATALOGUE.fields, "/where/0")


def true(field: str, op: str, value: Any, *, viewer: Any = "", at: Any = None, **data: Any) -> bool:
    condition = read(field, op, value)
    assert isinstance(condition, Condition), condition
    told = event(at=at, **data) if at else event(**data)
    return holds(condition, CATALOGUE.fields[field], told, viewer=viewer, ancestors=STUDIO.ancestors)


def test_m2_each_field_type_has_its_operators():
    assert OPERATORS == {
        FieldType.ENUM: ("any_of", "none_of"),
        FieldType.REFERENCE: ("any_of", "none_of"),
        FieldType.LANGUAGE: ("any_of", "none_of", "any_of_incl"),
        FieldType.PARTNER: ("any_of", "none_of", "any_of_incl"),
        FieldType.TEXT: ("equals", "contains", "starts_with"),
        FieldType.INTEGER: ("at_least", "at_most", "between"),
        FieldType.DATE: ("before", "after", "within_days", "overdue"),
        FieldType.BOOLEAN: ("is",),
    }


@pytest.mark.parametrize(
    ("field", "op", "value", "has", "expected"),
    [
        ("severity", "any_of", ["FYI", "Blocker"], "Blocker", True),
        ("severity", "any_of", ["FYI"], "Blocker", False),
        ("severity", "none_of", ["FYI"], "Blocker", True),
        ("severity", "none_of", ["FYI", "Blocker"], "Blocker", False),
        ("severity", "any_of", ["Blocker"], "blocker", False),
        ("package_id", "any_of", ["P-1"], "P-1", True),
        ("package_id", "any_of", ["P-1"], "p-1", False),
        ("package_id", "none_of", ["P-1"], "P-2", True),
        ("content_partner", "any_of", ["a"], "a", True),
        ("content_partner", "any_of", ["a"], "A", False),
        ("language", "any_of", ["pt-BR"], "PT-br", True),
        ("language", "any_of", ["pt"], "pt-BR", False),
        ("language", "none_of", ["PT-br"], "pt-BR", False),
        ("title", "equals", "The Salt", "the salt", True),
        ("title", "equals", "The Salt", "The Salt ", False),
        ("title", "contains", "salt", "The SALT Cartographers", True),
        ("title", "contains", "pepper", "The Salt Cartographers", False),
        ("title", "starts_with", "the s", "The Salt", True),
        ("title", "starts_with", "salt", "The Salt", False),
        ("title", "equals", "", "", True),
        ("redelivery_round", "at_least", 2, 2, True),
        ("redelivery_round", "at_least", 2, 1, False),
        ("redelivery_round", "at_most", 2, 2, True),
        ("redelivery_round", "at_most", 2, 3, False),
        ("redelivery_round", "between", [1, 3], 1, True),
        ("redelivery_round", "between", [1, 3], 3, True),
        ("redelivery_round", "between", [1, 3], 4, False),
        ("redelivery_round", "between", [2, 2], 2, True),
        ("delta_days", "at_most", -1, -5, True),
        ("redelivery_round", "at_least", 1, 10**300, True),
        ("error_overridable", "is", True, True, True),
        ("error_overridable", "is", False, False, True),
        ("error_overridable", "is", True, False, False),
    ],
)
def test_m2_operators(field: str, op: str, value: Any, has: Any, expected: bool):  # noqa: FBT001
    assert true(field, op, value, **{field: has}) is expected


LATE = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("op", "value", "has", "expected"),
    [
        ("before", "2026-11-24", "2026-11-23", True),
        ("before", "2026-11-24", "2026-11-24", False),
        ("after", "2026-11-24", "2026-11-25", True),
        ("after", "2026-11-24", "2026-11-24", False),
        ("within_days", 3, "2026-11-23", True),
        ("within_days", 3, "2026-11-26", True),
        ("within_days", 3, "2026-11-27", False),
        ("within_days", 3, "2026-11-22", False),
        ("within_days", 0, "2026-11-23", True),
        ("overdue", True, "2026-11-22", True),
        ("overdue", True, "2026-11-23", False),
    ],
)
def test_m2_dates_beside_the_events_date(op: str, value: Any, has: str, expected: bool):  # noqa: FBT001
    assert true("due_date", op, value, due_date=has, at=LATE) is expected


def test_m6_the_events_date_is_the_utc_date_of_its_time():
    tokyo_tomorrow = datetime.fromisoformat("2026-11-24T08:00:00+09:00")
    assert not true("due_date", "overdue", True, due_date="2026-11-23", at=tokyo_tomorrow)
    assert true("due_date", "overdue", True, due_date="2026-11-23", at=datetime(2026, 11, 24, tzinfo=UTC))


ONE_OF_EACH = [
    ("severity", "any_of", ["FYI"]),
    ("content_partner", "any_of_incl", ["copperglass"]),
    ("language", "any_of_incl", ["*"]),
    ("title", "contains", ""),
    ("redelivery_round", "at_most", 99),
    ("due_date", "before", "9999-12-31"),
    ("due_date", "overdue", True),
    ("due_date", "within_days", 36600),
    ("error_overridable", "is", False),
    ("tags", "any_of", ["Rush"]),
]


@pytest.mark.parametrize(("field", "op", "value"), ONE_OF_EACH)
@pytest.mark.parametrize("missing", [{}, None], ids=["absent", "null"])
def test_m3_a_missing_or_null_field_makes_every_operator_false(field: str, op: str, value: Any, missing: Any):
    assert not true(field, op, value, **({field: None} if missing is None else {}))


@pytest.mark.parametrize("field", ["severity", "content_partner", "language", "package_id", "tags"])
def test_m3_except_none_of_which_is_true(field: str):
    value = [(CATALOGUE.fields[field].values or ("x",))[0]]
    assert true(field, "none_of", value)
    assert true(field, "none_of", value, **{field: None})
    if CATALOGUE.fields[field].multiple:
        assert true(field, "none_of", value, **{field: []})


@pytest.mark.parametrize(
    ("op", "has", "expected"),
    [
        ("any_of", ["Rush", "HDR"], True),
        ("any_of", ["HDR", "Rush"], True),
        ("any_of", ["HDR"], False),
        ("any_of", [], False),
        ("none_of", ["HDR", "UHD"], True),
        ("none_of", ["HDR", "Rush"], False),
    ],
)
def test_m4_multiple_fields(op: str, has: list[str], expected: bool):  # noqa: FBT001
    assert true("tags", op, ["Rush", "Hold"], tags=has) is expected


def test_m5_text_is_compared_after_nfc_and_case_folding():
    assert true("title", "equals", "Cafe\u0301 STRASSE", title="CAFÉ straße")
    assert true("title", "contains", "É", title="cafe\u0301s")
    assert not true("title", "equals", "cafe", title="café")


@pytest.mark.parametrize(
    ("wanted", "has", "expected"),
    [
        ("es", "es-419", True),
        ("es", "ES", True),
        ("ES-419", "es-419", True),
        ("es-419", "es", False),
        ("es", "est", False),
        ("zh-Hant", "zh-Hant-TW", True),
        ("zh-TW", "zh-Hant-TW", False),
        ("*", "ja", True),
    ],
)
def test_m2_any_of_incl_of_languages_is_basic_filtering(wanted: str, has: str, expected: bool):  # noqa: FBT001
    assert true("language", "any_of_incl", [wanted], language=has) is expected


@pytest.mark.parametrize(
    ("op", "wanted", "has", "expected"),
    [
        ("any_of_incl", "copperglass-group", "copperglass", True),
        ("any_of_incl", "copperglass-group", "copperglass-group", True),
        ("any_of_incl", "copperglass", "copperglass-group", False),
        ("any_of", "copperglass-group", "copperglass", False),
        ("any_of_incl", "nobody-knows", "nobody-knows", True),
        ("none_of", "copperglass-group", "copperglass", True),
    ],
)
def test_m2_any_of_incl_of_partners_takes_descendants(op: str, wanted: str, has: str, expected: bool):  # noqa: FBT001
    assert true("sub_assignee", op, [wanted], sub_assignee=has) is expected


def test_m7_a_condition_on_a_show_takes_its_episodes():
    episode = ["90000017", "90000002"]
    assert true("title_id", "any_of", ["90000002"], title_id=episode)
    assert true("title_id", "any_of", ["90000017"], title_id=episode)
    assert not true("title_id", "any_of", ["90000003"], title_id=episode)
    assert not true("title_id", "none_of", ["90000002"], title_id=episode)


def test_m8_mentions_me_is_true_for_those_mentioned_and_false_for_all_others():
    mentions = ["ANA@copperglass.example", "eve@x.example"]
    for viewer, mentioned in (("ana@copperglass.example", True), ("tom@tidewater.example", False)):
        assert true("mentions_me", "is", True, viewer=viewer, mentions=mentions) is mentioned
        assert true("mentions_me", "is", False, viewer=viewer, mentions=mentions) is not mentioned
        assert not true("mentions_me", "is", True, viewer=viewer)
        assert true("mentions_me", "is", False, viewer=viewer)


def test_m8_what_the_event_says_of_mentions_me_itself_does_not_count():
    assert not true("mentions_me", "is", True, viewer="ana@copperglass.example", mentions_me=True)


@pytest.mark.parametrize(
    ("field", "op", "value", "pointer", "said"),
    [
        ("colour", "any_of", ["x"], "/field", "'colour' is not a field of Everything"),
        ("severty", "any_of", ["x"], "/field", "did you mean 'severity'?"),
        (None, "any_of", ["x"], "/field", "None is not a field"),
        (["severity"], "any_of", ["x"], "/field", "is not a field"),
        ("severity", "equals", "x", "/op", "'equals' is not an operator of Severity; use any_of or none_of"),
        ("severity", "any_of_incl", ["FYI"], "/op", "is not an operator"),
        ("severity", ["any_of"], ["FYI"], "/op", "is not an operator"),
        ("title", "any_of", ["x"], "/op", "use equals, contains or starts_with"),
        ("error_overridable", "any_of", [True], "/op", "use is"),
        ("severity", "any_of", [], "/value", "at least one value"),
        ("severity", "any_of", "FYI", "/value", 'must be a list such as ["…"], not a text'),
        ("severity", "any_of", [1], "/value", "must be a list of texts; it holds a number"),
        ("severity", "any_of", ["Bloker"], "/value", "did you mean 'Blocker'?"),
        ("package_id", "any_of", [None], "/value", "it holds null"),
        ("language", "any_of", ["es_419"], "/value", "is not a language tag"),
        ("language", "any_of", ["*"], "/value", "is not a language tag"),
        ("title", "contains", ["x"], "/value", "must be one text, not a list"),
        ("redelivery_round", "at_least", "2", "/value", "must be a whole number, not a text"),
        ("redelivery_round", "at_least", True, "/value", "must be a whole number, not true/false"),
        ("redelivery_round", "at_least", 2.5, "/value", "must be a whole number"),
        ("redelivery_round", "between", 2, "/value", "must be a pair [low, high]"),
        ("redelivery_round", "between", [1, 2, 3], "/value", "must be a pair"),
        ("redelivery_round", "between", [3, 1], "/value", "the low end 3 is above the high end 1; swap them"),
        ("due_date", "before", "2026-02-30", "/value", "is not a calendar date"),
        ("due_date", "after", 20261123, "/value", "must be a date like 2026-11-23, not a number"),
        ("due_date", "within_days", -1, "/value", "must be a number of days from 0"),
        ("due_date", "within_days", 10**9, "/value", "must be a number of days from 0"),
        ("due_date", "overdue", False, "/value", "must be true"),
        ("error_overridable", "is", "true", "/value", "must be true or false, not a text"),
        ("error_overridable", "is", 1, "/value", "must be true or false, not a number"),
    ],
)
def test_what_an_operator_cannot_take_is_one_clear_fault(field: Any, op: Any, value: Any, pointer: str, said: str):
    found = read(field, op, value)
    assert isinstance(found, list)
    assert [one.pointer for one in found] == [f"/where/0{pointer}"]
    assert said in found[0].message


@pytest.mark.parametrize("raw", [None, [], "x", {"field": "severity", "op": "any_of"}, {"field": "severity", "op": "any_of", "value": ["FYI"], "x": 1}])  # fmt: skip
def test_a_condition_has_field_op_and_value_and_nothing_else(raw: Any):
    assert isinstance(read_condition(raw, EVERY_FIELD, CATALOGUE.fields, ""), list)


def test_a_field_of_another_event_type_is_refused():
    narrow = CATALOGUE.event_types["account.user_changed"]
    found = read_condition({"field": "severity", "op": "any_of", "value": ["FYI"]}, narrow, CATALOGUE.fields, "")
    assert isinstance(found, list)


@pytest.mark.parametrize(
    ("field", "op", "value", "has"),
    [
        ("redelivery_round", "at_least", 2, "high"),
        ("redelivery_round", "between", [1, 3], {"low": 1}),
        ("due_date", "before", "2026-11-23", "soon"),
        ("due_date", "overdue", True, 20261122),
        ("title", "contains", "a", 5),
        ("title", "equals", "true", True),
        ("error_overridable", "is", True, "yes"),
        ("language", "any_of", ["es"], 5),
        ("language", "any_of_incl", ["es"], 5),
        ("severity", "any_of", ["FYI"], {"FYI": 1}),
        ("fulfillment_partner", "any_of_incl", ["copperglass"], {"id": "copperglass"}),
    ],
)
def test_m3_a_value_stored_under_another_type_of_its_field_counts_as_none(field: Any, op: Any, value: Any, has: Any):
    assert not true(field, op, value, **{field: has})


@pytest.mark.parametrize("field", ["language", "severity"])
def test_m3_none_of_holds_for_a_value_stored_under_another_type(field: Any):
    wanted = {"language": ["es"], "severity": ["FYI"]}[field]
    assert true(field, "none_of", wanted, **{field: 5})
    assert true(field, "none_of", wanted, **{field: {"FYI": 1}})


def test_m4_values_of_the_right_type_count_beside_one_of_another():
    assert true("redelivery_round", "at_least", 2, redelivery_round=["high", 3])
